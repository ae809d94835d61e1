//! Outcomes that are kept: under what, and what becomes of a call for which there is one. Knows nothing of where they
//! are kept, nor of clocks.

use super::{
  definition::{Definition, INPUT},
  event::ExecutionId,
  exchange::{Command, Found, Kept, Signature, Sought},
  failing::{Fallible, milliseconds, of_expression},
  instance::InstanceId,
  leaf::Phase,
  past::Done,
  run::Run,
  spent::Origin,
};
use crate::{
  hir::{Setting, WorkerId, WorkerKind},
  value::{Value, to_json},
};

impl Run {
  /// What outcome would be as good as one of this call: what its worker is, its settings evaluated, and its input.
  pub(super) fn sought(&self, id: InstanceId, worker: WorkerId, age: Option<&Setting>) -> Fallible<Option<Sought>> {
    let Some(message) = self.message_of(id) else {
      return Ok(None);
    };
    let attempt = self.first_attempt(id, worker, &message)?;
    let settings = attempt.settings(&self.program);
    let mut definition = Definition::new(&self.evaluator);
    definition.worker(settings.worker);
    definition.input(&message.message);
    match &settings.worker.kind {
      WorkerKind::Process(process) => {
        let task = self.invoker(&settings).process(process).map_err(of_expression)?;
        definition.process(&task, process.output.as_ref());
      }
      WorkerKind::Mock(rules) => definition.mock(rules),
    }
    let age = match age {
      Some(age) => Some(milliseconds(&self.eval_at(id, age.place, &settings, &age.value)?)?),
      None => None,
    };
    Ok(Some(Sought {
      path: self.path(id),
      signature: definition.finish(),
      age,
    }))
  }

  /// Whether there is an outcome for a call.
  pub(super) fn recalled(&mut self, execution: ExecutionId, found: Found) {
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
    let Found::Kept(kept) = found else {
      return self.begin_attempt(id, execution);
    };
    self.executions.remove(&execution);
    let layout = self.layout.clone();
    let worker = self.call(&layout, id).map(|call| call.target);
    match worker.map(|worker| self.read_value(worker, &kept.value)) {
      Some(Ok(value)) => {
        self.note_done(id, &kept.value);
        self.succeed(id, value);
      }
      Some(Err(failure)) => self.fail(id, failure),
      None => {}
    }
  }

  /// A call has a value that may be reused.
  pub(super) fn keep(&mut self, id: InstanceId, value: &Value) {
    let sought = self.with_leaf(id, |leaf| leaf.sought.clone()).flatten();
    let Some(sought) = sought else { return };
    let value = to_json(value);
    self.note_done(id, &value);
    if sought.age.is_some() {
      let from = Origin {
        run: self.started.run.clone(),
        step: self.path(id),
      };
      let key = sought.signature.key;
      let kept = Kept { value, from };
      self.commands.push(Command::Keep { key, kept });
    }
  }

  /// A call is done: whoever collects outcomes has one more.
  fn note_done(&mut self, id: InstanceId, value: &serde_json::Value) {
    let sought = self
      .with_leaf(id, |leaf| leaf.sought.clone().map(|sought| (sought, leaf.asked)))
      .flatten();
    if let (Some(collected), Some((sought, asked))) = (&mut self.collected, sought) {
      collected.push(Done {
        path: sought.path.clone(),
        signature: sought.signature.clone(),
        value: value.clone(),
        asked,
      });
    }
  }
}

impl Signature {
  /// The names of the parts that differ from those of an earlier one. What follows from another input is not named.
  pub(super) fn changed(&self, before: &Signature) -> Vec<std::sync::Arc<str>> {
    let differs = |(name, hash): &&(std::sync::Arc<str>, [u8; 32])| {
      !before.parts.iter().any(|(other, old)| other == name && old == hash)
    };
    let own = self.parts.iter().filter(differs).map(|(name, _)| name.clone());
    let gone = before
      .parts
      .iter()
      .filter(|(name, _)| !self.parts.iter().any(|(own, _)| own == name));
    let mut changed: Vec<_> = own.chain(gone.map(|(name, _)| name.clone())).collect();
    if changed.iter().any(|name| **name == *INPUT) {
      changed.retain(|name| **name == *INPUT);
    }
    changed
  }
}
