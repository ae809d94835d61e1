//! What an `each` takes: `tolerate` and `stop when`.

use super::super::{build::*, *};
use crate::{hir::*, value::FailureKind::*};

/// A worker that gives `x`, later for a greater one; those in `lost` fail at once.
fn worker(b: &mut Builder, lost: &[i64]) -> WorkerId {
  let id = b.mock("ask", Vec::new());
  let x = b.program.workers[id.0 as usize].params[0].local;
  let mut rules: Vec<MockRule> = lost
    .iter()
    .map(|x| {
      let input = crate::value::Value::fields([("x", crate::value::Value::Int(*x))]).expect("small");
      rule(MockWhen::On(lit(input)), 1, fails(Exit))
    })
    .collect();
  let wait = expr(ExprKind::Binary {
    operator: Operator::Multiply,
    left: Box::new(time(10)),
    right: Box::new(Expr {
      ty: crate::types::Type::int(),
      ..read(x)
    }),
  });
  rules.push(MockRule {
    on: None,
    first: None,
    delay: Some(wait),
    answer: MockAnswer::Return(read(x)),
  });
  b.program.workers[id.0 as usize].kind = WorkerKind::Mock(rules);
  id
}

fn group(lost: &[i64], items: i64, change: impl FnOnce(&mut Builder, Node) -> Node) -> (Arc<Program>, Vec<String>) {
  let mut b = Builder::new();
  let (ask, item, xs) = (worker(&mut b, lost), b.local(), b.local());
  let node = each(item, numbers(items), 3, false, call(ask, [read(item)]));
  let node = change(&mut b, node);
  let program = b.main(vec![step("xs", xs, node)], Some(read(xs)));
  let all = records(&program);
  let replayed = Run::replay(program.clone(), all.clone()).expect("the journal is its own");
  assert!(replayed.records.is_empty());
  (program, steps(&all))
}

/// The trace from the first line that is not about asking.
fn told(trace: &[String]) -> Vec<&str> {
  let asked = |line: &&str| line.contains(" requested ") || line.contains(" expanded ");
  trace.iter().map(String::as_str).filter(|line| !asked(line)).collect()
}

fn quorum(b: &mut Builder, node: Node, wanted: i64) -> Node {
  let (it, done) = (b.local(), b.local());
  stopping(it, done, equal(length(read(done)), int(wanted)), node)
}

#[test]
fn tolerate_gives_those_that_succeeded() {
  let (_, trace) = group(&[0, 2], 4, |_, node| tolerating(2, node));
  assert_eq!(
    told(&trace),
    [
      "1 taken xs[0] by Tolerate: xs[0]: lost (exit)",
      "1 taken xs[2] by Tolerate: xs[2]: lost (exit)",
      "10 ok xs[1]",
      "31 ok xs[3]",
      "31 ok xs",
      "31 run ok [1,3]",
    ]
  );
}

#[test]
fn one_more_than_is_tolerated_fails_the_group_at_once() {
  let (_, trace) = group(&[0, 2], 4, |_, node| tolerating(1, node));
  assert_eq!(
    told(&trace),
    [
      "1 taken xs[0] by Tolerate: xs[0]: lost (exit)",
      "1 failed xs[2]: xs[2]: lost (exit)",
      "1 skipped xs[3] because of xs[2]",
      "1 cancelled xs[1] because of xs[2]",
      "1 failed xs: xs[2]: lost (exit)",
      "1 run failed: xs[2]: lost (exit)",
    ]
  );
  let percent = Take::Tolerate(Tolerance::Percent(49.0));
  let (_, half) = group(&[0, 2], 4, |_, node| taking(percent, node));
  assert_eq!(half, trace);
}

#[test]
fn the_first_value_is_enough() {
  let (_, trace) = group(&[], 5, |b, node| quorum(b, node, 1));
  assert_eq!(
    told(&trace),
    [
      "0 ok xs[0]",
      "0 stop xs 0 true",
      "0 cancelled xs[1] because of xs[0]",
      "0 cancelled xs[2] because of xs[0]",
      "0 ok xs",
      "0 run ok [0]",
    ]
  );
}

#[test]
fn a_quorum_is_made_of_values_not_of_failures() {
  let (_, trace) = group(&[0, 1], 5, |b, node| quorum(b, node, 2));
  assert_eq!(
    told(&trace),
    [
      "1 taken xs[0] by StopWhen: xs[0]: lost (exit)",
      "1 taken xs[1] by StopWhen: xs[1]: lost (exit)",
      "20 ok xs[2]",
      "20 stop xs 2 false",
      "31 ok xs[3]",
      "31 stop xs 3 true",
      "31 cancelled xs[4] because of xs[3]",
      "31 ok xs",
      "31 run ok [2,3]",
    ]
  );
}

#[test]
fn what_is_cut_is_a_cancelled_outcome() {
  let (_, trace) = group(&[1], 5, |b, node| {
    let node = taking(Take::Collect, node);
    quorum(b, node, 2)
  });
  assert_eq!(
    told(&trace),
    [
      "0 ok xs[0]",
      "0 stop xs 0 false",
      "1 taken xs[1] by Collect: xs[1]: lost (exit)",
      "20 ok xs[2]",
      "20 stop xs 2 true",
      "20 cancelled xs[3] because of xs[2]",
      "20 cancelled xs[4] because of xs[2]",
      "20 ok xs",
      "20 run ok [{\"ok\":true,\"value\":0},{\"ok\":false,\"error\":{\"kind\":\"exit\",\"message\":\"lost\",\"worker\":\"ask\",\"step\":\"xs[1]\",\"item\":1,\"attempts\":1,\"causes\":[],\"undo_failed\":[]}},{\"ok\":true,\"value\":2},{\"ok\":false,\"error\":{\"kind\":\"cancelled\",\"message\":\"not needed: `stop when` has held\",\"step\":\"xs[3]\",\"item\":3,\"attempts\":0,\"causes\":[],\"undo_failed\":[]}},{\"ok\":false,\"error\":{\"kind\":\"cancelled\",\"message\":\"not needed: `stop when` has held\",\"step\":\"xs[4]\",\"item\":4,\"attempts\":0,\"causes\":[],\"undo_failed\":[]}}]",
    ]
  );
}

#[test]
fn a_condition_that_never_holds_is_unmet() {
  let (_, trace) = group(&[0], 2, |b, node| quorum(b, node, 2));
  assert_eq!(
    told(&trace),
    [
      "1 taken xs[0] by StopWhen: xs[0]: lost (exit)",
      "10 ok xs[1]",
      "10 stop xs 1 false",
      "10 failed xs: xs: `stop when` never held: 1 of 2 gave a value (unmet)",
      "10 run failed: xs: `stop when` never held: 1 of 2 gave a value (unmet)",
    ]
  );
  let (_, collected) = group(&[0], 2, |b, node| {
    let node = taking(Take::Collect, node);
    quorum(b, node, 2)
  });
  assert_eq!(
    told(&collected)[3..],
    [
      "10 ok xs",
      "10 run ok [{\"ok\":false,\"error\":{\"kind\":\"exit\",\"message\":\"lost\",\"worker\":\"ask\",\"step\":\"xs[0]\",\"item\":0,\"attempts\":1,\"causes\":[],\"undo_failed\":[]}},{\"ok\":true,\"value\":1}]",
    ]
  );
  let (_, empty) = group(&[], 0, |b, node| quorum(b, node, 2));
  assert_eq!(told(&empty), ["0 ok xs", "0 run ok []"]);
}

#[test]
fn stop_when_sees_the_latest_value() {
  let (_, trace) = group(&[], 5, |b, node| {
    let (it, done) = (b.local(), b.local());
    stopping(it, done, equal(read(it), int(1)), node)
  });
  assert_eq!(
    told(&trace),
    [
      "0 ok xs[0]",
      "0 stop xs 0 false",
      "10 ok xs[1]",
      "10 stop xs 1 true",
      "10 cancelled xs[2] because of xs[1]",
      "10 cancelled xs[3] because of xs[1]",
      "10 ok xs",
      "10 run ok [0,1]",
    ]
  );
}

#[test]
fn tolerate_still_counts_below_stop_when() {
  let (_, trace) = group(&[1, 2], 5, |b, node| {
    let node = tolerating(1, node);
    quorum(b, node, 3)
  });
  assert_eq!(
    told(&trace),
    [
      "0 ok xs[0]",
      "0 stop xs 0 false",
      "1 taken xs[1] by Tolerate: xs[1]: lost (exit)",
      "1 failed xs[2]: xs[2]: lost (exit)",
      "1 skipped xs[4] because of xs[2]",
      "1 cancelled xs[3] because of xs[2]",
      "1 failed xs: xs[2]: lost (exit)",
      "1 run failed: xs[2]: lost (exit)",
    ]
  );
}

/// Nobody needs it, and it is no failure: what it did is undone, and `on failure` does not run.
#[test]
fn what_is_cut_is_undone_and_nobody_is_told() {
  let mut b = Builder::new();
  let (ask, undoes) = (worker(&mut b, &[]), b.echo("rollback", 3));
  let (own, param, error) = (b.local(), b.param("n"), b.local());
  let (a, n) = (b.local(), param.local);
  let deployed = undo(call(ask, [int(0)]), own, call(undoes, [read(n)]));
  let slow = undo(call(ask, [read(n)]), own, call(undoes, [list([read(own)])]));
  let inner = block(
    vec![step("a", a, deployed), step("slow", b.local(), slow)],
    Some(read(n)),
  );
  let target = b.orchestrator("inner", vec![param], inner);
  let told_of = block(
    vec![step("told", b.local(), call(ask, [field(read(error), "kind")]))],
    None,
  );
  b.on_failure(target, error, told_of);
  let (item, xs) = (b.local(), b.local());
  let nested = node(NodeKind::Orchestrate(Call {
    target,
    arguments: vec![read(item)],
    policies: Policies::default(),
  }));
  let node = each(item, numbers(3), 3, false, nested);
  let node = quorum(&mut b, node, 1);
  let program = b.main(vec![step("xs", xs, node)], Some(read(xs)));
  assert_eq!(
    told(&steps(&records(&program))),
    [
      "0 scope xs[0]",
      "0 scope xs[1]",
      "0 scope xs[2]",
      "0 ok xs[0].a",
      "0 ok xs[0].slow",
      "0 ok xs[0]",
      "0 stop xs 0 true",
      "0 ok xs[1].a",
      "0 ok xs[2].a",
      "10 ok xs[1].slow",
      "10 closing xs[1] lost, undo 2, finally 0",
      "13 ok xs[1].slow!undo",
      "16 ok xs[1].a!undo",
      "16 cancelled xs[1] because of xs[0]",
      "20 ok xs[2].slow",
      "20 closing xs[2] lost, undo 2, finally 0",
      "23 ok xs[2].slow!undo",
      "26 ok xs[2].a!undo",
      "26 cancelled xs[2] because of xs[0]",
      "26 ok xs",
      "26 run ok [0]",
    ]
  );
}
