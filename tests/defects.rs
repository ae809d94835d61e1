//! Defects of published examples of other tools, each as a small program that `orch check` refuses with the right code:
//! the files of `tests/defects/`. Each says which one it is, and what it is refused for.

mod common;

use std::path::Path;

use common::{found, markdown, shown};
use orch::session::{self, Disk};

/// The classes of defects, as each file names its own.
const CLASSES: &[&str] = &[
  "a route over a free string with no default",
  "two conditions that encode the same threshold and can contradict each other",
  "an arm that can never be taken",
  "a loop whose exit the body cannot change",
  "a loop without a bound of its own",
  "a string used where a record is merged",
  "a later page overwriting an earlier one because nothing accumulates",
];

/// What a line of the file's head says behind a word.
fn said<'t>(text: &'t str, word: &str) -> &'t str {
  let line = text
    .lines()
    .find_map(|line| line.strip_prefix("//! ")?.strip_prefix(word));
  line.unwrap_or_else(|| panic!("no `{word}` in:\n{text}")).trim()
}

#[test]
fn each_class_of_defect_is_refused_for_what_it_is() {
  let mut classes = Vec::new();
  for path in markdown::files("tests/defects", ".orch") {
    let text = markdown::read(&path);
    let checked = session::check(&Disk, &markdown::root().join(Path::new(&path)));
    assert_eq!(
      found(&checked),
      [said(&text, "Refused:")],
      "{path}\n{}",
      shown(&checked)
    );
    assert!(checked.findings.refuses() && checked.program.is_none(), "{path}");
    classes.push(said(&text, "Defect:").trim_end_matches('.').to_owned());
  }
  let mut expected: Vec<&str> = CLASSES.to_vec();
  expected.sort_unstable();
  classes.sort_unstable();
  assert_eq!(classes, expected, "one file for each class");
}
