//! Blocks: steps begin when what they wait for has succeeded; the scope succeeds when all have, and is lost with the
//! first that has not. Orchestrators' bodies, stages and iterations are blocks too. Knows nothing of other nodes.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
  attempt::Message,
  event::Event,
  failing::{Fallible, failure},
  instance::{End, InstanceId, Locals, Slot, State},
  layout::{Action, Arm, BlockId, Body},
  loss::Loss,
  run::{Run, Work},
};
use crate::{
  hir::{Call, Expr, OrchestratorId, Param},
  value::{FailureKind, Value},
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BlockState {
  block: BlockId,
  /// It is this one's body: its result is conformed.
  orchestrator: Option<OrchestratorId>,
  steps: Box<[StepState]>,
  /// How many have not ended.
  left: usize,
  /// Arms inside that wait for a step here.
  waiters: BTreeMap<usize, Vec<InstanceId>>,
  /// `return e when c` held: the value, once nothing runs any longer.
  returning: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum StepState {
  /// Waits for so many steps.
  Pending(u32),
  Begun,
  Succeeded,
  /// Will never begin.
  Dropped,
}

impl Run {
  /// `name(arguments)`: the instance becomes the scope of the orchestrator's body.
  pub(super) fn call_orchestrator(&mut self, id: InstanceId, call: &Call<OrchestratorId>) -> Fallible<()> {
    let program = self.program.clone();
    let callee = program.orchestrator(call.target);
    let arguments: Result<Vec<_>, _> = call.arguments.iter().map(|argument| self.eval(id, argument)).collect();
    let input = Message::of(&callee.params, &callee.input, &callee.name, arguments?)?;
    self.enter_orchestrator(id, call.target, input, Value::Null);
    Ok(())
  }

  /// `last` is the value of `run.last`.
  pub(super) fn enter_orchestrator(
    &mut self,
    id: InstanceId,
    orchestrator: OrchestratorId,
    input: Message,
    last: Value,
  ) {
    let layout = self.layout.clone();
    let Body::Block(block) = layout.node(layout.orchestrator(orchestrator)).body else {
      return;
    };
    let declared = self.program.orchestrator(orchestrator);
    let mut locals = bound(&declared.params, input);
    locals.extend(declared.overlap.as_ref().map(|overlap| (overlap.last, last)));
    self.with(id, |instance| {
      instance.locals = locals;
      instance.sealed = true;
    });
    if let Err(failure) = self.open_budget(id, orchestrator) {
      return self.fail(id, failure);
    }
    self.open_block(id, block, Some(orchestrator));
  }

  pub(super) fn open_block(&mut self, id: InstanceId, block: BlockId, orchestrator: Option<OrchestratorId>) {
    let layout = self.layout.clone();
    let steps = &layout.block(block).steps;
    let state = BlockState {
      block,
      orchestrator,
      steps: steps.iter().map(|step| StepState::Pending(step.waits)).collect(),
      left: steps.len(),
      waiters: BTreeMap::new(),
      returning: None,
    };
    let slot = self.with(id, |instance| {
      instance.state = State::Block(Box::new(state));
      instance.slot
    });
    if slot != Some(Slot::Root) {
      let path = self.path(id);
      let orchestrator = orchestrator.map(|id| self.program.orchestrator(id).name.clone());
      self.record(Event::ScopeStarted { path, orchestrator });
    }
    let free = (0..).zip(steps).filter(|(_, step)| step.waits == 0);
    self.work.extend(free.map(|(step, _)| Work::Step { block: id, step }));
    if steps.is_empty() {
      self.complete_block(id);
    }
  }

  pub(super) fn begin_step(&mut self, id: InstanceId, at: usize) {
    let layout = self.layout.clone();
    let Some(instance) = self.instances.get_mut(id).filter(|instance| instance.loss.is_none()) else {
      return;
    };
    let State::Block(state) = &mut instance.state else {
      return;
    };
    if state.is_returning() {
      return;
    }
    state.steps[at] = StepState::Begun;
    let step = &layout.block(state.block).steps[at];
    let path = join(&instance.path, &step.segment);
    match &step.action {
      Action::Node(node) | Action::Stage(node) => self.spawn(id, Slot::Step(at), path, *node, Locals::new()),
      Action::Require { condition, message } => {
        let held = self.require(id, &path, condition, message.as_ref());
        self.end_line(id, at, path, held);
      }
      Action::ReturnWhen { value, when } => match self.return_when(id, value, when) {
        Ok(Some(value)) => self.return_early(id, path, value),
        other => self.end_line(id, at, path, other.map(|_| ())),
      },
    }
  }

  fn require(&mut self, id: InstanceId, path: &Arc<str>, condition: &Expr, message: Option<&Expr>) -> Fallible<()> {
    let held = self.eval(id, condition)? == Value::Bool(true);
    self.record(Event::RequireChecked {
      path: path.clone(),
      held,
    });
    if held {
      return Ok(());
    }
    let message = match message {
      None => Value::string("what is required does not hold"),
      Some(message) => self.eval(id, message)?,
    };
    Err(failure(FailureKind::Required, message.as_str().unwrap_or_default()))
  }

  fn return_when(&mut self, id: InstanceId, value: &Expr, when: &Expr) -> Fallible<Option<Value>> {
    if self.eval(id, when)? != Value::Bool(true) {
      return Ok(None);
    }
    let value = self.eval(id, value)?;
    let orchestrator = self.with_block(id, |state| state.orchestrator);
    match orchestrator.flatten() {
      Some(orchestrator) => self.conform_result(orchestrator, &value).map(Some),
      None => Ok(Some(value)),
    }
  }

  /// A line that runs nothing has ended.
  fn end_line(&mut self, id: InstanceId, at: usize, path: Arc<str>, end: Fallible<()>) {
    let end = match end {
      Ok(()) => {
        self.record(Event::StepSucceeded { path, value: None });
        End::Succeeded(Value::Null)
      }
      Err(failure) => {
        let mut failure = self.located(id, failure);
        Arc::make_mut(&mut failure).step = path.clone();
        self.record(Event::StepFailed {
          path,
          failure: failure.clone(),
        });
        End::Failed(failure)
      }
    };
    self.step_ended(id, at, end, Locals::new());
  }

  /// The pending rest is not taken, what runs is cancelled; then the scope succeeds.
  fn return_early(&mut self, id: InstanceId, path: Arc<str>, value: Value) {
    self.record(Event::StepSucceeded {
      path: path.clone(),
      value: None,
    });
    self.drop_pending(id, |path| Event::NotTaken { path });
    self.cancel_children(id, &Loss::superfluous(path));
    self.with_block(id, |state| state.returning = Some(value));
    self.settle_return(id);
  }

  fn settle_return(&mut self, id: InstanceId) {
    let value = self.with(id, |instance| match &mut instance.state {
      State::Block(state) if instance.children.is_empty() => state.returning.take(),
      _ => None,
    });
    if let Some(value) = value.flatten() {
      self.succeed(id, value);
    }
  }

  pub(super) fn step_ended(&mut self, id: InstanceId, at: usize, end: End, locals: Locals) {
    let returning = self.with_block(id, |state| state.is_returning());
    match end {
      _ if returning == Some(true) => self.settle_return(id),
      End::Succeeded(value) => self.step_succeeded(id, at, value, locals),
      End::Failed(failure) => self.lose(id, Loss::failed(failure)),
      End::Skipped | End::Cancelled(_) => self.lose(id, Loss::outside("".into())),
    }
  }

  fn step_succeeded(&mut self, id: InstanceId, at: usize, value: Value, locals: Locals) {
    let layout = self.layout.clone();
    let Some(instance) = self.instances.get_mut(id) else {
      return;
    };
    let State::Block(state) = &mut instance.state else {
      return;
    };
    let step = &layout.block(state.block).steps[at];
    instance.locals.extend(step.local.map(|local| (local, value)));
    if let Action::Stage(_) = step.action {
      instance.locals.extend(locals);
    }
    state.steps[at] = StepState::Succeeded;
    state.left -= 1;
    let left = state.left;
    for dependent in &step.dependents {
      if state.steps[*dependent].lose_one() {
        self.work.push(Work::Step {
          block: id,
          step: *dependent,
        });
      }
    }
    let waiters = state.waiters.remove(&at).unwrap_or_default();
    waiters.into_iter().for_each(|waiter| self.release_arm(waiter));
    if left == 0 {
      self.complete_block(id);
    }
  }

  fn complete_block(&mut self, id: InstanceId) {
    match self.block_result(id) {
      Ok(value) => self.succeed(id, value),
      Err(failure) => self.fail(id, failure),
    }
  }

  fn block_result(&self, id: InstanceId) -> Fallible<Value> {
    let layout = self.layout.clone();
    let Some(State::Block(state)) = self.instances.get(id).map(|instance| &instance.state) else {
      return Ok(Value::Null);
    };
    let result = layout.block(state.block).result.as_ref();
    let value = result.map_or(Ok(Value::Null), |result| self.eval(id, result))?;
    match state.orchestrator {
      Some(orchestrator) => self.conform_result(orchestrator, &value),
      None => Ok(value),
    }
  }

  /// The scope is lost: what has not begun never will.
  pub(super) fn skip_pending(&mut self, id: InstanceId, cause: &Arc<str>) {
    self.drop_pending(id, |path| Event::StepSkipped {
      path,
      cause: cause.clone(),
    });
  }

  fn drop_pending(&mut self, id: InstanceId, event: impl Fn(Arc<str>) -> Event) {
    let layout = self.layout.clone();
    let Some(instance) = self.instances.get_mut(id) else {
      return;
    };
    let State::Block(state) = &mut instance.state else {
      return;
    };
    let steps = state.steps.iter_mut().zip(&layout.block(state.block).steps);
    let pending = steps.filter(|(state, _)| matches!(state, StepState::Pending(_)));
    let paths: Vec<_> = pending
      .map(|(state, step)| {
        *state = StepState::Dropped;
        join(&instance.path, &step.segment)
      })
      .collect();
    paths.into_iter().for_each(|path| self.record(event(path)));
  }

  /// Begins an arm, a branch or a fallback once the steps that it reads have succeeded.
  pub(super) fn spawn_arm(&mut self, parent: InstanceId, arm: &Arm, locals: Locals) {
    let path = join(&self.path(parent), &arm.segment);
    let child = self.adopt(parent, Slot::Arm, path, arm.node, locals);
    let layout = self.layout.clone();
    let missing: Vec<_> = arm
      .waits
      .iter()
      .filter_map(|local| {
        let binder = self
          .instances
          .around(parent)
          .find_map(|(id, instance)| match &instance.state {
            State::Block(state) => layout.block(state.block).binders.get(local).map(|step| (id, *step)),
            _ => None,
          });
        binder.filter(|(id, step)| !self.has_succeeded(*id, *step))
      })
      .collect();
    match missing.len() {
      0 => self.work.push(Work::Begin(child)),
      count => _ = self.with(child, |instance| instance.state = State::Pending(count)),
    }
    for (block, step) in missing {
      self.with_block(block, |state| state.waiters.entry(step).or_default().push(child));
    }
  }

  fn has_succeeded(&self, block: InstanceId, step: usize) -> bool {
    match self.instances.get(block).map(|instance| &instance.state) {
      Some(State::Block(state)) => state.steps[step] == StepState::Succeeded,
      _ => false,
    }
  }

  fn with_block<T>(&mut self, id: InstanceId, change: impl FnOnce(&mut BlockState) -> T) -> Option<T> {
    match &mut self.instances.get_mut(id)?.state {
      State::Block(state) => Some(change(state)),
      _ => None,
    }
  }

  fn release_arm(&mut self, arm: InstanceId) {
    let Some(instance) = self.instances.get_mut(arm) else {
      return;
    };
    if let State::Pending(missing) = &mut instance.state {
      *missing -= 1;
      if *missing == 0 {
        instance.state = State::Begun;
        self.work.push(Work::Begin(arm));
      }
    }
  }
}

impl BlockState {
  pub fn orchestrator(&self) -> Option<OrchestratorId> {
    self.orchestrator
  }

  pub fn is_returning(&self) -> bool {
    self.returning.is_some()
  }
}

impl StepState {
  /// One step less to wait for; whether it was the last.
  fn lose_one(&mut self) -> bool {
    match self {
      StepState::Pending(waits) => {
        *waits = waits.saturating_sub(1);
        *waits == 0
      }
      StepState::Begun | StepState::Succeeded | StepState::Dropped => false,
    }
  }
}

/// The names of the parameters.
pub(super) fn bound(params: &[Param], input: Message) -> Locals {
  params.iter().map(|param| param.local).zip(input.parameters).collect()
}

/// The path of a step inside.
pub(super) fn join(path: &str, segment: &str) -> Arc<str> {
  match path {
    "" => segment.into(),
    _ => format!("{path}.{segment}").into(),
  }
}
