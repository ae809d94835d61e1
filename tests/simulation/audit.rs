//! stub
use crate::{Subject, node::Played};
pub fn check(_: &Subject, seed: u64, run: usize, played: &Played) {
  assert_eq!(played.stuck, None, "seed {seed}, run {run}: it is stuck");
}
pub fn same_end(seed: u64, one: &Played, other: &Played) {
  let last = |played: &Played| {
    let line: serde_json::Value = serde_json::from_str(played.journal.last().unwrap()).unwrap();
    (line["event"].clone(), line["result"].clone())
  };
  assert_eq!(last(one), last(other), "seed {seed}");
}
