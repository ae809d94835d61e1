//! Mending in place: what can't be read is overwritten by blanks, or by a word that stands for a broken value.

use std::ops::Range;

use super::{Lost, Scanner};
use crate::{
  diagnostics::{Diagnostic, codes},
  source::Spanned,
};

/// Words that begin a declaration, also those that are not read yet.
const ITEMS: [&[u8]; 13] = [
  b"import",
  b"type",
  b"let",
  b"contract",
  b"worker",
  b"orchestrator",
  b"defaults",
  b"limit",
  b"pattern",
  b"pool",
  b"secret",
  b"profile",
  b"test",
];

impl Scanner<'_> {
  /// Overwrites by blanks, keeping line breaks.
  pub(super) fn blank(&mut self, range: Range<usize>) {
    for byte in &mut self.out[range] {
      if *byte != b'\n' {
        *byte = b' ';
      }
    }
  }

  /// Overwrites by a word that the builder takes for broken.
  pub(super) fn damage(&mut self, range: Range<usize>) {
    self.scan.damaged.push(range.start);
    self.out[range].fill(b'_');
  }

  /// The innermost open bracket never closes: its line from there on, and deeper lines below it, are a broken value.
  pub(super) fn mend_unclosed(&mut self) {
    let Some(open) = self.open.pop() else { return };
    self.say_unclosed(open.at, Some(self.at));
    let line_end = self.line_end(open.at).min(self.at);
    let kept = self.text[open.at..line_end].trim_end().len();
    self.damage(open.at..open.at + kept);
    let mut at = line_end;
    while at < self.at && self.is_deeper(at + 1, open.indent) {
      let end = self.line_end(at + 1).min(self.at);
      self.blank(at + 1..end);
      at = end;
    }
  }

  fn is_deeper(&self, line: usize, indent: usize) -> bool {
    let blank = self.bytes[line..]
      .iter()
      .take_while(|byte| matches!(byte, b' ' | b'\t'))
      .count();
    blank > indent || self.bytes.get(line + blank) == Some(&b'\n')
  }

  /// Blanks the declaration in which `at` lies, up to `end`.
  pub(super) fn lose(&mut self, end: usize) {
    let start = self.item_start();
    let end = self.before_docs(end).max(start);
    let text = self.text[start..end].trim_end();
    let span = self.span(start, start + text.len());
    let name = self.item_name(start);
    self.blank(start..end);
    self.scan.lost.push(Lost { name, span });
    self.open.clear();
  }

  /// The docs right above a declaration at `end` are its own.
  fn before_docs(&self, end: usize) -> usize {
    let mut before = end;
    let lines = self.text[..end].split_inclusive('\n').rev();
    for line in lines.take_while(|line| line.trim_start().starts_with("///") || line.trim().is_empty()) {
      before -= line.len();
    }
    before
  }

  /// Blanks the declaration and goes on with the next one.
  pub(super) fn lose_item(&mut self) {
    let next = self.next_item(self.at);
    self.lose(next);
    self.at = next;
    self.line = self.text[..next].rfind('\n').map_or(0, |line| line + 1);
    self.fresh = true;
  }

  /// Blanks before a declaration do not belong to it.
  fn item_start(&self) -> usize {
    let rest = &self.text[self.item..];
    self.item + rest.len() - rest.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).len()
  }

  fn item_name(&self, start: usize) -> Option<Spanned<String>> {
    if !self.item_begins(start) {
      return None;
    }
    let first = start + self.word_length(start);
    let blank = self.bytes[first..]
      .iter()
      .take_while(|byte| matches!(byte, b' ' | b'\t'))
      .count();
    let at = first + blank;
    let length = self.word_length(at);
    let span = self.span(at, at + length);
    (length > 0).then(|| Spanned::new(self.text[at..at + length].to_string(), span))
  }

  fn next_item(&self, from: usize) -> usize {
    let mut at = self.line_end(from);
    while at < self.text.len() {
      let line = at + 1;
      let blank = self.bytes[line..]
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
      if blank <= self.item_indent && self.item_begins(line + blank) {
        return line;
      }
      at = self.line_end(line);
    }
    self.text.len()
  }

  /// A declaration inside another one, as far as its lines are indented: it is said and blanked, its name kept.
  pub(super) fn inner_item(&mut self) {
    let length = self.word_length(self.at);
    let word = &self.text[self.at..self.at + length];
    // A step that was written with `let` is told apart by the grammar.
    if word == "let" {
      return;
    }
    let said = Diagnostic::new(
      &codes::SYNTAX,
      format!("a `{word}` can't stand inside another declaration"),
    );
    let said = said.label(self.span(self.at, self.at + length), "");
    self.report(said.help("declarations stand at the top of the file, without indentation"));
    let end = self.inner_end();
    let span = self.span(self.at, end);
    let name = self.item_name(self.at);
    self.blank(self.at..end);
    self.scan.lost.push(Lost { name, span });
    self.at = end;
    self.fresh = true;
  }

  /// Where a declaration at `at` ends by its indentation: with its deeper lines, and the closing mark below them.
  fn inner_end(&self) -> usize {
    let mut end = self.line_end(self.at);
    while end < self.text.len() {
      let line = end + 1;
      let closes = self.bytes[line..].get(self.indent) == Some(&b'}') && self.is_blank(line..line + self.indent);
      if !closes && !self.is_deeper(line, self.indent) {
        break;
      }
      end = self.line_end(line);
      if closes {
        break;
      }
    }
    end
  }

  fn is_blank(&self, range: Range<usize>) -> bool {
    self.bytes[range].iter().all(|byte| matches!(byte, b' ' | b'\t'))
  }

  /// Whether a declaration begins at `at`: its word and what must follow it.
  pub(super) fn item_begins(&self, at: usize) -> bool {
    let length = self.word_length(at);
    let word = &self.bytes[at..at + length];
    if !ITEMS.contains(&word) {
      return false;
    }
    let rest = &self.text[at + length..];
    let after = rest.trim_start_matches([' ', '\t']);
    let next = after.bytes().next().unwrap_or(b' ');
    match word {
      b"import" | b"defaults" => next == b'{',
      b"test" => next == b'"',
      b"limit" | b"profile" if !self.open.is_empty() => {
        let name = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        name.len() < after.len() && name.trim_start_matches([' ', '\t']).starts_with('{')
      }
      _ => after.len() < rest.len() && (next.is_ascii_alphabetic() || next == b'_'),
    }
  }
}
