//! The door to the disk for modules.
#![expect(
  clippy::disallowed_methods,
  reason = "this is the door through which modules are read"
)]

use std::{
  fs::{self, File},
  io::{self, ErrorKind, Read},
  path::{Path, PathBuf},
};

use crate::modules::{Files, ReadError};

/// Names of a directory that are looked at for a suggestion.
const LISTED: usize = 10_000;

/// The disk as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
  fn read(&self, path: &Path, limit: usize) -> Result<Vec<u8>, ReadError> {
    let file = File::open(path).map_err(reason)?;
    let metadata = file.metadata().map_err(reason)?;
    if metadata.is_dir() {
      return Err(ReadError::Directory);
    }
    let mut bytes = Vec::new();
    file.take(limit as u64).read_to_end(&mut bytes).map_err(reason)?;
    Ok(bytes)
  }

  fn canonicalize(&self, path: &Path) -> Result<PathBuf, ReadError> {
    fs::canonicalize(path).map_err(reason)
  }

  fn names(&self, directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else {
      return Vec::new();
    };
    let names = entries
      .take(LISTED)
      .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names
  }
}

fn reason(error: io::Error) -> ReadError {
  match error.kind() {
    ErrorKind::NotFound => ReadError::Missing,
    ErrorKind::IsADirectory => ReadError::Directory,
    ErrorKind::PermissionDenied => ReadError::Denied,
    _ => ReadError::Other(error.to_string()),
  }
}
