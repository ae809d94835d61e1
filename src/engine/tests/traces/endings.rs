//! `undo`, `finally` and `on failure`: what scopes do before they end.

use super::{
  super::{build::*, *},
  lost,
};
use crate::{hir::*, value::FailureKind::*};

/// A builder with a worker that undoes in 3 ms, one that takes 5 ms, and one that fails after 10.
struct Room {
  b: Builder,
  rollback: WorkerId,
  deploy: WorkerId,
  bad: WorkerId,
}

impl Room {
  fn new() -> Room {
    let mut b = Builder::new();
    let (rollback, deploy) = (b.echo("rollback", 3), b.echo("deploy", 5));
    let bad = lost(&mut b, "bad", 10, Exit);
    Room {
      b,
      rollback,
      deploy,
      bad,
    }
  }

  /// `node undo rollback(value of the node)`
  fn undone(&mut self, node: Node) -> Node {
    let own = self.b.local();
    undo(node, own, call(self.rollback, [read(own)]))
  }

  /// `deploy(x) undo rollback(...)`
  fn deployed(&mut self, x: Expr) -> Node {
    let node = call(self.deploy, [x]);
    self.undone(node)
  }

  fn named(&mut self, name: &str, node: Node) -> crate::hir::Step {
    step(name, self.b.local(), node)
  }
}

/// From any prefix of the journal the run comes to the same end, with the same calls made for it.
fn resumes(program: &Arc<Program>, records: &[Record]) {
  let made = |records: &[Record]| {
    let ended = records.iter().filter(|record| match &record.event {
      Event::StepSucceeded { path, .. } | Event::FailureTaken { path, .. } => path.contains('!'),
      _ => false,
    });
    let mut paths: Vec<_> = ended.filter_map(|record| record.event.path().cloned()).collect();
    paths.sort();
    paths
  };
  for cut in 1..records.len() {
    let replayed = Run::replay(program.clone(), records[..cut].to_vec()).expect("a prefix is a journal");
    let mut simulation = Simulation::resume(replayed, mocked);
    let rest: Vec<_> = std::iter::from_fn(|| simulation.advance()).flatten().collect();
    let whole = [&records[..cut], &rest].concat();
    assert_eq!(made(&whole), made(records), "cut at {cut}: {:#?}", trace(&whole));
    assert_eq!(
      whole.last().map(|record| &record.event),
      records.last().map(|record| &record.event),
      "cut at {cut}"
    );
  }
}

fn resumed(program: &Arc<Program>) -> Vec<String> {
  let records = records(program);
  resumes(program, &records);
  steps(&records)
}

#[test]
fn completed_steps_are_undone_in_reverse_once_nothing_runs() {
  let mut r = Room::new();
  let (x, own, slow) = (r.b.local(), r.b.local(), r.b.echo("slow", 40));
  let first = r.deployed(int(1));
  let second = undo(
    call(r.deploy, [read(x)]),
    own,
    call(r.rollback, [list([read(own), read(x)])]),
  );
  let z = r.b.local();
  let steps = vec![
    step("x", x, first),
    step("y", z, second),
    r.named("z", call(r.bad, [read(z)])),
    r.named("w", call(slow, [int(1)])),
  ];
  let program = r.b.main(steps, None);
  assert_eq!(
    resumed(&program),
    [
      "0 requested x deploy #1 as 0",
      "0 requested w slow #1 as 1",
      "5 ok x",
      "5 requested y deploy #1 as 2",
      "10 ok y",
      "10 requested z bad #1 as 3",
      "20 failed z: z: lost (exit)",
      "20 cancelled w because of z",
      "20 closing  lost, undo 2, finally 0",
      "20 requested y!undo rollback #1 as 4",
      "23 ok y!undo",
      "23 requested x!undo rollback #1 as 5",
      "26 ok x!undo",
      "26 run failed: z: lost (exit)",
    ]
  );
}

#[test]
fn a_scope_that_succeeds_hands_its_undo_on() {
  let mut r = Room::new();
  let (a, c, d) = (r.deployed(int(1)), r.deployed(int(2)), r.deployed(int(3)));
  let slow = r.b.echo("slow", 2);
  let inner = block(vec![r.named("a", a), r.named("slow", call(slow, [int(1)]))], None);
  let target = r.b.orchestrator("inner", Vec::new(), inner);
  let nested = node(NodeKind::Orchestrate(Call {
    target,
    arguments: Vec::new(),
    policies: Policies::default(),
  }));
  let nested = r.undone(nested);
  let (n, item) = (r.b.local(), r.b.local());
  let steps = vec![
    step("n", n, nested),
    r.named("c", delay(1, c)),
    r.named("ds", each(item, numbers(1), 1, false, d)),
    r.named("z", call(r.bad, [read(n)])),
  ];
  let program = r.b.main(steps, None);
  assert_eq!(
    resumed(&program),
    [
      "0 scope n",
      "0 requested n.a deploy #1 as 0",
      "0 requested n.slow slow #1 as 1",
      "0 delayed c 1",
      "0 expanded ds 1 by 1",
      "0 requested ds[0] deploy #1 as 2",
      "1 requested c deploy #1 as 3",
      "2 ok n.slow",
      "5 ok n.a",
      "5 ok n",
      "5 requested z bad #1 as 4",
      "5 ok ds[0]",
      "5 ok ds",
      "6 ok c",
      "15 failed z: z: lost (exit)",
      "15 closing  lost, undo 4, finally 0",
      "15 requested c!undo rollback #1 as 5",
      "18 ok c!undo",
      "18 requested ds[0]!undo rollback #1 as 6",
      "21 ok ds[0]!undo",
      "21 requested n!undo rollback #1 as 7",
      "24 ok n!undo",
      "24 requested n.a!undo rollback #1 as 8",
      "27 ok n.a!undo",
      "27 run failed: z: lost (exit)",
    ]
  );
}

#[test]
fn nothing_is_undone_where_all_goes_well() {
  let mut r = Room::new();
  let a = r.deployed(int(1));
  let steps = vec![r.named("a", a)];
  let program = r.b.main(steps, None);
  assert_eq!(
    resumed(&program),
    ["0 requested a deploy #1 as 0", "5 ok a", "5 run ok null",]
  );
}

#[test]
fn a_running_call_with_undo_runs_to_its_end() {
  let mut r = Room::new();
  let slow = r.b.echo("slow", 30);
  let (a, b, c) = (
    r.undone(call(slow, [int(1)])),
    r.undone(with(slow, [int(2)], timeout(20))),
    r.undone(deadline(15, call(slow, [int(3)]))),
  );
  let d = r.undone(call(slow, [int(4)]));
  let (item, error) = (r.b.local(), r.b.local());
  let e = r.undone(call(slow, [int(5)]));
  let steps = vec![
    r.named("a", a),
    r.named("b", b),
    r.named("c", c),
    r.named("d", catch(attempt(d), error, value(int(0)))),
    r.named("es", each(item, numbers(2), 1, false, e)),
    r.named("z", call(r.bad, [int(0)])),
  ];
  let program = r.b.main(steps, None);
  assert_eq!(
    resumed(&program),
    [
      "0 requested a slow #1 as 0",
      "0 requested b slow #1 as 1",
      "0 requested c slow #1 as 2",
      "0 requested d slow #1 as 3",
      "0 expanded es 2 by 1",
      "0 requested es[0] slow #1 as 4",
      "0 requested z bad #1 as 5",
      "10 failed z: z: lost (exit)",
      "15 deadline c",
      "15 cancelled c because of z",
      "20 failed b: b: timeout of 20ms passed (timeout)",
      "30 ok a",
      "30 ok d",
      "30 closing es[0] lost, undo 1, finally 0",
      "30 requested es[0]!undo rollback #1 as 6",
      "33 ok es[0]!undo",
      "33 cancelled es[0] because of z",
      "33 cancelled es because of z",
      "33 closing  lost, undo 2, finally 0",
      "33 requested d!undo rollback #1 as 7",
      "36 ok d!undo",
      "36 requested a!undo rollback #1 as 8",
      "39 ok a!undo",
      "39 run failed: z: lost (exit)",
    ]
  );
}

#[test]
fn an_undo_that_fails_does_not_stop_the_rest() {
  let mut r = Room::new();
  let (own, broken) = (r.b.local(), lost(&mut r.b, "broken", 2, Exit));
  let a = r.deployed(int(1));
  let policies = retry(1, Backoff::Fixed(time(4)));
  let b = undo(call(r.deploy, [int(2)]), own, with(broken, [read(own)], policies));
  let (x, y) = (r.b.local(), r.b.local());
  let steps = vec![
    step("a", x, a),
    step("b", y, delay(1, b)),
    r.named("z", call(r.bad, [read(y)])),
  ];
  let program = r.b.main(steps, None);
  let records = records(&program);
  resumes(&program, &records);
  assert_eq!(
    self::steps(&records)[3..],
    [
      "5 ok a",
      "6 ok b",
      "6 requested z bad #1 as 2",
      "16 failed z: z: lost (exit)",
      "16 closing  lost, undo 2, finally 0",
      "16 requested b!undo broken #1 as 3",
      "18 retry b!undo #2 after 4",
      "22 requested b!undo broken #2 as 4",
      "24 taken b!undo by Undo: b!undo: lost (exit)",
      "24 requested a!undo rollback #1 as 5",
      "27 ok a!undo",
      "27 run failed: z: lost (exit)",
    ]
  );
  let Some(Event::RunFailed { failure }) = records.last().map(|record| &record.event) else {
    panic!("the run fails");
  };
  assert_eq!(failure.undo_failed, ["b!undo".into()]);
  assert!(failure.causes.is_empty(), "{failure:?}");
}

#[test]
fn undo_stands_outside_of_the_deadline_that_was_missed() {
  let mut r = Room::new();
  let own = r.b.local();
  let slow = r.b.mock(
    "slow",
    vec![
      rule(MockWhen::First(int(1)), 30, fails(Exit)),
      rule(MockWhen::Else, 30, MockAnswer::Echo),
    ],
  );
  let policies = retry(1, Backoff::Fixed(time(4)));
  let a = undo(call(r.deploy, [int(1)]), own, with(slow, [read(own)], policies));
  let hangs = r.b.mock("hangs", vec![rule(MockWhen::Else, 0, MockAnswer::Hang)]);
  let inner = block(vec![r.named("a", a), r.named("h", call(hangs, [int(1)]))], None);
  let error = r.b.local();
  let steps = vec![r.named("x", catch(deadline(20, nested(inner)), error, value(int(0))))];
  let outer = nested(block(steps, None));
  let steps = vec![r.named("y", deadline(40, outer))];
  let program = r.b.main(steps, None);
  assert_eq!(
    resumed(&program),
    [
      "0 scope y",
      "0 scope y.x",
      "0 requested y.x.a deploy #1 as 0",
      "0 requested y.x.h hangs #1 as 1",
      "5 ok y.x.a",
      "20 deadline y.x",
      "20 cancelled y.x.h because of y.x",
      "20 closing y.x lost, undo 1, finally 0",
      "20 requested y.x.a!undo slow #1 as 2",
      "40 deadline y",
      "50 retry y.x.a!undo #2 after 4",
      "54 requested y.x.a!undo slow #2 as 3",
      "84 ok y.x.a!undo",
      "84 cancelled y.x because of y",
      "84 failed y: y: deadline of 40ms passed (timeout)",
      "84 run failed: y: deadline of 40ms passed (timeout)",
    ]
  );
}

/// Opens two things in a block and ends it, well or not; the second can be undone as well.
fn opened(fails: bool) -> Vec<String> {
  let mut r = Room::new();
  let (close, x, own) = (r.b.echo("close", 1), r.b.local(), r.b.local());
  let open = |r: &Room, n| finally(call(r.deploy, [n]), own, call(close, [read(own)]));
  let both = r.undone(open(&r, read(x)));
  let y = r.b.local();
  let last = if fails { call(r.bad, [read(y)]) } else { value(read(y)) };
  let inner = block(
    vec![step("a", x, open(&r, int(1))), step("b", y, both), r.named("z", last)],
    Some(int(7)),
  );
  let (after, error) = (r.b.local(), r.b.local());
  let steps = vec![
    step("x", after, catch(nested(inner), error, value(int(0)))),
    r.named("w", call(r.deploy, [read(after)])),
  ];
  let program = r.b.main(steps, Some(read(after)));
  resumed(&program)
}

#[test]
fn finally_runs_when_the_block_ends_well() {
  assert_eq!(
    opened(false),
    [
      "0 scope x",
      "0 requested x.a deploy #1 as 0",
      "5 ok x.a",
      "5 requested x.b deploy #1 as 1",
      "10 ok x.b",
      "10 ok x.z",
      "10 closing x done, undo 0, finally 2",
      "10 requested x.b!finally close #1 as 2",
      "11 ok x.b!finally",
      "11 requested x.a!finally close #1 as 3",
      "12 ok x.a!finally",
      "12 ok x",
      "12 requested w deploy #1 as 4",
      "17 ok w",
      "17 run ok 7",
    ]
  );
}

#[test]
fn finally_runs_when_the_block_is_lost_after_undo() {
  assert_eq!(
    opened(true),
    [
      "0 scope x",
      "0 requested x.a deploy #1 as 0",
      "5 ok x.a",
      "5 requested x.b deploy #1 as 1",
      "10 ok x.b",
      "10 requested x.z bad #1 as 2",
      "20 failed x.z: x.z: lost (exit)",
      "20 closing x lost, undo 1, finally 2",
      "20 requested x.b!undo rollback #1 as 3",
      "23 ok x.b!undo",
      "23 requested x.b!finally close #1 as 4",
      "24 ok x.b!finally",
      "24 requested x.a!finally close #1 as 5",
      "25 ok x.a!finally",
      "25 taken x by Catch: x.z: lost (exit)",
      "25 ok x.catch",
      "25 ok x",
      "25 requested w deploy #1 as 6",
      "30 ok w",
      "30 run ok 0",
    ]
  );
}

#[test]
fn a_finally_that_fails_changes_nothing() {
  let mut r = Room::new();
  let own = r.b.local();
  let (a, b) = (
    finally(call(r.deploy, [int(1)]), own, call(r.rollback, [read(own)])),
    finally(delay(1, call(r.deploy, [int(2)])), own, call(r.bad, [read(own)])),
  );
  let steps = vec![r.named("a", a), r.named("b", b)];
  let program = r.b.main(steps, Some(int(1)));
  assert_eq!(
    resumed(&program),
    [
      "0 requested a deploy #1 as 0",
      "0 delayed b 1",
      "1 requested b deploy #1 as 1",
      "5 ok a",
      "6 ok b",
      "6 closing  done, undo 0, finally 2",
      "6 requested b!finally bad #1 as 2",
      "16 taken b!finally by Finally: b!finally: lost (exit)",
      "16 requested a!finally rollback #1 as 3",
      "19 ok a!finally",
      "19 run ok 1",
    ]
  );
}

#[test]
fn an_instance_is_the_scope_of_its_own_finally() {
  let mut r = Room::new();
  let (own, item) = (r.b.local(), r.b.local());
  let body = finally(
    call(r.deploy, [read(item)]),
    own,
    call(r.rollback, [list([read(own), read(item)])]),
  );
  let steps = vec![r.named("xs", each(item, numbers(2), 1, false, body))];
  let program = r.b.main(steps, None);
  assert_eq!(
    resumed(&program),
    [
      "0 expanded xs 2 by 1",
      "0 requested xs[0] deploy #1 as 0",
      "5 closing xs[0] done, undo 0, finally 1",
      "5 requested xs[0]!finally rollback #1 as 1",
      "8 ok xs[0]!finally",
      "8 ok xs[0]",
      "8 requested xs[1] deploy #1 as 2",
      "13 closing xs[1] done, undo 0, finally 1",
      "13 requested xs[1]!finally rollback #1 as 3",
      "16 ok xs[1]!finally",
      "16 ok xs[1]",
      "16 ok xs",
      "16 run ok null",
    ]
  );
}

#[test]
fn on_failure_runs_once_after_undo_and_knows_the_error() {
  let mut r = Room::new();
  let (page, error, param) = (r.b.echo("page", 2), r.b.local(), r.b.param("who"));
  let a = r.deployed(int(1));
  let x = r.b.local();
  let inner = block(vec![step("a", x, a), r.named("z", call(r.bad, [read(x)]))], None);
  let who = param.local;
  let target = r.b.orchestrator("inner", vec![param], inner);
  let told = call(page, [list([field(read(error), "step"), read(who)])]);
  let told = vec![r.named("told", told)];
  r.b.on_failure(target, error, block(told, None));
  let nested = node(NodeKind::Orchestrate(Call {
    target,
    arguments: vec![text("ops")],
    policies: Policies::default(),
  }));
  let steps = vec![r.named("n", nested)];
  let outer = r.b.orchestrator("main", Vec::new(), block(steps, None));
  let failing = vec![gate("fail#1", StepKind::Node(call(r.bad, [int(0)])))];
  r.b.on_failure(outer, error, block(failing, None));
  let program = Arc::new(r.b.program);
  assert_eq!(
    resumed(&program),
    [
      "0 scope n",
      "0 requested n.a deploy #1 as 0",
      "5 ok n.a",
      "5 requested n.z bad #1 as 1",
      "15 failed n.z: n.z: lost (exit)",
      "15 closing n lost, undo 1, finally 0",
      "15 requested n.a!undo rollback #1 as 2",
      "18 ok n.a!undo",
      "18 scope n!on_failure",
      "18 requested n!on_failure.told page #1 as 3",
      "20 ok n!on_failure.told",
      "20 ok n!on_failure",
      "20 failed n: n.z: lost (exit)",
      "20 scope !on_failure",
      "20 requested !on_failure.fail#1 bad #1 as 4",
      "30 failed !on_failure.fail#1: !on_failure.fail#1: lost (exit)",
      "30 taken !on_failure by OnFailure: !on_failure.fail#1: lost (exit)",
      "30 run failed: n.z: lost (exit)",
    ]
  );
}

#[test]
fn a_cancelled_run_is_undone_and_told_once() {
  let mut r = Room::new();
  let (page, slow, error) = (r.b.echo("page", 2), r.b.echo("slow", 50), r.b.local());
  let a = r.deployed(int(1));
  let inner = block(vec![r.named("a", a), r.named("b", call(slow, [int(1)]))], None);
  let target = r.b.orchestrator("inner", Vec::new(), inner);
  let told = |r: &mut Room, name: &str| block(vec![r.named(name, call(page, [field(read(error), "message")]))], None);
  let handler = told(&mut r, "told");
  r.b.on_failure(target, error, handler);
  let nested = node(NodeKind::Orchestrate(Call {
    target,
    arguments: Vec::new(),
    policies: Policies::default(),
  }));
  let steps = vec![r.named("n", attempt(nested))];
  let main = r.b.orchestrator("main", Vec::new(), block(steps, None));
  let handler = told(&mut r, "told");
  r.b.on_failure(main, error, handler);
  let program = Arc::new(r.b.program);
  let (run, first) = start(&program, 1);
  let mut simulation = Simulation::new(run, first, mocked);
  simulation.expect(RunTime(7), Input::CancelRequested("enough".into()));
  simulation.expect(RunTime(9), Input::CancelRequested("really".into()));
  let records: Vec<_> = std::iter::from_fn(|| simulation.advance()).flatten().collect();
  assert_eq!(
    trace(&records),
    [
      "0 scope n",
      "0 requested n.a deploy #1 as 0",
      "0 requested n.b slow #1 as 1",
      "5 ended 0 1",
      "5 ok n.a",
      "7 cancel requested: enough",
      "7 ended 1 cancelled",
      "7 cancelled n.b because of ",
      "7 closing n lost, undo 1, finally 0",
      "7 requested n.a!undo rollback #1 as 2",
      "9 cancel requested: really",
      "10 ended 2 1",
      "10 ok n.a!undo",
      "10 scope n!on_failure",
      "10 requested n!on_failure.told page #1 as 3",
      "12 ended 3 \"ended from outside\"",
      "12 ok n!on_failure.told",
      "12 ok n!on_failure",
      "12 cancelled n because of ",
      "12 scope !on_failure",
      "12 requested !on_failure.told page #1 as 4",
      "14 ended 4 \"enough\"",
      "14 ok !on_failure.told",
      "14 ok !on_failure",
      "14 run failed: : enough (cancelled)",
    ]
  );
}

#[test]
fn an_early_return_lets_a_call_with_undo_end() {
  let mut r = Room::new();
  let slow = r.b.echo("slow", 30);
  let (a, b) = (r.undone(call(slow, [int(1)])), call(slow, [int(2)]));
  let c = r.undone(call(slow, [int(3)]));
  let value = call(r.deploy, [int(0)]);
  let x = r.b.local();
  let deep = nested(block(vec![r.named("c", c)], None));
  let early = gate(
    "return#1",
    StepKind::ReturnWhen {
      value: read(x),
      when: truth(true),
    },
  );
  let inner = block(
    vec![
      r.named("a", attempt(a)),
      r.named("b", b),
      r.named("deep", deep),
      step("x", x, value),
      early,
    ],
    None,
  );
  let target = r.b.orchestrator("inner", Vec::new(), inner);
  let nested = node(NodeKind::Orchestrate(Call {
    target,
    arguments: Vec::new(),
    policies: Policies::default(),
  }));
  let n = r.b.local();
  let steps = vec![step("n", n, nested), r.named("z", call(r.bad, [read(n)]))];
  let program = r.b.main(steps, None);
  assert_eq!(
    resumed(&program),
    [
      "0 scope n",
      "0 requested n.a slow #1 as 0",
      "0 requested n.b slow #1 as 1",
      "0 scope n.deep",
      "0 requested n.deep.c slow #1 as 2",
      "0 requested n.x deploy #1 as 3",
      "5 ok n.x",
      "5 ok n.return#1",
      "5 cancelled n.b because of n.return#1",
      "30 ok n.a",
      "30 ok n.deep.c",
      "30 closing n.deep lost, undo 1, finally 0",
      "30 requested n.deep.c!undo rollback #1 as 4",
      "33 ok n.deep.c!undo",
      "33 cancelled n.deep because of n.return#1",
      "33 ok n",
      "33 requested z bad #1 as 5",
      "43 failed z: z: lost (exit)",
      "43 closing  lost, undo 1, finally 0",
      "43 requested n.a!undo rollback #1 as 6",
      "46 ok n.a!undo",
      "46 run failed: z: lost (exit)",
    ]
  );
}
