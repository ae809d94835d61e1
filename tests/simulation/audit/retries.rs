//! Attempts: as many as allowed, of failures that may be retried, after waits within their bounds; and none is missing.

use std::collections::HashMap;

use orch::engine::{Event, Record};

use super::Case;
use crate::declared::{Policy, site};

pub fn check(case: &Case) {
  let mut latest: HashMap<&str, u32> = HashMap::new();
  let mut planned: HashMap<&str, (u32, i64)> = HashMap::new();
  let mut copied: HashMap<(&str, u32), u32> = HashMap::new();
  // the time of the latest loss of anything
  let mut lost = -1;
  for Record { at, event, .. } in case.records() {
    match event {
      Event::AttemptRequested {
        execution,
        path,
        attempt,
        copy_of,
        ..
      } => {
        let before = latest.insert(path, *attempt).unwrap_or(0);
        let policy = case.policy(*execution);
        case.hold(
          *attempt <= 1 + policy.retry.as_ref().map_or(0, |retry| retry.times),
          || format!("{path} is tried {attempt} times"),
        );
        if copy_of.is_some() {
          let copies = copied.entry((path, *attempt)).or_default();
          *copies += 1;
          case.hold(policy.hedge.is_some() && *copies == 1 && before == *attempt, || {
            format!("{path} is copied again")
          });
          continue;
        }
        case.hold(before + 1 == *attempt, || {
          format!("{path}: attempt {attempt} after {before}")
        });
        if *attempt > 1 {
          let due = planned.remove(&**path);
          case.hold(
            due.is_some_and(|(number, due)| number == *attempt && at.0 >= due),
            || format!("{path}: attempt {attempt} at {at:?} was to be {due:?}"),
          );
        }
      }
      Event::RetryScheduled {
        path,
        attempt,
        delay,
        failure,
      } => {
        let worker = failure.worker.as_deref().unwrap_or_default();
        let retry = case
          .declared
          .policy(path, worker)
          .and_then(|policy| policy.retry.as_ref());
        case.hold(
          retry.is_some_and(|retry| {
            let (least, most) = retry.wait(attempt - 1);
            retry.takes(&failure.kind.to_string(), failure.code) && (least..=most).contains(delay)
          }),
          || format!("{path} is retried after {delay}: {failure}"),
        );
        planned.insert(path, (*attempt, at.0 + delay));
      }
      Event::StepFailed { path, failure } | Event::FailureTaken { path, failure, .. } => {
        let worker = failure.worker.as_deref().unwrap_or_default();
        if let Some(policy) = case
          .declared
          .policy(path, worker)
          .filter(|_| latest.contains_key(&**path))
          && failure.step == *path
          && failure.kind.to_string() != "interrupted"
          && lost < at.0
          && !bounded(case, path, policy)
          && !case.declared.undone.contains(site(path))
        {
          let more = policy.retry.as_ref().is_some_and(|retry| {
            latest[&**path] <= retry.times && retry.takes(&failure.kind.to_string(), failure.code)
          });
          case.hold(!more, || format!("{path} is not tried again: {failure}"));
        }
        lost = at.0;
      }
      Event::StepCancelled { .. } | Event::StepSkipped { .. } | Event::StopChecked { held: true, .. } => lost = at.0,
      Event::CancelRequested { .. } | Event::DeadlinePassed { .. } | Event::NotTaken { .. } => lost = at.0,
      Event::RequireChecked { held: false, .. } => lost = at.0,
      _ => {}
    }
  }
}

/// Whether something around the call may end it: then it need not be tried again.
fn bounded(case: &Case, path: &str, policy: &Policy) -> bool {
  let steps = path.split(['.', '!']).map(site);
  policy.deadline.is_some() || steps.into_iter().any(|step| case.declared.deadlines.contains_key(step))
}
