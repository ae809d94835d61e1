//! How a run stood after one of its records, so that the records before it need not be read to go on. Knows nothing of
//! what a snapshot says: it is bytes that are what was kept, or it is not there.

use blake3::{Hash, Hasher};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
  Entry, JournalError, Snapshot, chain,
  error::of_sqlite,
  rows::{Run, find_run, find_tail, read_first},
  store::{Store, damaged, no_run},
};

/// A snapshot as it was found, and the link of the record before it ends.
pub(super) struct Kept {
  pub(super) snapshot: Snapshot,
  pub(super) link: Hash,
}

impl Store {
  /// Keeps how a run stands after its last record, in place of an earlier time; or forgets it.
  ///
  /// # Errors
  /// There is no such run, it does not stand there, or the store can't be written.
  pub(super) fn replace_snapshot(&mut self, run: &str, snapshot: Option<&Snapshot>) -> Result<(), JournalError> {
    self.write(|transaction, failed| {
      let tail = find_tail(transaction, run)
        .map_err(failed)?
        .ok_or_else(|| no_run(run))?;
      let Some(snapshot) = snapshot else {
        return forget(transaction, tail.run).map_err(failed);
      };
      if tail.last.and_then(|last| last.checked_add(1)) != Some(snapshot.next) {
        return Err(JournalError::OutOfOrder {
          run: run.into(),
          seq: snapshot.next,
        });
      }
      let link = Hash::from_slice(&tail.head).map_err(|error| damaged(run, snapshot.next - 1, error))?;
      insert(transaction, tail.run, run, snapshot, &link).map_err(failed)
    })
  }

  /// The first record of a run, if it has one.
  ///
  /// # Errors
  /// There is no such run, or it is damaged.
  pub(super) fn first_of(&mut self, run: &str) -> Result<Option<Entry>, JournalError> {
    self.usable()?;
    let failed = |error| of_sqlite(&self.path, &error);
    let found = find_run(&self.connection, run)
      .map_err(failed)?
      .ok_or_else(|| no_run(run))?;
    let record = read_first(&self.connection, &found, failed, |row| self.record(row, run, 0))?;
    match record {
      Some(record) if !record.follows(&chain::first(&found.header)) => {
        Err(damaged(run, 0, "it is not what was written"))
      }
      record => Ok(record.map(|record| record.entry)),
    }
  }
}

/// The snapshot of a run. One that is not what was kept is none.
pub(super) fn find(connection: &Connection, run: &Run) -> rusqlite::Result<Option<Kept>> {
  let select = "SELECT next, made_by, bytes, link, hash FROM snapshots WHERE run = ?";
  let mut statement = connection.prepare_cached(select)?;
  let found = statement.query_row([run.id], |row| {
    let snapshot = Snapshot {
      next: row.get::<_, i64>(0)?.cast_unsigned(),
      made_by: String::from_utf8_lossy(row.get_ref(1)?.as_bytes()?).into_owned(),
      bytes: row.get(2)?,
    };
    Ok((snapshot, row.get::<_, Vec<u8>>(3)?, row.get::<_, Vec<u8>>(4)?))
  });
  Ok(found.optional()?.and_then(|(snapshot, link, hash)| {
    let link = Hash::from_slice(&link).ok()?;
    let is_sound = seal(&run.header.id, &snapshot, &link).as_bytes() == hash.as_slice();
    is_sound.then_some(Kept { snapshot, link })
  }))
}

fn insert(connection: &Connection, id: i64, run: &str, snapshot: &Snapshot, link: &Hash) -> rusqlite::Result<()> {
  let insert = "INSERT OR REPLACE INTO snapshots (run, next, made_by, bytes, link, hash) VALUES (?, ?, ?, ?, ?, ?)";
  let Snapshot { next, made_by, bytes } = snapshot;
  let seal = seal(run, snapshot, link);
  let row = params![id, next.cast_signed(), made_by, bytes, link.as_bytes(), seal.as_bytes()];
  connection.prepare_cached(insert)?.execute(row).map(drop)
}

pub(super) fn forget(connection: &Connection, id: i64) -> rusqlite::Result<()> {
  let mut statement = connection.prepare_cached("DELETE FROM snapshots WHERE run = ?")?;
  statement.execute([id]).map(drop)
}

fn seal(run: &str, Snapshot { next, made_by, bytes }: &Snapshot, link: &Hash) -> Hash {
  let mut hasher = Hasher::new_derive_key("orch journal 1, snapshot");
  for part in [run, made_by] {
    hasher.update(&(part.len() as u64).to_le_bytes());
    hasher.update(part.as_bytes());
  }
  hasher.update(&next.to_le_bytes());
  hasher.update(link.as_bytes());
  hasher.update(bytes);
  hasher.finalize()
}
