//! What can go wrong with a journal, in sentences. Knows nothing of how it is stored beyond a path.

use std::{
  error::Error,
  fmt, io,
  path::{Path, PathBuf},
};

/// Why a journal can't do what it was asked. Shown as one sentence that stands alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalError {
  /// The directory or a file in it can't be made, opened or written.
  NotWritable {
    store: PathBuf,
    reason: String,
  },
  /// The disk is full.
  Full {
    store: PathBuf,
  },
  /// Another program keeps the store to itself.
  Locked {
    store: PathBuf,
  },
  /// The store as a whole can't be read.
  DamagedStore {
    store: PathBuf,
    reason: String,
  },
  /// An earlier write failed, so nobody knows what is durable: this orch uses the store no longer.
  GivenUp {
    store: PathBuf,
    reason: String,
  },
  /// A later orch has written the store.
  TooNew {
    store: PathBuf,
    found: i64,
    known: i64,
  },
  /// A record is not what was appended; those before it are.
  DamagedRecord {
    run: String,
    seq: u64,
    reason: String,
  },
  /// The modules of a run are not what it was begun with.
  DamagedBundle {
    run: String,
    reason: String,
  },
  NoRun {
    run: String,
  },
  /// A run of this name was begun already.
  SameRun {
    run: String,
  },
  /// A record does not follow the last one.
  OutOfOrder {
    run: String,
    seq: u64,
  },
  /// What should not happen.
  Other {
    store: PathBuf,
    reason: String,
  },
}

impl fmt::Display for JournalError {
  fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
    match self {
      Self::NotWritable { store, reason } => {
        let store = store.display();
        write!(
          to,
          "the store `{store}` can't be written ({reason}); choose another with `--store DIR`"
        )
      }
      Self::Full { store } => write!(to, "the disk of the store `{}` is full", store.display()),
      Self::Locked { store } => write!(to, "the store `{}` is locked by another program", store.display()),
      Self::DamagedStore { store, reason } => write!(to, "the store `{}` is damaged: {reason}", store.display()),
      Self::GivenUp { store, reason } => {
        let store = store.display();
        write!(
          to,
          "the store `{store}` is used no longer, since a write to it failed: {reason}"
        )
      }
      Self::TooNew { store, found, known } => {
        let store = store.display();
        write!(
          to,
          "the store `{store}` was written by a later orch (format {found}; this one knows {known})"
        )
      }
      Self::DamagedRecord { run, seq, reason } => write!(to, "record {seq} of run `{run}` is damaged: {reason}"),
      Self::DamagedBundle { run, reason } => write!(to, "the stored program of run `{run}` is damaged: {reason}"),
      Self::NoRun { run } => write!(to, "there is no run `{run}`"),
      Self::SameRun { run } => write!(to, "there is a run `{run}` already"),
      Self::OutOfOrder { run, seq } => {
        write!(
          to,
          "record {seq} does not follow the last one of run `{run}`: another orch has written to it"
        )
      }
      Self::Other { store, reason } => write!(to, "the store `{}` does not work: {reason}", store.display()),
    }
  }
}

impl Error for JournalError {}

impl JournalError {
  /// Whether it leaves open what has reached the disk.
  pub(super) fn is_of_disk(&self) -> bool {
    matches!(
      self,
      Self::NotWritable { .. } | Self::Full { .. } | Self::DamagedStore { .. } | Self::Other { .. }
    )
  }
}

/// What the system says about a file of the store.
pub(super) fn of_file(store: &Path, error: &io::Error) -> JournalError {
  let store = store.to_owned();
  match error.kind() {
    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => JournalError::Full { store },
    _ => JournalError::NotWritable {
      store,
      reason: said(&error.to_string()),
    },
  }
}

/// What SQLite says about the store.
pub(super) fn of_sqlite(store: &Path, error: &rusqlite::Error) -> JournalError {
  use rusqlite::ErrorCode as Code;
  let reason = said(&error.to_string());
  let store = store.to_owned();
  match error.sqlite_error_code() {
    Some(Code::DiskFull) => JournalError::Full { store },
    Some(Code::DatabaseBusy | Code::DatabaseLocked | Code::FileLockingProtocolFailed) => JournalError::Locked { store },
    Some(Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied) => JournalError::NotWritable { store, reason },
    Some(Code::DatabaseCorrupt | Code::NotADatabase) => JournalError::DamagedStore { store, reason },
    // What is asked is always right, so the tables are not what was made.
    Some(Code::Unknown | Code::TypeMismatch | Code::ConstraintViolation) => {
      JournalError::DamagedStore { store, reason }
    }
    // Not of SQLite, but of what was read: a column that does not hold what was written.
    None => JournalError::DamagedStore { store, reason },
    _ => JournalError::Other { store, reason },
  }
}

/// As part of a sentence: `permission denied`.
fn said(text: &str) -> String {
  let text = text.split(" (os error").next().unwrap_or_default();
  let mut letters = text.chars();
  letters
    .next()
    .map(|first| first.to_lowercase().chain(letters).collect())
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
  use rusqlite::ffi;

  use super::*;

  fn shown(code: i32) -> String {
    of_sqlite(
      Path::new("/s"),
      &rusqlite::Error::SqliteFailure(ffi::Error::new(code), None),
    )
    .to_string()
  }

  #[test]
  fn what_sqlite_says_becomes_a_sentence() {
    assert_eq!(shown(ffi::SQLITE_FULL), "the disk of the store `/s` is full");
    assert_eq!(
      shown(ffi::SQLITE_BUSY_SNAPSHOT),
      "the store `/s` is locked by another program"
    );
    let readonly = shown(ffi::SQLITE_READONLY);
    assert!(readonly.starts_with("the store `/s` can't be written (") && readonly.ends_with("`--store DIR`"));
    assert!(shown(ffi::SQLITE_CORRUPT_VTAB).starts_with("the store `/s` is damaged: "));
  }

  #[test]
  fn a_full_disk_is_told_from_a_closed_door() {
    let full = io::Error::from(io::ErrorKind::StorageFull);
    assert_eq!(
      of_file(Path::new("/s"), &full),
      JournalError::Full { store: "/s".into() }
    );
    let closed = of_file(Path::new("/s"), &io::Error::from_raw_os_error(13)).to_string();
    assert_eq!(
      closed,
      "the store `/s` can't be written (permission denied); choose another with `--store DIR`"
    );
  }
}
