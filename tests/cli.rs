//! The real binary: what it prints where, and how it ends.

use std::{
  path::Path,
  process::{Command, Output, Stdio},
};

const CLEAN: &str = "type Name = string(1..20)\n\n/// Greets.\norchestrator hello(name: Name) -> string {\n  return \"hello ${name}\"\n}\n";

struct Room(tempfile::TempDir);

impl Room {
  fn with(files: &[(&str, &str)]) -> Room {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
      std::fs::write(directory.path().join(name), text).expect("a file");
    }
    Room(directory)
  }

  fn path(&self) -> &Path {
    self.0.path()
  }

  fn command(&self, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orch"));
    command
      .args(words)
      .current_dir(self.path())
      .env("LC_ALL", "C.UTF-8")
      .env_remove("NO_COLOR");
    command
  }

  fn orch(&self, words: &[&str]) -> Seen {
    self.command(words).output().expect("orch runs").into()
  }
}

#[derive(Debug)]
struct Seen {
  exit: Option<i32>,
  out: String,
  err: String,
}

impl From<Output> for Seen {
  fn from(output: Output) -> Seen {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Seen {
      exit: output.status.code(),
      out: text(output.stdout),
      err: text(output.stderr),
    }
  }
}

#[test]
fn a_clean_program_is_ok() {
  let seen = Room::with(&[("a.orch", CLEAN)]).orch(&["check", "a.orch"]);
  assert_eq!(
    (seen.exit, seen.out.as_str()),
    (Some(0), "a.orch: ok\n"),
    "{}",
    seen.err
  );
}

#[test]
fn findings_that_refuse_exit_with_3_in_every_form() {
  let room = Room::with(&[("bad.orch", "import { x } from \"./nope.orch\"\n")]);
  for (format, mark) in [
    ("human", "module/unreadable (critical)"),
    ("json", "\"code\":\"module/unreadable\""),
    ("sarif", "\"ruleId\":\"module/unreadable\""),
    ("github", "::error file=bad.orch,line=1,"),
  ] {
    let seen = room.orch(&["check", "bad.orch", "--format", format]);
    assert_eq!(seen.exit, Some(3), "{seen:?}");
    assert!(seen.out.contains(mark), "{}", seen.out);
  }
}

#[test]
fn a_file_that_is_not_there_exits_with_2() {
  let room = Room::with(&[("main.orch", CLEAN)]);
  for words in [&["check", "man.orch"][..], &["graph", "man.orch"], &["run", "man.orch"]] {
    let seen = room.orch(words);
    assert_eq!(seen.exit, Some(2), "{seen:?}");
    let said = seen.out + &seen.err;
    assert!(said.contains("can't read `man.orch`: there is no such file"), "{said}");
    assert!(said.contains("there is `main.orch` in that directory"), "{said}");
  }
}

#[test]
fn wrong_command_lines_exit_with_2_and_suggest() {
  let room = Room::with(&[]);
  for (words, hint) in [
    (&["chek", "a.orch"][..], "'check'"),
    (&["check"], "<FILE>"),
    (&["run"], "<FILE>"),
    (&["explain", "type/mismach"], "`type/mismatch`"),
  ] {
    let seen = room.orch(words);
    assert_eq!((seen.exit, seen.out.as_str()), (Some(2), ""), "{seen:?}");
    assert!(seen.err.contains(hint), "{}", seen.err);
  }
}

#[test]
fn codes_are_listed_and_explained() {
  let room = Room::with(&[]);
  let listed = room.orch(&["explain"]);
  assert_eq!(listed.exit, Some(0));
  assert!(
    listed.out.lines().any(|line| line.starts_with("worker/no-timeout ")),
    "{}",
    listed.out
  );
  let page = room.orch(&["explain", "worker/no-timeout"]);
  assert!(page.out.starts_with("# worker/no-timeout\n"), "{}", page.out);
}

#[test]
fn a_closed_pipe_is_quiet() {
  let room = Room::with(&[]);
  let mut child = room
    .command(&["explain"])
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("orch starts");
  drop(child.stdout.take());
  let seen: Seen = child.wait_with_output().expect("orch ends").into();
  assert_eq!((seen.exit, seen.err.as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() {
  let full = std::fs::OpenOptions::new()
    .write(true)
    .open("/dev/full")
    .expect("/dev/full");
  let output = Room::with(&[])
    .command(&["explain"])
    .stdout(full)
    .output()
    .expect("orch runs");
  let seen: Seen = output.into();
  assert_eq!(seen.exit, Some(1));
  assert!(seen.err.starts_with("can't write to standard output: "), "{}", seen.err);
}

#[test]
fn colours_come_only_when_asked_for() {
  let room = Room::with(&[("bad.orch", "import { x } from \"./nope.orch\"\n")]);
  assert!(!room.orch(&["check", "bad.orch"]).out.contains('\u{1b}'));
  assert!(
    room
      .orch(&["check", "bad.orch", "--color", "always"])
      .out
      .contains('\u{1b}')
  );
}

#[test]
fn a_locale_without_utf8_gets_ascii() {
  let room = Room::with(&[("bad.orch", "import { x } from \"./nope.orch\"\n")]);
  let output = room
    .command(&["check", "bad.orch"])
    .env("LC_ALL", "C")
    .output()
    .expect("orch runs");
  let seen: Seen = output.into();
  assert!(seen.out.is_ascii(), "{}", seen.out);
}
