//! One quick pass over the characters before pest: brackets, strings and comments. It finds what is never closed or
//! nested too deep and mends the text, byte for byte in place, so that the grammar sees balanced text and offsets stay.

mod brackets;
mod foreign;
mod mend;
mod strings;

use std::cell::Cell;

use crate::{
  diagnostics::{Diagnostic, Diagnostics},
  source::{SourceId, Span, Spanned},
};

/// A text that is fit for the grammar, and what had to be mended for that.
pub(super) struct Scan {
  pub(super) text: String,
  /// Offsets, in order, of mended places: what covers one is broken, and that was said.
  pub(super) damaged: Vec<usize>,
  /// Declarations that were blanked whole.
  pub(super) lost: Vec<Lost>,
  pub(super) diagnostics: Diagnostics,
}

/// A declaration of which only the name could be kept.
pub(super) struct Lost {
  pub(super) name: Option<Spanned<String>>,
  pub(super) span: Span,
}

/// A bracket that waits for its partner.
struct Open {
  mark: u8,
  at: usize,
  /// The indentation of its line.
  indent: usize,
}

/// More findings of this pass than this help nobody.
const MOST: usize = 200;

struct Scanner<'t> {
  source: SourceId,
  text: &'t str,
  bytes: &'t [u8],
  out: Vec<u8>,
  at: usize,
  open: Vec<Open>,
  /// Where the declaration began in which `at` lies, and the indentation of its line.
  item: usize,
  item_indent: usize,
  line: usize,
  indent: usize,
  /// Nothing but blanks since the line began.
  fresh: bool,
  /// The last word was `shell`: a raw string may follow.
  shell: bool,
  /// An opening brace whose partner, by its indentation, closes another.
  suspect: Option<usize>,
  /// A stray closing mark was said in this declaration.
  stray: bool,
  /// Up to here `${` is text, since one before it was never closed.
  text_until: usize,
  /// The last answer of `line_end`: lines may be long and asked for often.
  known_line: Cell<(usize, usize)>,
  scan: Found,
}

#[derive(Default)]
struct Found {
  damaged: Vec<usize>,
  lost: Vec<Lost>,
  diagnostics: Diagnostics,
}

/// Looks a text over and mends it.
pub(super) fn scan(source: SourceId, text: &str) -> Scan {
  let mut scanner = Scanner {
    source,
    text,
    bytes: text.as_bytes(),
    out: text.as_bytes().to_vec(),
    at: 0,
    open: Vec::new(),
    item: 0,
    item_indent: 0,
    line: 0,
    indent: 0,
    fresh: true,
    shell: false,
    suspect: None,
    stray: false,
    text_until: 0,
    known_line: Cell::new((1, 0)),
    scan: Found::default(),
  };
  scanner.skip_mark();
  while scanner.at < text.len() {
    scanner.token();
  }
  scanner.end();
  scanner.finish()
}

impl Scanner<'_> {
  /// A byte order mark is no text.
  fn skip_mark(&mut self) {
    if self.text.starts_with('\u{feff}') {
      self.blank(0..3);
      self.at = 3;
      self.line = 3;
    }
  }

  fn token(&mut self) {
    let byte = self.bytes[self.at];
    match byte {
      b'\n' => return self.next_line(),
      b' ' | b'\t' | b'\r' => {
        self.at += 1;
        return;
      }
      _ if self.fresh => self.begin_line(),
      _ => {}
    }
    let shell = std::mem::take(&mut self.shell);
    match byte {
      b'/' if self.peek(1) == Some(b'/') => self.at = self.line_end(self.at),
      b'"' => self.string(shell),
      b'(' | b'[' | b'{' => self.opening(byte),
      b')' | b']' | b'}' => self.closing(byte),
      b'#' => self.hash_comment(),
      b';' => self.semicolon(),
      b'\'' | b'`' => self.foreign_quotes(),
      _ if is_word(byte) => self.word(),
      _ => self.at += 1,
    }
  }

  fn next_line(&mut self) {
    self.at += 1;
    self.line = self.at;
    self.fresh = true;
  }

  fn begin_line(&mut self) {
    self.fresh = false;
    self.indent = self.at - self.line;
    match self.item_begins(self.at) {
      true if !self.open.is_empty() && self.indent > self.item_indent => self.inner_item(),
      true => self.begin_item(),
      false => {}
    }
  }

  fn word(&mut self) {
    let start = self.at;
    self.at += self.word_length(start);
    self.shell = &self.bytes[start..self.at] == b"shell";
  }

  fn finish(self) -> Scan {
    let Found {
      mut damaged,
      lost,
      diagnostics,
    } = self.scan;
    damaged.sort_unstable();
    Scan {
      // Whole characters are overwritten by ASCII, so this is always text.
      text: String::from_utf8(self.out).unwrap_or_else(|_| self.text.to_string()),
      damaged,
      lost,
      diagnostics,
    }
  }

  fn report(&mut self, diagnostic: Diagnostic) {
    if self.scan.diagnostics.0.len() < MOST {
      self.scan.diagnostics.push(diagnostic);
    }
  }

  fn span(&self, start: usize, end: usize) -> Span {
    Span::new(self.source, start, end)
  }

  fn peek(&self, ahead: usize) -> Option<u8> {
    self.bytes.get(self.at + ahead).copied()
  }

  /// Where the line ends on which `from` lies.
  fn line_end(&self, from: usize) -> usize {
    let (start, end) = self.known_line.get();
    if (start..=end).contains(&from) {
      return end;
    }
    let end = self.text[from..].find('\n').map_or(self.text.len(), |end| from + end);
    self.known_line.set((from, end));
    end
  }

  fn word_length(&self, from: usize) -> usize {
    self.bytes[from..].iter().take_while(|byte| is_word(**byte)).count()
  }
}

fn is_word(byte: u8) -> bool {
  byte.is_ascii_alphanumeric() || byte == b'_'
}
