//! The common type of alternatives, and whether values tell the members of a union apart.

use std::sync::Arc;

use super::{Field, FloatRange, IntRange, ListType, RecordType, Type, fits};

/// Members of a literal union before a join widens it to its base.
const MOST_LITERALS: usize = 64;

/// The least type that both fit: the wider of the two, else a union that values tell apart, else none.
pub fn join(a: &Type, b: &Type) -> Option<Type> {
  if fits(a, b) {
    return Some(b.clone());
  }
  if fits(b, a) {
    return Some(a.clone());
  }
  if let Some(merged) = merge(a.resolved(), b.resolved()) {
    return Some(merged);
  }
  join_members(a, b)
}

/// Two types of one shape into one of that shape.
fn merge(a: &Type, b: &Type) -> Option<Type> {
  match (a, b) {
    (Type::Int(a), Type::Int(b)) => Some(Type::Int(IntRange {
      min: a.min.zip(b.min).map(|(a, b)| a.min(b)),
      max: a.max.zip(b.max).map(|(a, b)| a.max(b)),
    })),
    (Type::Float(a), Type::Float(b)) => Some(Type::Float(FloatRange {
      min: a.min.zip(b.min).map(|(a, b)| a.min(b)),
      max: a.max.zip(b.max).map(|(a, b)| a.max(b)),
    })),
    (Type::Bool(_), Type::Bool(_)) => Some(Type::bool()),
    (Type::String(_), Type::String(_) | Type::Literal(_)) | (Type::Literal(_), Type::String(_)) => Some(Type::string()),
    (Type::List(a), Type::List(b)) => Some(Type::List(Arc::new(ListType {
      item: join(&a.item, &b.item)?,
      min: a.min.zip(b.min).map(|(a, b)| a.min(b)),
      max: a.max.zip(b.max).map(|(a, b)| a.max(b)),
    }))),
    (Type::Map(a), Type::Map(b)) => Some(Type::map(join(a, b)?)),
    (Type::Record(a), Type::Record(b)) => merge_records(a, b),
    _ => None,
  }
}

/// Records with the same fields join field by field, unless a literal field tells them apart.
fn merge_records(a: &RecordType, b: &RecordType) -> Option<Type> {
  let same = a.fields.len() == b.fields.len() && a.fields.keys().all(|name| b.fields.contains_key(name));
  if !same || a.open != b.open || discriminator(a, b).is_some() {
    return None;
  }
  let mut fields = indexmap::IndexMap::new();
  for (name, field) in &a.fields {
    let other = &b.fields[name];
    let ty = join(&field.ty, &other.ty)?;
    fields.insert(
      name.clone(),
      Field {
        ty,
        optional: field.optional || other.optional,
      },
    );
  }
  Some(Type::Record(Arc::new(RecordType { fields, open: a.open })))
}

/// Adds each member of `b` to those of `a`, merging where one has the same shape.
fn join_members(a: &Type, b: &Type) -> Option<Type> {
  let mut members = a.members();
  for member in b.members() {
    add_member(&mut members, member)?;
  }
  let literals = members
    .iter()
    .filter(|member| matches!(member.resolved(), Type::Literal(_)))
    .count();
  if literals > MOST_LITERALS {
    members.retain(|member| !matches!(member.resolved(), Type::Literal(_)));
    members.push(Type::string());
  }
  distinguishable(&members).is_ok().then(|| Type::union(members))
}

fn add_member(members: &mut Vec<Type>, member: Type) -> Option<()> {
  if members.iter().any(|own| fits(&member, own)) {
    return Some(());
  }
  let merged = members
    .iter()
    .position(|own| fits(own, &member) || merge(own.resolved(), member.resolved()).is_some());
  match merged {
    Some(at) => {
      let own = members.remove(at);
      let joined = join(&own, &member)?;
      add_member(members, joined)
    }
    None => {
      members.push(member);
      Some(())
    }
  }
}

/// Whether the value alone tells which member of a union it is of.
///
/// # Errors
/// The two members that it would not tell apart.
pub fn distinguishable(members: &[Type]) -> Result<(), (Type, Type)> {
  for (at, a) in members.iter().enumerate() {
    for b in &members[at + 1..] {
      if !apart(a.resolved(), b.resolved()) {
        return Err((a.clone(), b.clone()));
      }
    }
  }
  Ok(())
}

fn apart(a: &Type, b: &Type) -> bool {
  use Type::{Bool, Dir, File, Float, Int, List, Literal, Map, Never, Null, Record, String, Unknown};
  match (a.data(), b.data()) {
    (Never | Unknown, _) | (_, Never | Unknown) => true,
    (Null, other) | (other, Null) => !matches!(other, Null | Type::Json),
    (Literal(a), Literal(b)) => a != b,
    (Bool(a), Bool(b)) => matches!((a, b), (Some(a), Some(b)) if a != b),
    (Int(a), Int(b)) => disjoint(*a, *b),
    (Record(a), Record(b)) => discriminator(a, b).is_some(),
    (Literal(_) | String(_), Bool(_) | Int(_) | Float(_) | List(_) | Map(_) | Record(_)) => true,
    (Bool(_) | Int(_) | Float(_) | List(_) | Map(_) | Record(_), Literal(_) | String(_)) => true,
    (Bool(_), Int(_) | Float(_) | List(_) | Map(_) | Record(_)) => true,
    (Int(_) | Float(_) | List(_) | Map(_) | Record(_), Bool(_)) => true,
    (Int(_) | Float(_), List(_) | Map(_) | Record(_)) | (List(_) | Map(_) | Record(_), Int(_) | Float(_)) => true,
    (List(_), Map(_) | Record(_)) | (Map(_) | Record(_), List(_)) => true,
    // a text stands for them outside
    (File | Dir, Bool(_) | Int(_) | Float(_) | List(_) | Map(_) | Record(_)) => true,
    (Bool(_) | Int(_) | Float(_) | List(_) | Map(_) | Record(_), File | Dir) => true,
    _ => false,
  }
}

fn disjoint(a: IntRange, b: IntRange) -> bool {
  let below = |low: IntRange, high: IntRange| matches!((low.max, high.min), (Some(max), Some(min)) if max < min);
  below(a, b) || below(b, a)
}

/// A field of both whose literal types have no value in common.
pub(super) fn discriminator<'a>(a: &'a RecordType, b: &RecordType) -> Option<&'a str> {
  a.fields
    .iter()
    .find(|(name, field)| b.fields.get(*name).is_some_and(|other| literal_field(field, other)))
    .map(|(name, _)| &**name)
}

fn literal_field(a: &Field, b: &Field) -> bool {
  let literals = |field: &Field| {
    let single = |ty: &Type| match ty.resolved() {
      Type::Literal(_) | Type::Bool(Some(_)) => true,
      Type::Int(range) => range.min.is_some() && range.min == range.max,
      _ => false,
    };
    !field.optional && field.ty.members().iter().all(single)
  };
  let common = |a: &Type, b: &Type| {
    a.members()
      .iter()
      .any(|own| b.members().iter().any(|other| !apart(own.resolved(), other.resolved())))
  };
  literals(a) && literals(b) && !common(&a.ty, &b.ty)
}

/// Without literals: the type of a step that is told again and again.
pub fn widen(ty: &Type) -> Type {
  match ty {
    Type::Literal(_) => Type::string(),
    Type::Bool(_) => Type::bool(),
    Type::Int(_) => Type::int(),
    Type::Float(_) => Type::float(),
    Type::List(list) => Type::list(widen(&list.item)),
    Type::Map(value) => Type::map(widen(value)),
    Type::Record(record) => {
      let fields = record.fields.iter();
      let fields = fields
        .map(|(name, field)| {
          (
            name.clone(),
            Field {
              ty: widen(&field.ty),
              ..field.clone()
            },
          )
        })
        .collect();
      Type::Record(Arc::new(RecordType {
        fields,
        open: record.open,
      }))
    }
    Type::Union(members) => members
      .iter()
      .map(widen)
      .reduce(|a, b| join(&a, &b).unwrap_or(a))
      .unwrap_or(Type::Never),
    other => other.clone(),
  }
}
