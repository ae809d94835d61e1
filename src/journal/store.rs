//! The journal on disk: a SQLite database and blobs in one directory. Knows nothing of what a record says.

use std::{
  path::{Path, PathBuf},
  sync::Arc,
};

use blake3::Hash;
use rusqlite::{Connection, Row, Transaction, TransactionBehavior};

use super::{
  Bundle, Entry, Journal, JournalError, RunHeader, Snapshot, Waiting,
  blobs::Blobs,
  chain,
  disk::{Disk, RealDisk},
  error::{of_file, of_sqlite},
  follow,
  make::{connect, make},
  rows::{
    Record, Run, each_record, find_bundle, find_link, find_run, find_tail, insert_records, insert_run, insert_waiting,
    is_large, last_records, select_runs, select_waiting, seq,
  },
  schema, snapshots,
  sums::{self, Sum},
};

/// The store in a directory: `journal.db` and `blobs/`. Several programs may have it open at once.
pub struct Store {
  pub(super) path: PathBuf,
  pub(super) connection: Connection,
  pub(super) blobs: Blobs,
  /// What went wrong with a write.
  failure: Option<JournalError>,
}

impl Store {
  /// Opens the store, and makes it if there is none; only this user can read it.
  ///
  /// # Errors
  /// It can't be made or written, or it is none.
  pub fn open(directory: &Path) -> Result<Self, JournalError> {
    Self::open_with(directory, Durability::Full)
  }

  /// The same, with a durability of one's own choice: of what this store writes, whatever others that have it open chose.
  ///
  /// # Errors
  /// As above.
  pub fn open_with(directory: &Path, durability: Durability) -> Result<Self, JournalError> {
    Self::open_on(Arc::new(RealDisk), directory, durability)
  }

  /// The same, on a disk of one's own choice.
  ///
  /// # Errors
  /// As above.
  pub fn open_on(disk: Arc<dyn Disk>, directory: &Path, durability: Durability) -> Result<Self, JournalError> {
    let database = make(&*disk, directory)?;
    let mut connection = connect(&*disk, &database).map_err(|error| of_sqlite(directory, &error))?;
    schema::prepare(&mut connection, &*disk, directory, durability)?;
    // SQLite syncs the names of its files only if it makes them, and does not look whether that went well.
    disk
      .sync_directory(directory)
      .map_err(|error| of_file(directory, &error))?;
    Ok(Self {
      path: directory.into(),
      connection,
      blobs: Blobs::new(disk, directory.join("blobs")),
      failure: None,
    })
  }

  /// # Errors
  /// A write failed. A system forgets what it could not sync: a second try would succeed without having written it.
  pub(super) fn usable(&self) -> Result<(), JournalError> {
    let given_up = |failure: &JournalError| JournalError::GivenUp {
      store: self.path.clone(),
      reason: failure.to_string(),
    };
    self.failure.as_ref().map_or(Ok(()), |failure| Err(given_up(failure)))
  }

  /// The store is given up if the disk has failed it.
  fn noted<T>(&mut self, done: Result<T, JournalError>) -> Result<T, JournalError> {
    if let Err(error) = &done
      && error.is_of_disk()
    {
      self.failure = Some(error.clone());
    }
    done
  }

  /// A run with its last record, whose link is the run's head. Both are read as of one moment, for another orch may be
  /// writing.
  pub(super) fn last_of(&self, name: &str) -> Result<(Run, Option<Entry>), JournalError> {
    self.usable()?;
    let failed = |error| of_sqlite(&self.path, &error);
    let snapshot = self.connection.unchecked_transaction().map_err(failed)?;
    let run = find_run(&snapshot, name).map_err(failed)?.ok_or_else(|| no_run(name))?;
    let damaged_at = |seq, reason: String| damaged(name, seq, reason);
    let records = last_records(&snapshot, &run, failed, |row| {
      let at = seq(row).map_err(failed)?;
      Record::read(row, &self.blobs).map_err(|reason| damaged_at(at, reason))
    })?;
    let mut records = records.into_iter();
    let last = records.next();
    let before = records
      .next()
      .map_or_else(|| chain::first(&run.header), |before| before.link);
    let link = last.as_ref().map_or(before, |last| last.link);
    let is_sound = last.as_ref().is_none_or(|last| last.follows(&before))
      && link.as_bytes() == run.head.as_slice()
      && last.as_ref().map(|last| last.entry.seq) == run.last;
    match is_sound {
      true => Ok((run, last.map(|last| last.entry))),
      false => Err(damaged_at(
        run.last.unwrap_or_default(),
        "it is not what was written".into(),
      )),
    }
  }

  /// The records of a run from this number on, as of one moment; `link` is that of the record before.
  fn records_after(
    &self,
    moment: &Connection,
    run: &Run,
    first: u64,
    mut link: Hash,
    take: &mut dyn FnMut(Entry),
  ) -> Result<(), JournalError> {
    let name = &run.header.id;
    let failed = |error| of_sqlite(&self.path, &error);
    let mut next = first;
    each_record(moment, run, first, failed, |row| {
      let found = seq(row).map_err(failed)?;
      // the first one of all has whatever number it has
      next = if next == 0 { found } else { next };
      if found != next {
        return Err(damaged(name, next, "it is missing"));
      }
      let record = self.record(row, name, found)?;
      if !record.follows(&link) {
        return Err(damaged(name, found, "it is not what was written"));
      }
      link = record.link;
      next = found + 1;
      take(record.entry);
      Ok(())
    })?;
    match run.last.map_or(0, |last| last + 1) == next && link.as_bytes() == run.head.as_slice() {
      true => Ok(()),
      false => Err(damaged(name, next, "it is missing")),
    }
  }

  /// The record in this row.
  pub(super) fn record(&self, row: &Row, run: &str, seq: u64) -> Result<Record, JournalError> {
    Record::read(row, &self.blobs).map_err(|reason| damaged(run, seq, reason))
  }

  /// All rows of a table as of one moment, if they are what was written.
  pub(super) fn whole<T>(
    &self,
    name: &str,
    select: impl FnOnce(&Connection) -> rusqlite::Result<Vec<T>>,
    hash: impl Fn(&T) -> Sum,
  ) -> Result<Vec<T>, JournalError> {
    self.usable()?;
    let failed = |error| of_sqlite(&self.path, &error);
    let snapshot = self.connection.unchecked_transaction().map_err(failed)?;
    let rows = select(&snapshot).map_err(failed)?;
    match sums::find(&snapshot, name).map_err(failed)? == Sum::of(&rows, hash) {
      true => Ok(rows),
      false => Err(JournalError::DamagedStore {
        store: self.path.clone(),
        reason: format!("the table `{name}` is not what was written"),
      }),
    }
  }

  /// Does it in one transaction that no other writer can come between. `body` is given the way to say what SQLite says.
  pub(super) fn write<T>(
    &mut self,
    body: impl FnOnce(&Transaction, &dyn Fn(rusqlite::Error) -> JournalError) -> Result<T, JournalError>,
  ) -> Result<T, JournalError> {
    self.usable()?;
    let done = self.transact(body);
    self.noted(done)
  }

  fn transact<T>(
    &mut self,
    body: impl FnOnce(&Transaction, &dyn Fn(rusqlite::Error) -> JournalError) -> Result<T, JournalError>,
  ) -> Result<T, JournalError> {
    let store = &self.path;
    let failed = |error| of_sqlite(store, &error);
    let transaction = self
      .connection
      .transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = transaction.map_err(failed)?;
    let done = body(&transaction, &failed)?;
    transaction.commit().map_err(failed)?;
    Ok(done)
  }
}

/// Records that follow the last one of a run.
struct Appended<'a> {
  run: &'a str,
  entries: &'a [Entry],
  /// Of each body.
  digests: Vec<Hash>,
  store: PathBuf,
  blobs: Blobs,
}

impl<'a> Appended<'a> {
  fn new(store: &Store, run: &'a str, entries: &'a [Entry]) -> Self {
    Appended {
      run,
      entries,
      digests: entries
        .iter()
        .map(|entry| blake3::hash(entry.body.as_bytes()))
        .collect(),
      store: store.path.clone(),
      blobs: store.blobs.clone(),
    }
  }

  fn write(
    &self,
    transaction: &Transaction,
    failed: &dyn Fn(rusqlite::Error) -> JournalError,
  ) -> Result<(), JournalError> {
    let run = self.run;
    let tail = find_tail(transaction, run)
      .map_err(failed)?
      .ok_or_else(|| no_run(run))?;
    follow(run, tail.last, self.entries)?;
    // Under the write lock, so that nobody takes one away before it is referred to.
    for (entry, digest) in self
      .entries
      .iter()
      .zip(&self.digests)
      .filter(|(entry, _)| is_large(entry))
    {
      let written = self.blobs.write(digest, &entry.body);
      written.map_err(|error| of_file(&self.store, &error))?;
    }
    let last = tail.last.unwrap_or_default();
    let mut link = Hash::from_slice(&tail.head).map_err(|error| damaged(run, last, error))?;
    let mut records = Vec::with_capacity(self.entries.len());
    for (entry, digest) in self.entries.iter().zip(&self.digests) {
      link = chain::next(&link, entry, digest);
      records.push((entry, *digest, link));
    }
    insert_records(transaction, tail.run, &records).map_err(failed)
  }
}

/// What is left of the last records when something ends without warning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
  /// All of them, also after a power cut: each append is synced.
  #[default]
  Full,
  /// All of them if `orch` alone ends. A power cut may take the latest ones, but never leaves a damaged store.
  Process,
}

impl Journal for Store {
  fn begin(&mut self, header: &RunHeader, bundle: &[(String, String)], entries: &[Entry]) -> Result<(), JournalError> {
    let modules = serde_json::to_string(bundle).map_err(|error| JournalError::Other {
      store: self.path.clone(),
      reason: error.to_string(),
    })?;
    let appended = Appended::new(self, &header.id, entries);
    self.write(|transaction, failed| {
      if !insert_run(transaction, header, &modules).map_err(failed)? {
        return Err(JournalError::SameRun { run: header.id.clone() });
      }
      appended.write(transaction, failed)
    })
  }

  fn append(&mut self, run: &str, entries: &[Entry]) -> Result<(), JournalError> {
    let appended = Appended::new(self, run, entries);
    self.write(|transaction, failed| appended.write(transaction, failed))
  }

  fn read(&mut self, run: &str) -> Result<Vec<Entry>, JournalError> {
    let mut entries = Vec::new();
    self.each(run, &mut |entry| entries.push(entry))?;
    Ok(entries)
  }

  fn each(&mut self, run: &str, take: &mut dyn FnMut(Entry)) -> Result<(), JournalError> {
    self.usable()?;
    let failed = |error| of_sqlite(&self.path, &error);
    // Both are read as of one moment, for another orch may be writing.
    let snapshot = self.connection.unchecked_transaction().map_err(failed)?;
    let found = find_run(&snapshot, run).map_err(failed)?.ok_or_else(|| no_run(run))?;
    self.records_after(&snapshot, &found, 0, chain::first(&found.header), take)
  }

  fn read_on(&mut self, run: &str) -> Result<(Option<Snapshot>, Vec<Entry>), JournalError> {
    self.usable()?;
    let failed = |error| of_sqlite(&self.path, &error);
    let moment = self.connection.unchecked_transaction().map_err(failed)?;
    let found = find_run(&moment, run).map_err(failed)?.ok_or_else(|| no_run(run))?;
    let kept = snapshots::find(&moment, &found).map_err(failed)?;
    let (first, link) = kept.as_ref().map_or_else(
      || (0, chain::first(&found.header)),
      |kept| (kept.snapshot.next, kept.link),
    );
    let mut entries = Vec::new();
    self.records_after(&moment, &found, first, link, &mut |entry| entries.push(entry))?;
    Ok((kept.map(|kept| kept.snapshot), entries))
  }

  fn read_from(&mut self, run: &str, first: u64) -> Result<Vec<Entry>, JournalError> {
    self.usable()?;
    let failed = |error| of_sqlite(&self.path, &error);
    let moment = self.connection.unchecked_transaction().map_err(failed)?;
    let found = find_run(&moment, run).map_err(failed)?.ok_or_else(|| no_run(run))?;
    let before = find_link(&moment, found.id, first).map_err(failed)?;
    let link = match before {
      Some(link) => Hash::from_slice(&link).map_err(|error| damaged(run, first.saturating_sub(1), error))?,
      None => chain::first(&found.header),
    };
    let mut entries = Vec::new();
    self.records_after(&moment, &found, first, link, &mut |entry| entries.push(entry))?;
    Ok(entries)
  }

  fn keep_snapshot(&mut self, run: &str, snapshot: Option<&Snapshot>) -> Result<(), JournalError> {
    self.replace_snapshot(run, snapshot)
  }

  fn first_record(&mut self, run: &str) -> Result<Option<Entry>, JournalError> {
    self.first_of(run)
  }

  fn runs(&mut self) -> Result<Vec<RunHeader>, JournalError> {
    self.whole(sums::RUNS, select_runs, sums::run)
  }

  fn last_records(
    &mut self,
    key: &str,
    is_enough: &mut dyn FnMut(&RunHeader, &Entry) -> bool,
  ) -> Result<(), JournalError> {
    // All runs are looked at: an index could lack one, and nobody would know.
    let runs = self.runs()?.into_iter().rev();
    for run in runs.filter(|run| run.key.as_deref() == Some(key)) {
      let (found, entry) = self.last_of(&run.id)?;
      if entry.is_some_and(|entry| is_enough(&found.header, &entry)) {
        return Ok(());
      }
    }
    Ok(())
  }

  fn ask(&mut self, waiting: &Waiting) -> Result<(), JournalError> {
    self.write(|transaction, failed| insert_waiting(transaction, waiting).map_err(failed))
  }

  fn waiting(&mut self) -> Result<Vec<Waiting>, JournalError> {
    self.whole(sums::WAITING, select_waiting, sums::waiting)
  }

  fn last_record(&mut self, run: &str) -> Result<Option<Entry>, JournalError> {
    Ok(self.last_of(run)?.1)
  }

  fn bundle(&mut self, run: &str) -> Result<Bundle, JournalError> {
    self.usable()?;
    let found = find_bundle(&self.connection, run).map_err(|error| of_sqlite(&self.path, &error))?;
    let (modules, hash) = found.ok_or_else(|| no_run(run))?;
    let damaged = |reason: String| JournalError::DamagedBundle {
      run: run.into(),
      reason,
    };
    if blake3::hash(&modules).as_bytes() != hash.as_slice() {
      return Err(damaged("it is not what was written".into()));
    }
    serde_json::from_slice(&modules).map_err(|error| damaged(error.to_string()))
  }
}

pub(super) fn no_run(run: &str) -> JournalError {
  JournalError::NoRun { run: run.into() }
}

pub(super) fn damaged(run: &str, seq: u64, reason: impl ToString) -> JournalError {
  JournalError::DamagedRecord {
    run: run.into(),
    seq,
    reason: reason.to_string(),
  }
}
