//! Triage, router, pipeline, map and reduce, reflection: what each must let one see.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};

use crate::{
  findings_with,
  room::{Ran, Room, examples},
};

#[test]
fn one_bad_answer_does_not_cost_the_triage() {
  for (source, analyst) in [("canned", "canned_analyst"), ("processes", "process_analyst")] {
    let ran = Room::new().run("daily_triage.orch", &["--source", source]);
    let report = ran.value();
    assert_eq!(
      (&report["total"], &report["analysed"]),
      (&json!(7), &json!(6)),
      "{report}"
    );
    let numbers: Vec<&Value> = report["verdicts"]
      .as_array()
      .expect("verdicts")
      .iter()
      .map(|one| &one["number"])
      .collect();
    assert_eq!(numbers, [1, 2, 3, 5, 6, 7], "the order of the issues");
    let failed = report["failed"].as_array().expect("failures");
    assert_eq!(failed.len(), 1);
    assert_eq!(
      (&failed[0]["number"], &failed[0]["kind"]),
      (&json!(4), &json!("contract"))
    );
    assert_eq!(ran.answers(analyst), 6);
    assert_eq!(ran.workers(), BTreeSet::from(["list_issues", analyst]));
    assert_eq!(
      ran.peak(|worker| worker == analyst),
      5,
      "all seven are ready at once, five may run"
    );
  }
}

#[test]
fn a_tolerated_failure_is_told_under_strict() {
  let ran = Room::new().run("daily_triage.orch", &["--strict"]);
  assert_eq!(ran.exit, Some(4), "{}", ran.err);
  assert_eq!(ran.out["analysed"], 6);
}

#[test]
fn no_issues_are_an_empty_triage() {
  let room = Room::new();
  room.write("none.json", "[]");
  let ran = room.run("daily_triage.orch", &["--issues", "none.json"]);
  assert_eq!(ran.value()["total"], 0);
  assert_eq!(ran.workers(), BTreeSet::from(["list_issues"]));
}

#[test]
fn each_class_starts_exactly_its_worker() {
  let cases = [
    ("It crashes", "", "bug", "bug_triage"),
    ("Add a dark theme", "please", "feature", "feature_review"),
    ("It crashes", "by SQL injection", "security", "security_desk"),
    ("A typo", "in the README", "docs", "docs_desk"),
    ("Hello \"you\"\n", "$(id) `id`", "general", "front_desk"),
  ];
  for (title, body, class, worker) in cases {
    let ran = Room::new().run("issue_router.orch", &["--title", title, "--body", body]);
    assert_eq!(ran.value()["class"], class);
    assert_eq!(ran.workers(), BTreeSet::from(["classifier", worker]), "{class}");
  }
}

#[test]
fn a_class_outside_the_five_is_no_general_issue() {
  let room = Room::new();
  let file = room.changed("issue_router.orch", "{\"class\":\"general\"", "{\"class\":\"odd\"");
  let ran = room.run_file(&file, &["--title", "hello"]);
  assert_eq!(ran.exit, Some(1), "{}", ran.err);
  assert!(
    ran.err.contains("contract") && ran.err.contains("$.class"),
    "{}",
    ran.err
  );
  assert_eq!(ran.workers(), BTreeSet::from(["classifier"]));
}

#[test]
fn a_route_that_is_missing_is_found_before_anything_runs() {
  let found = findings_with("issue_router.orch", "\"bug\" => {", "\"feature\" => {");
  assert!(found.contains(&"match/inexhaustive"), "{found:?}");
}

#[test]
fn a_release_goes_through_its_stages_in_order() {
  let ran = Room::new().run("release_pipeline.orch", &["--version", "1.2.0", "--approved"]);
  assert_eq!(ran.value()["published"], true);
  for check in ["lint", "test", "audit"] {
    assert!(
      ran.is_before(&format!("end checks.{check}"), "start build.package"),
      "{check}"
    );
  }
  assert!(ran.is_before("end build.package", "start build.smoke"));
  assert!(ran.is_before("end build.smoke", "start ship.publish"));
  assert!(ran.is_before("end ship.publish", "start announce"));
}

#[test]
fn nothing_behind_a_failed_stage_starts() {
  for broken in ["lint", "audit"] {
    let ran = Room::new().run(
      "release_pipeline.orch",
      &["--version", "1.2.0", "--approved", "--broken", broken],
    );
    assert_eq!((ran.exit, &ran.out), (Some(1), &Value::Null), "{}", ran.err);
    assert!(
      ran.err.contains(&format!("checks.{broken}")) && ran.err.contains("is broken"),
      "{}",
      ran.err
    );
    let later: Vec<String> = ran
      .story()
      .into_iter()
      .filter(|part| !part.contains(" checks."))
      .collect();
    assert_eq!(later, [""; 0], "{broken}");
  }
  let ran = Room::new().run(
    "release_pipeline.orch",
    &["--version", "1.2.0", "--approved", "--broken", "smoke"],
  );
  assert_eq!(ran.exit, Some(1));
  assert!(!publishes(&ran));
}

fn publishes(ran: &Ran) -> bool {
  let story = ran.story();
  story
    .iter()
    .any(|part| part.contains("publish") || part.contains("announce"))
}

#[test]
fn what_nobody_approved_is_built_and_not_published() {
  let ran = Room::new().run("release_pipeline.orch", &["--version", "1.2.0"]);
  assert_eq!(ran.value()["published"], false);
  assert!(!publishes(&ran));
}

#[test]
fn a_version_of_another_form_starts_nothing() {
  let ran = Room::new().run("release_pipeline.orch", &["--version", "1.2"]);
  assert_eq!((ran.exit, ran.records.len()), (Some(3), 0), "{}", ran.err);
}

#[test]
fn words_counted_in_parallel_are_those_counted_in_sequence() {
  let pages = fs::read_dir(examples().join("../docs/reference")).expect("the reference");
  let pages = pages.filter(|page| {
    page
      .as_ref()
      .is_ok_and(|page| page.path().extension().is_some_and(|ending| ending == "md"))
  });
  let pages = pages.count();
  let ran = Room::new().run("map_reduce.orch", &[]);
  let report = ran.value();
  assert_eq!((&report["equal"], &report["pages"]), (&json!(true), &json!(pages)));
  assert_eq!(ran.answers("mapper"), pages);
  assert_eq!(ran.peak(|worker| worker == "mapper"), 4);
}

#[test]
fn words_are_counted_right() {
  let room = Room::new();
  room.write("a page/one ü.md", "Red, red apples. The END\n");
  room.write("a page/two.md", "red end; it is\n");
  let ran = room.run("map_reduce.orch", &["--pages", "a page"]);
  let top = json!([
    { "word": "red", "times": 3 }, { "word": "end", "times": 2 },
    { "word": "apples", "times": 1 }, { "word": "the", "times": 1 }
  ]);
  assert_eq!(
    *ran.value(),
    json!({ "pages": 2, "words": 7, "different": 4, "top": top, "equal": true })
  );
}

#[test]
fn each_round_does_what_the_critic_of_the_last_said() {
  let ran = Room::new().run("doc_reflection.orch", &["--topic", "rivers"]);
  let history = json!([
    { "did": "a first draft", "score": 5 }, { "did": "show an example", "score": 7 }, { "did": "name the limits", "score": 9 }
  ]);
  assert_eq!(ran.value()["history"], history);
  assert_eq!((&ran.out["rounds"], &ran.out["score"]), (&json!(3), &json!(9)));
  assert_eq!((ran.answers("writer"), ran.answers("critic")), (3, 3));
  for (earlier, later) in [
    ("end best[0].review", "start best[1].page"),
    ("end best[1].review", "start best[2].page"),
  ] {
    assert!(ran.is_before(earlier, later));
  }
}

#[test]
fn what_never_gets_good_enough_fails_after_three_rounds() {
  let ran = Room::new().run("doc_reflection.orch", &["--topic", "rivers", "--demanding"]);
  assert_eq!((ran.exit, &ran.out), (Some(1), &Value::Null));
  assert!(
    ran
      .err
      .contains("after 3 rounds the page about rivers is still not good enough"),
    "{}",
    ran.err
  );
  assert_eq!(ran.answers("writer"), 3);
}

#[test]
fn what_is_down_is_left_alone_also_by_the_next_run() {
  let room = Room::new();
  let service = |ran: &Ran| {
    let counts = &ran.value()["kinds"][1];
    ["done", "failed", "skipped"].map(|name| counts[name].as_i64().expect("a count"))
  };
  let store = room.path().join("store");
  let own_store = ["--store", store.to_str().expect("UTF-8")];
  let first = room.run("circuit_breaker.orch", &own_store);
  assert_eq!(service(&first), [0, 3, 2]);
  assert_eq!(first.value()["kinds"][0]["done"], 2, "the other kind goes on");
  assert_eq!(first.value()["skipped"], json!(["/nowhere/four", "/nowhere/five"]));
  let second = room.run("circuit_breaker.orch", &own_store);
  assert_eq!(service(&second), [0, 0, 5], "nothing of it is even tried");
  assert_eq!(second.workers(), BTreeSet::from(["look_at_directory"]));
}

#[test]
fn the_story_of_the_circuit_breaker_holds_in_virtual_time() {
  let example = examples().join("circuit_breaker.orch");
  let tested = std::process::Command::new(env!("CARGO_BIN_EXE_orch"))
    .arg("test")
    .arg(example)
    .output();
  let tested = tested.expect("orch runs");
  let out = String::from_utf8_lossy(&tested.stdout);
  assert!(tested.status.success() && out.contains("5 tests: 5 passed"), "{out}");
}
