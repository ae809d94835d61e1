//! The durable log of runs: what was appended is there after any crash, and what was changed since is found. Knows
//! nothing of what an event means.

mod blobs;
mod chain;
mod disk;
mod error;
mod make;
mod memory;
mod remove;
mod rows;
mod schema;
mod shelf;
mod snapshots;
mod store;
mod sums;

pub use disk::{Disk, RealDisk};
pub use error::JournalError;
pub use memory::Memory;
pub use remove::Removed;
pub use shelf::Outcome;
pub use store::{Durability, Store};

/// A run, as it was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunHeader {
  /// Names the run; no two runs of a journal have the same.
  pub id: String,
  /// The name of the program's file.
  pub program: String,
  pub orchestrator: String,
  /// Of the bundle: the modules that the run is carried out with.
  pub digest: String,
  /// RFC 3339.
  pub started: String,
  pub tracker: String,
  /// The run that dispatched it.
  pub parent: Option<String>,
  /// What runs share that may not overlap.
  pub key: Option<String>,
}

/// A run that somebody has asked for and nobody has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
  /// The id that it will have.
  pub id: String,
  /// Whose modules it is carried out with.
  pub parent: String,
  pub orchestrator: String,
  /// RFC 3339.
  pub asked: String,
  /// Whatever it needs to begin, as JSON.
  pub order: String,
}

/// A record of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
  /// One more than the record's before; the first one is whatever the run begins with.
  pub seq: u64,
  /// Run time, in milliseconds.
  pub at: i64,
  /// JSON.
  pub body: String,
}

/// How a run stood between two records, as bytes that whoever made them can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
  /// The number of the first record that is not in it.
  pub next: u64,
  /// Who can read it.
  pub made_by: String,
  pub bytes: Vec<u8>,
}

/// Names and texts of the modules of a program.
pub type Bundle = Vec<(String, String)>;

/// Where runs are written down. What a method was given is durable when it returns; if it fails, nothing of it is there.
pub trait Journal: Send {
  /// Begins a run with its first records, all or nothing; the bundle is stored once for each digest.
  ///
  /// # Errors
  /// There is such a run already, or it can't be written.
  fn begin(&mut self, header: &RunHeader, bundle: &[(String, String)], entries: &[Entry]) -> Result<(), JournalError>;

  /// Appends records to a run, all or none.
  ///
  /// # Errors
  /// There is no such run, the first record does not follow the last one (another orch writes to the run), or they
  /// can't be written.
  fn append(&mut self, run: &str, entries: &[Entry]) -> Result<(), JournalError>;

  /// All records of a run, in order, as they were appended.
  ///
  /// # Errors
  /// There is no such run, or it is damaged: the first bad record is named.
  fn read(&mut self, run: &str) -> Result<Vec<Entry>, JournalError>;

  /// The same, one after the other.
  ///
  /// # Errors
  /// As above; those before the first bad record were taken.
  fn each(&mut self, run: &str, take: &mut dyn FnMut(Entry)) -> Result<(), JournalError>;

  /// The latest snapshot of a run and the records that are not in it; without one that is what was kept, all records. The
  /// records that are in the snapshot are not looked at.
  ///
  /// # Errors
  /// As above, for the records that are read.
  fn read_on(&mut self, run: &str) -> Result<(Option<Snapshot>, Vec<Entry>), JournalError>;

  /// The records of a run from this number on, for whoever has read those before.
  ///
  /// # Errors
  /// As above, for the records that are read.
  fn read_from(&mut self, run: &str, first: u64) -> Result<Vec<Entry>, JournalError>;

  /// Keeps how a run stands after its last record, in place of an earlier snapshot; `None` forgets it.
  ///
  /// # Errors
  /// There is no such run, it has other records by now, or it can't be written.
  fn keep_snapshot(&mut self, run: &str, snapshot: Option<&Snapshot>) -> Result<(), JournalError>;

  /// The first record of a run, if it has one.
  ///
  /// # Errors
  /// There is no such run, or the record is damaged.
  fn first_record(&mut self, run: &str) -> Result<Option<Entry>, JournalError>;

  /// All runs, the first one first.
  ///
  /// # Errors
  /// They can't be read.
  fn runs(&mut self) -> Result<Vec<RunHeader>, JournalError>;

  /// Shows the last record of each run with this key, the latest run first, until `is_enough`.
  ///
  /// # Errors
  /// They can't be read.
  fn last_records(
    &mut self,
    key: &str,
    is_enough: &mut dyn FnMut(&RunHeader, &Entry) -> bool,
  ) -> Result<(), JournalError>;

  /// Remembers a run to be begun; nothing happens if it is remembered or begun already. `begin` forgets it.
  ///
  /// # Errors
  /// It can't be written.
  fn ask(&mut self, waiting: &Waiting) -> Result<(), JournalError>;

  /// All runs to be begun, the first asked for first.
  ///
  /// # Errors
  /// They can't be read.
  fn waiting(&mut self) -> Result<Vec<Waiting>, JournalError>;

  /// The last record of a run, if it has one.
  ///
  /// # Errors
  /// There is no such run, or it can't be read.
  fn last_record(&mut self, run: &str) -> Result<Option<Entry>, JournalError>;

  /// The modules that a run was begun with.
  ///
  /// # Errors
  /// There is no such run, or the bundle is damaged.
  fn bundle(&mut self, run: &str) -> Result<Bundle, JournalError>;
}

/// Whether `entries` go on after `last`, each after the one before.
fn follow(run: &str, last: Option<u64>, entries: &[Entry]) -> Result<(), JournalError> {
  let mut last = last;
  for entry in entries {
    if last.is_some_and(|last| last.checked_add(1) != Some(entry.seq)) {
      return Err(JournalError::OutOfOrder {
        run: run.into(),
        seq: entry.seq,
      });
    }
    last = Some(entry.seq);
  }
  Ok(())
}
