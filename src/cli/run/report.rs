//! What stands at the end of a run on standard error: the summary, and why it failed. Made from the fold alone.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::{
  summary::{End, Plan, Summary},
  tally::{Moves, Spending, Tally},
  words,
};
use crate::{
  diagnostics::render::harmless,
  engine::{Bounds, Position},
  value::{Dollars, Failure},
};

/// Failures taken that are listed.
const LISTED: usize = 10;

/// The summary for people; `journal` says where the run is kept.
pub fn summary(summary: &Summary, journal: &str) -> String {
  let mut text = headline(summary);
  if !summary.workers.is_empty() {
    let _ = writeln!(text, "\n{}", table(summary));
  }
  text.push_str(&plans(summary));
  text.push_str(&spending(summary));
  text.push_str(&breakers(summary));
  text.push_str(&closed(summary));
  text.push_str(&taken(summary));
  if let Some(started) = &summary.started {
    let _ = writeln!(text, "\nrun {}, journal in {}", started.run, harmless(journal));
  }
  text
}

fn headline(summary: &Summary) -> String {
  let name = summary.started.as_ref().map_or("run", |started| &started.orchestrator);
  let end = match summary.end {
    Some(End::Succeeded(_)) => "succeeded in",
    Some(End::Failed(_)) => "failed after",
    Some(End::Undecided(_)) => "waits for a decision after",
    Some(End::Stopped) | None => "was interrupted after",
  };
  let peak = match summary.peak {
    0 => String::new(),
    peak => format!(", at most {peak} at once"),
  };
  format!("{name} {end} {}{peak}\n", words::time(summary.now.0))
}

/// A column that is there only if a worker has something to say in it.
type Column = (&'static str, fn(&Tally) -> bool, fn(&Tally) -> String);

const COLUMNS: [Column; 6] = [
  ("copies", |tally| tally.copies > 0, |tally| tally.copies.to_string()),
  (
    "repeated",
    |tally| tally.repeated > 0,
    |tally| tally.repeated.to_string(),
  ),
  ("reused", |tally| tally.reused > 0, |tally| tally.reused.to_string()),
  ("refused", |tally| tally.refused > 0, |tally| tally.refused.to_string()),
  ("cost", |tally| tally.cost.is_some(), |tally| known(tally.cost)),
  ("tokens", |tally| tally.tokens.is_some(), |tally| known(tally.tokens)),
];

fn known(amount: Option<impl ToString>) -> String {
  amount.map_or("unknown".to_owned(), |amount| amount.to_string())
}

fn table(summary: &Summary) -> String {
  let mut table = Table::new();
  table.load_style(presets::NOTHING);
  let more: Vec<Column> = COLUMNS
    .into_iter()
    .filter(|(_, wanted, _)| summary.workers.values().any(wanted))
    .collect();
  let names = ["worker", "calls", "failed", "retries"].into_iter();
  let names = names.chain(more.iter().map(|(name, ..)| *name));
  table.set_header(names.chain(["p50", "p95"]));
  for (worker, tally) in &summary.workers {
    let time = |percent| tally.percentile(percent).map_or("-".to_owned(), words::time);
    let counts = [tally.calls, tally.failed(), tally.retries].map(|count| count.to_string());
    table.add_row(
      [worker.to_string()]
        .into_iter()
        .chain(counts)
        .chain(more.iter().map(|(_, _, value)| value(tally)))
        .chain([time(50), time(95)]),
    );
  }
  for column in table.column_iter_mut().skip(1) {
    column.set_cell_alignment(CellAlignment::Right);
  }
  table.trim_fmt()
}

/// `budget: 3 of 10 calls, $0.30 of $0.50`, and who reported more than it may.
fn spending(summary: &Summary) -> String {
  let mut text = String::new();
  if let Some(Spending {
    bounds,
    calls,
    cost,
    tokens,
  }) = &summary.spending
  {
    let parts = [
      bounds.calls.map(|most| format!("{calls} of {most} calls")),
      bounds.cost.map(|most| format!("{cost} of {most}")),
      bounds.tokens.map(|most| format!("{tokens} of {most} tokens")),
      bounds
        .time
        .map(|most| format!("{} of {}", words::time(summary.now.0), words::time(most))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let _ = writeln!(text, "\nbudget: {}", parts.join(", "));
  }
  for (worker, _) in summary.workers.iter().filter(|(_, tally)| tally.above) {
    let _ = writeln!(text, "\n{worker} reported more than its ceiling");
  }
  text
}

/// `breaker of fetch: closed, open, half-open`
fn breakers(summary: &Summary) -> String {
  let mut text = String::new();
  for (at, Moves { worker, places }) in summary.breakers.iter().enumerate() {
    let last = places.len().saturating_sub(LISTED);
    let shown: Vec<&str> = places[last..].iter().map(|place| words::position(*place)).collect();
    let before = if last > 0 { "... " } else { "" };
    let line = if at == 0 { "\n" } else { "" };
    let _ = writeln!(text, "{line}breaker of {worker}: {before}{}", shown.join(", "));
  }
  text
}

/// What was undone and closed.
fn closed(summary: &Summary) -> String {
  let count = |count: u64, what: &str| match count {
    1 => format!("1 {what} was"),
    count => format!("{count} {what}s were"),
  };
  let mut text = String::new();
  if summary.undone_count > 0 {
    let steps: Vec<String> = summary
      .undone
      .iter()
      .take(LISTED)
      .map(|step| words::short(step, 80))
      .collect();
    let more = if summary.undone_count > steps.len() as u64 {
      ", ..."
    } else {
      ""
    };
    let _ = writeln!(
      text,
      "\n{} undone: {}{more}",
      count(summary.undone_count, "step"),
      steps.join(", ")
    );
  }
  if summary.closed > 0 {
    let _ = writeln!(text, "\n{} closed", count(summary.closed, "step"));
  }
  text
}

/// What each plan assigned, and who of its pool was not needed.
fn plans(summary: &Summary) -> String {
  let mut text = String::new();
  for plan in summary.plans.iter().take(LISTED) {
    let (path, plural) = (
      words::short(&plan.path, 80),
      if plan.assignments == 1 { "" } else { "s" },
    );
    let unused: Vec<&str> = plan.unused.iter().map(|name| &**name).collect();
    let unused = match unused[..] {
      [] => "all of them used".to_owned(),
      _ => format!("not used: {}", unused.join(", ")),
    };
    let _ = writeln!(
      text,
      "\n{path}: {} assignment{plural} over {}, {unused}",
      plan.assignments, plan.pool
    );
  }
  text
}

fn taken(summary: &Summary) -> String {
  let mut text = String::new();
  let plural = if summary.taken_count == 1 {
    "failure was"
  } else {
    "failures were"
  };
  if summary.taken_count > 0 {
    let _ = writeln!(text, "\n{} {plural} taken:", summary.taken_count);
  }
  for taken in summary.taken.iter().take(LISTED) {
    let (path, by) = (words::short(&taken.path, 80), words::taker(taken.by));
    let _ = writeln!(text, "  {path} {by}: {}", words::brief(&taken.failure));
  }
  let listed = summary.taken.len().min(LISTED) as u64;
  if summary.taken_count > listed {
    let _ = writeln!(text, "  ... and {} more", summary.taken_count - listed);
  }
  text
}

/// A failure with everything that is known about it.
pub fn failure(failure: &Failure) -> String {
  let mut text = format!(
    "failed: {}: {}\n",
    words::kind(failure.kind),
    harmless(&failure.message)
  );
  let mut line = |name: &str, value: String| {
    if !value.is_empty() {
      let _ = writeln!(text, "  {name:<8} {value}");
    }
  };
  line("step", words::short(&failure.step, 200));
  line("worker", worker(failure));
  line(
    "item",
    failure
      .item
      .as_ref()
      .map_or(String::new(), |item| words::short(&item.to_string(), 200)),
  );
  line(
    "at",
    failure.at.as_deref().map_or(String::new(), |at| words::short(at, 200)),
  );
  for cause in &failure.causes {
    let message = words::short(&cause.message, 200);
    line(
      "cause",
      format!(
        "{}: {}: {message}",
        words::short(&cause.step, 80),
        words::kind(cause.kind)
      ),
    );
  }
  for path in &failure.undo_failed {
    line("undo", format!("{} has failed", words::short(path, 200)));
  }
  if let Some(log) = failure.log.as_deref().map(str::trim_end).filter(|log| !log.is_empty()) {
    text.push_str("  log\n");
    harmless(log).lines().for_each(|line| {
      let _ = writeln!(text, "    | {line}");
    });
  }
  text
}

fn worker(failure: &Failure) -> String {
  let Some(worker) = &failure.worker else {
    return String::new();
  };
  let mut notes: Vec<String> = Vec::new();
  if failure.attempts > 0 {
    notes.push(format!(
      "{} attempt{}",
      failure.attempts,
      if failure.attempts == 1 { "" } else { "s" }
    ));
  }
  notes.extend(failure.code.map(|code| format!("code {code}")));
  if notes.is_empty() {
    worker.to_string()
  } else {
    format!("{worker} ({})", notes.join(", "))
  }
}

/// The summary for tools, as the last line on standard error.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
  summary: Totals<'a>,
}

#[derive(Debug, Serialize)]
struct Totals<'a> {
  run: Option<&'a str>,
  orchestrator: Option<&'a str>,
  status: &'static str,
  /// Milliseconds.
  time: i64,
  peak: usize,
  workers: Vec<WorkerTotals<'a>>,
  #[serde(skip_serializing_if = "Option::is_none")]
  budget: Option<BudgetTotals>,
  #[serde(skip_serializing_if = "Vec::is_empty")]
  breakers: Vec<BreakerTotals<'a>>,
  #[serde(skip_serializing_if = "Vec::is_empty")]
  plans: Vec<PlanTotals<'a>>,
  failures_taken: u64,
  undone: u64,
  closed: u64,
  #[serde(skip_serializing_if = "Option::is_none")]
  failure: Option<&'a Failure>,
  journal: &'a str,
}

#[derive(Debug, Serialize)]
struct PlanTotals<'a> {
  step: &'a str,
  pool: &'a str,
  assignments: u64,
  unused: &'a [std::sync::Arc<str>],
}

#[derive(Debug, Serialize)]
struct WorkerTotals<'a> {
  worker: &'a str,
  calls: u64,
  failed: u64,
  retries: u64,
  #[serde(skip_serializing_if = "is_none")]
  copies: u64,
  #[serde(skip_serializing_if = "is_none")]
  repeated: u64,
  #[serde(skip_serializing_if = "is_none")]
  reused: u64,
  #[serde(skip_serializing_if = "is_none")]
  refused: u64,
  /// As reported; left out where it is unknown.
  #[serde(skip_serializing_if = "Option::is_none")]
  cost: Option<Dollars>,
  #[serde(skip_serializing_if = "Option::is_none")]
  tokens: Option<u64>,
  /// Whether it reported more than its ceiling.
  #[serde(skip_serializing_if = "std::ops::Not::not")]
  above: bool,
  /// Milliseconds, as is `p95`.
  p50: Option<i64>,
  p95: Option<i64>,
}

fn is_none(count: &u64) -> bool {
  *count == 0
}

/// What was charged, and what might have been.
#[derive(Debug, Serialize)]
struct BudgetTotals {
  calls: u64,
  cost: Dollars,
  tokens: u64,
  bounds: Bounds,
}

#[derive(Debug, Serialize)]
struct BreakerTotals<'a> {
  worker: &'a str,
  /// The first one is where it was before the run.
  places: &'a [Position],
}

impl<'a> Document<'a> {
  pub fn new(summary: &'a Summary, journal: &'a str) -> Self {
    let (status, failure) = match &summary.end {
      Some(End::Succeeded(_)) => ("succeeded", None),
      Some(End::Failed(failure)) => ("failed", Some(&**failure)),
      Some(End::Undecided(_)) => ("undecided", None),
      Some(End::Stopped) | None => ("interrupted", None),
    };
    let started = summary.started.as_deref();
    let totals = Totals {
      run: started.map(|started| &*started.run),
      orchestrator: started.map(|started| &*started.orchestrator),
      status,
      time: summary.now.0,
      peak: summary.peak,
      workers: summary
        .workers
        .iter()
        .map(|(worker, tally)| WorkerTotals::new(worker, tally))
        .collect(),
      budget: summary.spending.as_ref().map(|spending| BudgetTotals {
        calls: spending.calls,
        cost: spending.cost,
        tokens: spending.tokens,
        bounds: spending.bounds,
      }),
      breakers: summary
        .breakers
        .iter()
        .map(|moves| BreakerTotals {
          worker: &moves.worker,
          places: &moves.places,
        })
        .collect(),
      plans: summary.plans.iter().map(PlanTotals::from).collect(),
      failures_taken: summary.taken_count,
      undone: summary.undone_count,
      closed: summary.closed,
      failure,
      journal,
    };
    Self { summary: totals }
  }
}

impl<'a> From<&'a Plan> for PlanTotals<'a> {
  fn from(plan: &'a Plan) -> Self {
    Self {
      step: &plan.path,
      pool: &plan.pool,
      assignments: plan.assignments,
      unused: &plan.unused,
    }
  }
}

impl<'a> WorkerTotals<'a> {
  fn new(worker: &'a str, tally: &Tally) -> Self {
    Self {
      worker,
      calls: tally.calls,
      failed: tally.failed(),
      retries: tally.retries,
      copies: tally.copies,
      repeated: tally.repeated,
      reused: tally.reused,
      refused: tally.refused,
      cost: tally.cost,
      tokens: tally.tokens,
      above: tally.above,
      p50: tally.percentile(50),
      p95: tally.percentile(95),
    }
  }
}
