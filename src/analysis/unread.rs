//! What a block does for nothing: values and failures that nothing reads, effects that no gate holds back.

use std::sync::Arc;

use super::{cycles::Need, names::Body};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{self, NodeKind, StepKind, Take, Visit},
  source::Span,
  types::Type,
};

impl Body<'_, '_> {
  /// A non-idempotent call that waits for nothing and that no gate waits for, although gates stand below it.
  pub fn loose_effects(&mut self, steps: &[Option<hir::Step>], needs: &[Need]) {
    let Some(last_gate) = steps
      .iter()
      .rposition(|step| step.as_ref().is_some_and(|step| step.gate))
    else {
      return;
    };
    let held = held_by_gates(steps, needs);
    for (at, step) in steps.iter().enumerate().take(last_gate) {
      let Some(step) = step else { continue };
      let StepKind::Node(node) = &step.kind else { continue };
      if step.gate || !step.waits.is_empty() || held[at] {
        continue;
      }
      let Some((worker, span)) = self.effect_of(node) else {
        continue;
      };
      let gate = steps[at..]
        .iter()
        .flatten()
        .find(|below| below.gate)
        .map_or(span, |gate| gate.span);
      let message = format!("`{worker}` runs at once: no gate holds it back");
      let finding = Diagnostic::new(&codes::LOOSE_EFFECT, message)
        .label(span, "waits for nothing, and what follows does not wait for it")
        .label(gate, "this gate stands below it")
        .help("put it below the gate, or say `idempotent` in the worker if running it for nothing is harmless");
      self.say(finding);
    }
  }

  /// The first call in a node of a worker that is not idempotent.
  fn effect_of(&self, node: &hir::Node) -> Option<(Arc<str>, Span)> {
    let mut found = None;
    node.visit_nodes(&mut |inner| {
      let program = &self.checker.program;
      for kind in program.calls(&inner.kind) {
        if let (NodeKind::Work(call), None) = (kind, &found) {
          let worker = program.worker(call.target);
          found = (!worker.idempotent).then(|| (worker.name.clone(), inner.span));
        }
      }
    });
    found
  }

  /// Says steps whose value nothing reads, and failures that nothing looks at.
  pub fn unread_steps(&mut self, steps: &[hir::Step]) {
    // What does not parse may have read them.
    if self.checker.loaded.diagnostics.refuses() {
      return;
    }
    for step in steps {
      let (StepKind::Node(node), Some(local)) = (&step.kind, step.local) else {
        continue;
      };
      let reads = self.reads.get(&local).copied().unwrap_or_default();
      let collected = match &node.kind {
        NodeKind::Attempt(_) => true,
        NodeKind::Each(each) => matches!(each.take, Take::Collect),
        NodeKind::RunPlan(run) => run.collect,
        _ => false,
      };
      if collected && reads.all == reads.succeeded {
        let finding = Diagnostic::new(
          &codes::IGNORED_FAILURES,
          format!("nothing looks at the failures in `{}`", step.segment),
        )
        .label(node.span, "failures are kept here")
        .help(format!(
          "report them (`failures({})`), count them, or let the step fail",
          step.segment
        ));
        self.say(finding);
        continue;
      }
      let silent = match &node.kind {
        NodeKind::Value(_) => true,
        NodeKind::Work(call) => self.checker.program.worker(call.target).idempotent,
        _ => false,
      };
      if reads.all == 0
        && silent
        && node.undo.is_none()
        && node.finally.is_none()
        && !node.ty.is_unknown()
        && *node.ty.resolved() != Type::Null
        && !step.segment.starts_with('_')
      {
        let finding = Diagnostic::new(&codes::UNUSED_STEP, format!("nothing reads `{}`", step.segment))
          .label(step.span, "not used")
          .help("take it away, or begin its name with `_`");
        self.say(finding);
      }
    }
  }
}

/// Which steps some gate waits for, directly or through others.
fn held_by_gates(steps: &[Option<hir::Step>], needs: &[Need]) -> Vec<bool> {
  let mut needed: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
  for need in needs {
    needed[need.from].push(need.to);
  }
  let mut held = vec![false; steps.len()];
  let mut open: Vec<usize> = (0..steps.len())
    .filter(|at| steps[*at].as_ref().is_some_and(|step| step.gate))
    .collect();
  while let Some(at) = open.pop() {
    for &to in &needed[at] {
      if !std::mem::replace(&mut held[to], true) {
        open.push(to);
      }
    }
  }
  held
}
