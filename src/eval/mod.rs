//! Pure evaluation of typed expressions: total, bounded in steps, depth and size. Knows nothing of time, files, or
//! who asks.

mod builtins;
mod fuel;
mod lists;
mod numbers;
mod operators;
mod order;
mod texts;
mod walk;

#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc};

use crate::{
  hir::{ConstantId, Expr, LocalId, Program},
  source::Span,
  value::{FailureKind, Value},
};

use texts::Patterns;
use walk::Walker;

/// Steps that one evaluation may take: one per expression, and one per element or 64 bytes that a function or an
/// operator goes through.
pub const MOST_STEPS: u64 = 50_000_000;

/// Functions that may be inside one another.
pub const MOST_CALLS: u32 = 1_000;

/// What the names of an expression stand for.
pub trait Scope {
  /// The value of a name; `None` where it has none here.
  fn local(&self, id: LocalId) -> Option<Value>;
}

/// A scope without names: for constants and defaults.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLocals;

impl Scope for NoLocals {
  fn local(&self, _: LocalId) -> Option<Value> {
    None
  }
}

impl<S: std::hash::BuildHasher> Scope for HashMap<LocalId, Value, S> {
  fn local(&self, id: LocalId) -> Option<Value> {
    self.get(&id).cloned()
  }
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq)]
pub struct EvalError {
  /// `expression`, or `contract` for an `as` that does not fit.
  pub kind: FailureKind,
  /// One line that stands alone.
  pub message: String,
  /// The path in the value that does not fit, for an `as`: `$.items[3]`.
  pub at: Option<String>,
  /// The innermost expression that failed.
  pub span: Span,
}

/// Evaluates the expressions of one program in one run. Cheap to clone; clones share everything.
#[derive(Clone, Debug)]
pub struct Evaluator {
  program: Arc<Program>,
  /// Indexed by [`ConstantId`].
  constants: Arc<[Value]>,
  /// The record `run`.
  run: Value,
  patterns: Arc<Patterns>,
}

impl Evaluator {
  /// Evaluates all constants, once. `run` is what the name `run` stands for, a record of `types::run_record()`.
  ///
  /// # Errors
  /// The first constant without a value, and why.
  pub fn new(program: Arc<Program>, run: Value) -> Result<Self, (ConstantId, EvalError)> {
    let mut evaluator = Self {
      program: program.clone(),
      constants: Arc::from([]),
      run,
      patterns: Arc::default(),
    };
    let mut values = Vec::with_capacity(program.constants.len());
    for (constant, id) in program.constants.iter().zip(0..) {
      let value = Walker::new(&evaluator, &values, &NoLocals).eval(&constant.value);
      values.push(value.map_err(|error| (ConstantId(id), error))?);
    }
    evaluator.constants = values.into();
    Ok(evaluator)
  }

  /// The value of an expression in a scope.
  ///
  /// # Errors
  /// Why it has none: overflow, an index out of range, a value too large, too many steps, an `as` that does not fit.
  pub fn eval(&self, expr: &Expr, scope: &dyn Scope) -> Result<Value, EvalError> {
    Walker::new(self, &self.constants, scope).eval(expr)
  }

  /// The program whose expressions these are.
  pub fn program(&self) -> &Arc<Program> {
    &self.program
  }

  /// The value of a constant.
  pub fn constant(&self, id: ConstantId) -> Option<&Value> {
    self.constants.get(id.0 as usize)
  }
}
