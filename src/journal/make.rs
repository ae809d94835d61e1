//! How a store comes to be: its directory, and an empty database in it, whole or not at all. Knows nothing of tables.

use std::{
  io::{self, ErrorKind},
  path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use super::{
  JournalError,
  blobs::{place, unfinished},
  disk::Disk,
  error::{of_file, of_sqlite},
  schema,
};

/// The path of the database; all that is missing is made, for this user only.
pub(super) fn make(disk: &dyn Disk, directory: &Path) -> Result<PathBuf, JournalError> {
  let database = directory.join("journal.db");
  if disk.exists(&database) {
    return Ok(database);
  }
  let failed = |error| of_file(directory, &error);
  make_directory(disk, directory).map_err(failed)?;
  let ignore = directory.join(".gitignore");
  if !disk.exists(&ignore) {
    place(disk, &ignore, b"*\n").map_err(failed)?;
  }
  // Last, since it says that all of the above is durable.
  make_database(disk, directory, &database)?;
  Ok(database)
}

/// With those around it that are missing. It may be there and not be durable: whoever made it may have been killed.
fn make_directory(disk: &dyn Disk, directory: &Path) -> io::Result<()> {
  let absolute = std::path::absolute(directory)?;
  let missing = absolute.ancestors().take_while(|around| !disk.exists(around)).count();
  disk.make_directory(directory)?;
  let mut around = absolute.ancestors().skip(1).take(missing.max(1));
  around.try_for_each(|around| disk.sync_directory(around))
}

/// SQLite would begin in the place itself, trusting that the name of its rollback journal is durable, and make a file that
/// others can read. Another orch may do the same at the same time: the first one counts.
fn make_database(disk: &dyn Disk, store: &Path, database: &Path) -> Result<(), JournalError> {
  let failed = |error| of_file(store, &error);
  let unfinished = unfinished(database);
  disk.create(&unfinished, b"").map_err(failed)?;
  let made = begin(disk, &unfinished).map_err(|error| of_sqlite(store, &error));
  let made = made.and_then(|()| disk.renew(&unfinished).map_err(failed));
  let made = made.and_then(|()| match disk.link(&unfinished, database) {
    Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(error)),
    _ => Ok(()),
  });
  // what can't be removed does no harm
  drop(disk.remove(&unfinished));
  made
}

fn begin(disk: &dyn Disk, database: &Path) -> rusqlite::Result<()> {
  let connection = connect(disk, database)?;
  schema::enter_wal(&connection)?;
  connection.close().map_err(|(_, error)| error)
}

pub(super) fn connect(disk: &dyn Disk, database: &Path) -> rusqlite::Result<Connection> {
  let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
  match disk.vfs() {
    None => Connection::open_with_flags(database, flags),
    Some(vfs) => Connection::open_with_flags_and_vfs(database, flags, vfs),
  }
}
