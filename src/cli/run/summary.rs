//! What a run came to so far: a fold over its records, and nothing else.

use std::{collections::HashMap, sync::Arc};

use indexmap::IndexMap;

use crate::{
  engine::{AttemptOutcome, Event, ExecutionId, Record, RunStarted, RunTime, Taker},
  value::{Failure, FailureKind},
};

/// Failures taken that are kept, and plans; the rest of the failures are counted.
const KEPT: usize = 20;

#[derive(Debug, Default)]
pub struct Summary {
  pub started: Option<Arc<RunStarted>>,
  /// Of the last record.
  pub now: RunTime,
  /// In the order in which they were first asked for.
  pub workers: IndexMap<Arc<str>, Tally>,
  /// Attempts that were asked for and have not ended.
  pub executions: HashMap<ExecutionId, Execution>,
  pub running: usize,
  /// The most that ran at the same time.
  pub peak: usize,
  /// Calls of workers that succeeded.
  pub succeeded: u64,
  /// Every `each` and `run` that has begun, by its path.
  pub groups: IndexMap<Arc<str>, Group>,
  /// The first ones.
  pub plans: Vec<Plan>,
  /// The first ones.
  pub taken: Vec<Taken>,
  pub taken_count: u64,
  /// Steps that were undone: the first ones, in that order.
  pub undone: Vec<Arc<str>>,
  pub undone_count: u64,
  /// Calls of `finally` that succeeded.
  pub closed: u64,
  pub end: Option<End>,
  /// The workers of attempts that were ended from outside, by path: what follows says whether time was up.
  ended_from_outside: HashMap<Arc<str>, Arc<str>>,
}

/// What one worker did.
#[derive(Debug, Default)]
pub struct Tally {
  pub calls: u64,
  pub retries: u64,
  /// Attempts that failed; those that were ended from outside count if their time was up.
  failed_attempts: u64,
  /// Of attempts, from admission to end, in milliseconds.
  times: Vec<i64>,
}

/// One attempt.
#[derive(Debug)]
pub struct Execution {
  pub worker: Arc<str>,
  pub path: Arc<str>,
  pub attempt: u32,
  /// When it was let pass; `None`: it waits.
  pub admitted: Option<RunTime>,
}

/// How far an `each` or a `run` is.
#[derive(Debug, Default)]
pub struct Group {
  pub items: u64,
  pub ended: u64,
}

/// What a plan made of its pool.
#[derive(Debug)]
pub struct Plan {
  pub path: Arc<str>,
  pub pool: Arc<str>,
  pub assignments: u64,
  pub unused: Vec<Arc<str>>,
}

/// A failure that went no further.
#[derive(Debug)]
pub struct Taken {
  pub path: Arc<str>,
  pub by: Taker,
  pub failure: Arc<Failure>,
}

#[derive(Debug)]
pub enum End {
  Succeeded(serde_json::Value),
  Failed(Arc<Failure>),
  /// Interrupted.
  Stopped,
}

impl Tally {
  /// Calls that failed for good.
  pub fn failed(&self) -> u64 {
    self.failed_attempts.saturating_sub(self.retries)
  }

  /// The time in milliseconds that so many percent of the attempts took at most; `None` without attempts.
  pub fn percentile(&self, percent: usize) -> Option<i64> {
    let mut times = self.times.clone();
    let last = times.len().checked_sub(1)?;
    let at = (times.len() * percent).div_ceil(100).saturating_sub(1).min(last);
    Some(*times.select_nth_unstable(at).1)
  }
}

impl Summary {
  /// Takes the next record.
  pub fn add(&mut self, record: &Record) {
    self.now = record.at;
    match &record.event {
      Event::RunStarted(started) => self.started = Some(started.clone()),
      Event::AttemptRequested {
        execution,
        path,
        worker,
        attempt,
        ..
      } => {
        self.requested(*execution, path, worker, *attempt);
      }
      Event::Admitted { execution } => self.admitted(*execution),
      Event::AttemptEnded { execution, outcome } => self.ended(*execution, outcome),
      Event::Expanded { path, items, .. } => self.group(path, *items),
      Event::Planned {
        path,
        pool,
        assignments,
        unused,
        ..
      } => {
        self.group(path, *assignments);
        self.planned(path, pool, *assignments, unused);
      }
      Event::RetryScheduled { path, failure, .. } => self.time_was_up(path, failure),
      Event::FailureTaken { path, by, failure } => {
        self.time_was_up(path, failure);
        self.taken(path, *by, failure);
      }
      Event::StepFailed { path, failure } => {
        self.time_was_up(path, failure);
        self.item_ended(path);
      }
      Event::StepSucceeded { path, .. } => {
        self.closing_ended(path);
        self.item_ended(path);
      }
      Event::StepSkipped { path, .. } | Event::StepCancelled { path, .. } => self.item_ended(path),
      Event::Stopped => self.end = Some(End::Stopped),
      Event::RunSucceeded { result } => self.end = Some(End::Succeeded(result.clone())),
      Event::RunFailed { failure } => self.end = Some(End::Failed(failure.clone())),
      _ => {}
    }
  }

  fn group(&mut self, path: &Arc<str>, items: u64) {
    self.groups.insert(path.clone(), Group { items, ended: 0 });
  }

  fn planned(&mut self, path: &Arc<str>, pool: &Arc<str>, assignments: u64, unused: &[Arc<str>]) {
    if self.plans.len() < KEPT {
      let (path, pool, unused) = (path.clone(), pool.clone(), unused.to_vec());
      self.plans.push(Plan {
        path,
        pool,
        assignments,
        unused,
      });
    }
  }

  fn requested(&mut self, execution: ExecutionId, path: &Arc<str>, worker: &Arc<str>, attempt: u32) {
    let tally = self.workers.entry(worker.clone()).or_default();
    if attempt == 1 {
      tally.calls += 1;
    } else {
      tally.retries += 1;
    }
    let (worker, path) = (worker.clone(), path.clone());
    let request = Execution {
      worker,
      path,
      attempt,
      admitted: None,
    };
    self.executions.insert(execution, request);
  }

  fn admitted(&mut self, execution: ExecutionId) {
    if let Some(execution) = self.executions.get_mut(&execution) {
      execution.admitted = Some(self.now);
      self.running += 1;
      self.peak = self.peak.max(self.running);
    }
  }

  fn ended(&mut self, execution: ExecutionId, outcome: &AttemptOutcome) {
    let Some(execution) = self.executions.remove(&execution) else {
      return;
    };
    let tally = self.workers.entry(execution.worker.clone()).or_default();
    if let Some(admitted) = execution.admitted {
      self.running = self.running.saturating_sub(1);
      tally.times.push(self.now.0 - admitted.0);
    }
    match outcome {
      AttemptOutcome::Ok(_) => self.succeeded += 1,
      AttemptOutcome::Failed(failure) if failure.kind != FailureKind::Cancelled => tally.failed_attempts += 1,
      AttemptOutcome::Failed(_) => _ = self.ended_from_outside.insert(execution.path, execution.worker),
    }
  }

  /// An attempt that took too long was ended from outside, and failed nonetheless.
  fn time_was_up(&mut self, path: &Arc<str>, failure: &Failure) {
    if failure.kind == FailureKind::Timeout
      && let Some(worker) = self.ended_from_outside.remove(path)
    {
      self.workers.entry(worker).or_default().failed_attempts += 1;
    }
  }

  fn taken(&mut self, path: &Arc<str>, by: Taker, failure: &Arc<Failure>) {
    self.taken_count += 1;
    if self.taken.len() < KEPT {
      let (path, failure) = (path.clone(), failure.clone());
      self.taken.push(Taken { path, by, failure });
    }
    if matches!(by, Taker::Collect | Taker::Tolerate | Taker::StopWhen) {
      self.item_ended(path);
    }
  }

  /// Counts a call of an `undo` or `finally`.
  fn closing_ended(&mut self, path: &Arc<str>) {
    self.closed += u64::from(path.ends_with("!finally"));
    if let Some(step) = path.strip_suffix("!undo") {
      self.undone_count += 1;
      if self.undone.len() < KEPT {
        self.undone.push(step.into());
      }
    }
  }

  /// `verdicts[3]` has ended: one more of `verdicts`.
  fn item_ended(&mut self, path: &str) {
    if let Some(group) = group_of(path)
      && let Some(group) = self.groups.get_mut(group)
    {
      group.ended = (group.ended + 1).min(group.items);
    }
  }
}

/// The `each` or `run` whose instance has this path: `verdicts[3]`, `results["code"]`.
pub fn group_of(path: &str) -> Option<&str> {
  let (group, index) = path.strip_suffix(']')?.rsplit_once('[')?;
  let id = index.strip_prefix('"').and_then(|id| id.strip_suffix('"'));
  let known = match id {
    Some(id) => !id.contains('"'),
    None => index.bytes().all(|byte| byte.is_ascii_digit()),
  };
  known.then_some(group)
}
