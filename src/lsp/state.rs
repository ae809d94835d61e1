//! What the server knows: open texts before what the disk has, workspaces, and each program as it was last checked.

use std::{
  borrow::Cow,
  collections::{BTreeMap, HashMap},
  fs,
  path::{Path, PathBuf},
  sync::Arc,
};

use super::text::Encoding;
use crate::{
  ide::Snapshot,
  modules::{Files, ReadError, standard},
  session::Disk,
};

/// A text that an editor has.
pub struct Document {
  /// As the editor writes it.
  pub uri: String,
  pub version: i64,
  pub text: String,
}

/// More files of workspaces are not looked at.
const MOST_FILES: usize = 2_000;
/// So deep are directories looked into.
const DEEPEST: usize = 12;

#[derive(Default)]
pub struct State {
  pub encoding: Encoding,
  /// By canonical path.
  pub documents: BTreeMap<PathBuf, Document>,
  pub workspaces: Vec<PathBuf>,
  /// Files of the workspaces, once they were looked for.
  listed: Option<Vec<PathBuf>>,
  /// By root file.
  snapshots: HashMap<PathBuf, Arc<Snapshot>>,
}

/// Open texts, and the disk below them.
pub struct Open<'s> {
  documents: &'s BTreeMap<PathBuf, Document>,
  /// Instead of both: what an edit would make of files.
  made: BTreeMap<PathBuf, String>,
}

impl Files for Open<'_> {
  fn read(&self, path: &Path, limit: usize) -> Result<Vec<u8>, ReadError> {
    let open = self.documents.get(path).map(|document| &document.text);
    match self.made.get(path).or(open) {
      Some(text) => Ok(text.as_bytes()[..text.len().min(limit)].to_vec()),
      None => Disk.read(path, limit),
    }
  }

  fn canonicalize(&self, path: &Path) -> Result<PathBuf, ReadError> {
    if self.documents.contains_key(path) {
      return Ok(path.to_path_buf());
    }
    Disk.canonicalize(path).or_else(|error| {
      // a file that was never saved
      let plain = canonical(path);
      self.documents.contains_key(&plain).then_some(plain).ok_or(error)
    })
  }

  fn standard(&self, name: &str) -> Option<Cow<'static, str>> {
    standard::text(name).map(Cow::Borrowed)
  }

  fn names(&self, directory: &Path) -> Vec<String> {
    Disk.names(directory)
  }
}

/// The path without links; of a file that is not there, its directory's.
pub fn canonical(path: &Path) -> PathBuf {
  let there = Disk.canonicalize(path).ok();
  there.unwrap_or_else(|| {
    let parent = path.parent().and_then(|parent| Disk.canonicalize(parent).ok());
    match (parent, path.file_name()) {
      (Some(parent), Some(name)) => parent.join(name),
      _ => path.to_path_buf(),
    }
  })
}

impl State {
  pub fn new(encoding: Encoding, workspaces: Vec<PathBuf>) -> Self {
    Self {
      encoding,
      workspaces,
      ..Self::default()
    }
  }

  pub fn open(&mut self, path: PathBuf, document: Document) {
    self.documents.insert(path, document);
    self.forget_all();
  }

  pub fn close(&mut self, path: &Path) {
    self.documents.remove(path);
    self.forget_all();
  }

  /// The programs that have this file are to be checked again.
  pub fn changed(&mut self, path: &Path) {
    self.snapshots.retain(|_, snapshot| snapshot.source_at(path).is_none());
  }

  /// Files may have come, gone or changed.
  pub fn forget_all(&mut self) {
    self.snapshots.clear();
    self.listed = None;
  }

  /// The program whose root is at `path`, checked as it is now.
  pub fn snapshot(&mut self, path: &Path) -> Arc<Snapshot> {
    if let Some(known) = self.snapshots.get(path) {
      return known.clone();
    }
    let files = Open {
      documents: &self.documents,
      made: BTreeMap::new(),
    };
    let snapshot = Arc::new(Snapshot::read(&files, path));
    self.snapshots.insert(path.to_path_buf(), snapshot.clone());
    snapshot
  }

  /// The files as they would be with other texts.
  pub fn with_texts(&self, made: BTreeMap<PathBuf, String>) -> Open<'_> {
    Open {
      documents: &self.documents,
      made,
    }
  }

  /// Open files and those of the workspaces.
  pub fn roots(&mut self) -> Vec<PathBuf> {
    let listed = match self.listed.take() {
      Some(listed) => listed,
      None => list(&self.workspaces),
    };
    let mut roots: Vec<PathBuf> = self.documents.keys().cloned().collect();
    roots.extend(
      listed
        .iter()
        .filter(|path| !self.documents.contains_key(*path))
        .cloned(),
    );
    self.listed = Some(listed);
    roots
  }

  /// What an editor calls the file, or what it would.
  pub fn uri(&self, path: &Path) -> String {
    let open = self.documents.get(path);
    open.map_or_else(|| super::place::uri(path), |document| document.uri.clone())
  }
}

/// The `.orch` files below directories.
fn list(directories: &[PathBuf]) -> Vec<PathBuf> {
  let mut open: Vec<(PathBuf, usize)> = directories.iter().map(|path| (path.clone(), 0)).collect();
  let mut found = Vec::new();
  while let Some((directory, depth)) = open.pop() {
    let Ok(entries) = fs::read_dir(&directory) else {
      continue;
    };
    for entry in entries.flatten() {
      let name = entry.file_name();
      let name = name.to_string_lossy();
      if name.starts_with('.') || name == "target" || name == "node_modules" {
        continue;
      }
      let kind = entry.file_type();
      if kind.as_ref().is_ok_and(fs::FileType::is_dir) && depth < DEEPEST {
        open.push((entry.path(), depth + 1));
      } else if name.ends_with(".orch") && found.len() < MOST_FILES {
        found.push(canonical(&entry.path()));
      }
    }
  }
  found.sort();
  found.dedup();
  found
}
