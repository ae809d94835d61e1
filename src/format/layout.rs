//! Paper: texts, spaces and lines that may break, as documents of `pretty`. The only file that knows that crate. Knows
//! nothing of the language.

pub(super) use pretty::Arena;
use pretty::{Doc, DocAllocator, RefDoc};

/// How wide a line may be, in characters. Comments and texts may be wider.
pub(super) const WIDTH: usize = 120;
/// How far things stand in.
pub(super) const STEP: usize = 2;
/// Farther out than anything can stand: the margin of the paper.
const MARGIN: isize = -1_000_000;

/// A part of the page.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
  doc: RefDoc<'a>,
  /// What it takes on one line, in characters; `None` where it never stands on one.
  pub(super) width: Option<usize>,
}

impl Part<'_> {
  /// As it is, and never on one line with others.
  pub(super) fn never_flat(self) -> Self {
    Self { width: None, ..self }
  }

  /// Whether it can stand on one line.
  pub(super) fn is_flat(&self) -> bool {
    self.width.is_some()
  }
}

/// Makes parts.
#[derive(Clone, Copy)]
pub(super) struct Paper<'a> {
  arena: &'a Arena<'a>,
}

impl<'a> Paper<'a> {
  pub(super) fn new(arena: &'a Arena<'a>) -> Self {
    Self { arena }
  }

  fn part(self, doc: Doc<'a, RefDoc<'a>>, width: Option<usize>) -> Part<'a> {
    Part {
      doc: self.arena.alloc(doc),
      width,
    }
  }

  /// A text as it is. The lines of a longer one after its first begin at the margin.
  pub(super) fn text(self, text: &'a str) -> Part<'a> {
    match text.split_once('\n') {
      None => self.word(text),
      Some((first, rest)) => {
        let lines = rest.split('\n').flat_map(|line| [self.hard(), self.word(line)]);
        let rest = self.all(lines);
        let rest = self.part(Doc::Nest(MARGIN, rest.doc), None);
        self.all([self.word(first), rest])
      }
    }
  }

  fn word(self, text: &'a str) -> Part<'a> {
    self.measured(text, text.chars().count())
  }

  fn measured(self, text: &'a str, width: usize) -> Part<'a> {
    let inner = self.arena.alloc(Doc::BorrowedText(text));
    self.part(Doc::RenderLen(width, inner), Some(width))
  }

  /// A text that makes no line too wide.
  pub(super) fn remark(self, text: &'a str) -> Part<'a> {
    self.measured(text, 0)
  }

  pub(super) fn nothing(self) -> Part<'a> {
    self.part(Doc::Nil, Some(0))
  }

  pub(super) fn spaces(self, count: usize) -> Part<'a> {
    const BLANKS: &str = "                                                                ";
    let whole = std::iter::repeat_n(self.word(BLANKS), count / BLANKS.len());
    self.all(whole.chain([self.word(&BLANKS[..count % BLANKS.len()])]))
  }

  /// A space, or a new line in a group that is broken.
  pub(super) fn line(self) -> Part<'a> {
    self.either(self.hard(), self.spaces(1))
  }

  /// Nothing, or a new line in a group that is broken.
  pub(super) fn soft(self) -> Part<'a> {
    self.either(self.hard(), self.nothing())
  }

  /// A new line.
  pub(super) fn hard(self) -> Part<'a> {
    self.part(Doc::Hardline, None)
  }

  /// What ends a line before an empty one; a new line follows.
  pub(super) fn blank(self) -> Part<'a> {
    self.remark("\n")
  }

  /// One thing in a broken group, another in one that is not.
  pub(super) fn either(self, broken: Part<'a>, flat: Part<'a>) -> Part<'a> {
    self.part(Doc::FlatAlt(broken.doc, flat.doc), flat.width)
  }

  pub(super) fn all(self, parts: impl IntoIterator<Item = Part<'a>>) -> Part<'a> {
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else {
      return self.nothing();
    };
    parts.fold(first, |before, next| {
      let width = before.width.zip(next.width).map(|(a, b)| a + b);
      self.part(Doc::Append(before.doc, next.doc), width)
    })
  }

  /// Stands in by one step where it begins a line.
  pub(super) fn nest(self, part: Part<'a>) -> Part<'a> {
    self.part(Doc::Nest(STEP as isize, part.doc), part.width)
  }

  /// On one line if that fits; else all lines in it break, but for those of inner groups.
  pub(super) fn group(self, part: Part<'a>) -> Part<'a> {
    match part.width {
      Some(_) => self.part(Doc::Group(part.doc), part.width),
      None => part,
    }
  }

  /// The text of the page.
  pub(super) fn render(self, part: Part<'a>) -> String {
    let mut text = String::new();
    part
      .doc
      .render_fmt(WIDTH, &mut text)
      .expect("a string takes every text");
    text
  }
}
