//! Bounds as people read them: `4·|issues| <= 2,000`. Knows nothing of how they come about.

use std::sync::Arc;

use super::{
  bound::Bound,
  report::Bounds,
  symbols::{Owner, Place, Size, Symbol},
};
use crate::{
  hir::{OrchestratorId, Program, WorkerId},
  value::{Dollars, show_duration},
};

/// What a bound's numbers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
  One,
  /// A product without a duration in it is one of milliseconds.
  Milliseconds,
  /// Billionths of them.
  Dollars,
}

/// A sum with more terms is factored.
const MOST_TERMS: usize = 4;

/// Shows the bounds of one orchestrator.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
  pub program: &'a Program,
  pub bounds: &'a Bounds,
}

/// A product and how often it is there.
type Term = (Vec<Symbol>, u128);

impl Words<'_> {
  /// The formula, and beside it the number where one is known.
  pub fn bound(self, bound: &Bound, unit: Unit) -> String {
    let formula = self.formula(bound, unit);
    match bound.most() {
      Some(most) if !bound.is_number() => format!("{formula} <= {}", number(most, unit)),
      _ => formula,
    }
  }

  pub fn formula(self, bound: &Bound, unit: Unit) -> String {
    let terms: Vec<Term> = bound
      .terms()
      .map(|(product, count)| (product.to_vec(), count))
      .collect();
    match terms.is_empty() {
      true => number(0, unit),
      false => self.sum(&terms, unit),
    }
  }

  /// More than a few terms are gathered by the outermost size.
  fn sum(self, terms: &[Term], unit: Unit) -> String {
    let outermost = terms.iter().flat_map(|(product, _)| product).min();
    let Some(outermost) = outermost.filter(|_| terms.len() > MOST_TERMS) else {
      let terms: Vec<String> = terms.iter().map(|term| self.term(term, unit)).collect();
      return terms.join(" + ");
    };
    let (with, without): (Vec<Term>, Vec<Term>) = terms
      .iter()
      .cloned()
      .partition(|(product, _)| product.contains(outermost));
    let mut inner: Vec<Term> = with.into_iter().map(|term| less(term, *outermost)).collect();
    inner.sort_by_key(|(product, _)| product.is_empty());
    let factored = match inner.as_slice() {
      [one] => self.term(&(with_first(*outermost, &one.0), one.1), unit),
      inner => format!("{}·({})", self.symbol(*outermost), self.sum(inner, unit)),
    };
    match without.is_empty() {
      true => factored,
      false => format!("{factored} + {}", self.sum(&without, unit)),
    }
  }

  fn term(self, (product, count): &Term, unit: Unit) -> String {
    let timed = product.iter().any(|symbol| matches!(self.size(*symbol), Size::Time(_)));
    let unit = if timed { Unit::One } else { unit };
    let factors: Vec<String> = product.iter().map(|symbol| self.symbol(*symbol)).collect();
    match (factors.is_empty(), *count, unit) {
      (true, count, unit) => number(count, unit),
      (false, 1, Unit::One) => factors.join("·"),
      (false, count, unit) => format!("{}·{}", number(count, unit), factors.join("·")),
    }
  }

  fn size(&self, symbol: Symbol) -> &Size {
    self.bounds.symbols.get(symbol).0
  }

  /// `|issues|`
  pub fn symbol(self, symbol: Symbol) -> String {
    match self.bounds.symbols.get(symbol).0 {
      Size::Length(place) => format!("|{}|", self.place(place)),
      Size::Number(place) | Size::Time(place) => self.place(place),
      Size::Parts(of, size) => {
        let formula = self.formula(of, Unit::One);
        match of.terms().count() {
          1 => format!("ceil({formula}/{})", number(*size, Unit::One)),
          _ => format!("ceil(({formula})/{})", number(*size, Unit::One)),
        }
      }
    }
  }

  /// The orchestrator's own places as they are; those in what it calls behind its name.
  fn place(self, place: &Place) -> String {
    let owner = match &place.owner {
      Owner::Orchestrator(id) if *id == self.bounds.orchestrator => return place.path.to_string(),
      Owner::Orchestrator(id) => self.orchestrator(*id),
      Owner::Let(name) => name.to_string(),
    };
    match &*place.path {
      "" => owner,
      path => format!("{owner}.{path}"),
    }
  }

  /// Its name; where several have it, with a number.
  fn orchestrator(self, id: OrchestratorId) -> String {
    let name = |at: usize| &self.program.orchestrators[at].name;
    numbered(id.0 as usize, self.program.orchestrators.len(), name)
  }

  /// Its name; where several have it, with a number.
  pub fn worker(self, id: WorkerId) -> String {
    let name = |at: usize| &self.program.workers[at].name;
    numbered(id.0 as usize, self.program.workers.len(), name)
  }

  /// The sizes that the shown bounds speak of, each with the most that it can be, outermost first.
  pub fn sizes(self) -> Vec<(Symbol, Option<u128>)> {
    let bounds = self.bounds;
    let counts = bounds.calls.iter().map(|(_, bound)| bound);
    let counts = counts.chain(bounds.runs.iter().map(|(_, bound)| bound));
    let counts = counts.chain([&bounds.tokens, &bounds.cost].into_iter().flatten());
    let all = counts.chain([&bounds.all_calls, &bounds.time, &bounds.waiting, &bounds.undoing]);
    let mut found: Vec<Symbol> = Vec::new();
    for bound in all {
      self.gather(bound, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    found
      .into_iter()
      .map(|symbol| (symbol, bounds.symbols.get(symbol).1))
      .collect()
  }

  fn gather(self, bound: &Bound, found: &mut Vec<Symbol>) {
    for symbol in bound.terms().flat_map(|(product, _)| product.to_vec()) {
      match self.bounds.symbols.get(symbol).0 {
        Size::Parts(of, _) => self.gather(of, found),
        _ => found.push(symbol),
      }
    }
  }
}

/// `name`, or `name#2` where it is the second of several.
fn numbered<'n>(at: usize, count: usize, name: impl Fn(usize) -> &'n Arc<str>) -> String {
  let own = name(at);
  let alike = |range: std::ops::Range<usize>| range.filter(|other| name(*other) == own).count();
  match alike(0..count) {
    1 => own.to_string(),
    _ => format!("{own}#{}", alike(0..at) + 1),
  }
}

fn less((mut product, count): Term, symbol: Symbol) -> Term {
  if let Some(at) = product.iter().position(|other| *other == symbol) {
    product.remove(at);
  }
  (product, count)
}

fn with_first(symbol: Symbol, product: &[Symbol]) -> Vec<Symbol> {
  [&[symbol], product].concat()
}

/// `2,000`, or `1h30m`
pub fn number(number: u128, unit: Unit) -> String {
  match unit {
    Unit::Milliseconds => show_duration(i64::try_from(number).unwrap_or(i64::MAX)),
    Unit::Dollars => Dollars::of_billionths(number).to_string(),
    Unit::One => thousands(number),
  }
}

fn thousands(number: u128) -> String {
  let digits = number.to_string();
  let mut text = String::new();
  for (at, digit) in digits.chars().enumerate() {
    if at > 0 && (digits.len() - at).is_multiple_of(3) {
      text.push(',');
    }
    text.push(digit);
  }
  text
}

#[cfg(test)]
mod tests {
  use super::{Unit, number};

  #[test]
  fn numbers_are_grouped_by_thousands() {
    let shown: Vec<String> = [0, 7, 999, 1_000, 12_345, 1_234_567]
      .into_iter()
      .map(|n| number(n, Unit::One))
      .collect();
    assert_eq!(shown, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
    assert_eq!(number(90_000, Unit::Milliseconds), "1m30s");
  }
}
