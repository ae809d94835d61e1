//! Findings as plain data: code, sentence, places, help, and the edits that mend them. Knows nothing of the stage that
//! found them.

pub mod codes;
mod fix;
mod near;
pub mod render;
mod standing;

pub use codes::Code;
pub use fix::{Edit, Fix, apart, apply};
pub use near::{Near, near, nearest};
pub use standing::{Standing, Weight};

use crate::source::{SourceId, Span};

/// How bad a finding is, after the field's own enforcement classes. The order is from worst to mildest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
  /// The program has no meaning or no bound: never runs.
  Critical,
  /// The program would lose or repeat work: never runs.
  High,
  /// Probably a mistake: a warning.
  Medium,
  /// Could be better: a note.
  Low,
}

impl Level {
  /// Whether a program with such a finding is refused.
  pub fn refuses(self) -> bool {
    self <= Level::High
  }

  pub fn name(self) -> &'static str {
    match self {
      Level::Critical => "critical",
      Level::High => "high",
      Level::Medium => "medium",
      Level::Low => "low",
    }
  }
}

/// A place that takes part in a finding, and what is to be said there.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
  pub span: Span,
  /// May be empty: then the place is only underlined.
  pub text: String,
}

/// One finding. Its level is its code's; its standing says what that level means for the program.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
  pub code: &'static Code,
  /// One plain lower-case sentence without a full stop; user text in backticks.
  pub message: String,
  /// The first is where the finding stands. Empty only where there is no text (a file that can't be read).
  pub labels: Vec<Label>,
  /// What to do, if there is something to say.
  pub help: Option<String>,
  /// There where a machine can mend it for certain.
  pub fix: Option<Box<Fix>>,
  pub standing: Standing,
}

/// Longer texts of a finding are cut, in bytes: they quote what somebody wrote, which may be of any length.
const LONGEST: usize = 4_000;

fn cut(text: impl Into<String>) -> String {
  let mut text = text.into();
  if text.len() > LONGEST {
    text.truncate(text.floor_char_boundary(LONGEST));
    text.push('…');
  }
  text
}

impl Diagnostic {
  /// A finding without a place.
  pub fn new(code: &'static Code, message: impl Into<String>) -> Self {
    Self {
      code,
      message: cut(message),
      labels: Vec::new(),
      help: None,
      fix: None,
      standing: Standing::Open,
    }
  }

  /// Adds a place; the first one added is the main one.
  #[must_use]
  pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
    self.labels.push(Label { span, text: cut(text) });
    self
  }

  /// Says what to do.
  #[must_use]
  pub fn help(mut self, text: impl Into<String>) -> Self {
    self.help = Some(cut(text));
    self
  }

  /// Says how a machine mends it.
  #[must_use]
  pub fn fix(mut self, fix: Fix) -> Self {
    self.fix = Some(Box::new(fix));
    self
  }

  /// Says what was probably meant by the name at `span`; if nothing else comes near, a machine may write it.
  #[must_use]
  pub fn meant(self, span: Span, near: Near<'_>) -> Self {
    let said = self.help(format!("there is `{}`", near.name));
    if near.only {
      said.fix(Fix::write(span, near.name))
    } else {
      said
    }
  }

  /// Gives all its places other numbers of files.
  pub fn relocate(&mut self, number: impl Fn(SourceId) -> SourceId) {
    let labels = self.labels.iter_mut().map(|label| &mut label.span);
    let edits = self
      .fix
      .iter_mut()
      .flat_map(|fix| &mut fix.edits)
      .map(|edit| &mut edit.span);
    let lifted = match &mut self.standing {
      Standing::Lifted { place, .. } => Some(place),
      _ => None,
    };
    labels
      .chain(edits)
      .chain(lifted)
      .for_each(|span| span.source = number(span.source));
  }

  /// The main place.
  pub fn span(&self) -> Option<Span> {
    self.labels.first().map(|label| label.span)
  }
}

/// How many findings there are at least once some were left out: more help nobody.
pub const MOST: usize = 500;

/// What a stage found, in the order found. Beyond [`MOST`] findings only those that refuse the program are added,
/// and beyond twice as many, nothing; so whether the program is refused never depends on what was left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
  pub fn push(&mut self, diagnostic: Diagnostic) {
    let most = if diagnostic.code.level.refuses() {
      2 * MOST
    } else {
      MOST
    };
    if self.0.len() < most {
      self.0.push(diagnostic);
    }
  }

  pub fn extend(&mut self, other: Diagnostics) {
    other.0.into_iter().for_each(|diagnostic| self.push(diagnostic));
  }

  /// Whether nothing more is added: what would only say more need not be worked out.
  pub fn is_full(&self) -> bool {
    self.0.len() >= 2 * MOST
  }

  pub fn is_empty(&self) -> bool {
    self.0.is_empty()
  }

  /// Whether the program must not run.
  pub fn refuses(&self) -> bool {
    self.0.iter().any(Diagnostic::refuses)
  }

  /// Those that stand: neither lifted nor known from before.
  pub fn standing(&self) -> impl Iterator<Item = &Diagnostic> {
    self.0.iter().filter(|diagnostic| diagnostic.standing.holds())
  }

  /// By file and place, findings without a place first; equal findings once.
  pub fn sorted(mut self) -> Self {
    self
      .0
      .sort_by_key(|diagnostic| diagnostic.span().map(|span| (span.source, span.start, span.end)));
    self.0.dedup();
    self
  }
}

#[cfg(test)]
mod tests {
  use super::*;

  fn findings(code: &'static Code, count: usize) -> Diagnostics {
    Diagnostics((0..count).map(|at| Diagnostic::new(code, format!("{at}"))).collect())
  }

  #[test]
  fn warnings_never_keep_an_error_out() {
    let mut found = Diagnostics::default();
    found.extend(findings(&codes::UNUSED, 3 * MOST));
    assert_eq!((found.0.len(), found.is_full(), found.refuses()), (MOST, false, false));
    found.extend(findings(&codes::MISMATCH, 3 * MOST));
    assert_eq!(
      (found.0.len(), found.is_full(), found.refuses()),
      (2 * MOST, true, true)
    );
  }

  #[test]
  fn long_texts_are_cut_between_characters() {
    let said = Diagnostic::new(&codes::MISMATCH, format!("x{}", "é".repeat(LONGEST)));
    assert_eq!(said.message.len(), LONGEST - 1 + '…'.len_utf8());
  }
}
