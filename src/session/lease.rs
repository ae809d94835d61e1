//! Who drives a run: at most one process at a time, known to all others. Knows nothing of what driving is.

use std::{io, path::Path, thread::sleep, time::Duration};

use nix::{errno::Errno, sys::signal::kill, unistd::Pid};

use super::{
  RunError,
  lock::{self, Lock},
  overlap::CANCEL,
};

/// How long a lock may outlive its process.
const LOOKS: u32 = 500;
const PAUSE: Duration = Duration::from_millis(10);

/// Takes the run for this process, as long as the lock lives; it is announced once the process listens to `CANCEL`.
///
/// # Errors
/// Another process drives it, or nobody can be kept from doing so.
pub(super) fn take(store: &Path, run: &str) -> Result<Lock, RunError> {
  for _ in 0..LOOKS {
    let mut busy = match Lock::take(store, &name(run)).map_err(|error| broken(run, &error))? {
      Ok(lock) => return Ok(lock),
      Err(busy) => busy,
    };
    match busy.holder() {
      // it was killed while it started a worker, which has its files until it is a program of its own
      Some((process, _)) if is_gone(process) => sleep(PAUSE),
      Some((process, _)) => {
        return Err(RunError::Driven {
          run: run.into(),
          process,
        });
      }
      None => break,
    }
  }
  Err(RunError::Broken(format!(
    "another process has just begun or ended to drive run {run}: try again"
  )))
}

fn is_gone(process: i32) -> bool {
  kill(Pid::from_raw(process), None) == Err(Errno::ESRCH)
}

/// The process that drives a run now.
///
/// # Errors
/// It can't be told.
pub fn driver(store: &Path, run: &str) -> io::Result<Option<i32>> {
  let holder = lock::holder(store, &name(run))?;
  Ok(holder.filter(|process| !is_gone(*process)))
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

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn what_a_killed_process_left_locked_is_waited_for() {
    let store = tempfile::tempdir().expect("a directory");
    let mut held = Lock::take(store.path(), &name("r"))
      .expect("a lock")
      .ok()
      .expect("nobody has it");
    held.announce("run r").expect("it can be written");
    // this process lives
    assert!(matches!(take(store.path(), "r"), Err(RunError::Driven { .. })));
    // no process has such a number
    held.announce_as(i32::MAX, "run r").expect("it can be written");
    assert_eq!(driver(store.path(), "r").expect("it can be told"), None);
    std::thread::scope(|scope| {
      let taken = scope.spawn(|| take(store.path(), "r"));
      sleep(PAUSE);
      drop(held);
      assert!(taken.join().expect("no panic").is_ok());
    });
  }
}
