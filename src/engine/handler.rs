//! `attempt` and `catch`: they take what failed in what they wrap, and nothing else: neither what was skipped nor what
//! was ended from outside.

use std::sync::Arc;

use super::{
  event::{Event, Taker},
  failing::{Fallible, too_large},
  instance::{End, InstanceId, Locals, Slot, State},
  layout::{Body, NodeId},
  run::Run,
};
use crate::value::{Failure, Value};

impl Run {
  pub(super) fn guard(&mut self, id: InstanceId, inner: NodeId) {
    self.with(id, |instance| instance.state = State::Guarding);
    let path = self.path(id);
    self.spawn(id, Slot::Wrapped, path, inner, Locals::new());
  }

  pub(super) fn guarded_ended(&mut self, id: InstanceId, end: End) -> Fallible<()> {
    let layout = self.layout.clone();
    let Some(instance) = self.instances.get(id) else {
      return Ok(());
    };
    match (&layout.node(instance.node).body, end) {
      (Body::Attempt(_), End::Succeeded(value)) => self.succeed(id, Value::outcome_ok(value).map_err(too_large)?),
      (Body::Attempt(_), End::Failed(failure)) => {
        self.take_failure(id, Taker::Attempt, &failure);
        self.succeed(id, Value::outcome_lost(&failure));
      }
      (Body::Catch { error, handler, .. }, End::Failed(failure)) => {
        self.take_failure(id, Taker::Catch, &failure);
        let locals = Locals::from([(*error, failure.to_value())]);
        self.with(id, |instance| instance.state = State::Handling);
        self.spawn_arm(id, handler, locals);
      }
      (_, end) => self.pass_on(id, end),
    }
    Ok(())
  }

  fn take_failure(&mut self, id: InstanceId, by: Taker, failure: &Arc<Failure>) {
    let path = self.path(id);
    self.record(Event::FailureTaken {
      path,
      by,
      failure: failure.clone(),
    });
  }
}
