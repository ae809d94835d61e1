//! Which files are meant: those that were named, and all `.orch` files below directories that were.
#![expect(clippy::disallowed_methods, reason = "directories are looked through for programs")]

use std::{
  fs,
  path::{Path, PathBuf},
};

/// The files in order, each once; without names those below the current directory.
///
/// # Errors
/// A directory can't be read.
pub fn of(named: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
  let mut found = Vec::new();
  if named.is_empty() {
    below(Path::new("."), &mut found)?;
  }
  for path in named {
    if path.is_dir() {
      below(path, &mut found)?;
    } else {
      found.push(path.clone());
    }
  }
  let mut seen = std::collections::HashSet::new();
  found.retain(|path| seen.insert(path.clone()));
  Ok(found)
}

/// Programs directly in a directory.
///
/// # Errors
/// The directory can't be read.
pub fn in_directory(directory: &Path) -> Result<Vec<PathBuf>, String> {
  let (_, files) = entries(directory)?;
  Ok(files)
}

fn below(directory: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
  let (directories, files) = entries(directory)?;
  found.extend(files);
  directories.iter().try_for_each(|inner| below(inner, found))
}

/// Directories and `.orch` files in a directory, by name; hidden ones, and links to directories, are left out.
fn entries(directory: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), String> {
  let refused = |error: std::io::Error| format!("can't read the directory `{}`: {error}\n", directory.display());
  let (mut directories, mut files) = (Vec::new(), Vec::new());
  for entry in fs::read_dir(directory).map_err(refused)? {
    let entry = entry.map_err(refused)?;
    let path = match directory == Path::new(".") {
      true => PathBuf::from(entry.file_name()),
      false => entry.path(),
    };
    if entry.file_name().to_string_lossy().starts_with('.') {
      continue;
    }
    if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
      directories.push(path);
    } else if path.extension().is_some_and(|ending| ending == "orch") {
      files.push(path);
    }
  }
  directories.sort();
  files.sort();
  Ok((directories, files))
}
