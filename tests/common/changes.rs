//! Programs that are nearly right: what random changes make of all that the repository holds.

use std::sync::LazyLock;

use proptest::{prelude::*, sample::Index};

use super::markdown;

/// Texts that hold the whole language: the documentation's programs, the examples, and one of every construct.
pub static PROGRAMS: LazyLock<Vec<String>> = LazyLock::new(|| {
  let blocks = markdown::files("docs", ".md")
    .into_iter()
    .flat_map(|path| markdown::blocks(&markdown::read(&path)));
  let mut programs: Vec<String> = blocks
    .filter(|block| block.is("orch"))
    .map(|block| block.text)
    .collect();
  programs.extend(
    markdown::files("examples", ".orch")
      .iter()
      .map(|path| markdown::read(path)),
  );
  programs.push(markdown::read("tests/data/whole.orch"));
  programs
});

/// Words, numbers, runs of blanks, and every other character alone.
fn tokens(text: &str) -> Vec<String> {
  let kind = |c: char| match c {
    _ if c.is_ascii_alphanumeric() || c == '_' => 'w',
    _ if c.is_whitespace() => ' ',
    _ => '.',
  };
  let mut tokens: Vec<String> = Vec::new();
  let mut last = '.';
  for c in text.chars() {
    match tokens.last_mut() {
      Some(token) if kind(c) == last && last != '.' => token.push(c),
      _ => tokens.push(c.to_string()),
    }
    last = kind(c);
  }
  tokens
}

/// One change of a text's tokens.
#[derive(Clone, Debug)]
pub enum Change {
  Delete(Index),
  Double(Index),
  Swap(Index, Index),
  /// Puts the token of one place also at another.
  Copy(Index, Index),
}

/// Any change.
pub fn change() -> impl Strategy<Value = Change> {
  let at = any::<Index>;
  prop_oneof![
    at().prop_map(Change::Delete),
    at().prop_map(Change::Double),
    (at(), at()).prop_map(|(a, b)| Change::Swap(a, b)),
    (at(), at()).prop_map(|(a, b)| Change::Copy(a, b)),
  ]
}

/// The text after these changes.
pub fn changed(text: &str, changes: &[Change]) -> String {
  let mut tokens = tokens(text);
  for change in changes {
    if tokens.is_empty() {
      break;
    }
    let count = tokens.len();
    match change {
      Change::Delete(at) => drop(tokens.remove(at.index(count))),
      Change::Double(at) => tokens.insert(at.index(count), tokens[at.index(count)].clone()),
      Change::Swap(a, b) => tokens.swap(a.index(count), b.index(count)),
      Change::Copy(a, b) => tokens.insert(a.index(count), tokens[b.index(count)].clone()),
    }
  }
  tokens.concat()
}
