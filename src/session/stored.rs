//! The modules of a program as a run has stored them, read like files.

use std::{
  collections::HashMap,
  path::{Component, Path, PathBuf},
};

use crate::modules::{Files, ReadError};

/// A program's texts, by the paths that they had.
pub(super) struct StoredFiles {
  root: PathBuf,
  texts: HashMap<PathBuf, String>,
}

impl StoredFiles {
  /// `modules` are names and texts, the root first; `directory` is what relative names are relative to.
  pub(super) fn new(modules: Vec<(String, String)>, directory: &Path) -> Self {
    let path = |name: &str| plain(&directory.join(name));
    let root = modules.first().map(|(name, _)| path(name)).unwrap_or_default();
    let texts = modules.into_iter().map(|(name, text)| (path(&name), text)).collect();
    Self { root, texts }
  }

  pub(super) fn root(&self) -> &Path {
    &self.root
  }
}

impl Files for StoredFiles {
  fn read(&self, path: &Path, limit: usize) -> Result<Vec<u8>, ReadError> {
    let text = self.texts.get(path).ok_or(ReadError::Missing)?;
    Ok(text.as_bytes()[..text.len().min(limit)].to_vec())
  }

  fn canonicalize(&self, path: &Path) -> Result<PathBuf, ReadError> {
    let path = plain(path);
    self.texts.contains_key(&path).then_some(path).ok_or(ReadError::Missing)
  }

  fn names(&self, _: &Path) -> Vec<String> {
    Vec::new()
  }
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
  path.components().fold(PathBuf::new(), |mut plain, part| {
    match part {
      Component::CurDir => {}
      Component::ParentDir => _ = plain.pop(),
      other => plain.push(other),
    }
    plain
  })
}
