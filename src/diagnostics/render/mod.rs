//! Findings as text, in four forms: for people, as JSON, as SARIF, as GitHub workflow commands. Knows nothing of
//! where the text goes.

mod excerpt;
pub mod github;
pub mod human;
pub mod json;
pub mod sarif;

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use super::{Diagnostic, Diagnostics, Standing, Weight};

/// How many findings there are of each weight, and how many do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
  /// Critical and high: they refuse the program.
  pub errors: usize,
  /// Medium.
  pub warnings: usize,
  /// Low.
  pub notes: usize,
  /// By an `allow`.
  #[serde(skip_serializing_if = "is_none")]
  pub lifted: usize,
  /// From a baseline.
  #[serde(skip_serializing_if = "is_none")]
  pub known: usize,
}

fn is_none(count: &usize) -> bool {
  *count == 0
}

impl Counts {
  pub fn of(diagnostics: &Diagnostics) -> Self {
    let mut counts = Counts::default();
    for diagnostic in &diagnostics.0 {
      let count = match (&diagnostic.standing, diagnostic.weight()) {
        (Standing::Lifted { .. }, _) => &mut counts.lifted,
        (Standing::Known, _) => &mut counts.known,
        (_, Weight::Error) => &mut counts.errors,
        (_, Weight::Warning) => &mut counts.warnings,
        (_, Weight::Note) => &mut counts.notes,
      };
      *count += 1;
    }
    counts
  }
}

/// `2 errors, 1 warning`, `ok, 1 lifted`; `nothing found` where there is nothing.
impl Display for Counts {
  fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
    let several = |(count, word): (usize, &str)| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let mut parts: Vec<String> = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")]
      .into_iter()
      .filter(|(count, _)| *count > 0)
      .map(several)
      .collect();
    let aside = [(self.lifted, "lifted"), (self.known, "known from the baseline")];
    let aside = aside.into_iter().filter(|(count, _)| *count > 0);
    let aside: Vec<String> = aside.map(|(count, words)| format!("{count} {words}")).collect();
    if parts.is_empty() {
      parts.push(if aside.is_empty() { "nothing found" } else { "ok" }.to_owned());
    }
    parts.extend(aside);
    f.write_str(&parts.join(", "))
  }
}

/// The page that explains a finding's code, from the root of the project.
pub fn page(diagnostic: &Diagnostic) -> String {
  format!("docs/codes/{}.md", diagnostic.code.name)
}

/// The text as one that may stand on a terminal: what would move the cursor, colour or reorder the line is replaced
/// by a character of the same length in bytes, so that offsets stay true. Line breaks and tabs stay.
pub fn harmless(text: &str) -> String {
  text
    .chars()
    .map(|c| match c {
      '\n' | '\t' => c,
      '\u{80}'..='\u{9f}' => '¿',
      '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => '\u{fffd}',
      _ if c.is_control() => '?',
      _ => c,
    })
    .collect()
}

#[cfg(test)]
mod tests;
