//! The grammar of orch for tree-sitter, and its queries. Knows nothing of the interpreter.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
  fn tree_sitter_orch() -> *const ();
}

/// The grammar: give it to `tree_sitter::Parser::set_language`.
// SAFETY: the symbol is the generated parser's, which is linked in by `build.rs`.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_orch) };

/// The types and fields of nodes, as JSON.
pub const NODE_TYPES: &str = include_str!("../../src/node-types.json");
/// Which node is shown how.
pub const HIGHLIGHTS_QUERY: &str = include_str!("../../queries/highlights.scm");
/// Where names are defined and used.
pub const LOCALS_QUERY: &str = include_str!("../../queries/locals.scm");
/// Which nodes are text of another language.
pub const INJECTIONS_QUERY: &str = include_str!("../../queries/injections.scm");
/// What may be folded.
pub const FOLDS_QUERY: &str = include_str!("../../queries/folds.scm");
/// Where lines go in and out.
pub const INDENTS_QUERY: &str = include_str!("../../queries/indents.scm");
/// What an editor may select or jump to.
pub const TEXTOBJECTS_QUERY: &str = include_str!("../../queries/textobjects.scm");
/// The declarations of a file.
pub const TAGS_QUERY: &str = include_str!("../../queries/tags.scm");
