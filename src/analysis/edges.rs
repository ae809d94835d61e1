//! Edges between the steps of a block: who waits for whom and why, and the paths by which steps are known.

use std::collections::{HashMap, HashSet};

use super::{cycles::Need, reads::Reads};
use crate::{
  hir::{self, Wait, WaitKind},
  source::Span,
  syntax::ast,
};

/// Which step of the block owns a name: its own, or one of a stage's.
pub type Owners<'a> = HashMap<&'a str, usize>;

/// Steps of a name that was given twice: who reads it may have meant the other.
pub fn named_twice(steps: &[&ast::Step]) -> Vec<usize> {
  let mut names: HashMap<&str, Vec<usize>> = HashMap::new();
  for (at, step) in steps.iter().enumerate() {
    if let ast::StepKind::Named { name, .. } = &step.kind {
      names.entry(&name.value).or_default().push(at);
    }
  }
  names.into_values().filter(|steps| steps.len() > 1).flatten().collect()
}

pub fn owners<'b>(steps: &[&'b ast::Step]) -> Owners<'b> {
  let mut owners = Owners::new();
  for (at, step) in steps.iter().enumerate() {
    match &step.kind {
      ast::StepKind::Named { name, .. } => {
        owners.insert(&name.value, at);
      }
      ast::StepKind::Broken { names } => owners.extend(names.iter().map(|name| (name.value.as_str(), at))),
      ast::StepKind::Stage { body, .. } => {
        for inner in &body.steps {
          if let ast::StepKind::Named { name, .. } = &inner.kind {
            owners.insert(&name.value, at);
          }
        }
      }
      _ => {}
    }
  }
  owners
}

/// The names of all steps of a block, those of its stages too.
pub fn names(block: &ast::Block) -> HashSet<String> {
  let steps: Vec<&ast::Step> = block.steps.iter().collect();
  owners(&steps).into_keys().map(str::to_owned).collect()
}

/// All needs between the steps (for order and cycles), and of each step what it strictly waits for.
pub fn edges(steps: &[&ast::Step], owners: &Owners<'_>) -> (Vec<Need>, Vec<Vec<Wait>>) {
  let mut needs = Vec::new();
  let mut waits = Vec::new();
  let mut gate: Option<usize> = None;
  for (from, step) in steps.iter().enumerate() {
    let mut own: Vec<Wait> = Vec::new();
    for read in Reads::of_step(step).names {
      let Some(&to) = owners.get(read.name) else { continue };
      let stage = matches!(step.kind, ast::StepKind::Stage { .. });
      if to == from && stage {
        continue;
      }
      let (how, why) = if read.after {
        ("stands after", WaitKind::After)
      } else {
        ("reads", WaitKind::Data)
      };
      needs.push(Need {
        from,
        to,
        span: read.span,
        how,
      });
      if !read.conditional && to != from {
        own.push(Wait { step: to, why });
      }
    }
    if let Some(gate) = gate {
      needs.push(Need {
        from,
        to: gate,
        span: step_head(step),
        how: "stands below",
      });
      own.push(Wait {
        step: gate,
        why: WaitKind::Gate,
      });
    }
    own.sort_by_key(|wait| (wait.step, wait.why));
    own.dedup_by_key(|wait| wait.step);
    waits.push(own);
    if is_gate(step) {
      gate = Some(from);
    }
  }
  (needs, waits)
}

/// Whether what stands below waits for it.
pub fn is_gate(step: &ast::Step) -> bool {
  !matches!(step.kind, ast::StepKind::Named { .. } | ast::StepKind::Broken { .. })
}

/// Of each step the last gate that has surely succeeded when it begins: what that one and those above it proved holds
/// there. A step above a gate may be typed after it, for what one of its arms reads, and still begin before.
pub fn behind_gates(order: &[usize], steps: &[&ast::Step], waits: &[Vec<Wait>]) -> Vec<Option<usize>> {
  let mut behind = vec![None; steps.len()];
  for &at in order {
    let through = |wait: &Wait| behind[wait.step].max(is_gate(steps[wait.step]).then_some(wait.step));
    behind[at] = waits[at].iter().filter_map(through).max();
  }
  behind
}

/// The place to label for a whole step: its name, or all of it.
pub fn step_head(step: &ast::Step) -> Span {
  match &step.kind {
    ast::StepKind::Named { name, .. } | ast::StepKind::Stage { name, .. } => name.span,
    _ => step.span,
  }
}

pub fn shown(step: &ast::Step) -> String {
  match &step.kind {
    ast::StepKind::Named { name, .. } | ast::StepKind::Stage { name, .. } => name.value.clone(),
    _ => gate_word(step).to_owned(),
  }
}

fn gate_word(step: &ast::Step) -> &str {
  match &step.kind {
    ast::StepKind::Gate(node) => match &node.kind {
      ast::NodeKind::Expr(ast::Expr {
        kind: ast::ExprKind::Call { callee, .. },
        ..
      }) => &callee.value,
      ast::NodeKind::Each(_) => "each",
      ast::NodeKind::Repeat(_) => "repeat",
      ast::NodeKind::If { .. } => "if",
      ast::NodeKind::Match { .. } => "match",
      ast::NodeKind::Attempt(_) => "attempt",
      ast::NodeKind::Catch { .. } => "catch",
      ast::NodeKind::Fail(_) => "fail",
      _ => "gate",
    },
    ast::StepKind::Require { .. } => "require",
    _ => "return",
  }
}

/// The path segment of each step: its name, or of a gate its word and which of that word it is.
pub fn segments(steps: &[&ast::Step]) -> Vec<String> {
  let mut counts: HashMap<&str, u32> = HashMap::new();
  let mut made = Vec::new();
  for step in steps {
    let named = matches!(
      step.kind,
      ast::StepKind::Named { .. } | ast::StepKind::Stage { .. } | ast::StepKind::Broken { .. }
    );
    if named {
      made.push(shown(step));
    } else {
      let word = gate_word(step);
      let count = counts.entry(word).or_default();
      *count += 1;
      made.push(format!("{word}#{count}"));
    }
  }
  made
}

/// Leaves out steps that did not parse (a program with one never runs), and renumbers edges.
pub fn renumbered(made: Vec<Option<hir::Step>>) -> Vec<hir::Step> {
  let mut places = Vec::new();
  let mut next = 0;
  for step in &made {
    places.push(step.is_some().then_some(next));
    next += usize::from(step.is_some());
  }
  let mut steps: Vec<hir::Step> = made.into_iter().flatten().collect();
  for step in &mut steps {
    step.waits.retain_mut(|wait| match places[wait.step] {
      Some(place) => {
        wait.step = place;
        true
      }
      None => false,
    });
  }
  steps
}
