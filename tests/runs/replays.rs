//! Real runs, taken up again from every prefix of their journal.

use std::process::Command;

use orch::{
  engine::{Command as Wanted, Decision, Replayed, Resumption},
  hir::Program,
  journal::{Journal, Store},
};

use super::*;

/// A bit of everything, with real processes.
const PROGRAM: &str = r#"
limit two { concurrent 2 }
limit quickly { rate 5 per 20ms }
defaults { timeout 20s }

worker number(x: int) -> { x: int, share: float, wait: duration } {
  shell """echo "{ \"x\": $x, \"share\": 0.1, \"wait\": \"1h30m\" }" """
  limit two, limit quickly
}
worker flaky(x: int) -> int {
  shell """echo "attempt $ORCH_ATTEMPT" >&2; [ "$ORCH_ATTEMPT" -gt 1 ] && echo "$x" """
  retry 2 backoff 1ms..5ms, idempotent
}
worker odd(x: int) -> int { shell """[ $((x % 2)) = 1 ] && echo "$x" """, concurrent 3 }
worker forever() { exec ["sleep", "600"] }

orchestrator inner(x: int) -> float { a = number(x) return a.share * 3 }

orchestrator main(lose: bool = false) -> json {
  stage first { a = number(1) b = flaky(a.x + 1) }
  odds = each x in range(6) with concurrent 4, collect => odd(x)
  sum = each x in [1, 2, 3] from 0 { n = flaky(x) yield previous + n }
  c = forever() with deadline 30ms catch null
  d = repeat up to 3 { n = number((previous ?? 0) + 1) yield n.x } until n.x == 2
  e = match b { 2 => inner(b), else => fail "not two" }
  f = attempt odd(2)
  require len(succeeded(odds)) == 3, "three are odd"
  g = if lose then { h = odd(4) yield h } else 7
  return "early" when g == 8
  return { a: a.wait, odds, sum, c, d, e, f: f.ok, g }
}
"#;

struct Journaled {
  program: Arc<Program>,
  records: Vec<Record>,
}

/// Runs it with the real binary; what its store has then.
fn journaled(arguments: &[&str], exit: i32) -> Journaled {
  let directory = tempfile::tempdir().expect("a directory");
  let path = directory.path().canonicalize().expect("a path").join("main.orch");
  std::fs::write(&path, PROGRAM).expect("a file");
  let mut command = Command::new(env!("CARGO_BIN_EXE_orch"));
  command.arg("run").arg(&path).arg("main").args(arguments);
  let seen = command.current_dir(directory.path()).output().expect("orch runs");
  assert_eq!(
    seen.status.code(),
    Some(exit),
    "{}",
    String::from_utf8_lossy(&seen.stderr)
  );
  let mut store = Store::open(&directory.path().join(".orch")).expect("its store");
  let runs = store.runs().expect("its runs");
  let entries = store.read(&runs[0].id).expect("its records");
  let records = entries
    .iter()
    .map(|entry| serde_json::from_str(&entry.body).expect("a record"));
  let records = records.collect();
  let program = session::check(&session::Disk, &path).program.expect("a program");
  Journaled { program, records }
}

/// What a replay derives is what was written next; what ran, and nothing else, is made once more.
fn check_prefix(run: &Journaled, length: usize) {
  let (before, after) = run.records.split_at(length);
  let replayed =
    Run::replay(run.program.clone(), before.to_vec()).unwrap_or_else(|error| panic!("after {length} records: {error}"));
  let Replayed { records, .. } = &replayed;
  assert_eq!(*records, after[..records.len()], "after {length} records");
  let known = before.len() + records.len();
  check_snapshot(run, &replayed.run, known);
  let open = open_executions(&run.records[..known]);
  let (_, step) = replayed.resume(Resumption {
    resumed: jiff::Timestamp::UNIX_EPOCH,
    engine: "0".into(),
    unfinished: Some(Decision::Rerun),
    steps: Default::default(),
  });
  let ended = step.commands.iter().filter_map(|command| match command {
    Wanted::CancelAttempt(execution) => Some(execution.0),
    _ => None,
  });
  let repeated = step.records.iter().filter_map(|record| match &record.event {
    Event::AttemptRepeated { execution, .. } => Some(execution.0),
    _ => None,
  });
  let mut again: Vec<u64> = ended.chain(repeated).collect();
  again.sort_unstable();
  assert_eq!(again, open, "after {length} records");
}

/// What was written after a snapshot goes on from it.
fn check_snapshot(run: &Journaled, at: &Run, known: usize) {
  let Event::RunStarted(started) = &run.records[0].event else {
    panic!("it begins with its start");
  };
  let snapshot = at.snapshot(usize::MAX).expect("it is between two steps");
  let after = run.records[known..].to_vec();
  let restored = Run::replay_from(run.program.clone(), started, &snapshot, after);
  let restored = restored.unwrap_or_else(|error| panic!("after {known} records: {error}"));
  assert!(restored.expect("it can be read").run.is_over(), "after {known} records");
}

/// Those admitted whose end is not in the journal.
fn open_executions(records: &[Record]) -> Vec<u64> {
  let mut open = std::collections::BTreeSet::new();
  for record in records {
    match record.event {
      Event::Admitted { execution } => _ = open.insert(execution.0),
      Event::AttemptEnded { execution, .. } => _ = open.remove(&execution.0),
      _ => {}
    }
  }
  open.into_iter().collect()
}

#[test]
fn every_prefix_of_a_real_run_is_the_same_run() {
  for (arguments, exit) in [(&[][..], 0), (&["--lose"], 1)] {
    let run = journaled(arguments, exit);
    let last = &run.records.last().expect("records").event;
    assert_eq!(matches!(last, Event::RunSucceeded { .. }), exit == 0, "{last:?}");
    for length in 1..=run.records.len() {
      check_prefix(&run, length);
    }
  }
}

#[test]
fn every_start_is_written_after_its_admission_with_its_process_group() {
  let run = journaled(&[], 0);
  let mut admitted = std::collections::HashSet::new();
  for record in &run.records {
    match record.event {
      Event::Admitted { execution } => _ = admitted.insert(execution),
      Event::AttemptStarted {
        execution,
        process_group,
      } => {
        assert!(admitted.contains(&execution) && process_group.is_some(), "{record:?}");
      }
      _ => {}
    }
  }
  assert!(admitted.len() > 15);
}
