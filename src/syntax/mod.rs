//! From text to tree: the pest grammar's parser, the AST and recovery from what does not parse. Knows nothing of
//! what names mean, and nothing of the disk.

pub mod ast;
mod build;
pub mod concrete;
mod habits;
mod imports;
mod mends;
mod messages;
mod parser;
mod scan;
mod walk;
pub mod words;

pub use habits::POLICIES;

use pest::Parser;

use self::{
  ast::{Expr, ExprKind, Item, ItemKind, Module},
  build::Builder,
  parser::{OrchParser, Rule},
};
use crate::{
  diagnostics::Diagnostics,
  source::{SourceId, Span, Spanned},
};

/// Enough for the deepest program that is allowed, in a debug build.
const STACK: usize = 64 << 20;

/// Reads one file. What does not parse is said, and is `Broken` in the tree.
pub fn parse(source: SourceId, text: &str) -> (Module, Diagnostics) {
  stacker::grow(STACK, || parse_module(source, text))
}

/// Reads one expression alone.
pub fn parse_expression(source: SourceId, text: &str) -> (Expr, Diagnostics) {
  stacker::grow(STACK, || parse_alone(source, text))
}

fn parse_module(source: SourceId, text: &str) -> (Module, Diagnostics) {
  let scan = scan::scan(source, text);
  let mut builder = Builder::new(source, &scan.text, &scan.damaged);
  let mut module = match OrchParser::parse(Rule::module, &scan.text) {
    Ok(mut pairs) => builder.module(pairs.next().expect("grammar: a module")),
    Err(error) => {
      builder.say_unparsed(&error, &scan.text);
      Module::default()
    }
  };
  let mut found = scan.diagnostics;
  found.extend(builder.diagnostics);
  module.items.extend(scan.lost.into_iter().map(|item| lost(item, text)));
  module.items.sort_by_key(|item| item.span.start);
  (module, found.sorted())
}

/// Only the names of a lost declaration could be kept.
fn lost(lost: scan::Lost, text: &str) -> Item {
  let piece = &text[lost.span.range()];
  let kind = match lost.name {
    Some(name) => ItemKind::Broken {
      names: vec![name],
      any: false,
    },
    None => broken_item(piece, lost.span),
  };
  Item {
    doc: None,
    allows: Vec::new(),
    kind,
    span: lost.span,
  }
}

/// A declaration without a name of its own that did not parse: `text` is what stands at `span`.
fn broken_item(text: &str, span: Span) -> ItemKind {
  let start = span.range().start;
  let place = |name: &std::ops::Range<usize>| Span::new(span.source, start + name.start, start + name.end);
  let is_import = imports::is_import(text);
  let names = if is_import { imports::names(text) } else { Vec::new() };
  ItemKind::Broken {
    any: is_import && names.is_empty(),
    names: names
      .into_iter()
      .map(|name| Spanned::new(text[name.clone()].to_owned(), place(&name)))
      .collect(),
  }
}

fn parse_alone(source: SourceId, text: &str) -> (Expr, Diagnostics) {
  let scan = scan::scan(source, text);
  let mut found = scan.diagnostics;
  let broken = Expr {
    kind: ExprKind::Broken,
    span: Span::new(source, 0, text.len()),
  };
  if !scan.lost.is_empty() {
    return (broken, found);
  }
  let mut builder = Builder::new(source, &scan.text, &scan.damaged);
  let expression = match OrchParser::parse(Rule::expression_only, &scan.text) {
    Ok(mut pairs) => builder.expression_alone(pairs.next().expect("grammar: an expression")),
    Err(error) => {
      builder.say_unparsed(&error, &scan.text);
      broken
    }
  };
  found.extend(builder.diagnostics);
  (expression, found.sorted())
}
