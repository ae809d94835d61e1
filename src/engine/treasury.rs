//! Budgets while a run runs: what is reserved, what is spent, who waits. Pure; knows nothing of scopes and workers.
//!
//! An execution takes what it may need at most from all its budgets at once, before it asks anybody for a slot. Who
//! does not fit waits as long as something that is reserved may be given back, in order of asking: nobody passes an
//! earlier one with whom it shares a budget. What is reserved never waits for a budget, so somebody always ends.

use std::{
  collections::{BTreeMap, BTreeSet, HashMap},
  hash::Hash,
};

use serde::{Deserialize, Serialize};

use super::spent::{Amounts, Bounds};

/// `B` names a budget, `T` an execution.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(deserialize = "B: Deserialize<'de> + Eq + Hash, T: Deserialize<'de> + Eq + Hash"))]
pub(super) struct Treasury<B, T> {
  next: u64,
  budgets: HashMap<B, Purse>,
  waiting: BTreeMap<u64, Claim<B, T>>,
  numbers: HashMap<T, u64>,
  reserved: HashMap<T, Claim<B, T>>,
  candidates: BTreeSet<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Purse {
  bounds: Bounds,
  spent: Amounts,
  reserved: Amounts,
  /// Numbers of those who wait.
  queue: BTreeSet<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claim<B, T> {
  ticket: T,
  budgets: Vec<B>,
  need: Amounts,
}

/// What becomes of one who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grant<B, T> {
  Reserved(T),
  /// This budget can't cover it any more, whatever is given back.
  Spent(T, B),
}

impl<B, T> Default for Treasury<B, T> {
  fn default() -> Self {
    Self {
      next: 0,
      budgets: HashMap::new(),
      waiting: BTreeMap::new(),
      numbers: HashMap::new(),
      reserved: HashMap::new(),
      candidates: BTreeSet::new(),
    }
  }
}

impl<B: Copy + Eq + Hash, T: Copy + Eq + Hash> Treasury<B, T> {
  pub fn open(&mut self, budget: B, bounds: Bounds) {
    let purse = Purse {
      bounds,
      spent: Amounts::default(),
      reserved: Amounts::default(),
      queue: BTreeSet::new(),
    };
    self.budgets.insert(budget, purse);
  }

  /// Nobody waits for it or holds anything of it.
  pub fn close(&mut self, budget: B) {
    self.budgets.remove(&budget);
  }

  /// What is bounded, and what is spent of it.
  pub fn state(&self, budget: B) -> Option<(Bounds, Amounts)> {
    let purse = self.budgets.get(&budget)?;
    Some((purse.bounds, purse.spent))
  }

  /// `ticket` needs so much at most, of each of these budgets; all are open.
  pub fn ask(&mut self, ticket: T, budgets: Vec<B>, need: Amounts) {
    let number = self.next;
    self.next += 1;
    for budget in &budgets {
      if let Some(purse) = self.budgets.get_mut(budget) {
        purse.queue.insert(number);
      }
    }
    self.numbers.insert(ticket, number);
    self.candidates.insert(number);
    self.waiting.insert(number, Claim { ticket, budgets, need });
  }

  /// It needs nothing any longer: what is reserved is given back.
  pub fn withdraw(&mut self, ticket: T) {
    match self.numbers.get(&ticket).copied() {
      Some(number) => _ = self.leave(number),
      None => self.charge(ticket, Amounts::default()),
    }
  }

  /// It has ended, and has spent so much, even if that is more than was reserved.
  pub fn charge(&mut self, ticket: T, spent: Amounts) {
    let Some(claim) = self.reserved.remove(&ticket) else {
      return;
    };
    for budget in claim.budgets {
      if let Some(purse) = self.budgets.get_mut(&budget) {
        purse.reserved = purse.reserved.minus(claim.need);
        purse.spent = purse.spent.plus(spent);
        self.candidates.extend(purse.queue.first());
      }
    }
  }

  /// Decides on everybody whose turn has come, in order of asking.
  pub fn poll(&mut self) -> Vec<Grant<B, T>> {
    let mut grants = Vec::new();
    while let Some(number) = self.candidates.pop_first() {
      let Some(claim) = self.waiting.get(&number) else {
        continue;
      };
      if let Some(budget) = claim.budgets.iter().find(|budget| self.is_spent(**budget, claim.need)) {
        let budget = *budget;
        grants.extend(self.leave(number).map(|claim| Grant::Spent(claim.ticket, budget)));
      } else if claim
        .budgets
        .iter()
        .all(|budget| self.covers(*budget, number, claim.need))
      {
        grants.extend(self.leave(number).map(|claim| self.reserve(claim)));
      }
    }
    grants
  }

  fn is_spent(&self, budget: B, need: Amounts) -> bool {
    let purse = self.budgets.get(&budget);
    purse.is_some_and(|purse| !purse.bounds.cover(purse.spent.plus(need)))
  }

  fn covers(&self, budget: B, number: u64, need: Amounts) -> bool {
    let purse = self.budgets.get(&budget);
    purse.is_none_or(|purse| {
      let first = purse.queue.first() == Some(&number);
      first && purse.bounds.cover(purse.spent.plus(purse.reserved).plus(need))
    })
  }

  fn reserve(&mut self, claim: Claim<B, T>) -> Grant<B, T> {
    for budget in &claim.budgets {
      if let Some(purse) = self.budgets.get_mut(budget) {
        purse.reserved = purse.reserved.plus(claim.need);
      }
    }
    let ticket = claim.ticket;
    self.reserved.insert(ticket, claim);
    Grant::Reserved(ticket)
  }

  fn leave(&mut self, number: u64) -> Option<Claim<B, T>> {
    let claim = self.waiting.remove(&number)?;
    self.numbers.remove(&claim.ticket);
    self.candidates.remove(&number);
    for budget in &claim.budgets {
      if let Some(purse) = self.budgets.get_mut(budget) {
        purse.queue.remove(&number);
        self.candidates.extend(purse.queue.first());
      }
    }
    Some(claim)
  }
}

#[cfg(test)]
mod tests {
  use proptest::prelude::*;

  use super::*;

  const OUTER: char = 'o';
  const INNER: char = 'i';

  fn calls(calls: u64) -> Amounts {
    Amounts {
      calls,
      ..Amounts::default()
    }
  }

  fn budgets(outer: u64, inner: u64) -> Treasury<char, u32> {
    let mut treasury = Treasury::default();
    for (budget, calls) in [(OUTER, outer), (INNER, inner)] {
      let bounds = Bounds {
        calls: Some(calls),
        ..Bounds::default()
      };
      treasury.open(budget, bounds);
    }
    treasury
  }

  #[test]
  fn what_does_not_fit_waits_until_it_does_or_never_can() {
    let mut treasury = budgets(2, 9);
    (0..4).for_each(|ticket| treasury.ask(ticket, vec![OUTER], calls(1)));
    assert_eq!(treasury.poll(), [Grant::Reserved(0), Grant::Reserved(1)]);
    treasury.withdraw(0);
    assert_eq!(treasury.poll(), [Grant::Reserved(2)]);
    treasury.charge(1, calls(1));
    assert_eq!(treasury.poll(), [], "one is still in flight");
    treasury.charge(2, calls(1));
    assert_eq!(treasury.poll(), [Grant::Spent(3, OUTER)]);
  }

  #[test]
  fn nobody_passes_one_that_needs_more() {
    let mut treasury = budgets(10, 10);
    treasury.ask(0, vec![OUTER], calls(8));
    treasury.ask(1, vec![OUTER], calls(5));
    treasury.ask(2, vec![OUTER, INNER], calls(1));
    treasury.ask(3, vec![INNER], calls(1));
    treasury.ask(4, vec![OUTER], calls(11));
    assert_eq!(treasury.poll(), [Grant::Reserved(0), Grant::Spent(4, OUTER)]);
    treasury.charge(0, calls(3));
    assert_eq!(
      treasury.poll(),
      [Grant::Reserved(1), Grant::Reserved(2), Grant::Reserved(3)]
    );
  }

  #[test]
  fn more_than_was_reserved_is_spent_all_the_same() {
    let mut treasury = budgets(3, 3);
    treasury.ask(0, vec![OUTER, INNER], calls(1));
    treasury.poll();
    treasury.charge(0, calls(4));
    treasury.ask(1, vec![OUTER], calls(1));
    assert_eq!(treasury.poll(), [Grant::Spent(1, OUTER)]);
  }

  #[derive(Clone, Debug)]
  enum Act {
    Ask(Vec<char>, u64),
    End(prop::sample::Index, u64),
    Withdraw(prop::sample::Index),
  }

  fn acts() -> impl Strategy<Value = Vec<Act>> {
    let both = prop_oneof![Just(vec![OUTER]), Just(vec![INNER]), Just(vec![OUTER, INNER])];
    let one = prop_oneof![
      4 => (both, 1..5u64).prop_map(|(budgets, need)| Act::Ask(budgets, need)),
      3 => (any::<prop::sample::Index>(), 0..3u64).prop_map(|(at, spent)| Act::End(at, spent)),
      1 => any::<prop::sample::Index>().prop_map(Act::Withdraw),
    ];
    prop::collection::vec(one, 1..60)
  }

  proptest! {
    #[test]
    fn budgets_hold_and_everybody_is_answered(acts in acts(), outer in 1..20u64, inner in 1..20u64) {
      let mut treasury = budgets(outer, inner);
      let (mut open, mut asked, mut answered) = (Vec::new(), 0, 0);
      let mut claims: HashMap<u32, u64> = HashMap::new();
      for (ticket, act) in (0u32..).zip(acts) {
        match act {
          Act::Ask(budgets, need) => {
            treasury.ask(ticket, budgets, calls(need));
            claims.insert(ticket, need);
            asked += 1;
          }
          Act::End(at, spent) if !open.is_empty() => {
            let ended: u32 = open.remove(at.index(open.len()));
            treasury.charge(ended, calls(spent.min(claims[&ended])));
          }
          Act::Withdraw(at) if !open.is_empty() => treasury.withdraw(open.remove(at.index(open.len()))),
          _ => {}
        }
        for grant in treasury.poll() {
          answered += 1;
          open.extend(match grant {
            Grant::Reserved(ticket) => Some(ticket),
            Grant::Spent(..) => None,
          });
        }
        for (budget, bound) in [(OUTER, outer), (INNER, inner)] {
          let purse = &treasury.budgets[&budget];
          prop_assert!(purse.spent.calls + purse.reserved.calls <= bound);
        }
      }
      while let Some(ticket) = open.pop() {
        treasury.charge(ticket, calls(claims[&ticket]));
        for grant in treasury.poll() {
          answered += 1;
          open.extend(match grant {
            Grant::Reserved(ticket) => Some(ticket),
            Grant::Spent(..) => None,
          });
        }
      }
      prop_assert_eq!(answered, asked);
    }
  }
}
