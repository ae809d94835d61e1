//! The editors know the language's words: each grammar and syntax file has the same keywords, types and functions as the
//! language itself, and what is written for editors that can't be tried here is at least well-formed.

mod common;

use std::collections::BTreeSet;

use common::markdown::{files, read};
use orch::{analysis::TYPE_NAMES, hir::Builtin, syntax::words::KEYWORDS};
use regex::Regex;
use serde_json::Value;

type Words = BTreeSet<String>;

fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Words {
  words.into_iter().map(str::to_owned).collect()
}

fn keywords() -> Words {
  words(KEYWORDS)
}

/// The types that are always there; `null` is a keyword, and `pool` is a type of parameters.
fn types() -> Words {
  words(
    TYPE_NAMES
      .iter()
      .copied()
      .filter(|name| *name != "null")
      .chain(["pool"]),
  )
}

fn functions() -> Words {
  words(Builtin::ALL.iter().map(|builtin| builtin.name()))
}

fn is_word(text: &str) -> bool {
  !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// All that a pattern with one group finds in a text.
fn found(pattern: &str, text: &str) -> Vec<String> {
  let pattern = Regex::new(pattern).expect("a pattern");
  pattern.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

fn assert_same(place: &str, found: &Words, expected: &Words) {
  let missing: Vec<_> = expected.difference(found).collect();
  let more: Vec<_> = found.difference(expected).collect();
  assert!(
    missing.is_empty() && more.is_empty(),
    "{place}: without {missing:?}, with {more:?} too much"
  );
}

#[test]
fn the_list_is_in_order_and_holds_what_is_reserved() {
  assert!(KEYWORDS.is_sorted());
  let reserved = words(orch::syntax::words::RESERVED);
  assert!(reserved.is_subset(&keywords()));
}

#[test]
fn the_grammar_has_the_keywords() {
  let grammar = read("grammar/orch.pest");
  let mut named: Words = found(r#"(?m)^kw_\w+ *= @\{ "(\w+)""#, &grammar).into_iter().collect();
  named.extend(found(
    r#""(\w+)""#,
    &grammar
      .lines()
      .filter(|line| line.starts_with("value_name"))
      .collect::<String>(),
  ));
  assert_same("grammar/orch.pest", &named, &keywords());
}

/// The words that stand in a grammar of tree-sitter as tokens.
fn tokens(rule: &Value, found: &mut Words) {
  match rule {
    Value::Object(fields) => {
      let is = |kind: &str| fields.get("type").is_some_and(|found| found == kind);
      let anonymous = is("ALIAS") && fields["named"] == false;
      if (is("STRING") || anonymous)
        && let Some(word) = fields["value"].as_str().filter(|word| is_word(word))
      {
        found.insert(word.to_owned());
      }
      fields.values().for_each(|inner| tokens(inner, found));
    }
    Value::Array(rules) => rules.iter().for_each(|inner| tokens(inner, found)),
    _ => {}
  }
}

#[test]
fn tree_sitter_has_the_keywords() {
  let grammar: Value = serde_json::from_str(&read("editors/tree-sitter-orch/src/grammar.json")).expect("JSON");
  let mut named = Words::new();
  tokens(&grammar["rules"], &mut named);
  assert_same("tree-sitter-orch", &named, &keywords());
  let reserved: Words = grammar["reserved"]["global"]
    .as_array()
    .expect("a list")
    .iter()
    .filter_map(|word| word["value"].as_str().map(str::to_owned))
    .collect();
  assert_same(
    "reserved of tree-sitter-orch",
    &reserved,
    &words(orch::syntax::words::RESERVED),
  );
  let scanner = read("editors/tree-sitter-orch/src/scanner.c");
  let list = scanner
    .split("RESERVED[] = {")
    .nth(1)
    .and_then(|rest| rest.split('}').next())
    .expect("a list");
  let reserved: Words = found(r#""(\w+)""#, list).into_iter().collect();
  assert_same(
    "reserved of scanner.c",
    &reserved,
    &words(orch::syntax::words::RESERVED),
  );
}

/// The queries that say how things are shown.
fn highlights() -> Vec<String> {
  let mut queries = files("editors", "highlights.scm");
  queries.retain(|path| !path.contains("node_modules") && !path.contains("/nvim/queries/"));
  queries
}

#[test]
fn every_query_shows_every_keyword_type_and_function() {
  let queries = highlights();
  assert!(queries.len() >= 3, "{queries:?}");
  // Values of their own: nodes, not tokens.
  let nodes = [
    "error",
    "it",
    "previous",
    "true",
    "false",
    "null",
    "idempotent",
    "collect",
  ];
  let shown_as_nodes = words(nodes);
  for path in queries {
    let text = read(&path);
    let quoted: Words = found(r#""(\w+)""#, &text).into_iter().collect();
    let missing: Vec<_> = keywords()
      .into_iter()
      .filter(|word| !quoted.contains(word) && !shown_as_nodes.contains(word))
      .collect();
    assert!(missing.is_empty(), "{path}: without {missing:?}");
    for name in types().union(&functions()) {
      assert!(quoted.contains(name), "{path}: without `{name}`");
    }
    for node in [
      "(special)",
      "(boolean)",
      "(null)",
      "(idempotent_policy)",
      "(collect_policy)",
    ] {
      assert!(text.contains(node), "{path}: without {node}");
    }
  }
}

/// The words of all alternatives in the patterns below a value.
fn alternatives(value: &Value, found_words: &mut Words) {
  match value {
    Value::Object(fields) => {
      for key in ["match", "begin"] {
        let Some(pattern) = fields.get(key).and_then(Value::as_str) else {
          continue;
        };
        for group in found(r"\((?:\?:)?([A-Za-z_]+(?:\|[A-Za-z_]+)*)\)", pattern) {
          found_words.extend(group.split('|').map(str::to_owned));
        }
      }
      fields.values().for_each(|inner| alternatives(inner, found_words));
    }
    Value::Array(values) => values.iter().for_each(|inner| alternatives(inner, found_words)),
    _ => {}
  }
}

#[test]
fn the_textmate_grammar_has_the_words() {
  let path = "editors/vscode/syntaxes/orch.tmLanguage.json";
  let grammar: Value = serde_json::from_str(&read(path)).expect("JSON");
  let repository = &grammar["repository"];
  let mut all = Words::new();
  alternatives(repository, &mut all);
  let known: Words = keywords().union(&types()).cloned().chain(functions()).collect();
  // Units of durations stand in alternatives, too.
  let units = words(["ms", "s", "m", "h", "d"]);
  assert_same(path, &all.difference(&units).cloned().collect(), &known);
  let part = |name: &str| {
    let mut words = Words::new();
    alternatives(&repository[name], &mut words);
    words
  };
  assert_same(
    "its functions",
    &part("functions"),
    &functions().into_iter().chain(["worker".to_owned()]).collect(),
  );
  assert_same("its types", &part("types"), &types());
}

/// The lists of words in a file, by name.
fn list(text: &str, name: &str, end: &str) -> Words {
  let start = text.find(name).unwrap_or_else(|| panic!("no {name}"));
  let rest = &text[start + name.len()..];
  let body = &rest[..rest.find(end).expect("an end")];
  found(r"\b([A-Za-z_]+)\b", body).into_iter().collect()
}

#[test]
fn vim_has_the_words() {
  let text = read("editors/vim/syntax/orch.vim");
  let lists = [
    "declarations",
    "control",
    "settings",
    "operators",
    "constants",
    "specials",
  ];
  let all = lists
    .iter()
    .flat_map(|name| list(&text, &format!("let s:{name} = split("), ")\n"));
  assert_same("vim", &all.collect(), &keywords());
  assert_same("types of vim", &list(&text, "let s:types = split(", ")\n"), &types());
  assert_same(
    "functions of vim",
    &list(&text, "let s:functions = split(", ")\n"),
    &functions(),
  );
}

#[test]
fn emacs_has_the_words() {
  let text = read("editors/emacs/orch-mode.el");
  let lists = ["declaration", "control", "setting", "operator", "constant", "special"];
  let all = lists
    .iter()
    .flat_map(|name| list(&text, &format!("(defconst orch-{name}-words\n"), ")"));
  assert_same("emacs", &all.collect(), &keywords());
  assert_same(
    "types of emacs",
    &list(&text, "(defconst orch-type-names\n", ")"),
    &types(),
  );
  assert_same(
    "functions of emacs",
    &list(&text, "(defconst orch-function-names\n", ")"),
    &functions(),
  );
}

#[test]
fn each_editor_says_how_it_is_installed() {
  let overview = read("editors/README.md");
  for editor in [
    "vscode",
    "vim",
    "nvim",
    "helix",
    "zed",
    "emacs",
    "jetbrains",
    "tree-sitter-orch",
  ] {
    assert!(
      read(&format!("editors/{editor}/README.md")).starts_with("# "),
      "{editor}"
    );
    assert!(overview.contains(&format!("({editor}/README.md)")), "{editor}");
  }
}

#[test]
fn json_for_editors_is_json() {
  let mut paths = files("editors", ".json");
  paths.retain(|path| !path.contains("node_modules"));
  assert!(paths.len() >= 8, "{paths:?}");
  for path in paths {
    serde_json::from_str::<Value>(&read(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
  }
}
