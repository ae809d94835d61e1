//! Reports, pools, batches, alerts, gates and dispatches: what each must let one see with real processes.

use std::{collections::BTreeSet, fs, process::Command, time::Duration};

use orch::{
  engine::Event,
  session::{Disk, check},
};
use serde_json::{Value, json};

use crate::{
  findings_with,
  room::{Ran, Room, examples},
};

/// A run whose journal is the room's own, so that it is the first there.
fn alone(room: &Room, name: &str, words: &[&str]) -> Ran {
  let store = room.path().join("store");
  let store = store.to_str().expect("a path");
  room.run(name, &[words, &["--store", store]].concat())
}

fn fixture(name: &str) -> String {
  fs::read_to_string(examples().join(name)).expect("a fixture")
}

#[test]
fn seven_issues_get_seven_comments_and_one_report() {
  let ran = Room::new().run("daily_report.orch", &["--strict"]);
  assert_eq!(ran.exit, Some(4), "a failure was taken: {}", ran.err);
  assert_eq!(
    (&ran.out["total"], &ran.out["critical"], &ran.out["failed"]),
    (&json!(7), &json!(1), &json!([4]))
  );
  assert_eq!((ran.answers("comment"), ran.answers("open_issue")), (7, 1));
  assert_eq!(ran.peak(|worker| worker == "analyse"), 5);
  let title = ran.out["title"].as_str().expect("a title");
  assert!(title.starts_with("Daily Analysis Report - 2"), "{title}");
}

#[test]
fn a_number_that_nobody_knows_is_missing_in_one_area() {
  let room = Room::new();
  let all = room.run("org_health.orch", &[]);
  assert_eq!(all.value()["complete"], true);
  assert_eq!(all.workers().len(), 13, "twelve measures and the tracker");
  assert_eq!(all.answers("open_issue"), 1);

  let facts = room.write(
    "facts.txt",
    &fixture("org_health/facts.txt").replace("response_hours 70\n", ""),
  );
  let ran = room.run("org_health.orch", &["--facts", facts.to_str().expect("a path")]);
  let answered: Vec<&Value> = ran.value()["areas"]
    .as_array()
    .expect("areas")
    .iter()
    .map(|area| &area["answered"])
    .collect();
  assert_eq!(answered, ["3/4", "4/4", "4/4"]);
  assert_eq!(ran.out["areas"][0]["missing"], json!(["response"]));
}

#[test]
fn an_area_that_asks_for_all_areas_is_a_circle() {
  let found = findings_with(
    "org_health.orch",
    "a = attempt flaky(facts)",
    "a = attempt org_health(facts)",
  );
  assert!(found.contains(&"cycle/calls"), "{found:?}");
}

#[test]
fn an_area_of_another_module_that_asks_for_all_areas_is_a_circle_of_both_files() {
  let room = Room::new();
  let top = room.changed(
    "org_health.orch",
    "type Finding",
    "import { more } from \"./area.orch\"\n\ntype Finding",
  );
  let area = "import { org_health } from \"./org_health.orch\"\n\n/// Asks for all.\n\
              orchestrator more() -> bool {\n  all = org_health()\n  return all.complete\n}\n";
  room.write("area.orch", area);
  let findings = check(&Disk, &top).findings.0;
  let circle = findings.iter().find(|finding| finding.code.name == "cycle/imports");
  let circle = circle.unwrap_or_else(|| panic!("{findings:#?}"));
  for file in ["org_health.orch", "area.orch"] {
    assert!(circle.message.contains(file), "{}", circle.message);
  }
}

#[test]
fn three_levels_are_fine_and_the_fourth_is_said() {
  let above = |name: &str, below: &str| {
    format!("\n/// Above.\norchestrator {name}() -> bool {{\n  found = {below}()\n  return found\n}}\n")
  };
  let third = "\n/// Above.\norchestrator third() -> bool {\n  found = org_health()\n  return found.complete\n}\n";
  let room = Room::new();
  for (more, deep) in [
    (String::new(), false),
    (third.to_owned(), false),
    (third.to_owned() + &above("fourth", "third"), true),
  ] {
    let path = room.write("deep.orch", &(fixture("org_health.orch") + &more));
    let codes: Vec<&str> = check(&Disk, &path)
      .findings
      .0
      .iter()
      .map(|finding| finding.code.name)
      .collect();
    assert_eq!(codes.contains(&"flow/too-deep"), deep, "{codes:?}");
  }
}

/// How many results of a level there are in the reports that keep the contract.
fn oracle(level: &str) -> usize {
  let names = ["api", "billing", "docs", "web"];
  let reports = names.map(|name| fixture(&format!("security_audit/sarif/{name}.sarif")));
  let levels = reports.iter().flat_map(|report| {
    let report: Value = serde_json::from_str(report).expect("JSON");
    let results = report["runs"][0]["results"].as_array().expect("results").clone();
    results.into_iter().map(|result| result["level"].clone())
  });
  levels.filter(|found| found == level).count()
}

#[test]
fn an_audit_adds_up_and_is_the_same_however_many_scan() {
  let room = Room::new();
  let one = alone(&room, "security_audit.orch", &["--jobs", "1"]);
  let five = alone(&room, "security_audit.orch", &["--jobs", "5"]);
  assert_eq!(one.value(), five.value(), "the digest of the merged file, too");
  for level in ["error", "warning", "note"] {
    assert_eq!(one.out["totals"][level], oracle(level), "{level}");
  }
  assert_eq!(
    one.out["failed"],
    json!([{ "repository": "gateway", "at": "$.runs[0].results[0].level" }])
  );
  let merged = room.path().join(one.out["merged"].as_str().expect("a path"));
  let merged: Value = serde_json::from_str(&fs::read_to_string(merged).expect("the merged file")).expect("JSON");
  assert_eq!(merged["version"], "2.1.0");
  assert_eq!(merged["runs"].as_array().map(Vec::len), Some(4));
  assert_eq!(one.answers("alert"), 1);
}

#[test]
fn what_a_dead_process_had_is_done_by_another() {
  let ran = Room::new().run("worker_pool.orch", &[]);
  let squares: Vec<Value> = (1..=50)
    .map(|item| json!({ "item": item, "result": item * item }))
    .collect();
  assert_eq!(ran.value()["done"], json!(squares));
  assert_eq!((&ran.out["rounds"], &ran.out["workers"]), (&json!(2), &json!(5)));
  assert_eq!(ran.answers("process"), 5, "four batches, then the fifth once more");
}

#[test]
fn twenty_nine_days_are_asked_for_again() {
  let ran = Room::new().run("content_calendar.orch", &[]);
  assert_eq!(ran.value()["days"].as_array().map(Vec::len), Some(30));
  let asked = ran.story().iter().filter(|part| *part == "start made").count();
  assert_eq!((asked, ran.answers("calendar")), (2, 1));
}

#[test]
fn a_calendar_without_somebody_is_made_and_exits_with_four() {
  let room = Room::new();
  let social = "exec [\"sh\", \"content_calendar/crew.sh\", \"social\", topic], stdin null";
  let file = room.changed("content_calendar.orch", social, "mock hang\n  timeout 100ms");
  for script in ["plan.sh", "crew.sh", "calendar.sh"] {
    let name = format!("content_calendar/{script}");
    room.write(&name, &fixture(&name));
  }
  let ran = room.run_file(&file, &["--strict"]);
  assert_eq!(ran.exit, Some(4), "{}", ran.err);
  assert_eq!(
    ran.out["missing"],
    json!([{ "who": "social_media", "kind": "timeout" }])
  );
  assert_eq!(ran.out["days"].as_array().map(Vec::len), Some(30));
}

#[test]
fn the_frontend_waits_for_the_interface() {
  let room = Room::new();
  let ran = alone(&room, "full_stack_feature.orch", &[]);
  let api = room.path().join(ran.value()["api"].as_str().expect("a path"));
  assert!(fs::read_to_string(api).expect("the interface").contains("\"/search\""));
  assert!(ran.is_before("end back", "start front"));

  let broken = room.changed("full_stack_feature.orch", "mkdir server", "exit 3");
  let ran = room.run_file(&broken, &[]);
  assert_eq!((ran.exit, ran.workers()), (Some(1), BTreeSet::from(["backend"])));
  let skipped = ran.records.iter().any(
    |record| matches!(&record.event, Event::StepSkipped { path, cause } if **path == *"front" && **cause == *"back"),
  );
  assert!(skipped, "{}", ran.err);
}

#[test]
fn a_second_batch_sees_what_is_new() {
  let room = Room::new();
  let issues = room.write("issues.tsv", &fixture("issue_batch/issues.tsv"));
  let words = ["--file", issues.to_str().expect("a path")];
  let first = alone(&room, "issue_batch.orch", &words);
  assert_eq!(
    *first.value(),
    json!({ "upto": 4, "merged": [3], "busy": [2], "again": [] })
  );
  assert_eq!(first.answers("work"), 3);

  room.write(
    "issues.tsv",
    &format!("{}5\tAnother typo\n", fixture("issue_batch/issues.tsv")),
  );
  let second = alone(&room, "issue_batch.orch", &words);
  assert_eq!(
    *second.value(),
    json!({ "upto": 5, "merged": [5], "busy": [], "again": [] })
  );
  assert_eq!(second.answers("work"), 1);
}

#[test]
fn who_can_be_mended_by_whom() {
  let rungs = [("a typo", json!(1)), ("a bug", json!(2)), ("hopeless", Value::Null)];
  for (task, rung) in rungs {
    let ran = Room::new().run("escalation.orch", &["--task", task]);
    assert_eq!(ran.value()["fix"]["rung"], rung, "{task}");
    assert_eq!(ran.answers("page"), usize::from(rung.is_null()), "{task}");
  }
}

#[test]
fn an_alert_is_told_once_until_it_clears() {
  let room = Room::new();
  let mut told = Vec::new();
  for stuck in [4, 5, 0, 4] {
    let text = format!("agent_active 6\nagent_stuck {stuck}\n");
    let metrics = room.write("metrics.txt", &text);
    let ran = alone(
      &room,
      "agent_alerts.orch",
      &["--file", metrics.to_str().expect("a path")],
    );
    assert_eq!(
      ran.value()["firing"],
      if stuck > 3 { json!(["stuck"]) } else { json!([]) }
    );
    told.push(ran.answers("tell"));
  }
  assert_eq!(told, [1, 0, 1, 1]);
}

#[test]
fn only_the_harmless_change_is_approved() {
  let ran = Room::new().run("review_gate.orch", &[]);
  assert_eq!(ran.value()["approved"], json!([1]));
  let people: Vec<&Value> = ran.out["people"]
    .as_array()
    .expect("people")
    .iter()
    .map(|one| &one["number"])
    .collect();
  assert_eq!(people, [2, 3, 5, 6]);
  assert_eq!((ran.answers("approve"), ran.answers("ask_person")), (1, 4));
}

fn states(ran: &Ran) -> Vec<(&str, &str)> {
  let states = ran.out["states"].as_array().expect("states").iter();
  states
    .map(|one| (text(one, "repository"), text(one, "state")))
    .collect()
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
  value[field].as_str().expect("a text")
}

#[test]
fn a_consumer_that_fails_holds_up_its_own_only() {
  let room = Room::new();
  let ran = room.run("breaking_change.orch", &["--strict"]);
  assert_eq!(ran.exit, Some(4), "{}", ran.err);
  let undone: Vec<_> = states(&ran).into_iter().filter(|(_, state)| *state != "done").collect();
  assert_eq!(undone, [("legacy", "failed"), ("kiosk", "skipped")]);
  assert!(ran.is_before("end providing.provided.merge_branch#1", "start families[0].own.made"));

  let strict = room.run("breaking_change.orch", &["--policy", "all"]);
  assert_eq!(strict.exit, Some(1));
  assert!(strict.err.contains("not done: legacy, kiosk"), "{}", strict.err);

  let stopped = room.run("breaking_change.orch", &["--provider", "legacy"]);
  assert_eq!(stopped.exit, Some(1));
  assert_eq!(stopped.workers(), BTreeSet::from(["migrate", "run_tests"]));
  assert!(stopped.story().iter().all(|part| part.contains(" providing.")));
}

/// Runs a command of orch over the room's own journal.
fn past(room: &Room, words: &[&str]) -> String {
  let output = Command::new(env!("CARGO_BIN_EXE_orch"))
    .args(words)
    .arg("--store")
    .arg(room.path().join("store"))
    .output()
    .expect("orch runs");
  String::from_utf8(output.stdout).expect("text")
}

/// What `orch runs` says of the room's own journal.
fn runs(room: &Room, name: &str) -> Vec<Value> {
  let file = examples().join(name);
  let text = past(room, &["runs", file.to_str().expect("a path"), "--format", "json"]);
  let runs: Value = serde_json::from_str(&text).expect("JSON");
  runs.as_array().expect("runs").clone()
}

#[test]
fn what_is_dispatched_is_a_run_of_its_own() {
  let room = Room::new();
  let ran = alone(&room, "fleet_dispatch.orch", &[]);
  let handles = ran.value()["started"].as_array().expect("handles").clone();
  assert_eq!(handles.len(), 3);
  assert_eq!(ran.workers(), BTreeSet::new(), "nothing is done here");

  let children = loop {
    let all = runs(&room, "fleet_dispatch.orch");
    let children: Vec<Value> = all.into_iter().filter(|run| !run["parent"].is_null()).collect();
    if children.iter().filter(|run| run["state"] == "succeeded").count() == 3 {
      break children;
    }
    std::thread::sleep(Duration::from_millis(50));
  };
  for handle in handles {
    let child = children.iter().find(|run| run["run"] == handle["run"]);
    let child = child.unwrap_or_else(|| panic!("no run of {handle} in {children:?}"));
    assert_eq!(child["orchestrator"], handle["of"]);
    let first = past(&room, &["events", text(child, "run"), "--filter", "run_started"]);
    let first: Value = serde_json::from_str(&first).expect("a record");
    assert_eq!(
      (&first["tracker"], &first["parent"]),
      (&ran.out["tracker"], &child["parent"])
    );
  }
}

#[test]
fn the_parent_is_over_while_its_children_are_at_work() {
  let room = Room::new();
  let wait =
    "exec [\"sh\", \"-c\", \"until [ -e go ]; do sleep 0.02; done; echo '{\\\"outdated\\\":0}'\"], cwd run.directory";
  let work = "exec [\"sh\", \"fleet_dispatch/work.sh\", \"audit\", repository]";
  let file = room.changed("fleet_dispatch.orch", work, wait);
  let store = room.path().join("store");
  let one = r#"[{ "name": "core", "needs": "audit" }]"#;
  let ran = room.run_file(
    &file,
    &["--repositories", one, "--store", store.to_str().expect("a path")],
  );
  let child = text(&ran.value()["started"][0], "run").to_owned();
  let state = || {
    let all = runs(&room, "fleet_dispatch.orch");
    let found = all.into_iter().find(|run| run["run"] == child.as_str());
    found.map(|run| text(&run, "state").to_owned())
  };
  assert_ne!(state().as_deref(), Some("succeeded"), "nobody has let it go yet");
  room.write("go", "");
  while state().as_deref() != Some("succeeded") {
    std::thread::sleep(Duration::from_millis(50));
  }
}

#[test]
fn an_eleventh_dispatch_is_refused_before_the_first() {
  let eleven: Vec<Value> = (0..11).map(|_| json!({ "name": "core", "needs": "audit" })).collect();
  let text = json!(eleven).to_string();
  let ran = Room::new().run("fleet_dispatch.orch", &["--repositories", &text]);
  assert_eq!((ran.exit, ran.records.len()), (Some(3), 0), "{}", ran.err);
}

const BAD_DISPATCHES: &str = r#"
worker audit(repo: string) -> string { mock return repo, timeout 1s }
/// Is not there.
orchestrator of_nobody() -> Handle { h = dispatch nobody("a"), return h }
/// Has no orchestrator.
orchestrator of_a_text(name: string) -> Handle { h = dispatch name(), return h }
/// Is no orchestrator.
orchestrator of_a_worker() -> Handle { h = dispatch audit("a"), return h }
/// Is itself.
orchestrator of_itself() -> Handle { h = dispatch of_itself(), return h }
/// Is itself, by way of another.
orchestrator of_pong() -> Handle { h = dispatch of_ping(), return h }
/// And back.
orchestrator of_ping() -> Handle { h = dispatch of_pong(), return h }
/// Comes back with what nobody waited for.
orchestrator of_a_result() -> string { h = dispatch free("a"), return h }
/// Does its work.
orchestrator free(name: string) -> string { text = audit(name), return text }
"#;

#[test]
fn everything_that_is_wrong_with_dispatches_is_said_in_one_go() {
  let room = Room::new();
  let program = BAD_DISPATCHES.replace(", return", "\n return");
  let path = room.write("bad.orch", &program);
  let found: Vec<(&str, String)> = check(&Disk, &path)
    .findings
    .0
    .iter()
    .filter(|finding| finding.code.level <= orch::diagnostics::Level::Critical)
    .map(|finding| (finding.code.name, finding.message.clone()))
    .collect();
  let codes: Vec<&str> = found.iter().map(|(code, _)| *code).collect();
  let expected = [
    "name/unknown",
    "name/wrong-kind",
    "name/wrong-kind",
    "cycle/calls",
    "cycle/calls",
    "type/mismatch",
  ];
  assert_eq!(codes, expected, "{found:#?}");
  let messages: BTreeSet<&String> = found.iter().map(|(_, message)| message).collect();
  assert_eq!(messages.len(), expected.len(), "each says its own");
}

#[test]
fn a_call_takes_what_its_types_say() {
  let bad = [
    r#"{"kind":"bugfix","component":"billing","severity":"urgent"}"#,
    r#"{"kind":"bugfix","component":"billing"}"#,
    r#"{"kind":"bugfix","component":"billing","severity":"low","major":4}"#,
    r#"{"kind":"bugfix","component":"billing","severity":"low","dry_run":"no"}"#,
    r#"{"kind":"upgrade","package":"router","major":"4","budget":2.5}"#,
    r#"{"kind":"upgrade","package":"Router; rm","major":4,"budget":2.5}"#,
  ];
  for request in bad {
    let ran = Room::new().run("upgrade_call.orch", &["--request", request]);
    assert_eq!((ran.exit, ran.records.len()), (Some(3), 0), "{request}: {}", ran.err);
  }
  let good = r#"{"kind":"upgrade","package":"router","major":4,"budget":2.5,"dry_run":false}"#;
  let ran = Room::new().run("upgrade_call.orch", &["--request", good]);
  assert_eq!(
    *ran.value(),
    json!({ "did": "upgrade", "branch": "router-4-for-2.50", "tested": true })
  );
  assert_eq!(ran.workers(), BTreeSet::from(["frontend_upgrade", "tell"]));
  assert!(ran.is_before("end done.\"upgrade\"", "start tell#1"));
  let chosen = ran.records.iter().find_map(|record| match &record.event {
    Event::ArmTaken { arm, not_taken, .. } => Some((arm.as_deref(), not_taken.iter().map(|arm| &**arm).collect())),
    _ => None,
  });
  assert_eq!(
    chosen,
    Some((Some("\"upgrade\""), vec!["\"bugfix\""])),
    "the other one is in the record, too"
  );
}
