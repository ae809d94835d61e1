//! Calls of workers: asked for, admitted, running, maybe again after a wait. Knows nothing of what a worker is, nor of
//! who decides on admission.

use std::sync::Arc;

use super::{
  attempt::{Attempt, Message, Settings, key},
  errand::Errand,
  event::{Digest, Event, ExecutionId, TimerId},
  exchange::{Command, Start},
  failing::{Fallible, count, milliseconds, of_expression, too_large},
  gatekeeper::Need,
  instance::{InstanceId, State},
  invoke::Invoker,
  layout::Body,
  run::{Purpose, Run},
};
use crate::{
  eval::NoLocals,
  hir::{Call, Expr, LimitId, Place, WorkerId, WorkerKind},
  protocol::{Identity, Invocation, Task},
  value::{Failure, Value},
};

/// A call that is ready or running.
#[derive(Debug)]
pub(super) struct Leaf {
  message: Arc<Message>,
  /// Of the attempt that waits, runs, or ran last; from 1.
  number: u32,
  /// What the attempt before left behind.
  pub error: Option<Arc<Failure>>,
  pub phase: Phase,
}

#[derive(Debug)]
pub(super) enum Phase {
  /// For nothing: it is just being dealt with.
  Idle,
  Waiting(ExecutionId),
  Running(Box<Running>),
  Backoff(TimerId),
}

#[derive(Debug)]
pub(super) struct Running {
  pub start: Start,
  pub timeout: Option<TimerId>,
  /// So many milliseconds were too few.
  pub timed_out: Option<i64>,
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
  pub(super) fn message(&self, id: InstanceId, call: &Call<WorkerId>) -> Fallible<Message> {
    let worker = self.program.worker(call.target);
    let arguments: Result<Vec<_>, _> = call.arguments.iter().map(|argument| self.eval(id, argument)).collect();
    Message::of(&worker.params, &worker.input, &worker.name, arguments?)
  }

  pub(super) fn enter_leaf(
    &mut self,
    id: InstanceId,
    call: &Call<WorkerId>,
    message: Option<Arc<Message>>,
  ) -> Fallible<()> {
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
  pub(super) fn request(&mut self, id: InstanceId) -> Fallible<()> {
    let layout = self.layout.clone();
    let Some(call) = self.call(&layout, id) else {
      return Ok(());
    };
    let needs = self.needs(call)?;
    let execution = ExecutionId(self.next_execution);
    let asked = self.with_leaf(id, |leaf| {
      leaf.number += 1;
      leaf.phase = Phase::Waiting(execution);
      (leaf.number, Digest::of(&leaf.message.message))
    });
    let Some((attempt, input)) = asked else { return Ok(()) };
    self.next_execution += 1;
    self.executions.insert(execution, id);
    self.record(Event::AttemptRequested {
      execution,
      path: self.path(id),
      worker: self.program.worker(call.target).name.clone(),
      attempt,
      input,
    });
    self.commands.push(Command::Ask { execution, needs });
    Ok(())
  }

  /// One key per limit; keys are the same for all runs of one program.
  pub(super) fn needs(&mut self, call: &Call<WorkerId>) -> Fallible<Vec<Need>> {
    let own = self.worker_need(call.target)?;
    let limits = call.policies.limits.iter().map(|limit| self.limit_need(*limit));
    Ok(own.into_iter().chain(limits).collect())
  }

  fn worker_need(&mut self, id: WorkerId) -> Fallible<Option<Need>> {
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
        self.fail(id, failure);
      }
    }
  }

  /// The execution with its timeout.
  fn prepare(&mut self, id: InstanceId, execution: ExecutionId) -> Fallible<Option<(Start, Option<i64>)>> {
    let (layout, program) = (self.layout.clone(), self.program.clone());
    let Some(call) = self.call(&layout, id) else {
      return Ok(None);
    };
    let Some(attempt) = self.attempt(id, call.target)? else {
      return Ok(None);
    };
    let attempt = Arc::new(attempt);
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
    let task = self.task(&attempt, &settings)?;
    self.doubles.see(execution, &attempt);
    let invocation = Invocation {
      identity: attempt.identity.clone(),
      task,
    };
    let start = Start {
      execution,
      attempt,
      invocation,
    };
    Ok(Some((start, timeout)))
  }

  fn task(&mut self, attempt: &Arc<Attempt>, settings: &Settings) -> Fallible<Task> {
    let double = self.doubles.rules(&self.program, attempt.worker);
    match (double, &settings.worker.kind) {
      (Some(rules), _) => {
        let settings = attempt.settings_as_given(&self.program);
        let canned = self.doubles.answer(&self.evaluator, &settings, rules);
        canned.map(Task::Mock)
      }
      (None, WorkerKind::Mock(rules)) => self.doubles.answer(&self.evaluator, settings, rules).map(Task::Mock),
      (None, WorkerKind::Process(process)) => match Errand::of(&self.evaluator, attempt) {
        Some(errand) => Ok(Task::Errand(Arc::new(errand))),
        None => {
          let invoker = Invoker {
            program: &self.program,
            evaluator: &self.evaluator,
            settings,
          };
          invoker.process(process).map(Task::Process)
        }
      },
    }
    .map_err(of_expression)
  }

  /// The attempt that the leaf is at.
  pub(super) fn attempt(&self, id: InstanceId, worker: WorkerId) -> Fallible<Option<Attempt>> {
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
  pub(super) fn eval_setting(&self, id: InstanceId, message: &Arc<Message>, expr: &Expr) -> Fallible<Value> {
    let layout = self.layout.clone();
    let Some(call) = self.call(&layout, id) else {
      return Ok(Value::Null);
    };
    let identity = self.identity(id, call.target, 1);
    let attempt = Attempt::new(call.target, identity, message.clone(), None).map_err(too_large)?;
    self.eval_in(&attempt.settings(&self.program), expr)
  }

  pub(super) fn eval_at(&self, id: InstanceId, place: Place, settings: &Settings, expr: &Expr) -> Fallible<Value> {
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

  /// How many attempts of a call were begun.
  pub(super) fn attempts(&self, id: InstanceId) -> u32 {
    match self.instances.get(id).map(|instance| &instance.state) {
      Some(State::Leaf(leaf)) => leaf.number - u32::from(matches!(leaf.phase, Phase::Waiting(_))),
      _ => 0,
    }
  }

  pub(super) fn call<'a>(&self, layout: &'a super::layout::Layout, id: InstanceId) -> Option<&'a Call<WorkerId>> {
    match &layout.node(self.instances.get(id)?.node).body {
      Body::Work(call) => Some(call),
      _ => None,
    }
  }

  pub(super) fn with_leaf<T>(&mut self, id: InstanceId, change: impl FnOnce(&mut Leaf) -> T) -> Option<T> {
    match &mut self.instances.get_mut(id)?.state {
      State::Leaf(leaf) => Some(change(leaf)),
      _ => None,
    }
  }
}
