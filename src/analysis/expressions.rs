//! Types expressions: what each is, and whether it fits where it stands.

use super::{
  checker::TypedLet,
  floats::{exactly, wants_float},
  habits,
  lists::list_wanted,
  names::Body,
  records::map_wanted,
  symbols::{Space, Target},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{Expr, ExprKind},
  source::Span,
  syntax::ast,
  types::{self, Type},
  value::Value,
};

/// Stack kept free before descending one more level.
const RED_ZONE: usize = 256 * 1024;
const GROWTH: usize = 4 * 1024 * 1024;

/// An expression after an error that was said.
pub fn broken(span: Span) -> Expr {
  Expr {
    kind: ExprKind::Literal(Value::Null),
    ty: Type::Unknown,
    span,
  }
}

pub fn literal(value: Value, ty: Type, span: Span) -> Expr {
  Expr {
    kind: ExprKind::Literal(value),
    ty,
    span,
  }
}

impl Body<'_, '_> {
  /// The expression with the type that it has by itself.
  pub fn infer(&mut self, expr: &ast::Expr) -> Expr {
    let made = stacker::maybe_grow(RED_ZONE, GROWTH, || self.infer_kind(expr));
    self.checker.typed(expr.span, &made.ty);
    made
  }

  fn infer_kind(&mut self, expr: &ast::Expr) -> Expr {
    let span = expr.span;
    match &expr.kind {
      ast::ExprKind::Null => literal(Value::Null, Type::Null, span),
      ast::ExprKind::Bool(value) => literal(Value::Bool(*value), Type::Bool(Some(*value)), span),
      ast::ExprKind::Int(value) => literal(Value::Int(*value), Type::int_range(*value, *value), span),
      ast::ExprKind::Float(value) => literal(Value::Float(*value), exactly(*value), span),
      ast::ExprKind::Duration(value) => literal(Value::Duration(*value), Type::Duration, span),
      ast::ExprKind::String(parts) => self.text(parts, span),
      ast::ExprKind::Name(name) => self.name(name, span),
      ast::ExprKind::Field { base, name, optional } => self.field(expr, base, name, *optional),
      ast::ExprKind::Index { base, index } => self.index(base, index, span),
      ast::ExprKind::Call { callee, arguments } => self.call_in_expression(callee, arguments, span),
      ast::ExprKind::Unary { operator, operand } => self.unary(*operator, operand, span),
      ast::ExprKind::Binary { operator, left, right } => self.binary(operator, left, right, span),
      ast::ExprKind::Cast { value, ty } => self.cast(value, ty, span),
      ast::ExprKind::Record(parts) => self.record(parts, span, None),
      ast::ExprKind::List(parts) => self.list(parts, span),
      ast::ExprKind::Comprehension {
        body,
        item,
        items,
        condition,
      } => self.comprehension(body, item, items, condition.as_deref(), span, None),
      ast::ExprKind::If {
        condition,
        then,
        otherwise,
      } => self.if_expression(condition, then, otherwise.as_deref(), span, None),
      ast::ExprKind::Match {
        subject,
        arms,
        otherwise,
      } => self.match_expression(subject, arms, otherwise.as_ref(), span, None),
      ast::ExprKind::Broken => broken(span),
    }
  }

  /// The expression where `expected` is wanted; `what` names the place in a finding: `the argument \`repo\``.
  pub fn check(&mut self, expr: &ast::Expr, expected: &Type, what: &str) -> Expr {
    let made = stacker::maybe_grow(RED_ZONE, GROWTH, || self.check_kind(expr, expected, what));
    self.checker.typed(expr.span, &made.ty);
    made
  }

  fn check_kind(&mut self, expr: &ast::Expr, expected: &Type, what: &str) -> Expr {
    let span = expr.span;
    match &expr.kind {
      ast::ExprKind::Int(value) if wants_float(expected) => self.int_as_float(*value, expected, what, span),
      ast::ExprKind::Unary {
        operator: ast::UnaryOperator::Negate,
        operand,
      } if wants_float(expected) => match &operand.kind {
        ast::ExprKind::Int(value) => self.int_as_float(-*value, expected, what, span),
        _ => self.fitting(expr, expected, what),
      },
      ast::ExprKind::Record(parts) => match self.record_wanted(parts, expected) {
        Some(wanted) if wanted.as_plan().is_some() => self.plan_literal(parts, span, &wanted, what),
        Some(wanted) => {
          let record = self.record(parts, span, Some(&wanted));
          self.checker.mismatch(span, &record.ty, expected, what);
          record
        }
        None => match map_wanted(expected) {
          Some(wanted) => self.map(parts, &wanted, span, what),
          None => self.fitting(expr, expected, what),
        },
      },
      ast::ExprKind::List(parts) => match list_wanted(expected) {
        Some(wanted) => self.check_list(parts, &wanted, span, expected, what),
        None => self.fitting(expr, expected, what),
      },
      ast::ExprKind::Comprehension {
        body,
        item,
        items,
        condition,
      } => match list_wanted(expected) {
        Some(wanted) => {
          let wanted = Some((&wanted.item, what));
          self.unless_said(expected, what, |checked| {
            checked.comprehension(body, item, items, condition.as_deref(), span, wanted)
          })
        }
        None => self.fitting(expr, expected, what),
      },
      ast::ExprKind::If {
        condition,
        then,
        otherwise: Some(otherwise),
      } => self.if_expression(condition, then, Some(otherwise), span, Some((expected, what))),
      ast::ExprKind::Match {
        subject,
        arms,
        otherwise,
      } => self.match_expression(subject, arms, otherwise.as_ref(), span, Some((expected, what))),
      _ => self.fitting(expr, expected, what),
    }
  }

  /// Whether what was made fits as a whole, unless something was said of its parts.
  pub fn unless_said(&mut self, expected: &Type, what: &str, make: impl FnOnce(&mut Self) -> Expr) -> Expr {
    let before = self.checker.findings.0.len();
    let made = make(self);
    if self.checker.findings.0.len() == before {
      self.checker.mismatch(made.span, &made.ty, expected, what);
    }
    made
  }

  fn fitting(&mut self, expr: &ast::Expr, expected: &Type, what: &str) -> Expr {
    let found = self.infer(expr);
    self.checker.mismatch(expr.span, &found.ty, expected, what);
    found
  }

  /// A value of any type that `as` could check against `expected`: what a boundary takes.
  pub fn check_boundary(&mut self, expr: &ast::Expr, expected: &Type, what: &str) -> Expr {
    let found = self.infer(expr);
    if !types::castable(&found.ty, expected) {
      self.checker.mismatch(expr.span, &found.ty, expected, what);
    }
    found
  }

  #[expect(clippy::cast_precision_loss, reason = "a literal: what is written is what is meant")]
  fn int_as_float(&mut self, value: i64, expected: &Type, what: &str, span: Span) -> Expr {
    let value = value as f64;
    let ty = exactly(value);
    self.checker.mismatch(span, &ty, expected, what);
    literal(Value::Float(value), ty, span)
  }

  fn text(&mut self, parts: &[ast::StringPart], span: Span) -> Expr {
    if parts.is_empty() {
      return literal(Value::string(""), Type::literal(""), span);
    }
    if let [ast::StringPart::Text(text)] = parts {
      return literal(Value::string(text.as_str()), Type::literal(text), span);
    }
    let mut shown = Vec::new();
    for part in parts {
      match part {
        ast::StringPart::Text(text) => shown.push(literal(Value::string(text.as_str()), Type::literal(text), span)),
        ast::StringPart::Value(value) => shown.push(self.scalar_or_secret(value, "what is put into a text")),
      }
    }
    let secret = shown.iter().any(|part| part.ty.holds_secret());
    Expr {
      kind: ExprKind::Text(shown),
      ty: if secret { Type::Secret } else { Type::string() },
      span,
    }
  }

  /// A number, string, boolean, time or duration.
  pub fn scalar(&mut self, expr: &ast::Expr, what: &str) -> Expr {
    let value = self.scalar_or_secret(expr, what);
    self.keeps_secrets(value, what)
  }

  /// Says that a secret would be seen.
  pub fn leak(&mut self, span: Span, what: &str) {
    self.checker.say(super::secrets::leak(span, what));
  }

  /// A scalar, or a secret, which makes the whole text one.
  fn scalar_or_secret(&mut self, expr: &ast::Expr, what: &str) -> Expr {
    let value = self.infer(expr);
    if *value.ty.resolved() != Type::Secret && !value.ty.is_scalar() {
      let finding = if value.ty.accepts_null() && value.ty.without_null().is_scalar() {
        Diagnostic::new(&codes::MAYBE_NULL, format!("{what} may be null"))
          .label(expr.span, format!("this is `{}`", value.ty))
          .help("give a default: `x ?? \"none\"`")
      } else {
        Diagnostic::new(
          &codes::BAD_OPERAND,
          format!("{what} is a number, string, boolean, time or duration"),
        )
        .label(expr.span, format!("this is `{}`", value.ty))
        .help(match value.ty.as_list() {
          Some(_) if what.contains("exec") => {
            "`...xs` gives every item as an argument; `json(xs)` shows all as one text"
          }
          _ if value.ty.without_null().has_files() => {
            "a file is a value here; in the settings of a worker that takes it, it is the path of a copy"
          }
          Some(list) if list.item.is_scalar() => "`join(xs, \", \")` makes a text of a list, `json(x)` of any value",
          _ => "`json(x)` shows any value as text",
        })
      };
      self.say(finding);
    }
    value
  }

  fn name(&mut self, name: &str, span: Span) -> Expr {
    if name == "_" {
      self.hole(span);
      return broken(span);
    }
    if let Some(binding) = self.find(name) {
      let (local, declared, bound) = (binding.local, binding.ty.clone(), binding.span);
      self.marked(span, bound);
      self.reads.entry(local).or_default().all += 1;
      let ty = self
        .known(&super::names::Path {
          root: local,
          fields: Vec::new(),
        })
        .unwrap_or(declared);
      return Expr {
        kind: ExprKind::Local(local),
        ty,
        span,
      };
    }
    if let Some(observed) = self.bare_observation(name, span) {
      return observed;
    }
    if name == "run" && self.watch.is_none() {
      return Expr {
        kind: ExprKind::Run,
        ty: types::run_record(),
        span,
      };
    }
    let Some(targets) = self.checker.lookup(self.module, Space::Value, name, span) else {
      self.unknown_value(name, span);
      return broken(span);
    };
    match targets[..] {
      [Target::Let(at)] => match &self.checker.lets[at] {
        Some(TypedLet::Constant { id, ty }) => Expr {
          kind: ExprKind::Constant(*id),
          ty: ty.clone(),
          span,
        },
        _ => broken(span),
      },
      [Target::Secret(at)] => {
        let variable = self.checker.symbols.secrets[at].it.value.as_str();
        literal(Value::secret(variable), Type::Secret, span)
      }
      _ => broken(span),
    }
  }

  fn hole(&mut self, span: Span) {
    let finding = Diagnostic::new(&codes::WRONG_KIND, "`_` can't stand here")
      .label(span, "no value")
      .help("it leaves a parameter open where a worker is passed to a pattern: `draft(_, tone: \"dry\")`");
    self.say(finding);
  }

  fn cast(&mut self, value: &ast::Expr, ty: &ast::TypeExpr, span: Span) -> Expr {
    let target = self.checker.type_of(self.module, ty);
    let value = match (&value.kind, target.as_plan()) {
      (ast::ExprKind::Record(_), Some(plan)) => self.check(value, plan.unbounded().shape(), "the plan"),
      _ => self.infer(value),
    };
    if !value.ty.is_unknown() && !target.is_unknown() && !types::castable(&value.ty, &target) {
      let finding = Diagnostic::new(&codes::BAD_CAST, format!("`{}` can't be read as `{target}`", value.ty))
        .label(span, "`as` reads `json`, and narrows a type to its refinement");
      self.say(match habits::conversion(&value.ty, &target) {
        Some(help) => finding.help(help),
        None => finding,
      });
    }
    Expr {
      kind: ExprKind::Cast(Box::new(value)),
      ty: target,
      span,
    }
  }

  /// Two types that meet: what came first, with its place where there is one to show, and what does not go with it.
  pub fn no_join(&mut self, (a, first): (&Type, Option<Span>), (b, second): (&Type, Span), what: &str) {
    let mut finding = Diagnostic::new(&codes::NO_JOIN, format!("{what} have no common type: `{a}` and `{b}`"))
      .label(second, format!("this is `{b}`"));
    if let Some(first) = first {
      finding = finding.label(first, format!("this is `{a}`"));
    }
    let finding = finding.help("make them one type, or give records a literal field that tells them apart");
    self.say(finding);
  }
}
