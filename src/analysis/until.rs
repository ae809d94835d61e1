//! Loops that their own body can't end.

use std::collections::HashSet;

use super::{
  names::Body,
  reads::Reads,
  symbols::{Space, Target},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir,
  syntax::ast,
};

impl Body<'_, '_> {
  /// An `until` that reads no step which depends on a call; `previous` is what the block yields.
  pub fn constant_until(&mut self, repeat: &ast::Repeat) {
    let Some(until) = &repeat.until else { return };
    let mut open: Vec<&str> = Reads::of_expr(until).names.iter().map(|read| read.name).collect();
    let mut seen = HashSet::new();
    while let Some(name) = open.pop() {
      // A step that waits for itself has no type yet, and is said.
      let unknown = self
        .find(name)
        .is_some_and(|binding| binding.step && binding.ty.is_unknown());
      if unknown {
        return;
      }
      if name == "previous" && seen.insert(name) {
        let Some(value) = yielded(&repeat.body) else { return };
        open.extend(Reads::of_expr(value).names.iter().map(|read| read.name));
        continue;
      }
      let step = repeat.body.steps.iter().find(|step| match &step.kind {
        ast::StepKind::Named { name: own, .. } => own.value == name,
        ast::StepKind::Broken { names } => names.iter().any(|own| own.value == name),
        _ => false,
      });
      let Some(step) = step.filter(|_| seen.insert(name)) else {
        continue;
      };
      let reads = Reads::of_step(step);
      let works = |callee: &&ast::Name| {
        let entry = self.checker.symbols.find(self.module, Space::Callable, &callee.value);
        let builtin = hir::Builtin::find(&callee.value).is_some();
        entry.map_or(!builtin, |entry| !matches!(entry.targets[..], [Target::Let(_)]))
      };
      if matches!(step.kind, ast::StepKind::Broken { .. }) || reads.calls.iter().any(works) {
        return;
      }
      open.extend(reads.names.iter().map(|read| read.name));
    }
    let finding = Diagnostic::new(&codes::CONSTANT_UNTIL, "the body can't change this condition")
      .label(until.span, "reads nothing that a call of the body gives")
      .help("test the result of a step of the body: `until review.score >= 8`");
    self.say(finding);
  }
}

/// What a block yields, if that could be read.
fn yielded(block: &ast::Block) -> Option<&ast::Expr> {
  block.steps.iter().find_map(|step| match &step.kind {
    ast::StepKind::Yield(value) => Some(value),
    _ => None,
  })
}
