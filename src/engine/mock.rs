//! Which rule of a mock answers an execution, and what. Pure; counts the executions that reach `first n calls`.

use std::collections::HashMap;

use super::attempt::Settings;
use crate::{
  eval::{EvalError, Evaluator},
  hir::{self, MockRule, MockWhen, WorkerId},
  protocol::{FileText, MockAnswer, MockTask, WorkerError},
  types::Type,
  value::{Entry, FailureKind, Manifest, Stored, StoredKind, Value, captured, conform},
};

/// How many executions have reached each rule of each mock.
#[derive(Debug, Default)]
pub(super) struct MockCounts(HashMap<(WorkerId, usize), i64>);

impl MockCounts {
  /// The canned answer to one execution.
  ///
  /// # Errors
  /// An expression has no value.
  pub fn answer(
    &mut self,
    evaluator: &Evaluator,
    settings: &Settings,
    rules: &[MockRule],
  ) -> Result<MockTask, EvalError> {
    for (at, rule) in rules.iter().enumerate() {
      if self.holds(evaluator, settings, at, &rule.when)? {
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
    when: &MockWhen,
  ) -> Result<bool, EvalError> {
    Ok(match when {
      MockWhen::Else => true,
      MockWhen::On(pattern) => {
        let pattern = evaluator.eval(pattern, settings)?;
        covers(&settings.attempt.input.message, &pattern)
      }
      MockWhen::First(calls) => {
        let calls = evaluator.eval(calls, settings)?;
        let reached = self.0.entry((settings.attempt.worker, at)).or_default();
        *reached += 1;
        matches!(calls, Value::Int(calls) if *reached <= calls)
      }
    })
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
  let mut keep = |kind: StoredKind, given: &Value| match kind {
    StoredKind::File => Ok(file(given, name, texts)),
    StoredKind::Dir => directory(given, name, texts),
  };
  match captured(&fitting, output, Type::with_texts, &mut keep) {
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
