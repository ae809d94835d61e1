//! The one place that knows how the grammar is turned into a parser: generated from `grammar/orch.pest` by pest.

use pest_derive::Parser;

/// Parses any rule of the grammar.
#[derive(Parser)]
#[grammar = "../grammar/orch.pest"]
pub(super) struct OrchParser;

/// Whether a rule is a keyword or a mark: those fill the last section of the grammar.
pub(super) fn is_mark(rule: Rule) -> bool {
  rule >= Rule::brace_open
}
