//! `orch check --fix` in files: what it writes, what it leaves alone, and what it says.

use crate::room::{Room, json};

const SLIPS: &str = "\u{feff}# posts\r\nimport { a, b } from \"./lib.orch\"\r\n\r\n/// Posts.\r\norchestrator o() -> itn {\r\n  return [a 1]\r\n}\r\n";
const LIB: &str = "let a = 1\nlet b = tru\n";

fn text(room: &Room, file: &str) -> String {
  std::fs::read_to_string(room.path().join(file)).expect("a file")
}

#[test]
fn line_ends_and_marks_are_kept() {
  let slips = SLIPS.replace("[a 1]", "coutn([a, 1], it > 0)");
  let room = Room::with(&[("a.orch", &slips), ("lib.orch", LIB)]);
  let seen = room.orch(&["check", "a.orch", "--fix"]);
  assert_eq!(
    text(&room, "a.orch"),
    "\u{feff}// posts\r\nimport { a } from \"./lib.orch\"\r\n\r\n/// Posts.\r\norchestrator o() -> int {\r\n  return count([a, 1], it > 0)\r\n}\r\n"
  );
  assert_eq!(text(&room, "lib.orch"), "let a = 1\nlet b = true\n");
  assert_eq!((seen.exit, seen.out.as_str()), (Some(0), "a.orch: ok\n"), "{seen:?}");
  for line in [
    "a.orch: 4 mended\n",
    "  1:1 syntax/unexpected: write `//`\n",
    "  5:21 name/unknown: write `int`\n",
    "lib.orch: 1 mended\n  2:9 name/unknown: write `true`\n",
  ] {
    assert!(seen.err.contains(line), "no `{line}` in:\n{}", seen.err);
  }
  let seen = room.orch(&["check", "a.orch", "--fix"]);
  assert_eq!(seen.err, "nothing that a machine can mend\n");
}

#[test]
fn what_is_left_is_said() {
  let room = Room::with(&[("a.orch", "type A = strin\ntype B = Nowhere\n")]);
  let seen = room.orch(&["check", "a.orch", "--fix", "--format", "json"]);
  assert_eq!(seen.exit, Some(3));
  assert_eq!(text(&room, "a.orch"), "type A = string\ntype B = Nowhere\n");
  assert_eq!(
    json(&seen.out)["diagnostics"][0]["message"],
    "there is no type `Nowhere`"
  );
}

#[test]
fn notes_are_mended_when_they_are_asked_for() {
  let slips = "worker w(n: int) -> int {\n  exec [\"w\"]\n  timeout 1s\n  retry 1\n  idempotent\n}\n";
  let room = Room::with(&[("a.orch", slips)]);
  room.orch(&["check", "a.orch", "--fix"]);
  assert_eq!(text(&room, "a.orch"), slips);
  room.orch(&["check", "a.orch", "--fix", "--notes"]);
  assert_eq!(
    text(&room, "a.orch"),
    slips.replace("retry 1", "retry 1 backoff 1s..30s")
  );
}

#[test]
fn known_and_lifted_findings_are_left_alone() {
  let slips = "/// C.\ncontract C { input { a: int }, output int }\n";
  let lifted =
    "/// C.\nallow contract/no-version \"there will be one only\"\ncontract D { input { a: int }, output int }\n";
  let room = Room::with(&[("a.orch", slips), ("b.orch", lifted)]);
  room.orch(&["check", "a.orch", "--write-baseline", "known.json"]);
  room.orch(&["check", "a.orch", "b.orch", "--fix", "--baseline", "known.json"]);
  assert_eq!(
    (text(&room, "a.orch").as_str(), text(&room, "b.orch").as_str()),
    (slips, lifted)
  );
  room.orch(&["check", "a.orch", "--fix"]);
  assert_eq!(text(&room, "a.orch"), slips.replace("C {", "C@1 {"));
}

/// The near name is of another type: the mistake would only change its place, and there would be two for one.
#[test]
fn nothing_is_made_worse() {
  let slips = "worker w(n: int) -> { count: int } {\n  mock return { count: n }\n  timeout 1s\n}\n
/// O.\norchestrator o(texts: [string]) -> int {\n  a = w(text)\n  return a.count\n}\n";
  let two = slips
    .replace("a = w(text)", "a = w(text)\n  b = w(text + 1)")
    .replace("a.count", "a.count + b.count");
  let room = Room::with(&[("a.orch", &two)]);
  let before = room.orch(&["check", "a.orch", "--format", "json"]);
  let seen = room.orch(&["check", "a.orch", "--fix", "--format", "json"]);
  let errors = |out: &str| json(out)["summary"]["errors"].as_u64().expect("a count");
  assert!(errors(&seen.out) <= errors(&before.out), "{seen:?}");
}

#[test]
fn files_that_can_not_be_written_are_said_and_none_is() {
  let room = Room::with(&[
    (
      "a.orch",
      "import { a } from \"./lib.orch\"\ntype A = strin\nlet c = a\n",
    ),
    ("lib.orch", LIB),
  ]);
  let lib = room.path().join("lib.orch");
  let mut permissions = std::fs::metadata(&lib).expect("a file").permissions();
  permissions.set_readonly(true);
  std::fs::set_permissions(&lib, permissions).expect("permissions");
  let seen = room.orch(&["check", "a.orch", "--fix"]);
  assert_eq!((seen.exit, seen.out.as_str()), (Some(2), ""), "{seen:?}");
  assert!(seen.err.ends_with("lib.orch`: it is read-only\n"), "{}", seen.err);
  assert!(text(&room, "a.orch").contains("strin\n"), "all or nothing");
}

#[test]
fn a_link_stays_a_link_and_a_script_stays_one() {
  use std::os::unix::fs::{PermissionsExt, symlink};
  let room = Room::with(&[("real.orch", "type A = strin\n")]);
  let real = room.path().join("real.orch");
  std::fs::set_permissions(&real, PermissionsExt::from_mode(0o755)).expect("permissions");
  symlink("real.orch", room.path().join("a.orch")).expect("a link");
  room.orch(&["check", "a.orch", "--fix"]);
  assert_eq!(text(&room, "real.orch"), "type A = string\n");
  assert!(room.path().join("a.orch").is_symlink());
  let mode = std::fs::metadata(&real).expect("a file").permissions().mode();
  assert_eq!(mode & 0o777, 0o755);
}
