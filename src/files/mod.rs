//! Files and directories kept by what they hold, below the directory of the store. Knows nothing of who asks for them.

mod hold;
mod keep;
mod place;
mod prune;
mod remove;
#[cfg(test)]
mod tests;

use std::{
  fmt::{self, Display, Formatter},
  fs::{self, DirBuilder, File},
  io,
  os::unix::fs::DirBuilderExt,
  path::{Path, PathBuf},
};

use blake3::Hash;

pub use hold::{Alone, Hold};
pub use prune::Pruned;
pub use remove::remove_tree;

use crate::value::{Stored, StoredKind};

/// The largest file that is kept, in bytes.
pub const LARGEST_FILE: u64 = 1 << 30;

/// The largest directory that is kept: bytes of all its files.
pub const LARGEST_DIR: u64 = 4 << 30;

/// Files, links and directories that a directory may hold.
pub const MOST_ENTRIES: usize = 100_000;

/// Where files are kept: `STORE/files/DIGEST`. Several programs may use it at once; what is there never changes.
#[derive(Clone, Debug)]
pub struct Depot {
  store: PathBuf,
}

/// Why something is not kept. One line, as the rest of a sentence or a sentence of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeepError {
  /// There is no such thing at the path, or it is none that can be kept.
  Refused(String),
  /// The store can't be written.
  Broken(String),
}

impl Display for KeepError {
  fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
    match self {
      KeepError::Refused(reason) | KeepError::Broken(reason) => f.write_str(reason),
    }
  }
}

impl Depot {
  /// Below the directory of a store, which need not be there yet.
  pub fn new(store: PathBuf) -> Self {
    Self { store }
  }

  /// The directory of the store.
  pub fn store(&self) -> &Path {
    &self.store
  }

  /// Where the bytes of a file are, once it was kept.
  pub fn path(&self, stored: &Stored) -> PathBuf {
    self.blob(&stored.digest)
  }

  fn files(&self) -> PathBuf {
    self.store.join("files")
  }

  fn blob(&self, digest: &Hash) -> PathBuf {
    self.files().join(digest.to_hex().as_str())
  }

  /// Makes the directory of files, for this user alone.
  fn make(&self) -> Result<PathBuf, KeepError> {
    let files = self.files();
    if files.is_dir() {
      return Ok(files);
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&files);
    made
      .and_then(|()| sync(&self.store))
      .map_err(|error| self.broken(&error))?;
    Ok(files)
  }

  fn broken(&self, error: &io::Error) -> KeepError {
    let (store, reason) = (self.store.display(), reason(error));
    KeepError::Broken(format!("the store `{store}` can't be written ({reason})"))
  }

  /// A directory that was kept, laid out to be looked at: `STORE/dirs/DIGEST`, made with the first time.
  ///
  /// # Errors
  /// One line: it is not there as it was kept, or the store can't be written.
  pub fn lay_out(&self, dir: &Stored) -> Result<PathBuf, String> {
    let dirs = self.store.join("dirs");
    let path = dirs.join(dir.digest.to_hex().as_str());
    if path.is_dir() {
      return Ok(path);
    }
    let broken = |error: io::Error| self.broken(&error).to_string();
    DirBuilder::new()
      .recursive(true)
      .mode(0o700)
      .create(&dirs)
      .map_err(broken)?;
    let around = tempfile::Builder::new()
      .prefix(UNFINISHED)
      .tempdir_in(&dirs)
      .map_err(broken)?;
    let unfinished = around.path().join("dir");
    // its directories can be written, or `rm -r` could not remove them
    let laid = self.place_dir(dir, &unfinished, 0o755);
    let laid = laid.and_then(|()| fs::rename(&unfinished, &path).map_err(broken));
    match laid {
      Ok(()) => Ok(path),
      // another orch was faster
      Err(_) if path.is_dir() => Ok(path),
      Err(reason) => Err(reason),
    }
  }

  /// The path at which what was kept can be read: of a file its bytes, of a directory its files.
  ///
  /// # Errors
  /// As [`Self::lay_out`].
  pub fn show(&self, stored: &Stored) -> Result<PathBuf, String> {
    match stored.kind {
      StoredKind::File => Ok(self.path(stored)),
      StoredKind::Dir => self.lay_out(stored),
    }
  }
}

/// What the name of a file begins with while it is written.
const UNFINISHED: &str = ".unfinished-";

/// Makes the names in a directory durable.
fn sync(directory: &Path) -> io::Result<()> {
  File::open(directory)?.sync_all()
}

/// What the system says of an error, as part of a sentence: `permission denied`.
fn reason(error: &io::Error) -> String {
  let text = error.to_string();
  let text = text.split(" (os error").next().unwrap_or_default();
  let mut letters = text.chars();
  letters
    .next()
    .map(|first| first.to_lowercase().chain(letters).collect())
    .unwrap_or_default()
}
