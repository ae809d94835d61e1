//! What stands behind `on` in a mock: whether an input can ever hold it, and which pattern takes all that another does.

use super::{names::Body, operators::comparable};
use crate::{
  diagnostics::{Diagnostic, codes, nearest},
  hir::{ElementPart, Expr, ExprKind, FieldPart},
  source::Span,
  syntax::ast,
  types::Type,
};

/// Why no input of a type holds a pattern.
struct Never {
  span: Span,
  why: String,
  help: Option<String>,
}

impl Body<'_, '_> {
  /// A pattern over inputs of this type.
  pub fn mock_pattern(&mut self, pattern: &ast::Expr, input: &Type) -> Expr {
    let pattern = self.infer(pattern);
    if let Err(never) = may_hold(&pattern, input) {
      let finding = Diagnostic::new(&codes::UNREACHABLE, "this rule can never be taken").label(never.span, never.why);
      self.say(match never.help {
        Some(help) => finding.help(help),
        None => finding,
      });
    }
    pattern
  }
}

fn may_hold(pattern: &Expr, ty: &Type) -> Result<(), Never> {
  let members = ty.members();
  let mut first = None;
  for member in &members {
    match holds_in(pattern, member.resolved()) {
      Ok(()) => return Ok(()),
      Err(never) => first = first.or(Some(never)),
    }
  }
  first.map_or(Ok(()), Err)
}

fn holds_in(pattern: &Expr, ty: &Type) -> Result<(), Never> {
  match (&pattern.kind, ty) {
    (_, Type::Json | Type::Unknown) => Ok(()),
    (ExprKind::Record(parts), Type::Record(record)) => {
      fields(parts).try_for_each(|(name, value)| match record.fields.get(name) {
        Some(field) => may_hold(value, &field.read()),
        None if record.open => Ok(()),
        None => Err(Never {
          span: value.span,
          why: format!("the input has no field `{name}`"),
          help: nearest(name, record.fields.keys().map(|name| &**name)).map(|near| format!("there is `{near}`")),
        }),
      })
    }
    (ExprKind::Record(parts), Type::Map(item)) => fields(parts).try_for_each(|(_, value)| may_hold(value, item)),
    (ExprKind::List(parts), Type::List(list)) => parts.iter().try_for_each(|part| match part {
      ElementPart::Item(item) => may_hold(item, &list.item),
      ElementPart::Spread(_) => Ok(()),
    }),
    _ if comparable(&pattern.ty, ty) => Ok(()),
    _ => Err(Never {
      span: pattern.span,
      why: format!("this is `{}`, where the input has `{ty}`", pattern.ty),
      help: None,
    }),
  }
}

/// What a spread adds is not known here.
fn fields(parts: &[FieldPart]) -> impl Iterator<Item = (&str, &Expr)> {
  parts.iter().filter_map(|part| match part {
    FieldPart::Field(name, value) => Some((&**name, value)),
    FieldPart::Spread(_) => None,
  })
}

/// Whether every input that holds the pattern `narrow` holds `wide`, as far as can be told.
pub fn covers(wide: &Expr, narrow: &Expr) -> bool {
  match (&wide.kind, &narrow.kind) {
    (ExprKind::Literal(a), ExprKind::Literal(b)) => a == b,
    (ExprKind::Constant(a), ExprKind::Constant(b)) => a == b,
    (ExprKind::Record(wide), ExprKind::Record(narrow)) => {
      let whole = |parts: &[FieldPart]| parts.iter().all(|part| matches!(part, FieldPart::Field(..)));
      let found = |name: &str| fields(narrow).find(|(own, _)| *own == name).map(|(_, value)| value);
      whole(wide) && fields(wide).all(|(name, value)| found(name).is_some_and(|narrow| covers(value, narrow)))
    }
    (ExprKind::List(wide), ExprKind::List(narrow)) => {
      wide.len() == narrow.len()
        && wide.iter().zip(narrow).all(|pair| match pair {
          (ElementPart::Item(wide), ElementPart::Item(narrow)) => covers(wide, narrow),
          _ => false,
        })
    }
    _ => false,
  }
}
