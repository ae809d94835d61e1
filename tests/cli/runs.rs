//! Runs with odd arguments, odd streams and odd places.

use std::process::{Command, Stdio};

use super::room::{Room, Seen, json};

const GREET: &str = r#"
/// Greets.
orchestrator greet(name: string, n: int = 1, loud: bool = false, tags: [int] = []) -> json {
  return { name: name, n: n, loud: loud, tags: tags }
}
"#;

fn room() -> Room {
  Room::with(&[("greet.orch", GREET)])
}

fn greet(room: &Room, words: &[&str]) -> Seen {
  room.orch(&[&["run", "greet.orch", "-q"][..], words].concat())
}

#[test]
fn wrong_arguments_are_named_and_nothing_runs() {
  let room = room();
  for (words, exit, said) in [
    (&[][..], 3, "`name` is missing: give it as `--name <string>`"),
    (&["--nam", "x"], 2, "'--name'"),
    (&["--name", "x", "--name", "y"], 2, "cannot be used multiple times"),
    (&["--name"], 2, "--name"),
    (&["--name", "x", "--n", "z"], 3, "`n` takes int: `z` is no whole number"),
    (&["--name", "x", "--n", "99999999999999999999"], 3, "`n` takes int"),
    (
      &["--name", "x", "--loud=maybe"],
      3,
      "`loud` takes bool: `maybe` is no bool",
    ),
    (
      &["--name", "x", "--tags", "[1,2"],
      3,
      "`tags` takes [int]: `[1,2` is not JSON",
    ),
    (&["--name", "x", "--tags", "[1,\"a\"]"], 3, "at `$[1]`: expected `int`"),
    (&["--name", "x", "other"], 2, "there is no orchestrator `other`"),
    (&["--name", "x", "--seed", "a"], 2, "--seed"),
  ] {
    let seen = greet(&room, words);
    assert_eq!((seen.exit, seen.out.as_str()), (Some(exit), ""), "{words:?}: {seen:?}");
    assert!(seen.err.contains(said), "{words:?}: no `{said}` in:\n{}", seen.err);
  }
  assert!(!room.path().join(".orch").exists());
}

#[test]
fn wrong_input_is_named() {
  let room = room();
  for (text, said) in [
    ("{\"name\":", "are not JSON"),
    ("[1]", "are not a JSON object"),
    ("", "are not JSON"),
    (
      "{\"name\":\"x\",\"nn\":1}",
      "`greet` has no parameter `nn`; did you mean `n`?",
    ),
    ("{\"name\":1}", "`name` takes string: expected `string`, found `1`"),
  ] {
    std::fs::write(room.path().join("in.json"), text).expect("a file");
    let seen = greet(&room, &["--input", "in.json"]);
    assert_eq!((seen.exit, seen.out.as_str()), (Some(3), ""), "{text}: {seen:?}");
    assert!(seen.err.contains(said), "{text}: no `{said}` in:\n{}", seen.err);
  }
}

#[test]
fn input_comes_through_a_pipe() {
  let room = room();
  let seen = room.shell("echo '{\"name\":\"pipe\"}' | \"$ORCH\" run greet.orch -q --input - --n 2");
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  assert_eq!(json(&seen.out)["name"], "pipe");
  assert_eq!(json(&seen.out)["n"], 2);
}

#[test]
fn texts_of_all_scripts_go_through_unharmed() {
  let text = "ünï©ødé ⛄ 𝄞 \u{202e}عربى \"quoted\" $(x) \n line";
  let program = r#"
worker echo_back(name: string) -> string {
  shell   """printf %s "$name" """
  output  stdout
  timeout 1m
}

/// Sends it through a process.
orchestrator send(name: string) -> { "ключ": string } {
  back = echo_back(name)
  return { "ключ": back }
}
"#;
  let room = Room::with(&[("sänd ⛄.orch", program)]);
  let seen = room.orch(&["run", "sänd ⛄.orch", "-q", "--name", text]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  assert_eq!(json(&seen.out), serde_json::json!({ "ключ": text }));
}

#[test]
fn a_large_result_is_whole() {
  let program = "/// Large.\norchestrator large() -> [string] {\n  return [\"${i}: é\" for i in range(0, 100000)]\n}\n";
  let room = Room::with(&[("large.orch", program)]);
  let seen = room.orch(&["run", "large.orch", "-q"]);
  assert_eq!(seen.exit, Some(0), "{}", seen.err);
  assert!(seen.out.len() > 1_000_000);
  let items = json(&seen.out);
  assert_eq!(
    (items[0].as_str(), items[99_999].as_str()),
    (Some("0: é"), Some("99999: é"))
  );
}

#[test]
fn places_that_can_not_be_written_are_named() {
  let room = room();
  let seen = greet(&room, &["--name", "x", "--store", "greet.orch"]);
  assert_eq!((seen.exit, seen.out.as_str()), (Some(1), ""), "{seen:?}");
  assert!(
    seen.err.contains("the store `greet.orch` can't be written"),
    "{}",
    seen.err
  );
  let seen = greet(&room, &["--name", "x", "--events", "nowhere/events"]);
  assert_eq!((seen.exit, seen.out.as_str()), (Some(2), ""), "{seen:?}");
  assert!(seen.err.contains("can't write to `nowhere/events`"), "{}", seen.err);
  let seen = greet(&room, &["--name", "x", "--events", "/dev/full"]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  assert!(seen.err.contains("can't write events any longer"), "{}", seen.err);
}

#[test]
fn streams_may_be_closed_or_full() {
  let room = room();
  let run = |rest: &str| room.shell(&format!("\"$ORCH\" run greet.orch --name x {rest}"));
  let seen = run("-q > /dev/full");
  assert_eq!(seen.exit, Some(1), "{seen:?}");
  assert!(seen.err.contains("can't write to standard output"), "{}", seen.err);
  for rest in ["2>&-", "2>/dev/full", "</dev/null 2>&-", "<&- 2>&-"] {
    let seen = run(rest);
    assert_eq!(seen.exit, Some(0), "{rest}: {seen:?}");
    assert_eq!(json(&seen.out)["name"], "x");
  }
  let seen = run("-q >&-");
  assert_eq!((seen.exit, seen.err.as_str()), (Some(0), ""), "{seen:?}");
  let mut command = room.command(&["run", "greet.orch", "--name", "x", "-q"]);
  let mut child = command
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("orch starts");
  drop(child.stdout.take());
  let seen: Seen = child.wait_with_output().expect("orch ends").into();
  assert_eq!((seen.exit, seen.err.as_str()), (Some(0), ""));
}

const MIXED: &str = r#"
worker refuse(i: int) -> int {
  shell   """echo "no $i" >&2; exit 1"""
  timeout 1m
}

/// Takes failures.
orchestrator lenient() -> int {
  answers = each i in range(0, 3) with collect => refuse(i)
  return len(failures(answers))
}

/// Fails.
orchestrator hard() -> int {
  answer = refuse(1)
  return answer
}
"#;

#[test]
fn machines_read_every_line() {
  let room = Room::with(&[("mixed.orch", MIXED)]);
  for (orchestrator, exit, status) in [("lenient", 0, "succeeded"), ("hard", 1, "failed")] {
    let seen = room.orch(&["run", "mixed.orch", orchestrator, "--format", "json"]);
    assert_eq!(seen.exit, Some(exit), "{seen:?}");
    let lines: Vec<_> = seen.err.lines().map(json).collect();
    assert_eq!(lines.last().expect("a summary")["summary"]["status"], status);
    let quiet = room.orch(&["run", "mixed.orch", orchestrator, "--format", "json", "--quiet"]);
    assert_eq!(quiet.err.lines().count(), usize::from(exit == 1), "{quiet:?}");
    assert_eq!(quiet.out, seen.out);
  }
}

#[test]
fn time_that_was_up_counts_as_failed() {
  let program = "worker hang() -> int {\n  mock hang\n  timeout 50ms\n  retry 1 fixed 1ms\n}\n\n/// Hangs.\norchestrator main() -> bool {\n  answer = attempt hang()\n  return answer.ok\n}\n";
  let room = Room::with(&[("hang.orch", program)]);
  let seen = room.orch(&["run", "hang.orch", "--format", "json"]);
  assert_eq!((seen.exit, seen.out.as_str()), (Some(0), "false\n"), "{seen:?}");
  let summary = json(seen.err.lines().next_back().expect("a summary"));
  let worker = &summary["summary"]["workers"][0];
  assert_eq!(
    (&worker["calls"], &worker["failed"], &worker["retries"]),
    (&1.into(), &1.into(), &1.into())
  );
}

#[test]
fn a_high_finding_starts_nothing() {
  let program = MIXED
    .replace("timeout 1m", "timeout 1m\n  retry 2")
    .replace("exit 1", "touch touched");
  let room = Room::with(&[("mixed.orch", &program.replace("timeout 1m", "cwd \".\"\n  timeout 1m"))]);
  let seen = room.orch(&["run", "mixed.orch", "hard"]);
  assert_eq!((seen.exit, seen.out.as_str()), (Some(3), ""), "{seen:?}");
  assert!(seen.err.contains("worker/retry-unsafe (high)"), "{}", seen.err);
  assert!(!room.path().join("touched").exists());
  assert!(!room.path().join(".orch").exists());
}

#[test]
fn runs_share_a_store() {
  let room = Room::with(&[("mixed.orch", MIXED)]);
  let start = |_| {
    let mut command: Command = room.command(&["run", "mixed.orch", "lenient", "-q"]);
    command
      .stdout(Stdio::piped())
      .stderr(Stdio::piped())
      .spawn()
      .expect("orch starts")
  };
  let children: Vec<_> = (0..4).map(start).collect();
  for child in children {
    let seen: Seen = child.wait_with_output().expect("orch ends").into();
    assert_eq!((seen.exit, seen.out.as_str(), seen.err.as_str()), (Some(0), "3\n", ""));
  }
  let logs = room.path().join(".orch").join("logs");
  assert_eq!(logs.read_dir().expect("logs").count(), 4);
}
