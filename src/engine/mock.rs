//! Which rule of a mock answers an execution, and what; also for workers that a test mocks. Pure; counts the executions
//! that reach `first n calls`.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
  attempt::{Attempt, Settings},
  event::ExecutionId,
};
use crate::{
  eval::{EvalError, Evaluator},
  hir::{self, MockRule, OrchestratorId, Program, WorkerId},
  protocol::{FileText, MockAnswer, MockTask, WorkerError},
  types::Type,
  value::{Entry, FailureKind, Manifest, Mismatch, Stored, StoredKind, Value, captured, conform},
};

/// The mocks of one test, and what workers were asked in its runs so far. Without a test: those that programs declare.
#[derive(Debug, Default)]
pub struct Doubles {
  test: Option<usize>,
  counts: MockCounts,
  seen: Vec<Seen>,
  children: Vec<(OrchestratorId, Value)>,
}

/// An execution as its worker saw it.
#[derive(Debug)]
pub struct Seen {
  pub execution: ExecutionId,
  pub worker: WorkerId,
  pub step: Arc<str>,
  /// From 1.
  pub attempt: u32,
  pub input: Value,
}

impl Doubles {
  /// Those that programs declare, after so many calls.
  pub(super) fn counted(counts: MockCounts) -> Doubles {
    Doubles {
      counts,
      ..Doubles::default()
    }
  }

  /// How often those that programs declare were called; `None`: they are those of a test.
  pub(super) fn counts(&self) -> Option<&MockCounts> {
    self.test.is_none().then_some(&self.counts)
  }

  /// Those of a test, by its index in [`Program::tests`].
  pub fn of_test(test: usize) -> Self {
    Doubles {
      test: Some(test),
      ..Doubles::default()
    }
  }

  /// What was asked since the last time, in order; nothing without a test.
  pub fn take_seen(&mut self) -> Vec<Seen> {
    std::mem::take(&mut self.seen)
  }

  /// Which runs were dispatched since the last time, each with its input, in order; nothing without a test.
  pub fn take_children(&mut self) -> Vec<(OrchestratorId, Value)> {
    std::mem::take(&mut self.children)
  }

  pub(super) fn see_child(&mut self, orchestrator: OrchestratorId, input: &Value) {
    if self.test.is_some() {
      self.children.push((orchestrator, input.clone()));
    }
  }

  pub(super) fn see(&mut self, execution: ExecutionId, attempt: &Attempt) {
    if self.test.is_some() {
      self.seen.push(Seen {
        execution,
        worker: attempt.worker,
        step: attempt.identity.step.clone(),
        attempt: attempt.identity.attempt,
        input: attempt.input.message.clone(),
      });
    }
  }

  /// The rules that stand in for a worker in this test.
  pub(super) fn rules<'p>(&self, program: &'p Program, worker: WorkerId) -> Option<&'p [MockRule]> {
    let mocks = &program.tests[self.test?].mocks;
    let mock = mocks.iter().find(|mock| mock.worker == worker)?;
    Some(&mock.rules)
  }

  /// The canned answer to one execution.
  ///
  /// # Errors
  /// An expression has no value.
  pub(super) fn answer(
    &mut self,
    evaluator: &Evaluator,
    settings: &Settings,
    rules: &[MockRule],
  ) -> Result<MockTask, EvalError> {
    self.counts.answer(evaluator, settings, rules)
  }
}

/// How many executions have reached each rule of each mock.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct MockCounts(HashMap<(WorkerId, usize), i64>);

impl MockCounts {
  /// The canned answer to one execution.
  ///
  /// # Errors
  /// An expression has no value.
  fn answer(&mut self, evaluator: &Evaluator, settings: &Settings, rules: &[MockRule]) -> Result<MockTask, EvalError> {
    for (at, rule) in rules.iter().enumerate() {
      if self.holds(evaluator, settings, at, rule)? {
        return task(evaluator, settings, rule);
      }
    }
    let message = format!("no rule of the mock `{}` holds for this input", settings.worker.name);
    Ok(MockTask {
      delay: 0,
      answer: MockAnswer::Failure(error(FailureKind::Failed, None, message)),
      texts: Vec::new(),
    })
  }

  fn holds(
    &mut self,
    evaluator: &Evaluator,
    settings: &Settings,
    at: usize,
    rule: &MockRule,
  ) -> Result<bool, EvalError> {
    if let Some(pattern) = &rule.on {
      let pattern = evaluator.eval(pattern, settings)?;
      if !covers(&settings.attempt.input.message, &pattern) {
        return Ok(false);
      }
    }
    let Some(calls) = &rule.first else {
      return Ok(true);
    };
    let calls = evaluator.eval(calls, settings)?;
    let reached = self.0.entry((settings.attempt.worker, at)).or_default();
    *reached += 1;
    Ok(matches!(calls, Value::Int(calls) if *reached <= calls))
  }
}

/// Whether the value has the pattern's fields with the pattern's values, at any depth.
fn covers(value: &Value, pattern: &Value) -> bool {
  match (value, pattern) {
    (_, Value::Record(_)) => {
      let mut fields = pattern.as_record().into_iter().flatten();
      value.as_record().is_some() && fields.all(|(name, wanted)| covers(&value.field(name), wanted))
    }
    (Value::List(_), Value::List(_)) => {
      let (items, wanted) = (
        value.as_list().unwrap_or_default(),
        pattern.as_list().unwrap_or_default(),
      );
      items.len() == wanted.len() && items.iter().zip(wanted).all(|(item, wanted)| covers(item, wanted))
    }
    (value, pattern) => value == pattern,
  }
}

fn task(evaluator: &Evaluator, settings: &Settings, rule: &MockRule) -> Result<MockTask, EvalError> {
  let delay = match &rule.delay {
    None => 0,
    Some(delay) => match evaluator.eval(delay, settings)? {
      Value::Duration(milliseconds) => milliseconds.max(0),
      _ => 0,
    },
  };
  let mut texts = Vec::new();
  let answer = match &rule.answer {
    hir::MockAnswer::Echo => MockAnswer::Value(settings.attempt.input.message.clone()),
    hir::MockAnswer::Return(value) => {
      let value = evaluator.eval(value, settings)?;
      with_files(value, settings, &mut texts)
    }
    hir::MockAnswer::Hang => MockAnswer::Hang,
    hir::MockAnswer::Malformed => MockAnswer::Malformed,
    hir::MockAnswer::Fail { kind, code, message } => {
      let message = match message {
        None => format!("the mock `{}` fails", settings.worker.name),
        Some(message) => {
          let message = evaluator.eval(message, settings)?;
          message.as_str().unwrap_or_default().to_owned()
        }
      };
      MockAnswer::Failure(error(*kind, *code, message))
    }
  };
  Ok(MockTask { delay, answer, texts })
}

/// The value with files that hold the texts that stand for them. One that is not of the worker's output stays: the
/// answer says why it does not fit.
fn with_files(value: Value, settings: &Settings, texts: &mut Vec<FileText>) -> MockAnswer {
  let (name, output) = (&settings.worker.name, &settings.worker.output);
  if !output.has_files() {
    return MockAnswer::Value(value);
  }
  let Ok(fitting) = conform(&value, &output.with_texts()) else {
    return MockAnswer::Value(value);
  };
  match hold(&fitting, output, name, texts) {
    Ok(value) => MockAnswer::Value(value),
    Err(mismatch) => {
      let message = format!(
        "the output of `{name}` does not fit at {}: {}",
        mismatch.at, mismatch.reason
      );
      MockAnswer::Failure(error(FailureKind::Contract, None, message))
    }
  }
}

/// A value of the type `ty.with_texts()` as one of `ty`: its texts become files that are called `name`.
///
/// # Errors
/// A text stands where no file of a directory can.
pub fn hold(value: &Value, ty: &Type, name: &str, texts: &mut Vec<FileText>) -> Result<Value, Mismatch> {
  captured(value, ty, Type::with_texts, &mut |kind, given| match kind {
    StoredKind::File => Ok(file(given, name, texts)),
    StoredKind::Dir => directory(given, name, texts),
  })
}

fn file(given: &Value, name: &str, texts: &mut Vec<FileText>) -> Stored {
  let text = given.as_str().unwrap_or_default();
  let stored = Stored::of_text(text, name);
  texts.push(FileText {
    digest: stored.digest,
    text: text.into(),
  });
  stored
}

fn directory(given: &Value, name: &str, texts: &mut Vec<FileText>) -> Result<Stored, String> {
  let mut manifest = Manifest::default();
  for (path, text) in given.as_record().into_iter().flatten() {
    let stored = file(text, name, texts);
    let entry = Entry::File {
      digest: stored.digest,
      size: stored.size,
      executable: false,
    };
    if !manifest.insert(path, entry) {
      return Err(format!("`{path}` is no path of a file in a directory"));
    }
  }
  let stored = manifest.stored(name);
  texts.push(FileText {
    digest: stored.digest,
    text: manifest.to_text().into(),
  });
  Ok(stored)
}

fn error(kind: FailureKind, code: Option<i64>, message: String) -> WorkerError {
  WorkerError {
    kind,
    message,
    code,
    log: None,
  }
}
