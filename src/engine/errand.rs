//! A process with files: its settings are evaluated once the paths of its private copies are known, and its answer is
//! read while the files that it names are still there. Pure; knows nothing of where they are kept.

use std::sync::Arc;

use super::{
  answer::Output,
  attempt::{Attempt, Settings},
  failing::{Fallible, conform, failure_at, of_expression, too_large},
  invoke::Invoker,
};
use crate::{
  eval::Evaluator,
  hir::{Program, WorkerKind},
  protocol::{self, ProcessTask, RawAnswer},
  types::Type,
  value::{Capture, Failure, FailureKind, Stored, Value, captured},
};

/// One execution of a process that takes or gives files.
#[derive(Debug)]
pub(super) struct Errand {
  evaluator: Evaluator,
  attempt: Arc<Attempt>,
}

impl Errand {
  /// `None` where no files are involved.
  pub fn of(evaluator: &Evaluator, attempt: &Arc<Attempt>) -> Option<Errand> {
    let worker = evaluator.program().worker(attempt.worker);
    let is_process = matches!(worker.kind, WorkerKind::Process(_));
    let has_files = !attempt.input.files.is_empty() || worker.output.has_files();
    (is_process && has_files).then(|| Errand {
      evaluator: evaluator.clone(),
      attempt: attempt.clone(),
    })
  }

  fn program(&self) -> &Program {
    self.evaluator.program()
  }

  fn settings(&self, paths: &[Arc<str>]) -> Fallible<Settings<'_>> {
    let files = &self.attempt.input.files;
    let is = |own: &Stored, stored: &Stored| own == stored && own.name() == stored.name();
    let path = |stored: &Stored| {
      let found = files.iter().zip(paths).find(|(own, _)| is(own, stored));
      found.map_or_else(|| stored.to_string().into(), |(_, path)| path.clone())
    };
    self.attempt.settings_with(self.program(), &path).map_err(too_large)
  }

  fn value(&self, answer: RawAnswer, paths: &[Arc<str>], capture: &mut Capture) -> Fallible<Value> {
    let RawAnswer::Process {
      stdout,
      stderr_tail,
      exit,
    } = answer
    else {
      return Ok(Value::Null);
    };
    let worker = self.program().worker(self.attempt.worker);
    let output = Output {
      worker,
      stdout,
      stderr: stderr_tail.into(),
      exit,
    };
    let what = format!("the output of `{}`", worker.name);
    let value = output.value(&self.evaluator, self.settings(paths)?)?;
    let value = conform(&value, &worker.output.with_paths(), &what)?;
    captured(&value, &worker.output, Type::with_paths, capture).map_err(|mismatch| {
      let message = format!("{what} does not fit at {}: {}", mismatch.at, mismatch.reason);
      failure_at(FailureKind::Contract, Some(mismatch.at), message)
    })
  }
}

impl protocol::Errand for Errand {
  fn files(&self) -> &[Arc<Stored>] {
    &self.attempt.input.files
  }

  fn task(&self, paths: &[Arc<str>]) -> Result<ProcessTask, Box<Failure>> {
    let settings = self.settings(paths)?;
    let WorkerKind::Process(process) = &settings.worker.kind else {
      return Err(Box::new(Failure::new(FailureKind::Transport, "", "no process")));
    };
    let invoker = Invoker {
      program: self.program(),
      evaluator: &self.evaluator,
      settings: &settings,
    };
    invoker.process(process).map_err(of_expression)
  }

  fn read(&self, answer: RawAnswer, paths: &[Arc<str>], capture: &mut Capture) -> RawAnswer {
    let log = match &answer {
      RawAnswer::Process { stderr_tail, .. } => Some(stderr_tail.clone()).filter(|log| !log.is_empty()),
      _ => None,
    };
    let worker = self.program().worker(self.attempt.worker);
    let read = self.value(answer, paths, capture).map_err(|failure| {
      Box::new(Failure {
        worker: Some(worker.name.clone()),
        log,
        ..*failure
      })
    });
    RawAnswer::Read(read)
  }
}
