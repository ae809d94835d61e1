//! Lists, as literals and as comprehensions: their item type and what is known of their length.

use std::sync::Arc;

use super::{checker::not_taken, floats, names::Body};
use crate::{
  hir::{ElementPart, Expr, ExprKind},
  source::Span,
  syntax::ast,
  types::{self, ListType, Type},
};

impl Body<'_, '_> {
  pub fn list(&mut self, parts: &[ast::ListPart], span: Span) -> Expr {
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

  pub fn check_list(
    &mut self,
    parts: &[ast::ListPart],
    wanted: &ListType,
    span: Span,
    expected: &Type,
    what: &str,
  ) -> Expr {
    let inside = format!("an item of {what}");
    self.unless_said(expected, what, |body| {
      let typed = parts
        .iter()
        .map(|part| body.list_part(part, Some((&wanted.item, &inside))));
      let (lowered, types): (Vec<_>, Vec<_>) = typed.unzip();
      let item = types
        .into_iter()
        .reduce(|a, b| types::join(&a, &b).unwrap_or(wanted.item.clone()))
        .unwrap_or(Type::Never);
      Expr {
        kind: ExprKind::List(lowered),
        ty: list_type(item, parts),
        span,
      }
    })
  }

  pub fn comprehension(
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
        let mut finding =
          not_taken(null, format!("{what} a list")).label(items.span, format!("this is `{}`", items.ty));
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

pub fn list_wanted(expected: &Type) -> Option<ListType> {
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
