//! Runs an orchestrator: engine, journal, workers and driver put together.

use std::{
  fmt::{self, Display, Formatter},
  path::PathBuf,
  sync::Arc,
};

use indexmap::IndexMap;

use crate::{
  engine::Record,
  hir::{OrchestratorId, Program},
  source::Sources,
  value::Value,
};

/// What is to be run.
#[derive(Debug)]
pub struct Order {
  pub program: Arc<Program>,
  /// Of the program's texts, see [`digest`].
  pub digest: String,
  pub orchestrator: OrchestratorId,
  /// By parameter; one that is left out has its default.
  pub arguments: IndexMap<Arc<str>, Value>,
  /// `None`: drawn.
  pub seed: Option<u64>,
  /// The directory of journal and logs.
  pub store: PathBuf,
}

/// Why a run can't go on, though nothing in it failed. One line that stands alone.
#[derive(Debug)]
pub struct RunError(String);

impl Display for RunError {
  fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(&self.0)
  }
}

/// The digest of a program's texts, in hexadecimal: changes with any of them.
pub fn digest(sources: &Sources) -> String {
  let mut hasher = blake3::Hasher::new();
  for (_, source) in sources.iter() {
    for part in [&*source.name, &*source.text] {
      hasher.update(&(part.len() as u64).to_le_bytes());
      hasher.update(part.as_bytes());
    }
  }
  hasher.finalize().to_hex().to_string()
}

/// Runs it to its end, or until Ctrl-C; `observe` gets every record once it is in the journal.
///
/// # Errors
/// The journal can't be written, or the system refuses what every run needs.
pub fn run(order: &Order, observe: &mut dyn FnMut(&Record)) -> Result<(), RunError> {
  let _ = (order, observe);
  Err(RunError("nothing here can run programs yet".to_owned()))
}
