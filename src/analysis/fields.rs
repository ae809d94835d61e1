//! Reading into a value: its fields, its items.

use super::{checker::not_taken, expressions::broken, mends, names::Body, symbols::in_order};
use crate::{
  diagnostics::{Diagnostic, codes, near},
  hir::{Expr, ExprKind},
  source::{Span, Spanned},
  syntax::ast,
  types::{self, Type},
};

impl Body<'_, '_> {
  pub fn field(&mut self, whole: &ast::Expr, base: &ast::Expr, name: &Spanned<String>, optional: bool) -> Expr {
    if super::overlaps::is_last_run(base, name) {
      let mut last = self.last_run(whole.span);
      if let Some(known) = self.path(whole).and_then(|path| self.known(&path)) {
        last.ty = known;
      }
      return last;
    }
    let base = self.infer(base);
    let may_be_null = base.ty.accepts_null() && !matches!(base.ty.resolved(), Type::Json | Type::Unknown);
    if may_be_null && !optional {
      let finding = Diagnostic::new(
        &codes::MAYBE_NULL,
        format!("`.{}` is read of a value that may be null", name.value),
      )
      .label(base.span, format!("this is `{}`", base.ty))
      .help(format!(
        "write `?.{}`, or test it first: `require ... != null`",
        name.value
      ));
      self.say(finding);
      return broken(whole.span);
    }
    let of = if may_be_null {
      base.ty.without_null()
    } else {
      base.ty.clone()
    };
    let Some(ty) = self.field_type(&of, name) else {
      return broken(whole.span);
    };
    let ty = if may_be_null { ty.optional() } else { ty };
    let ty = self.path(whole).and_then(|path| self.known(&path)).unwrap_or(ty);
    let kind = ExprKind::Field {
      base: Box::new(base),
      name: name.value.as_str().into(),
      optional,
    };
    Expr {
      kind,
      ty,
      span: whole.span,
    }
  }

  /// The type of a field of a record, or of every record of a union.
  fn field_type(&mut self, of: &Type, name: &Spanned<String>) -> Option<Type> {
    match of.data() {
      Type::Unknown | Type::Never => None,
      Type::Record(record) => match record.fields.get(name.value.as_str()) {
        Some(field) => Some(field.read()),
        None => {
          self.unknown_field(of, record, name);
          None
        }
      },
      Type::Union(members) => {
        let read = |member: &Type| {
          member
            .as_record()
            .and_then(|record| record.fields.get(name.value.as_str()))
            .map(types::Field::read)
        };
        let all: Option<Vec<Type>> = members.iter().map(read).collect();
        if let Some(all) = all {
          return all
            .into_iter()
            .reduce(|a, b| types::join(&a, &b).unwrap_or(Type::Unknown));
        }
        let finding = Diagnostic::new(
          &codes::UNKNOWN_FIELD,
          format!("not every `{of}` has a field `{}`", name.value),
        )
        .label(name.span, "not in all of them")
        .help(if types::is_outcome(of) {
          "ask it first: `if x.ok then x.value else ...`; of a list of outcomes `succeeded(xs)` has the values"
        } else {
          "tell them apart first: `match x.kind { ... }`"
        });
        self.say(finding);
        None
      }
      other => {
        let help = match other {
          Type::Json => "give it a type: `(x as { ... }).field`".to_owned(),
          Type::Map(_) => format!("the key of a map stands in brackets: `m[\"{}\"]`", name.value),
          _ if matches!(name.value.as_str(), "length" | "len" | "size" | "count") => "write `len(x)`".to_owned(),
          Type::List(_) => "a list has items: `xs[0]`, `first(xs)`, `[x.field for x in xs]`".to_owned(),
          _ => "only records have fields".to_owned(),
        };
        let finding = Diagnostic::new(&codes::BAD_OPERAND, format!("a `{of}` has no fields"))
          .label(name.span, "can't be read")
          .help(help);
        self.say(finding);
        None
      }
    }
  }

  pub fn unknown_field(&mut self, of: &Type, record: &types::RecordType, name: &Spanned<String>) {
    let message = format!("`{of}` has no field `{}`", name.value);
    let finding = Diagnostic::new(&codes::UNKNOWN_FIELD, message).label(name.span, "no such field");
    let names = || record.fields.keys().map(|name| &**name);
    let finding = match near(&name.value, names()) {
      Some(near) if mends::is_word(near.name) => finding.meant(name.span, near),
      Some(near) => finding.help(format!("there is `{}`", near.name)),
      None if record.open => finding.help("a field that `...` lets in can't be read: name it in the type"),
      None => finding.help(format!("it has {}", in_order(names()))),
    };
    self.say(finding);
  }

  pub fn index(&mut self, base: &ast::Expr, index: &ast::Expr, span: Span) -> Expr {
    let base = self.infer(base);
    let (wanted, ty) = match base.ty.resolved() {
      Type::List(list) => (Type::int(), list.item.clone()),
      Type::Map(value) => (Type::string(), (**value).clone().optional()),
      Type::Unknown => (Type::Unknown, Type::Unknown),
      other => {
        let null = other.accepts_null() && !matches!(other, Type::Json);
        let help = if null {
          "test it first: `require x != null`"
        } else if other.as_record().is_some() {
          "lists and maps have items; a field of a record is read by `x.name`"
        } else {
          "lists and maps have items"
        };
        let finding = not_taken(null, format!("a `{}` has no items", base.ty)).label(base.span, "not a list or map");
        self.say(finding.help(help));
        return broken(span);
      }
    };
    let index = self.check(index, &wanted, "the index");
    Expr {
      kind: ExprKind::Index {
        base: Box::new(base),
        index: Box::new(index),
      },
      ty,
      span,
    }
  }
}
