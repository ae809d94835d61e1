//! What lives while a run runs: instances of nodes, linked to their parents, dropped when they end. Knows nothing of
//! what makes them move.

use std::{
  collections::{BTreeMap, HashMap},
  sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
  attempt::Message,
  closing::Ends,
  each::EachState,
  event::{Taker, TimerId},
  exchange::Child,
  layout::NodeId,
  leaf::Leaf,
  loss::Loss,
  plan::PlanState,
  repeat::RepeatState,
  scope::BlockState,
};
use crate::{
  eval,
  hir::LocalId,
  value::{Cause, Failure, Value},
};

/// A key of [`Instances`]; never means another instance once its own is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct InstanceId {
  index: u32,
  generation: u32,
}

pub(super) type Locals = HashMap<LocalId, Value>;

/// A node that is pending with edges of its own, ready or running.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Instance {
  pub node: NodeId,
  /// `None`: the run's orchestrator.
  pub parent: Option<InstanceId>,
  pub slot: Slot,
  pub path: Arc<str>,
  /// Names bound here; others are looked up in the parent.
  pub locals: Locals,
  /// The body of an orchestrator: the parent's names are not in scope.
  pub sealed: bool,
  pub deadline: Option<TimerId>,
  /// Set once it is clear that it will not succeed; it ends when nothing of it runs any longer.
  pub loss: Option<Loss>,
  /// By slot.
  pub children: BTreeMap<Slot, InstanceId>,
  /// What is called once it, or the scope around it, is over.
  pub ends: Option<Box<Ends>>,
  pub state: State,
}

/// What an instance is to its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Slot {
  Root,
  /// By index into the block's steps.
  Step(usize),
  /// By index into the items of an `each`.
  Item(usize),
  /// By index into the assignments of a plan.
  Assignment(usize),
  /// By number of the iteration of a `repeat`, from 0.
  Iteration(u64),
  /// An arm, a fallback, the `else` of a `repeat`.
  Arm,
  /// What a handler wraps: it has the handler's path, so its end is not an event of its own.
  Wrapped,
  /// Calls of a scope that is over.
  Undo,
  Finally,
  OnFailure,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum State {
  /// Waits for so many steps of enclosing blocks.
  Pending(usize),
  /// Waits out its `delay`.
  Delayed {
    timer: TimerId,
    /// Of a call of a worker.
    message: Option<Arc<Message>>,
  },
  /// Between two states; ends or changes before the work at hand is over.
  Begun,
  Leaf(Box<Leaf>),
  Block(Box<BlockState>),
  Each(Box<EachState>),
  Repeat(Box<RepeatState>),
  /// Waits for a run of its own to be remembered.
  Dispatching(Box<Child>),
  Run(Box<PlanState>),
  /// Its taken arm runs.
  Choice,
  /// What an `attempt` or `catch` wraps runs.
  Guarding,
  /// The fallback of a `catch` runs.
  Handling,
}

/// How an instance ended.
#[derive(Debug)]
pub(super) enum End {
  Succeeded(Value),
  Failed(Arc<Failure>),
  /// Never started.
  Skipped,
  /// Ended from outside.
  Cancelled(Late),
}

/// What failed in an instance after it was clear that it would not succeed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Late {
  pub causes: Vec<Cause>,
  /// Paths of `undo` and `finally` calls.
  pub undo_failed: Vec<Arc<str>>,
}

impl Slot {
  /// What takes the failure of a call that a scope makes when it is over.
  pub fn ending(self) -> Option<Taker> {
    match self {
      Slot::Undo => Some(Taker::Undo),
      Slot::Finally => Some(Taker::Finally),
      Slot::OnFailure => Some(Taker::OnFailure),
      _ => None,
    }
  }
}

impl Instance {
  /// Whether names, `undo` and `finally` of what is inside belong to it.
  pub fn is_scope(&self) -> bool {
    let own = matches!(self.slot, Slot::Root | Slot::Item(_)) || self.slot.ending().is_some();
    own || matches!(self.state, State::Block(_) | State::Run(_))
  }
}

/// A slab: ids are reused with another generation.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Instances {
  entries: Vec<(u32, Option<Instance>)>,
  free: Vec<u32>,
}

impl Instances {
  pub fn insert(&mut self, instance: Instance) -> InstanceId {
    let index = self.free.pop().unwrap_or_else(|| {
      self.entries.push((0, None));
      u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
    });
    let entry = &mut self.entries[index as usize];
    entry.1 = Some(instance);
    InstanceId {
      index,
      generation: entry.0,
    }
  }

  /// How many there are.
  #[cfg(test)]
  pub fn live(&self) -> usize {
    self.entries.len() - self.free.len()
  }

  /// How many lived at once at most.
  #[cfg(test)]
  pub fn peak(&self) -> usize {
    self.entries.len()
  }

  pub fn remove(&mut self, id: InstanceId) -> Option<Instance> {
    let entry = self.entries.get_mut(id.index as usize)?;
    if entry.0 != id.generation {
      return None;
    }
    let instance = entry.1.take()?;
    entry.0 = entry.0.wrapping_add(1);
    self.free.push(id.index);
    Some(instance)
  }

  pub fn get(&self, id: InstanceId) -> Option<&Instance> {
    let entry = self.entries.get(id.index as usize)?;
    entry.1.as_ref().filter(|_| entry.0 == id.generation)
  }

  pub fn get_mut(&mut self, id: InstanceId) -> Option<&mut Instance> {
    let entry = self.entries.get_mut(id.index as usize)?;
    entry.1.as_mut().filter(|_| entry.0 == id.generation)
  }

  /// The instance and those around it, innermost first.
  pub fn around(&self, id: InstanceId) -> impl Iterator<Item = (InstanceId, &Instance)> {
    let first = self.get(id).map(|instance| (id, instance));
    std::iter::successors(first, |(_, instance)| {
      let parent = instance.parent?;
      Some((parent, self.get(parent)?))
    })
  }

  /// The names in scope in an instance.
  pub fn names(&self, id: InstanceId) -> Names<'_> {
    Names { instances: self, id }
  }
}

/// A few names, and those around them.
pub(super) struct Within<'a> {
  pub locals: &'a Locals,
  pub around: Names<'a>,
}

impl eval::Scope for Within<'_> {
  fn local(&self, local: LocalId) -> Option<Value> {
    self.locals.get(&local).cloned().or_else(|| self.around.local(local))
  }
}

pub(super) struct Names<'a> {
  instances: &'a Instances,
  id: InstanceId,
}

impl eval::Scope for Names<'_> {
  fn local(&self, local: LocalId) -> Option<Value> {
    for (_, instance) in self.instances.around(self.id) {
      if let Some(value) = instance.locals.get(&local) {
        return Some(value.clone());
      }
      if instance.sealed {
        return None;
      }
    }
    None
  }
}
