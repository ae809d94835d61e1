//! The `orch` binary: hands its arguments to the command line, or to the guard that watches over workers.

use std::process::ExitCode;

fn main() -> ExitCode {
  let arguments: Vec<_> = std::env::args_os().collect();
  if arguments
    .get(1)
    .is_some_and(|word| word == orch::workers::GUARD_COMMAND)
  {
    orch::workers::guard(std::io::stdin().lock());
    return ExitCode::SUCCESS;
  }
  orch::cli::main(arguments)
}
