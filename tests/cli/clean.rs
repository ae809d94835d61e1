//! `orch runs clean`, and how durable a journal is.

use nix::sys::signal::Signal;

use super::room::{Room, json, signal};

const PROGRAM: &str = r#"
worker say(x: int) -> int { shell "echo said >&2; echo $x", timeout 5s }
worker wait() -> int { shell "touch began; sleep 600", timeout 1h }
orchestrator quick() -> int { a = say(1) return a }
orchestrator slow() -> int { a = wait() return a }
"#;

fn ids(room: &Room) -> Vec<String> {
  let seen = room.orch(&["runs", "p.orch", "--format", "json"]);
  let all = json(&seen.out);
  let ids = all
    .as_array()
    .expect("a list")
    .iter()
    .map(|run| run["run"].as_str().expect("an id").to_owned());
  ids.collect()
}

#[test]
fn old_runs_go_with_their_logs_and_unfinished_ones_stay() {
  let room = Room::with(&[("p.orch", PROGRAM)]);
  let mut child = room.start(&["run", "p.orch", "slow"], "began");
  signal(&child, Signal::SIGKILL);
  child.wait().expect("it is gone");
  for _ in 0..3 {
    assert_eq!(room.orch(&["run", "p.orch", "quick", "-q"]).exit, Some(0));
  }
  let before = ids(&room);
  let young = room.orch(&["runs", "clean"]);
  assert_eq!(
    (young.exit, young.out.as_str()),
    (Some(0), "0 runs were removed\n"),
    "{young:?}"
  );
  let words = ["runs", "clean", "--older-than", "0s", "--keep", "1"];
  let shown = room.orch(&[&words[..], &["--dry-run"]].concat());
  assert_eq!((shown.exit, shown.out.lines().count()), (Some(0), 2), "{shown:?}");
  assert_eq!(ids(&room), before, "nothing was removed");
  let cleaned = room.orch(&words);
  assert_eq!(
    (cleaned.exit, cleaned.out.as_str()),
    (Some(0), "2 runs were removed\n"),
    "{cleaned:?}"
  );
  assert_eq!(ids(&room), [before[0].clone(), before[3].clone()]);
  for gone in &before[1..3] {
    assert!(!room.path().join(".orch/logs").join(gone).exists());
  }
  assert!(room.path().join(".orch/logs").join(&before[3]).exists());
  room.await_clean();
}

#[test]
fn a_run_may_be_less_durable_and_still_survives_a_kill() {
  let room = Room::with(&[("p.orch", PROGRAM)]);
  let mut child = room.start(&["run", "p.orch", "slow", "--durability", "process"], "began");
  signal(&child, Signal::SIGKILL);
  child.wait().expect("it is gone");
  let seen = room.orch(&["resume", "last", "--fail-unfinished", "-q"]);
  assert_eq!(seen.exit, Some(1), "{seen:?}");
  assert!(seen.err.contains("interrupted"), "{}", seen.err);
  let wrong = room.orch(&["run", "p.orch", "quick", "--durability", "some"]);
  assert_eq!(wrong.exit, Some(2), "{wrong:?}");
}
