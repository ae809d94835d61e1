//! Breakers: a second machine, made from the words of the reference, sees the same ends and must be in the same place.

use std::{collections::HashMap, sync::Arc};

use orch::engine::{AttemptOutcome, BreakerState, Event, ExecutionId, Position, Record};

use super::Case;
use crate::node::Seen;

#[derive(Debug)]
struct Breaker {
  open: u64,
  probe: i64,
  close: u64,
  state: BreakerState,
  /// How often it opened; who was admitted before counts nothing.
  opened: u32,
  probing: Option<ExecutionId>,
  /// Not known: nobody can say from outside why an execution was told to end.
  lost: bool,
}

pub fn check(case: &Case) {
  let mut breakers: HashMap<&str, Breaker> = HashMap::new();
  let mut admitted: HashMap<ExecutionId, u32> = HashMap::new();
  let mut told: HashMap<ExecutionId, i64> = HashMap::new();
  let mut moved: Option<(Arc<str>, Position, Position)> = None;
  let (mut wall, mut since, mut lost) = (0, 0, -1);
  let seen = &case.played.seen;
  for (place, one) in seen.iter().enumerate() {
    match one {
      Seen::Up {
        breakers: kept,
        wall: clock,
        now,
      } => {
        (wall, since, moved) = (*clock, *now, None);
        admitted.clear();
        breakers = restored(case, kept);
      }
      Seen::Told { execution, at } => _ = told.insert(*execution, *at),
      Seen::Record(Record { at, event, .. }) => {
        let clock = wall + at.0 - since;
        match event {
          Event::Admitted { execution } => {
            if let Some(breaker) = breakers.get_mut(&*case.asked[execution].worker) {
              breaker.admit(case, *execution, clock);
              admitted.insert(*execution, breaker.opened);
            }
          }
          Event::Refused { execution, .. } => {
            let breaker = breakers.get(&*case.asked[execution].worker);
            case.hold(breaker.is_some_and(|breaker| breaker.lost || breaker.refuses()), || {
              format!("{execution:?} is refused by {breaker:?}")
            });
          }
          // something may have been told to end at this moment
          Event::StepFailed { .. }
          | Event::FailureTaken { .. }
          | Event::DeadlinePassed { .. }
          | Event::TimerFired { .. } => {
            lost = at.0;
          }
          Event::StopChecked { held: true, .. } | Event::RequireChecked { held: false, .. } => lost = at.0,
          Event::CancelRequested { .. } | Event::NotTaken { .. } | Event::StepSkipped { .. } => lost = at.0,
          Event::StepCancelled { .. } | Event::Stopped => lost = at.0,
          Event::BreakerMoved { worker, from, to } => moved = Some((worker.clone(), *from, *to)),
          Event::AttemptEnded { execution, outcome } => {
            let (Some(breaker), Some(epoch)) = (
              breakers.get_mut(&*case.asked[execution].worker),
              admitted.remove(execution),
            ) else {
              moved = None;
              continue;
            };
            let health = health(
              case,
              *execution,
              outcome,
              told.get(execution),
              lost == at.0,
              &seen[place + 1..],
            );
            breaker.end(case, (*execution, epoch), health, clock, moved.take());
            if case.policy(*execution).hedge.is_some() {
              lost = at.0;
            }
          }
          _ => {}
        }
      }
      _ => {}
    }
  }
}

fn restored<'a>(
  case: &Case<'a>,
  kept: &std::collections::BTreeMap<Arc<str>, BreakerState>,
) -> HashMap<&'a str, Breaker> {
  let guarded = case
    .declared
    .workers
    .iter()
    .filter_map(|worker| Some((worker, worker.breaker?)));
  let breaker = |(worker, (open, probe, close)): (&'a crate::declared::Worker, _)| {
    let state = kept.iter().find(|(key, _)| key.ends_with(&format!("#{}", worker.name)));
    let state = state.map_or(BreakerState::Closed { failures: 0 }, |(_, state)| *state);
    let breaker = Breaker {
      open,
      probe,
      close,
      state,
      opened: 0,
      probing: None,
      lost: false,
    };
    (worker.name.as_str(), breaker)
  };
  guarded.map(breaker).collect()
}

/// `None`: nobody can say. `Some(None)`: it says nothing of the worker.
fn health(
  case: &Case,
  execution: ExecutionId,
  outcome: &AttemptOutcome,
  told: Option<&i64>,
  lost: bool,
  next: &[Seen],
) -> Option<Option<bool>> {
  let path = &case.asked[&execution].path;
  // at its timeout, or for another reason
  {
    let timed_out = next.iter().take(12).any(|seen| match seen {
      Seen::Record(Record {
        event:
          Event::RetryScheduled { path: own, failure, .. }
          | Event::StepFailed { path: own, failure }
          | Event::FailureTaken { path: own, failure, .. },
        ..
      }) => own == path && failure.message.starts_with("timeout of"),
      _ => false,
    });
    match (timed_out, case.asked[&execution].copy_of, told.is_some() || lost) {
      (true, None, _) => return Some(Some(false)),
      (false, _, false) => {}
      _ => return None,
    }
  }
  Some(match outcome {
    AttemptOutcome::Ok(_) => Some(true),
    AttemptOutcome::Failed(failure) => matches!(
      &*failure.kind.to_string(),
      "exit" | "http" | "timeout" | "transport" | "contract"
    )
    .then_some(false),
  })
}

impl Breaker {
  fn admit(&mut self, case: &Case, execution: ExecutionId, clock: i64) {
    if let (BreakerState::Open { since }, false) = (self.state, self.lost) {
      case.hold(self.probing.is_none() && clock >= since + self.probe, || {
        format!("{execution:?} passes {self:?} at {clock}")
      });
      self.probing = Some(execution);
    }
  }

  fn refuses(&self) -> bool {
    matches!(self.state, BreakerState::Open { .. })
  }

  fn end(
    &mut self,
    case: &Case,
    (execution, epoch): (ExecutionId, u32),
    health: Option<Option<bool>>,
    clock: i64,
    moved: Option<(Arc<str>, Position, Position)>,
  ) {
    if self.probing == Some(execution) {
      self.probing = None;
    }
    let Some(health) = health else {
      self.lost |= epoch == self.opened || moved.is_some();
      return;
    };
    if self.lost {
      return;
    }
    let before = self.state.position();
    if epoch == self.opened {
      self.count(health, clock);
    }
    let after = self.state.position();
    let expected = (before != after).then_some((before, after));
    let found = moved.map(|(_, from, to)| (from, to));
    case.hold(expected == found, || {
      format!("the breaker of {execution:?} moves {found:?}, not {expected:?}")
    });
  }

  fn count(&mut self, health: Option<bool>, clock: i64) {
    use BreakerState::{Closed, HalfOpen, Open};
    self.state = match (self.state, health) {
      (state, None) => state,
      (Closed { .. }, Some(true)) => Closed { failures: 0 },
      (Closed { failures }, Some(false)) if failures + 1 < self.open => Closed { failures: failures + 1 },
      (Open { .. }, Some(true)) => HalfOpen { successes: 0 },
      (HalfOpen { successes }, Some(true)) if successes + 1 < self.close => HalfOpen {
        successes: successes + 1,
      },
      (HalfOpen { .. }, Some(true)) => Closed { failures: 0 },
      (_, Some(false)) => {
        self.opened += 1;
        Open { since: clock }
      }
    };
  }
}
