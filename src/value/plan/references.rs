//! References inside the inputs of a plan: `{ "$ref": "id.field" }` stands for what the assignment `id` gives, or for a
//! part of it.

use std::sync::Arc;

use super::{
  super::{ListBuilder, RecordBuilder, TooLarge, Value, clip, conform::step_of},
  NAME,
};
use crate::{
  diagnostics::nearest,
  types::{self, Type},
};

const WORD: &str = "$ref";

pub(super) struct Reference<'a> {
  pub id: &'a str,
  /// As it was written.
  pub text: &'a str,
  /// Fields, from the outside in.
  path: Vec<&'a str>,
}

impl<'a> Reference<'a> {
  /// The reference that a value is, if it is meant as one.
  ///
  /// # Errors
  /// Why it can't be read.
  pub fn of(value: &'a Value) -> Option<Result<Reference<'a>, String>> {
    let fields = value.as_record()?;
    let text = fields.get(WORD)?;
    if fields.len() > 1 {
      return Some(Err(format!("`{WORD}` stands alone: beside it nothing has a meaning")));
    }
    let Some(text) = text.as_str() else {
      return Some(Err(format!("`{WORD}` is a string: `\"id\"` or `\"id.field\"`")));
    };
    let mut parts = text.split('.');
    let id = parts.next().unwrap_or_default();
    let path: Vec<&str> = parts.collect();
    if id.is_empty() || path.contains(&"") {
      let reason = format!("`{}` is no reference: write `id` or `id.field`", clip(text, NAME));
      return Some(Err(reason));
    }
    Some(Ok(Reference { id, text, path }))
  }

  /// The type of what it stands for, in a result of this type.
  ///
  /// # Errors
  /// There is no such field.
  pub fn reach(&self, result: &Type) -> Result<Type, String> {
    let mut ty = result.clone();
    let mut walked = self.id.to_owned();
    for name in &self.path {
      ty = field(&ty, name, &walked)?;
      walked = format!("{walked}.{name}");
    }
    Ok(ty)
  }

  /// What it stands for, in a result.
  fn read(&self, result: &Value) -> Value {
    self.path.iter().fold(result.clone(), |value, name| value.field(name))
  }
}

fn field(of: &Type, name: &str, walked: &str) -> Result<Type, String> {
  let shown = || format!("`{}` gives `{of}`", clip(walked, NAME));
  let read = |ty: &Type| {
    ty.as_record()
      .and_then(|record| record.fields.get(name))
      .map(types::Field::read)
  };
  match of.data() {
    Type::Unknown => Ok(Type::Unknown),
    Type::Map(value) => Ok((**value).clone().optional()),
    Type::Record(record) => read(of).ok_or_else(|| {
      let near = nearest(name, record.fields.keys().map(|name| &**name));
      let help = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
      format!("{}, which has no field `{}`{help}", shown(), clip(name, NAME))
    }),
    Type::Union(members) => {
      let all: Option<Vec<Type>> = members.iter().map(read).collect();
      let joined = all.and_then(|all| all.into_iter().reduce(|a, b| types::join(&a, &b).unwrap_or(Type::Json)));
      joined.ok_or_else(|| format!("{}, which has not always a field `{}`", shown(), clip(name, NAME)))
    }
    Type::Json => Err(format!("{}, whose fields are not known: refer to the whole", shown())),
    _ => Err(format!("{}, which has no fields", shown())),
  }
}

/// Calls `found` with everything in a value that is meant as a reference, and its place: `.files[2]`.
pub(super) fn scan<'a>(value: &'a Value, found: &mut dyn FnMut(String, Result<Reference<'a>, String>)) {
  scan_under(value, &mut String::new(), found);
}

/// Values are at most 64 deep, so recursion is bounded.
fn scan_under<'a>(value: &'a Value, at: &mut String, found: &mut dyn FnMut(String, Result<Reference<'a>, String>)) {
  if let Some(reference) = Reference::of(value) {
    return found(at.clone(), reference);
  }
  let length = at.len();
  for (index, item) in value.as_list().into_iter().flatten().enumerate() {
    at.push_str(&format!("[{index}]"));
    scan_under(item, at, found);
    at.truncate(length);
  }
  for (name, part) in value.as_record().into_iter().flatten() {
    at.push_str(&step_of(name));
    scan_under(part, at, found);
    at.truncate(length);
  }
}

/// Whether there is any inside.
pub(super) fn has_any(value: &Value) -> bool {
  match value {
    Value::List(_) => value.as_list().into_iter().flatten().any(has_any),
    Value::Record(_) => {
      Reference::of(value).is_some() || value.as_record().into_iter().flatten().any(|(_, part)| has_any(part))
    }
    _ => false,
  }
}

/// An input with its references replaced: `result` gives what an assignment gave, by its id.
///
/// # Errors
/// The input would be larger than a value may be.
pub fn fill(input: &Value, result: &dyn Fn(&str) -> Option<Value>) -> Result<Value, TooLarge> {
  if !has_any(input) {
    return Ok(input.clone());
  }
  if let Some(reference) = Reference::of(input) {
    let read = |reference: Reference<'_>| Some(reference.read(&result(reference.id)?));
    return Ok(reference.ok().and_then(read).unwrap_or(Value::Null));
  }
  if let Some(items) = input.as_list() {
    let mut list = ListBuilder::default();
    items.iter().try_for_each(|item| list.push(fill(item, result)?))?;
    return Ok(list.finish());
  }
  let mut record = RecordBuilder::default();
  for (name, part) in input.as_record().into_iter().flatten() {
    record.insert(Arc::clone(name), fill(part, result)?)?;
  }
  Ok(record.finish())
}
