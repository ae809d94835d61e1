//! Outcomes that are kept: under what, and what becomes of a call for which there is one. Knows nothing of where they
//! are kept, nor of clocks.

use super::{
  definition::Definition,
  event::ExecutionId,
  exchange::{CacheKey, Command, Kept},
  failing::{Fallible, milliseconds, of_expression},
  instance::InstanceId,
  leaf::Phase,
  run::Run,
  spent::Origin,
};
use crate::{
  hir::{Setting, WorkerId, WorkerKind},
  value::{Value, to_json},
};

/// A call whose outcome may be kept.
#[derive(Clone, Debug)]
pub(super) struct Cached {
  pub key: CacheKey,
  /// In milliseconds: an older outcome is not reused.
  pub age: i64,
}

impl Run {
  /// Under what the outcome of a call is kept: what its worker is, its settings evaluated, and its input.
  pub(super) fn cached(&self, id: InstanceId, worker: WorkerId, age: &Setting) -> Fallible<Cached> {
    let Some(message) = self.message_of(id) else {
      return Err(super::failing::failure(
        crate::value::FailureKind::Expression,
        "no call",
      ));
    };
    let attempt = self.first_attempt(id, worker, &message)?;
    let settings = attempt.settings(&self.program);
    let mut definition = Definition::new(&self.evaluator);
    definition.worker(settings.worker);
    definition.value(&message.message);
    match &settings.worker.kind {
      WorkerKind::Process(process) => {
        let task = self.invoker(&settings).process(process).map_err(of_expression)?;
        definition.process(&task, process.output.as_ref());
      }
      WorkerKind::Mock(rules) => definition.mock(rules),
    }
    let age = milliseconds(&self.eval_at(id, age.place, &settings, &age.value)?)?;
    let key = CacheKey(definition.finish());
    Ok(Cached { key, age })
  }

  /// Whether there is an outcome for a call.
  pub(super) fn recalled(&mut self, execution: ExecutionId, kept: Option<Kept>) {
    let Some(id) = self.executions.get(&execution).copied() else {
      return;
    };
    let waits = self.with_leaf(id, |leaf| match leaf.phase {
      Phase::Recalling(waits) if waits == execution => {
        leaf.phase = Phase::Idle;
        true
      }
      _ => false,
    });
    if waits != Some(true) {
      return;
    }
    let Some(kept) = kept else {
      return self.begin_attempt(id, execution);
    };
    self.executions.remove(&execution);
    let layout = self.layout.clone();
    let worker = self.call(&layout, id).map(|call| call.target);
    match worker.map(|worker| self.read_value(worker, &kept.value)) {
      Some(Ok(value)) => self.succeed(id, value),
      Some(Err(failure)) => self.fail(id, failure),
      None => {}
    }
  }

  /// A call has a value that may be reused.
  pub(super) fn keep(&mut self, id: InstanceId, value: &Value) {
    let cached = self.with_leaf(id, |leaf| leaf.cached.clone()).flatten();
    if let Some(Cached { key, .. }) = cached {
      let from = Origin {
        run: self.started.run.clone(),
        step: self.path(id),
      };
      let value = to_json(value);
      let kept = Kept { value, from };
      self.commands.push(Command::Keep { key, kept });
    }
  }
}
