//! Which names an expression reads.

use super::{Expr, ExprKind, LocalId};

impl Expr {
  /// Calls `found` with every local that the expression mentions, its own ones too.
  pub fn locals(&self, found: &mut dyn FnMut(LocalId)) {
    if let ExprKind::Local(local) = &self.kind {
      found(*local);
    }
    let mut inside = |part: &Expr| stacker::maybe_grow(64 << 10, 1 << 20, || part.locals(found));
    self.parts(&mut inside);
  }

  pub fn mentions(&self, local: LocalId) -> bool {
    let mut found = false;
    self.locals(&mut |other| found |= other == local);
    found
  }
}
