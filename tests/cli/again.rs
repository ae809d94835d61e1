//! Runs beside and after other runs: `overlap`, `run.last`, `dispatch`, `orch runs`.

use std::process::Stdio;

use crate::room::{Room, json, until};

const PROGRAM: &str = r#"
defaults { timeout 60s }
worker touch(name: string) { shell "touch $name" }
worker hold(name: string) { shell "touch $name; while [ ! -e go ]; do sleep 0.05; done" }

/// Counts its successes for each repository.
orchestrator counted(repo: string, fails: bool = false) -> { count: int } {
  overlap skip by repo
  require not fails
  return { count: if run.last != null then run.last.value.count + 1 else 1 }
}

/// Waits for its turn.
orchestrator queued(name: string) -> string {
  overlap queue
  hold(name)
  return name
}

/// One after another is skipped.
orchestrator skipped(name: string) -> string {
  overlap skip
  hold(name)
  return name
}

/// The newest wins.
orchestrator newest(name: string, waits: bool) -> string {
  overlap cancel
  x = if waits then hold(name) else touch(name)
  return "${name}${json(x)}"
}

/// A child that outlives its parent.
orchestrator child(name: string) -> string {
  hold(name)
  return run.tracker
}

/// Asks for children and does not wait.
orchestrator parent() -> [string] {
  handles = each name in ["a", "b"] => dispatch child(name)
  return [handle.of for handle in handles]
}
"#;

fn room() -> Room {
  Room::with(&[("p.orch", PROGRAM)])
}

/// What `orch runs` shows: orchestrator, state, parent.
fn runs(room: &Room) -> Vec<(String, String, Option<String>)> {
  let seen = room.orch(&["runs", "p.orch", "--format", "json"]);
  let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
  let all = json(&seen.out);
  let all = all.as_array().expect("a list").iter();
  all
    .map(|run| {
      let (name, state) = (text(&run["orchestrator"]), text(&run["state"]));
      (name.expect("a name"), state.expect("a state"), text(&run["parent"]))
    })
    .collect()
}

#[test]
fn run_last_is_the_last_success_under_the_same_key() {
  let room = room();
  let count = |words: &[&str]| {
    let seen = room.orch(&[&["run", "p.orch", "counted", "-q"], words].concat());
    (seen.exit == Some(0)).then(|| json(&seen.out)["count"].as_i64().expect("a number"))
  };
  assert_eq!(count(&["--repo", "a"]), Some(1));
  assert_eq!(count(&["--repo", "a"]), Some(2));
  assert_eq!(count(&["--repo", "b"]), Some(1), "another key");
  assert_eq!(count(&["--repo", "a", "--fails"]), None);
  assert_eq!(count(&["--repo", "a"]), Some(3), "failures do not count");
  assert_eq!(count(&["--repo", "a", "--forget"]), Some(1));
}

#[test]
fn what_the_last_run_gave_must_still_fit() {
  let room = room();
  assert_eq!(room.orch(&["run", "p.orch", "counted", "--repo", "a"]).exit, Some(0));
  let changed = PROGRAM.replace("{ count: int }", "{ count: int, more?: string, n: int }");
  let changed = changed.replace("+ 1 else 1 }", "+ 1 else 1, n: 1 }");
  std::fs::write(room.path().join("p.orch"), changed).expect("a file");
  let seen = room.orch(&["run", "p.orch", "counted", "--repo", "a"]);
  assert_eq!(seen.exit, Some(3), "{seen:?}");
  assert!(seen.err.contains("`--forget` begins anew"), "{}", seen.err);
  assert_eq!(
    room.orch(&["run", "p.orch", "counted", "--repo", "a", "--forget"]).exit,
    Some(0)
  );
}

#[test]
fn a_second_run_with_the_same_key_is_skipped() {
  let room = room();
  let first = room.start(&["run", "p.orch", "skipped", "--name", "one", "-q"], "one");
  let second = room.orch(&["run", "p.orch", "skipped", "--name", "two"]);
  assert_eq!((second.exit, second.out.as_str()), (Some(0), ""), "{second:?}");
  assert!(second.err.starts_with("skipped: run "), "{}", second.err);
  std::fs::write(room.path().join("go"), "").expect("a file");
  assert_eq!(first.wait_with_output().expect("it ends").stdout, b"\"one\"\n");
  assert!(!room.path().join("two").exists());
  assert_eq!(
    room.orch(&["run", "p.orch", "skipped", "--name", "three", "-q"]).exit,
    Some(0),
    "the key is free"
  );
}

#[test]
fn a_queued_run_waits_for_the_first_even_if_that_is_killed() {
  let room = room();
  let mut first = room.start(&["run", "p.orch", "queued", "--name", "one", "-q"], "one");
  let mut second = room.command(&["run", "p.orch", "queued", "--name", "two", "-q"]);
  let second = second
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("orch starts");
  assert!(!room.path().join("two").exists());
  first.kill().expect("it runs");
  first.wait().expect("it ends");
  until("the second has begun", || room.path().join("two").exists());
  std::fs::write(room.path().join("go"), "").expect("a file");
  assert_eq!(second.wait_with_output().expect("it ends").stdout, b"\"two\"\n");
}

#[test]
fn the_newest_run_takes_the_place_of_another() {
  let room = room();
  let first = room.start(&["run", "p.orch", "newest", "--name", "one", "--waits"], "one");
  let second = room.orch(&["run", "p.orch", "newest", "--name", "two", "--waits=false", "-q"]);
  assert_eq!(second.exit, Some(0), "{second:?}");
  let first = first.wait_with_output().expect("it ends");
  assert_eq!(first.status.code(), Some(1));
  let said = String::from_utf8_lossy(&first.stderr).into_owned();
  assert!(said.contains("another run with the same key takes its place"), "{said}");
  room.await_clean();
}

#[test]
fn children_outlive_their_parent() {
  let room = room();
  let parent = room.orch(&["run", "p.orch", "parent", "-q"]);
  assert_eq!(parent.exit, Some(0), "{parent:?}");
  assert_eq!(json(&parent.out), serde_json::json!(["child", "child"]));
  until("both children work", || {
    room.path().join("a").exists() && room.path().join("b").exists()
  });
  let listed = runs(&room);
  assert_eq!(listed.len(), 3);
  assert_eq!((listed[0].0.as_str(), listed[0].1.as_str()), ("parent", "succeeded"));
  assert!(
    listed[1..]
      .iter()
      .all(|(name, state, parent)| name == "child" && state == "running" && parent.is_some())
  );
  std::fs::write(room.path().join("go"), "").expect("a file");
  until("both have succeeded", || {
    runs(&room).iter().all(|(_, state, _)| state == "succeeded")
  });
}

#[test]
fn without_a_journal_there_are_no_runs() {
  let seen = room().orch(&["runs", "p.orch"]);
  assert_eq!(seen.exit, Some(2), "{seen:?}");
  assert!(seen.err.contains("nothing has run"), "{}", seen.err);
}
