//! Locks on files in the store, which the system gives back whatever becomes of the process that holds them. A lock
//! says who holds it. Knows nothing of what is locked.
#![expect(clippy::disallowed_methods, reason = "locks are files")]

use std::{
  fs::{self, DirBuilder, File, OpenOptions, TryLockError},
  io::{self, Read, Seek, Write},
  os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
  path::{Path, PathBuf},
  thread::sleep,
  time::Duration,
};

/// How long a holder may take to say who it is.
const LOOKS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// Held as long as this lives. Nobody else finds the file of one that was given back.
pub(super) struct Lock {
  file: File,
  path: PathBuf,
}

/// Where words for the holder of a lock are left.
pub(super) struct Word(PathBuf);

impl Word {
  /// The last one.
  pub(super) fn read(&self) -> Option<String> {
    let text = fs::read_to_string(&self.0).ok()?;
    text.lines().skip(1).last().map(str::to_owned)
  }
}

/// A lock that another process holds.
pub(super) struct Busy {
  file: File,
  path: PathBuf,
}

impl Lock {
  /// Takes the lock with this name, unless another process holds it.
  ///
  /// # Errors
  /// There can be no such lock.
  pub(super) fn take(store: &Path, name: &str) -> io::Result<Result<Lock, Busy>> {
    let path = place(store, name)?;
    loop {
      let file = open(&path)?;
      match file.try_lock() {
        Ok(()) if is_at(&file, &path) => return Ok(Ok(Lock { file, path })),
        // whoever held it has taken its file away
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Err(Busy { file, path })),
        Err(TryLockError::Error(error)) => return Err(error),
      }
    }
  }

  /// The last word that somebody has left for whoever holds it.
  pub(super) fn word(&self) -> Word {
    Word(self.path.clone())
  }

  /// Says who holds it: this process, and what it is about.
  ///
  /// # Errors
  /// The file can't be written.
  pub(super) fn announce(&mut self, what: &str) -> io::Result<()> {
    self.announce_as(std::process::id().cast_signed(), what)
  }

  pub(super) fn announce_as(&mut self, process: i32, what: &str) -> io::Result<()> {
    self.file.set_len(0)?;
    self.file.rewind()?;
    writeln!(self.file, "{process} {what}")
  }
}

/// The file goes before the lock does: whoever waits for it sees that, and makes another.
impl Drop for Lock {
  fn drop(&mut self) {
    let _ = fs::remove_file(&self.path);
  }
}

impl Busy {
  /// The process that holds it, and what it says it is about; `None` if it never says.
  pub(super) fn holder(&mut self) -> Option<(i32, String)> {
    for _ in 0..LOOKS {
      let mut text = String::new();
      let read = self.file.rewind().and_then(|()| self.file.read_to_string(&mut text));
      let line = text.lines().next().unwrap_or_default();
      if let (Ok(_), Some((process, what))) = (read, line.split_once(' ')) {
        return Some((process.parse().ok()?, what.to_owned()));
      }
      if !is_at(&self.file, &self.path) {
        return None;
      }
      sleep(PAUSE);
    }
    None
  }

  /// Waits until it is free, and takes it.
  ///
  /// # Errors
  /// It can't be waited for.
  pub(super) fn wait(self) -> io::Result<Lock> {
    let Busy { mut file, path } = self;
    loop {
      file.lock()?;
      if is_at(&file, &path) {
        return Ok(Lock { file, path });
      }
      file = open(&path)?;
    }
  }
}

/// Leaves a word for the process that holds the lock with this name.
///
/// # Errors
/// It can't be written.
pub(super) fn leave_word(store: &Path, name: &str, word: &str) -> io::Result<()> {
  let mut file = OpenOptions::new().append(true).open(place(store, name)?)?;
  writeln!(file, "{}", word.replace('\n', " "))
}

/// The process that holds the lock with this name, if any does. Looking at it keeps nobody from taking it for long.
///
/// # Errors
/// It can't be looked at.
pub(super) fn holder(store: &Path, name: &str) -> io::Result<Option<i32>> {
  let path = place(store, name)?;
  let file = match File::open(&path) {
    Ok(file) => file,
    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
    Err(error) => return Err(error),
  };
  match file.try_lock_shared() {
    Ok(()) => Ok(None),
    Err(TryLockError::WouldBlock) => Ok(Busy { file, path }.holder().map(|(process, _)| process)),
    Err(TryLockError::Error(error)) => Err(error),
  }
}

fn place(store: &Path, name: &str) -> io::Result<PathBuf> {
  let locks = store.join("locks");
  DirBuilder::new().recursive(true).mode(0o700).create(&locks)?;
  let hash = blake3::hash(name.as_bytes()).to_hex();
  Ok(locks.join(format!("{}.lock", &hash[..32])))
}

fn open(path: &Path) -> io::Result<File> {
  let mut options = OpenOptions::new();
  options.read(true).write(true).create(true).truncate(false).mode(0o600);
  options.open(path)
}

/// Whether the path still leads to this file.
fn is_at(file: &File, path: &Path) -> bool {
  let (Ok(own), Ok(there)) = (file.metadata(), fs::metadata(path)) else {
    return false;
  };
  (own.dev(), own.ino()) == (there.dev(), there.ino())
}
