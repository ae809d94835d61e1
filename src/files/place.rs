//! The way out: private copies of what is kept, read-only and checked against their digest. Knows nothing of who reads
//! them.

use std::{
  fs::{self, DirBuilder, File, Permissions},
  io,
  os::unix::fs::{DirBuilderExt, PermissionsExt, symlink},
  path::{Path, PathBuf},
};

use blake3::{Hash, Hasher};

use super::{Depot, reason};
use crate::value::{Entry, Manifest, Stored, StoredKind};

impl Depot {
  /// Makes a read-only copy at a path where nothing is.
  ///
  /// # Errors
  /// One line: it is not in the store, was changed there, or can't be written here.
  pub fn place(&self, stored: &Stored, at: &Path) -> Result<(), String> {
    match stored.kind {
      StoredKind::File => self.place_file(&stored.digest, stored.name(), at, 0o444),
      StoredKind::Dir => self.place_dir(stored, at, 0o555),
    }
  }

  fn place_file(&self, digest: &Hash, name: &str, at: &Path, mode: u32) -> Result<(), String> {
    let blob = self.blob(digest);
    if !blob.exists() {
      return Err(self.missing(name, digest));
    }
    let copied = fs::copy(&blob, at).and_then(|_| {
      let mut hasher = Hasher::new();
      hasher.update_reader(File::open(at)?)?;
      fs::set_permissions(at, Permissions::from_mode(mode))?;
      Ok(hasher.finalize())
    });
    let found = copied.map_err(|error| format!("the file `{name}` can't be copied: {}", reason(&error)))?;
    if found == *digest {
      return Ok(());
    }
    Err(format!(
      "`{}` is not what was stored there: it was changed",
      blob.display()
    ))
  }

  fn missing(&self, name: &str, digest: &Hash) -> String {
    let (store, digest) = (self.store.display(), digest.to_hex());
    format!("`{name}` is not in the store `{store}`: there is no `files/{digest}`")
  }

  /// `mode` is that of all directories; files are read-only.
  pub(super) fn place_dir(&self, stored: &Stored, at: &Path, mode: u32) -> Result<(), String> {
    let manifest = self.manifest(stored)?;
    let name = stored.name();
    let failed = |error: io::Error| format!("the directory `{name}` can't be copied: {}", reason(&error));
    let mut made = vec![make(at).map_err(failed)?];
    for (path, entry) in manifest.entries() {
      let to = at.join(path);
      let parents = path.match_indices('/').map(|(end, _)| at.join(&path[..end]));
      for parent in parents.filter(|parent| !parent.is_dir()).collect::<Vec<_>>() {
        made.push(make(&parent).map_err(failed)?);
      }
      match entry {
        Entry::Dir => made.push(make(&to).map_err(failed)?),
        Entry::Link(target) => symlink(target, &to).map_err(failed)?,
        Entry::File { digest, executable, .. } => {
          let mode = if *executable { 0o555 } else { 0o444 };
          self.place_file(digest, path, &to, mode)?;
        }
      }
    }
    let lock = |path: &PathBuf| fs::set_permissions(path, Permissions::from_mode(mode));
    made.iter().rev().try_for_each(lock).map_err(failed)
  }

  fn manifest(&self, stored: &Stored) -> Result<Manifest, String> {
    let blob = self.blob(&stored.digest);
    let text = match fs::read(&blob) {
      Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(self.missing(stored.name(), &stored.digest)),
      read => read.map_err(|error| format!("`{}` can't be read: {}", blob.display(), reason(&error)))?,
    };
    let text = String::from_utf8(text).ok();
    let text = text.filter(|text| Manifest::digest(text) == stored.digest);
    text
      .and_then(|text| Manifest::parse(&text))
      .ok_or_else(|| format!("`{}` is not the directory that was stored there", blob.display()))
  }
}

/// Makes a directory for this user alone.
fn make(path: &Path) -> io::Result<PathBuf> {
  DirBuilder::new().mode(0o700).create(path)?;
  Ok(path.to_owned())
}
