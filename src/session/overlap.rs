//! Runs that may not overlap: who holds a key, and what a second run does about it.

use std::{io, path::Path};

use nix::{
  sys::signal::{Signal, kill},
  unistd::Pid,
};

use super::{
  RunError,
  lock::{Busy, Lock},
};
use crate::hir::OverlapPolicy;

/// The signal that asks a run to be cancelled.
pub(super) const CANCEL: Signal = Signal::SIGUSR1;

/// Takes the key, or does what the policy says where another run holds it; `say` is told what is waited for. The run
/// that holds it announces itself.
///
/// # Errors
/// The run is skipped, or the key can't be held.
pub(super) fn hold(
  store: &Path,
  key: &str,
  policy: OverlapPolicy,
  say: &mut dyn FnMut(&str),
) -> Result<Lock, RunError> {
  match Lock::take(store, key).map_err(|error| broken(&error))? {
    Ok(lock) => Ok(lock),
    Err(busy) => wait(busy, policy, say),
  }
}

fn wait(mut busy: Busy, policy: OverlapPolicy, say: &mut dyn FnMut(&str)) -> Result<Lock, RunError> {
  let holder = busy.holder();
  let shown = holder.as_ref().map_or("another run", |(_, run)| run);
  match (policy, &holder) {
    (OverlapPolicy::Skip, _) => {
      let reason = format!("skipped: run {shown} with the same key is in progress");
      return Err(RunError::Skipped(reason));
    }
    (OverlapPolicy::Cancel, Some((process, _))) => {
      say(&format!("cancelling run {shown}, which has the same key"));
      // it may have ended by itself
      let _ = kill(Pid::from_raw(*process), CANCEL);
    }
    _ => say(&format!("waiting for run {shown}, which has the same key")),
  }
  busy.wait().map_err(|error| broken(&error))
}

pub(super) fn broken(error: &io::Error) -> RunError {
  RunError::Broken(format!("can't hold the key of `overlap`: {error}"))
}
