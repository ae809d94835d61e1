//! What happened in the runs of a test: each run, and each execution of a worker with its input, its times and its end.
//! Knows nothing of what is asked about it.

use std::{collections::HashMap, sync::Arc};

use super::problem::one_line;
use crate::{
  engine::{AttemptOutcome, Event, ExecutionId, Record, Seen},
  hir::{LocalId, Program, Subject, WorkerId},
  value::{Failure, Value, show_duration},
};

/// Lines of a trace that are shown from its beginning and from its end.
const SHOWN: (usize, usize) = (12, 6);

/// A point of the test: when, and in which order with others of the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
  /// Order over all runs.
  pub order: u64,
  /// Milliseconds since the test's start.
  pub at: i64,
}

/// An execution that was started.
#[derive(Debug)]
pub(super) struct Call {
  pub run: usize,
  pub worker: WorkerId,
  pub step: Arc<str>,
  pub attempt: u32,
  pub input: Value,
  pub started: Moment,
  /// With its failure.
  pub ended: Option<(Moment, Option<Arc<Failure>>)>,
}

/// A run that is over.
#[derive(Debug)]
pub(super) struct PastRun {
  pub local: Option<LocalId>,
  pub name: Arc<str>,
  /// Milliseconds.
  pub took: i64,
}

#[derive(Debug, Default)]
pub(super) struct Trace {
  pub runs: Vec<PastRun>,
  /// In the order of their starts.
  pub calls: Vec<Call>,
  order: u64,
  /// Of the present run.
  starts: HashMap<ExecutionId, Moment>,
  ends: HashMap<ExecutionId, (Moment, Option<Arc<Failure>>)>,
}

impl Trace {
  /// Takes note of a record of the present run, which began at `began`.
  pub fn note(&mut self, began: i64, record: &Record) {
    let moment = Moment {
      order: self.order,
      at: began.saturating_add(record.at.0),
    };
    self.order += 1;
    match &record.event {
      Event::Admitted { execution } => _ = self.starts.insert(*execution, moment),
      Event::AttemptEnded { execution, outcome } => {
        let failure = match outcome {
          AttemptOutcome::Ok(_) => None,
          AttemptOutcome::Failed(failure) => Some(failure.clone()),
        };
        self.ends.insert(*execution, (moment, failure));
      }
      _ => {}
    }
  }

  /// The present run is over; `seen` are its executions.
  pub fn close(&mut self, run: PastRun, seen: Vec<Seen>) {
    let at = self.runs.len();
    for seen in seen {
      let Some(started) = self.starts.remove(&seen.execution) else {
        continue;
      };
      self.calls.push(Call {
        run: at,
        worker: seen.worker,
        step: seen.step,
        attempt: seen.attempt,
        input: seen.input,
        started,
        ended: self.ends.remove(&seen.execution),
      });
    }
    self.starts.clear();
    self.ends.clear();
    self.runs.push(run);
  }

  /// The calls of a subject, of one run or of all.
  pub fn of<'t>(&'t self, subject: Option<&'t Subject>, run: Option<LocalId>) -> impl Iterator<Item = &'t Call> {
    let meant = move |call: &&Call| {
      let subject = subject.is_none_or(|subject| call.is_of(subject));
      subject && run.is_none_or(|run| self.runs[call.run].local == Some(run))
    };
    self.calls.iter().filter(meant)
  }

  /// Calls as lines: when, where, who, what became of it.
  pub fn lines<'t>(&self, calls: impl Iterator<Item = &'t Call>, program: &Program) -> Vec<String> {
    let mut calls: Vec<&Call> = calls.collect();
    calls.sort_by_key(|call| call.started);
    let places: Vec<(String, String)> = calls.iter().map(|call| self.place(call, program)).collect();
    let width = |of: fn(&(String, String)) -> &String| places.iter().map(|place| of(place).chars().count()).max();
    let (first, second) = (
      width(|place| &place.0).unwrap_or(0),
      width(|place| &place.1).unwrap_or(0),
    );
    let line = |(call, (step, worker)): (&&Call, &(String, String))| {
      let at = show_duration(call.started.at);
      format!("{at:>8}  {step:first$}  {worker:second$}  {}", call.end())
    };
    let lines: Vec<String> = calls.iter().zip(&places).map(line).collect();
    shortened(lines)
  }

  /// The step, behind its run's name where there are several, and the worker with the attempt.
  fn place(&self, call: &Call, program: &Program) -> (String, String) {
    let run = match self.runs.len() {
      0 | 1 => String::new(),
      _ => format!("{}: ", self.runs[call.run].name),
    };
    let worker = &program.worker(call.worker).name;
    let attempt = if call.attempt > 1 {
      format!(" (attempt {})", call.attempt)
    } else {
      String::new()
    };
    (format!("{run}{}", call.step), format!("{worker}{attempt}"))
  }
}

impl Call {
  pub fn is_of(&self, subject: &Subject) -> bool {
    match subject {
      Subject::Worker(worker) => self.worker == *worker,
      Subject::Path(path) => {
        let rest = self.step.strip_prefix(&**path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '!']))
      }
    }
  }

  fn end(&self) -> String {
    let Some((moment, failure)) = &self.ended else {
      return "never ended".to_owned();
    };
    let took = show_duration(moment.at - self.started.at);
    match failure {
      None => format!("ok after {took}"),
      Some(failure) => {
        let code = failure.code.map_or(String::new(), |code| format!(" {code}"));
        format!("{}{code} after {took}: {}", failure.kind, one_line(&failure.message))
      }
    }
  }
}

fn shortened(mut lines: Vec<String>) -> Vec<String> {
  let (first, last) = SHOWN;
  if lines.len() > first + last + 1 {
    let left_out = lines.len() - first - last;
    lines.splice(first..first + left_out, [format!("... {left_out} more ...")]);
  }
  lines
}
