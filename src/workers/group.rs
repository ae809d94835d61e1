//! Process groups: signals to them, and whether anything of one is alive. Knows nothing of why.

use std::fs;

use nix::{
  errno::Errno,
  sys::signal::{Signal, killpg},
  unistd::Pid,
};

/// A process group, named by the process that it began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group(i32);

impl Group {
  /// `None` for what names no group of ours: 0 and 1 stand for others.
  pub(super) fn new(id: u32) -> Option<Self> {
    i32::try_from(id).ok().filter(|id| *id > 1).map(Self)
  }

  pub(super) fn id(self) -> u32 {
    self.0.unsigned_abs()
  }

  /// Asks all of it to end; what is stopped is woken, or it could not.
  pub(super) fn terminate(self) {
    self.signal(Signal::SIGTERM);
    self.signal(Signal::SIGCONT);
  }

  pub(super) fn kill(self) {
    self.signal(Signal::SIGKILL);
  }

  /// A group that is gone needs no signal, and for one that belongs to another user there is nothing to be done.
  fn signal(self, signal: Signal) {
    let _ = killpg(Pid::from_raw(self.0), signal);
  }

  /// Whether a process of it still runs. One that has ended and was not reaped by its parent does not.
  pub(super) fn is_alive(self) -> bool {
    if killpg(Pid::from_raw(self.0), None) == Err(Errno::ESRCH) {
      return false;
    }
    processes().is_none_or(|mut all| all.any(|one| one.group == self && one.runs))
  }
}

/// A process, as `/proc` shows it.
pub(super) struct Process {
  pub(super) id: u32,
  pub(super) group: Group,
  /// Neither ended nor being taken away.
  pub(super) runs: bool,
}

/// All processes in a group of their own kind; `None` on a system without `/proc`.
pub(super) fn processes() -> Option<impl Iterator<Item = Process>> {
  let entries = fs::read_dir("/proc").ok()?;
  let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
  let mut found = ids
    .filter_map(|id: u32| stat(id, &fs::read(format!("/proc/{id}/stat")).ok()?))
    .peekable();
  found.peek()?;
  Some(found)
}

/// Reads `PID (NAME) STATE PARENT GROUP ...`, where the name may hold anything.
fn stat(id: u32, line: &[u8]) -> Option<Process> {
  let name_ends = line.iter().rposition(|byte| *byte == b')')?;
  let rest = std::str::from_utf8(&line[name_ends + 1..]).ok()?;
  let mut words = rest.split_ascii_whitespace();
  let state = words.next()?;
  let group = Group::new(words.nth(1)?.parse().ok()?)?;
  let runs = !matches!(state, "Z" | "X" | "x");
  Some(Process { id, group, runs })
}

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn a_name_with_brackets_does_not_hide_the_group() {
    let found = stat(7, b"7 (a) Z (b) S 1 4242 4242 0 -1").expect("a line as the kernel writes it");
    assert_eq!((found.group.id(), found.runs), (4242, true));
    assert!(!stat(7, b"7 (sleep) Z 1 4242 4242 0 -1").expect("a zombie").runs);
  }

  #[test]
  fn no_group_stands_for_all_processes() {
    assert_eq!(Group::new(0), None);
    assert_eq!(Group::new(1), None);
    assert_eq!(Group::new(u32::MAX), None);
  }
}
