//! The one style: the same program, laid out. It has no options and loses no comment: what comes out is read again
//! before anybody gets it. Knows nothing of what names mean, and nothing of the disk.

mod gaps;
mod layout;
mod print;
mod verify;

use layout::{Arena, Paper};
use print::Printer;

use crate::{
  diagnostics::{Diagnostics, Edit},
  source::{SourceId, Span},
  syntax::{
    self,
    concrete::{Piece, concrete},
  },
};

/// Why a text is left as it is.
#[derive(Debug)]
pub enum Refusal {
  /// It does not parse; what was found, in the source that was named.
  Syntax(Diagnostics),
  /// What came out would not have been the same program: a mistake of the formatter's.
  Unfaithful(Flaw),
}

/// What is wrong with a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
  /// It does not parse.
  Unreadable,
  /// It is another program.
  Tree,
  /// A word or comment is missing, changed or in another place.
  Words,
  /// Laid out again it looks different, each time.
  Restless,
}

impl std::fmt::Display for Flaw {
  fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    f.write_str(match self {
      Flaw::Unreadable => "the result does not parse",
      Flaw::Tree => "the result is another program",
      Flaw::Words => "the result has other words or comments",
      Flaw::Restless => "the result would be formatted again",
    })
  }
}

/// How often a layout is laid out again until it rests. A line that is broken stays so, since the break counts as the
/// author's, so each round can only break more of them.
const ROUNDS: usize = 8;

/// The text in the one style. Lines end as its first one does; a byte order mark goes.
///
/// # Errors
/// The text does not parse (findings are placed in `source`), or the result would not be the same program.
pub fn format(source: SourceId, text: &str) -> Result<String, Refusal> {
  let ends = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
  let (tree, found) = syntax::parse(source, text);
  if !found.is_empty() {
    return Err(Refusal::Syntax(found));
  }
  let plain = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
  let formatted = stacker::grow(STACK, || settled(&plain)).map_err(Refusal::Unfaithful)?;
  verify::same_tree(&tree, &formatted).map_err(Refusal::Unfaithful)?;
  Ok(match ends {
    true => formatted.replace('\n', "\r\n"),
    false => formatted,
  })
}

/// What must be written where for the text to be in the one style: whole lines, as few as there are.
///
/// # Errors
/// As those of `format`.
pub fn edits(source: SourceId, text: &str) -> Result<Vec<Edit>, Refusal> {
  let formatted = format(source, text)?;
  let difference = similar::TextDiff::from_lines(text, &formatted);
  let (before, after) = (starts(&difference, true), starts(&difference, false));
  let edits = difference.ops().iter().filter(|op| op.tag() != similar::DiffTag::Equal);
  let edits = edits.map(|op| {
    let (old, new) = (op.old_range(), op.new_range());
    Edit {
      span: Span::new(source, before[old.start], before[old.end]),
      text: formatted[after[new.start]..after[new.end]].replace("\r\n", "\n"),
    }
  });
  Ok(edits.collect())
}

/// Where each line begins, and where the last one ends.
fn starts(difference: &similar::TextDiff<'_, '_, '_, str>, old: bool) -> Vec<usize> {
  let lines = if old {
    difference.old_slices()
  } else {
    difference.new_slices()
  };
  let ends = lines.iter().scan(0, |at, line| {
    *at += line.len();
    Some(*at)
  });
  std::iter::once(0).chain(ends).collect()
}

/// Enough for the deepest program that is allowed, in a debug build.
const STACK: usize = 64 << 20;

/// Laid out again and again, until it stays as it is; with the same words and comments as at first.
fn settled(text: &str) -> Result<String, Flaw> {
  let first = laid_out(text).ok_or(Flaw::Unreadable)?;
  let mut now = first.page;
  for _ in 0..ROUNDS {
    let next = laid_out(&now).ok_or(Flaw::Unreadable)?;
    if next.words != first.words {
      return Err(Flaw::Words);
    }
    if next.page == now {
      return Ok(now);
    }
    now = next.page;
  }
  Err(Flaw::Restless)
}

/// What was read, and how it is laid out.
struct LaidOut {
  /// The digest of all words and comments.
  words: blake3::Hash,
  page: String,
}

/// Laid out once; `None`: it does not parse.
fn laid_out(text: &str) -> Option<LaidOut> {
  let module = concrete(text)?;
  let arena = Arena::new();
  Some(LaidOut {
    words: verify::words(text, &module),
    page: page(text, &module, Paper::new(&arena)),
  })
}

fn page<'a>(text: &'a str, module: &Piece, paper: Paper<'a>) -> String {
  let page = Printer::new(text, paper).module(module);
  paper.render(page)
}
