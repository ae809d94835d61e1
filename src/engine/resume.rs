//! A run is taken up again: what was cut short runs once more, or waits for somebody to decide. Knows nothing of journals
//! and processes; whatever ran before has been ended by now.
//!
//! Nothing runs when a run is resumed, so nothing holds a slot: all executions that go on ask for admission anew. What
//! the run waits for is read off its state, once the resumption is folded in.

use std::sync::Arc;

use super::{
  event::{Decision, Event, ExecutionId, Resumption},
  exchange::{Command, Input, Step},
  failing::failure,
  instance::{InstanceId, State},
  layout::Body,
  replay::Replayed,
  run::{Purpose, Run},
  tries::{Outstanding, TryState},
};
use crate::value::FailureKind;

impl Replayed {
  /// The run with its next step: the records that are missing, and all that it waits for.
  pub fn resume(self, resumption: Resumption) -> (Run, Step) {
    let Replayed { mut run, mut records } = self;
    let resumed = run.step(run.now(), Input::Resumed(resumption.into()));
    records.extend(resumed.records);
    // what the step wants done is part of what is outstanding after it
    let commands = run.outstanding();
    (run, Step { records, commands })
  }
}

impl Run {
  /// The commands whose answers it waits for.
  fn outstanding(&mut self) -> Vec<Command> {
    if self.is_over() {
      return vec![Command::Finish];
    }
    let timers = self.timers.iter().map(|(timer, state)| Command::SetTimer {
      timer: *timer,
      due: state.due,
    });
    let mut commands: Vec<_> = timers.collect();
    commands.extend(self.started_before());
    let asked = self
      .dispatching
      .values()
      .filter_map(|id| match &self.instances.get(*id)?.state {
        State::Dispatching(child) => Some(Command::Dispatch(child.clone())),
        _ => None,
      });
    commands.extend(asked);
    let executions: Vec<ExecutionId> = self.executions.keys().copied().collect();
    commands.extend(executions.into_iter().filter_map(|one| self.outstanding_of(one)));
    commands
  }

  fn outstanding_of(&mut self, execution: ExecutionId) -> Option<Command> {
    let layout = self.layout.clone();
    let instance = self.instances.get(*self.executions.get(&execution)?)?;
    let (State::Leaf(leaf), Body::Work(call)) = (&instance.state, &layout.node(instance.node).body) else {
      return None;
    };
    Some(match leaf.outstanding(execution)? {
      Outstanding::Recall(sought) => Command::Recall {
        execution,
        sought: sought.clone(),
      },
      Outstanding::Cancelled => Command::CancelAttempt(execution),
      Outstanding::Admission => Command::Ask {
        execution,
        needs: self.needs(call).unwrap_or_default(),
      },
    })
  }

  pub(super) fn resumed(&mut self, resumption: &Resumption) {
    let executions: Vec<ExecutionId> = self.executions.keys().copied().collect();
    for execution in executions {
      self.take_up(execution, resumption);
    }
  }

  /// An execution that ran, or was in doubt before.
  fn take_up(&mut self, execution: ExecutionId, resumption: &Resumption) {
    let Some(id) = self.executions.get(&execution).copied() else {
      return;
    };
    if self.with_active(id, |active| active.is_cut(execution)) != Some(true) {
      return;
    }
    match self.decision(id, resumption) {
      Some(Decision::Rerun) => self.repeat(id, execution),
      Some(Decision::Fail) => self.give_up(id, execution),
      None => self.doubt(id, execution),
    }
  }

  /// What closes a scope is called again in any case: nobody else would close it.
  fn decision(&self, id: InstanceId, resumption: &Resumption) -> Option<Decision> {
    let call = self.call(&self.layout, id)?;
    let closes = |(_, instance): (_, &super::instance::Instance)| instance.slot.ending().is_some();
    if self.program.worker(call.target).idempotent || self.instances.around(id).any(closes) {
      return Some(Decision::Rerun);
    }
    resumption.steps.get(&self.path(id)).copied().or(resumption.unfinished)
  }

  fn repeat(&mut self, id: InstanceId, execution: ExecutionId) {
    self.in_doubt.remove(&execution);
    self.stop_times(id);
    self.record(Event::AttemptRepeated {
      execution,
      path: self.path(id),
    });
    self.with_try(id, execution, |one| one.state = TryState::Waiting { again: true });
  }

  fn doubt(&mut self, id: InstanceId, execution: ExecutionId) {
    if self.in_doubt.insert(execution) {
      self.stop_times(id);
      self.record(Event::InDoubt {
        execution,
        path: self.path(id),
      });
      self.with_try(id, execution, |one| one.state = TryState::InDoubt);
    }
  }

  /// It may have been done, and has failed nonetheless: all that it may have spent is spent.
  fn give_up(&mut self, id: InstanceId, execution: ExecutionId) {
    self.in_doubt.remove(&execution);
    self.stop_times(id);
    let gone = self.with_active(id, |active| {
      active.tries.extract_if(.., |one| one.execution == execution).next()
    });
    let Some(gone) = gone.flatten() else { return };
    self.executions.remove(&execution);
    self.settle_up(id, &gone);
    let message = "the run was cut short while it ran, and it was given up";
    self.attempt_came_to(id, Err(failure(FailureKind::Interrupted, message)));
  }

  /// The attempt does not run; when it is admitted once more, it has all of its time again.
  fn stop_times(&mut self, id: InstanceId) {
    let timers = self.with_active(id, |active| {
      active.timed = false;
      [active.timeout.take(), active.hedge.take()]
    });
    let timers = timers.into_iter().flatten().flatten();
    timers.for_each(|timer| self.clear_timer(timer));
  }

  /// The paths of the calls that wait for a decision, or will once the run is taken up again without one.
  pub fn doubtful(&self) -> Vec<Arc<str>> {
    let nothing = Resumption::default();
    let doubtful = self.executions.iter().filter(|(execution, id)| {
      let leaf = self.instances.get(**id).map(|instance| &instance.state);
      let Some(State::Leaf(leaf)) = leaf else { return false };
      leaf.active().is_some_and(|active| active.is_cut(**execution)) && self.decision(**id, &nothing).is_none()
    });
    doubtful.map(|(_, id)| self.path(*id)).collect()
  }

  /// The paths of the calls that wait for a decision, where nothing else goes on: no worker runs or is about to, and no
  /// wait ends with a step that begins. Empty as long as anything does.
  pub fn awaits_decision(&self) -> Vec<Arc<str>> {
    let goes_on = || {
      let begins = |purpose| matches!(purpose, Purpose::Delay | Purpose::Backoff);
      !self.dispatching.is_empty()
        || self.timers.values().any(|timer| begins(timer.purpose))
        || self
          .executions
          .iter()
          .any(|(execution, id)| self.moves(*execution, *id))
    };
    if self.in_doubt.is_empty() || goes_on() {
      return Vec::new();
    }
    let ids = self
      .in_doubt
      .iter()
      .filter_map(|execution| self.executions.get(execution));
    ids.map(|id| self.path(*id)).collect()
  }

  /// What waits for its budgets may wait for one that is in doubt.
  fn moves(&self, execution: ExecutionId, id: InstanceId) -> bool {
    let leaf = self.instances.get(id).map(|instance| &instance.state);
    let Some(State::Leaf(leaf)) = leaf else { return false };
    let Some(active) = leaf.active() else { return true };
    let one = active.tries.iter().find(|one| one.execution == execution);
    one.is_some_and(|one| matches!(one.state, TryState::Waiting { .. } | TryState::Running { .. }))
  }
}
