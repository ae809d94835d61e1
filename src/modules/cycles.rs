//! Modules that import each other: found, said with the whole path, and cut. Knows nothing of files.

use super::Loaded;
use crate::{
  diagnostics::{Diagnostic, codes},
  source::Span,
};

/// The message names at most so many modules of a cycle; the labels show all.
const NAMED: usize = 12;

/// An import statement on the way from the root to where the search stands.
#[derive(Clone, Copy)]
struct Edge {
  from: usize,
  import: usize,
  to: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
  New,
  Open,
  Done,
}

/// Says every import that closes a cycle and makes it `None`. Depth first from the root, without recursion: chains of
/// modules may be long.
pub(super) fn cut(loaded: &mut Loaded) {
  let mut states = vec![State::New; loaded.modules.len()];
  let Some(root) = states.first_mut() else { return };
  *root = State::Open;
  let mut path: Vec<Edge> = Vec::new();
  let mut next: Vec<usize> = vec![0; loaded.modules.len()];
  let mut here = 0;
  loop {
    let import = next[here];
    next[here] += 1;
    let Some(target) = loaded.modules[here].imports.get(import).copied() else {
      states[here] = State::Done;
      match path.pop() {
        Some(edge) => here = edge.from,
        None => return,
      }
      continue;
    };
    let Some(to) = target else { continue };
    let edge = Edge { from: here, import, to };
    match states[to] {
      State::Done => {}
      State::Open => close(loaded, &path, edge),
      State::New => {
        states[to] = State::Open;
        path.push(edge);
        here = to;
      }
    }
  }
}

fn close(loaded: &mut Loaded, path: &[Edge], last: Edge) {
  let start = path.iter().position(|edge| edge.from == last.to).unwrap_or(path.len());
  let cycle: Vec<Edge> = path[start..].iter().copied().chain([last]).collect();
  let name = |module: usize| &loaded.sources.get(loaded.modules[module].source).name;
  let mut message = format!("`{}`", name(last.to));
  let skipped = cycle.len().saturating_sub(NAMED);
  for (index, edge) in cycle.iter().enumerate() {
    match index {
      _ if skipped == 0 || index < NAMED / 2 || index >= NAMED / 2 + skipped => {
        message.push_str(&format!(" imports `{}`", name(edge.to)));
      }
      _ if index == NAMED / 2 => message.push_str(&format!(" imports ... {skipped} modules ...")),
      _ => {}
    }
  }
  let mut finding = Diagnostic::new(&codes::IMPORT_CYCLE, message);
  for edge in &cycle {
    let text = format!("`{}` imports `{}`", name(edge.from), name(edge.to));
    finding = finding.label(span(loaded, *edge), text);
  }
  let finding = finding.help("move what both need into a module of its own");
  loaded.diagnostics.push(finding);
  loaded.modules[last.from].imports[last.import] = None;
}

fn span(loaded: &Loaded, edge: Edge) -> Span {
  let module = &loaded.modules[edge.from];
  module
    .import_statements()
    .nth(edge.import)
    .map_or_else(|| Span::new(module.source, 0, 0), |import| import.path.span)
}
