//! Values, their JSON, and whether a value is of a type. Knows nothing of where values come from.

mod build;
mod conform;
mod exact;
mod failure;
mod json;
mod manifest;
mod money;
mod places;
pub mod plan;
mod reading;
mod stored;
mod text;
mod union;

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use build::{ListBuilder, RecordBuilder};
pub use conform::{Mismatch, conform};
pub use failure::{Cause, Failure, FailureKind};
pub use json::{from_json, json_text, parse_json_text, to_json, whole};
pub use manifest::{DEEPEST, Entry, Manifest, stays_inside};
pub use money::Dollars;
pub use places::{Capture, captured};
pub use reading::{from_text, misfit};
pub use stored::{Stored, StoredKind, is_name};
pub use text::{clip, excerpt, parse_duration, parse_time, show, show_duration};

/// A value. Cloning is cheap: lists and records are shared. Built only through the constructors, which hold the
/// bounds of [`Weight`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
  Null,
  Bool(bool),
  Int(i64),
  /// Never NaN or infinite.
  Float(f64),
  String(Arc<str>),
  Time(jiff::Timestamp),
  /// Milliseconds.
  Duration(i64),
  /// A file or directory.
  Stored(Arc<Stored>),
  /// A text with secrets in it, each by its name.
  Secret(Arc<[SecretPart]>),
  List(Arc<List>),
  /// A record or a map: the type tells which. Records keep their declared order, maps are sorted by key; a null
  /// stands for an absent field and is left out where the type says `b?: T`.
  Record(Arc<Record>),
}

/// A piece of a text with secrets in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecretPart {
  Text(Arc<str>),
  /// The environment variable of `orch` that holds it.
  Variable(Arc<str>),
}

/// The items of a list value, with their weight.
#[derive(Debug, Serialize, Deserialize)]
pub struct List {
  items: Vec<Value>,
  weight: Weight,
}

/// The fields of a record or map value, with their weight.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record {
  fields: IndexMap<Arc<str>, Value>,
  weight: Weight,
}

impl PartialEq for List {
  fn eq(&self, other: &Self) -> bool {
    self.items == other.items
  }
}

/// Structural: the order of fields does not matter.
impl PartialEq for Record {
  fn eq(&self, other: &Self) -> bool {
    self.fields == other.fields
  }
}

/// What a value weighs as JSON: it is known before the value is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
  /// Bytes of JSON, from above but for the escapes of strings.
  pub bytes: u64,
  /// Values inside, itself too.
  pub elements: u64,
  /// Lists and records inside one another.
  pub depth: u32,
}

/// The largest value: 16 MiB of JSON, 1,000,000 elements, depth 64.
pub const LARGEST: Weight = Weight {
  bytes: 16 << 20,
  elements: 1_000_000,
  depth: 64,
};

/// A value over [`LARGEST`] was asked for; it was not built. Shown as the rest of a sentence: `the value would ...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge(pub String);

impl TooLarge {
  pub(crate) fn bytes() -> Self {
    Self("take more than 16 MiB as JSON".into())
  }

  pub(crate) fn elements() -> Self {
    Self("hold more than 1,000,000 elements".into())
  }

  pub(crate) fn nesting() -> Self {
    Self("be nested deeper than 64".into())
  }

  /// Of a number as it was written.
  pub(crate) fn number(text: &str) -> Self {
    Self(format!("hold the number `{}`, which is beyond 64 bits", clip(text, 40)))
  }
}

/// The whole sentence: `the value would take more than 16 MiB as JSON`.
impl std::fmt::Display for TooLarge {
  fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    write!(f, "the value would {}", self.0)
  }
}

/// Whether a string of so many bytes may be.
///
/// # Errors
/// It would be larger than a value may be.
pub fn check_text(bytes: usize) -> Result<(), TooLarge> {
  if bytes as u64 + 2 > LARGEST.bytes {
    return Err(TooLarge::bytes());
  }
  Ok(())
}

impl Value {
  /// The caller knows that the text is within bounds; see [`check_text`].
  pub fn string(text: impl Into<Arc<str>>) -> Value {
    Value::String(text.into())
  }

  /// The secret in an environment variable.
  pub fn secret(variable: impl Into<Arc<str>>) -> Value {
    Value::Secret([SecretPart::Variable(variable.into())].into())
  }

  /// `env:NAME` as the secret that it names.
  pub fn secret_from(text: &str) -> Option<Value> {
    let name = text.strip_prefix("env:")?;
    let fine = !name.is_empty() && !name.contains(['=', '\0']);
    fine.then(|| Value::secret(name))
  }

  /// `{ ok: true, value }`
  ///
  /// # Errors
  /// The outcome would be larger than a value may be.
  pub fn outcome_ok(value: Value) -> Result<Value, TooLarge> {
    Value::fields([("ok", Value::Bool(true)), ("value", value)])
  }

  /// `{ ok: false, error }`
  pub fn outcome_lost(failure: &Failure) -> Value {
    let outcome = |error| Value::fields([("ok", Value::Bool(false)), ("error", error)]);
    outcome(failure.to_value())
      .or_else(|_| outcome(failure.without_details().to_value()))
      .unwrap_or(Value::Null)
  }

  /// # Errors
  /// The list would be larger than a value may be.
  pub fn list(items: Vec<Value>) -> Result<Value, TooLarge> {
    let weight = Weight::of(items.iter(), 0)?;
    Ok(Value::List(Arc::new(List { items, weight })))
  }

  /// # Errors
  /// The record would be larger than a value may be.
  pub fn record(fields: IndexMap<Arc<str>, Value>) -> Result<Value, TooLarge> {
    let names = fields.keys().map(|name| name.len() as u64 + 4).sum();
    let weight = Weight::of(fields.values(), names)?;
    Ok(Value::Record(Arc::new(Record { fields, weight })))
  }

  /// A small record known to be within bounds.
  pub fn fields<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Result<Value, TooLarge> {
    Value::record(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
  }

  /// The weight of this value; constant time.
  pub fn weight(&self) -> Weight {
    let scalar = |bytes: u64| Weight {
      bytes,
      elements: 1,
      depth: 0,
    };
    match self {
      Value::Null | Value::Bool(_) => scalar(5),
      Value::Int(value) => scalar(u64::from(value.unsigned_abs().checked_ilog10().unwrap_or(0)) + 2),
      Value::Float(_) => scalar(25),
      Value::Time(_) | Value::Duration(_) => scalar(40),
      Value::String(text) => scalar(text.len() as u64 + 2),
      Value::Stored(stored) => scalar(stored.text_len() + 2),
      Value::Secret(parts) => scalar(parts.iter().fold(2, |sum, part| sum + part.len())),
      Value::List(list) => list.weight,
      Value::Record(record) => record.weight,
    }
  }

  pub fn as_list(&self) -> Option<&[Value]> {
    match self {
      Value::List(list) => Some(&list.items),
      _ => None,
    }
  }

  pub fn as_record(&self) -> Option<&IndexMap<Arc<str>, Value>> {
    match self {
      Value::Record(record) => Some(&record.fields),
      _ => None,
    }
  }

  pub fn as_str(&self) -> Option<&str> {
    match self {
      Value::String(text) => Some(text),
      _ => None,
    }
  }

  /// A field of a record; null where it is absent or this is no record.
  pub fn field(&self, name: &str) -> Value {
    self
      .as_record()
      .and_then(|fields| fields.get(name))
      .cloned()
      .unwrap_or(Value::Null)
  }
}

impl SecretPart {
  fn len(&self) -> u64 {
    match self {
      SecretPart::Text(text) | SecretPart::Variable(text) => text.len() as u64 + 5,
    }
  }
}

impl Weight {
  /// The weight of a list or record of `parts`, with `own` bytes of its own (names).
  ///
  /// # Errors
  /// It would be over [`LARGEST`].
  pub fn of<'a>(parts: impl Iterator<Item = &'a Value>, own: u64) -> Result<Weight, TooLarge> {
    let mut sum = Weight {
      bytes: own.saturating_add(2),
      elements: 1,
      depth: 1,
    };
    for part in parts {
      let weight = part.weight();
      sum.bytes = sum.bytes.saturating_add(weight.bytes + 1);
      sum.elements = sum.elements.saturating_add(weight.elements);
      sum.depth = sum.depth.max(weight.depth + 1);
    }
    sum.check()
  }

  /// # Errors
  /// It is over [`LARGEST`].
  pub fn check(self) -> Result<Weight, TooLarge> {
    if self.bytes > LARGEST.bytes {
      return Err(TooLarge::bytes());
    }
    if self.elements > LARGEST.elements {
      return Err(TooLarge::elements());
    }
    if self.depth > LARGEST.depth {
      return Err(TooLarge::nesting());
    }
    Ok(self)
  }
}
