//! `orch fmt`: what it writes, what it leaves alone, and how it ends.

use std::{
  fs,
  io::Write,
  os::unix::fs::{MetadataExt, PermissionsExt, symlink},
  process::Stdio,
};

use crate::room::{Room, Seen};

const UNTIDY: &str = "// a\ntype  A=int\n";
const TIDY: &str = "// a\ntype A = int\n";
const BROKEN: &str = "type A = \n";

fn text(room: &Room, file: &str) -> String {
  fs::read_to_string(room.path().join(file)).expect("a file")
}

fn stdin(room: &Room, words: &[&str], text: &str) -> Seen {
  let mut command = room.command(words);
  let command = command
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped());
  let mut child = command.spawn().expect("orch starts");
  let mut input = child.stdin.take().expect("a pipe");
  input.write_all(text.as_bytes()).expect("it reads");
  drop(input);
  child.wait_with_output().expect("orch runs").into()
}

/// Exit code, standard output, standard error.
fn seen(seen: &Seen) -> (i32, &str, &str) {
  (seen.exit.expect("an exit code"), &seen.out, &seen.err)
}

#[test]
fn files_and_directories_are_formatted_and_named() {
  let room = Room::with(&[("a.orch", UNTIDY), ("b.orch", TIDY)]);
  fs::create_dir_all(room.path().join("d/e")).expect("a directory");
  for file in ["d/e/c.orch", "d/n.txt", "d/.h.orch"] {
    fs::write(room.path().join(file), UNTIDY).expect("a file");
  }
  let first = room.orch(&["fmt", "a.orch", "b.orch", "d"]);
  assert_eq!(seen(&first), (0, "", "a.orch: formatted\nd/e/c.orch: formatted\n"));
  for (file, after) in [
    ("a.orch", TIDY),
    ("d/e/c.orch", TIDY),
    ("d/n.txt", UNTIDY),
    ("d/.h.orch", UNTIDY),
  ] {
    assert_eq!(text(&room, file), after, "{file}");
  }
  assert_eq!(seen(&room.orch(&["fmt", "."])), (0, "", ""));
  let left: Vec<_> = fs::read_dir(room.path()).expect("the room").flatten().collect();
  assert_eq!(left.len(), 4, "nothing is left beside the files: {left:?}");
}

#[test]
fn a_formatted_file_is_not_written() {
  let room = Room::with(&[("a.orch", TIDY)]);
  let before = fs::metadata(room.path().join("a.orch")).expect("a file").ino();
  assert_eq!(seen(&room.orch(&["fmt", "a.orch"])), (0, "", ""));
  assert_eq!(fs::metadata(room.path().join("a.orch")).expect("a file").ino(), before);
}

#[test]
fn check_lists_files_and_writes_nothing() {
  let room = Room::with(&[("a.orch", UNTIDY), ("b.orch", TIDY)]);
  assert_eq!(
    seen(&room.orch(&["fmt", "--check", "a.orch", "b.orch"])),
    (1, "a.orch\n", "")
  );
  assert_eq!(text(&room, "a.orch"), UNTIDY);
  assert_eq!(seen(&room.orch(&["fmt", "--check", "b.orch"])), (0, "", ""));
}

#[test]
fn diff_shows_changes_in_colours_if_asked_for() {
  let room = Room::with(&[("a.orch", UNTIDY)]);
  let plain = "--- a.orch\n+++ a.orch\n@@ -1,2 +1,2 @@\n // a\n-type  A=int\n+type A = int\n";
  assert_eq!(seen(&room.orch(&["fmt", "--diff", "a.orch"])), (1, plain, ""));
  let colours = room.orch(&["fmt", "--diff", "a.orch", "--color", "always"]);
  assert!(
    colours.out.contains("\u{1b}[31m-type  A=int\u{1b}[0m\n\u{1b}[32m+"),
    "{colours:?}"
  );
  assert_eq!(text(&room, "a.orch"), UNTIDY);
  let end = stdin(&room, &["fmt", "--diff", "-"], "type A = int");
  assert!(
    end
      .out
      .ends_with("-type A = int\n\\ No newline at end of file\n+type A = int\n"),
    "{end:?}"
  );
}

#[test]
fn standard_input_goes_to_standard_output() {
  let room = Room::with(&[]);
  assert_eq!(seen(&stdin(&room, &["fmt", "-"], UNTIDY)), (0, TIDY, ""));
  assert_eq!(seen(&stdin(&room, &["fmt", "-"], TIDY)), (0, TIDY, ""));
  let named = ["fmt", "-", "--stdin-name", "x/y.orch"];
  let broken = stdin(&room, &named, BROKEN);
  assert_eq!((broken.exit, broken.out.as_str()), (Some(3), ""));
  assert!(broken.err.contains("[x/y.orch:1:10]"), "{}", broken.err);
  let check = [&named[..], &["--check"]].concat();
  assert_eq!(seen(&stdin(&room, &check, UNTIDY)), (1, "x/y.orch\n", ""));
  assert_eq!(seen(&stdin(&room, &check, TIDY)), (0, "", ""));
}

#[test]
fn what_does_not_parse_is_left_and_the_others_are_formatted() {
  let room = Room::with(&[("a.orch", BROKEN), ("b.orch", UNTIDY)]);
  for words in [&["fmt", "--check", "a.orch"][..], &["fmt", "a.orch", "b.orch"]] {
    let seen = room.orch(words);
    assert_eq!(seen.exit, Some(3), "{seen:?}");
    assert!(seen.err.starts_with("syntax/unexpected (critical)"), "{}", seen.err);
  }
  assert_eq!(
    (text(&room, "a.orch").as_str(), text(&room, "b.orch").as_str()),
    (BROKEN, TIDY)
  );
}

#[test]
fn what_can_t_be_read_is_said_and_the_others_are_formatted() {
  let room = Room::with(&[("a.orch", UNTIDY)]);
  fs::write(room.path().join("b.orch"), b"// K\xf6ln\n").expect("a file");
  fs::create_dir(room.path().join("d")).expect("a directory");
  let seen = room.orch(&["fmt", "none.orch", "b.orch", "d", "a.orch"]);
  assert_eq!(seen.exit, Some(2), "{seen:?}");
  for line in [
    "can't read `none.orch`: No such file or directory",
    "can't read `b.orch`: it is not UTF-8\n",
    "there is no `.orch` file below `d`\n",
    "a.orch: formatted\n",
  ] {
    assert!(seen.err.contains(line), "no `{line}` in\n{}", seen.err);
  }
  assert_eq!(text(&room, "a.orch"), TIDY);
}

#[test]
fn permissions_stay_and_read_only_files_are_left() {
  let room = Room::with(&[("a.orch", UNTIDY), ("b.orch", UNTIDY)]);
  let mode = |file: &str, mode: u32| {
    fs::set_permissions(room.path().join(file), fs::Permissions::from_mode(mode)).expect("permissions");
  };
  mode("a.orch", 0o750);
  mode("b.orch", 0o444);
  let seen = room.orch(&["fmt", "a.orch", "b.orch"]);
  assert_eq!(seen.exit, Some(2));
  assert!(
    seen.err.contains("can't write `b.orch`: it is read-only\n"),
    "{}",
    seen.err
  );
  assert_eq!(
    (text(&room, "a.orch").as_str(), text(&room, "b.orch").as_str()),
    (TIDY, UNTIDY)
  );
  let after = fs::metadata(room.path().join("a.orch")).expect("a file").permissions();
  assert_eq!(after.mode() & 0o777, 0o750);
}

#[test]
fn a_directory_that_can_t_be_written_loses_nothing() {
  let room = Room::with(&[]);
  let closed = room.path().join("d");
  fs::create_dir(&closed).expect("a directory");
  fs::write(closed.join("a.orch"), UNTIDY).expect("a file");
  fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).expect("permissions");
  // Nothing is closed to root.
  let root = fs::write(closed.join("probe"), "").is_ok();
  let seen = room.orch(&["fmt", "d/a.orch"]);
  fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).expect("permissions");
  match root {
    true => assert_eq!((seen.exit, text(&room, "d/a.orch").as_str()), (Some(0), TIDY)),
    false => {
      assert_eq!((seen.exit, text(&room, "d/a.orch").as_str()), (Some(2), UNTIDY));
      assert!(seen.err.starts_with("can't write `d/a.orch`: "), "{}", seen.err);
    }
  }
}

#[test]
fn a_link_stays_one_and_what_it_leads_to_is_formatted() {
  let room = Room::with(&[("a.orch", UNTIDY)]);
  fs::create_dir(room.path().join("d")).expect("a directory");
  symlink("../a.orch", room.path().join("d/link.orch")).expect("a link");
  symlink("nowhere.orch", room.path().join("dead.orch")).expect("a link");
  assert_eq!(seen(&room.orch(&["fmt", "d"])), (0, "", "d/link.orch: formatted\n"));
  let link = fs::symlink_metadata(room.path().join("d/link.orch")).expect("a link");
  assert!(link.is_symlink() && text(&room, "a.orch") == TIDY);
  assert_eq!(room.orch(&["fmt", "dead.orch"]).exit, Some(2));
}

#[test]
fn a_reader_that_goes_away_is_no_mistake_and_a_full_disk_is_one() {
  let many: String = (0..20_000).map(|n| format!("type  A{n}=int\n")).collect();
  let room = Room::with(&[("a.orch", &many)]);
  let seen = room.shell("{ \"$ORCH\" fmt - < a.orch; echo $? >&2; } | head -n 1");
  assert_eq!((seen.out.as_str(), seen.err.as_str()), ("type A0 = int\n", "0\n"));
  let full = room.shell("\"$ORCH\" fmt - < a.orch > /dev/full");
  assert_eq!(full.exit, Some(1));
  assert!(full.err.starts_with("can't write to standard output: "), "{full:?}");
}
