//! What a worker says of itself while it runs: cost, tokens, progress, metrics. Knows nothing of how it is said.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::value::Dollars;

/// What an execution has said until now; what it did not say is not there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
  /// All together.
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub cost: Option<Dollars>,
  /// All together.
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub tokens: Option<u64>,
  /// From 0 to 1.
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub progress: Option<f64>,
  /// What it is at.
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub note: Option<Arc<str>>,
  /// By name, the latest of each.
  #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
  pub metrics: BTreeMap<Arc<str>, f64>,
}

impl Report {
  /// The same of two executions of one attempt, of which `earlier` was cut short: both were paid for.
  #[must_use]
  pub fn after(mut self, earlier: &Report) -> Report {
    let cost = self.cost.into_iter().chain(earlier.cost).reduce(Dollars::plus);
    let tokens = self
      .tokens
      .into_iter()
      .chain(earlier.tokens)
      .reduce(u64::saturating_add);
    (self.cost, self.tokens) = (cost, tokens);
    self
  }
}
