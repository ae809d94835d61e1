//! `orch man`: the manual as pages for `man`, made of the same texts as `--help`.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use super::{Cli, exit::Exit, files, terminal};

/// Writes manual pages: one for orch, one for each command
#[derive(Args)]
pub struct Options {
  /// The directory that they are written to, `orch.1`, `orch-check.1`, ...; without: `orch.1` goes to standard output
  directory: Option<PathBuf>,
}

pub fn main(options: &Options) -> Exit {
  let made = match &options.directory {
    None => {
      let mut page = Vec::new();
      let made = Man::new(Cli::command()).render(&mut page);
      made.map(|()| terminal::print(&String::from_utf8_lossy(&page)))
    }
    Some(directory) => {
      let made = files::make_directory(directory).and_then(|()| clap_mangen::generate_to(Cli::command(), directory));
      made.map(|()| Exit::Success)
    }
  };
  made.unwrap_or_else(|error| {
    let place = options
      .directory
      .as_deref()
      .map(|place| format!(" to `{}`", place.display()));
    terminal::say(&format!(
      "can't write the manual{}: {error}\n",
      place.unwrap_or_default()
    ));
    Exit::Usage
  })
}
