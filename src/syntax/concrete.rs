//! The text as the grammar reads it: every word and mark in order, each in the piece that it belongs to. For those who
//! write text, since the tree of `ast` has lost how things were written. Knows nothing of what a piece means.

use pest::Parser;

pub use super::parser::Rule as Kind;
use super::{
  STACK,
  parser::{OrchParser, is_mark},
};

/// A piece of the text: a word or mark, or what several of them make.
#[derive(Debug)]
pub struct Piece {
  pub kind: Kind,
  /// Byte offsets, from its first word or mark to the end of its last: no blanks and comments at its ends.
  pub start: usize,
  pub end: usize,
  /// None for a word or mark.
  pub parts: Vec<Piece>,
}

impl Piece {
  /// Whether it is a keyword or a mark.
  pub fn is_mark(&self) -> bool {
    is_mark(self.kind)
  }
}

/// The whole module; `None` for a text that the grammar does not take. Byte order marks are not taken. Pieces that are
/// bad by themselves (`bad_item` ...) are taken, so ask `parse` first whether something was found.
pub fn concrete(text: &str) -> Option<Piece> {
  stacker::grow(STACK, || {
    let module = OrchParser::parse(Kind::module, text).ok()?.next()?;
    Some(piece(module).unwrap_or(Piece {
      kind: Kind::module,
      start: 0,
      end: 0,
      parts: Vec::new(),
    }))
  })
}

/// `None`: it has no words.
fn piece(pair: pest::iterators::Pair<'_, Kind>) -> Option<Piece> {
  let (kind, span) = (pair.as_rule(), pair.as_span());
  let text = span.as_str();
  let (start, end) = (span.start(), span.start() + text.trim_end().len());
  let parts: Vec<Piece> = pair.into_inner().filter_map(piece).collect();
  match parts.last() {
    Some(last) => Some(Piece {
      kind,
      start: parts.first().map_or(start, |first| first.start),
      end: last.end,
      parts,
    }),
    None if end > start && kind != Kind::worker_inputs && kind != Kind::module => Some(Piece {
      kind,
      start,
      end,
      parts,
    }),
    None => None,
  }
}
