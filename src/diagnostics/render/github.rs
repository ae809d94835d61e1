//! Findings as GitHub workflow commands: `::error file=...,line=...::message`, without those that do not count. GitHub
//! shows ten of each kind in a step and drops the rest, so errors come first.

use std::fmt::Write;

use crate::{
  diagnostics::{Diagnostic, Diagnostics, Weight},
  source::Sources,
};

/// One command per finding, the worst first, else in the order given.
pub fn render(diagnostics: &Diagnostics, sources: &Sources) -> String {
  let mut found: Vec<&Diagnostic> = diagnostics.standing().collect();
  found.sort_by_key(|diagnostic| diagnostic.weight());
  found.into_iter().map(|diagnostic| line(diagnostic, sources)).collect()
}

fn command(weight: Weight) -> &'static str {
  match weight {
    Weight::Error => "error",
    Weight::Warning => "warning",
    Weight::Note => "notice",
  }
}

fn line(diagnostic: &Diagnostic, sources: &Sources) -> String {
  let mut line = format!("::{} ", command(diagnostic.weight()));
  if let Some(span) = diagnostic.span() {
    let source = sources.get(span.source);
    let (start, end) = (source.position(span.range().start), source.position(span.range().end));
    let file = property(source.name.trim_start_matches("./"));
    let _ = write!(
      line,
      "file={file},line={},endLine={},col={},",
      start.line, end.line, start.column
    );
    if start.line == end.line {
      let _ = write!(line, "endColumn={},", end.column);
    }
  }
  let _ = write!(line, "title={}::", property(diagnostic.code.name));
  line.push_str(&data(&diagnostic.message));
  if let Some(help) = &diagnostic.help {
    line.push_str(&data(&format!("\nhelp: {help}")));
  }
  line.push('\n');
  line
}

/// As GitHub's own toolkit escapes the text of a command.
fn data(text: &str) -> String {
  text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As GitHub's own toolkit escapes a property of a command.
fn property(text: &str) -> String {
  data(text).replace(':', "%3A").replace(',', "%2C")
}
