//! Findings as plain data: code, sentence, places, help. Knows nothing of the stage that found them.

pub mod codes;
pub mod render;

pub use codes::Code;

use crate::source::Span;

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

/// One finding. Its level is its code's.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
  pub code: &'static Code,
  /// One plain lower-case sentence without a full stop; user text in backticks.
  pub message: String,
  /// The first is where the finding stands. Empty only where there is no text (a file that can't be read).
  pub labels: Vec<Label>,
  /// What to do, if there is something to say.
  pub help: Option<String>,
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
    self.0.iter().any(|diagnostic| diagnostic.code.level.refuses())
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

/// Candidates that `nearest` compares, for a program may have a great many names and mistakes.
const COMPARED: usize = 10_000;

/// The candidate nearest to `name` by edit distance, if near enough to be a slip of the hand.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
  let length = name.chars().count();
  let reach = (length / 3).clamp(1, 3).min(length.saturating_sub(1));
  let (wanted, own) = (name.to_lowercase(), letters(name));
  // a letter that only one of two words has costs an edit, so most pairs need no closer look
  let apart = |other: u64| (own & !other).count_ones().max((other & !own).count_ones()) as usize;
  candidates
    .into_iter()
    .filter(|candidate| candidate.len().abs_diff(name.len()) <= 4 * reach && apart(letters(candidate)) <= reach)
    .take(COMPARED)
    .map(|candidate| (strsim::osa_distance(&wanted, &candidate.to_lowercase()), candidate))
    .filter(|(distance, candidate)| *distance <= reach && *candidate != name)
    .min_by_key(|(distance, candidate)| (*distance, candidate.len()))
    .map(|(_, candidate)| candidate)
}

/// The set of a word's letters, without regard to case; letters may share a place in it.
fn letters(word: &str) -> u64 {
  word.chars().fold(0, |set, letter| {
    set | 1 << (u32::from(letter.to_ascii_lowercase()) & 63)
  })
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

  #[test]
  fn the_nearest_is_a_slip_of_the_hand_away() {
    for (name, candidates, near) in [
      ("analyse", &["analyze", "analysis"][..], Some("analyze")),
      ("reveiw", &["review", "reviews"], Some("review")),
      ("REVIEW", &["review"], Some("review")),
      ("reviews", &["review"], Some("review")),
      ("größe", &["grösse", "größen"], Some("größen")),
      ("a1", &["b2", "a1"], None),
      ("review", &["writer", "reverse"], None),
    ] {
      assert_eq!(nearest(name, candidates.iter().copied()), near, "{name}");
    }
  }
}
