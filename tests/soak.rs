//! A long run through the driver: it comes to its end, and nothing is kept of a step that is over.
//!
//! `ORCH_SOAK_STEPS` says how many steps it has. From 100,000 on the memory of the process is held to what it was after a
//! fifth of them: in shorter runs what is allocated once would count.
#![expect(clippy::disallowed_methods, reason = "the memory of this process is read")]

#[path = "common/mod.rs"]
mod common;

use std::{collections::BTreeMap, io, sync::Arc};

use common::memory::check_text;
use orch::{
  driver::{EventLog, RunOutcome, drive},
  engine::{Child, Event, Record, Run, RunStarted},
  files::Depot,
  workers::{Options, Workers},
};
use tokio::sync::mpsc::unbounded_channel;

/// Of a test run.
const STEPS: u64 = 10_000;
/// From so many on memory is looked at.
const LONG: u64 = 100_000;
/// Steps of one inner `each`, in ten of which one fails and one is tried again.
const ROUND: u64 = 1_000;

/// What came by.
#[derive(Default)]
struct Counts {
  records: u64,
  ended: u64,
  /// Kilobytes of memory after so many executions.
  memory: Vec<(u64, u64)>,
}

impl EventLog for Counts {
  fn append(&mut self, records: &[Record]) -> io::Result<()> {
    self.records += records.len() as u64;
    let ends = |record: &&Record| matches!(record.event, Event::AttemptEnded { .. });
    let before = self.ended / ROUND;
    self.ended += records.iter().filter(ends).count() as u64;
    if self.ended / ROUND > before {
      self.memory.extend(resident().map(|memory| (self.ended, memory)));
    }
    Ok(())
  }

  fn dispatch(&mut self, _: &Child) -> io::Result<()> {
    Ok(())
  }
}

/// Kilobytes that this process has in memory, where the system says so.
fn resident() -> Option<u64> {
  let status = std::fs::read_to_string("/proc/self/status").ok()?;
  let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
  line.split_whitespace().nth(1)?.parse().ok()
}

fn program(rounds: u64) -> Arc<orch::hir::Program> {
  let text = format!(
    "
limit some {{ concurrent 20 }}
defaults {{ timeout 1m, idempotent }}
worker work(n: int) -> int {{
  mock {{ on {{ n: 3 }} => fail exit 3, else => n }}
  limit some
  breaker {{ open after 50, probe after 1s, close after 1 }}
}}
worker end(n: int) {{ mock return null }}
orchestrator lap(x: int) -> int {{
  budget {{ calls 5000, time 10m }}
  t = end(x) finally end(x)
  xs = each n in range({ROUND}) with concurrent 50, collect {{
    a = work(n % 10) with retry 1 fixed 0ms, deadline 30s
    yield a
  }}
  return len(succeeded(xs)) + len(failures(xs))
}}
orchestrator main() -> int {{
  sum = each x in range({rounds}) from 0 {{ n = lap(x) yield previous + n }}
  return sum
}}
"
  );
  let checked = check_text(&text);
  checked
    .program
    .clone()
    .unwrap_or_else(|| panic!("{}", common::shown(&checked)))
}

#[test]
fn a_long_run_ends_and_keeps_nothing_of_what_is_over() {
  let steps = std::env::var("ORCH_SOAK_STEPS").map_or(STEPS, |steps| steps.parse().expect("a number"));
  let rounds = steps.div_ceil(ROUND);
  let program = program(rounds);
  let started = RunStarted {
    run: "r".into(),
    tracker: "t".into(),
    program: "digest".into(),
    engine: "0".into(),
    seed: 1,
    orchestrator: "main".into(),
    arguments: serde_json::json!({}),
    started: jiff::Timestamp::UNIX_EPOCH,
    profile: None,
    set: BTreeMap::default(),
    parent: None,
    reuses: None,
    last: None,
    directory: "/here".into(),
  };
  let beginning = Run::start(program, started).expect("it starts");
  // mocks only: nothing is started
  let workers = Workers::new(Options {
    logs: None,
    scratch: "/nowhere".into(),
    files: Depot::new("/nowhere".into()),
    guard: None,
    secrets: Vec::new(),
  });
  let mut counts = Counts::default();
  let (_requests, receiver) = unbounded_channel();
  let runtime = tokio::runtime::Builder::new_current_thread()
    .enable_time()
    .build()
    .expect("a runtime");
  let outcome = runtime.block_on(drive(
    beginning.into(),
    Arc::new(workers),
    &mut counts,
    &mut [],
    receiver,
  ));
  let Counts { records, ended, memory } = counts;
  let expected = RunOutcome::Succeeded(serde_json::json!(rounds * ROUND));
  assert_eq!(outcome.expect("the log is fine"), expected);
  // a tenth fails and is tried once more, and each round has two calls beside
  assert_eq!(ended, rounds * (ROUND + ROUND / 10 + 2), "every step once");
  let warm = memory.iter().skip(memory.len() / 5).map(|(_, memory)| *memory);
  let (least, most) = (warm.clone().min().unwrap_or(0), warm.max().unwrap_or(0));
  println!("{ended} executions, {records} records, {least} to {most} KB of memory after a fifth of them");
  assert!(steps < LONG || most * 100 <= least * 105, "memory grows: {memory:?}");
}
