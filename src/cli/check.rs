//! `orch check`: says everything that is wrong with programs, in the form asked for.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{
  exit::Exit,
  program,
  terminal::{self, Color},
};
use crate::{
  diagnostics::{
    Diagnostics, Level,
    render::{github, human, json, sarif},
  },
  session::Checked,
  source::{SourceId, Sources},
};

/// Checks programs without running anything
///
/// Exit codes: 0 nothing found that refuses a program, 3 something found, 2 a file that can't be read.
#[derive(Args)]
pub struct Options {
  /// Root files of programs; what they import is checked too
  #[arg(required = true, value_name = "FILE")]
  files: Vec<PathBuf>,
  /// How findings are written to standard output
  #[arg(long, value_enum, default_value_t)]
  format: Format,
  /// Say what could be better too: findings of level low
  #[arg(long)]
  notes: bool,
  #[command(flatten)]
  form: program::Form,
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
  /// SARIF 2.1.0, for code scanning services
  Sarif,
  /// GitHub workflow commands
  Github,
}

pub fn main(options: &Options) -> Exit {
  let mut all = Everything::default();
  let mut worst = Exit::Success;
  let mut text = String::new();
  for file in &options.files {
    let mut checked = match program::check(file, &options.form) {
      Ok(checked) => checked,
      Err(exit) => return exit,
    };
    checked
      .findings
      .0
      .retain(|finding| options.notes || finding.code.level < Level::Low);
    worst = worst.max(program::refusal(&checked.findings));
    if matches!(options.format, Format::Human) {
      text.push_str(&for_people(&file.to_string_lossy(), &checked, options.color));
    } else {
      all.add(checked);
    }
  }
  let found = all.findings.sorted();
  match options.format {
    Format::Human => {}
    Format::Json => text = json::render(&found, &all.sources),
    Format::Sarif => text = sarif::render(&found, &all.sources),
    Format::Github => text = github::render(&found, &all.sources),
  }
  match terminal::print(&text) {
    Exit::Success => worst,
    other => other,
  }
}

fn for_people(name: &str, checked: &Checked, color: Color) -> String {
  if checked.findings.is_empty() {
    return program::verdict(name, &checked.findings);
  }
  let look = terminal::look(color, &std::io::stdout());
  human::render(&checked.findings, &checked.sources, look)
}

/// The findings of several programs, with each file once.
#[derive(Default)]
struct Everything {
  sources: Sources,
  findings: Diagnostics,
}

impl Everything {
  fn add(&mut self, checked: Checked) {
    let numbers: Vec<SourceId> = checked.sources.iter().map(|(_, source)| self.number(source)).collect();
    for mut finding in checked.findings.0 {
      for label in &mut finding.labels {
        label.span.source = numbers[label.span.source.0 as usize];
      }
      self.findings.push(finding);
    }
  }

  fn number(&mut self, source: &crate::source::Source) -> SourceId {
    let known = self
      .sources
      .iter()
      .find(|(_, known)| known.path == source.path)
      .map(|(id, _)| id);
    known.unwrap_or_else(|| self.sources.add(source.name.clone(), &source.path, source.text.clone()))
  }
}
