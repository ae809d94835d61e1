//! Old runs are taken out of a store, with all that nothing else refers to. Knows nothing of what an event means: who asks
//! says which last record ends a run.

use std::{borrow::Cow, collections::HashSet, io::ErrorKind};

use rusqlite::{Connection, params, types::ValueRef};

use super::{
  Entry, JournalError,
  error::{of_file, of_sqlite},
  rows::find_run,
  snapshots,
  store::Store,
  sums,
};

/// What was taken out of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
  /// Ids of runs.
  pub runs: Vec<String>,
  /// Large texts that nothing refers to any longer.
  pub blobs: usize,
}

impl Store {
  /// Removes runs with their records, and modules and blobs that nothing else refers to, and gives their space back.
  /// A run stays if its last record does not end it, or if a run that waits is carried out with its modules.
  ///
  /// # Errors
  /// A run can't be read, or the store can't be written. What was removed until then is whole.
  pub fn remove(&mut self, runs: &[String], ends: impl Fn(&Entry) -> bool) -> Result<Removed, JournalError> {
    let mut removed = Removed::default();
    for run in runs {
      if self.remove_run(run, &ends)? {
        removed.runs.push(run.clone());
      }
    }
    removed.blobs = self.sweep()?;
    let emptied = self
      .connection
      .execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
    emptied.map_err(|error| of_sqlite(&self.path, &error))?;
    Ok(removed)
  }

  /// Forgets outcomes that were kept before this time, in milliseconds of the Unix epoch, and says how many.
  ///
  /// # Errors
  /// The store can't be written.
  pub fn forget_outcomes(&mut self, before: i64) -> Result<usize, JournalError> {
    let delete = "DELETE FROM outcomes WHERE at < ?";
    self.write(|transaction, failed| transaction.execute(delete, [before]).map_err(failed))
  }

  /// Every text by which something outside may be needed, as of one moment: of records, outcomes and runs that wait. One
  /// that was changed is given as it is now.
  ///
  /// # Errors
  /// One can't be read.
  pub fn each_text(&mut self, take: &mut dyn FnMut(&str)) -> Result<(), JournalError> {
    self.usable()?;
    let failed = |error| of_sqlite(&self.path, &error);
    let select = "SELECT body, lower(hex(blob)) FROM records
      UNION ALL SELECT value, lower(hex(hash)) FROM outcomes
      UNION ALL SELECT body, NULL FROM waiting";
    let mut statement = self.connection.prepare(select).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
      let text = match row.get_ref(0).map_err(failed)? {
        ValueRef::Text(text) | ValueRef::Blob(text) => Some(Cow::Borrowed(text)),
        _ => {
          let name: String = row.get(1).map_err(failed)?;
          let found = self.blobs.found(&name).map_err(|error| of_file(&self.path, &error))?;
          found.map(Cow::Owned)
        }
      };
      if let Some(text) = text {
        take(&String::from_utf8_lossy(&text));
      }
    }
    Ok(())
  }

  /// Whether it was there and is over.
  fn remove_run(&mut self, run: &str, ends: impl Fn(&Entry) -> bool) -> Result<bool, JournalError> {
    let last = match self.last_of(run) {
      Err(JournalError::NoRun { .. }) => return Ok(false),
      last => last?.1,
    };
    // nothing follows the end of a run, so nobody writes to it meanwhile
    if !last.is_some_and(|last| ends(&last)) {
      return Ok(false);
    }
    self.write(|transaction, failed| delete_run(transaction, run).map_err(failed))
  }

  /// Removes the blobs that nothing refers to. Blobs are written by whoever holds the write lock, so no new one is among them.
  fn sweep(&mut self) -> Result<usize, JournalError> {
    let path = self.path.clone();
    let blobs = self.blobs.clone();
    self.write(|transaction, failed| {
      let kept = referred(transaction).map_err(failed)?;
      match blobs.retain(|name| kept.contains(name)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(of_file(&path, &error)),
        swept => Ok(swept.unwrap_or_default()),
      }
    })
  }
}

fn delete_run(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
  let waited = "SELECT EXISTS (SELECT 1 FROM waiting WHERE parent = ?)";
  let is_needed: bool = connection.query_row(waited, [name], |row| row.get(0))?;
  let found = find_run(connection, name)?;
  let Some(run) = found.filter(|_| !is_needed) else {
    return Ok(false);
  };
  connection.execute("DELETE FROM records WHERE run = ?", params![run.id])?;
  snapshots::forget(connection, run.id)?;
  connection.execute("DELETE FROM runs WHERE id = ?", params![run.id])?;
  connection.execute("DELETE FROM bundles WHERE id NOT IN (SELECT bundle FROM runs)", [])?;
  sums::change(connection, sums::RUNS, sums::run(&run.header))?;
  Ok(true)
}

/// The names of all blobs that a record or an outcome refers to.
fn referred(connection: &Connection) -> rusqlite::Result<HashSet<String>> {
  let select = "SELECT lower(hex(blob)) FROM records WHERE blob IS NOT NULL
    UNION SELECT lower(hex(hash)) FROM outcomes WHERE value IS NULL";
  let mut statement = connection.prepare(select)?;
  let names = statement.query_map([], |row| row.get(0))?;
  names.collect()
}
