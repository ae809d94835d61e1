//! From what a worker gave to a value of its output type, or to a failure that says why not. Pure.

use std::sync::Arc;

use super::{
  attempt::{Attempt, Settings},
  failing::{Fallible, conform, failure, failure_at},
};
use crate::{
  eval::Evaluator,
  hir::{Process, Program, Worker, WorkerKind},
  protocol::{RawAnswer, WorkerError},
  types::Type,
  value::{Failure, FailureKind, Value, clip, parse_json_text},
};

/// The value that an answer stands for. Step, attempts and item of a failure are filled in by the run.
///
/// # Errors
/// A `contract` failure if the answer does not fit the worker's output, whatever failed else in `output`.
pub fn answer(
  program: &Program,
  evaluator: &Evaluator,
  attempt: &Attempt,
  raw: Result<RawAnswer, WorkerError>,
) -> Result<Value, Arc<Failure>> {
  let worker = program.worker(attempt.worker);
  let (value, log) = match raw {
    Err(error) => return Err(Arc::new(worker_failure(worker, error))),
    Ok(RawAnswer::Mock(value)) => (Ok(value), None),
    Ok(RawAnswer::Read(read)) => (Ok(read.map_err(|failure| Arc::new(*failure))?), None),
    Ok(RawAnswer::Process {
      stdout,
      stderr_tail,
      exit,
    }) => {
      let output = Output {
        worker,
        stdout,
        stderr: stderr_tail.as_str().into(),
        exit,
      };
      let value = output.value(evaluator, attempt.settings(program));
      (value, Some(stderr_tail).filter(|log| !log.is_empty()))
    }
  };
  let fitting = value.and_then(|value| conform(&value, &worker.output, &format!("the output of `{}`", worker.name)));
  fitting.map_err(|failure| {
    Arc::new(Failure {
      worker: Some(worker.name.clone()),
      log,
      ..*failure
    })
  })
}

fn worker_failure(worker: &Worker, error: WorkerError) -> Failure {
  Failure {
    worker: Some(worker.name.clone()),
    code: error.code,
    log: error.log.filter(|log| !log.is_empty()),
    ..Failure::new(error.kind, "", error.message)
  }
}

/// What a process left behind.
pub(super) struct Output<'a> {
  pub worker: &'a Worker,
  pub stdout: Vec<u8>,
  pub stderr: Arc<str>,
  pub exit: i32,
}

impl Output<'_> {
  /// The value before it is one of the worker's output type.
  pub fn value(self, evaluator: &Evaluator, settings: Settings) -> Fallible<Value> {
    let nothing = matches!(self.worker.output.resolved(), Type::Null);
    match &self.worker.kind {
      WorkerKind::Process(process) if process.output.is_some() => self.mapped(evaluator, process, settings),
      _ if nothing => Ok(Value::Null),
      _ => self.parsed(),
    }
  }

  /// `output e`
  fn mapped(self, evaluator: &Evaluator, process: &Process, mut settings: Settings) -> Fallible<Value> {
    let Some(output) = &process.output else {
      return Ok(Value::Null);
    };
    settings.more = [
      Some((process.stdout, Value::String(self.text()?.into()))),
      Some((process.stderr, Value::String(self.stderr.clone()))),
      Some((process.exit, Value::Int(self.exit.into()))),
    ];
    evaluator.eval(output, &settings).map_err(|error| {
      let message = format!("in `output` of `{}`: {}", self.worker.name, error.message);
      failure_at(error.kind, error.at, message)
    })
  }

  /// `parse_json(stdout)`
  fn parsed(&self) -> Fallible<Value> {
    parse_json_text(&self.stdout).map_err(|why| {
      let text = String::from_utf8_lossy(&self.stdout);
      match text.lines().find(|line| !line.trim().is_empty()) {
        None => self.misfit(&why),
        Some(line) => self.misfit(&format!("{why}; it begins `{}`", clip(line.trim(), 60))),
      }
    })
  }

  fn text(&self) -> Fallible<&str> {
    std::str::from_utf8(&self.stdout)
      .map_err(|error| self.misfit(&format!("not UTF-8 at byte {}", error.valid_up_to())))
  }

  fn misfit(&self, why: &str) -> Box<Failure> {
    let message = format!("the output of `{}`: {why}", self.worker.name);
    failure(FailureKind::Contract, message)
  }
}
