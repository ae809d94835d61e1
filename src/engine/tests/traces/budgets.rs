//! What may be spent, and what happens when it is.

use super::super::{build::*, *};
use crate::{
  hir::*,
  protocol::Report,
  value::{Dollars, FailureKind::Exit},
};

#[test]
fn the_call_that_is_too_many_fails() {
  let mut b = Builder::new();
  let (echo, x, item) = (b.echo("echo", 10), b.local(), b.local());
  let body = each(item, numbers(4), 4, true, call(echo, [read(item)]));
  let program = b.main_with(budget(Some(3), None), vec![step("x", x, body)], None);
  let records = records(&program);
  assert_eq!(
    trace(&records),
    [
      "0 budget \"\" {\"calls\":3}",
      "0 expanded x 4 by 4",
      "0 requested x[0] echo #1 as 0",
      "0 requested x[1] echo #1 as 1",
      "0 requested x[2] echo #1 as 2",
      "0 requested x[3] echo #1 as 3",
      "10 ended 0 0",
      "10 ok x[0]",
      "10 ended 1 1",
      "10 ok x[1]",
      "10 ended 2 2",
      "10 ok x[2]",
      "10 taken x[3] by Collect: x[3]: the budget of `main` is spent: 3 of 3 calls (budget)",
      "10 ok x",
      "10 run ok null",
    ]
  );
  assert_prefixes(&program, &records);
}

#[test]
fn retries_count_and_a_spent_budget_is_not_retried() {
  let mut b = Builder::new();
  let (bad, x) = (super::lost(&mut b, "bad", 1, Exit), b.local());
  let policies = retry(9, Backoff::Fixed(time(1)));
  let program = b.main_with(
    budget(Some(2), None),
    vec![step("x", x, with(bad, [int(1)], policies))],
    None,
  );
  assert_eq!(
    steps(&records(&program)),
    [
      "0 budget \"\" {\"calls\":2}",
      "0 requested x bad #1 as 0",
      "1 retry x #2 after 1",
      "2 requested x bad #2 as 1",
      "3 retry x #3 after 1",
      "4 requested x bad #3 as 2",
      "4 failed x: x: the budget of `main` is spent: 2 of 2 calls (budget)",
      "4 run failed: x: the budget of `main` is spent: 2 of 2 calls (budget)",
    ]
  );
}

/// Three calls of a worker that may cost 40 cents, under a dollar; each reports so many cents, if any.
fn three(reports: [Option<f64>; 3]) -> Vec<String> {
  let mut b = Builder::new();
  let w = b.echo("w", 10);
  b.of(w).ceiling = ceiling(0.4);
  let (x, item) = (b.local(), b.local());
  let body = each(item, numbers(3), 3, true, call(w, [read(item)]));
  let program = b.main_with(budget(None, Some(1.0)), vec![step("x", x, body)], None);
  let (run, first) = start(&program, 1);
  let mut simulation = Simulation::new(run, first, mocked);
  let mut records: Vec<Record> = Vec::new();
  while let Some(more) = simulation.advance() {
    for record in &more {
      if let Event::AttemptStarted { execution, .. } = record.event
        && let Some(cost) = reports[execution.0 as usize]
      {
        let report = Report {
          cost: Dollars::of(cost),
          ..Report::default()
        };
        simulation.expect(record.at, Input::Reported(execution, report));
      }
    }
    records.extend(more);
  }
  assert_prefixes_end(&program, &records);
  trace(&records)
}

/// Reports are not repeated by a prefix that runs on, so only the journal's own end is the same.
fn assert_prefixes_end(program: &Arc<Program>, records: &[Record]) {
  for length in 1..=records.len() {
    Run::replay(program.clone(), records[..length].to_vec()).expect("a prefix is a journal");
  }
}

#[test]
fn what_may_be_needed_is_reserved_before_anything_starts() {
  assert_eq!(
    three([None; 3]),
    [
      "0 budget \"\" {\"cost\":1.0}",
      "0 expanded x 3 by 3",
      "0 requested x[0] w #1 as 0",
      "0 requested x[1] w #1 as 1",
      "0 requested x[2] w #1 as 2",
      "10 ended 0 0",
      "10 charged 0 $0.40",
      "10 ok x[0]",
      "10 ended 1 1",
      "10 charged 1 $0.40",
      "10 ok x[1]",
      "10 taken x[2] by Collect: x[2]: the budget of `main` is spent: $0.80 of $1.00, and one execution may cost $0.40 \
       (budget)",
      "10 ok x",
      "10 run ok null",
    ],
    "who reports nothing may have spent it all"
  );
}

#[test]
fn what_is_given_back_lets_another_start() {
  let lines = three([Some(0.1), Some(0.1), Some(0.1)]);
  assert_eq!(
    lines[5..],
    [
      "0 reported 0",
      "0 reported 1",
      "10 ended 0 0",
      "10 charged 0 $0.10",
      "10 ok x[0]",
      "10 ended 1 1",
      "10 charged 1 $0.10",
      "10 ok x[1]",
      "10 reported 2",
      "20 ended 2 2",
      "20 charged 2 $0.10",
      "20 ok x[2]",
      "20 ok x",
      "20 run ok null",
    ]
  );
}

#[test]
fn a_report_above_the_ceiling_is_charged_and_told_and_counts_for_the_next() {
  let lines = three([Some(0.7), Some(0.2), None]);
  assert!(lines.contains(&"10 charged 0 $0.70 above".to_owned()), "{lines:#?}");
  let spent = "the budget of `main` is spent: $0.70 of $1.00, and one execution may cost $0.70";
  assert!(lines.iter().any(|line| line.contains(spent)), "{lines:#?}");
}

#[test]
fn budgets_nest_and_the_inner_one_ends_with_its_scope() {
  let mut b = Builder::new();
  let echo = b.echo("echo", 1);
  let inner = {
    let (item, y) = (b.local(), b.local());
    let body = each(item, numbers(2), 2, true, call(echo, [read(item)]));
    b.orchestrator("inner", Vec::new(), block(vec![step("y", y, body)], None))
  };
  b.program.orchestrators[inner.0 as usize].budget = budget(Some(1), None);
  let last = b.local();
  let steps = vec![
    gate("x", StepKind::Node(orchestrate(inner))),
    gate("z", StepKind::Node(orchestrate(inner))),
    step("last", last, call(echo, [int(1)])),
  ];
  let program = b.main_with(budget(Some(2), None), steps, None);
  let failures: Vec<String> = trace(&records(&program))
    .into_iter()
    .filter(|line| line.contains("spent"))
    .collect();
  assert_eq!(
    failures,
    [
      "1 taken x.y[1] by Collect: x.y[1]: the budget of `inner` is spent: 1 of 1 calls (budget)",
      "2 taken z.y[1] by Collect: z.y[1]: the budget of `inner` is spent: 1 of 1 calls (budget)",
      "2 failed last: last: the budget of `main` is spent: 2 of 2 calls (budget)",
      "2 run failed: last: the budget of `main` is spent: 2 of 2 calls (budget)",
    ]
  );
}

#[test]
fn run_time_is_a_budget_too() {
  let mut b = Builder::new();
  let (slow, x) = (b.echo("slow", 400), b.local());
  let time_only = Budget {
    time: Some(time(100)),
    ..budget(None, None).expect("a budget")
  };
  let program = b.main_with(Some(time_only), vec![step("x", x, call(slow, [int(1)]))], None);
  let records = records(&program);
  assert_eq!(
    trace(&records),
    [
      "0 budget \"\" {\"time\":100}",
      "0 requested x slow #1 as 0",
      "100 ended 0 cancelled",
      "100 cancelled x because of ",
      "100 run failed: : the budget of `main` is spent: 100ms of run time (budget)",
    ]
  );
  assert_prefixes(&program, &records);
}

#[test]
fn a_budget_without_a_value_fails_its_orchestrator() {
  let mut b = Builder::new();
  let (echo, x) = (b.echo("echo", 1), b.local());
  let bad = Budget {
    cost: Some(lit(crate::value::Value::Float(-1.0))),
    ..budget(None, None).expect("a budget")
  };
  let program = b.main_with(Some(bad), vec![step("x", x, call(echo, [int(1)]))], None);
  assert_eq!(
    trace(&records(&program)),
    ["0 run failed: : not an amount of dollars: -1 (expression)"]
  );
}

#[test]
fn a_call_that_waits_for_its_budget_can_be_ended() {
  let mut b = Builder::new();
  let (echo, x, y) = (b.echo("echo", 50), b.local(), b.local());
  let steps = vec![
    step("x", x, call(echo, [int(1)])),
    step("y", y, attempt(deadline(10, call(echo, [int(2)])))),
  ];
  let program = b.main_with(budget(Some(1), None), steps, None);
  assert_eq!(
    steps_of(&program),
    [
      "0 budget \"\" {\"calls\":1}",
      "0 requested x echo #1 as 0",
      "0 requested y echo #1 as 1",
      "10 deadline y",
      "10 taken y by Attempt: y: deadline of 10ms passed (timeout)",
      "10 ok y",
      "50 ok x",
      "50 run ok null",
    ]
  );
}

fn steps_of(program: &Arc<Program>) -> Vec<String> {
  steps(&records(program))
}
