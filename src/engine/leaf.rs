//! Calls of workers: asked for, admitted, running, maybe again after a wait. Knows nothing of what a worker is, nor of
//! who decides on admission.

use std::sync::Arc;

use super::{
  attempt::{Attempt, Input as Message, Settings, key},
  event::{AttemptOutcome, Event, ExecutionId, TimerId},
  gatekeeper::Need,
  instance::{End, InstanceId, State},
  invoke::Invoker,
  layout::Body,
  loss::Loss,
  retry::{Backoff, Retry},
  run::{Command, Purpose, Run, Start, count, milliseconds, of_expression},
};
use crate::{
  eval::NoLocals,
  hir::{self, Call, Expr, LimitId, Place, WorkerId, WorkerKind},
  protocol::{Identity, Invocation, Task},
  value::{Failure, FailureKind, TooLarge, Value, conform, from_json, show_duration},
};

/// A call that is ready or running.
#[derive(Debug)]
pub(super) struct Leaf {
  message: Arc<Message>,
  /// Of the attempt that waits, runs, or ran last; from 1.
  number: u32,
  /// What the attempt before left behind.
  error: Option<Arc<Failure>>,
  phase: Phase,
}

#[derive(Debug)]
enum Phase {
  /// For nothing: it is just being dealt with.
  Idle,
  Waiting(ExecutionId),
  Running(Box<Running>),
  Backoff(TimerId),
}

#[derive(Debug)]
struct Running {
  start: Start,
  timeout: Option<TimerId>,
  /// So many milliseconds were too few.
  timed_out: Option<i64>,
  /// Its worker is told to end.
  cancelled: bool,
}

impl Leaf {
  /// Whether a worker runs.
  pub fn runs(&self) -> bool {
    matches!(self.phase, Phase::Running(_))
  }

  /// Whether a worker ever ran.
  pub fn has_started(&self) -> bool {
    self.runs() || self.error.is_some() || matches!(self.phase, Phase::Idle)
  }

  /// What it waits for, as the commands that ask for it; timers aside.
  pub fn outstanding(&self) -> Option<Outstanding<'_>> {
    match &self.phase {
      Phase::Idle | Phase::Backoff(_) => None,
      Phase::Waiting(_) => Some(Outstanding::Admission),
      Phase::Running(running) if running.cancelled => Some(Outstanding::Cancelled),
      Phase::Running(running) => Some(Outstanding::Answer(&running.start)),
    }
  }
}

/// What a call waits for.
pub(super) enum Outstanding<'a> {
  Admission,
  Answer(&'a Start),
  /// The end of a worker that is told to end.
  Cancelled,
}

impl Run {
  /// The message of a call: evaluated and conformed before anything else happens.
  pub(super) fn message(&self, id: InstanceId, call: &Call<WorkerId>) -> Result<Message, Failure> {
    let worker = self.program.worker(call.target);
    let arguments: Result<Vec<_>, _> = call.arguments.iter().map(|argument| self.eval(id, argument)).collect();
    Message::of(&worker.params, &worker.input, &worker.name, arguments?).map_err(|failure| Failure {
      worker: Some(worker.name.clone()),
      ..failure
    })
  }

  pub(super) fn enter_leaf(
    &mut self,
    id: InstanceId,
    call: &Call<WorkerId>,
    message: Option<Arc<Message>>,
  ) -> Result<(), Failure> {
    let message = message.map_or_else(|| self.message(id, call).map(Arc::new), Ok)?;
    let leaf = Leaf {
      message,
      number: 0,
      error: None,
      phase: Phase::Idle,
    };
    self.with(id, |instance| instance.state = State::Leaf(Box::new(leaf)));
    self.request(id)
  }

  /// Asks for the next attempt.
  pub(super) fn request(&mut self, id: InstanceId) -> Result<(), Failure> {
    let layout = self.layout.clone();
    let Some(call) = self.call(&layout, id) else {
      return Ok(());
    };
    let needs = self.needs(call)?;
    let execution = ExecutionId(self.next_execution);
    let attempt = self.with_leaf(id, |leaf| {
      leaf.number += 1;
      leaf.phase = Phase::Waiting(execution);
      leaf.number
    });
    self.next_execution += 1;
    self.executions.insert(execution, id);
    self.record(Event::AttemptRequested {
      execution,
      path: self.path(id),
      worker: self.program.worker(call.target).name.clone(),
      attempt: attempt.unwrap_or_default(),
    });
    self.commands.push(Command::Ask { execution, needs });
    Ok(())
  }

  /// One key per limit; keys are the same for all runs of one program.
  pub(super) fn needs(&mut self, call: &Call<WorkerId>) -> Result<Vec<Need>, Failure> {
    let own = self.worker_need(call.target)?;
    let limits = call.policies.limits.iter().map(|limit| self.limit_need(*limit));
    Ok(own.into_iter().chain(limits).collect())
  }

  fn worker_need(&mut self, id: WorkerId) -> Result<Option<Need>, Failure> {
    let program = self.program.clone();
    let Some(concurrent) = &program.worker(id).concurrent else {
      return Ok(None);
    };
    let slots = match self.slots.get(&id) {
      Some(slots) => *slots,
      None => count(&self.eval_in(&NoLocals, concurrent)?, 1, "concurrent")?,
    };
    self.slots.insert(id, slots);
    Ok(Some(Need {
      key: format!("{}/worker/{}", self.started.program, id.0).into(),
      concurrent: Some(slots),
      rate: None,
    }))
  }

  fn limit_need(&self, id: LimitId) -> Need {
    let limit = self.program.limit(id);
    Need {
      key: format!("{}/limit/{}", self.started.program, id.0).into(),
      concurrent: limit.concurrent,
      rate: limit.rate,
    }
  }

  /// It has its slots: the settings are evaluated, the worker starts.
  pub(super) fn admitted(&mut self, execution: ExecutionId) {
    let Some(id) = self.executions.get(&execution).copied() else {
      return;
    };
    match self.prepare(id, execution) {
      Ok(Some((start, timeout))) => {
        self.commands.push(Command::Start(Box::new(start.clone())));
        let timeout = timeout.map(|time| self.set_timer(id, time, Purpose::Timeout(time)));
        self.with_leaf(id, |leaf| {
          leaf.phase = Phase::Running(Box::new(Running {
            start,
            timeout,
            timed_out: None,
            cancelled: false,
          }));
        });
      }
      Ok(None) => {}
      Err(failure) => {
        self.executions.remove(&execution);
        self.commands.push(Command::Release(execution));
        let attempts = self.with_leaf(id, |leaf| {
          leaf.phase = Phase::Idle;
          leaf.number -= 1;
        });
        debug_assert!(attempts.is_some());
        self.fail(id, self.of_leaf(id, failure));
      }
    }
  }

  /// The execution with its timeout.
  fn prepare(&mut self, id: InstanceId, execution: ExecutionId) -> Result<Option<(Start, Option<i64>)>, Failure> {
    let (layout, program) = (self.layout.clone(), self.program.clone());
    let Some(call) = self.call(&layout, id) else {
      return Ok(None);
    };
    let Some(attempt) = self.attempt(id, call.target)? else {
      return Ok(None);
    };
    let settings = attempt.settings(&program);
    let timeout = match &call.policies.timeout {
      None => None,
      Some(timeout) => Some(milliseconds(&self.eval_at(
        id,
        timeout.place,
        &settings,
        &timeout.value,
      )?)?),
    };
    let task = self.task(&settings)?;
    let invocation = Invocation {
      identity: attempt.identity.clone(),
      task,
    };
    let start = Start {
      execution,
      attempt: Arc::new(attempt),
      invocation,
    };
    Ok(Some((start, timeout)))
  }

  fn task(&mut self, settings: &Settings) -> Result<Task, Failure> {
    let invoker = Invoker {
      program: &self.program,
      evaluator: &self.evaluator,
      settings,
    };
    match &settings.worker.kind {
      WorkerKind::Process(process) => invoker.process(process).map(Task::Process),
      WorkerKind::Mock(rules) => self.mocks.answer(&self.evaluator, settings, rules).map(Task::Mock),
    }
    .map_err(of_expression)
  }

  /// The attempt that the leaf is at.
  fn attempt(&self, id: InstanceId, worker: WorkerId) -> Result<Option<Attempt>, Failure> {
    let Some(State::Leaf(leaf)) = self.instances.get(id).map(|instance| &instance.state) else {
      return Ok(None);
    };
    let identity = self.identity(id, worker, leaf.number);
    let attempt = Attempt::new(worker, identity, leaf.message.clone(), leaf.error.as_deref());
    attempt.map(Some).map_err(too_large)
  }

  fn identity(&self, id: InstanceId, worker: WorkerId, attempt: u32) -> Identity {
    let step = self.path(id);
    Identity {
      run: self.started.run.clone(),
      tracker: self.started.tracker.clone(),
      worker: self.program.worker(worker).name.clone(),
      key: key(&self.started.run, &step),
      step,
      attempt,
    }
  }

  /// The value of a worker's setting before there is an attempt.
  pub(super) fn eval_setting(&self, id: InstanceId, message: &Arc<Message>, expr: &Expr) -> Result<Value, Failure> {
    let layout = self.layout.clone();
    let Some(call) = self.call(&layout, id) else {
      return Ok(Value::Null);
    };
    let identity = self.identity(id, call.target, 1);
    let attempt = Attempt::new(call.target, identity, message.clone(), None).map_err(too_large)?;
    self.eval_in(&attempt.settings(&self.program), expr)
  }

  fn eval_at(&self, id: InstanceId, place: Place, settings: &Settings, expr: &Expr) -> Result<Value, Failure> {
    match place {
      Place::Worker => self.eval_in(settings, expr),
      Place::Site => self.eval(id, expr),
    }
  }

  pub(super) fn time_out(&mut self, id: InstanceId, time: i64) {
    self.with_leaf(id, |leaf| {
      if let Phase::Running(running) = &mut leaf.phase {
        running.timeout = None;
        running.timed_out = Some(time);
      }
    });
    self.cancel_attempt(id);
  }

  /// Ends the worker; the instance ends with it.
  fn cancel_attempt(&mut self, id: InstanceId) {
    let execution = self.with_leaf(id, |leaf| match &mut leaf.phase {
      Phase::Running(running) if !running.cancelled => {
        running.cancelled = true;
        Some(running.start.execution)
      }
      _ => None,
    });
    self.commands.extend(execution.flatten().map(Command::CancelAttempt));
  }

  /// The call is lost: it waits for nothing any longer, or for the end of its worker.
  pub(super) fn stop_leaf(&mut self, id: InstanceId) {
    let Some(State::Leaf(leaf)) = self.instances.get(id).map(|instance| &instance.state) else {
      return;
    };
    match &leaf.phase {
      Phase::Idle => {}
      Phase::Running(_) => self.cancel_attempt(id),
      Phase::Waiting(execution) => {
        let execution = *execution;
        self.executions.remove(&execution);
        self.commands.push(Command::Withdraw(execution));
      }
      Phase::Backoff(timer) => {
        let timer = *timer;
        self.clear_timer(timer);
      }
    }
  }

  pub(super) fn attempt_ended(&mut self, execution: ExecutionId, outcome: AttemptOutcome) {
    let Some(id) = self.executions.get(&execution).copied() else {
      return;
    };
    let phase = self.with_leaf(id, |leaf| match leaf.phase {
      Phase::Running(_) => std::mem::replace(&mut leaf.phase, Phase::Idle),
      _ => Phase::Idle,
    });
    let Some(Phase::Running(running)) = phase else { return };
    self.executions.remove(&execution);
    self.commands.push(Command::Release(execution));
    running.timeout.into_iter().for_each(|timer| self.clear_timer(timer));
    if self.instances.get(id).is_some_and(|instance| instance.loss.is_some()) {
      return self.lost_leaf_ended(id, &outcome);
    }
    let result = match (outcome, running.timed_out) {
      (AttemptOutcome::Ok(value), None) => self.read_value(&running.start.attempt, &value),
      (AttemptOutcome::Failed(failure), None) => Err(Arc::unwrap_or_clone(failure)),
      (outcome, Some(time)) => Err(timeout(time, &outcome)),
    };
    match result {
      Ok(value) => self.succeed(id, value),
      Err(failure) => self.attempt_failed(id, failure),
    }
  }

  /// A failure that is not just how a cancelled worker ends is kept as a cause of what was lost.
  fn lost_leaf_ended(&mut self, id: InstanceId, outcome: &AttemptOutcome) {
    let failure = match outcome {
      AttemptOutcome::Failed(failure) if failure.kind != FailureKind::Cancelled => (**failure).clone(),
      _ => return self.settle(id),
    };
    let failure = self.located(id, self.of_leaf(id, failure));
    let cause = self.path(id);
    let by_itself = self
      .instances
      .get(id)
      .and_then(|instance| instance.loss.as_ref()?.failure.clone());
    match by_itself {
      Some(_) => self.settle(id),
      None => self.finish(id, End::Failed(failure), cause),
    }
  }

  /// The journal is the truth: live and in a replay the value is read from it.
  fn read_value(&self, attempt: &Attempt, json: &serde_json::Value) -> Result<Value, Failure> {
    let worker = self.program.worker(attempt.worker);
    let value = from_json(json).map_err(too_large)?;
    conform(&value, &worker.output).map_err(|mismatch| {
      let message = format!(
        "the output of `{}` does not fit at {}: {}",
        worker.name, mismatch.at, mismatch.reason
      );
      Failure {
        at: Some(mismatch.at),
        ..Failure::new(FailureKind::Contract, "", message)
      }
    })
  }

  fn attempt_failed(&mut self, id: InstanceId, failure: Failure) {
    let failure = self.located(id, self.of_leaf(id, failure));
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
      Err(error) => self.fail(id, self.of_leaf(id, error)),
    }
  }

  /// How long to wait for the next attempt, if there is to be one.
  fn retry_after(&self, id: InstanceId, failure: &Failure) -> Result<Option<i64>, Failure> {
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

  fn backoff(&self, id: InstanceId, retry: &hir::Retry, settings: &Settings) -> Result<Backoff, Failure> {
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
  fn earliest_deadline(&self, id: InstanceId) -> Option<super::event::RunTime> {
    let timers = self.instances.around(id).filter_map(|(_, instance)| instance.deadline);
    timers.filter_map(|timer| Some(self.timers.get(&timer)?.due)).min()
  }

  /// The failure with the call's details, if the instance is a call.
  pub(super) fn of_leaf(&self, id: InstanceId, failure: Failure) -> Failure {
    let Some(State::Leaf(leaf)) = self.instances.get(id).map(|instance| &instance.state) else {
      return failure;
    };
    let worker = self
      .call(&self.layout, id)
      .map(|call| self.program.worker(call.target).name.clone());
    let waits = matches!(leaf.phase, Phase::Waiting(_));
    Failure {
      worker,
      attempts: leaf.number - u32::from(waits && leaf.number > 0),
      ..failure
    }
  }

  fn call<'a>(&self, layout: &'a super::layout::Layout, id: InstanceId) -> Option<&'a Call<WorkerId>> {
    match &layout.node(self.instances.get(id)?.node).body {
      Body::Work(call) => Some(call),
      _ => None,
    }
  }

  fn with_leaf<T>(&mut self, id: InstanceId, change: impl FnOnce(&mut Leaf) -> T) -> Option<T> {
    match &mut self.instances.get_mut(id)?.state {
      State::Leaf(leaf) => Some(change(leaf)),
      _ => None,
    }
  }
}

fn timeout(time: i64, outcome: &AttemptOutcome) -> Failure {
  let log = match outcome {
    AttemptOutcome::Failed(failure) => failure.log.clone(),
    AttemptOutcome::Ok(_) => None,
  };
  Failure {
    log,
    ..Failure::new(
      FailureKind::Timeout,
      "",
      format!("timeout of {} passed", show_duration(time)),
    )
  }
}

fn too_large(TooLarge(why): TooLarge) -> Failure {
  Failure::new(FailureKind::Contract, "", format!("the value would {why}"))
}
