//! One attempt of a call: who is called with what, and the names that are in scope in the worker's settings. Knows
//! nothing of what the settings are for.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Serialize};

use super::failing::{Fallible, conform, failure};
use crate::{
  eval::Scope,
  hir::{LocalId, Param, Program, Worker, WorkerId, WorkerKind},
  protocol::Identity,
  types::Type,
  value::{Failure, FailureKind, Stored, TooLarge, Value},
};

/// What one execution of a worker is about.
#[derive(Clone, Debug)]
pub struct Attempt {
  pub worker: WorkerId,
  pub identity: Identity,
  pub input: Arc<Message>,
  /// The record `call`.
  pub(super) call: Value,
}

/// A message that fits.
#[derive(Debug, Serialize, Deserialize)]
pub struct Message {
  /// The record as the type says.
  pub message: Value,
  /// The same, one value per parameter.
  pub parameters: Vec<Value>,
  /// The files and directories in it, each once.
  pub files: Vec<Arc<Stored>>,
}

impl Message {
  /// The message that the arguments make, one per parameter.
  ///
  /// # Errors
  /// A `contract` failure without a step: the message is not of the type.
  pub(super) fn of(params: &[Param], ty: &Type, name: &str, arguments: Vec<Value>) -> Fallible<Message> {
    let given = params.iter().zip(arguments);
    let fields = given.filter(|(param, argument)| !(param.optional && *argument == Value::Null));
    let message = Value::record(fields.map(|(param, argument)| (param.name.clone(), argument)).collect());
    let message = message.map_err(|TooLarge(why)| {
      let message = format!("the input of `{name}` would {why}");
      failure(FailureKind::Expression, message)
    })?;
    Self::fitting(params, ty, name, &message)
  }

  /// The message, made one of the type.
  ///
  /// # Errors
  /// A `contract` failure without a step: the message is not of the type.
  pub(super) fn fitting(params: &[Param], ty: &Type, name: &str, message: &Value) -> Fallible<Message> {
    let message = conform(message, ty, &format!("the input of `{name}`"))?;
    let parameters = params.iter().map(|param| message.field(&param.name)).collect();
    let files = if ty.has_files() { message.stored() } else { Vec::new() };
    Ok(Message {
      message,
      parameters,
      files,
    })
  }
}

impl Attempt {
  /// `error` is the failure of the attempt before.
  ///
  /// # Errors
  /// The record `call` would be too large.
  pub(super) fn new(
    worker: WorkerId,
    identity: Identity,
    input: Arc<Message>,
    error: Option<&Failure>,
  ) -> Result<Attempt, TooLarge> {
    let text = |text: &Arc<str>| Value::String(text.clone());
    let call = Value::fields([
      ("run", text(&identity.run)),
      ("tracker", text(&identity.tracker)),
      ("step", text(&identity.step)),
      ("attempt", Value::Int(identity.attempt.into())),
      ("key", text(&identity.key)),
      ("error", error.map_or(Value::Null, Failure::to_value)),
    ])?;
    Ok(Attempt {
      worker,
      identity,
      input,
      call,
    })
  }

  /// The settings before anybody knows where the worker's files are: their texts stand for them.
  pub(super) fn settings<'a>(&'a self, program: &'a Program) -> Settings<'a> {
    let text = |stored: &Stored| stored.to_string().into();
    // these texts weigh no more than the files themselves
    self
      .settings_with(program, &text)
      .unwrap_or_else(|_| self.settings_as_given(program))
  }

  /// The settings with a text where a file or directory stands. A mock has no paths: it sees what it was given.
  ///
  /// # Errors
  /// A value would be too large.
  pub(super) fn settings_with<'a>(
    &'a self,
    program: &'a Program,
    text: &dyn Fn(&Stored) -> Arc<str>,
  ) -> Result<Settings<'a>, TooLarge> {
    let settings = self.settings_as_given(program);
    if self.input.files.is_empty() || matches!(settings.worker.kind, WorkerKind::Mock(_)) {
      return Ok(settings);
    }
    let parameters = self.input.parameters.iter().map(|value| value.with_texts(text));
    Ok(Settings {
      message: Cow::Owned(self.input.message.with_texts(text)?),
      parameters: Cow::Owned(parameters.collect::<Result<_, _>>()?),
      ..settings
    })
  }

  /// The settings as a mock sees them, also one that stands in for a process.
  pub(super) fn settings_as_given<'a>(&'a self, program: &'a Program) -> Settings<'a> {
    Settings {
      worker: program.worker(self.worker),
      attempt: self,
      message: Cow::Borrowed(&self.input.message),
      parameters: Cow::Borrowed(&self.input.parameters),
      more: [const { None }; 3],
    }
  }
}

/// The names in scope in a worker's settings.
pub(super) struct Settings<'a> {
  pub worker: &'a Worker,
  pub attempt: &'a Attempt,
  /// The message as the worker sees it.
  pub message: Cow<'a, Value>,
  /// The same, one value per parameter.
  pub parameters: Cow<'a, [Value]>,
  /// `stdout stderr exit`, in `output`.
  pub more: [Option<(LocalId, Value)>; 3],
}

impl Scope for Settings<'_> {
  fn local(&self, local: LocalId) -> Option<Value> {
    if local == self.worker.call {
      return Some(self.attempt.call.clone());
    }
    let parameters = self.worker.params.iter().zip(&*self.parameters);
    let more = self.more.iter().flatten().map(|(id, value)| (*id, value));
    parameters
      .map(|(param, value)| (param.local, value))
      .chain(more)
      .find(|(id, _)| *id == local)
      .map(|(_, value)| value.clone())
  }
}

/// The idempotency key of a step: the same for its retries and after a resume.
pub(super) fn key(run: &str, path: &str) -> Arc<str> {
  let mut hasher = blake3::Hasher::new();
  hasher.update(&(run.len() as u64).to_le_bytes());
  hasher.update(run.as_bytes());
  hasher.update(path.as_bytes());
  let hex = hasher.finalize().to_hex();
  hex[..32].into()
}
