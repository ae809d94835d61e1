//! analysis

use crate::{diagnostics::Diagnostics, hir::Program, modules::Loaded};

/// Stands here until the checks do.
pub fn check(loaded: &Loaded) -> (Option<Program>, Diagnostics) {
  let _ = loaded;
  (None, Diagnostics::default())
}
