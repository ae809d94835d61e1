//! `orch test` and `orch test worker`: which tests are run, what is printed, how it ends.

use serde_json::{Value, json};

use crate::room::Room;

const PROGRAM: &str = r#"
defaults { timeout 20s, idempotent }
worker shout(text: string(1..20)) -> string { exec ["tr", "a-z", "A-Z"], stdin text, output trim(stdout) }
worker canned(n: int) -> int { mock return n + 1 }
worker broken() -> int { exec ["sh", "-c", "echo to the log >&2; exit 7"], retry 1 fixed 1ms }
worker odd(n: int) -> int(..9) { exec ["printf", "%d", n], stdin null }

/// Shouts.
orchestrator greet(name: string) -> string {
  said = shout("hello ${name}" as string(1..20))
  return said
}
test "it shouts" {
  mock shout => upper(text)
  x = greet("ada")
  expect x == "HELLO ADA"
}
test "it is loud" {
  mock shout => text
  x = greet("ada")
  expect x == upper(x)
}
test "it runs for real" {
  x = greet("bob")
  expect x == "HELLO BOB"
  expect calls(shout) == 1 and inputs(shout) == [{ text: "hello bob" }]
  outcome = attempt greet("somebody with a long name")
  expect not outcome.ok
}
"#;

const OTHER: &str = "worker canned(n: int) -> int { mock delay 2h return n, timeout 3h }\n/// .\norchestrator o() -> int { x = \
                     canned(1) return x }\ntest \"two hours\" { o() expect elapsed == 2h }\n";

const ODD: &str =
  "/// .\norchestrator o() -> int { return 1 }\ntest \"a \\u{1}\\u{fffe} b\" { x = o() expect x == 2 }\n";

fn room() -> Room {
  let room = Room::with(&[
    ("p.orch", PROGRAM),
    ("none.orch", "let a = 1\n"),
    ("broken.orch", "let a = b\n"),
  ]);
  for (directory, text) in [("below/deep", OTHER), (".hidden", "let a = b\n")] {
    std::fs::create_dir_all(room.path().join(directory)).expect("a directory");
    std::fs::write(room.path().join(directory).join("o.orch"), text).expect("a file");
  }
  room
}

fn tested(words: &[&str]) -> (Option<i32>, Value, String) {
  let seen = room().orch(&[&["test", "--format", "json"], words].concat());
  let out = match seen.out.as_str() {
    "" => Value::Null,
    out => serde_json::from_str(out).expect("JSON"),
  };
  (seen.exit, out, seen.err)
}

/// Name and whether it passed.
fn names(out: &Value) -> Vec<(&str, bool)> {
  let tests = out["tests"].as_array().expect("tests").iter();
  tests
    .map(|test| (test["name"].as_str().expect("a name"), test["passed"] == true))
    .collect()
}

#[test]
fn files_and_directories_are_looked_through() {
  let (exit, out, _) = tested(&["p.orch"]);
  let own = [("it shouts", true), ("it is loud", false), ("it runs for real", false)];
  assert_eq!((exit, names(&out)), (Some(1), own.to_vec()));
  assert_eq!(out["summary"], json!({ "passed": 1, "failed": 2 }));
  let (exit, out, _) = tested(&["below"]);
  assert_eq!((exit, names(&out)), (Some(0), vec![("two hours", true)]));
  assert_eq!(
    (&out["tests"][0]["elapsed"], &out["tests"][0]["runs"]),
    (&json!(7_200_000), &json!(1))
  );
  let (exit, out, err) = tested(&[]);
  assert_eq!(
    (exit, names(&out).len()),
    (Some(3), 4),
    "what is refused does not keep the others from running"
  );
  assert!(err.contains("broken.orch:1:9") && !err.contains(".hidden"), "{err}");
}

#[test]
fn a_filter_chooses_by_name() {
  let (exit, out, _) = tested(&["p.orch", "below", "--filter", "ou", "--jobs", "1"]);
  assert_eq!(
    (exit, names(&out)),
    (
      Some(1),
      vec![("it shouts", true), ("it is loud", false), ("two hours", true)]
    )
  );
  assert_eq!(tested(&["p.orch", "--filter", "shouts"]).0, Some(0));
}

#[test]
fn no_test_at_all_is_a_mistake() {
  for (words, said) in [
    (&["none.orch"][..], "there is no test"),
    (
      &["p.orch", "--filter", "nothing"],
      "there is no test with `nothing` in its name",
    ),
    (&["missing.orch"], "missing.orch"),
    (&["p.orch", "--jobs", "0"], "--jobs"),
  ] {
    let (exit, out, err) = tested(words);
    assert_eq!((exit, &out), (Some(2), &Value::Null), "{words:?}: {err}");
    assert!(err.contains(said), "{words:?}: {err}");
  }
}

#[test]
fn failures_are_shown_to_people_and_to_tools() {
  let seen = room().orch(&["test", "p.orch", "--filter", "loud"]);
  insta::assert_snapshot!(seen.out);
  let (_, out, _) = tested(&["p.orch", "--filter", "loud"]);
  let problem = &out["tests"][0]["problems"][0];
  assert_eq!(problem["finding"]["code"], "test/failed");
  assert_eq!(problem["finding"]["labels"][0]["start"]["line"], 21);
  assert_eq!(problem["calls"], json!(["      0s  said  shout  ok after 0s"]));
}

#[test]
fn junit_has_every_test_and_why_it_failed() {
  let room = room();
  let seen = room.orch(&["test", "p.orch", "below", "--junit", "report.xml"]);
  assert_eq!(seen.exit, Some(1), "{}", seen.err);
  let report = std::fs::read_to_string(room.path().join("report.xml")).expect("a report");
  for part in [
    "<testsuites name=\"orch\" tests=\"4\" skipped=\"0\" failures=\"2\" errors=\"0\">",
    "<testsuite name=\"below/deep/o.orch\" tests=\"1\"",
    "<testcase name=\"two hours\" classname=\"below/deep/o.orch\"",
    "<failure message=\"`shout` is called and not mocked\" type=\"test/unmocked\">",
  ] {
    assert!(report.contains(part), "no {part}\n{report}");
  }
  std::fs::write(room.path().join("odd.orch"), ODD).expect("a file");
  let seen = room.orch(&["test", "odd.orch", "--junit", "odd.xml"]);
  assert_eq!(seen.exit, Some(1), "{}", seen.err);
  let report = std::fs::read_to_string(room.path().join("odd.xml")).expect("a report");
  let odd = |c: char| c != '\n' && (c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c));
  assert!(
    report.contains("<testcase name=\"a  b\"") && !report.contains(odd),
    "{report}"
  );
  let seen = room.orch(&["test", "p.orch", "--junit", "no/such/report.xml"]);
  assert_eq!(seen.exit, Some(2));
  assert!(seen.err.contains("can't write to `no/such/report.xml`"), "{}", seen.err);
}

#[test]
fn live_runs_what_is_not_mocked() {
  let (exit, out, err) = tested(&["p.orch", "--live"]);
  let own = [("it shouts", true), ("it is loud", false), ("it runs for real", true)];
  assert_eq!((exit, names(&out)), (Some(1), own.to_vec()), "{out:#} {err}");
}

#[test]
fn no_process_is_started_and_nothing_is_kept() {
  let room = room();
  let program = PROGRAM.replace("[\"tr\", \"a-z\", \"A-Z\"]", "[\"touch\", \"made\"]");
  std::fs::write(room.path().join("p.orch"), program).expect("a file");
  let seen = room.orch(&["test", "p.orch"]);
  assert_eq!(seen.exit, Some(1));
  assert!(!room.path().join("made").exists() && !room.path().join(".orch").exists());
}

/// Exit code, standard output without its last line break, standard error.
fn alone(words: &[&str], input: &str) -> (Option<i32>, String, String) {
  let room = room();
  std::fs::write(room.path().join("input.json"), input).expect("a file");
  let seen = room.orch(&[&["test", "worker"], words].concat());
  assert!(!room.path().join(".orch").exists(), "nothing is kept");
  (seen.exit, seen.out.trim_end().to_owned(), seen.err)
}

#[test]
fn a_worker_runs_alone() {
  let given = |name: &'static str| [name, "p.orch", "--input", "input.json"];
  let (exit, out, err) = alone(&given("shout"), r#"{ "text": "hello" }"#);
  assert_eq!((exit, out.as_str()), (Some(0), "\"HELLO\""), "{err}");
  let (exit, out, _) = alone(&given("canned"), r#"{ "n": 1 }"#);
  assert_eq!((exit, out.as_str()), (Some(0), "2"), "a mock gives its answer");
  let (exit, out, err) = alone(&["broken", "p.orch"], "");
  assert_eq!((exit, out.as_str()), (Some(1), ""));
  assert!(
    err.contains("code 7") && err.contains("2 attempts") && err.contains("| to the log"),
    "{err}"
  );
  let (exit, _, err) = alone(&given("odd"), r#"{ "n": 10 }"#);
  assert_eq!(exit, Some(1));
  assert!(err.contains("contract") && err.contains("the output of `odd`"), "{err}");
}

#[test]
fn a_worker_alone_is_given_what_it_takes() {
  let given = |name: &'static str| [name, "p.orch", "--input", "input.json"];
  for (words, input, exit, said) in [
    (&given("shout")[..], r#"{ "text": "" }"#, 3, "`text` takes"),
    (&given("shout"), r#"{ "txt": "a" }"#, 3, "did you mean `text`?"),
    (&given("shout"), "[]", 3, "not a JSON object"),
    (&["shout", "p.orch"], "", 3, "`text` is missing"),
    (&["shot", "p.orch"], "", 2, "did you mean `shout`?"),
    (&["shout"], "", 2, "more than one program in the current directory"),
    (&["shout", "broken.orch"], "", 3, "there is no value `b`"),
  ] {
    let (found, out, err) = alone(words, input);
    assert_eq!((found, out.as_str()), (Some(exit), ""), "{words:?} {input}: {err}");
    assert!(err.contains(said), "{words:?} {input}: {err}");
  }
}
