//! What people see of a run, from records made by hand; command lines; arguments.

use std::{ffi::OsString, sync::Arc};

use super::{
  arguments, command_line,
  news::News,
  report,
  summary::{Summary, group_of},
};
use crate::{
  engine::Record,
  hir::{Block, Expr, ExprKind, LocalId, ModuleId, Orchestrator, Param, Program},
  source::{SourceId, Sources, Span},
  types::Type,
  value::{Failure, FailureKind, Value},
};

/// Records as they stand in a journal, numbered.
fn records(events: &[(i64, serde_json::Value)]) -> Vec<Record> {
  let record = |(seq, (at, event)): (usize, &(i64, serde_json::Value))| {
    let mut record = event.clone();
    record["seq"] = seq.into();
    record["at"] = (*at).into();
    serde_json::from_value(record).expect("a record")
  };
  events.iter().enumerate().map(record).collect()
}

fn failure() -> serde_json::Value {
  let mut failure = Failure::new(FailureKind::Exit, "verdicts[1]", "exit code 75\nand more");
  failure.worker = Some("analyzer".into());
  serde_json::to_value(failure).expect("a failure")
}

fn run_started() -> serde_json::Value {
  serde_json::json!({ "event": "run_started", "run": "0198", "tracker": "0198", "program": "ab", "engine": "0.1.0",
    "seed": 1, "orchestrator": "triage", "arguments": {}, "started": "2026-01-31T12:00:00Z",
    "directory": "/home" })
}

fn attempt(execution: u64, path: &str, attempt: u32) -> serde_json::Value {
  serde_json::json!({ "event": "attempt_requested", "execution": execution, "path": path, "worker": "analyzer",
    "attempt": attempt, "input": "00000000000000aa" })
}

/// Two items; the second fails twice and is collected.
fn flaky() -> Vec<Record> {
  use serde_json::json;
  records(&[
    (0, run_started()),
    (
      0,
      json!({ "event": "expanded", "path": "verdicts", "items": 2, "window": 8, "digest": "00000000000000aa" }),
    ),
    (0, attempt(0, "verdicts[0]", 1)),
    (0, attempt(1, "verdicts[1]", 1)),
    (0, json!({ "event": "admitted", "execution": 0 })),
    (5, json!({ "event": "admitted", "execution": 1 })),
    (
      1_000,
      json!({ "event": "attempt_ended", "execution": 0, "outcome": { "ok": 1 } }),
    ),
    (1_000, json!({ "event": "step_succeeded", "path": "verdicts[0]" })),
    (
      1_005,
      json!({ "event": "attempt_ended", "execution": 1, "outcome": { "failed": failure() } }),
    ),
    (
      1_005,
      json!({ "event": "retry_scheduled", "path": "verdicts[1]", "attempt": 2, "delay": 1_500,
      "failure": failure() }),
    ),
    (2_505, attempt(2, "verdicts[1]", 2)),
    (2_505, json!({ "event": "admitted", "execution": 2 })),
    (
      2_605,
      json!({ "event": "attempt_ended", "execution": 2, "outcome": { "failed": failure() } }),
    ),
    (
      2_605,
      json!({ "event": "failure_taken", "path": "verdicts[1]", "by": "collect", "failure": failure() }),
    ),
    (
      2_605,
      json!({ "event": "step_succeeded", "path": "verdicts", "value": "00010203040506ff" }),
    ),
    (2_700, json!({ "event": "run_succeeded", "result": { "lost": 1 } })),
  ])
}

fn fold(records: &[Record]) -> Summary {
  let mut summary = Summary::default();
  records.iter().for_each(|record| summary.add(record));
  summary
}

#[test]
fn the_summary_counts_calls_failures_retries_and_times() {
  insta::assert_snapshot!(report::summary(&fold(&flaky()), ".orch"));
}

#[test]
fn the_summary_for_tools() {
  insta::assert_json_snapshot!(report::Document::new(&fold(&flaky()), ".orch"));
}

#[test]
fn news_are_few_and_in_order() {
  let (mut news, mut summary) = (News::default(), Summary::default());
  let mut lines = Vec::new();
  for record in flaky() {
    summary.add(&record);
    lines.extend(news.of(&record, &summary).into_iter().map(|line| line.text));
  }
  insta::assert_snapshot!(lines.join("\n"));
}

/// A step fails; one above it is undone, another can't be; what was opened is closed.
fn undone() -> Vec<Record> {
  use serde_json::json;
  let mut failed: Failure = serde_json::from_value(failure()).expect("a failure");
  failed.undo_failed = vec!["prod!undo".into()];
  records(&[
    (0, run_started()),
    (5, json!({ "event": "step_succeeded", "path": "staging" })),
    (6, json!({ "event": "step_succeeded", "path": "prod" })),
    (
      7,
      json!({ "event": "step_failed", "path": "verdicts[1]", "failure": failure() }),
    ),
    (
      7,
      json!({ "event": "scope_closing", "path": "", "lost": true, "undo": 2, "finally": 1 }),
    ),
    (
      8,
      json!({ "event": "failure_taken", "path": "prod!undo", "by": "undo", "failure": failure() }),
    ),
    (9, json!({ "event": "step_succeeded", "path": "staging!undo" })),
    (9, json!({ "event": "step_succeeded", "path": "staging!finally" })),
    (
      9,
      json!({ "event": "failure_taken", "path": "!on_failure", "by": "on_failure", "failure": failure() }),
    ),
    (9, json!({ "event": "run_failed", "failure": failed })),
  ])
}

#[test]
fn what_was_undone_and_closed_is_counted_apart() {
  let (mut news, mut summary) = (News::default(), Summary::default());
  let mut text = String::new();
  for record in undone() {
    summary.add(&record);
    let lines = news.of(&record, &summary);
    lines.iter().for_each(|line| text.push_str(&format!("{}\n", line.text)));
  }
  let Some(super::summary::End::Failed(failure)) = &summary.end else {
    panic!("the run fails");
  };
  text.push_str(&report::failure(failure));
  text.push_str(&report::summary(&summary, ".orch"));
  insta::assert_snapshot!(text);
}

/// Two assignments of a plan, one of them skipped.
fn planned() -> Vec<Record> {
  use serde_json::json;
  let code = "results[\"code\"]";
  records(&[
    (0, run_started()),
    (
      0,
      json!({ "event": "planned", "path": "results", "pool": "crew", "assignments": 2, "window": 5,
        "digest": "00000000000000aa", "unused": ["writer", "tester"] }),
    ),
    (0, attempt(0, code, 1)),
    (0, json!({ "event": "admitted", "execution": 0 })),
    (
      5,
      json!({ "event": "attempt_ended", "execution": 0, "outcome": { "failed": failure() } }),
    ),
    (
      5,
      json!({ "event": "failure_taken", "path": code, "by": "collect", "failure": failure() }),
    ),
    (
      5,
      json!({ "event": "step_skipped", "path": "results[\"test\"]", "cause": code }),
    ),
    (
      5,
      json!({ "event": "step_succeeded", "path": "results", "value": "00010203040506ff" }),
    ),
    (5, json!({ "event": "run_succeeded", "result": {} })),
  ])
}

#[test]
fn a_plan_is_told_with_those_whom_it_did_not_need() {
  let (mut news, mut summary) = (News::default(), Summary::default());
  let mut lines = Vec::new();
  for record in planned() {
    summary.add(&record);
    lines.extend(news.of(&record, &summary).into_iter().map(|line| line.text));
  }
  insta::assert_snapshot!(lines.join("\n"));
  insta::assert_snapshot!("a_plan_in_the_summary", report::summary(&summary, ".orch"));
  insta::assert_json_snapshot!(
    "a_plan_in_the_summary_for_tools",
    report::Document::new(&summary, ".orch")
  );
}

#[test]
fn ten_thousand_items_give_some_sixty_lines() {
  use serde_json::json;
  let mut events = vec![
    (0, run_started()),
    (
      0,
      json!({ "event": "expanded", "path": "xs", "items": 10_000, "window": 8, "digest": "00000000000000aa" }),
    ),
  ];
  for index in 0..10_000 {
    let taken =
      json!({ "event": "failure_taken", "path": format!("xs[{index}]"), "by": "collect", "failure": failure() });
    events.push((1, taken));
  }
  let (mut news, mut summary) = (News::default(), Summary::default());
  let records = records(&events);
  let lines = records.iter().map(|record| {
    summary.add(record);
    news.of(record, &summary).len()
  });
  assert_eq!(lines.sum::<usize>(), 2 + 50 + 1 + 10);
  assert_eq!(summary.taken_count, 10_000);
}

#[test]
fn a_failure_shows_everything_known_about_it() {
  let mut failure = Failure::new(
    FailureKind::Contract,
    "verdicts[3].a",
    "expected a string\nof some length",
  );
  failure.worker = Some("analyzer".into());
  failure.attempts = 3;
  failure.code = Some(75);
  failure.item = Some(serde_json::json!({ "number": 2 }));
  failure.at = Some("$.labels[0]".into());
  failure.log = Some("first\n\u{1b}[2Jsecond\n".into());
  failure.causes.push(crate::value::Cause {
    step: "verdicts[4]".into(),
    kind: FailureKind::Timeout,
    message: Arc::from("no answer"),
  });
  insta::assert_snapshot!(report::failure(&failure));
}

#[test]
fn instances_belong_to_their_group() {
  assert_eq!(group_of("verdicts[3]"), Some("verdicts"));
  assert_eq!(group_of("a[1].b[2]"), Some("a[1].b"));
  assert_eq!(group_of("results[\"code\"]"), Some("results"));
  assert_eq!(group_of("verdicts[3].a"), None);
  assert_eq!(group_of("kind.\"x[y]\""), None);
}

fn param(name: &str, ty: Type) -> Param {
  Param {
    name: name.into(),
    local: LocalId(0),
    ty,
    optional: false,
    default: None,
    span: Span::new(SourceId(0), 0, 0),
  }
}

/// `report(repo: string, dry: bool = true, width: int = 8, tags: [string], quiet: string?)`
fn report_orchestrator() -> (Program, Sources) {
  let mut sources = Sources::default();
  let source = sources.add("a.orch", "/a.orch", "true 8");
  let default = |start: usize, end: usize, value: Value| {
    let (kind, span) = (ExprKind::Literal(value), Span::new(source, start, end));
    Some(Expr {
      kind,
      ty: Type::Unknown,
      span,
    })
  };
  let params = vec![
    param("repo", Type::string()),
    Param {
      default: default(0, 4, Value::Bool(true)),
      ..param("dry", Type::bool())
    },
    Param {
      default: default(5, 6, Value::Int(8)),
      ..param("max_width", Type::int())
    },
    param("tags", Type::list(Type::string())),
    param("quiet", Type::string().optional()),
  ];
  let span = Span::new(source, 0, 0);
  let orchestrator = Orchestrator {
    name: "report".into(),
    module: ModuleId(0),
    doc: Some("Reports on a repository.".into()),
    span,
    contract: None,
    params,
    input: Type::Null,
    output: Type::Null,
    overlap: None,
    body: Block {
      steps: Vec::new(),
      result: None,
      span,
    },
    on_failure: None,
    pattern: false,
  };
  let program = Program {
    orchestrators: vec![orchestrator],
    ..Program::default()
  };
  (program, sources)
}

fn words(text: &str) -> Vec<OsString> {
  text.split_whitespace().map(OsString::from).collect()
}

fn parse(text: &str) -> Result<Vec<(String, String)>, String> {
  let (program, sources) = report_orchestrator();
  let orchestrator = &program.orchestrators[0];
  let command = command_line::full_command(orchestrator, &sources);
  let line = command_line::parse(command, orchestrator, &words(text)).map_err(|error| error.to_string())?;
  Ok(line.given)
}

#[test]
fn the_file_is_found_among_options_not_yet_known() {
  let file = |text: &str| command_line::file(&words(text)).map(|file| file.display().to_string());
  assert_eq!(file("a.orch --repo x").as_deref(), Some("a.orch"));
  assert_eq!(file("--repo x a.orch").as_deref(), Some("a.orch"));
  assert_eq!(file("--dry a.orch").as_deref(), Some("a.orch"));
  assert_eq!(file("--seed 3 -q --repo=x program report").as_deref(), Some("program"));
  assert_eq!(file("--help"), None);
  assert_eq!(file("-- -a.orch").as_deref(), Some("-a.orch"));
}

#[test]
fn the_orchestrator_is_found_beside_values() {
  let (program, _) = report_orchestrator();
  let name = |text: &str| command_line::orchestrator(&words(text), &program);
  assert_eq!(name("a.orch --repo x"), None);
  assert_eq!(name("a.orch --dry report --repo x").as_deref(), Some("report"));
  assert_eq!(name("a.orch --max-width 3 report").as_deref(), Some("report"));
}

#[test]
fn parameters_are_options() {
  let given = parse("a.orch --repo x --dry --max-width -3 --arg quiet=yes=no").expect("a command line");
  let given: Vec<(&str, &str)> = given
    .iter()
    .map(|(name, text)| (name.as_str(), text.as_str()))
    .collect();
  assert_eq!(
    given,
    [("repo", "x"), ("dry", "true"), ("max_width", "-3"), ("quiet", "yes=no")]
  );
  assert!(
    parse("a.orch --rep x")
      .expect_err("no such option")
      .contains("'--repo'")
  );
  assert!(
    parse("a.orch --verbosity 3")
      .expect_err("no such option")
      .contains("there is no option `--verbosity`: `report` takes `--repo`, `--dry`, `--max_width`, `--tags`")
  );
  assert!(
    parse("a.orch --arg nope=1")
      .expect_err("no such parameter")
      .contains("no parameter `nope`")
  );
}

#[test]
fn a_parameter_is_not_mistaken_for_an_option_of_the_same_name() {
  let hidden = "the parameter `quiet` is given as `--arg quiet=VALUE`; `--quiet` is an option of orch run";
  for line in ["a.orch --repo x --quiet", "a.orch --quiet=loud --repo x"] {
    let said = parse(line).expect_err("mistaken");
    assert!(said.contains(hidden), "{said}");
  }
  for line in [
    "a.orch --repo x",
    "a.orch --repo x -q",
    "a.orch --repo x --quiet --arg quiet=yes",
    "a.orch --repo x --arg=quiet=yes --quiet",
    "a.orch --input a.json --quiet",
    "--repo x -- a.orch",
    "a.orch --repo x --arg repo=y",
  ] {
    assert!(parse(line).is_ok(), "{line}");
  }
  let (mut program, _) = report_orchestrator();
  program.orchestrators[0].params = vec![param("format", Type::string())];
  let wrong = arguments::collect(&program.orchestrators[0], &[], None).expect_err("missing");
  assert_eq!(
    wrong,
    ["`format` is missing: give it as `--arg format=VALUE`; `--format` is an option of orch run"]
  );
}

#[test]
fn help_shows_the_parameters() {
  let help = parse("a.orch --help").expect_err("help");
  let (_, parameters) = help.split_once("Parameters of report:").expect("the heading");
  insta::assert_snapshot!(parameters);
}

#[test]
fn missing_and_unknown_arguments_are_said_together() {
  let (program, _) = report_orchestrator();
  let input = serde_json::json!({ "taggs": [] });
  let wrong = arguments::collect(&program.orchestrators[0], &[], input.as_object()).expect_err("wrong");
  assert_eq!(
    wrong,
    [
      "`report` has no parameter `taggs`; did you mean `tags`?",
      "`repo` is missing: give it as `--repo <string>`",
      "`tags` is missing: give it as `--tags <[string]>`",
    ]
  );
}
