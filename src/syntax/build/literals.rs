//! Numbers, durations, labels and docs.

use super::{Builder, Pair, is_word};
use crate::{
  diagnostics::{Diagnostic, codes},
  source::{Span, Spanned},
  syntax::{
    ast::{ExprKind, Name, Number},
    parser::Rule,
  },
};

/// Unit suffixes and their milliseconds, longer ones first where one begins another.
const UNITS: [(&str, i64); 5] = [
  ("ms", 1),
  ("s", 1000),
  ("m", 60_000),
  ("h", 3_600_000),
  ("d", 86_400_000),
];

impl Builder<'_> {
  /// An integer, float or duration.
  pub(super) fn number(&mut self, pair: &Pair, negative: bool) -> ExprKind {
    let text = pair.as_str();
    let span = self.span(pair);
    if let Some(milliseconds) = duration(text) {
      let Some(milliseconds) = milliseconds else {
        self.say_bad_number(span, "durations go up to about 292 million years");
        return ExprKind::Broken;
      };
      return ExprKind::Duration(if negative { -milliseconds } else { milliseconds });
    }
    match self.plain_number(pair, negative) {
      Some(Number::Int(value)) => ExprKind::Int(value),
      Some(Number::Float(value)) => ExprKind::Float(value),
      None => ExprKind::Broken,
    }
  }

  /// A number that is no duration.
  pub(super) fn plain_number(&mut self, pair: &Pair, negative: bool) -> Option<Number> {
    let span = self.span(pair);
    let text: String = pair.as_str().chars().filter(|c| *c != '_').collect();
    let text = if negative { format!("-{text}") } else { text };
    let text = written_out(text);
    if text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()) {
      let value = text.parse().ok().map(Number::Int);
      if value.is_none() {
        self.say_bad_number(span, "whole numbers go from -2^63 to 2^63 - 1");
      }
      return value;
    }
    match text.parse::<f64>() {
      Ok(value) if value.is_finite() && is_decimal(&text) => Some(Number::Float(value)),
      Ok(value) if value.is_infinite() && is_decimal(&text) => {
        self.say_bad_number(span, "floats go up to about 1.8e308");
        None
      }
      _ => {
        self.say_bad_number(
          span,
          "numbers are `1_000`, `1.5`, `1e3`, `64k`, `1M`; durations `250ms`, `1h30m`, `2d`",
        );
        None
      }
    }
  }

  pub(super) fn plain_integer(&mut self, pair: &Pair) -> Option<i64> {
    match self.plain_number(pair, false)? {
      Number::Int(value) => Some(value),
      Number::Float(_) => {
        self.say_bad_number(self.span(pair), "a whole number stands here");
        None
      }
    }
  }

  /// `3` or `-3` from a pair that holds an optional minus and a number.
  pub(super) fn signed_integer(&mut self, pair: Pair) -> Option<i64> {
    let span = self.span(&pair);
    let negative = pair.as_str().starts_with('-');
    let digits = pair.into_inner().last().expect("grammar: a number");
    match self.plain_number(&digits, negative)? {
      Number::Int(value) => Some(value),
      Number::Float(_) => {
        self.say_bad_number(span, "a whole number stands here");
        None
      }
    }
  }

  pub(super) fn say_bad_number(&mut self, span: Span, help: &str) {
    if self.is_damaged(span) {
      return;
    }
    let text = &self.text[span.range()];
    let message = format!("`{}` is no number that can stand here", shortened(text));
    self.report(Diagnostic::new(&codes::BAD_NUMBER, message).label(span, "").help(help));
  }

  /// A field name, record key or argument label: a word or a quoted string.
  pub(super) fn label(&mut self, pair: &Pair) -> Name {
    let inner = pair.clone().into_inner().next().expect("grammar: a word");
    match inner.as_rule() {
      Rule::string => self.plain_string(&inner),
      _ => self.name(&inner),
    }
  }

  /// The first word of a piece that did not parse.
  pub(super) fn first_word(&self, pair: &Pair) -> Option<Name> {
    self.word_at(self.span(pair).range(), 0)
  }

  /// The word after the first one: what a broken declaration would have declared.
  pub(super) fn second_word(&self, pair: &Pair) -> Option<Name> {
    let range = self.span(pair).range();
    let first = self.word_at(range.clone(), 0)?;
    let rest = first.span.range().end..range.end;
    let blank = self.text[rest.clone()].bytes().take_while(|byte| *byte == b' ').count();
    self.word_at(rest, blank)
  }

  pub(super) fn word_at(&self, range: std::ops::Range<usize>, skip: usize) -> Option<Name> {
    let start = range.start + skip;
    let text = &self.text[start..range.end];
    let length = text.bytes().take_while(|byte| is_word(*byte)).count();
    let starts = text
      .bytes()
      .next()
      .is_some_and(|byte| is_word(byte) && !byte.is_ascii_digit());
    let span = Span::new(self.source, start, start + length);
    starts.then(|| Spanned::new(text[..length].to_string(), span))
  }

  /// The `//!` lines at the top of the file.
  pub(super) fn module_doc(&self) -> Option<String> {
    let lines = self.text.lines().map(str::trim).skip_while(|line| line.is_empty());
    joined(lines.map_while(|line| line.strip_prefix("//!")))
  }

  /// The `///` lines right above the line that begins at `at`.
  pub(super) fn doc_before(&self, at: usize) -> Option<String> {
    let before = self.text[..at].trim_end_matches([' ', '\t']);
    let above = before.strip_suffix('\n')?.rsplit('\n').map(str::trim);
    let mut lines: Vec<&str> = above.map_while(|line| line.strip_prefix("///")).collect();
    lines.reverse();
    joined(lines.into_iter())
  }
}

fn joined<'t>(lines: impl Iterator<Item = &'t str>) -> Option<String> {
  let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
  (!lines.is_empty()).then(|| lines.join("\n"))
}

fn is_decimal(text: &str) -> bool {
  text
    .bytes()
    .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'))
}

/// `None`: no duration at all. `Some(None)`: a duration that is too long.
fn duration(text: &str) -> Option<Option<i64>> {
  let mut rest = text;
  let mut total = Some(0i64);
  while !rest.is_empty() {
    let digits = rest
      .bytes()
      .take_while(|byte| byte.is_ascii_digit() || *byte == b'_')
      .count();
    let (number, after) = rest.split_at(digits);
    let (unit, scale) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
    let number: String = number.chars().filter(|c| *c != '_').collect();
    if number.is_empty() {
      return None;
    }
    let part = number.parse::<i64>().ok().and_then(|number| number.checked_mul(*scale));
    total = total.zip(part).and_then(|(total, part)| total.checked_add(part));
    rest = &after[unit.len()..];
  }
  Some(total)
}

/// A text short enough to stand in a message.
pub(in crate::syntax) fn shortened(text: &str) -> String {
  match text.char_indices().nth(40) {
    Some((end, _)) => format!("{}...", &text[..end]),
    None => text.to_string(),
  }
}

/// `64k` and `1M` as digits alone; other texts as they are.
fn written_out(text: String) -> String {
  let thousands = text.strip_suffix('k').map(|digits| (digits, "000"));
  let scaled = thousands.or_else(|| text.strip_suffix('M').map(|digits| (digits, "000000")));
  match scaled {
    Some((digits, zeros)) if digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => {
      format!("{digits}{zeros}")
    }
    _ => text,
  }
}
