//! Large texts beside the database, each in a file named by its hash. Knows nothing of who refers to them.

use std::{
  io,
  path::{Path, PathBuf},
  sync::Arc,
};

use blake3::Hash;
use uuid::Uuid;

use super::disk::Disk;

/// The directory of blobs. It is made with the first one.
#[derive(Clone)]
pub(super) struct Blobs {
  disk: Arc<dyn Disk>,
  directory: PathBuf,
}

impl Blobs {
  pub(super) fn new(disk: Arc<dyn Disk>, directory: PathBuf) -> Self {
    Self { disk, directory }
  }

  /// Stores a text under its hash; it is durable when this returns. One that is there already is not written again.
  pub(super) fn write(&self, hash: &Hash, text: &str) -> io::Result<()> {
    let path = self.path(hash);
    if !self.disk.exists(&path) {
      self.disk.make_directory(&self.directory)?;
      place(&*self.disk, &path, text.as_bytes())?;
    }
    // Also if another orch has put it there: it may not have come, or never come, as far as this line.
    self.disk.sync_directory(&self.directory)?;
    let around = self.directory.parent();
    around.map_or(Ok(()), |around| self.disk.sync_directory(around))
  }

  /// The text with this hash.
  ///
  /// # Errors
  /// The reason, as the rest of a sentence: it is gone, or it is another.
  pub(super) fn read(&self, hash: &Hash) -> Result<String, String> {
    let path = self.path(hash);
    let shown = path.display();
    let bytes = self.disk.read(&path);
    let bytes = bytes.map_err(|_| format!("its blob `{shown}` can't be read"))?;
    if blake3::hash(&bytes) != *hash {
      return Err(format!("its blob `{shown}` was changed"));
    }
    String::from_utf8(bytes).map_err(|_| format!("its blob `{shown}` is no text"))
  }

  /// What is under this hash, whether it is what was written or not; `None` if nothing is.
  pub(super) fn found(&self, hash: &str) -> io::Result<Option<Vec<u8>>> {
    match self.disk.read(&self.directory.join(hash)) {
      Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
      read => read.map(Some),
    }
  }

  /// Removes all files but those with these names, and says how many blobs were among them.
  pub(super) fn retain(&self, is_kept: impl Fn(&str) -> bool) -> io::Result<usize> {
    let mut removed = 0;
    for name in self.disk.names(&self.directory)? {
      if !is_kept(&name) {
        self.disk.remove(&self.directory.join(&name))?;
        removed += usize::from(!name.starts_with(UNFINISHED));
      }
    }
    Ok(removed)
  }

  fn path(&self, hash: &Hash) -> PathBuf {
    self.directory.join(hash.to_hex().as_str())
  }
}

/// What the name of a file begins with while it is written.
const UNFINISHED: &str = ".unfinished-";

/// Puts a file in its place, whole or not at all. A crash leaves it under its first name, which nobody reads.
pub(super) fn place(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
  let unfinished = unfinished(path);
  let placed = disk
    .create(&unfinished, bytes)
    .and_then(|()| disk.rename(&unfinished, path));
  if placed.is_err() {
    // what can't be removed either does no harm
    drop(disk.remove(&unfinished));
  }
  placed
}

/// Another name in the same directory, which nobody else has.
pub(super) fn unfinished(path: &Path) -> PathBuf {
  path.with_file_name(format!("{UNFINISHED}{}", Uuid::now_v7()))
}
