//! Whether a layout is the same program: the same tree but for places, and the same comments in the same order. It
//! reads both texts anew and shares nothing with the printer.

use std::fmt::{self, Write};

use super::Flaw;
use crate::{
  source::SourceId,
  syntax::{
    self,
    concrete::{Kind, concrete},
  },
};

/// # Errors
/// What is not the same.
pub(super) fn same(before: &str, after: &str) -> Result<(), Flaw> {
  if stream(before) != stream(after) {
    return Err(Flaw::Comments);
  }
  let tree = digest(before).ok_or(Flaw::Unreadable)?;
  match digest(after).ok_or(Flaw::Unreadable)? == tree {
    true => Ok(()),
    false => Err(Flaw::Tree),
  }
}

/// The digest of a text's tree without its places; `None`: it does not parse.
fn digest(text: &str) -> Option<blake3::Hash> {
  let (module, found) = syntax::parse(SourceId(0), text);
  if !found.is_empty() {
    return None;
  }
  let mut placeless = Placeless::default();
  write!(placeless, "{module:?}").ok()?;
  placeless.flush();
  Some(placeless.hasher.finalize())
}

/// Takes in the tree as text and leaves its places out: `Span { ... }`, where it does not stand in a string.
#[derive(Default)]
struct Placeless {
  hasher: blake3::Hasher,
  pending: String,
  state: State,
}

#[derive(Default, PartialEq, Eq, Clone, Copy)]
enum State {
  #[default]
  Tree,
  Text,
  /// Behind a backslash.
  Escape,
  Place,
}

const PLACE: &str = "Span {";

impl Placeless {
  fn take(&mut self, c: char) {
    self.state = match (self.state, c) {
      (State::Place, '}') => return self.state = State::Tree,
      (State::Place, _) => return,
      (State::Tree, '"') => State::Text,
      (State::Text, '"') => State::Tree,
      (State::Text, '\\') => State::Escape,
      (State::Escape, _) => State::Text,
      (state, _) => state,
    };
    self.pending.push(c);
    if self.state == State::Tree && c == '{' && self.pending.ends_with(PLACE) {
      let start = self.pending.len() - PLACE.len();
      // `Span` alone, not the end of another name.
      if !self.pending[..start].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
        self.pending.truncate(start);
        self.state = State::Place;
      }
    }
    if self.pending.len() > 1 << 16 && self.state == State::Tree && c == '}' {
      self.flush();
    }
  }

  fn flush(&mut self) {
    self.hasher.update(self.pending.as_bytes());
    self.pending.clear();
  }
}

impl Write for Placeless {
  fn write_str(&mut self, text: &str) -> fmt::Result {
    text.chars().for_each(|c| self.take(c));
    Ok(())
  }
}

/// Every word and every comment of a text in order, but for commas; `None`: it does not parse.
fn stream(text: &str) -> Option<Vec<&str>> {
  let module = concrete(text)?;
  let mut stream = Vec::new();
  let mut at = 0;
  let mut open = vec![&module];
  while let Some(piece) = open.pop() {
    open.extend(piece.parts.iter().rev());
    let is_word = piece.parts.is_empty() && piece.end > piece.start;
    if is_word {
      stream.extend(comments(&text[at..piece.start]));
      stream.extend((piece.kind != Kind::comma).then(|| &text[piece.start..piece.end]));
      at = piece.end;
    }
  }
  stream.extend(comments(&text[at..]));
  Some(stream)
}

/// The comments between two words, without blanks at their ends.
fn comments(between: &str) -> impl Iterator<Item = &str> {
  let lines = between.lines().map(str::trim);
  lines.filter_map(|line| line.find("//").map(|start| &line[start..]))
}
