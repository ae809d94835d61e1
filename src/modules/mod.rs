//! From a root file to all its modules: imports followed, cycles refused. Knows no disk: files come through a trait.

use std::path::PathBuf;

use crate::{
  diagnostics::Diagnostics,
  source::{SourceId, Sources},
  syntax::ast,
};

/// A program's modules as they were read.
#[derive(Debug, Default)]
pub struct Loaded {
  pub sources: Sources,
  /// The root first.
  pub modules: Vec<LoadedModule>,
  pub diagnostics: Diagnostics,
}

#[derive(Debug)]
pub struct LoadedModule {
  pub source: SourceId,
  pub directory: PathBuf,
  pub ast: ast::Module,
  /// One entry per import, in order: index into [`Loaded::modules`]; `None` where it could not be read (said already).
  pub imports: Vec<Option<usize>>,
}
