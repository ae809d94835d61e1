//! Handlers, failures and their causes, messages, replays.

use super::{
  super::{build::*, *},
  lost,
};
use crate::{hir::*, value::FailureKind::*};

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
