//! The guard's own life: it listens until orch is gone, then ends what orch left. Knows nothing of workers.

use std::{
  collections::{BTreeMap, BTreeSet},
  ffi::OsStr,
  fs,
  io::BufRead,
  os::unix::ffi::OsStrExt,
  path::{Path, PathBuf},
  thread::sleep,
  time::{Duration, Instant},
};

use nix::sys::signal::{SigSet, Signal};

use crate::workers::{
  GRACE,
  environment::SCRATCH,
  group::{Group, processes},
  scratch::{is_scratch, remove_tree},
};

/// Listens to orch until it hangs up, whatever the reason; then ends the groups that are left, and removes their
/// scratch directories. Returns when nothing is left.
pub fn guard(input: impl BufRead) {
  outlive_orch();
  let left = listen(input);
  end(&left);
  for scratch in left.keys().filter(|path| is_scratch(path)) {
    remove_tree(scratch);
  }
}

/// What ends a whole session at once (a terminal that closes, a `kill` of everything called orch) is to end orch first.
fn outlive_orch() {
  let deaf = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGTSTP,
  ];
  let _ = SigSet::from_iter(deaf).thread_block();
}

type Left = BTreeMap<PathBuf, Option<Group>>;

fn listen(input: impl BufRead) -> Left {
  let mut left = Left::new();
  for record in input.split(0).map_while(Result::ok) {
    note(&mut left, &record);
  }
  left
}

fn note(left: &mut Left, record: &[u8]) {
  let path = |bytes: &[u8]| PathBuf::from(OsStr::from_bytes(bytes));
  match record {
    [b'+', rest @ ..] => _ = left.insert(path(rest), None),
    [b'-', rest @ ..] => _ = left.remove(&path(rest)),
    [b'=', rest @ ..] => {
      let mut parts = rest.splitn(2, |byte| *byte == b' ');
      let id = parts.next().and_then(|id| std::str::from_utf8(id).ok()?.parse().ok());
      if let (Some(group), Some(rest)) = (id.and_then(Group::new), parts.next()) {
        left.insert(path(rest), Some(group));
      }
    }
    _ => {}
  }
}

/// SIGTERM, grace, SIGKILL. Returns once they are gone, or can't be ended at all.
fn end(left: &Left) {
  each_group(left, Group::terminate);
  let kill_at = Instant::now() + GRACE;
  while Instant::now() < kill_at && each_group(left, |_| {}) {
    sleep(Duration::from_millis(20));
  }
  let give_up_at = Instant::now() + GRACE;
  while each_group(left, Group::kill) && Instant::now() < give_up_at {
    sleep(Duration::from_millis(20));
  }
}

/// Does it to every group that lives; says whether there was one.
fn each_group(left: &Left, act: impl Fn(Group)) -> bool {
  let running = running_groups();
  let lives = |group: &Group| {
    running
      .as_ref()
      .map_or_else(|| group.is_alive(), |all| all.contains(group))
  };
  let named = left.values().flatten().copied();
  let alive: BTreeSet<Group> = named.chain(unnamed(left)).filter(lives).collect();
  alive.iter().for_each(|group| act(*group));
  !alive.is_empty()
}

fn running_groups() -> Option<BTreeSet<Group>> {
  Some(processes()?.filter(|one| one.runs).map(|one| one.group).collect())
}

/// The groups of processes that were being started when orch was killed, too early for it to say their number: their
/// scratch directory tells. They are all there by now, for until its program runs, a process keeps orch's line open.
fn unnamed(left: &Left) -> Vec<Group> {
  let nameless = left.iter().filter(|(_, group)| group.is_none());
  let marks: Vec<Vec<u8>> = nameless.map(|(path, _)| mark(path)).collect();
  if marks.is_empty() {
    return Vec::new();
  }
  let all = processes().into_iter().flatten().filter(|one| one.id == one.group.id());
  all
    .filter(|one| is_marked(one.id, &marks))
    .map(|one| one.group)
    .collect()
}

fn mark(path: &Path) -> Vec<u8> {
  [SCRATCH.as_bytes(), b"=", path.as_os_str().as_bytes()].concat()
}

fn is_marked(process: u32, marks: &[Vec<u8>]) -> bool {
  let environment = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
  environment
    .split(|byte| *byte == 0)
    .any(|entry| marks.iter().any(|mark| mark == entry))
}

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn what_was_left_is_forgotten_and_nonsense_is_no_group() {
    let told =
      b"+/t/orch-1-a\0=77 /t/orch-1-a\0+/t/orch-1-b\0+/t/orch-1 c\n\0=78 /t/orch-1 c\n\0-/t/orch-1-b\0=0 /x\0?\0\0";
    let left = listen(&told[..]);
    let expected = [("/t/orch-1 c\n", Group::new(78)), ("/t/orch-1-a", Group::new(77))];
    assert_eq!(left, expected.map(|(path, group)| (PathBuf::from(path), group)).into());
  }

  #[test]
  fn a_process_whose_number_was_never_said_is_found_and_its_directory_removed() {
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    let parent = tempfile::tempdir().expect("a directory");
    let scratch = parent.path().join("orch-0-x");
    fs::create_dir_all(scratch.join("below")).expect("a scratch directory");
    let mut command = std::process::Command::new("sleep");
    let mut child = command
      .arg("1000")
      .env(SCRATCH, &scratch)
      .process_group(0)
      .spawn()
      .expect("sleep");
    guard(&[b"+", scratch.as_os_str().as_bytes(), b"\0"].concat()[..]);
    assert_eq!(child.wait().expect("an end").signal(), Some(15));
    assert!(!scratch.exists());
  }

  #[test]
  fn a_directory_that_is_no_scratch_is_left_alone() {
    let parent = tempfile::tempdir().expect("a directory");
    guard(&[b"+", parent.path().as_os_str().as_bytes(), b"\0"].concat()[..]);
    assert!(parent.path().exists());
  }
}
