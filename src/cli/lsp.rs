//! `orch lsp`: speaks with an editor.

use std::io::IsTerminal;

use clap::Args;

use super::{exit::Exit, terminal};
use crate::lsp;

/// Serves an editor: findings as you type, names, types, completion (Language Server Protocol)
///
/// An editor starts it and speaks with it over standard input and output; there is nothing to type. How to set up an
/// editor stands in docs/reference/lsp.md. Exit codes: 0 the editor said goodbye, 1 it went away without a word.
#[derive(Args)]
pub struct Options {
  /// Accepted because many editors pass it: there is no other way to speak
  #[arg(long)]
  stdio: bool,
}

pub fn main(options: &Options) -> Exit {
  if std::io::stdin().is_terminal() && !options.stdio {
    terminal::say(
      "`orch lsp` is a language server: an editor starts it and speaks with it over standard input and output.\n\
       How to set up an editor stands in docs/reference/lsp.md; `orch check FILE` checks a program by hand.\n",
    );
    return Exit::Usage;
  }
  match lsp::serve_stdio() {
    Ok(()) => Exit::Success,
    Err(said) => {
      terminal::say(&format!("{said}\n"));
      Exit::Failed
    }
  }
}
