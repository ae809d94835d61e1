//! Runs that were cut short and are taken up again.

use super::super::{build::*, *};
use crate::{
  hir::*,
  protocol::RawAnswer,
  value::{FailureKind, Value},
};

/// A program whose workers are not idempotent, but for `safe`.
fn unsafe_but(mut builder: Builder, safe: &[WorkerId], workers: &[WorkerId]) -> Builder {
  for worker in workers {
    builder.of(*worker).idempotent = safe.contains(worker);
  }
  builder
}

fn value_after(milliseconds: i64) -> Scripted {
  Scripted::Answer(milliseconds, Ok(RawAnswer::Mock(Value::Int(1))))
}

/// The run until this time, all of whose workers take 100 ms.
fn cut(program: &Arc<Program>, at: i64) -> Vec<Record> {
  let (run, first) = start(program, 1);
  let mut simulation = Simulation::new(run, first, |_| value_after(100));
  let all = std::iter::from_fn(|| simulation.advance()).flatten();
  all.take_while(|record| record.at.0 <= at).collect()
}

/// The records of the run from the cut on.
fn resumed(program: &Arc<Program>, journal: &[Record], resumption: Resumption) -> Vec<Record> {
  let replayed = Run::replay(program.clone(), journal.to_vec()).expect("the journal is its own");
  let (run, step) = replayed.resume(resumption);
  let mut simulation = Simulation::new(run, step, |_| value_after(100));
  std::iter::from_fn(|| simulation.advance()).flatten().collect()
}

fn one(policies: Policies, safe: bool) -> Arc<Program> {
  let mut b = Builder::new();
  let (w, x) = (b.echo("w", 0), b.local());
  b.of(w).idempotent = safe;
  b.main(vec![step("x", x, with(w, [int(1)], policies))], Some(read(x)))
}

#[test]
fn what_is_idempotent_runs_again_as_the_same_attempt_with_all_of_its_time() {
  let program = one(timeout(120), true);
  let journal = cut(&program, 90);
  assert_eq!(
    trace(&resumed(&program, &journal, resumption(None))),
    [
      "0 resumed",
      "0 repeated x as 0",
      "100 ended 0 1",
      "100 ok x",
      "100 run ok 1"
    ]
  );
}

#[test]
fn what_is_not_waits_for_a_decision_while_the_rest_goes_on() {
  let mut b = Builder::new();
  let (w, safe) = (b.echo("w", 0), b.echo("safe", 0));
  let [x, y, z] = [(); 3].map(|()| b.local());
  let program = unsafe_but(b, &[safe], &[w, safe]).main(
    vec![
      step("x", x, call(w, [int(1)])),
      step("y", y, call(safe, [int(1)])),
      step("z", z, call(safe, [read(y)])),
    ],
    Some(list([read(x), read(z)])),
  );
  let mut journal = cut(&program, 50);
  let rest = resumed(&program, &journal, resumption(None));
  assert_eq!(
    trace(&rest),
    [
      "0 resumed",
      "0 in doubt x as 0",
      "0 repeated y as 1",
      "100 ended 1 1",
      "100 ok y",
      "100 requested z safe #1 as 2",
      "200 ended 2 1",
      "200 ok z",
    ]
  );
  journal.extend(rest);
  let replayed = Run::replay(program.clone(), journal.clone()).expect("the journal is its own");
  assert_eq!(replayed.run.awaits_decision(), ["x".into()]);
  assert_eq!(
    trace(&resumed(&program, &journal, resumption(None))),
    ["200 resumed"],
    "no word, no change"
  );
  assert_eq!(
    trace(&resumed(&program, &journal, resumption(Some(Decision::Rerun)))),
    [
      "200 resumed: Rerun",
      "200 repeated x as 0",
      "300 ended 0 1",
      "300 ok x",
      "300 run ok [1,1]"
    ]
  );
  let failed = trace(&resumed(&program, &journal, resumption(Some(Decision::Fail))));
  assert!(failed[1].starts_with("200 failed x: "), "{failed:#?}");
  assert!(failed[1].contains("cut short"), "{failed:#?}");
  assert!(failed[2].starts_with("200 run failed"), "{failed:#?}");
}

#[test]
fn a_word_for_one_step_goes_before_the_word_for_all() {
  let mut b = Builder::new();
  let w = b.echo("w", 0);
  let [x, y] = [(); 2].map(|()| b.local());
  let steps = vec![
    step("x", x, attempt(call(w, [int(1)]))),
    step("y", y, call(w, [int(1)])),
  ];
  let program = unsafe_but(b, &[], &[w]).main(steps, Some(read(y)));
  let journal = cut(&program, 50);
  let words = Resumption {
    steps: [("x".into(), Decision::Fail)].into(),
    ..resumption(Some(Decision::Rerun))
  };
  let rest = resumed(&program, &journal, words);
  let taken = rest.iter().find_map(|record| match &record.event {
    Event::FailureTaken { path, failure, .. } => Some((path.clone(), failure.kind, failure.attempts)),
    _ => None,
  });
  assert_eq!(taken, Some(("x".into(), FailureKind::Interrupted, 1)));
  assert!(trace(&rest).contains(&"100 run ok 1".to_owned()), "{:#?}", trace(&rest));
}

#[test]
fn a_doubtful_call_is_not_tried_again_by_its_retry() {
  let mut b = Builder::new();
  let (w, x) = (b.echo("w", 0), b.local());
  b.of(w).idempotent = false;
  let retried = with(w, [int(1)], retry(3, Backoff::Fixed(time(10))));
  let program = b.main(vec![step("x", x, retried)], Some(read(x)));
  let rest = resumed(&program, &cut(&program, 50), resumption(Some(Decision::Fail)));
  assert!(
    !rest
      .iter()
      .any(|record| matches!(record.event, Event::RetryScheduled { .. })),
    "{:#?}",
    trace(&rest)
  );
}

/// What it did is known only once it has ended; so it is decided upon first, also in a scope that is lost.
#[test]
fn a_doubtful_call_with_undo_keeps_its_lost_scope_open() {
  let mut b = Builder::new();
  let (w, back) = (b.echo("w", 0), b.echo("back", 0));
  let [x, own] = [(); 2].map(|()| b.local());
  let node = undo(call(w, [int(1)]), own, call(back, [read(own)]));
  let program = unsafe_but(b, &[], &[w, back]).main(vec![step("x", x, node)], Some(read(x)));
  let mut journal = cut(&program, 50);
  let replayed = Run::replay(program.clone(), journal.clone()).expect("the journal is its own");
  let (mut run, step) = replayed.resume(resumption(None));
  journal.extend(step.records);
  journal.extend(run.step(RunTime(0), Input::CancelRequested("enough".into())).records);
  assert!(!run.is_over());
  let rest = resumed(&program, &journal, resumption(Some(Decision::Rerun)));
  let made = trace(&rest).join("\n");
  assert!(made.contains("ended 0 1") && made.contains("x!undo"), "{made}");
  assert!(made.contains(": enough (cancelled)"), "{made}");
  let rest = resumed(&program, &journal, resumption(Some(Decision::Fail)));
  let made = trace(&rest).join("\n");
  assert!(
    !made.contains("x!undo") && made.contains(": enough (cancelled)"),
    "{made}"
  );
}

#[test]
fn a_doubtful_call_in_a_lost_scope_ends_with_it() {
  let program = one(Policies::default(), false);
  let replayed = Run::replay(program.clone(), cut(&program, 50)).expect("the journal is its own");
  let (mut run, _) = replayed.resume(resumption(None));
  run.step(RunTime(0), Input::CancelRequested("enough".into()));
  assert!(run.is_over());
}

/// Nobody else would close what was opened.
#[test]
fn what_closes_a_scope_is_called_again_whatever_its_worker_is() {
  let mut b = Builder::new();
  let (w, close) = (b.echo("w", 0), b.echo("close", 0));
  let [x, own] = [(); 2].map(|()| b.local());
  let node = finally(call(w, [int(1)]), own, call(close, [read(own)]));
  let program = unsafe_but(b, &[w], &[w, close]).main(vec![step("x", x, node)], Some(read(x)));
  let rest = resumed(&program, &cut(&program, 150), resumption(None));
  let made = trace(&rest);
  assert!(made.contains(&"100 repeated x!finally as 1".to_owned()), "{made:#?}");
  assert_eq!(made.last().map(String::as_str), Some("200 run ok 1"));
}

#[test]
fn a_hedged_attempt_gets_no_second_copy() {
  let program = one(hedge(30), true);
  let rest = resumed(&program, &cut(&program, 50), resumption(None));
  let copies = rest
    .iter()
    .filter(|record| matches!(record.event, Event::AttemptRequested { .. }));
  assert_eq!(copies.count(), 0, "{:#?}", trace(&rest));
  assert!(
    trace(&rest).iter().any(|line| line.contains("run ok 1")),
    "{:#?}",
    trace(&rest)
  );
}

#[test]
fn a_doubtful_call_holds_no_slot() {
  let mut b = Builder::new();
  let w = b.echo("w", 0);
  let [x, y] = [(); 2].map(|()| b.local());
  b.of(w).concurrent = Some(int(1));
  let steps = vec![step("x", x, call(w, [int(1)])), step("y", y, call(w, [int(1)]))];
  let program = unsafe_but(b, &[], &[w]).main(steps, Some(read(y)));
  let rest = trace(&resumed(&program, &cut(&program, 50), resumption(None)));
  assert!(rest.iter().any(|line| line.ends_with("ok y")), "{rest:#?}");
}

#[test]
fn what_was_cut_short_and_is_not_repeated_is_spent_nonetheless() {
  let mut b = Builder::new();
  let (safe, w) = (b.echo("safe", 0), b.echo("w", 0));
  b.of(safe).ceiling = ceiling(0.4);
  let [x, y, z, s, t] = [(); 5].map(|()| b.local());
  let both = block(
    vec![step("s", s, call(safe, [int(1)])), step("t", t, call(w, [int(1)]))],
    None,
  );
  let lines = vec![
    step("x", x, attempt(nested(both))),
    step("y", y, call(w, [read(x)])),
    step("z", z, call(w, [read(y)])),
  ];
  let program = unsafe_but(b, &[safe], &[safe, w]).main_with(budget(Some(3), None), lines, None);
  let journal = cut(&program, 50);
  // `t` is given up, so that nobody needs `s` any longer, which has run already
  assert_eq!(
    steps(&resumed(&program, &journal, resumption(Some(Decision::Fail)))),
    [
      "0 repeated x.s as 0",
      "0 failed x.t: x.t: the run was cut short while it ran, and it was given up (interrupted)",
      "0 charged 0 $0.40",
      "0 cancelled x.s because of x.t",
      "0 taken x by Attempt: x.t: the run was cut short while it ran, and it was given up (interrupted)",
      "0 ok x",
      "0 requested y w #1 as 2",
      "100 ok y",
      "100 requested z w #1 as 3",
      "100 failed z: z: the budget of `main` is spent: 3 of 3 calls (budget)",
      "100 run failed: z: the budget of `main` is spent: 3 of 3 calls (budget)",
    ]
  );
}

#[test]
fn of_two_that_are_given_up_at_once_one_is_tolerated() {
  let mut b = Builder::new();
  let (w, x, item) = (b.echo("w", 0), b.local(), b.local());
  b.of(w).idempotent = false;
  let body = tolerating(1, each(item, numbers(3), 2, false, call(w, [read(item)])));
  let program = b.main(vec![step("x", x, body)], None);
  let journal = cut(&program, 50);
  let failed = "the run was cut short while it ran, and it was given up (interrupted)";
  assert_eq!(
    steps(&resumed(&program, &journal, resumption(Some(Decision::Fail)))),
    [
      format!("0 taken x[0] by Tolerate: x[0]: {failed}"),
      format!("0 failed x[1]: x[1]: {failed}"),
      "0 requested x[2] w #1 as 2".into(),
      "0 skipped x[2] because of x[1]".into(),
      format!("0 failed x: x[1]: {failed}"),
      format!("0 run failed: x[1]: {failed}"),
    ]
  );
}

#[test]
fn a_dispatch_that_was_cancelled_is_nothing_that_goes_on() {
  let mut b = Builder::new();
  let (w, bad) = (b.echo("w", 0), super::lost(&mut b, "bad", 0, FailureKind::Exit));
  let apart = b.orchestrator("apart", Vec::new(), block(Vec::new(), None));
  let dispatch = node(NodeKind::Dispatch(Call {
    target: apart,
    arguments: Vec::new(),
    policies: Policies::default(),
  }));
  let [h, x, y, own] = [(); 4].map(|()| b.local());
  b.of(w).idempotent = false;
  let steps = vec![
    step("h", h, dispatch),
    step("x", x, undo(call(w, [int(1)]), own, call(w, [read(own)]))),
    step("y", y, call(bad, [int(1)])),
  ];
  let program = b.main(steps, None);
  // nobody says that the other run is remembered; `y` is lost, and `x` is in doubt
  let (mut run, first) = start(&program, 1);
  let mut journal = first.records;
  let lost = AttemptOutcome::Failed(crate::value::Failure::new(FailureKind::Exit, "", "lost").into());
  let facts = [
    Input::Admitted(ExecutionId(0)),
    Input::Admitted(ExecutionId(1)),
    Input::AttemptEnded(ExecutionId(1), lost),
  ];
  facts
    .into_iter()
    .for_each(|fact| journal.extend(run.step(RunTime(0), fact).records));
  let replayed = Run::replay(program, journal).expect("the journal is its own");
  let (run, step) = replayed.resume(resumption(None));
  assert_eq!(trace(&step.records), ["0 resumed", "0 in doubt x as 0"]);
  assert_eq!(run.awaits_decision(), ["x".into()]);
}

#[test]
fn an_attempt_is_over_at_its_timeout_though_its_copy_waits_to_run_again() {
  let mut b = Builder::new();
  let (w, x) = (b.echo("w", 0), b.local());
  let policies = Policies {
    limits: vec![b.limit(None, Some((3, 1000)))],
    hedge: hedge(5).hedge,
    ..timeout(20)
  };
  let program = b.main(vec![step("x", x, with(w, [int(1)], policies))], None);
  let (run, first) = start(&program, 1);
  let mut simulation = Simulation::new(run, first, |_| Scripted::Hang);
  let all = std::iter::from_fn(|| simulation.advance()).flatten();
  let journal: Vec<Record> = all.take_while(|record| record.at.0 <= 5).collect();
  // the first one takes the last start that the rate allows, and fails; its copy waits for the next
  let replayed = Run::replay(program, journal).expect("the journal is its own");
  let mut simulation = Simulation::resume(replayed, |_| Scripted::Answer(2, Err(super::failed(FailureKind::Exit))));
  let rest: Vec<Record> = std::iter::from_fn(|| simulation.advance()).flatten().collect();
  assert_eq!(
    trace(&rest),
    [
      "5 resumed: Rerun",
      "5 repeated x as 0",
      "5 repeated x as 1",
      "7 ended 0 exit",
      "25 failed x: x: timeout of 20ms passed (timeout)",
      "25 run failed: x: timeout of 20ms passed (timeout)",
    ]
  );
}
