//! What budgets allow, and what workers say that they spend at most. Knows nothing of what is done with it.

use super::{
  bound::Bound,
  frame::Frame,
  nodes::after_a_loss,
  worst::{Group, Means, Measure, Worst},
};
use crate::{
  hir::{Budget, Expr, ExprKind, WorkerId},
  types::Type,
  value::{Dollars, Value},
};

impl Frame<'_, '_> {
  /// What one execution spends at most, as far as its worker says so.
  pub fn ceilings(&mut self, worker: WorkerId) -> [(Measure, Bound); 2] {
    let ceiling = &self.analysis.program.worker(worker).ceiling;
    let cost = ceiling.cost.as_ref().and_then(|cost| self.dollars(cost));
    let tokens = ceiling.tokens.as_ref().and_then(|tokens| self.most(tokens));
    [(Means::Dollars, cost), (Means::Tokens, tokens)].map(|(means, most)| match most {
      Some(most) => (Measure::Spent(means), most),
      None => (Measure::Untold(means), Bound::number(1)),
    })
  }

  /// Billionths of a dollar; `None` where nobody knows how many.
  fn dollars(&mut self, expr: &Expr) -> Option<Bound> {
    let amount = match (&expr.kind, expr.ty.resolved()) {
      (ExprKind::Literal(Value::Float(amount)), _) => *amount,
      (ExprKind::Constant(id), _) => {
        let program = self.analysis.program;
        return self.dollars(&program.constants[id.0 as usize].value);
      }
      (_, Type::Float(range)) => range.max?,
      _ => return None,
    };
    let amount = Dollars::of(amount.max(0.0))?;
    Some(Bound::number(amount.billionths().into()))
  }

  /// An orchestrator's body under its budget.
  pub fn within(&mut self, budget: &Budget, mut worst: Worst) -> Worst {
    let calls = budget.calls.as_ref().and_then(|calls| self.most(calls));
    let cost = budget.cost.as_ref().and_then(|cost| self.dollars(cost));
    let tokens = budget.tokens.as_ref().and_then(|tokens| self.most(tokens));
    let waits = worst.waits_for(Measure::AllCalls, calls.as_ref(), budget.calls.is_some());
    let pays = worst.waits_for(Measure::Spent(Means::Dollars), cost.as_ref(), budget.cost.is_some())
      || worst.waits_for(Measure::Spent(Means::Tokens), tokens.as_ref(), budget.tokens.is_some());
    if let Some(calls) = &calls {
      worst = worst.of_calls(calls);
    }
    for (means, most) in [(Means::Dollars, cost), (Means::Tokens, tokens)] {
      most.iter().for_each(|most| worst.keep(means, most));
    }
    let waiting = worst.reserving(waits, pays);
    worst.counts.insert(Measure::Reserving, waiting);
    match self.time_of(budget, &worst) {
      Some(end) => worst.ended_by(&end),
      None => worst,
    }
  }

  /// When a budget's time is over, all that was begun has ended.
  pub fn time_of(&mut self, budget: &Budget, worst: &Worst) -> Option<Bound> {
    let time = self.duration(budget.time.as_ref()?, "budget");
    Some(time.plus(&after_a_loss(worst)))
  }
}

impl Worst {
  /// Whether the calls could need more of something than a budget has.
  fn waits_for(&self, measure: Measure, most: Option<&Bound>, bounded: bool) -> bool {
    let needed = self.counts.get(&measure).and_then(Bound::most);
    let least = most.filter(|most| most.is_number()).and_then(Bound::most);
    bounded && needed.zip(least).is_none_or(|(needed, least)| needed > least)
  }

  /// No more than so many executions.
  fn of_calls(mut self, calls: &Bound) -> Worst {
    let work = self.longest.times(calls);
    for (measure, bound) in &mut self.counts {
      match measure {
        Measure::Calls(_) | Measure::AllCalls | Measure::Starts(_) => *bound = bound.smaller(calls),
        Measure::Held(_) | Measure::Work => *bound = bound.smaller(&work),
        _ => {}
      }
    }
    match calls.most() {
      Some(most) if self.outside.is_empty() => self.held_back(most),
      _ => self,
    }
  }

  /// No more than so much, whatever is not told.
  fn keep(&mut self, means: Means, most: &Bound) {
    let spent = self.counts.remove(&Measure::Spent(means)).unwrap_or_default();
    let kept = match self.counts.remove(&Measure::Untold(means)) {
      Some(_) => most.clone(),
      None => spent.smaller(most),
    };
    self.counts.insert(Measure::Spent(means), kept);
  }

  /// How long calls can wait for a budget, beside those inside. While one waits, what has reserved runs. A budget of
  /// calls that is all reserved is spent once that has ended, if nobody gives back what it has reserved; one that also
  /// waits for a limit may.
  fn reserving(&self, waits: bool, pays: bool) -> Bound {
    let inside = self.counts.get(&Measure::Reserving).cloned().unwrap_or_default();
    let work = self.counts.get(&Measure::Work).cloned().unwrap_or_default();
    let gives_back = |group: &Group| !matches!(group, Group::All | Group::Free);
    let rates = self.counts.keys().any(|measure| matches!(measure, Measure::Starts(_)));
    match (waits, pays) {
      (false, false) => inside,
      (true, false) if !rates && !self.peaks.keys().any(gives_back) => inside.plus(&self.longest.smaller(&work)),
      _ => inside.plus(&work),
    }
  }
}
