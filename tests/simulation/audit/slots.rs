//! Who runs at once: never more than the slots of a worker or limit, never more starts than a rate allows. And nobody waits
//! who could run, or is passed by one who came later.

use std::collections::{BTreeSet, HashMap, VecDeque};

use orch::engine::{Event, ExecutionId, Record};

use super::Case;
use crate::node::Seen;

/// A worker, or a limit by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Shared<'a> {
  Worker(&'a str),
  Limit(usize),
}

/// With its slots, and how many starts are allowed in so many milliseconds.
type Need<'a> = (Shared<'a>, Option<usize>, Option<(usize, i64)>);

#[derive(Default)]
struct Slots<'a> {
  held: HashMap<Shared<'a>, usize>,
  starts: HashMap<Shared<'a>, VecDeque<i64>>,
}

/// What an execution needs, with slots and rate.
fn needs<'a>(case: &Case<'a>, execution: ExecutionId) -> Vec<Need<'a>> {
  let worker = case.worker(execution);
  let own = worker
    .concurrent
    .map(|slots| (Shared::Worker(&worker.name), Some(slots), None));
  let limits = case.policy(execution).limits.iter().map(|at| {
    let limit = &case.declared.limits[*at];
    (Shared::Limit(*at), limit.concurrent, limit.rate)
  });
  own.into_iter().chain(limits).collect()
}

impl<'a> Slots<'a> {
  /// `strictly`: the rates hold for these starts.
  fn start(&mut self, case: &Case<'a>, execution: ExecutionId, at: i64, strictly: bool) {
    for (shared, slots, rate) in needs(case, execution) {
      let held = self.held.entry(shared).or_default();
      *held += 1;
      case.hold(slots.is_none_or(|slots| *held <= slots), || {
        format!("{held} of {shared:?} at once")
      });
      if let Some((most, window)) = rate {
        let starts = self.starts.entry(shared).or_default();
        starts.push_back(at);
        if starts.len() > most {
          let first = starts.pop_front().unwrap_or(0);
          case.hold(!strictly || at - first >= window, || {
            format!("{shared:?} has more than {most} starts from {first} to {at}")
          });
        }
      }
    }
  }

  /// Its tokens are gone, and nothing was started with them.
  fn spend(&mut self, case: &Case<'a>, execution: ExecutionId, at: i64) {
    for (shared, _, rate) in needs(case, execution) {
      if let Some((most, _)) = rate {
        let starts = self.starts.entry(shared).or_default();
        starts.push_back(at);
        starts.drain(..starts.len().saturating_sub(most));
      }
    }
  }

  fn end(&mut self, case: &Case<'a>, execution: ExecutionId) {
    for (shared, ..) in needs(case, execution) {
      self.held.entry(shared).and_modify(|held| *held -= 1);
    }
  }

  /// Whether nothing is missing.
  fn are_free(&self, case: &Case<'a>, execution: ExecutionId, at: i64) -> bool {
    needs(case, execution).iter().all(|(shared, slots, rate)| {
      let held = self.held.get(shared).copied().unwrap_or(0);
      let starts = self.starts.get(shared);
      let token = rate.is_none_or(|(most, window)| {
        starts.is_none_or(|starts| starts.len() < most || at - starts[starts.len() - most] >= window)
      });
      slots.is_none_or(|slots| held < slots) && token
    })
  }
}

pub fn check(case: &Case) {
  really(case);
  in_turn(case);
}

/// By what really ran.
fn really(case: &Case) {
  let mut slots = Slots::default();
  let (mut peak, mut alive) = (0, BTreeSet::new());
  for seen in &case.played.seen {
    match seen {
      Seen::Begun { execution, at, .. } => {
        case.hold(alive.insert(*execution), || format!("{execution:?} runs twice at once"));
        slots.start(case, *execution, *at, true);
        peak = peak.max(alive.len() as u128);
      }
      Seen::Gone { execution, .. } if alive.remove(execution) => slots.end(case, *execution),
      _ => {}
    }
  }
  let most = case.subject.bounds.parallel;
  case.hold(peak <= most, || format!("{peak} at once, and {most} at most"));
}

/// By what was admitted: at a quiet moment nobody waits for nothing.
fn in_turn(case: &Case) {
  let mut slots = Slots::default();
  let mut holding = BTreeSet::new();
  // in order of asking, as of the last quiet moment
  let mut waiting: Vec<ExecutionId> = Vec::new();
  let mut passing: Vec<(ExecutionId, ExecutionId)> = Vec::new();
  let mut ended: BTreeSet<&str> = BTreeSet::new();
  for seen in &case.played.seen {
    match seen {
      Seen::Record(Record { at, event, .. }) => match event {
        Event::Admitted { execution } => {
          if let Some(place) = waiting.iter().position(|one| one == execution) {
            let own = needs(case, *execution);
            let passed = waiting[..place].iter().find(|earlier| {
              let path = &case.asked[*earlier].path;
              !ended.contains(&**path)
                && needs(case, **earlier)
                  .iter()
                  .any(|(shared, ..)| own.iter().any(|(own, ..)| own == shared))
            });
            // both may be let pass at this moment
            passing.extend(passed.map(|passed| (*passed, *execution)));
            waiting.remove(place);
          }
          if holding.insert(*execution) {
            slots.start(case, *execution, at.0, false);
          }
        }
        Event::AttemptEnded { execution, .. } if holding.remove(execution) => slots.end(case, *execution),
        Event::StepSkipped { path, .. } | Event::StepCancelled { path, .. } | Event::StepFailed { path, .. } => {
          ended.insert(&**path);
        }
        Event::NotTaken { path } | Event::FailureTaken { path, .. } | Event::StepSucceeded { path, .. } => {
          ended.insert(&**path);
        }
        // a copy goes without a word, with its first one
        Event::RetryScheduled { path, .. } => waiting.retain(|one| case.asked[one].path != *path),
        _ => {}
      },
      Seen::Passed { execution, at } if case.asked.contains_key(execution) => {
        slots.spend(case, *execution, *at);
      }
      // whatever held slots is gone
      Seen::Up { .. } => {
        waiting.clear();
        passing.clear();
        std::mem::take(&mut holding)
          .into_iter()
          .for_each(|one| slots.end(case, one));
      }
      Seen::Waits { at, asking } => {
        let passed = passing.iter().find(|(passed, _)| asking.contains(passed));
        case.hold(passed.is_none(), || {
          format!("{passed:?}: who asked first still waits at {at}")
        });
        passing.clear();
        waiting = asking
          .iter()
          .filter(|one| case.asked.contains_key(one))
          .copied()
          .collect();
        let mut before: BTreeSet<Shared> = BTreeSet::new();
        for execution in asking {
          if !case.asked.contains_key(execution) {
            // it was asked for in a turn that was lost
            continue;
          }
          let own: Vec<Shared> = needs(case, *execution).into_iter().map(|(shared, ..)| shared).collect();
          let first = own.iter().all(|shared| !before.contains(shared));
          case.hold(!first || !slots.are_free(case, *execution, *at), || {
            format!("{execution:?} waits for nothing at {at}")
          });
          before.extend(own);
        }
      }
      _ => {}
    }
  }
}
