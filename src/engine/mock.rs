//! Which rule of a mock answers an execution, and what. Pure; counts the executions that reach `first n calls`.

use std::collections::HashMap;

use super::attempt::Settings;
use crate::{
  eval::{EvalError, Evaluator},
  hir::{self, MockRule, MockWhen, WorkerId},
  protocol::{MockAnswer, MockTask, WorkerError},
  value::{FailureKind, Value},
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
  let answer = match &rule.answer {
    hir::MockAnswer::Echo => MockAnswer::Value(settings.attempt.input.message.clone()),
    hir::MockAnswer::Return(value) => MockAnswer::Value(evaluator.eval(value, settings)?),
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
  Ok(MockTask { delay, answer })
}

fn error(kind: FailureKind, code: Option<i64>, message: String) -> WorkerError {
  WorkerError {
    kind,
    message,
    code,
    log: None,
  }
}
