//! Who needs what is kept to stay: everybody who drives a run, until its records say which files are its own. Knows nothing of runs.

use std::{
  fs::{DirBuilder, File, OpenOptions, TryLockError},
  io,
  os::unix::fs::{DirBuilderExt, OpenOptionsExt},
};

use super::Depot;

/// As long as this lives, nothing that is kept goes away. The system gives it back whatever becomes of the process.
#[derive(Debug)]
pub struct Hold {
  _file: File,
}

/// As long as this lives, nobody has a [`Hold`].
#[derive(Debug)]
pub struct Alone {
  _file: File,
}

impl Depot {
  /// Waits for whoever prunes just now.
  ///
  /// # Errors
  /// The store can't be made or written.
  pub fn hold(&self) -> io::Result<Hold> {
    let file = self.lock()?;
    file.lock_shared()?;
    Ok(Hold { _file: file })
  }

  /// `None` if somebody has a hold.
  ///
  /// # Errors
  /// The store can't be made or written.
  pub fn alone(&self) -> io::Result<Option<Alone>> {
    let file = self.lock()?;
    match file.try_lock() {
      Ok(()) => Ok(Some(Alone { _file: file })),
      Err(TryLockError::WouldBlock) => Ok(None),
      Err(TryLockError::Error(error)) => Err(error),
    }
  }

  /// The file that is locked; it stays.
  fn lock(&self) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(&self.store)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(self.store.join("files.lock"))
  }
}
