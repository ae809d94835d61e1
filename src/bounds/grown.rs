//! What a value grows to over the rounds of a loop, from what one round makes of it. Knows nothing of loops.
//!
//! A list or number of the round before is a size of its own, `p`. Where a round gives `p + c`, `n` rounds give at most
//! `n·c` more than the seed; where it gives what does not depend on the round before, at most that or the seed. Else
//! `p` stays, and stands for the largest that there ever is.

use std::collections::HashMap;

use super::{
  bound::Bound,
  shape::{Fields, Shape},
  symbols::{Place, Size, Symbol, Symbols},
};

/// See the module.
pub struct Growth<'a> {
  symbols: &'a mut Symbols,
  rounds: &'a Bound,
  /// Where the value of the round before comes in.
  previous: &'a Place,
  /// Sizes of the round before, over all rounds.
  found: HashMap<Symbol, Bound>,
}

impl<'a> Growth<'a> {
  pub fn new(symbols: &'a mut Symbols, rounds: &'a Bound, previous: &'a Place) -> Self {
    Growth {
      symbols,
      rounds,
      previous,
      found: HashMap::new(),
    }
  }

  /// The value after all rounds, where each gives `given`.
  pub fn whole(&mut self, given: &Shape, seed: &Shape) -> Shape {
    let grown = self.part(&self.previous.clone(), given, seed);
    grown.map(&mut |bound| self.replaced(bound))
  }

  /// What was found put in place of sizes of the round before.
  pub fn replaced(&self, bound: &Bound) -> Bound {
    bound.replaced(&mut |symbol| self.found.get(&symbol).cloned())
  }

  /// The part of the value that came in at `place`.
  fn part(&mut self, place: &Place, given: &Shape, seed: &Shape) -> Shape {
    let made = given.clone().except(|other| other == place);
    let mut grown = seed.clone().or(&made.entered_part());
    if made.is_list() {
      let (length, seeds) = (given.length(self.symbols), seed.length(self.symbols));
      let length = self.closed(&Size::Length(place.clone()), length, &seeds);
      let items = made.item().except(|other| *other == place.item());
      grown = grown.or(&Shape::list(length, items.or(&seed.item())));
    }
    if made.is_number() {
      let most = given.most(self.symbols).map(|most| {
        let seeds = seed.most(self.symbols).unwrap_or_default();
        self.closed(&Size::Number(place.clone()), most, &seeds)
      });
      grown = grown.or(&Shape::number(most));
    }
    if let Some(fields) = made.as_record() {
      let mut whole = Fields::new();
      for name in fields.keys() {
        let part = self.part(&place.field(name), &given.field(name), &seed.field(name));
        whole.insert(name.clone(), part);
      }
      grown = grown.or(&Shape::record(whole));
    }
    grown
  }

  fn closed(&mut self, size: &Size, given: Bound, seed: &Bound) -> Bound {
    let own = self.symbols.find(size);
    let total = match own.and_then(|own| given.without(own)) {
      Some(added) => self
        .independent(added)
        .map(|added| self.rounds.times(&added).plus(seed)),
      None => self.independent(given.clone()).map(|given| given.larger(seed)),
    };
    let Some(total) = total else { return given };
    self.found.extend(own.map(|own| (own, total.clone())));
    total
  }

  /// If it depends on nothing of the round before.
  fn independent(&self, bound: Bound) -> Option<Bound> {
    let depends = bound.mentions(&mut |symbol| self.is_previous(symbol));
    (!depends).then_some(bound)
  }

  fn is_previous(&self, symbol: Symbol) -> bool {
    match self.symbols.get(symbol).0 {
      Size::Parts(of, _) => of.mentions(&mut |symbol| self.is_previous(symbol)),
      size => size.place().is_some_and(|place| place.is_inside(self.previous)),
    }
  }
}
