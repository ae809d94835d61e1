//! The gatekeeper: decides in one look which waiting execution may start, for everything that shares limits and
//! breakers. Pure; time is told to it. Knows nothing of runs and steps.
//!
//! An execution that asks is first looked at by its breaker: an open one refuses it. Each shared thing has the queue of
//! those who wait for it, in order of asking. Whoever heads the queue of everything that it needs, and finds a slot and
//! a token at each, is admitted. So nobody passes an earlier one with whom it shares anything, and nobody waits for one
//! with whom it shares nothing. Only heads are ever looked at: those whose turn may have come are candidates.

use std::{
  collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
  hash::Hash,
  sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::breaker::{Breaker, Epoch, Health, Look, Position, Rule, State};

/// One thing that an execution shares with others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
  /// What is shared: needs with the same key share slots and tokens.
  pub key: Arc<str>,
  /// At most so many at once; at least 1.
  pub concurrent: Option<u64>,
  /// At most so many starts in any window of so many milliseconds.
  pub rate: Option<(u64, i64)>,
}

/// The breaker that an execution passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circuit {
  /// The same for all executions of one worker, in every run.
  pub key: Arc<str>,
  pub worker: Arc<str>,
  pub rule: Rule,
}

/// All that an execution needs before it may start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
  /// Each of another key.
  pub shared: Vec<Need>,
  pub circuit: Option<Circuit>,
}

/// What a look at the clock gave. Each list is in order of asking.
#[derive(Debug, PartialEq, Eq)]
pub struct Decisions<T> {
  pub admitted: Vec<T>,
  /// By an open breaker.
  pub refused: Vec<T>,
  /// When a token comes free for somebody who waits for nothing else.
  pub wake: Option<i64>,
}

/// A breaker is somewhere else now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
  pub worker: Arc<str>,
  pub from: Position,
  pub to: Position,
}

/// `T` stands for one execution of one run.
#[derive(Debug)]
pub struct Gatekeeper<T> {
  next: u64,
  keys: HashMap<Arc<str>, Key>,
  waiting: BTreeMap<u64, Waiter<T>>,
  numbers: HashMap<T, u64>,
  /// Who was admitted and has not ended.
  holding: HashMap<T, Held>,
  candidates: BTreeSet<u64>,
  circuits: HashMap<Arc<str>, Guarded>,
  /// Waiters whose breaker has not looked at them.
  fresh: BTreeSet<u64>,
  /// By a breaker that opened since the last look, by number.
  refused: BTreeMap<u64, T>,
  /// Breakers whose state changed since it was last taken.
  changed: BTreeSet<Arc<str>>,
}

#[derive(Debug)]
struct Waiter<T> {
  ticket: T,
  needs: Needs,
  /// It is its breaker's probe.
  probe: bool,
}

#[derive(Debug)]
struct Held {
  shared: Vec<Need>,
  /// Until its breaker was told how it ended.
  circuit: Option<(Circuit, Epoch)>,
}

#[derive(Debug, Default)]
struct Guarded {
  breaker: Breaker,
  /// Numbers of those whom it let pass and who wait for something else.
  passed: BTreeSet<u64>,
}

#[derive(Debug, Default)]
struct Key {
  /// Numbers of waiters.
  queue: BTreeSet<u64>,
  held: u64,
  /// Times of the latest starts, as many as the rate allows in a window.
  starts: VecDeque<i64>,
}

/// Whether a waiter's turn has come.
enum Verdict {
  Admit,
  /// Looked at again when somebody ahead is admitted or a slot is given back.
  Wait,
  /// Nothing but a token is missing, which is there at this time.
  Until(i64),
}

impl<T> Default for Gatekeeper<T> {
  fn default() -> Self {
    Self {
      next: 0,
      keys: HashMap::new(),
      waiting: BTreeMap::new(),
      numbers: HashMap::new(),
      holding: HashMap::new(),
      candidates: BTreeSet::new(),
      circuits: HashMap::new(),
      fresh: BTreeSet::new(),
      refused: BTreeMap::new(),
      changed: BTreeSet::new(),
    }
  }
}

impl<T: Copy + Eq + Hash> Gatekeeper<T> {
  /// `ticket` is ready to start once its needs are met.
  pub fn ask(&mut self, ticket: T, needs: Needs) {
    let number = self.next;
    self.next += 1;
    for need in &needs.shared {
      self.keys.entry(need.key.clone()).or_default().queue.insert(number);
    }
    if needs.circuit.is_some() {
      self.fresh.insert(number);
    }
    self.numbers.insert(ticket, number);
    let probe = false;
    self.waiting.insert(number, Waiter { ticket, needs, probe });
    self.candidates.insert(number);
  }

  /// So much was started under a rate before, in milliseconds of the clock, the first one first.
  pub fn started(&mut self, need: &Need, starts: impl IntoIterator<Item = i64>) {
    let key = self.keys.entry(need.key.clone()).or_default();
    starts.into_iter().for_each(|start| key.take_token(need.rate, start));
  }

  /// `ticket` no longer wants to start; one that was admitted gives its slots back.
  pub fn withdraw(&mut self, ticket: T) {
    let Some(number) = self.numbers.remove(&ticket) else {
      return self.release(ticket);
    };
    self.refused.remove(&number);
    self.dismiss(number);
  }

  /// How an execution ended, before it is released: whether its breaker moves.
  pub fn settle(&mut self, ticket: T, health: Health, now: i64) -> Option<Move> {
    let (circuit, epoch) = self.holding.get_mut(&ticket)?.circuit.take()?;
    let guarded = self.circuits.get_mut(&circuit.key)?;
    let before = guarded.breaker.state;
    guarded.breaker.settle(epoch, health, now, circuit.rule);
    let after = guarded.breaker.state;
    if before == after {
      return None;
    }
    self.changed.insert(circuit.key.clone());
    if after.position() == Position::Open {
      for number in std::mem::take(&mut guarded.passed) {
        self.refuse(number);
      }
    }
    (before.position() != after.position()).then(|| Move {
      worker: circuit.worker,
      from: before.position(),
      to: after.position(),
    })
  }

  /// The execution has ended.
  pub fn release(&mut self, ticket: T) {
    self.settle(ticket, Health::Unknown, 0);
    let shared = self.holding.remove(&ticket).map(|held| held.shared);
    for need in shared.unwrap_or_default() {
      if let Some(key) = self.keys.get_mut(&need.key) {
        key.held = key.held.saturating_sub(1);
        self.candidates.extend(key.queue.first());
      }
    }
  }

  /// Decides on everybody whose turn has come. `now` is in milliseconds and never goes back.
  pub fn poll(&mut self, now: i64) -> Decisions<T> {
    while let Some(number) = self.fresh.pop_first() {
      self.look(number, now);
    }
    let refused: Vec<T> = std::mem::take(&mut self.refused).into_values().collect();
    refused.iter().for_each(|ticket| _ = self.numbers.remove(ticket));
    let mut admitted = Vec::new();
    let mut wake: Option<i64> = None;
    let mut parked = Vec::new();
    while let Some(number) = self.candidates.pop_first() {
      match self.verdict(number, now) {
        Verdict::Admit => admitted.extend(self.admit(number, now)),
        Verdict::Wait => {}
        Verdict::Until(time) => {
          parked.push(number);
          wake = Some(wake.map_or(time, |earlier| earlier.min(time)));
        }
      }
    }
    self.candidates.extend(parked);
    Decisions {
      admitted,
      refused,
      wake,
    }
  }

  /// A breaker is in this state; one that is known already stays as it is.
  pub fn restore(&mut self, key: Arc<str>, state: State) {
    self.circuits.entry(key).or_insert_with(|| Guarded {
      breaker: state.into(),
      passed: BTreeSet::new(),
    });
  }

  /// The states that changed since the last time.
  pub fn take_changed(&mut self) -> Vec<(Arc<str>, State)> {
    let changed = std::mem::take(&mut self.changed);
    let state = |key: Arc<str>| self.circuits.get(&key).map(|guarded| (key, guarded.breaker.state));
    changed.into_iter().filter_map(state).collect()
  }

  fn guarded(&mut self, key: &Arc<str>) -> &mut Guarded {
    self.circuits.entry(key.clone()).or_default()
  }

  fn look(&mut self, number: u64, now: i64) {
    let Some(waiter) = self.waiting.get_mut(&number) else {
      return;
    };
    let Some(circuit) = &waiter.needs.circuit else { return };
    let guarded = self.circuits.entry(circuit.key.clone()).or_default();
    match guarded.breaker.look(now, circuit.rule) {
      Look::Pass => _ = guarded.passed.insert(number),
      Look::Probe => waiter.probe = true,
      Look::Refuse => self.refuse(number),
    }
  }

  /// Keeps its number until it is told.
  fn refuse(&mut self, number: u64) {
    if let Some(ticket) = self.dismiss(number) {
      self.refused.insert(number, ticket);
      self.numbers.insert(ticket, number);
    }
  }

  fn verdict(&self, number: u64, now: i64) -> Verdict {
    let Some(waiter) = self.waiting.get(&number) else {
      return Verdict::Wait;
    };
    let mut token = now;
    for need in &waiter.needs.shared {
      let Some(key) = self.keys.get(&need.key) else { continue };
      if key.queue.first() != Some(&number) || need.concurrent.is_some_and(|slots| key.held >= slots) {
        return Verdict::Wait;
      }
      token = token.max(key.next_token(need.rate).unwrap_or(now));
    }
    if token > now {
      Verdict::Until(token)
    } else {
      Verdict::Admit
    }
  }

  fn admit(&mut self, number: u64, now: i64) -> Option<T> {
    let Waiter { ticket, needs, .. } = self.leave(number)?;
    for need in &needs.shared {
      if let Some(key) = self.keys.get_mut(&need.key) {
        key.held += 1;
        key.take_token(need.rate, now);
      }
    }
    let circuit = needs.circuit.map(|circuit| {
      let epoch = self.guarded(&circuit.key).breaker.epoch();
      (circuit, epoch)
    });
    let shared = needs.shared;
    self.holding.insert(ticket, Held { shared, circuit });
    Some(ticket)
  }

  /// A waiter goes without having been admitted.
  fn dismiss(&mut self, number: u64) -> Option<T> {
    let waiter = self.leave(number)?;
    if let (true, Some(circuit)) = (waiter.probe, &waiter.needs.circuit) {
      self.guarded(&circuit.key).breaker.forget_probe();
    }
    Some(waiter.ticket)
  }

  /// A waiter waits no longer.
  fn leave(&mut self, number: u64) -> Option<Waiter<T>> {
    let waiter = self.waiting.remove(&number)?;
    self.numbers.remove(&waiter.ticket);
    self.candidates.remove(&number);
    self.fresh.remove(&number);
    for need in &waiter.needs.shared {
      if let Some(key) = self.keys.get_mut(&need.key) {
        key.queue.remove(&number);
        self.candidates.extend(key.queue.first());
      }
    }
    if let Some(circuit) = &waiter.needs.circuit {
      self.guarded(&circuit.key).passed.remove(&number);
    }
    Some(waiter)
  }
}

impl Key {
  /// When the next start is allowed; `None`: at any time.
  fn next_token(&self, rate: Option<(u64, i64)>) -> Option<i64> {
    let (starts, window) = rate?;
    let excess = self
      .starts
      .len()
      .checked_sub(usize::try_from(starts).unwrap_or(usize::MAX))?;
    self.starts.get(excess).map(|start| start.saturating_add(window))
  }

  fn take_token(&mut self, rate: Option<(u64, i64)>, now: i64) {
    let Some((starts, _)) = rate else { return };
    self.starts.push_back(now);
    while self.starts.len() as u64 > starts {
      self.starts.pop_front();
    }
  }
}
