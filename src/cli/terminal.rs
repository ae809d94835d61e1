//! The door to the terminal: what it can show, and writing to it. A pipe that was closed at the other end is no
//! mistake.
#![expect(
  clippy::disallowed_methods,
  reason = "this is the door through which the terminal's variables are read"
)]

use std::{
  env,
  io::{self, ErrorKind, IsTerminal, Read, Write},
};

use clap::ValueEnum;

use super::exit::Exit;
use crate::diagnostics::render::human::Look;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
  /// On a terminal, unless `NO_COLOR` is set.
  #[default]
  Auto,
  Always,
  Never,
}

/// How text for people looks on this stream.
pub fn look(color: Color, stream: &impl IsTerminal) -> Look {
  let terminal = stream.is_terminal();
  let color = match color {
    Color::Always => true,
    Color::Never => false,
    Color::Auto => terminal && !set("NO_COLOR") && env::var_os("TERM").is_none_or(|term| term != "dumb"),
  };
  let width = terminal_size::terminal_size()
    .filter(|_| terminal)
    .map(|(width, _)| usize::from(width.0));
  Look {
    color,
    unicode: unicode(),
    width: width.unwrap_or(100).clamp(40, 140),
  }
}

fn set(name: &str) -> bool {
  env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Whether the locale says UTF-8, or says nothing.
fn unicode() -> bool {
  let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
    .into_iter()
    .find(|name| set(name))
    .and_then(env::var_os);
  locale.is_none_or(|locale| {
    let locale = locale.to_string_lossy().to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
  })
}

/// Writes to standard output. If nobody reads it any longer, that is as good as written.
pub fn print(text: &str) -> Exit {
  let mut stdout = io::stdout().lock();
  match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
    Ok(()) => Exit::Success,
    Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Success,
    Err(error) => {
      say(&format!("can't write to standard output: {error}\n"));
      Exit::Failed
    }
  }
}

/// All of standard input.
///
/// # Errors
/// What the system says.
pub fn read_all() -> io::Result<Vec<u8>> {
  let mut bytes = Vec::new();
  io::stdin().lock().read_to_end(&mut bytes)?;
  Ok(bytes)
}

/// Writes to standard error, as well as it goes.
pub fn say(text: &str) {
  let _ = io::stderr().lock().write_all(text.as_bytes());
}
