//! A run read back: what became of each step, as a fold over the run's records. Knows nothing of where records are kept,
//! nor of who looks.

mod step;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc};

use indexmap::IndexMap;

pub use step::{Attempt, Ended, Kind, State, Step};

use crate::{
  engine::{AttemptOutcome, Event, ExecutionId, Record, Resumption, RunStarted, RunTime, Taker},
  value::Failure,
};

/// What is known of a run.
#[derive(Debug, Default)]
pub struct History {
  pub started: Option<Arc<RunStarted>>,
  /// Of the last record.
  pub now: RunTime,
  /// By path, in the order in which they are first heard of. The run itself is none.
  pub steps: IndexMap<Arc<str>, Step>,
  /// When somebody took it up again.
  pub resumed: Vec<(RunTime, Arc<Resumption>)>,
  pub end: Option<End>,
  /// The step of each execution, and which of its attempts it is.
  executions: HashMap<ExecutionId, (usize, usize)>,
}

/// How the records end.
#[derive(Debug)]
pub enum End {
  Succeeded(serde_json::Value),
  Failed(Arc<Failure>),
  /// Somebody stopped driving it.
  Stopped,
}

impl History {
  pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> History {
    let mut history = History::default();
    records.into_iter().for_each(|record| history.add(record));
    history
  }

  /// The run time at this moment of the wall clock, if somebody has driven it since the last that is known of it.
  pub fn at(&self, clock: jiff::Timestamp) -> RunTime {
    let begun = self.started.iter().map(|started| (RunTime(0), started.started));
    let resumed = self.resumed.iter().map(|(at, how)| (*at, how.resumed));
    let since = begun.chain(resumed).last();
    let now = since.map(|(at, since)| at.after(clock.as_millisecond().saturating_sub(since.as_millisecond())));
    now.map_or(self.now, |now| now.max(self.now))
  }

  /// All steps, each after those around it and before what comes after them.
  pub fn tree(&self) -> Vec<&Step> {
    let mut steps: Vec<(Vec<usize>, &Step)> = self.steps.values().map(|step| (self.place(&step.path), step)).collect();
    steps.sort_by(|one, other| one.0.cmp(&other.0));
    steps.into_iter().map(|(_, step)| step).collect()
  }

  /// The numbers of the steps around it and its own, outermost first.
  fn place(&self, path: &str) -> Vec<usize> {
    let mut place: Vec<usize> = self.steps.get_index_of(path).into_iter().collect();
    let mut inner = path;
    while let Some(outer) = step::around(inner) {
      place.extend(self.steps.get_index_of(outer));
      inner = outer;
    }
    place.reverse();
    place
  }

  /// The calls that were cut short and wait for a decision.
  pub fn in_doubt(&self) -> impl Iterator<Item = &Step> {
    self.steps.values().filter(|step| step.state == State::InDoubt)
  }

  /// Takes the next record.
  pub fn add(&mut self, record: &Record) {
    self.now = record.at;
    match &record.event {
      Event::RunStarted(started) => self.started = Some(started.clone()),
      Event::Resumed(resumption) => {
        self.end = None;
        self.resumed.push((record.at, resumption.clone()));
      }
      Event::Stopped => self.end = Some(End::Stopped),
      Event::RunSucceeded { result } => self.end = Some(End::Succeeded(result.clone())),
      Event::RunFailed { failure } => self.end = Some(End::Failed(failure.clone())),
      event => {
        self.attempt(event);
        self.structure(event);
        self.ending(event);
      }
    }
  }

  fn step(&mut self, path: &Arc<str>) -> Option<&mut Step> {
    let now = self.now;
    (!path.is_empty()).then(|| {
      self
        .steps
        .entry(path.clone())
        .or_insert_with(|| Step::new(path.clone(), now))
    })
  }

  fn requested(&mut self, execution: ExecutionId, path: &Arc<str>, worker: &Arc<str>, attempt: Attempt) {
    let Some(step) = self.step(path) else { return };
    step.kind = Kind::Call(worker.clone());
    step.go_on(State::Waiting);
    step.attempts.push(attempt);
    let last = step.attempts.len() - 1;
    if let Some(at) = self.steps.get_index_of(path) {
      self.executions.insert(execution, (at, last));
    }
  }

  /// The attempt that an execution is, with its step.
  fn execution(&mut self, execution: ExecutionId, change: impl FnOnce(&mut Step, usize)) {
    if let Some((at, attempt)) = self.executions.get(&execution).copied()
      && let Some((_, step)) = self.steps.get_index_mut(at)
    {
      change(step, attempt);
    }
  }

  /// What is heard of executions.
  fn attempt(&mut self, event: &Event) {
    let now = self.now;
    match event {
      Event::AttemptRequested {
        execution,
        path,
        worker,
        attempt,
        copy_of,
        ..
      } => self.requested(*execution, path, worker, Attempt::new(*attempt, copy_of.is_some(), now)),
      Event::Admitted { execution } => self.execution(*execution, |step, attempt| {
        step.go_on(State::Running);
        step.attempts[attempt].admitted = Some(now);
      }),
      Event::Refused { execution, kind } => self.execution(*execution, |step, attempt| {
        step.attempts[attempt].ended = Some((now, Ended::Failed(*kind)));
      }),
      Event::CacheHit { execution, from, .. } => self.execution(*execution, |step, attempt| {
        step.attempts[attempt].ended = Some((now, Ended::Reused(from.clone())));
      }),
      Event::AttemptStarted {
        execution,
        process_group,
      } => self.execution(*execution, |step, attempt| {
        step.attempts[attempt].group = *process_group
      }),
      Event::Reported { execution, report } => self.execution(*execution, |step, attempt| {
        step.attempts[attempt].report = Some(report.clone());
      }),
      Event::AttemptRepeated { execution, .. } => self.execution(*execution, |step, attempt| {
        step.go_on(State::Waiting);
        step.attempts[attempt].repeated += 1;
        step.attempts[attempt].admitted = None;
      }),
      Event::InDoubt { execution, .. } => self.execution(*execution, |step, _| step.go_on(State::InDoubt)),
      Event::AttemptEnded { execution, outcome } => self.execution(*execution, |step, attempt| {
        let ended = match outcome {
          AttemptOutcome::Ok(_) => Ended::Succeeded,
          AttemptOutcome::Failed(failure) => Ended::Failed(failure.kind),
        };
        step.attempts[attempt].ended = Some((now, ended));
      }),
      _ => {}
    }
  }

  /// What is heard of how a step is made.
  fn structure(&mut self, event: &Event) {
    let kind = match event {
      Event::ScopeStarted { orchestrator, .. } => Kind::Scope(orchestrator.clone()),
      Event::Expanded { items, window, .. } => Kind::Each {
        items: *items,
        window: *window,
      },
      Event::Planned {
        assignments, window, ..
      } => Kind::Each {
        items: *assignments,
        window: *window,
      },
      Event::Iterated { .. } => Kind::Repeat,
      Event::ArmTaken { arm, .. } => Kind::Choice(arm.clone()),
      Event::Dispatched { run, .. } => Kind::Dispatch(run.clone()),
      Event::RequireChecked { .. } => Kind::Require,
      Event::Delayed { .. } => Kind::Unknown,
      _ => return,
    };
    let Some(step) = event.path().cloned().and_then(|path| self.step(&path)) else {
      return;
    };
    match event {
      Event::Delayed { delay, .. } => step.until = Some(step.began.after(*delay)),
      _ => step.kind = kind,
    }
    step.go_on(State::Running);
  }

  /// How a step ends, or goes on after a failure.
  fn ending(&mut self, event: &Event) {
    let now = self.now;
    let Some(step) = event.path().cloned().and_then(|path| self.step(&path)) else {
      return;
    };
    match event {
      Event::RetryScheduled { delay, failure, .. } => {
        step.go_on(State::Waiting);
        step.until = Some(now.after(*delay));
        step.failure = Some(failure.clone());
      }
      Event::FailureTaken { by, failure, .. } => {
        step.failure = Some(failure.clone());
        match by {
          Taker::Catch | Taker::Attempt => step.taken = Some(*by),
          _ => {
            step.taken = Some(*by);
            step.end(now, State::Failed);
          }
        }
      }
      Event::StepSucceeded { .. } => step.end(now, State::Succeeded),
      Event::RequireChecked { held: true, .. } => step.end(now, State::Succeeded),
      Event::StepFailed { failure, .. } => {
        step.failure = Some(failure.clone());
        step.end(now, State::Failed);
      }
      Event::StepSkipped { cause, .. } => {
        step.cause = Some(cause.clone());
        step.end(now, State::Skipped);
      }
      Event::StepCancelled { cause, .. } => {
        step.cause = Some(cause.clone());
        step.end(now, State::Cancelled);
      }
      Event::NotTaken { .. } => step.end(now, State::NotTaken),
      _ => {}
    }
  }
}
