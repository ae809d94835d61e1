//! What is kept of a log, and where.

use std::{fs, os::unix::fs::PermissionsExt};

use orch::protocol::ProcessTask;
use orch::value::FailureKind;
use orch::workers::LARGEST_LOG;

use crate::bench::{Bench, exec, identity, refused, shell, stdout};

#[tokio::test]
async fn the_log_is_a_private_file_with_what_is_no_answer() {
  let bench = Bench::new();
  let task = ProcessTask {
    wants_output: false,
    ..shell("echo out; echo err >&2")
  };
  assert_eq!(stdout(bench.run(task).await), b"");
  let file = bench.workers.log_file(&identity()).expect("logs are written");
  assert_eq!(file, bench.path("logs/r1/a[3].b.2.log"));
  let log = fs::read_to_string(&file).expect("a log");
  assert!(log == "out\nerr\n" || log == "err\nout\n", "{log}");
  assert_eq!(fs::metadata(&file).expect("a log").permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_log_without_end_is_capped_and_its_end_is_kept() {
  let bench = Bench::new();
  let error = refused(
    bench
      .run(shell("yes | head -c 40000000 >&2; echo end >&2; exit 1"))
      .await,
    FailureKind::Exit,
  );
  let tail = error.log.expect("a log");
  assert!(tail.ends_with("y\nend\n") && tail.len() == 4096, "{}", tail.len());
  let log = fs::read(bench.path("logs/r1/a[3].b.2.log")).expect("a log");
  let (kept, note) = log.split_at(LARGEST_LOG as usize);
  assert!(kept.iter().all(|byte| b"y\n".contains(byte)));
  assert_eq!(note, b"\norch: the log is larger than 8 MiB: the rest is not kept\n");
}

#[tokio::test]
async fn a_worker_that_says_nothing_leaves_no_log() {
  let bench = Bench::new();
  bench.run(exec(&["true"])).await.expect("an answer");
  assert!(!bench.path("logs").exists());
}
