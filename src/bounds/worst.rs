//! The worst case of a piece of a program, and how those of its parts make it up. Knows nothing of what the pieces are.

use std::collections::BTreeMap;

use super::bound::Bound;
use crate::hir::{LimitId, OrchestratorId, WorkerId};

/// What a piece does at worst.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Worst {
  pub counts: Counts,
  pub peaks: Peaks,
  /// From ready to the end in milliseconds, if nothing waits for a slot or a token.
  pub time: Bound,
}

pub type Counts = BTreeMap<Measure, Bound>;

/// How many of a group run at once at most.
pub type Peaks = BTreeMap<Group, u128>;

/// What adds up over a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
  /// Executions of a worker.
  Calls(WorkerId),
  /// Executions of all workers.
  AllCalls,
  /// Milliseconds for which a slot is held.
  Held(Slots),
  /// Executions that need a token of a rate.
  Starts(LimitId),
  /// Runs of their own that are begun.
  Runs(OrchestratorId),
}

/// What has slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slots {
  /// `concurrent` of a worker.
  Worker(WorkerId),
  Limit(LimitId),
}

/// Executions of which it is asked how many run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
  All,
  /// Those that need no slot.
  Free,
  /// Those that need a slot here.
  Users(Slots),
  /// Those of them that have fewer slots nowhere else: each execution that needs a slot is in one such group.
  Tightest(Slots),
}

impl Worst {
  /// Nothing runs.
  pub fn nothing() -> Worst {
    Worst::default()
  }

  /// The one, then the other.
  #[must_use]
  pub fn then(&self, other: &Worst) -> Worst {
    Worst {
      counts: joined(&self.counts, &other.counts, Bound::plus),
      peaks: highest(&self.peaks, &other.peaks),
      time: self.time.plus(&other.time),
    }
  }

  /// The one or the other.
  #[must_use]
  pub fn or(&self, other: &Worst) -> Worst {
    Worst {
      counts: joined(&self.counts, &other.counts, Bound::larger),
      peaks: highest(&self.peaks, &other.peaks),
      time: self.time.larger(&other.time),
    }
  }

  /// So often, one after another.
  #[must_use]
  pub fn repeated(&self, times: &Bound) -> Worst {
    if times.is_zero() {
      return Worst::nothing();
    }
    Worst {
      counts: multiplied(&self.counts, times),
      peaks: self.peaks.clone(),
      time: self.time.times(times),
    }
  }

  /// So often, at most so many at once, in so many rounds.
  #[must_use]
  pub fn windowed(&self, times: &Bound, window: u128, rounds: &Bound) -> Worst {
    if times.is_zero() {
      return Worst::nothing();
    }
    let width = times.most().map_or(window, |times| times.min(window));
    Worst {
      counts: multiplied(&self.counts, times),
      peaks: wider(&self.peaks, width),
      time: self.time.times(rounds),
    }
  }

  /// Each once, at most so many at once.
  pub fn side_by_side(turns: &[Worst], window: u128) -> Worst {
    let mut all = Worst::nothing();
    let mut peaks: BTreeMap<Group, Vec<u128>> = BTreeMap::new();
    for turn in turns {
      all.counts = joined(&all.counts, &turn.counts, Bound::plus);
      all.time = all.time.larger(&turn.time);
      for (group, peak) in &turn.peaks {
        peaks.entry(*group).or_default().push(*peak);
      }
    }
    let width = usize::try_from(window).unwrap_or(usize::MAX);
    let crowd = |mut peaks: Vec<u128>| {
      peaks.sort_unstable_by(|a, b| b.cmp(a));
      peaks
        .iter()
        .take(width)
        .fold(0, |sum: u128, peak| sum.saturating_add(*peak))
    };
    all.peaks = peaks.into_iter().map(|(group, peaks)| (group, crowd(peaks))).collect();
    all.time = all.time.scaled((turns.len() as u128).div_ceil(window.max(1)));
    all
  }

  /// So often, at most so many at once, and maybe one after another nonetheless.
  #[must_use]
  pub fn chained(&self, times: &Bound, window: u128) -> Worst {
    let width = times.most().map_or(window, |times| times.min(window));
    Worst {
      peaks: wider(&self.peaks, width),
      ..self.repeated(times)
    }
  }

  #[must_use]
  pub fn delayed(self, time: &Bound) -> Worst {
    Worst {
      time: self.time.plus(time),
      ..self
    }
  }

  #[must_use]
  pub fn ended_by(self, time: &Bound) -> Worst {
    Worst {
      time: self.time.smaller(time),
      ..self
    }
  }

  /// At most so many at once.
  #[must_use]
  pub fn held_back(mut self, most: u128) -> Worst {
    if let Some(all) = self.peaks.get_mut(&Group::All) {
      *all = most.min(*all);
    }
    self
  }

  /// The same with other bounds.
  #[must_use]
  pub fn map(&self, change: &mut dyn FnMut(&Bound) -> Bound) -> Worst {
    let counts = self.counts.iter();
    Worst {
      counts: counts.map(|(measure, bound)| (*measure, change(bound))).collect(),
      peaks: self.peaks.clone(),
      time: change(&self.time),
    }
  }
}

/// Both, by measure.
pub fn joined(a: &Counts, b: &Counts, join: impl Fn(&Bound, &Bound) -> Bound) -> Counts {
  let mut all = a.clone();
  for (measure, bound) in b {
    let sum = match all.get(measure) {
      Some(other) => join(other, bound),
      None => bound.clone(),
    };
    all.insert(*measure, sum);
  }
  all
}

fn multiplied(counts: &Counts, times: &Bound) -> Counts {
  counts
    .iter()
    .map(|(measure, bound)| (*measure, bound.times(times)))
    .collect()
}

/// How many run at once of those that are there together, each with its own peaks, under limits with so many slots.
pub fn crowd<'a>(together: impl Iterator<Item = &'a Peaks> + Clone, slots: impl Fn(Slots) -> u128) -> u128 {
  let mut groups = Peaks::new();
  for (group, peak) in together.flatten() {
    let sum = groups.entry(*group).or_default();
    *sum = sum.saturating_add(*peak);
  }
  let most = |(group, peak): (&Group, &u128)| match group {
    Group::Free => *peak,
    Group::Tightest(limit) => slots(*limit).min(*peak),
    Group::All | Group::Users(_) => 0,
  };
  let held = groups.iter().map(most).fold(0, u128::saturating_add);
  held.min(groups.get(&Group::All).copied().unwrap_or(0))
}

fn highest(a: &Peaks, b: &Peaks) -> Peaks {
  let mut all = a.clone();
  for (group, peak) in b {
    let highest = all.entry(*group).or_default();
    *highest = (*highest).max(*peak);
  }
  all
}

fn wider(peaks: &Peaks, width: u128) -> Peaks {
  peaks
    .iter()
    .map(|(group, peak)| (*group, peak.saturating_mul(width)))
    .collect()
}
