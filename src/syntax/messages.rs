//! What is said about text that does not parse.

use pest::{
  Parser,
  error::{Error, ErrorVariant, InputLocation},
};

use super::{
  build::{Builder, Pair, shortened},
  habits::Stop,
  parser::{OrchParser, Rule},
  words,
};
use crate::{
  diagnostics::{Diagnostic, codes},
  source::Span,
};

/// More findings than this help nobody.
const MOST: usize = 200;

impl Builder<'_> {
  /// Reads a bad piece again as what it should have been, and says how far that went.
  pub(super) fn explain(&mut self, pair: &Pair, meant: Rule) {
    let span = self.span(pair);
    if self.is_damaged(span) || self.diagnostics.0.len() >= MOST {
      return;
    }
    let text = pair.as_str();
    if meant == Rule::step_only
      && let [word] = &self.names_in(span)[..]
      && words::is_reserved(&word.value)
    {
      self.report(reserved(&word.value, word.span));
      return self.misnamed.push(word.value.clone());
    }
    let said = match OrchParser::parse(meant, text) {
      Err(error) if self.trips(&error, text) => return,
      Err(error) => self.unexpected_in(&error, span.range().start, text, words::piece(meant)),
      Ok(_) => Diagnostic::new(&codes::SYNTAX, "this can't stand here").label(span, ""),
    };
    self.report(said);
  }

  /// Whether the text stopped to make sense at, or right behind, a word that was said to be no name.
  fn trips(&self, error: &Error<Rule>, text: &str) -> bool {
    let at = position(error).min(text.trim_end().len());
    let (before, behind) = (text[..at].trim_end(), text[at..].trim_start());
    self.misnamed.iter().any(|word| {
      let left = before.strip_suffix(word.as_str());
      let right = behind.strip_prefix(word.as_str());
      left.is_some_and(|left| !left.ends_with(is_word)) || right.is_some_and(|right| !right.starts_with(is_word))
    })
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
    self.unexpected_in(error, base, text, "an expression")
  }

  /// The same for a text that should have been a certain piece: what stands at its very beginning is none.
  fn unexpected_in(&self, error: &Error<Rule>, base: usize, text: &str, piece: &'static str) -> Diagnostic {
    let at = base + position(error).min(text.trim_end().len());
    let found = Found::at(self.file(), at);
    let place = Span::new(self.source(), found.at, found.at + found.text.len());
    let expected = match at == base {
      true => Expected::piece(piece),
      false => Expected::of(error),
    };
    if expected.name && words::is_reserved(found.text) {
      return reserved(found.text, place);
    }
    let what = found.said();
    let message = match expected.said() {
      Some(expected) => format!("expected {expected}, found {what}"),
      None if found.text.is_empty() => format!("{what} comes too early"),
      None => format!("{what} is not expected here"),
    };
    let said = Diagnostic::new(&codes::SYNTAX, message).label(place, "");
    let stop = Stop {
      before: &self.file()[..found.at],
      found: found.text,
      rest: found.rest,
      expected: &expected.words,
    };
    let help = stop.help();
    let said = match stop.mend(self.source(), help.as_deref()) {
      Some(fix) => said.fix(fix),
      None => said,
    };
    match help {
      _ if piece == words::ARM && found.text == "=>" => said.help("put a comma between arms before a negative number"),
      Some(help) => said.help(help),
      None => said,
    }
  }
}

fn position(error: &Error<Rule>) -> usize {
  match error.location {
    InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
  }
}

/// A reserved word where a name should stand.
pub(super) fn reserved(word: &str, place: Span) -> Diagnostic {
  Diagnostic::new(&codes::RESERVED, format!("`{word}` is reserved and can't be a name"))
    .label(place, "")
    .help(format!(
      "choose another name, such as `{word}_1`; fields and arguments may be called `{word}`"
    ))
}

/// What stands where the text stopped to make sense.
struct Found<'t> {
  at: usize,
  text: &'t str,
  rest: &'t str,
}

/// Marks of more than one character, also those of other languages.
const MARKS: [&str; 16] = [
  "===", "!==", "...", "=>", "->", "==", "!=", "<=", ">=", "??", "?.", "..", "&&", "||", ":=", "::",
];

impl<'t> Found<'t> {
  fn at(file: &'t str, at: usize) -> Self {
    let rest = file[at..].trim_start_matches([' ', '\t', '\r']);
    let at = file.len() - rest.len();
    let length = match rest.chars().next() {
      None | Some('\n') => 0,
      Some(c) if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
      Some(c) => MARKS
        .iter()
        .find(|mark| rest.starts_with(**mark))
        .map_or(c.len_utf8(), |mark| mark.len()),
    };
    let text = &rest[..length];
    Self { at, text, rest }
  }

  fn said(&self) -> String {
    match self.text {
      "" if self.rest.is_empty() => "the end of the file".to_string(),
      "" => "the end of the line".to_string(),
      "/" if self.rest.starts_with("//") => "a comment".to_string(),
      "\"" => "a string".to_string(),
      text => format!("`{}`", shortened(text)),
    }
  }
}

fn is_word(c: char) -> bool {
  c.is_ascii_alphanumeric() || c == '_'
}

/// What pest expected, in people's words.
struct Expected {
  words: Vec<&'static str>,
  /// A name would have fitted.
  name: bool,
}

impl Expected {
  fn piece(word: &'static str) -> Self {
    Self {
      words: vec![word],
      name: false,
    }
  }

  fn of(error: &Error<Rule>) -> Self {
    let positives = match &error.variant {
      ErrorVariant::ParsingError { positives, .. } => positives.as_slice(),
      ErrorVariant::CustomError { .. } => &[],
    };
    let mut words: Vec<&str> = Vec::new();
    for word in positives.iter().filter_map(|rule| words::said(*rule)) {
      if !words.contains(&word) {
        words.push(word);
      }
    }
    let names = [Rule::identifier, Rule::param, Rule::imported_name, Rule::params];
    let mut expected = Self {
      words,
      name: positives.iter().any(|rule| names.contains(rule)),
    };
    expected.tidy();
    expected
  }

  /// Leaves out what a wider word covers, and the brackets that could follow any value.
  fn tidy(&mut self) {
    if self.words.len() > 1 && self.words != ["`(`", "`:`"] {
      self.words.retain(|word| !matches!(*word, "`(`" | "`[`"));
    }
    for (wide, narrow) in COVERS {
      if self.words.contains(&wide) {
        self.words.retain(|word| !narrow.contains(word));
      }
    }
    if matches!(self.words.as_slice(), ["`(`" | "`[`"]) {
      self.words.clear();
    }
  }

  fn said(&self) -> Option<String> {
    match self.words.as_slice() {
      [] | [_, _, _, _, _, ..] => None,
      [one] => Some((*one).to_string()),
      [most @ .., last] => Some(format!("{} or {last}", most.join(", "))),
    }
  }
}

/// Words that make others needless.
const COVERS: [(&str, &[&str]); 5] = [
  ("a declaration", &["a name", "`(`"]),
  ("a setting", &["a policy", "a name", "`output`"]),
  (
    "a step",
    &[
      "an expression",
      "a name",
      "a string",
      "a number",
      "`{`",
      "`(`",
      "`[`",
      "a literal",
      "`if`",
    ],
  ),
  (
    "an expression",
    &[
      "`if`",
      "a string",
      "a number",
      "`{`",
      "`(`",
      "`[`",
      "a literal",
      "a name",
      "a label",
    ],
  ),
  (
    "a type",
    &["a string", "a number", "`{`", "`(`", "`[`", "a name", "a record type"],
  ),
];
