//! What a run that goes on waits for, read off its state: for those who ask why it has not finished. Changes nothing.

use std::sync::Arc;

use super::{
  budgets::Budgeted,
  event::{ExecutionId, RunTime},
  instance::{InstanceId, State},
  leaf::Phase,
  run::{Purpose, Run},
  tries::TryState,
};
use crate::hir::{Call, WorkerId};

/// An execution that has not ended.
#[derive(Debug)]
pub struct Pending {
  pub execution: ExecutionId,
  pub path: Arc<str>,
  pub stage: Stage,
}

/// How far an execution is.
#[derive(Debug)]
pub enum Stage {
  /// Whether its outcome is there already is being looked for.
  Recalling,
  /// It waits until its budgets cover it.
  Budget(Vec<Budgeted>),
  /// It waits for slots and tokens, or for its breaker's probe.
  Admission {
    shares: Vec<Share>,
    /// Whether its worker has a breaker.
    breaker: bool,
  },
  Running,
  InDoubt,
}

/// A thing that an execution shares with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
  /// A limit, or a worker with a bound of its own.
  pub kind: ShareKind,
  pub name: Arc<str>,
  /// At most so many at once.
  pub concurrent: Option<u64>,
  /// At most so many starts in so many milliseconds.
  pub rate: Option<(u64, i64)>,
  /// The executions of this run that hold a slot of it.
  pub holders: Vec<Arc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareKind {
  Limit,
  Worker,
}

/// What happens at a moment, unless something else comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
  pub path: Arc<str>,
  pub what: DueKind,
  pub at: RunTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueKind {
  /// The attempt is ended.
  Timeout,
  /// The step is lost.
  Deadline,
  /// The step begins.
  Delay,
  /// The next attempt asks for admission.
  Retry,
  /// The attempt gets a copy.
  Hedge,
  /// The time of a budget is over.
  Budget,
}

impl Run {
  /// All executions that have not ended, in the order asked for.
  pub fn pending(&self) -> Vec<Pending> {
    let pending = self.executions.iter().filter_map(|(execution, id)| {
      Some(Pending {
        execution: *execution,
        path: self.path(*id),
        stage: self.stage(*id, *execution)?,
      })
    });
    pending.collect()
  }

  /// All that is due at some time, the earliest first.
  pub fn due(&self) -> Vec<Due> {
    let mut due: Vec<Due> = self.timers.values().map(|timer| self.due_of(timer)).collect();
    due.sort_by_key(|due| due.at);
    due
  }

  fn due_of(&self, timer: &super::run::Timer) -> Due {
    Due {
      path: self.path(timer.instance),
      at: timer.due,
      what: match timer.purpose {
        Purpose::Deadline(_) => DueKind::Deadline,
        Purpose::Delay => DueKind::Delay,
        Purpose::Backoff => DueKind::Retry,
        Purpose::Timeout(_) => DueKind::Timeout,
        Purpose::Hedge => DueKind::Hedge,
        Purpose::Budget(_) => DueKind::Budget,
      },
    }
  }

  fn stage(&self, id: InstanceId, execution: ExecutionId) -> Option<Stage> {
    let State::Leaf(leaf) = &self.instances.get(id)?.state else {
      return None;
    };
    let Phase::Active(active) = &leaf.phase else {
      return matches!(leaf.phase, Phase::Recalling(_)).then_some(Stage::Recalling);
    };
    let one = active.tries.iter().find(|one| one.execution == execution)?;
    Some(match one.state {
      TryState::Reserving => Stage::Budget(self.budgeted(id)),
      TryState::Waiting { .. } => {
        let call = self.call(&self.layout, id)?;
        Stage::Admission {
          shares: self.shares(call),
          breaker: self.program.worker(call.target).breaker.is_some(),
        }
      }
      TryState::Running { .. } => Stage::Running,
      TryState::InDoubt => Stage::InDoubt,
    })
  }

  fn shares(&self, call: &Call<WorkerId>) -> Vec<Share> {
    let worker = self.program.worker(call.target);
    let slots = worker.concurrent.as_ref().map(|concurrent| Share {
      kind: ShareKind::Worker,
      name: worker.name.clone(),
      concurrent: self.shared_count(concurrent, 1, "concurrent").ok(),
      rate: None,
      holders: self.holders(|other| other.target == call.target),
    });
    let limits = call.policies.limits.iter().map(|id| {
      let limit = self.program.limit(*id);
      Share {
        kind: ShareKind::Limit,
        name: limit.name.clone(),
        concurrent: limit.concurrent,
        rate: limit.rate,
        holders: self.holders(|other| other.policies.limits.contains(id)),
      }
    });
    slots.into_iter().chain(limits).collect()
  }

  /// The paths of executions that run and share something.
  fn holders(&self, shares: impl Fn(&Call<WorkerId>) -> bool) -> Vec<Arc<str>> {
    let holders = self.executions.iter().filter(|(execution, id)| {
      let runs = self.instances.get(**id).and_then(|instance| match &instance.state {
        State::Leaf(leaf) => leaf.active(),
        _ => None,
      });
      let runs = runs.is_some_and(|active| {
        active
          .tries
          .iter()
          .any(|one| one.execution == **execution && matches!(one.state, TryState::Running { .. }))
      });
      runs && self.call(&self.layout, **id).is_some_and(&shares)
    });
    holders.map(|(_, id)| self.path(*id)).collect()
  }
}
