//! What runs of one test share: a gate, and the outcomes that are kept. Knows no disk; time is told to it.

use std::{
  collections::HashMap,
  sync::{Arc, Mutex, PoisonError},
};

use super::{
  exchange::{CacheKey, Kept},
  gate::Gate,
};

/// Cheap to clone; clones are the same world.
#[derive(Clone, Debug, Default)]
pub struct World {
  pub gate: Gate,
  kept: Arc<Mutex<HashMap<CacheKey, (i64, Kept)>>>,
}

impl World {
  /// The outcome under this key, if it is at most `age` old. Times are in milliseconds of the Unix epoch.
  pub fn recall(&self, key: CacheKey, age: i64, now: i64) -> Option<Kept> {
    let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
    let (at, outcome) = kept.get(&key)?;
    (now.saturating_sub(*at) <= age).then(|| outcome.clone())
  }

  pub fn keep(&self, key: CacheKey, outcome: Kept, now: i64) {
    let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.insert(key, (now, outcome));
  }
}
