//! `orch runs`: the runs that a journal holds, those not begun yet too.
#![expect(clippy::disallowed_methods, reason = "how old a run is is what the clock says")]

mod clean;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use comfy_table::{Table, presets};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{exit::Exit, journal::Place, run::words, terminal};
use crate::{
  engine::{Event, Record},
  journal::{Journal, JournalError, RunHeader, Store},
  session,
};

/// Lists runs: those of a program's journal, the first one first
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Options {
  #[command(subcommand)]
  action: Option<Action>,
  /// The program's root file, beside which the journal is
  #[arg(value_name = "FILE")]
  program: Option<PathBuf>,
  #[command(flatten)]
  place: Place,
  /// Only runs in this state
  #[arg(long, value_enum)]
  state: Vec<State>,
  /// Only runs of this orchestrator
  #[arg(long, value_name = "NAME")]
  orchestrator: Option<String>,
  /// Only runs that began so long ago at most: `90m`, `2d`
  #[arg(long, value_name = "AGE", value_parser = age)]
  since: Option<i64>,
  /// Only the latest ones
  #[arg(long, value_name = "N")]
  limit: Option<usize>,
  /// What to write to standard output
  #[arg(long, value_enum, default_value_t)]
  format: Format,
}

#[derive(Subcommand)]
enum Action {
  Clean(clean::Options),
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
  /// For people
  #[default]
  Human,
  /// One JSON array
  Json,
}

/// Of a run, as its journal and those who drive runs say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum State {
  /// Asked for, and not begun
  Waiting,
  /// Some orch drives it
  Running,
  /// Interrupted, or waiting for a decision: `orch resume` goes on with it
  Stopped,
  /// Its orch was killed: `orch resume` goes on with it
  Crashed,
  Succeeded,
  Failed,
  /// Its last record is not what was written
  Damaged,
}

/// A run as it is listed.
struct Line {
  run: String,
  orchestrator: String,
  started: String,
  parent: Option<String>,
  state: State,
  /// Milliseconds of run time until the last record.
  time: Option<i64>,
  failure: Option<String>,
}

/// Milliseconds.
fn age(text: &str) -> Result<i64, String> {
  let span: jiff::Span = text
    .parse()
    .map_err(|_| "it is no duration like `90m` or `2d`".to_owned())?;
  let whole = span.total((jiff::Unit::Millisecond, jiff::SpanRelativeTo::days_are_24_hours()));
  // a duration of so many years is all of the past
  Ok(whole.map_or(i64::MAX, |milliseconds| milliseconds as i64))
}

pub fn main(options: &Options) -> Exit {
  if let Some(Action::Clean(options)) = &options.action {
    return clean::main(options);
  }
  let store = match &options.program {
    Some(file) => options.place.or_beside(file),
    None => options.place.directory(),
  };
  let store = match store {
    Ok(store) => store,
    Err(exit) => return exit,
  };
  match lines(&store) {
    Ok(lines) => {
      let lines = wanted(options, lines);
      terminal::print(&match options.format {
        Format::Human => for_people(&lines),
        Format::Json => format!("{:#}\n", lines.iter().map(document).collect::<Json>()),
      })
    }
    Err(error) => {
      terminal::say(&format!("{error}\n"));
      Exit::Failed
    }
  }
}

fn wanted(options: &Options, mut lines: Vec<Line>) -> Vec<Line> {
  let now = jiff::Timestamp::now().as_millisecond();
  let is_young = |line: &Line| {
    let began = line
      .started
      .parse()
      .map_or(0, |at: jiff::Timestamp| at.as_millisecond());
    options.since.is_none_or(|age| now.saturating_sub(began) <= age)
  };
  lines.retain(|line| {
    let state = options.state.is_empty() || options.state.contains(&line.state);
    let named = options
      .orchestrator
      .as_ref()
      .is_none_or(|name| *name == line.orchestrator);
    state && named && is_young(line)
  });
  let latest = lines.len().saturating_sub(options.limit.unwrap_or(usize::MAX));
  lines.split_off(latest)
}

fn lines(directory: &Path) -> Result<Vec<Line>, JournalError> {
  let mut store = Store::open(directory)?;
  let mut lines = Vec::new();
  for header in store.runs()? {
    let last = match store.last_record(&header.id) {
      Ok(last) => last.map(|entry| serde_json::from_str(&entry.body).map_err(|error| error.to_string())),
      Err(error @ JournalError::DamagedRecord { .. }) => Some(Err(error.to_string())),
      Err(error) => return Err(error),
    };
    lines.push(match last.transpose() {
      Ok(last) => begun(directory, header, last.as_ref()),
      Err(damage) => damaged(header, damage),
    });
  }
  lines.extend(store.waiting()?.into_iter().map(|waiting| Line {
    run: waiting.id,
    orchestrator: waiting.orchestrator,
    started: waiting.asked,
    parent: Some(waiting.parent),
    state: State::Waiting,
    time: None,
    failure: None,
  }));
  Ok(lines)
}

fn begun(directory: &Path, header: RunHeader, last: Option<&Record>) -> Line {
  // one that nobody can tell of is nobody's
  let driven = || session::driver(directory, &header.id).ok().flatten().is_some();
  let (state, failure) = match last.map(|record| &record.event) {
    Some(Event::RunSucceeded { .. }) => (State::Succeeded, None),
    Some(Event::RunFailed { failure }) => (State::Failed, Some(words::brief(failure))),
    _ if driven() => (State::Running, None),
    Some(Event::Stopped) => (State::Stopped, None),
    _ => (State::Crashed, None),
  };
  Line {
    run: header.id,
    orchestrator: header.orchestrator,
    started: header.started,
    parent: header.parent,
    state,
    time: last.map(|record| record.at.0),
    failure,
  }
}

/// One run that can't be read hides no other.
fn damaged(header: RunHeader, damage: String) -> Line {
  Line {
    run: header.id,
    orchestrator: header.orchestrator,
    started: header.started,
    parent: header.parent,
    state: State::Damaged,
    time: None,
    failure: Some(damage),
  }
}

fn for_people(lines: &[Line]) -> String {
  let mut table = Table::new();
  table.load_style(presets::NOTHING);
  for line in lines {
    let second = line.started.split('.').next().unwrap_or_default().trim_end_matches('Z');
    let parent = line.parent.as_ref().map(|parent| format!("of {parent}"));
    let remark = line
      .failure
      .as_deref()
      .map(|failure| words::short(failure, 60))
      .or(parent);
    table.add_row([
      line.run.clone(),
      word(line.state),
      line.orchestrator.clone(),
      second.to_owned(),
      line.time.map(words::time).unwrap_or_default(),
      remark.unwrap_or_default(),
    ]);
  }
  let text: String = table.lines().map(|line| format!("{}\n", line.trim())).collect();
  if lines.is_empty() { String::new() } else { text }
}

fn word(state: State) -> String {
  state
    .to_possible_value()
    .map_or(String::new(), |value| value.get_name().to_owned())
}

fn document(line: &Line) -> Json {
  json!({
    "run": line.run,
    "orchestrator": line.orchestrator,
    "started": line.started,
    "state": line.state,
    "parent": line.parent,
    "time": line.time,
    "failure": line.failure,
  })
}
