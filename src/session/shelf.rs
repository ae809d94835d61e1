//! What outlives runs, in the store of a project: outcomes that may be reused, and where breakers are.

use std::{path::Path, sync::Arc};

use crate::{
  engine::{BreakerState, CacheKey, Kept, Origin, Shelf, Trouble},
  journal::{JournalError, Outcome, Store},
};

/// A store of its own connection: it is read and written beside the journal of a run.
pub(super) struct StoreShelf(Store);

impl StoreShelf {
  pub fn open(directory: &Path) -> Result<Self, JournalError> {
    Store::open(directory).map(Self)
  }

  /// Where the breakers of the project were left. A state that can't be read is as good as none: the breaker is closed.
  pub fn breakers(&mut self) -> Result<Vec<(Arc<str>, BreakerState)>, JournalError> {
    let states = self.0.breakers()?.into_iter();
    Ok(
      states
        .filter_map(|(key, state)| Some((key.into(), serde_json::from_str(&state).ok()?)))
        .collect(),
    )
  }
}

impl Shelf for StoreShelf {
  fn recall(&mut self, key: CacheKey, oldest: i64) -> Result<Option<Kept>, Trouble> {
    let found = self.0.outcome(&key.0, oldest)?;
    Ok(found.and_then(|outcome| {
      let value = serde_json::from_str(&outcome.value).ok()?;
      let from = Origin {
        run: outcome.run.into(),
        step: outcome.step.into(),
      };
      Some(Kept { value, from })
    }))
  }

  fn keep(&mut self, key: CacheKey, outcome: &Kept, now: i64) -> Result<(), Trouble> {
    let outcome = Outcome {
      at: now,
      run: outcome.from.run.to_string(),
      step: outcome.from.step.to_string(),
      value: serde_json::to_string(&outcome.value)?,
    };
    Ok(self.0.keep_outcome(&key.0, &outcome)?)
  }

  fn keep_breakers(&mut self, states: &[(Arc<str>, BreakerState)]) -> Result<(), Trouble> {
    let text = |(key, state): &(Arc<str>, BreakerState)| {
      let state = serde_json::to_string(state)?;
      Ok((key.to_string(), state))
    };
    let states: Result<Vec<_>, serde_json::Error> = states.iter().map(text).collect();
    Ok(self.0.keep_breakers(&states?)?)
  }
}
