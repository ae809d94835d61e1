//! How much orchestrators come to with all that they call: patterns inside patterns multiply, so there is a bound.

use std::sync::Arc;

use super::super::checker::Checker;
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{self, Block, NodeKind, Visit},
  source::Span,
};

/// Nodes that one orchestrator may come to, with all that it calls.
pub const MOST_NODES: u64 = 100_000;

impl Checker<'_> {
  /// Says that the orchestrator at hand comes to too much, by way of the calls that lead to where that was seen.
  pub fn too_many_nodes(&mut self) {
    if !std::mem::replace(&mut self.instances.full, true) {
      let path = self.instances.path.clone();
      self.say(too_wide(&path, |_| None));
    }
  }

  /// Says orchestrators that come to too many nodes, by way of what comes to most in each.
  pub fn check_sizes(&mut self) {
    if self.instances.full || self.findings.refuses() || self.circular {
      return;
    }
    let sizes = Sizes::of(&self.program);
    let (declared, _) = self.program.orchestrators.split_at(self.symbols.orchestrators.len());
    let wide = (0..declared.len()).filter(|at| sizes.all[*at] > MOST_NODES);
    let said: Vec<Diagnostic> = wide
      .map(|at| {
        let path = sizes.widest(&self.program, at);
        let names: Vec<(Arc<str>, Span)> = path
          .iter()
          .map(|(at, span)| (self.program.orchestrators[*at].name.clone(), *span))
          .collect();
        too_wide(&names, |place| Some(sizes.all[path[place].0]))
      })
      .collect();
    said.into_iter().for_each(|finding| self.say(finding));
  }
}

/// How many nodes stand in a block itself.
pub fn nodes(block: &Block) -> u64 {
  let mut count = 0;
  block.visit_nodes(&mut |_| count += 1);
  count
}

/// What orchestrators come to with all that they call.
struct Sizes {
  all: Vec<u64>,
}

impl Sizes {
  /// Instances call only what was made before or after them, never in a circle.
  fn of(program: &hir::Program) -> Self {
    let mut sizes = vec![None; program.orchestrators.len()];
    for at in 0..sizes.len() {
      size(program, at, &mut sizes);
    }
    Self {
      all: sizes.into_iter().map(|size| size.unwrap_or(0)).collect(),
    }
  }

  /// The calls of what comes to most in each, from an orchestrator down.
  fn widest(&self, program: &hir::Program, from: usize) -> Vec<(usize, Span)> {
    let mut path = vec![(from, program.orchestrators[from].span)];
    let mut at = from;
    loop {
      let mut widest: Option<(usize, Span)> = None;
      calls(&program.orchestrators[at].body, &mut |to, span| {
        if widest.is_none_or(|(other, _)| self.all[to] > self.all[other]) {
          widest = Some((to, span));
        }
      });
      let Some((to, span)) = widest else { return path };
      path.push((to, span));
      at = to;
    }
  }
}

fn size(program: &hir::Program, at: usize, sizes: &mut Vec<Option<u64>>) -> u64 {
  if let Some(size) = sizes[at] {
    return size;
  }
  let body = &program.orchestrators[at].body;
  let mut called = Vec::new();
  calls(body, &mut |to, _| called.push(to));
  let own = nodes(body);
  let total = stacker::maybe_grow(64 << 10, 1 << 20, || {
    called
      .into_iter()
      .fold(own, |sum, to| sum.saturating_add(size(program, to, sizes)))
  });
  sizes[at] = Some(total);
  total
}

fn calls(block: &Block, call: &mut dyn FnMut(usize, Span)) {
  block.visit_nodes(&mut |node| {
    if let NodeKind::Orchestrate(to) = &node.kind {
      call(to.target.0 as usize, node.span);
    }
  });
}

/// `path` begins with the orchestrator; each entry has the place where it is called.
fn too_wide(path: &[(Arc<str>, Span)], size: impl Fn(usize) -> Option<u64>) -> Diagnostic {
  let names: Vec<String> = path.iter().map(|(name, _)| format!("`{name}`")).collect();
  let first = names.first().cloned().unwrap_or_default();
  let message = format!("{first} comes to more than 100,000 nodes: {}", names.join(" -> "));
  let mut finding = Diagnostic::new(&codes::TOO_WIDE, message);
  for (place, (name, span)) in path.iter().enumerate() {
    let nodes = size(place).map_or(String::new(), |nodes| format!(": {nodes} nodes"));
    let text = match place {
      0 => format!("`{name}`{nodes}"),
      _ => format!("calls `{name}`{nodes}"),
    };
    finding = finding.label(*span, text);
  }
  finding.help("calls of patterns inside patterns multiply: let data make the width (`each x in xs`), not calls")
}
