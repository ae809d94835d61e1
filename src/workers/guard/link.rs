//! orch's end of the line to its guard. Starts one when it is first needed, and another if that one is gone.

use std::{
  collections::BTreeMap,
  ffi::OsStr,
  io::{self, Write},
  os::unix::{ffi::OsStrExt, process::CommandExt},
  path::{Path, PathBuf},
  process::{Child, Command, Stdio},
  sync::{Mutex, MutexGuard, PoisonError},
};

use crate::workers::group::Group;

use super::GUARD_COMMAND;

/// The guard of this orch.
pub(in crate::workers) struct Guard {
  program: PathBuf,
  state: Mutex<State>,
}

#[derive(Default)]
struct State {
  child: Option<Child>,
  /// What a new guard has to be told.
  known: BTreeMap<PathBuf, Option<Group>>,
}

impl Guard {
  pub(in crate::workers) fn new(program: PathBuf) -> Self {
    Self {
      program,
      state: Mutex::default(),
    }
  }

  /// Tells of a scratch directory before a process is started for it.
  ///
  /// # Errors
  /// There is no guard and none can be started; without one, nothing may run.
  pub(in crate::workers) fn enter(&self, scratch: &Path) -> io::Result<()> {
    let mut state = self.state();
    state.known.insert(scratch.into(), None);
    let told = state.tell(&self.program, &entered(scratch));
    if told.is_err() {
      state.known.remove(scratch);
    }
    told
  }

  /// Tells which group runs in a directory that was entered. Should it fail, the next `enter` tells it anew.
  pub(in crate::workers) fn occupy(&self, scratch: &Path, group: Group) {
    let mut state = self.state();
    state.known.insert(scratch.into(), Some(group));
    let _ = state.tell(&self.program, &occupied(scratch, group));
  }

  /// Tells that nothing of it is left.
  pub(in crate::workers) fn leave(&self, scratch: &Path) {
    let mut state = self.state();
    if state.known.remove(scratch).is_some() {
      let _ = state.send(&record("-", scratch.as_os_str()));
    }
  }

  fn state(&self) -> MutexGuard<'_, State> {
    self.state.lock().unwrap_or_else(PoisonError::into_inner)
  }
}

impl State {
  /// Sends it to the guard that there is, else all that is known to a new one.
  fn tell(&mut self, program: &Path, record: &[u8]) -> io::Result<()> {
    if self.child.is_some() && self.send(record).is_ok() {
      return Ok(());
    }
    self.dismiss();
    self.child = Some(start(program)?);
    let all: Vec<u8> = self
      .known
      .iter()
      .flat_map(|(path, group)| known(path, *group))
      .collect();
    self.send(&all)
  }

  fn send(&mut self, records: &[u8]) -> io::Result<()> {
    let line = self.child.as_mut().and_then(|child| child.stdin.as_mut());
    line.ok_or(io::ErrorKind::BrokenPipe)?.write_all(records)
  }

  /// Hangs up; the guard ends what it still knows of, then itself.
  fn dismiss(&mut self) {
    if let Some(mut child) = self.child.take() {
      drop(child.stdin.take());
      let _ = child.wait();
    }
  }
}

/// Waits for the guard, so that it is no zombie in a program that goes on; it has nothing left to do.
impl Drop for State {
  fn drop(&mut self) {
    self.dismiss();
  }
}

/// In a group of its own, so that an interrupt from the terminal is not for it, and holding nothing of orch's open.
fn start(program: &Path) -> io::Result<Child> {
  let mut command = Command::new(program);
  command
    .arg0("orch")
    .arg(GUARD_COMMAND)
    .env_clear()
    .current_dir("/")
    .process_group(0);
  command
    .stdin(Stdio::piped())
    .stdout(Stdio::null())
    .stderr(Stdio::null())
    .spawn()
}

fn known(path: &Path, group: Option<Group>) -> Vec<u8> {
  let mut records = entered(path);
  records.extend(group.map(|group| occupied(path, group)).unwrap_or_default());
  records
}

fn entered(path: &Path) -> Vec<u8> {
  record("+", path.as_os_str())
}

fn occupied(path: &Path, group: Group) -> Vec<u8> {
  record(&format!("={} ", group.id()), path.as_os_str())
}

fn record(head: &str, path: &OsStr) -> Vec<u8> {
  [head.as_bytes(), path.as_bytes(), b"\0"].concat()
}
