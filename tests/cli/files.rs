//! Files from the command line through workers to the result.

use std::fs;

use super::room::{Room, json};

const PROGRAM: &str = r#"
defaults { timeout 1m }

worker joined(parts: [file]) -> file {
  exec   ["sh", "-c", "cat \"$@\" > all.txt", "sh", ...parts]
  cwd    scratch
  output "all.txt"
}

worker packed(all: file, tree: dir) -> { out: dir } {
  shell """
    mkdir out && cp "$all" out/ && cp -R --no-preserve=mode "$tree" out/tree
    printf '{ "out": "out" }'
    """
  cwd   scratch
}

/// Joins files, and puts them beside a directory.
orchestrator pack(parts: [file], tree: dir, more: file? = null) -> { all: file, out: dir, more: file?} {
  all = joined(parts)
  one = packed(all, tree)
  return { all: all, out: one.out, more: more}
}
"#;

fn room() -> Room {
  let room = Room::with(&[("pack.orch", PROGRAM), ("a b.txt", "a\n"), ("b.txt", "b\n")]);
  fs::create_dir(room.path().join("tree")).expect("a directory");
  fs::write(room.path().join("tree/leaf"), "leaf").expect("a file");
  room
}

#[test]
fn files_go_in_by_path_and_come_out_by_path() {
  let room = room();
  let parts = "[\"a b.txt\",\"./b.txt\"]";
  let seen = room.orch(&[
    "run",
    "pack.orch",
    "--parts",
    parts,
    "--tree",
    "tree",
    "--events",
    "events",
  ]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  let result = json(&seen.out);
  let read = |path: &str| fs::read_to_string(room.path().join(path)).expect("a text");
  let path = |field: &str| result[field].as_str().expect("a path").to_owned();
  assert_eq!(read(&path("all")), "a\nb\n");
  assert_eq!(read(&format!("{}/all.txt", path("out"))), "a\nb\n");
  assert_eq!(read(&format!("{}/tree/leaf", path("out"))), "leaf");
  assert!(
    path("all").starts_with(".orch/files/") && path("out").starts_with(".orch/dirs/"),
    "{result}"
  );
  assert_eq!(result["more"], serde_json::Value::Null);
  let events = read("events");
  assert!(
    events.contains(":2:a b.txt") && events.contains("dir:blake3:"),
    "{events}"
  );
  assert!(
    !events.contains(".given"),
    "no path of a copy is in the journal: {events}"
  );
  room.assert_left_clean();
}

#[test]
fn arguments_in_a_file_have_paths_too() {
  let room = room();
  fs::write(
    room.path().join("in.json"),
    r#"{ "parts": ["b.txt"], "tree": "tree", "more": "b.txt" }"#,
  )
  .expect("a file");
  let seen = room.orch(&["run", "pack.orch", "-q", "--input", "in.json"]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  let result = json(&seen.out);
  assert_eq!(result["all"], result["more"], "the same content is the same file");
}

#[test]
fn a_path_without_a_file_is_named_and_nothing_runs() {
  let room = room();
  for (parts, tree, said) in [
    (
      "[\"b.txt\",\"c.txt\"]",
      "tree",
      "`parts` takes [file]: at `$[1]`: there is no file `c.txt`",
    ),
    (
      "[\"tree\"]",
      "tree",
      "`parts` takes [file]: at `$[0]`: `tree` is a directory, not a file",
    ),
    ("[]", "b.txt", "`tree` takes dir: `b.txt` is not a directory"),
    ("[]", "", "`tree` takes dir: expected `path`, found `\"\"`"),
    (
      "[3]",
      "tree",
      "`parts` takes [file]: at `$[0]`: expected `path`, found `3`",
    ),
  ] {
    let seen = room.orch(&["run", "pack.orch", "--parts", parts, "--tree", tree]);
    assert_eq!((seen.exit, seen.out.as_str()), (Some(3), ""), "{seen:?}");
    assert!(seen.err.contains(said), "no `{said}` in:\n{}", seen.err);
  }
  assert!(!room.path().join(".orch/journal.db").exists());
}

#[test]
fn a_worker_is_held_to_its_permit() {
  let program = r#"
/// Reads what it may.
worker look(name: string) -> { text: string, said: string } {
  shell   """cat "$name/text" 2>/dev/null || echo no"""
  output  { text: trim(stdout), said: stderr }
  timeout 1m
  permit  { read ["./open", "./${name}/none"], net none }
}

/// Looks twice.
orchestrator twice() -> [string] {
  a = look("open")
  b = look("closed")
  return [a.text, b.text]
}
"#;
  let room = Room::with(&[("look.orch", program)]);
  for name in ["open", "closed"] {
    fs::create_dir_all(room.path().join(name).join("none")).expect("directories");
    fs::write(room.path().join(name).join("text"), name).expect("a file");
  }
  let seen = room.orch(&["run", "look.orch", "-q"]);
  if seen.err.contains("this system can't enforce the `permit`") {
    eprintln!("skipped: {}", seen.err);
    return;
  }
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  assert_eq!(json(&seen.out), serde_json::json!(["open", "no"]));
  room.assert_left_clean();
}
