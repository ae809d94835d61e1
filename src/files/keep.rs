//! The way in: files and directories are read, hashed and put under their digest. Follows no link inside a directory.

use std::{
  fs::{self, File, OpenOptions, Permissions},
  io::{self, Read, Seek, Write},
  os::unix::fs::{OpenOptionsExt, PermissionsExt},
  path::{Path, PathBuf},
};

use blake3::{Hash, Hasher};
use nix::fcntl::OFlag;
use tempfile::{NamedTempFile, TempPath};

use super::{Depot, KeepError, LARGEST_DIR, LARGEST_FILE, MOST_ENTRIES, UNFINISHED, reason, sync};
use crate::value::{DEEPEST, Entry, Manifest, Stored, StoredKind, stays_inside};

impl Depot {
  /// Keeps what is at the path; it is durable when this returns. Messages call it `shown`. `without` are directories,
  /// by their canonical path, that are no part of one that is kept; the store's own never is.
  ///
  /// # Errors
  /// There is nothing of the kind at the path, it is too large, holds what can't be kept, or can't be read; or the
  /// store can't be written. Nothing refers to what was written until then.
  pub fn keep(&self, kind: StoredKind, path: &Path, shown: &Path, without: &[PathBuf]) -> Result<Stored, KeepError> {
    let unreadable = |error: io::Error| KeepError::Refused(unreadable(kind, shown, &error));
    let real = fs::canonicalize(path).map_err(unreadable)?;
    let is_dir = fs::metadata(&real).map_err(unreadable)?.is_dir();
    let name = path
      .file_name()
      .or(real.file_name())
      .unwrap_or_default()
      .to_string_lossy()
      .into_owned();
    let mut written = Written::new(self)?;
    let stored = match (kind, is_dir) {
      (StoredKind::File, false) => {
        let file = written.file(&real, shown)?;
        Stored::new(StoredKind::File, file.digest, file.size, &name)
      }
      (StoredKind::Dir, true) => {
        let mut left_out = without.to_vec();
        left_out.extend(fs::canonicalize(&self.store));
        let manifest = Walk::new(&mut written, &real, shown, left_out).manifest()?;
        written.text(&Manifest::digest(&manifest.to_text()), &manifest.to_text())?;
        manifest.stored(&name)
      }
      (StoredKind::File, true) => return Err(refused(shown, "is a directory, not a file")),
      (StoredKind::Dir, false) => return Err(refused(shown, "is not a directory")),
    };
    written.finish()?;
    Ok(stored)
  }

  /// Keeps a text under its digest, which the caller knows.
  ///
  /// # Errors
  /// The store can't be written.
  pub fn keep_text(&self, digest: &Hash, text: &str) -> Result<(), KeepError> {
    let mut written = Written::new(self)?;
    written.text(digest, text)?;
    written.finish()
  }
}

fn refused(path: &Path, what: &str) -> KeepError {
  KeepError::Refused(format!("`{}` {what}", path.display()))
}

fn unreadable(kind: StoredKind, path: &Path, error: &io::Error) -> String {
  match error.kind() {
    io::ErrorKind::NotFound => format!("there is no {} `{}`", kind.noun(), path.display()),
    _ => format!(
      "the {} `{}` can't be read: {}",
      kind.noun(),
      path.display(),
      reason(error)
    ),
  }
}

/// Files that are written and not yet under their digest.
struct Written<'d> {
  depot: &'d Depot,
  files: PathBuf,
  new: Vec<(TempPath, Hash)>,
}

/// A file that was read.
struct Taken {
  digest: Hash,
  size: u64,
  executable: bool,
}

impl<'d> Written<'d> {
  fn new(depot: &'d Depot) -> Result<Self, KeepError> {
    let files = depot.make()?;
    let new = Vec::new();
    Ok(Self { depot, files, new })
  }

  /// Copies the file first, then hashes the copy: another program may still write to it.
  fn file(&mut self, path: &Path, shown: &Path) -> Result<Taken, KeepError> {
    let unreadable = |error: io::Error| KeepError::Refused(unreadable(StoredKind::File, shown, &error));
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path);
    let file = opened.map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?;
    if !found.is_file() {
      return Err(refused(shown, "is no regular file"));
    }
    let too_large = || refused(shown, "is larger than 1 GiB");
    if found.len() > LARGEST_FILE {
      return Err(too_large());
    }
    let mut copy = self.unfinished()?;
    let broken = |error: io::Error| self.depot.broken(&error);
    let size = io::copy(&mut file.take(LARGEST_FILE + 1), copy.as_file_mut()).map_err(broken)?;
    if size > LARGEST_FILE {
      return Err(too_large());
    }
    copy.as_file_mut().rewind().map_err(broken)?;
    let mut hasher = Hasher::new();
    hasher.update_reader(copy.as_file_mut()).map_err(broken)?;
    let (digest, executable) = (hasher.finalize(), found.permissions().mode() & 0o111 != 0);
    self.add(copy, digest);
    Ok(Taken {
      digest,
      size,
      executable,
    })
  }

  fn text(&mut self, digest: &Hash, text: &str) -> Result<(), KeepError> {
    let mut copy = self.unfinished()?;
    copy
      .write_all(text.as_bytes())
      .map_err(|error| self.depot.broken(&error))?;
    self.add(copy, *digest);
    Ok(())
  }

  fn unfinished(&self) -> Result<NamedTempFile, KeepError> {
    let made = NamedTempFile::with_prefix_in(UNFINISHED, &self.files);
    made.map_err(|error| self.depot.broken(&error))
  }

  /// What is there already is not written again.
  fn add(&mut self, copy: NamedTempFile, digest: Hash) {
    if !self.depot.blob(&digest).exists() {
      self.new.push((copy.into_temp_path(), digest));
    }
  }

  /// All are durable before the first has its name.
  fn finish(self) -> Result<(), KeepError> {
    let broken = |error: io::Error| self.depot.broken(&error);
    sync_all(&self.files, &self.new).map_err(broken)?;
    for (copy, digest) in self.new {
      let path = self.depot.blob(&digest);
      let named = fs::set_permissions(&copy, Permissions::from_mode(0o400));
      named
        .and_then(|()| copy.persist(&path).map_err(|failed| failed.error))
        .map_err(|error| self.depot.broken(&error))?;
    }
    // Also what was there already: the orch that has just put it there may not have come as far as this line.
    sync(&self.files).map_err(|error| self.depot.broken(&error))
  }
}

/// Beyond so many files one call for all that the disk has to write takes less time than one for each.
const MANY: usize = 64;

fn sync_all(files: &Path, new: &[(TempPath, Hash)]) -> io::Result<()> {
  if cfg!(target_os = "linux") && new.len() > MANY {
    return sync_disk(files);
  }
  new.iter().try_for_each(|(copy, _)| sync(copy))
}

#[cfg(target_os = "linux")]
fn sync_disk(files: &Path) -> io::Result<()> {
  Ok(nix::unistd::syncfs(File::open(files)?)?)
}

#[cfg(not(target_os = "linux"))]
fn sync_disk(files: &Path) -> io::Result<()> {
  sync(files)
}

/// A directory being read.
struct Walk<'w, 'd> {
  written: &'w mut Written<'d>,
  root: &'w Path,
  /// What messages call the root.
  shown: &'w Path,
  left_out: Vec<PathBuf>,
  manifest: Manifest,
  size: u64,
}

impl<'w, 'd> Walk<'w, 'd> {
  fn new(written: &'w mut Written<'d>, root: &'w Path, shown: &'w Path, left_out: Vec<PathBuf>) -> Self {
    Self {
      written,
      root,
      shown,
      left_out,
      manifest: Manifest::default(),
      size: 0,
    }
  }

  fn manifest(mut self) -> Result<Manifest, KeepError> {
    self.directory("", 0)?;
    Ok(self.manifest)
  }

  /// What messages call something below the root.
  fn shown(&self, below: &str) -> PathBuf {
    if below.is_empty() {
      return self.shown.to_owned();
    }
    self.shown.join(below)
  }

  /// `below` is a path from the root with a `/` at its end, or empty.
  fn directory(&mut self, below: &str, depth: usize) -> Result<(), KeepError> {
    let (path, shown) = (self.root.join(below), self.shown(below.trim_end_matches('/')));
    let unreadable = |error: io::Error| KeepError::Refused(unreadable(StoredKind::Dir, &shown, &error));
    if depth >= DEEPEST {
      return Err(refused(&shown, "is nested deeper than 64"));
    }
    let mut is_empty = true;
    for entry in fs::read_dir(&path).map_err(unreadable)? {
      let entry = entry.map_err(unreadable)?;
      let kind = entry.file_type().map_err(unreadable)?;
      if kind.is_dir() && self.left_out.contains(&entry.path()) {
        continue;
      }
      is_empty = false;
      let Some(name) = entry.file_name().to_str().map(|name| format!("{below}{name}")) else {
        return Err(refused(&shown.join(entry.file_name()), "has a name that is not UTF-8"));
      };
      if kind.is_dir() {
        self.directory(&format!("{name}/"), depth + 1)?;
      } else if kind.is_symlink() {
        self.link(&name, depth)?;
      } else {
        self.file(&name)?;
      }
    }
    match below.strip_suffix('/') {
      Some(name) if is_empty => self.add(name, Entry::Dir),
      _ => Ok(()),
    }
  }

  fn link(&mut self, name: &str, depth: usize) -> Result<(), KeepError> {
    let shown = self.shown(name);
    let read = fs::read_link(self.root.join(name));
    let target = read.map_err(|error| KeepError::Refused(unreadable(StoredKind::File, &shown, &error)))?;
    match target.to_str().filter(|target| stays_inside(target, depth)) {
      Some(target) => self.add(name, Entry::Link(target.to_owned())),
      None => {
        let target = target.display();
        Err(refused(&shown, &format!("is a link that leads outside, to `{target}`")))
      }
    }
  }

  fn file(&mut self, name: &str) -> Result<(), KeepError> {
    let taken = self.written.file(&self.root.join(name), &self.shown(name))?;
    self.size += taken.size;
    if self.size > LARGEST_DIR {
      return Err(refused(self.shown, "holds more than 4 GiB"));
    }
    let entry = Entry::File {
      digest: taken.digest,
      size: taken.size,
      executable: taken.executable,
    };
    self.add(name, entry)
  }

  fn add(&mut self, name: &str, entry: Entry) -> Result<(), KeepError> {
    if self.manifest.len() >= MOST_ENTRIES {
      return Err(refused(self.shown, "holds more than 100,000 entries"));
    }
    if self.manifest.insert(name, entry) {
      return Ok(());
    }
    Err(refused(&self.shown(name), "was changed while it was read"))
  }
}
