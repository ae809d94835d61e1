//! Which names an expression reads.

use crate::hir::{Expr, ExprKind, LocalId};

/// Calls `found` with every local that the expression mentions, its own ones too.
pub(super) fn locals(expr: &Expr, found: &mut dyn FnMut(LocalId)) {
  if let ExprKind::Local(local) = &expr.kind {
    found(*local);
  }
  let mut inside = |part: &Expr| stacker::maybe_grow(64 << 10, 1 << 20, || locals(part, found));
  expr.parts(&mut inside);
}
