//! The worst case of a whole run: what its orchestrator does, and what limits make it wait. Knows nothing of how it is
//! shown.

use super::{
  bound::Bound,
  frame::{Analysis, Frame, entering},
  symbols::{Owner, Symbols},
  worst::{Group, Measure, Slots, Worst},
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
  /// The part of `time` that the run's own limits and rates can make it wait.
  pub waiting: Bound,
  /// `None`: not known, since a worker says nothing of it.
  pub tokens: Option<Bound>,
  /// Likewise.
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
  let (worst, _) = frame.called(id, params);
  let worst = frame.held_back(worst);
  let waiting = frame.waiting(&worst);
  whole(id, &worst, waiting, analysis.symbols)
}

fn whole(id: OrchestratorId, worst: &Worst, waiting: Bound, symbols: Symbols) -> Bounds {
  let (mut calls, mut runs) = (Vec::new(), Vec::new());
  for (measure, bound) in &worst.counts {
    match measure {
      Measure::Calls(worker) => calls.push((*worker, bound.clone())),
      Measure::Runs(orchestrator) => runs.push((*orchestrator, bound.clone())),
      Measure::AllCalls | Measure::Held(_) | Measure::Starts(_) => {}
    }
  }
  let nothing = calls.is_empty().then(Bound::zero);
  Bounds {
    orchestrator: id,
    calls,
    all_calls: worst.counts.get(&Measure::AllCalls).cloned().unwrap_or_default(),
    runs,
    parallel: worst.peaks.get(&Group::All).copied().unwrap_or(0),
    time: worst.time.plus(&waiting),
    waiting,
    tokens: nothing.clone(),
    cost: nothing,
    symbols,
  }
}

impl Frame<'_, '_> {
  /// How long limits and rates can hold up the run. While one is full the clock is stopped: else every call starts
  /// when it is ready. A limit is full for at most its share of all the time that its slots are held.
  fn waiting(&mut self, worst: &Worst) -> Bound {
    let mut sum = Bound::zero();
    for (measure, bound) in &worst.counts {
      sum = match measure {
        Measure::Held(slots) => sum.plus(&self.for_slots(*slots, bound, worst)),
        Measure::Starts(limit) => sum.plus(&self.for_tokens(*limit, bound)),
        _ => sum,
      };
    }
    sum
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
