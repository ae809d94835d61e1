//! Secrets: where one may go, and what is said where it may not. A secret is a name until a worker starts; only the
//! environment of a worker takes it, and the parameters of type `secret` that lead there.

use super::names::Body;
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::Expr,
  source::Span,
  syntax::ast::{TypeExpr, TypeExprKind},
  types::Type,
};

/// `what` names the place that the secret would go to.
pub fn leak(span: Span, what: &str) -> Diagnostic {
  Diagnostic::new(&codes::SECRET_LEAK, format!("{what} can't be a secret"))
    .label(span, "could be seen from here on")
    .help("a secret goes into `env { ... }` of a worker, or to a parameter of type `secret` that leads there")
}

/// Whether the type `secret` is written, alone.
fn is_secret(ty: &TypeExpr) -> bool {
  match &ty.kind {
    TypeExprKind::Name {
      name,
      arguments,
      refine: None,
    } => name.value == "secret" && arguments.is_empty(),
    _ => false,
  }
}

impl Body<'_, '_> {
  /// The type of a parameter: the one place where `secret` may be written.
  pub fn param_type(&mut self, written: &TypeExpr) -> Type {
    match is_secret(written) {
      true => Type::Secret,
      false => self.checker.type_of(self.module, written),
    }
  }

  /// Refuses a value that holds a secret.
  pub fn keeps_secrets(&mut self, value: Expr, what: &str) -> Expr {
    if value.ty.holds_secret() {
      self.leak(value.span, what);
    }
    value
  }
}
