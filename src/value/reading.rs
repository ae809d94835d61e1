//! Values of a type from texts, as people write them on a command line. Knows nothing of where the text comes from.

use super::{Mismatch, Value, conform, from_json, parse_duration, parse_time};
use crate::types::Type;

/// A value written on a command line: a string as it is, a list or record as JSON, `null` where null is allowed.
///
/// # Errors
/// Why the text is no value of the type.
pub fn from_text(text: &str, ty: &Type) -> Result<Value, String> {
  let readings = readings(text, ty);
  let mut reason = None;
  for value in readings {
    match value.and_then(|value| conform(&value, ty).map_err(|mismatch| misfit(&mismatch))) {
      Ok(value) => return Ok(value),
      Err(error) => reason = reason.or(Some(error)),
    }
  }
  Err(reason.unwrap_or_else(|| format!("{} can't be given as text", quoted(text))))
}

/// The text read as each member of the type, in an order in which the first that fits is meant.
fn readings(text: &str, ty: &Type) -> Vec<Result<Value, String>> {
  let mut readings = Vec::new();
  let mut members = ty.members();
  members.sort_by_key(|member| match member.resolved() {
    Type::Null => 0,
    Type::String(_) | Type::Literal(_) => 2,
    _ => 1,
  });
  for member in members {
    readings.extend(reading(text, member.resolved()));
  }
  // What was meant is shown, where nothing fits: the null of `T?` is not.
  if readings.len() > 1 && text != "null" {
    readings.retain(|reading| *reading != Ok(Value::Null));
  }
  readings
}

fn reading(text: &str, ty: &Type) -> Option<Result<Value, String>> {
  let is_no = |what: &str| format!("{} is no {what}", quoted(text));
  Some(match ty {
    // a file has no text but that of its path
    Type::Never | Type::Unknown | Type::File | Type::Dir => return None,
    Type::Null if text == "null" => Ok(Value::Null),
    Type::Null => return None,
    Type::Bool(_) => text
      .parse()
      .map(Value::Bool)
      .map_err(|_| is_no("bool: write `true` or `false`")),
    Type::Int(_) => text
      .parse()
      .map(Value::Int)
      .map_err(|_| is_no("whole number of 64 bits")),
    Type::Float(_) => float(text).ok_or_else(|| is_no("number")),
    Type::Time => parse_time(text)
      .map(Value::Time)
      .ok_or_else(|| is_no("time: write it as `2026-01-31T12:00:00Z`")),
    Type::Duration => parse_duration(text)
      .map(Value::Duration)
      .ok_or_else(|| is_no("duration: write it as `1h30m`")),
    Type::Secret => {
      Value::secret_from(text).ok_or_else(|| "a secret is given by its environment variable: `env:NAME`".to_owned())
    }
    Type::String(_) | Type::Literal(_) => Ok(Value::string(text)),
    Type::Json | Type::List(_) | Type::Map(_) | Type::Record(_) | Type::Plan(_) => json(text),
    Type::Union(_) | Type::Named(_) | Type::Variable(_) => return None,
  })
}

fn float(text: &str) -> Option<Value> {
  let number: f64 = text.parse().ok()?;
  number.is_finite().then_some(Value::Float(number))
}

fn json(text: &str) -> Result<Value, String> {
  let json: serde_json::Value =
    serde_json::from_str(text).map_err(|error| format!("{} is not JSON: {error}", quoted(text)))?;
  from_json(&json).map_err(|error| format!("the value would {}", error.0))
}

/// Where and why a value does not fit, as the end of a sentence.
pub fn misfit(mismatch: &Mismatch) -> String {
  match mismatch.at.as_str() {
    "" | "$" => mismatch.reason.clone(),
    at => format!("at `{at}`: {}", mismatch.reason),
  }
}

/// The text between backticks, shortened.
fn quoted(text: &str) -> String {
  match text.char_indices().nth(60) {
    Some((at, _)) => format!("`{}…`", text[..at].escape_debug()),
    None => format!("`{}`", text.escape_debug()),
  }
}
