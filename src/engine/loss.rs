//! How instances end, above all when they are lost: what waits is skipped, what runs is cancelled and awaited, later
//! failures become causes. Knows nothing of why they are lost.
//!
//! An instance is lost in two moves: `lose` marks it, tells everything inside, and returns; once nothing inside runs
//! any longer, `settle` ends it. So inner scopes end before outer ones, and nobody waits in a loop.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
  event::{Event, Taker},
  exchange::Command,
  failing::failure,
  instance::{End, Instance, InstanceId, Late, Slot, State},
  layout::Body,
  run::{Run, Work},
};
use crate::{
  engine::event::Digest,
  value::{Cause, Failure, FailureKind},
};

/// Why an instance will not succeed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Loss {
  /// Its own; `None`: ended from outside.
  pub failure: Option<Arc<Failure>>,
  /// The path of the step that was lost first.
  pub cause: Arc<str>,
  /// Nobody needs it any longer, and nothing has failed.
  pub superfluous: bool,
  pub late: Late,
}

/// A failure names at most so many causes.
const MOST_CAUSES: usize = 100;

impl Loss {
  pub fn failed(failure: Arc<Failure>) -> Loss {
    Loss {
      cause: failure.step.clone(),
      failure: Some(failure),
      superfluous: false,
      late: Late::default(),
    }
  }

  /// Ended from outside, because of the step `cause`.
  pub fn outside(cause: Arc<str>) -> Loss {
    Loss {
      failure: None,
      cause,
      superfluous: false,
      late: Late::default(),
    }
  }

  /// As `outside`, for what is not needed any longer.
  pub fn superfluous(cause: Arc<str>) -> Loss {
    Loss {
      superfluous: true,
      ..Loss::outside(cause)
    }
  }

  /// What those inside are told.
  fn inside(&self) -> Loss {
    Loss {
      superfluous: self.superfluous,
      ..Loss::outside(self.cause.clone())
    }
  }

  /// The failure of a scope at `path` as it is known by now; `undo_failed` are calls that failed while it was closed.
  pub fn error(&self, path: &Arc<str>, undo_failed: &[Arc<str>]) -> Failure {
    let mut late = self.late.clone();
    late.undo_failed.extend_from_slice(undo_failed);
    let failure = self.failure.clone().unwrap_or_else(|| {
      let because = match &*self.cause {
        "" => String::new(),
        cause => format!(": `{cause}` was lost"),
      };
      let message = format!("ended from outside{because}");
      Failure::new(FailureKind::Cancelled, path.clone(), message).into()
    });
    Arc::unwrap_or_clone(late.added_to(failure))
  }

  pub fn end(self, started: bool) -> End {
    match self.failure {
      Some(failure) => End::Failed(self.late.added_to(failure)),
      None if started => End::Cancelled(self.late),
      None => End::Skipped,
    }
  }
}

impl Late {
  fn added_to(self, mut failure: Arc<Failure>) -> Arc<Failure> {
    if !self.causes.is_empty() || !self.undo_failed.is_empty() {
      let failure = Arc::make_mut(&mut failure);
      fill(&mut failure.causes, self.causes);
      fill(&mut failure.undo_failed, self.undo_failed);
    }
    failure
  }

  fn add(&mut self, failure: &Failure) {
    self.causes.push(cause_of(failure));
    self.undo_failed.extend(failure.undo_failed.iter().cloned());
  }
}

pub(super) fn fill<T>(causes: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
  let room = MOST_CAUSES.saturating_sub(causes.len());
  causes.extend(more.into_iter().take(room));
}

pub(super) fn cause_of(failure: &Failure) -> Cause {
  Cause {
    step: failure.step.clone(),
    kind: failure.kind,
    message: failure.message.clone(),
  }
}

impl Run {
  /// The instance fails by itself.
  pub(super) fn fail(&mut self, id: InstanceId, failure: Box<Failure>) {
    let failure = self.located(id, failure);
    self.lose(id, Loss::failed(failure));
  }

  /// The instance will not succeed; a second loss changes nothing, but that a call which was let run to its end is
  /// ended at its own deadline.
  pub(super) fn lose(&mut self, id: InstanceId, loss: Loss) {
    let finishes = self.finishes(id);
    let Some(instance) = self.instances.get_mut(id) else {
      return;
    };
    if instance.loss.is_some() {
      if finishes && loss.failure.is_some() {
        self.stop_leaf(id);
        self.settle(id);
      }
      return;
    }
    let told = loss.inside();
    let goes_on = instance.is_closing() || finishes && loss.failure.is_none();
    instance.loss = Some(loss);
    if goes_on {
      return;
    }
    let deadline = instance.deadline.take();
    deadline.into_iter().for_each(|timer| self.clear_timer(timer));
    self.stop_budget_clock(id);
    self.stop(id, &told.cause);
    self.cancel_children(id, &told);
    self.settle(id);
  }

  /// Whether it is a call with `undo` that runs: what it does is known only once it has ended.
  pub(super) fn finishes(&self, id: InstanceId) -> bool {
    let Some(instance) = self.instances.get(id) else {
      return false;
    };
    let runs = match &instance.state {
      State::Leaf(leaf) => leaf.is_open(),
      State::Dispatching(_) => true,
      _ => false,
    };
    runs && self.layout.node(instance.node).undo.is_some()
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
      State::Dispatching(child) => {
        let run = child.run.clone();
        self.dispatching.remove(&run);
      }
      State::Block(_) => self.skip_pending(id, cause),
      State::Run(_) => self.skip_assignments(id, cause),
      State::Pending(_)
      | State::Begun
      | State::Each(_)
      | State::Repeat(_)
      | State::Choice
      | State::Guarding
      | State::Handling => {}
    }
  }

  pub(super) fn cancel_children(&mut self, id: InstanceId, loss: &Loss) {
    let Some(instance) = self.instances.get(id) else { return };
    let children = instance.children.values();
    self.work.extend(children.map(|child| Work::Cancel {
      instance: *child,
      loss: loss.clone(),
    }));
  }

  /// Closes a lost instance in which nothing runs any longer.
  pub(super) fn settle(&mut self, id: InstanceId) {
    let Some(instance) = self.instances.get_mut(id) else {
      return;
    };
    let runs = matches!(&instance.state, State::Leaf(leaf) if leaf.runs());
    if !runs && instance.children.is_empty() && instance.loss.is_some() {
      self.close(id);
    }
  }

  /// A child of a lost instance ended.
  pub(super) fn note_end(&mut self, id: InstanceId, end: End) {
    let loss = self.instances.get_mut(id).and_then(|instance| instance.loss.as_mut());
    if let Some(loss) = loss {
      match end {
        End::Failed(failure) => loss.late.add(&failure),
        End::Cancelled(late) => {
          loss.late.causes.extend(late.causes);
          loss.late.undo_failed.extend(late.undo_failed);
        }
        End::Succeeded(_) | End::Skipped => {}
      }
    }
    self.settle(id);
  }

  /// Ends an instance as another inside it ended.
  pub(super) fn pass_on(&mut self, id: InstanceId, end: End) {
    match end {
      End::Succeeded(value) => self.succeed(id, value),
      End::Failed(failure) => self.lose(id, Loss::failed(failure)),
      End::Skipped | End::Cancelled(_) => self.lose(id, Loss::outside("".into())),
    }
  }

  /// The one place where instances end.
  pub(super) fn finish(&mut self, id: InstanceId, end: End, cause: Arc<str>) {
    if let End::Succeeded(value) = &end {
      self.hand_on(id, value);
    }
    let Some(instance) = self.instances.remove(id) else {
      return;
    };
    if let Some(timer) = instance.deadline {
      self.clear_timer(timer);
    }
    self.close_budget(id);
    let taken = self.record_end(&instance, &end, cause);
    if let (Some(Taker::Tolerate), Some(parent)) = (taken, instance.parent) {
      self.with(parent, |group| {
        if let State::Each(each) = &mut group.state {
          each.announce();
        }
      });
    }
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

  /// What took its failure.
  fn record_end(&mut self, instance: &Instance, end: &End, cause: Arc<str>) -> Option<Taker> {
    if matches!(instance.slot, Slot::Root | Slot::Wrapped) {
      return None;
    }
    let path = instance.path.clone();
    let mut taken = None;
    self.record(match end {
      // the `repeat` says how it went on
      End::Succeeded(_) if matches!(instance.slot, Slot::Iteration(_)) => return None,
      End::Succeeded(value) => {
        let journaled = matches!(self.layout.node(instance.node).body, Body::Work(_));
        let value = (!journaled).then(|| Digest::of(value));
        Event::StepSucceeded { path, value }
      }
      End::Failed(failure) => {
        let failure = failure.clone();
        taken = self.taker(instance);
        match taken {
          Some(by) => Event::FailureTaken { path, by, failure },
          None => Event::StepFailed { path, failure },
        }
      }
      End::Skipped if self.is_dropped(instance) => Event::NotTaken { path },
      End::Skipped => Event::StepSkipped { path, cause },
      End::Cancelled(_) => Event::StepCancelled { path, cause },
    });
    taken
  }

  /// What keeps its failure from going further: the `each` or `run` that it is an instance of, or the scope that it
  /// closes.
  fn taker(&self, instance: &Instance) -> Option<Taker> {
    let parent = instance.parent.and_then(|parent| self.instances.get(parent));
    let group = || parent.filter(|parent| parent.loss.is_none());
    match instance.slot {
      Slot::Item(_) => match group()? {
        Instance {
          node,
          state: State::Each(each),
          ..
        } => each.announces(self.layout.node(*node)),
        _ => None,
      },
      Slot::Assignment(_) => match &self.layout.node(group()?.node).body {
        Body::Run(run) => run.collect.then_some(Taker::Collect),
        _ => None,
      },
      slot => slot.ending(),
    }
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
  /// Whether it succeeds as what runs inside does, although it was ended from outside: a call with `undo` was let run to
  /// its end.
  pub fn passes_on(&self, end: &End) -> bool {
    let outside = self.loss.as_ref().is_some_and(|loss| loss.failure.is_none());
    let passes = matches!(
      self.state,
      State::Choice | State::Guarding | State::Handling | State::Repeat(_)
    );
    outside && passes && !matches!(self.slot, Slot::Item(_)) && matches!(end, End::Succeeded(_))
  }

  /// Whether anything of it ran or began.
  pub fn started(&self) -> bool {
    match &self.state {
      State::Pending(_) | State::Delayed { .. } | State::Begun => false,
      State::Leaf(leaf) => leaf.has_started(),
      _ => true,
    }
  }
}
