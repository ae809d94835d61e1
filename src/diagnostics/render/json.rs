//! Findings as one JSON object: `{ diagnostics: [...], summary: { errors, warnings, notes } }`.

use serde::Serialize;

use super::Counts;
use crate::{
  diagnostics::{Diagnostic, Diagnostics, Label},
  source::{Source, Sources},
};

/// The findings as JSON, one line with a line break.
pub fn render(diagnostics: &Diagnostics, sources: &Sources) -> String {
  let mut text = serde_json::to_string(&report(diagnostics, sources)).unwrap_or_default();
  text.push('\n');
  text
}

/// The same as data, for an object that holds more.
pub fn report<'a>(diagnostics: &'a Diagnostics, sources: &'a Sources) -> Report<'a> {
  Report {
    diagnostics: diagnostics.0.iter().map(|found| Finding::new(found, sources)).collect(),
    summary: Counts::of(diagnostics),
  }
}

/// The object.
#[derive(Serialize)]
pub struct Report<'a> {
  diagnostics: Vec<Finding<'a>>,
  summary: Counts,
}

#[derive(Serialize)]
struct Finding<'a> {
  code: &'static str,
  level: &'static str,
  message: &'a str,
  #[serde(skip_serializing_if = "Option::is_none")]
  help: Option<&'a str>,
  labels: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
  file: &'a str,
  start: Point,
  end: Point,
  text: &'a str,
}

/// Line and column from 1, the column in characters; the offset in bytes from 0.
#[derive(Serialize)]
struct Point {
  line: usize,
  column: usize,
  offset: usize,
}

impl<'a> Finding<'a> {
  fn new(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Self {
    Self {
      code: diagnostic.code.name,
      level: diagnostic.code.level.name(),
      message: &diagnostic.message,
      help: diagnostic.help.as_deref(),
      labels: diagnostic
        .labels
        .iter()
        .map(|label| Place::new(label, sources))
        .collect(),
    }
  }
}

impl<'a> Place<'a> {
  fn new(label: &'a Label, sources: &'a Sources) -> Self {
    let source = sources.get(label.span.source);
    Self {
      file: &source.name,
      start: Point::new(source, label.span.range().start),
      end: Point::new(source, label.span.range().end),
      text: &label.text,
    }
  }
}

impl Point {
  fn new(source: &Source, offset: usize) -> Self {
    let position = source.position(offset);
    Self {
      line: position.line,
      column: position.column,
      offset,
    }
  }
}
