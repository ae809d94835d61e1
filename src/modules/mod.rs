//! The root module and everything that it imports, read and parsed. Knows files through a trait only, and nothing of
//! what the names in them mean.

mod cycles;
mod files;
mod load;
mod overlay;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, path::PathBuf, sync::Arc};

pub use files::{Files, ReadError};
pub use load::{load, relative};
pub use overlay::Overlay;

use crate::{
  diagnostics::Diagnostics,
  source::{SourceId, Sources},
  syntax::ast,
};

/// The largest file, in bytes.
pub const LARGEST: usize = 1 << 20;

/// A program's texts and trees.
#[derive(Debug, Default)]
pub struct Loaded {
  pub sources: Sources,
  /// The root first, then in the order found. Empty if the root could not be read. Their imports form no cycle: one
  /// that would close a cycle was said and is `None`.
  pub modules: Vec<LoadedModule>,
  /// What was found while reading and parsing, in no special order.
  pub diagnostics: Diagnostics,
}

#[derive(Debug)]
pub struct LoadedModule {
  pub source: SourceId,
  /// The directory that the file is in: canonical.
  pub directory: PathBuf,
  pub ast: ast::Module,
  /// For each import statement, in the order written, the index of its module; `None`: said already.
  pub imports: Vec<Option<usize>>,
  /// The texts that it includes, by path as written; `None`: said already.
  pub includes: HashMap<String, Option<Arc<str>>>,
}

impl LoadedModule {
  /// The import statements, in the order of `imports`.
  pub fn import_statements(&self) -> impl Iterator<Item = &ast::Import> {
    self.ast.items.iter().filter_map(|item| match &item.kind {
      ast::ItemKind::Import(import) => Some(import),
      _ => None,
    })
  }
}
