//! Pools: the workers that a plan may assign, each ready to be called with one message.

use std::sync::Arc;

use super::{LocalId, ModuleId, Node, NodeKind, Param, Program};
use crate::{source::Span, types::Type};

/// `pool name = [worker, ...]`
#[derive(Debug)]
pub struct Pool {
  pub name: Arc<str>,
  pub module: ModuleId,
  pub doc: Option<String>,
  /// The name's place.
  pub span: Span,
  /// No two of one name.
  pub members: Vec<PoolMember>,
}

/// A worker or orchestrator, some of whose arguments may be given already.
#[derive(Debug)]
pub struct PoolMember {
  /// As it stands in the pool: what a plan calls it by.
  pub name: Arc<str>,
  pub doc: Option<String>,
  /// What is left to be given, in the callee's order: the fields of the message.
  pub params: Vec<Param>,
  pub output: Type,
  /// Holds the message in `call`, whose only name it is.
  pub message: LocalId,
  /// `Work` or `Orchestrate`, with the member's own policies.
  pub call: Node,
}

impl Pool {
  pub fn member(&self, name: &str) -> Option<&PoolMember> {
    self.members.iter().find(|member| *member.name == *name)
  }
}

impl Program {
  /// What a node calls by itself: its own call, if it is one, or what a plan may assign. What is inside of it is not
  /// looked at.
  pub fn calls<'a>(&'a self, kind: &'a NodeKind) -> Vec<&'a NodeKind> {
    match kind {
      NodeKind::RunPlan(run) => self
        .pool(run.pool)
        .members
        .iter()
        .map(|member| &member.call.kind)
        .collect(),
      NodeKind::Work(_) | NodeKind::Orchestrate(_) => vec![kind],
      _ => Vec::new(),
    }
  }
}
