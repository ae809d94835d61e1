//! Strings: where they end, and that every `${` in them has its `}`.

use super::{Scanner, brackets::partner};
use crate::{
  diagnostics::{Diagnostic, codes},
  syntax::build::{MAX_NESTING, too_deep},
};

/// Why a string or interpolation could not be followed to its end.
enum Stop {
  Unterminated,
  TooDeep(usize),
}

impl Scanner<'_> {
  /// The string that begins at `at`.
  pub(super) fn string(&mut self, raw: bool) {
    let start = self.at;
    match self.skip_string(start, raw, self.text.len(), self.open.len()) {
      Ok(end) => {
        self.count_lines(start, end);
        self.at = end;
      }
      Err(Stop::TooDeep(at)) => {
        self.report(too_deep(self.span(at, at + 1)));
        self.lose_item();
      }
      Err(Stop::Unterminated) => self.unterminated(start),
    }
  }

  /// A string may hold line breaks: the line of what follows it began inside.
  fn count_lines(&mut self, start: usize, end: usize) {
    if let Some(last) = self.text[start..end].rfind('\n') {
      self.line = start + last + 1;
    }
  }

  fn unterminated(&mut self, start: usize) {
    let triple = self.text[start..].starts_with("\"\"\"");
    let said = Diagnostic::new(&codes::UNTERMINATED_STRING, "a string without an end");
    if triple {
      let said = said.label(self.span(start, start + 3), "this string is never closed");
      self.report(said.help("close it with `\"\"\"`"));
      self.scan.damaged.push(start);
      return self.lose_item();
    }
    let said = said.label(self.span(start, start + 1), "this string does not end on its line");
    self.report(said.help("close it with `\"`; a text of several lines stands in `\"\"\"`"));
    let end = self.likely_end(start);
    self.empty_string(start, end);
    self.at = end;
  }

  /// The end of the line, without closing marks whose partners were opened on it.
  fn likely_end(&self, start: usize) -> usize {
    let mut end = start
      + self.text[start..self.line_end(start)]
        .trim_end_matches([' ', '\t', '\r', ','])
        .len();
    let on_line = self.open.partition_point(|open| open.at < self.line);
    for open in &self.open[on_line..] {
      if end > start + 1 && self.bytes[end - 1] == partner(open.mark) {
        end = start + self.text[start..end - 1].trim_end().len();
      }
    }
    end
  }

  /// Where the string ends that begins at `start`; not beyond `limit`.
  fn skip_string(&mut self, start: usize, raw: bool, limit: usize, depth: usize) -> Result<usize, Stop> {
    let triple = self.text[start..limit].starts_with("\"\"\"");
    let limit = if triple { limit } else { self.line_end(start).min(limit) };
    let mut at = start + if triple { 3 } else { 1 };
    while at < limit {
      match self.bytes[at] {
        b'"' if !triple => return Ok(at + 1),
        b'"' if self.bytes[at..limit].starts_with(b"\"\"\"") => return Ok(at + 3),
        b'\\' if !raw => at += 2,
        b'$' if !raw && self.bytes.get(at + 1) == Some(&b'{') => {
          at = self.skip_value(at, triple, limit, depth + 1)?;
        }
        _ => at += 1,
      }
    }
    Err(Stop::Unterminated)
  }

  /// Where the `${` at `start` ends. One without an end is said and becomes text.
  fn skip_value(&mut self, start: usize, triple: bool, limit: usize, depth: usize) -> Result<usize, Stop> {
    if start < self.text_until {
      self.blank(start..start + 2);
      return Ok(start + 2);
    }
    match self.value_end(start + 2, triple, limit, depth) {
      Err(Stop::Unterminated) => {
        if start >= self.text_until {
          self.say_open_value(start);
          self.text_until = if triple { self.next_triple(start) } else { limit };
        }
        self.blank(start..start + 2);
        Ok(start + 2)
      }
      found => found,
    }
  }

  fn next_triple(&self, from: usize) -> usize {
    self.text[from..].find("\"\"\"").map_or(self.text.len(), |at| from + at)
  }

  fn value_end(&mut self, start: usize, triple: bool, limit: usize, outer: usize) -> Result<usize, Stop> {
    let (mut at, mut depth, mut braces) = (start, outer, 0usize);
    while at < limit {
      if depth > MAX_NESTING {
        return Err(Stop::TooDeep(at));
      }
      match self.bytes[at] {
        b'}' if braces == 0 => return Ok(at + 1),
        b'"' if triple && self.bytes[at..limit].starts_with(b"\"\"\"") => break,
        b'"' => {
          at = self.skip_string(at, false, limit, depth)?;
          continue;
        }
        mark => {
          braces = (braces + usize::from(mark == b'{')).saturating_sub(usize::from(mark == b'}'));
          depth += usize::from(matches!(mark, b'(' | b'[' | b'{'));
          depth -= usize::from(matches!(mark, b')' | b']' | b'}') && depth > outer);
        }
      }
      at += 1;
    }
    Err(Stop::Unterminated)
  }

  fn say_open_value(&mut self, start: usize) {
    let said = Diagnostic::new(&codes::BAD_INTERPOLATION, "`${` without its `}`");
    let said = said.label(self.span(start, start + 2), "this value is never closed");
    self.report(said.help("close it with `}`, or write `\\${` for the text"));
  }
}
