//! Opens the doors in order: load, parse, check, draw, run. Does no work of its own, and knows no terminal.

mod bundle;
mod child;
mod clean;
mod disk;
mod lease;
mod lock;
mod log;
mod overlap;
mod result;
mod resume;
mod reuse;
mod run;
mod shelf;
mod standing;
mod stored;

use std::{collections::BTreeMap, path::Path, sync::Arc};

pub use analysis::{Variant, VariantError};
pub use bundle::Bundle;
pub use child::{CHILD_COMMAND, run_child, waiting};
pub use clean::{Cleaned, clean, hold_files};
pub use disk::Disk;
pub use lease::{ask_to_cancel, driver};
pub use log::Log;
pub use result::shown;
pub use resume::{Again, Earlier, ReadBack, Recorded, Reopened, reopen, resume};
pub use reuse::once_more;
pub use run::{Order, Reuses, RunError, end_when_interrupted, run, run_lost};
pub use standing::{Standing, standing};

use crate::{
  analysis,
  diagnostics::Diagnostics,
  hir::Program,
  modules::{self, Files, Loaded},
  source::Sources,
};

/// What became of a root file.
#[derive(Debug)]
pub struct Checked {
  pub sources: Sources,
  /// The files that its workers use, by name: their blake3 hashes.
  pub used: BTreeMap<String, [u8; 32]>,
  /// Everything that was found, by place.
  pub findings: Diagnostics,
  /// There unless a finding refuses it.
  pub program: Option<Arc<Program>>,
}

/// Reads, parses and checks the program whose root module is at `root`, as it is written.
pub fn check(files: &dyn Files, root: &Path) -> Checked {
  let loaded = modules::load(files, root);
  let checked = analysis::check(&loaded);
  together(loaded, checked)
}

/// The same in another form.
///
/// # Errors
/// The program has no such form.
pub fn check_variant(files: &dyn Files, root: &Path, variant: &Variant) -> Result<Checked, VariantError> {
  let loaded = modules::load(files, root);
  let checked = analysis::check_variant(&loaded, variant)?;
  Ok(together(loaded, checked))
}

fn together(loaded: Loaded, (program, found): (Option<Program>, Diagnostics)) -> Checked {
  let mut findings = loaded.diagnostics;
  findings.extend(found);
  let refused = findings.refuses();
  Checked {
    sources: loaded.sources,
    used: loaded.used,
    findings: findings.sorted(),
    program: program.filter(|_| !refused).map(Arc::new),
  }
}
