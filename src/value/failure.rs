//! What a failed step leaves behind.

use std::{
  fmt::{self, Display, Formatter},
  sync::Arc,
};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{TooLarge, Value, clip, from_json};

/// Characters of a message and causes that are kept where the whole failure would be too large.
const SHORT: usize = 2_000;

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

/// A failure, with the fields that a program reads; `None` and empty are left out of the value where the type allows.
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
  /// Paths of `undo` and `finally` calls that failed while its scopes were closed.
  #[serde(default, skip_serializing_if = "Vec::is_empty")]
  pub undo_failed: Vec<Arc<str>>,
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
      undo_failed: Vec::new(),
    }
  }
}

impl FailureKind {
  /// Every kind, in the order of the type's words.
  pub const ALL: [FailureKind; 16] = [
    Self::Exit,
    Self::Http,
    Self::Timeout,
    Self::Transport,
    Self::Contract,
    Self::CircuitOpen,
    Self::Budget,
    Self::Expression,
    Self::Required,
    Self::Failed,
    Self::Exhausted,
    Self::Unmet,
    Self::Rejected,
    Self::Interrupted,
    Self::Skipped,
    Self::Cancelled,
  ];

  /// The word in `Failure.kind`.
  pub fn name(self) -> &'static str {
    crate::types::failure_kinds()[self as usize]
  }

  pub fn find(name: &str) -> Option<FailureKind> {
    Self::ALL.into_iter().find(|kind| kind.name() == name)
  }
}

impl Display for FailureKind {
  fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
    f.pad(self.name())
  }
}

/// One line: `verdicts[3]: exit code 2 (exit)`.
impl Display for Failure {
  fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
    let message = self.message.split_whitespace().collect::<Vec<_>>().join(" ");
    write!(f, "{}: {message} ({})", self.step, self.kind)
  }
}

impl Failure {
  /// As a value of the type `Failure`. Details are left out where it would be too large with them.
  pub fn to_value(&self) -> Value {
    self
      .value()
      .or_else(|_| self.without_details().value())
      .unwrap_or(Value::Null)
  }

  /// The same without item, path and log, its texts clipped: small, whatever it was.
  pub(super) fn without_details(&self) -> Failure {
    let short = |text: &str| Arc::<str>::from(clip(text, SHORT));
    let cause = |cause: &Cause| Cause {
      step: short(&cause.step),
      kind: cause.kind,
      message: short(&cause.message),
    };
    Failure {
      worker: self.worker.as_deref().map(short),
      attempts: self.attempts,
      code: self.code,
      causes: self.causes.iter().take(100).map(cause).collect(),
      undo_failed: self.undo_failed.iter().take(100).map(|path| short(path)).collect(),
      ..Failure::new(self.kind, short(&self.step), short(&self.message))
    }
  }

  fn value(&self) -> Result<Value, TooLarge> {
    let text = |text: &str| Value::string(text);
    let mut fields: IndexMap<Arc<str>, Value> = IndexMap::new();
    let mut field = |name: &str, value: Option<Value>| {
      if let Some(value) = value {
        fields.insert(name.into(), value);
      }
    };
    field("kind", Some(text(self.kind.name())));
    field("message", Some(text(&self.message)));
    field("worker", self.worker.as_deref().map(text));
    field("step", Some(text(&self.step)));
    field("item", self.item.as_ref().map(from_json).transpose()?);
    field("attempts", Some(Value::Int(self.attempts.into())));
    field("code", self.code.map(Value::Int));
    field("at", self.at.as_deref().map(text));
    field("log", self.log.as_deref().map(text));
    let causes: Result<Vec<Value>, TooLarge> = self.causes.iter().map(Cause::value).collect();
    field("causes", Some(Value::list(causes?)?));
    let undo_failed = self.undo_failed.iter().map(|path| text(path)).collect();
    field("undo_failed", Some(Value::list(undo_failed)?));
    Value::record(fields)
  }

  /// The failure that a value of the type `Failure` tells of; `None` where it is none.
  pub fn from_value(value: &Value) -> Option<Failure> {
    let text = |name: &str| value.field(name).as_str().map(str::to_owned);
    let kind = FailureKind::find(&text("kind")?)?;
    let mut failure = Failure::new(kind, text("step")?, text("message")?);
    failure.worker = text("worker").map(Into::into);
    failure.at = text("at");
    failure.log = text("log");
    failure.item = match value.field("item") {
      Value::Null => None,
      item => Some(super::to_json(&item)),
    };
    if let Value::Int(attempts) = value.field("attempts") {
      failure.attempts = u32::try_from(attempts).ok()?;
    }
    if let Value::Int(code) = value.field("code") {
      failure.code = Some(code);
    }
    let causes = value.field("causes");
    failure.causes = causes.as_list()?.iter().map(Cause::from_value).collect::<Option<_>>()?;
    let undo_failed = value.field("undo_failed");
    let paths = undo_failed.as_list()?.iter().map(|path| path.as_str().map(Into::into));
    failure.undo_failed = paths.collect::<Option<_>>()?;
    Some(failure)
  }
}

impl Cause {
  fn value(&self) -> Result<Value, TooLarge> {
    Value::fields([
      ("step", Value::String(self.step.clone())),
      ("kind", Value::string(self.kind.name())),
      ("message", Value::String(self.message.clone())),
    ])
  }

  fn from_value(value: &Value) -> Option<Cause> {
    let text = |name: &str| value.field(name).as_str().map(Arc::<str>::from);
    Some(Cause {
      step: text("step")?,
      kind: FailureKind::find(&text("kind")?)?,
      message: text("message")?,
    })
  }
}

#[cfg(test)]
mod tests {
  use super::*;
  use crate::{types, value::conform};

  fn full() -> Failure {
    Failure {
      worker: Some("analyzer".into()),
      item: Some(serde_json::json!({ "number": 3 })),
      attempts: 4,
      code: Some(2),
      at: Some("$.a".into()),
      log: Some("boom".into()),
      causes: vec![Cause {
        step: "a".into(),
        kind: FailureKind::Timeout,
        message: "no answer within 1s".into(),
      }],
      undo_failed: vec!["b!undo".into()],
      ..Failure::new(FailureKind::CircuitOpen, "verdicts[3]", "the circuit\nis open")
    }
  }

  #[test]
  fn kinds_have_the_words_of_the_type() {
    for (kind, word) in FailureKind::ALL.into_iter().zip(types::failure_kinds()) {
      assert_eq!(kind.name(), word);
      assert_eq!(FailureKind::find(word), Some(kind));
      assert_eq!(serde_json::to_value(kind).unwrap(), word);
    }
    assert_eq!(FailureKind::find("nope"), None);
  }

  #[test]
  fn a_failure_is_a_value_of_its_type_and_back() {
    for failure in [full(), Failure::new(FailureKind::Exit, "a", "code 1")] {
      let value = failure.to_value();
      assert_eq!(conform(&value, &types::failure()), Ok(value.clone()));
      assert_eq!(Failure::from_value(&value), Some(failure.clone()));
      let outcome = Value::outcome_lost(&failure);
      assert_eq!(conform(&outcome, &types::outcome(&types::Type::int())), Ok(outcome));
    }
    assert_eq!(full().to_string(), "verdicts[3]: the circuit is open (circuit_open)");
  }

  #[test]
  fn a_huge_failure_loses_its_details_only() {
    let mut deep = serde_json::json!(1);
    for _ in 0..63 {
      deep = serde_json::json!([deep]);
    }
    let deep = Failure {
      item: Some(deep),
      ..full()
    };
    let wide = Failure {
      message: "x".repeat(17 << 20).into(),
      ..full()
    };
    for failure in [deep, wide] {
      let outcome = Value::outcome_lost(&failure);
      assert_eq!(outcome.field("error").field("kind"), Value::string("circuit_open"));
      assert!(conform(&outcome, &types::outcome(&types::Type::Json)).is_ok());
    }
  }
}
