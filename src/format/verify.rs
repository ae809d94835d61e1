//! Whether a layout is the same program: the same tree but for places, and the same words and comments in the same order.
//! It shares nothing with the printer.

use std::fmt::{self, Write};

use super::Flaw;
use crate::{
  source::SourceId,
  syntax::{
    self,
    ast::Module,
    concrete::{Kind, Piece},
  },
};

/// # Errors
/// The text does not parse, or to another tree.
pub(super) fn same_tree(tree: &Module, text: &str) -> Result<(), Flaw> {
  let (after, found) = syntax::parse(SourceId(0), text);
  if !found.is_empty() {
    return Err(Flaw::Unreadable);
  }
  match placeless(tree) == placeless(&after) {
    true => Ok(()),
    false => Err(Flaw::Tree),
  }
}

/// The digest of a tree without its places.
fn placeless(tree: &Module) -> blake3::Hash {
  let mut placeless = Placeless::default();
  write!(placeless, "{tree:?}").expect("a digest takes every text");
  placeless.flush();
  placeless.hasher.finalize()
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

/// The digest of every word and every comment of a text in order, but for commas.
pub(super) fn words(text: &str, module: &Piece) -> blake3::Hash {
  let mut hasher = blake3::Hasher::new();
  let mut take = |word: &str| {
    hasher.update(&word.len().to_le_bytes());
    hasher.update(word.as_bytes());
  };
  let mut at = 0;
  let mut open = vec![module];
  while let Some(piece) = open.pop() {
    open.extend(piece.parts.iter().rev());
    if piece.parts.is_empty() && piece.end > piece.start {
      comments(&text[at..piece.start]).for_each(&mut take);
      if piece.kind != Kind::comma {
        take(&text[piece.start..piece.end]);
      }
      at = piece.end;
    }
  }
  comments(&text[at..]).for_each(&mut take);
  hasher.finalize()
}

/// The comments between two words, without blanks at their ends.
fn comments(between: &str) -> impl Iterator<Item = &str> {
  let lines = between.lines().map(str::trim);
  lines.filter_map(|line| line.find("//").map(|start| &line[start..]))
}

#[cfg(test)]
mod tests {
  use super::*;
  use crate::syntax::concrete::concrete;

  fn same(before: &str, after: &str) -> bool {
    same_tree(&syntax::parse(SourceId(0), before).0, after).is_ok()
  }

  #[test]
  fn places_do_not_count_and_all_else_does() {
    assert!(same("let a = [1, 2]", "\n let  a=[1,2,]\n"));
    for other in [
      "let a = [1, 3]",
      "let b = [1, 2]",
      "/// D.\nlet a = [1, 2]",
      "let a = [[1, 2]]",
      "let a = [",
    ] {
      assert!(!same("let a = [1, 2]", other), "{other}");
    }
  }

  #[test]
  fn a_text_that_looks_like_a_place_counts() {
    assert!(!same("let a = \"Span { 1 }\"", "let a = \"Span { 2 }\""));
    assert!(!same("let a = \"\\\" Span { 1 }\"", "let a = \"\\\" Span { 2 }\""));
  }

  #[test]
  fn words_and_comments_count_and_commas_do_not() {
    let of = |text: &str| words(text, &concrete(text).expect("it parses"));
    let before = of("let a = [1, 2] // c\n// d\n");
    assert_eq!(before, of("let a = [\n 1\n, 2,] // c  \n\n// d"));
    for other in [
      "let a = [1, 2]\n// d\n",
      "let a = [1, 2] // d\n// c\n",
      "let a = [1, // c\n 2] // d\n",
      "let a = [1, 2] //  c\n// d\n",
      "let a = [2, 1] // c\n// d\n",
    ] {
      assert_ne!(before, of(other), "{other}");
    }
  }
}
