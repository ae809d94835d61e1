//! The journal of one run as its driver sees it: records are appended, and now and then it is kept how the run stands.
//! Knows nothing of what an event means.

use std::{io, path::PathBuf, sync::Arc};

use super::child;
use crate::{
  driver::EventLog,
  engine::{Child, Record, Run, RunStarted, SNAPSHOTS_OF},
  journal::{Entry, Journal, RunHeader, Snapshot, Store},
};

/// A run with fewer records than this has no snapshot: reading so many takes less than half a second.
const FIRST: u64 = 50_000;

/// A snapshot is made when the journal has grown by one part in so many since the last one: what a resume has to read and
/// fold is at most that part, and a run writes at most so many times its own size in snapshots.
const PART: u64 = 16;

/// A run that can't be told in so many bytes is computed from its records instead.
const LARGEST: usize = 128 << 20;

/// See the module.
pub struct Log {
  store: Store,
  at: PathBuf,
  started: Arc<RunStarted>,
  /// What the run begins with, together with its first records: there is no run without any.
  begins: Option<(RunHeader, Vec<(String, String)>)>,
  /// The number of records at which the next snapshot is due.
  due: u64,
  /// How many there are.
  known: u64,
}

impl Log {
  /// Of a run that begins with the first records that are appended; `at` is the directory of the store.
  pub fn begin(
    store: Store,
    at: PathBuf,
    started: Arc<RunStarted>,
    header: RunHeader,
    modules: Vec<(String, String)>,
  ) -> Log {
    Log {
      begins: Some((header, modules)),
      ..Self::resume(store, at, started)
    }
  }

  /// Of a run that has begun.
  pub fn resume(store: Store, at: PathBuf, started: Arc<RunStarted>) -> Log {
    Log {
      store,
      at,
      started,
      begins: None,
      due: FIRST,
      known: 0,
    }
  }
}

impl EventLog for Log {
  fn append(&mut self, records: &[Record]) -> io::Result<()> {
    let mut entries = Vec::with_capacity(records.len());
    for record in records {
      entries.push(Entry {
        seq: record.seq,
        at: record.at.0,
        body: serde_json::to_string(record)?,
      });
    }
    self.known = records.last().map_or(self.known, |last| last.seq + 1);
    let appended = match self.begins.take() {
      Some((header, modules)) => self.store.begin(&header, &modules, &entries),
      None => self.store.append(&self.started.run, &entries),
    };
    appended.map_err(io::Error::other)
  }

  fn stand(&mut self, run: &Run) -> io::Result<()> {
    let is_over = run.is_over() && self.known >= FIRST;
    if self.known < self.due && !is_over {
      return Ok(());
    }
    self.due = self.known + self.known / PART;
    let snapshot = if is_over { None } else { run.snapshot(LARGEST) };
    let snapshot = snapshot.map(|snapshot| Snapshot {
      next: snapshot.next,
      made_by: SNAPSHOTS_OF.to_owned(),
      bytes: snapshot.bytes,
    });
    let kept = self.store.keep_snapshot(&self.started.run, snapshot.as_ref());
    kept.map_err(io::Error::other)
  }

  fn dispatch(&mut self, child: &Child) -> io::Result<()> {
    child::dispatch(&mut self.store, &self.at, &self.started, child).map_err(io::Error::other)
  }
}
