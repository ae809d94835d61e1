//! `each`, folds and `repeat`.

use super::super::{build::*, *};
use crate::{hir::*, value::FailureKind::*};

#[test]
fn each_keeps_to_its_window_and_to_the_order_of_its_items() {
  let mut b = Builder::new();
  let (x, item) = (b.local(), b.local());
  let slow_first = b.mock("slow_first", Vec::new());
  let input = b.program.workers[0].params[0].local;
  b.program.workers[0].kind = WorkerKind::Mock(vec![
    rule(MockWhen::First(int(1)), 20, MockAnswer::Return(read(input))),
    rule(MockWhen::Else, 5, MockAnswer::Return(read(input))),
  ]);
  let program = b.main(
    vec![step(
      "x",
      x,
      each(item, numbers(4), 2, false, call(slow_first, [read(item)])),
    )],
    Some(read(x)),
  );
  assert_eq!(
    steps(&records(&program)),
    [
      "0 expanded x 4 by 2",
      "0 requested x[0] slow_first #1 as 0",
      "0 requested x[1] slow_first #1 as 1",
      "5 ok x[1]",
      "5 requested x[2] slow_first #1 as 2",
      "10 ok x[2]",
      "10 requested x[3] slow_first #1 as 3",
      "15 ok x[3]",
      "20 ok x[0]",
      "20 ok x",
      "20 run ok [0,1,2,3]",
    ]
  );
}

/// Fails for the item 1.
fn picky(b: &mut Builder) -> WorkerId {
  let picky = b.mock("picky", Vec::new());
  let input = b.program.workers[picky.0 as usize].params[0].local;
  let one = Value::fields([("x", Value::Int(1))]).expect("small");
  b.program.workers[picky.0 as usize].kind = WorkerKind::Mock(vec![
    rule(MockWhen::On(lit(one)), 5, fails(Exit)),
    rule(MockWhen::Else, 10, MockAnswer::Return(read(input))),
  ]);
  picky
}

use crate::value::Value;

#[test]
fn without_collect_the_first_failure_loses_the_each() {
  let mut b = Builder::new();
  let (picky, x, item) = (picky(&mut b), b.local(), b.local());
  let program = b.main(
    vec![step(
      "x",
      x,
      each(item, numbers(4), 2, false, call(picky, [read(item)])),
    )],
    None,
  );
  let records = records(&program);
  assert_eq!(
    steps(&records)[3..],
    [
      "5 failed x[1]: x[1]: lost (exit)",
      "5 cancelled x[0] because of x[1]",
      "5 failed x: x[1]: lost (exit)",
      "5 run failed: x[1]: lost (exit)",
    ]
  );
  let Some(Event::RunFailed { failure }) = records.last().map(|record| &record.event) else {
    panic!("the run fails");
  };
  assert_eq!(failure.item, Some(serde_json::json!(1)));
  assert_eq!(failure.worker.as_deref(), Some("picky"));
  assert_eq!(failure.attempts, 1);
}

#[test]
fn collect_makes_outcomes_of_failures() {
  let mut b = Builder::new();
  let (picky, x, item) = (picky(&mut b), b.local(), b.local());
  let program = b.main(
    vec![step("x", x, each(item, numbers(3), 3, true, call(picky, [read(item)])))],
    Some(read(x)),
  );
  let records = records(&program);
  assert_eq!(
    steps(&records)[4..8],
    [
      "5 taken x[1] by Collect: x[1]: lost (exit)",
      "10 ok x[0]",
      "10 ok x[2]",
      "10 ok x",
    ]
  );
  let Some(Event::RunSucceeded { result }) = records.last().map(|record| &record.event) else {
    panic!("the run succeeds");
  };
  assert_eq!(result[0], serde_json::json!({ "ok": true, "value": 0 }));
  assert_eq!(result[1]["ok"], serde_json::json!(false));
  assert_eq!(result[1]["error"]["kind"], serde_json::json!("exit"));
  assert_eq!(result[2], serde_json::json!({ "ok": true, "value": 2 }));
}

#[test]
fn an_each_over_nothing_gives_an_empty_list() {
  let mut b = Builder::new();
  let (echo, x, item) = (b.echo("echo", 5), b.local(), b.local());
  let program = b.main(
    vec![step("x", x, each(item, numbers(0), 3, true, call(echo, [read(item)])))],
    Some(read(x)),
  );
  assert_eq!(
    steps(&records(&program)),
    ["0 expanded x 0 by 3", "0 ok x", "0 run ok []"]
  );
}

#[test]
fn a_window_below_one_is_a_failure() {
  let mut b = Builder::new();
  let (echo, x, item) = (b.echo("echo", 5), b.local(), b.local());
  let program = b.main(
    vec![step("x", x, each(item, numbers(3), 0, true, call(echo, [read(item)])))],
    None,
  );
  assert_eq!(
    steps(&records(&program))[0],
    "0 failed x: x: `concurrent` must be at least 1, not 0 (expression)"
  );
}

#[test]
fn a_fold_goes_one_by_one() {
  let mut b = Builder::new();
  let (echo, x, item, previous) = (b.echo("echo", 5), b.local(), b.local(), b.local());
  let body = call(echo, [list([read(previous), read(item)])]);
  let program = b.main(
    vec![step("x", x, fold(item, numbers(3), text("seed"), previous, body))],
    Some(read(x)),
  );
  let records = records(&program);
  assert_eq!(
    steps(&records),
    [
      "0 expanded x 3 by 1",
      "0 requested x[0] echo #1 as 0",
      "5 ok x[0]",
      "5 requested x[1] echo #1 as 1",
      "10 ok x[1]",
      "10 requested x[2] echo #1 as 2",
      "15 ok x[2]",
      "15 ok x",
      r#"15 run ok [[["seed",0],1],2]"#,
    ]
  );
}

/// Gives false twice, then true.
fn third_time(b: &mut Builder) -> WorkerId {
  b.mock(
    "third_time",
    vec![
      rule(MockWhen::First(int(2)), 5, MockAnswer::Return(truth(false))),
      rule(MockWhen::Else, 5, MockAnswer::Return(truth(true))),
    ],
  )
}

fn until_done(bound: i64, otherwise: Otherwise) -> Vec<String> {
  let mut b = Builder::new();
  let (work, x, y, previous) = (third_time(&mut b), b.local(), b.local(), b.local());
  let body = block(
    vec![step("y", y, call(work, [read(previous)]))],
    Some(list([read(previous), read(y)])),
  );
  let program = b.main(
    vec![step("x", x, repeat(bound, previous, body, Some(read(y)), otherwise))],
    Some(read(x)),
  );
  steps(&records(&program))
}

#[test]
fn repeat_ends_when_its_condition_holds() {
  assert_eq!(
    until_done(5, Otherwise::Exhausted),
    [
      "0 scope x[0]",
      "0 requested x[0].y third_time #1 as 0",
      "5 ok x[0].y",
      "5 iterated x 0 Some(false)",
      "5 scope x[1]",
      "5 requested x[1].y third_time #1 as 1",
      "10 ok x[1].y",
      "10 iterated x 1 Some(false)",
      "10 scope x[2]",
      "10 requested x[2].y third_time #1 as 2",
      "15 ok x[2].y",
      "15 iterated x 2 Some(true)",
      "15 ok x",
      "15 run ok [[[null,false],false],true]",
    ]
  );
}

#[test]
fn repeat_at_its_bound_fails_takes_the_last_or_another() {
  assert_eq!(
    until_done(2, Otherwise::Exhausted)[8..],
    [
      "10 failed x: x: `until` did not hold after 2 iterations (exhausted)",
      "10 run failed: x: `until` did not hold after 2 iterations (exhausted)",
    ]
  );
  assert_eq!(
    until_done(2, Otherwise::Last)[8..],
    ["10 ok x", "10 run ok [[null,false],false]"]
  );
  assert_eq!(
    until_done(2, Otherwise::Node(Box::new(arm("else", value(int(7))))))[8..],
    ["10 ok x.else", "10 ok x", "10 run ok 7"]
  );
  assert_eq!(
    until_done(0, Otherwise::Last)[0],
    "0 failed x: x: `up to` must be at least 1, not 0 (expression)"
  );
}
