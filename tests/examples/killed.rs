//! The example that may be killed at any moment.

use std::{
  path::Path,
  process::{Child, Command, Stdio},
  time::{Duration, Instant},
};

use orch::{
  engine::{AttemptOutcome, Event, Record},
  journal::{Journal, Store},
};
use serde_json::json;

use super::room::{Room, examples};

fn orch(room: &Room, words: &[&str]) -> Command {
  let mut command = Command::new(env!("CARGO_BIN_EXE_orch"));
  command
    .args(words)
    .current_dir(room.path())
    .args(["--store", "store", "-q"]);
  command.stdout(Stdio::piped()).stderr(Stdio::piped());
  command
}

fn records(store: &Path) -> Vec<Record> {
  let mut store = Store::open(store).expect("a store");
  let Some(run) = store.runs().expect("runs").pop() else {
    return Vec::new();
  };
  let entries = store.read(&run.id).expect("records");
  entries
    .iter()
    .map(|entry| serde_json::from_str(&entry.body).expect("a record"))
    .collect()
}

fn indexed(records: &[Record]) -> usize {
  let ended = |record: &&Record| {
    matches!(
      &record.event,
      Event::AttemptEnded {
        outcome: AttemptOutcome::Ok(_),
        ..
      }
    )
  };
  records.iter().filter(ended).count()
}

/// Kills it once so many pages are indexed.
fn kill_after(mut child: Child, store: &Path, pages: usize) {
  let start = Instant::now();
  while !store.join("journal.db").exists() || indexed(&records(store)) < pages {
    assert!(start.elapsed() < Duration::from_secs(60), "nothing is indexed");
    std::thread::sleep(Duration::from_millis(20));
  }
  child.kill().expect("it runs");
  child.wait().expect("it is gone");
}

#[test]
fn pages_that_are_indexed_are_not_indexed_again() {
  let room = Room::new();
  let file = examples().join("nightly_index.orch");
  let store = room.path().join("store");
  let run = orch(&room, &["run", &file.to_string_lossy(), "--pages", "6"]).spawn();
  kill_after(run.expect("orch starts"), &store, 2);
  let resumed = orch(&room, &["resume"]).spawn();
  kill_after(resumed.expect("orch starts"), &store, 4);
  let output = orch(&room, &["resume"]).output().expect("orch runs");
  let result: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a result");
  assert_eq!(result, json!({ "indexed": 6, "words": 555, "state": "published" }));
  let records = records(&store);
  assert_eq!(indexed(&records), 7, "six pages and the catalogue, once each");
  let resumed = records
    .iter()
    .filter(|record| matches!(record.event, Event::Resumed(_)));
  assert_eq!(resumed.count(), 2);
}
