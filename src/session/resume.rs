//! A run that was begun before is driven on: with the program that it was begun with, from where its journal ends.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use super::{
  Order, RunError, lease,
  lock::Lock,
  reuse,
  run::{Begun, Given, Log, Reuses, drive_here, hold},
  stored::StoredRun,
};
use crate::{
  driver::RunOutcome,
  engine::{Decision, Event, Input, Past, Record, ReplayError, Replayed, Resumption, Run, RunStarted, Step},
  journal::{Journal, JournalError, RunHeader, Store},
  workers,
};

/// Which run is to go on, and how.
#[derive(Debug)]
pub struct Again {
  /// The directory of journal and logs.
  pub store: PathBuf,
  pub run: String,
  /// What becomes of calls that were cut short and whose workers are not idempotent.
  pub unfinished: Option<Decision>,
  /// The same for single ones, by path.
  pub steps: BTreeMap<Arc<str>, Decision>,
  /// The run is to be lost, for this reason.
  pub cancel: Option<Arc<str>>,
}

/// A run as its journal has it; nobody else drives it as long as this lives.
pub struct Reopened {
  pub order: Order,
  pub records: Vec<Record>,
  header: Option<RunHeader>,
  started: Arc<RunStarted>,
  store: Store,
  lease: Lock,
}

/// Reads a run back.
///
/// # Errors
/// There is no such run, it is damaged, another process drives it, or this orch can't carry out its program.
pub fn reopen(again: &Again) -> Result<Reopened, RunError> {
  let broken = |error: JournalError| RunError::Broken(error.to_string());
  let mut store = Store::open(&again.store).map_err(broken)?;
  let lease = lease::take(&again.store, &again.run)?;
  let records = records(&mut store, &again.run)?;
  let runs = store.runs().map_err(broken)?;
  let header = runs.into_iter().find(|header| header.id == again.run);
  let started = started(&again.run, &records)?;
  let order = order(again, store.bundle(&again.run).map_err(broken)?, &started)?;
  Ok(Reopened {
    order,
    records,
    header,
    started,
    store,
    lease,
  })
}

/// All records of a run.
///
/// # Errors
/// There is no such run, or it can't be read.
pub(super) fn records(store: &mut Store, run: &str) -> Result<Vec<Record>, RunError> {
  let entries = store.read(run).map_err(|error| RunError::Broken(error.to_string()))?;
  let record = |entry: &crate::journal::Entry| {
    serde_json::from_str(&entry.body).map_err(|error| {
      let reason = format!(
        "record {} of run {run} is none that this orch can read: {error}",
        entry.seq
      );
      RunError::Refused(reason)
    })
  };
  entries.iter().map(record).collect()
}

/// How a run was begun.
///
/// # Errors
/// It was not.
pub(super) fn started(run: &str, records: &[Record]) -> Result<Arc<RunStarted>, RunError> {
  match records.first().map(|record| &record.event) {
    Some(Event::RunStarted(started)) => Ok(started.clone()),
    _ => {
      let reason = format!("run {run} was cut short before its first record: begin it anew");
      Err(RunError::Refused(reason))
    }
  }
}

fn order(again: &Again, modules: Vec<(String, String)>, started: &RunStarted) -> Result<Order, RunError> {
  let given = started.parent.clone().map(|parent| Given {
    run: started.run.clone(),
    tracker: started.tracker.clone(),
    parent,
    directory: started.directory.clone(),
  });
  let reuses = started.reuses.clone().map(|run| Reuses { run, before: None });
  Ok(Order {
    given,
    reuses,
    ..StoredRun::of(&again.store, modules, started).order()?
  })
}

impl Reopened {
  /// Whether it has ended for good.
  pub fn is_over(&self) -> bool {
    self.records.last().is_some_and(|record| record.event.is_final())
  }
}

/// Drives it on, to its end or until it is interrupted, as `run` does. Workers that were left behind are ended first.
///
/// # Errors
/// It can't go on, or the journal can't be written.
pub fn resume(
  again: &Again,
  reopened: Reopened,
  observe: &mut dyn FnMut(&Record),
  say: &mut dyn FnMut(&str),
) -> Result<RunOutcome, RunError> {
  let Reopened {
    order,
    records,
    header,
    started,
    mut store,
    lease,
  } = reopened;
  let past = past(&mut store, &order, &records, say);
  let replayed = Run::replay(order.program.clone(), records).map_err(|error| refused(&started, &error))?;
  check_steps(&replayed.run, again)?;
  let key = header.as_ref().and_then(|header| header.key.as_deref());
  let held = hold(&order, key, say)?;
  match workers::end_left_behind(&again.run) {
    0 => {}
    1 => say("ended a worker that was left behind"),
    count => say(&format!("ended {count} workers that were left behind")),
  }
  let (run, step) = taken_up(replayed, again);
  let log = Log {
    store,
    at: again.store.clone(),
    started,
  };
  let begun = Begun {
    run,
    step,
    log,
    lease,
    held,
    past,
  };
  drive_here(&order, begun, observe)
}

/// What it may reuse of an earlier run. Without it the run goes on nonetheless.
fn past(store: &mut Store, order: &Order, records: &[Record], say: &mut dyn FnMut(&str)) -> Option<Past> {
  let reuses = order.reuses.as_ref()?;
  match reuse::past(store, order, reuses) {
    Ok(mut past) => {
      reuse::take_used(&mut past, &reuses.run, records);
      Some(past)
    }
    Err(error) => {
      say(&format!("nothing more is reused: {error}"));
      None
    }
  }
}

/// The run with its next step, which is its loss where it is to be lost.
#[expect(
  clippy::disallowed_methods,
  reason = "when a run is taken up again is what the clock says"
)]
fn taken_up(replayed: Replayed, again: &Again) -> (Run, Step) {
  let (mut run, mut step) = replayed.resume(Resumption {
    resumed: jiff::Timestamp::now(),
    engine: env!("CARGO_PKG_VERSION").into(),
    unfinished: again.unfinished,
    steps: again.steps.clone(),
  });
  if let Some(reason) = &again.cancel {
    let lost = run.step(run.now(), Input::CancelRequested(reason.clone()));
    step.records.extend(lost.records);
    step.commands.extend(lost.commands);
  }
  (run, step)
}

/// Whoever decides about a step means one that waits for it.
fn check_steps(run: &Run, again: &Again) -> Result<(), RunError> {
  let doubtful = run.doubtful();
  let Some(unknown) = again.steps.keys().find(|step| !doubtful.contains(step)) else {
    return Ok(());
  };
  let there = match &doubtful[..] {
    [] => "no step does".to_owned(),
    steps => format!(
      "these do: {}",
      steps
        .iter()
        .map(|step| format!("`{step}`"))
        .collect::<Vec<_>>()
        .join(", ")
    ),
  };
  Err(RunError::Refused(format!(
    "step `{unknown}` waits for no decision; {there}"
  )))
}

fn refused(started: &RunStarted, error: &ReplayError) -> RunError {
  let own = env!("CARGO_PKG_VERSION");
  let other = match *started.engine == *own {
    true => String::new(),
    false => format!(": it was begun by orch {}, and this is {own}", started.engine),
  };
  RunError::Refused(format!("run {} can't go on: {error}{other}", started.run))
}
