//! The loop with workers that are futures: no process, and no clock that decides anything.

use std::{
  collections::HashMap,
  sync::{Arc, Mutex},
  time::Duration,
};

use tokio::sync::mpsc::unbounded_channel;

use super::*;
use crate::{
  engine::{ExecutionId, Resumption, RunStarted, TimerId},
  hir::*,
  protocol::{Answer, Invocation, RawAnswer, Signals, WorkerError},
  source::{SourceId, Span},
  types::Type,
  value::{FailureKind, Value},
};

const NOWHERE: Span = Span {
  source: SourceId(0),
  start: 0,
  end: 0,
};

fn expr(kind: ExprKind) -> Expr {
  Expr {
    kind,
    ty: Type::Json,
    span: NOWHERE,
  }
}

/// `main`: one call per name, of the worker of that name, without arguments; in parallel.
fn program(names: &[&str], retries: i64) -> Arc<Program> {
  let mut program = Program::default();
  program.modules.push(Module {
    source: SourceId(0),
    file: "main.orch".into(),
    doc: None,
    directory: "/".into(),
  });
  let mut steps = Vec::new();
  for (name, id) in names.iter().zip(0..) {
    program.workers.push(worker(name));
    let policies = Policies {
      retry: Some(Retry {
        place: Place::Site,
        times: expr(ExprKind::Literal(Value::Int(retries))),
        backoff: Backoff::Fixed(expr(ExprKind::Literal(Value::Duration(1)))),
        on: None,
        unless: Vec::new(),
      }),
      ..Policies::default()
    };
    steps.push(step(name, LocalId(id), WorkerId(id), policies));
  }
  program.orchestrators.push(Orchestrator {
    name: "main".into(),
    module: ModuleId(0),
    doc: None,
    span: NOWHERE,
    contract: None,
    params: Vec::new(),
    input: Type::record([]),
    output: Type::Json,
    budget: None,
    overlap: None,
    body: Block {
      steps,
      result: Some(expr(ExprKind::Local(LocalId(0)))),
      span: NOWHERE,
    },
    on_failure: None,
    pattern: false,
  });
  Arc::new(program)
}

fn worker(name: &str) -> Worker {
  Worker {
    name: name.into(),
    module: ModuleId(0),
    doc: None,
    span: NOWHERE,
    contract: None,
    params: Vec::new(),
    input: Type::record([]),
    output: Type::Json,
    kind: WorkerKind::Mock(vec![MockRule {
      on: None,
      first: None,
      delay: None,
      answer: MockAnswer::Echo,
    }]),
    idempotent: true,
    concurrent: None,
    breaker: None,
    heartbeat: None,
    ceiling: Ceiling::default(),
    uses: Vec::new(),
    policies: Policies::default(),
    deadline: None,
    delay: None,
    call: LocalId(1000),
  }
}

fn step(name: &str, local: LocalId, target: WorkerId, policies: Policies) -> crate::hir::Step {
  crate::hir::Step {
    segment: name.into(),
    local: Some(local),
    kind: StepKind::Node(Node {
      kind: NodeKind::Work(Call {
        target,
        arguments: Vec::new(),
        policies,
      }),
      ty: Type::Json,
      span: NOWHERE,
      deadline: None,
      delay: None,
      undo: None,
      finally: None,
    }),
    waits: Vec::new(),
    gate: false,
    span: NOWHERE,
  }
}

/// The run that left these records, taken up again.
fn resumed(program: &Arc<Program>, records: Vec<Record>) -> Beginning {
  let replayed = Run::replay(program.clone(), records).expect("the journal is its own");
  let resumption = Resumption {
    resumed: jiff::Timestamp::UNIX_EPOCH,
    engine: "0".into(),
    unfinished: None,
    steps: Default::default(),
  };
  replayed.resume(resumption).into()
}

fn beginning(program: &Arc<Program>) -> Beginning {
  let started = RunStarted {
    run: "r1".into(),
    tracker: "t1".into(),
    program: "p1".into(),
    engine: "0".into(),
    seed: 1,
    orchestrator: "main".into(),
    arguments: serde_json::json!({}),
    started: jiff::Timestamp::UNIX_EPOCH,
    profile: None,
    set: Default::default(),
    parent: None,
    reuses: None,
    last: None,
    directory: "/here".into(),
  };
  let (run, step) = Run::start(program.clone(), started).expect("the run starts");
  Beginning { run, step }
}

/// What happens to a worker of a name: `ok`, `flaky` (fails once), `hang` (until it is cancelled), `stuck` (even
/// then), `late` (answers when it is cancelled), `panic`.
#[derive(Default)]
struct Fake {
  /// How often each was started.
  starts: Mutex<HashMap<String, u32>>,
  log: Option<Arc<Mutex<Vec<Record>>>>,
}

impl Performer for Fake {
  fn perform(&self, invocation: Invocation, signals: Signals) -> Answer {
    let name = invocation.identity.worker.to_string();
    if let Some(log) = &self.log {
      assert_requested(&log.lock().expect("no panic"), &name);
    }
    let count = {
      let mut starts = self.starts.lock().expect("no panic");
      let count = starts.entry(name.clone()).or_default();
      *count += 1;
      *count
    };
    (signals.started)(Some(7));
    let ok = Ok(RawAnswer::Mock(Value::string("done")));
    Answer::later(async move {
      match &*name {
        "flaky" if count == 1 => Err(failed(FailureKind::Exit)),
        "bad" => Err(failed(FailureKind::Exit)),
        "hang" => {
          signals.cancelled.await;
          Err(failed(FailureKind::Exit))
        }
        "late" => {
          signals.cancelled.await;
          ok
        }
        "stuck" => std::future::pending().await,
        "panic" => panic!("a bug"),
        _ => ok,
      }
    })
  }
}

fn failed(kind: FailureKind) -> WorkerError {
  WorkerError {
    kind,
    message: "lost".into(),
    code: None,
    log: None,
  }
}

fn assert_requested(log: &[Record], name: &str) {
  let admitted = log.iter().any(|record| matches!(record.event, Event::Admitted { .. }));
  let requested = |event: &Event| matches!(event, Event::AttemptRequested { worker, .. } if &**worker == name);
  assert!(
    admitted && log.iter().any(|record| requested(&record.event)),
    "{name} starts before it is journaled"
  );
}

/// Keeps records; fails from the given append on.
#[derive(Default)]
struct MemoryLog {
  records: Arc<Mutex<Vec<Record>>>,
  appends: usize,
  full_after: Option<usize>,
}

impl EventLog for MemoryLog {
  fn append(&mut self, records: &[Record]) -> io::Result<()> {
    self.appends += 1;
    if self.full_after.is_some_and(|most| self.appends > most) {
      return Err(io::Error::other("no space left"));
    }
    self.records.lock().expect("no panic").extend_from_slice(records);
    Ok(())
  }

  fn dispatch(&mut self, _: &Child) -> io::Result<()> {
    Ok(())
  }
}

fn block_on<F: Future>(future: F) -> F::Output {
  let runtime = tokio::runtime::Builder::new_current_thread()
    .enable_time()
    .build()
    .expect("a runtime");
  let limited = async {
    tokio::time::timeout(Duration::from_secs(60), future)
      .await
      .expect("it hangs")
  };
  runtime.block_on(limited)
}

struct Driven {
  outcome: io::Result<RunOutcome>,
  records: Vec<Record>,
  observed: Vec<Record>,
}

/// Drives to the end; `requests` come once all workers have started.
fn driven(beginning: Beginning, mut log: MemoryLog, workers: usize, requests: &[Request]) -> Driven {
  let kept = log.records.clone();
  let performer = Arc::new(Fake {
    log: Some(kept.clone()),
    ..Fake::default()
  });
  let (sender, receiver) = unbounded_channel();
  let mut observed = Vec::new();
  let mut started = 0;
  let mut observe = |records: &[Record]| {
    observed.extend_from_slice(records);
    let starts = records
      .iter()
      .filter(|record| matches!(record.event, Event::AttemptStarted { .. }));
    let before = started;
    started += starts.count();
    if before < workers && started >= workers {
      requests.iter().for_each(|request| drop(sender.send(request.clone())));
    }
  };
  let outcome = block_on(drive(beginning, performer, &mut log, &mut [&mut observe], receiver));
  let records = kept.lock().expect("no panic").clone();
  Driven {
    outcome,
    records,
    observed,
  }
}

#[test]
fn a_run_is_driven_to_its_end_and_journaled_first() {
  let driven = driven(beginning(&program(&["ok", "flaky"], 1)), MemoryLog::default(), 9, &[]);
  assert_eq!(
    driven.outcome.expect("the log is fine"),
    RunOutcome::Succeeded(serde_json::json!("done"))
  );
  assert_eq!(driven.records, driven.observed);
  assert!(driven.records.iter().zip(0..).all(|(record, seq)| record.seq == seq));
  let retries = driven
    .records
    .iter()
    .filter(|record| matches!(record.event, Event::RetryScheduled { .. }));
  assert_eq!(retries.count(), 1);
}

#[test]
fn a_worker_that_panics_is_a_failure() {
  let driven = driven(beginning(&program(&["panic"], 0)), MemoryLog::default(), 9, &[]);
  let Ok(RunOutcome::Failed(failure)) = driven.outcome else {
    panic!("the run fails");
  };
  assert_eq!(failure.kind, FailureKind::Transport);
}

#[test]
fn a_stopped_run_keeps_what_was_answered_and_goes_on_later() {
  let program = program(&["late", "hang", "ok"], 0);
  let Driven { outcome, records, .. } = driven(beginning(&program), MemoryLog::default(), 3, &[Request::Stop]);
  assert_eq!(outcome.expect("the log is fine"), RunOutcome::Interrupted);
  let ended: Vec<_> = records
    .iter()
    .filter_map(|record| match &record.event {
      Event::AttemptEnded { execution, outcome } => Some((execution.0, matches!(outcome, AttemptOutcome::Ok(_)))),
      _ => None,
    })
    .collect();
  assert!(ended.contains(&(0, true)), "the late answer is kept: {ended:?}");
  assert!(
    !ended.iter().any(|(execution, _)| *execution == 1),
    "the cancelled one still runs: {ended:?}"
  );

  let Beginning { step, .. } = resumed(&program, records);
  let again = step.records.iter().filter_map(|record| match record.event {
    Event::AttemptRepeated { execution, .. } => Some(execution),
    _ => None,
  });
  assert_eq!(again.collect::<Vec<_>>(), [ExecutionId(1)]);
}

#[test]
fn what_has_ended_in_the_turn_of_its_loss_ends_once() {
  // all answer at once, and the failure of one has the ends of the others asked for
  let names = ["bad", "ok", "ok", "bad"];
  let mut program = program(&names, 0);
  tell_failure(&mut program, 1);
  let driven = driven(beginning(&program), MemoryLog::default(), 9, &[]);
  assert!(matches!(driven.outcome, Ok(RunOutcome::Failed(_))));
  let ended = driven.records.iter().filter_map(|record| match record.event {
    Event::AttemptEnded { execution, .. } => Some(execution.0),
    _ => None,
  });
  let mut ended: Vec<u64> = ended.collect();
  ended.sort_unstable();
  assert_eq!(ended, [0, 1, 2, 3, 4]);
}

/// `on failure`, which calls this worker.
fn tell_failure(program: &mut Arc<Program>, id: u32) {
  let changed = Arc::get_mut(program).expect("nobody else has it");
  changed.orchestrators[0].on_failure = Some(OnFailure {
    error: LocalId(900),
    block: Block {
      steps: vec![step("told", LocalId(901), WorkerId(id), Policies::default())],
      result: None,
      span: NOWHERE,
    },
  });
}

#[test]
fn what_is_lost_by_a_refusal_is_not_admitted_in_the_same_turn() {
  let mut program = program(&["bad", "ok"], 0);
  tell_failure(&mut program, 1);
  let changed = Arc::get_mut(&mut program).expect("nobody else has it");
  changed.workers[0].breaker = Some(Breaker {
    open: expr(ExprKind::Literal(Value::Int(1))),
    probe: expr(ExprKind::Literal(Value::Duration(1_000_000))),
    close: expr(ExprKind::Literal(Value::Int(1))),
  });
  let mut world = World::default();
  let mut records = Vec::new();
  // the first run opens the breaker
  for _ in 0..2 {
    let mut log = MemoryLog::default();
    let (_sender, requests) = unbounded_channel();
    let performer = Arc::new(Fake::default());
    let drive = drive_within(&mut world, beginning(&program), performer, &mut log, &mut [], requests);
    block_on(drive).expect("the log is fine");
    records = log.records.lock().expect("no panic").clone();
  }
  let refused = |record: &Record| matches!(record.event, Event::Refused { .. });
  assert!(records.iter().any(refused), "{records:#?}");
  let admitted = records.iter().filter_map(|record| match record.event {
    Event::Admitted { execution } => Some(execution.0),
    _ => None,
  });
  assert_eq!(
    admitted.collect::<Vec<_>>(),
    [2],
    "the call of `on failure` alone: {records:#?}"
  );
}

#[test]
fn what_was_over_before_a_run_is_taken_up_starts_nothing() {
  let mut program = program(&["ok"], 0);
  let changed = Arc::get_mut(&mut program).expect("nobody else has it");
  changed.orchestrators[0].budget = Some(Budget {
    calls: None,
    cost: None,
    tokens: None,
    time: Some(expr(ExprKind::Literal(Value::Duration(100)))),
    span: NOWHERE,
  });
  // stopped while its worker took its time to end: the budget's time is over
  let Beginning { mut run, step } = beginning(&program);
  let mut journal = step.records;
  journal.extend(run.step(crate::engine::RunTime(5_000), Input::Stopped).records);
  let driven = driven(resumed(&program, journal), MemoryLog::default(), 9, &[]);
  let Ok(RunOutcome::Failed(failure)) = driven.outcome else {
    panic!("the run fails");
  };
  assert_eq!(failure.kind, FailureKind::Budget);
  let admitted = |record: &Record| matches!(record.event, Event::Admitted { .. });
  assert!(!driven.records.iter().any(admitted), "{:#?}", driven.records);
}

#[test]
fn asked_twice_to_stop_nobody_waits() {
  let stop = [Request::Stop, Request::Stop];
  let driven = driven(beginning(&program(&["stuck"], 0)), MemoryLog::default(), 1, &stop);
  assert_eq!(driven.outcome.expect("the log is fine"), RunOutcome::Interrupted);
  assert_eq!(
    driven.records.last().map(|record| record.event.clone()),
    Some(Event::Stopped)
  );
}

#[test]
fn a_cancelled_run_is_lost() {
  let cancel = [Request::Cancel("enough".into())];
  let driven = driven(
    beginning(&program(&["hang", "hang"], 3)),
    MemoryLog::default(),
    2,
    &cancel,
  );
  let Ok(RunOutcome::Failed(failure)) = driven.outcome else {
    panic!("the run fails");
  };
  assert_eq!((failure.kind, &*failure.message), (FailureKind::Cancelled, "enough"));
  assert_eq!(failure.causes, []);
}

#[test]
fn a_full_disk_ends_workers_and_run() {
  for appends in 0..3 {
    let log = MemoryLog {
      full_after: Some(appends),
      ..MemoryLog::default()
    };
    let driven = driven(beginning(&program(&["hang", "ok"], 0)), log, 9, &[]);
    let error = driven.outcome.expect_err("the log is full");
    assert_eq!(error.to_string(), "no space left");
    assert_eq!(driven.records, driven.observed, "nobody sees what is not in the log");
  }
}

#[test]
fn a_replayed_run_is_driven_on() {
  let program = program(&["ok", "hang"], 0);
  let stopped = driven(beginning(&program), MemoryLog::default(), 2, &[Request::Stop]);
  let beginning = resumed(&program, stopped.records.clone());
  let at = stopped.records.last().map(|record| record.at);
  assert_eq!(Some(beginning.run.now()), at, "the clock stood still");
  let log = MemoryLog {
    records: Arc::new(Mutex::new(stopped.records)),
    ..MemoryLog::default()
  };
  let rest = driven(beginning, log, 1, &[Request::Cancel("enough".into())]);
  assert!(matches!(rest.outcome, Ok(RunOutcome::Failed(_))));
  assert!(rest.records.iter().zip(0..).all(|(record, seq)| record.seq == seq));
  Run::replay(program, rest.records).expect("the whole journal is its own");
}

#[test]
fn timers_come_in_order_and_only_while_they_are_set() {
  block_on(async {
    let mut clock = Clock::from(crate::engine::RunTime(100));
    let at = |time: i64| crate::engine::RunTime(100 + time);
    clock.set(TimerId(0), at(2));
    clock.set(TimerId(1), at(0));
    clock.set(TimerId(2), at(1));
    clock.set(TimerId(3), at(1_000_000));
    clock.clear(TimerId(2));
    let mut due = Vec::new();
    while due.len() < 2 {
      clock.sleep().await;
      due.extend(clock.take_due());
    }
    assert_eq!(due, [TimerId(1), TimerId(0)]);
    assert!(clock.now() >= at(2));
  });
}

/// `main` with one call of `name`, whose worker is changed first.
fn one(name: &str, change: impl FnOnce(&mut Worker)) -> Arc<Program> {
  let mut program = Arc::into_inner(program(&[name], 0)).expect("one owner");
  change(&mut program.workers[0]);
  Arc::new(program)
}

fn slots(worker: &mut Worker) {
  worker.concurrent = Some(expr(ExprKind::Literal(Value::Int(1))));
}

#[test]
fn two_runs_of_one_process_share_slots_and_one_wakes_the_other() {
  let (long, short) = (one("hang", slots), one("ok", slots));
  let mut world = World::default();
  let mut other = world.clone();
  let (stop, requests) = unbounded_channel();
  let (_nobody, silence) = unbounded_channel();
  let both = async move {
    let (performer, started) = (Arc::new(Fake::default()), std::cell::Cell::new(false));
    let mut log = MemoryLog::default();
    let mut observe = |records: &[Record]| {
      started.set(
        started.get()
          || records
            .iter()
            .any(|record| matches!(record.event, Event::AttemptStarted { .. })),
      );
    };
    let mut observers: [&mut dyn Observer; 1] = [&mut observe];
    let hangs = drive_within(
      &mut world,
      beginning(&long),
      performer,
      &mut log,
      &mut observers,
      requests,
    );
    let waits = async {
      let mut log = MemoryLog::default();
      let records = log.records.clone();
      while !started.get() {
        tokio::task::yield_now().await;
      }
      let performer = Arc::new(Fake::default());
      let mut observe = |records: &[Record]| {
        if records
          .iter()
          .any(|record| matches!(record.event, Event::AttemptRequested { .. }))
        {
          stop.send(Request::Cancel("enough".into())).expect("it listens");
        }
      };
      let mut observers: [&mut dyn Observer; 1] = [&mut observe];
      let driven = drive_within(
        &mut other,
        beginning(&short),
        performer,
        &mut log,
        &mut observers,
        silence,
      )
      .await;
      let records = records.lock().expect("no panic").clone();
      (driven, records)
    };
    tokio::join!(hangs, waits)
  };
  let (hangs, (waited, records)) = block_on(both);
  assert!(matches!(hangs.expect("the log is fine").outcome, RunOutcome::Failed(_)));
  let done = serde_json::json!("done");
  assert_eq!(waited.expect("the log is fine").outcome, RunOutcome::Succeeded(done));
  assert_eq!(
    records
      .iter()
      .filter(|record| matches!(record.event, Event::Admitted { .. }))
      .count(),
    1
  );
}

#[test]
fn the_last_move_of_a_breaker_is_journaled_and_kept() {
  let guarded = |worker: &mut Worker| {
    let int = |int| expr(ExprKind::Literal(Value::Int(int)));
    worker.breaker = Some(Breaker {
      open: int(1),
      probe: expr(ExprKind::Literal(Value::Duration(60_000))),
      close: int(1),
    });
  };
  let mut world = World::default();
  let mut run = |name: &str| {
    let mut log = MemoryLog::default();
    let records = log.records.clone();
    let (_nobody, silence) = unbounded_channel();
    let performer = Arc::new(Fake::default());
    let program = one(name, guarded);
    let driven = block_on(drive_within(
      &mut world,
      beginning(&program),
      performer,
      &mut log,
      &mut [],
      silence,
    ));
    let records = records.lock().expect("no panic").clone();
    (driven.expect("the log is fine").outcome, records)
  };
  let (_, records) = run("flaky");
  let moved = records
    .iter()
    .any(|record| matches!(record.event, Event::BreakerMoved { .. }));
  assert!(moved, "{records:#?}");
  let (outcome, _) = run("flaky");
  let RunOutcome::Failed(failure) = outcome else {
    panic!("it is open");
  };
  assert_eq!(
    (failure.kind, &*failure.message),
    (FailureKind::CircuitOpen, "the breaker of `flaky` is open")
  );
}

#[test]
fn an_outcome_of_the_last_step_is_kept_for_the_next_run() {
  let mut world = World::default();
  let mut run = || {
    let mut program = Arc::into_inner(program(&["ok"], 0)).expect("one owner");
    let StepKind::Node(node) = &mut program.orchestrators[0].body.steps[0].kind else {
      panic!("a node");
    };
    let NodeKind::Work(call) = &mut node.kind else {
      panic!("a call");
    };
    call.policies.cache = Some(Setting {
      place: Place::Site,
      value: expr(ExprKind::Literal(Value::Duration(60_000))),
    });
    let (_nobody, silence) = unbounded_channel();
    let (performer, mut log) = (Arc::new(Fake::default()), MemoryLog::default());
    let starts = performer.clone();
    let program = Arc::new(program);
    let driven = block_on(drive_within(
      &mut world,
      beginning(&program),
      performer,
      &mut log,
      &mut [],
      silence,
    ));
    let done = serde_json::json!("done");
    assert_eq!(driven.expect("the log is fine").outcome, RunOutcome::Succeeded(done));
    starts.starts.lock().expect("no panic").len()
  };
  assert_eq!((run(), run()), (1, 0));
}
