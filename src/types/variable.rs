//! Type variables: what the place of a variable in a written type says of it, once the type of a value stands there.

use std::sync::Arc;

use super::{RecordType, Type, fits};

impl Type {
  /// Whether a type variable is somewhere in it.
  pub fn has_variables(&self) -> bool {
    match self.resolved() {
      Type::Variable(_) => true,
      Type::List(list) => list.item.has_variables(),
      Type::Map(value) => value.has_variables(),
      Type::Record(record) => record.fields.values().any(|field| field.ty.has_variables()),
      Type::Union(members) => members.iter().any(Type::has_variables),
      _ => false,
    }
  }

  /// Names the variables in it, each as often as it stands there.
  pub fn variables(&self, name: &mut dyn FnMut(&Arc<str>)) {
    match self.resolved() {
      Type::Variable(variable) => name(variable),
      Type::List(list) => list.item.variables(name),
      Type::Map(value) => value.variables(name),
      Type::Record(record) => record.fields.values().for_each(|field| field.ty.variables(name)),
      Type::Union(members) => members.iter().for_each(|member| member.variables(name)),
      _ => {}
    }
  }
}

/// Says of each variable in `place` what stands there in `found`. Where the two have different shapes it says nothing:
/// that they do not fit is found when they are compared.
pub fn match_variables(place: &Type, found: &Type, say: &mut dyn FnMut(&Arc<str>, Type)) {
  if !place.has_variables() {
    return;
  }
  match (place.resolved(), found.resolved()) {
    (Type::Variable(name), _) => say(name, found.clone()),
    (_, Type::Unknown) => place.variables(&mut |name| say(name, Type::Unknown)),
    (Type::Union(places), _) => match_members(places, &found.members(), say),
    (_, Type::Union(members)) => members.iter().for_each(|member| match_variables(place, member, say)),
    (Type::List(place), Type::List(found)) => match_variables(&place.item, &found.item, say),
    (Type::Map(place), Type::Map(found)) => match_variables(place, found, say),
    (Type::Record(place), Type::Record(found)) => {
      for (name, field) in &place.fields {
        if let Some(own) = found.fields.get(name) {
          match_variables(&field.ty, &own.read(), say);
        }
      }
    }
    _ => {}
  }
}

/// Each member that no member without variables takes goes to the one of its shape; a bare variable takes the rest.
fn match_members(places: &[Type], found: &[Type], say: &mut dyn FnMut(&Arc<str>, Type)) {
  let (open, closed): (Vec<&Type>, Vec<&Type>) = places.iter().partition(|place| place.has_variables());
  let mut rest: Vec<Type> = Vec::new();
  for member in found {
    if closed.iter().any(|place| fits(member, place)) {
      continue;
    }
    match open.iter().find(|place| alike(place, member)) {
      Some(place) => match_variables(place, member, say),
      None => rest.push(member.clone()),
    }
  }
  let bare = open.iter().find(|place| matches!(place.resolved(), Type::Variable(_)));
  if let (Some(bare), false) = (bare, rest.is_empty()) {
    match_variables(bare, &Type::union(rest), say);
  }
}

fn alike(place: &Type, found: &Type) -> bool {
  match (place.resolved(), found.resolved()) {
    (Type::List(_), Type::List(_)) | (Type::Map(_), Type::Map(_)) => true,
    (Type::Record(place), Type::Record(found)) => alike_records(place, found),
    _ => false,
  }
}

/// Whether the fields without variables fit: `{ ok: true, value: T }` is not `{ ok: false, error: Failure }`.
fn alike_records(place: &RecordType, found: &RecordType) -> bool {
  let mut fields = place.fields.iter();
  fields.all(|(name, field)| match found.fields.get(name) {
    Some(own) => field.ty.has_variables() || fits(&own.ty, &field.ty),
    None => field.optional,
  })
}

#[cfg(test)]
mod tests {
  use super::*;
  use crate::types;

  fn variable(name: &str) -> Type {
    Type::Variable(name.into())
  }

  fn said(place: &Type, found: &Type) -> Vec<String> {
    let mut said = Vec::new();
    match_variables(place, found, &mut |name, ty| said.push(format!("{name}: {ty}")));
    said
  }

  #[test]
  fn a_variable_is_what_stands_in_its_place() {
    let t = || variable("T");
    let (text, number) = (Type::string(), Type::int());
    let pair = |a: Type, b: Type| Type::record([("a", a), ("b", b)]);
    let tagged = |tag: &str, value: Type| Type::record([("kind", Type::literal(tag)), ("value", value)]);
    let either = Type::union([tagged("one", t()), tagged("two", variable("U"))]);
    let rows: &[(Type, Type, &[&str])] = &[
      (t(), text.clone(), &["T: string"]),
      (Type::list(t()), Type::list(number.clone()), &["T: int"]),
      (Type::list(t()), Type::list(Type::Never), &["T: never"]),
      (
        Type::map(Type::list(t())),
        Type::map(Type::list(text.clone())),
        &["T: string"],
      ),
      (
        pair(t(), variable("U")),
        pair(text.clone(), number.clone()),
        &["T: string", "U: int"],
      ),
      (t().optional(), text.clone().optional(), &["T: string"]),
      (t().optional(), text.clone(), &["T: string"]),
      (t().optional(), Type::Null, &[]),
      (t(), text.clone().optional(), &["T: string?"]),
      (Type::list(t()), Type::list(text.clone()).optional(), &["T: string"]),
      (types::outcome(&t()), types::outcome(&number), &["T: int"]),
      (either.clone(), tagged("two", text.clone()), &["U: string"]),
      (
        Type::union([t(), number.clone()]),
        Type::union([number.clone(), text.clone()]),
        &["T: string"],
      ),
      (pair(t(), number.clone()), Type::Unknown, &["T: _"]),
      (Type::list(t()), text.clone(), &[]),
      (Type::list(number.clone()), Type::list(text), &[]),
    ];
    for (place, found, expected) in rows {
      assert_eq!(said(place, found), *expected, "{place} with {found}");
    }
  }
}
