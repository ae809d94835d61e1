//! `docs/compliance.md` is held to its word: what it names exists.
#![expect(clippy::disallowed_methods, reason = "the sources of the tests are read")]

use std::{
  fs,
  path::{Path, PathBuf},
};

use orch::diagnostics::codes;

fn root() -> PathBuf {
  PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
  fs::read_to_string(root().join("docs/compliance.md")).expect("the page")
}

/// All texts of files below a directory whose name ends so.
fn texts(directory: &Path, all: &mut String) {
  for entry in fs::read_dir(directory).expect("a directory") {
    let path = entry.expect("an entry").path();
    if path.is_dir() {
      texts(&path, all);
    } else if path.extension().is_some_and(|extension| extension == "rs") {
      all.push_str(&fs::read_to_string(&path).expect("a text"));
    }
  }
}

#[test]
fn every_test_that_is_named_exists() {
  let mut sources = String::new();
  texts(&root().join("tests"), &mut sources);
  texts(&root().join("src"), &mut sources);
  let page = page();
  let rows = page.lines().filter(|line| line.starts_with("| R"));
  let named: Vec<&str> = rows
    .filter_map(|row| row.trim_end_matches(" |").rsplit(" | ").next())
    .flat_map(|cell| cell.split(", ").map(|name| name.trim_matches('`')))
    .collect();
  assert!(named.len() > 40, "the table was not found");
  let missing: Vec<&&str> = named
    .iter()
    .filter(|name| !sources.contains(&format!("fn {name}()")))
    .collect();
  assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_code_that_is_named_exists_and_every_rule_is_there() {
  let page = page();
  let named = page
    .split("(codes/")
    .skip(1)
    .filter_map(|rest| rest.split(".md)").next());
  for code in named {
    assert!(codes::find(code).is_some(), "{code}");
  }
  let rows = page.lines().filter(|line| line.starts_with("| R"));
  let rules: String = rows
    .filter_map(|row| row.split(" | ").next())
    .collect::<Vec<_>>()
    .join(" ");
  let told = |rule: u32| {
    let rule = format!("R{rule}");
    rules
      .split(|c: char| !c.is_ascii_alphanumeric())
      .any(|word| word == rule)
  };
  let missing: Vec<u32> = (1..=66).filter(|rule| !told(*rule)).collect();
  assert!(missing.is_empty(), "{missing:?}");
  assert!(page.contains("(R95)"));
}
