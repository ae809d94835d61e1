//! Marks of other languages: each is said with its cure, then taken out.

use super::Scanner;
use crate::diagnostics::{Diagnostic, Fix, codes};

impl Scanner<'_> {
  pub(super) fn hash_comment(&mut self) {
    let end = self.line_end(self.at);
    let said = Diagnostic::new(&codes::SYNTAX, "`#` does not begin a comment");
    let mark = self.span(self.at, self.at + 1);
    // `//!` and `///` would be docs.
    let meant = if matches!(self.peek(1), Some(b'!' | b'/')) {
      "// "
    } else {
      "//"
    };
    self.report(said.label(mark, "").help("write `//`").fix(Fix::write(mark, meant)));
    self.blank(self.at..end);
    self.at = end;
  }

  pub(super) fn semicolon(&mut self) {
    let said = Diagnostic::new(&codes::SYNTAX, "`;` has no meaning");
    let mark = self.span(self.at, self.at + 1);
    let said = said.label(mark, "").fix(Fix::delete(mark));
    self.report(said.help("a line break ends a step; remove the `;`"));
    self.scan.damaged.push(self.at);
    self.blank(self.at..self.at + 1);
    self.at += 1;
  }

  /// `'text'` and `` `text` ``, where they end on their line.
  pub(super) fn foreign_quotes(&mut self) {
    let quote = char::from(self.bytes[self.at]);
    let rest = &self.text[self.at + 1..];
    let length = rest.find([quote, '\n']).unwrap_or(rest.len());
    if !rest[length..].starts_with(quote) {
      self.at += 1;
      return;
    }
    let line = &rest[..length];
    let end = self.at + length + 2;
    let said = Diagnostic::new(&codes::SYNTAX, "a string stands in double quotes");
    let help = format!("write `\"{}\"`", super::super::build::shortened(line));
    let place = self.span(self.at, end);
    let said = said.label(place, "").help(help);
    // What a backslash or `$` meant there is not certain.
    self.report(match line.contains(['\\', '$']) {
      true => said,
      false => said.fix(Fix::write(place, format!("\"{}\"", line.replace('"', "\\\"")))),
    });
    self.empty_string(self.at, end);
    self.at = end;
  }

  /// Makes a blank string of a place, which counts as broken.
  pub(super) fn empty_string(&mut self, start: usize, end: usize) {
    if end - start < 2 {
      return self.damage(start..end);
    }
    self.blank(start..end);
    self.out[start] = b'"';
    self.out[end - 1] = b'"';
    self.scan.damaged.push(start);
  }
}
