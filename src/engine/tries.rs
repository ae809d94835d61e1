//! The executions of one attempt: the first, and its copy where it is hedged. The first valid answer wins; the attempt
//! is over once nothing of either is left. Knows nothing of what an attempt is for.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
  event::{AttemptOutcome, ExecutionId, TimerId},
  exchange::{Command, Sought},
  failing::Fallible,
  gate::Health,
  instance::{InstanceId, State},
  leaf::Phase,
  outcome::timeout,
  run::{Purpose, Run},
};
use crate::{
  hir::WorkerId,
  protocol::Report,
  value::{Failure, FailureKind, Value},
};

/// An attempt that waits or runs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Active {
  /// Those that have not ended: one or two, the first before its copy.
  pub tries: Vec<Try>,
  /// Whether any of them was let pass: the attempt counts.
  pub admitted: bool,
  /// Whether its times run, `timeout` and `hedge`: from the first admission, and after a resume from the next one.
  pub timed: bool,
  pub timeout: Option<TimerId>,
  /// So many milliseconds were too few.
  pub timed_out: Option<i64>,
  /// When it gets its copy.
  pub hedge: Option<TimerId>,
  /// It has had its copy.
  pub hedged: bool,
  /// What it comes to, once nothing of it runs.
  pub result: Option<Fallible<Value>>,
}

/// One execution.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Try {
  pub execution: ExecutionId,
  pub copy: bool,
  pub state: TryState,
  /// All that it said, also before a crash.
  pub report: Option<Box<Report>>,
  /// What it said before it was started again.
  earlier: Option<Box<Report>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum TryState {
  /// Waits for its budgets.
  Reserving,
  /// For the gatekeeper.
  Waiting {
    /// It ran before, and was cut short.
    again: bool,
  },
  Running {
    /// Its worker is told to end.
    cancelled: bool,
  },
  /// It was cut short, and nobody has said yet whether it may be run again.
  InDoubt,
}

/// What an execution waits for.
pub(super) enum Outstanding<'a> {
  Recall(&'a Arc<Sought>),
  Admission,
  /// The end of a worker that is told to end.
  Cancelled,
}

impl Active {
  pub fn of(execution: ExecutionId) -> Active {
    Active {
      tries: vec![Try::of(execution, false)],
      admitted: false,
      timed: false,
      timeout: None,
      timed_out: None,
      hedge: None,
      hedged: false,
      result: None,
    }
  }

  pub fn runs(&self) -> bool {
    self.tries.iter().any(Try::runs)
  }

  /// Whether something of it may have been done, and is not known: it runs, or was cut short.
  pub fn is_open(&self) -> bool {
    self.tries.iter().any(Try::is_open)
  }

  /// Whether this execution ran, and nobody told it to end: nobody knows what it has done once its orch is gone.
  pub fn is_cut(&self, execution: ExecutionId) -> bool {
    let one = self.tries.iter().find(|one| one.execution == execution);
    one.is_some_and(|one| match one.state {
      TryState::Running { cancelled, .. } => !cancelled,
      TryState::InDoubt => true,
      TryState::Reserving | TryState::Waiting { .. } => false,
    })
  }

  pub fn outstanding(&self, execution: ExecutionId) -> Option<Outstanding<'_>> {
    let one = self.tries.iter().find(|one| one.execution == execution)?;
    match &one.state {
      TryState::Waiting { .. } => Some(Outstanding::Admission),
      TryState::Running { cancelled: true, .. } => Some(Outstanding::Cancelled),
      TryState::Reserving | TryState::Running { .. } | TryState::InDoubt => None,
    }
  }
}

impl Try {
  fn of(execution: ExecutionId, copy: bool) -> Try {
    Try {
      execution,
      copy,
      state: TryState::Reserving,
      report: None,
      earlier: None,
    }
  }

  fn runs(&self) -> bool {
    matches!(self.state, TryState::Running { .. })
  }

  fn is_open(&self) -> bool {
    matches!(
      self.state,
      TryState::Running { .. } | TryState::Waiting { again: true } | TryState::InDoubt
    )
  }
}

impl Run {
  /// An execution of an attempt begins: with the first one, its times.
  pub(super) fn time_attempt(&mut self, id: InstanceId, [timeout, hedge]: [Option<i64>; 2]) {
    let first = self.with_active(id, |active| {
      active.admitted = true;
      (!std::mem::replace(&mut active.timed, true)).then_some(active.hedged)
    });
    let Some(hedged) = first.flatten() else { return };
    let timeout = timeout.map(|time| self.set_timer(id, time, Purpose::Timeout(time)));
    let hedge = hedge.filter(|_| !hedged);
    let hedge = hedge.map(|time| self.set_timer(id, time, Purpose::Hedge));
    self.with_active(id, |active| (active.timeout, active.hedge) = (timeout, hedge));
  }

  /// The attempt takes long: a copy of it asks to start.
  pub(super) fn hedge(&mut self, id: InstanceId) -> Fallible<()> {
    let first = self.with_active(id, |active| {
      (active.hedge, active.hedged) = (None, true);
      active.tries.first().map(|one| one.execution)
    });
    let layout = self.layout.clone();
    let (Some(Some(first)), Some(call)) = (first, self.call(&layout, id)) else {
      return Ok(());
    };
    if let Some(execution) = self.announce(id, call.target, Some(first)) {
      self.with_active(id, |active| active.tries.push(Try::of(execution, true)));
      self.reserve(id, execution);
    }
    Ok(())
  }

  pub(super) fn time_out(&mut self, id: InstanceId, time: i64) {
    self.with_active(id, |active| {
      active.timeout = None;
      active.timed_out = Some(time);
    });
    self.stop_tries(id);
    // what was cut short and waited to run again has no end of its own
    if self.with_active(id, |active| active.tries.is_empty()) == Some(true) {
      self.attempt_came_to(id, Err(timeout(time)));
    }
  }

  /// What runs is told to end, what waits waits no longer.
  pub(super) fn stop_tries(&mut self, id: InstanceId) {
    let stopped = self.with_active(id, |active| {
      let cancelled: Vec<ExecutionId> = active.tries.iter_mut().filter_map(cancel).collect();
      let waiting: Vec<Try> = active.tries.extract_if(.., |one| !one.runs()).collect();
      (cancelled, waiting, active.hedge.take())
    });
    let Some((cancelled, waiting, hedge)) = stopped else {
      return;
    };
    hedge.into_iter().for_each(|timer| self.clear_timer(timer));
    waiting.into_iter().for_each(|one| self.forget(id, &one));
    self.commands.extend(cancelled.into_iter().map(Command::CancelAttempt));
  }

  /// An execution that waited does so no longer.
  fn forget(&mut self, id: InstanceId, one: &Try) {
    self.executions.remove(&one.execution);
    self.in_doubt.remove(&one.execution);
    self.settle_up(id, one);
    if let TryState::Waiting { .. } = one.state {
      self.commands.push(Command::Withdraw(one.execution));
    }
  }

  /// What a try that does not run is charged: nothing, unless it ran before and was cut short.
  pub(super) fn settle_up(&mut self, id: InstanceId, one: &Try) {
    let worker = self.call(&self.layout, id).map(|call| call.target);
    match worker.filter(|_| one.is_open()) {
      Some(worker) => self.charge(id, one.execution, worker, one.report.as_deref()),
      None => self.treasury.withdraw(one.execution),
    }
  }

  /// An execution is not to be, for this reason: a setting has no value, its breaker is open, its budget is spent. A
  /// copy goes without a word; with the first one goes the call.
  pub(super) fn not_started(&mut self, id: InstanceId, execution: ExecutionId, failure: Box<Failure>) {
    self.executions.remove(&execution);
    self.commands.push(Command::Release(execution));
    let gone = self.with_active(id, |active| {
      active.tries.extract_if(.., |one| one.execution == execution).next()
    });
    let gone = gone.flatten();
    match &gone {
      Some(one) => self.settle_up(id, one),
      None => self.treasury.withdraw(execution),
    }
    match gone.map(|one| (one.copy, one.is_open())) {
      // it counts, for it has run before
      Some((_, true)) => self.attempt_came_to(id, Err(failure)),
      Some((true, _)) | None => {}
      Some((false, _)) => {
        self.with_leaf(id, |leaf| {
          leaf.phase = Phase::Idle;
          leaf.number -= 1;
        });
        self.fail(id, failure);
      }
    }
  }

  /// Takes an execution that ran out of its attempt; the rest of the attempt goes on, or ends too.
  pub(super) fn take_try(&mut self, execution: ExecutionId) -> Option<(InstanceId, WorkerId, Option<Report>)> {
    let id = self.executions.get(&execution).copied()?;
    let worker = self.call(&self.layout, id)?.target;
    let taken = self.with_active(id, |active| {
      let mut running = active
        .tries
        .extract_if(.., |one| one.execution == execution && one.runs());
      running.next()
    });
    let Try { report, .. } = taken.flatten()?;
    self.executions.remove(&execution);
    Some((id, worker, report.map(|report| *report)))
  }

  /// One execution of a hedged attempt came to something: a value ends the other, a failure waits for one that is open.
  pub(super) fn conclude(&mut self, id: InstanceId, result: Fallible<Value>) {
    let decided = self.with_active(id, |active| {
      let won = result.is_ok();
      if !matches!(active.result, Some(Ok(_))) {
        active.result = Some(result);
      }
      (won || !active.is_open(), active.timeout.take_if(|_| won))
    });
    let Some((over, timeout)) = decided else { return };
    timeout.into_iter().for_each(|timer| self.clear_timer(timer));
    let won = self.with_active(id, |active| matches!(active.result, Some(Ok(_))));
    if won == Some(true) {
      // The step has its value: that the loser takes its time to end is not the step's.
      let deadline = self.with(id, |instance| instance.deadline.take()).flatten();
      deadline.into_iter().for_each(|timer| self.clear_timer(timer));
    }
    if over {
      self.stop_tries(id);
    }
  }

  /// An attempt of which nothing is left.
  pub(super) fn close_attempt(&mut self, id: InstanceId) -> Option<Active> {
    let ended = self.with_leaf(id, |leaf| match &leaf.phase {
      Phase::Active(active) if active.tries.is_empty() => Some(std::mem::replace(&mut leaf.phase, Phase::Idle)),
      _ => None,
    });
    let Some(Phase::Active(mut active)) = ended.flatten() else {
      return None;
    };
    let timers = active.timeout.take().into_iter().chain(active.hedge.take());
    timers.for_each(|timer| self.clear_timer(timer));
    Some(*active)
  }

  /// The worker runs, maybe again: what it said until now stays said.
  pub(super) fn attempt_started(&mut self, execution: ExecutionId) {
    let Some(id) = self.executions.get(&execution).copied() else {
      return;
    };
    self.with_try(id, execution, |one| one.earlier.clone_from(&one.report));
  }

  pub(super) fn reported(&mut self, execution: ExecutionId, said: Report) {
    let Some(id) = self.executions.get(&execution).copied() else {
      return;
    };
    self.with_try(id, execution, |one| {
      let said = one.earlier.iter().fold(said, |said, earlier| said.after(earlier));
      one.report = Some(Box::new(said));
    });
  }

  /// What the end of an execution says of its worker; to be asked before the end is folded in.
  pub fn health(&self, execution: ExecutionId, outcome: &AttemptOutcome) -> Health {
    let leaf = self.executions.get(&execution).and_then(|id| self.instances.get(*id));
    let Some(State::Leaf(leaf)) = leaf.map(|instance| &instance.state) else {
      return Health::Unknown;
    };
    let active = leaf.active();
    let one = active.and_then(|active| active.tries.iter().find(|one| one.execution == execution));
    let (Some(active), Some(one)) = (active, one) else {
      return Health::Unknown;
    };
    match (&one.state, outcome) {
      // its copy was ended for the same reason
      (TryState::Running { .. }, _) if active.timed_out.is_some() && !one.copy => Health::Bad,
      (TryState::Running { cancelled: false, .. }, AttemptOutcome::Ok(_)) => Health::Good,
      (TryState::Running { cancelled: false, .. }, AttemptOutcome::Failed(failure)) if is_bad(failure.kind) => {
        Health::Bad
      }
      _ => Health::Unknown,
    }
  }

  pub(super) fn with_active<T>(&mut self, id: InstanceId, change: impl FnOnce(&mut Active) -> T) -> Option<T> {
    let change = |leaf: &mut super::leaf::Leaf| match &mut leaf.phase {
      Phase::Active(active) => Some(change(active)),
      _ => None,
    };
    self.with_leaf(id, change).flatten()
  }

  pub(super) fn with_try<T>(
    &mut self,
    id: InstanceId,
    execution: ExecutionId,
    change: impl FnOnce(&mut Try) -> T,
  ) -> Option<T> {
    let change = |active: &mut Active| {
      active
        .tries
        .iter_mut()
        .find(|one| one.execution == execution)
        .map(change)
    };
    self.with_active(id, change).flatten()
  }
}

/// What a breaker counts.
fn is_bad(kind: FailureKind) -> bool {
  use FailureKind::{Contract, Exit, Http, Timeout, Transport};
  matches!(kind, Exit | Http | Timeout | Transport | Contract)
}

/// Marks an execution that runs as told to end; `None` where it is so already, or does not run.
fn cancel(one: &mut Try) -> Option<ExecutionId> {
  match &mut one.state {
    TryState::Running { cancelled, .. } if !*cancelled => {
      *cancelled = true;
      Some(one.execution)
    }
    _ => None,
  }
}
