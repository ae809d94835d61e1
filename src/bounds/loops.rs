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
    let (worst, value) = match each.turns() {
      Some(arms) => {
        let (turns, value) = self.turns(arms);
        (Worst::side_by_side(&turns, window), value)
      }
      None => {
        let rounds = length.parts(window, &mut self.analysis.symbols);
        let (worst, value) = self.at(Place::item, |frame| frame.node(&each.body));
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

  /// What each of an `each` over workers does in its turn, and what it may give.
  fn turns(&mut self, arms: &[Branch]) -> (Vec<Worst>, Shape) {
    let found = arms
      .iter()
      .map(|branch| self.at(Place::item, |frame| frame.arm(&branch.arm)));
    let (turns, values): (Vec<Worst>, Vec<Shape>) = found.unzip();
    let value = values.into_iter().reduce(|value, other| value.or(&other));
    (turns, value.unwrap_or_default())
  }

  /// One after another, each seeing what the one before gave.
  fn fold(&mut self, each: &Each, length: &Bound, seed: (Shape, &Type), previous: LocalId) -> Found {
    let ty = types::join(seed.1, &each.body.ty).unwrap_or(each.body.ty.clone());
    let times = |worst: Worst| worst.repeated(length);
    match each.turns() {
      Some(arms) => self.grow(
        length,
        seed.0,
        previous,
        &ty,
        |worst| worst,
        |frame| {
          let (turns, value) = frame.turns(arms);
          let all = turns.iter().fold(Worst::nothing(), |all, turn| all.then(turn));
          (all, value)
        },
      ),
      None => self.grow(length, seed.0, previous, &ty, times, |frame| {
        frame.at(Place::item, |frame| frame.node(&each.body))
      }),
    }
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
    let times = |worst: Worst| worst.repeated(&rounds);
    let (worst, value) = self.grow(&rounds, seed, repeat.previous, &ty, times, |frame| {
      frame.at(Place::item, |frame| frame.block(&repeat.body))
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

  /// So many rounds of a body that sees what the round before gave. What that grows to is found by looking at one round,
  /// with `previous` as a value from outside; `times` makes of its worst case that of all.
  fn grow(
    &mut self,
    rounds: &Bound,
    seed: Shape,
    previous: LocalId,
    ty: &Type,
    times: impl FnOnce(Worst) -> Worst,
    body: impl FnOnce(&mut Self) -> Found,
  ) -> Found {
    let place = self.place().item().field("previous");
    self.locals.insert(previous, Shape::entered(place.clone(), ty.clone()));
    let (worst, value) = body(self);
    let mut growth = Growth::new(&mut self.analysis.symbols, rounds, &place);
    let grown = growth.whole(&value, &seed);
    let worst = worst.map(&mut |bound| growth.replaced(bound));
    (times(worst), grown)
  }
}
