//! orch's end of the line to its guard. Starts one when it is first needed, and another once that one is gone: workers are
//! never without one for longer than it takes to start.

use std::{
  collections::BTreeMap,
  ffi::OsStr,
  io::{self, Write},
  os::unix::{ffi::OsStrExt, process::CommandExt},
  path::{Path, PathBuf},
  process::{Child, ChildStdout, Command, Stdio},
  sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
  thread,
};

use crate::workers::group::Group;

use super::GUARD_COMMAND;

/// How often a guard is replaced as soon as it is gone. One that never lives is not started again and again: whoever
/// starts the next worker tries once more, and is told.
const REPLACED: u32 = 20;

/// The guard of this orch.
pub(in crate::workers) struct Guard(Arc<Mutex<State>>);

struct State {
  program: PathBuf,
  /// Of those who watch the guard.
  own: Weak<Mutex<State>>,
  child: Option<Child>,
  replaced: u32,
  /// What a new guard has to be told.
  known: BTreeMap<PathBuf, Option<Group>>,
}

impl Guard {
  pub(in crate::workers) fn new(program: PathBuf) -> Self {
    Self(Arc::new_cyclic(|own| {
      Mutex::new(State {
        program,
        own: own.clone(),
        child: None,
        replaced: 0,
        known: BTreeMap::new(),
      })
    }))
  }

  /// Tells of a scratch directory before a process is started for it.
  ///
  /// # Errors
  /// There is no guard and none can be started; without one, nothing may run.
  pub(in crate::workers) fn enter(&self, scratch: &Path) -> io::Result<()> {
    let mut state = lock(&self.0);
    state.known.insert(scratch.into(), None);
    let told = state.tell(&entered(scratch));
    if told.is_err() {
      state.known.remove(scratch);
    }
    told
  }

  /// Tells which group runs in a directory that was entered. Should it fail, the next `enter` tells it anew.
  pub(in crate::workers) fn occupy(&self, scratch: &Path, group: Group) {
    let mut state = lock(&self.0);
    state.known.insert(scratch.into(), Some(group));
    let _ = state.tell(&occupied(scratch, group));
  }

  /// Tells that nothing of it is left.
  pub(in crate::workers) fn leave(&self, scratch: &Path) {
    let mut state = lock(&self.0);
    if state.known.remove(scratch).is_some() {
      let _ = state.send(&record("-", scratch.as_os_str()));
    }
  }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
  state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
  /// Sends it to the guard that there is, else all that is known to a new one.
  fn tell(&mut self, record: &[u8]) -> io::Result<()> {
    if self.child.is_some() && self.send(record).is_ok() {
      return Ok(());
    }
    self.renew()
  }

  /// A new guard, which is told all.
  fn renew(&mut self) -> io::Result<()> {
    self.dismiss();
    let mut child = start(&self.program)?;
    watch(self.own.clone(), &mut child);
    self.child = Some(child);
    let all: Vec<u8> = self
      .known
      .iter()
      .flat_map(|(path, group)| known(path, *group))
      .collect();
    self.send(&all)
  }

  /// This guard is gone, and nobody has told it to go.
  fn replace(&mut self, gone: u32) {
    if self.child.as_ref().map(Child::id) != Some(gone) {
      return;
    }
    if self.known.is_empty() || self.replaced == REPLACED {
      return self.dismiss();
    }
    self.replaced += 1;
    // should it fail, the next worker says so
    let _ = self.renew();
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

/// Has a guard replaced once it is gone. It says nothing, so its standard output ends when it does. Without a thread for
/// that, it is replaced when the next worker starts.
fn watch(state: Weak<Mutex<State>>, child: &mut Child) {
  let id = child.id();
  let Some(mut output) = child.stdout.take() else { return };
  let watching = move || {
    await_end(&mut output);
    if let Some(state) = state.upgrade() {
      lock(&state).replace(id);
    }
  };
  let _ = thread::Builder::new().name("guard".into()).spawn(watching);
}

fn await_end(output: &mut ChildStdout) {
  // an error is an end, too
  let _ = io::copy(output, &mut io::sink());
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
    .stdout(Stdio::piped())
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
