//! The programs of `examples/`: each checks without a finding, and each is run by the real binary with real processes.

mod endings;
mod flows;
mod health;
mod repository;
mod room;

use std::path::Path;

use orch::session::{Checked, Disk, check};

use room::{Room, examples};

/// Every example has a run here: a new one is named in this list, and tried in one of the modules.
#[test]
fn every_example_is_tried() {
  let mut found: Vec<String> = std::fs::read_dir(examples())
    .expect("examples")
    .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
    .filter(|name| name.ends_with(".orch") && !name.starts_with('.'))
    .collect();
  found.sort();
  let tried = [
    "daily_triage.orch",
    "deployment_pipeline.orch",
    "doc_reflection.orch",
    "issue_router.orch",
    "map_reduce.orch",
    "quorum.orch",
    "release_pipeline.orch",
    "repo_health.orch",
  ];
  assert_eq!(found, tried);
}

#[test]
fn every_example_checks_without_a_finding() {
  for entry in std::fs::read_dir(examples()).expect("examples") {
    let path = entry.expect("an entry").path();
    if path.extension().is_some_and(|ending| ending == "orch") {
      let Checked { findings, program, .. } = check(&Disk, &path);
      assert!(findings.0.is_empty(), "{}: {:#?}", path.display(), findings.0);
      assert!(program.is_some(), "{}", path.display());
    }
  }
}

#[test]
fn every_module_explains_itself() {
  for path in modules(&examples()) {
    let text = std::fs::read_to_string(&path).expect("text");
    assert!(text.starts_with("//! "), "{} has no `//!` head", path.display());
  }
}

fn modules(directory: &Path) -> Vec<std::path::PathBuf> {
  let entries = std::fs::read_dir(directory).expect("a directory");
  let paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
  let (directories, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
  let inner = directories.iter().flat_map(|directory| modules(directory));
  let own = files
    .into_iter()
    .filter(|path| path.extension().is_some_and(|ending| ending == "orch"));
  own.chain(inner.collect::<Vec<_>>()).collect()
}

/// A copy of an example with one text put in another's place, checked: the codes of what is found.
fn findings_with(name: &str, text: &str, other: &str) -> Vec<&'static str> {
  let room = Room::new();
  let path = room.changed(name, text, other);
  check(&Disk, &path)
    .findings
    .0
    .iter()
    .map(|finding| finding.code.name)
    .collect()
}
