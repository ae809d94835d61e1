//! `orch schema`: the messages of a program as JSON Schema.

use std::path::PathBuf;

use clap::Args;

use super::{
  exit::Exit,
  program,
  terminal::{self, Color},
};
use crate::interface;

/// Shows types, contracts, workers, orchestrators and pools as JSON Schema 2020-12
#[derive(Args)]
pub struct Options {
  /// The program's root file
  file: PathBuf,
  /// A type, a contract (`Review@1`), one of its sides (`Review@1.input`), a worker, an orchestrator, a pool, or the
  /// plans over one (`crew.plan`); without: all that the root module declares
  name: Option<String>,
  /// All workers and orchestrators of the root module as tools of the Model Context Protocol
  #[arg(long, conflicts_with = "name")]
  tools: bool,
  #[command(flatten)]
  form: program::Form,
  /// When to use colours
  #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
  color: Color,
}

pub fn main(options: &Options) -> Exit {
  let (_, program) = match program::load(&options.file, &options.form, options.color) {
    Ok(loaded) => loaded,
    Err(exit) => return exit,
  };
  let document = match &options.name {
    Some(name) => interface::named(&program, name),
    None if options.tools => Ok(interface::tools(&program)),
    None => Ok(interface::document(&program)),
  };
  match document {
    Ok(document) => terminal::print(&format!("{document:#}\n")),
    Err(message) => {
      terminal::say(&format!("{message}\n"));
      Exit::Usage
    }
  }
}
