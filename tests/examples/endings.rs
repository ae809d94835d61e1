//! Deployments that are taken back, and groups that stop once they have enough.

use std::{collections::BTreeSet, fs};

use orch::engine::Event;
use serde_json::json;

use crate::{
  findings_with,
  room::{Ran, Room},
};

fn deploy(room: &Room, words: &[&str]) -> Ran {
  room.run("deployment_pipeline.orch", &[&["--version", "1.2.0"], words].concat())
}

/// What is installed on a target.
fn installed(room: &Room, target: &str) -> Option<String> {
  fs::read_to_string(room.path().join("site").join(target)).ok()
}

/// The calls that were started, without the lines that are left behind.
fn started(ran: &Ran) -> Vec<String> {
  let story = ran.story();
  let starts = story.iter().filter_map(|part| part.strip_prefix("start "));
  starts
    .filter(|path| !path.contains("comment#"))
    .map(str::to_owned)
    .collect()
}

#[test]
fn a_deployment_goes_through_its_stages_in_order() {
  let room = Room::new();
  let ran = deploy(&room, &[]);
  assert_eq!(ran.value()["production"], "production runs 1.2.0");
  let started = started(&ran);
  let checks: BTreeSet<&str> = started[..2].iter().map(String::as_str).collect();
  assert_eq!(checks, BTreeSet::from(["checks.security", "checks.tests"]));
  assert_eq!(
    started[2..],
    [
      "on_staging.staging",
      "on_staging.staging_works",
      "approval",
      "on_production.production",
      "on_production.production_works",
    ]
  );
  assert_eq!(installed(&room, "production").as_deref(), Some("1.2.0"));
}

#[test]
fn nothing_is_deployed_when_security_fails() {
  for broken in ["security", "test"] {
    let room = Room::new();
    let ran = deploy(&room, &["--broken", broken]);
    assert_eq!((ran.exit, &ran.out), (Some(1), &json!(null)), "{}", ran.err);
    assert!(!ran.workers().contains("deploy"), "{broken}");
    assert_eq!(installed(&room, "staging"), None);
    assert!(ran.story().contains(&"end !on_failure.comment#1".to_owned()));
  }
}

#[test]
fn staging_that_does_not_work_is_rolled_back_once() {
  let room = Room::new();
  let ran = deploy(&room, &["--broken", "validate staging"]);
  assert_eq!(ran.exit, Some(1), "{}", ran.err);
  assert_eq!(ran.answers("rollback"), 1);
  assert_eq!(installed(&room, "staging"), None);
  assert!(ran.is_before("end on_staging.staging!undo", "start !on_failure.comment#1"));
  assert!(
    !started(&ran)
      .iter()
      .any(|path| path.contains("approval") || path.contains("production"))
  );
}

#[test]
fn production_does_not_start_without_approval() {
  for answer in ["no", "none"] {
    let room = Room::new();
    let ran = deploy(&room, &["--answer", answer]);
    assert_eq!(ran.exit, Some(1), "{}", ran.err);
    assert!(
      !started(&ran).iter().any(|path| path.contains("production")),
      "{answer}"
    );
    assert_eq!(ran.answers("rollback"), 1);
    assert_eq!(installed(&room, "staging"), None);
  }
}

#[test]
fn what_was_there_before_is_put_back_the_latest_first() {
  let room = Room::new();
  room.run("deployment_pipeline.orch", &["--version", "1.0.0"]).value();
  let ran = deploy(&room, &["--broken", "validate production"]);
  assert_eq!(ran.exit, Some(1), "{}", ran.err);
  assert!(ran.is_before("end on_production.production!undo", "start on_staging.staging!undo"));
  for target in ["staging", "production"] {
    assert_eq!(installed(&room, target).as_deref(), Some("1.0.0"));
  }
  assert!(
    ran
      .err
      .contains("2 steps were undone: on_production.production, on_staging.staging"),
    "{}",
    ran.err
  );
}

#[test]
fn a_sixth_comment_is_refused() {
  let found = findings_with("deployment_pipeline.orch", "comment(4, ", "comment(6, ");
  assert_eq!(found, ["type/mismatch"]);
}

#[test]
fn production_is_not_undone_where_it_failed() {
  let undo = "undo rollback(site, production)";
  let found = findings_with(
    "deployment_pipeline.orch",
    undo,
    "catch { rollback(site, staging)\nyield staging }",
  );
  assert!(found.contains(&"undo/of-failed"), "{found:?}");
}

#[test]
fn enough_that_agree_cut_the_rest() {
  let ran = Room::new().run("quorum.orch", &["--key", "color", "--needed", "2"]);
  assert_eq!(ran.value()["value"], "blue");
  let hosts: Vec<&str> = ran.out["votes"]
    .as_array()
    .expect("votes")
    .iter()
    .filter_map(|vote| vote["host"].as_str())
    .collect();
  assert_eq!(hosts, ["b", "e"]);
  let slow =
    |event: &Event| matches!(event, Event::StepCancelled { path, cause } if **path == *"votes[0]" && !cause.is_empty());
  assert!(ran.records.iter().any(|record| slow(&record.event)), "{}", ran.err);
}

#[test]
fn hosts_that_are_down_are_no_votes() {
  let words = ["--key", "color", "--needed", "3", "--hosts", r#"["b","c","d","e"]"#];
  let ran = Room::new().run("quorum.orch", &words);
  assert_eq!(ran.exit, Some(1), "{}", ran.err);
  assert!(ran.err.contains("unmet"), "{}", ran.err);
  assert!(ran.err.contains("votes[1]"), "{}", ran.err);
}
