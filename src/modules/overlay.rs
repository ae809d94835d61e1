//! Texts that stand in the place of what files hold: what an edit would make of a program before it is written.

use std::{
  collections::BTreeMap,
  path::{Path, PathBuf},
};

use super::{Files, ReadError};

/// Files of which some have another text.
pub struct Overlay<'f> {
  below: &'f dyn Files,
  /// By canonical path.
  texts: &'f BTreeMap<PathBuf, String>,
}

impl<'f> Overlay<'f> {
  pub fn new(below: &'f dyn Files, texts: &'f BTreeMap<PathBuf, String>) -> Self {
    Self { below, texts }
  }
}

impl Files for Overlay<'_> {
  fn read(&self, path: &Path, limit: usize) -> Result<Vec<u8>, ReadError> {
    match self.texts.get(path) {
      Some(text) => Ok(text.as_bytes()[..text.len().min(limit)].to_vec()),
      None => self.below.read(path, limit),
    }
  }

  fn canonicalize(&self, path: &Path) -> Result<PathBuf, ReadError> {
    self.below.canonicalize(path)
  }

  fn names(&self, directory: &Path) -> Vec<String> {
    self.below.names(directory)
  }
}
