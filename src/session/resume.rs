//! A run that was begun before is driven on: with the program that it was begun with, from where its journal ends.

use std::{
  collections::BTreeMap,
  path::{Path, PathBuf},
  sync::Arc,
};

use super::{
  Order, RunError, lease,
  lock::Lock,
  log::Log,
  reuse,
  run::{Begun, Given, Reuses, drive_here, hold},
  stored::StoredRun,
};
use crate::{
  driver::RunOutcome,
  engine::{
    self, Decision, Event, Past, Record, ReplayError, Replayed, Resumption, Run, RunStarted, SNAPSHOTS_OF, Step,
  },
  hir::Program,
  journal::{Entry, Journal, JournalError, RunHeader, Snapshot, Store},
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

/// A run that nobody else drives as long as this lives.
pub struct Reopened {
  pub read: ReadBack,
  lease: Lock,
}

/// What a run has recorded until now.
pub enum Recorded<'a> {
  All(&'a [Record]),
  /// Too much to wait for.
  Earlier(Earlier),
}

/// Records that are still to be read, maybe while the run goes on.
pub struct Earlier {
  store: PathBuf,
  run: String,
  /// The number of the first one that is not among them.
  end: u64,
}

/// A run as its journal has it.
pub struct ReadBack {
  pub order: Order,
  header: Option<RunHeader>,
  started: Arc<RunStarted>,
  /// How it stood before `records`.
  snapshot: Option<Snapshot>,
  records: Vec<Record>,
  store: Store,
}

/// Takes a run for this process, and reads it back.
///
/// # Errors
/// There is no such run, it is damaged, another process drives it, or this orch can't carry out its program.
pub fn reopen(again: &Again) -> Result<Reopened, RunError> {
  let lease = lease::take(&again.store, &again.run)?;
  let read = read_back(&again.store, &again.run)?;
  Ok(Reopened { read, lease })
}

/// # Errors
/// There is no such run, it is damaged, or this orch can't carry out its program.
pub(super) fn read_back(store: &Path, run: &str) -> Result<ReadBack, RunError> {
  let broken = |error: JournalError| RunError::Broken(error.to_string());
  let mut journal = Store::open(store).map_err(broken)?;
  let first = journal.first_record(run).map_err(broken)?;
  let first = first.map(|entry| record(run, &entry)).transpose()?;
  let started = started(run, first.as_slice())?;
  // what it has reused already is known from all its records only
  let (snapshot, entries) = match &started.reuses {
    None => journal.read_on(run),
    Some(_) => journal.read(run).map(|entries| (None, entries)),
  }
  .map_err(broken)?;
  let records = entries.iter().map(|entry| record(run, entry));
  let records = records.collect::<Result<Vec<_>, _>>()?;
  let runs = journal.runs().map_err(broken)?;
  let header = runs.into_iter().find(|header| header.id == run);
  let order = order(store, journal.bundle(run).map_err(broken)?, &started)?;
  Ok(ReadBack {
    order,
    header,
    started,
    snapshot,
    records,
    store: journal,
  })
}

/// All records of a run.
///
/// # Errors
/// There is no such run, or it can't be read.
pub(super) fn records(store: &mut Store, run: &str) -> Result<Vec<Record>, RunError> {
  let entries = store.read(run).map_err(|error| RunError::Broken(error.to_string()))?;
  entries.iter().map(|entry| record(run, entry)).collect()
}

fn record(run: &str, entry: &Entry) -> Result<Record, RunError> {
  serde_json::from_str(&entry.body).map_err(|error| {
    let seq = entry.seq;
    RunError::Refused(format!(
      "record {seq} of run {run} is none that this orch can read: {error}"
    ))
  })
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

fn order(store: &Path, modules: Vec<(String, String)>, started: &RunStarted) -> Result<Order, RunError> {
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
    ..StoredRun::of(store, modules, started).order()?
  })
}

impl ReadBack {
  /// Whether it has ended for good.
  pub fn is_over(&self) -> bool {
    self.records.last().is_some_and(|record| record.event.is_final())
  }

  pub fn recorded(&self) -> Recorded<'_> {
    match &self.snapshot {
      None => Recorded::All(&self.records),
      Some(snapshot) => Recorded::Earlier(Earlier {
        store: self.order.store.clone(),
        run: self.started.run.to_string(),
        end: snapshot.next + self.records.len() as u64,
      }),
    }
  }

  /// The run as it was when its journal ended, once.
  ///
  /// # Errors
  /// The program, or this orch, does not do again what was recorded.
  pub fn replay(&mut self) -> Result<Replayed, RunError> {
    let (program, started) = (self.order.program.clone(), self.started.clone());
    let refused = |error| refused(&started, &error);
    let records = std::mem::take(&mut self.records);
    let Some(snapshot) = self.snapshot.take() else {
      return Run::replay(program, records).map_err(refused);
    };
    if let Some(replayed) = from_snapshot(&program, &started, snapshot, records).map_err(refused)? {
      return Ok(replayed);
    }
    let records = self::records(&mut self.store, &started.run)?;
    Run::replay(program, records).map_err(refused)
  }
}

/// `None`: another orch has made the snapshot, and this one can't read it.
fn from_snapshot(
  program: &Arc<Program>,
  started: &RunStarted,
  snapshot: Snapshot,
  records: Vec<Record>,
) -> Result<Option<Replayed>, ReplayError> {
  if snapshot.made_by != SNAPSHOTS_OF {
    return Ok(None);
  }
  let snapshot = engine::Snapshot {
    next: snapshot.next,
    bytes: snapshot.bytes,
  };
  Run::replay_from(program.clone(), started, &snapshot, records)
}

impl Earlier {
  /// Reads them, and checks that each is what was written.
  ///
  /// # Errors
  /// They can't be read.
  pub fn read(&self, mut take: impl FnMut(&Record)) -> Result<(), RunError> {
    let broken = |error: JournalError| RunError::Broken(error.to_string());
    let mut store = Store::open(&self.store).map_err(broken)?;
    let mut unread = None;
    let each = store.each(&self.run, &mut |entry| match record(&self.run, &entry) {
      Ok(record) if record.seq < self.end => take(&record),
      Ok(_) => {}
      Err(error) => unread = unread.take().or(Some(error)),
    });
    each.map_err(broken)?;
    unread.map_or(Ok(()), Err)
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
  let Reopened { mut read, lease } = reopened;
  let past = past(&mut read, say);
  let replayed = read.replay()?;
  let ReadBack {
    order,
    header,
    started,
    store,
    ..
  } = read;
  check_steps(&replayed.run, again)?;
  let key = header.as_ref().and_then(|header| header.key.as_deref());
  let held = hold(&order, key, say)?;
  match workers::end_left_behind(&again.run) {
    0 => {}
    1 => say("ended a worker that was left behind"),
    count => say(&format!("ended {count} workers that were left behind")),
  }
  let (run, step) = taken_up(replayed, again);
  let log = Log::resume(store, again.store.clone(), started);
  let mut begun = Begun {
    run,
    step,
    log,
    lease,
    held,
    past,
  };
  if let Some(reason) = &again.cancel {
    begun.lose(reason.clone());
  }
  drive_here(&order, begun, observe)
}

/// What it may reuse of an earlier run. Without it the run goes on nonetheless.
fn past(read: &mut ReadBack, say: &mut dyn FnMut(&str)) -> Option<Past> {
  let ReadBack {
    order, store, records, ..
  } = read;
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

/// The run with its next step.
#[expect(
  clippy::disallowed_methods,
  reason = "when a run is taken up again is what the clock says"
)]
fn taken_up(replayed: Replayed, again: &Again) -> (Run, Step) {
  replayed.resume(Resumption {
    resumed: jiff::Timestamp::now(),
    engine: env!("CARGO_PKG_VERSION").into(),
    unfinished: again.unfinished,
    steps: again.steps.clone(),
  })
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
