//! `orch graph`: draws an orchestrator.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{
  exit::Exit,
  program,
  terminal::{self, Color},
};
use crate::graph::{self, dot, json, mermaid};

/// Draws an orchestrator as a graph, without running anything
#[derive(Args)]
pub struct Options {
  /// The program's root file
  file: PathBuf,
  /// Which orchestrator; without: the only one, or the only one that no other calls
  orchestrator: Option<String>,
  /// What to write to standard output
  #[arg(long, value_enum, default_value_t)]
  format: Format,
  #[command(flatten)]
  form: program::Form,
  /// When to use colours
  #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
  color: Color,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
  /// A Mermaid flowchart, which GitHub shows as a picture
  #[default]
  Mermaid,
  /// Graphviz
  Dot,
  /// Nodes, edges and waves, for tools
  Json,
}

pub fn main(options: &Options) -> Exit {
  let (checked, program) = match program::load(&options.file, &options.form, options.color) {
    Ok(loaded) => loaded,
    Err(exit) => return exit,
  };
  let id = match program::pick(&program, options.orchestrator.as_deref()) {
    Ok(id) => id,
    Err(message) => {
      terminal::say(&message);
      return Exit::Usage;
    }
  };
  let graph = graph::build(&program, &checked.sources, id);
  terminal::print(&match options.format {
    Format::Mermaid => mermaid::render(&graph),
    Format::Dot => dot::render(&graph),
    Format::Json => json::render(&graph),
  })
}
