//! The real binary: what it prints where, and how it ends.

mod admission;
mod again;
mod checks;
mod clean;
#[path = "../common/mod.rs"]
mod common;
mod completion;
mod doc;
mod doctor;
mod files;
mod fixes;
mod flood;
mod fmt;
mod forms;
mod graphs;
mod long_runs;
mod page;
mod programs;
mod readers;
mod resume;
mod reuse;
mod room;
mod runs;
mod secrets;
mod signals;
mod start;
mod store;
mod terminal;
mod testing;
mod workers;

use std::process::Stdio;

use room::{Room, Seen, json};

const CLEAN: &str = "type Name = string(1..20)\n\n/// Greets.\norchestrator hello(name: Name) -> string {\n  return \"hello ${name}\"\n}\n";

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

const TRIAGE: &str = r#"
type Issue = { number: int, title: string }

worker list_issues(repo: string) -> [Issue](..50) {
  shell   """echo '[{"number":1,"title":"a"},{"number":2,"title":"b"},{"number":3,"title":"c"}]'"""
  timeout 20s
}

worker analyze(issue: Issue, lost: int) -> string {
  shell """
    echo "looking at $issue" >&2
    case "$issue" in *:$lost,*) exit 75;; esac
    echo '"fine"'
    """
  timeout 20s
  retry   1 fixed 10ms
  idempotent
}

/// Triage of all issues.
orchestrator triage(repo: string, lost: int = 2) -> { repo: string, fine: int, lost: int } {
  issues   = list_issues(repo)
  outcomes = each issue in issues with concurrent 8, collect => analyze(issue, lost)
  return { repo, fine: len(succeeded(outcomes)), lost: len(failures(outcomes)) }
}

/// Fails at the first issue that is lost.
orchestrator strict(repo: string, lost: int = 2) -> [string] {
  issues = list_issues(repo)
  return_all = each issue in issues with concurrent 1 => analyze(issue, lost)
  return return_all
}
"#;

#[test]
fn a_run_prints_its_result_and_nothing_else() {
  let room = Room::with(&[("triage.orch", TRIAGE)]);
  let seen = room.orch(&["run", "triage.orch", "triage", "--repo", "a/b"]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  assert_eq!(
    json(&seen.out),
    serde_json::json!({ "repo": "a/b", "fine": 2, "lost": 1 })
  );
  for part in [
    "triage succeeded in",
    "outcomes: 3 items",
    "1 failure was taken:",
    "outcomes[1] collected: exit",
  ] {
    assert!(seen.err.contains(part), "no `{part}` in:\n{}", seen.err);
  }
  assert!(room.path().join(".orch").is_dir());
}

#[test]
fn failures_taken_count_only_when_strict() {
  let room = Room::with(&[("triage.orch", TRIAGE)]);
  let strict = ["run", "triage.orch", "triage", "--repo", "x", "--strict", "--quiet"];
  let seen = room.orch(&strict);
  assert_eq!((seen.exit, seen.err.as_str()), (Some(4), ""), "{seen:?}");
  let seen = room.orch(&[&strict[..], &["--lost=-1"]].concat());
  assert_eq!(seen.exit, Some(0), "{seen:?}");
}

#[test]
fn a_failed_run_says_everything_about_it() {
  let room = Room::with(&[("triage.orch", TRIAGE)]);
  let seen = room.orch(&["run", "triage.orch", "strict", "--repo", "x", "-q"]);
  assert_eq!((seen.exit, seen.out.as_str()), (Some(1), ""), "{seen:?}");
  insta::assert_snapshot!(seen.err);
}

#[test]
fn tools_get_the_records_and_a_summary() {
  let room = Room::with(&[("triage.orch", TRIAGE)]);
  let words = [
    "run",
    "triage.orch",
    "triage",
    "--repo",
    "x",
    "--format",
    "json",
    "--events",
    "events.jsonl",
  ];
  let seen = room.orch(&words);
  let (records, summary) = seen.err.trim_end().rsplit_once('\n').expect("lines");
  assert_eq!(json(summary)["summary"]["status"], "succeeded");
  let written = std::fs::read_to_string(room.path().join("events.jsonl")).expect("the events");
  assert_eq!(written.trim_end(), records);
  let (first, last) = (records.lines().next(), records.lines().next_back());
  assert_eq!(json(first.expect("a line"))["event"], "run_started");
  assert_eq!(json(last.expect("a line"))["event"], "run_succeeded");
}

#[test]
fn arguments_come_from_options_and_from_json() {
  let room = Room::with(&[
    ("triage.orch", TRIAGE),
    ("input.json", r#"{ "repo": "from/file", "lost": 3 }"#),
  ]);
  let run = |words: &[&str]| room.orch(&[&["run", "triage.orch", "triage", "-q"][..], words].concat());
  let seen = run(&["--input", "input.json", "--lost", "-1"]);
  assert_eq!(
    json(&seen.out),
    serde_json::json!({ "repo": "from/file", "fine": 3, "lost": 0 })
  );
  for (words, exit, said) in [
    (&[][..], 3, "`repo` is missing: give it as `--repo <string>`"),
    (
      &["--repo", "x", "--lost", "many"],
      3,
      "`lost` takes int: `many` is no whole number of 64 bits",
    ),
    (&["--rep", "x"], 2, "'--repo'"),
    (&["--input", "nope.json"], 3, "can't read the arguments in `nope.json`"),
  ] {
    let seen = run(words);
    assert_eq!((seen.exit, seen.out.as_str()), (Some(exit), ""), "{seen:?}");
    assert!(seen.err.contains(said), "{}", seen.err);
  }
  assert!(!room.path().join("events.jsonl").exists());
}

#[test]
fn which_orchestrator_is_asked_for_where_it_is_open() {
  let room = Room::with(&[("triage.orch", TRIAGE)]);
  let seen = room.orch(&["run", "triage.orch", "--repo", "x"]);
  assert_eq!(seen.exit, Some(2), "{seen:?}");
  assert!(seen.err.contains("  triage  Triage of all issues."), "{}", seen.err);
  let seen = room.orch(&["run", "triage.orch", "triag", "--repo", "x"]);
  assert!(seen.err.contains("did you mean `triage`?"), "{}", seen.err);
}

#[test]
fn nothing_starts_if_a_finding_refuses_the_program() {
  let text = TRIAGE.replace("timeout 20s", "");
  let room = Room::with(&[("triage.orch", &text)]);
  let seen = room.orch(&["run", "triage.orch", "triage", "--repo", "x"]);
  assert_eq!(seen.exit, Some(3), "{seen:?}");
  assert!(seen.err.contains("worker/no-timeout"), "{}", seen.err);
  assert!(!room.path().join(".orch").exists());
}
