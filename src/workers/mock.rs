//! The mock worker: canned answers. Knows nothing of processes.

use std::{sync::Arc, time::Duration};

use crate::protocol::{Answer, MockAnswer, MockTask, Outcome, RawAnswer, Signals, WorkerError};
use crate::value::FailureKind;

use super::{Shared, failure};

/// Answers at once where nothing is to be waited for or kept.
pub(super) fn perform(shared: Arc<Shared>, task: MockTask, heartbeat: Option<i64>, signals: Signals) -> Answer {
  let at_once = task.delay <= 0 && task.texts.is_empty();
  match canned(&task.answer).filter(|_| at_once) {
    None => Answer::later(perform_later(shared, task, heartbeat, signals)),
    Some(answer) => {
      (signals.started)(None);
      Answer::Now(answer)
    }
  }
}

/// Waits its delay, then answers; a cancellation ends it at any time. Until it answers it says nothing.
async fn perform_later(shared: Arc<Shared>, task: MockTask, heartbeat: Option<i64>, signals: Signals) -> Outcome {
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

async fn answer(shared: Arc<Shared>, task: MockTask) -> Outcome {
  if task.delay > 0 {
    tokio::time::sleep(Duration::from_millis(task.delay.unsigned_abs())).await;
  }
  if !task.texts.is_empty() {
    let texts = task.texts;
    let keep = move || {
      texts
        .iter()
        .try_for_each(|file| shared.options.files.keep_text(&file.digest, &file.text))
    };
    let kept = tokio::task::spawn_blocking(keep).await;
    let broken = |reason: String| failure(FailureKind::Transport, reason);
    kept
      .map_err(|_| broken("the files of the mock could not be kept".into()))?
      .map_err(|error| broken(error.to_string()))?;
  }
  match canned(&task.answer) {
    Some(answer) => answer,
    None => std::future::pending().await,
  }
}

/// `None`: it never answers.
fn canned(answer: &MockAnswer) -> Option<Outcome> {
  match answer {
    MockAnswer::Value(value) => Some(Ok(RawAnswer::Mock(value.clone()))),
    MockAnswer::Failure(error) => Some(Err(error.clone())),
    MockAnswer::Malformed => Some(Err(failure(FailureKind::Contract, "the answer is not JSON"))),
    MockAnswer::Hang => None,
  }
}
