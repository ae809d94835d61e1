//! What goes into a run and what comes out. Knows nothing of what happens in between.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
  attempt::Attempt,
  event::{AttemptOutcome, Event, ExecutionId, Record, RunTime, TimerId},
  gatekeeper::Need,
};
use crate::{eval::EvalError, hir::ConstantId, protocol::Invocation, value::Failure};

/// A fact from outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
  Admitted(ExecutionId),
  /// With the process group, where it is a process.
  AttemptStarted(ExecutionId, Option<u32>),
  AttemptEnded(ExecutionId, AttemptOutcome),
  TimerFired(TimerId),
  /// The run that was dispatched is remembered, whatever becomes of this one.
  ChildRecorded(Arc<str>),
  CancelRequested(Arc<str>),
  Stopped,
}

/// What the run wants done. Carried out only once the records of the same step are in the journal.
#[derive(Clone, Debug)]
pub enum Command {
  /// Ask the gatekeeper; the answer is `Admitted`.
  Ask {
    execution: ExecutionId,
    needs: Vec<Need>,
  },
  /// Only after a replay: it was admitted before, and has its slots.
  Hold {
    execution: ExecutionId,
    needs: Vec<Need>,
  },
  /// It need no longer be admitted.
  Withdraw(ExecutionId),
  /// Its slots are free.
  Release(ExecutionId),
  /// The answer is `AttemptStarted`, maybe, then `AttemptEnded`, surely.
  Start(Box<Start>),
  /// End the worker; `AttemptEnded` follows nonetheless.
  CancelAttempt(ExecutionId),
  SetTimer {
    timer: TimerId,
    due: RunTime,
  },
  ClearTimer(TimerId),
  /// Have it remembered and carried out; the answer is `ChildRecorded`.
  Dispatch(Box<Child>),
  /// The run is over.
  Finish,
}

/// A run of its own that this one asks for. Asked for again it is the same one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Child {
  pub run: Arc<str>,
  pub tracker: Arc<str>,
  pub orchestrator: Arc<str>,
  /// One field per parameter.
  pub arguments: serde_json::Value,
  pub seed: u64,
}

/// An execution to start.
#[derive(Clone, Debug)]
pub struct Start {
  pub execution: ExecutionId,
  /// For `Run::outcome`.
  pub attempt: Arc<Attempt>,
  pub invocation: Invocation,
}

/// What follows from one fact.
#[derive(Debug, Default)]
pub struct Step {
  /// The fact first.
  pub records: Vec<Record>,
  pub commands: Vec<Command>,
}

/// Why a run can't begin; nothing is journaled then.
#[derive(Debug)]
pub enum StartError {
  UnknownOrchestrator(Arc<str>),
  /// A constant has no value.
  Constant(ConstantId, EvalError),
  /// The arguments do not fit.
  Arguments(Box<Failure>),
  /// What the last success gave is no longer what the orchestrator gives.
  Last {
    run: Arc<str>,
    reason: String,
  },
}

impl fmt::Display for StartError {
  fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match self {
      StartError::UnknownOrchestrator(name) => write!(f, "there is no orchestrator `{name}`"),
      StartError::Constant(_, error) => f.write_str(&error.message),
      StartError::Arguments(failure) => f.write_str(&failure.message),
      StartError::Last { run, reason } => write!(
        f,
        "what the last run gave can't be `run.last` any longer: {reason} (run {run}); `--forget` begins anew"
      ),
    }
  }
}

impl std::error::Error for StartError {}

impl Input {
  /// As it stands in the journal.
  pub fn event(&self) -> Event {
    match self.clone() {
      Input::Admitted(execution) => Event::Admitted { execution },
      Input::AttemptStarted(execution, process_group) => Event::AttemptStarted {
        execution,
        process_group,
      },
      Input::AttemptEnded(execution, outcome) => Event::AttemptEnded { execution, outcome },
      Input::TimerFired(timer) => Event::TimerFired { timer },
      Input::ChildRecorded(run) => Event::ChildRecorded { run },
      Input::CancelRequested(reason) => Event::CancelRequested { reason },
      Input::Stopped => Event::Stopped,
    }
  }

  /// The fact that an event is, if it is one.
  pub fn of(event: &Event) -> Option<Input> {
    Some(match event.clone() {
      Event::Admitted { execution } => Input::Admitted(execution),
      Event::AttemptStarted {
        execution,
        process_group,
      } => Input::AttemptStarted(execution, process_group),
      Event::AttemptEnded { execution, outcome } => Input::AttemptEnded(execution, outcome),
      Event::TimerFired { timer } => Input::TimerFired(timer),
      Event::ChildRecorded { run } => Input::ChildRecorded(run),
      Event::CancelRequested { reason } => Input::CancelRequested(reason),
      Event::Stopped => Input::Stopped,
      _ => return None,
    })
  }
}
