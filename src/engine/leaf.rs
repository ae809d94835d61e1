//! Calls of workers: remembered or asked for, admitted, running, maybe again after a wait. Knows nothing of what a worker
//! is, nor of who decides on admission.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
  attempt::{Attempt, Message, Settings, key},
  errand::Errand,
  event::{Digest, Event, ExecutionId, TimerId},
  exchange::{Command, Sought, Start},
  failing::{Fallible, milliseconds, of_expression, too_large},
  instance::{InstanceId, State},
  invoke::Invoker,
  layout::Body,
  run::Run,
  tries::{Active, Outstanding, TryState},
};
use crate::{
  hir::{Call, Expr, Place, Setting, WorkerId, WorkerKind},
  protocol::{Identity, Invocation, Task},
  value::{Failure, Value},
};

/// A call that is ready or running.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Leaf {
  message: Arc<Message>,
  /// Of the attempt that waits, runs, or ran last; from 1.
  pub number: u32,
  /// What the attempt before left behind.
  pub error: Option<Arc<Failure>>,
  /// What outcome is as good as one of its own, where anybody asks.
  pub sought: Option<Arc<Sought>>,
  /// The number of the record that was next when it became ready.
  pub asked: u64,
  pub phase: Phase,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Phase {
  /// For nothing: it is just being dealt with.
  Idle,
  /// Whether an outcome is kept.
  Recalling(ExecutionId),
  Active(Box<Active>),
  Backoff(TimerId),
}

impl Leaf {
  /// Whether a worker runs.
  pub fn runs(&self) -> bool {
    self.active().is_some_and(Active::runs)
  }

  /// Whether a worker runs, or did when the run was cut short, and nobody knows what it came to.
  pub fn is_open(&self) -> bool {
    self.active().is_some_and(Active::is_open)
  }

  /// Whether a worker ever ran.
  pub fn has_started(&self) -> bool {
    let admitted = self.active().is_some_and(|active| active.admitted);
    admitted || self.error.is_some() || matches!(self.phase, Phase::Idle)
  }

  pub fn active(&self) -> Option<&Active> {
    match &self.phase {
      Phase::Active(active) => Some(active),
      _ => None,
    }
  }

  /// What one of its executions waits for, as the commands that ask for it; timers and budgets aside.
  pub fn outstanding(&self, execution: ExecutionId) -> Option<Outstanding<'_>> {
    match &self.phase {
      Phase::Recalling(_) => self.sought.as_ref().map(Outstanding::Recall),
      Phase::Active(active) => active.outstanding(execution),
      Phase::Idle | Phase::Backoff(_) => None,
    }
  }
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
      sought: None,
      asked: self.recorded(),
      phase: Phase::Idle,
    };
    self.with(id, |instance| instance.state = State::Leaf(Box::new(leaf)));
    self.seek(id, call)?;
    self.request(id)
  }

  /// Says what outcome would do as well, where the call has a `cache`, or the run reuses or gives outcomes.
  fn seek(&mut self, id: InstanceId, call: &Call<WorkerId>) -> Fallible<()> {
    let age = call.policies.cache.as_ref();
    let sought = match age {
      Some(_) => self.sought(id, call.target, age)?,
      // a setting without a value is said when the attempt begins
      None if self.reuses() || self.collected.is_some() => self.sought(id, call.target, None).unwrap_or_default(),
      None => None,
    };
    self.with_leaf(id, |leaf| leaf.sought = sought.map(Arc::new));
    Ok(())
  }

  fn reuses(&self) -> bool {
    self.started.reuses.is_some()
  }

  /// Asks for the next attempt; before the first one, whether its outcome is there already.
  pub(super) fn request(&mut self, id: InstanceId) -> Fallible<()> {
    let layout = self.layout.clone();
    let Some(call) = self.call(&layout, id) else {
      return Ok(());
    };
    // what has no value is said before anything waits
    self.needs(call)?;
    self.ceiling(call.target)?;
    self.with_leaf(id, |leaf| leaf.number += 1);
    let Some(execution) = self.announce(id, call.target, None) else {
      return Ok(());
    };
    let reuses = self.reuses();
    let recall = self
      .with_leaf(id, |leaf| leaf.sought.clone().filter(|_| leaf.number == 1))
      .flatten();
    match recall.filter(|sought| reuses || sought.age.is_some()) {
      Some(sought) => {
        self.with_leaf(id, |leaf| leaf.phase = Phase::Recalling(execution));
        self.commands.push(Command::Recall { execution, sought });
      }
      None => self.begin_attempt(id, execution),
    }
    Ok(())
  }

  /// A new execution of the attempt that the leaf is at, maybe the copy of another.
  pub(super) fn announce(
    &mut self,
    id: InstanceId,
    worker: WorkerId,
    copy_of: Option<ExecutionId>,
  ) -> Option<ExecutionId> {
    let (attempt, input) = self.with_leaf(id, |leaf| (leaf.number, Digest::of(&leaf.message.message)))?;
    let execution = ExecutionId(self.next_execution);
    self.next_execution += 1;
    self.executions.insert(execution, id);
    self.record(Event::AttemptRequested {
      execution,
      path: self.path(id),
      worker: self.program.worker(worker).name.clone(),
      attempt,
      input,
      copy_of,
    });
    Some(execution)
  }

  /// Nothing that is kept is of use: the attempt itself.
  pub(super) fn begin_attempt(&mut self, id: InstanceId, execution: ExecutionId) {
    self.with_leaf(id, |leaf| leaf.phase = Phase::Active(Box::new(Active::of(execution))));
    self.reserve(id, execution);
  }

  /// Its budgets cover it: the rest is the gatekeeper's.
  pub(super) fn ask(&mut self, id: InstanceId, execution: ExecutionId) {
    let layout = self.layout.clone();
    let Some(call) = self.call(&layout, id) else { return };
    let needs = self.needs(call).unwrap_or_default();
    self.with_try(id, execution, |one| one.state = TryState::Waiting { again: false });
    self.commands.push(Command::Ask { execution, needs });
  }

  /// It has its slots: the settings are evaluated, the worker starts.
  pub(super) fn admitted(&mut self, execution: ExecutionId) {
    let Some(id) = self.executions.get(&execution).copied() else {
      return;
    };
    match self.prepare(id, execution) {
      Ok(Some((start, times))) => {
        self.note_start(id);
        self.commands.push(Command::Start(Box::new(start)));
        self.with_try(id, execution, |one| one.state = TryState::Running { cancelled: false });
        self.time_attempt(id, times);
      }
      Ok(None) => {}
      Err(failure) => self.not_started(id, execution, failure),
    }
  }

  /// The execution, with the attempt's timeout and the wait for its copy.
  fn prepare(&mut self, id: InstanceId, execution: ExecutionId) -> Fallible<Option<(Start, [Option<i64>; 2])>> {
    let (layout, program) = (self.layout.clone(), self.program.clone());
    let Some(call) = self.call(&layout, id) else {
      return Ok(None);
    };
    let copy = self.with_try(id, execution, |one| one.copy).unwrap_or_default();
    let Some(attempt) = self.attempt(id, call.target, copy)? else {
      return Ok(None);
    };
    let attempt = Arc::new(attempt);
    let settings = attempt.settings(&program);
    let time = |setting: &Option<Setting>| match setting {
      None => Ok(None),
      Some(setting) => {
        let value = self.eval_at(id, setting.place, &settings, &setting.value)?;
        milliseconds(&value).map(Some)
      }
    };
    let times = [time(&call.policies.timeout)?, time(&call.policies.hedge)?];
    let heartbeat = match &settings.worker.heartbeat {
      None => None,
      Some(heartbeat) => Some(milliseconds(&self.eval_in(&settings, heartbeat)?)?),
    };
    let task = self.task(&attempt, &settings)?;
    self.doubles.see(execution, &attempt);
    let invocation = Invocation {
      identity: attempt.identity.clone(),
      task,
      heartbeat,
    };
    let start = Start {
      execution,
      attempt,
      invocation,
    };
    Ok(Some((start, times)))
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
          let task = self.invoker(settings).process(process);
          task.map(Task::Process)
        }
      },
    }
    .map_err(of_expression)
  }

  pub(super) fn invoker<'a>(&'a self, settings: &'a Settings<'a>) -> Invoker<'a> {
    Invoker {
      program: &self.program,
      evaluator: &self.evaluator,
      settings,
    }
  }

  /// The attempt that the leaf is at, as one of its executions sees it.
  pub(super) fn attempt(&self, id: InstanceId, worker: WorkerId, copy: bool) -> Fallible<Option<Attempt>> {
    let Some(State::Leaf(leaf)) = self.instances.get(id).map(|instance| &instance.state) else {
      return Ok(None);
    };
    let identity = Identity {
      copy,
      ..self.identity(id, worker, leaf.number)
    };
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
      copy: false,
    }
  }

  /// A call as its worker's settings see it before there is an attempt.
  pub(super) fn first_attempt(&self, id: InstanceId, worker: WorkerId, message: &Arc<Message>) -> Fallible<Attempt> {
    let identity = self.identity(id, worker, 1);
    Attempt::new(worker, identity, message.clone(), None).map_err(too_large)
  }

  /// The value of a worker's setting before there is an attempt.
  pub(super) fn eval_setting(&self, id: InstanceId, message: &Arc<Message>, expr: &Expr) -> Fallible<Value> {
    let layout = self.layout.clone();
    let Some(call) = self.call(&layout, id) else {
      return Ok(Value::Null);
    };
    let attempt = self.first_attempt(id, call.target, message)?;
    self.eval_in(&attempt.settings(&self.program), expr)
  }

  pub(super) fn eval_at(&self, id: InstanceId, place: Place, settings: &Settings, expr: &Expr) -> Fallible<Value> {
    match place {
      Place::Worker => self.eval_in(settings, expr),
      Place::Site => self.eval(id, expr),
    }
  }

  /// The call is lost: it waits for nothing any longer, or for the end of its workers.
  pub(super) fn stop_leaf(&mut self, id: InstanceId) {
    let Some(State::Leaf(leaf)) = self.instances.get(id).map(|instance| &instance.state) else {
      return;
    };
    match &leaf.phase {
      Phase::Idle => {}
      Phase::Active(_) => self.stop_tries(id),
      Phase::Recalling(execution) => {
        let execution = *execution;
        self.executions.remove(&execution);
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
      Some(State::Leaf(leaf)) => {
        let waits = match &leaf.phase {
          Phase::Recalling(_) => true,
          Phase::Active(active) => !active.admitted,
          Phase::Idle | Phase::Backoff(_) => false,
        };
        leaf.number - u32::from(waits)
      }
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

  pub(super) fn message_of(&self, id: InstanceId) -> Option<Arc<Message>> {
    match &self.instances.get(id)?.state {
      State::Leaf(leaf) => Some(leaf.message.clone()),
      _ => None,
    }
  }
}
