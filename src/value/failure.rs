//! What a failed step leaves behind.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why something failed; the words of `Failure.kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
  /// A process ended with a code that is no answer, or was killed.
  Exit,
  Http,
  Timeout,
  /// The worker could not be reached or started.
  Transport,
  /// A message that does not fit its type.
  Contract,
  CircuitOpen,
  Budget,
  /// An expression without a value: overflow, division by zero.
  Expression,
  /// A `require` that did not hold.
  Required,
  /// `fail "..."`
  Failed,
  /// A `repeat` at its bound.
  Exhausted,
  Unmet,
  Rejected,
  Interrupted,
  /// Never started: something it needs did not succeed.
  Skipped,
  /// Ended from outside.
  Cancelled,
}

/// A failure as `language.md` names its fields; `None` and empty are left out of the value where the type allows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
  pub kind: FailureKind,
  pub message: Arc<str>,
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub worker: Option<Arc<str>>,
  /// The path of the step.
  pub step: Arc<str>,
  /// The item of the innermost `each` around it, as JSON.
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub item: Option<serde_json::Value>,
  #[serde(default)]
  pub attempts: u32,
  /// Exit code or HTTP status.
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub code: Option<i64>,
  /// The path in the message that did not fit.
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub at: Option<String>,
  /// The last 4 KiB of the worker's log.
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub log: Option<String>,
  /// Root causes, and failures that came after the first.
  #[serde(default, skip_serializing_if = "Vec::is_empty")]
  pub causes: Vec<Cause>,
}

/// Another failure that takes part in one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
  pub step: Arc<str>,
  pub kind: FailureKind,
  pub message: Arc<str>,
}

impl Failure {
  /// A failure of `step` without details.
  pub fn new(kind: FailureKind, step: impl Into<Arc<str>>, message: impl Into<Arc<str>>) -> Self {
    Self {
      kind,
      message: message.into(),
      worker: None,
      step: step.into(),
      item: None,
      attempts: 0,
      code: None,
      at: None,
      log: None,
      causes: Vec::new(),
    }
  }
}
