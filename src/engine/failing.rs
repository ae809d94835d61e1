//! Failures that do not know their place in the run yet, and how expressions become counts and durations or fail to.

use std::sync::Arc;

use crate::{
  eval::EvalError,
  types::Type,
  value::{self, Dollars, Failure, FailureKind, TooLarge, Value, excerpt, show_duration},
};

/// A value, or a failure without step and item.
pub(super) type Fallible<T> = Result<T, Box<Failure>>;

pub(super) fn failure(kind: FailureKind, message: impl Into<Arc<str>>) -> Box<Failure> {
  Box::new(Failure::new(kind, "", message))
}

/// A failure at a path in a message.
pub(super) fn failure_at(kind: FailureKind, at: Option<String>, message: String) -> Box<Failure> {
  let mut failure = failure(kind, message);
  failure.at = at;
  failure
}

pub(super) fn of_expression(error: EvalError) -> Box<Failure> {
  failure_at(error.kind, error.at, error.message)
}

pub(super) fn too_large(TooLarge(why): TooLarge) -> Box<Failure> {
  failure(FailureKind::Expression, format!("the value would {why}"))
}

/// The value as one of the type; `what` begins the message of the `contract` failure.
pub(super) fn conform(value: &Value, ty: &Type, what: &str) -> Fallible<Value> {
  value::conform(value, ty).map_err(|mismatch| {
    let message = format!("{what} does not fit at {}: {}", mismatch.at, mismatch.reason);
    failure_at(FailureKind::Contract, Some(mismatch.at), message)
  })
}

/// A duration that is not below zero.
pub(super) fn milliseconds(value: &Value) -> Fallible<i64> {
  match value {
    Value::Duration(milliseconds) if *milliseconds >= 0 => Ok(*milliseconds),
    Value::Duration(milliseconds) => {
      let message = format!("a duration below zero: {}", show_duration(*milliseconds));
      Err(failure(FailureKind::Expression, message))
    }
    _ => Err(failure(FailureKind::Expression, "not a duration")),
  }
}

/// An amount that is not below zero.
pub(super) fn dollars(value: &Value) -> Fallible<Dollars> {
  let amount = match value {
    Value::Float(amount) => Dollars::of(*amount),
    _ => None,
  };
  amount.ok_or_else(|| {
    let message = format!("not an amount of dollars: {}", excerpt(value, 60));
    failure(FailureKind::Expression, message)
  })
}

/// An int that is at least `least`; `what` says which.
pub(super) fn count(value: &Value, least: i64, what: &str) -> Fallible<u64> {
  match value {
    Value::Int(int) if *int >= least => Ok(int.unsigned_abs()),
    other => {
      let message = format!("`{what}` must be at least {least}, not {}", excerpt(other, 60));
      Err(failure(FailureKind::Expression, message))
    }
  }
}
