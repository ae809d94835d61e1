//! One trace per rule of the semantics.

use super::{build::*, *};
use crate::{
  hir::*,
  value::FailureKind::{self, *},
};

fn lost(builder: &mut Builder, name: &str, delay: i64, kind: FailureKind) -> WorkerId {
  builder.mock(name, vec![rule(MockWhen::Else, delay, fails(kind))])
}

#[test]
fn what_does_not_depend_on_each_other_runs_at_once() {
  let mut b = Builder::new();
  let (slow, fast) = (b.echo("slow", 20), b.echo("fast", 5));
  let (x, y, z) = (b.local(), b.local(), b.local());
  let program = b.main(
    vec![
      step("z", z, call(fast, [read(y)])),
      step("x", x, call(slow, [int(1)])),
      step("y", y, call(fast, [int(2)])),
    ],
    Some(list([read(x), read(z)])),
  );
  assert_eq!(
    trace(&records(&program)),
    [
      "0 requested x slow #1 as 0",
      "0 requested y fast #1 as 1",
      "5 ended 1 2",
      "5 ok y",
      "5 requested z fast #1 as 2",
      "10 ended 2 2",
      "10 ok z",
      "20 ended 0 1",
      "20 ok x",
      "20 run ok [1,2]",
    ]
  );
}

#[test]
fn a_failure_skips_what_waits_and_cancels_what_runs() {
  let mut b = Builder::new();
  let (bad, slow) = (lost(&mut b, "bad", 5, Exit), b.echo("slow", 20));
  let (x, y, z) = (b.local(), b.local(), b.local());
  let program = b.main(
    vec![
      step("x", x, call(bad, [int(1)])),
      step("y", y, call(slow, [int(2)])),
      step("z", z, call(slow, [read(x)])),
    ],
    None,
  );
  assert_eq!(
    trace(&records(&program)),
    [
      "0 requested x bad #1 as 0",
      "0 requested y slow #1 as 1",
      "5 ended 0 exit",
      "5 failed x: x: lost (exit)",
      "5 skipped z because of x",
      "5 ended 1 cancelled",
      "5 cancelled y because of x",
      "5 run failed: x: lost (exit)",
    ]
  );
}

#[test]
fn inner_scopes_are_lost_first() {
  let mut b = Builder::new();
  let (bad, slow) = (lost(&mut b, "bad", 5, Exit), b.echo("slow", 20));
  let (x, y, z, item) = (b.local(), b.local(), b.local(), b.local());
  let inner = block(vec![step("z", z, call(slow, [read(item)]))], Some(read(z)));
  let program = b.main(
    vec![
      step("x", x, call(bad, [int(1)])),
      step("y", y, each(item, numbers(3), 2, false, nested(inner))),
    ],
    None,
  );
  assert_eq!(
    steps(&records(&program))[6..],
    [
      "5 failed x: x: lost (exit)",
      "5 cancelled y[0].z because of x",
      "5 cancelled y[0] because of x",
      "5 cancelled y[1].z because of x",
      "5 cancelled y[1] because of x",
      "5 cancelled y because of x",
      "5 run failed: x: lost (exit)",
    ]
  );
}

#[test]
fn a_gate_holds_back_what_stands_below() {
  let mut b = Builder::new();
  let echo = b.echo("echo", 5);
  let (x, y) = (b.local(), b.local());
  let program = b.main(
    vec![
      step("x", x, call(echo, [int(1)])),
      gate("echo#1", StepKind::Node(call(echo, [int(0)]))),
      step("y", y, call(echo, [int(2)])),
    ],
    Some(read(y)),
  );
  assert_eq!(
    steps(&records(&program)),
    [
      "0 requested x echo #1 as 0",
      "0 requested echo#1 echo #1 as 1",
      "5 ok x",
      "5 ok echo#1",
      "5 requested y echo #1 as 2",
      "10 ok y",
      "10 run ok 2",
    ]
  );
}

#[test]
fn a_stage_gives_its_names_to_those_below() {
  let mut b = Builder::new();
  let echo = b.echo("echo", 5);
  let (x, y, z) = (b.local(), b.local(), b.local());
  let stage = block(
    vec![step("x", x, call(echo, [int(1)])), step("y", y, call(echo, [read(x)]))],
    None,
  );
  let program = b.main(
    vec![
      gate("first", StepKind::Stage(stage)),
      step("z", z, call(echo, [read(y)])),
    ],
    Some(read(x)),
  );
  assert_eq!(
    steps(&records(&program)),
    [
      "0 scope first",
      "0 requested first.x echo #1 as 0",
      "5 ok first.x",
      "5 requested first.y echo #1 as 1",
      "10 ok first.y",
      "10 ok first",
      "10 requested z echo #1 as 2",
      "15 ok z",
      "15 run ok 1",
    ]
  );
}

#[test]
fn an_early_return_drops_the_rest() {
  let mut b = Builder::new();
  let (fast, slow) = (b.echo("fast", 5), b.echo("slow", 20));
  let (x, y, z) = (b.local(), b.local(), b.local());
  let early = StepKind::ReturnWhen {
    value: text("early"),
    when: read(x),
  };
  let program = b.main(
    vec![
      step("x", x, call(fast, [truth(true)])),
      step("y", y, call(slow, [int(1)])),
      gate("return#1", early),
      step("z", z, call(slow, [int(2)])),
    ],
    Some(read(z)),
  );
  assert_eq!(
    trace(&records(&program))[2..],
    [
      "5 ended 0 true",
      "5 ok x",
      "5 ok return#1",
      "5 not taken z",
      "5 ended 1 cancelled",
      "5 cancelled y because of return#1",
      r#"5 run ok "early""#,
    ]
  );
}

#[test]
fn a_deadline_that_passes_while_a_block_returns_ends_nothing_twice() {
  let mut b = Builder::new();
  let (fast, slow) = (b.echo("fast", 5), b.echo("slow", 100));
  let (w, x, y, z) = (b.local(), b.local(), b.local(), b.local());
  let early = StepKind::ReturnWhen {
    value: text("early"),
    when: read(w),
  };
  let inner = block(
    vec![
      step("w", w, call(fast, [truth(true)])),
      step("y", y, call(slow, [int(1)])),
      gate("return#1", early),
      step("z", z, call(slow, [int(2)])),
    ],
    None,
  );
  let program = b.main(vec![step("x", x, deadline(30, nested(inner)))], None);
  let (run, first) = start(&program, 1);
  let mut simulation = Simulation::new(run, first, mocked).lingering(50);
  let records: Vec<_> = std::iter::from_fn(|| simulation.advance()).flatten().collect();
  assert_eq!(
    steps(&records),
    [
      "0 scope x",
      "0 requested x.w fast #1 as 0",
      "0 requested x.y slow #1 as 1",
      "5 ok x.w",
      "5 ok x.return#1",
      "5 not taken x.z",
      "30 deadline x",
      "55 cancelled x.y because of x.return#1",
      "55 failed x: x: deadline of 30ms passed (timeout)",
      "55 run failed: x: deadline of 30ms passed (timeout)",
    ]
  );
}

#[test]
fn what_waits_for_admission_is_not_taken_on_an_early_return() {
  let mut b = Builder::new();
  let (slow, limit) = (b.echo("slow", 20), b.limit(Some(1), None));
  let (x, y) = (b.local(), b.local());
  let limited = |argument| {
    let policies = Policies {
      limits: vec![limit],
      ..Policies::default()
    };
    with(slow, [int(argument)], policies)
  };
  let early = StepKind::ReturnWhen {
    value: text("early"),
    when: truth(true),
  };
  let program = b.main(
    vec![
      step("x", x, limited(1)),
      step("y", y, limited(2)),
      step("z", LocalId(99), value(int(1))),
      gate("return#1", early),
    ],
    None,
  );
  let (mut run, first) = start(&program, 1);
  assert!(
    first
      .commands
      .iter()
      .any(|command| matches!(command, Command::Withdraw(ExecutionId(1))))
  );
  assert_eq!(
    steps(&first.records)[3..],
    ["0 ok return#1", "0 not taken x", "0 not taken y", r#"0 run ok "early""#]
  );
  assert!(run.step(RunTime(1), Input::Stopped).records.is_empty(), "it is over");
}

#[test]
fn a_return_whose_condition_does_not_hold_is_a_gate() {
  let mut b = Builder::new();
  let (echo, x) = (b.echo("echo", 5), b.local());
  let early = StepKind::ReturnWhen {
    value: text("early"),
    when: truth(false),
  };
  let program = b.main(
    vec![gate("return#1", early), step("x", x, call(echo, [int(1)]))],
    Some(read(x)),
  );
  assert_eq!(
    steps(&records(&program)),
    ["0 ok return#1", "0 requested x echo #1 as 0", "5 ok x", "5 run ok 1",]
  );
}

#[test]
fn a_false_require_loses_its_scope() {
  let mut b = Builder::new();
  let (echo, x) = (b.echo("echo", 5), b.local());
  let require = |held| StepKind::Require {
    condition: truth(held),
    message: Some(text("too few")),
  };
  let program = b.main(
    vec![
      gate("require#1", require(true)),
      gate("require#2", require(false)),
      step("x", x, call(echo, [int(1)])),
    ],
    None,
  );
  assert_eq!(
    steps(&records(&program)),
    [
      "0 require require#1 true",
      "0 ok require#1",
      "0 require require#2 false",
      "0 failed require#2: require#2: too few (required)",
      "0 skipped x because of require#2",
      "0 run failed: require#2: too few (required)",
    ]
  );
}

#[test]
fn only_the_arm_taken_runs() {
  let mut b = Builder::new();
  let (echo, x, y) = (b.echo("echo", 5), b.local(), b.local());
  let branches = ["bug", "crash"].map(|word| Branch {
    patterns: vec![Literal::String(word.into())],
    arm: arm(&format!("{word:?}"), call(echo, [text(word)])),
  });
  let choice = node(NodeKind::Match {
    subject: read(x),
    arms: branches.into(),
    otherwise: Some(Box::new(arm("else", value(int(0))))),
  });
  let program = b.main(
    vec![step("x", x, value(text("crash"))), step("y", y, choice)],
    Some(read(y)),
  );
  assert_eq!(
    steps(&records(&program)),
    [
      "0 ok x",
      r#"0 arm y "crash" not "bug",else"#,
      r#"0 requested y."crash" echo #1 as 0"#,
      r#"5 ok y."crash""#,
      "5 ok y",
      r#"5 run ok "crash""#,
    ]
  );
}

#[test]
fn an_if_without_else_gives_null() {
  let mut b = Builder::new();
  let (echo, x) = (b.echo("echo", 5), b.local());
  let program = b.main(
    vec![step("x", x, branch(truth(false), call(echo, [int(1)]), None))],
    Some(read(x)),
  );
  assert_eq!(
    steps(&records(&program)),
    ["0 arm x none not then", "0 ok x", "0 run ok null"]
  );
}

#[test]
fn an_arm_waits_for_what_it_reads_once_it_is_taken() {
  let mut b = Builder::new();
  let (slow, fast) = (b.echo("slow", 20), b.echo("fast", 5));
  let (x, y, z) = (b.local(), b.local(), b.local());
  let program = b.main(
    vec![
      step("x", x, call(slow, [int(1)])),
      step("y", y, branch(truth(true), call(fast, [read(x)]), None)),
      step(
        "z",
        z,
        branch(truth(false), call(fast, [read(x)]), Some(call(fast, [int(3)]))),
      ),
    ],
    Some(list([read(y), read(z)])),
  );
  assert_eq!(
    steps(&records(&program)),
    [
      "0 requested x slow #1 as 0",
      "0 arm y then not else".replace(" else", " ").as_str(),
      "0 arm z else not then",
      "0 requested z.else fast #1 as 1",
      "5 ok z.else",
      "5 ok z",
      "20 ok x",
      "20 requested y.then fast #1 as 2",
      "25 ok y.then",
      "25 ok y",
      "25 run ok [1,3]",
    ]
  );
}

#[test]
fn an_arm_whose_need_is_lost_is_skipped() {
  let mut b = Builder::new();
  let (bad, fast) = (lost(&mut b, "bad", 5, Exit), b.echo("fast", 5));
  let (x, y) = (b.local(), b.local());
  let program = b.main(
    vec![
      step("x", x, call(bad, [int(1)])),
      step("y", y, branch(truth(true), call(fast, [read(x)]), None)),
    ],
    None,
  );
  assert_eq!(
    steps(&records(&program))[2..],
    [
      "5 failed x: x: lost (exit)",
      "5 skipped y.then because of x",
      "5 cancelled y because of x",
      "5 run failed: x: lost (exit)",
    ]
  );
}

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

#[test]
fn attempt_takes_a_failure_also_of_a_scope() {
  let mut b = Builder::new();
  let (bad, x, y) = (lost(&mut b, "bad", 5, Exit), b.local(), b.local());
  let inner = block(vec![step("y", y, call(bad, [int(1)]))], None);
  let program = b.main(vec![step("x", x, attempt(nested(inner)))], Some(field(read(x), "ok")));
  assert_eq!(
    steps(&records(&program)),
    [
      "0 scope x",
      "0 requested x.y bad #1 as 0",
      "5 failed x.y: x.y: lost (exit)",
      "5 taken x by Attempt: x.y: lost (exit)",
      "5 ok x",
      "5 run ok false",
    ]
  );
}

#[test]
fn catch_runs_a_fallback_that_knows_the_error() {
  let mut b = Builder::new();
  let (bad, echo) = (lost(&mut b, "bad", 5, Exit), b.echo("echo", 5));
  let (x, first, second) = (b.local(), b.local(), b.local());
  let chain = catch(
    catch(call(bad, [int(1)]), first, call(bad, [int(2)])),
    second,
    call(echo, [field(read(second), "step")]),
  );
  let program = b.main(vec![step("x", x, chain)], Some(read(x)));
  assert_eq!(
    steps(&records(&program)),
    [
      "0 requested x bad #1 as 0",
      "5 taken x by Catch: x: lost (exit)",
      "5 requested x.catch bad #1 as 1",
      "10 failed x.catch: x.catch: lost (exit)",
      "10 taken x by Catch: x.catch: lost (exit)",
      "10 requested x.catch#2 echo #1 as 2",
      "15 ok x.catch#2",
      "15 ok x",
      r#"15 run ok "x.catch""#,
    ]
  );
}

#[test]
fn a_handler_does_not_take_what_is_ended_from_outside() {
  let mut b = Builder::new();
  let (bad, slow) = (lost(&mut b, "bad", 5, Exit), b.echo("slow", 20));
  let (x, y, error) = (b.local(), b.local(), b.local());
  let program = b.main(
    vec![
      step("x", x, call(bad, [int(1)])),
      step("y", y, catch(call(slow, [int(2)]), error, call(slow, [int(3)]))),
    ],
    None,
  );
  assert_eq!(
    steps(&records(&program))[2..],
    [
      "5 failed x: x: lost (exit)",
      "5 cancelled y because of x",
      "5 run failed: x: lost (exit)",
    ]
  );
}

#[test]
fn later_failures_become_causes() {
  let mut b = Builder::new();
  let (bad, x, y) = (lost(&mut b, "bad", 5, Exit), b.local(), b.local());
  let program = b.main(
    vec![step("x", x, call(bad, [int(1)])), step("y", y, call(bad, [int(2)]))],
    None,
  );
  let (mut run, _) = start(&program, 1);
  let failed = |kind| AttemptOutcome::Failed(crate::value::Failure::new(kind, "", "lost").into());
  (0..2).for_each(|id| drop(run.step(RunTime(0), Input::Admitted(ExecutionId(id)))));
  run.step(RunTime(5), Input::AttemptEnded(ExecutionId(0), failed(Exit)));
  let step = run.step(RunTime(6), Input::AttemptEnded(ExecutionId(1), failed(Transport)));
  assert_eq!(
    steps(&step.records),
    ["6 failed y: y: lost (transport)", "6 run failed: x: lost (exit)"]
  );
  let Some(Event::RunFailed { failure }) = step.records.last().map(|record| &record.event) else {
    panic!("the run fails");
  };
  let causes: Vec<_> = failure.causes.iter().map(|cause| (&*cause.step, cause.kind)).collect();
  assert_eq!(causes, [("y", Transport)]);
}

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

#[test]
fn an_input_that_does_not_fit_makes_no_attempt() {
  let mut b = Builder::new();
  let (echo, x) = (b.echo("echo", 5), b.local());
  b.program.workers[0].input = crate::types::Type::record([("x", crate::types::Type::int())]);
  let policies = retry(3, Backoff::Default);
  let program = b.main(vec![step("x", x, with(echo, [text("one")], policies))], None);
  let trace = steps(&records(&program));
  assert_eq!(trace.len(), 2, "{trace:?}");
  assert!(
    trace[0].starts_with("0 failed x: x: the input of `echo` does not fit at $.x: "),
    "{trace:?}"
  );
  assert!(trace[0].ends_with("(contract)"), "{trace:?}");
}

#[test]
fn an_output_that_does_not_fit_names_the_worker() {
  let mut b = Builder::new();
  let (echo, x) = (b.echo("echo", 5), b.local());
  b.program.workers[0].output = crate::types::Type::int();
  let program = b.main(vec![step("x", x, call(echo, [text("one")]))], None);
  let trace = steps(&records(&program));
  assert!(
    trace[1].starts_with("5 failed x: x: the output of `echo` does not fit at $: "),
    "{trace:?}"
  );
}

#[test]
fn a_setting_without_a_value_fails_the_step_and_frees_its_slot() {
  let mut b = Builder::new();
  let (echo, limit) = (b.echo("echo", 5), b.limit(Some(1), None));
  let (x, y) = (b.local(), b.local());
  let broken = Policies {
    timeout: Some(at_site(int(1))),
    limits: vec![limit],
    ..Policies::default()
  };
  let fine = Policies {
    limits: vec![limit],
    ..Policies::default()
  };
  let program = b.main(
    vec![
      step("x", x, attempt(with(echo, [int(1)], broken))),
      step("y", y, with(echo, [int(2)], fine)),
    ],
    None,
  );
  assert_eq!(
    steps(&records(&program))[2..],
    [
      "0 taken x by Attempt: x: not a duration (expression)",
      "0 ok x",
      "5 ok y",
      "5 run ok null",
    ]
  );
}

#[test]
fn a_nested_orchestrator_is_a_scope_of_this_run() {
  let mut b = Builder::new();
  let (echo, x, y) = (b.echo("echo", 5), b.local(), b.local());
  let param = b.param("x");
  let inner = block(vec![step("commits", y, call(echo, [read(param.local)]))], Some(read(y)));
  let target = b.orchestrator("history", vec![param], inner);
  let nested = node(NodeKind::Orchestrate(Call {
    target,
    arguments: vec![int(3)],
    policies: Policies::default(),
  }));
  let program = b.main(vec![step("history", x, nested)], Some(read(x)));
  assert_eq!(
    steps(&records(&program)),
    [
      "0 scope history",
      "0 requested history.commits echo #1 as 0",
      "5 ok history.commits",
      "5 ok history",
      "5 run ok 3",
    ]
  );
}

#[test]
fn a_cancelled_run_is_lost() {
  let mut b = Builder::new();
  let (slow, x, y) = (b.echo("slow", 50), b.local(), b.local());
  let program = b.main(
    vec![step("x", x, call(slow, [int(1)])), step("y", y, call(slow, [read(x)]))],
    None,
  );
  let (run, first) = start(&program, 1);
  let mut simulation = Simulation::new(run, first, mocked);
  simulation.expect(RunTime(7), Input::CancelRequested("enough".into()));
  let records: Vec<_> = std::iter::from_fn(|| simulation.advance()).flatten().collect();
  assert_eq!(
    trace(&records)[1..],
    [
      "7 cancel requested: enough",
      "7 skipped y because of ",
      "7 ended 0 cancelled",
      "7 cancelled x because of ",
      "7 run failed: : enough (cancelled)",
    ]
  );
}

#[test]
fn fail_says_why() {
  let mut b = Builder::new();
  let x = b.local();
  let program = b.main(
    vec![step("x", x, node(NodeKind::Fail(text("never good enough"))))],
    None,
  );
  assert_eq!(
    steps(&records(&program)),
    [
      "0 failed x: x: never good enough (failed)",
      "0 run failed: x: never good enough (failed)",
    ]
  );
}

#[test]
fn a_replay_names_the_first_step_that_differs() {
  let program = |last: i64| {
    let mut b = Builder::new();
    let (echo, x, y) = (b.echo("echo", 5), b.local(), b.local());
    b.main(
      vec![
        step("x", x, call(echo, [int(1)])),
        step("y", y, value(list([read(x), int(last)]))),
      ],
      None,
    )
  };
  let journal = records(&program(2));
  assert!(Run::replay(program(2), journal.clone()).is_ok());
  let Err(error) = Run::replay(program(3), journal) else {
    panic!("the value of `y` differs");
  };
  assert_eq!(
    error.to_string(),
    "the run does not do again what it did: first `y` differs (record 6)"
  );
  assert!(matches!(Run::replay(program(2), Vec::new()), Err(ReplayError::NoStart)));
}

#[test]
fn a_replay_compares_messages_and_items() {
  let program = |argument: i64, last: i64| {
    let mut b = Builder::new();
    let (echo, x, y, item) = (b.echo("echo", 5), b.local(), b.local(), b.local());
    let items = list([int(1), int(last)]);
    b.main(
      vec![
        step("x", x, call(echo, [int(argument)])),
        step("y", y, each(item, items, 1, false, value(int(0)))),
      ],
      None,
    )
  };
  let journal = records(&program(1, 2));
  for (other, differs) in [(program(9, 2), "`x`"), (program(1, 9), "`y`")] {
    let error = Run::replay(other, journal.clone()).expect_err("a value differs");
    assert!(error.to_string().contains(differs), "{error}");
  }
}
