//! Which names an expression reads.

use crate::hir::{ElementPart, Expr, ExprKind, FieldPart, LocalId};

/// Calls `found` with every local that the expression mentions, its own ones too.
pub(super) fn locals(expr: &Expr, found: &mut dyn FnMut(LocalId)) {
  if let ExprKind::Local(local) = &expr.kind {
    found(*local);
  }
  let mut inside = |part: &Expr| stacker::maybe_grow(64 << 10, 1 << 20, || locals(part, found));
  parts(expr, &mut inside);
}

/// Calls `visit` with the expressions directly inside of this one.
fn parts(expr: &Expr, visit: &mut dyn FnMut(&Expr)) {
  match &expr.kind {
    ExprKind::Literal(_) | ExprKind::Local(_) | ExprKind::Constant(_) | ExprKind::Run | ExprKind::Cards(_) => {}
    ExprKind::Field { base, .. } => visit(base),
    ExprKind::Not(inner) | ExprKind::Negate(inner) | ExprKind::Cast(inner) => visit(inner),
    ExprKind::Index {
      base: left,
      index: right,
    }
    | ExprKind::Binary { left, right, .. }
    | ExprKind::Logic { left, right, .. } => [left, right].into_iter().for_each(|part| visit(part)),
    ExprKind::Text(parts) => parts.iter().for_each(visit),
    ExprKind::Record(fields) => fields.iter().for_each(|part| match part {
      FieldPart::Field(_, value) | FieldPart::Spread(value) => visit(value),
    }),
    ExprKind::List(elements) => elements.iter().for_each(|part| match part {
      ElementPart::Item(value) | ElementPart::Spread(value) => visit(value),
    }),
    ExprKind::Comprehension {
      body, items, condition, ..
    } => {
      [Some(body), Some(items), condition.as_ref()]
        .into_iter()
        .flatten()
        .for_each(|part| visit(part));
    }
    ExprKind::If {
      condition,
      then,
      otherwise,
    } => {
      [Some(condition), Some(then), otherwise.as_ref()]
        .into_iter()
        .flatten()
        .for_each(|part| visit(part));
    }
    ExprKind::Match {
      subject,
      arms,
      otherwise,
    } => {
      visit(subject);
      arms.iter().for_each(|(_, value)| visit(value));
      otherwise.iter().for_each(|value| visit(value));
    }
    ExprKind::Builtin { arguments, .. } | ExprKind::Function { arguments, .. } => arguments.iter().for_each(visit),
  }
}
