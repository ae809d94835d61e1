//! Opens the doors in order: load, parse, check, draw, run. Does no work of its own, and knows no terminal.

mod bundle;
mod disk;
mod result;
mod run;

use std::{path::Path, sync::Arc};

pub use bundle::Bundle;
pub use disk::Disk;
pub use result::shown;
pub use run::{Order, RunError, end_when_interrupted, run};

use crate::{
  analysis,
  diagnostics::Diagnostics,
  hir::Program,
  modules::{self, Files},
  source::Sources,
};

/// What became of a root file.
#[derive(Debug)]
pub struct Checked {
  pub sources: Sources,
  /// Everything that was found, by place.
  pub findings: Diagnostics,
  /// There unless a finding refuses it.
  pub program: Option<Arc<Program>>,
}

/// Reads, parses and checks the program whose root module is at `root`.
pub fn check(files: &dyn Files, root: &Path) -> Checked {
  let loaded = modules::load(files, root);
  let (program, found) = analysis::check(&loaded);
  let mut findings = loaded.diagnostics;
  findings.extend(found);
  let refused = findings.refuses();
  Checked {
    sources: loaded.sources,
    findings: findings.sorted(),
    program: program.filter(|_| !refused).map(Arc::new),
  }
}
