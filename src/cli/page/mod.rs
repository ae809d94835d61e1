//! `orch report`: a run as one page, for people who were not there.

mod drawing;
pub mod html;
mod markdown;
pub mod picture;
mod timeline;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{
  exit::Exit,
  files,
  past::{Past, Which},
  run::summary::Summary,
  show, terminal,
};
use crate::{
  engine::RunTime,
  history::{End, History, State, Step},
};

/// Makes one page of a run: timeline, graph, steps, workers and failures
#[derive(Args)]
pub struct Options {
  #[command(flatten)]
  which: Which,
  /// What the page is
  #[arg(long, value_enum, default_value_t)]
  format: Format,
  /// Where it is written [default: standard output]
  #[arg(long, value_name = "FILE")]
  output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
  /// One file that loads nothing from anywhere
  #[default]
  Html,
  /// Markdown
  Md,
  /// What `orch show --format json` gives
  Json,
}

/// What a page is made of.
struct Page<'a> {
  past: &'a Past,
  history: &'a History,
  now: RunTime,
  summary: Summary,
  /// Each behind what is around it.
  steps: Vec<&'a Step>,
}

pub fn main(options: &Options) -> Exit {
  let past = match options.which.read() {
    Ok(past) => past,
    Err(exit) => return exit,
  };
  let (history, now) = past.history();
  let mut summary = Summary::default();
  past.records.iter().for_each(|record| summary.add(record));
  let page = Page {
    past: &past,
    history: &history,
    now,
    summary,
    steps: history.tree(),
  };
  let text = match options.format {
    Format::Html => html::render(&page),
    Format::Md => markdown::render(&page),
    Format::Json => format!("{:#}\n", show::document(&past, &history, &page.steps)),
  };
  match &options.output {
    None => past.end(terminal::print(&text)),
    Some(path) => match files::replace(path, text.as_bytes()) {
      Ok(()) => past.end(Exit::Success),
      Err(error) => {
        terminal::say(&format!("can't write to `{}`: {error}\n", path.display()));
        Exit::Usage
      }
    },
  }
}

impl Page<'_> {
  fn orchestrator(&self) -> &str {
    self
      .history
      .started
      .as_ref()
      .map_or("?", |started| &started.orchestrator)
  }

  /// How the run stands, in a word.
  fn state(&self) -> &'static str {
    match &self.history.end {
      Some(End::Succeeded(_)) => "succeeded",
      Some(End::Failed(_)) => "failed",
      _ if self.past.damage.is_some() => "damaged",
      _ if self.past.driver.is_some() => "running",
      Some(End::Stopped) => "stopped",
      None => "crashed",
    }
  }

  /// At most so many of all, failed ones before others, in their order; and how many are left out.
  fn most<'s>(&self, all: impl Iterator<Item = &'s Step>, most: usize) -> (Vec<&'s Step>, usize) {
    let all: Vec<&Step> = all.collect();
    let failed = all.iter().filter(|step| is_trouble(step)).count();
    let mut room = most.saturating_sub(failed);
    let mut shown = Vec::new();
    for step in &all {
      let trouble = is_trouble(step);
      if shown.len() < most && (trouble || room > 0) {
        room -= usize::from(!trouble);
        shown.push(*step);
      }
    }
    let left = all.len() - shown.len();
    (shown, left)
  }
}

fn is_trouble(step: &Step) -> bool {
  matches!(step.state, State::Failed | State::InDoubt | State::Cancelled)
}
