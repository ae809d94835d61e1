//! `orch logs`: what the workers of a run wrote to standard error.
#![expect(clippy::disallowed_methods, reason = "logs are files")]

use std::{fmt::Write, fs, path::PathBuf};

use clap::Args;

use super::{exit::Exit, past::Which, terminal};
use crate::{
  diagnostics::render::harmless,
  history::{Attempt, History, Step},
  workers::log_file,
};

/// Shows what the workers of a run wrote to standard error
#[derive(Args)]
pub struct Options {
  #[command(flatten)]
  which: Which,
  /// Only of this step and what is inside it
  step: Option<String>,
  /// Only of this attempt, from 1
  #[arg(long, value_name = "N")]
  attempt: Option<u32>,
}

pub fn main(options: &Options) -> Exit {
  let past = match options.which.read() {
    Ok(past) => past,
    Err(exit) => return exit,
  };
  let history = History::of(&past.records);
  let file = |step: &Step, attempt: &Attempt| {
    log_file(
      &past.store.join("logs"),
      &past.run,
      &step.path,
      attempt.number,
      attempt.copy,
    )
  };
  let mut text = String::new();
  for step in history
    .steps
    .values()
    .filter(|step| is_meant(step, options.step.as_deref()))
  {
    let wanted = |attempt: &&Attempt| options.attempt.is_none_or(|number| attempt.number == number);
    for attempt in step.attempts.iter().filter(wanted) {
      append(&mut text, step, attempt, file(step, attempt));
    }
  }
  if text.is_empty() {
    terminal::say("no worker that is meant has written anything to standard error\n");
    return Exit::Success;
  }
  terminal::print(&text)
}

/// Whether the step is this one, or inside it.
pub fn is_meant(step: &Step, name: Option<&str>) -> bool {
  name.is_none_or(|name| {
    let rest = step.path.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '!']))
  })
}

/// A line that says whose log it is, then the log.
fn append(text: &mut String, step: &Step, attempt: &Attempt, file: PathBuf) {
  let Ok(bytes) = fs::read(file) else { return };
  let copy = if attempt.copy { ", copy" } else { "" };
  let _ = writeln!(text, "== {}, attempt {}{copy}", harmless(&step.path), attempt.number);
  for line in String::from_utf8_lossy(&bytes).lines() {
    let _ = writeln!(text, "{}", harmless(line));
  }
}
