//! Programs that are nearly right: whatever is taken out, doubled or put elsewhere, the checker answers and never
//! panics.

mod common;

use std::sync::LazyLock;

use common::{listed, markdown, memory::Memory, memory::check};
use orch::{
  diagnostics::{Diagnostic, Fix, apply},
  session::Checked,
};
use proptest::{prelude::*, sample::Index};

/// Texts that hold the whole language: the documentation's programs, the examples, and one of every construct.
static PROGRAMS: LazyLock<Vec<String>> = LazyLock::new(|| {
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

#[derive(Clone, Debug)]
enum Change {
  Delete(Index),
  Double(Index),
  Swap(Index, Index),
  /// Puts the token of one place also at another.
  Copy(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
  let at = any::<Index>;
  prop_oneof![
    at().prop_map(Change::Delete),
    at().prop_map(Change::Double),
    (at(), at()).prop_map(|(a, b)| Change::Swap(a, b)),
    (at(), at()).prop_map(|(a, b)| Change::Copy(a, b)),
  ]
}

fn changed(text: &str, changes: &[Change]) -> String {
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

/// Each finding that a machine can mend, with the program after its fix alone.
fn mended(checked: &Checked) -> Vec<(&Diagnostic, Memory)> {
  let fixes = checked
    .findings
    .0
    .iter()
    .filter_map(|finding| Some((finding, finding.fix.as_deref()?)));
  let after = |(finding, fix): (_, &Fix)| {
    let files = checked.sources.iter().map(|(id, source)| {
      let edits = fix.edits.iter().filter(|edit| edit.span.source == id);
      (source.name.as_str(), apply(&source.text, edits))
    });
    (
      finding,
      files.fold(Memory::default(), |memory, (name, text)| memory.with(name, text)),
    )
  };
  fixes.map(after).collect()
}

/// Whether the same is still found where it was, after its fix.
fn persists(finding: &Diagnostic, again: &Checked) -> bool {
  let (Some(span), Some(fix)) = (finding.span(), &finding.fix) else {
    return false;
  };
  let before = fix.edits.iter().filter(|edit| edit.span.end <= span.start);
  let moved: i64 = before
    .map(|edit| edit.text.len() as i64 - edit.span.range().len() as i64)
    .sum();
  let same = |other: &Diagnostic| (other.code, &other.message) == (finding.code, &finding.message);
  let there =
    |other: &Diagnostic| other.span().map(|span| i64::from(span.start)) == Some(i64::from(span.start) + moved);
  again.findings.0.iter().any(|other| same(other) && there(other))
}

proptest! {
  #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

  #[test]
  fn the_checker_answers(program in any::<Index>(), changes in prop::collection::vec(change(), 1..6)) {
    let text = changed(program.get::<String>(&PROGRAMS), &changes);
    let checked = check(&Memory::of(&text));
    let refused = checked.findings.refuses();
    prop_assert_eq!(checked.program.is_none(), refused, "{}\n{}", text, listed(&checked));
    let _ = common::shown(&checked);
    for (finding, mended) in mended(&checked) {
      let again = check(&mended);
      prop_assert!(
        !persists(finding, &again),
        "{}\nis not mended: {:?}\n{}",
        text,
        finding,
        listed(&again)
      );
    }
  }
}
