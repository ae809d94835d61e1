//! Modules without a disk.

use std::{
  collections::BTreeMap,
  path::{Component, Path, PathBuf},
};

use orch::{
  modules::{Files, ReadError},
  session::{self, Checked},
  testing,
};

/// Where a line of a text says that another file begins.
const SEPARATOR: &str = "// file: ";

/// Files by name, all in one directory; the first one added is the root.
#[derive(Clone, Debug, Default)]
pub struct Memory {
  root: PathBuf,
  files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Memory {
  /// One text; lines `// file: name.orch` make several files of it, without them it is `main.orch`.
  pub fn of(text: &str) -> Self {
    let mut memory = Memory::default();
    if !text.starts_with(SEPARATOR) {
      return memory.with("main.orch", text);
    }
    for part in format!("\n{text}").split(&format!("\n{SEPARATOR}")).skip(1) {
      let (name, text) = part.split_once('\n').unwrap_or((part, ""));
      memory = memory.with(name.trim(), text);
    }
    memory
  }

  #[must_use]
  pub fn with(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
    let path = PathBuf::from(name);
    if self.files.is_empty() {
      self.root.clone_from(&path);
    }
    self.files.insert(path, bytes.as_ref().to_vec());
    self
  }

  /// Name and content of each file, the root's name first.
  pub fn root(&self) -> &Path {
    &self.root
  }

  pub fn files(&self) -> impl Iterator<Item = (&Path, &[u8])> {
    self
      .files
      .iter()
      .map(|(path, bytes)| (path.as_path(), bytes.as_slice()))
  }
}

impl Files for Memory {
  fn read(&self, path: &Path, limit: usize) -> Result<Vec<u8>, ReadError> {
    let bytes = self.files.get(path).ok_or(ReadError::Missing)?;
    Ok(bytes[..bytes.len().min(limit)].to_vec())
  }

  fn canonicalize(&self, path: &Path) -> Result<PathBuf, ReadError> {
    let mut plain = PathBuf::new();
    for part in path.components() {
      match part {
        Component::CurDir => {}
        Component::ParentDir => drop(plain.pop()),
        other => plain.push(other),
      }
    }
    self
      .files
      .contains_key(&plain)
      .then_some(plain)
      .ok_or(ReadError::Missing)
  }

  fn names(&self, _: &Path) -> Vec<String> {
    self
      .files
      .keys()
      .map(|path| path.to_string_lossy().into_owned())
      .collect()
  }
}

pub fn check(memory: &Memory) -> Checked {
  session::check(memory, memory.root())
}

/// Checks a program, and runs its tests if nothing refuses it: what they have to say comes behind.
pub fn check_and_test(memory: &Memory) -> Checked {
  let mut checked = check(memory);
  let Some(program) = checked.program.clone() else {
    return checked;
  };
  for (at, test) in program.tests.iter().enumerate() {
    let program = match test.other_form {
      true => session::check_variant(memory, memory.root(), &session::Variant::of_test(at))
        .expect("its test's form is one")
        .program
        .expect("it was checked"),
      false => program.clone(),
    };
    let verdict = testing::run(&program, &checked.sources, at, &testing::Options::default());
    let problems = verdict.problems.into_iter().map(|problem| problem.finding);
    problems.for_each(|finding| checked.findings.push(finding));
  }
  checked
}

/// Checks a text as `Memory::of` reads it.
pub fn check_text(text: &str) -> Checked {
  check(&Memory::of(text))
}
