//! `orch init`: a project whose first program is checked, tested, and runs without keys.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{word, write};
use crate::cli::{exit::Exit, files, terminal};

const PROGRAM: &str = "main.orch";
const FIRST: &str = include_str!("first.orch");

/// What git leaves alone: the journal of runs.
const IGNORE: &str = ".gitignore";
const IGNORED: &str = ".orch/";

/// Begins a project: a first program with tests, which runs without keys
#[derive(Args)]
pub struct Options {
  /// Its directory, which is made if it is not there
  #[arg(default_value = ".")]
  directory: PathBuf,
}

pub fn main(options: &Options) -> Exit {
  match begin(&options.directory) {
    Ok(text) => terminal::print(&text),
    Err(exit) => exit,
  }
}

/// Writes the project, and tells how to go on.
fn begin(directory: &Path) -> Result<String, Exit> {
  files::make_directory(directory).map_err(|error| {
    terminal::say(&format!("can't make `{}`: {error}\n", directory.display()));
    Exit::Usage
  })?;
  let inside = |name: &str| match directory == Path::new(".") {
    true => PathBuf::from(name),
    false => directory.join(name),
  };
  let program = inside(PROGRAM);
  write(&program, FIRST)?;
  let mut text = format!("wrote {}\n", program.display());
  text += &ignore(&inside(IGNORE))?;
  let word = word(&program);
  text += &format!(
    "\n  orch check {word}\n  orch test {word}\n  orch run {word}\n\n`orch new` lists patterns for programs of your own\n"
  );
  Ok(text)
}

/// Keeps the journal out of git; a file that is there is its owner's.
fn ignore(path: &Path) -> Result<String, Exit> {
  if !files::exists(path) {
    write(path, &format!("{IGNORED}\n"))?;
    return Ok(format!("wrote {}\n", path.display()));
  }
  let lines = files::read(path).unwrap_or_default();
  let lines = String::from_utf8_lossy(&lines).into_owned();
  let mut lines = lines.lines().map(|line| line.trim().trim_matches('/'));
  match lines.any(|line| line == IGNORED.trim_matches('/')) {
    true => Ok(String::new()),
    false => Ok(format!(
      "`{}` stays as it is: `{IGNORED}`, the journal of runs, should stand in it\n",
      path.display()
    )),
  }
}
