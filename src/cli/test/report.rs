//! What became of tests, for people and for tools.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::Tried;
use crate::{
  diagnostics::render::{
    harmless,
    human::{self, Look},
    json,
  },
  source::Sources,
  testing::{Problem, Verdict},
  value::show_duration,
};

/// One line for each test, behind one that failed why, and the counts.
pub fn for_people(tried: &[Tried], look: Look) -> String {
  let mut text = String::new();
  for Tried { suite, verdicts } in tried {
    let _ = writeln!(text, "{}", harmless(&suite.name));
    for timed in verdicts {
      text.push_str(&verdict(&timed.result, &suite.sources, look));
    }
  }
  let _ = writeln!(text, "\n{}", counts(tried));
  text
}

fn verdict(verdict: &Verdict, sources: &Sources, look: Look) -> String {
  let name = harmless(&verdict.name);
  if verdict.passed() {
    let length = match verdict.elapsed {
      0 => String::new(),
      elapsed => format!("  ({})", show_duration(elapsed)),
    };
    return format!("  {}  {name}{length}\n", word("ok    ", "32", look));
  }
  let problems = verdict.problems.iter().map(|why| problem(why, sources, look));
  format!(
    "  {}  {name}\n\n{}",
    word("FAILED", "31", look),
    problems.collect::<String>()
  )
}

fn word(word: &str, color: &str, look: Look) -> String {
  match look.color {
    true => format!("\u{1b}[{color}m{word}\u{1b}[0m"),
    false => word.to_owned(),
  }
}

/// The finding with its excerpt, then values and calls.
fn problem(problem: &Problem, sources: &Sources, look: Look) -> String {
  let mut text = human::one(&problem.finding, sources, look);
  text.push_str(&details(problem));
  text
}

/// The values and calls of a problem.
pub fn details(problem: &Problem) -> String {
  let mut text = String::new();
  let width = problem.values.iter().map(|(name, _)| name.chars().count()).max();
  for (name, value) in &problem.values {
    let _ = writeln!(
      text,
      "  {:1$}  {2}",
      harmless(name),
      width.unwrap_or(0),
      harmless(value)
    );
  }
  if !problem.trace.is_empty() {
    text.push_str("  calls:\n");
    for line in &problem.trace {
      let _ = writeln!(text, "  {}", harmless(line));
    }
  }
  if !text.is_empty() {
    text.push('\n');
  }
  text
}

/// `12 tests: 11 passed, 1 failed`
fn counts(tried: &[Tried]) -> String {
  let all: usize = tried.iter().map(|tried| tried.verdicts.len()).sum();
  let failed: usize = tried.iter().map(Tried::failed).sum();
  let plural = if all == 1 { "" } else { "s" };
  let lost = match failed {
    0 => String::new(),
    failed => format!(", {failed} failed"),
  };
  format!("{all} test{plural}: {} passed{lost}", all - failed)
}

/// `{ tests: [...], summary: { passed, failed } }`, one line.
pub fn for_tools(tried: &[Tried]) -> String {
  let tests = tried.iter().flat_map(|Tried { suite, verdicts }| {
    let test = |verdict| test(&suite.name, verdict, &suite.sources);
    verdicts.iter().map(move |timed| test(&timed.result))
  });
  let tests: Vec<Json> = tests.collect();
  let failed: usize = tried.iter().map(Tried::failed).sum();
  let summary = json!({ "passed": tests.len() - failed, "failed": failed });
  format!("{}\n", json!({ "tests": tests, "summary": summary }))
}

fn test(file: &str, verdict: &Verdict, sources: &Sources) -> Json {
  let problems = verdict.problems.iter().map(|problem| {
    let values = problem.values.iter();
    let values = values.map(|(text, value)| json!({ "text": text, "value": value }));
    json!({
      "finding": json::one(&problem.finding, sources),
      "values": values.collect::<Vec<_>>(),
      "calls": problem.trace,
    })
  });
  json!({
    "file": file,
    "name": verdict.name,
    "passed": verdict.passed(),
    "runs": verdict.runs,
    "elapsed": verdict.elapsed,
    "problems": problems.collect::<Vec<_>>(),
  })
}
