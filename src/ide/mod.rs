//! Questions about places in programs: what a name is, where it is used, what can stand here. Answers are plain data.
//! Knows no protocol, no editor and no disk.

mod complete;
mod graphs;
mod hover;
mod names;
mod outline;
mod signature;
mod words;

use std::{path::Path, sync::Arc};

pub use complete::{Completion, CompletionKind};
pub use graphs::Drawn;
pub use hover::Hover;
pub use names::{RenameError, valid_name};
pub use outline::{Command, Hint, Lens, Link, Outline};
pub use signature::{Parameters, signature_at};

use crate::{
  analysis::{self, Marks},
  diagnostics::Diagnostics,
  hir::Program,
  modules::{self, Files, Loaded, LoadedModule},
  source::{Source, SourceId, Span},
};

/// A program as it is at one moment, and all that the check learned of it.
#[derive(Debug)]
pub struct Snapshot {
  pub loaded: Loaded,
  pub marks: Marks,
  /// By place.
  pub findings: Diagnostics,
  /// There unless a finding refuses it.
  pub program: Option<Arc<Program>>,
}

impl Snapshot {
  /// Reads and checks the program whose root module is at `root`.
  pub fn read(files: &dyn Files, root: &Path) -> Self {
    let mut loaded = modules::load(files, root);
    let (program, found, marks) = analysis::survey(&loaded);
    let mut findings = std::mem::take(&mut loaded.diagnostics);
    findings.extend(found);
    let refused = findings.refuses();
    Self {
      loaded,
      marks,
      findings: findings.sorted(),
      program: program.filter(|_| !refused).map(Arc::new),
    }
  }

  /// The file with this canonical path, if the program has it.
  pub fn source_at(&self, path: &Path) -> Option<SourceId> {
    let mut all = self.loaded.sources.iter();
    all.find(|(_, source)| source.path == path).map(|(id, _)| id)
  }

  pub fn source(&self, id: SourceId) -> &Source {
    self.loaded.sources.get(id)
  }

  /// The module of a file; texts that are only included have none.
  pub fn module(&self, id: SourceId) -> Option<&LoadedModule> {
    self.loaded.modules.iter().find(|module| module.source == id)
  }

  /// The text before an offset, in the file of the offset.
  fn before(&self, at: Span) -> &str {
    let text = &self.source(at.source).text;
    &text[..text.floor_char_boundary(at.range().start)]
  }
}

/// The place between two characters.
pub fn place(source: SourceId, at: usize) -> Span {
  Span::new(source, at, at)
}
