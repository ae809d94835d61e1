//! The worst case of a piece of a program, and how those of its parts make it up. Knows nothing of what the pieces are.

use std::collections::BTreeMap;

use super::bound::Bound;
use crate::hir::{LimitId, OrchestratorId, WorkerId};

/// What a piece does at worst.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Worst {
  pub counts: Counts,
  /// Likewise of the calls of `undo`, `finally` and `on failure`, which no budget around them covers.
  pub outside: Counts,
  pub peaks: Peaks,
  /// From ready to the end in milliseconds, if nothing waits for a slot or a token and nothing is undone.
  pub time: Bound,
  /// What is called when the scope around is over.
  pub opened: Opened,
  /// Of one execution that is let run to its end though all around it is lost, in milliseconds.
  pub finishing: Bound,
  /// Of the longest execution, in milliseconds.
  pub longest: Bound,
}

/// Calls of `undo` and `finally` that are left to the scope around.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opened {
  pub peaks: Peaks,
  /// Of `finally`, in milliseconds.
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
  /// Milliseconds for which executions run.
  Work,
  /// Milliseconds for which calls wait for what others have reserved of a budget.
  Reserving,
  /// What executions of workers spend that say how much: billionths of a dollar, or tokens.
  Spent(Means),
  /// Executions of workers that do not.
  Untold(Means),
  /// Milliseconds of `finally` calls: no deadline around them ends them.
  Closing,
  /// Milliseconds of `undo` calls and of `on failure`; likewise.
  Undoing,
}

/// What workers spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Means {
  Dollars,
  Tokens,
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
      outside: joined(&self.outside, &other.outside, Bound::plus),
      peaks: highest(&self.peaks, &other.peaks),
      time: self.time.plus(&other.time),
      opened: self.opened.joined(&other.opened, Bound::plus),
      finishing: self.finishing.larger(&other.finishing),
      longest: self.longest.larger(&other.longest),
    }
  }

  /// The one or the other.
  #[must_use]
  pub fn or(&self, other: &Worst) -> Worst {
    Worst {
      counts: joined(&self.counts, &other.counts, Bound::larger),
      outside: joined(&self.outside, &other.outside, Bound::larger),
      peaks: highest(&self.peaks, &other.peaks),
      time: self.time.larger(&other.time),
      opened: self.opened.joined(&other.opened, Bound::larger),
      finishing: self.finishing.larger(&other.finishing),
      longest: self.longest.larger(&other.longest),
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
      outside: multiplied(&self.outside, times),
      time: self.time.times(times),
      ..self.clone()
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
      outside: multiplied(&self.outside, times),
      peaks: wider(&self.peaks, width),
      time: self.time.times(rounds),
      ..self.clone()
    }
  }

  /// All of them, at most so many at once; the time is that of the longest.
  #[must_use]
  pub fn beside(all: Vec<&Worst>, window: u128) -> Worst {
    let one = all.iter().fold(Worst::nothing(), |any, worst| any.or(worst));
    let sum = |of: fn(&Worst) -> &Counts| {
      let sum = |sum, worst: &&Worst| joined(&sum, of(worst), Bound::plus);
      all.iter().fold(Counts::new(), sum)
    };
    let (counts, outside) = (sum(|worst| &worst.counts), sum(|worst| &worst.outside));
    let peak = |group: &Group| {
      let mut peaks: Vec<u128> = all.iter().filter_map(|worst| worst.peaks.get(group).copied()).collect();
      peaks.sort_unstable_by(|a, b| b.cmp(a));
      let window = usize::try_from(window).unwrap_or(usize::MAX);
      (*group, peaks.into_iter().take(window).fold(0, u128::saturating_add))
    };
    let peaks = one.peaks.keys().map(peak).collect();
    Worst {
      counts,
      outside,
      peaks,
      ..one
    }
  }

  /// So many rounds, each as long as it.
  #[must_use]
  pub fn in_rounds(self, rounds: &Bound) -> Worst {
    Worst {
      time: self.time.times(rounds),
      ..self
    }
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
    let mut all = |counts: &Counts| -> Counts {
      let counts = counts.iter();
      counts.map(|(measure, bound)| (*measure, change(bound))).collect()
    };
    let (counts, outside) = (all(&self.counts), all(&self.outside));
    Worst {
      counts,
      outside,
      peaks: self.peaks.clone(),
      time: change(&self.time),
      opened: Opened {
        peaks: self.opened.peaks.clone(),
        time: change(&self.opened.time),
      },
      finishing: change(&self.finishing),
      longest: change(&self.longest),
    }
  }

  /// The scope is over: what was opened in it is closed, one call at a time, when nothing else of it runs.
  #[must_use]
  pub fn closed(mut self) -> Worst {
    let Opened { peaks, time } = std::mem::take(&mut self.opened);
    self.outside = joined(&self.outside, &counted(Measure::Closing, &time), Bound::plus);
    self.peaks = highest(&self.peaks, &peaks);
    self.time = self.time.plus(&time);
    self
  }

  /// With a call that is made when the scope around is lost.
  #[must_use]
  pub fn undone_by(mut self, call: &Worst) -> Worst {
    let counts = joined(&call.all(), &counted(Measure::Undoing, &call.time), Bound::plus);
    self.outside = joined(&self.outside, &counts, Bound::plus);
    self.opened.peaks = highest(&self.opened.peaks, &call.peaks);
    self
  }

  /// With a call that is made when the scope around is over.
  #[must_use]
  pub fn closed_by(mut self, call: &Worst) -> Worst {
    self.outside = joined(&self.outside, &call.all(), Bound::plus);
    self.opened.peaks = highest(&self.opened.peaks, &call.peaks);
    self.opened.time = self.opened.time.plus(&call.time);
    self
  }

  /// What adds up, whether a budget covers it or not.
  pub fn all(&self) -> Counts {
    joined(&self.counts, &self.outside, Bound::plus)
  }
}

impl Opened {
  #[must_use]
  pub fn joined(&self, other: &Opened, join: impl Fn(&Bound, &Bound) -> Bound) -> Opened {
    Opened {
      peaks: highest(&self.peaks, &other.peaks),
      time: join(&self.time, &other.time),
    }
  }
}

/// Nothing where it is zero.
fn counted(measure: Measure, bound: &Bound) -> Counts {
  let some = (!bound.is_zero()).then(|| (measure, bound.clone()));
  some.into_iter().collect()
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
