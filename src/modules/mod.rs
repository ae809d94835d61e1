//! The root module and everything that it imports, read and parsed. Knows files through a trait only, and nothing of
//! what the names in them mean.

mod cycles;
mod files;
mod load;
mod overlay;
pub mod standard;
#[cfg(test)]
mod tests;

use std::{
  collections::{BTreeMap, HashMap},
  path::PathBuf,
  sync::Arc,
};

pub use files::{Files, ReadError};
pub use load::{load, relative};
pub use overlay::Overlay;

use crate::{
  diagnostics::Diagnostics,
  source::{SourceId, Sources, Spanned},
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
  /// The files that workers use, by name as people know them: their blake3 hashes.
  pub used: BTreeMap<String, [u8; 32]>,
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
  /// It comes with `orch`.
  pub standard: bool,
  /// The blake3 hashes of the files that its workers use, by path as written; `None`: said already.
  pub uses: HashMap<String, Option<[u8; 32]>>,
}

impl LoadedModule {
  /// The import statements, in the order of `imports`.
  pub fn import_statements(&self) -> impl Iterator<Item = &ast::Import> {
    self.ast.items.iter().filter_map(|item| match &item.kind {
      ast::ItemKind::Import(import) => Some(import),
      _ => None,
    })
  }

  /// The plain texts in the lists of `uses`.
  fn used_paths(&self) -> impl Iterator<Item = Spanned<String>> {
    let settings = self.ast.items.iter().flat_map(|item| match &item.kind {
      ast::ItemKind::Worker(worker) => worker.settings.as_slice(),
      _ => &[],
    });
    let parts = settings.flat_map(|setting| match &setting.kind {
      ast::SettingKind::Uses(ast::Expr {
        kind: ast::ExprKind::List(parts),
        ..
      }) => parts.as_slice(),
      _ => &[],
    });
    parts.filter_map(|part| match part {
      ast::ListPart::Item(path) => Some(Spanned::new(path.plain_text()?.to_owned(), path.span)),
      ast::ListPart::Spread(_) => None,
    })
  }
}
