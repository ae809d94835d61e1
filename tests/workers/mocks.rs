//! Canned answers.

use orch::protocol::{Invocation, MockAnswer, MockTask, Performer, RawAnswer, Signals, Task, WorkerError};
use orch::value::{FailureKind, Value};
use orch::workers::{Options, Workers};
use tokio::sync::oneshot;

use crate::bench::{identity, within};

#[tokio::test]
async fn mocks_answer_as_told() {
  let workers = Workers::new(Options {
    logs: None,
    scratch: "/nowhere".into(),
    files: orch::files::Depot::new("/nowhere".into()),
    guard: None,
    secrets: Vec::new(),
  });
  let failed = error(FailureKind::Timeout, "late");
  let malformed = error(FailureKind::Contract, "the answer is not JSON");
  let cancelled = error(FailureKind::Cancelled, "cancelled");
  for (answer, delay, cancel, expected) in [
    (
      MockAnswer::Value(Value::Int(3)),
      10,
      false,
      Ok(RawAnswer::Mock(Value::Int(3))),
    ),
    (MockAnswer::Failure(failed.clone()), 0, false, Err(failed)),
    (MockAnswer::Malformed, 0, false, Err(malformed)),
    (MockAnswer::Hang, 0, true, Err(cancelled.clone())),
    (MockAnswer::Value(Value::Int(3)), i64::MAX, true, Err(cancelled)),
  ] {
    let (starts, started) = oneshot::channel();
    let signals = Signals {
      started: Box::new(|group| starts.send(group).expect("the test waits")),
      reported: Box::new(|_| ()),
      cancelled: Box::pin(async move {
        if !cancel {
          std::future::pending().await
        }
        tokio::task::yield_now().await;
      }),
    };
    let task = Task::Mock(MockTask {
      delay,
      answer,
      texts: Vec::new(),
    });
    let invocation = Invocation {
      identity: identity(),
      task,
      heartbeat: None,
    };
    let answer = within(workers.perform(invocation, signals).wait()).await;
    assert_eq!(answer, expected);
    assert_eq!(started.await, Ok(None));
  }
}

fn error(kind: FailureKind, message: &str) -> WorkerError {
  WorkerError {
    kind,
    message: message.into(),
    code: None,
    log: None,
  }
}
