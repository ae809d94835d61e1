//! The door to the files that `orch check` looks for and writes.
#![expect(
  clippy::disallowed_methods,
  reason = "this is the door through which programs are looked for and mended"
)]

use std::{
  fs,
  io::{self, ErrorKind, Write},
  path::{Path, PathBuf},
};

/// Directories that hold no programs of their own, besides hidden ones.
const SKIPPED: &str = "target";

/// The root files that paths stand for: a file for itself, a directory for every `.orch` file below it.
///
/// # Errors
/// A text that says which directory holds none, or can't be read.
pub fn roots(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
  let mut roots: Vec<PathBuf> = Vec::new();
  for path in paths {
    let found = if path.is_dir() {
      below(path)?
    } else {
      vec![path.clone()]
    };
    for root in found {
      if !roots.contains(&root) {
        roots.push(root);
      }
    }
  }
  Ok(roots)
}

/// Every `.orch` file below a directory, in the order of their paths. Links to directories are not followed.
fn below(directory: &Path) -> Result<Vec<PathBuf>, String> {
  let mut open = vec![directory.to_path_buf()];
  let mut found = Vec::new();
  while let Some(directory) = open.pop() {
    let said = |error: io::Error| format!("can't read `{}`: {error}\n", directory.display());
    for entry in fs::read_dir(&directory).map_err(said)? {
      let entry = entry.map_err(said)?;
      let name = entry.file_name();
      let name = name.to_string_lossy();
      let kind = entry.file_type().map_err(said)?;
      if kind.is_dir() && !name.starts_with('.') && name != SKIPPED {
        open.push(entry.path());
      } else if !kind.is_dir() && !name.starts_with('.') && name.ends_with(".orch") {
        found.push(entry.path());
      }
    }
  }
  found.sort();
  let found: Vec<PathBuf> = found.into_iter().map(plain).collect();
  if found.is_empty() {
    return Err(format!("there is no `.orch` file below `{}`\n", directory.display()));
  }
  Ok(found)
}

/// Without `./` at its front.
fn plain(path: PathBuf) -> PathBuf {
  path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path)
}

/// # Errors
/// What the system says.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
  fs::read(path)
}

pub fn exists(path: &Path) -> bool {
  path.exists()
}

/// The directory in which a file stands or shall stand, by its one name.
///
/// # Errors
/// There is no such directory.
pub fn directory(path: &Path) -> io::Result<PathBuf> {
  let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
  fs::canonicalize(parent.unwrap_or(Path::new(".")))
}

/// Whether a file may be replaced: it is there, and not read-only.
///
/// # Errors
/// Why not.
pub fn writable(path: &Path) -> io::Result<()> {
  if fs::metadata(path)?.permissions().readonly() {
    return Err(io::Error::new(ErrorKind::PermissionDenied, "it is read-only"));
  }
  Ok(())
}

/// Writes a file whole or not at all: beside it first, then in its place. A file that was there keeps its permissions.
///
/// # Errors
/// What the system says; the file is as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
  let mut file = tempfile::NamedTempFile::new_in(directory(path)?)?;
  file.write_all(bytes)?;
  file.as_file().sync_all()?;
  let permissions = match fs::metadata(path) {
    Ok(before) => before.permissions(),
    Err(error) if error.kind() == ErrorKind::NotFound => usual_permissions(),
    Err(error) => return Err(error),
  };
  file.as_file().set_permissions(permissions)?;
  file.persist(path)?;
  Ok(())
}

/// Makes a file that is not there yet: whole or not at all.
///
/// # Errors
/// It is there already, and stays as it is; or what the system says.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
  let mut file = tempfile::NamedTempFile::new_in(directory(path)?)?;
  file.write_all(bytes)?;
  file.as_file().sync_all()?;
  file.as_file().set_permissions(usual_permissions())?;
  file.persist_noclobber(path)?;
  Ok(())
}

/// Makes a directory, and those above it, unless it is there.
///
/// # Errors
/// What the system says.
pub fn make_directory(path: &Path) -> io::Result<()> {
  fs::create_dir_all(path)
}

/// Puts another text into a file that holds `before`: whole or not at all. A link stays one, and what it leads to is
/// written; permissions stay.
///
/// # Errors
/// Why the file is as it was.
pub fn rewrite(path: &Path, before: &str, after: &str) -> io::Result<()> {
  let path = fs::canonicalize(path)?;
  writable(&path)?;
  if fs::read(&path)? != before.as_bytes() {
    return Err(io::Error::other("it was changed meanwhile"));
  }
  replace(&path, after.as_bytes())
}

/// Of a new file that others may read.
fn usual_permissions() -> fs::Permissions {
  std::os::unix::fs::PermissionsExt::from_mode(0o644)
}
