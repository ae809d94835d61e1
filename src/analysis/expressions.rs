//! Types expressions: what each is, and whether it fits where it stands.

use std::sync::Arc;

use super::{
  checker::TypedLet,
  floats::{self, exactly, wants_float},
  names::Body,
  symbols::{Space, Target, in_order},
};
use crate::{
  diagnostics::{Diagnostic, codes, nearest},
  hir::{ElementPart, Expr, ExprKind, FieldPart},
  source::{Span, Spanned},
  syntax::ast,
  types::{self, ListType, Type},
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
    stacker::maybe_grow(RED_ZONE, GROWTH, || self.infer_kind(expr))
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
    stacker::maybe_grow(RED_ZONE, GROWTH, || self.check_kind(expr, expected, what))
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
          let before = self.checker.findings.0.len();
          let made = self.comprehension(
            body,
            item,
            items,
            condition.as_deref(),
            span,
            Some((&wanted.item, what)),
          );
          if self.checker.findings.0.len() == before {
            self.checker.mismatch(span, &made.ty, expected, what);
          }
          made
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
        ast::StringPart::Value(value) => shown.push(self.scalar(value, "what is put into a text")),
      }
    }
    Expr {
      kind: ExprKind::Text(shown),
      ty: Type::string(),
      span,
    }
  }

  /// A number, string, boolean, time or duration.
  pub fn scalar(&mut self, expr: &ast::Expr, what: &str) -> Expr {
    let value = self.infer(expr);
    if !value.ty.is_scalar() {
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
          Some(list) if list.item.is_scalar() => "`join(xs, \", \")` makes a text of a list, `json(x)` of any value",
          _ => "`json(x)` shows any value as text",
        })
      };
      self.say(finding);
    }
    value
  }

  fn name(&mut self, name: &str, span: Span) -> Expr {
    if let Some(binding) = self.find(name) {
      let (local, declared) = (binding.local, binding.ty.clone());
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
    if name == "run" {
      return Expr {
        kind: ExprKind::Run,
        ty: types::run_record(),
        span,
      };
    }
    let Some(targets) = self.checker.lookup(self.module, Space::Value, name) else {
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
      _ => broken(span),
    }
  }

  fn field(&mut self, whole: &ast::Expr, base: &ast::Expr, name: &Spanned<String>, optional: bool) -> Expr {
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
    match of.resolved() {
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

  fn unknown_field(&mut self, of: &Type, record: &types::RecordType, name: &Spanned<String>) {
    let message = format!("`{of}` has no field `{}`", name.value);
    let finding = Diagnostic::new(&codes::UNKNOWN_FIELD, message).label(name.span, "no such field");
    let names = || record.fields.keys().map(|name| &**name);
    let finding = match nearest(&name.value, names()) {
      Some(near) => finding.help(format!("there is `{near}`")),
      None if record.open => finding.help("a field that `...` lets in can't be read: name it in the type"),
      None => finding.help(format!("it has {}", in_order(names()))),
    };
    self.say(finding);
  }

  fn index(&mut self, base: &ast::Expr, index: &ast::Expr, span: Span) -> Expr {
    let base = self.infer(base);
    let (wanted, ty) = match base.ty.resolved() {
      Type::List(list) => (Type::int(), list.item.clone()),
      Type::Map(value) => (Type::string(), (**value).clone().optional()),
      Type::Unknown => (Type::Unknown, Type::Unknown),
      other => {
        let null = other.accepts_null() && !matches!(other, Type::Json);
        let code = if null { &codes::MAYBE_NULL } else { &codes::BAD_OPERAND };
        let help = if null {
          "test it first: `require x != null`"
        } else {
          "lists and maps have items"
        };
        let finding =
          Diagnostic::new(code, format!("a `{}` has no items", base.ty)).label(base.span, "not a list or map");
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

  fn cast(&mut self, value: &ast::Expr, ty: &ast::TypeExpr, span: Span) -> Expr {
    let target = self.checker.type_of(self.module, ty);
    let value = self.infer(value);
    if !value.ty.is_unknown() && !target.is_unknown() && !types::castable(&value.ty, &target) {
      let finding = Diagnostic::new(&codes::BAD_CAST, format!("`{}` can't be read as `{target}`", value.ty))
        .label(span, "`as` reads `json`, and narrows a type to its refinement");
      self.say(finding);
    }
    Expr {
      kind: ExprKind::Cast(Box::new(value)),
      ty: target,
      span,
    }
  }

  /// The record type that a record literal should be checked against: the only one, or the one whose literal field it has.
  fn record_wanted(&self, parts: &[ast::RecordPart], expected: &Type) -> Option<Type> {
    let records: Vec<Type> = expected
      .members()
      .into_iter()
      .filter(|member| member.as_record().is_some())
      .collect();
    if let [only] = &records[..] {
      return Some(only.clone());
    }
    let written = |name: &str| {
      parts.iter().find_map(|part| match part {
        ast::RecordPart::Field { name: own, value } if own.value == name => Some(value),
        _ => None,
      })
    };
    let agrees = |member: &Type| {
      member.as_record().is_some_and(|record| {
        record.fields.iter().all(
          |(name, field)| match (field.ty.resolved(), written(name).map(|value| &value.kind)) {
            (Type::Literal(text), Some(ast::ExprKind::String(parts))) => {
              matches!(&parts[..], [ast::StringPart::Text(own)] if **own == **text)
            }
            (Type::Bool(Some(value)), Some(ast::ExprKind::Bool(own))) => value == own,
            _ => true,
          },
        )
      })
    };
    let mut chosen = records.into_iter().filter(agrees);
    chosen.next().filter(|_| chosen.next().is_none())
  }

  fn record(&mut self, parts: &[ast::RecordPart], span: Span, wanted: Option<&Type>) -> Expr {
    let wanted_type = wanted.unwrap_or(&Type::Unknown);
    let wanted = wanted.and_then(Type::as_record);
    let mut fields = indexmap::IndexMap::new();
    let mut open = false;
    let mut misnamed = false;
    let mut lowered = Vec::new();
    for part in parts {
      match part {
        ast::RecordPart::Field { name, value } => {
          let before = self.checker.findings.0.len();
          let value = match wanted.and_then(|record| record.fields.get(name.value.as_str())) {
            Some(field) => {
              let ty = if field.optional { field.read() } else { field.ty.clone() };
              self.check(value, &ty, &format!("the field `{}`", name.value))
            }
            None => self.infer(value),
          };
          if let (Some(record), false) = (wanted, value.ty.is_unknown())
            && !record.open
            && !record.fields.contains_key(name.value.as_str())
          {
            self.unknown_field(wanted_type, record, name);
            misnamed = true;
          }
          let known: Arc<str> = name.value.as_str().into();
          let ty = wanted
            .and_then(|record| record.fields.get(&known))
            .filter(|_| value.ty.is_unknown() || self.checker.findings.0.len() > before)
            .map_or(value.ty.clone(), |f| f.ty.clone());
          fields.insert(known.clone(), types::Field { ty, optional: false });
          self.given_once(parts, name);
          lowered.push(FieldPart::Field(known, value));
        }
        ast::RecordPart::Spread(value) => {
          let value = self.infer(value);
          match value.ty.resolved() {
            Type::Record(record) => {
              open |= record.open;
              spread_fields(&mut fields, record);
            }
            Type::Unknown => return broken(span),
            _ => self.not_spreadable(&value, "record"),
          }
          lowered.push(FieldPart::Spread(value));
        }
      }
    }
    let ty = if misnamed {
      Type::Unknown
    } else {
      Type::Record(Arc::new(types::RecordType { fields, open }))
    };
    Expr {
      kind: ExprKind::Record(lowered),
      ty,
      span,
    }
  }

  /// A record literal where a map is wanted: every field is an entry.
  fn map(&mut self, parts: &[ast::RecordPart], wanted: &Type, span: Span, what: &str) -> Expr {
    let mut lowered = Vec::new();
    for part in parts {
      lowered.push(match part {
        ast::RecordPart::Field { name, value } => {
          self.given_once(parts, name);
          let value = self.check(value, wanted, &format!("the entry `{}` of {what}", name.value));
          FieldPart::Field(name.value.as_str().into(), value)
        }
        ast::RecordPart::Spread(value) => FieldPart::Spread(self.check(value, &Type::map(wanted.clone()), what)),
      });
    }
    Expr {
      kind: ExprKind::Record(lowered),
      ty: Type::map(wanted.clone()),
      span,
    }
  }

  /// Says a field that was given further up already.
  fn given_once(&mut self, parts: &[ast::RecordPart], name: &Spanned<String>) {
    if let Some(first) = first_written(parts, &name.value).filter(|first| *first != name.span) {
      self.say(
        Diagnostic::new(&codes::DUPLICATE, format!("the field `{}` is given twice", name.value))
          .label(name.span, "again here")
          .label(first, "first here"),
      );
    }
  }

  fn not_spreadable(&mut self, value: &Expr, wanted: &str) {
    let finding = Diagnostic::new(&codes::BAD_OPERAND, format!("`...` takes a {wanted} here"))
      .label(value.span, format!("this is `{}`", value.ty));
    self.say(finding);
  }

  fn list(&mut self, parts: &[ast::ListPart], span: Span) -> Expr {
    let mut lowered: Vec<ElementPart> = parts.iter().map(|part| self.list_part(part, None).0).collect();
    let mut items: Vec<&mut Expr> = lowered.iter_mut().filter_map(item_of).collect();
    floats::agree(&mut items);
    let mut item = Type::Never;
    let mut before = None;
    for part in &lowered {
      let ty = part_type(part);
      match types::join(&item, &ty) {
        _ if item.is_unknown() => {}
        Some(joined) => item = joined,
        None => {
          self.no_join((&item, before), (&ty, value_span(part)), "the items of a list");
          item = Type::Unknown;
        }
      }
      before = Some(value_span(part));
    }
    Expr {
      kind: ExprKind::List(lowered),
      ty: list_type(item, parts),
      span,
    }
  }

  fn list_part(&mut self, part: &ast::ListPart, wanted: Option<(&Type, &str)>) -> (ElementPart, Type) {
    match (part, wanted) {
      (ast::ListPart::Item(value), Some((wanted, what))) => {
        let value = self.check(value, wanted, what);
        let ty = value.ty.clone();
        (ElementPart::Item(value), ty)
      }
      (ast::ListPart::Item(value), None) => {
        let value = self.infer(value);
        let ty = value.ty.clone();
        (ElementPart::Item(value), ty)
      }
      (ast::ListPart::Spread(value), wanted) => {
        let value = match wanted {
          Some((item, what)) => self.check(value, &Type::list(item.clone()), what),
          None => self.infer(value),
        };
        if wanted.is_none() && value.ty.as_list().is_none() && !value.ty.is_unknown() {
          self.not_spreadable(&value, "list");
        }
        let part = ElementPart::Spread(value);
        let ty = part_type(&part);
        (part, ty)
      }
    }
  }

  fn check_list(
    &mut self,
    parts: &[ast::ListPart],
    wanted: &ListType,
    span: Span,
    expected: &Type,
    what: &str,
  ) -> Expr {
    let inside = format!("an item of {what}");
    let before = self.checker.findings.0.len();
    let (lowered, types): (Vec<_>, Vec<_>) = parts
      .iter()
      .map(|part| self.list_part(part, Some((&wanted.item, &inside))))
      .unzip();
    let item = types
      .into_iter()
      .reduce(|a, b| types::join(&a, &b).unwrap_or(wanted.item.clone()))
      .unwrap_or(Type::Never);
    let ty = list_type(item, parts);
    if self.checker.findings.0.len() == before {
      self.checker.mismatch(span, &ty, expected, what);
    }
    Expr {
      kind: ExprKind::List(lowered),
      ty,
      span,
    }
  }

  fn comprehension(
    &mut self,
    body: &ast::Expr,
    item: &ast::Name,
    items: &ast::Expr,
    condition: Option<&ast::Expr>,
    span: Span,
    wanted: Option<(&Type, &str)>,
  ) -> Expr {
    let items = self.infer(items);
    let of = self.item_type(&items, "`for` goes over");
    let (body, item, condition) = self.scoped(|inner| {
      let local = inner.bind(item, of, false);
      let (condition, facts) = match condition {
        Some(condition) => {
          let (condition, facts) = inner.condition(condition, "the condition after `if`");
          (Some(Box::new(condition)), facts.holds)
        }
        None => (None, Vec::new()),
      };
      inner.learn(&facts);
      let body = match wanted {
        Some((wanted, what)) => inner.check(body, wanted, &format!("an item of {what}")),
        None => inner.infer(body),
      };
      (body, local, condition)
    });
    let max = items.ty.as_list().and_then(|list| list.max);
    let ty = Type::List(Arc::new(ListType {
      item: body.ty.clone(),
      min: None,
      max,
    }));
    Expr {
      kind: ExprKind::Comprehension {
        body: Box::new(body),
        item,
        items: Box::new(items),
        condition,
      },
      ty,
      span,
    }
  }

  /// The item type of a list; says it where the value is none.
  pub fn item_type(&mut self, items: &Expr, what: &str) -> Type {
    match items.ty.resolved() {
      Type::List(list) => list.item.clone(),
      Type::Unknown => Type::Unknown,
      other => {
        let null = other.accepts_null() && other.without_null().as_list().is_some();
        let code = if null { &codes::MAYBE_NULL } else { &codes::BAD_OPERAND };
        let mut finding =
          Diagnostic::new(code, format!("{what} a list")).label(items.span, format!("this is `{}`", items.ty));
        if null {
          finding = finding.help("give a default: `xs ?? []`");
        } else if let Type::Json = other {
          finding = finding.help("give it a type: `xs as [T]`");
        } else if let Type::Map(_) = other {
          finding = finding.help("`keys(m)` and `values(m)` are lists");
        } else if let Type::Int(_) = other {
          finding = finding.help("`range(n)` has the numbers from 0 up to and without `n`");
        }
        self.say(finding);
        Type::Unknown
      }
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

fn item_of(part: &mut ElementPart) -> Option<&mut Expr> {
  match part {
    ElementPart::Item(value) => Some(value),
    ElementPart::Spread(_) => None,
  }
}

/// The type of the items that a part puts into its list.
fn part_type(part: &ElementPart) -> Type {
  match part {
    ElementPart::Item(value) => value.ty.clone(),
    ElementPart::Spread(value) => value.ty.as_list().map_or(Type::Unknown, |list| list.item.clone()),
  }
}

fn value_span(part: &ElementPart) -> Span {
  match part {
    ElementPart::Item(value) | ElementPart::Spread(value) => value.span,
  }
}

/// The value type of the map that is wanted, where no record could be meant.
fn map_wanted(expected: &Type) -> Option<Type> {
  let members = expected.members();
  let mut maps = members.iter().filter_map(|member| match member.resolved() {
    Type::Map(value) => Some((**value).clone()),
    _ => None,
  });
  let record = members.iter().any(|member| member.as_record().is_some());
  maps.next().filter(|_| !record)
}

fn list_wanted(expected: &Type) -> Option<ListType> {
  let mut lists = expected
    .members()
    .into_iter()
    .filter_map(|member| member.as_list().cloned());
  lists.next().filter(|_| lists.next().is_none())
}

/// The type of a list literal: its length is known unless something is spread into it.
fn list_type(item: Type, parts: &[ast::ListPart]) -> Type {
  let spread = parts.iter().any(|part| matches!(part, ast::ListPart::Spread(_)));
  let least = parts
    .iter()
    .filter(|part| matches!(part, ast::ListPart::Item(_)))
    .count() as u64;
  Type::List(Arc::new(ListType {
    item,
    min: Some(least),
    max: (!spread).then_some(least),
  }))
}

/// Where a field of this name is written first.
fn first_written(parts: &[ast::RecordPart], field: &str) -> Option<Span> {
  parts.iter().find_map(|part| match part {
    ast::RecordPart::Field { name, .. } if name.value == field => Some(name.span),
    _ => None,
  })
}

fn spread_fields(fields: &mut indexmap::IndexMap<Arc<str>, types::Field>, record: &types::RecordType) {
  for (name, field) in &record.fields {
    let mut field = field.clone();
    if let (Some(before), true) = (fields.get(name), field.optional) {
      field = types::Field {
        ty: types::join(&before.ty, &field.ty).unwrap_or(Type::Unknown),
        optional: before.optional,
      };
    }
    fields.insert(name.clone(), field);
  }
}
