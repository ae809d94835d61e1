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

use crate::files::remove_tree;
use crate::workers::{
  GRACE,
  environment::SCRATCH,
  group::{Group, processes},
  scratch::is_scratch,
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
  await_end(left, |_| {});
  await_end(left, Group::kill);
}

/// Looks at what is left, and acts on it, until there is nothing or the grace is over. What has no number yet is
/// looked for again: a process that starts its program, or hands over to a child, can't be seen for a moment.
fn await_end(left: &Left, act: impl Fn(Group)) {
  let looks = if left.values().any(Option::is_none) { 3 } else { 1 };
  let give_up_at = Instant::now() + GRACE;
  let mut in_vain = 0;
  while in_vain < looks && Instant::now() < give_up_at {
    in_vain = if each_group(left, &act) { 0 } else { in_vain + 1 };
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

/// The groups of what was being started when orch was killed, too early for it to say their number: their scratch
/// directory tells. All are there by now, for until its program runs, a process keeps orch's line open.
fn unnamed(left: &Left) -> BTreeSet<Group> {
  let nameless = left.iter().filter(|(_, group)| group.is_none());
  let marks: Vec<Vec<u8>> = nameless.map(|(path, _)| mark(path)).collect();
  if marks.is_empty() {
    return BTreeSet::new();
  }
  let all = processes().into_iter().flatten();
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

  /// Also one that is not the first of its group any more.
  #[test]
  fn a_process_whose_number_was_never_said_is_found_and_its_directory_removed() {
    use std::os::unix::process::CommandExt;
    let parent = tempfile::tempdir().expect("a directory");
    let scratch = parent.path().join("orch-0-x");
    fs::create_dir_all(scratch.join("below")).expect("a scratch directory");
    let mut command = std::process::Command::new("sh");
    command
      .args(["-c", "sleep 1000 &"])
      .env(SCRATCH, &scratch)
      .process_group(0);
    let mut first = command.spawn().expect("sh");
    let group = Group::new(first.id()).expect("a group");
    first.wait().expect("an end");
    assert!(group.is_alive());
    guard(&[b"+", scratch.as_os_str().as_bytes(), b"\0"].concat()[..]);
    assert!(!group.is_alive());
    assert!(!scratch.exists());
  }

  #[test]
  fn a_directory_that_is_no_scratch_is_left_alone() {
    let parent = tempfile::tempdir().expect("a directory");
    guard(&[b"+", parent.path().as_os_str().as_bytes(), b"\0"].concat()[..]);
    assert!(parent.path().exists());
  }
}
