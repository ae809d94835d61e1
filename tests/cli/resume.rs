//! Runs that were cut short, by signals and by nobody asking, and what becomes of them.

use nix::sys::signal::Signal;

use super::room::{Room, Seen, json, signal, until};

/// Each call writes a line to `log`, then waits for the file `go`.
const PROGRAM: &str = r#"
worker safe(x: int) -> int {
  shell   """echo "safe $x $ORCH_KEY" >> log; touch "began_safe$x"; until [ -e go ]; do sleep 0.01; done; echo "$x" """
  timeout 1m, idempotent
}
worker harm(x: int) -> int {
  shell   """echo "harm $x $ORCH_KEY" >> log; touch began_harm; until [ -e go ]; do sleep 0.01; done; echo "$x" """
  timeout 1m
}
worker quick(x: int) -> int { shell """echo "quick $x" >> log; echo "$x" """, timeout 1m }
worker back(x: int) -> int { shell """echo "back $x" >> log; echo "$x" """, timeout 1m }
worker tell(text: string) { shell """echo "tell $text" >> log""", timeout 1m }

/// Cut short in the first call of `safe`.
orchestrator harmless() -> [int] {
  first = quick(1)
  both  = each x in [first, first + 1] with concurrent 1 => safe(x)
  return [first, ...both]
}

/// Cut short in `harm`.
orchestrator harmful() -> [int] {
  first = quick(1) undo back(first)
  a     = harm(first)
  return [first, a]
  on failure { tell(error.message) }
}

orchestrator parent() -> string {
  child = dispatch harmless()
  return child.run
}
"#;

fn room() -> Room {
  Room::with(&[("p.orch", PROGRAM)])
}

/// What the workers have written, without keys.
fn log(room: &Room) -> Vec<String> {
  let text = std::fs::read_to_string(room.path().join("log")).unwrap_or_default();
  let line = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
  text.lines().map(line).collect()
}

/// A run that `kill -9` has cut short once this file is there.
fn killed(room: &Room, orchestrator: &str, mark: &str) {
  let mut child = room.start(&["run", "p.orch", orchestrator], mark);
  signal(&child, Signal::SIGKILL);
  child.wait().expect("it is gone");
}

fn go(room: &Room) {
  std::fs::write(room.path().join("go"), "").expect("a file");
}

#[test]
fn a_killed_run_goes_on_and_what_has_finished_is_not_done_again() {
  let room = room();
  killed(&room, "harmless", "began_safe1");
  go(&room);
  let seen = room.orch(&["resume"]);
  assert_eq!(
    (seen.exit, json(&seen.out)),
    (Some(0), serde_json::json!([1, 1, 2])),
    "{seen:?}"
  );
  assert_eq!(log(&room), ["quick 1", "safe 1", "safe 1", "safe 2"]);
  let text = std::fs::read_to_string(room.path().join("log")).expect("a log");
  let keys: Vec<&str> = text.lines().filter(|line| line.starts_with("safe 1")).collect();
  assert_eq!(keys[0], keys[1], "the same key");
  assert!(seen.err.contains("repeated"), "{}", seen.err);
  room.await_clean();
  let again = room.orch(&["resume", "last", "-q"]);
  assert_eq!(
    (again.exit, again.out),
    (Some(0), seen.out),
    "a finished run is shown again"
  );
  assert_eq!(log(&room).len(), 4);
}

#[test]
fn an_interrupted_run_says_how_it_goes_on() {
  let room = room();
  let child = room.start(&["run", "p.orch", "harmless"], "began_safe1");
  signal(&child, Signal::SIGINT);
  let seen: Seen = child.wait_with_output().expect("orch ends").into();
  assert_eq!(seen.exit, Some(130), "{seen:?}");
  let line = seen.err.lines().find_map(|line| line.strip_prefix("go on with: orch "));
  let words: Vec<&str> = line.expect("how it goes on").split(' ').collect();
  go(&room);
  let seen = room.orch(&words);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
}

#[test]
fn what_may_be_harmful_to_repeat_waits_for_a_word() {
  let room = room();
  killed(&room, "harmful", "began_harm");
  go(&room);
  let seen = room.orch(&["resume"]);
  assert_eq!((seen.exit, seen.out.as_str()), (Some(5), ""), "{seen:?}");
  assert!(
    seen.err.contains("1 call was cut short") && seen.err.contains("--rerun-unfinished"),
    "{}",
    seen.err
  );
  assert_eq!(log(&room), ["quick 1", "harm 1"]);
  let wrong = room.orch(&["resume", "last", "--rerun", "first"]);
  assert_eq!(wrong.exit, Some(3), "{wrong:?}");
  assert!(
    wrong.err.contains("step `first` waits for no decision; these do: `a`"),
    "{}",
    wrong.err
  );
  let seen = room.orch(&["resume", "last", "--rerun", "a", "-q"]);
  assert_eq!(
    (seen.exit, json(&seen.out)),
    (Some(0), serde_json::json!([1, 1])),
    "{seen:?}"
  );
  assert_eq!(log(&room), ["quick 1", "harm 1", "harm 1"]);
}

#[test]
fn what_is_given_up_is_a_failure_and_the_rest_is_undone() {
  let room = room();
  killed(&room, "harmful", "began_harm");
  let seen = room.orch(&["resume", "last", "--fail-unfinished"]);
  assert_eq!(seen.exit, Some(1), "{seen:?}");
  assert!(seen.err.contains("interrupted"), "{}", seen.err);
  assert_eq!(log(&room)[..3], ["quick 1", "harm 1", "back 1"]);
  assert!(log(&room)[3].starts_with("tell"));
}

#[test]
fn a_run_is_driven_by_one_orch_at_a_time_and_cancelled_through_it() {
  let room = room();
  let child = room.start(&["run", "p.orch", "harmful"], "began_harm");
  let second = room.orch(&["resume", "last"]);
  assert_eq!(second.exit, Some(1), "{second:?}");
  assert!(second.err.contains("drives run"), "{}", second.err);
  let cancelled = room.orch(&["cancel", "last", "--reason", "enough"]);
  assert_eq!(cancelled.exit, Some(0), "{cancelled:?}");
  let seen: Seen = child.wait_with_output().expect("orch ends").into();
  assert_eq!(seen.exit, Some(1), "{seen:?}");
  assert!(seen.err.contains("cancelled: enough"), "{}", seen.err);
  assert_eq!(log(&room), ["quick 1", "harm 1", "back 1", "tell enough"]);
  room.assert_left_clean();
}

#[test]
fn a_run_that_nobody_drives_is_cancelled_too() {
  let room = room();
  killed(&room, "harmless", "began_safe1");
  let seen = room.orch(&["cancel", "last"]);
  assert_eq!(seen.exit, Some(1), "{seen:?}");
  assert!(seen.err.contains("cancelled by `orch cancel`"), "{}", seen.err);
  assert_eq!(log(&room), ["quick 1", "safe 1"], "nothing was begun for it");
  room.await_clean();
}

/// The program that a run was begun with is the one that it goes on with.
#[test]
fn a_run_goes_on_with_its_own_program_whatever_became_of_the_file() {
  for text in [Some("nonsense"), None] {
    let room = room();
    killed(&room, "harmless", "began_safe1");
    let file = room.path().join("p.orch");
    match text {
      Some(text) => std::fs::write(file, text).expect("a file"),
      None => std::fs::remove_file(file).expect("it was there"),
    }
    go(&room);
    let seen = room.orch(&["resume"]);
    assert_eq!(seen.exit, Some(0), "{seen:?}");
  }
}

/// orch and its guard are killed at once, so that nobody ends the worker.
#[test]
fn workers_that_were_left_behind_are_ended_before_their_step_runs_again() {
  let room = room();
  let mut child = room.start(&["run", "p.orch", "harmless"], "began_safe1");
  // it would have another guard at once
  signal(&child, Signal::SIGSTOP);
  for guard in guards(child.id()) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(guard), Signal::SIGKILL).expect("a guard");
  }
  signal(&child, Signal::SIGKILL);
  child.wait().expect("it is gone");
  let resumed = room.command(&["resume"]).stderr(std::process::Stdio::piped()).spawn();
  let resumed = resumed.expect("orch starts");
  until("it was begun again", || log(&room).len() == 3);
  go(&room);
  let seen: Seen = resumed.wait_with_output().expect("orch ends").into();
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  assert!(seen.err.contains("ended a worker that was left behind"), "{}", seen.err);
  room.assert_left_clean();
}

/// The processes that orch has started as guards.
fn guards(parent: u32) -> Vec<i32> {
  let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
  let threads = std::fs::read_dir(format!("/proc/{parent}/task"))
    .expect("its threads")
    .flatten();
  let of_threads = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
  let all: Vec<String> = children.into_iter().chain(of_threads).collect();
  let ids = all
    .iter()
    .flat_map(|line| line.split_whitespace())
    .filter_map(|id| id.parse().ok());
  let is_guard = |id: &i32| {
    let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains("__guard")
  };
  let mut found: Vec<i32> = ids.filter(is_guard).collect();
  found.sort_unstable();
  found.dedup();
  assert!(!found.is_empty(), "there is a guard");
  found
}

#[test]
fn a_run_has_one_name_or_says_what_it_needs() {
  let room = room();
  let nothing = room.orch(&["resume"]);
  assert_eq!(nothing.exit, Some(2), "{nothing:?}");
  assert!(nothing.err.contains("--store DIR"), "{}", nothing.err);
  go(&room);
  assert_eq!(room.orch(&["run", "p.orch", "harmless", "-q"]).exit, Some(0));
  let unknown = room.orch(&["resume", "abcdef"]);
  assert_eq!(unknown.exit, Some(2), "{unknown:?}");
  assert!(unknown.err.contains("there is no run `abcdef`"), "{}", unknown.err);
  let conflict = room.orch(&["resume", "last", "--rerun-unfinished", "--fail-unfinished"]);
  assert_eq!(conflict.exit, Some(2), "{conflict:?}");
}

/// With included texts and files that its workers use.
#[test]
fn a_run_keeps_all_that_its_program_reads() {
  let program = r#"
worker w() -> string {
  exec    ["sh", "-c", "touch began; until [ -e go ]; do sleep 0.01; done; printf '\"%s\"' \"$0\"", include("./text.md")]
  timeout 1m, idempotent, uses ["./used.bin"]
}
orchestrator main() -> string { a = w() return a }
"#;
  let room = Room::with(&[("p.orch", program), ("text.md", "hello"), ("used.bin", "1")]);
  let mut child = room.start(&["run", "p.orch"], "began");
  signal(&child, Signal::SIGKILL);
  child.wait().expect("it is gone");
  for name in ["text.md", "used.bin"] {
    std::fs::remove_file(room.path().join(name)).expect("it was there");
  }
  go(&room);
  let seen = room.orch(&["resume"]);
  assert_eq!((seen.exit, seen.out.trim()), (Some(0), "\"hello\""), "{seen:?}");
}
