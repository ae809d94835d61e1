//! The gate: one gatekeeper for all runs of a process, and a seat at it for each. Knows no clock; time is told to it.

mod breaker;
mod gatekeeper;
#[cfg(test)]
mod tests;

use std::{
  collections::{BTreeMap, BTreeSet},
  fmt,
  sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use breaker::{Health, Position, Rule, State};
pub use gatekeeper::{Circuit, Decisions, Gatekeeper, Move, Need, Needs};

use super::event::ExecutionId;

/// Cheap to clone; clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Mutex<Shared>>);

#[derive(Debug, Default)]
struct Shared {
  keeper: Gatekeeper<Ticket>,
  /// The latest time that it was told: clocks of two runs may differ a little.
  now: i64,
  next: u64,
  desks: BTreeMap<u64, Desk>,
}

/// An execution of the run with this seat.
type Ticket = (u64, ExecutionId);

/// What a run has at the gate.
struct Desk {
  wake: Box<dyn Fn() + Send>,
  /// Decided while another run looked.
  admitted: BTreeSet<ExecutionId>,
  refused: BTreeSet<ExecutionId>,
  /// All that it asked for and did not give back.
  open: BTreeSet<ExecutionId>,
}

/// One run's place at the gate. When dropped, all that it holds is given back.
#[derive(Debug)]
pub struct Seat {
  gate: Gate,
  number: u64,
}

impl Gate {
  /// `wake` is called, from wherever, when something was decided for this run or something came free.
  pub fn sit(&self, wake: impl Fn() + Send + 'static) -> Seat {
    let mut shared = self.locked();
    let number = shared.next;
    shared.next += 1;
    let desk = Desk {
      wake: Box::new(wake),
      admitted: BTreeSet::new(),
      refused: BTreeSet::new(),
      open: BTreeSet::new(),
    };
    shared.desks.insert(number, desk);
    drop(shared);
    Seat {
      gate: self.clone(),
      number,
    }
  }

  /// The breakers as they were left; those that are known here already stay as they are.
  pub fn restore(&self, states: impl IntoIterator<Item = (Arc<str>, State)>) {
    let mut shared = self.locked();
    states
      .into_iter()
      .for_each(|(key, state)| shared.keeper.restore(key, state));
  }

  /// The breakers whose state changed since the last time, to be kept.
  pub fn take_changed(&self) -> Vec<(Arc<str>, State)> {
    self.locked().keeper.take_changed()
  }

  fn locked(&self) -> MutexGuard<'_, Shared> {
    self.0.lock().unwrap_or_else(PoisonError::into_inner)
  }
}

impl Seat {
  pub fn gate(&self) -> &Gate {
    &self.gate
  }

  pub fn ask(&self, execution: ExecutionId, needs: Needs) {
    self.with(execution, |keeper, ticket| keeper.ask(ticket, needs));
  }

  pub fn started(&self, need: &Need, starts: impl IntoIterator<Item = i64>) {
    self.gate.locked().keeper.started(need, starts);
  }

  /// It has ended, or need no longer be admitted, even if it was in the meantime.
  pub fn give_back(&self, execution: ExecutionId) {
    let mut shared = self.gate.locked();
    shared.keeper.withdraw((self.number, execution));
    if let Some(desk) = shared.desks.get_mut(&self.number) {
      desk.forget(execution);
    }
  }

  /// How an execution ended, at this time on the wall clock.
  pub fn settle(&self, execution: ExecutionId, health: Health, now: i64) -> Option<Move> {
    let mut shared = self.gate.locked();
    let now = shared.later(now);
    shared.keeper.settle((self.number, execution), health, now)
  }

  /// What is decided for this run; others are woken. `now` is in milliseconds of the Unix epoch.
  pub fn poll(&self, now: i64) -> Decisions<ExecutionId> {
    let mut shared = self.gate.locked();
    let now = shared.later(now);
    let decided = shared.keeper.poll(now);
    shared.deliver(&decided, self.number);
    let own = shared.desks.get_mut(&self.number).map(|desk| {
      let admitted = std::mem::take(&mut desk.admitted);
      (admitted, std::mem::take(&mut desk.refused))
    });
    let (admitted, refused) = own.unwrap_or_default();
    Decisions {
      admitted: admitted.into_iter().collect(),
      refused: refused.into_iter().collect(),
      wake: decided.wake,
    }
  }

  fn with(&self, execution: ExecutionId, act: impl FnOnce(&mut Gatekeeper<Ticket>, Ticket)) {
    let mut shared = self.gate.locked();
    if let Some(desk) = shared.desks.get_mut(&self.number) {
      desk.open.insert(execution);
    }
    act(&mut shared.keeper, (self.number, execution));
  }
}

impl Drop for Seat {
  fn drop(&mut self) {
    let mut shared = self.gate.locked();
    let Some(desk) = shared.desks.remove(&self.number) else {
      return;
    };
    for execution in desk.open {
      shared.keeper.withdraw((self.number, execution));
    }
    shared.desks.values().for_each(|desk| (desk.wake)());
  }
}

impl Shared {
  fn later(&mut self, now: i64) -> i64 {
    self.now = self.now.max(now);
    self.now
  }

  fn deliver(&mut self, decided: &Decisions<Ticket>, here: u64) {
    let mut woken = BTreeSet::new();
    for (seat, execution) in &decided.admitted {
      if let Some(desk) = self.desks.get_mut(seat) {
        desk.admitted.insert(*execution);
        woken.insert(*seat);
      }
    }
    for (seat, execution) in &decided.refused {
      if let Some(desk) = self.desks.get_mut(seat) {
        desk.refused.insert(*execution);
        woken.insert(*seat);
      }
    }
    woken.remove(&here);
    let woken = woken.iter().filter_map(|seat| self.desks.get(seat));
    woken.for_each(|desk| (desk.wake)());
  }
}

impl Desk {
  fn forget(&mut self, execution: ExecutionId) {
    if self.open.remove(&execution) {
      self.admitted.remove(&execution);
      self.refused.remove(&execution);
    }
  }
}

impl fmt::Debug for Desk {
  fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.debug_struct("Desk").field("open", &self.open).finish_non_exhaustive()
  }
}
