//! Interrupted runs: what they say, and that nothing of them is left.

use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use super::room::{Room, Seen, signal, until};

const SLEEPERS: &str = r#"
worker sleep_long(i: int) {
  shell   """echo asleep >&2; sleep 600 & touch "started$i"; wait"""
  cwd     "."
  timeout 1h
}

worker ignore_all() {
  shell   """trap "" TERM INT; touch started; while :; do sleep 1; done"""
  cwd     "."
  timeout 1h
}

/// Three that end when asked to.
orchestrator obedient() -> int {
  slept = each i in range(0, 3) with concurrent 1 => sleep_long(i)
  return len(slept)
}

/// One that does not.
orchestrator stubborn() -> null {
  slept = ignore_all()
  return slept
}
"#;

fn interrupted(sent: Signal) {
  let room = Room::with(&[("sleepers.orch", SLEEPERS)]);
  let child = room.start(&["run", "sleepers.orch", "obedient"], "started0");
  signal(&child, sent);
  let seen: Seen = child.wait_with_output().expect("orch ends").into();
  assert_eq!((seen.exit, seen.out.as_str()), (Some(130), ""), "{seen:?}");
  for part in [
    "kept in the journal",
    "obedient was interrupted after",
    "journal in .orch",
  ] {
    assert!(seen.err.contains(part), "no `{part}` in:\n{}", seen.err);
  }
  room.assert_left_clean();
  assert!(!room.path().join("started1").exists(), "another worker was started");
}

#[test]
fn ctrl_c_ends_the_workers_and_keeps_what_is_done() {
  interrupted(Signal::SIGINT);
}

#[test]
fn sigterm_does_the_same() {
  interrupted(Signal::SIGTERM);
}

/// The grace time of a worker is 5 s; without it this takes some milliseconds.
#[test]
fn a_second_ctrl_c_kills_what_ignores_the_first() {
  let room = Room::with(&[("sleepers.orch", SLEEPERS)]);
  let child = room.start(&["run", "sleepers.orch", "stubborn"], "started");
  let start = std::time::Instant::now();
  signal(&child, Signal::SIGINT);
  // two signals of a kind may become one; of two kinds they do not
  signal(&child, Signal::SIGTERM);
  let seen: Seen = child.wait_with_output().expect("orch ends").into();
  assert_eq!(seen.exit, Some(130), "{seen:?}");
  assert!(start.elapsed().as_millis() < 4_500, "it waited for the grace time");
  room.assert_left_clean();
}

#[test]
fn a_killed_orch_leaves_no_worker() {
  let room = Room::with(&[("sleepers.orch", SLEEPERS)]);
  let mut child = room.start(&["run", "sleepers.orch", "obedient"], "started0");
  signal(&child, Signal::SIGKILL);
  child.wait().expect("orch ends");
  room.await_clean();
}

const LONG: &str = r#"
/// More than any pipe holds.
orchestrator long() -> [string] {
  return ["0123456789${i}" for i in range(0, 20000)]
}
"#;

#[test]
fn a_result_that_nobody_reads_can_be_interrupted() {
  let room = Room::with(&[("long.orch", LONG)]);
  let mut command = room.command(&["run", "long.orch", "--events", "events"]);
  let command: &mut Command = command.stdout(Stdio::piped()).stderr(Stdio::null());
  let mut child = command.spawn().expect("orch starts");
  let events = room.path().join("events");
  until("the run is over", || {
    std::fs::read_to_string(&events).is_ok_and(|text| text.contains("\"run_succeeded\""))
  });
  // the signal may come while the run itself listens last: that one is lost, the next is not
  until("it ends", || {
    signal(&child, Signal::SIGTERM);
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    stat.contains(") Z ")
  });
  assert_eq!(child.wait().expect("an end").code(), Some(130));
}
