//! Brackets and their partners.

use super::{Open, Scanner};
use crate::{
  diagnostics::{Diagnostic, codes},
  syntax::build::{MAX_NESTING, too_deep},
};

impl Scanner<'_> {
  pub(super) fn opening(&mut self, mark: u8) {
    if self.open.len() >= MAX_NESTING {
      self.report(too_deep(self.span(self.at, self.at + 1)));
      return self.lose_item();
    }
    let (at, indent) = (self.at, self.indent);
    self.open.push(Open { mark, at, indent });
    self.at += 1;
    if mark == b'(' {
      self.skip_regex();
    }
  }

  /// `(/re/)`: nothing in a regular expression is a bracket or a quote.
  fn skip_regex(&mut self) {
    let blank = self.bytes[self.at..].iter().take_while(|byte| **byte == b' ').count();
    let start = self.at + blank;
    if self.bytes.get(start) != Some(&b'/') || self.bytes.get(start + 1) == Some(&b'/') {
      return;
    }
    let mut at = start + 1;
    while let Some(byte) = self.bytes.get(at) {
      match byte {
        b'\n' => return,
        b'/' => {
          self.at = at + 1;
          return;
        }
        b'\\' => at += 2,
        _ => at += 1,
      }
    }
  }

  pub(super) fn closing(&mut self, mark: u8) {
    let first_on_line = self.bytes[self.line..self.at]
      .iter()
      .all(|byte| matches!(byte, b' ' | b'\t'));
    while let Some(top) = self.open.last() {
      if partner(top.mark) == mark {
        if mark == b'}' && first_on_line && self.indent < top.indent && self.suspect.is_none() {
          self.suspect = Some(top.at);
        }
        self.open.pop();
        self.at += 1;
        return;
      }
      if !self.closes_further_out(mark) {
        break;
      }
      self.mend_unclosed();
    }
    self.stray_closing(mark);
  }

  /// Whether the mark has its partner further out and what lies between can be told to be unclosed: round and square
  /// brackets always, braces only where all stands on this line.
  fn closes_further_out(&self, mark: u8) -> bool {
    for open in self.open.iter().rev() {
      if partner(open.mark) == mark {
        return true;
      }
      if open.mark == b'{' && open.at < self.line {
        return false;
      }
    }
    false
  }

  fn stray_closing(&mut self, mark: u8) {
    if !std::mem::replace(&mut self.stray, true) {
      let message = format!("`{}` closes nothing", mark as char);
      let said =
        Diagnostic::new(&codes::SYNTAX, message).label(self.span(self.at, self.at + 1), "no bracket is open here");
      self.report(said.help("remove it, or write the opening bracket that it belongs to"));
    }
    self.blank(self.at..self.at + 1);
    self.at += 1;
  }

  /// The end of the file.
  pub(super) fn end(&mut self) {
    if !self.open.is_empty() {
      self.say_unclosed_item(None);
      self.lose(self.text.len());
    }
  }

  /// A declaration begins at `at`: what is still open never closes.
  pub(super) fn begin_item(&mut self) {
    if !self.open.is_empty() {
      self.say_unclosed_item(Some(self.at));
      self.lose(self.at);
    }
    self.open.clear();
    self.item = self.at;
    self.item_indent = self.indent;
    self.suspect = None;
    self.stray = false;
  }

  fn say_unclosed_item(&mut self, next: Option<usize>) {
    let innermost = self.open.last().map_or(self.item, |open| open.at);
    let at = self
      .suspect
      .filter(|_| self.bytes[innermost] == b'{')
      .unwrap_or(innermost);
    // A string without an end on the way may have swallowed the partner: that was said.
    if self.scan.damaged.last().is_some_and(|damaged| *damaged >= self.item) {
      return;
    }
    self.say_unclosed(at, next);
  }

  pub(super) fn say_unclosed(&mut self, at: usize, next: Option<usize>) {
    let mark = self.bytes[at];
    let closing = partner(mark) as char;
    let said = Diagnostic::new(&codes::SYNTAX, format!("`{}` is never closed", mark as char));
    let said = said.label(self.span(at, at + 1), format!("expected a `{closing}` for this"));
    let said = match next {
      Some(next) => said.label(self.span(next, next + self.word_length(next).max(1)), "before this"),
      None => said,
    };
    self.report(said);
  }
}

/// The mark that closes an opening one.
pub(super) fn partner(mark: u8) -> u8 {
  match mark {
    b'(' => b')',
    b'[' => b']',
    _ => b'}',
  }
}
