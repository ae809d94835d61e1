//! What a call needs from the gatekeeper: slots of its worker and its limits, tokens of their rates, its breaker. Knows
//! nothing of who decides.

use std::{
  collections::{HashMap, VecDeque},
  sync::Arc,
};

use super::{
  event::RunTime,
  exchange::Command,
  failing::{Fallible, count, milliseconds},
  gate::{Circuit, Need, Needs, Rule},
  instance::InstanceId,
  run::Run,
};
use crate::{
  eval::NoLocals,
  hir::{Call, Expr, LimitId, WorkerId},
  value::Value,
};

/// What holds for all calls of a worker, evaluated with the first one.
#[derive(Clone, Debug)]
pub(super) struct WorkerNeeds {
  slots: Option<Need>,
  circuit: Option<Circuit>,
}

/// The latest starts under each rate, as many as it allows in a window: after a replay they still count.
pub(super) type Starts = HashMap<Arc<str>, (Need, VecDeque<RunTime>)>;

impl Run {
  /// Keys are the same for all runs of one program; those of breakers for all programs with that worker.
  pub(super) fn needs(&mut self, call: &Call<WorkerId>) -> Fallible<Needs> {
    let WorkerNeeds { slots, circuit } = self.worker_needs(call.target)?;
    let limits = call.policies.limits.iter().map(|limit| self.limit_need(*limit));
    let shared = slots.into_iter().chain(limits).collect();
    Ok(Needs { shared, circuit })
  }

  fn worker_needs(&mut self, id: WorkerId) -> Fallible<WorkerNeeds> {
    if let Some(known) = self.worker_needs.get(&id) {
      return Ok(known.clone());
    }
    let program = self.program.clone();
    let worker = program.worker(id);
    let slots = match &worker.concurrent {
      None => None,
      Some(concurrent) => Some(Need {
        key: format!("{}/worker/{}", self.started.program, id.0).into(),
        concurrent: Some(self.shared_count(concurrent, 1, "concurrent")?),
        rate: None,
      }),
    };
    let circuit = match &worker.breaker {
      None => None,
      Some(breaker) => Some(Circuit {
        key: program.worker_key(id).into(),
        worker: worker.name.clone(),
        rule: Rule {
          open: self.shared_count(&breaker.open, 1, "open after")?,
          probe: milliseconds(&self.shared_value(&breaker.probe)?)?,
          close: self.shared_count(&breaker.close, 1, "close after")?,
        },
      }),
    };
    let needs = WorkerNeeds { slots, circuit };
    self.worker_needs.insert(id, needs.clone());
    Ok(needs)
  }

  fn shared_value(&self, expr: &Expr) -> Fallible<Value> {
    self.eval_in(&NoLocals, expr)
  }

  pub(super) fn shared_count(&self, expr: &Expr, least: i64, what: &str) -> Fallible<u64> {
    count(&self.shared_value(expr)?, least, what)
  }

  fn limit_need(&self, id: LimitId) -> Need {
    let limit = self.program.limit(id);
    Need {
      key: format!("{}/limit/{}", self.started.program, id.0).into(),
      concurrent: limit.concurrent,
      rate: limit.rate,
    }
  }

  /// An execution starts: its rates count it.
  pub(super) fn note_start(&mut self, id: InstanceId) {
    let layout = self.layout.clone();
    let Some(call) = self.call(&layout, id) else { return };
    for limit in &call.policies.limits {
      let need = self.limit_need(*limit);
      let Some((most, _)) = need.rate else { continue };
      let (_, starts) = self
        .starts
        .entry(need.key.clone())
        .or_insert_with(|| (need, VecDeque::new()));
      starts.push_back(self.now);
      while starts.len() as u64 > most {
        starts.pop_front();
      }
    }
  }

  /// What a gatekeeper that saw nothing of this run must be told.
  pub(super) fn started_before(&self) -> Vec<Command> {
    let mut starts: Vec<_> = self.starts.values().collect();
    starts.sort_unstable_by(|one, other| one.0.key.cmp(&other.0.key));
    let told = starts.into_iter().map(|(need, starts)| Command::Started {
      need: need.clone(),
      starts: starts.iter().copied().collect(),
    });
    told.collect()
  }
}
