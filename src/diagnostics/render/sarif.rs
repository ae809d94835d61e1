//! Findings as SARIF 2.1.0: the part that code scanning services read.

use serde::Serialize;

use super::page;
use crate::{
  diagnostics::{Code, Diagnostic, Diagnostics, Edit, Fix, Label, Standing, Weight},
  source::{SourceId, Sources, Span},
};

/// A SARIF log with one run, as one line with a line break.
pub fn render(diagnostics: &Diagnostics, sources: &Sources) -> String {
  let codes = codes(diagnostics);
  let results = diagnostics
    .0
    .iter()
    .map(|diagnostic| result(diagnostic, &codes, sources))
    .collect();
  let log = Log {
    schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [Run {
      tool: Tool {
        driver: Driver {
          name: "orch",
          version: env!("CARGO_PKG_VERSION"),
          rules: rules(diagnostics, &codes),
        },
      },
      column_kind: "unicodeCodePoints",
      results,
    }],
  };
  let mut text = serde_json::to_string(&log).unwrap_or_default();
  text.push('\n');
  text
}

#[derive(Serialize)]
struct Log {
  #[serde(rename = "$schema")]
  schema: &'static str,
  version: &'static str,
  runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
  tool: Tool,
  column_kind: &'static str,
  results: Vec<Finding>,
}

#[derive(Serialize)]
struct Tool {
  driver: Driver,
}

#[derive(Serialize)]
struct Driver {
  name: &'static str,
  version: &'static str,
  rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
  id: &'static str,
  short_description: Text,
  help_uri: String,
  default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
  level: &'static str,
}

#[derive(Serialize)]
struct Text {
  text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
  rule_id: &'static str,
  rule_index: usize,
  level: &'static str,
  message: Text,
  locations: Vec<Location>,
  #[serde(skip_serializing_if = "Vec::is_empty")]
  related_locations: Vec<Location>,
  #[serde(skip_serializing_if = "Vec::is_empty")]
  fixes: Vec<Mending>,
  #[serde(skip_serializing_if = "Vec::is_empty")]
  suppressions: Vec<Suppression>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mending {
  description: Text,
  artifact_changes: Vec<Change>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
  artifact_location: Artifact,
  replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
  deleted_region: Region,
  inserted_content: Text,
}

#[derive(Serialize)]
struct Suppression {
  kind: &'static str,
  justification: String,
  #[serde(skip_serializing_if = "Option::is_none")]
  location: Option<Location>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
  #[serde(skip_serializing_if = "Option::is_none")]
  id: Option<usize>,
  #[serde(skip_serializing_if = "Option::is_none")]
  message: Option<Text>,
  physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
  artifact_location: Artifact,
  region: Region,
}

#[derive(Serialize)]
struct Artifact {
  uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
  start_line: usize,
  start_column: usize,
  end_line: usize,
  end_column: usize,
}

fn codes(diagnostics: &Diagnostics) -> Vec<&'static Code> {
  let mut codes: Vec<&'static Code> = Vec::new();
  for diagnostic in &diagnostics.0 {
    if !codes.contains(&diagnostic.code) {
      codes.push(diagnostic.code);
    }
  }
  codes
}

fn rules(diagnostics: &Diagnostics, codes: &[&'static Code]) -> Vec<Rule> {
  let first = |code: &&'static Code| diagnostics.0.iter().find(|found| found.code == *code);
  let rule = |diagnostic: &Diagnostic| Rule {
    id: diagnostic.code.name,
    short_description: Text {
      text: diagnostic.code.title.to_owned(),
    },
    help_uri: page(diagnostic),
    default_configuration: Configuration {
      level: level(diagnostic.code.level.weight()),
    },
  };
  codes.iter().filter_map(first).map(rule).collect()
}

fn level(weight: Weight) -> &'static str {
  match weight {
    Weight::Error => "error",
    Weight::Warning => "warning",
    Weight::Note => "note",
  }
}

fn result(diagnostic: &Diagnostic, codes: &[&'static Code], sources: &Sources) -> Finding {
  let mut labels = diagnostic.labels.iter();
  let main = labels.next().map(|label| location(None, label, sources));
  let related = labels.enumerate().map(|(id, label)| location(Some(id), label, sources));
  let help = diagnostic.help.iter().map(|help| format!("\nhelp: {help}"));
  Finding {
    rule_id: diagnostic.code.name,
    rule_index: codes.iter().position(|code| *code == diagnostic.code).unwrap_or(0),
    level: level(diagnostic.weight()),
    message: Text {
      text: std::iter::once(diagnostic.message.clone()).chain(help).collect(),
    },
    locations: main.into_iter().collect(),
    related_locations: related.collect(),
    fixes: diagnostic.fix.iter().map(|fix| mending(fix, sources)).collect(),
    suppressions: suppression(&diagnostic.standing, sources).into_iter().collect(),
  }
}

fn mending(fix: &Fix, sources: &Sources) -> Mending {
  let mut files: Vec<SourceId> = fix.edits.iter().map(|edit| edit.span.source).collect();
  files.sort_unstable();
  files.dedup();
  let replacement = |edit: &Edit| Replacement {
    deleted_region: region(edit.span, sources),
    inserted_content: Text {
      text: edit.text.clone(),
    },
  };
  let change = |file: SourceId| Change {
    artifact_location: artifact(file, sources),
    replacements: fix
      .edits
      .iter()
      .filter(|edit| edit.span.source == file)
      .map(replacement)
      .collect(),
  };
  Mending {
    description: Text {
      text: fix.title.clone(),
    },
    artifact_changes: files.into_iter().map(change).collect(),
  }
}

fn suppression(standing: &Standing, sources: &Sources) -> Option<Suppression> {
  match standing {
    Standing::Open | Standing::Denied => None,
    Standing::Lifted { reason, place } => Some(Suppression {
      kind: "inSource",
      justification: reason.to_string(),
      location: Some(Location {
        id: None,
        message: None,
        physical_location: physical(*place, sources),
      }),
    }),
    Standing::Known => Some(Suppression {
      kind: "external",
      justification: "known from the baseline".to_owned(),
      location: None,
    }),
  }
}

fn location(id: Option<usize>, label: &Label, sources: &Sources) -> Location {
  let message = (!label.text.is_empty()).then(|| Text {
    text: label.text.clone(),
  });
  Location {
    id,
    message,
    physical_location: physical(label.span, sources),
  }
}

fn physical(span: Span, sources: &Sources) -> PhysicalLocation {
  PhysicalLocation {
    artifact_location: artifact(span.source, sources),
    region: region(span, sources),
  }
}

fn artifact(file: SourceId, sources: &Sources) -> Artifact {
  Artifact {
    uri: uri(&sources.get(file).name),
  }
}

fn region(span: Span, sources: &Sources) -> Region {
  let source = sources.get(span.source);
  let (start, end) = (source.position(span.range().start), source.position(span.range().end));
  Region {
    start_line: start.line,
    start_column: start.column,
    end_line: end.line,
    end_column: end.column,
  }
}

/// A path as a relative reference: what may not stand in a URI is percent-encoded.
fn uri(path: &str) -> String {
  let mut uri = String::new();
  for byte in path.trim_start_matches("./").bytes() {
    match byte {
      b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
      _ => uri.push_str(&format!("%{byte:02X}")),
    }
  }
  uri
}
