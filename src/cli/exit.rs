//! Exit codes: the one table.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
  Success = 0,
  /// The run failed; a new version of a program breaks somebody; a file is not formatted.
  Failed = 1,
  /// The command line is wrong, or a file that it names can't be read.
  Usage = 2,
  /// The program or its input is wrong; nothing was run.
  Refused = 3,
  /// With `--strict`: the run succeeded, though failures were taken on the way.
  Tolerated = 4,
  /// The run goes on only once a person has decided something.
  Waiting = 5,
  /// Ctrl-C or SIGTERM.
  Interrupted = 130,
}

impl From<Exit> for ExitCode {
  fn from(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
  }
}
