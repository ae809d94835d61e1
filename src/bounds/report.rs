//! The worst case of a whole run: what its orchestrator does, and what limits make it wait. Knows nothing of how it is
//! shown.

use super::{
  bound::Bound,
  frame::{Analysis, Frame, bound_to, entering},
  shape::Shape,
  symbols::{Owner, Symbols},
  worst::{Counts, Group, Means, Measure, Slots, Worst},
};
use crate::hir::{LimitId, OrchestratorId, Program, WorkerId};

/// The worst case of one run of an orchestrator.
#[derive(Clone, Debug)]
pub struct Bounds {
  pub orchestrator: OrchestratorId,
  /// Executions of each worker that it may reach, in order of declaration.
  pub calls: Vec<(WorkerId, Bound)>,
  /// Executions of all workers.
  pub all_calls: Bound,
  /// Runs of their own that it may begin.
  pub runs: Vec<(OrchestratorId, Bound)>,
  /// Executions at once.
  pub parallel: u128,
  /// Milliseconds from start to end; what other runs hold, and times when nobody drives the run, come on top.
  pub time: Bound,
  /// The part of `time` that the run's own limits, rates and budgets can make it wait.
  pub waiting: Bound,
  /// The part of `time` that `undo` and `on failure` take.
  pub undoing: Bound,
  /// `None`: not known, since a worker says nothing of it.
  pub tokens: Option<Bound>,
  /// Billionths of a dollar; likewise.
  pub cost: Option<Bound>,
  /// What the bounds speak of.
  pub symbols: Symbols,
}

/// The worst case of one run of the orchestrator, whatever its arguments.
pub fn bounds(program: &Program, id: OrchestratorId) -> Bounds {
  let owner = Owner::Orchestrator(id);
  let params = entering(&owner, &program.orchestrator(id).params);
  let mut analysis = Analysis::new(program);
  let mut frame = Frame {
    analysis: &mut analysis,
    owner,
    at: "".into(),
    locals: [].into(),
  };
  let (worst, _) = frame.called(id, params.clone());
  let worst = frame.held_back(worst);
  let counts = worst.all();
  let waiting = frame.waiting(&counts, &worst);
  let end = frame.end_of_budget(id, params, &worst);
  let parts = Parts {
    time: worst.time.plus(&waiting),
    waiting,
    end,
  };
  whole(id, &worst, &counts, parts, analysis.symbols)
}

/// What the time of a run is made of, without what is undone.
struct Parts {
  time: Bound,
  waiting: Bound,
  /// When the budget ends it.
  end: Option<Bound>,
}

fn whole(id: OrchestratorId, worst: &Worst, counts: &Counts, parts: Parts, symbols: Symbols) -> Bounds {
  let of = |measure: Measure| counts.get(&measure).cloned().unwrap_or_default();
  let calls: Vec<(WorkerId, Bound)> = counts.iter().filter_map(calls_of).collect();
  let runs = counts.iter().filter_map(|(measure, bound)| match measure {
    Measure::Runs(orchestrator) => Some((*orchestrator, bound.clone())),
    _ => None,
  });
  let spent = |means: Means| of(Measure::Untold(means)).is_zero().then(|| of(Measure::Spent(means)));
  let ended = |time: Bound| match &parts.end {
    Some(end) => time.smaller(end),
    None => time,
  };
  Bounds {
    orchestrator: id,
    all_calls: of(Measure::AllCalls),
    runs: runs.collect(),
    parallel: worst.peaks.get(&Group::All).copied().unwrap_or(0),
    time: ended(parts.time.clone()).plus(&of(Measure::Undoing)),
    waiting: ended(parts.waiting.clone()),
    undoing: of(Measure::Undoing),
    tokens: spent(Means::Tokens),
    cost: spent(Means::Dollars),
    calls,
    symbols,
  }
}

fn calls_of((measure, bound): (&Measure, &Bound)) -> Option<(WorkerId, Bound)> {
  match measure {
    Measure::Calls(worker) => Some((*worker, bound.clone())),
    _ => None,
  }
}

impl Frame<'_, '_> {
  /// How long limits and rates can hold up the run. While one is full the clock is stopped: else every call starts
  /// when it is ready. A limit is full for at most its share of all the time that its slots are held.
  fn waiting(&mut self, counts: &Counts, worst: &Worst) -> Bound {
    let mut sum = Bound::zero();
    for (measure, bound) in counts {
      sum = match measure {
        Measure::Reserving => sum.plus(bound),
        Measure::Held(slots) => sum.plus(&self.for_slots(*slots, bound, worst)),
        Measure::Starts(limit) => sum.plus(&self.for_tokens(*limit, bound)),
        _ => sum,
      };
    }
    sum
  }

  /// When the run's own budget of time ends it.
  fn end_of_budget(&mut self, id: OrchestratorId, params: Vec<Shape>, worst: &Worst) -> Option<Bound> {
    let declared = self.analysis.program.orchestrator(id);
    self.locals = bound_to(&declared.params, params);
    self.time_of(declared.budget.as_ref()?, worst)
  }

  fn for_slots(&mut self, slots: Slots, held: &Bound, worst: &Worst) -> Bound {
    let users = worst.peaks.get(&Group::Users(slots)).copied().unwrap_or(0);
    match self.slots(slots) {
      enough if enough >= users => Bound::zero(),
      slots => held.divided(slots),
    }
  }

  /// The first starts, as many as there are tokens, wait for none; so each `tokens` of the others wait for at most one
  /// window.
  fn for_tokens(&mut self, limit: LimitId, starts: &Bound) -> Bound {
    let Some((tokens, window)) = self.analysis.program.limit(limit).rate else {
      return Bound::zero();
    };
    let (tokens, window) = (u128::from(tokens).max(1), u128::try_from(window).unwrap_or(0));
    let sum = starts.scaled(window).divided(tokens);
    match starts.most() {
      Some(starts) => sum.capped((starts.div_ceil(tokens).saturating_sub(1)).saturating_mul(window)),
      None => sum,
    }
  }
}
