//! The gatekeeper: decides which waiting execution may start, for everything that shares limits. Pure; time is told to
//! it. Knows nothing of runs and steps.
//!
//! Each key has the queue of those who wait for it, in order of asking. Whoever heads the queue of every key that it
//! needs, and finds a slot and a token at each, is admitted. So nobody passes an earlier one with whom it shares a
//! key, and nobody waits for one with whom it shares none. Only heads are ever looked at: those whose turn may have
//! come are candidates.

use std::{
  collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
  hash::Hash,
  sync::Arc,
};

/// One thing that an execution needs before it may start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
  /// What is shared: needs with the same key share slots and tokens.
  pub key: Arc<str>,
  /// At most so many at once; at least 1.
  pub concurrent: Option<u64>,
  /// At most so many starts in any window of so many milliseconds.
  pub rate: Option<(u64, i64)>,
}

/// What a look at the clock gave.
#[derive(Debug, PartialEq, Eq)]
pub struct Admissions<T> {
  /// In order of asking.
  pub admitted: Vec<T>,
  /// When a token comes free for somebody who waits for nothing else.
  pub wake: Option<i64>,
}

/// `T` stands for one execution of one run.
#[derive(Debug)]
pub struct Gatekeeper<T> {
  next: u64,
  keys: HashMap<Arc<str>, Key>,
  waiting: BTreeMap<u64, Waiter<T>>,
  numbers: HashMap<T, u64>,
  /// Who holds a slot of what.
  holding: HashMap<T, Vec<Need>>,
  candidates: BTreeSet<u64>,
}

#[derive(Debug)]
struct Waiter<T> {
  ticket: T,
  needs: Vec<Need>,
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
    }
  }
}

impl<T: Copy + Eq + Hash> Gatekeeper<T> {
  /// `ticket` is ready to start once its needs, each of another key, are met.
  pub fn ask(&mut self, ticket: T, needs: Vec<Need>) {
    let number = self.next;
    self.next += 1;
    for need in &needs {
      self.keys.entry(need.key.clone()).or_default().queue.insert(number);
    }
    self.numbers.insert(ticket, number);
    self.waiting.insert(number, Waiter { ticket, needs });
    self.candidates.insert(number);
  }

  /// `ticket` runs already, by an admission of old: its slots are taken, whether or not they are free.
  pub fn hold(&mut self, ticket: T, needs: Vec<Need>) {
    for need in &needs {
      self.keys.entry(need.key.clone()).or_default().held += 1;
    }
    self.holding.insert(ticket, needs);
  }

  /// `ticket` no longer wants to start; one that was admitted gives its slots back.
  pub fn withdraw(&mut self, ticket: T) {
    let Some(number) = self.numbers.remove(&ticket) else {
      return self.release(ticket);
    };
    if let Some(waiter) = self.waiting.remove(&number) {
      self.leave_queues(number, &waiter.needs);
    }
    self.candidates.remove(&number);
  }

  /// The execution has ended.
  pub fn release(&mut self, ticket: T) {
    for need in self.holding.remove(&ticket).unwrap_or_default() {
      if let Some(key) = self.keys.get_mut(&need.key) {
        key.held = key.held.saturating_sub(1);
        self.candidates.extend(key.queue.first());
      }
    }
  }

  /// Admits everybody whose turn has come. `now` is in milliseconds and never goes back.
  pub fn poll(&mut self, now: i64) -> Admissions<T> {
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
    Admissions { admitted, wake }
  }

  fn verdict(&self, number: u64, now: i64) -> Verdict {
    let Some(waiter) = self.waiting.get(&number) else {
      return Verdict::Wait;
    };
    let mut token = now;
    for need in &waiter.needs {
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
    let Waiter { ticket, needs } = self.waiting.remove(&number)?;
    self.numbers.remove(&ticket);
    for need in &needs {
      if let Some(key) = self.keys.get_mut(&need.key) {
        key.held += 1;
        key.take_token(need.rate, now);
      }
    }
    self.leave_queues(number, &needs);
    self.holding.insert(ticket, needs);
    Some(ticket)
  }

  fn leave_queues(&mut self, number: u64, needs: &[Need]) {
    for need in needs {
      if let Some(key) = self.keys.get_mut(&need.key) {
        key.queue.remove(&number);
        self.candidates.extend(key.queue.first());
      }
    }
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

#[cfg(test)]
mod tests {
  use proptest::prelude::*;

  use super::*;

  fn slots(key: &str, concurrent: u64) -> Need {
    Need {
      key: key.into(),
      concurrent: Some(concurrent),
      rate: None,
    }
  }

  fn rate(key: &str, starts: u64, window: i64) -> Need {
    Need {
      key: key.into(),
      concurrent: None,
      rate: Some((starts, window)),
    }
  }

  #[test]
  fn an_earlier_waiter_is_passed_only_without_a_shared_key() {
    let mut gate = Gatekeeper::default();
    gate.ask(0, vec![slots("x", 1)]);
    gate.ask(1, vec![slots("x", 1), slots("y", 1)]);
    gate.ask(2, vec![slots("y", 1)]);
    gate.ask(3, vec![slots("z", 1)]);
    gate.ask(4, vec![]);
    assert_eq!(gate.poll(0).admitted, [0, 3, 4]);
    gate.release(0);
    assert_eq!(gate.poll(0).admitted, [1]);
    gate.release(1);
    assert_eq!(gate.poll(0).admitted, [2]);
  }

  #[test]
  fn a_withdrawn_waiter_lets_the_next_pass() {
    let mut gate = Gatekeeper::default();
    gate.ask(0, vec![slots("x", 1)]);
    gate.ask(1, vec![slots("x", 1), slots("y", 1)]);
    gate.ask(2, vec![slots("y", 1)]);
    assert_eq!(gate.poll(0).admitted, [0]);
    gate.withdraw(1);
    assert_eq!(gate.poll(0).admitted, [2]);
    gate.withdraw(0);
    gate.ask(5, vec![slots("x", 1)]);
    assert_eq!(gate.poll(0).admitted, [5], "one that was admitted gave its slot back");
  }

  #[test]
  fn a_rate_holds_in_every_window() {
    let mut gate = Gatekeeper::default();
    (0..5).for_each(|ticket| gate.ask(ticket, vec![rate("r", 2, 1000)]));
    let expect = |admitted: &[i32], wake| Admissions {
      admitted: admitted.to_vec(),
      wake,
    };
    assert_eq!(gate.poll(100), expect(&[0, 1], Some(1100)));
    assert_eq!(gate.poll(1099), expect(&[], Some(1100)));
    assert_eq!(gate.poll(1100), expect(&[2, 3], Some(2100)));
    assert_eq!(gate.poll(2100), expect(&[4], None));
  }

  #[test]
  fn a_hundred_thousand_waiters_are_no_burden() {
    let mut gate = Gatekeeper::default();
    (0..100_000).for_each(|ticket| gate.ask(ticket, vec![slots("x", 8), slots("y", 10)]));
    let mut order = gate.poll(0).admitted;
    let mut done = 0;
    while done < order.len() {
      gate.release(order[done]);
      done += 1;
      order.extend(gate.poll(0).admitted);
    }
    assert_eq!(order, (0..100_000).collect::<Vec<_>>());
  }

  #[derive(Clone, Debug)]
  enum Move {
    Ask(Vec<usize>),
    Release(prop::sample::Index),
    Withdraw(prop::sample::Index),
    Wait(i64),
  }

  fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
      4 => prop::collection::btree_set(0..4usize, 0..4).prop_map(|keys| Move::Ask(keys.into_iter().collect())),
      3 => any::<prop::sample::Index>().prop_map(Move::Release),
      1 => any::<prop::sample::Index>().prop_map(Move::Withdraw),
      1 => (0..50i64).prop_map(Move::Wait),
    ];
    prop::collection::vec(one, 1..120)
  }

  /// The same rules, said naively: whoever waits is looked at in order of asking.
  #[derive(Default)]
  struct Model {
    waiting: Vec<(u32, Vec<usize>)>,
    running: Vec<(u32, Vec<usize>)>,
    starts: Vec<i64>,
  }

  const SLOTS: [u64; 4] = [1, 2, 3, 100];

  fn need(key: usize) -> Need {
    Need {
      key: key.to_string().into(),
      concurrent: (key < 3).then_some(SLOTS[key]),
      rate: (key == 3).then_some((2, 20)),
    }
  }

  impl Model {
    fn poll(&mut self, now: i64) -> Vec<u32> {
      let mut admitted = Vec::new();
      let mut taken: Vec<usize> = Vec::new();
      let mut at = 0;
      while at < self.waiting.len() {
        let keys = &self.waiting[at].1;
        let blocked = keys.iter().any(|key| taken.contains(key) || !self.free(*key, now));
        taken.extend(if blocked { keys.clone() } else { vec![] });
        if blocked {
          at += 1;
          continue;
        }
        let (ticket, keys) = self.waiting.remove(at);
        self.starts.extend(keys.contains(&3).then_some(now));
        self.running.push((ticket, keys));
        admitted.push(ticket);
      }
      admitted
    }

    fn free(&self, key: usize, now: i64) -> bool {
      if key == 3 {
        return self.starts.iter().filter(|start| **start + 20 > now).count() < 2;
      }
      let held = self.running.iter().filter(|(_, keys)| keys.contains(&key)).count();
      (held as u64) < SLOTS[key]
    }
  }

  proptest! {
    #[test]
    fn it_admits_whom_the_naive_rules_admit(moves in moves()) {
      let (mut gate, mut model, mut now) = (Gatekeeper::default(), Model::default(), 0);
      for (ticket, action) in (0..).zip(moves) {
        match action {
          Move::Ask(keys) => {
            gate.ask(ticket, keys.iter().map(|key| need(*key)).collect());
            model.waiting.push((ticket, keys));
          }
          Move::Release(at) if !model.running.is_empty() => {
            gate.release(model.running.remove(at.index(model.running.len())).0);
          }
          Move::Withdraw(at) if !model.waiting.is_empty() => {
            gate.withdraw(model.waiting.remove(at.index(model.waiting.len())).0);
          }
          Move::Wait(time) => now += time,
          _ => {}
        }
        let mut expected = model.poll(now);
        let mut admitted = gate.poll(now).admitted;
        expected.sort_unstable();
        admitted.sort_unstable();
        prop_assert_eq!(admitted, expected);
      }
    }

    #[test]
    fn nobody_starves(moves in moves()) {
      let mut gate = Gatekeeper::default();
      let mut asked = 0;
      for (ticket, action) in (0..).zip(moves) {
        if let Move::Ask(keys) = action {
          gate.ask(ticket, keys.iter().map(|key| need(*key)).collect());
          asked += 1;
        }
      }
      let (mut now, mut count) = (0, 0);
      loop {
        let Admissions { admitted, wake } = gate.poll(now);
        count += admitted.len();
        admitted.iter().for_each(|ticket| gate.release(*ticket));
        match wake {
          Some(time) => now = time,
          None if admitted.is_empty() => break,
          None => {}
        }
      }
      prop_assert_eq!(count, asked);
    }
  }
}
