//! Those who look at a run: while it goes on, and after something happened to its journal.

use std::{
  io::{BufRead, BufReader},
  process::{Child, Stdio},
};

use nix::sys::signal::Signal;
use orch::journal::{Journal, Store, Waiting};

use crate::room::{Room, Seen, json, signal, until};

const PROGRAM: &str = r#"
worker step(n: int) -> int {
  shell """echo "begins $n" >&2; touch "began$n"; until [ -e "go$n" ]; do sleep 0.01; done; echo "ends $n" >&2; echo "$n" """
  timeout 1m, idempotent
}
worker tell(text: string) { shell """echo "$text" > told""", timeout 1m }

/// One after the other.
orchestrator main() -> int {
  a = step(1)
  b = step(a + 1)
  return b
  on failure { tell(error.message) }
}

/// Asks for one that nobody begins.
orchestrator quick() -> int { return 1 }
"#;

fn room() -> Room {
  Room::with(&[("p.orch", PROGRAM)])
}

/// Waits in every way there is.
const WAITING: &str = r#"
limit one { concurrent 1 }
defaults { timeout 10m, idempotent }
worker slow(n: int) -> int {
  shell """echo "first" >&2; echo "it's $n" >&2; touch began; until [ -e go ]; do sleep 0.05; done; echo "$n" """
  limit one
}
worker plain(text: string) { exec ["sh", "-c", "touch \"$1\"; sleep 600", "sh", text] }
worker flaky() -> int { exec ["sh", "-c", "exit 75"], retry 5 backoff 1h..2h }
worker dear() -> int { exec ["sleep", "600"], budget { cost $0.60 } }

/// Has room for one call of `dear`.
orchestrator bounded() -> [int] {
  budget { cost $1.00 }
  ys = each n in [1, 2] with concurrent 2 => dear()
  return ys
}

orchestrator main() -> int {
  xs = each n in range(2) with concurrent 2 => slow(n)
  f = flaky()
  p = plain("it's one")
  d = flaky() with delay 1h
  b = bounded()
  return len(xs) + f + d
}
"#;

fn touch(room: &Room, name: &str) {
  std::fs::write(room.path().join(name), "").expect("a file");
}

/// Starts it with its output to be read.
fn reader(room: &Room, words: &[&str]) -> (Child, BufReader<std::process::ChildStdout>) {
  let mut command = room.command(words);
  let mut child = command.stdout(Stdio::piped()).spawn().expect("orch starts");
  let out = child.stdout.take().expect("a pipe");
  (child, BufReader::new(out))
}

fn next_line(out: &mut impl BufRead) -> String {
  let mut line = String::new();
  out.read_line(&mut line).expect("a line");
  line.trim_end().to_owned()
}

#[test]
fn who_follows_a_run_sees_it_to_its_end() {
  let room = room();
  let run = room.start(&["run", "p.orch", "main", "-q"], "began1");
  let (mut events, records) = reader(&room, &["events", "-f"]);
  let (mut logs, mut lines) = reader(&room, &["logs", "last", "--follow"]);
  assert_eq!(next_line(&mut lines), "== a, attempt 1");
  assert_eq!(next_line(&mut lines), "begins 1");
  touch(&room, "go1");
  assert_eq!(next_line(&mut lines), "ends 1");
  assert_eq!(next_line(&mut lines), "== b, attempt 1");
  assert_eq!(next_line(&mut lines), "begins 2");
  touch(&room, "go2");
  assert_eq!(next_line(&mut lines), "ends 2");
  assert_eq!(next_line(&mut lines), "", "it ends with the run");
  let all: Vec<_> = records.lines().map(|line| json(&line.expect("a line"))).collect();
  assert!(
    all.iter().zip(0..).all(|(record, seq)| record["seq"] == seq),
    "each once"
  );
  assert_eq!(all.last().expect("records")["event"], "run_succeeded");
  for child in [&mut events, &mut logs] {
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
  }
  assert!(run.wait_with_output().expect("it ends").status.success());
  let after = room.orch(&["events", "--follow"]);
  assert_eq!((after.exit, after.out.lines().count()), (Some(0), all.len()), "at once");
}

#[test]
fn who_follows_a_run_whose_orch_is_killed_is_told_all_there_was() {
  let room = room();
  let mut run = room.start(&["run", "p.orch", "main", "-q"], "began1");
  let (mut logs, mut lines) = reader(&room, &["logs", "-f"]);
  assert_eq!(next_line(&mut lines), "== a, attempt 1");
  signal(&run, Signal::SIGKILL);
  run.wait().expect("it is gone");
  assert_eq!(logs.wait().expect("it ends").code(), Some(0));
}

#[test]
fn who_follows_ends_once_nobody_reads() {
  let room = room();
  let run = room.start(&["run", "p.orch", "main", "-q"], "began1");
  for words in [["events", "-f"], ["logs", "-f"]] {
    let (mut child, mut out) = reader(&room, &words);
    assert!(!next_line(&mut out).is_empty());
    drop(out);
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{words:?}");
  }
  touch(&room, "go1");
  touch(&room, "go2");
  assert!(run.wait_with_output().expect("it ends").status.success());
}

fn database(room: &Room, statement: &str) {
  let database = rusqlite::Connection::open(room.path().join(".orch/journal.db")).expect("a database");
  assert_eq!(database.execute(statement, []), Ok(1), "{statement}");
}

/// Two runs, of which the first is damaged there.
fn damaged(at: &str) -> (Room, Seen) {
  let room = room();
  touch(&room, "go1");
  touch(&room, "go2");
  for orchestrator in ["main", "quick"] {
    assert_eq!(room.orch(&["run", "p.orch", orchestrator, "-q"]).exit, Some(0));
  }
  database(
    &room,
    &format!("UPDATE records SET at = at + 1 WHERE run = 1 AND seq = ({at})"),
  );
  let listed = room.orch(&["runs", "--format", "json"]);
  (room, listed)
}

#[test]
fn a_damaged_run_hides_no_other() {
  let (room, listed) = damaged("SELECT max(seq) FROM records WHERE run = 1");
  assert_eq!(listed.exit, Some(0), "{listed:?}");
  let all = json(&listed.out);
  assert_eq!(
    (&all[0]["state"], &all[1]["state"]),
    (&"damaged".into(), &"succeeded".into())
  );
  assert!(all[0]["failure"].as_str().expect("why").contains("is damaged"), "{all}");
  let only = room.orch(&["runs", "--state", "damaged"]);
  assert!(
    only.out.contains("damaged") && only.out.lines().count() == 1,
    "{only:?}"
  );
  let clean = room.orch(&["runs", "clean", "--keep", "0", "--older-than", "0s"]);
  assert_eq!(clean.exit, Some(0), "{clean:?}");
  assert_eq!(
    room.orch(&["runs"]).out.lines().count(),
    1,
    "it stays, for somebody to look at"
  );
}

#[test]
fn what_was_recorded_before_the_damage_is_shown() {
  let (room, listed) = damaged("SELECT max(seq) - 3 FROM records WHERE run = 1");
  let run = json(&listed.out)[0]["run"].as_str().expect("a name").to_owned();
  for words in [
    &["show"][..],
    &["logs"],
    &["events"],
    &["why"],
    &["report", "--format", "md"],
  ] {
    let seen = room.orch(&[&[words[0], &run], &words[1..]].concat());
    assert_eq!(seen.exit, Some(1), "{words:?}: {seen:?}");
    assert!(
      seen.err.contains("it is not what was written"),
      "{words:?}: {}",
      seen.err
    );
    assert!(
      seen.err.contains("what is shown was recorded before that"),
      "{words:?}: {}",
      seen.err
    );
    assert!(!seen.out.is_empty(), "{words:?}");
  }
  let shown = room.orch(&["show", &run, "--format", "json"]);
  assert!(
    json(&shown.out)["damage"]
      .as_str()
      .is_some_and(|why| why.contains("damaged"))
  );
  let resumed = room.orch(&["resume", &run]);
  assert_eq!((resumed.exit, resumed.out.as_str()), (Some(1), ""), "{resumed:?}");
  assert!(resumed.err.contains("it is not what was written"), "{resumed:?}");
}

#[test]
fn a_run_that_was_never_begun_can_be_cancelled() {
  let room = room();
  assert_eq!(room.orch(&["run", "p.orch", "quick", "-q"]).exit, Some(0));
  let mut store = Store::open(&room.path().join(".orch")).expect("a store");
  let parent = store.runs().expect("runs")[0].id.clone();
  let child = serde_json::json!({
    "child": { "run": "child-1", "tracker": parent, "orchestrator": "main", "arguments": {}, "seed": 1 },
    "parent": parent, "profile": null, "set": [], "directory": room.path(),
  });
  let waiting = Waiting {
    id: "child-1".into(),
    parent,
    orchestrator: "main".into(),
    asked: "2026-01-02T03:04:05Z".into(),
    order: child.to_string(),
  };
  store.ask(&waiting).expect("it is asked for");
  drop(store);
  let seen = room.orch(&["cancel", "child-1", "--reason", "not needed"]);
  assert_eq!(seen.exit, Some(1), "{seen:?}");
  assert!(seen.err.contains("not needed"), "{}", seen.err);
  assert!(!room.path().join("began1").exists(), "nothing of it was started");
  until("who is to know is told", || room.path().join("told").exists());
  let listed = room.orch(&["runs", "--state", "failed"]);
  assert!(listed.out.contains("child-1"), "{listed:?}");
  let again = room.orch(&["cancel", "child-1"]);
  assert!(again.err.contains("has finished"), "{again:?}");
}

#[test]
fn a_run_says_what_it_waits_for_and_what_can_be_done() {
  let room = Room::with(&[("p.orch", WAITING)]);
  let mut run = room.start(&["run", "p.orch", "main", "-q"], "began");
  until("another one runs, too", || room.path().join("it's one").exists());
  let why = || json(&room.orch(&["why", "--format", "json"]).out);
  let wait_of = |document: &serde_json::Value, step: &str| {
    let waits = document["waits"].as_array().expect("waits").iter();
    waits
      .clone()
      .find(|wait| wait["step"] == step)
      .cloned()
      .unwrap_or_default()
  };
  until("the retry is scheduled", || wait_of(&why(), "f")["error"].is_string());
  let document = why();
  let of = |step: &str| wait_of(&document, step);
  assert_eq!(document["driver"], run.id());
  assert_eq!(of("xs[0]")["log"], "it's 0");
  assert!(of("xs[0]")["process_group"].is_u64());
  assert_eq!(of("xs[0]")["due"][0]["what"], "its timeout ends it");
  assert_eq!(of("xs[1]")["shares"][0]["name"], "one");
  assert_eq!(of("xs[1]")["shares"][0]["holders"], serde_json::json!(["xs[0]"]));
  assert_eq!(of("f")["due"][0]["what"], "its next attempt comes");
  assert_eq!(of("d")["due"][0]["what"], "it begins");
  let command = of("p")["command"].as_str().expect("a command").to_owned();
  let budgets = [of("b.ys[0]"), of("b.ys[1]")].map(|wait| wait["budgets"].as_array().expect("a list").len());
  assert_eq!(budgets, [0, 1]);
  let said = room.orch(&["why"]).out;
  for line in [
    "`xs[1]`: slow waits for admission since",
    "limit `one`: 1 at once; held by `xs[0]`",
    "its log ends: it's 0",
    "`b.ys[1]`: dear waits for a budget since",
    "`d`: waits out its delay",
  ] {
    assert!(said.contains(line), "no `{line}` in:\n{said}");
  }
  let shown = room.shell(&format!("printf '%s\\n' {command}"));
  assert_eq!(shown.out.lines().last(), Some("it's one"), "{command}");
  signal(&run, Signal::SIGKILL);
  run.wait().expect("it is gone");
  let after = room.orch(&["why"]).out;
  assert!(
    after.contains("orch resume") && after.contains("ran when its orch was gone"),
    "{after}"
  );
  room.await_clean();
}
