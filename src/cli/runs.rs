//! `orch runs`: the runs that a journal holds, those not begun yet too.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value as Json, json};

use super::{exit::Exit, terminal};
use crate::{
  engine::{Event, Record},
  journal::{Journal, JournalError, RunHeader, Store},
};

/// Lists runs: those of a program's journal, the first one first
#[derive(Args)]
pub struct Options {
  /// The program's root file, beside which the journal is
  #[arg(required_unless_present = "store")]
  file: Option<PathBuf>,
  /// The directory of the journal [default: .orch beside FILE]
  #[arg(long, value_name = "DIR")]
  store: Option<PathBuf>,
  /// What to write to standard output
  #[arg(long, value_enum, default_value_t)]
  format: Format,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
  /// For people
  #[default]
  Human,
  /// One JSON array
  Json,
}

/// A run as it is listed.
struct Line {
  run: String,
  orchestrator: String,
  started: String,
  parent: Option<String>,
  state: &'static str,
}

pub fn main(options: &Options) -> Exit {
  let beside = || {
    let directory = options.file.as_deref().and_then(|file| file.parent());
    directory.unwrap_or(std::path::Path::new("")).join(".orch")
  };
  let directory = options.store.clone().unwrap_or_else(beside);
  if !directory.join("journal.db").exists() {
    terminal::say(&format!(
      "there is no journal in `{}`: nothing has run\n",
      directory.display()
    ));
    return Exit::Usage;
  }
  match lines(&directory) {
    Ok(lines) => terminal::print(&match options.format {
      Format::Human => for_people(&lines),
      Format::Json => format!("{:#}\n", lines.iter().map(document).collect::<Json>()),
    }),
    Err(error) => {
      terminal::say(&format!("{error}\n"));
      Exit::Failed
    }
  }
}

fn lines(directory: &std::path::Path) -> Result<Vec<Line>, JournalError> {
  let mut store = Store::open(directory)?;
  let mut lines = Vec::new();
  for header in store.runs()? {
    let last = store.last_record(&header.id)?;
    let last: Option<Record> = last.and_then(|entry| serde_json::from_str(&entry.body).ok());
    lines.push(begun(header, last.as_ref()));
  }
  lines.extend(store.waiting()?.into_iter().map(|waiting| Line {
    run: waiting.id,
    orchestrator: waiting.orchestrator,
    started: waiting.asked,
    parent: Some(waiting.parent),
    state: "waiting",
  }));
  Ok(lines)
}

fn begun(header: RunHeader, last: Option<&Record>) -> Line {
  Line {
    run: header.id,
    orchestrator: header.orchestrator,
    started: header.started,
    parent: header.parent,
    state: match last.map(|record| &record.event) {
      Some(Event::RunSucceeded { .. }) => "succeeded",
      Some(Event::RunFailed { .. }) => "failed",
      Some(Event::Stopped) => "stopped",
      _ => "unfinished",
    },
  }
}

fn for_people(lines: &[Line]) -> String {
  let width = |text: fn(&Line) -> &str| lines.iter().map(|line| text(line).len()).max().unwrap_or(0);
  let (names, states) = (width(|line| &line.orchestrator), width(|line| line.state));
  lines.iter().fold(String::new(), |text, line| {
    let second = line.started.split('.').next().unwrap_or_default().trim_end_matches('Z');
    let parent = line.parent.as_ref().map(|parent| format!("  of {parent}"));
    text
      + &format!(
        "{}  {:states$}  {:names$}  {second}{}\n",
        line.run,
        line.state,
        line.orchestrator,
        parent.unwrap_or_default()
      )
  })
}

fn document(line: &Line) -> Json {
  json!({
    "run": line.run,
    "orchestrator": line.orchestrator,
    "started": line.started,
    "state": line.state,
    "parent": line.parent,
  })
}
