//! How files are reached from here: a trait that a door to the disk carries out.

use std::{
  borrow::Cow,
  fmt::{self, Display, Formatter},
  path::{Path, PathBuf},
};

use super::standard;

/// Wherever modules are read from.
pub trait Files {
  /// The file's bytes, or the first `limit` of them where it is longer.
  ///
  /// # Errors
  /// It can't be read.
  fn read(&self, path: &Path, limit: usize) -> Result<Vec<u8>, ReadError>;

  /// The blake3 hash of the file; `None` where it is longer than `limit` bytes.
  ///
  /// # Errors
  /// It can't be read.
  fn digest(&self, path: &Path, limit: usize) -> Result<Option<[u8; 32]>, ReadError> {
    let bytes = self.read(path, limit + 1)?;
    Ok((bytes.len() <= limit).then(|| *blake3::hash(&bytes).as_bytes()))
  }

  /// The one name of the file, whatever path leads to it.
  ///
  /// # Errors
  /// There is no such file, or it can't be reached.
  fn canonicalize(&self, path: &Path) -> Result<PathBuf, ReadError>;

  /// The text of a module that comes with `orch`, by the name that imports it (`std/patterns`).
  fn standard(&self, name: &str) -> Option<Cow<'static, str>> {
    standard::text(name).map(Cow::Borrowed)
  }

  /// The names in a directory, to suggest one; empty where it can't be listed.
  fn names(&self, directory: &Path) -> Vec<String>;
}

/// Why a file can't be read. Reads as the rest of a sentence: `can't read x: ...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
  Missing,
  Directory,
  Denied,
  /// In the system's words.
  Other(String),
}

impl Display for ReadError {
  fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
    match self {
      ReadError::Missing => f.write_str("there is no such file"),
      ReadError::Directory => f.write_str("it is a directory"),
      ReadError::Denied => f.write_str("permission denied"),
      ReadError::Other(reason) => f.write_str(reason),
    }
  }
}
