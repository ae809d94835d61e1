//! How a process ends, and that all it started ends with it.

use std::fs;

use orch::protocol::{Invocation, Performer, Signals, Task};
use orch::value::FailureKind;

use crate::bench::{Bench, eventually, identity, kill, members, refused, shell, shell_in, text};

#[tokio::test]
async fn what_a_worker_leaves_behind_is_ended_and_its_answer_kept() {
  let bench = Bench::new();
  for script in [
    "sleep 1000 & echo hi",
    "sleep 1000 >/dev/null 2>&1 & echo hi",
    "trap '' TERM; (while :; do sleep 1000; done) & echo hi",
  ] {
    assert_eq!(text(bench.run(shell(script)).await), "hi\n", "{script}");
  }
  bench.assert_clean();
}

#[tokio::test]
async fn what_has_left_the_group_keeps_nobody_waiting() {
  let bench = Bench::new();
  let script = "setsid sh -c 'echo $$ > fled; exec sleep 1000' & while ! test -s fled; do sleep 0.01; done; echo hi";
  assert_eq!(text(bench.run(shell_in(&bench, script)).await), "hi\n");
  kill(
    fs::read_to_string(bench.path("fled"))
      .expect("a number")
      .trim()
      .parse()
      .expect("a number"),
  );
}

#[tokio::test]
async fn a_worker_that_never_ends_is_cancelled_with_all_it_started() {
  let bench = Bench::new();
  let mut execution = bench.start(shell_in(&bench, "sleep 1000 & echo hm >&2; touch ready; sleep 1000"));
  bench.wait_for("ready").await;
  execution.cancel();
  let error = refused(execution.end().await, FailureKind::Cancelled);
  assert_eq!(
    (error.message.as_str(), error.code, error.log.as_deref()),
    ("cancelled", None, Some("hm\n"))
  );
  bench.assert_clean();
}

#[tokio::test]
async fn a_stopped_worker_is_cancelled_too() {
  let bench = Bench::new();
  let mut execution = bench.start(shell_in(
    &bench,
    "trap 'touch woken; exit' TERM; touch ready; kill -STOP $$; sleep 1",
  ));
  bench.wait_for("ready").await;
  execution.cancel();
  refused(execution.end().await, FailureKind::Cancelled);
  assert!(bench.path("woken").exists());
}

#[tokio::test]
async fn all_of_a_cancelled_group_has_time_to_clean_up() {
  let bench = Bench::new();
  let inner = "trap 'sleep 0.2; touch cleaned; exit' TERM; touch ready; while :; do sleep 0.02; done";
  let mut execution = bench.start(shell_in(&bench, &format!("sh -c \"{inner}\" & wait")));
  bench.wait_for("ready").await;
  execution.cancel();
  refused(execution.end().await, FailureKind::Cancelled);
  assert!(bench.path("cleaned").exists());
}

#[tokio::test]
async fn a_worker_that_ignores_sigterm_is_killed_after_its_grace() {
  let bench = Bench::new();
  let mut execution = bench.start(shell_in(
    &bench,
    "trap '' TERM; touch ready; while :; do sleep 1000; done",
  ));
  bench.wait_for("ready").await;
  execution.cancel();
  refused(execution.end().await, FailureKind::Cancelled);
  bench.assert_clean();
}

#[tokio::test]
async fn an_orch_told_twice_to_stop_gives_no_grace() {
  let bench = Bench::new();
  let script = "trap 'touch asked; sleep 4; touch cleaned; exit' TERM; touch ready; while :; do sleep 0.02; done";
  let mut execution = bench.start(shell_in(&bench, script));
  bench.wait_for("ready").await;
  execution.cancel();
  bench.wait_for("asked").await;
  bench.workers.end_at_once();
  refused(execution.end().await, FailureKind::Cancelled);
  assert!(!bench.path("cleaned").exists());
}

#[tokio::test]
async fn what_was_cancelled_before_it_starts_never_runs() {
  let bench = Bench::new();
  let signals = Signals {
    started: Box::new(|_| panic!("started")),
    reported: Box::new(|_| ()),
    cancelled: Box::pin(std::future::ready(())),
  };
  let task = Task::Process(shell_in(&bench, "touch ran"));
  let answer = bench
    .workers
    .perform(
      Invocation {
        identity: identity(),
        task,
        heartbeat: None,
      },
      signals,
    )
    .wait()
    .await;
  refused(answer, FailureKind::Cancelled);
  assert!(!bench.path("ran").exists());
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_leaves_nothing() {
  let bench = Bench::new();
  let execution = bench.start(shell_in(&bench, "trap '' TERM; sleep 1000 & touch ready; sleep 1000"));
  bench.wait_for("ready").await;
  let group = execution.group.lock().expect("no panic").expect("it runs");
  execution.answer.abort();
  assert!(execution.answer.await.expect_err("it is dropped").is_cancelled());
  eventually("the group is gone", || members(group).is_empty());
  bench.assert_clean();
}
