//! What a run came to so far: a fold over its records, and nothing else.

use std::{collections::HashMap, sync::Arc};

use indexmap::IndexMap;

use super::tally::{Execution, Moves, Spending, Tally};
use crate::{
  engine::{AttemptOutcome, Event, ExecutionId, Position, Record, RunStarted, RunTime, Taker},
  protocol::Report,
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
  /// The outcome that was reused last.
  pub reused: Option<Execution>,
  /// Of breakers that moved, in the order of their first moves.
  pub breakers: Vec<Moves>,
  /// `None`: the run has no budget.
  pub spending: Option<Spending>,
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
  /// The latest hedged attempt of each step: the first execution and its copy.
  pairs: HashMap<Arc<str>, [ExecutionId; 2]>,
  /// The worker of the attempt that ended last: what it is charged is told next.
  ended: Option<(ExecutionId, Arc<str>)>,
  /// The workers of attempts that were ended from outside, by path: what follows says whether time was up.
  ended_from_outside: HashMap<Arc<str>, Arc<str>>,
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
  /// Nothing goes on until somebody decides what becomes of these calls.
  Undecided(Vec<Arc<str>>),
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
        copy_of,
        ..
      } => {
        let (worker, path) = (worker.clone(), path.clone());
        let request = Execution {
          worker,
          path,
          attempt: *attempt,
          copy: copy_of.is_some(),
          admitted: None,
          counted: false,
          report: Report::default(),
        };
        if let Some(first) = copy_of {
          self.pairs.insert(request.path.clone(), [*first, *execution]);
        }
        self.requested(*execution, request);
      }
      Event::Admitted { execution } => self.admitted(*execution),
      Event::Refused { execution, .. } => self.refused(*execution),
      Event::CacheHit { execution, .. } => self.reused(*execution),
      Event::BreakerMoved { worker, from, to } => self.moved(worker, *from, *to),
      Event::AttemptStarted { execution, .. } => {
        if let Some(execution) = self.executions.get_mut(execution) {
          execution.report = Report::default();
        }
      }
      Event::Reported { execution, report } => self.reported(*execution, report),
      Event::BudgetSet { path, bounds } if path.is_empty() => {
        self.spending = Some(Spending {
          bounds: *bounds,
          ..Spending::default()
        });
      }
      Event::Charged {
        execution,
        cost,
        tokens,
        ..
      } => {
        let above = cost.is_some_and(|cost| cost.is_above()) || tokens.is_some_and(|tokens| tokens.is_above());
        let worker = self.ended.as_ref().filter(|(ended, _)| ended == execution);
        if let (true, Some((_, worker))) = (above, worker) {
          self.workers.entry(worker.clone()).or_default().above = true;
        }
        if let Some(spending) = &mut self.spending {
          spending.cost = spending.cost.plus(cost.map(|cost| cost.amount).unwrap_or_default());
          spending.tokens += tokens.map(|tokens| tokens.amount).unwrap_or_default();
        }
      }
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
        self.budget_was_spent(path, failure);
        self.taken(path, *by, failure);
      }
      Event::StepFailed { path, failure } => {
        self.time_was_up(path, failure);
        self.budget_was_spent(path, failure);
        self.item_ended(path);
      }
      Event::StepSucceeded { path, .. } => {
        self.closing_ended(path);
        self.item_ended(path);
      }
      Event::StepSkipped { path, .. } | Event::StepCancelled { path, .. } => self.item_ended(path),
      Event::Stopped => self.end = Some(End::Stopped),
      Event::Resumed(_) => self.end = None,
      Event::AttemptRepeated { execution, .. } => self.cut_short(*execution, true),
      Event::InDoubt { execution, .. } => self.cut_short(*execution, false),
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

  fn requested(&mut self, execution: ExecutionId, request: Execution) {
    let tally = self.workers.entry(request.worker.clone()).or_default();
    match request.attempt {
      _ if request.copy => tally.copies += 1,
      1 => tally.calls += 1,
      _ => tally.retries += 1,
    }
    self.executions.insert(execution, request);
  }

  fn admitted(&mut self, execution: ExecutionId) {
    if let Some(execution) = self.executions.get_mut(&execution) {
      execution.admitted = Some(self.now);
      self.running += 1;
      self.peak = self.peak.max(self.running);
      let counts = !std::mem::replace(&mut execution.counted, true);
      if let Some(spending) = &mut self.spending {
        spending.calls += u64::from(counts);
      }
    }
  }

  /// An execution ran when the run was cut short; maybe it runs once more.
  fn cut_short(&mut self, execution: ExecutionId, again: bool) {
    if let Some(execution) = self.executions.get_mut(&execution) {
      if execution.admitted.take().is_some() {
        self.running = self.running.saturating_sub(1);
      }
      let tally = self.workers.entry(execution.worker.clone()).or_default();
      tally.repeated += u64::from(again);
    }
  }

  fn refused(&mut self, execution: ExecutionId) {
    if let Some(execution) = self.executions.remove(&execution).filter(|execution| !execution.copy) {
      let tally = self.workers.entry(execution.worker).or_default();
      tally.refused += 1;
      tally.failed_attempts += 1;
    }
  }

  fn reused(&mut self, execution: ExecutionId) {
    self.reused = self.executions.remove(&execution);
    if let Some(execution) = &self.reused {
      self.workers.entry(execution.worker.clone()).or_default().reused += 1;
      self.succeeded += 1;
    }
  }

  fn moved(&mut self, worker: &Arc<str>, from: Position, to: Position) {
    match self.breakers.iter_mut().find(|moves| moves.worker == *worker) {
      Some(moves) => moves.places.push(to),
      None => self.breakers.push(Moves {
        worker: worker.clone(),
        places: vec![from, to],
      }),
    }
  }

  fn reported(&mut self, execution: ExecutionId, report: &Report) {
    if let Some(execution) = self.executions.get_mut(&execution) {
      let tally = self.workers.entry(execution.worker.clone()).or_default();
      tally.add(&execution.report, report);
      execution.report = report.clone();
    }
  }

  fn ended(&mut self, id: ExecutionId, outcome: &AttemptOutcome) {
    let Some(execution) = self.executions.remove(&id) else {
      return;
    };
    self.ended = Some((id, execution.worker.clone()));
    let goes_on = self.has_other(&execution);
    let tally = self.workers.entry(execution.worker.clone()).or_default();
    if let Some(admitted) = execution.admitted {
      self.running = self.running.saturating_sub(1);
      tally.times.push(self.now.0 - admitted.0);
    }
    match outcome {
      AttemptOutcome::Ok(_) => self.succeeded += 1,
      AttemptOutcome::Failed(_) if goes_on => {}
      AttemptOutcome::Failed(failure) if failure.kind != FailureKind::Cancelled => tally.failed_attempts += 1,
      AttemptOutcome::Failed(_) => _ = self.ended_from_outside.insert(execution.path, execution.worker),
    }
  }

  /// Whether the other execution of a hedged attempt runs.
  fn has_other(&self, ended: &Execution) -> bool {
    let pair = self.pairs.get(&ended.path);
    let other = pair.map(|[first, copy]| if ended.copy { first } else { copy });
    let other = other.and_then(|other| self.executions.get(other));
    other.is_some_and(|other| other.admitted.is_some())
  }

  /// A call that its budgets do not cover was never an attempt.
  fn budget_was_spent(&mut self, path: &Arc<str>, failure: &Failure) {
    if failure.kind == FailureKind::Budget
      && failure.step == *path
      && let Some(worker) = &failure.worker
    {
      self.workers.entry(worker.clone()).or_default().failed_attempts += 1;
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
