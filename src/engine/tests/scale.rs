//! Large programs and large data: nothing recurses into them, nothing is quadratic. A test that takes minutes has
//! failed.

use super::{build::*, *};
use crate::{hir::*, value::FailureKind};

fn succeeds(records: &[Record]) -> bool {
  matches!(
    records.last().map(|record| &record.event),
    Some(Event::RunSucceeded { .. })
  )
}

/// `window` of an each over so many calls.
fn wide(items: i64, window: i64, limit: Option<u64>) -> (Run, Vec<Record>) {
  let mut b = Builder::new();
  let (echo, x, item) = (b.echo("echo", 1), b.local(), b.local());
  let limits = limit.map(|slots| b.limit(Some(slots), None)).into_iter().collect();
  let policies = Policies {
    limits,
    ..timeout(1000)
  };
  let body = with(echo, [read(item)], policies);
  let program = b.main(vec![step("x", x, each(item, numbers(items), window, true, body))], None);
  let (run, first) = start(&program, 1);
  simulate(run, first, mocked)
}

#[test]
fn many_instances_in_a_window() {
  let (run, records) = wide(20_000, 8, None);
  assert_eq!(run.instances.peak(), 10, "the run, the each and its window");
  assert!(succeeds(&records));
  assert_eq!(records.len(), 100_004);
}

#[test]
fn a_hundred_thousand_instances_at_once_behind_a_limit() {
  let (_, records) = wide(100_000, 100_000, Some(8));
  assert!(succeeds(&records));
  assert_eq!(records.len(), 500_004);
}

#[test]
fn ten_thousand_steps_in_a_row() {
  let mut b = Builder::new();
  let mut steps = Vec::new();
  let mut last = None;
  for name in 0..10_000 {
    let local = b.local();
    steps.push(step(&format!("s{name}"), local, value(last.map_or(int(0), read))));
    last = Some(local);
  }
  // `block` looks for edges between all steps; here they are known
  for (at, step) in steps.iter_mut().enumerate().skip(1) {
    step.waits = vec![Wait {
      step: at - 1,
      why: WaitKind::Data,
    }];
  }
  let body = Block {
    steps,
    result: last.map(read),
    span: NOWHERE,
  };
  b.orchestrator("main", Vec::new(), body);
  let records = records(&Arc::new(b.program));
  assert!(succeeds(&records));
  assert_eq!(records.len(), 10_002);
}

#[test]
fn a_hundred_thousand_waiting_calls_are_lost_at_once() {
  let mut b = Builder::new();
  let (slow, x, item, limit) = (b.echo("slow", 100), b.local(), b.local(), b.limit(Some(1), None));
  let policies = Policies {
    limits: vec![limit],
    ..Policies::default()
  };
  let body = with(slow, [read(item)], policies);
  let wide = each(item, numbers(100_000), 100_000, true, body);
  let program = b.main(vec![step("x", x, deadline(50, wide))], None);
  let records = records(&program);
  let skipped = records
    .iter()
    .filter(|record| matches!(record.event, Event::StepSkipped { .. }));
  assert_eq!(skipped.count(), 99_999);
}

/// What the run holds of anything that could be left behind.
fn live(run: &Run) -> usize {
  run.instances.live() + run.timers.len() + run.executions.len() + run.budgets.len() + run.in_doubt.len()
}

#[test]
fn nothing_is_left_of_steps_that_are_over() {
  let mut b = Builder::new();
  let (echo, bad) = (
    b.echo("echo", 3),
    b.mock("bad", vec![rule(MockWhen::Else, 1, fails(FailureKind::Exit))]),
  );
  let [outer, previous, item, all, t, own] = [(); 6].map(|()| b.local());
  let limit = b.limit(Some(3), None);
  let policies = Policies {
    limits: vec![limit],
    hedge: hedge(2).hedge,
    retry: retry(1, Backoff::Fixed(time(1))).retry,
    ..timeout(1000)
  };
  let tried = catch(
    with(bad, [int(1)], policies.clone()),
    own,
    deadline(500, with(echo, [read(item)], policies)),
  );
  let body = nested(block(
    vec![
      step("t", t, finally(call(echo, [int(1)]), own, call(echo, [int(2)]))),
      step("all", all, each(item, numbers(20), 4, true, tried)),
    ],
    None,
  ));
  let program = b.main(
    vec![step("x", outer, fold(item, numbers(100), int(0), previous, body))],
    None,
  );
  let (run, first) = start(&program, 1);
  let mut simulation = Simulation::new(run, first, mocked);
  let (mut count, mut most) = (0, [0; 2]);
  while let Some(records) = simulation.advance() {
    count += records.len();
    let half = usize::from(count > 10_000);
    most[half] = most[half].max(live(simulation.run()));
  }
  assert!(count > 30_000, "{count} records");
  assert!(
    most[0] > 10 && most[1] <= most[0],
    "{most:?} at once, before and after {count} records"
  );
  assert_eq!(live(simulation.run()), 0);
}
