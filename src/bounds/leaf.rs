//! The worst case of one call of a worker, with all its attempts. Knows nothing of other nodes.

use std::collections::HashMap;

use super::{
  bound::Bound,
  frame::{Frame, bound_to},
  measure::named,
  shape::Shape,
  worst::{Group, Measure, Peaks, Slots, Worst},
};
use crate::{
  hir::{Backoff, Call, LocalId, Place, Policies, Retry, Setting, WorkerId},
  types::Type,
};

/// How long a worker that is told to end may still run, in milliseconds.
pub const GRACE: u128 = 5_000;

/// What `backoff` is where none is written, in milliseconds.
const BACKOFF: (u128, u128) = (1_000, 30_000);

/// A call's settings see the worker's parameters, its policies what is in scope there.
pub type Names = HashMap<LocalId, Shape>;

impl Frame<'_, '_> {
  /// All attempts of one call, without its deadline and delay.
  pub fn work(&mut self, call: &Call<WorkerId>) -> Worst {
    let names = self.names_inside(call);
    let attempts = self.attempts(&call.policies, &names);
    let held = self.held(call, &names);
    let waits = match &call.policies.retry {
      Some(retry) => self.backoffs(retry, attempts - 1, &names),
      None => Bound::zero(),
    };
    let time = held.scaled(attempts).plus(&waits);
    let copies = if call.policies.hedge.is_some() { 2 } else { 1 };
    self.executions(call, attempts.saturating_mul(copies), copies, held, time)
  }

  /// How long one execution holds its slots.
  pub fn held(&mut self, call: &Call<WorkerId>, names: &Names) -> Bound {
    let timeout = match &call.policies.timeout {
      Some(timeout) => self.setting(timeout, names, "timeout"),
      None => self.no_timeout(),
    };
    timeout.plus(&Bound::number(GRACE))
  }

  /// So many executions, so many at once, each holding its slots so long.
  fn executions(&mut self, call: &Call<WorkerId>, count: u128, at_once: u128, held: Bound, time: Bound) -> Worst {
    let executions = Bound::number(count);
    let mut counts = [Measure::Calls(call.target), Measure::AllCalls]
      .map(|measure| (measure, executions.clone()))
      .to_vec();
    counts.push((Measure::Work, held.scaled(count)));
    let most = self.ceilings(call.target);
    counts.extend(most.map(|(measure, most)| (measure, most.scaled(count))));
    let slots = self.slots_of(call);
    counts.extend(slots.iter().map(|slots| (Measure::Held(*slots), held.scaled(count))));
    let limits = call.policies.limits.iter();
    let rates = limits.filter(|limit| self.analysis.program.limit(**limit).rate.is_some());
    counts.extend(rates.map(|limit| (Measure::Starts(*limit), executions.clone())));
    Worst {
      counts: counts.into_iter().collect(),
      peaks: self.groups_of(&slots, at_once),
      time,
      longest: held,
      ..Worst::nothing()
    }
  }

  fn groups_of(&mut self, slots: &[Slots], at_once: u128) -> Peaks {
    let tightest = slots.iter().min_by_key(|slots| self.slots(**slots)).copied();
    let own = tightest.map_or(Group::Free, Group::Tightest);
    let users = slots.iter().map(|slots| Group::Users(*slots));
    users.chain([Group::All, own]).map(|group| (group, at_once)).collect()
  }

  /// All slots that one execution holds.
  fn slots_of(&self, call: &Call<WorkerId>) -> Vec<Slots> {
    let program = self.analysis.program;
    let own = program.worker(call.target).concurrent.is_some();
    let limits = call.policies.limits.iter();
    let limits = limits.filter(|limit| program.limit(**limit).concurrent.is_some());
    let own = own.then_some(Slots::Worker(call.target));
    own
      .into_iter()
      .chain(limits.map(|limit| Slots::Limit(*limit)))
      .collect()
  }

  /// How many slots there are.
  pub fn slots(&mut self, slots: Slots) -> u128 {
    let program = self.analysis.program;
    let all = u128::from(u64::MAX);
    match slots {
      Slots::Limit(limit) => program.limit(limit).concurrent.map_or(all, u128::from),
      Slots::Worker(worker) => {
        if let Some(slots) = self.analysis.slots.get(&worker) {
          return *slots;
        }
        let slots = program
          .worker(worker)
          .concurrent
          .as_ref()
          .map_or(all, |most| self.count(most));
        self.analysis.slots.insert(worker, slots);
        slots
      }
    }
  }

  /// How many slots there are of each that is used.
  pub fn all_slots(&mut self, used: &Peaks) -> HashMap<Slots, u128> {
    let used = used.keys().filter_map(|group| match group {
      Group::Users(slots) => Some(*slots),
      Group::All | Group::Free | Group::Tightest(_) => None,
    });
    used.map(|slots| (slots, self.slots(slots))).collect()
  }

  /// The worker's parameters, and `call` as far as it counts anything.
  pub fn names_inside(&mut self, call: &Call<WorkerId>) -> Names {
    let worker = self.analysis.program.worker(call.target);
    let arguments = call.arguments.iter().map(|argument| self.shape(argument)).collect();
    bound_to(&worker.params, arguments)
      .into_iter()
      .chain([(worker.call, self.fresh("call", &crate::types::worker_call()))])
      .collect()
  }

  /// How often it is tried at most.
  fn attempts(&mut self, policies: &Policies, names: &Names) -> u128 {
    let Some(retry) = &policies.retry else { return 1 };
    let more = self.at_place(retry.place, names, |frame| frame.count(&retry.times));
    more.saturating_add(1)
  }

  /// Milliseconds of a policy.
  pub fn setting(&mut self, setting: &Setting, names: &Names, word: &str) -> Bound {
    self.at_place(setting.place, names, |frame| frame.duration(&setting.value, word))
  }

  fn at_place<T>(&mut self, place: Place, names: &Names, look: impl FnOnce(&mut Frame<'_, '_>) -> T) -> T {
    match place {
      Place::Site => look(self),
      Place::Worker => {
        let (owner, at) = (self.owner.clone(), self.at.clone());
        look(&mut self.inside(owner, &at, names.clone()))
      }
    }
  }

  /// The checker lets no such call pass.
  fn no_timeout(&mut self) -> Bound {
    let unknown = self.fresh("timeout", &Type::Duration);
    unknown.most(&mut self.analysis.symbols).unwrap_or_default()
  }

  /// The waits between attempts, all together.
  fn backoffs(&mut self, retry: &Retry, retries: u128, names: &Names) -> Bound {
    let (from, to) = match &retry.backoff {
      Backoff::Default => (Bound::number(BACKOFF.0), Bound::number(BACKOFF.1)),
      Backoff::Fixed(wait) => {
        let wait = self.at_place(retry.place, names, |frame| frame.duration(wait, "wait"));
        return wait.scaled(retries);
      }
      Backoff::Exponential { from, to } => self.at_place(retry.place, names, |frame| {
        (frame.duration(from, "backoff"), frame.duration(to, "backoff"))
      }),
    };
    waits(&from, &to, retries)
  }
}

/// The sum of `min(to, from * 2^i)` for `i` from 1; never less than `from` each.
fn waits(from: &Bound, to: &Bound, retries: u128) -> Bound {
  let mut sum = Bound::zero();
  for i in 1..=retries.min(DOUBLINGS) {
    let doubled = from.scaled(1 << i);
    sum = sum.plus(&doubled.smaller(to).larger(from));
  }
  let rest = retries.saturating_sub(DOUBLINGS);
  sum.plus(&to.larger(from).scaled(rest))
}

/// After so many doublings of a millisecond the end of any backoff is reached.
const DOUBLINGS: u128 = 62;

/// What is known of a call's outcome: `{ ok, value }` or `{ ok, error }`.
pub fn outcome(value: Shape, failure: Shape) -> Shape {
  named([("value", value), ("error", failure)])
}

#[cfg(test)]
mod tests {
  use super::*;

  fn total(from: u128, to: u128, retries: u128) -> Option<u128> {
    waits(&Bound::number(from), &Bound::number(to), retries).most()
  }

  #[test]
  fn waits_double_up_to_their_end() {
    assert_eq!(total(1_000, 30_000, 0), Some(0));
    assert_eq!(total(1_000, 30_000, 3), Some(2_000 + 4_000 + 8_000));
    assert_eq!(total(1_000, 30_000, 6), Some(2_000 + 4_000 + 8_000 + 16_000 + 60_000));
    assert_eq!(
      total(5_000, 1_000, 2),
      Some(10_000),
      "the wrong way round, each waits the first"
    );
    assert_eq!(total(1, 10, 1_000_000).map(|sum| sum > 9_000_000), Some(true));
    assert_eq!(total(0, 10, 5), Some(0));
  }
}
