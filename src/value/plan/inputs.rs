//! Whether the input of an assignment fits its worker's contract, references standing for what their types allow.

use super::{
  super::{
    Value, clip,
    conform::{Mismatch, check_length, fit, fit_field, show_type, unknown_field},
  },
  NAME,
  references::{Reference, has_any},
};
use crate::types::{Field, RecordType, Type, fits, fits_from};

/// The type of what a reference stands for.
///
/// # Errors
/// Why it stands for nothing.
type Results<'r> = &'r dyn Fn(&Reference<'_>) -> Result<Type, String>;

/// All misfits, in the order of the places.
pub(super) fn check(input: &Value, ty: &Type, results: Results<'_>) -> Vec<Mismatch> {
  match Reference::of(input) {
    Some(Ok(reference)) => return stands(&reference, ty, results).into_iter().collect(),
    // said where references are scanned
    Some(Err(_)) => return Vec::new(),
    None => {}
  }
  match (ty.resolved(), input) {
    (Type::Record(record), Value::Record(_)) => check_record(input, record, results),
    (Type::File | Type::Dir, _) => vec![no_file(ty)],
    _ if !has_any(input) => fit(input, &ty.without_files()).err().into_iter().collect(),
    (Type::Json | Type::Unknown, _) => check_parts(input, &Type::Json, results),
    (Type::List(list), Value::List(_)) => {
      let length = input.as_list().unwrap_or_default().len();
      let length = check_length(length, list, ty).err();
      length
        .into_iter()
        .chain(check_parts(input, &list.item, results))
        .collect()
    }
    (Type::Map(value), Value::Record(_)) => check_parts(input, value, results),
    (Type::Union(members), _) => check_union(input, ty, members, results),
    _ => vec![Mismatch::plain(input, ty)],
  }
}

/// What a plan says is data; what a file holds is not in it.
fn no_file(ty: &Type) -> Mismatch {
  Mismatch::new(format!("expected a reference to a result that has a {}", show_type(ty)))
}

fn stands(reference: &Reference<'_>, ty: &Type, results: Results<'_>) -> Option<Mismatch> {
  let found = match results(reference) {
    Ok(found) => found,
    Err(reason) => return Some(Mismatch::new(reason)),
  };
  let misfit = fits_from(&found, ty).err()?;
  let text = clip(reference.text, NAME);
  if found.accepts_null() && !ty.accepts_null() && fits(&found.without_null(), ty) {
    return Some(Mismatch::new(format!(
      "what `{text}` gives may be null, where {} is expected",
      show_type(ty)
    )));
  }
  let place = match misfit.path.as_str() {
    "" => String::new(),
    path => format!(" at `{path}`"),
  };
  let reason = clip(&misfit.reason, 400);
  Some(Mismatch::new(format!(
    "what `{text}` gives does not fit{place}: {reason}"
  )))
}

/// Items of a list, entries of a map or of any record, all of one type.
fn check_parts(input: &Value, ty: &Type, results: Results<'_>) -> Vec<Mismatch> {
  let items = input.as_list().into_iter().flatten().enumerate();
  let items = items.flat_map(|(index, item)| {
    let misfits = check(item, ty, results).into_iter();
    misfits.map(move |mismatch| mismatch.under(&format!("[{index}]")))
  });
  let parts = input.as_record().into_iter().flatten();
  let parts = parts.flat_map(|(name, part)| under_field(check(part, ty, results), name));
  items.chain(parts).collect()
}

fn under_field(misfits: Vec<Mismatch>, name: &str) -> impl Iterator<Item = Mismatch> {
  misfits.into_iter().map(move |mismatch| mismatch.under_field(name))
}

fn check_record(input: &Value, ty: &RecordType, results: Results<'_>) -> Vec<Mismatch> {
  let Some(found) = input.as_record() else {
    return Vec::new();
  };
  let mut misfits = Vec::new();
  for (name, field) in &ty.fields {
    misfits.extend(under_field(check_field(found.get(name), field, results), name));
  }
  for (name, part) in found.iter().filter(|(name, _)| !ty.fields.contains_key(*name)) {
    if ty.open {
      misfits.extend(under_field(check(part, &Type::Json, results), name));
    } else {
      misfits.push(unknown_field(name, ty));
    }
  }
  misfits
}

fn check_field(found: Option<&Value>, field: &Field, results: Results<'_>) -> Vec<Mismatch> {
  match found {
    Some(value) if Reference::of(value).is_some() => check(value, &field.read(), results),
    Some(value) if !matches!(value, Value::Null) => check(value, &field.ty, results),
    _ => fit_field(found, field).err().into_iter().collect(),
  }
}

/// What is wrong is told of the member that is meant, where only one can be.
fn check_union(input: &Value, ty: &Type, members: &[Type], results: Results<'_>) -> Vec<Mismatch> {
  let tried: Vec<(&Type, Vec<Mismatch>)> = members
    .iter()
    .map(|member| (member, check(input, member, results)))
    .collect();
  if tried.iter().any(|(_, misfits)| misfits.is_empty()) {
    return Vec::new();
  }
  let mut meant = tried.into_iter().filter(|(member, _)| is_meant(input, member));
  match (meant.next(), meant.next()) {
    (Some((_, misfits)), None) => misfits,
    _ => vec![Mismatch::plain(input, &ty.without_null())],
  }
}

/// Whether it has the member's shape, and its literals where it says any.
fn is_meant(input: &Value, member: &Type) -> bool {
  match (member.resolved(), input) {
    (Type::List(_), Value::List(_)) | (Type::Map(_), Value::Record(_)) => true,
    (Type::Record(record), Value::Record(_)) => record.fields.iter().all(|(name, field)| {
      let literal = matches!(field.ty.resolved(), Type::Literal(_) | Type::Bool(Some(_)));
      !literal || fit(&input.field(name), &field.ty).is_ok()
    }),
    _ => false,
  }
}
