//! From text to tree: the pest grammar's parser, the AST and recovery from what does not parse. Knows nothing of
//! what names mean, and nothing of the disk.

pub mod ast;
mod build;
mod messages;
mod parser;
mod scan;
pub mod words;

use pest::Parser;

use self::{
  ast::{Expr, ExprKind, Module},
  build::Builder,
  parser::{OrchParser, Rule},
};
use crate::{
  diagnostics::Diagnostics,
  source::{SourceId, Span},
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
  let mut builder = Builder::new(source, text, &[]);
  let module = match OrchParser::parse(Rule::module, text) {
    Ok(mut pairs) => builder.module(pairs.next().expect("grammar: a module")),
    Err(error) => {
      builder.say_unparsed(&error, text);
      Module::default()
    }
  };
  (module, builder.diagnostics.sorted())
}

fn parse_alone(source: SourceId, text: &str) -> (Expr, Diagnostics) {
  let mut builder = Builder::new(source, text, &[]);
  let expression = match OrchParser::parse(Rule::expression_only, text) {
    Ok(mut pairs) => builder.expression_alone(pairs.next().expect("grammar: an expression")),
    Err(error) => {
      builder.say_unparsed(&error, text);
      let kind = ExprKind::Broken;
      let span = Span::new(source, 0, text.len());
      Expr { kind, span }
    }
  };
  (expression, builder.diagnostics.sorted())
}
