//! What `orch check` looks at and what it makes of what it finds: directories, levels, `allow`, baselines.

use crate::room::{Room, Seen, json};

const CLEAN: &str = "/// Greets.\norchestrator hello(name: string) -> string {\n  return \"hello ${name}\"\n}\n";
/// One warning, one note.
const UNUSED: &str = "let left = 1\n\norchestrator hello(name: string) -> string {\n  return \"hello ${name}\"\n}\n";
const RETRIED: &str =
  "worker post(text: string) {\n  exec [\"true\", text]\n  timeout 5s\n  retry 1 backoff 1s..2s\n}\n
/// Posts.\norchestrator say(text: string) -> string {\n  post(text)\n  return text\n}\n";

fn allowed(reason: &str) -> String {
  format!("/// Posts a text.\nallow worker/retry-unsafe \"{reason}\"\n{RETRIED}")
}

fn tree() -> Room {
  let room = Room::with(&[("a.orch", CLEAN)]);
  for (path, text) in [
    ("inner/b.orch", UNUSED),
    ("inner/lib.orch", "let one = 1\n"),
    ("inner/c.txt", "no program"),
    ("target/d.orch", "no program"),
    (".hidden/e.orch", "no program"),
    (".orch/f.orch", "no program"),
  ] {
    let path = room.path().join(path);
    std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
    std::fs::write(path, text).expect("a file");
  }
  room
}

#[test]
fn every_file_below_a_directory_is_a_root() {
  let room = tree();
  let seen = room.orch(&["check", "."]);
  assert_eq!((seen.exit, seen.err.as_str()), (Some(0), ""), "{seen:?}");
  let lines: Vec<&str> = seen.out.lines().filter(|line| line.contains(".orch: ok")).collect();
  assert_eq!(lines, ["a.orch: ok", "inner/lib.orch: ok"]);
  assert!(seen.out.contains("[inner/b.orch:1:5]"), "{}", seen.out);
  assert!(seen.out.ends_with("\n3 programs: 1 warning\n"), "{}", seen.out);
  let seen = room.orch(&["check", "a.orch", ".", "--format", "json"]);
  assert_eq!(json(&seen.out)["summary"]["warnings"], 1);
}

#[test]
fn a_directory_without_programs_is_a_mistake() {
  let room = Room::with(&[]);
  let seen = room.orch(&["check", "tmp"]);
  assert_eq!((seen.exit, seen.out.as_str()), (Some(2), ""));
  assert_eq!(seen.err, "there is no `.orch` file below `tmp`\n");
}

#[test]
fn what_several_programs_import_is_said_once() {
  let root = "import { one } from \"./lib.orch\"\n\n/// One.\norchestrator o() -> int {\n  return one\n}\n";
  let lib = "type A = strin\nlet one = 1\n";
  let room = Room::with(&[("a.orch", root), ("b.orch", root), ("lib.orch", lib)]);
  let seen = room.orch(&["check", "a.orch", "b.orch", "lib.orch"]);
  assert_eq!(seen.exit, Some(3));
  assert_eq!(seen.out.matches("name/unknown (critical)").count(), 1, "{}", seen.out);
  assert!(
    seen.out.contains("b.orch: said above\nlib.orch: said above\n"),
    "{}",
    seen.out
  );
  assert!(seen.out.ends_with("3 programs: 1 error\n"), "{}", seen.out);
}

#[test]
fn levels_and_codes_can_be_denied() {
  let room = Room::with(&[("a.orch", UNUSED), ("clean.orch", CLEAN)]);
  for (words, exit, said) in [
    (&["a.orch"][..], 0, "1 warning\n"),
    (&["a.orch", "--notes"], 0, "1 warning, 1 note\n"),
    (&["a.orch", "--deny", "medium"], 3, "unused/name (medium, denied)"),
    (&["a.orch", "--deny", "medium"], 3, "1 error\n"),
    (&["a.orch", "--deny", "low"], 3, "2 errors\n"),
    (&["a.orch", "--deny", "doc/missing"], 3, "1 error, 1 warning\n"),
    (
      &["a.orch", "--deny", "doc/missing", "--deny", "unused/name"],
      3,
      "2 errors\n",
    ),
    (&["a.orch", "--deny", "unused/step"], 0, "1 warning\n"),
    (&["clean.orch", "--deny", "medium"], 0, "clean.orch: ok\n"),
  ] {
    let seen = room.orch(&[&["check"], words].concat());
    assert_eq!((seen.exit, seen.err.as_str()), (Some(exit), ""), "{words:?}: {seen:?}");
    assert!(seen.out.contains(said), "{words:?}: {}", seen.out);
  }
  for (format, said) in [
    ("json", "\"denied\":true"),
    ("sarif", "\"level\":\"error\",\"message\""),
    ("github", "::error file=a.orch,line=1,"),
  ] {
    let seen = room.orch(&["check", "a.orch", "--deny", "medium", "--format", format]);
    assert_eq!(seen.exit, Some(3));
    assert!(seen.out.contains(said), "{}", seen.out);
  }
  let seen = room.orch(&["check", "a.orch", "--deny", "unused/nam"]);
  assert_eq!(seen.exit, Some(2));
  assert!(seen.err.contains("did you mean `unused/name`?"), "{}", seen.err);
}

#[test]
fn what_is_lifted_stays_in_every_report() {
  let room = Room::with(&[("a.orch", &allowed("the board drops doubles")), ("b.orch", RETRIED)]);
  assert_eq!(room.orch(&["check", "b.orch"]).exit, Some(3));
  assert_eq!(room.orch(&["run", "b.orch", "--text", "x"]).exit, Some(3));
  let seen = room.orch(&["check", "a.orch"]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  assert_eq!(
    seen.out,
    "a.orch:6:3: worker/retry-unsafe is lifted: the board drops doubles\nok, 1 lifted\n"
  );
  let said = |format| room.orch(&["check", "a.orch", "--format", format]).out;
  let report = json(&said("json"));
  let finding = &report["diagnostics"][0];
  assert_eq!(
    (&finding["code"], &finding["level"]),
    (&"worker/retry-unsafe".into(), &"high".into())
  );
  assert_eq!(
    finding["suppression"],
    serde_json::json!({ "by": "allow", "reason": "the board drops doubles" })
  );
  assert_eq!(
    (&report["summary"]["errors"], &report["summary"]["lifted"]),
    (&0.into(), &1.into())
  );
  let log = json(&said("sarif"));
  let suppression = &log["runs"][0]["results"][0]["suppressions"][0];
  assert_eq!(suppression["kind"], "inSource");
  assert_eq!(suppression["justification"], "the board drops doubles");
  assert_eq!(suppression["location"]["physicalLocation"]["region"]["startLine"], 2);
  assert_eq!(said("github"), "");
  let seen = room.orch(&["run", "a.orch", "--text", "x", "-q"]);
  assert_eq!((seen.exit, seen.out.as_str()), (Some(0), "\"x\"\n"), "{seen:?}");
}

/// A report with a baseline, and what was said beside it.
fn known(room: &Room, file: &str) -> Seen {
  room.orch(&["check", file, "--baseline", "known.json"])
}

#[test]
fn a_baseline_knows_what_was_there() {
  let room = Room::with(&[("a.orch", UNUSED)]);
  let write = |text: &str| std::fs::write(room.path().join("a.orch"), text).expect("a file");
  let seen = room.orch(&["check", "a.orch", "--write-baseline", "known.json"]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  assert_eq!(seen.err, "known.json: 2 findings written\n");
  assert_eq!(seen.out, "ok, 2 known from the baseline\n");
  let seen = known(&room, "a.orch");
  assert_eq!((seen.exit, seen.err.as_str()), (Some(0), ""), "{seen:?}");
  assert_eq!(seen.out, "ok, 2 known from the baseline\n");
  // other lines, the same findings
  write(&format!(
    "// moved\n\n\n  {}",
    UNUSED.replace("left = 1", "left = 1   ")
  ));
  assert_eq!(known(&room, "a.orch").out, "ok, 2 known from the baseline\n");
  // another finding of the same kind is new
  write(&format!("{UNUSED}let right = 2\n"));
  let seen = room.orch(&["check", "a.orch", "--baseline", "known.json", "--deny", "medium"]);
  assert_eq!(seen.exit, Some(3));
  assert!(seen.out.contains("nothing uses the constant `right`"), "{}", seen.out);
  assert!(!seen.out.contains("`left`"), "{}", seen.out);
  // what is gone is said
  write(&UNUSED.replace("\"hello", "\"${left}"));
  let seen = known(&room, "a.orch");
  assert_eq!(
    (seen.exit, seen.out.as_str()),
    (Some(0), "ok, 1 known from the baseline\n")
  );
  assert_eq!(
    seen.err,
    "no longer there, though the baseline has it:\n  a.orch: unused/name: nothing uses the constant `left`\n"
  );
}

#[test]
fn what_is_high_may_be_known_and_what_is_critical_never() {
  let room = Room::with(&[("a.orch", &format!("{RETRIED}type A = strin\n"))]);
  let seen = room.orch(&["check", "a.orch", "--write-baseline", "known.json"]);
  assert_eq!(seen.exit, Some(3), "{seen:?}");
  assert!(!seen.out.contains("worker/retry-unsafe"), "{}", seen.out);
  assert!(seen.out.contains("name/unknown (critical)"), "{}", seen.out);
  std::fs::write(room.path().join("a.orch"), RETRIED).expect("a file");
  assert_eq!(known(&room, "a.orch").exit, Some(0));
  assert_eq!(
    room.orch(&["run", "a.orch", "--text", "x"]).exit,
    Some(3),
    "a baseline is for `check` only"
  );
}

#[test]
fn a_baseline_counts() {
  let twice = "orchestrator a() -> int {\n  return 1\n}\norchestrator b() -> int {\n  x = 1\n  return 1\n}\n";
  let again = twice
    .replace("b()", "b(n: int)")
    .replace("  return 1\n}\norch", "  x = 1\n  return 1\n}\norch");
  let room = Room::with(&[("a.orch", twice)]);
  room.orch(&["check", "a.orch", "--write-baseline", "known.json"]);
  std::fs::write(room.path().join("a.orch"), again).expect("a file");
  let seen = known(&room, "a.orch");
  assert_eq!(seen.out.matches("unused/step (medium)").count(), 1, "{}", seen.out);
}

#[test]
fn a_baseline_is_found_from_where_it_stands() {
  let room = tree();
  let seen = room.orch(&["check", ".", "--write-baseline", "inner/known.json"]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  let written = std::fs::read_to_string(room.path().join("inner/known.json")).expect("the baseline");
  assert_eq!(json(&written)["findings"][0]["file"], "b.orch");
  let seen = room.shell("cd inner && \"$ORCH\" check b.orch --baseline known.json --deny low");
  assert_eq!((seen.exit, seen.err.as_str()), (Some(0), ""), "{seen:?}");
  let log = json(
    &room
      .orch(&["check", ".", "--baseline", "inner/known.json", "--format", "sarif"])
      .out,
  );
  assert_eq!(log["runs"][0]["results"][0]["suppressions"][0]["kind"], "external");
}

#[test]
fn a_broken_baseline_is_said_before_anything_else() {
  let room = Room::with(&[
    ("a.orch", UNUSED),
    ("known.json", "{ \"version\": 1, \"findings\": 3 }"),
  ]);
  for (baseline, said) in [
    ("known.json", "`known.json` is no baseline: "),
    ("nope.json", "can't read the baseline `nope.json`: "),
    ("tmp", "can't read the baseline `tmp`: "),
  ] {
    let seen = room.orch(&["check", "a.orch", "--fix", "--baseline", baseline]);
    assert_eq!((seen.exit, seen.out.as_str()), (Some(2), ""), "{seen:?}");
    assert!(seen.err.starts_with(said), "{}", seen.err);
  }
  std::fs::write(room.path().join("known.json"), "{ \"version\": 7, \"findings\": [] }").expect("a file");
  assert!(known(&room, "a.orch").err.contains("has version 7"));
  let seen = room.orch(&["check", "a.orch", "--write-baseline", "nowhere/known.json"]);
  assert_eq!(seen.exit, Some(2));
  assert!(
    seen.err.starts_with("can't write the baseline `nowhere/known.json`: "),
    "{}",
    seen.err
  );
}
