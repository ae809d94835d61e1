//! What nobody needs any longer is taken away. Knows nothing of who needs what. It may be cut short at any moment: what
//! goes has lost its name first, and what is left goes the next time.

use std::{
  collections::HashSet,
  fs,
  io::{self, ErrorKind},
  path::Path,
};

use blake3::Hash;

use super::{Alone, Depot, UNFINISHED, remove_tree};
use crate::value::{Entry, Manifest, StoredKind};

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
  pub files: usize,
  /// Of these files.
  pub bytes: u64,
}

impl Depot {
  /// Whether nothing is kept.
  ///
  /// # Errors
  /// It can't be looked at.
  pub fn is_empty(&self) -> io::Result<bool> {
    names(&self.files()).map(|names| names.is_empty())
  }

  /// Removes all but these files and directories, and what these hold.
  ///
  /// # Errors
  /// It can't be told what a directory holds, and nothing was removed; or something can't be removed.
  pub fn prune(&self, _alone: &Alone, needed: &HashSet<(StoredKind, Hash)>) -> io::Result<Pruned> {
    let mut files = HashSet::new();
    for (kind, digest) in needed {
      files.insert(name(digest));
      if *kind == StoredKind::Dir {
        files.extend(self.held_by(digest)?);
      }
    }
    let mut pruned = Pruned::default();
    for entry in names(&self.files())? {
      if files.contains(&entry) {
        continue;
      }
      let path = self.files().join(&entry);
      let size = fs::symlink_metadata(&path)?.len();
      fs::remove_file(&path)?;
      if !entry.starts_with(UNFINISHED) {
        pruned.files += 1;
        pruned.bytes += size;
      }
    }
    self.prune_dirs(&files)?;
    Ok(pruned)
  }

  /// The names of the files of a directory. One that is not kept holds none.
  fn held_by(&self, dir: &Hash) -> io::Result<Vec<String>> {
    let path = self.blob(dir);
    let text = match fs::read_to_string(&path) {
      Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
      text => text?,
    };
    let manifest = Manifest::parse(&text).ok_or_else(|| {
      let reason = format!("`{}` is not what was written", path.display());
      io::Error::new(ErrorKind::InvalidData, reason)
    })?;
    let digests = manifest.entries().filter_map(|(_, entry)| match entry {
      Entry::File { digest, .. } => Some(name(digest)),
      Entry::Link(_) | Entry::Dir => None,
    });
    Ok(digests.collect())
  }

  /// Those that were laid out. One that is there in part is not there under its name.
  fn prune_dirs(&self, needed: &HashSet<String>) -> io::Result<()> {
    let dirs = self.store.join("dirs");
    for entry in names(&dirs)? {
      if needed.contains(&entry) {
        continue;
      }
      let path = dirs.join(&entry);
      let going = match entry.starts_with(UNFINISHED) {
        true => path,
        false => {
          let going = dirs.join(format!("{UNFINISHED}{entry}"));
          remove_tree(&going);
          fs::rename(&path, &going)?;
          going
        }
      };
      remove_tree(&going);
    }
    Ok(())
  }
}

fn name(digest: &Hash) -> String {
  digest.to_hex().to_string()
}

/// What is in a directory, if it is there.
fn names(directory: &Path) -> io::Result<Vec<String>> {
  let entries = match fs::read_dir(directory) {
    Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
    entries => entries?,
  };
  let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
  names.collect()
}
