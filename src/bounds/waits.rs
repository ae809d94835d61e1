//! Which names of enclosing blocks the arms and fallbacks inside a step wait for: an edge of its own each. Knows
//! nothing of what the names stand for.

use std::collections::BTreeSet;

use crate::hir::{Arm, Block, LocalId, Node, NodeKind, Otherwise, Repeat, StepKind};

/// All that some arm waits for.
pub fn possible(step: &StepKind) -> BTreeSet<LocalId> {
  let mut found = BTreeSet::new();
  of_step(step, &mut |arm| found.extend(arm.waits.iter().copied()));
  found
}

/// What everything that runs inside waits for, whichever arms are taken.
pub fn certain(step: &StepKind) -> BTreeSet<LocalId> {
  certain_of_step(step).unwrap_or_default()
}

/// What the step cannot end well without, whichever arms are taken: an arm that runs nothing ends a step before what only
/// other arms wait for.
pub fn ending(step: &StepKind) -> BTreeSet<LocalId> {
  match step {
    StepKind::Node(node) => ending_of_node(node),
    StepKind::Stage(block) => ending_of_block(block),
    StepKind::Require { .. } | StepKind::ReturnWhen { .. } => BTreeSet::new(),
  }
}

fn ending_of_block(block: &Block) -> BTreeSet<LocalId> {
  let early = block
    .steps
    .iter()
    .any(|step| matches!(step.kind, StepKind::ReturnWhen { .. }));
  let steps = block.steps.iter().filter(|_| !early);
  steps.flat_map(|step| ending(&step.kind)).collect()
}

fn ending_of_arm(arm: &Arm) -> BTreeSet<LocalId> {
  arm.waits.iter().copied().chain(ending_of_node(&arm.node)).collect()
}

fn ending_of_node(node: &Node) -> BTreeSet<LocalId> {
  let all = |arms: &mut dyn Iterator<Item = &Arm>| {
    let common = arms
      .map(ending_of_arm)
      .reduce(|a, b| a.intersection(&b).copied().collect());
    common.unwrap_or_default()
  };
  match &node.kind {
    NodeKind::Repeat(repeat) => ending_of_block(&repeat.body),
    NodeKind::If {
      then,
      otherwise: Some(otherwise),
      ..
    } => all(&mut [&**then, &**otherwise].into_iter()),
    NodeKind::Match { arms, otherwise, .. } => {
      all(&mut arms.iter().map(|branch| &branch.arm).chain(otherwise.as_deref()))
    }
    NodeKind::Block(block) => ending_of_block(block),
    // without an arm, without an item, with a failure it ends before
    NodeKind::If { .. } | NodeKind::Each(_) | NodeKind::Attempt(_) | NodeKind::Catch { .. } => BTreeSet::new(),
    NodeKind::Value(_) | NodeKind::Fail(_) | NodeKind::Dispatch(_) => BTreeSet::new(),
    NodeKind::Work(_) | NodeKind::Orchestrate(_) | NodeKind::RunPlan(_) => BTreeSet::new(),
  }
}

fn of_step(step: &StepKind, visit: &mut dyn FnMut(&Arm)) {
  match step {
    StepKind::Node(node) => of_node(node, visit),
    StepKind::Stage(block) => of_block(block, visit),
    StepKind::Require { .. } | StepKind::ReturnWhen { .. } => {}
  }
}

fn of_block(block: &Block, visit: &mut dyn FnMut(&Arm)) {
  block.steps.iter().for_each(|step| of_step(&step.kind, visit));
}

fn of_arm(arm: &Arm, visit: &mut dyn FnMut(&Arm)) {
  visit(arm);
  of_node(&arm.node, visit);
}

fn of_node(node: &Node, visit: &mut dyn FnMut(&Arm)) {
  match &node.kind {
    NodeKind::Value(_) | NodeKind::Fail(_) | NodeKind::Dispatch(_) => {}
    NodeKind::Work(_) | NodeKind::Orchestrate(_) | NodeKind::RunPlan(_) => {}
    NodeKind::Each(each) => of_node(&each.body, visit),
    NodeKind::Repeat(repeat) => {
      of_block(&repeat.body, visit);
      otherwise(repeat).into_iter().for_each(|arm| of_arm(arm, visit));
    }
    NodeKind::If { then, otherwise, .. } => {
      of_arm(then, visit);
      otherwise.iter().for_each(|arm| of_arm(arm, visit));
    }
    NodeKind::Match { arms, otherwise, .. } => {
      arms.iter().for_each(|branch| of_arm(&branch.arm, visit));
      otherwise.iter().for_each(|arm| of_arm(arm, visit));
    }
    NodeKind::Attempt(inner) => of_node(inner, visit),
    NodeKind::Catch { inner, handler, .. } => {
      of_node(inner, visit);
      of_arm(handler, visit);
    }
    NodeKind::Block(block) => of_block(block, visit),
  }
}

fn otherwise(repeat: &Repeat) -> Option<&Arm> {
  match &repeat.otherwise {
    Otherwise::Node(arm) => Some(arm),
    Otherwise::Exhausted | Otherwise::Last => None,
  }
}

/// `None`: nothing runs inside.
type Certain = Option<BTreeSet<LocalId>>;

fn certain_of_step(step: &StepKind) -> Certain {
  match step {
    StepKind::Node(node) => certain_of_node(node),
    StepKind::Stage(block) => certain_of_block(block),
    StepKind::Require { .. } | StepKind::ReturnWhen { .. } => None,
  }
}

fn certain_of_block(block: &Block) -> Certain {
  common(block.steps.iter().map(|step| certain_of_step(&step.kind)))
}

fn certain_of_arm(arm: &Arm) -> Certain {
  let inside = certain_of_node(&arm.node)?;
  Some(inside.into_iter().chain(arm.waits.iter().copied()).collect())
}

fn certain_of_node(node: &Node) -> Certain {
  match &node.kind {
    NodeKind::Value(_) | NodeKind::Fail(_) | NodeKind::Dispatch(_) => None,
    NodeKind::Work(_) | NodeKind::Orchestrate(_) | NodeKind::RunPlan(_) => Some(BTreeSet::new()),
    NodeKind::Each(each) => certain_of_node(&each.body),
    NodeKind::Repeat(repeat) => {
      let after = otherwise(repeat).map(certain_of_arm);
      common([certain_of_block(&repeat.body)].into_iter().chain(after))
    }
    NodeKind::If { then, otherwise, .. } => {
      common([&**then].into_iter().chain(otherwise.as_deref()).map(certain_of_arm))
    }
    NodeKind::Match { arms, otherwise, .. } => {
      let arms = arms.iter().map(|branch| &branch.arm);
      common(arms.chain(otherwise.as_deref()).map(certain_of_arm))
    }
    NodeKind::Attempt(inner) => certain_of_node(inner),
    NodeKind::Catch { inner, handler, .. } => common([certain_of_node(inner), certain_of_arm(handler)]),
    NodeKind::Block(block) => certain_of_block(block),
  }
}

/// What all of those that run anything wait for.
fn common(parts: impl IntoIterator<Item = Certain>) -> Certain {
  parts
    .into_iter()
    .flatten()
    .reduce(|a, b| a.intersection(&b).copied().collect())
}
