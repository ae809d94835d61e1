//! From pest's pairs to the tree. One file per part of the language; what did not parse becomes `Broken`.

mod bodies;
mod declarations;
mod expressions;
mod items;
mod literals;
mod nodes;
mod operators;
mod policies;
mod settings;
mod strings;
mod test_items;
mod types;

pub(super) use literals::shortened;
use pest::iterators::Pair as PestPair;

use super::{
  ast::Expr,
  parser::{Rule, is_mark},
};
use crate::{
  diagnostics::{Diagnostic, Diagnostics, Fix, codes},
  source::{SourceId, Span, Spanned},
};

pub(super) type Pair<'t> = PestPair<'t, Rule>;

/// How deep things may stand in each other.
pub(super) const MAX_NESTING: usize = 200;
/// How many operators, accesses and fallbacks may stand on one path of the tree.
pub(super) const MAX_CHAIN: usize = 1000;

/// Builds one module. `base` is where the text that pest saw begins in the file.
pub(super) struct Builder<'t> {
  source: SourceId,
  /// The whole file, as pest saw it.
  text: &'t str,
  base: usize,
  depth: usize,
  chain: usize,
  too_deep: bool,
  /// Offsets of what was mended before pest saw the text: said already.
  damaged: &'t [usize],
  /// Reserved words that were said to be no names: what trips over one later is the same mistake.
  pub(super) misnamed: Vec<String>,
  /// Paths of texts that the module includes.
  includes: Vec<Spanned<String>>,
  pub(super) diagnostics: Diagnostics,
}

impl<'t> Builder<'t> {
  pub(super) fn new(source: SourceId, text: &'t str, damaged: &'t [usize]) -> Self {
    Self {
      source,
      text,
      base: 0,
      depth: 0,
      chain: 0,
      too_deep: false,
      damaged,
      misnamed: Vec::new(),
      includes: Vec::new(),
      diagnostics: Diagnostics::default(),
    }
  }

  pub(super) fn source(&self) -> SourceId {
    self.source
  }

  /// The whole file, as pest saw it.
  pub(super) fn file(&self) -> &'t str {
    self.text
  }

  /// From the whole of `expression_only`.
  pub(super) fn expression_alone(&mut self, pair: Pair) -> Expr {
    self.expression(children(pair).next().expect("grammar: an expression"))
  }

  pub(super) fn span(&self, pair: &Pair) -> Span {
    self.range(pair.as_span().start(), end(pair))
  }

  /// A span from offsets in the text that pest sees.
  fn range(&self, start: usize, end: usize) -> Span {
    Span::new(self.source, self.base + start, self.base + end)
  }

  fn name(&self, pair: &Pair) -> Spanned<String> {
    Spanned::new(pair.as_str().to_string(), self.span(pair))
  }

  /// The first `length` bytes of a pair: its keyword.
  fn keyword(&self, pair: &Pair) -> Span {
    let start = pair.as_span().start();
    let length = pair.as_str().bytes().take_while(|byte| is_word(*byte)).count();
    self.range(start, start + length)
  }

  /// Whether a mended place lies in the span: then the mistake was said.
  pub(super) fn is_damaged(&self, span: Span) -> bool {
    let range = span.range();
    let first = self.damaged.partition_point(|at| *at < range.start);
    self.damaged.get(first).is_some_and(|at| *at < range.end)
  }

  pub(super) fn report(&mut self, diagnostic: Diagnostic) {
    self.diagnostics.push(diagnostic);
  }

  /// Builds something one level further in, or gives `None` where that is too deep.
  fn nested<T>(&mut self, span: Span, build: impl FnOnce(&mut Self) -> T) -> Option<T> {
    if self.depth >= MAX_NESTING {
      self.say_too_deep(span);
      return None;
    }
    self.depth += 1;
    let built = build(self);
    self.depth -= 1;
    Some(built)
  }

  pub(super) fn say_too_deep(&mut self, span: Span) {
    if !std::mem::replace(&mut self.too_deep, true) {
      self.report(too_deep(span));
    }
  }

  /// Says that two siblings on one line need a comma; `true` if they had one or a line break.
  fn separated(&mut self, previous: Option<Span>, next: Span) -> bool {
    let Some(previous) = previous else { return true };
    let between = &self.text[previous.range().end..next.range().start];
    if between.contains(['\n', ',']) || self.is_damaged(previous.to(next)) {
      return true;
    }
    let place = Span::new(self.source, previous.range().end, previous.range().end);
    self.report(
      Diagnostic::new(&codes::MISSING_COMMA, "expected a comma or a line break")
        .label(place, "here")
        .label(next, "this begins on the same line")
        .fix(Fix::insert(place, place.range().end, ",")),
    );
    false
  }
}

/// The one finding about nesting.
pub(super) fn too_deep(span: Span) -> Diagnostic {
  Diagnostic::new(&codes::NESTING, format!("nested deeper than {MAX_NESTING}"))
    .label(span, "too deep from here on")
    .help("give inner parts a name of their own: a step, a `let`, a `type`")
}

/// Where a pair's last token ends: pest counts the blanks and comments behind it in. After a comment comes a line
/// break, so a pair that ends in neither a blank nor the whole text ends in its token.
fn end(pair: &Pair) -> usize {
  let span = pair.as_span();
  let exact = pair
    .as_str()
    .bytes()
    .next_back()
    .is_some_and(|last| !last.is_ascii_whitespace());
  if exact && span.end() < span.get_input().len() {
    return span.end();
  }
  let mut last = pair.clone();
  while let Some(inner) = last.clone().into_inner().next_back() {
    last = inner;
  }
  last.as_span().end()
}

fn is_word(byte: u8) -> bool {
  byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The children of a pair without its keywords and marks.
fn children(pair: Pair<'_>) -> impl Iterator<Item = Pair<'_>> {
  pair.into_inner().filter(|child| !is_mark(child.as_rule()))
}
