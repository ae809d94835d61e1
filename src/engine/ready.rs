//! Instances begin: deadline, delay, then whatever the node is. Knows nothing of how they end.

use std::sync::Arc;

use super::{
  attempt::Message,
  event::Event,
  failing::{Fallible, failure, milliseconds},
  instance::{InstanceId, State},
  layout::Body,
  run::{Purpose, Run},
};
use crate::{
  hir::{Place, Setting},
  value::FailureKind,
};

impl Run {
  /// Its edges hold: the deadline begins, then the delay.
  pub(super) fn make_ready(&mut self, id: InstanceId) -> Fallible<()> {
    let layout = self.layout.clone();
    let Some(instance) = self.instances.get(id) else {
      return Ok(());
    };
    let node = layout.node(instance.node);
    let message = match &node.body {
      Body::Work(call) => Some(Arc::new(self.message(id, call)?)),
      _ => None,
    };
    if let Some(deadline) = &node.deadline {
      let time = self.duration(id, deadline, message.as_ref())?;
      let timer = self.set_timer(id, time, Purpose::Deadline(time));
      self.with(id, |instance| instance.deadline = Some(timer));
    }
    let delay = match &node.delay {
      None => 0,
      Some(delay) => self.duration(id, delay, message.as_ref())?,
    };
    if delay == 0 {
      return self.enter(id, message);
    }
    let timer = self.set_timer(id, delay, Purpose::Delay);
    let path = self.path(id);
    self.record(Event::Delayed { path, delay });
    self.with(id, |instance| instance.state = State::Delayed { timer, message });
    Ok(())
  }

  /// It runs from now on.
  pub(super) fn enter(&mut self, id: InstanceId, message: Option<Arc<Message>>) -> Fallible<()> {
    let layout = self.layout.clone();
    self.capture(id);
    let Some(instance) = self.instances.get(id) else {
      return Ok(());
    };
    match &layout.node(instance.node).body {
      Body::Value(value) => {
        let value = self.eval(id, value)?;
        self.succeed(id, value);
      }
      Body::Fail(message) => {
        let message = self.eval(id, message)?;
        return Err(failure(FailureKind::Failed, message.as_str().unwrap_or_default()));
      }
      Body::Work(call) => return self.enter_leaf(id, call, message),
      Body::Orchestrate(call) => return self.call_orchestrator(id, call),
      Body::Dispatch(call) => return self.dispatch(id, call),
      Body::Each(each) => return self.enter_each(id, each),
      Body::Repeat(repeat) => return self.enter_repeat(id, repeat),
      Body::Run(run) => return self.enter_run(id, run),
      Body::Choice(choice) => return self.choose(id, choice),
      Body::Attempt(inner) | Body::Catch { inner, .. } => self.guard(id, *inner),
      Body::Block(block) => self.open_block(id, *block, None),
    }
    Ok(())
  }

  /// Milliseconds, at least 0.
  fn duration(&self, id: InstanceId, setting: &Setting, message: Option<&Arc<Message>>) -> Fallible<i64> {
    let value = match (setting.place, message) {
      (Place::Worker, Some(message)) => self.eval_setting(id, message, &setting.value)?,
      _ => self.eval(id, &setting.value)?,
    };
    milliseconds(&value)
  }
}
