//! What the runs of one project share: the gate, the outcomes that are kept, and a clock that goes on from run to run.
//! Knows nothing of where things are kept, nor of how time passes.

use std::{
  collections::HashMap,
  error::Error,
  fmt,
  sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
  event::RunTime,
  exchange::{CacheKey, Found, Kept, Sought},
  gate::{Gate, State},
  past::Past,
};

/// Why something can't be kept or found again.
pub type Trouble = Box<dyn Error + Send + Sync>;

/// What outlives a run. Times are in milliseconds of the Unix epoch.
pub trait Shelf: Send {
  /// The outcome under this key, if it was kept at that time or later.
  ///
  /// # Errors
  /// It can't be read.
  fn recall(&mut self, key: CacheKey, oldest: i64) -> Result<Option<Kept>, Trouble>;

  /// Keeps an outcome, in place of an older one.
  ///
  /// # Errors
  /// It can't be written.
  fn keep(&mut self, key: CacheKey, outcome: &Kept, now: i64) -> Result<(), Trouble>;

  /// Keeps where breakers are.
  ///
  /// # Errors
  /// They can't be written.
  fn keep_breakers(&mut self, states: &[(Arc<str>, State)]) -> Result<(), Trouble>;
}

/// Clones share the gate and what is kept; each has a clock of its own.
#[derive(Clone)]
pub struct World {
  gate: Gate,
  shelf: Arc<Mutex<dyn Shelf>>,
  /// What the present run may reuse.
  past: Option<Arc<Mutex<Past>>>,
  /// When the present run began, or would have if it had been driven all the time, on the wall clock.
  began: i64,
}

impl World {
  /// Around a run that is at `now` while the wall clock shows `clock`.
  pub fn new(gate: Gate, shelf: impl Shelf + 'static, clock: i64, now: RunTime) -> World {
    World {
      gate,
      shelf: Arc::new(Mutex::new(shelf)),
      past: None,
      began: clock.saturating_sub(now.0),
    }
  }

  /// With what a run before has done.
  pub fn after(self, past: Past) -> World {
    World {
      past: Some(Arc::new(Mutex::new(past))),
      ..self
    }
  }

  pub fn gate(&self) -> &Gate {
    &self.gate
  }

  /// When the present run began, or the next one will.
  pub fn began(&self) -> i64 {
    self.began
  }

  /// So many milliseconds go by, of the present run or between two.
  pub fn pass(&mut self, milliseconds: i64) {
    self.began = self.began.saturating_add(milliseconds.max(0));
  }

  /// What the wall clock shows at a time of the present run.
  pub fn clock(&self, at: RunTime) -> i64 {
    self.began.saturating_add(at.0)
  }

  /// The other way round.
  pub fn run_time(&self, clock: i64) -> RunTime {
    RunTime(clock.saturating_sub(self.began))
  }

  /// The outcome of the run before, else one that is kept.
  ///
  /// # Errors
  /// What is kept can't be read.
  pub fn recall(&self, sought: &Sought, at: RunTime) -> Result<Found, Trouble> {
    let past = self
      .past
      .as_ref()
      .map(|past| past.lock().unwrap_or_else(PoisonError::into_inner));
    let found = past.map_or(Found::Nothing { changed: Vec::new() }, |mut past| past.find(sought));
    let (Found::Nothing { .. }, Some(age)) = (&found, sought.age) else {
      return Ok(found);
    };
    let kept = self
      .shelf()
      .recall(sought.signature.key, self.clock(at).saturating_sub(age))?;
    Ok(kept.map_or(found, Found::Kept))
  }

  /// # Errors
  /// It can't be written.
  pub fn keep(&self, key: CacheKey, outcome: &Kept, at: RunTime) -> Result<(), Trouble> {
    self.shelf().keep(key, outcome, self.clock(at))
  }

  /// Breakers that have moved are kept.
  ///
  /// # Errors
  /// They can't be written.
  pub fn keep_breakers(&self) -> Result<(), Trouble> {
    match &self.gate.take_changed()[..] {
      [] => Ok(()),
      changed => self.shelf().keep_breakers(changed),
    }
  }

  fn shelf(&self) -> MutexGuard<'_, dyn Shelf + 'static> {
    self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
  }
}

/// A world without a past; what is kept in it goes with it.
impl Default for World {
  fn default() -> Self {
    Self::new(Gate::default(), Forgetful::default(), 0, RunTime(0))
  }
}

impl fmt::Debug for World {
  fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.debug_struct("World")
      .field("began", &self.began)
      .finish_non_exhaustive()
  }
}

/// The gate itself remembers its breakers.
#[derive(Default)]
struct Forgetful(HashMap<CacheKey, (i64, Kept)>);

impl Shelf for Forgetful {
  fn recall(&mut self, key: CacheKey, oldest: i64) -> Result<Option<Kept>, Trouble> {
    let kept = self.0.get(&key).filter(|(at, _)| *at >= oldest);
    Ok(kept.map(|(_, outcome)| outcome.clone()))
  }

  fn keep(&mut self, key: CacheKey, outcome: &Kept, now: i64) -> Result<(), Trouble> {
    self.0.insert(key, (now, outcome.clone()));
    Ok(())
  }

  fn keep_breakers(&mut self, _: &[(Arc<str>, State)]) -> Result<(), Trouble> {
    Ok(())
  }
}
