//! A step as it is known from records. Knows nothing of records.

use std::sync::Arc;

use serde::Serialize;

use crate::{
  engine::{Origin, RunTime, Taker},
  protocol::Report,
  value::{Failure, FailureKind},
};

/// What became of a step until now.
#[derive(Debug)]
pub struct Step {
  pub path: Arc<str>,
  pub kind: Kind,
  pub state: State,
  /// When it was first heard of.
  pub began: RunTime,
  /// When its state became final.
  pub ended: Option<RunTime>,
  /// Until when it waits, where that is known: for its `delay`, or for its next attempt.
  pub until: Option<RunTime>,
  pub attempts: Vec<Attempt>,
  /// The latest.
  pub failure: Option<Arc<Failure>>,
  /// Who kept its failure from going further.
  pub taken: Option<Taker>,
  /// Of one that was skipped or cancelled: the step that was lost first; empty where that is the run.
  pub cause: Option<Arc<str>>,
}

/// What a step is, as far as records say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
  Unknown,
  /// Of this worker.
  Call(Arc<str>),
  /// A block, a stage, an instance, or the call of an orchestrator.
  Scope(Option<Arc<str>>),
  /// Also a plan.
  Each {
    items: u64,
    window: u64,
  },
  Repeat,
  /// The arm that was taken, if one was.
  Choice(Option<Arc<str>>),
  /// The run that was asked for.
  Dispatch(Arc<str>),
  Require,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
  /// For a slot, a budget, a delay, or its next attempt.
  Waiting,
  Running,
  /// It was cut short and waits for a decision.
  InDoubt,
  Succeeded,
  Failed,
  Skipped,
  Cancelled,
  NotTaken,
}

/// One execution of a call.
#[derive(Debug)]
pub struct Attempt {
  /// From 1.
  pub number: u32,
  /// The second one of a hedged attempt.
  pub copy: bool,
  pub requested: RunTime,
  /// The latest time.
  pub admitted: Option<RunTime>,
  /// Its process group, where it is a process.
  pub group: Option<u32>,
  /// How often it was made once more, for the run was cut short.
  pub repeated: u32,
  pub ended: Option<(RunTime, Ended)>,
  /// The latest; `None`: it has said nothing.
  pub report: Option<Report>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
  Succeeded,
  Failed(FailureKind),
  Reused(Origin),
}

impl State {
  pub fn is_final(self) -> bool {
    !matches!(self, State::Waiting | State::Running | State::InDoubt)
  }

  /// For people.
  pub fn word(self) -> &'static str {
    match self {
      State::Waiting => "waiting",
      State::Running => "running",
      State::InDoubt => "in doubt",
      State::Succeeded => "ok",
      State::Failed => "failed",
      State::Skipped => "skipped",
      State::Cancelled => "cancelled",
      State::NotTaken => "not taken",
    }
  }
}

impl Attempt {
  pub(super) fn new(number: u32, copy: bool, requested: RunTime) -> Attempt {
    Attempt {
      number,
      copy,
      requested,
      admitted: None,
      group: None,
      repeated: 0,
      ended: None,
      report: None,
    }
  }

  /// Whether it has begun and has no end.
  pub fn runs(&self) -> bool {
    self.admitted.is_some() && self.ended.is_none()
  }
}

impl Step {
  pub(super) fn new(path: Arc<str>, began: RunTime) -> Step {
    Step {
      path,
      kind: Kind::Unknown,
      state: State::Running,
      began,
      ended: None,
      until: None,
      attempts: Vec::new(),
      failure: None,
      taken: None,
      cause: None,
    }
  }

  /// It is not over; one that is stays so.
  pub(super) fn go_on(&mut self, state: State) {
    if !self.state.is_final() {
      self.state = state;
    }
  }

  pub(super) fn end(&mut self, now: RunTime, state: State) {
    if !self.state.is_final() {
      self.state = state;
      self.ended = Some(now);
      self.until = None;
    }
  }

  /// The worker that it calls.
  pub fn worker(&self) -> Option<&Arc<str>> {
    match &self.kind {
      Kind::Call(worker) => Some(worker),
      _ => None,
    }
  }

  /// How deep it stands: 0 for a step of the run's own orchestrator.
  pub fn depth(&self) -> usize {
    std::iter::successors(around(&self.path), |path| around(path)).count()
  }
}

/// The path of what is around the step with this path: `xs[3]` of `xs[3].a`. What closes a scope belongs to its step.
pub(super) fn around(path: &str) -> Option<&str> {
  let mut quoted = false;
  let mut last = None;
  for (at, letter) in path.char_indices().skip(1) {
    match letter {
      '"' => quoted = !quoted,
      '.' | '[' | '!' if !quoted => last = Some(at),
      _ => {}
    }
  }
  last.map(|at| &path[..at])
}
