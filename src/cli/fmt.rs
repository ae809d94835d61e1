//! `orch fmt`: puts files into the one style, or says which are not.

use std::path::{Path, PathBuf};

use clap::{Args, builder::styling::AnsiColor};
use similar::{ChangeTag, TextDiff};

use super::{
  exit::Exit,
  files,
  terminal::{self, Color},
};
use crate::{
  diagnostics::render::human,
  format::{self, Refusal},
  source::Sources,
};

/// Puts files into the one style: the same program, laid out, with every comment
///
/// Exit codes: 0 all files are formatted now, 1 with `--check` or `--diff`: some are not, 2 a file that can't be read or
/// written, 3 a file that does not parse; it is left as it is.
#[derive(Args)]
pub struct Options {
  /// Files, directories (every `.orch` file below one), or `-`: from standard input to standard output
  #[arg(required = true, value_name = "FILE")]
  files: Vec<PathBuf>,
  /// Write nothing; list the files that are not formatted
  #[arg(long)]
  check: bool,
  /// Write nothing; show what would be changed
  #[arg(long)]
  diff: bool,
  /// What standard input is called in messages
  #[arg(long, value_name = "NAME", default_value = "standard input")]
  stdin_name: String,
  /// When to use colours
  #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
  color: Color,
}

/// What was asked for on the command line.
const STDIN: &str = "-";

pub fn main(options: &Options) -> Exit {
  let mut worst = Exit::Success;
  for path in &options.files {
    worst = worst.max(match path.as_os_str() == STDIN {
      true => from_stdin(options),
      false => below(options, path),
    });
  }
  worst
}

/// A file, or all below a directory.
fn below(options: &Options, path: &Path) -> Exit {
  match files::roots(&[path.to_path_buf()]) {
    Ok(paths) => paths
      .iter()
      .map(|path| file(options, path))
      .max()
      .unwrap_or(Exit::Success),
    Err(said) => {
      terminal::say(&said);
      Exit::Usage
    }
  }
}

fn file(options: &Options, path: &Path) -> Exit {
  let name = path.display().to_string();
  let read = files::read(path).map_err(|error| error.to_string()).and_then(text);
  let before = match read {
    Ok(before) => before,
    Err(error) => return unreadable(&name, &error),
  };
  let after = match formatted(options, &name, path, &before) {
    Ok(after) => after,
    Err(exit) => return exit,
  };
  if after == before {
    return Exit::Success;
  }
  if options.check || options.diff {
    return shown(options, &name, &before, &after);
  }
  match files::rewrite(path, &before, &after) {
    Ok(()) => {
      terminal::say(&format!("{name}: formatted\n"));
      Exit::Success
    }
    Err(error) => {
      terminal::say(&format!("can't write `{name}`: {error}\n"));
      Exit::Usage
    }
  }
}

fn from_stdin(options: &Options) -> Exit {
  let name = &options.stdin_name;
  let read = terminal::read_all().map_err(|error| error.to_string()).and_then(text);
  let before = match read {
    Ok(before) => before,
    Err(error) => return unreadable(name, &error),
  };
  match formatted(options, name, Path::new(name), &before) {
    Err(exit) => exit,
    Ok(after) if !options.check && !options.diff => terminal::print(&after),
    Ok(after) if after == before => Exit::Success,
    Ok(after) => shown(options, name, &before, &after),
  }
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
  String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}

fn unreadable(name: &str, error: &str) -> Exit {
  terminal::say(&format!("can't read `{name}`: {error}\n"));
  Exit::Usage
}

/// The text in the one style; why there is none is said.
fn formatted(options: &Options, name: &str, path: &Path, before: &str) -> Result<String, Exit> {
  let mut sources = Sources::default();
  let source = sources.add(name, path, before);
  format::format(source, before).map_err(|refusal| {
    terminal::say(&match refusal {
      Refusal::Syntax(found) => human::render(&found, &sources, terminal::look(options.color, &std::io::stderr())),
      Refusal::Unfaithful(flaw) => {
        format!("`{name}` is left as it is: {flaw}; this is a mistake of `orch fmt`, please report it\n")
      }
    });
    Exit::Refused
  })
}

/// Says that a file is not formatted.
fn shown(options: &Options, name: &str, before: &str, after: &str) -> Exit {
  let color = terminal::look(options.color, &std::io::stdout()).color;
  let written = terminal::print(&match options.diff {
    true => difference(name, before, after, color),
    false => format!("{name}\n"),
  });
  written.max(Exit::Failed)
}

/// A unified diff, with three lines around each change.
fn difference(name: &str, before: &str, after: &str, color: bool) -> String {
  let difference = TextDiff::from_lines(before, after);
  let mut text = format!("--- {name}\n+++ {name}\n");
  for hunk in difference.unified_diff().context_radius(3).iter_hunks() {
    text.push_str(&line(&format!("{}\n", hunk.header()), color.then_some(AnsiColor::Cyan)));
    for change in hunk.iter_changes() {
      let (mark, hue) = match change.tag() {
        ChangeTag::Delete => ('-', Some(AnsiColor::Red)),
        ChangeTag::Insert => ('+', Some(AnsiColor::Green)),
        ChangeTag::Equal => (' ', None),
      };
      text.push_str(&line(&format!("{mark}{}", change.value()), hue.filter(|_| color)));
      if change.missing_newline() {
        text.push_str("\n\\ No newline at end of file\n");
      }
    }
  }
  text
}

/// A line in a colour; its line break is not in it.
fn line(text: &str, color: Option<AnsiColor>) -> String {
  let Some(color) = color else { return text.to_owned() };
  let style = color.on_default();
  let (inner, end) = text.split_at(text.trim_end_matches(['\r', '\n']).len());
  format!("{style}{inner}{style:#}{end}")
}
