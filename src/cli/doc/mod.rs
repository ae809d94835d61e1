//! `orch doc`: a module as a page for those who use it: what it declares, with types, docs and pictures.

mod html;
mod markdown;
mod read;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{
  exit::Exit,
  files, program,
  terminal::{self, Color},
};
use crate::graph::Graph;

/// Makes a page of a module: orchestrators with pictures, workers, contracts, types
#[derive(Args)]
pub struct Options {
  /// The module's file, which is checked as a program
  file: PathBuf,
  /// What the page is
  #[arg(long, value_enum, default_value_t)]
  format: Format,
  /// Where it is written [default: standard output]
  #[arg(long, value_name = "FILE")]
  output: Option<PathBuf>,
  #[command(flatten)]
  form: program::Form,
  /// When to use colours
  #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
  color: Color,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
  /// Markdown with Mermaid, which GitHub shows as pictures
  #[default]
  Md,
  /// One file that loads nothing from anywhere
  Html,
}

/// A page.
struct Page {
  title: String,
  doc: Option<String>,
  /// Those that have entries, with their titles.
  sections: Vec<(&'static str, Vec<Entry>)>,
}

/// Something that is declared.
struct Entry {
  name: String,
  /// As it would be written, without its body.
  signature: String,
  doc: Option<String>,
  /// Sentences beside the doc comment.
  facts: Vec<String>,
  /// The fields of its message: name, type, default.
  fields: Vec<(String, String, Option<String>)>,
  picture: Option<Graph>,
}

pub fn main(options: &Options) -> Exit {
  let (checked, program) = match program::load(&options.file, &options.form, options.color) {
    Ok(loaded) => loaded,
    Err(exit) => return exit,
  };
  let page = read::page(&checked, &program);
  let text = match options.format {
    Format::Md => markdown::render(&page),
    Format::Html => html::render(&page),
  };
  let Some(path) = &options.output else {
    return terminal::print(&text);
  };
  match files::replace(path, text.as_bytes()) {
    Ok(()) => Exit::Success,
    Err(error) => {
      terminal::say(&format!("can't write to `{}`: {error}\n", path.display()));
      Exit::Usage
    }
  }
}
