//! `orch check --bounds`, as people and tools see it.

use std::{fs, process::Command};

use serde_json::{Value, json};

const PROGRAM: &str = "\
worker list(x: int) -> [int] { mock return [], timeout 5s }
worker work(x: int) -> int { mock return x, timeout 5s, budget { cost $0.10 } }

/// All that is listed.
orchestrator everything(wait: duration) -> [int] {
  xs = list(1)
  ys = each x in xs with concurrent 5 => work(x) with delay wait, hedge after 1s
  return ys
}

/// One.
orchestrator one() -> int {
  y = work(1)
  return y
}
";

struct Seen {
  exit: Option<i32>,
  out: String,
  err: String,
}

fn orch(text: &str, words: &[&str]) -> Seen {
  let directory = tempfile::tempdir().expect("a directory");
  fs::write(directory.path().join("main.orch"), text).expect("a file");
  let output = Command::new(env!("CARGO_BIN_EXE_orch"))
    .args(["check", "main.orch", "--bounds"])
    .args(words)
    .current_dir(directory.path())
    .output()
    .expect("orch runs");
  let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
  Seen {
    exit: output.status.code(),
    out: text(&output.stdout),
    err: text(&output.stderr),
  }
}

#[test]
fn every_orchestrator_has_a_table() {
  let seen = orch(PROGRAM, &[]);
  assert_eq!(seen.exit, Some(0), "{}", seen.err);
  insta::assert_snapshot!(seen.out);
}

#[test]
fn tools_get_one_object_with_findings_and_bounds() {
  let seen = orch(PROGRAM, &["--format", "json"]);
  let document: Value = serde_json::from_str(&seen.out).expect("JSON");
  assert_eq!(document["diagnostics"], json!([]));
  let bounds = document["bounds"].as_array().expect("a list");
  let names: Vec<&Value> = bounds.iter().map(|one| &one["orchestrator"]).collect();
  assert_eq!(names, ["everything", "one"]);
  insta::assert_json_snapshot!(bounds[0]);
  assert_eq!(
    bounds[1]["cost"],
    json!({ "formula": "$0.10", "at_most": 0.1, "terms": [{ "coefficient": 0.1, "sizes": [] }] })
  );
}

#[test]
fn a_program_that_is_refused_has_findings_and_no_bounds() {
  let refused = PROGRAM.replace("timeout 5s, budget", "budget");
  let seen = orch(&refused, &[]);
  assert_eq!(seen.exit, Some(3));
  assert!(
    seen.out.contains("worker/no-timeout") && !seen.out.contains("at most"),
    "{}",
    seen.out
  );
  let seen = orch(&refused, &["--format", "json"]);
  let document: Value = serde_json::from_str(&seen.out).expect("JSON");
  assert_eq!(
    (&document["bounds"], &document["summary"]["errors"]),
    (&json!([]), &json!(1))
  );
}

#[test]
fn other_formats_have_no_place_for_bounds() {
  for format in ["sarif", "github"] {
    let seen = orch(PROGRAM, &["--format", format]);
    assert_eq!(seen.exit, Some(2));
    assert_eq!(seen.err, "`--bounds` is shown with `--format human` and `json`\n");
  }
}

#[test]
fn a_file_without_orchestrators_has_no_bounds() {
  let seen = orch("/// Two.\nlet two = 2\n", &["--format", "json"]);
  let document: Value = serde_json::from_str(&seen.out).expect("JSON");
  assert_eq!(document["bounds"], json!([]));
}
