//! The `orch` binary: hands its arguments to the command line.
#![expect(clippy::disallowed_methods, reason = "the arguments are read here")]

use std::process::ExitCode;

fn main() -> ExitCode {
  orch::cli::main(std::env::args_os().collect())
}
