//! Arguments from texts and JSON to values of the parameters' types.

use std::sync::Arc;

use indexmap::IndexMap;

use super::command_line;
use crate::{
  diagnostics::nearest,
  hir::{Orchestrator, Param},
  types::Type,
  value::{Capture, Value, captured, conform, from_json, from_text, misfit},
};

/// The arguments given, by parameter: those of `texts` win over those of `input`. A parameter that was left out and
/// may be is not there. Files and directories are paths still: see [`capture`].
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
      (Some(text), _) => from_text(text, &param.ty.with_paths()),
      (None, Some(json)) => from_input(json, &param.ty.with_paths()),
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

/// Puts files and directories in the place of their paths: they are kept, as they are now.
///
/// # Errors
/// One line for each argument with a path at which there is none that can be kept.
pub fn capture(
  orchestrator: &Orchestrator,
  arguments: &mut IndexMap<Arc<str>, Value>,
  keep: &mut Capture,
) -> Result<(), Vec<String>> {
  let mut wrong = Vec::new();
  for param in orchestrator.params.iter().filter(|param| param.ty.has_files()) {
    let Some(value) = arguments.get_mut(&param.name) else {
      continue;
    };
    match captured(value, &param.ty, Type::with_paths, keep) {
      Ok(stored) => *value = stored,
      Err(mismatch) => wrong.push(format!("`{}` takes {}: {}", param.name, param.ty, misfit(&mismatch))),
    }
  }
  if wrong.is_empty() { Ok(()) } else { Err(wrong) }
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
