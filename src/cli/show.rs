//! `orch show`: what became of a run, step by step.

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use clap::{Args, ValueEnum};
use serde_json::{Value as Json, json};

use super::{
  exit::Exit,
  logs::is_meant,
  past::{Past, Which},
  run::{
    report,
    summary::{Summary, group_of},
    words,
  },
  terminal,
};
use crate::{
  diagnostics::render::harmless,
  engine::RunTime,
  history::{Attempt, Ended, History, Kind, State, Step},
};

/// Of a group with more instances, those that went well are counted only.
const SHOWN: u64 = 10;
/// Lines of steps.
const LINES: usize = 500;

/// Shows what became of a run, step by step: states, times, attempts, and why something failed or was skipped
#[derive(Args)]
pub struct Options {
  #[command(flatten)]
  which: Which,
  /// Only this step and what is inside it, with all of its attempts
  step: Option<String>,
  /// All steps, however many
  #[arg(long)]
  all: bool,
  /// What to write to standard output
  #[arg(long, value_enum, default_value_t)]
  format: Format,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
  /// For people
  #[default]
  Human,
  /// One JSON object
  Json,
}

pub fn main(options: &Options) -> Exit {
  let past = match options.which.read() {
    Ok(past) => past,
    Err(exit) => return exit,
  };
  let (history, now) = past.history();
  let steps: Vec<&Step> = history
    .tree()
    .into_iter()
    .filter(|step| is_meant(step, options.step.as_deref()))
    .collect();
  if let (Some(name), true) = (&options.step, steps.is_empty()) {
    terminal::say(&format!(
      "the run has no step `{}`, or did not come to it\n",
      harmless(name)
    ));
    return Exit::Usage;
  }
  past.end(terminal::print(&match options.format {
    Format::Human => for_people(options, &past, (&history, now), &steps),
    Format::Json => format!("{:#}\n", document(&past, &history, &steps)),
  }))
}

fn for_people(options: &Options, past: &Past, (history, now): (&History, RunTime), steps: &[&Step]) -> String {
  let mut text = String::new();
  if options.step.is_none() {
    let mut summary = Summary::default();
    past.records.iter().for_each(|record| summary.add(record));
    text += &report::summary(&summary, &past.store.display().to_string());
    text.push('\n');
  }
  let all = options.all || options.step.is_some();
  text += &tree(history, now, steps, all);
  if options.step.is_some() {
    steps.iter().for_each(|step| text += &details(step));
  }
  text
}

/// A line for each step.
fn tree(history: &History, now: RunTime, steps: &[&Step], all: bool) -> String {
  let mut hidden: BTreeMap<&str, usize> = BTreeMap::new();
  let mut shown = Vec::new();
  for step in steps {
    match crowd(history, step).filter(|_| !all && step.state == State::Succeeded) {
      Some(group) => *hidden.entry(group).or_default() += 1,
      None => shown.push(*step),
    }
  }
  let most = if all { usize::MAX } else { LINES };
  let listed = &shown[..shown.len().min(most)];
  let width = listed
    .iter()
    .map(|step| step.depth() * 2 + step.path.chars().count())
    .max()
    .unwrap_or(0)
    .min(48);
  let mut text: String = listed.iter().map(|step| line(step, now, width)).collect();
  if shown.len() > listed.len() {
    let _ = writeln!(text, "... and {} more: --all", shown.len() - listed.len());
  }
  for (group, count) in hidden {
    let _ = writeln!(
      text,
      "in {}: {count} steps that went well are not shown: --all",
      harmless(group)
    );
  }
  text
}

/// The large group that a step is in.
fn crowd<'a>(history: &'a History, step: &'a Step) -> Option<&'a str> {
  let mut path = &*step.path;
  while let Some(group) = group_of(path) {
    let items = history.steps.get(group).map(|group| &group.kind);
    if let Some(Kind::Each { items, .. }) = items
      && *items > SHOWN
    {
      return Some(group);
    }
    path = group;
  }
  None
}

/// `  xs[3]   failed   1.2s  analyze, 3 attempts; exit: no such file`
fn line(step: &Step, now: RunTime, width: usize) -> String {
  let name = format!("{}{}", "  ".repeat(step.depth()), harmless(&step.path));
  let end = step.ended.unwrap_or(now);
  let time = words::time(end.0 - step.began.0);
  let line = format!("{name:width$}  {:<9}  {time:>6}  {}", step.state.word(), remarks(step));
  format!("{}\n", line.trim_end())
}

fn remarks(step: &Step) -> String {
  let mut parts = Vec::new();
  match &step.kind {
    Kind::Call(worker) => parts.push(worker.to_string()),
    Kind::Scope(Some(orchestrator)) => parts.push(orchestrator.to_string()),
    Kind::Each { items, window } => parts.push(format!("{items} items, {window} at once")),
    Kind::Choice(Some(arm)) => parts.push(format!("took {arm}")),
    Kind::Dispatch(run) => parts.push(format!("run {run}")),
    _ => {}
  }
  let attempts = step.attempts.iter().filter(|attempt| !attempt.copy).count();
  if attempts > 1 {
    parts.push(format!("{attempts} attempts"));
  }
  let repeated: u32 = step.attempts.iter().map(|attempt| attempt.repeated).sum();
  if repeated > 0 {
    parts.push(format!("repeated {repeated} times after it was cut short").replace("1 times", "once"));
  }
  parts.extend(reused(step));
  parts.extend(spent(step));
  let mut text = parts.join(", ");
  if let Some(why) = why(step) {
    text += if text.is_empty() { "" } else { "; " };
    text += &why;
  }
  words::short(&text, 200)
}

fn reused(step: &Step) -> Option<String> {
  step.attempts.iter().find_map(|attempt| match &attempt.ended {
    Some((_, Ended::Reused(from))) => Some(format!("reused from `{}` of run {}", from.step, from.run)),
    _ => None,
  })
}

/// What was reported of it; nothing where nothing was.
fn spent(step: &Step) -> Option<String> {
  let reports = step.attempts.iter().filter_map(|attempt| attempt.report.as_ref());
  let costs: Vec<_> = reports.filter_map(|report| report.cost).collect();
  let sum = costs.into_iter().reduce(|sum, cost| sum.plus(cost))?;
  Some(sum.to_string())
}

/// Why it is not well.
fn why(step: &Step) -> Option<String> {
  match step.state {
    State::Failed | State::Waiting | State::Running => {
      let failure = step.failure.as_deref()?;
      let by = step.taken.map(|by| format!(" ({})", words::taker(by)));
      Some(words::brief(failure) + &by.unwrap_or_default())
    }
    State::Skipped | State::Cancelled => Some(match step.cause.as_deref() {
      Some("") | None => "the run was lost or over".to_owned(),
      Some(cause) => format!("because of `{cause}`"),
    }),
    State::InDoubt => Some("cut short; `orch resume` with --rerun or --fail decides".to_owned()),
    State::Succeeded | State::NotTaken => None,
  }
}

/// Attempts of a call, and its failure whole.
fn details(step: &Step) -> String {
  let mut text = String::new();
  if !step.attempts.is_empty() {
    let _ = writeln!(text, "\n{}", harmless(&step.path));
  }
  for attempt in &step.attempts {
    let _ = writeln!(text, "  {}", harmless(&attempt_line(attempt)));
  }
  if let (State::Failed, Some(failure)) = (step.state, &step.failure) {
    text += &report::failure(failure);
  }
  text
}

fn attempt_line(attempt: &Attempt) -> String {
  let copy = if attempt.copy { " (copy)" } else { "" };
  let asked = words::time(attempt.requested.0);
  let began = match attempt.admitted {
    Some(at) => format!("began at {}", words::time(at.0)),
    None => "not begun".to_owned(),
  };
  let ended = match &attempt.ended {
    None => String::new(),
    Some((at, Ended::Succeeded)) => format!(", ended at {}: ok", words::time(at.0)),
    Some((at, Ended::Failed(kind))) => format!(", ended at {}: {}", words::time(at.0), words::kind(*kind)),
    Some((at, Ended::Reused(from))) => format!(", reused at {} from run {}", words::time(at.0), from.run),
  };
  format!("attempt {}{copy}: asked for at {asked}, {began}{ended}", attempt.number)
}

/// `{ run, orchestrator, records, steps: [{ path, state, began, ended, ... }] }`, times in milliseconds of run time.
pub(super) fn document(past: &Past, history: &History, steps: &[&Step]) -> Json {
  json!({
    "run": past.run,
    "orchestrator": history.started.as_ref().map(|started| started.orchestrator.clone()),
    "started": history.started.as_ref().map(|started| started.started.to_string()),
    "time": history.now.0,
    "records": past.records.len(),
    "damage": past.damage,
    "resumed": history.resumed.iter().map(|(at, how)| json!({ "at": at.0, "clock": how.resumed.to_string() }))
      .collect::<Json>(),
    "steps": steps.iter().map(|step| of_step(step)).collect::<Json>(),
  })
}

fn of_step(step: &Step) -> Json {
  let worker: Option<Arc<str>> = step.worker().cloned();
  let mut json = json!({
    "path": step.path,
    "state": step.state,
    "began": step.began.0,
    "ended": step.ended.map(|at| at.0),
  });
  let mut add = |name: &str, value: Json| {
    if !value.is_null() {
      json[name] = value;
    }
  };
  add("worker", json!(worker));
  add("failure", json!(step.failure));
  add("taken", json!(step.taken));
  add("cause", json!(step.cause));
  if !step.attempts.is_empty() {
    add("attempts", step.attempts.iter().map(of_attempt).collect());
  }
  json
}

fn of_attempt(attempt: &Attempt) -> Json {
  let outcome = match &attempt.ended {
    None => Json::Null,
    Some((_, Ended::Succeeded)) => json!("succeeded"),
    Some((_, Ended::Failed(kind))) => json!(kind),
    Some((_, Ended::Reused(from))) => json!({ "reused": from }),
  };
  json!({
    "attempt": attempt.number,
    "copy": attempt.copy,
    "requested": attempt.requested.0,
    "admitted": attempt.admitted.map(|at| at.0),
    "ended": attempt.ended.as_ref().map(|(at, _)| at.0),
    "outcome": outcome,
    "repeated": attempt.repeated,
    "report": attempt.report,
  })
}
