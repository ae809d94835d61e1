//! Values from and to JSON. Knows nothing of types: a time is a string here until a type says what it is.

use std::{fmt, sync::Arc};

use serde::{
  Deserialize, Deserializer, Serializer,
  de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};

use super::{LARGEST, ListBuilder, RecordBuilder, TooLarge, Value, check_text, show, show_duration};

/// Characters of a text around the place where it is no JSON.
const AROUND: usize = 24;

/// The JSON as a value of type `json`: strings stay strings, numbers with a zero fraction are ints. An integer
/// beyond 64 bits is an error; a number written as a float that is beyond them stays a float.
///
/// # Errors
/// The value would be too large, or a number can't be held.
pub fn from_json(json: &serde_json::Value) -> Result<Value, TooLarge> {
  build(json, 0)
}

fn build(json: &serde_json::Value, depth: u32) -> Result<Value, TooLarge> {
  use serde_json::Value as Json;
  Ok(match json {
    Json::Null => Value::Null,
    Json::Bool(value) => Value::Bool(*value),
    Json::Number(number) => from_number(number)?,
    Json::String(text) => {
      check_text(text.len())?;
      Value::string(text.as_str())
    }
    Json::Array(items) => {
      let depth = deeper(depth)?;
      let mut list = ListBuilder::default();
      items.iter().try_for_each(|item| list.push(build(item, depth)?))?;
      list.finish()
    }
    Json::Object(fields) => {
      let depth = deeper(depth)?;
      let mut record = RecordBuilder::default();
      fields
        .iter()
        .try_for_each(|(name, field)| record.insert(name.as_str().into(), build(field, depth)?))?;
      record.finish()
    }
  })
}

/// One level further inside; before it is entered, so that no nesting exhausts the stack.
fn deeper(depth: u32) -> Result<u32, TooLarge> {
  if depth >= LARGEST.depth {
    return Err(TooLarge::nesting());
  }
  Ok(depth + 1)
}

fn from_number(number: &serde_json::Number) -> Result<Value, TooLarge> {
  if let Some(int) = number.as_i64() {
    return Ok(Value::Int(int));
  }
  match number.as_f64() {
    Some(float) if number.is_f64() && float.is_finite() => Ok(whole(float).map_or(Value::Float(float), Value::Int)),
    _ => Err(TooLarge::number(&number.to_string())),
  }
}

/// The int that equals the float, if there is one.
pub fn whole(float: f64) -> Option<i64> {
  const END: f64 = 9_223_372_036_854_775_808.0;
  #[allow(clippy::cast_possible_truncation, reason = "within the range, without a fraction")]
  (float.fract() == 0.0 && (-END..END).contains(&float)).then_some(float as i64)
}

/// The value as JSON; durations as `"1h30m"`, times as RFC 3339, files and directories by their digest, secrets by name.
pub fn to_json(value: &Value) -> serde_json::Value {
  use serde_json::Value as Json;
  match value {
    Value::Null => Json::Null,
    Value::Bool(value) => Json::Bool(*value),
    Value::Int(value) => Json::from(*value),
    Value::Float(value) => Json::from(*value),
    Value::String(text) => Json::String(text.to_string()),
    Value::Time(time) => Json::String(time.to_string()),
    Value::Duration(duration) => Json::String(show_duration(*duration)),
    Value::Stored(stored) => Json::String(stored.to_string()),
    Value::Secret(_) => Json::String(show(value)),
    Value::List(list) => list.items.iter().map(to_json).collect(),
    Value::Record(record) => record
      .fields
      .iter()
      .map(|(name, value)| (name.to_string(), to_json(value)))
      .collect(),
  }
}

/// The value as compact JSON text.
pub fn json_text(value: &Value) -> String {
  // Serializing fails only for keys that are no strings, and writing to memory never does.
  serde_json::to_string(value).unwrap_or_default()
}

pub(super) fn serialize_json<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
  match value {
    Value::Null => serializer.serialize_unit(),
    Value::Bool(value) => serializer.serialize_bool(*value),
    Value::Int(value) => serializer.serialize_i64(*value),
    Value::Float(value) => serializer.serialize_f64(*value),
    Value::String(text) => serializer.serialize_str(text),
    Value::Time(time) => serializer.collect_str(time),
    Value::Duration(duration) => serializer.serialize_str(&show_duration(*duration)),
    Value::Stored(stored) => serializer.collect_str(stored),
    Value::Secret(_) => serializer.serialize_str(&show(value)),
    Value::List(list) => serializer.collect_seq(&list.items),
    Value::Record(record) => serializer.collect_map(record.fields.iter().map(|(name, value)| (&**name, value))),
  }
}

/// The text as a value of type `json`, built without a tree in between. Of two fields with one name the last counts.
///
/// # Errors
/// One line: where it stops being UTF-8 or JSON, or why it can't be held.
pub fn parse_json_text(bytes: &[u8]) -> Result<Value, String> {
  let text = std::str::from_utf8(bytes).map_err(|error| format!("not UTF-8 at byte {}", error.valid_up_to()))?;
  let text = text.strip_prefix('\u{feff}').unwrap_or(text);
  if text.trim().is_empty() {
    return Err("not JSON: there is no text".into());
  }
  let mut deserializer = serde_json::Deserializer::from_str(text);
  let seed = Seed { depth: 0 };
  let parsed = seed
    .deserialize(&mut deserializer)
    .and_then(|value| deserializer.end().map(|()| value));
  let value = parsed.map_err(|error| explain(text, &error))?;
  match oversized_integer(text) {
    Some(number) => Err(TooLarge::number(number).to_string()),
    None => Ok(value),
  }
}

/// What `serde_json` says, as one line of ours.
fn explain(text: &str, error: &serde_json::Error) -> String {
  let whole = error.to_string();
  let place = format!(" at line {} column {}", error.line(), error.column());
  let reason = whole.strip_suffix(&place).unwrap_or(&whole);
  if error.is_data() {
    return reason.to_owned();
  }
  if reason == "recursion limit exceeded" {
    return TooLarge::nesting().to_string();
  }
  let near = near(text, error.line(), error.column());
  format!("not JSON: {reason}{place}{near}")
}

/// The characters just before and at the place, which is where people look.
fn near(text: &str, line: usize, column: usize) -> String {
  let Some(line) = text.split('\n').nth(line.saturating_sub(1)) else {
    return String::new();
  };
  let mut end = column.min(line.len());
  while !line.is_char_boundary(end) {
    end += 1;
  }
  let skip = line[..end].chars().count().saturating_sub(AROUND / 2);
  let shown: String = line.chars().skip(skip).take(AROUND).collect();
  let shown = shown.replace(|c: char| c.is_control() || c == '`', " ");
  let shown = shown.trim();
  if shown.is_empty() {
    String::new()
  } else {
    format!(", near `{shown}`")
  }
}

/// The first number written without fraction and exponent that is beyond 64 bits. `serde_json` makes a float of it.
fn oversized_integer(text: &str) -> Option<&str> {
  let bytes = text.as_bytes();
  let mut at = 0;
  while at < bytes.len() {
    at = match bytes[at] {
      b'"' => string_end(bytes, at),
      b'-' | b'0'..=b'9' => {
        let part = |byte: &&u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
        let end = at + bytes[at..].iter().take_while(part).count();
        let number = &text[at..end];
        if number.len() > 18 && !number.contains(['.', 'e', 'E']) && number.parse::<i64>().is_err() {
          return Some(number);
        }
        end
      }
      _ => at + 1,
    };
  }
  None
}

/// The index behind the string that begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
  let mut at = start + 1;
  while at < bytes.len() && bytes[at] != b'"' {
    at += if bytes[at] == b'\\' { 2 } else { 1 };
  }
  at + 1
}

/// Reads a value at a depth.
#[derive(Clone, Copy)]
struct Seed {
  depth: u32,
}

impl<'de> DeserializeSeed<'de> for Seed {
  type Value = Value;

  fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
    deserializer.deserialize_any(self)
  }
}

impl<'de> Visitor<'de> for Seed {
  type Value = Value;

  fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("a JSON value")
  }

  fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
    Ok(Value::Null)
  }

  fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
    Ok(Value::Bool(value))
  }

  fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
    Ok(Value::Int(value))
  }

  fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
    i64::try_from(value)
      .map(Value::Int)
      .map_err(|_| sentence(TooLarge::number(&value.to_string())))
  }

  fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
    Ok(whole(value).map_or(Value::Float(value), Value::Int))
  }

  fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
    check_text(text.len()).map_err(sentence)?;
    Ok(Value::string(text))
  }

  fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
    let depth = deeper(self.depth).map_err(sentence)?;
    let mut list = ListBuilder::default();
    while let Some(item) = items.next_element_seed(Seed { depth })? {
      list.push(item).map_err(sentence)?;
    }
    Ok(list.finish())
  }

  fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
    let depth = deeper(self.depth).map_err(sentence)?;
    let mut record = RecordBuilder::default();
    while let Some(name) = fields.next_key::<Name>()? {
      let value = fields.next_value_seed(Seed { depth })?;
      record.insert(name.0, value).map_err(sentence)?;
    }
    Ok(record.finish())
  }
}

#[allow(clippy::needless_pass_by_value, reason = "stands where `map_err` gives it")]
fn sentence<E: de::Error>(error: TooLarge) -> E {
  E::custom(error)
}

/// A field's name, read without a `String` in between.
struct Name(Arc<str>);

impl<'de> Deserialize<'de> for Name {
  fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
    struct Text;
    impl Visitor<'_> for Text {
      type Value = Name;
      fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
      }
      fn visit_str<E: de::Error>(self, text: &str) -> Result<Name, E> {
        Ok(Name(text.into()))
      }
    }
    deserializer.deserialize_str(Text)
  }
}
