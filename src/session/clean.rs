//! Old runs go, and what is kept for nobody else: their logs, and files. Records go first, so that whatever is left when
//! this is cut short is needed by nobody, and goes the next time.
#![expect(clippy::disallowed_methods, reason = "logs are files")]

use std::{collections::HashSet, fs, io, path::Path, sync::Arc};

use super::RunError;
use crate::{
  engine::Record,
  files::{Depot, Hold, Pruned},
  journal::{Entry, JournalError, Store},
  value::Stored,
  workers::log_directory,
};

/// What was removed.
#[derive(Clone, Copy, Debug)]
pub struct Cleaned {
  pub runs: usize,
  /// That `cache` had kept.
  pub outcomes: usize,
  /// `None`: they stay, for some run goes on.
  pub files: Option<Pruned>,
}

/// Removes these runs, as far as they have ended, outcomes that were kept before a time (milliseconds of the Unix epoch),
/// and all files that nothing refers to any longer.
///
/// # Errors
/// The store can't be read or written. What was removed until then was needed by nobody.
pub fn clean(store: &Path, runs: &[String], outcomes: Option<i64>) -> Result<Cleaned, RunError> {
  let broken = |error: JournalError| RunError::Broken(error.to_string());
  let mut journal = Store::open(store).map_err(broken)?;
  let forgotten = match outcomes {
    Some(before) => journal.forget_outcomes(before).map_err(broken)?,
    None => 0,
  };
  let removed = journal.remove(runs, is_end).map_err(broken)?;
  for run in &removed.runs {
    // a run without a log has no directory
    let _ = fs::remove_dir_all(log_directory(&store.join("logs"), run));
  }
  Ok(Cleaned {
    runs: removed.runs.len(),
    outcomes: forgotten,
    files: prune(store, &mut journal)?,
  })
}

/// Whoever begins a run meanwhile waits until this is done.
fn prune(store: &Path, journal: &mut Store) -> Result<Option<Pruned>, RunError> {
  let depot = Depot::new(store.to_owned());
  let unpruned = |error: io::Error| RunError::Broken(format!("files in `{}` stay: {error}", store.display()));
  if depot.is_empty().map_err(unpruned)? {
    return Ok(Some(Pruned::default()));
  }
  let Some(alone) = depot.alone().map_err(unpruned)? else {
    return Ok(None);
  };
  let mut needed = HashSet::new();
  let read = journal.each_text(&mut |text| needed.extend(Stored::mentioned(text)));
  read.map_err(|error| RunError::Broken(error.to_string()))?;
  depot.prune(&alone, &needed).map(Some).map_err(unpruned)
}

fn is_end(entry: &Entry) -> bool {
  let record: Option<Record> = serde_json::from_str(&entry.body).ok();
  record.is_some_and(|record| record.event.is_final())
}

/// As long as it lives, no file in the store goes away.
///
/// # Errors
/// The store can't be made or written.
pub fn hold_files(store: &Path) -> Result<Arc<Hold>, RunError> {
  let held = Depot::new(store.to_owned()).hold();
  let broken =
    |error: io::Error| RunError::Broken(format!("the store `{}` can't be written ({error})", store.display()));
  held.map(Arc::new).map_err(broken)
}
