//! Findings as one JSON object: `{ diagnostics: [...], summary: { errors, warnings, notes } }`. Those that do not count
//! have a `suppression`; the summary counts them apart.

use serde::Serialize;

use super::Counts;
use crate::{
  diagnostics::{Diagnostic, Diagnostics, Edit, Fix, Label, Standing},
  source::{Source, Sources, Span},
};

/// The findings as JSON, one line with a line break.
pub fn render(diagnostics: &Diagnostics, sources: &Sources) -> String {
  let report = Report {
    diagnostics: diagnostics.0.iter().map(|found| Finding::new(found, sources)).collect(),
    summary: Counts::of(diagnostics),
  };
  let mut text = serde_json::to_string(&report).unwrap_or_default();
  text.push('\n');
  text
}

/// One finding, as it stands among the diagnostics.
pub fn one(diagnostic: &Diagnostic, sources: &Sources) -> serde_json::Value {
  serde_json::to_value(Finding::new(diagnostic, sources)).unwrap_or_default()
}

#[derive(Serialize)]
struct Report<'a> {
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
  #[serde(skip_serializing_if = "Option::is_none")]
  fix: Option<Mending<'a>>,
  /// Asked to refuse the program, whatever its level.
  #[serde(skip_serializing_if = "std::ops::Not::not")]
  denied: bool,
  #[serde(skip_serializing_if = "Option::is_none")]
  suppression: Option<Suppression<'a>>,
}

#[derive(Serialize)]
struct Mending<'a> {
  title: &'a str,
  edits: Vec<Place<'a>>,
}

/// Why a finding does not count.
#[derive(Serialize)]
struct Suppression<'a> {
  /// `allow` or `baseline`.
  by: &'static str,
  #[serde(skip_serializing_if = "Option::is_none")]
  reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Place<'a> {
  file: &'a str,
  start: Point,
  end: Point,
  /// Of a label what is said there, of an edit what shall stand there.
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
        .map(|Label { span, text }| Place::new(*span, text, sources))
        .collect(),
      fix: diagnostic.fix.as_ref().map(|fix| Mending::new(fix, sources)),
      denied: diagnostic.standing == Standing::Denied,
      suppression: suppression(&diagnostic.standing),
    }
  }
}

impl<'a> Mending<'a> {
  fn new(fix: &'a Fix, sources: &'a Sources) -> Self {
    let edit = |Edit { span, text }: &'a Edit| Place::new(*span, text, sources);
    Self {
      title: &fix.title,
      edits: fix.edits.iter().map(edit).collect(),
    }
  }
}

fn suppression(standing: &Standing) -> Option<Suppression<'_>> {
  let (by, reason) = match standing {
    Standing::Open | Standing::Denied => return None,
    Standing::Lifted { reason, .. } => ("allow", Some(&**reason)),
    Standing::Known => ("baseline", None),
  };
  Some(Suppression { by, reason })
}

impl<'a> Place<'a> {
  fn new(span: Span, text: &'a str, sources: &'a Sources) -> Self {
    let source = sources.get(span.source);
    Self {
      file: &source.name,
      start: Point::new(source, span.range().start),
      end: Point::new(source, span.range().end),
      text,
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
