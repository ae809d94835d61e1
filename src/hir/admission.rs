//! What decides whether an execution may start, beside limits: breakers, budgets, and what an outcome is kept for.

use std::sync::Arc;

use super::Expr;
use crate::source::Span;

/// When a worker is not to be called for a while. Its expressions read constants: all calls share the one breaker.
#[derive(Debug, Clone)]
pub struct Breaker {
  /// An int, at least 1: so many failures in a row open it.
  pub open: Expr,
  /// A duration: so long after that one call is let through.
  pub probe: Expr,
  /// An int, at least 1: so many successes after that one close it.
  pub close: Expr,
}

/// What an orchestrator may spend; what is left out is not bounded. Its expressions read parameters and constants. At
/// least one is there.
#[derive(Debug, Clone)]
pub struct Budget {
  /// An int: executions of workers.
  pub calls: Option<Expr>,
  /// A float: dollars.
  pub cost: Option<Expr>,
  /// An int.
  pub tokens: Option<Expr>,
  /// A duration of run time.
  pub time: Option<Expr>,
  pub span: Span,
}

/// What one execution of a worker spends at most. Its expressions read constants.
#[derive(Debug, Clone, Default)]
pub struct Ceiling {
  /// A float: dollars.
  pub cost: Option<Expr>,
  /// An int.
  pub tokens: Option<Expr>,
}

/// A file that a worker's `uses` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedFile {
  /// As written.
  pub path: Arc<str>,
  /// The blake3 hash of what was in it when the program was read.
  pub digest: [u8; 32],
}
