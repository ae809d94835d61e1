//! Timeouts, deadlines, delays and budgets of time, by what really ran.

use std::collections::HashMap;

use orch::engine::{Event, ExecutionId, Record};

use super::{Case, closes, is_inside};
use crate::{declared::site, node::Seen};

/// Something that ends at a time what is inside of it.
struct Ends<'a> {
  path: &'a str,
  at: i64,
  /// The call itself is ended, even where it has an `undo`.
  own: bool,
}

pub fn check(case: &Case) {
  let mut ends: Vec<Ends> = Vec::new();
  let mut first: HashMap<(&str, u32), i64> = HashMap::new();
  let mut running: HashMap<ExecutionId, i64> = HashMap::new();
  let mut delayed: HashMap<&str, i64> = HashMap::new();
  let mut ready: HashMap<&str, i64> = HashMap::new();
  for seen in &case.played.seen {
    match seen {
      Seen::Record(Record { at, event, .. }) => {
        match event {
          Event::BudgetSet { path, bounds } => ends.extend(bounds.time.map(|time| Ends {
            path,
            at: at.0 + time,
            own: false,
          })),
          Event::Delayed { path, delay } => _ = delayed.insert(path, at.0 + delay),
          Event::DeadlinePassed { path } => {
            let due = ends
              .iter()
              .find(|ends| ends.path == &**path && ends.own)
              .map(|ends| ends.at);
            // a call that waits out its delay has said nothing of its worker yet
            let unknown = due.is_none() && !case.declared.sites.contains_key(site(path));
            case.hold(unknown || due.is_some_and(|due| at.0 >= due), || {
              format!("the deadline of {path} passes at {at:?}, not {due:?}")
            });
          }
          Event::AttemptRequested {
            execution,
            path,
            attempt,
            copy_of: Some(_),
            ..
          } => {
            let began = first.get(&(&**path, *attempt)).copied();
            let after = case.policy(*execution).hedge.unwrap_or(i64::MAX);
            case.hold(began.is_some_and(|began| at.0 - began >= after), || {
              format!("{path} is copied at {at:?}, begun at {began:?}")
            });
          }
          Event::RetryScheduled { path, delay, .. } => {
            let late = ends
              .iter()
              .find(|ends| ends.own && is_within(ends.path, path) && at.0 + delay >= ends.at);
            case.hold(late.is_none(), || {
              format!("{path} is to be tried again when its time is over")
            });
          }
          Event::AttemptRepeated { execution, .. } => {
            let asked = &case.asked[execution];
            first.remove(&(&*asked.path, asked.attempt));
          }
          _ => {}
        }
        if let Some(path) = event.path()
          && !ready.contains_key(&**path)
        {
          ready.insert(path, at.0);
          let own = match event {
            Event::AttemptRequested { worker, .. } => {
              case.declared.policy(path, worker).and_then(|policy| policy.deadline)
            }
            _ => None,
          };
          let time = own.or(
            case
              .declared
              .deadlines
              .get(site(path))
              .copied()
              .filter(|_| !path.ends_with(']')),
          );
          let time = time.or_else(|| delayed_call(case, path).filter(|_| matches!(event, Event::Delayed { .. })));
          ends.extend(time.map(|time| Ends {
            path,
            at: at.0 + time,
            own: true,
          }));
        }
      }
      Seen::Begun { execution, at, .. } => {
        let asked = &case.asked[execution];
        case.hold(delayed.get(&*asked.path).is_none_or(|due| at >= due), || {
          format!("{} does not wait out its delay", asked.path)
        });
        first.entry((&asked.path, asked.attempt)).or_insert(*at);
        running.insert(*execution, *at);
        // a call that is let run to its end is repeated after a crash
        let undone = case.declared.undone.contains(site(&asked.path));
        let late = ends
          .iter()
          .find(|ends| !undone && is_within(ends.path, &asked.path) && *at > ends.at);
        case.hold(late.is_none(), || {
          format!(
            "{} begins at {at}, after {:?}",
            asked.path,
            late.map(|late| (late.path, late.at))
          )
        });
      }
      Seen::Told { execution, at } | Seen::Gone { execution, at } if running.remove(execution).is_some() => {
        in_time(case, &ends, &first, *execution, *at);
      }
      _ => {}
    }
  }
}

/// The deadline of a call that waits out its delay first.
fn delayed_call(case: &Case, path: &str) -> Option<i64> {
  let asked = case.asked.values().find(|asked| *asked.path == *path);
  let worker = asked.map_or("", |asked| &asked.worker);
  case.declared.policy(path, worker)?.deadline
}

fn is_within(outer: &str, inner: &str) -> bool {
  (outer == inner || is_inside(outer, inner)) && !closes(outer, inner) && !is_fallback(outer, inner)
}

/// A fallback has a path inside of what it takes the failure of.
fn is_fallback(outer: &str, inner: &str) -> bool {
  inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with(".catch"))
}

/// An execution was told to end, or ended, when its time was over at the latest.
fn in_time(case: &Case, ends: &[Ends], first: &HashMap<(&str, u32), i64>, execution: ExecutionId, at: i64) {
  let asked = &case.asked[&execution];
  let policy = case.policy(execution);
  if let Some(began) = first.get(&(&*asked.path, asked.attempt)) {
    case.hold(at - began <= policy.timeout, || {
      format!(
        "{} runs from {began} to {at}, and {} is its timeout",
        asked.path, policy.timeout
      )
    });
  }
  let undone = case.declared.undone.contains(site(&asked.path));
  let late = ends
    .iter()
    .filter(|ends| is_within(ends.path, &asked.path) && (!undone || ends.own && ends.path == &*asked.path))
    .find(|ends| at > ends.at);
  case.hold(late.is_none(), || {
    format!(
      "{} runs until {at}, after {:?}",
      asked.path,
      late.map(|late| (late.path, late.at))
    )
  });
}
