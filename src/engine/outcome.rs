//! Attempts end: a value, another attempt after a wait, or the failure of the call.

use std::sync::Arc;

use super::{
  attempt::Settings,
  event::{AttemptOutcome, Event, ExecutionId, RunTime},
  exchange::Command,
  failing::{Fallible, conform, count, failure, milliseconds, too_large},
  instance::{End, InstanceId},
  leaf::Phase,
  loss::Loss,
  retry::{Backoff, Retry},
  run::{Purpose, Run},
};
use crate::{
  hir::{self, Expr, WorkerId},
  value::{Cause, Failure, FailureKind, Value, from_json, show_duration},
};

impl Run {
  pub(super) fn attempt_ended(&mut self, execution: ExecutionId, outcome: AttemptOutcome) {
    let finishes = self.executions.get(&execution).is_some_and(|id| self.finishes(*id));
    let Some((id, worker, report)) = self.take_try(execution) else {
      return;
    };
    self.commands.push(Command::Release(execution));
    self.charge(id, execution, worker, report.as_ref());
    let loss = self.instances.get(id).and_then(|instance| instance.loss.as_ref());
    if loss.is_some_and(|loss| loss.failure.is_some() || !finishes) {
      if self.close_attempt(id).is_some() {
        self.lost_leaf_ended(id, outcome);
      }
      return;
    }
    let timed_out = self.with_active(id, |active| active.timed_out).flatten();
    let result = match (outcome, timed_out) {
      (AttemptOutcome::Ok(value), None) => self.read_value(worker, &value),
      (AttemptOutcome::Failed(failure), None) => Err(Box::new(Arc::unwrap_or_clone(failure))),
      (outcome, Some(time)) => Err(late(time, &outcome)),
    };
    self.attempt_came_to(id, result);
  }

  /// One execution of an attempt came to this; the attempt is over if nothing else of it is open.
  pub(super) fn attempt_came_to(&mut self, id: InstanceId, result: Fallible<Value>) {
    let lost = self.instances.get(id).is_some_and(|instance| instance.loss.is_some());
    self.conclude(id, result);
    match self.close_attempt(id).and_then(|active| active.result) {
      Some(Ok(value)) => {
        self.keep(id, &value);
        self.succeed_late(id, value);
      }
      Some(Err(failure)) if lost => self.lost_leaf_failed(id, failure),
      Some(Err(failure)) => self.attempt_failed(id, failure),
      None => {}
    }
  }

  /// The gatekeeper does not let it pass.
  pub(super) fn refused(&mut self, execution: ExecutionId, kind: FailureKind) {
    let Some(id) = self.executions.get(&execution).copied() else {
      return;
    };
    let layout = self.layout.clone();
    let name = self
      .call(&layout, id)
      .map(|call| &self.program.worker(call.target).name);
    let message = match kind {
      FailureKind::CircuitOpen => format!("the breaker of `{}` is open", name.map_or("", |name| name)),
      other => format!("refused: {other}"),
    };
    let mut failure = failure(kind, message);
    let before = self.with_leaf(id, |leaf| leaf.error.clone()).flatten();
    failure.causes.extend(before.map(|before| Cause {
      step: before.step.clone(),
      kind: before.kind,
      message: before.message.clone(),
    }));
    self.not_started(id, execution, failure);
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
  pub(super) fn read_value(&self, worker: WorkerId, json: &serde_json::Value) -> Fallible<Value> {
    let worker = self.program.worker(worker);
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
    let Some(attempt) = self.attempt(id, call.target, false)? else {
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

pub(super) fn timeout(time: i64) -> Box<Failure> {
  let message = format!("timeout of {} passed", show_duration(time));
  failure(FailureKind::Timeout, message)
}

fn late(time: i64, outcome: &AttemptOutcome) -> Box<Failure> {
  let mut failure = timeout(time);
  if let AttemptOutcome::Failed(ended) = outcome {
    failure.log.clone_from(&ended.log);
  }
  failure
}
