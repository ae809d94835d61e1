//! The grammar of the editors against the one of the checker: both accept and refuse the same texts, but for what
//! `LATER` lists, and every query of every editor is one of that grammar.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{
  changes::{PROGRAMS, change, changed},
  markdown,
  mistakes::{ITEMS, STEPS},
};
use orch::{diagnostics::Diagnostic, source::SourceId, syntax::parse};
use proptest::{prelude::*, sample::Index, strategy::ValueTree, test_runner::TestRunner};
use tree_sitter::{Language, Node, Parser, Query, QueryCursor, StreamingIterator, Tree};

/// What is found once a text has its tree: a code, and how its message begins. Editors show these from the language
/// server; their grammar may accept such texts.
const LATER: &[(&str, &str)] = &[
  ("syntax/bad-number", ""),
  ("syntax/bad-escape", ""),
  ("syntax/nesting", ""),
  ("syntax/missing-comma", ""),
  ("syntax/bad-interpolation", "`${` can't stand in this string"),
  // Told by the indentation of declarations.
  ("syntax/unexpected", "`{` is never closed"),
  ("syntax/unexpected", "comparisons do not chain"),
  ("syntax/unexpected", "expected the end of the step"),
  ("syntax/unexpected", "this does not belong to the line before it"),
  ("syntax/unexpected", "a contract has one"),
  ("syntax/unexpected", "the contract `"),
  ("syntax/unexpected", "a node has one"),
  ("syntax/unexpected", "a `match` has one"),
  ("syntax/unexpected", "`...` stands at the end"),
  ("syntax/unexpected", "`...` can't be the body"),
  ("syntax/unexpected", "expected `:` after the field"),
  ("syntax/unexpected", "`allow` stands before"),
];

fn language() -> Language {
  tree_sitter_orch::LANGUAGE.into()
}

fn tree(text: &str) -> Tree {
  let mut parser = Parser::new();
  parser.set_language(&language()).expect("the grammar's version");
  parser.parse(text, None).expect("a tree")
}

fn is_later(finding: &Diagnostic) -> bool {
  LATER
    .iter()
    .any(|(code, start)| finding.code.name == *code && finding.message.starts_with(start))
}

/// What pest's side says of a text.
enum Said {
  Accepted,
  /// It has a tree; something of it is refused after that.
  Later,
  Refused(String),
}

fn said_by_pest(text: &str) -> Said {
  let (_, found) = parse(SourceId(0), text);
  match found.0.iter().find(|finding| !is_later(finding)) {
    Some(finding) => Said::Refused(format!("{} {}", finding.code.name, finding.message)),
    None if found.0.is_empty() => Said::Accepted,
    None => Said::Later,
  }
}

/// The first place that tree-sitter had to mend.
fn refused_by_tree_sitter(text: &str) -> Option<String> {
  let tree = tree(text);
  let mut cursor = tree.walk();
  let mut left = vec![tree.root_node()];
  while let Some(node) = left.pop() {
    if node.is_error() || node.is_missing() {
      let at = node.start_position();
      return Some(format!("{}:{} {}", at.row + 1, at.column + 1, node.kind()));
    }
    if let Some(problem) = broken_line(node, text) {
      return Some(problem);
    }
    left.extend(node.children(&mut cursor));
  }
  None
}

/// A string that should end on its line, and whose `${}` holds a line break: the one rule that is no token's.
fn broken_line(node: Node, text: &str) -> Option<String> {
  let written = &text[node.byte_range()];
  let line = node.kind() == "string" && !written.starts_with("\"\"\"") && written.contains('\n');
  line.then(|| format!("{} a line break", node.start_position().row + 1))
}

/// How the two differ over a text, in words.
fn difference(text: &str) -> Option<String> {
  match (said_by_pest(text), refused_by_tree_sitter(text)) {
    (Said::Refused(pest), None) => Some(format!("pest refuses, tree-sitter does not: {pest}")),
    (Said::Accepted, Some(place)) => Some(format!("tree-sitter refuses, pest does not: {place}")),
    _ => None,
  }
}

fn assert_same(texts: impl IntoIterator<Item = String>) {
  let wrong: Vec<String> = texts
    .into_iter()
    .filter_map(|text| Some(format!("{}\n--- {text}\n", difference(&text)?)))
    .collect();
  assert!(wrong.is_empty(), "{} texts:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn both_accept_what_the_repository_holds() {
  let mut texts: Vec<String> = PROGRAMS.clone();
  texts.extend(
    markdown::files("stdlib", ".orch")
      .iter()
      .map(|path| markdown::read(path)),
  );
  texts.extend(
    markdown::files("tests", ".orch")
      .iter()
      .map(|path| markdown::read(path)),
  );
  assert!(texts.len() > 300, "{}", texts.len());
  assert_same(texts);
}

#[test]
fn both_refuse_what_people_get_wrong() {
  let steps = STEPS.iter().map(|steps| format!("orchestrator o() {{ {steps}\n}}\n"));
  assert_same(steps.chain(ITEMS.iter().map(|items| items.to_string())));
}

/// Of changed programs, how many in a thousand may differ: pest looks back at indentation and ahead without end, which
/// no table of states does.
const MOST_IN_A_THOUSAND: usize = 2;
const CHANGED: usize = 2000;

#[test]
fn both_say_the_same_of_changed_programs() {
  let mut runner = TestRunner::new(ProptestConfig::default());
  let drawn = (any::<Index>(), prop::collection::vec(change(), 1..3));
  let mut wrong = Vec::new();
  for _ in 0..CHANGED {
    let (program, changes) = drawn.new_tree(&mut runner).expect("a program").current();
    let text = changed(program.get::<String>(&PROGRAMS), &changes);
    wrong.extend(difference(&text).map(|difference| format!("{difference}\n--- {text}")));
  }
  let most = CHANGED * MOST_IN_A_THOUSAND / 1000;
  assert!(wrong.len() <= most, "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn both_hold_their_ground_on_any_text() {
  let mut runner = TestRunner::new(ProptestConfig::default());
  for _ in 0..300 {
    let text = "\\PC{0,200}".new_tree(&mut runner).expect("a text").current();
    let _ = tree(&text);
    let _ = tree(&format!("orchestrator o() {{ x = {text}\n}}\nworker w() {{ {text}"));
  }
}

/// Every query file of every editor, from the project's root.
fn queries() -> Vec<String> {
  let queries = markdown::files("editors", ".scm");
  queries
    .into_iter()
    .filter(|path| !path.contains("node_modules"))
    .collect()
}

#[test]
fn every_query_is_one_of_the_grammar() {
  let queries = queries();
  assert!(queries.len() >= 7, "{queries:?}");
  for path in queries {
    let query = Query::new(&language(), &markdown::read(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert!(query.pattern_count() > 0, "{path}");
  }
}

/// What is shown as what in a text: each piece of it with the names that `highlights.scm` has for it.
fn shown(text: &str) -> BTreeMap<String, BTreeSet<String>> {
  let query = Query::new(&language(), tree_sitter_orch::HIGHLIGHTS_QUERY).expect("a query");
  let tree = tree(text);
  let mut cursor = QueryCursor::new();
  let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
  let mut matches = cursor.matches(&query, tree.root_node(), text.as_bytes());
  while let Some(found_match) = matches.next() {
    for capture in found_match.captures() {
      let piece = &text[capture.node.byte_range()];
      let name = query.capture_names()[capture.index as usize];
      found.entry(piece.to_owned()).or_default().insert(name.to_owned());
    }
  }
  found
}

#[test]
fn every_word_of_the_whole_language_is_shown() {
  let text = markdown::read("tests/data/whole.orch");
  let shown = shown(&text);
  let tree = tree(&text);
  let mut left = vec![tree.root_node()];
  let mut plain = BTreeSet::new();
  while let Some(node) = left.pop() {
    let piece = &text[node.byte_range()];
    let word = !piece.is_empty() && piece.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if node.child_count() == 0 && word && node.kind() != "string_text" && !shown.contains_key(piece) {
      plain.insert(piece.to_owned());
    }
    left.extend((0..node.child_count()).filter_map(|at| node.child(at)));
  }
  assert!(plain.is_empty(), "not shown: {plain:?}");
}
