//! The health of repositories of all kinds: whole, empty, shallow, damaged, none.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
  repository::{Repository, counts, figure, git, health, measure, ordinary, places, section},
  room::Room,
};

#[test]
fn a_repository_is_measured_scored_and_summarised() {
  let room = Room::new();
  let repository = ordinary(&room, "a päth with spaces");
  let ran = health(&room, "a päth with spaces/src");
  let report = &ran.value()["report"];
  assert_eq!(
    report["repository"].as_str().map(Path::new),
    fs::canonicalize(&repository.0).ok().as_deref()
  );
  assert_eq!(report["head"], repository.git(&["rev-parse", "HEAD"]));
  assert_eq!(
    counts(&ran),
    ["3 of 4", "4 of 4", "4 of 4"],
    "12 commits are too few to tell churn by"
  );
  assert_eq!(report["failures"], json!([]));
  assert_eq!(measure(&ran, "churn")["score"], Value::Null);

  assert_eq!(figure(measure(&ran, "commit activity"), "commits"), "12");
  assert_eq!(measure(&ran, "commit activity")["score"], 100);
  assert_eq!(figure(measure(&ran, "bus factor"), "busiest author"), "Ada Ünicode");
  assert_eq!(measure(&ran, "bus factor")["score"], 0, "one author made all");
  assert_eq!(measure(&ran, "commit messages")["score"], 100);
  assert_eq!(figure(measure(&ran, "size"), "lines of Rust"), 4);
  assert_eq!(figure(measure(&ran, "markers"), "TODO, FIXME, XXX, HACK"), 2);
  assert_eq!(figure(measure(&ran, "tests"), "files with tests"), 1);
  assert_eq!(
    measure(&ran, "readme")["score"],
    55,
    "40 for the page, 15 for how to start"
  );
  assert_eq!(measure(&ran, "community files")["score"], 0);
  let links = measure(&ran, "relative links");
  assert_eq!(
    (figure(links, "relative links"), figure(links, "broken")),
    (json!(3), json!(1))
  );
  assert_eq!(figure(measure(&ran, "freshness"), "commits to code since"), 11);
  for place in ["README.md:7", "src/main.rs:2", "src/new\nline.rs:1"] {
    assert!(
      places(&ran).contains(&place.to_owned()),
      "{place} is not in {:?}",
      places(&ran)
    );
  }
}

#[test]
fn actions_come_by_severity_and_scores_are_averages() {
  let room = Room::new();
  ordinary(&room, "r");
  let ran = health(&room, "r");
  let actions = ran.value()["report"]["actions"].as_array().expect("actions");
  let ranks: Vec<usize> = actions
    .iter()
    .map(|action| {
      ["high", "medium", "low"]
        .iter()
        .position(|severity| action["severity"] == *severity)
        .expect("a severity")
    })
    .collect();
  assert!(ranks.is_sorted() && ranks[0] == 0, "{ranks:?}");
  let average = |scores: Vec<f64>| (scores.iter().sum::<f64>() / scores.len() as f64).round();
  let sections = ran.value()["report"]["sections"].as_array().expect("sections");
  for section in sections {
    let scores = section["measures"]
      .as_array()
      .expect("measures")
      .iter()
      .filter_map(|measure| measure["score"].as_f64());
    assert_eq!(section["score"].as_f64(), Some(average(scores.collect())), "{section}");
  }
  let whole = average(
    sections
      .iter()
      .filter_map(|section| section["score"].as_f64())
      .collect(),
  );
  assert_eq!(ran.value()["report"]["score"].as_f64(), Some(whole));
}

#[test]
fn the_summary_is_written_where_orch_was_started_and_only_over_its_own() {
  let room = Room::new();
  let repository = ordinary(&room, "r");
  let page = || fs::read_to_string(room.path().join("repo-health.md")).expect("a summary");
  let ran = health(&room, "r");
  let score = &ran.value()["report"]["score"];
  assert!(
    page().starts_with(&format!("# Repository health: {score} of 100\n")),
    "{}",
    page()
  );
  assert!(page().contains("## History: 67 (3 of 4 measured)"), "{}", page());
  assert!(
    page().contains("`README.md:7`: mend the link: there is no docs/gone.md#top"),
    "{}",
    page()
  );
  assert_eq!(
    repository.git(&["status", "--porcelain"]),
    "",
    "the repository is as it was"
  );
  assert_eq!(
    health(&room, "r").value()["summary_error"],
    Value::Null,
    "it replaces its own"
  );

  room.write("repo-health.md", "my own notes\n");
  let ran = health(&room, "r");
  assert_eq!(page(), "my own notes\n");
  assert_eq!(
    (&ran.value()["summary"], &ran.out["report"]["score"]),
    (&Value::Null, &ran.out["report"]["score"])
  );
  assert!(
    ran.out["summary_error"]
      .as_str()
      .is_some_and(|why| why.contains("is there already")),
    "{}",
    ran.out
  );
}

#[test]
fn no_summary_is_written_where_none_is_wanted() {
  let room = Room::new();
  ordinary(&room, "r");
  let ran = room.run("repo_health.orch", &["--repo", "r", "--summary", "null"]);
  assert_eq!(
    (&ran.value()["summary"], &ran.out["summary_error"]),
    (&Value::Null, &Value::Null)
  );
  assert!(!ran.workers().contains("write_summary"));
  assert!(!room.path().join("repo-health.md").exists());
}

#[test]
fn one_failing_leaf_costs_one_measure() {
  let mut room = Room::new();
  let repository = ordinary(&room, "r");
  let real = std::env::split_paths(&std::env::var_os("PATH").expect("a PATH"))
    .map(|directory| directory.join("git"))
    .find(|file| file.is_file())
    .expect("git");
  let script = format!(
    "#!/bin/sh\nif [ \"$ORCH_WORKER\" = markers ]; then echo 'git is out of order' >&2; exit 9; fi\nexec '{}' \"$@\"\n",
    real.display()
  );
  room.tools = Some(room.program("tools/git", &script));

  let ran = health(&room, repository.path());
  assert_eq!(
    counts(&ran),
    ["3 of 4", "3 of 4", "4 of 4"],
    "markers failed, and 12 commits are too few to tell churn by"
  );
  let lost = measure(&ran, "markers");
  assert_eq!((&lost["state"], &lost["score"]), (&json!("failed"), &Value::Null));
  let failures = ran.value()["report"]["failures"].as_array().expect("failures");
  assert_eq!(failures.len(), 1);
  assert_eq!(failures[0]["reason"], "exited with code 9: git is out of order");
  assert!(ran.out["report"]["score"].is_u64(), "the report is made");
  assert!(
    fs::read_to_string(room.path().join("repo-health.md")).is_ok_and(|page| page.contains("git is out of order"))
  );
}

#[test]
fn a_damaged_repository_loses_what_needs_the_damaged_file() {
  let room = Room::new();
  let repository = ordinary(&room, "r");
  let blob = repository.git(&["rev-parse", "HEAD:README.md"]);
  let (directory, file) = blob.split_at(2);
  fs::remove_file(repository.0.join(".git/objects").join(directory).join(file)).expect("an object");
  let ran = health(&room, "r");
  assert_eq!(section(&ran, "History")["measured"], 3, "history reads no files");
  for name in ["readme", "relative links", "size"] {
    let lost = measure(&ran, name);
    assert_eq!(
      (&lost["state"], &lost["score"]),
      (&json!("failed"), &Value::Null),
      "{name}"
    );
  }
  assert_eq!(measure(&ran, "freshness")["state"], "measured");
}

#[test]
fn nothing_is_made_up_of_an_empty_repository() {
  let room = Room::new();
  Repository::new(&room, "r");
  let ran = health(&room, "r");
  assert_eq!(counts(&ran), ["0 of 4"; 3]);
  let report = &ran.value()["report"];
  assert_eq!((&report["score"], &report["head"]), (&Value::Null, &Value::Null));
  assert_eq!((&report["actions"], &report["failures"]), (&json!([]), &json!([])));
  assert_eq!(measure(&ran, "readme")["note"], "nothing is committed yet");
}

#[test]
fn a_shallow_clone_says_what_it_cannot_know() {
  let room = Room::new();
  let whole = ordinary(&room, "whole");
  git(
    room.path(),
    &[
      "clone",
      "-q",
      "--depth",
      "1",
      &format!("file://{}", whole.path()),
      "shallow",
    ],
  );
  let ran = health(&room, "shallow");
  assert_eq!(ran.value()["report"]["shallow"], true);
  assert_eq!(counts(&ran), ["2 of 4", "4 of 4", "3 of 4"]);
  assert_eq!(figure(measure(&ran, "commit activity"), "commits"), "1 or more");
  for name in ["bus factor", "churn", "freshness"] {
    let unknown = measure(&ran, name);
    assert_eq!(
      (&unknown["state"], &unknown["score"]),
      (&json!("unknown"), &Value::Null),
      "{name}"
    );
    assert!(
      unknown["note"].as_str().is_some_and(|note| note.contains("shallow")),
      "{unknown}"
    );
  }
}

#[test]
fn a_detached_head_and_a_submodule_are_no_trouble() {
  let room = Room::new();
  let inner = Repository::new(&room, "inner");
  inner.commit(&[("a.txt", "a\n")], "Begin the inner thing");
  let repository = ordinary(&room, "r");
  repository.git(&[
    "-c",
    "protocol.file.allow=always",
    "submodule",
    "add",
    "-q",
    inner.path(),
    "inner",
  ]);
  repository.commit(&[("more.md", "[into it](inner/a.txt)\n")], "Add the inner thing");
  repository.git(&["checkout", "-q", "--detach"]);
  let ran = health(&room, "r");
  assert_eq!(ran.value()["report"]["branch"], Value::Null);
  assert_eq!(figure(measure(&ran, "size"), "submodules"), 1);
  assert_eq!(
    figure(measure(&ran, "relative links"), "broken"),
    1,
    "links into a submodule are not looked at"
  );
}

#[test]
fn where_there_is_no_repository_the_run_fails_with_one_clear_error() {
  let room = Room::new();
  fs::create_dir(room.path().join("plain")).expect("a directory");
  room.write("file", "text");
  for (path, why) in [
    ("plain", "`plain` can't be measured: not a git repository"),
    ("gone", "`gone` can't be measured: there is no such directory"),
    ("file", "`file` can't be measured: it is not a directory"),
  ] {
    let ran = health(&room, path);
    assert_eq!((ran.exit, &ran.out), (Some(1), &Value::Null));
    assert!(ran.err.contains(why), "{}", ran.err);
    assert_eq!(ran.workers().into_iter().collect::<Vec<_>>(), ["locate"]);
  }
  assert!(!room.path().join("repo-health.md").exists());
}

#[test]
fn measures_run_at_once_within_their_limit() {
  let room = Room::new();
  ordinary(&room, "r");
  let ran = health(&room, "r");
  assert!(
    ran.story().iter().filter(|part| part.starts_with("start ")).count() == 14,
    "{:?}",
    ran.story()
  );
  assert_eq!(ran.peak(|_| true), 6, "twelve are ready at once, six may run");
}
