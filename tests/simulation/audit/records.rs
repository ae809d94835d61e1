//! Records one by one: numbers, times, and what may become of an execution. What is recorded as done is never done again.

use std::collections::{BTreeMap, HashMap, HashSet};

use orch::engine::{AttemptOutcome, Decision, Event, ExecutionId, Record};

use super::Case;
use crate::node::Seen;

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
  Waits,
  Runs,
  Doubt,
  Over,
}

pub fn check(case: &Case) {
  let mut states: HashMap<ExecutionId, State> = HashMap::new();
  let mut over = false;
  let mut last = 0;
  let (mut seq, mut cancelled) = (0, false);
  let mut dispatched = HashMap::new();
  let mut decided = BTreeMap::new();
  for seen in &case.played.seen {
    let Record { seq: number, at, event } = match seen {
      Seen::Record(record) => record,
      Seen::Begun { execution, step, .. } => {
        case.hold(states.get(execution) == Some(&State::Runs), || {
          format!("{step} runs as {execution:?} and was not admitted")
        });
        continue;
      }
      _ => continue,
    };
    case.hold(*number == seq && at.0 >= last && !over, || {
      format!("record {number} at {at:?} is out of order")
    });
    (seq, last, over) = (seq + 1, at.0, event.is_final());
    let mut moves = |execution: &ExecutionId, from: &[State], to: State| {
      let state = states.get(execution).copied();
      case.hold(state.is_some_and(|state| from.contains(&state)), || {
        format!("record {number}: {execution:?} was {state:?}")
      });
      states.insert(*execution, to);
    };
    match event {
      Event::AttemptRequested { execution, path, .. } => {
        case.hold(states.insert(*execution, State::Waits).is_none(), || {
          format!("{execution:?} is asked for twice")
        });
        case.hold(!cancelled || path.contains('!'), || {
          format!("{path} begins although the run is cancelled")
        });
      }
      Event::Admitted { execution } => moves(execution, &[State::Waits], State::Runs),
      Event::CacheMissed { execution, .. } => moves(execution, &[State::Waits], State::Waits),
      Event::Refused { execution, .. } | Event::CacheHit { execution, .. } => {
        moves(execution, &[State::Waits], State::Over);
      }
      Event::AttemptRepeated { execution, path } => {
        moves(execution, &[State::Runs, State::Doubt], State::Waits);
        let harmless = case.worker(*execution).idempotent || path.contains('!');
        case.hold(harmless || decided.get(path) == Some(&Decision::Rerun), || {
          format!("{path} is repeated without a word")
        });
      }
      Event::InDoubt { execution, .. } => moves(execution, &[State::Runs], State::Doubt),
      Event::AttemptEnded { execution, .. } => moves(execution, &[State::Runs], State::Over),
      Event::Resumed(resumption) => {
        decided.clone_from(&resumption.steps);
        // what is given up has no end of its own
        let given_up =
          |execution: &ExecutionId| resumption.steps.get(&case.asked[execution].path) == Some(&Decision::Fail);
        let open = states
          .iter_mut()
          .filter(|(execution, state)| matches!(state, State::Runs | State::Doubt) && given_up(execution));
        open.for_each(|(_, state)| *state = State::Over);
      }
      Event::CancelRequested { .. } => cancelled = true,
      Event::Dispatched { path, run, .. } => {
        case.hold(dispatched.insert(run.clone(), path.clone()).is_none(), || {
          format!("{run} is dispatched twice")
        });
      }
      Event::ChildRecorded { run } => {
        case.hold(dispatched.contains_key(run), || format!("nobody asked for {run}"));
      }
      Event::RunSucceeded { .. } => case.hold(!cancelled, || "it was cancelled and succeeds".into()),
      _ => {}
    }
  }
  case.hold(over, || "it has no end".into());
  let open = states.iter().find(|(_, state)| **state == State::Runs);
  case.hold(open.is_none(), || format!("{open:?} never ends"));
  children(case, &dispatched.into_keys().collect());
  once(case);
}

/// A run that was asked for is remembered before the step succeeds, and no other is.
fn children(case: &Case, dispatched: &HashSet<std::sync::Arc<str>>) {
  let mut paths = HashMap::new();
  for record in case.records() {
    match &record.event {
      Event::Dispatched { path, run, .. } => _ = paths.insert(path.clone(), run.clone()),
      Event::StepSucceeded { path, .. } => {
        let run = paths.get(path);
        case.hold(run.is_none_or(|run| case.played.children.contains(run)), || {
          format!("{path} is not remembered")
        });
      }
      _ => {}
    }
  }
  let strange = case.played.children.iter().find(|run| !dispatched.contains(*run));
  case.hold(strange.is_none(), || format!("{strange:?} was not asked for"));
}

/// A call that has given a value in time is not attempted again.
fn once(case: &Case) {
  let mut done = HashSet::new();
  for Record { event, .. } in case.records() {
    match event {
      Event::AttemptEnded {
        execution,
        outcome: AttemptOutcome::Ok(_),
      } => _ = done.insert(&case.asked[execution].path),
      Event::RetryScheduled { path, failure, .. } => {
        // its value came after its time
        let late = failure.message.starts_with("timeout of");
        case.hold(!done.remove(path) || late, || {
          format!("{path} has a value and is tried again")
        });
      }
      Event::AttemptRequested { path, copy_of, .. } => {
        case.hold(!done.contains(path), || {
          format!("{path} has a value and runs again, {copy_of:?}")
        });
      }
      _ => {}
    }
  }
}
