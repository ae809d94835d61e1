//! Outcomes that are reused are those of the same worker and message, and not older than allowed.

use std::collections::HashMap;

use orch::engine::{AttemptOutcome, Event, Record};

use super::Case;
use crate::node::{Played, Seen};

pub fn check(case: &Case, before: &[Played]) {
  // by run and path: worker, message, value, time on the wall clock
  let mut known: HashMap<(String, String), (String, String, serde_json::Value, i64)> = HashMap::new();
  let runs = before
    .iter()
    .map(|played| played.seen.as_slice())
    .chain([case.played.seen.as_slice()]);
  for (at, seen) in runs.enumerate() {
    let run = format!("r{}", at + 1);
    let is_own = at == before.len();
    let (mut wall, mut since) = (0, 0);
    let mut asked = HashMap::new();
    for one in seen {
      let (time, event) = match one {
        Seen::Up { wall: clock, now, .. } => {
          (wall, since) = (*clock, *now);
          continue;
        }
        Seen::Record(Record { at, event, .. }) => (wall + at.0 - since, event),
        _ => continue,
      };
      match event {
        Event::AttemptRequested {
          execution,
          path,
          worker,
          input,
          ..
        } => {
          asked.insert(*execution, (path.to_string(), worker.to_string(), input.to_string()));
        }
        Event::AttemptEnded {
          execution,
          outcome: AttemptOutcome::Ok(value),
        } => {
          let (path, worker, input) = asked[execution].clone();
          // of a hedged attempt the first one counts
          known
            .entry((run.clone(), path))
            .or_insert((worker, input, value.clone(), time));
        }
        // it is kept when nothing of the attempt is left
        Event::StepSucceeded { path, .. } => {
          known
            .entry((run.clone(), path.to_string()))
            .and_modify(|known| known.3 = time);
        }
        // its value came after its time
        Event::RetryScheduled { path, .. } => _ = known.remove(&(run.clone(), path.to_string())),
        Event::CacheHit { execution, value, from } if is_own => {
          let (path, worker, input) = &asked[execution];
          let kept = known.get(&(from.run.to_string(), from.step.to_string()));
          let age = case.policy(*execution).cache;
          case.hold(
            kept.is_some_and(|(by, of, gave, when)| {
              by == worker && of == input && gave == value && age.is_some_and(|age| time - when <= age)
            }),
            || format!("{path} reuses {from:?} at {time}: {kept:?}, at most {age:?} old"),
          );
        }
        _ => {}
      }
    }
  }
}
