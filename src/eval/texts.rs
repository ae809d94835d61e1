//! What functions make of texts, and the regular expressions compiled so far. Knows nothing of expressions.

use std::{
  collections::HashMap,
  fmt::Write,
  io,
  sync::{Arc, Mutex, PoisonError},
};

use regex::{Regex, RegexBuilder};

use crate::{
  hir::Builtin,
  value::{LARGEST, ListBuilder, TooLarge, Value, check_text, clip, parse_json_text, show},
};

use super::{
  fuel::{Fuel, Reason},
  operators::{items, kind},
};

/// Regular expressions kept.
const MOST_PATTERNS: usize = 256;
/// Bytes of a regular expression, and of its compiled program.
const PATTERN_BYTES: usize = 10_000;
const PROGRAM_BYTES: usize = 1 << 20;
/// What compiling one costs, in steps.
const COMPILE_STEPS: u64 = 50_000;
/// Bytes of a time's format: what it makes stays within bounds.
const FORMAT_BYTES: usize = 200;

/// Regular expressions by their text.
#[derive(Debug, Default)]
pub(super) struct Patterns(Mutex<HashMap<Arc<str>, Regex>>);

impl Patterns {
  pub fn matches(&self, text: &str, pattern: &Arc<str>, fuel: &mut Fuel) -> Result<Value, Reason> {
    fuel.burn(text.len() as u64 / 16)?;
    Ok(Value::Bool(self.compiled(pattern, fuel)?.is_match(text)))
  }

  fn compiled(&self, pattern: &Arc<str>, fuel: &mut Fuel) -> Result<Regex, Reason> {
    let known = |patterns: &HashMap<Arc<str>, Regex>| patterns.get(pattern).cloned();
    if let Some(regex) = known(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
      return Ok(regex);
    }
    fuel.burn(COMPILE_STEPS)?;
    let regex = compile(pattern)?;
    let mut patterns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
    if patterns.len() >= MOST_PATTERNS {
      patterns.clear();
    }
    patterns.insert(pattern.clone(), regex.clone());
    Ok(regex)
  }
}

fn compile(pattern: &str) -> Result<Regex, Reason> {
  let shown = clip(pattern, 60);
  if pattern.len() > PATTERN_BYTES {
    return Err(Reason(format!("`{shown}` is too long for a regular expression")));
  }
  let built = RegexBuilder::new(pattern).size_limit(PROGRAM_BYTES).build();
  built.map_err(|error| {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    let reason = last.trim().trim_start_matches("error: ").to_lowercase();
    Reason(format!("`{shown}` is no regular expression: {}", clip(&reason, 100)))
  })
}

/// The functions whose first argument is a text; `None`: not one of them, or with other arguments.
pub(super) fn on_text(
  function: Builtin,
  text: &Arc<str>,
  rest: &[Value],
  fuel: &mut Fuel,
) -> Option<Result<Value, Reason>> {
  if let Err(reason) = fuel.burn_text(text) {
    return Some(Err(reason));
  }
  let bool = |value: bool| Ok(Value::Bool(value));
  Some(match (function, rest) {
    (Builtin::Split, [Value::String(separator)]) => split(text, separator, fuel),
    (Builtin::Lines, []) => strings(text.lines(), fuel),
    (Builtin::Trim, []) => Ok(Value::string(text.trim())),
    (Builtin::Lower, []) => string_of(text.to_lowercase()),
    (Builtin::Upper, []) => string_of(text.to_uppercase()),
    (Builtin::Replace, [Value::String(from), Value::String(to)]) => replace(text, from, to),
    (Builtin::Contains, [Value::String(part)]) => bool(text.contains(&**part)),
    (Builtin::StartsWith, [Value::String(start)]) => bool(text.starts_with(&**start)),
    (Builtin::EndsWith, [Value::String(end)]) => bool(text.ends_with(&**end)),
    (Builtin::ParseJson, []) => Ok(parse_json_text(text.as_bytes()).unwrap_or(Value::Null)),
    (Builtin::UrlEncode, []) => url_encode(text),
    _ => return None,
  })
}

fn string_of(text: String) -> Result<Value, Reason> {
  check_text(text.len())?;
  Ok(Value::string(text))
}

fn strings<'t>(parts: impl Iterator<Item = &'t str>, fuel: &mut Fuel) -> Result<Value, Reason> {
  let mut list = ListBuilder::default();
  for part in parts {
    fuel.burn(1)?;
    list.push(Value::string(part))?;
  }
  Ok(list.finish())
}

fn split(text: &str, separator: &str, fuel: &mut Fuel) -> Result<Value, Reason> {
  if separator.is_empty() {
    let points = text.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()]);
    return strings(points, fuel);
  }
  strings(text.split(separator), fuel)
}

fn replace(text: &str, from: &str, to: &str) -> Result<Value, Reason> {
  if from.is_empty() {
    return Err("the text to replace is empty".into());
  }
  let count = text.matches(from).count();
  let length = (text.len() - count * from.len()).saturating_add(count.saturating_mul(to.len()));
  check_text(length)?;
  Ok(Value::string(text.replace(from, to)))
}

fn url_encode(text: &str) -> Result<Value, Reason> {
  let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
  let more = text.bytes().filter(|byte| !plain(*byte)).count();
  check_text(text.len() + 2 * more)?;
  let mut encoded = String::with_capacity(text.len() + 2 * more);
  for byte in text.bytes() {
    if plain(byte) {
      encoded.push(char::from(byte));
    } else {
      let _ = write!(encoded, "%{byte:02X}");
    }
  }
  Ok(Value::string(encoded))
}

/// A scalar's text.
fn scalar(value: &Value) -> Result<String, Reason> {
  match value {
    Value::List(_) | Value::Record(_) => Err(Reason(format!("expected a scalar, found {}", kind(value)))),
    _ => Ok(show(value)),
  }
}

pub(super) fn string(value: &Value) -> Result<Value, Reason> {
  match value {
    Value::String(_) => Ok(value.clone()),
    _ => Ok(Value::string(scalar(value)?)),
  }
}

pub(super) fn join(list: &Value, separator: &str, fuel: &mut Fuel) -> Result<Value, Reason> {
  fuel.burn_walk(list)?;
  let mut text = String::new();
  for (index, item) in items(list)?.iter().enumerate() {
    let part = scalar(item)?;
    let separator = if index == 0 { "" } else { separator };
    check_text(text.len() + separator.len() + part.len())?;
    text.push_str(separator);
    text.push_str(&part);
  }
  fuel.burn_text(&text)?;
  Ok(Value::string(text))
}

/// Takes no more than a value may hold.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
  fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
    if (self.0.len() + bytes.len()) as u64 + 2 > LARGEST.bytes {
      return Err(io::ErrorKind::FileTooLarge.into());
    }
    self.0.extend_from_slice(bytes);
    Ok(bytes.len())
  }

  fn flush(&mut self) -> io::Result<()> {
    Ok(())
  }
}

/// Compact JSON; a string's escapes may make it larger than the value was.
pub(super) fn json(value: &Value, fuel: &mut Fuel) -> Result<Value, Reason> {
  fuel.burn_walk(value)?;
  let mut bytes = Bounded(Vec::new());
  serde_json::to_writer(&mut bytes, value).map_err(|_| TooLarge::bytes())?;
  let text = String::from_utf8(bytes.0).map_err(|_| Reason("the JSON is not UTF-8".into()))?;
  Ok(Value::string(text))
}

/// As `strftime`, in UTC.
pub(super) fn format_time(time: jiff::Timestamp, pattern: &str) -> Result<Value, Reason> {
  let shown = clip(pattern, 60);
  if pattern.len() > FORMAT_BYTES {
    return Err(Reason(format!("`{shown}` is longer than {FORMAT_BYTES} bytes")));
  }
  let zoned = time.to_zoned(jiff::tz::TimeZone::UTC);
  match jiff::fmt::strtime::format(pattern, &zoned) {
    Ok(text) => Ok(Value::string(text)),
    Err(error) => Err(Reason(format!("`{shown}` is no format of a time: {error}"))),
  }
}
