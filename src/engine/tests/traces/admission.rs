//! Breakers, kept outcomes, silence: what happens to a call before, and instead of, its execution.

use super::{
  super::{build::*, *},
  lost,
};
use crate::{
  hir::*,
  protocol::RawAnswer,
  value::{FailureKind, FailureKind::*, Value},
};

/// `w` with a breaker of 3, 30s, 3, called once per item after a wait of so many milliseconds, one by one.
fn guarded(waits: &[i64]) -> Arc<Program> {
  let mut b = Builder::new();
  let (w, v) = (b.echo("w", 0), b.echo("v", 0));
  b.of(w).breaker = breaker(3, 30_000, 3);
  b.of(v).breaker = breaker(3, 30_000, 3);
  let mut steps = Vec::new();
  for (at, wait) in waits.iter().enumerate() {
    let local = b.local();
    let call = attempt(delay(*wait, call(w, [int(at as i64)])));
    steps.push(gate(&format!("s{at}"), StepKind::Node(call)));
    if at == 4 {
      steps.push(step("v", local, call_of(v)));
    }
  }
  b.main(steps, None)
}

fn call_of(worker: WorkerId) -> Node {
  call(worker, [int(0)])
}

/// Answers by script: `S` or `F`, the next letter for each execution of `w`.
fn scripted(script: &str) -> impl FnMut(&Start) -> Scripted {
  let mut letters = script.chars().collect::<Vec<_>>().into_iter();
  move |start| match &*start.invocation.identity.worker {
    "w" => match letters.next() {
      Some('F') => Scripted::Answer(0, Err(super::failed(Exit))),
      _ => Scripted::Answer(0, Ok(RawAnswer::Mock(Value::Int(1)))),
    },
    _ => Scripted::Answer(0, Ok(RawAnswer::Mock(Value::Int(2)))),
  }
}

/// Moves, and a letter per call of `w`: `S`, `F`, `x` where it was refused.
fn outline(records: &[Record]) -> (String, Vec<String>) {
  let (mut letters, mut moves) = (String::new(), Vec::new());
  for Record { event, .. } in records {
    match event {
      Event::AttemptEnded { outcome, .. } if *outcome == AttemptOutcome::Ok(1.into()) => letters.push('S'),
      Event::FailureTaken { failure, .. } => letters.push(if failure.kind == CircuitOpen { 'x' } else { 'F' }),
      Event::BreakerMoved { from, to, .. } => moves.push(format!("{from:?} to {to:?}")),
      _ => {}
    }
  }
  (letters, moves)
}

#[test]
fn the_script_of_a_breaker_gives_its_states_and_its_skips() {
  let program = guarded(&[0, 0, 0, 0, 0, 30_000, 0, 0, 0]);
  let (records, _) = run_in(World::default(), &program, scripted("FFFSSSS"));
  let (letters, moves) = outline(&records);
  assert_eq!(letters, "FFFxxSSSS");
  assert_eq!(moves, ["Closed to Open", "Open to HalfOpen", "HalfOpen to Closed"]);
  assert!(trace(&records).contains(&"0 refused 3 circuit_open".to_owned()));
  assert!(
    trace(&records).contains(&"0 ok v".to_owned()),
    "the other worker is as ever"
  );
  let last = records
    .iter()
    .rposition(|record| matches!(record.event, Event::BreakerMoved { .. }));
  assert!(last < Some(records.len() - 1), "the last move is in the journal too");
}

#[test]
fn a_failure_in_half_open_opens_again() {
  let program = guarded(&[0, 0, 0, 0, 30_000, 0, 0, 0]);
  let (records, _) = run_in(World::default(), &program, scripted("FFFSSF"));
  let (letters, moves) = outline(&records);
  assert_eq!(letters, "FFFxSSFx");
  assert_eq!(moves, ["Closed to Open", "Open to HalfOpen", "HalfOpen to Open"]);
}

#[test]
fn a_breaker_outlives_its_run() {
  let (_, mut world) = run_in(World::default(), &guarded(&[0, 0]), scripted("FF"));
  world.pass(1_000);
  let (records, mut world) = run_in(world, &guarded(&[0, 0]), scripted("FS"));
  assert_eq!(outline(&records).0, "Fx");
  world.pass(29_999);
  let (records, mut world) = run_in(world, &guarded(&[0]), scripted("S"));
  assert_eq!(outline(&records).0, "x");
  world.pass(1);
  let (records, _) = run_in(world, &guarded(&[0, 0, 0, 0]), scripted("SSSS"));
  assert_eq!(outline(&records).1, ["Open to HalfOpen", "HalfOpen to Closed"]);
}

#[test]
fn what_counts_for_a_breaker() {
  let counts = |answer: fn() -> Scripted| {
    let (records, _) = run_in(World::default(), &guarded(&[0, 0, 0, 0]), move |_| answer());
    outline(&records).0.ends_with('x')
  };
  assert!(counts(|| Scripted::Answer(0, Err(super::failed(Exit)))));
  assert!(counts(|| Scripted::Answer(0, Err(super::failed(Transport)))));
  assert!(counts(|| Scripted::Answer(0, Err(super::failed(Http)))));
  assert!(counts(|| Scripted::Answer(0, Err(super::failed(Contract)))));
  assert!(!counts(|| Scripted::Answer(0, Err(super::failed(Failed)))));
  assert!(!counts(|| Scripted::Answer(0, Err(super::failed(Rejected)))));
}

#[test]
fn a_timeout_counts_for_a_breaker_and_an_end_from_outside_does_not() {
  let mut b = Builder::new();
  let hang = b.mock("hang", vec![rule(MockWhen::Else, 0, MockAnswer::Hang)]);
  b.of(hang).breaker = breaker(1, 1000, 1);
  let (x, y) = (b.local(), b.local());
  let program = b.main(
    vec![
      step("x", x, attempt(deadline(5, call(hang, [int(1)])))),
      step("y", y, attempt(with(hang, [int(2)], timeout(10)))),
    ],
    None,
  );
  let moves: Vec<_> = trace(&records(&program))
    .into_iter()
    .filter(|line| line.contains("breaker"))
    .collect();
  assert_eq!(moves, ["10 breaker hang Closed to Open"]);
}

#[test]
fn a_retry_that_meets_an_open_breaker_is_the_end() {
  let mut b = Builder::new();
  let (bad, x) = (lost(&mut b, "bad", 0, Exit), b.local());
  b.of(bad).breaker = breaker(2, 1000, 1);
  let policies = retry(5, Backoff::Fixed(time(10)));
  let program = b.main(vec![step("x", x, with(bad, [int(1)], policies))], None);
  let records = records(&program);
  assert_eq!(
    trace(&records),
    [
      "0 requested x bad #1 as 0",
      "0 ended 0 exit",
      "0 retry x #2 after 10",
      "10 requested x bad #2 as 1",
      "10 breaker bad Closed to Open",
      "10 ended 1 exit",
      "10 retry x #3 after 10",
      "20 requested x bad #3 as 2",
      "20 refused 2 circuit_open",
      "20 failed x: x: the breaker of `bad` is open (circuit_open)",
      "20 run failed: x: the breaker of `bad` is open (circuit_open)",
    ]
  );
  let Some(Event::RunFailed { failure }) = records.last().map(|record| &record.event) else {
    panic!("it fails");
  };
  assert_eq!((failure.attempts, failure.causes[0].kind), (2, FailureKind::Exit));
}

#[test]
fn an_outcome_is_kept_for_as_long_as_it_may_be() {
  let program = || {
    let mut b = Builder::new();
    let (echo, x, y) = (b.echo("echo", 5), b.local(), b.local());
    let other = with(echo, [int(2)], cache(1000));
    b.main(
      vec![
        step("x", x, with(echo, [int(1)], cache(1000))),
        gate("g", StepKind::Stage(block(vec![step("y", y, other)], None))),
      ],
      Some(read(x)),
    )
  };
  let (first, mut world) = run_in(World::default(), &program(), mocked);
  assert!(!trace(&first).iter().any(|line| line.contains("hit")));
  world.pass(990);
  let (second, mut world) = run_in(world, &program(), mocked);
  assert_eq!(
    trace(&second),
    [
      "0 requested x echo #1 as 0",
      "0 scope g",
      "0 requested g.y echo #1 as 1",
      "0 hit 0 1 from r1 x",
      "0 ok x",
      "0 hit 1 2 from r1 g.y",
      "0 ok g.y",
      "0 ok g",
      "0 run ok 1",
    ]
  );
  world.pass(11);
  let (third, _) = run_in(world, &program(), mocked);
  assert!(!trace(&third).iter().any(|line| line.contains("hit")), "it is too old");
  assert_prefixes(&program(), &second);
  assert_prefixes(&program(), &third);
}

#[test]
fn another_input_or_another_definition_is_another_outcome() {
  let program = |input: i64, answer: i64| {
    let mut b = Builder::new();
    let (w, x) = (
      b.mock("w", vec![rule(MockWhen::Else, 0, MockAnswer::Return(int(answer)))]),
      b.local(),
    );
    b.main(vec![step("x", x, with(w, [int(input)], cache(1000)))], Some(read(x)))
  };
  let (_, world) = run_in(World::default(), &program(1, 1), mocked);
  let hits = |program: Arc<Program>| {
    let (records, _) = run_in(world.clone(), &program, mocked);
    records
      .iter()
      .any(|record| matches!(record.event, Event::CacheHit { .. }))
  };
  assert!(!hits(program(2, 1)));
  assert!(!hits(program(1, 2)));
  assert!(hits(program(1, 1)));
}

#[test]
fn only_successes_are_kept_and_a_retry_keeps_under_the_same_key() {
  let program = || {
    let mut b = Builder::new();
    let rules = vec![
      rule(MockWhen::First(int(1)), 0, fails(Exit)),
      rule(MockWhen::Else, 0, MockAnswer::Return(int(7))),
    ];
    let (w, x) = (b.mock("w", rules), b.local());
    let policies = Policies {
      cache: cache(1000).cache,
      ..retry(1, Backoff::Fixed(time(1)))
    };
    b.main(vec![step("x", x, with(w, [int(1)], policies))], Some(read(x)))
  };
  let (first, world) = run_in(World::default(), &program(), mocked);
  assert_eq!(trace(&first).last().map(String::as_str), Some("1 run ok 7"));
  let (second, _) = run_in(world, &program(), mocked);
  assert!(trace(&second).contains(&"0 hit 0 7 from r1 x".to_owned()));
}

#[test]
fn a_hit_needs_no_slot_no_budget_and_no_closed_breaker() {
  let program = |script: i64| {
    let mut b = Builder::new();
    let (w, x, y) = (b.echo("w", 0), b.local(), b.local());
    b.of(w).breaker = breaker(1, 1000, 1);
    let other = attempt(after(&[x], call(w, [int(script)])));
    let steps = vec![step("x", x, with(w, [int(1)], cache(1000))), step("y", y, other)];
    b.main_with(budget(Some(1), None), steps, Some(read(x)))
  };
  let answers = |start: &Start| match start.invocation.identity.step.as_ref() {
    "y" => Scripted::Answer(0, Err(super::failed(Exit))),
    _ => mocked(start),
  };
  let (_, world) = run_in(World::default(), &program(1), answers);
  let (opened, world) = run_in(world, &program(1), answers);
  assert!(
    trace(&opened).contains(&"0 breaker w Closed to Open".to_owned()),
    "{:#?}",
    trace(&opened)
  );
  let (third, _) = run_in(world, &program(1), answers);
  assert!(trace(&third).contains(&"0 hit 0 1 from r1 x".to_owned()));
}

/// Reads the names without using them.
fn after(locals: &[LocalId], inner: Node) -> Node {
  let mut node = inner;
  if let NodeKind::Work(call) = &mut node.kind {
    call.arguments = vec![list(locals.iter().map(|local| read(*local)))];
  }
  node
}

#[test]
fn who_says_nothing_for_too_long_is_ended() {
  let mut b = Builder::new();
  let (hang, slow) = (
    b.mock("hang", vec![rule(MockWhen::Else, 0, MockAnswer::Hang)]),
    b.echo("slow", 100),
  );
  b.of(hang).heartbeat = Some(time(50));
  b.of(slow).heartbeat = Some(time(101));
  let (x, y) = (b.local(), b.local());
  let steps = vec![
    step("x", x, attempt(with(hang, [int(1)], timeout(1000)))),
    step("y", y, call(slow, [int(2)])),
  ];
  assert_eq!(
    trace(&records(&b.main(steps, None))),
    [
      "0 requested x hang #1 as 0",
      "0 requested y slow #1 as 1",
      "50 ended 0 timeout",
      "50 taken x by Attempt: x: it said nothing for 50ms (timeout)",
      "50 ok x",
      "100 ended 1 2",
      "100 ok y",
      "100 run ok null",
    ]
  );
}

#[test]
fn starts_under_a_rate_count_after_a_replay() {
  let mut b = Builder::new();
  let (echo, limit) = (b.echo("echo", 1), b.limit(None, Some((2, 1000))));
  let (x, item) = (b.local(), b.local());
  let policies = Policies {
    limits: vec![limit],
    ..Policies::default()
  };
  let body = with(echo, [read(item)], policies);
  let program = b.main(vec![step("x", x, each(item, numbers(5), 5, false, body))], None);
  let whole = records(&program);
  for length in 1..whole.len() {
    let replayed = Run::replay(program.clone(), whole[..length].to_vec()).expect("a prefix is a journal");
    let mut simulation = Simulation::resume(replayed, mocked);
    let mut records = whole[..length].to_vec();
    records.extend(std::iter::from_fn(|| simulation.advance()).flatten());
    let admitted = records
      .iter()
      .filter(|record| matches!(record.event, Event::Admitted { .. }));
    // what ran at the cut is started once more, and counts once more
    let starts: Vec<i64> = admitted.map(|record| record.at.0).collect();
    let again = records
      .iter()
      .filter(|record| matches!(record.event, Event::AttemptRepeated { .. }));
    assert_eq!(starts.len(), 5 + again.count(), "after {length}");
    assert!(
      starts.windows(3).all(|three| three[2] - three[0] >= 1000),
      "after {length}: {starts:?}"
    );
  }
}
