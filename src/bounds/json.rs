//! Bounds as JSON: `{ file, orchestrator, calls, runs, parallel, time, waiting, undoing, tokens, cost, sizes }`. Knows nothing of how
//! they come about.

use serde::Serialize;

use super::{
  bound::Bound,
  symbols::Size,
  text::{Unit, Words},
};
use crate::value::Dollars;

/// The bounds of one orchestrator.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
  file: &'a str,
  orchestrator: &'a str,
  calls: Calls,
  /// Runs of their own that it may begin.
  runs: Vec<Runs<'a>>,
  parallel: u128,
  /// Milliseconds, as are `waiting` and `undoing`.
  time: Amount,
  waiting: Amount,
  undoing: Amount,
  /// `null`: unknown.
  tokens: Option<Amount>,
  cost: Option<Amount>,
  sizes: Vec<Known>,
}

#[derive(Debug, Serialize)]
struct Calls {
  total: Amount,
  workers: Vec<WorkerCalls>,
}

#[derive(Debug, Serialize)]
struct WorkerCalls {
  worker: String,
  calls: Amount,
}

#[derive(Debug, Serialize)]
struct Runs<'a> {
  orchestrator: &'a str,
  runs: Amount,
}

/// A sum of products, as text and as data.
#[derive(Debug, Serialize)]
struct Amount {
  formula: String,
  /// `null`: it depends on a size without an upper end.
  at_most: Option<Figure>,
  terms: Vec<Term>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Figure {
  Whole(u128),
  /// As a number of dollars.
  Money(Dollars),
}

#[derive(Debug, Serialize)]
struct Term {
  coefficient: Figure,
  sizes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Known {
  size: String,
  /// `length`, `number` or `time` (milliseconds).
  kind: &'static str,
  at_most: Option<u128>,
}

impl<'a> Document<'a> {
  /// `file` is the root file that declares it.
  pub fn new(words: Words<'a>, file: &'a str) -> Self {
    let Words { program, bounds } = words;
    let count = |bound: &Bound| Amount::new(words, bound, Unit::One);
    let workers = bounds.calls.iter().map(|(worker, calls)| WorkerCalls {
      worker: words.worker(*worker),
      calls: count(calls),
    });
    let runs = bounds.runs.iter().map(|(orchestrator, runs)| Runs {
      orchestrator: &program.orchestrator(*orchestrator).name,
      runs: count(runs),
    });
    Document {
      file,
      orchestrator: &program.orchestrator(bounds.orchestrator).name,
      calls: Calls {
        total: count(&bounds.all_calls),
        workers: workers.collect(),
      },
      runs: runs.collect(),
      parallel: bounds.parallel,
      time: Amount::new(words, &bounds.time, Unit::Milliseconds),
      waiting: Amount::new(words, &bounds.waiting, Unit::Milliseconds),
      undoing: Amount::new(words, &bounds.undoing, Unit::Milliseconds),
      tokens: bounds.tokens.as_ref().map(count),
      cost: bounds.cost.as_ref().map(|cost| Amount::new(words, cost, Unit::Dollars)),
      sizes: sizes(words),
    }
  }
}

impl Amount {
  fn new(words: Words<'_>, bound: &Bound, unit: Unit) -> Self {
    let terms = bound.terms().map(|(product, coefficient)| Term {
      coefficient: Figure::new(coefficient, unit),
      sizes: product.iter().map(|symbol| words.symbol(*symbol)).collect(),
    });
    Amount {
      formula: words.formula(bound, unit),
      at_most: bound.most().map(|most| Figure::new(most, unit)),
      terms: terms.collect(),
    }
  }
}

impl Figure {
  fn new(number: u128, unit: Unit) -> Self {
    match unit {
      Unit::Dollars => Figure::Money(Dollars::of_billionths(number)),
      Unit::One | Unit::Milliseconds => Figure::Whole(number),
    }
  }
}

fn sizes(words: Words<'_>) -> Vec<Known> {
  let known = |(symbol, at_most)| Known {
    size: words.symbol(symbol),
    kind: match words.bounds.symbols.get(symbol).0 {
      Size::Length(_) | Size::Parts(..) => "length",
      Size::Number(_) => "number",
      Size::Time(_) => "time",
    },
    at_most,
  };
  words.sizes().into_iter().map(known).collect()
}
