//! Large texts beside the database, each in a file named by its hash. Knows nothing of who refers to them.

use std::{
  fs::{self, DirBuilder, File},
  io::{self, Write},
  os::unix::fs::DirBuilderExt,
  path::{Path, PathBuf},
};

use blake3::Hash;
use tempfile::NamedTempFile;

/// The directory of blobs. It is made with the first one.
pub(super) struct Blobs(PathBuf);

impl Blobs {
  pub(super) fn new(directory: PathBuf) -> Self {
    Self(directory)
  }

  /// Stores a text under its hash; it is durable when this returns. One that is there already is not written again.
  pub(super) fn write(&self, hash: &Hash, text: &str) -> io::Result<()> {
    let path = self.path(hash);
    if !path.exists() {
      DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
      // Only this user may read what `tempfile` makes. A crash leaves the file under its first name, which nobody reads.
      let mut file = NamedTempFile::with_prefix_in(UNFINISHED, &self.0)?;
      file.write_all(text.as_bytes())?;
      file.as_file().sync_all()?;
      file.persist(&path).map_err(|failed| failed.error)?;
      sync(self.0.parent())?;
    }
    // Also if another orch has just put it there: it may not have come as far as this line.
    sync(Some(&self.0))
  }

  /// The text with this hash.
  ///
  /// # Errors
  /// The reason, as the rest of a sentence: it is gone, or it is another.
  pub(super) fn read(&self, hash: &Hash) -> Result<String, String> {
    let path = self.path(hash);
    let bytes = fs::read(&path).map_err(|_| format!("its blob `{}` can't be read", path.display()))?;
    if blake3::hash(&bytes) != *hash {
      return Err(format!("its blob `{}` was changed", path.display()));
    }
    String::from_utf8(bytes).map_err(|_| format!("its blob `{}` is no text", path.display()))
  }

  fn path(&self, hash: &Hash) -> PathBuf {
    self.0.join(hash.to_hex().as_str())
  }
}

/// What the name of a blob begins with while it is written.
const UNFINISHED: &str = ".unfinished-";

/// Makes the names in a directory durable.
fn sync(directory: Option<&Path>) -> io::Result<()> {
  directory.map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}
