//! The gatekeeper against the same rules said naively, breakers by their script, and seats of several runs.

use std::{
  collections::{HashMap, HashSet},
  sync::atomic::{AtomicU32, Ordering},
};

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

fn shared(needs: impl Into<Vec<Need>>) -> Needs {
  Needs {
    shared: needs.into(),
    circuit: None,
  }
}

fn guarded(worker: &str) -> Needs {
  let rule = Rule {
    open: 3,
    probe: 30_000,
    close: 3,
  };
  let circuit = Circuit {
    key: worker.into(),
    worker: worker.into(),
    rule,
  };
  Needs {
    shared: Vec::new(),
    circuit: Some(circuit),
  }
}

#[test]
fn an_earlier_waiter_is_passed_only_without_a_shared_key() {
  let mut gate = Gatekeeper::default();
  gate.ask(0, shared([slots("x", 1)]));
  gate.ask(1, shared([slots("x", 1), slots("y", 1)]));
  gate.ask(2, shared([slots("y", 1)]));
  gate.ask(3, shared([slots("z", 1)]));
  gate.ask(4, shared([]));
  assert_eq!(gate.poll(0).admitted, [0, 3, 4]);
  gate.release(0);
  assert_eq!(gate.poll(0).admitted, [1]);
  gate.release(1);
  assert_eq!(gate.poll(0).admitted, [2]);
}

#[test]
fn a_withdrawn_waiter_lets_the_next_pass() {
  let mut gate = Gatekeeper::default();
  gate.ask(0, shared([slots("x", 1)]));
  gate.ask(1, shared([slots("x", 1), slots("y", 1)]));
  gate.ask(2, shared([slots("y", 1)]));
  assert_eq!(gate.poll(0).admitted, [0]);
  gate.withdraw(1);
  assert_eq!(gate.poll(0).admitted, [2]);
  gate.withdraw(0);
  gate.ask(5, shared([slots("x", 1)]));
  assert_eq!(gate.poll(0).admitted, [5], "one that was admitted gave its slot back");
}

#[test]
fn a_rate_holds_in_every_window() {
  let mut gate = Gatekeeper::default();
  (0..5).for_each(|ticket| gate.ask(ticket, shared([rate("r", 2, 1000)])));
  let expect = |admitted: &[i32], wake| Decisions {
    admitted: admitted.to_vec(),
    refused: Vec::new(),
    wake,
  };
  assert_eq!(gate.poll(100), expect(&[0, 1], Some(1100)));
  assert_eq!(gate.poll(1099), expect(&[], Some(1100)));
  assert_eq!(gate.poll(1100), expect(&[2, 3], Some(2100)));
  assert_eq!(gate.poll(2100), expect(&[4], None));
}

#[test]
fn starts_of_an_earlier_process_count() {
  let mut gate = Gatekeeper::default();
  gate.started(&rate("r", 2, 1000), [-900, -100]);
  gate.ask(0, shared([rate("r", 2, 1000)]));
  assert_eq!(gate.poll(0).wake, Some(100));
  assert_eq!(gate.poll(100).admitted, [0]);
}

#[test]
fn a_hundred_thousand_waiters_are_no_burden() {
  let mut gate = Gatekeeper::default();
  (0..100_000).for_each(|ticket| gate.ask(ticket, shared([slots("x", 8), slots("y", 10)])));
  let mut order = gate.poll(0).admitted;
  let mut done = 0;
  while done < order.len() {
    gate.release(order[done]);
    done += 1;
    order.extend(gate.poll(0).admitted);
  }
  assert_eq!(order, (0..100_000).collect::<Vec<_>>());
}

/// Asks, and ends what was admitted as the letter says: `S`, `F` or `-` (says nothing).
fn play(gate: &mut Gatekeeper<u32>, worker: &str, script: &str, now: i64) -> (String, Vec<(Position, Position)>) {
  let (mut seen, mut moves) = (String::new(), Vec::new());
  for letter in script.chars() {
    gate.ask(0, guarded(worker));
    let decided = gate.poll(now);
    if decided.admitted.is_empty() {
      assert_eq!(decided.refused, [0]);
      seen.push('x');
      continue;
    }
    let health = match letter {
      'S' => Health::Good,
      'F' => Health::Bad,
      _ => Health::Unknown,
    };
    let moved = gate.settle(0, health, now);
    moves.extend(moved.map(|moved| (moved.from, moved.to)));
    gate.release(0);
    seen.push(letter);
  }
  (seen, moves)
}

#[test]
fn a_breaker_opens_is_probed_and_closes() {
  use Position::*;
  let mut gate = Gatekeeper::default();
  let opened = play(&mut gate, "w", "FFFSS", 1_000);
  assert_eq!(opened, ("FFFxx".to_owned(), vec![(Closed, Open)]));
  assert_eq!(play(&mut gate, "w", "S", 30_999).0, "x", "not yet");
  let closed = play(&mut gate, "w", "SSSS", 31_000);
  assert_eq!(closed, ("SSSS".to_owned(), vec![(Open, HalfOpen), (HalfOpen, Closed)]));
  assert_eq!(play(&mut gate, "w", "FFSFF", 31_000).1, [], "in a row means in a row");
}

#[test]
fn a_failure_in_half_open_opens_and_so_does_one_of_the_probe() {
  use Position::*;
  let mut gate = Gatekeeper::default();
  play(&mut gate, "w", "FFF", 0);
  let reopened = play(&mut gate, "w", "SSSFS", 30_000);
  assert_eq!(reopened, ("SSSFx".to_owned(), vec![(Open, HalfOpen), (HalfOpen, Open)]));
  assert_eq!(
    play(&mut gate, "w", "FS", 60_000),
    ("Fx".to_owned(), vec![]),
    "the probe failed: it waits again"
  );
  assert_eq!(play(&mut gate, "w", "S", 89_999).0, "x");
  assert_eq!(
    play(&mut gate, "w", "-S", 90_000).0,
    "-S",
    "a probe that says nothing is no probe"
  );
}

#[test]
fn breakers_of_two_workers_know_nothing_of_each_other() {
  let mut gate = Gatekeeper::default();
  play(&mut gate, "a", "FFF", 0);
  assert_eq!(play(&mut gate, "a", "S", 0).0, "x");
  assert_eq!(play(&mut gate, "b", "FFS", 0).0, "FFS");
}

#[test]
fn one_probe_passes_and_those_who_were_admitted_before_count_nothing() {
  let mut gate = Gatekeeper::default();
  (0..6).for_each(|ticket| gate.ask(ticket, guarded("w")));
  assert_eq!(gate.poll(0).admitted.len(), 6);
  let moves = (0..5).filter_map(|ticket| gate.settle(ticket, Health::Bad, 0));
  assert_eq!(moves.count(), 1);
  gate.ask(10, guarded("w"));
  gate.ask(11, guarded("w"));
  let decided = gate.poll(40_000);
  assert_eq!((decided.admitted, decided.refused), (vec![10], vec![11]));
  assert_eq!(gate.settle(5, Health::Good, 40_000), None, "it was admitted before");
  let moved = gate.settle(10, Health::Good, 40_000).expect("it moves");
  assert_eq!(moved.to, Position::HalfOpen);
}

#[test]
fn who_waits_for_a_slot_is_refused_when_the_breaker_opens() {
  let with_slot = || Needs {
    shared: vec![slots("x", 1)],
    ..guarded("w")
  };
  let mut gate = Gatekeeper::default();
  play(&mut gate, "w", "FF", 0);
  (0..3).for_each(|ticket| gate.ask(ticket, with_slot()));
  gate.ask(3, shared([slots("x", 1)]));
  assert_eq!(gate.poll(0).admitted, [0]);
  gate.settle(0, Health::Bad, 0);
  gate.withdraw(1);
  let decided = gate.poll(0);
  assert_eq!(decided.refused, [2], "and one that went is not told");
  gate.release(0);
  assert_eq!(gate.poll(0).admitted, [3]);
}

#[test]
fn a_probe_that_waits_for_a_slot_and_goes_lets_another_try() {
  let with_slot = || Needs {
    shared: vec![slots("x", 1)],
    ..guarded("w")
  };
  let mut gate = Gatekeeper::default();
  play(&mut gate, "w", "FFF", 0);
  gate.ask(1, shared([slots("x", 1)]));
  gate.ask(2, with_slot());
  assert_eq!(gate.poll(30_000).admitted, [1]);
  gate.ask(3, with_slot());
  assert_eq!(gate.poll(30_000).refused, [3]);
  gate.withdraw(2);
  gate.ask(4, with_slot());
  gate.release(1);
  assert_eq!(gate.poll(30_000).admitted, [4]);
}

#[test]
fn a_state_is_taken_up_where_it_was_left() {
  let mut first = Gatekeeper::default();
  play(&mut first, "w", "FF", 5);
  play(&mut first, "v", "FFF", 5);
  let left = first.take_changed();
  assert_eq!(
    left,
    [
      ("v".into(), State::Open { since: 5 }),
      ("w".into(), State::Closed { failures: 2 })
    ]
  );
  assert_eq!(first.take_changed(), []);
  let mut second = Gatekeeper::default();
  left.into_iter().for_each(|(key, state)| second.restore(key, state));
  assert_eq!(play(&mut second, "w", "FS", 6).0, "Fx");
  assert_eq!(play(&mut second, "v", "S", 30_004).0, "x");
  assert_eq!(play(&mut second, "v", "S", 30_005).0, "S");
}

#[test]
fn seats_share_slots_and_wake_each_other() {
  let gate = Gate::default();
  let woken = Arc::new(AtomicU32::new(0));
  let count = woken.clone();
  let (one, other) = (
    gate.sit(|| ()),
    gate.sit(move || _ = count.fetch_add(1, Ordering::Relaxed)),
  );
  let execution = ExecutionId(7);
  one.ask(execution, shared([slots("x", 1)]));
  other.ask(execution, shared([slots("x", 1)]));
  assert_eq!(one.poll(0).admitted, [execution]);
  assert_eq!(other.poll(0).admitted, []);
  one.give_back(execution);
  assert_eq!(one.poll(0).admitted, []);
  assert_eq!(woken.load(Ordering::Relaxed), 1);
  assert_eq!(other.poll(0).admitted, [execution]);
  one.ask(execution, shared([slots("x", 1)]));
  drop(other);
  assert_eq!(one.poll(0).admitted, [execution], "who leaves gives back all");
}

#[derive(Clone, Debug)]
enum Act {
  Ask(Vec<usize>, Option<usize>),
  /// One that runs ends.
  End(prop::sample::Index, Health),
  Withdraw(prop::sample::Index),
  Wait(i64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
  let health = prop_oneof![2 => Just(Health::Bad), 2 => Just(Health::Good), 1 => Just(Health::Unknown)];
  let one = prop_oneof![
    4 => (prop::collection::btree_set(0..4usize, 0..4), prop::option::of(0..2usize))
      .prop_map(|(keys, circuit)| Act::Ask(keys.into_iter().collect(), circuit)),
    3 => (any::<prop::sample::Index>(), health).prop_map(|(at, health)| Act::End(at, health)),
    1 => any::<prop::sample::Index>().prop_map(Act::Withdraw),
    1 => (0..50i64).prop_map(Act::Wait),
  ];
  prop::collection::vec(one, 1..120)
}

const SLOTS: [u64; 4] = [1, 2, 3, 100];
const RULE: Rule = Rule {
  open: 2,
  probe: 30,
  close: 2,
};

fn needs(keys: &[usize], circuit: Option<usize>) -> Needs {
  let need = |key: &usize| Need {
    key: key.to_string().into(),
    concurrent: (*key < 3).then_some(SLOTS[*key]),
    rate: (*key == 3).then_some((2, 20)),
  };
  let circuit = circuit.map(|circuit| Circuit {
    key: circuit.to_string().into(),
    worker: "w".into(),
    rule: RULE,
  });
  Needs {
    shared: keys.iter().map(need).collect(),
    circuit,
  }
}

#[derive(Clone, Debug)]
struct One {
  ticket: u32,
  keys: Vec<usize>,
  circuit: Option<usize>,
}

/// The same rules, said naively: whoever waits is looked at in order of asking. A breaker is the list of what it saw.
#[derive(Default)]
struct Model {
  waiting: Vec<One>,
  running: Vec<One>,
  starts: Vec<i64>,
  looked: HashSet<u32>,
  /// Who is the probe of what.
  probes: HashMap<usize, u32>,
  seen: [Vec<(u32, Health, i64)>; 2],
  admitted: HashMap<u32, usize>,
}

impl Model {
  /// The state after all that was seen; who was admitted before it opened was not written down.
  fn state(&self, circuit: usize) -> State {
    let mut state = State::Closed { failures: 0 };
    for (_, health, at) in &self.seen[circuit] {
      state = match (state, health) {
        (State::Closed { failures }, Health::Bad) if failures + 1 < RULE.open => {
          State::Closed { failures: failures + 1 }
        }
        (_, Health::Bad) => State::Open { since: *at },
        (State::Open { .. }, _) => State::HalfOpen { successes: 0 },
        (State::HalfOpen { successes }, _) if successes + 1 < RULE.close => State::HalfOpen {
          successes: successes + 1,
        },
        _ => State::Closed { failures: 0 },
      };
    }
    state
  }

  fn poll(&mut self, now: i64) -> (Vec<u32>, Vec<u32>) {
    let refused = self.refuse(now);
    let mut admitted = Vec::new();
    let mut taken: Vec<usize> = Vec::new();
    let mut at = 0;
    while at < self.waiting.len() {
      let keys = &self.waiting[at].keys;
      if keys.iter().any(|key| taken.contains(key) || !self.free(*key, now)) {
        taken.extend(keys);
        at += 1;
        continue;
      }
      let one = self.waiting.remove(at);
      self.starts.extend(one.keys.contains(&3).then_some(now));
      admitted.push(one.ticket);
      self.admitted.insert(one.ticket, self.openings(one.circuit));
      self.running.push(one);
    }
    (admitted, refused)
  }

  fn refuse(&mut self, now: i64) -> Vec<u32> {
    let mut refused = Vec::new();
    for One { ticket, circuit, .. } in self.waiting.clone() {
      let Some(circuit) = circuit else { continue };
      let fresh = self.looked.insert(ticket);
      let State::Open { since } = self.state(circuit) else {
        continue;
      };
      let due = fresh && now >= since + RULE.probe;
      if due && !self.probes.contains_key(&circuit) {
        self.probes.insert(circuit, ticket);
      } else if self.probes.get(&circuit) != Some(&ticket) {
        self.waiting.retain(|one| one.ticket != ticket);
        refused.push(ticket);
      }
    }
    refused
  }

  fn openings(&self, circuit: Option<usize>) -> usize {
    let Some(circuit) = circuit else { return 0 };
    let mut prefix = Model::default();
    let mut count = 0;
    for seen in &self.seen[circuit] {
      prefix.seen[circuit].push(*seen);
      count += usize::from(matches!(prefix.state(circuit), State::Open { .. }));
    }
    count
  }

  fn free(&self, key: usize, now: i64) -> bool {
    if key == 3 {
      return self.starts.iter().filter(|start| **start + 20 > now).count() < 2;
    }
    let held = self.running.iter().filter(|one| one.keys.contains(&key)).count();
    (held as u64) < SLOTS[key]
  }

  fn end(&mut self, at: usize, health: Health, now: i64) -> u32 {
    let One { ticket, circuit, .. } = self.running.remove(at);
    if let Some(circuit) = circuit {
      let counts = self.admitted[&ticket] == self.openings(Some(circuit));
      if counts && health != Health::Unknown {
        self.seen[circuit].push((ticket, health, now));
      }
      self.forget_probe(ticket);
    }
    ticket
  }

  fn forget_probe(&mut self, ticket: u32) {
    self.probes.retain(|_, probe| *probe != ticket);
  }
}

proptest! {
  #[test]
  fn it_decides_as_the_naive_rules_do(acts in acts()) {
    let (mut gate, mut model, mut now) = (Gatekeeper::default(), Model::default(), 0);
    for (ticket, act) in (0..).zip(acts) {
      match act {
        Act::Ask(keys, circuit) => {
          gate.ask(ticket, needs(&keys, circuit));
          model.waiting.push(One { ticket, keys, circuit });
        }
        Act::End(at, health) if !model.running.is_empty() => {
          let ended = model.end(at.index(model.running.len()), health, now);
          gate.settle(ended, health, now);
          gate.release(ended);
        }
        Act::Withdraw(at) if !model.waiting.is_empty() => {
          let gone = model.waiting.remove(at.index(model.waiting.len())).ticket;
          model.forget_probe(gone);
          gate.withdraw(gone);
        }
        Act::Wait(time) => now += time,
        _ => {}
      }
      let (mut admitted, mut refused) = model.poll(now);
      let mut decided = gate.poll(now);
      for list in [&mut admitted, &mut refused, &mut decided.admitted, &mut decided.refused] {
        list.sort_unstable();
      }
      prop_assert_eq!((decided.admitted, decided.refused), (admitted, refused));
    }
  }

  #[test]
  fn nobody_starves(acts in acts()) {
    let mut gate = Gatekeeper::default();
    let mut asked = 0;
    for (ticket, act) in (0..).zip(acts) {
      if let Act::Ask(keys, circuit) = act {
        gate.ask(ticket, needs(&keys, circuit));
        asked += 1;
      }
    }
    let (mut now, mut count) = (0, 0);
    loop {
      let Decisions { admitted, refused, wake } = gate.poll(now);
      count += admitted.len() + refused.len();
      for ticket in &admitted {
        gate.settle(*ticket, Health::Bad, now);
        gate.release(*ticket);
      }
      match wake {
        Some(time) => now = time,
        None if admitted.is_empty() && refused.is_empty() => break,
        None => {}
      }
    }
    prop_assert_eq!(count, asked);
  }
}
