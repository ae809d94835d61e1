//! What a worker says of itself, and what becomes of one that says nothing.

use orch::protocol::{ProcessTask, Task};
use orch::value::{Dollars, FailureKind};

use crate::bench::{Bench, identity, refused, shell, stdout};

#[tokio::test]
async fn reports_come_before_the_answer_and_the_last_one_has_all() {
  let bench = Bench::new();
  let script = "echo '::orch cost=0.10 tokens=3 progress=1/2' >&2; echo '::orch cost=0.05 rows=7' >&2; echo 1";
  let execution = bench.start(shell(script));
  let reports = execution.reports.clone();
  assert_eq!(stdout(execution.end().await), b"1\n");
  let reports = reports.lock().expect("no panic");
  let last = reports.last().expect("a report");
  assert_eq!((last.cost, last.tokens), (Dollars::of(0.15), Some(3)));
  assert_eq!((last.progress, last.metrics.get("rows")), (Some(0.5), Some(&7.0)));
}

#[tokio::test]
async fn a_worker_that_fails_has_reported_too_and_its_log_keeps_the_lines() {
  let bench = Bench::new();
  let execution = bench.start(shell(
    "echo '::orch cost=0.10' >&2; echo '::orch cost=much' >&2; exit 3",
  ));
  let reports = execution.reports.clone();
  let error = refused(execution.end().await, FailureKind::Exit);
  assert_eq!(
    reports.lock().expect("no panic").last().and_then(|last| last.cost),
    Dollars::of(0.1)
  );
  let log = error.log.expect("a log");
  assert!(log.contains("::orch cost=0.10\n"), "{log}");
  assert!(log.contains("orch: not understood: ::orch cost=much\n"), "{log}");
}

#[tokio::test]
async fn only_standard_error_speaks_for_a_worker() {
  let bench = Bench::new();
  let task = ProcessTask {
    wants_output: false,
    ..shell("echo '::orch cost=1'")
  };
  let execution = bench.start(task);
  let reports = execution.reports.clone();
  execution.end().await.expect("an answer");
  assert!(reports.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn a_silent_worker_is_ended_with_all_that_it_started() {
  let bench = Bench::new();
  let task = shell("echo begun >&2; sleep 1000 & sleep 1000");
  let execution = bench.begin(Task::Process(task), Some(200));
  let error = refused(execution.end().await, FailureKind::Timeout);
  assert_eq!(error.message, "it said nothing for 200ms");
  assert_eq!(error.log.as_deref(), Some("begun\n"));
  bench.assert_clean();
}

#[tokio::test]
async fn a_copy_has_a_log_of_its_own() {
  let bench = Bench::new();
  let copy = orch::protocol::Identity {
    copy: true,
    ..identity()
  };
  let files = [identity(), copy].map(|identity| bench.workers.log_file(&identity).expect("logs are written"));
  assert_eq!(
    files,
    [
      bench.path("logs/r1/a[3].b.2.log"),
      bench.path("logs/r1/a[3].b.2.copy.log")
    ]
  );
}
