//! Runs that reuse what an earlier run has done.

use super::room::{Room, json};

const PROGRAM: &str = r#"
worker get(x: int) -> int { shell "echo get $x >> log; echo $x", timeout 5s }
worker small(x: int) -> int { shell "echo small $x >> log; [ $x -lt 2 ] && echo $x", timeout 5s }
worker make(x: int) -> int { shell "echo make $x >> log; echo $x", timeout 5s }
worker unmake(x: int) -> int { shell "echo unmake $x >> log; echo $x", timeout 5s }
orchestrator main(n: int = 3) -> json {
  a  = get(7)
  m  = make(a) undo unmake(m)
  xs = each x in range(n) with concurrent 1 => small(x)
  b  = get(len(xs)) after m
  return { a, m, xs, b }
}
"#;

/// A run that has failed: `a`, `xs[0]` and `xs[1]` are done, and `m` is undone.
fn failed() -> Room {
  let room = Room::with(&[("p.orch", PROGRAM)]);
  let seen = room.orch(&["run", "p.orch", "-q"]);
  assert_eq!(seen.exit, Some(1), "{seen:?}");
  assert!(taken(&room).contains(&"unmake 7".to_owned()));
  room
}

/// What the workers have written since the last look, in alphabetical order.
fn taken(room: &Room) -> Vec<String> {
  let log = room.path().join("log");
  let text = std::fs::read_to_string(&log).unwrap_or_default();
  let _ = std::fs::remove_file(log);
  let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
  lines.sort();
  lines
}

fn mend(room: &Room) {
  let text = PROGRAM.replace("-lt 2", "-lt 9");
  std::fs::write(room.path().join("p.orch"), text).expect("a file");
}

#[test]
fn what_has_not_changed_is_reused_and_what_has_is_named() {
  let room = failed();
  mend(&room);
  let seen = room.orch(&["run", "p.orch", "--resume"]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  assert_eq!(
    json(&seen.out),
    serde_json::json!({ "a": 7, "m": 7, "xs": [0, 1, 2], "b": 3 })
  );
  assert_eq!(
    taken(&room),
    ["get 3", "make 7", "small 0", "small 1", "small 2"],
    "what was undone is done again"
  );
  assert!(
    seen.err.contains("xs[0]: not reused, for its command changed"),
    "{}",
    seen.err
  );
  assert!(seen.err.contains("a: reuses the outcome of a"), "{}", seen.err);

  let more = room.orch(&["run", "p.orch", "--resume=last", "--n", "4", "-q"]);
  assert_eq!(more.exit, Some(0), "{more:?}");
  assert_eq!(taken(&room), ["get 4", "small 3"], "only what is new");
}

#[test]
fn nothing_is_reused_unless_somebody_says_so() {
  let room = failed();
  mend(&room);
  assert_eq!(room.orch(&["run", "p.orch", "-q"]).exit, Some(0));
  assert_eq!(taken(&room).len(), 6);
}

#[test]
fn a_retry_is_of_the_program_that_the_run_was_begun_with() {
  let room = failed();
  mend(&room);
  let seen = room.orch(&["retry", "last", "-q"]);
  assert_eq!(seen.exit, Some(1), "the stored program still fails: {seen:?}");
  assert_eq!(taken(&room), ["make 7", "small 2", "unmake 7"]);
}

#[test]
fn a_retry_from_a_step_does_it_again_and_what_came_after() {
  let room = Room::with(&[("p.orch", &PROGRAM.replace("-lt 2", "-lt 9"))]);
  assert_eq!(room.orch(&["run", "p.orch", "-q"]).exit, Some(0));
  taken(&room);
  let seen = room.orch(&["retry", "last", "--from", "b", "-q"]);
  assert_eq!(
    (seen.exit, taken(&room)),
    (Some(0), vec!["get 3".to_owned()]),
    "{seen:?}"
  );
  let unknown = room.orch(&["retry", "last", "--from", "nothing"]);
  assert_eq!(unknown.exit, Some(3), "{unknown:?}");
  assert!(unknown.err.contains("it has no step `nothing`"), "{}", unknown.err);
  let no_run = room.orch(&["run", "p.orch", "--resume=nothing"]);
  assert_eq!(no_run.exit, Some(2), "{no_run:?}");
}
