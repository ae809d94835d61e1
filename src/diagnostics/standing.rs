//! What a finding means for a program once everything is known that was said about it: by `allow`, by the command line,
//! by a baseline.

use std::sync::Arc;

use super::{Diagnostic, Level};
use crate::source::Span;

/// Whether a finding counts, and why it does not.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Standing {
  /// As its level says.
  #[default]
  Open,
  /// It was asked to refuse the program, whatever its level.
  Denied,
  /// An `allow` on its declaration lifted it.
  Lifted {
    reason: Arc<str>,
    /// The `allow`.
    place: Span,
  },
  /// A baseline has it: it was there before.
  Known,
}

impl Standing {
  /// Whether the finding counts.
  pub fn holds(&self) -> bool {
    matches!(self, Standing::Open | Standing::Denied)
  }
}

/// How heavily a finding weighs, the heaviest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
  /// Refuses the program.
  Error,
  Warning,
  Note,
}

impl Level {
  /// What a finding of this level weighs.
  pub fn weight(self) -> Weight {
    match self {
      Level::Critical | Level::High => Weight::Error,
      Level::Medium => Weight::Warning,
      Level::Low => Weight::Note,
    }
  }
}

impl Diagnostic {
  /// Whether a program with this finding must not run.
  pub fn refuses(&self) -> bool {
    self.standing.holds() && self.weight() == Weight::Error
  }

  /// What it weighs, or would if it were not lifted.
  pub fn weight(&self) -> Weight {
    if self.standing == Standing::Denied {
      return Weight::Error;
    }
    self.code.level.weight()
  }
}
