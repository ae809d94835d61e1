//! The worst case of each kind of node: one function per line of the table. Knows nothing of how steps are ordered.

use super::{
  bound::Bound,
  calls::dispatch,
  frame::Frame,
  leaf::{GRACE, Names, outcome},
  shape::Shape,
  symbols::Place,
  worst::{Measure, Worst, crowd},
};
use crate::{
  hir::{Arm, Branch, Ending, Node, NodeKind},
  types,
};

/// What a piece does at worst, and what is known of its value.
pub type Found = (Worst, Shape);

/// How long what is lost from outside still runs.
pub fn after_a_loss(worst: &Worst) -> Bound {
  let grace = Bound::number(GRACE).larger(&worst.finishing);
  match worst.outside.get(&Measure::Closing) {
    Some(closing) => grace.plus(closing),
    None => grace,
  }
}

impl Frame<'_, '_> {
  /// A node whose path is the one at hand.
  pub fn node(&mut self, node: &Node) -> Found {
    let (worst, shape) = stacker::maybe_grow(128 << 10, 1 << 20, || self.kind(node));
    let worst = self.in_time(node, worst);
    let worst = self.held_back(worst);
    let shape = shape.refined(&node.ty);
    (self.with_endings(node, worst, &shape), shape)
  }

  fn kind(&mut self, node: &Node) -> Found {
    match &node.kind {
      NodeKind::Value(value) => (Worst::nothing(), self.shape(value)),
      NodeKind::Fail(_) => (Worst::nothing(), Shape::default()),
      NodeKind::Work(call) => (self.work(call), Shape::entered(self.place(), node.ty.clone())),
      NodeKind::Orchestrate(call) => self.orchestrate(call),
      NodeKind::Dispatch(call) => (dispatch(call), Shape::default()),
      NodeKind::Each(each) => self.each(each),
      NodeKind::Repeat(repeat) => self.repeat(repeat),
      NodeKind::RunPlan(run) => self.run_plan(run),
      NodeKind::If { then, otherwise, .. } => self.choice([&**then].into_iter().chain(otherwise.as_deref())),
      NodeKind::Match { arms, otherwise, .. } => {
        let arms = arms.iter().map(|Branch { arm, .. }| arm);
        self.choice(arms.chain(otherwise.as_deref()))
      }
      NodeKind::Attempt(inner) => self.attempt(inner),
      NodeKind::Catch { inner, error, handler } => {
        let failure = self.fresh("error", &types::failure());
        self.locals.insert(*error, failure);
        self.catch(inner, handler)
      }
      NodeKind::Block(block) => self.block(block),
    }
  }

  /// The delay counts into the deadline; what the deadline ends has a grace.
  fn in_time(&mut self, node: &Node, worst: Worst) -> Worst {
    if node.deadline.is_none() && node.delay.is_none() {
      return worst;
    }
    let names = match &node.kind {
      NodeKind::Work(call) => self.names_inside(call),
      _ => Names::new(),
    };
    let mut worst = worst;
    if let Some(delay) = &node.delay {
      worst = worst.delayed(&self.setting(delay, &names, "delay"));
    }
    if let Some(deadline) = &node.deadline {
      let deadline = self.setting(deadline, &names, "deadline");
      let end = deadline.plus(&after_a_loss(&worst));
      worst = worst.ended_by(&end);
    }
    worst
  }

  /// With the calls of its `undo` and `finally`, which the scope around makes.
  fn with_endings(&mut self, node: &Node, mut worst: Worst, value: &Shape) -> Worst {
    if let Some(undo) = &node.undo {
      worst.finishing = self.finishing(node, &worst);
      worst = worst.undone_by(&self.ending(undo, "!undo", value));
    }
    match &node.finally {
      Some(finally) => worst.closed_by(&self.ending(finally, "!finally", value)),
      None => worst,
    }
  }

  fn ending(&mut self, ending: &Ending, word: &str, value: &Shape) -> Worst {
    self.locals.extend(ending.value.map(|local| (local, value.clone())));
    let path = |place: &Place| place.beside(word);
    self.at(path, |frame| frame.node(&ending.call)).0.closed()
  }

  /// A call with `undo` that runs is let run to its end.
  fn finishing(&mut self, node: &Node, worst: &Worst) -> Bound {
    match &node.kind {
      NodeKind::Work(call) => {
        let names = self.names_inside(call);
        self.held(call, &names).smaller(&worst.time)
      }
      _ => worst.finishing.clone(),
    }
  }

  /// No more at once than the slots of its limits.
  pub fn held_back(&mut self, worst: Worst) -> Worst {
    let slots = self.all_slots(&worst.peaks);
    let most = crowd([&worst.peaks].into_iter(), |limit| slots[&limit]);
    worst.held_back(most)
  }

  /// Inside a part of the step at hand: `then`, `[]` ...
  pub fn at<T>(&mut self, path: impl FnOnce(&Place) -> Place, look: impl FnOnce(&mut Self) -> T) -> T {
    let inner = path(&self.place()).path;
    let outer = std::mem::replace(&mut self.at, inner);
    let found = look(self);
    self.at = outer;
    found
  }

  pub fn arm(&mut self, arm: &Arm) -> Found {
    self.at(|place| place.field(&arm.segment), |frame| frame.node(&arm.node))
  }

  fn choice<'h>(&mut self, arms: impl Iterator<Item = &'h Arm>) -> Found {
    let found = arms.map(|arm| self.arm(arm));
    let found: Vec<Found> = found.collect();
    found
      .into_iter()
      .reduce(|(worst, shape), (other, or)| (worst.or(&other), shape.or(&or)))
      .unwrap_or_default()
  }

  fn attempt(&mut self, inner: &Node) -> Found {
    let (worst, value) = self.node(inner);
    (worst, outcome(value, self.fresh("error", &types::failure())))
  }

  fn catch(&mut self, inner: &Node, handler: &Arm) -> Found {
    let (worst, value) = self.node(inner);
    let (after, instead) = self.arm(handler);
    (worst.then(&after), value.or(&instead))
  }
}
