//! The modules of a program as a run has stored them, read like files, and what was to be run of it.

use std::{
  collections::HashMap,
  path::{Component, Path, PathBuf},
};

use indexmap::IndexMap;

use super::{Bundle, Order, RunError, Variant, bundle::HASHED, check_variant};
use crate::{
  engine::RunStarted,
  journal::Durability,
  modules::{Files, ReadError},
  value::{conform, from_json},
};

/// What a store knows of a run that is to be carried out.
pub(super) struct StoredRun<'a> {
  pub store: &'a Path,
  /// As they are stored.
  pub modules: Vec<(String, String)>,
  pub variant: Variant,
  /// Where orch was started for it.
  pub directory: &'a str,
  pub orchestrator: &'a str,
  /// One field per parameter.
  pub arguments: &'a serde_json::Value,
  pub seed: u64,
}

impl<'a> StoredRun<'a> {
  /// A run that has begun, in the store `at`.
  pub(super) fn of(at: &'a Path, modules: Vec<(String, String)>, started: &'a RunStarted) -> Self {
    let set = started
      .set
      .iter()
      .map(|(name, text)| (name.to_string(), text.to_string()));
    StoredRun {
      store: at,
      modules,
      variant: Variant {
        profile: started.profile.as_deref().map(str::to_owned),
        set: set.collect(),
        test: None,
      },
      directory: &started.directory,
      orchestrator: &started.orchestrator,
      arguments: &started.arguments,
      seed: started.seed,
    }
  }

  /// The same as an order, of the program as it was.
  ///
  /// # Errors
  /// This orch refuses the program, or what it is given.
  pub(super) fn order(self) -> Result<Order, RunError> {
    let refused = |reason: String| RunError::Refused(format!("the program as the run has stored it: {reason}"));
    let bundle = Bundle::new(self.modules.clone());
    let files = StoredFiles::new(self.modules, Path::new(self.directory));
    let checked = check_variant(&files, files.root(), &self.variant).map_err(|error| refused(error.to_string()))?;
    let Some(program) = checked.program else {
      let first = checked.findings.0.iter().find(|finding| finding.refuses());
      let reason = first.map_or("it is refused", |finding| &finding.message);
      return Err(refused(reason.into()));
    };
    let name = self.orchestrator;
    let found = program.orchestrator_ids().find(|(_, declared)| *declared.name == *name);
    let (orchestrator, declared) = found.ok_or_else(|| refused(format!("there is no orchestrator `{name}`")))?;
    let input = from_json(self.arguments).map_err(|error| refused(error.to_string()))?;
    let input = conform(&input, &declared.input).map_err(|mismatch| refused(mismatch.to_string()))?;
    let arguments: IndexMap<_, _> = input.as_record().cloned().unwrap_or_default();
    Ok(Order {
      hold: None,
      root: files.root().to_path_buf(),
      bundle,
      variant: self.variant,
      orchestrator,
      arguments,
      seed: Some(self.seed),
      store: self.store.to_path_buf(),
      forget: false,
      given: None,
      durability: Durability::Full,
      reuses: None,
      program,
    })
  }
}

/// A program's texts, and the hashes of the files that it uses, by the paths that they had.
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

  fn digest(&self, path: &Path, _: usize) -> Result<Option<[u8; 32]>, ReadError> {
    let hash = self
      .texts
      .get(&hashed(path))
      .and_then(|hash| blake3::Hash::from_hex(hash).ok());
    hash.map(|hash| Some(*hash.as_bytes())).ok_or(ReadError::Missing)
  }

  fn canonicalize(&self, path: &Path) -> Result<PathBuf, ReadError> {
    let path = plain(path);
    let known = self.texts.contains_key(&path) || self.texts.contains_key(&hashed(&path));
    known.then_some(path).ok_or(ReadError::Missing)
  }

  fn names(&self, _: &Path) -> Vec<String> {
    Vec::new()
  }
}

/// Where the hash of a file stands of which there is no text.
fn hashed(path: &Path) -> PathBuf {
  let mut name = path.as_os_str().to_owned();
  name.push(HASHED);
  name.into()
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
