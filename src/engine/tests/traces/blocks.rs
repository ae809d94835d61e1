//! Steps, gates, stages, early returns, arms.

use super::{
  super::{build::*, *},
  lost,
};
use crate::{hir::*, value::FailureKind::*};

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
