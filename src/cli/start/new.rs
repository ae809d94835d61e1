//! `orch new`: a program that is made of a pattern, ready to run and to be changed.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{
  patterns::{self, Pattern},
  word, write,
};
use crate::{
  cli::{exit::Exit, terminal},
  diagnostics::nearest,
};

/// Writes a program that uses a pattern, or lists the patterns
///
/// Each runs as it stands: its workers are mocks, in whose place yours are to be put.
#[derive(Args)]
pub struct Options {
  /// The file to be written; without: the program goes to standard output
  file: Option<PathBuf>,
  /// The pattern; without: all of them are listed
  #[arg(long, value_name = "PATTERN")]
  pub from: Option<String>,
}

pub fn main(options: &Options) -> Exit {
  let Some(name) = &options.from else {
    return match &options.file {
      None => terminal::print(&listing()),
      Some(_) => refused(&format!("which pattern? `--from PATTERN` says so\n\n{}", listing())),
    };
  };
  let Some(pattern) = patterns::find(name) else {
    let near = nearest(name, patterns::all().map(|pattern| pattern.name));
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    return refused(&format!(
      "there is no pattern `{name}`{near}\n`orch new` lists the patterns\n"
    ));
  };
  match &options.file {
    None => terminal::print(&text(&pattern, Path::new("FILE"))),
    Some(file) => place(&pattern, file),
  }
}

fn refused(message: &str) -> Exit {
  terminal::say(message);
  Exit::Usage
}

/// Writes it, and says how it is run.
fn place(pattern: &Pattern, file: &Path) -> Exit {
  if file.extension().is_none_or(|ending| ending != "orch") {
    return refused(&format!(
      "can't write `{}`: the name of a program ends in `.orch`\n",
      file.display()
    ));
  }
  match write(file, &text(pattern, file)) {
    Err(exit) => exit,
    Ok(()) => terminal::print(&format!("wrote {}\n\n  {}\n", file.display(), command(pattern, file))),
  }
}

fn command(pattern: &Pattern, file: &Path) -> String {
  format!("orch run {} {}", word(file), pattern.arguments)
}

/// The program, with a head that says where it comes from and how it is run.
fn text(pattern: &Pattern, file: &Path) -> String {
  let about = pattern.about.trim_end().lines().map(|line| format!("//! {line}"));
  let about: Vec<String> = about.map(|line| line.trim_end().to_owned()).collect();
  format!(
    "//! The pattern `{}`.\n//!\n{}\n//!\n//!     {}\n\n{}",
    pattern.name,
    about.join("\n"),
    command(pattern, file),
    pattern.program
  )
}

fn listing() -> String {
  let width = patterns::all().map(|pattern| pattern.name.len()).max().unwrap_or(0);
  let lines = patterns::all().map(|pattern| format!("{:width$}  {}\n", pattern.name, pattern.says()));
  format!(
    "{}\n`orch new FILE --from PATTERN` writes a program\n",
    lines.collect::<String>()
  )
}
