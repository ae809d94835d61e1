//! From pieces to a page. Words are printed in the order in which they stand, each with what stands before it, so no
//! comment can be passed over. Commas are set where the style wants them; nothing else is added or left out.
//!
//! A line break of the author's counts in few places, the same for everybody: behind an opening bracket, between things
//! in brackets that are open so, and before the words at which long lines break (`then`, `else`, `with`, `+` ...).

mod brackets;
mod columns;
mod spacing;
mod values;

use super::{
  gaps::Gap,
  layout::{Paper, Part, STEP},
};
use crate::syntax::concrete::{Kind, Piece};
use spacing::Space;

pub(super) struct Printer<'a> {
  text: &'a str,
  paper: Paper<'a>,
  /// Where the last printed word ends.
  at: usize,
  /// How far lines stand in, as far as brackets go.
  depth: usize,
  /// The next thing begins a line of its own.
  fresh: bool,
  /// The next block stands on one line only with what it belongs to.
  whole: bool,
}

impl<'a> Printer<'a> {
  pub(super) fn new(text: &'a str, paper: Paper<'a>) -> Self {
    Self {
      text,
      paper,
      at: 0,
      depth: 0,
      fresh: false,
      whole: false,
    }
  }

  /// The whole file, with a line break at its end; an empty one has none.
  pub(super) fn module(&mut self, module: &Piece) -> Part<'a> {
    let mut parts = Vec::new();
    for item in &module.parts {
      let first = self.at == 0;
      let gap = self.gap(item.start);
      parts.push(self.between_lines(&gap, !first));
      if !first || !gap.is_bare() {
        parts.push(self.paper.hard());
      }
      parts.push(self.piece(item));
    }
    let mut gap = self.gap(self.text.len());
    gap.blank = false;
    parts.push(self.between_lines(&gap, true));
    if !parts.is_empty() && self.text.contains(|c: char| !c.is_whitespace()) {
      parts.push(self.paper.hard());
    }
    self.paper.all(parts)
  }

  pub(super) fn piece(&mut self, piece: &Piece) -> Part<'a> {
    if piece.parts.is_empty() {
      return self.word(piece);
    }
    match piece.kind {
      Kind::expression => self.expression(piece),
      Kind::if_expression | Kind::if_node => self.branches(piece),
      Kind::node => self.node(piece),
      Kind::each => self.each(piece),
      Kind::repeat => self.repeat(piece),
      Kind::trigger => self.trigger(piece),
      Kind::type_expr => self.union(piece),
      Kind::list if is_comprehension(piece) => self.comprehension(piece),
      _ => self.sequence(piece, 0),
    }
  }

  /// A word as it stands in the text.
  fn word(&mut self, piece: &Piece) -> Part<'a> {
    self.fresh = false;
    self.at = piece.end;
    let part = self.paper.text(&self.text[piece.start..piece.end]);
    match piece.kind {
      // What was not read may hold anything, also a comment.
      Kind::unknown_value | Kind::unknown_policy_value => part.never_flat(),
      _ => part,
    }
  }

  /// What stands between the last word and `next`.
  fn gap(&self, next: usize) -> Gap<'a> {
    Gap::read(&self.text[self.at..next], self.at == 0)
  }

  /// The parts of a piece from `from` on, each with what stands before it, but for the first of all.
  fn sequence(&mut self, piece: &Piece, from: usize) -> Part<'a> {
    let parts: Vec<&Piece> = flattened(piece);
    let mut printed = Vec::new();
    let mut at = from;
    // A result on a line of its own: what follows it begins a line, too.
    let mut dropped = false;
    while let Some(part) = parts.get(at) {
      if at > 0 {
        let before = parts[at - 1];
        let gap = self.gap(part.start);
        if spacing::is_value(piece.kind, before.kind) {
          printed.push(self.value(part, &gap));
          at += 1;
          continue;
        }
        let space = spacing::between(piece.kind, before.kind, part.kind);
        let opens = matches!(part.kind, Kind::brace_open | Kind::block);
        if part.kind == Kind::arrow && gap.breaks && piece.kind != Kind::type_worker {
          dropped = true;
          let line = self.before(&gap, Space::Hard);
          let (rest, next) = self.result(&parts, at);
          printed.push(self.paper.nest(self.paper.all([line, rest])));
          at = next;
          continue;
        }
        let space = if dropped && opens { Space::Hard } else { space };
        if before.kind == Kind::comma && spacing::is_filled(piece.kind) && gap.is_bare() {
          printed.push(self.filled(part));
          at += 1;
          continue;
        }
        printed.push(self.before(&gap, space));
      }
      match brackets::Form::of(piece, part.kind) {
        Some(form) => {
          let close = brackets::closing(&parts, at);
          printed.push(self.bracket(form, &parts[at..=close]));
          at = close + 1;
        }
        None => {
          printed.push(self.piece(part));
          at += 1;
        }
      }
    }
    self.paper.all(printed)
  }

  /// On the same line if it fits there, else on the next.
  fn filled(&mut self, part: &Piece) -> Part<'a> {
    let paper = self.paper;
    let printed = self.piece(part);
    match printed.is_flat() {
      true => paper.group(paper.nest(paper.all([paper.line(), printed]))),
      false => paper.all([paper.spaces(1), printed]),
    }
  }

  /// `-> Type` from its arrow on, and where what follows stands.
  fn result(&mut self, parts: &[&Piece], arrow: usize) -> (Part<'a>, usize) {
    let mark = self.word(parts[arrow]);
    let gap = self.gap(parts[arrow + 1].start);
    let space = self.before(&gap, Space::One);
    let ty = self.piece(parts[arrow + 1]);
    (self.paper.all([mark, space, ty]), arrow + 2)
  }

  /// The end of a line and of those that hold nothing but comments; the line break before what follows is not in it.
  /// `blank`: an empty line may stand first.
  fn between_lines(&self, gap: &Gap<'a>, blank: bool) -> Part<'a> {
    let paper = self.paper;
    let mut parts = Vec::new();
    let mut blank = blank;
    // The first line of the file has none before it.
    let mut first = self.at == 0;
    for comment in &gap.comments {
      if !comment.alone {
        parts.push(paper.spaces(1));
      } else if !first {
        parts.extend((comment.blank && blank).then(|| paper.blank()));
        parts.push(paper.hard());
      }
      parts.push(paper.remark(comment.text));
      (first, blank) = (false, true);
    }
    parts.extend((gap.blank && blank && !first).then(|| paper.blank()));
    paper.all(parts)
  }

  /// What stands before a word: a space or line break, and comments if there are any.
  fn before(&self, gap: &Gap<'a>, space: Space) -> Part<'a> {
    let paper = self.paper;
    if gap.is_bare() {
      return match space {
        Space::None => paper.nothing(),
        Space::One => paper.spaces(1),
        Space::Line => paper.line(),
        Space::Hard => paper.hard(),
      };
    }
    // Where no line break belongs, what follows stands in, so that it is seen to go on.
    let margin = match space {
      Space::None | Space::One => STEP,
      _ => 0,
    };
    let mut parts = Vec::new();
    for comment in &gap.comments {
      match comment.alone {
        true => parts.extend([paper.hard(), paper.spaces(margin)]),
        false => parts.push(paper.spaces(1)),
      }
      parts.push(paper.remark(comment.text));
    }
    parts.extend([paper.hard(), paper.spaces(margin)]);
    paper.all(parts)
  }
}

/// The parts of a piece, those of pieces without marks of their own among them.
fn flattened(piece: &Piece) -> Vec<&Piece> {
  let inner = |part: &Piece| part.kind == Kind::worker_inputs;
  let mut parts = Vec::new();
  for part in &piece.parts {
    match inner(part) {
      true => parts.extend(&part.parts),
      false => parts.push(part),
    }
  }
  parts
}

fn is_comprehension(piece: &Piece) -> bool {
  piece.parts.iter().any(|part| part.kind == Kind::comprehension)
}
