//! Whether a value is of a type: every message passes here on its way in and on its way out. Knows nothing of who
//! sent it.

use std::{
  fmt::{self, Display, Formatter},
  sync::Arc,
};

use indexmap::IndexMap;

use super::{
  ListBuilder, RecordBuilder, Stored, StoredKind, TooLarge, Value, clip, excerpt, parse_duration, parse_time,
  plan::fit_plan, union::fit_union, whole,
};
use crate::{
  diagnostics::nearest,
  types::{Field, FloatRange, IntRange, ListType, RecordType, StringRules, Type},
};

/// Characters of a value shown in a reason.
const SHOWN: usize = 60;
/// Characters of a type shown in a reason.
const TYPE_SHOWN: usize = 160;

/// Why a value is not of a type. Shown as one line: the place, then the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
  /// `$.analyses[3].status`
  pub at: String,
  /// One line: what was expected, what came; of a plan, whatever else is wrong with it, each with its place.
  pub reason: String,
  /// Further misfits beside this one, not yet part of the reason.
  others: Vec<Mismatch>,
  /// Whether there are more, left out.
  more: bool,
}

impl Display for Mismatch {
  fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "`{}`: {}", self.at, self.reason)
  }
}

/// The value as one of the type: fields in declared order, maps sorted, null optional fields left out, strings that
/// stand for times, durations, files and directories read, ints where a float is expected made floats, what is of type `json` as
/// [`super::from_json`] would give it. An absent field that may be null is null. Parts that are already so are shared.
///
/// # Errors
/// The first place that does not fit.
pub fn conform(value: &Value, ty: &Type) -> Result<Value, Mismatch> {
  match fit(value, ty) {
    Ok(changed) => Ok(changed.unwrap_or_else(|| value.clone())),
    Err(mismatch) => Err(mismatch.under("$").told()),
  }
}

/// `None`: the value as it is.
pub(super) type Fitted = Result<Option<Value>, Mismatch>;

impl Mismatch {
  /// At the value itself; the path grows on the way out.
  pub(super) fn new(reason: String) -> Self {
    Self {
      at: String::new(),
      reason,
      others: Vec::new(),
      more: false,
    }
  }

  /// Several that are told together; `more`: others were left out. `None` without any.
  pub(super) fn all(mismatches: Vec<Mismatch>, more: bool) -> Option<Self> {
    let mut mismatches = mismatches.into_iter();
    let first = mismatches.next()?;
    Some(Self {
      others: mismatches.collect(),
      more,
      ..first
    })
  }

  /// The path is whole: the others become part of the reason.
  fn told(mut self) -> Self {
    for other in std::mem::take(&mut self.others) {
      self.reason.push_str(&format!("; at `{}`: {}", other.at, other.reason));
    }
    if self.more {
      self.reason.push_str("; and more");
    }
    self
  }

  pub(super) fn plain(value: &Value, ty: &Type) -> Self {
    Self::new(format!("expected {}, found {}", show_type(ty), show_value(value)))
  }

  pub(super) fn under(mut self, step: &str) -> Self {
    self.at.insert_str(0, step);
    for other in &mut self.others {
      other.at.insert_str(0, step);
    }
    self
  }

  pub(super) fn under_field(self, name: &str) -> Self {
    let step = step_of(name);
    self.under(&step)
  }
}

impl From<TooLarge> for Mismatch {
  fn from(error: TooLarge) -> Self {
    Self::new(error.to_string())
  }
}

pub(super) fn show_type(ty: &Type) -> String {
  format!("`{}`", clip(&ty.to_string(), TYPE_SHOWN))
}

pub(super) fn show_value(value: &Value) -> String {
  format!("`{}`", excerpt(value, SHOWN))
}

/// `.name`, or `["a name"]` where it is no word.
pub(super) fn step_of(name: &str) -> String {
  let word = |c: char| c == '_' || c.is_ascii_alphanumeric();
  if !name.is_empty() && name.chars().all(word) && !name.starts_with(|c: char| c.is_ascii_digit()) {
    format!(".{name}")
  } else {
    format!("[{}]", excerpt(&Value::string(clip(name, SHOWN)), SHOWN + 4))
  }
}

pub(super) fn fit(value: &Value, ty: &Type) -> Fitted {
  match (ty.resolved(), value) {
    (Type::Unknown, _)
    | (Type::Null, Value::Null)
    | (Type::Bool(None), Value::Bool(_))
    | (Type::Time, Value::Time(_))
    | (Type::Duration, Value::Duration(_))
    | (Type::Secret, Value::Secret(_)) => Ok(None),
    (Type::Secret, Value::String(text)) => match Value::secret_from(text) {
      Some(secret) => Ok(Some(secret)),
      None => Err(Mismatch::new(
        "a secret is given by its environment variable: `env:NAME`".into(),
      )),
    },
    (Type::Json, _) => json_form(value),
    (Type::Bool(Some(a)), Value::Bool(b)) if a == b => Ok(None),
    (Type::Literal(a), Value::String(b)) if a == b => Ok(None),
    (Type::Literal(wanted), Value::String(text)) => Err(no_literal(value, text, ty, [&**wanted])),
    (Type::Int(range), Value::Int(_) | Value::Float(_)) => fit_int(value, *range, ty),
    (Type::Float(range), Value::Int(_) | Value::Float(_)) => fit_float(value, *range, ty),
    (Type::String(rules), Value::String(text)) => fit_string(value, text, rules, ty),
    (Type::Time, Value::String(text)) => fit_read(parse_time(text).map(Value::Time), value, ty),
    (Type::Duration, Value::String(text)) => fit_read(parse_duration(text).map(Value::Duration), value, ty),
    (Type::File, Value::Stored(stored)) if stored.kind == StoredKind::File => Ok(None),
    (Type::Dir, Value::Stored(stored)) if stored.kind == StoredKind::Dir => Ok(None),
    (Type::File, Value::String(text)) => fit_read(read_stored(StoredKind::File, text), value, ty),
    (Type::Dir, Value::String(text)) => fit_read(read_stored(StoredKind::Dir, text), value, ty),
    (Type::List(list), Value::List(found)) => fit_list(&found.items, list, ty),
    (Type::Map(inner), Value::Record(record)) => fit_map(&record.fields, inner),
    (Type::Record(fields), Value::Record(record)) => fit_record(&record.fields, fields),
    (Type::Union(members), _) => fit_union(value, members, ty),
    (Type::Plan(plan), Value::Record(record)) => fit_plan(value, &record.fields, plan),
    _ => Err(Mismatch::plain(value, ty)),
  }
}

fn fit_int(value: &Value, range: IntRange, ty: &Type) -> Fitted {
  let (int, changed) = match value {
    Value::Int(int) => (*int, None),
    Value::Float(float) => match whole(*float) {
      Some(int) => (int, Some(Value::Int(int))),
      None if float.fract() == 0.0 => {
        let mut mismatch = Mismatch::plain(value, ty);
        mismatch.reason.push_str(", which is beyond 64 bits");
        return Err(mismatch);
      }
      None => return Err(Mismatch::plain(value, ty)),
    },
    _ => return Err(Mismatch::plain(value, ty)),
  };
  if range.min.is_some_and(|min| int < min) || range.max.is_some_and(|max| int > max) {
    return Err(Mismatch::plain(value, ty));
  }
  Ok(changed)
}

fn fit_float(value: &Value, range: FloatRange, ty: &Type) -> Fitted {
  #[allow(
    clippy::cast_precision_loss,
    reason = "an int where a float is expected is the nearest float"
  )]
  let (float, changed) = match value {
    Value::Int(int) => (*int as f64, Some(Value::Float(*int as f64))),
    // as it comes back from JSON
    Value::Float(zero) if *zero == 0.0 && zero.is_sign_negative() => (0.0, Some(Value::Float(0.0))),
    Value::Float(float) => (*float, None),
    _ => return Err(Mismatch::plain(value, ty)),
  };
  if !float.is_finite() || range.min.is_some_and(|min| float < min) || range.max.is_some_and(|max| float > max) {
    return Err(Mismatch::plain(value, ty));
  }
  Ok(changed)
}

fn fit_string(value: &Value, text: &str, rules: &StringRules, ty: &Type) -> Fitted {
  match rules.check(text) {
    Ok(()) => Ok(None),
    Err(reason) => {
      let mut mismatch = Mismatch::plain(value, ty);
      mismatch.reason.push_str(&format!(", which {reason}"));
      Err(mismatch)
    }
  }
}

fn read_stored(kind: StoredKind, text: &str) -> Option<Value> {
  let stored = Stored::parse(text).filter(|stored| stored.kind == kind)?;
  Some(Value::Stored(Arc::new(stored)))
}

fn fit_read(read: Option<Value>, value: &Value, ty: &Type) -> Fitted {
  match read {
    Some(read) => Ok(Some(read)),
    None => Err(Mismatch::plain(value, ty)),
  }
}

pub(super) fn no_literal<'a>(
  value: &Value,
  text: &str,
  ty: &Type,
  literals: impl IntoIterator<Item = &'a str>,
) -> Mismatch {
  let mut mismatch = Mismatch::plain(value, ty);
  // Comparing takes time in the product of the lengths.
  let near = (text.len() <= 100).then(|| nearest(text, literals)).flatten();
  if let Some(near) = near {
    mismatch.reason.push_str(&format!("; did you mean `{near:?}`?"));
  }
  mismatch
}

fn fit_list(items: &[Value], list: &ListType, ty: &Type) -> Fitted {
  check_length(items.len(), list, ty)?;
  fit_items(items, |item| fit(item, &list.item))
}

pub(super) fn check_length(length: usize, list: &ListType, ty: &Type) -> Result<(), Mismatch> {
  let length = length as u64;
  if list.min.is_some_and(|min| length < min) || list.max.is_some_and(|max| length > max) {
    let word = if length == 1 { "item" } else { "items" };
    return Err(Mismatch::new(format!(
      "expected {}, found {length} {word}",
      show_type(ty)
    )));
  }
  Ok(())
}

/// Items one by one; nothing is copied before the first that changes.
fn fit_items(items: &[Value], fit_item: impl Fn(&Value) -> Fitted) -> Fitted {
  let mut built: Option<ListBuilder> = None;
  for (index, item) in items.iter().enumerate() {
    let changed = fit_item(item).map_err(|mismatch| mismatch.under(&format!("[{index}]")))?;
    if built.is_none() && changed.is_some() {
      let mut list = ListBuilder::default();
      items[..index].iter().try_for_each(|item| list.push(item.clone()))?;
      built = Some(list);
    }
    if let Some(list) = &mut built {
      list.push(changed.unwrap_or_else(|| item.clone()))?;
    }
  }
  Ok(built.map(ListBuilder::finish))
}

pub(super) type Fields = IndexMap<Arc<str>, Value>;

fn fit_map(fields: &Fields, inner: &Type) -> Fitted {
  let fitted = fit_fields(fields, |field| fit(field, inner))?;
  if fitted.is_none() && fields.keys().is_sorted() {
    return Ok(None);
  }
  let mut map = RecordBuilder::default();
  let fields = fitted.as_ref().and_then(Value::as_record).unwrap_or(fields);
  fields
    .iter()
    .try_for_each(|(name, field)| map.insert(name.clone(), field.clone()))?;
  Ok(Some(map.finish_sorted()))
}

/// Fields one by one, their order kept; nothing is copied where none changes.
fn fit_fields(fields: &Fields, fit_field: impl Fn(&Value) -> Fitted) -> Fitted {
  let mut changes: Vec<(usize, Value)> = Vec::new();
  for (index, (name, field)) in fields.iter().enumerate() {
    if let Some(changed) = fit_field(field).map_err(|mismatch| mismatch.under_field(name))? {
      changes.push((index, changed));
    }
  }
  if changes.is_empty() {
    return Ok(None);
  }
  let mut record = fields.clone();
  for (index, changed) in changes {
    record[index] = changed;
  }
  Ok(Some(Value::record(record)?))
}

pub(super) fn fit_record(found: &Fields, ty: &RecordType) -> Fitted {
  let unknown = |name: &&Arc<str>| !ty.fields.contains_key(*name);
  if !ty.open
    && let Some(name) = found.keys().find(unknown)
  {
    return Err(unknown_field(name, ty));
  }
  let mut parts: Vec<(&Arc<str>, Value)> = Vec::with_capacity(found.len());
  let mut same = true;
  for (name, field) in &ty.fields {
    let own = found.get(name);
    let (part, kept) = fit_field(own, field).map_err(|mismatch| mismatch.under_field(name))?;
    same &= kept && (own.is_none() || found.get_index_of(name) == Some(parts.len()));
    if let Some(part) = part {
      parts.push((name, part));
    }
  }
  for (name, field) in found.iter().filter(|(name, _)| unknown(name)) {
    let changed = json_form(field).map_err(|mismatch| mismatch.under_field(name))?;
    same &= changed.is_none();
    parts.push((name, changed.unwrap_or_else(|| field.clone())));
  }
  if same {
    return Ok(None);
  }
  let mut record = RecordBuilder::default();
  parts
    .into_iter()
    .try_for_each(|(name, part)| record.insert(name.clone(), part))?;
  Ok(Some(record.finish()))
}

/// What stands in the field, if anything, and whether that is what stood there.
pub(super) fn fit_field(found: Option<&Value>, field: &Field) -> Result<(Option<Value>, bool), Mismatch> {
  match found {
    None if field.optional => Ok((None, true)),
    Some(Value::Null) if field.optional => Ok((None, false)),
    None if field.ty.accepts_null() => Ok((Some(Value::Null), false)),
    None => {
      let reason = format!("expected {}, but the field is missing", show_type(&field.ty));
      Err(Mismatch::new(reason))
    }
    Some(value) => {
      let changed = fit(value, &field.ty)?;
      let kept = changed.is_none();
      Ok((Some(changed.unwrap_or_else(|| value.clone())), kept))
    }
  }
}

pub(super) fn unknown_field(name: &str, ty: &RecordType) -> Mismatch {
  let names = ty.fields.keys().map(|name| &**name);
  let shown = clip(name, SHOWN);
  let near = (name.len() <= 100).then(|| nearest(name, names)).flatten();
  let help = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
  Mismatch::new(format!("the field `{shown}` is not accepted here{help}")).under_field(name)
}

/// As `from_json(to_json(value))`, the parts that are so already shared.
fn json_form(value: &Value) -> Fitted {
  match value {
    Value::Null | Value::Bool(_) | Value::Int(_) | Value::String(_) => Ok(None),
    Value::Float(float) => Ok(whole(*float).map(Value::Int)),
    Value::Time(_) | Value::Duration(_) | Value::Stored(_) | Value::Secret(_) => {
      Ok(Some(Value::string(super::show(value))))
    }
    Value::List(list) => fit_items(&list.items, json_form),
    Value::Record(record) => fit_fields(&record.fields, json_form),
  }
}

#[cfg(test)]
#[path = "conform_tests.rs"]
mod tests;
