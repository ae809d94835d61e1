//! `orch doctor`: what runs need and whether it is there, before one fails for want of it.

mod program;
mod system;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value as Json, json};

use super::{exit::Exit, terminal};

/// Says what runs need, and what of it is missing
///
/// With a program: also what its workers need. Nothing is run. Exit codes: 0 all is well, 1 runs
/// would fail, 3 the program is wrong.
#[derive(Args)]
pub struct Options {
  /// A program's root file
  file: Option<PathBuf>,
  /// What to write to standard output
  #[arg(long, value_enum, default_value_t)]
  format: Format,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
  /// For people
  #[default]
  Human,
  /// One JSON object: `{ checks: [{ name, state, says }], bad }`
  Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
  Ok,
  /// Something is not there that only some programs need.
  Note,
  /// Runs fail.
  Bad,
}

impl State {
  fn word(self) -> &'static str {
    match self {
      State::Ok => "ok",
      State::Note => "note",
      State::Bad => "bad",
    }
  }
}

/// One thing that was looked at.
struct Check {
  name: String,
  state: State,
  /// Where it is, or why it is not there.
  says: String,
}

impl Check {
  /// Something without which runs fail.
  fn needed(name: impl Into<String>, found: Result<String, String>) -> Check {
    Check::of(name, found, State::Bad)
  }

  /// Something that only some programs need.
  fn wanted(name: impl Into<String>, found: Result<String, String>) -> Check {
    Check::of(name, found, State::Note)
  }

  fn of(name: impl Into<String>, found: Result<String, String>, without: State) -> Check {
    let (state, says) = match found {
      Ok(says) => (State::Ok, says),
      Err(says) => (without, says),
    };
    Check {
      name: name.into(),
      state,
      says,
    }
  }
}

pub fn main(options: &Options) -> Exit {
  let mut checks = system::checks(options.file.as_deref());
  let mut exit = Exit::Success;
  if let Some(file) = &options.file {
    let (more, refusal) = program::checks(file);
    checks.extend(more);
    exit = refusal;
  }
  let bad = checks.iter().filter(|check| check.state == State::Bad).count();
  if bad > 0 {
    exit = exit.max(Exit::Failed);
  }
  let text = match options.format {
    Format::Human => for_people(&checks, bad),
    Format::Json => format!("{:#}\n", document(&checks, bad)),
  };
  terminal::print(&text).max(exit)
}

fn for_people(checks: &[Check], bad: usize) -> String {
  let width = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
  let line = |check: &Check| format!("{:4}  {:width$}  {}\n", check.state.word(), check.name, check.says);
  let lines: String = checks.iter().map(line).collect();
  let end = match bad {
    0 => "all is well".to_owned(),
    1 => "1 thing is to be mended".to_owned(),
    more => format!("{more} things are to be mended"),
  };
  format!("{lines}\n{end}\n")
}

fn document(checks: &[Check], bad: usize) -> Json {
  let each = |check: &Check| json!({ "name": check.name, "state": check.state.word(), "says": check.says });
  json!({ "checks": checks.iter().map(each).collect::<Json>(), "bad": bad })
}
