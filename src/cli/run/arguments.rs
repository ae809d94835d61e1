//! Arguments from texts and JSON to values of the parameters' types.

use std::sync::Arc;

use indexmap::IndexMap;

use super::command_line;
use crate::{
  diagnostics::nearest,
  hir::{Orchestrator, Param},
  types::Type,
  value::{Mismatch, Value, conform, from_json, parse_duration, parse_time},
};

/// The arguments given, by parameter: those of `texts` win over those of `input`. A parameter that was left out and
/// may be is not there.
///
/// # Errors
/// One line for each argument that is missing, unknown or does not fit.
pub fn collect(
  orchestrator: &Orchestrator,
  texts: &[(String, String)],
  input: Option<&serde_json::Map<String, serde_json::Value>>,
) -> Result<IndexMap<Arc<str>, Value>, Vec<String>> {
  let mut arguments = IndexMap::new();
  let mut wrong = unknown(orchestrator, input);
  for param in &orchestrator.params {
    let text = texts
      .iter()
      .rev()
      .find(|(name, _)| **name == *param.name)
      .map(|(_, text)| text);
    let json = input.and_then(|input| input.get(&*param.name));
    let found = match (text, json) {
      (Some(text), _) => from_text(text, &param.ty),
      (None, Some(json)) => from_input(json, &param.ty),
      (None, None) if param.default.is_some() || param.optional => continue,
      (None, None) if param.ty.accepts_null() && *param.ty.resolved() != Type::Json => Ok(Value::Null),
      (None, None) => {
        wrong.push(missing(param));
        continue;
      }
    };
    match found {
      Ok(value) => drop(arguments.insert(param.name.clone(), value)),
      Err(reason) => wrong.push(format!("`{}` takes {}: {reason}", param.name, param.ty)),
    }
  }
  if wrong.is_empty() { Ok(arguments) } else { Err(wrong) }
}

fn missing(param: &Param) -> String {
  if command_line::is_own_option(&param.name) {
    return format!(
      "`{0}` is missing: give it as `--arg {0}=VALUE`; `--{0}` is an option of orch run",
      param.name
    );
  }
  format!(
    "`{}` is missing: give it as `--{} <{}>`",
    param.name, param.name, param.ty
  )
}

fn unknown(orchestrator: &Orchestrator, input: Option<&serde_json::Map<String, serde_json::Value>>) -> Vec<String> {
  let names = || orchestrator.params.iter().map(|param| &*param.name);
  let unknown = input
    .into_iter()
    .flat_map(|input| input.keys())
    .filter(|key| !names().any(|name| name == *key));
  let line = |key: &String| {
    let near = nearest(key, names())
      .map(|near| format!("; did you mean `{near}`?"))
      .unwrap_or_default();
    format!("`{}` has no parameter `{key}`{near}", orchestrator.name)
  };
  unknown.map(line).collect()
}

fn from_input(json: &serde_json::Value, ty: &Type) -> Result<Value, String> {
  let value = from_json(json).map_err(|error| format!("the value would {}", error.0))?;
  conform(&value, ty).map_err(|mismatch| misfit(&mismatch))
}

/// A value written on a command line: a string as it is, a list or record as JSON, `null` where null is allowed.
///
/// # Errors
/// Why the text is no value of the type.
fn from_text(text: &str, ty: &Type) -> Result<Value, String> {
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
    Type::Never | Type::Unknown => return None,
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
    Type::String(_) | Type::Literal(_) => Ok(Value::string(text)),
    Type::Json | Type::List(_) | Type::Map(_) | Type::Record(_) => json(text),
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

fn misfit(mismatch: &Mismatch) -> String {
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
