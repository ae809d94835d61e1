//! What a line of a test reads: names that were bound above, and answers to what is asked of the runs so far.

use std::collections::HashMap;

use super::{
  held::Held,
  trace::{Call, Trace},
};
use crate::{
  eval::Scope,
  hir::{LocalId, Observation, Observed, Subject},
  value::Value,
};

/// The names of a test at one line.
pub(super) struct Names<'a> {
  pub bound: &'a HashMap<LocalId, Value>,
  pub observations: &'a [Observation],
  pub trace: &'a Trace,
  pub held: &'a Held,
}

impl Scope for Names<'_> {
  fn local(&self, id: LocalId) -> Option<Value> {
    if let Some(value) = self.bound.get(&id) {
      return Some(value.clone());
    }
    self.answer(self.observation(id)?)
  }
}

impl<'a> Names<'a> {
  pub fn observation(&self, id: LocalId) -> Option<&'a Observation> {
    self.observations.iter().find(|observation| observation.local == id)
  }

  /// `None`: it would be larger than a value may be.
  fn answer(&self, asked: &Observation) -> Option<Value> {
    let calls = |subject| self.trace.of(subject, asked.run);
    let count = |count: usize| Some(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)));
    match &asked.what {
      Observed::Calls(subject) => count(calls(Some(subject)).count()),
      Observed::Inputs(worker) => {
        let subject = Subject::Worker(*worker);
        let inputs: Result<Vec<Value>, _> = calls(Some(&subject)).map(|call| self.held.open(&call.input)).collect();
        Value::list(inputs.ok()?).ok()
      }
      Observed::Peak(subject) => count(self.peak(subject.as_ref(), asked.run)),
      Observed::Started(subject) => {
        let starts = calls(Some(subject)).map(|call| Value::Duration(call.started.at));
        Value::list(starts.collect()).ok()
      }
      Observed::Order(subjects) => Some(Value::Bool(self.in_order(subjects))),
      Observed::Elapsed => {
        let runs = self.trace.runs.iter();
        let meant = runs.filter(|run| asked.run.is_none_or(|name| run.local == Some(name)));
        Some(Value::Duration(meant.map(|run| run.took).sum()))
      }
    }
  }

  fn peak(&self, subject: Option<&Subject>, run: Option<LocalId>) -> usize {
    let mut changes: Vec<(u64, bool)> = Vec::new();
    for call in self.trace.of(subject, run) {
      changes.push((call.started.order, true));
      changes.extend(call.ended.as_ref().map(|(moment, _)| (moment.order, false)));
    }
    changes.sort_unstable();
    let (mut now, mut peak) = (0_usize, 0);
    for (_, starts) in changes {
      now = if starts { now + 1 } else { now.saturating_sub(1) };
      peak = peak.max(now);
    }
    peak
  }

  fn in_order(&self, subjects: &[Subject]) -> bool {
    let ends = |call: &Call| call.ended.as_ref().map_or(u64::MAX, |(moment, _)| moment.order);
    let spans: Option<Vec<(u64, u64)>> = subjects
      .iter()
      .map(|subject| {
        let first = self
          .trace
          .of(Some(subject), None)
          .map(|call| call.started.order)
          .min()?;
        let last = self.trace.of(Some(subject), None).map(ends).max()?;
        Some((first, last))
      })
      .collect();
    spans.is_some_and(|spans| spans.windows(2).all(|pair| pair[0].1 < pair[1].0))
  }
}
