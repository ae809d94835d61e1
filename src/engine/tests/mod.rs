//! The engine without tokio, without disks, in virtual time.

mod build;
mod messages;
mod pools;
mod random;
mod scale;
mod stored;
mod traces;

use std::sync::Arc;

use super::*;
use crate::hir::Program;

/// A run of `main` with its first step.
fn start(program: &Arc<Program>, seed: u64) -> (Run, Step) {
  let started = RunStarted {
    run: "r1".into(),
    tracker: "t1".into(),
    program: "p1".into(),
    engine: "0".into(),
    seed,
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
  Run::start(program.clone(), started).expect("the run starts")
}

/// That a run is taken up again.
fn resumption(unfinished: Option<Decision>) -> Resumption {
  Resumption {
    resumed: jiff::Timestamp::UNIX_EPOCH,
    engine: "0".into(),
    unfinished,
    steps: Default::default(),
  }
}

/// All records of a run in which mocks answer.
fn records(program: &Arc<Program>) -> Vec<Record> {
  let (run, first) = start(program, 1);
  simulate(run, first, mocked).1
}

/// A run in a world, with its records and what it leaves behind.
fn run_in(world: World, program: &Arc<Program>, answers: impl FnMut(&Start) -> Scripted) -> (Vec<Record>, World) {
  let (run, first) = start(program, 1);
  let mut simulation = Simulation::within(world, run, first, answers);
  let records = std::iter::from_fn(|| simulation.advance()).flatten().collect();
  (records, simulation.end().1)
}

/// Each prefix of a run is a journal from which the run goes on to the same result.
fn assert_prefixes(program: &Arc<Program>, records: &[Record]) {
  let end = records.last().expect("records");
  for length in 1..records.len() {
    let replayed = Run::replay(program.clone(), records[..length].to_vec()).expect("a prefix is a journal");
    let mut simulation = Simulation::resume(replayed, mocked);
    let rest: Vec<Record> = std::iter::from_fn(|| simulation.advance()).flatten().collect();
    let last = rest.last().expect("it ends");
    assert_eq!(last.event, end.event, "after {length} of {:#?}", trace(records));
  }
}

/// What happens, a line per event; admissions and starts are left out.
fn trace(records: &[Record]) -> Vec<String> {
  records.iter().filter_map(line).collect()
}

/// The same without the ends of attempts.
fn steps(records: &[Record]) -> Vec<String> {
  let derived: Vec<_> = records
    .iter()
    .filter(|record| !record.event.is_fact())
    .cloned()
    .collect();
  trace(&derived)
}

fn line(record: &Record) -> Option<String> {
  use Event::*;
  let text = match &record.event {
    RunStarted(_) | Admitted { .. } | AttemptStarted { .. } | CacheMissed { .. } => return None,
    Resumed(resumption) => match resumption.unfinished {
      Some(decision) => format!("resumed: {decision:?}"),
      None => "resumed".into(),
    },
    AttemptRepeated { execution, path } => format!("repeated {path} as {}", execution.0),
    InDoubt { execution, path } => format!("in doubt {path} as {}", execution.0),
    Refused { execution, kind } => format!("refused {} {kind}", execution.0),
    CacheHit { execution, value, from } => format!("hit {} {value} from {} {}", execution.0, from.run, from.step),
    BreakerMoved { worker, from, to } => format!("breaker {worker} {from:?} to {to:?}"),
    Reported { execution, .. } => format!("reported {}", execution.0),
    BudgetSet { path, bounds } => format!("budget {path:?} {}", serde_json::to_string(bounds).expect("JSON")),
    Charged {
      execution,
      cost,
      tokens,
      ..
    } => {
      let above = cost.is_some_and(|cost| cost.is_above()) || tokens.is_some_and(|tokens| tokens.is_above());
      let cost = cost.map(|cost| format!(" {}", cost.amount)).unwrap_or_default();
      let tokens = tokens
        .map(|tokens| format!(" {} tokens", tokens.amount))
        .unwrap_or_default();
      format!(
        "charged {}{cost}{tokens}{}",
        execution.0,
        if above { " above" } else { "" }
      )
    }
    TimerFired { .. } | ChildRecorded { .. } => return None,
    AttemptEnded { execution, outcome } => match outcome {
      AttemptOutcome::Ok(value) => format!("ended {} {value}", execution.0),
      AttemptOutcome::Failed(failure) => format!("ended {} {}", execution.0, failure.kind),
    },
    CancelRequested { reason } => format!("cancel requested: {reason}"),
    Stopped => "stopped".into(),
    ScopeStarted { path, .. } => format!("scope {path}"),
    Delayed { path, delay } => format!("delayed {path} {delay}"),
    AttemptRequested {
      execution,
      path,
      worker,
      attempt,
      copy_of,
      ..
    } => {
      let copy = copy_of
        .map(|first| format!(", a copy of {}", first.0))
        .unwrap_or_default();
      format!("requested {path} {worker} #{attempt} as {}{copy}", execution.0)
    }
    RetryScheduled {
      path, attempt, delay, ..
    } => format!("retry {path} #{attempt} after {delay}"),
    ArmTaken { path, arm, not_taken } => {
      format!(
        "arm {path} {} not {}",
        arm.as_deref().unwrap_or("none"),
        not_taken.join(",")
      )
    }
    Expanded {
      path, items, window, ..
    } => format!("expanded {path} {items} by {window}"),
    Planned {
      path,
      assignments,
      window,
      unused,
      ..
    } => format!("planned {path} {assignments} by {window}, unused {}", unused.join(",")),
    Iterated { path, index, until } => format!("iterated {path} {index} {until:?}"),
    Dispatched { path, orchestrator, .. } => format!("dispatched {path} {orchestrator}"),
    RequireChecked { path, held } => format!("require {path} {held}"),
    StopChecked { path, index, held } => format!("stop {path} {index} {held}"),
    ScopeClosing {
      path,
      lost,
      undo,
      finally,
    } => {
      let end = if *lost { "lost" } else { "done" };
      format!("closing {path} {end}, undo {undo}, finally {finally}")
    }
    DeadlinePassed { path } => format!("deadline {path}"),
    FailureTaken { path, by, failure } => format!("taken {path} by {by:?}: {failure}"),
    StepSucceeded { path, .. } => format!("ok {path}"),
    StepFailed { path, failure } => format!("failed {path}: {failure}"),
    StepSkipped { path, cause } => format!("skipped {path} because of {cause}"),
    StepCancelled { path, cause } => format!("cancelled {path} because of {cause}"),
    NotTaken { path } => format!("not taken {path}"),
    RunSucceeded { result } => format!("run ok {result}"),
    RunFailed { failure } => format!("run failed: {failure}"),
  };
  Some(format!("{} {text}", record.at.0))
}
