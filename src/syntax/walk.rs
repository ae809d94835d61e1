//! Visits the blocks of a module, outer ones before inner ones. Knows nothing of what is in them.

use super::ast::{Block, Declaration, ItemKind, Module, Node, NodeKind, RepeatElse, StepKind};

impl Module {
  /// Every block of steps.
  pub fn blocks<'a>(&'a self, visit: &mut dyn FnMut(&'a Block)) {
    for item in &self.items {
      match &item.kind {
        ItemKind::Orchestrator(it) => block(&it.body, visit),
        ItemKind::PatternTemplate(it) => block(&it.body, visit),
        _ => {}
      }
    }
  }
}

fn block<'a>(it: &'a Block, visit: &mut dyn FnMut(&'a Block)) {
  visit(it);
  for step in &it.steps {
    match &step.kind {
      StepKind::Named { node: inner, .. } | StepKind::Gate(inner) => node(inner, visit),
      StepKind::Stage { body, .. } | StepKind::Declaration(Declaration::OnFailure(body)) => block(body, visit),
      _ => {}
    }
  }
}

fn node<'a>(it: &'a Node, visit: &mut dyn FnMut(&'a Block)) {
  match &it.kind {
    NodeKind::Each(each) => node(&each.body, visit),
    NodeKind::Repeat(repeat) => {
      block(&repeat.body, visit);
      if let Some(RepeatElse::Node(inner)) = &repeat.otherwise {
        node(inner, visit);
      }
    }
    NodeKind::If { then, otherwise, .. } => {
      node(then, visit);
      otherwise.iter().for_each(|inner| node(inner, visit));
    }
    NodeKind::Match { arms, otherwise, .. } => {
      arms.iter().for_each(|arm| node(&arm.node, visit));
      otherwise.iter().for_each(|(_, inner)| node(inner, visit));
    }
    NodeKind::Attempt(inner) => node(inner, visit),
    NodeKind::Catch { inner, handler } => {
      node(inner, visit);
      node(handler, visit);
    }
    NodeKind::Block(inner) => block(inner, visit),
    NodeKind::Expr(_) | NodeKind::Fail(_) | NodeKind::Dispatch(_) | NodeKind::Run(_) => {}
  }
  let ends = it.undo.iter().chain(&it.finally);
  ends.for_each(|inner| node(inner, visit));
}
