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

impl Diagnostic {
  /// A finding without a place.
  pub fn new(code: &'static Code, message: impl Into<String>) -> Self {
    Self {
      code,
      message: message.into(),
      labels: Vec::new(),
      help: None,
    }
  }

  /// Adds a place; the first one added is the main one.
  #[must_use]
  pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
    self.labels.push(Label {
      span,
      text: text.into(),
    });
    self
  }

  /// Says what to do.
  #[must_use]
  pub fn help(mut self, text: impl Into<String>) -> Self {
    self.help = Some(text.into());
    self
  }

  /// The main place.
  pub fn span(&self) -> Option<Span> {
    self.labels.first().map(|label| label.span)
  }
}

/// What a stage found, in the order found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
  pub fn push(&mut self, diagnostic: Diagnostic) {
    self.0.push(diagnostic);
  }

  pub fn extend(&mut self, other: Diagnostics) {
    self.0.extend(other.0);
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

/// The candidate nearest to `name` by edit distance, if near enough to be a slip of the hand.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
  let length = name.chars().count();
  let reach = (length / 3).clamp(1, 3).min(length.saturating_sub(1));
  candidates
    .into_iter()
    .map(|candidate| {
      (
        strsim::damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase()),
        candidate,
      )
    })
    .filter(|(distance, candidate)| *distance <= reach && *candidate != name)
    .min_by_key(|(distance, candidate)| (*distance, candidate.len()))
    .map(|(_, candidate)| candidate)
}
