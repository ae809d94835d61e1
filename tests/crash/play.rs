//! A run on a store, in virtual time: begun or taken up, and written down as a driver does it. Remembers what was promised
//! and what was started.

use std::{collections::BTreeSet, sync::Arc};

use orch::{
  engine::{self, AttemptOutcome, Event, Record, Replayed, Run, RunStarted, Simulation, mocked},
  hir::Program,
  journal::{Durability, Entry, Journal, JournalError, RunHeader, Snapshot, Store, Waiting},
};
use serde_json::Value;

use crate::{
  common::memory::{Memory, check},
  disk::SimulatedDisk,
};

pub const RUN: &str = "r";

pub fn program(text: &str) -> Arc<Program> {
  let checked = check(&Memory::of(text));
  checked.program.unwrap_or_else(|| panic!("{:#?}", checked.findings))
}

pub fn modules() -> Vec<(String, String)> {
  vec![("main.orch".into(), "the text of the program".into())]
}

pub fn header() -> RunHeader {
  RunHeader {
    id: RUN.into(),
    program: "main.orch".into(),
    orchestrator: "main".into(),
    digest: "d".into(),
    started: "2026-01-02T03:04:05Z".into(),
    tracker: "t".into(),
    parent: None,
    key: Some("k".into()),
  }
}

fn started() -> RunStarted {
  RunStarted {
    run: RUN.into(),
    tracker: "t".into(),
    program: "d".into(),
    engine: "0".into(),
    seed: 7,
    orchestrator: "main".into(),
    arguments: serde_json::json!({}),
    started: jiff::Timestamp::UNIX_EPOCH,
    profile: None,
    set: Default::default(),
    parent: None,
    reuses: None,
    last: None,
    directory: "/here".into(),
  }
}

/// What happened since the store was opened.
#[derive(Debug, Default)]
pub struct Played {
  /// The store could be opened, and the run read.
  pub opened: bool,
  /// All records there were, whether they were written or not.
  pub records: Vec<Entry>,
  /// How much had been done to the disk when so many records were promised to be durable.
  pub promises: Vec<(usize, usize)>,
  /// How many were there at first.
  pub found: usize,
  /// Step and attempt of each worker that was started.
  pub starts: Vec<(String, u32)>,
  /// Runs that were asked for.
  pub asked: BTreeSet<String>,
}

impl Played {
  /// What the run came to, if it is over.
  pub fn result(&self) -> Option<Result<Value, String>> {
    match event(self.records.last()?) {
      Event::RunSucceeded { result } => Some(Ok(result)),
      Event::RunFailed { failure } => Some(Err(format!("{}: {}", failure.step, failure.message))),
      _ => None,
    }
  }

  /// How many records had been promised when so much had been done.
  pub fn promised(&self, done: usize) -> usize {
    let before = self.promises.iter().take_while(|(at, _)| *at <= done);
    before.last().map_or(0, |(_, promised)| *promised)
  }
}

fn event(entry: &Entry) -> Event {
  let record: Record = serde_json::from_str(&entry.body).expect("a record");
  record.event
}

/// Step and attempt of what has ended, well or not.
pub fn ended(records: &[Entry]) -> BTreeSet<(String, u32)> {
  let mut ended = BTreeSet::new();
  let mut open = std::collections::HashMap::new();
  for entry in records {
    match event(entry) {
      Event::AttemptRequested {
        execution,
        path,
        attempt,
        ..
      } => drop(open.insert(execution, (path.to_string(), attempt))),
      Event::AttemptEnded { execution, outcome } => {
        let is_cancelled =
          matches!(&outcome, AttemptOutcome::Failed(failure) if failure.message.contains("ended from outside"));
        ended.extend(open.remove(&execution).filter(|_| !is_cancelled));
      }
      _ => {}
    }
  }
  ended
}

/// Opens the store, and begins the run or goes on with it, to its end or until the store refuses.
pub fn play(
  disk: &SimulatedDisk,
  program: &Arc<Program>,
  durability: Durability,
) -> (Played, Result<(), JournalError>) {
  let mut played = Played::default();
  let result = carry_on(disk, program, durability, &mut played);
  (played, result)
}

fn carry_on(
  disk: &SimulatedDisk,
  program: &Arc<Program>,
  durability: Durability,
  played: &mut Played,
) -> Result<(), JournalError> {
  let mut store = Store::open_on(Arc::new(disk.clone()), &disk.store(), durability)?;
  played.records = match store.read(RUN) {
    Err(JournalError::NoRun { .. }) => Vec::new(),
    read => {
      let records = read?;
      assert!(!records.is_empty(), "a run begins with records");
      assert_eq!(store.bundle(RUN)?, modules());
      records
    }
  };
  played.found = played.records.len();
  let asked = store.waiting()?.into_iter().map(|waiting| waiting.id);
  played.asked = asked.collect();
  played.opened = true;
  let mut starts = Vec::new();
  let mut answers = |start: &orch::engine::Start| {
    let identity = &start.invocation.identity;
    starts.push((identity.step.to_string(), identity.attempt));
    mocked(start)
  };
  let simulation = if played.records.is_empty() {
    let (run, first) = Run::start(program.clone(), started()).expect("it starts");
    Simulation::new(run, first, &mut answers)
  } else {
    Simulation::resume(replayed(&mut store, program)?, &mut answers)
  };
  let written = write_down(disk, &mut store, simulation, played);
  played.starts = starts;
  written
}

/// As an orch does it: from the snapshot, where there is one.
fn replayed(store: &mut Store, program: &Arc<Program>) -> Result<Replayed, JournalError> {
  let (snapshot, entries) = store.read_on(RUN)?;
  let records = entries
    .iter()
    .map(|entry| serde_json::from_str(&entry.body).expect("a record"));
  let replayed = match snapshot {
    None => Run::replay(program.clone(), records),
    Some(snapshot) => {
      let (next, bytes) = (snapshot.next, snapshot.bytes);
      let restored = Run::replay_from(program.clone(), &started(), &engine::Snapshot { next, bytes }, records);
      restored.map(|restored| restored.expect("it can be read"))
    }
  };
  Ok(replayed.expect("it does again what it did"))
}

fn keep_snapshot(store: &mut Store, run: &Run) -> Result<(), JournalError> {
  let snapshot = run.snapshot(usize::MAX).map(|snapshot| Snapshot {
    next: snapshot.next,
    made_by: "the test".into(),
    bytes: snapshot.bytes,
  });
  store.keep_snapshot(RUN, snapshot.as_ref())
}

fn write_down(
  disk: &SimulatedDisk,
  store: &mut Store,
  mut simulation: Simulation,
  played: &mut Played,
) -> Result<(), JournalError> {
  while let Some(records) = simulation.advance() {
    for record in &records {
      if let Event::ChildRecorded { run } = &record.event {
        ask(store, run)?;
        played.asked.insert(run.to_string());
      }
    }
    let entries: Vec<Entry> = records.iter().map(entry).collect();
    let written = match played.records.is_empty() {
      true => store.begin(&header(), &modules(), &entries),
      false => store.append(RUN, &entries),
    };
    played.records.extend(entries);
    written?;
    played.promises.push((disk.done(), played.records.len()));
    if played.records.len().is_multiple_of(4) {
      keep_snapshot(store, simulation.run())?;
    }
  }
  Ok(())
}

fn ask(store: &mut Store, run: &str) -> Result<(), JournalError> {
  store.ask(&Waiting {
    id: run.into(),
    parent: RUN.into(),
    orchestrator: "other".into(),
    asked: "2026-01-02T03:04:05Z".into(),
    order: "{}".into(),
  })
}

fn entry(record: &Record) -> Entry {
  Entry {
    seq: record.seq,
    at: record.at.0,
    body: serde_json::to_string(record).expect("JSON"),
  }
}
