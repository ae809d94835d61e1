//! What is spent and what may be: amounts, bounds, charges, as they stand in the journal. Knows nothing of who spends.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::value::Dollars;

/// What executions need, or have needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
  pub calls: u64,
  pub cost: Dollars,
  pub tokens: u64,
}

/// A budget with its expressions evaluated; what is left out is not bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub calls: Option<u64>,
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub cost: Option<Dollars>,
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub tokens: Option<u64>,
  /// Milliseconds of run time.
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub time: Option<i64>,
}

/// What an execution was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge<T> {
  /// What it reported, or else its ceiling.
  pub amount: T,
  pub ceiling: T,
  pub reported: bool,
}

/// The step of a run whose outcome was kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Origin {
  pub run: Arc<str>,
  pub step: Arc<str>,
}

impl Amounts {
  #[must_use]
  pub fn plus(self, other: Amounts) -> Amounts {
    Amounts {
      calls: self.calls.saturating_add(other.calls),
      cost: self.cost.plus(other.cost),
      tokens: self.tokens.saturating_add(other.tokens),
    }
  }

  /// At least 0 of each.
  #[must_use]
  pub fn minus(self, other: Amounts) -> Amounts {
    Amounts {
      calls: self.calls.saturating_sub(other.calls),
      cost: self.cost.minus(other.cost),
      tokens: self.tokens.saturating_sub(other.tokens),
    }
  }
}

impl Bounds {
  /// Whether so much is within all bounds; of time it says nothing.
  pub fn cover(&self, amounts: Amounts) -> bool {
    self.calls.is_none_or(|calls| amounts.calls <= calls)
      && self.cost.is_none_or(|cost| amounts.cost <= cost)
      && self.tokens.is_none_or(|tokens| amounts.tokens <= tokens)
  }
}

impl<T: PartialOrd> Charge<T> {
  /// Whether it reported more than its ceiling.
  pub fn is_above(&self) -> bool {
    self.amount > self.ceiling
  }
}
