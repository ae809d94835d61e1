//! One breaker: closed, open, half-open. Pure; time is told to it. Knows nothing of who waits.

use serde::{Deserialize, Serialize};

/// What a breaker is told when a worker's execution ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
  Good,
  Bad,
  /// It says nothing of the worker: it was cancelled, or a setting had no value.
  Unknown,
}

/// When it moves. Numbers are at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
  /// Failures in a row that open it.
  pub open: u64,
  /// Milliseconds until a probe may pass.
  pub probe: i64,
  /// Successes after the probe's that close it.
  pub close: u64,
}

/// Where a breaker is; what outlives a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
  Closed {
    failures: u64,
  },
  /// Since a time on the wall clock, in milliseconds of the Unix epoch.
  Open {
    since: i64,
  },
  HalfOpen {
    successes: u64,
  },
}

/// The same without its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
  Closed,
  Open,
  HalfOpen,
}

/// What a breaker says to an execution that wants to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
  Pass,
  /// It is the one that tries.
  Probe,
  Refuse,
}

/// A breaker, and what it remembers while the process lives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Breaker {
  pub state: State,
  /// How often it opened: who was admitted before counts nothing after.
  epoch: u64,
  /// A probe was let through and has not ended.
  probing: bool,
}

/// An execution was admitted while its breaker had opened so many times.
pub(super) type Epoch = u64;

impl State {
  pub fn position(self) -> Position {
    match self {
      State::Closed { .. } => Position::Closed,
      State::Open { .. } => Position::Open,
      State::HalfOpen { .. } => Position::HalfOpen,
    }
  }
}

impl From<State> for Breaker {
  fn from(state: State) -> Self {
    Breaker {
      state,
      epoch: 0,
      probing: false,
    }
  }
}

impl Default for Breaker {
  fn default() -> Self {
    State::Closed { failures: 0 }.into()
  }
}

impl Breaker {
  pub fn look(&mut self, now: i64, rule: Rule) -> Look {
    match self.state {
      State::Closed { .. } | State::HalfOpen { .. } => Look::Pass,
      State::Open { since } if !self.probing && now >= since.saturating_add(rule.probe) => {
        self.probing = true;
        Look::Probe
      }
      State::Open { .. } => Look::Refuse,
    }
  }

  /// Of an execution that is admitted now.
  pub fn epoch(&self) -> Epoch {
    self.epoch
  }

  /// The probe will not end: it was not even admitted.
  pub fn forget_probe(&mut self) {
    self.probing = false;
  }

  /// An execution has ended.
  pub fn settle(&mut self, epoch: Epoch, health: Health, now: i64, rule: Rule) {
    if epoch != self.epoch {
      return;
    }
    match (self.state, health) {
      // while it is open only the probe has its epoch
      (State::Open { .. }, Health::Unknown) => self.probing = false,
      (State::Open { .. }, Health::Good) => {
        self.probing = false;
        self.state = State::HalfOpen { successes: 0 };
      }
      (State::Open { .. } | State::HalfOpen { .. }, Health::Bad) => self.trip(now),
      (State::Closed { failures }, Health::Bad) if failures + 1 >= rule.open => self.trip(now),
      (State::Closed { failures }, Health::Bad) => self.state = State::Closed { failures: failures + 1 },
      (State::HalfOpen { successes }, Health::Good) if successes + 1 < rule.close => {
        self.state = State::HalfOpen {
          successes: successes + 1,
        };
      }
      (State::Closed { .. } | State::HalfOpen { .. }, Health::Good) => self.state = State::Closed { failures: 0 },
      (State::Closed { .. } | State::HalfOpen { .. }, Health::Unknown) => {}
    }
  }

  fn trip(&mut self, now: i64) {
    self.state = State::Open { since: now };
    self.epoch += 1;
    self.probing = false;
  }
}
