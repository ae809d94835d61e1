//! Edits that mend a finding, and how several are put into one text. Knows neither files nor who asked.

use crate::source::Span;

/// A piece of a text, and what shall stand there instead. Either may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
  pub span: Span,
  /// Lines end with `\n`, whatever the file has.
  pub text: String,
}

/// What a machine does about a finding: all of its edits, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
  /// As a person would be told to do it: ``write `len` ``.
  pub title: String,
  pub edits: Vec<Edit>,
}

impl Fix {
  pub fn new(title: impl Into<String>) -> Self {
    Self {
      title: title.into(),
      edits: Vec::new(),
    }
  }

  /// Writes a text in the place of another.
  pub fn write(span: Span, text: impl Into<String>) -> Self {
    let text = text.into();
    Self::new(format!("write `{text}`")).edit(span, text)
  }

  /// Takes a piece away.
  pub fn delete(span: Span) -> Self {
    Self::new("take it away").edit(span, "")
  }

  /// Writes a text before what stands at an offset of the file of `near`.
  pub fn insert(near: Span, at: usize, text: impl Into<String>) -> Self {
    let text = text.into();
    Self::new(format!("write `{}`", text.trim())).edit(Span::new(near.source, at, at), text)
  }

  #[must_use]
  pub fn edit(mut self, span: Span, text: impl Into<String>) -> Self {
    self.edits.push(Edit {
      span,
      text: text.into(),
    });
    self
  }
}

/// The fixes that can be made together: in the order given, each that touches no text which one before it touches.
pub fn apart<'f>(fixes: impl IntoIterator<Item = &'f Fix>) -> Vec<&'f Fix> {
  let mut chosen: Vec<&Fix> = Vec::new();
  for fix in fixes {
    let clear = |edit: &Edit| {
      let taken = chosen.iter().flat_map(|fix| &fix.edits);
      !taken.into_iter().any(|taken| meet(taken.span, edit.span))
    };
    if fix.edits.iter().all(clear) {
      chosen.push(fix);
    }
  }
  chosen
}

/// Whether two edits can't be made in one go. Those that only touch are kept apart as well: what one writes may need
/// what the other takes away.
fn meet(a: Span, b: Span) -> bool {
  a.source == b.source && a.start <= b.end && b.start <= a.end
}

/// The text after edits of its file that do not meet.
pub fn apply<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> String {
  let mut edits: Vec<&Edit> = edits.into_iter().collect();
  edits.sort_by_key(|edit| edit.span);
  let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
  let mut made = String::with_capacity(text.len());
  let mut at = 0;
  for edit in edits {
    let range = edit.span.range();
    debug_assert!(at <= range.start, "edits that meet");
    made.push_str(&text[at..range.start]);
    made.push_str(&edit.text.replace('\n', line_end));
    at = range.end;
  }
  made.push_str(&text[at..]);
  made
}

#[cfg(test)]
mod tests {
  use super::*;
  use crate::source::SourceId;

  fn span(start: usize, end: usize) -> Span {
    Span::new(SourceId(0), start, end)
  }

  #[test]
  fn edits_are_made_from_front_to_back_and_keep_line_ends() {
    let fix = Fix::new("")
      .edit(span(6, 7), "x\ny")
      .edit(span(0, 1), "")
      .edit(span(3, 3), "!");
    assert_eq!(apply("a b\r\n\u{20}c", &fix.edits), " b!\r\n x\r\ny");
    assert_eq!(apply("abc", &[]), "abc");
  }

  #[test]
  fn fixes_that_meet_wait_for_the_next_round() {
    let fixes = [
      Fix::write(span(4, 6), "a"),
      Fix::write(span(6, 8), "touches"),
      Fix::delete(span(5, 5)),
      Fix::write(span(7, 8), "b").edit(span(4, 5), "half of it meets"),
      Fix::write(span(0, 2), "c"),
      Fix::write(Span::new(SourceId(1), 4, 6), "of another file"),
    ];
    let chosen = apart(&fixes);
    assert_eq!(chosen, [&fixes[0], &fixes[4], &fixes[5]]);
  }
}
