//! Steps in needless sequence: an `after` that orders what is ordered already, by what the step reads, by what that
//! waits for, or by a gate.

use super::{
  edges::{Owners, is_gate, shown, step_head},
  mends,
  names::Body,
  reads::Reads,
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::Wait,
  syntax::ast,
};

impl Body<'_, '_> {
  /// `waits` has of each step what it surely waits for.
  pub fn needless_afters(&mut self, steps: &[&ast::Step], waits: &[Vec<Wait>], owners: &Owners<'_>) {
    let mut gate = None;
    for (at, step) in steps.iter().enumerate() {
      let gate = if is_gate(step) { gate.replace(at) } else { gate };
      let (ast::StepKind::Named { node, .. } | ast::StepKind::Gate(node)) = &step.kind else {
        continue;
      };
      if node.after.is_empty() {
        continue;
      }
      let reads = Reads::of_node(node);
      for (index, name) in node.after.iter().enumerate() {
        let mut same = reads.names.iter().filter(|read| read.name == name.value);
        if same.any(|read| !read.after && !read.conditional) {
          let finding = self.needless(node, index).label(name.span, "this step reads it");
          self.say(finding);
        } else if let Some(&to) = owners.get(name.value.as_str())
          && let Some(way) = way(at, to, gate, waits)
        {
          let said = match way == to {
            true => format!("`{}` stands above this step", shown(steps[way])),
            false => format!("`{}` comes before this step, and after it", shown(steps[way])),
          };
          let finding = self.needless(node, index).label(name.span, said);
          self.say(finding.label(step_head(steps[way]), "this one"));
        }
      }
    }
  }

  fn needless(&self, node: &ast::Node, index: usize) -> Diagnostic {
    let name = &node.after[index];
    let message = format!("`after {}` says what the data says already", name.value);
    let finding = Diagnostic::new(&codes::NEEDLESS_AFTER, message).help("take it away");
    let spans: Vec<_> = node.after.iter().map(|name| name.span).collect();
    let text = &self.checker.loaded.sources.get(name.span.source).text;
    match mends::no_after(text, &spans, index) {
      Some(fix) => finding.fix(fix),
      None => finding,
    }
  }
}

/// What else a step waits for that itself waits for `to`, or the last gate above it.
fn way(from: usize, to: usize, gate: Option<usize>, waits: &[Vec<Wait>]) -> Option<usize> {
  let others = waits[from].iter().map(|wait| wait.step).filter(|step| *step != to);
  let mut ways = others.chain(gate);
  ways.find(|way| *way == to || reaches(*way, to, waits))
}

fn reaches(from: usize, to: usize, waits: &[Vec<Wait>]) -> bool {
  let mut seen = vec![false; waits.len()];
  let mut open = vec![from];
  while let Some(at) = open.pop() {
    if at == to {
      return true;
    }
    if !std::mem::replace(&mut seen[at], true) {
      open.extend(waits[at].iter().map(|wait| wait.step));
    }
  }
  false
}
