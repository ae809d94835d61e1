//! What goes into a run and what comes out. Knows nothing of what happens in between.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
  attempt::Attempt,
  event::{AttemptOutcome, Event, ExecutionId, Record, Resumption, RunTime, TimerId},
  gate::{Move, Need, Needs},
  spent::Origin,
};
use crate::{
  eval::EvalError,
  hir::ConstantId,
  protocol::{Invocation, Report},
  value::{Failure, FailureKind},
};

/// Names an outcome that may be reused: the hash of what the worker is and of its input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CacheKey(pub [u8; 32]);

impl fmt::Debug for CacheKey {
  fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "CacheKey({})", blake3::Hash::from(self.0).to_hex())
  }
}

/// What a worker is and what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
  /// Of all parts.
  pub key: CacheKey,
  /// `contract`, `input`, `command` and the like, each with its hash.
  pub parts: Vec<(Arc<str>, [u8; 32])>,
}

/// An outcome that there may be already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sought {
  /// Of the call.
  pub path: Arc<str>,
  pub signature: Signature,
  /// One that was kept by any run is as good, if it is at most so many milliseconds old.
  pub age: Option<i64>,
}

/// Whether there is one.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
  Kept(Kept),
  /// In an earlier run the call has an outcome that is not as good: what has changed since, as people call it.
  Nothing {
    changed: Vec<Arc<str>>,
  },
}

/// An outcome that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
  pub value: serde_json::Value,
  pub from: Origin,
}

/// A fact from outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
  Admitted(ExecutionId),
  Refused(ExecutionId, FailureKind),
  /// What is kept for it, if anything is.
  Recalled(ExecutionId, Found),
  BreakerMoved(Move),
  Reported(ExecutionId, Report),
  /// With the process group, where it is a process.
  AttemptStarted(ExecutionId, Option<u32>),
  AttemptEnded(ExecutionId, AttemptOutcome),
  TimerFired(TimerId),
  /// The run that was dispatched is remembered, whatever becomes of this one.
  ChildRecorded(Arc<str>),
  CancelRequested(Arc<str>),
  Stopped,
  /// Somebody drives the run again.
  Resumed(Arc<Resumption>),
}

/// What the run wants done. Carried out only once the records of the same step are in the journal.
#[derive(Clone, Debug)]
pub enum Command {
  /// Look for an outcome that is as good as a new one; the answer is `Recalled`.
  Recall {
    execution: ExecutionId,
    sought: Arc<Sought>,
  },
  /// This outcome may be reused.
  Keep {
    key: CacheKey,
    kept: Kept,
  },
  /// Ask the gatekeeper; the answer is `Admitted` or `Refused`.
  Ask {
    execution: ExecutionId,
    needs: Needs,
  },
  /// Only after a resume: what was started under a rate, the first one first.
  Started {
    need: Need,
    starts: Vec<RunTime>,
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
      Input::Refused(execution, kind) => Event::Refused { execution, kind },
      Input::Recalled(execution, Found::Nothing { changed }) => Event::CacheMissed { execution, changed },
      Input::Recalled(execution, Found::Kept(Kept { value, from })) => Event::CacheHit { execution, value, from },
      Input::BreakerMoved(Move { worker, from, to }) => Event::BreakerMoved { worker, from, to },
      Input::Reported(execution, report) => Event::Reported { execution, report },
      Input::AttemptStarted(execution, process_group) => Event::AttemptStarted {
        execution,
        process_group,
      },
      Input::AttemptEnded(execution, outcome) => Event::AttemptEnded { execution, outcome },
      Input::TimerFired(timer) => Event::TimerFired { timer },
      Input::ChildRecorded(run) => Event::ChildRecorded { run },
      Input::CancelRequested(reason) => Event::CancelRequested { reason },
      Input::Stopped => Event::Stopped,
      Input::Resumed(resumption) => Event::Resumed(resumption),
    }
  }

  /// The fact that an event is, if it is one.
  pub fn of(event: &Event) -> Option<Input> {
    Some(match event.clone() {
      Event::Admitted { execution } => Input::Admitted(execution),
      Event::Refused { execution, kind } => Input::Refused(execution, kind),
      Event::CacheMissed { execution, changed } => Input::Recalled(execution, Found::Nothing { changed }),
      Event::CacheHit { execution, value, from } => Input::Recalled(execution, Found::Kept(Kept { value, from })),
      Event::BreakerMoved { worker, from, to } => Input::BreakerMoved(Move { worker, from, to }),
      Event::Reported { execution, report } => Input::Reported(execution, report),
      Event::AttemptStarted {
        execution,
        process_group,
      } => Input::AttemptStarted(execution, process_group),
      Event::AttemptEnded { execution, outcome } => Input::AttemptEnded(execution, outcome),
      Event::TimerFired { timer } => Input::TimerFired(timer),
      Event::ChildRecorded { run } => Input::ChildRecorded(run),
      Event::CancelRequested { reason } => Input::CancelRequested(reason),
      Event::Stopped => Input::Stopped,
      Event::Resumed(resumption) => Input::Resumed(resumption),
      _ => return None,
    })
  }
}
