//! A run: facts go in one at a time, what follows from each comes out as records and commands. Knows no clock, no disk
//! and no worker; the same facts always give the same records.
//!
//! The loop, in five lines: a fact is recorded and touches at most one instance (a call whose attempt ended, a node
//! whose timer fired). What that sets off is a list of small pieces of work: a step is begun, an instance has ended and
//! its parent is told, an instance is cancelled. Each piece touches one instance; what it sets off in turn comes next,
//! before what waited already, so that events follow the order of the text. When no piece is left, every instance
//! waits for a fact again, and the step is over. So nothing here recurses into the data.

use std::{
  collections::{BTreeMap, BTreeSet, HashMap},
  sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
  attempt::Attempt,
  budgets::{Most, Spending},
  event::{AttemptOutcome, Event, ExecutionId, Record, RunStarted, RunTime, TimerId},
  exchange::{Command, Input, Step},
  failing::{Fallible, conform, failure, of_expression},
  instance::{End, Instance, InstanceId, Instances, Locals, Slot, State},
  layout::{Layout, NodeId},
  loss::Loss,
  mock::Doubles,
  needs::{Starts, WorkerNeeds},
  past::Done,
  treasury::Treasury,
};
use crate::{
  eval::{Evaluator, Scope},
  hir::{Expr, OrchestratorId, Program, WorkerId},
  protocol::{RawAnswer, WorkerError},
  value::{Failure, FailureKind, Value, show_duration, to_json},
};

/// See the module.
#[derive(Debug)]
pub struct Run {
  pub(super) program: Arc<Program>,
  pub(super) layout: Arc<Layout>,
  pub(super) evaluator: Evaluator,
  pub(super) started: Arc<RunStarted>,
  pub(super) instances: Instances,
  pub(super) root: InstanceId,
  /// What comes next is last.
  pub(super) work: Vec<Work>,
  pub(super) now: RunTime,
  pub(super) next_seq: u64,
  pub(super) timers: BTreeMap<TimerId, Timer>,
  pub(super) next_timer: u64,
  /// Those asked for that have not ended.
  pub(super) executions: BTreeMap<ExecutionId, InstanceId>,
  pub(super) next_execution: u64,
  /// Of workers that were called.
  pub(super) worker_needs: HashMap<WorkerId, WorkerNeeds>,
  pub(super) starts: Starts,
  /// Of orchestrators whose scopes are open.
  pub(super) budgets: HashMap<InstanceId, Spending>,
  pub(super) treasury: Treasury<InstanceId, ExecutionId>,
  /// Of workers that were called.
  pub(super) ceilings: HashMap<WorkerId, Most>,
  /// What has succeeded, where somebody collects that.
  pub(super) collected: Option<Vec<Done>>,
  /// Executions that were cut short and wait for a decision.
  pub(super) in_doubt: BTreeSet<ExecutionId>,
  /// Runs asked for and not remembered yet.
  pub(super) dispatching: BTreeMap<Arc<str>, InstanceId>,
  pub(super) doubles: Doubles,
  pub(super) records: Vec<Record>,
  pub(super) commands: Vec<Command>,
}

/// A piece of work of the loop.
#[derive(Debug)]
pub(super) enum Work {
  /// A step of a block waits for nothing more.
  Step { block: InstanceId, step: usize },
  /// An instance is ready.
  Begin(InstanceId),
  /// A child has ended.
  Ended {
    parent: InstanceId,
    slot: Slot,
    end: End,
    locals: Locals,
  },
  /// An instance is lost from outside.
  Cancel { instance: InstanceId, loss: Loss },
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Timer {
  pub due: RunTime,
  pub instance: InstanceId,
  pub purpose: Purpose,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Purpose {
  /// So many milliseconds are over.
  Deadline(i64),
  Delay,
  Backoff,
  /// As above, of one attempt.
  Timeout(i64),
  /// An attempt takes so long that it gets a copy.
  Hedge,
  /// So many milliseconds of run time are spent.
  Budget(i64),
}

impl Run {
  /// Nothing has happened yet.
  pub(super) fn new(
    program: Arc<Program>,
    evaluator: Evaluator,
    started: RunStarted,
    orchestrator: OrchestratorId,
  ) -> Run {
    let layout = Arc::new(Layout::of(&program));
    let mut instances = Instances::default();
    let root = instances.insert(Instance::new(
      layout.orchestrator(orchestrator),
      None,
      Slot::Root,
      "".into(),
      Locals::new(),
    ));
    Run {
      program,
      layout,
      evaluator,
      started: Arc::new(started),
      instances,
      root,
      work: Vec::new(),
      now: RunTime(0),
      next_seq: 0,
      timers: BTreeMap::new(),
      next_timer: 0,
      executions: BTreeMap::new(),
      next_execution: 0,
      worker_needs: HashMap::new(),
      starts: HashMap::new(),
      budgets: HashMap::new(),
      treasury: Treasury::default(),
      ceilings: HashMap::new(),
      collected: None,
      in_doubt: BTreeSet::new(),
      dispatching: BTreeMap::new(),
      doubles: Doubles::default(),
      records: Vec::new(),
      commands: Vec::new(),
    }
  }

  /// Folds one fact in. Facts about executions and timers that are over are recorded and change nothing; once the run
  /// is over, nothing is recorded any longer.
  pub fn step(&mut self, at: RunTime, input: Input) -> Step {
    if self.is_over() {
      return Step::default();
    }
    self.now = self.now.max(at);
    self.record(input.event());
    match input {
      Input::Admitted(execution) => self.admitted(execution),
      Input::Refused(execution, kind) => self.refused(execution, kind),
      Input::Recalled(execution, found) => self.recalled(execution, found),
      Input::Reported(execution, report) => self.reported(execution, report),
      Input::AttemptStarted(execution, _) => self.attempt_started(execution),
      Input::BreakerMoved(_) | Input::Stopped => {}
      Input::Resumed(resumption) => self.resumed(&resumption),
      Input::AttemptEnded(execution, outcome) => self.attempt_ended(execution, outcome),
      Input::TimerFired(timer) => self.timer_fired(timer),
      Input::ChildRecorded(run) => self.child_recorded(&run),
      Input::CancelRequested(reason) => {
        let failure = failure(FailureKind::Cancelled, reason);
        self.lose(self.root, Loss::failed(failure.into()));
      }
    }
    self.carry_on()
  }

  /// Budgets are asked when nothing else is left to do, so that all who became ready at once have their turns in order.
  pub(super) fn carry_on(&mut self) -> Step {
    self.work_off();
    while self.settle_budgets() {
      self.work_off();
    }
    Step {
      records: std::mem::take(&mut self.records),
      commands: std::mem::take(&mut self.commands),
    }
  }

  fn work_off(&mut self) {
    self.work.reverse();
    while let Some(work) = self.work.pop() {
      let rest = self.work.len();
      match work {
        Work::Step { block, step } => self.begin_step(block, step),
        Work::Begin(instance) => self.begin(instance, Self::make_ready),
        Work::Cancel { instance, loss } => self.lose(instance, loss),
        Work::Ended {
          parent,
          slot,
          end,
          locals,
        } => self.child_ended(parent, slot, end, locals),
      }
      self.work[rest..].reverse();
    }
  }

  /// What a worker's answer means for the run: to be fed in as the end of the attempt.
  pub fn outcome(&self, attempt: &Attempt, raw: Result<RawAnswer, WorkerError>) -> AttemptOutcome {
    match super::answer::answer(&self.program, &self.evaluator, attempt, raw) {
      Ok(value) => AttemptOutcome::Ok(to_json(&value)),
      Err(failure) => AttemptOutcome::Failed(failure),
    }
  }

  /// What stood in for its workers, for the next run of the same test.
  pub fn take_doubles(&mut self) -> Doubles {
    std::mem::take(&mut self.doubles)
  }

  /// The time of the latest fact.
  pub fn now(&self) -> RunTime {
    self.now
  }

  pub fn is_over(&self) -> bool {
    self.instances.get(self.root).is_none()
  }

  pub fn started(&self) -> &RunStarted {
    &self.started
  }

  /// How many records there are by now.
  pub(super) fn recorded(&self) -> u64 {
    self.next_seq
  }

  pub(super) fn record(&mut self, event: Event) {
    self.records.push(Record {
      seq: self.next_seq,
      at: self.now,
      event,
    });
    self.next_seq += 1;
  }

  /// Adds a child that is ready at once.
  pub(super) fn spawn(&mut self, parent: InstanceId, slot: Slot, path: Arc<str>, node: NodeId, locals: Locals) {
    let child = self.adopt(parent, slot, path, node, locals);
    self.work.push(Work::Begin(child));
  }

  /// Adds a child that nothing is done with yet.
  pub(super) fn adopt(
    &mut self,
    parent: InstanceId,
    slot: Slot,
    path: Arc<str>,
    node: NodeId,
    locals: Locals,
  ) -> InstanceId {
    let child = self
      .instances
      .insert(Instance::new(node, Some(parent), slot, path, locals));
    if let Some(parent) = self.instances.get_mut(parent) {
      parent.children.insert(slot, child);
    }
    child
  }

  /// Moves an instance on; a failure on the way loses it.
  fn begin(&mut self, id: InstanceId, step: impl FnOnce(&mut Run, InstanceId) -> Fallible<()>) {
    let alive = self.instances.get(id).is_some_and(|instance| instance.loss.is_none());
    if alive && let Err(failure) = step(self, id) {
      self.fail(id, failure);
    }
  }

  fn child_ended(&mut self, id: InstanceId, slot: Slot, end: End, locals: Locals) {
    let Some(instance) = self.instances.get_mut(id) else {
      return;
    };
    instance.children.remove(&slot);
    if slot.ending().is_some() {
      return self.ending_ended(id, end);
    }
    if instance.passes_on(&end) {
      instance.loss = None;
    }
    if instance.loss.is_some() {
      return self.note_end(id, end);
    }
    match (&instance.state, slot) {
      (State::Block(_), Slot::Step(step)) => self.step_ended(id, step, end, locals),
      (State::Each(_), Slot::Item(item)) => self.begin(id, |run, id| run.item_ended(id, item, end)),
      (State::Run(_), Slot::Assignment(at)) => self.begin(id, |run, id| run.assignment_ended(id, at, end)),
      (State::Repeat(_), Slot::Iteration(_)) => self.begin(id, |run, id| run.iteration_ended(id, end, locals)),
      (State::Guarding, _) => self.begin(id, |run, id| run.guarded_ended(id, end)),
      _ => self.pass_on(id, end),
    }
  }

  fn timer_fired(&mut self, timer: TimerId) {
    let Some(Timer {
      instance: id, purpose, ..
    }) = self.timers.remove(&timer)
    else {
      return;
    };
    match purpose {
      Purpose::Deadline(time) => {
        let path = self.path(id);
        self.with(id, |instance| instance.deadline = None);
        self.record(Event::DeadlinePassed { path });
        let message = format!("deadline of {} passed", show_duration(time));
        self.fail(id, failure(FailureKind::Timeout, message));
      }
      Purpose::Delay => self.begin(id, |run, id| {
        let state = run.with(id, |instance| std::mem::replace(&mut instance.state, State::Begun));
        match state {
          Some(State::Delayed { message, .. }) => run.enter(id, message),
          _ => Ok(()),
        }
      }),
      Purpose::Backoff => self.begin(id, Self::request),
      Purpose::Timeout(time) => self.time_out(id, time),
      Purpose::Hedge => self.begin(id, Self::hedge),
      Purpose::Budget(time) => self.budget_passed(id, time),
    }
  }

  pub(super) fn set_timer(&mut self, instance: InstanceId, wait: i64, purpose: Purpose) -> TimerId {
    let timer = TimerId(self.next_timer);
    self.next_timer += 1;
    let due = self.now.after(wait);
    self.timers.insert(timer, Timer { due, instance, purpose });
    self.commands.push(Command::SetTimer { timer, due });
    timer
  }

  pub(super) fn clear_timer(&mut self, timer: TimerId) {
    if self.timers.remove(&timer).is_some() {
      self.commands.push(Command::ClearTimer(timer));
    }
  }

  /// Changes an instance, if it still lives.
  pub(super) fn with<T>(&mut self, id: InstanceId, change: impl FnOnce(&mut Instance) -> T) -> Option<T> {
    self.instances.get_mut(id).map(change)
  }

  pub(super) fn path(&self, id: InstanceId) -> Arc<str> {
    self
      .instances
      .get(id)
      .map_or_else(|| "".into(), |instance| instance.path.clone())
  }

  /// The value of an expression where the instance stands.
  pub(super) fn eval(&self, id: InstanceId, expr: &Expr) -> Fallible<Value> {
    self.eval_in(&self.instances.names(id), expr)
  }

  pub(super) fn eval_in(&self, scope: &dyn Scope, expr: &Expr) -> Fallible<Value> {
    self.evaluator.eval(expr, scope).map_err(of_expression)
  }

  /// The failure with its place in the run, and of a call with its worker and attempts.
  pub(super) fn located(&self, id: InstanceId, mut failure: Box<Failure>) -> Arc<Failure> {
    failure.step = self.path(id);
    failure.item = self.item(id);
    if let Some(call) = self.call(&self.layout, id) {
      failure.worker = Some(self.program.worker(call.target).name.clone());
      failure.attempts = self.attempts(id);
    }
    failure.into()
  }

  /// The item of the innermost `each` around.
  fn item(&self, id: InstanceId) -> Option<serde_json::Value> {
    let (_, instance) = self
      .instances
      .around(id)
      .find(|(_, instance)| matches!(instance.slot, Slot::Item(_)))?;
    let Slot::Item(at) = instance.slot else { return None };
    let State::Each(each) = &self.instances.get(instance.parent?)?.state else {
      return None;
    };
    let item = each.items.as_list()?.get(at)?;
    // an absent item and a null one read the same in the journal
    Some(to_json(item)).filter(|item| !item.is_null())
  }

  /// The result of an orchestrator, as its type says.
  pub(super) fn conform_result(&self, id: OrchestratorId, value: &Value) -> Fallible<Value> {
    let orchestrator = self.program.orchestrator(id);
    conform(
      value,
      &orchestrator.output,
      &format!("the result of `{}`", orchestrator.name),
    )
  }
}

impl Instance {
  fn new(node: NodeId, parent: Option<InstanceId>, slot: Slot, path: Arc<str>, locals: Locals) -> Instance {
    Instance {
      node,
      parent,
      slot,
      path,
      locals,
      sealed: false,
      deadline: None,
      loss: None,
      children: BTreeMap::new(),
      ends: None,
      state: State::Begun,
    }
  }
}
