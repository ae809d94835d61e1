//! Programs that are nearly right: whatever is taken out, doubled or put elsewhere, the checker answers and never
//! panics.

mod common;

use common::{
  changes::{PROGRAMS, change, changed},
  listed,
  memory::{Memory, check},
};
use orch::{
  diagnostics::{Diagnostic, Fix, apply},
  session::Checked,
};
use proptest::{prelude::*, sample::Index};

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
