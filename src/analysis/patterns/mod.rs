//! Patterns: graphs over types and workers that are still open. Each is checked once by itself, with types and workers
//! that could be any; then each distinct way of calling it becomes an orchestrator of its own.

mod call;
mod fit;
mod holes;
mod instances;
mod lists;
mod passed;
mod signature;
mod sizes;
mod solve;
mod template;

use std::{rc::Rc, sync::Arc};

pub use instances::{Instances, merged};
pub use lists::WorkerList;
use passed::Fill;
pub use passed::WorkerValue;
pub use template::Template;

use crate::{hir::PoolId, source::Span, types::Type};

/// What the names of the pattern at hand stand for.
#[derive(Clone, Debug, Default)]
pub struct Scope {
  /// Its type parameters.
  pub types: Vec<(Arc<str>, Type)>,
  /// The upper ends of its int parameters, as far as they are known.
  pub bounds: Vec<(Arc<str>, Option<i64>)>,
  /// Its pools; nothing while it is looked at by itself.
  pub pools: Vec<(Arc<str>, Option<PoolId>)>,
  /// Whether it is looked at by itself.
  pub open: bool,
}

impl Scope {
  pub fn ty(&self, name: &str) -> Option<&Type> {
    self.types.iter().find(|(own, _)| **own == *name).map(|(_, ty)| ty)
  }

  pub fn pool(&self, name: &str) -> Option<Option<PoolId>> {
    self.pools.iter().find(|(own, _)| **own == *name).map(|(_, pool)| *pool)
  }

  pub fn bound(&self, name: &str) -> Option<Option<i64>> {
    self
      .bounds
      .iter()
      .find(|(own, _)| **own == *name)
      .map(|(_, bound)| *bound)
  }
}

/// `worker(A, B) -> C`
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerType {
  pub inputs: Vec<Type>,
  pub output: Type,
}

impl std::fmt::Display for WorkerType {
  fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    let inputs: Vec<String> = self.inputs.iter().map(ToString::to_string).collect();
    write!(f, "worker({})", inputs.join(", "))?;
    match self.output {
      Type::Null => Ok(()),
      _ => write!(f, " -> {}", self.output),
    }
  }
}

/// What the name of a worker parameter stands for; nothing while the pattern is looked at by itself.
#[derive(Clone, Debug)]
pub enum Callable {
  One(Rc<WorkerType>, Option<Rc<WorkerValue>>),
  Many(Rc<WorkerType>, Option<Rc<[WorkerValue]>>),
}

/// A worker parameter in scope.
#[derive(Clone, Debug)]
pub struct BoundCallable {
  pub callable: Callable,
  pub span: Span,
}
