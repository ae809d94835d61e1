//! The worst case of loops, and what their values grow to. Knows nothing of their bodies.

use super::{
  bound::Bound, frame::Frame, grown::Growth, leaf::outcome, nodes::Found, shape::Shape, symbols::Place, worst::Worst,
};
use crate::{
  hir::{Branch, DEFAULT_WINDOW, Each, LocalId, Otherwise, Repeat, Take},
  types::{self, Type},
};

impl Frame<'_, '_> {
  pub fn each(&mut self, each: &Each) -> Found {
    let (length, item) = (self.length(&each.items), self.shape(&each.items).item());
    self.locals.insert(each.item, item);
    if let Some(index) = each.index {
      self.locals.insert(index, Shape::number(Some(length.clone())));
    }
    match &each.fold {
      Some((seed, previous)) => {
        let seed = (self.shape(seed), &seed.ty);
        self.fold(each, &length, seed, *previous)
      }
      None => self.fan_out(each, length),
    }
  }

  /// At most a window at once.
  fn fan_out(&mut self, each: &Each, length: Bound) -> Found {
    let window = each.concurrent.as_ref();
    let window = window.map_or(DEFAULT_WINDOW.into(), |window| self.count(window));
    let rounds = length.parts(window, &mut self.analysis.symbols);
    let (worst, value) = match each.turns() {
      Some(arms) => self.turns(arms, window, &rounds),
      None => {
        let (worst, value) = self.turn(each);
        (worst.windowed(&length, window, &rounds), value)
      }
    };
    let value = if matches!(each.take, Take::Collect) {
      outcome(value, self.fresh("error", &types::failure()))
    } else {
      value
    };
    (worst, Shape::list(length, value))
  }

  /// Over workers: each has its turn, at most a window at once.
  fn turns(&mut self, arms: &[Branch], window: u128, rounds: &Bound) -> Found {
    let turns: Vec<Found> = arms.iter().map(|branch| self.worker_turn(branch)).collect();
    let all = turns.iter().map(|(worst, _)| worst);
    let worst = Worst::beside(all.collect(), window).in_rounds(rounds);
    (worst, Shape::any(turns.into_iter().map(|(_, value)| value)))
  }

  fn worker_turn(&mut self, branch: &Branch) -> Found {
    let (worst, value) = self.at(Place::item, |frame| frame.arm(&branch.arm));
    (worst.closed(), value)
  }

  /// One item: a scope of its own.
  fn turn(&mut self, each: &Each) -> Found {
    let (worst, value) = self.at(Place::item, |frame| frame.node(&each.body));
    (worst.closed(), value)
  }

  /// One after another, each seeing what the one before gave.
  fn fold(&mut self, each: &Each, length: &Bound, seed: (Shape, &Type), previous: LocalId) -> Found {
    let ty = types::join(seed.1, &each.body.ty).unwrap_or(each.body.ty.clone());
    self.grow(length, seed.0, previous, &ty, |frame| match each.turns() {
      Some(arms) => {
        let turns = arms.iter().map(|branch| frame.worker_turn(branch));
        let joined = |(worst, value): Found, (other, or): Found| (worst.then(&other), value.or(&or));
        turns.reduce(joined).unwrap_or_default()
      }
      None => {
        let (worst, value) = frame.turn(each);
        (worst.repeated(length), value)
      }
    })
  }

  pub fn repeat(&mut self, repeat: &Repeat) -> Found {
    let rounds = Bound::number(self.count(&repeat.bound));
    let seed = repeat.seed.as_ref().map(|seed| self.shape(seed)).unwrap_or_default();
    let yielded = repeat
      .body
      .result
      .as_ref()
      .map_or(Type::Null, |result| result.ty.clone());
    let ty = match &repeat.seed {
      Some(seed) => types::join(&seed.ty, &yielded).unwrap_or(yielded),
      None => yielded,
    };
    let (worst, value) = self.grow(&rounds, seed, repeat.previous, &ty, |frame| {
      let (worst, value) = frame.at(Place::item, |frame| frame.block(&repeat.body));
      (worst.repeated(&rounds), value)
    });
    match &repeat.otherwise {
      Otherwise::Exhausted | Otherwise::Last => (worst, value),
      Otherwise::Node(arm) => {
        self.locals.insert(repeat.previous, value.clone());
        let (after, instead) = self.arm(arm);
        (worst.then(&after), value.or(&instead))
      }
    }
  }

  /// All rounds of a body that sees what the round before gave. What that grows to is found by looking at one round,
  /// with `previous` as a value from outside.
  fn grow(
    &mut self,
    rounds: &Bound,
    seed: Shape,
    previous: LocalId,
    ty: &Type,
    body: impl FnOnce(&mut Self) -> Found,
  ) -> Found {
    let place = self.place().item().field("previous");
    self.locals.insert(previous, Shape::entered(place.clone(), ty.clone()));
    let (worst, value) = body(self);
    let mut growth = Growth::new(&mut self.analysis.symbols, rounds, &place);
    let grown = growth.whole(&value, &seed);
    let worst = worst.map(&mut |bound| growth.replaced(bound));
    (worst, grown)
  }
}
