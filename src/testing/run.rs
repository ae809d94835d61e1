//! One run of a test: how it begins, and how it can go. Knows nothing of how time passes in it.

use std::sync::Arc;

use crate::{
  engine::{Doubles, Event, Record, Run, RunStarted, StartError, Step, World},
  hir::{Program, WorkerId},
  value::Failure,
};

/// A run to carry out.
pub(super) struct Order {
  pub run: Run,
  pub first: Step,
  /// In milliseconds from its start.
  pub cancel: Option<i64>,
}

/// A run that went as far as it goes.
pub(super) struct Went {
  pub run: Run,
  pub world: World,
  pub end: Ended,
}

pub(super) enum Ended {
  Succeeded(serde_json::Value),
  Failed(Arc<Failure>),
  /// A process would have been needed.
  Unmocked {
    worker: WorkerId,
    step: Arc<str>,
  },
  /// It waits for nothing that could still come.
  Stuck,
}

impl Ended {
  pub fn of(record: &Record) -> Option<Ended> {
    match &record.event {
      Event::RunSucceeded { result } => Some(Ended::Succeeded(result.clone())),
      Event::RunFailed { failure } => Some(Ended::Failed(failure.clone())),
      _ => None,
    }
  }
}

/// A run with what stands in for its workers.
///
/// # Errors
/// Why it can't begin.
pub(super) fn begin(
  program: &Arc<Program>,
  started: RunStarted,
  doubles: Doubles,
  cancel: Option<i64>,
) -> Result<Order, String> {
  let (run, first) = Run::start(program.clone(), started).map_err(|error| reason(program, &error))?;
  Ok(Order {
    run: run.with_doubles(doubles),
    first,
    cancel,
  })
}

fn reason(program: &Program, error: &StartError) -> String {
  match error {
    StartError::Constant(id, error) => {
      let name = &program.constants[id.0 as usize].name;
      format!("the constant `{name}` has no value: {}", error.message)
    }
    other => other.to_string(),
  }
}
