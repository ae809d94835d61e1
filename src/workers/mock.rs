//! The mock worker: canned answers. Knows nothing of processes.

use std::{sync::Arc, time::Duration};

use crate::protocol::{MockAnswer, MockTask, RawAnswer, Signals, WorkerError};
use crate::value::FailureKind;

use super::{Shared, failure};

/// Waits its delay, then answers; a cancellation ends it at any time. Until it answers it says nothing.
pub(super) async fn perform(
  shared: Arc<Shared>,
  task: MockTask,
  heartbeat: Option<i64>,
  signals: Signals,
) -> Result<RawAnswer, WorkerError> {
  (signals.started)(None);
  tokio::select! {
    biased;
    () = signals.cancelled => Err(failure(FailureKind::Cancelled, "cancelled")),
    answer = answer(shared, task) => answer,
    silence = silence(heartbeat) => Err(WorkerError::silent(silence)),
  }
}

async fn silence(heartbeat: Option<i64>) -> i64 {
  match heartbeat {
    None => std::future::pending().await,
    Some(most) => {
      tokio::time::sleep(Duration::from_millis(most.unsigned_abs())).await;
      most
    }
  }
}

async fn answer(shared: Arc<Shared>, task: MockTask) -> Result<RawAnswer, WorkerError> {
  if task.delay > 0 {
    tokio::time::sleep(Duration::from_millis(task.delay.unsigned_abs())).await;
  }
  if !task.texts.is_empty() {
    let keep = move || {
      task
        .texts
        .iter()
        .try_for_each(|file| shared.options.files.keep_text(&file.digest, &file.text))
    };
    let kept = tokio::task::spawn_blocking(keep).await;
    let broken = |reason: String| failure(FailureKind::Transport, reason);
    kept
      .map_err(|_| broken("the files of the mock could not be kept".into()))?
      .map_err(|error| broken(error.to_string()))?;
  }
  match task.answer {
    MockAnswer::Value(value) => Ok(RawAnswer::Mock(value)),
    MockAnswer::Failure(error) => Err(error),
    MockAnswer::Malformed => Err(failure(FailureKind::Contract, "the answer is not JSON")),
    MockAnswer::Hang => std::future::pending().await,
  }
}
