//! Files, spans and line numbers. Knows nothing of what the text means.

use std::{
  path::{Path, PathBuf},
  sync::Arc,
};

/// The number of a file in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A range of bytes in one file; `start <= end`, both on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
  pub source: SourceId,
  pub start: u32,
  pub end: u32,
}

impl Span {
  /// The span from `start` to `end` (byte offsets) in `source`.
  pub fn new(source: SourceId, start: usize, end: usize) -> Self {
    Self {
      source,
      start: offset(start),
      end: offset(end.max(start)),
    }
  }

  /// The smallest span that holds both; `other` must be of the same file.
  pub fn to(self, other: Span) -> Span {
    debug_assert_eq!(self.source, other.source);
    Span {
      source: self.source,
      start: self.start.min(other.start),
      end: self.end.max(other.end),
    }
  }

  /// The bytes covered, as a range into the file's text.
  pub fn range(self) -> std::ops::Range<usize> {
    self.start as usize..self.end as usize
  }
}

fn offset(value: usize) -> u32 {
  u32::try_from(value).unwrap_or(u32::MAX)
}

/// A value with the place that it was written at.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
  pub value: T,
  pub span: Span,
}

impl<T> Spanned<T> {
  pub fn new(value: T, span: Span) -> Self {
    Self { value, span }
  }
}

/// One file's text.
#[derive(Debug)]
pub struct Source {
  /// As the user knows it: the path that was given, or `std/...`.
  pub name: String,
  /// Canonical path, where the text came from a disk.
  pub path: PathBuf,
  pub text: Arc<str>,
  lines: Vec<u32>,
}

/// A place as people count: both from 1; `column` counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
  pub line: usize,
  pub column: usize,
}

impl Source {
  fn new(name: String, path: PathBuf, text: Arc<str>) -> Self {
    let starts = text
      .bytes()
      .enumerate()
      .filter(|(_, byte)| *byte == b'\n')
      .map(|(at, _)| offset(at + 1));
    let lines = std::iter::once(0).chain(starts).collect();
    Self {
      name,
      path,
      text,
      lines,
    }
  }

  /// The line and column of a byte offset.
  pub fn position(&self, at: usize) -> Position {
    let at = at.min(self.text.len());
    let line = self.lines.partition_point(|start| *start as usize <= at) - 1;
    let start = self.lines[line] as usize;
    Position {
      line: line + 1,
      column: self.text[start..at].chars().count() + 1,
    }
  }

  /// The line of a byte offset, from 1; cheaper than its position.
  pub fn line_number(&self, at: usize) -> usize {
    self
      .lines
      .partition_point(|start| *start as usize <= at.min(self.text.len()))
  }

  /// How many lines there are; a text that ends with a line break has an empty last one.
  pub fn line_count(&self) -> usize {
    self.lines.len()
  }

  /// The byte range of line `line` (from 1), without its line break.
  pub fn line_range(&self, line: usize) -> std::ops::Range<usize> {
    let start = self.lines[line - 1] as usize;
    let end = self.lines.get(line).map_or(self.text.len(), |next| *next as usize - 1);
    start..end.max(start)
  }
}

/// All files of one program, in the order in which they were read.
#[derive(Debug, Default)]
pub struct Sources {
  files: Vec<Source>,
}

impl Sources {
  /// Adds a file's text and gives its number.
  pub fn add(&mut self, name: impl Into<String>, path: impl AsRef<Path>, text: impl Into<Arc<str>>) -> SourceId {
    let id = SourceId(offset(self.files.len()));
    self
      .files
      .push(Source::new(name.into(), path.as_ref().to_path_buf(), text.into()));
    id
  }

  pub fn get(&self, id: SourceId) -> &Source {
    &self.files[id.0 as usize]
  }

  /// The text that a span covers.
  pub fn text(&self, span: Span) -> &str {
    &self.get(span.source).text[span.range()]
  }

  pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
    self
      .files
      .iter()
      .enumerate()
      .map(|(index, source)| (SourceId(offset(index)), source))
  }
}
