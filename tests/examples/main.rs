//! The programs of `examples/`: each checks without a finding, and each is run by the real binary with real processes.

mod endings;
mod flows;
mod health;
mod killed;
mod plans;
mod prefixes;
mod repository;
mod room;
mod scenarios;

use std::path::Path;

use orch::{
  diagnostics::Level,
  session::{Checked, Disk, check},
};

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
    "agent_alerts.orch",
    "breaking_change.orch",
    "circuit_breaker.orch",
    "content_calendar.orch",
    "daily_report.orch",
    "daily_triage.orch",
    "data_analysis.orch",
    "deployment_pipeline.orch",
    "doc_reflection.orch",
    "escalation.orch",
    "feature_build.orch",
    "fleet_dispatch.orch",
    "full_stack_feature.orch",
    "issue_batch.orch",
    "issue_router.orch",
    "map_reduce.orch",
    "nightly_index.orch",
    "org_health.orch",
    "quorum.orch",
    "release_pipeline.orch",
    "repo_health.orch",
    "review_gate.orch",
    "security_audit.orch",
    "upgrade_call.orch",
    "worker_pool.orch",
  ];
  assert_eq!(found, tried);
}

#[test]
fn every_example_is_in_the_table() {
  let table = std::fs::read_to_string(examples().join("../docs/examples.md")).expect("the table");
  for entry in std::fs::read_dir(examples()).expect("examples") {
    let name = entry.expect("an entry").file_name().into_string().expect("a name");
    let listed = table.contains(&format!("(../examples/{name})"));
    assert!(listed || !name.ends_with(".orch") || name.starts_with('.'), "{name}");
  }
}

#[test]
fn every_example_checks_without_a_finding_but_notes() {
  for entry in std::fs::read_dir(examples()).expect("examples") {
    let path = entry.expect("an entry").path();
    if path.extension().is_some_and(|ending| ending == "orch") {
      let Checked { findings, program, .. } = check(&Disk, &path);
      let heavy = findings.0.iter().find(|finding| finding.code.level < Level::Low);
      assert_eq!(heavy, None, "{}", path.display());
      assert!(program.is_some(), "{}", path.display());
    }
  }
}

/// Every example has tests, in its file or in a module of its directory.
#[test]
fn every_example_passes_its_tests() {
  let room = Room::new();
  let output = std::process::Command::new(env!("CARGO_BIN_EXE_orch"))
    .args(["test", "--format", "json"])
    .arg(examples())
    .current_dir(room.path())
    .output()
    .expect("orch runs");
  let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
  assert!(output.status.success(), "{report:#}");
  let tested = |name: &str| {
    let tests = report["tests"].as_array().into_iter().flatten();
    let mut files = tests.filter_map(|test| test["file"].as_str());
    let path = examples().join(name.trim_end_matches(".orch"));
    files.any(|file| file.starts_with(&*path.to_string_lossy()))
  };
  for entry in std::fs::read_dir(examples()).expect("examples") {
    let name = entry.expect("an entry").file_name().into_string().expect("a name");
    assert!(!name.ends_with(".orch") || tested(&name), "{name} has no test");
  }
  let left = std::fs::read_dir(room.path()).expect("the room").count();
  assert_eq!(left, 0, "tests leave nothing");
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
