//! `orch diff`: whom a new version of a program breaks.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value as Json, json};

use super::{
  exit::Exit,
  program,
  terminal::{self, Color},
};
use crate::interface::{self, Break, Change, Changed};

/// Says whether a new version of a program breaks those who send it messages, or those who receive them
///
/// Exit codes: 0 nobody is broken, 1 somebody is, without a new `@version`, 3 a program with findings that refuse it,
/// 2 a file that can't be read.
#[derive(Args)]
pub struct Options {
  /// The root file as it was
  old: PathBuf,
  /// The root file as it is
  new: PathBuf,
  /// How changes are written to standard output
  #[arg(long, value_enum, default_value_t)]
  format: Format,
  /// When to use colours
  #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
  color: Color,
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
  let loaded = program::load(&options.old, &program::Form::default(), options.color).and_then(|(_, old)| {
    program::load(&options.new, &program::Form::default(), options.color).map(|(_, new)| (old, new))
  });
  let (old, new) = match loaded {
    Ok(programs) => programs,
    Err(exit) => return exit,
  };
  let changes = interface::compare(&old, &new);
  let written = terminal::print(&match options.format {
    Format::Human => for_people(&changes),
    Format::Json => for_tools(&changes),
  });
  match written {
    Exit::Success if faults(&changes) > 0 => Exit::Failed,
    other => other,
  }
}

fn faults(changes: &[Change]) -> usize {
  changes.iter().filter(|change| change.is_fault()).count()
}

fn for_people(changes: &[Change]) -> String {
  if changes.is_empty() {
    return "nothing that others see has changed\n".into();
  }
  let mut text: String = changes.iter().flat_map(lines).map(|line| line + "\n").collect();
  text.push_str(&match faults(changes) {
    0 => "nobody is broken who was not told by a new version\n".to_owned(),
    1 => "1 break without a new version\n".to_owned(),
    faults => format!("{faults} breaks without a new version\n"),
  });
  text
}

fn lines(change: &Change) -> Vec<String> {
  let head = format!("{} `{}`", change.kind.name(), change.name);
  let told = if change.versioned { " (a new version)" } else { "" };
  match &change.changed {
    Changed::Added => vec![format!("{head}: added")],
    Changed::Removed => vec![format!("{head}: removed{told}")],
    Changed::Compatible => vec![format!("{head}: changed, breaks nobody")],
    Changed::Breaking { senders, receivers } => {
      let line = |who: &str, broken: &Break| format!("{head}: breaks those who {who}{told}: {broken}");
      let senders = senders.iter().map(|broken| line("send", broken));
      senders
        .chain(receivers.iter().map(|broken| line("receive", broken)))
        .collect()
    }
  }
}

fn for_tools(changes: &[Change]) -> String {
  let all: Vec<Json> = changes.iter().map(record).collect();
  format!("{}\n", json!({ "changes": all, "breaks": faults(changes) }))
}

fn record(change: &Change) -> Json {
  let broken = |broken: &Option<Break>| {
    let broken = broken.as_ref();
    broken.map_or(Json::Null, |broken| json!({ "at": broken.at, "reason": broken.reason }))
  };
  let (word, senders, receivers) = match &change.changed {
    Changed::Added => ("added", Json::Null, Json::Null),
    Changed::Removed => ("removed", Json::Null, Json::Null),
    Changed::Compatible => ("compatible", Json::Null, Json::Null),
    Changed::Breaking { senders, receivers } => ("breaking", broken(senders), broken(receivers)),
  };
  json!({
    "kind": change.kind.name(),
    "name": change.name,
    "change": word,
    "senders": senders,
    "receivers": receivers,
    "versioned": change.versioned,
    "fault": change.is_fault(),
  })
}
