//! The tables of the store, and how an older store becomes one of today. Knows nothing of what is in them.

use std::{io, path::Path, time::Duration};

use rusqlite::{Connection, TransactionBehavior};

use super::{
  Durability,
  disk::Disk,
  error::{JournalError, of_file, of_sqlite},
  sums,
};

/// How long one orch waits for another to finish a transaction.
const PATIENCE: Duration = Duration::from_secs(30);

/// SQLite's log, beside the database.
const LOG: &str = "journal.db-wal";

/// SQLite before 3.51.3 could damage a database in WAL mode that several programs use.
const OLDEST_SQLITE: i32 = 3_051_003;

/// The formats of the store, in order: one is never changed, another is added. `PRAGMA user_version` counts them.
const MIGRATIONS: &[&str] = &[
  "
  CREATE TABLE bundles (
    id     INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    -- The blake3 hash of `modules`.
    hash   BLOB NOT NULL,
    -- JSON: [[name, text], ...]
    modules TEXT NOT NULL
  ) STRICT;
  CREATE TABLE runs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL UNIQUE,
    program      TEXT NOT NULL,
    orchestrator TEXT NOT NULL,
    bundle       INTEGER NOT NULL REFERENCES bundles (id),
    started      TEXT NOT NULL,
    tracker      TEXT NOT NULL,
    -- The number of the last record, and the chain's last link, so that a lost end is found.
    last         INTEGER,
    head         BLOB NOT NULL
  ) STRICT;
  CREATE TABLE records (
    run   INTEGER NOT NULL REFERENCES runs (id),
    seq   INTEGER NOT NULL,
    at    INTEGER NOT NULL,
    -- JSON, or the hash of a blob that holds it.
    body  TEXT,
    blob  BLOB,
    chain BLOB NOT NULL,
    PRIMARY KEY (run, seq),
    CHECK ((body IS NULL) <> (blob IS NULL))
  ) STRICT;
",
  "
  ALTER TABLE runs ADD COLUMN parent TEXT;
  -- What runs share that may not overlap.
  ALTER TABLE runs ADD COLUMN key TEXT;
  CREATE INDEX runs_by_key ON runs (key) WHERE key IS NOT NULL;
  -- Runs that were asked for and not begun.
  CREATE TABLE waiting (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL UNIQUE,
    parent       TEXT NOT NULL,
    orchestrator TEXT NOT NULL,
    asked        TEXT NOT NULL,
    -- JSON.
    body         TEXT NOT NULL
  ) STRICT;
  ",
  "
  CREATE TABLE outcomes (
    key  BLOB PRIMARY KEY,
    -- Milliseconds of the Unix epoch.
    at   INTEGER NOT NULL,
    run  TEXT NOT NULL,
    step TEXT NOT NULL,
    -- The blake3 hash of the value, which is JSON here or in a blob of that name.
    hash  BLOB NOT NULL,
    value TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE breakers (
    key   TEXT PRIMARY KEY,
    -- JSON.
    state TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
",
  "
  -- Of all rows of a table together, so that none can be lost or changed.
  CREATE TABLE sums (
    name TEXT PRIMARY KEY,
    sum  BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  -- They may be made again, and had no seal.
  DELETE FROM outcomes;
  -- The blake3 hash of the other columns.
  ALTER TABLE outcomes ADD COLUMN seal BLOB;
",
  "
  -- One page less to write for each append.
  CREATE TABLE records_by_key (
    run   INTEGER NOT NULL REFERENCES runs (id),
    seq   INTEGER NOT NULL,
    at    INTEGER NOT NULL,
    -- JSON, or the hash of a blob that holds it.
    body  TEXT,
    blob  BLOB,
    chain BLOB NOT NULL,
    PRIMARY KEY (run, seq),
    CHECK ((body IS NULL) <> (blob IS NULL))
  ) STRICT, WITHOUT ROWID;
  INSERT INTO records_by_key SELECT run, seq, at, body, blob, chain FROM records;
  DROP TABLE records;
  ALTER TABLE records_by_key RENAME TO records;
  CREATE TABLE snapshots (
    run     INTEGER PRIMARY KEY REFERENCES runs (id),
    -- The number of the first record that is not in it.
    next    INTEGER NOT NULL,
    -- Only the same orch can read it.
    made_by TEXT NOT NULL,
    bytes   BLOB NOT NULL,
    -- Of the last record that is in it.
    link    BLOB NOT NULL,
    -- The blake3 hash of the name of the run and the other columns.
    hash    BLOB NOT NULL
  ) STRICT;
",
];

/// Makes a connection durable and patient, and its database one of today.
pub(super) fn prepare(
  connection: &mut Connection,
  disk: &dyn Disk,
  store: &Path,
  durability: Durability,
) -> Result<(), JournalError> {
  check_library(store)?;
  let failed = |error| of_sqlite(store, &error);
  connection.busy_timeout(PATIENCE).map_err(failed)?;
  enter_wal(connection).map_err(failed)?;
  let synchronous = match durability {
    Durability::Full => "FULL",
    Durability::Process => "NORMAL",
  };
  connection
    .pragma_update(None, "synchronous", synchronous)
    .map_err(failed)?;
  connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
  renew_log(connection, disk, store)?;
  migrate(connection, store)
}

/// Makes durable what SQLite's log shows. If a sync has failed, the system shows what it has forgotten to write until the
/// next power cut: then all that was logged behind it would be lost as well, or a checkpoint be left halfway.
fn renew_log(connection: &mut Connection, disk: &dyn Disk, store: &Path) -> Result<(), JournalError> {
  let failed = |error| of_sqlite(store, &error);
  // nobody writes to the log meanwhile
  let alone = connection.transaction_with_behavior(TransactionBehavior::Immediate);
  let _alone = alone.map_err(failed)?;
  match disk.renew(&store.join(LOG)) {
    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(of_file(store, &error)),
    _ => Ok(()),
  }
}

fn check_library(store: &Path) -> Result<(), JournalError> {
  if rusqlite::version_number() >= OLDEST_SQLITE {
    return Ok(());
  }
  let reason = format!("SQLite {} is too old, it must be 3.51.3 or later", rusqlite::version());
  Err(JournalError::Other {
    store: store.into(),
    reason,
  })
}

/// SQLite does not wait for another program that does the same to a new database: this does.
pub(super) fn enter_wal(connection: &Connection) -> rusqlite::Result<()> {
  let mut pause = Duration::from_millis(1);
  loop {
    let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
    match mode {
      Err(error) if is_busy(&error) && pause < PATIENCE => {
        std::thread::sleep(pause);
        pause *= 2;
      }
      other => return other.map(drop),
    }
  }
}

fn is_busy(error: &rusqlite::Error) -> bool {
  error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

fn migrate(connection: &mut Connection, store: &Path) -> Result<(), JournalError> {
  let failed = |error| of_sqlite(store, &error);
  let known = MIGRATIONS.len() as i64;
  if version(connection).map_err(failed)? == known {
    return Ok(());
  }
  let migration = connection
    .transaction_with_behavior(TransactionBehavior::Immediate)
    .map_err(failed)?;
  let found = version(&migration).map_err(failed)?;
  let done = usize::try_from(found).unwrap_or(usize::MAX);
  let Some(missing) = MIGRATIONS.get(done..) else {
    return Err(JournalError::TooNew {
      store: store.into(),
      found,
      known,
    });
  };
  for step in missing {
    migration.execute_batch(step).map_err(failed)?;
  }
  sums::begin(&migration).map_err(failed)?;
  migration.pragma_update(None, "user_version", known).map_err(failed)?;
  migration.commit().map_err(failed)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
  connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
