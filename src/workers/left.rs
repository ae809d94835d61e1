//! Workers that an orch which is gone has left behind: they are found by what they were told, and ended. Knows nothing of
//! journals.

use std::{
  collections::{BTreeMap, BTreeSet},
  ffi::OsStr,
  fs,
  os::unix::ffi::OsStrExt,
  path::PathBuf,
  thread::sleep,
  time::{Duration, Instant},
};

use super::{
  GRACE,
  environment::{RUN, SCRATCH},
  group::{Group, processes},
  scratch::is_scratch,
};
use crate::files::remove_tree;

const PAUSE: Duration = Duration::from_millis(20);

/// Ends all processes that serve this run, with SIGTERM, grace and SIGKILL, and removes their scratch directories. How
/// many process groups there were. Where the system has no `/proc`, none are found.
///
/// Nobody else may drive the run meanwhile.
pub fn end_left_behind(run: &str) -> usize {
  let mut scratch = BTreeSet::new();
  let first = left(run, &mut scratch);
  first.iter().for_each(|group| group.terminate());
  await_end(run, &mut scratch, |_| {});
  await_end(run, &mut scratch, Group::kill);
  let scratch = scratch.iter().filter(|path| is_scratch(path));
  scratch.for_each(|path| remove_tree(path));
  first.len()
}

fn await_end(run: &str, scratch: &mut BTreeSet<PathBuf>, act: impl Fn(Group)) {
  let give_up_at = Instant::now() + GRACE;
  loop {
    let alive = left(run, scratch);
    if alive.is_empty() || Instant::now() >= give_up_at {
      return;
    }
    alive.into_iter().for_each(&act);
    sleep(PAUSE);
  }
}

/// The groups of the run's processes, without our own.
fn left(run: &str, scratch: &mut BTreeSet<PathBuf>) -> BTreeSet<Group> {
  let own = u32::try_from(nix::unistd::getpgrp().as_raw()).ok().and_then(Group::new);
  let others = processes()
    .into_iter()
    .flatten()
    .filter(|one| one.runs && Some(one.group) != own);
  let mut found = BTreeSet::new();
  for one in others {
    let told = told(one.id);
    if told.get(RUN.as_bytes()).is_some_and(|told| told == run.as_bytes()) {
      found.insert(one.group);
      let path = told
        .get(SCRATCH.as_bytes())
        .map(|path| PathBuf::from(OsStr::from_bytes(path)));
      scratch.extend(path);
    }
  }
  found
}

/// The environment that a process began with; empty for those of others.
fn told(process: u32) -> BTreeMap<Vec<u8>, Vec<u8>> {
  let environment = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
  let entries = environment.split(|byte| *byte == 0).filter_map(|entry| {
    let equals = entry.iter().position(|byte| *byte == b'=')?;
    Some((entry[..equals].to_vec(), entry[equals + 1..].to_vec()))
  });
  entries.collect()
}

#[cfg(test)]
mod tests {
  use std::{os::unix::process::CommandExt, process::Command};

  use super::*;

  fn worker(run: &str, script: &str) -> std::process::Child {
    let mut command = Command::new("sh");
    command.args(["-c", script]).env(RUN, run).process_group(0);
    command.spawn().expect("sh")
  }

  #[test]
  fn only_workers_of_the_run_are_ended_deaf_ones_too() {
    let mut other = worker("r-other", "sleep 1000");
    let mut one = worker("r-left", "sleep 1000 & wait");
    let mut deaf = worker("r-left", "trap '' TERM; while :; do sleep 0.1; done");
    let mut scratch = BTreeSet::new();
    while left("r-left", &mut scratch).len() < 2 {
      sleep(PAUSE);
    }
    let reaped = std::thread::spawn(move || (one.wait(), deaf.wait()));
    assert_eq!(end_left_behind("r-left"), 2);
    assert_eq!(left("r-left", &mut scratch).len(), 0);
    reaped.join().expect("both ended").0.expect("an end");
    assert!(other.try_wait().expect("a state").is_none());
    other.kill().expect("it is ended");
    other.wait().expect("an end");
  }
}
