//! Lengths of time in policies, mocks and tests: none is below zero, and some may not be zero. What is only known in the
//! run is checked there.

use super::names::Body;
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{Expr, ExprKind},
  syntax::ast,
  types::Type,
  value::{Value, show_duration},
};

impl Body<'_, '_> {
  /// A duration that time can take: says it where one is below zero.
  pub(super) fn time(&mut self, value: &ast::Expr, what: &str) -> Expr {
    let value = self.check(value, &Type::Duration, what);
    if let Some(time) = milliseconds(&value).filter(|time| *time < 0) {
      let message = format!("{what} is below zero: {}", show_duration(time));
      self.say(Diagnostic::new(&codes::BAD_BOUND, message).label(value.span, "no time is that short"));
    }
    value
  }

  /// The same for one that means something only above zero; `allows` says what none would do.
  pub(super) fn some_time(&mut self, value: &ast::Expr, policy: &str, allows: &str) -> Expr {
    let value = self.time(value, &format!("`{policy}`"));
    if milliseconds(&value) == Some(0) {
      let finding = Diagnostic::new(&codes::BAD_BOUND, format!("a `{policy}` of 0 {allows}"));
      self.say(finding.label(value.span, "must be longer"));
    }
    value
  }
}

/// How long it is, where that is written out.
pub(super) fn milliseconds(value: &Expr) -> Option<i64> {
  match &value.kind {
    ExprKind::Literal(Value::Duration(milliseconds)) => Some(*milliseconds),
    ExprKind::Negate(inner) => milliseconds(inner)?.checked_neg(),
    _ => None,
  }
}
