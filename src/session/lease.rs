//! Who drives a run: at most one process at a time, known to all others. Knows nothing of what driving is.

use std::{io, path::Path};

use nix::{sys::signal::kill, unistd::Pid};

use super::{
  RunError,
  lock::{self, Lock},
  overlap::CANCEL,
};

/// Takes the run for this process, as long as the lock lives; it is announced once the process listens to `CANCEL`.
///
/// # Errors
/// Another process drives it, or nobody can be kept from doing so.
pub(super) fn take(store: &Path, run: &str) -> Result<Lock, RunError> {
  match Lock::take(store, &name(run)).map_err(|error| broken(run, &error))? {
    Ok(lock) => Ok(lock),
    Err(mut busy) => Err(match busy.holder() {
      Some((process, _)) => RunError::Driven {
        run: run.into(),
        process,
      },
      None => RunError::Broken(format!(
        "another process has just begun or ended to drive run {run}: try again"
      )),
    }),
  }
}

/// The process that drives a run now.
///
/// # Errors
/// It can't be told.
pub fn driver(store: &Path, run: &str) -> io::Result<Option<i32>> {
  lock::holder(store, &name(run))
}

/// Asks the process that drives a run to cancel it for this reason; whether there is one.
///
/// # Errors
/// It can't be told, or can't be asked.
pub fn ask_to_cancel(store: &Path, run: &str, reason: &str) -> io::Result<bool> {
  let Some(process) = driver(store, run)? else {
    return Ok(false);
  };
  lock::leave_word(store, &name(run), reason)?;
  kill(Pid::from_raw(process), CANCEL)?;
  Ok(true)
}

fn name(run: &str) -> String {
  format!("run {run}")
}

pub(super) fn broken(run: &str, error: &io::Error) -> RunError {
  RunError::Broken(format!("can't take run {run} for this process: {error}"))
}
