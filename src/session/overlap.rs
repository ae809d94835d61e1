//! Runs that may not overlap: who holds a key, and what a second run does about it. The key is held by a lock on a
//! file, which the system gives back whatever becomes of the process.
#![expect(clippy::disallowed_methods, reason = "locks are files")]

use std::{
  fs::{DirBuilder, File, OpenOptions, TryLockError},
  io::{self, Read, Seek, Write},
  os::unix::fs::{DirBuilderExt, OpenOptionsExt},
  path::Path,
  thread::sleep,
  time::Duration,
};

use nix::{
  sys::signal::{Signal, kill},
  unistd::Pid,
};

use super::RunError;
use crate::hir::OverlapPolicy;

/// The signal that asks a run to be cancelled for another with the same key.
pub(super) const CANCEL: Signal = Signal::SIGUSR1;

/// How long a holder may take to say who it is.
const LOOKS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// The key is held as long as this lives.
pub(super) struct Held(File);

/// Takes the key, or does what the policy says where another run holds it; `say` is told what is waited for.
///
/// # Errors
/// The run is skipped, or the key can't be held.
pub(super) fn hold(
  store: &Path,
  key: &str,
  policy: OverlapPolicy,
  say: &mut dyn FnMut(&str),
) -> Result<Held, RunError> {
  let broken = |error: io::Error| RunError::Broken(format!("can't hold the key of `overlap`: {error}"));
  let mut file = open(store, key).map_err(broken)?;
  match file.try_lock() {
    Ok(()) => return Ok(Held(file)),
    Err(TryLockError::WouldBlock) => {}
    Err(TryLockError::Error(error)) => return Err(broken(error)),
  }
  let holder = holder(&mut file);
  let shown = holder.as_ref().map_or("another run", |(_, run)| run);
  match (policy, &holder) {
    (OverlapPolicy::Skip, _) => {
      let reason = format!("skipped: run {shown} with the same key is in progress");
      return Err(RunError::Skipped(reason));
    }
    (OverlapPolicy::Cancel, Some((process, _))) => {
      say(&format!("cancelling run {shown}, which has the same key"));
      // it may have ended by itself
      let _ = kill(*process, CANCEL);
    }
    _ => say(&format!("waiting for run {shown}, which has the same key")),
  }
  file.lock().map_err(broken)?;
  Ok(Held(file))
}

fn open(store: &Path, key: &str) -> io::Result<File> {
  let locks = store.join("locks");
  DirBuilder::new().recursive(true).mode(0o700).create(&locks)?;
  let name = blake3::hash(key.as_bytes()).to_hex();
  let mut options = OpenOptions::new();
  options.read(true).write(true).create(true).truncate(false).mode(0o600);
  options.open(locks.join(format!("{}.lock", &name[..32])))
}

/// The process and the run that hold the lock; `None` if they never say.
fn holder(file: &mut File) -> Option<(Pid, String)> {
  for _ in 0..LOOKS {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    if let (Ok(_), Some((process, run))) = (read, text.trim().split_once(' ')) {
      return Some((Pid::from_raw(process.parse().ok()?), run.to_owned()));
    }
    sleep(PAUSE);
  }
  None
}

impl Held {
  /// Says who holds the key. Only now may it be asked to cancel.
  ///
  /// # Errors
  /// The file can't be written.
  pub(super) fn announce(&mut self, run: &str) -> io::Result<()> {
    self.0.set_len(0)?;
    self.0.rewind()?;
    writeln!(self.0, "{} {run}", std::process::id())
  }
}

/// The lock outlives the text: whoever takes it next must not be taken for this run.
impl Drop for Held {
  fn drop(&mut self) {
    let _ = self.0.set_len(0);
  }
}
