//! `repeat`: one iteration after another until its condition holds or its bound is reached. Knows nothing of what the
//! iterations do.

use serde::{Deserialize, Serialize};

use super::{
  event::Event,
  failing::{Fallible, count, failure},
  instance::{End, InstanceId, Locals, Slot, State, Within},
  layout::{Body, Otherwise, Repeat},
  run::Run,
};
use crate::value::{FailureKind, Value};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RepeatState {
  bound: u64,
  /// Of the iteration that runs.
  index: u64,
}

impl Run {
  pub(super) fn enter_repeat(&mut self, id: InstanceId, repeat: &Repeat) -> Fallible<()> {
    let bound = count(&self.eval(id, &repeat.bound)?, 1, "up to")?;
    let seed = repeat
      .seed
      .as_ref()
      .map_or(Ok(Value::Null), |seed| self.eval(id, seed))?;
    let state = RepeatState { bound, index: 0 };
    self.with(id, |instance| instance.state = State::Repeat(Box::new(state)));
    self.iterate(id, repeat, 0, seed);
    Ok(())
  }

  fn iterate(&mut self, id: InstanceId, repeat: &Repeat, index: u64, previous: Value) {
    let path = format!("{}[{index}]", self.path(id)).into();
    let locals = Locals::from([(repeat.previous, previous)]);
    self.spawn(id, Slot::Iteration(index), path, repeat.body, locals);
  }

  /// `locals` are the names of the iteration.
  pub(super) fn iteration_ended(&mut self, id: InstanceId, end: End, locals: Locals) -> Fallible<()> {
    let layout = self.layout.clone();
    let Some(instance) = self.instances.get_mut(id) else {
      return Ok(());
    };
    let (Body::Repeat(repeat), State::Repeat(state)) = (&layout.node(instance.node).body, &mut instance.state) else {
      return Ok(());
    };
    let (index, bound) = (state.index, state.bound);
    state.index += 1;
    let value = match end {
      End::Succeeded(value) => value,
      other => {
        self.pass_on(id, other);
        return Ok(());
      }
    };
    let until = self.until(id, repeat, &locals)?;
    let path = self.path(id);
    self.record(Event::Iterated { path, index, until });
    match until {
      Some(true) => self.succeed(id, value),
      _ if index + 1 < bound => self.iterate(id, repeat, index + 1, value),
      None => self.succeed(id, value),
      Some(false) => return self.exhausted(id, repeat, bound, value),
    }
    Ok(())
  }

  fn until(&self, id: InstanceId, repeat: &Repeat, locals: &Locals) -> Fallible<Option<bool>> {
    let Some(until) = &repeat.until else { return Ok(None) };
    let names = Within {
      locals,
      around: self.instances.names(id),
    };
    Ok(Some(self.eval_in(&names, until)? == Value::Bool(true)))
  }

  fn exhausted(&mut self, id: InstanceId, repeat: &Repeat, bound: u64, last: Value) -> Fallible<()> {
    match &repeat.otherwise {
      Otherwise::Last => self.succeed(id, last),
      Otherwise::Arm(arm) => self.spawn_arm(id, arm, Locals::from([(repeat.previous, last)])),
      Otherwise::Exhausted => {
        let times = if bound == 1 { "iteration" } else { "iterations" };
        let message = format!("`until` did not hold after {bound} {times}");
        return Err(failure(FailureKind::Exhausted, message));
      }
    }
    Ok(())
  }
}
