//! Which member of a union a value is of, so that a misfit is told inside that member. Knows nothing of other types.

use std::sync::Arc;

use super::{
  Value,
  conform::{Fitted, Mismatch, fit, fit_record, no_literal, show_type},
};
use crate::types::{RecordType, Type};

pub(super) fn fit_union(value: &Value, members: &[Type], ty: &Type) -> Fitted {
  let candidates: Vec<&Type> = members.iter().filter(|member| alike(value, member)).collect();
  if matches!(value, Value::String(_))
    && let Some(fitted) = fit_literals(value, &candidates, ty)
  {
    return fitted;
  }
  match candidates.as_slice() {
    [] => Err(misses_all(value, members, ty)),
    [only] => fit(value, only),
    _ if matches!(value, Value::Record(_)) => fit_tagged(value, &candidates, ty),
    _ => fit_first(value, &candidates, ty),
  }
}

/// Whether a misfit of the two, if there is one, is told inside the member.
fn alike(value: &Value, member: &Type) -> bool {
  match (member.resolved(), value) {
    (Type::Json | Type::Unknown, _)
    | (Type::Null, Value::Null)
    | (Type::Bool(_), Value::Bool(_))
    | (Type::Int(_) | Type::Float(_), Value::Int(_) | Value::Float(_))
    | (Type::String(_) | Type::Literal(_) | Type::Time | Type::Duration, Value::String(_))
    | (Type::File | Type::Dir | Type::Secret, Value::String(_))
    | (Type::File | Type::Dir, Value::Stored(_))
    | (Type::Secret, Value::Secret(_))
    | (Type::Time, Value::Time(_))
    | (Type::Duration, Value::Duration(_))
    | (Type::List(_), Value::List(_))
    | (Type::Map(_) | Type::Record(_) | Type::Plan(_), Value::Record(_)) => true,
    (Type::Union(members), _) => members.iter().any(|member| alike(value, member)),
    _ => false,
  }
}

/// A string among literals: `None` where other members may take it.
fn fit_literals(value: &Value, candidates: &[&Type], ty: &Type) -> Option<Fitted> {
  let text = value.as_str()?;
  let literals = candidates.iter().filter_map(|member| match member.resolved() {
    Type::Literal(literal) => Some(&**literal),
    _ => None,
  });
  if literals.clone().any(|literal| literal == text) {
    return Some(Ok(None));
  }
  let count = literals.clone().count();
  if count > 0 && count == candidates.len() {
    return Some(Err(no_literal(value, text, &ty.without_null(), literals)));
  }
  None
}

/// The value is of no member's shape; for `T?` told against `T`.
fn misses_all(value: &Value, members: &[Type], ty: &Type) -> Mismatch {
  let mut others = members.iter().filter(|member| **member != Type::Null);
  match (others.next(), others.next()) {
    (Some(only), None) => Mismatch::plain(value, only),
    _ => Mismatch::plain(value, &ty.without_null()),
  }
}

fn fit_first(value: &Value, candidates: &[&Type], ty: &Type) -> Fitted {
  let fitted = candidates.iter().find_map(|member| fit(value, member).ok());
  fitted.ok_or_else(|| Mismatch::plain(value, &ty.without_null()))
}

/// A record among records: each field whose type is a literal in all of them narrows the choice, and the misfit is
/// told inside the one that is left.
fn fit_tagged(value: &Value, candidates: &[&Type], ty: &Type) -> Fitted {
  let records = candidates.iter().filter_map(|member| member.as_record());
  let mut left: Vec<&RecordType> = records.collect();
  if left.len() < candidates.len() {
    return fit_first(value, candidates, ty);
  }
  let tags: Vec<&Arc<str>> = left[0].fields.keys().filter(|name| is_tag(name, &left)).collect();
  for tag in tags {
    let found = value.as_record().and_then(|fields| fields.get(tag));
    let agrees = |record: &&&RecordType| found.is_some_and(|found| equals_literal(found, &record.fields[tag].ty));
    let agreeing: Vec<&RecordType> = left.iter().filter(agrees).copied().collect();
    match agreeing.as_slice() {
      [] => return Err(wrong_tag(found, tag, &left)),
      [only] => return value.as_record().map_or(Ok(None), |fields| fit_record(fields, only)),
      _ => left = agreeing,
    }
  }
  fit_first(value, candidates, ty)
}

/// Whether all have the field, each with literals only.
fn is_tag(name: &str, records: &[&RecordType]) -> bool {
  records.iter().all(|record| {
    let field = record.fields.get(name);
    field.is_some_and(|field| !field.optional && is_literal(&field.ty))
  })
}

fn is_literal(ty: &Type) -> bool {
  match ty.resolved() {
    Type::Literal(_) | Type::Bool(Some(_)) => true,
    Type::Int(range) => range.min.is_some() && range.min == range.max,
    Type::Union(members) => members.iter().all(is_literal),
    _ => false,
  }
}

/// Whether it is one of the type's literals; says nothing, hence is quick.
fn equals_literal(value: &Value, ty: &Type) -> bool {
  match (ty.resolved(), value) {
    (Type::Literal(a), Value::String(b)) => a == b,
    (Type::Bool(Some(a)), Value::Bool(b)) => a == b,
    (Type::Int(range), Value::Int(int)) => range.min == Some(*int),
    (Type::Union(members), _) => members.iter().any(|member| equals_literal(value, member)),
    _ => false,
  }
}

fn wrong_tag(found: Option<&Value>, tag: &str, records: &[&RecordType]) -> Mismatch {
  let all = Type::union(records.iter().map(|record| record.fields[tag].ty.clone()));
  let reason = match found {
    None => Mismatch::new(format!("expected {}, but the field is missing", show_type(&all))),
    Some(found) => fit(found, &all).err().unwrap_or_else(|| Mismatch::plain(found, &all)),
  };
  reason.under_field(tag)
}
