//! `orch check`: says everything that is wrong with programs, in the form asked for, and mends what a machine can mend.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{
  baseline::{self, Baseline},
  exit::Exit,
  files, fix, program,
  report::{Denied, Report, Root},
  terminal::{self, Color},
};
use crate::{
  diagnostics::{
    Standing,
    render::{Counts, github, human, json, sarif},
  },
  modules::Files,
  session::{Disk, check_variant},
};

/// Checks programs without running anything
///
/// Exit codes: 0 nothing found that refuses a program, 3 something found, 2 a file that can't be read or written.
#[derive(Args)]
pub struct Options {
  /// Root files of programs, or directories: every `.orch` file below one is a root. What they import is checked too
  #[arg(required = true, value_name = "FILE")]
  files: Vec<PathBuf>,
  /// How findings are written to standard output
  #[arg(long, value_enum, default_value_t)]
  format: Format,
  /// Say what could be better too: findings of level low
  #[arg(long)]
  notes: bool,
  /// Refuse programs with findings of this level and worse (`medium`, `low`), or with this code
  #[arg(long, value_name = "LEVEL|CODE", value_parser = Denied::parse)]
  deny: Vec<Denied>,
  /// Mend in the files what a machine can mend, and say what is left
  #[arg(long)]
  fix: bool,
  /// Leave out the findings that this file knows
  #[arg(long, value_name = "FILE")]
  baseline: Option<PathBuf>,
  /// Write the findings of now to this file, for `--baseline`
  #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
  write_baseline: Option<PathBuf>,
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
  match checked(options) {
    Err(said) => {
      terminal::say(&said);
      Exit::Usage
    }
    Ok(report) => match terminal::print(&text(options, &report)) {
      Exit::Success => report.exit(),
      other => other,
    },
  }
}

/// # Errors
/// What is wrong with the files of the command line.
fn checked(options: &Options) -> Result<Report, String> {
  let roots = files::roots(&options.files)?;
  if let Some(path) = &options.baseline {
    // A broken one is said before anything is mended.
    Baseline::read(path)?;
  }
  if options.fix {
    let found = |files: &dyn Files| {
      let mut report = looked_at(options, files, &roots)?;
      judge(options, options.baseline.as_deref(), &mut report)?;
      Ok(report)
    };
    terminal::say(&fix::mend(&found)?);
  }
  let mut report = looked_at(options, &Disk, &roots)?;
  if let Some(path) = &options.write_baseline {
    let count = baseline::write(&report, path)?;
    terminal::say(&format!("{}: {}\n", path.display(), findings(count)));
  }
  let baseline = options.baseline.as_deref().or(options.write_baseline.as_deref());
  let gone = judge(options, baseline, &mut report)?;
  if !gone.is_empty() {
    let list: String = gone.iter().map(|entry| format!("  {entry}\n")).collect();
    terminal::say(&format!("no longer there, though the baseline has it:\n{list}"));
  }
  Ok(report)
}

/// # Errors
/// A program has no such form.
fn looked_at(options: &Options, files: &dyn Files, roots: &[PathBuf]) -> Result<Report, String> {
  let variant = options.form.variant();
  let mut report = Report::default();
  for root in roots {
    let checked = check_variant(files, root, &variant).map_err(|error| format!("{error}\n"))?;
    report.add(root, checked);
  }
  Ok(report)
}

fn findings(count: usize) -> String {
  format!("{count} finding{} written", if count == 1 { "" } else { "s" })
}

/// Says of each finding what it means here. Gives what the baseline has and is not found any longer.
fn judge(options: &Options, baseline: Option<&Path>, report: &mut Report) -> Result<Vec<String>, String> {
  let gone = match baseline {
    Some(path) => Baseline::read(path)?.mark(report),
    None => Vec::new(),
  };
  for (_, finding) in report.findings_mut() {
    if options.deny.iter().any(|denied| denied.denies(finding)) {
      finding.standing = Standing::Denied;
    }
  }
  if !options.notes {
    report.without_notes();
  }
  Ok(gone)
}

fn text(options: &Options, report: &Report) -> String {
  let found = report.merged();
  match options.format {
    Format::Human => for_people(options, report),
    Format::Json => json::render(&found, &report.sources),
    Format::Sarif => sarif::render(&found, &report.sources),
    Format::Github => github::render(&found, &report.sources),
  }
}

/// Root by root; behind several, what they have in sum.
fn for_people(options: &Options, report: &Report) -> String {
  let look = terminal::look(options.color, &std::io::stdout());
  let part = |root: &Root| match (root.findings.is_empty(), root.again) {
    (true, 0) => format!("{}: ok\n", root.name),
    (true, _) => format!("{}: said above\n", root.name),
    (false, _) => human::render(&root.findings, &report.sources, look),
  };
  let mut text: String = report.roots.iter().map(part).collect();
  if report.roots.len() > 1 {
    let counts = Counts::of(&report.merged());
    text.push_str(&format!("\n{} programs: {counts}\n", report.roots.len()));
  }
  text
}
