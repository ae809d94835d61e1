//! Who does what is decided at run time: what a plan must let one see.

use std::collections::BTreeSet;

use orch::engine::Event;
use serde_json::{Value, json};

use crate::room::{Ran, Room};

/// How often each worker was asked for, first attempts only.
fn calls(ran: &Ran) -> Vec<(&str, &str)> {
  let asked = ran.records.iter().filter_map(|record| match &record.event {
    Event::AttemptRequested {
      path,
      worker,
      attempt: 1,
      ..
    } => Some((&**path, &**worker)),
    _ => None,
  });
  asked.collect()
}

/// How many calls had ended when the one of this path was asked for.
fn asked_at(ran: &Ran, asked: &str) -> usize {
  let is = |event: &Event| matches!(event, Event::AttemptRequested { path, .. } if **path == *asked);
  let before = ran.records.iter().take_while(|record| !is(&record.event));
  before
    .filter(|record| matches!(record.event, Event::AttemptEnded { .. }))
    .count()
}

fn unused(ran: &Ran) -> Vec<&str> {
  let planned = ran.records.iter().filter_map(|record| match &record.event {
    Event::Planned { unused, .. } => Some(unused.iter().map(|name| &**name)),
    _ => None,
  });
  planned.flatten().collect()
}

#[test]
fn a_feature_takes_one_call_to_plan_one_for_each_assignment_and_one_to_sum_up() {
  let ran = Room::new().run("feature_build.orch", &[]);
  let value = ran.value();
  assert_eq!(
    calls(&ran),
    [
      ("plan", "planner"),
      ("results[\"notes\"]", "researcher"),
      ("results[\"patch\"]", "coder"),
      ("results[\"tests\"]", "tester"),
      ("results[\"review\"]", "reviewer"),
      ("told", "synthesizer"),
    ]
  );
  assert_eq!(unused(&ran), ["doc_writer"]);
  assert!(!ran.workers().contains("doc_writer"));
  // what the tester was sent is what the coder gave
  assert_eq!(value["tested"], json!(["src/search.rs", "src/rank.rs"]));
  assert_eq!((&value["approved"], &value["lost"]), (&json!(true), &json!([])));
  assert_eq!(value["summary"], "rank search results: 4 of 4 assignments done");
}

#[test]
fn what_workers_say_that_they_cost_is_added_up() {
  let ran = Room::new().run("feature_build.orch", &["--format", "json"]);
  let summary = ran.err.lines().last().expect("a summary");
  let summary: Value = serde_json::from_str(summary).expect("JSON");
  let workers = summary["summary"]["workers"].as_array().expect("workers").iter();
  let costs: Vec<(&str, f64)> = workers
    .filter_map(|one| Some((one["worker"].as_str()?, one["cost"].as_f64()?)))
    .collect();
  assert_eq!(
    costs,
    [("planner", 0.05), ("tester", 0.02)],
    "of the others it is unknown, and not 0"
  );
}

#[test]
fn assignments_run_as_far_as_the_plan_allows() {
  let ran = Room::new().run("feature_build.orch", &[]);
  ran.value();
  assert_eq!(
    asked_at(&ran, "results[\"notes\"]"),
    asked_at(&ran, "results[\"patch\"]")
  );
  assert!(ran.is_before("end results[\"patch\"]", "start results[\"tests\"]"));
  for first in ["notes", "patch", "tests"] {
    assert!(ran.is_before(&format!("end results[\"{first}\"]"), "start results[\"review\"]"));
  }
}

#[test]
fn the_planner_decides_who_is_needed() {
  let ran = Room::new().run("feature_build.orch", &["--goal", "document \"it\""]);
  let plan = ran.value()["plan"].as_array().expect("assignments");
  assert_eq!(plan.last(), Some(&json!({ "id": "docs", "worker": "doc_writer" })));
  assert_eq!(unused(&ran), Vec::<&str>::new());
}

#[test]
fn a_lost_assignment_loses_only_those_that_wait_for_it() {
  let room = Room::new();
  let file = room.changed(
    "feature_build.orch",
    "exec [\"sh\", \"feature_build/test.sh\"]",
    "mock fail exit 3 \"no runner\"",
  );
  let script = std::fs::read_to_string(crate::room::examples().join("feature_build/plan.sh")).expect("a script");
  room.write("feature_build/plan.sh", &script);
  let ran = room.run_file(&file, &[]);
  assert_eq!(ran.value()["lost"], json!(["tests", "review"]));
  assert_eq!(
    ran.workers(),
    BTreeSet::from(["planner", "researcher", "coder", "tester", "synthesizer"])
  );
}

/// The messages of the planner's failed attempts.
fn told(ran: &Ran) -> Vec<String> {
  let failures = ran.records.iter().filter_map(|record| match &record.event {
    Event::RetryScheduled { path, failure, .. } if &**path == "plan" => Some(failure.message.to_string()),
    _ => None,
  });
  failures.collect()
}

const MISTYPED: &str = "the output of `planner` does not fit at $.assignments[0].worker: there is no worker `statistican` \
                        in `analysts`, which has `statistician`, `hypothesis_tester`, `visualisation_planner`, \
                        `storyteller`; did you mean `statistician`?";

#[test]
fn a_mistyped_worker_goes_back_to_the_planner_which_mends_it() {
  let ran = Room::new().run("data_analysis.orch", &[]);
  let value = ran.value();
  assert_eq!(told(&ran), [MISTYPED]);
  let names: Vec<&Value> = value["asked"]
    .as_array()
    .expect("findings")
    .iter()
    .map(|one| &one["worker"])
    .collect();
  assert_eq!(names, ["statistician", "hypothesis_tester", "storyteller"]);
  let clean = Room::new().run("data_analysis.orch", &["--manner", "clean"]);
  assert_eq!((clean.value(), told(&clean).len()), (value, 0));
}

#[test]
fn each_analyst_asks_its_own_provider() {
  let ran = Room::new().run("data_analysis.orch", &["--manner", "clean"]);
  assert_eq!(
    ran.value()["asked"],
    json!([
      { "worker": "statistician", "provider": "alpha", "model": "alpha-large" },
      { "worker": "hypothesis_tester", "provider": "alpha", "model": "alpha-large" },
      { "worker": "storyteller", "provider": "beta", "model": "beta-large" },
    ])
  );
}

#[test]
fn a_planner_that_never_mends_its_plan_fails_the_run_and_nobody_has_worked() {
  let ran = Room::new().run("data_analysis.orch", &["--manner", "stubborn"]);
  assert_eq!(ran.exit, Some(1), "{}", ran.err);
  assert!(
    ran.err.contains(&format!("failed: contract: {MISTYPED}")),
    "{}",
    ran.err
  );
  assert_eq!(told(&ran), [MISTYPED, MISTYPED]);
  assert_eq!(ran.workers(), BTreeSet::from(["planner"]));
}
