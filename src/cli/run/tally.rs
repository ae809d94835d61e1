//! What one worker did, and what was spent: counts that the summary is made of. Knows nothing of records.

use std::sync::Arc;

use crate::{
  engine::{Bounds, Position, RunTime},
  protocol::Report,
  value::Dollars,
};

/// What one worker did.
#[derive(Debug, Default)]
pub struct Tally {
  pub calls: u64,
  pub retries: u64,
  /// Second executions of attempts that took long.
  pub copies: u64,
  /// Attempts that were made once more, for the run was cut short.
  pub repeated: u64,
  /// Outcomes of earlier calls that were as good as new ones.
  pub reused: u64,
  /// Calls that an open breaker did not let pass.
  pub refused: u64,
  /// What was reported; `None`: nothing, which is unknown and not 0.
  pub cost: Option<Dollars>,
  pub tokens: Option<u64>,
  /// An execution has reported more than its ceiling.
  pub above: bool,
  /// Attempts that failed; those that were ended from outside count if their time was up.
  pub failed_attempts: u64,
  /// Of attempts, from admission to end, in milliseconds.
  pub times: Vec<i64>,
}

/// One execution.
#[derive(Debug)]
pub struct Execution {
  pub worker: Arc<str>,
  pub path: Arc<str>,
  pub attempt: u32,
  /// Of a hedged attempt: the second one.
  pub copy: bool,
  /// When it was let pass; `None`: it waits.
  pub admitted: Option<RunTime>,
  /// Whether it is among the calls of the budget: once, however often it is repeated.
  pub counted: bool,
  /// What it has said since its latest start.
  pub report: Report,
}

/// The budget of the run, and what was charged to it.
#[derive(Debug, Default)]
pub struct Spending {
  pub bounds: Bounds,
  pub calls: u64,
  pub cost: Dollars,
  pub tokens: u64,
}

/// Where a breaker has been in this run, the first place being where it was before.
#[derive(Debug)]
pub struct Moves {
  pub worker: Arc<str>,
  pub places: Vec<Position>,
}

impl Tally {
  /// Calls that failed for good.
  pub fn failed(&self) -> u64 {
    self.failed_attempts.saturating_sub(self.retries)
  }

  /// The time in milliseconds that so many percent of the attempts took at most; `None` without attempts.
  pub fn percentile(&self, percent: usize) -> Option<i64> {
    let mut times = self.times.clone();
    let last = times.len().checked_sub(1)?;
    let at = (times.len() * percent).div_ceil(100).saturating_sub(1).min(last);
    Some(*times.select_nth_unstable(at).1)
  }

  /// An execution has said `report` until now, of which `before` is counted already.
  pub fn add(&mut self, before: &Report, report: &Report) {
    if let Some(cost) = report.cost {
      let more = cost.minus(before.cost.unwrap_or_default());
      self.cost = Some(self.cost.unwrap_or_default().plus(more));
    }
    if let Some(tokens) = report.tokens {
      let more = tokens.saturating_sub(before.tokens.unwrap_or_default());
      self.tokens = Some(self.tokens.unwrap_or_default().saturating_add(more));
    }
  }
}
