//! `dispatch`: a run of its own is asked for, and the step succeeds once that is remembered. What becomes of it never
//! touches this run. Knows nothing of who carries it out.

use std::sync::Arc;

use super::{
  attempt::Message,
  event::{Digest, Event},
  exchange::{Child, Command},
  failing::{Fallible, too_large},
  instance::{InstanceId, State},
  run::Run,
};
use crate::{
  hir::{Call, OrchestratorId},
  value::{Value, to_json},
};

impl Run {
  pub(super) fn dispatch(&mut self, id: InstanceId, call: &Call<OrchestratorId>) -> Fallible<()> {
    let program = self.program.clone();
    let callee = program.orchestrator(call.target);
    let arguments: Result<Vec<_>, _> = call.arguments.iter().map(|argument| self.eval(id, argument)).collect();
    let input = Message::of(&callee.params, &callee.input, &callee.name, arguments?)?;
    self.doubles.see_child(call.target, &input.message);
    let path = self.path(id);
    let (run, seed) = self.child(&path);
    let child = Child {
      run: run.clone(),
      tracker: self.started.tracker.clone(),
      orchestrator: callee.name.clone(),
      arguments: to_json(&input.message),
      seed,
    };
    self.record(Event::Dispatched {
      path,
      run: run.clone(),
      orchestrator: callee.name.clone(),
      arguments: Digest::of(&input.message),
    });
    self.commands.push(Command::Dispatch(Box::new(child.clone())));
    self.with(id, |instance| instance.state = State::Dispatching(Box::new(child)));
    self.dispatching.insert(run, id);
    Ok(())
  }

  /// The id and seed of the run that this step asks for: the same whenever it asks.
  fn child(&self, path: &str) -> (Arc<str>, u64) {
    let mut hasher = blake3::Hasher::new_derive_key("orch dispatched run 1");
    for part in [&*self.started.run, path] {
      hasher.update(&(part.len() as u64).to_le_bytes());
      hasher.update(part.as_bytes());
    }
    let mut bytes = [0; 24];
    hasher.finalize_xof().fill(&mut bytes);
    let (id, seed) = bytes.split_at(16);
    let id: u128 = id.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte));
    let seed: u64 = seed.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    (
      uuid::Builder::from_u128(id)
        .with_version(uuid::Version::Custom)
        .into_uuid()
        .to_string()
        .into(),
      seed,
    )
  }

  pub(super) fn child_recorded(&mut self, run: &Arc<str>) {
    let Some(id) = self.dispatching.remove(run) else { return };
    let Some(State::Dispatching(child)) = self.instances.get(id).map(|instance| &instance.state) else {
      return;
    };
    let handle = Value::fields([
      ("run", Value::String(child.run.clone())),
      ("of", Value::String(child.orchestrator.clone())),
    ]);
    match handle {
      Ok(handle) => self.succeed_late(id, handle),
      Err(error) => self.fail(id, too_large(error)),
    }
  }
}
