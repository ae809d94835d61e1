//! Many items: never more at once than allowed, as the records say.

use super::room::{Room, json};

const MANY: &str = r#"
worker answer(i: int) -> int {
  mock    return i
  timeout 1m
}

worker run_true(i: int) -> int {
  exec    ["true"]
  output  i
  timeout 1m
}

/// Mocks.
orchestrator mocks(n: int) -> int {
  answers = each i in range(0, n) with concurrent 8 => answer(i)
  return sum(answers)
}

/// Processes.
orchestrator processes(n: int) -> int {
  answers = each i in range(0, n) with concurrent 8 => run_true(i)
  return sum(answers)
}
"#;

/// Runs it with so many items; gives the result and the most that ran at once.
fn run(room: &Room, orchestrator: &str, items: &str) -> (serde_json::Value, usize) {
  let words = [
    "run",
    "many.orch",
    orchestrator,
    "--n",
    items,
    "-q",
    "--events",
    "events",
  ];
  let seen = room.orch(&words);
  assert_eq!((seen.exit, seen.err.as_str()), (Some(0), ""), "{seen:?}");
  let events = std::fs::read_to_string(room.path().join("events")).expect("events");
  let (mut running, mut peak) = (0_usize, 0);
  for (at, line) in events.lines().enumerate() {
    let record = json(line);
    assert_eq!(record["seq"], at);
    match record["event"].as_str() {
      Some("admitted") => running += 1,
      Some("attempt_ended") => running -= 1,
      _ => {}
    }
    peak = peak.max(running);
  }
  assert_eq!(running, 0);
  (json(&seen.out), peak)
}

#[test]
fn ten_thousand_mocks_eight_at_once() {
  let room = Room::with(&[("many.orch", MANY)]);
  assert_eq!(run(&room, "mocks", "10000"), (serde_json::json!(49_995_000), 8));
}

#[test]
fn two_hundred_processes_eight_at_once() {
  let room = Room::with(&[("many.orch", MANY)]);
  assert_eq!(run(&room, "processes", "200"), (serde_json::json!(19_900), 8));
  room.assert_left_clean();
}

#[test]
fn nothing_to_do_is_done_at_once() {
  let room = Room::with(&[("many.orch", MANY)]);
  assert_eq!(run(&room, "processes", "0"), (serde_json::json!(0), 0));
}
