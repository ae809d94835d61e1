//! What is said about text that does not parse.

use pest::{
  Parser,
  error::{Error, ErrorVariant, InputLocation},
};

use super::{
  build::{Builder, Pair},
  parser::{OrchParser, Rule},
  words,
};
use crate::{
  diagnostics::{Diagnostic, codes},
  source::Span,
};

impl Builder<'_> {
  /// Reads a bad piece again as what it should have been, and says how far that went.
  pub(super) fn explain(&mut self, pair: &Pair, meant: Rule) {
    let span = self.span(pair);
    if self.is_damaged(span) {
      return;
    }
    let text = pair.as_str();
    let said = match OrchParser::parse(meant, text) {
      Err(error) => self.unexpected(&error, span.range().start, text),
      Ok(_) => Diagnostic::new(&codes::SYNTAX, "this can't stand here").label(span, ""),
    };
    self.report(said);
  }

  /// Says that the whole text could not be read.
  pub(super) fn say_unparsed(&mut self, error: &Error<Rule>, text: &str) {
    let said = self.unexpected(error, 0, text);
    match (&error.variant, said.span()) {
      (ErrorVariant::CustomError { .. }, Some(span)) => self.say_too_deep(span),
      _ => self.report(said),
    }
  }

  /// The finding for pest's error in `text`, which begins at `base` in the file.
  pub(super) fn unexpected(&self, error: &Error<Rule>, base: usize, text: &str) -> Diagnostic {
    let at = match error.location {
      InputLocation::Pos(at) | InputLocation::Span((at, _)) => at.min(text.len()),
    };
    let found = found(&text[at..]);
    let place = Span::new(self.source(), base + at, base + at + found.len());
    let expected = expected(error);
    let what = match found {
      "" => "the end".to_string(),
      found => format!("`{found}`"),
    };
    let message = match expected {
      Some(expected) => format!("expected {expected}, found {what}"),
      None => format!("{what} is not expected here"),
    };
    Diagnostic::new(&codes::SYNTAX, message).label(place, "")
  }
}

fn found(text: &str) -> &str {
  let end = match text.chars().next() {
    None => 0,
    Some(c) if c.is_ascii_alphanumeric() || c == '_' => text
      .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
      .unwrap_or(text.len()),
    Some(c) => c.len_utf8(),
  };
  &text[..end]
}

/// What pest expected, in people's words, or `None` where that would say nothing.
fn expected(error: &Error<Rule>) -> Option<String> {
  let ErrorVariant::ParsingError { positives, .. } = &error.variant else {
    return None;
  };
  let mut said: Vec<&str> = Vec::new();
  for word in positives.iter().filter_map(|rule| words::said(*rule)) {
    if !said.contains(&word) {
      said.push(word);
    }
  }
  match said.as_slice() {
    [] | [_, _, _, _, _, ..] => None,
    [one] => Some((*one).to_string()),
    [most @ .., last] => Some(format!("{} or {last}", most.join(", "))),
  }
}
