//! Copies of attempts that take long.

use super::{
  super::{build::*, *},
  failed,
};
use crate::{
  hir::*,
  protocol::RawAnswer,
  value::{FailureKind::*, Value},
};

/// One call of `w` with these policies, as a step `x`.
fn one(policies: Policies, change: impl FnOnce(&mut Builder, WorkerId)) -> Arc<Program> {
  let mut b = Builder::new();
  let (w, x) = (b.echo("w", 0), b.local());
  change(&mut b, w);
  b.main(vec![step("x", x, with(w, [int(1)], policies))], Some(read(x)))
}

/// The first execution of an attempt, and its copy: after how long, and what.
fn pair(first: Scripted, copy: Scripted) -> impl Fn(&Start) -> Scripted {
  move |start| match start.invocation.identity.copy {
    false => first.clone(),
    true => copy.clone(),
  }
}

fn value(after: i64, value: i64) -> Scripted {
  Scripted::Answer(after, Ok(RawAnswer::Mock(Value::Int(value))))
}

fn failure(after: i64) -> Scripted {
  Scripted::Answer(after, Err(failed(Exit)))
}

fn traced(program: &Arc<Program>, answers: impl Fn(&Start) -> Scripted) -> Vec<String> {
  let (run, first) = start(program, 1);
  let mut simulation = Simulation::new(run, first, answers).lingering(3);
  trace(
    &std::iter::from_fn(|| simulation.advance())
      .flatten()
      .collect::<Vec<_>>(),
  )
}

#[test]
fn the_first_valid_answer_wins_and_the_other_is_ended() {
  let program = one(hedge(50), |_, _| ());
  assert_eq!(
    traced(&program, pair(value(100, 1), value(20, 2))),
    [
      "0 requested x w #1 as 0",
      "50 requested x w #1 as 1, a copy of 0",
      "70 ended 1 2",
      "73 ended 0 cancelled",
      "73 ok x",
      "73 run ok 2",
    ]
  );
  assert_eq!(
    traced(&program, pair(value(60, 1), value(20, 2))),
    [
      "0 requested x w #1 as 0",
      "50 requested x w #1 as 1, a copy of 0",
      "60 ended 0 1",
      "63 ended 1 cancelled",
      "63 ok x",
      "63 run ok 1",
    ]
  );
  assert_eq!(
    traced(&program, pair(value(50, 1), Scripted::Hang))
      .last()
      .map(String::as_str),
    Some("50 run ok 1"),
    "in time, without a copy"
  );
}

#[test]
fn a_failure_waits_for_the_other_that_runs() {
  let program = one(hedge(50), |_, _| ());
  assert_eq!(
    traced(&program, pair(failure(60), value(20, 2)))
      .last()
      .map(String::as_str),
    Some("70 run ok 2")
  );
  assert_eq!(
    traced(&program, pair(value(100, 1), failure(20)))
      .last()
      .map(String::as_str),
    Some("100 run ok 1")
  );
  assert_eq!(
    traced(&program, pair(failure(60), failure(20))),
    [
      "0 requested x w #1 as 0",
      "50 requested x w #1 as 1, a copy of 0",
      "60 ended 0 exit",
      "70 ended 1 exit",
      "70 failed x: x: lost (exit)",
      "70 run failed: x: lost (exit)",
    ]
  );
  assert_eq!(
    traced(&program, pair(failure(40), value(1, 2))).len(),
    4,
    "what failed before gets no copy: that is what retries are for"
  );
}

#[test]
fn a_copy_waits_like_others_and_goes_with_the_first() {
  let limited = |answers: fn(&Start) -> Scripted| {
    let mut b = Builder::new();
    let (w, x, limit) = (b.echo("w", 0), b.local(), b.limit(Some(1), None));
    let policies = Policies {
      limits: vec![limit],
      ..hedge(10)
    };
    let program = b.main(vec![step("x", x, with(w, [int(1)], policies))], Some(read(x)));
    traced(&program, answers)
  };
  assert_eq!(
    limited(|_| value(30, 1)),
    [
      "0 requested x w #1 as 0",
      "10 requested x w #1 as 1, a copy of 0",
      "30 ended 0 1",
      "30 ok x",
      "30 run ok 1"
    ]
  );
  assert_eq!(
    limited(|_| failure(30)).len(),
    5,
    "nor does it run after the first has failed"
  );
}

#[test]
fn one_timeout_bounds_an_attempt_with_its_copy() {
  let policies = Policies {
    timeout: timeout(100).timeout,
    retry: retry(1, Backoff::Fixed(time(5))).retry,
    ..hedge(50)
  };
  let program = one(policies, |_, _| ());
  assert_eq!(
    traced(&program, pair(Scripted::Hang, Scripted::Hang)),
    [
      "0 requested x w #1 as 0",
      "50 requested x w #1 as 1, a copy of 0",
      "103 ended 0 cancelled",
      "103 ended 1 cancelled",
      "103 retry x #2 after 5",
      "108 requested x w #2 as 2",
      "158 requested x w #2 as 3, a copy of 2",
      "211 ended 2 cancelled",
      "211 ended 3 cancelled",
      "211 failed x: x: timeout of 100ms passed (timeout)",
      "211 run failed: x: timeout of 100ms passed (timeout)",
    ]
  );
}

#[test]
fn a_lost_call_ends_both() {
  let mut b = Builder::new();
  let (w, x) = (b.echo("w", 0), b.local());
  let program = b.main(vec![step("x", x, deadline(80, with(w, [int(1)], hedge(50))))], None);
  assert_eq!(
    traced(&program, pair(Scripted::Hang, Scripted::Hang)),
    [
      "0 requested x w #1 as 0",
      "50 requested x w #1 as 1, a copy of 0",
      "80 deadline x",
      "83 ended 0 cancelled",
      "83 ended 1 cancelled",
      "83 failed x: x: deadline of 80ms passed (timeout)",
      "83 run failed: x: deadline of 80ms passed (timeout)",
    ]
  );
}

#[test]
fn a_copy_counts_for_slots_budget_and_breaker_as_any_execution() {
  let program = one(hedge(50), |b, w| b.of(w).concurrent = Some(int(1)));
  assert_eq!(
    traced(&program, pair(value(100, 1), value(20, 2)))
      .last()
      .map(String::as_str),
    Some("100 run ok 1"),
    "there was no slot for it"
  );
  let mut b = Builder::new();
  let (w, x) = (b.echo("w", 0), b.local());
  let steps = vec![step("x", x, with(w, [int(1)], hedge(50)))];
  let program = b.main_with(budget(Some(1), None), steps, Some(read(x)));
  assert_eq!(
    traced(&program, pair(value(100, 1), value(20, 2))),
    [
      "0 budget \"\" {\"calls\":1}",
      "0 requested x w #1 as 0",
      "50 requested x w #1 as 1, a copy of 0",
      "100 ended 0 1",
      "100 ok x",
      "100 run ok 1",
    ],
    "nor a call in the budget"
  );
  let program = one(hedge(50), |b, w| b.of(w).breaker = breaker(2, 1000, 1));
  let lines = traced(&program, pair(failure(60), failure(20)));
  assert!(
    lines.contains(&"70 breaker w Closed to Open".to_owned()),
    "both failed: {lines:#?}"
  );
}

#[test]
fn both_have_one_key_and_one_number() {
  let program = one(hedge(5), |_, _| ());
  let (run, first) = start(&program, 1);
  let mut seen = Vec::new();
  let (_, _) = simulate(run, first, |start| {
    let identity = &start.invocation.identity;
    seen.push((identity.key.clone(), identity.attempt, identity.copy));
    value(10, 1)
  });
  assert_eq!((seen[0].clone().0, 1, true), seen[1].clone());
}

#[test]
fn every_prefix_of_a_hedged_run_is_a_journal() {
  let mut b = Builder::new();
  let (w, x) = (b.echo("w", 100), b.local());
  let program = b.main(vec![step("x", x, with(w, [int(1)], hedge(50)))], Some(read(x)));
  let (run, first) = start(&program, 1);
  let mut simulation = Simulation::new(run, first, mocked).lingering(7);
  let records: Vec<Record> = std::iter::from_fn(|| simulation.advance()).flatten().collect();
  assert_prefixes(&program, &records);
  let both = records
    .iter()
    .position(|record| {
      matches!(
        record.event,
        Event::AttemptStarted {
          execution: ExecutionId(1),
          ..
        }
      )
    })
    .expect("the copy runs");
  let replayed = Run::replay(program, records[..=both].to_vec()).expect("a prefix is a journal");
  let (_, step) = replayed.resume(resumption(None));
  let asks = step
    .commands
    .iter()
    .filter(|command| matches!(command, Command::Ask { .. }));
  assert_eq!(asks.count(), 2, "both go on");
}
