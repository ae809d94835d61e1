//! Reading `.orch`: the tree, the findings, and what must never happen.

use orch::{source::SourceId, syntax::parse};

const PROGRAM: &str = include_str!("data/whole.orch");

#[test]
fn the_whole_language_parses() {
  let (module, found) = parse(SourceId(0), PROGRAM);
  assert!(found.is_empty());
}
