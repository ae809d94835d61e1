//! Budgets of orchestrators: opened with the scope, asked before each execution, charged with what it took. Knows
//! nothing of the gatekeeper.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
  event::{Event, ExecutionId, TimerId},
  failing::{Fallible, count, dollars, failure, milliseconds},
  instance::InstanceId,
  run::{Purpose, Run},
  spent::{Amounts, Bounds, Charge},
  treasury::Grant,
};
use crate::{
  eval::NoLocals,
  hir::{Budget, Expr, OrchestratorId, WorkerId},
  protocol::Report,
  value::{Dollars, Failure, FailureKind, show_duration},
};

/// A budget that is open.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Spending {
  orchestrator: OrchestratorId,
  /// When its time is used up.
  timer: Option<TimerId>,
}

/// What one execution of a worker needs at most.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Most {
  cost: Option<Dollars>,
  tokens: Option<u64>,
  /// The most that executions of this run have reported.
  seen: Amounts,
}

/// A budget around an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budgeted {
  /// Of its orchestrator; empty: the run's own.
  pub path: Arc<str>,
  pub bounds: Bounds,
  pub spent: Amounts,
}

impl Run {
  /// The scope of an orchestrator begins, its parameters are bound.
  pub(super) fn open_budget(&mut self, id: InstanceId, orchestrator: OrchestratorId) -> Fallible<()> {
    let program = self.program.clone();
    let Some(budget) = &program.orchestrator(orchestrator).budget else {
      return Ok(());
    };
    let bounds = self.bounds(id, budget)?;
    self.treasury.open(id, bounds);
    let timer = bounds.time.map(|time| self.set_timer(id, time, Purpose::Budget(time)));
    self.budgets.insert(id, Spending { orchestrator, timer });
    let path = self.path(id);
    self.record(Event::BudgetSet { path, bounds });
    Ok(())
  }

  fn bounds(&self, id: InstanceId, budget: &Budget) -> Fallible<Bounds> {
    let value = |expr: &Expr| self.eval(id, expr);
    let whole = |expr: &Option<Expr>, what| expr.as_ref().map(|expr| count(&value(expr)?, 0, what)).transpose();
    Ok(Bounds {
      calls: whole(&budget.calls, "calls")?,
      tokens: whole(&budget.tokens, "tokens")?,
      cost: budget.cost.as_ref().map(|expr| dollars(&value(expr)?)).transpose()?,
      time: budget
        .time
        .as_ref()
        .map(|expr| milliseconds(&value(expr)?))
        .transpose()?,
    })
  }

  pub(super) fn close_budget(&mut self, id: InstanceId) {
    if let Some(Spending { timer, .. }) = self.budgets.remove(&id) {
      self.treasury.close(id);
      timer.into_iter().for_each(|timer| self.clear_timer(timer));
    }
  }

  /// The scope is over but for the calls that close it: its time is no longer counted.
  pub(super) fn stop_budget_clock(&mut self, id: InstanceId) {
    let timer = self.budgets.get_mut(&id).and_then(|spending| spending.timer.take());
    timer.into_iter().for_each(|timer| self.clear_timer(timer));
  }

  /// The run time of a budget is used up.
  pub(super) fn budget_passed(&mut self, id: InstanceId, time: i64) {
    let Some(Spending { orchestrator, timer }) = self.budgets.get_mut(&id) else {
      return;
    };
    *timer = None;
    let name = &self.program.orchestrator(*orchestrator).name;
    let message = format!("the budget of `{name}` is spent: {} of run time", show_duration(time));
    self.fail(id, failure(FailureKind::Budget, message));
  }

  /// An execution takes what it needs from all budgets around it; then it asks the gatekeeper.
  pub(super) fn reserve(&mut self, id: InstanceId, execution: ExecutionId) {
    let around = self.budgets_around(id);
    if around.is_empty() {
      return self.ask(id, execution);
    }
    let need = self.need(id);
    self.treasury.ask(execution, around, need);
  }

  fn budgets_around(&self, id: InstanceId) -> Vec<InstanceId> {
    if self.budgets.is_empty() {
      return Vec::new();
    }
    let mut budgets = Vec::new();
    for (id, instance) in self.instances.around(id) {
      budgets.extend(self.budgets.contains_key(&id).then_some(id));
      // what closes a scope stands outside of its budget, and of those around
      if instance.slot.ending().is_some() {
        break;
      }
    }
    budgets
  }

  /// The budgets that an execution of this instance takes from, the innermost first.
  pub(super) fn budgeted(&self, id: InstanceId) -> Vec<Budgeted> {
    let states = self.budgets_around(id).into_iter().filter_map(|budget| {
      let (bounds, spent) = self.treasury.state(budget)?;
      let path = self.path(budget);
      Some(Budgeted { path, bounds, spent })
    });
    states.collect()
  }

  fn need(&self, id: InstanceId) -> Amounts {
    let call = self.call(&self.layout, id);
    let most = call
      .and_then(|call| self.ceilings.get(&call.target))
      .copied()
      .unwrap_or_default();
    Amounts {
      calls: 1,
      cost: most.cost.unwrap_or_default().max(most.seen.cost),
      tokens: most.tokens.unwrap_or_default().max(most.seen.tokens),
    }
  }

  /// What one execution needs at most, evaluated with the first call.
  pub(super) fn ceiling(&mut self, worker: WorkerId) -> Fallible<()> {
    if self.ceilings.contains_key(&worker) {
      return Ok(());
    }
    let program = self.program.clone();
    let ceiling = &program.worker(worker).ceiling;
    let value = |expr| self.eval_in(&NoLocals, expr);
    let most = Most {
      cost: ceiling.cost.as_ref().map(|expr| dollars(&value(expr)?)).transpose()?,
      tokens: ceiling
        .tokens
        .as_ref()
        .map(|expr| count(&value(expr)?, 0, "tokens"))
        .transpose()?,
      seen: Amounts::default(),
    };
    self.ceilings.insert(worker, most);
    Ok(())
  }

  /// An execution has ended. One that reported nothing may have taken all that was reserved.
  pub(super) fn charge(&mut self, id: InstanceId, execution: ExecutionId, worker: WorkerId, report: Option<&Report>) {
    let (cost, tokens) = report.map_or((None, None), |report| (report.cost, report.tokens));
    let most = self.ceilings.entry(worker).or_default();
    most.seen.cost = most.seen.cost.max(cost.unwrap_or_default());
    most.seen.tokens = most.seen.tokens.max(tokens.unwrap_or_default());
    let spent = Amounts {
      calls: 1,
      cost: cost.or(most.cost).unwrap_or_default(),
      tokens: tokens.or(most.tokens).unwrap_or_default(),
    };
    let cost = most.cost.map(|ceiling| Charge {
      amount: spent.cost,
      ceiling,
      reported: cost.is_some(),
    });
    let tokens = most.tokens.map(|ceiling| Charge {
      amount: spent.tokens,
      ceiling,
      reported: tokens.is_some(),
    });
    self.treasury.charge(execution, spent);
    if cost.is_some() || tokens.is_some() {
      let path = self.path(id);
      self.record(Event::Charged {
        execution,
        path,
        cost,
        tokens,
      });
    }
  }

  /// Those who waited for their budgets and whose turn has come; whether there were any.
  pub(super) fn settle_budgets(&mut self) -> bool {
    let grants = self.treasury.poll();
    let any = !grants.is_empty();
    for grant in grants {
      let (Grant::Reserved(execution) | Grant::Spent(execution, _)) = grant;
      let Some(id) = self.executions.get(&execution).copied() else {
        continue;
      };
      match grant {
        Grant::Reserved(_) => self.ask(id, execution),
        Grant::Spent(_, budget) => {
          let failure = self.budget_spent(id, budget);
          self.not_started(id, execution, failure);
        }
      }
    }
    any
  }

  fn budget_spent(&self, id: InstanceId, budget: InstanceId) -> Box<Failure> {
    let name = self.budgets.get(&budget).map(|spending| spending.orchestrator);
    let name = name.map_or("", |id| &self.program.orchestrator(id).name);
    let what = self
      .treasury
      .state(budget)
      .map(|(bounds, spent)| short(bounds, spent, self.need(id)));
    let message = format!("the budget of `{name}` is spent: {}", what.unwrap_or_default());
    failure(FailureKind::Budget, message)
  }
}

/// What one execution more would be too much of: `3 of 3 calls`.
fn short(bounds: Bounds, spent: Amounts, need: Amounts) -> String {
  let wanted = spent.plus(need);
  match bounds {
    Bounds { calls: Some(calls), .. } if wanted.calls > calls => format!("{} of {calls} calls", spent.calls),
    Bounds { cost: Some(cost), .. } if wanted.cost > cost => {
      format!("{} of {cost}, and one execution may cost {}", spent.cost, need.cost)
    }
    Bounds {
      tokens: Some(tokens), ..
    } => {
      let (spent, need) = (spent.tokens, need.tokens);
      format!("{spent} of {tokens} tokens, and one execution may use {need}")
    }
    _ => String::new(),
  }
}
