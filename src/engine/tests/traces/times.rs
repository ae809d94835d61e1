//! Timeouts, deadlines, delays, slots and rates.

use super::{
  super::{build::*, *},
  lost,
};
use crate::{
  hir::*,
  value::FailureKind::{self, *},
};

#[test]
fn a_timeout_runs_from_admission_and_may_be_retried() {
  let mut b = Builder::new();
  let hang = b.mock("hang", vec![rule(MockWhen::Else, 0, MockAnswer::Hang)]);
  let (limit, x, y) = (b.limit(Some(1), None), b.local(), b.local());
  let limited = |policies| Policies {
    limits: vec![limit],
    ..policies
  };
  let policies = Policies {
    timeout: timeout(100).timeout,
    ..retry(1, Backoff::Fixed(time(50)))
  };
  let program = b.main(
    vec![
      step("x", x, attempt(with(hang, [int(1)], limited(timeout(1000))))),
      step("y", y, with(hang, [int(2)], limited(policies))),
    ],
    None,
  );
  assert_eq!(
    trace(&records(&program)),
    [
      "0 requested x hang #1 as 0",
      "0 requested y hang #1 as 1",
      "1000 ended 0 cancelled",
      "1000 taken x by Attempt: x: timeout of 1s passed (timeout)",
      "1000 ok x",
      "1100 ended 1 cancelled",
      "1100 retry y #2 after 50",
      "1150 requested y hang #2 as 2",
      "1250 ended 2 cancelled",
      "1250 failed y: y: timeout of 100ms passed (timeout)",
      "1250 run failed: y: timeout of 100ms passed (timeout)",
    ]
  );
}

#[test]
fn a_deadline_counts_from_ready_and_ends_whatever_runs() {
  let mut b = Builder::new();
  let (slow, x, item) = (b.echo("slow", 400), b.local(), b.local());
  let body = each(item, numbers(4), 1, false, call(slow, [read(item)]));
  let program = b.main(vec![step("x", x, deadline(1000, delay(300, body)))], None);
  assert_eq!(
    steps(&records(&program)),
    [
      "0 delayed x 300",
      "300 expanded x 4 by 1",
      "300 requested x[0] slow #1 as 0",
      "700 ok x[0]",
      "700 requested x[1] slow #1 as 1",
      "1000 deadline x",
      "1000 cancelled x[1] because of x",
      "1000 failed x: x: deadline of 1s passed (timeout)",
      "1000 run failed: x: deadline of 1s passed (timeout)",
    ]
  );
}

#[test]
fn a_call_lost_at_its_deadline_keeps_the_end_of_its_log() {
  let mut b = Builder::new();
  let hang = b.mock("hang", vec![rule(MockWhen::Else, 0, MockAnswer::Hang)]);
  let x = b.local();
  let program = b.main(vec![step("x", x, deadline(10, call(hang, [int(1)])))], None);
  let (mut run, _) = start(&program, 1);
  run.step(RunTime(0), Input::Admitted(ExecutionId(0)));
  run.step(RunTime(10), Input::TimerFired(TimerId(0)));
  let ended = crate::value::Failure {
    log: Some("almost".into()),
    ..crate::value::Failure::new(FailureKind::Cancelled, "", "ended from outside")
  };
  let ended = Input::AttemptEnded(ExecutionId(0), AttemptOutcome::Failed(ended.into()));
  let step = run.step(RunTime(12), ended);
  let Some(Event::RunFailed { failure }) = step.records.last().map(|record| &record.event) else {
    panic!("the run fails");
  };
  assert_eq!(
    (
      failure.kind,
      failure.worker.as_deref(),
      failure.attempts,
      failure.log.as_deref()
    ),
    (FailureKind::Timeout, Some("hang"), 1, Some("almost"))
  );
}

#[test]
fn a_retry_that_would_start_after_the_deadline_is_not_made() {
  let mut b = Builder::new();
  let (bad, x) = (lost(&mut b, "bad", 10, Exit), b.local());
  let policies = retry(5, Backoff::Fixed(time(100)));
  let program = b.main(vec![step("x", x, deadline(200, with(bad, [int(1)], policies)))], None);
  assert_eq!(
    steps(&records(&program)),
    [
      "0 requested x bad #1 as 0",
      "10 retry x #2 after 100",
      "110 requested x bad #2 as 1",
      "120 failed x: x: lost (exit)",
      "120 run failed: x: lost (exit)",
    ]
  );
}

#[test]
fn a_slot_is_free_during_backoff_and_delay() {
  let mut b = Builder::new();
  let (bad, echo) = (lost(&mut b, "bad", 10, Exit), b.echo("echo", 10));
  let limit = b.limit(Some(1), None);
  let (x, y) = (b.local(), b.local());
  let limited = |policies| Policies {
    limits: vec![limit],
    ..policies
  };
  let program = b.main(
    vec![
      step(
        "x",
        x,
        attempt(with(bad, [int(1)], limited(retry(1, Backoff::Fixed(time(100)))))),
      ),
      step("y", y, delay(5, with(echo, [int(2)], limited(Policies::default())))),
    ],
    None,
  );
  assert_eq!(
    steps(&records(&program)),
    [
      "0 requested x bad #1 as 0",
      "0 delayed y 5",
      "5 requested y echo #1 as 1",
      "10 retry x #2 after 100",
      "20 ok y",
      "110 requested x bad #2 as 2",
      "120 taken x by Attempt: x: lost (exit)",
      "120 ok x",
      "120 run ok null",
    ]
  );
}

#[test]
fn a_rate_is_kept() {
  let mut b = Builder::new();
  let (echo, limit) = (b.echo("echo", 1), b.limit(None, Some((2, 1000))));
  let (x, item) = (b.local(), b.local());
  let policies = Policies {
    limits: vec![limit],
    ..Policies::default()
  };
  let program = b.main(
    vec![step(
      "x",
      x,
      each(item, numbers(5), 5, false, with(echo, [read(item)], policies)),
    )],
    None,
  );
  let records = records(&program);
  let admitted = records
    .iter()
    .filter(|record| matches!(record.event, Event::Admitted { .. }));
  assert_eq!(
    admitted.map(|record| record.at.0).collect::<Vec<_>>(),
    [0, 0, 1000, 1000, 2000]
  );
}
