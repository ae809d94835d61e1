//! `orch runs clean`, and how durable a journal is.

use std::{fs, os::unix::fs::PermissionsExt};

use nix::sys::signal::Signal;
use serde_json::Value;

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

const FILES: &str = r#"
worker made(x: string) -> { file: file, tree: dir } {
  shell  """
    mkdir tree && printf '%s in tree' "$x" > tree/leaf && printf '%s' "$x" > file
    printf '{ "file": "file", "tree": "tree" }'
    """
  cwd     scratch
  timeout 1m
}
worker kept(x: string) -> file {
  shell   "printf '%s' $x > out"
  cwd     scratch
  output  "out"
  timeout 1m
  cache   1d
}
worker wait() -> int { shell "touch began; sleep 600", timeout 1h }
orchestrator make(x: string) -> { file: file, tree: dir } { a = made(x) return a }
orchestrator keep(x: string) -> file { a = kept(x) return a }
orchestrator slow() -> int { a = wait() return a }
"#;

/// The names in a directory of the store.
fn names(room: &Room, directory: &str) -> Vec<String> {
  let found = room
    .path()
    .join(".orch")
    .join(directory)
    .read_dir()
    .expect("a directory");
  let names = found.map(|entry| entry.expect("a name").file_name().to_string_lossy().into_owned());
  names.collect()
}

fn made(room: &Room, x: &str) -> Value {
  let seen = room.orch(&["run", "p.orch", "make", "--x", x, "-q"]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  json(&seen.out)
}

#[test]
fn files_go_once_no_run_needs_them() {
  let room = Room::with(&[("p.orch", FILES)]);
  let read = |path: &Value| fs::read_to_string(room.path().join(path.as_str().expect("a path")));
  let old = made(&room, "old");
  let outcome = room.orch(&["run", "p.orch", "keep", "--x", "outcome", "-q"]);
  assert_eq!(outcome.exit, Some(0), "{outcome:?}");
  let young = made(&room, "young");
  // what was left by one that was cut short
  let store = room.path().join(".orch");
  fs::write(store.join("files/.unfinished-1"), "x").expect("a file");
  fs::create_dir_all(store.join("dirs/.unfinished-2/dir")).expect("a directory");
  assert_eq!((names(&room, "files").len(), names(&room, "dirs").len()), (8, 3));

  let mut child = room.start(&["run", "p.orch", "slow"], "began");
  let busy = room.orch(&["runs", "clean"]);
  assert_eq!(
    busy.out, "0 runs were removed\nfiles stay, for some run goes on\n",
    "{busy:?}"
  );
  assert_eq!(names(&room, "files").len(), 8);
  signal(&child, Signal::SIGKILL);
  child.wait().expect("it is gone");
  room.orch(&["resume", "last", "--fail-unfinished", "-q"]);

  // the one that failed is the latest one
  let cleaned = room.orch(&["runs", "clean", "--older-than", "0s", "--keep", "2"]);
  let expected = "2 runs were removed\n3 files that no run needs were removed";
  assert!(cleaned.out.starts_with(expected), "{cleaned:?}");
  assert_eq!((names(&room, "files").len(), names(&room, "dirs").len()), (4, 1));
  read(&old["file"]).expect_err("it is gone");
  assert_eq!(read(&young["file"]).expect("it stays"), "young");
  let leaf = format!("{}/leaf", young["tree"].as_str().expect("a path"));
  assert_eq!(read(&leaf.into()).expect("it stays"), "young in tree");
  let again = room.orch(&["run", "p.orch", "keep", "--x", "outcome", "-q"]);
  assert_eq!(read(&json(&again.out)).expect("it was kept"), "outcome");

  let all = room.orch(&["runs", "clean", "--older-than", "0s", "--outcomes", "0s"]);
  let expected = "3 runs were removed\n1 kept outcome was removed\n4 files that no run needs were removed";
  assert!(all.out.starts_with(expected), "{all:?}");
  assert_eq!((names(&room, "files").len(), names(&room, "dirs").len()), (0, 0));
  assert_eq!(made(&room, "old"), old, "it is made anew");
  room.await_clean();
}

#[test]
fn files_stay_if_it_cannot_be_told_what_needs_them() {
  let room = Room::with(&[("p.orch", FILES)]);
  made(&room, "old");
  made(&room, "young");
  let is_manifest = |name: &String| {
    let text = fs::read_to_string(room.path().join(".orch/files").join(name)).expect("a text");
    text.starts_with("orch dir") && names(&room, "dirs").contains(name)
  };
  let files = names(&room, "files");
  for name in files.iter().filter(|name| is_manifest(name)) {
    let path = room.path().join(".orch/files").join(name);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("it is ours");
    fs::write(path, "orch dir 1\0?").expect("it is written");
  }
  let cleaned = room.orch(&["runs", "clean", "--older-than", "0s", "--keep", "1"]);
  assert_eq!(cleaned.exit, Some(1), "{cleaned:?}");
  assert!(cleaned.err.contains("is not what was written"), "{cleaned:?}");
  assert_eq!(names(&room, "files").len(), files.len());
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
