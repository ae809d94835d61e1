//! What a run returned, for those outside: files and directories become paths that can be read. Knows no terminal.

use std::{path::PathBuf, sync::Arc};

use serde_json::Value as Json;

use super::Order;
use crate::{
  files::Depot,
  value::{Stored, conform, from_json, to_json},
};

/// The result with the path in the store where a file or directory stands.
///
/// # Errors
/// One line: a directory can't be laid out.
pub fn shown(order: &Order, result: &Json) -> Result<Json, String> {
  let output = &order.program.orchestrator(order.orchestrator).output;
  if !output.has_files() {
    return Ok(result.clone());
  }
  let value = from_json(result).map_err(|error| error.to_string())?;
  let value = conform(&value, output).map_err(|mismatch| mismatch.to_string())?;
  let depot = Depot::new(order.store.clone());
  let mut paths: Vec<(Arc<Stored>, PathBuf)> = Vec::new();
  for stored in value.stored() {
    let path = depot.show(&stored)?;
    paths.push((stored, path));
  }
  let text = |stored: &Stored| {
    let found = paths.iter().find(|(own, _)| **own == *stored);
    found.map_or_else(|| stored.to_string().into(), |(_, path)| path.to_string_lossy().into())
  };
  let shown = value.with_texts(&text).map_err(|error| error.to_string())?;
  Ok(to_json(&shown))
}
