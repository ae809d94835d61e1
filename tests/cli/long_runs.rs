//! Runs with so many records that they go on from a snapshot.

use nix::sys::signal::Signal;

use super::room::{Room, json, signal};

/// Waits after its many steps until the file `go` is there.
const PROGRAM: &str = r#"
defaults { timeout 1m, idempotent }
worker quick(n: int) -> int { mock return n }
worker slow(n: int) -> int { shell """echo once >> log; touch began; until [ -e go ]; do sleep 0.01; done; echo "$n" """ }

/// Some 55,000 records.
orchestrator main() -> int {
  xs  = each n in range(11000) with concurrent 64 => quick(n)
  sum = sum(xs)
  all = slow(sum)
  return all
}
"#;

/// Killed in the last step, and free to go on.
fn killed() -> Room {
  let room = Room::with(&[("main.orch", PROGRAM)]);
  let mut child = room.start(&["run", "main.orch", "-q"], "began");
  signal(&child, Signal::SIGKILL);
  child.wait().expect("it is gone");
  std::fs::write(room.path().join("go"), "").expect("a file");
  room
}

fn database(room: &Room, statement: &str) -> usize {
  let path = room.path().join(".orch/journal.db");
  let database = rusqlite::Connection::open(path).expect("a database");
  database.execute(statement, []).expect("a statement")
}

/// It has its result, and each step was done once but for the one that was cut short.
fn goes_on(room: &Room) -> String {
  let seen = room.orch(&["resume"]);
  assert_eq!(
    (seen.exit, json(&seen.out)),
    (Some(0), serde_json::json!(60_494_500)),
    "{}",
    seen.err
  );
  let log = std::fs::read_to_string(room.path().join("log")).expect("a log");
  assert_eq!(log, "once\nonce\n");
  seen.err
}

#[test]
fn a_long_run_goes_on_from_its_snapshot_and_knows_all_that_it_did() {
  let room = killed();
  let shown = goes_on(&room);
  assert!(shown.contains("11000"), "{shown}");
  let kept = database(&room, "DELETE FROM snapshots");
  assert_eq!(kept, 0, "a run that is over needs none");
}

#[test]
fn a_long_run_does_not_need_what_its_snapshot_stands_for_and_says_that_it_is_damaged() {
  let room = killed();
  assert_eq!(database(&room, "UPDATE records SET at = at + 1 WHERE seq = 1000"), 1);
  let shown = goes_on(&room);
  assert!(shown.contains("record 1000 of run"), "{shown}");
}

#[test]
fn a_long_run_with_a_damaged_snapshot_goes_on_from_its_records() {
  let room = killed();
  assert_eq!(database(&room, "UPDATE snapshots SET bytes = zeroblob(10)"), 1);
  goes_on(&room);
}
