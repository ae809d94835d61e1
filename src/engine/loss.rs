//! How instances end, above all when they are lost: what waits is skipped, what runs is cancelled and awaited, later
//! failures become causes. Knows nothing of why they are lost.
//!
//! An instance is lost in two moves: `lose` marks it, tells everything inside, and returns; once nothing inside runs
//! any longer, `settle` ends it. So inner scopes end before outer ones, and nobody waits in a loop.

use std::sync::Arc;

use super::{
  event::{Event, Taker},
  exchange::Command,
  failing::failure,
  instance::{End, Instance, InstanceId, Slot, State},
  layout::Body,
  run::{Run, Work},
};
use crate::{
  engine::event::Digest,
  value::{Cause, Failure, FailureKind},
};

/// Why an instance will not succeed.
#[derive(Debug)]
pub(super) struct Loss {
  /// Its own; `None`: ended from outside.
  pub failure: Option<Arc<Failure>>,
  /// The path of the step that was lost first.
  pub cause: Arc<str>,
  /// What failed inside after that.
  pub late: Vec<Cause>,
}

/// A failure names at most so many causes.
const MOST_CAUSES: usize = 100;

impl Loss {
  pub fn failed(failure: Arc<Failure>) -> Loss {
    Loss {
      cause: failure.step.clone(),
      failure: Some(failure),
      late: Vec::new(),
    }
  }

  pub fn cancelled(cause: Arc<str>) -> Loss {
    Loss {
      failure: None,
      cause,
      late: Vec::new(),
    }
  }

  fn end(self, started: bool) -> End {
    match self.failure {
      Some(mut failure) => {
        if !self.late.is_empty() {
          let room = MOST_CAUSES.saturating_sub(failure.causes.len());
          Arc::make_mut(&mut failure)
            .causes
            .extend(self.late.into_iter().take(room));
        }
        End::Failed(failure)
      }
      None if started => End::Cancelled(self.late),
      None => End::Skipped,
    }
  }
}

impl Run {
  /// The instance fails by itself.
  pub(super) fn fail(&mut self, id: InstanceId, failure: Box<Failure>) {
    let failure = self.located(id, failure);
    self.lose(id, Loss::failed(failure));
  }

  /// The instance will not succeed; a second loss changes nothing.
  pub(super) fn lose(&mut self, id: InstanceId, loss: Loss) {
    let Some(instance) = self.instances.get_mut(id) else {
      return;
    };
    if instance.loss.is_some() {
      return;
    }
    let cause = loss.cause.clone();
    instance.loss = Some(loss);
    let deadline = instance.deadline.take();
    deadline.into_iter().for_each(|timer| self.clear_timer(timer));
    self.stop(id, &cause);
    self.cancel_children(id, &cause);
    self.settle(id);
  }

  /// What is the instance's own does not go on; those inside are not looked at.
  fn stop(&mut self, id: InstanceId, cause: &Arc<str>) {
    let Some(instance) = self.instances.get(id) else { return };
    match &instance.state {
      State::Delayed { timer, .. } => {
        let timer = *timer;
        self.clear_timer(timer);
      }
      State::Leaf(_) => self.stop_leaf(id),
      State::Block(_) => self.skip_pending(id, cause),
      State::Run(_) => self.skip_assignments(id, cause),
      State::Pending(_)
      | State::Dispatching(_)
      | State::Begun
      | State::Each(_)
      | State::Repeat(_)
      | State::Choice
      | State::Guarding
      | State::Handling => {}
    }
  }

  pub(super) fn cancel_children(&mut self, id: InstanceId, cause: &Arc<str>) {
    let Some(instance) = self.instances.get(id) else { return };
    let children = instance.children.values();
    self.work.extend(children.map(|child| Work::Cancel {
      instance: *child,
      cause: cause.clone(),
    }));
  }

  /// Ends a lost instance in which nothing runs any longer.
  pub(super) fn settle(&mut self, id: InstanceId) {
    let Some(instance) = self.instances.get_mut(id) else {
      return;
    };
    let runs = matches!(&instance.state, State::Leaf(leaf) if leaf.runs());
    if runs || !instance.children.is_empty() {
      return;
    }
    let started = instance.started();
    if let Some(loss) = instance.loss.take() {
      let cause = loss.cause.clone();
      self.finish(id, loss.end(started), cause);
    }
  }

  /// A child of a lost instance ended.
  pub(super) fn note_end(&mut self, id: InstanceId, end: End) {
    let loss = self.instances.get_mut(id).and_then(|instance| instance.loss.as_mut());
    if let Some(loss) = loss {
      match end {
        End::Failed(failure) => loss.late.push(Cause {
          step: failure.step.clone(),
          kind: failure.kind,
          message: failure.message.clone(),
        }),
        End::Cancelled(late) => loss.late.extend(late),
        End::Succeeded(_) | End::Skipped => {}
      }
    }
    self.settle(id);
  }

  pub(super) fn succeed(&mut self, id: InstanceId, value: crate::value::Value) {
    self.finish(id, End::Succeeded(value), "".into());
  }

  /// Ends an instance as another inside it ended.
  pub(super) fn pass_on(&mut self, id: InstanceId, end: End) {
    match end {
      End::Succeeded(value) => self.succeed(id, value),
      End::Failed(failure) => self.lose(id, Loss::failed(failure)),
      End::Skipped | End::Cancelled(_) => self.lose(id, Loss::cancelled("".into())),
    }
  }

  /// The one place where instances end.
  pub(super) fn finish(&mut self, id: InstanceId, end: End, cause: Arc<str>) {
    let Some(instance) = self.instances.remove(id) else {
      return;
    };
    if let Some(timer) = instance.deadline {
      self.clear_timer(timer);
    }
    self.close_budget(id);
    self.record_end(&instance, &end, cause);
    match instance.parent {
      None => self.end(end),
      Some(parent) => self.work.push(Work::Ended {
        parent,
        slot: instance.slot,
        end,
        locals: instance.locals,
      }),
    }
  }

  fn record_end(&mut self, instance: &Instance, end: &End, cause: Arc<str>) {
    if matches!(instance.slot, Slot::Root | Slot::Wrapped) {
      return;
    }
    let path = instance.path.clone();
    self.record(match end {
      // the `repeat` says how it went on
      End::Succeeded(_) if matches!(instance.slot, Slot::Iteration(_)) => return,
      End::Succeeded(value) => {
        let journaled = matches!(self.layout.node(instance.node).body, Body::Work(_));
        let value = (!journaled).then(|| Digest::of(value));
        Event::StepSucceeded { path, value }
      }
      End::Failed(failure) => {
        let failure = failure.clone();
        match self.is_collected(instance) {
          true => Event::FailureTaken {
            path,
            by: Taker::Collect,
            failure,
          },
          false => Event::StepFailed { path, failure },
        }
      }
      End::Skipped if self.is_dropped(instance) => Event::NotTaken { path },
      End::Skipped => Event::StepSkipped { path, cause },
      End::Cancelled(_) => Event::StepCancelled { path, cause },
    });
  }

  /// Whether its failure goes no further than the `each` or `run` that it is an instance of.
  fn is_collected(&self, instance: &Instance) -> bool {
    let parent = instance.parent.and_then(|parent| self.instances.get(parent));
    let taken = |parent: &Instance| match &self.layout.node(parent.node).body {
      Body::Each(each) => each.collects() && parent.loss.is_none(),
      Body::Run(run) => run.collect && parent.loss.is_none(),
      _ => false,
    };
    matches!(instance.slot, Slot::Item(_) | Slot::Assignment(_)) && parent.is_some_and(taken)
  }

  /// Whether its block returns early, so that nobody needs it.
  fn is_dropped(&self, instance: &Instance) -> bool {
    let parent = instance.parent.and_then(|parent| self.instances.get(parent));
    parent.is_some_and(|parent| match &parent.state {
      State::Block(state) => state.is_returning() && parent.loss.is_none(),
      _ => false,
    })
  }

  fn end(&mut self, end: End) {
    let event = match end {
      End::Succeeded(value) => Event::RunSucceeded {
        result: crate::value::to_json(&value),
      },
      End::Failed(failure) => Event::RunFailed { failure },
      End::Skipped | End::Cancelled(_) => {
        let failure = failure(FailureKind::Cancelled, "the run was cancelled");
        Event::RunFailed {
          failure: failure.into(),
        }
      }
    };
    self.record(event);
    self.commands.push(Command::Finish);
  }
}

impl Instance {
  /// Whether anything of it ran or began.
  fn started(&self) -> bool {
    match &self.state {
      State::Pending(_) | State::Delayed { .. } | State::Begun => false,
      State::Leaf(leaf) => leaf.has_started(),
      _ => true,
    }
  }
}
