//! The mock worker: canned answers. Knows nothing of processes.

use std::time::Duration;

use crate::protocol::{MockAnswer, MockTask, RawAnswer, Signals, WorkerError};
use crate::value::FailureKind;

use super::failure;

/// Waits its delay, then answers; a cancellation ends it at any time.
pub(super) async fn perform(task: MockTask, signals: Signals) -> Result<RawAnswer, WorkerError> {
  (signals.started)(None);
  tokio::select! {
    biased;
    () = signals.cancelled => Err(failure(FailureKind::Cancelled, "cancelled")),
    answer = answer(task) => answer,
  }
}

async fn answer(task: MockTask) -> Result<RawAnswer, WorkerError> {
  if task.delay > 0 {
    tokio::time::sleep(Duration::from_millis(task.delay.unsigned_abs())).await;
  }
  match task.answer {
    MockAnswer::Value(value) => Ok(RawAnswer::Mock(value)),
    MockAnswer::Failure(error) => Err(error),
    MockAnswer::Malformed => Err(failure(FailureKind::Contract, "the answer is not JSON")),
    MockAnswer::Hang => std::future::pending().await,
  }
}
