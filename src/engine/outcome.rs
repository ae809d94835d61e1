//! Attempts end: a value, another attempt after a wait, or the failure of the call.

use std::sync::Arc;

use super::{
  attempt::{Attempt, Settings},
  event::{AttemptOutcome, Event, ExecutionId, RunTime},
  exchange::Command,
  failing::{Fallible, conform, count, failure, milliseconds, too_large},
  instance::{End, InstanceId},
  leaf::{Phase, Running},
  loss::Loss,
  retry::{Backoff, Retry},
  run::{Purpose, Run},
};
use crate::{
  hir::{self, Expr},
  value::{Failure, FailureKind, Value, from_json, show_duration},
};

impl Run {
  pub(super) fn attempt_ended(&mut self, execution: ExecutionId, outcome: AttemptOutcome) {
    let Some(id) = self.executions.get(&execution).copied() else {
      return;
    };
    let finishes = self.finishes(id);
    let phase = self.with_leaf(id, |leaf| match leaf.phase {
      Phase::Running(_) => std::mem::replace(&mut leaf.phase, Phase::Idle),
      _ => Phase::Idle,
    });
    let Some(Phase::Running(running)) = phase else { return };
    self.executions.remove(&execution);
    self.commands.push(Command::Release(execution));
    running.timeout.into_iter().for_each(|timer| self.clear_timer(timer));
    let loss = self.instances.get(id).and_then(|instance| instance.loss.as_ref());
    match loss.map(|loss| loss.failure.is_none()) {
      None => match self.result(&running, outcome) {
        Ok(value) => self.succeed(id, value),
        Err(failure) => self.attempt_failed(id, failure),
      },
      Some(true) if finishes => match self.result(&running, outcome) {
        Ok(value) => self.succeed_late(id, value),
        Err(failure) => self.lost_leaf_failed(id, failure),
      },
      Some(_) => self.lost_leaf_ended(id, outcome),
    }
  }

  fn result(&self, running: &Running, outcome: AttemptOutcome) -> Fallible<Value> {
    match (outcome, running.timed_out) {
      (AttemptOutcome::Ok(value), None) => self.read_value(&running.start.attempt, &value),
      (AttemptOutcome::Failed(failure), None) => Err(Box::new(Arc::unwrap_or_clone(failure))),
      (outcome, Some(time)) => Err(timeout(time, &outcome)),
    }
  }

  /// A failure that is not just how a cancelled worker ends is kept as a cause of what was lost. A call that was lost
  /// by itself, at its deadline, keeps the end of the log.
  fn lost_leaf_ended(&mut self, id: InstanceId, outcome: AttemptOutcome) {
    let AttemptOutcome::Failed(ended) = outcome else {
      return self.settle(id);
    };
    let loss = self.instances.get_mut(id).and_then(|instance| instance.loss.as_mut());
    if let Some(own) = loss.and_then(|loss| loss.failure.as_mut()) {
      Arc::make_mut(own).log.clone_from(&ended.log);
      return self.settle(id);
    }
    self.lost_leaf_failed(id, Box::new(Arc::unwrap_or_clone(ended)));
  }

  fn lost_leaf_failed(&mut self, id: InstanceId, failure: Box<Failure>) {
    let loss = self.instances.get(id).and_then(|instance| instance.loss.as_ref());
    if failure.kind == FailureKind::Cancelled || loss.is_none_or(|loss| loss.superfluous) {
      return self.settle(id);
    }
    let failure = self.located(id, failure);
    self.finish(id, End::Failed(failure), self.path(id));
  }

  /// The journal is the truth: live and in a replay the value is read from it.
  fn read_value(&self, attempt: &Attempt, json: &serde_json::Value) -> Fallible<Value> {
    let worker = self.program.worker(attempt.worker);
    let value = from_json(json).map_err(too_large)?;
    conform(&value, &worker.output, &format!("the output of `{}`", worker.name))
  }

  fn attempt_failed(&mut self, id: InstanceId, failure: Box<Failure>) {
    let failure = self.located(id, failure);
    match self.retry_after(id, &failure) {
      Ok(Some(delay)) => {
        let attempt = failure.attempts + 1;
        self.record(Event::RetryScheduled {
          path: self.path(id),
          attempt,
          delay,
          failure: failure.clone(),
        });
        let timer = self.set_timer(id, delay, Purpose::Backoff);
        self.with_leaf(id, |leaf| {
          leaf.error = Some(failure);
          leaf.phase = Phase::Backoff(timer);
        });
      }
      Ok(None) => self.lose(id, Loss::failed(failure)),
      Err(error) => self.fail(id, error),
    }
  }

  /// How long to wait for the next attempt, if there is to be one.
  fn retry_after(&self, id: InstanceId, failure: &Failure) -> Fallible<Option<i64>> {
    let layout = self.layout.clone();
    let Some(call) = self.call(&layout, id) else {
      return Ok(None);
    };
    let Some(written) = &call.policies.retry else {
      return Ok(None);
    };
    let Some(attempt) = self.attempt(id, call.target)? else {
      return Ok(None);
    };
    let settings = attempt.settings(&self.program);
    let retry = Retry {
      times: count(&self.eval_at(id, written.place, &settings, &written.times)?, 0, "retry")?,
      backoff: self.backoff(id, written, &settings)?,
      on: written.on.as_deref(),
      unless: &written.unless,
    };
    if !retry.allows(failure) {
      return Ok(None);
    }
    let delay = retry.backoff.draw(self.started.seed, &failure.step, failure.attempts);
    let start = self.now.after(delay);
    Ok(Some(delay).filter(|_| self.earliest_deadline(id).is_none_or(|deadline| start < deadline)))
  }

  fn backoff(&self, id: InstanceId, retry: &hir::Retry, settings: &Settings) -> Fallible<Backoff> {
    let time = |expr: &Expr| milliseconds(&self.eval_at(id, retry.place, settings, expr)?);
    Ok(match &retry.backoff {
      hir::Backoff::Default => Backoff::DEFAULT,
      hir::Backoff::Fixed(delay) => Backoff::Fixed(time(delay)?),
      hir::Backoff::Exponential { from, to } => Backoff::Exponential {
        from: time(from)?,
        to: time(to)?,
      },
    })
  }

  /// Of the call or of anything around it.
  fn earliest_deadline(&self, id: InstanceId) -> Option<RunTime> {
    // what closes a scope stands outside the deadlines around it
    let mut closes = false;
    let inside = self
      .instances
      .around(id)
      .take_while(|(_, instance)| !std::mem::replace(&mut closes, instance.slot.ending().is_some()));
    let timers = inside.filter_map(|(_, instance)| instance.deadline);
    timers.filter_map(|timer| Some(self.timers.get(&timer)?.due)).min()
  }
}

fn timeout(time: i64, outcome: &AttemptOutcome) -> Box<Failure> {
  let mut failure = failure(
    FailureKind::Timeout,
    format!("timeout of {} passed", show_duration(time)),
  );
  if let AttemptOutcome::Failed(ended) = outcome {
    failure.log.clone_from(&ended.log);
  }
  failure
}
