//! The guard: a process of its own that ends the workers of an orch that was killed. Knows groups and directories only.

mod link;
mod watch;

use std::path::PathBuf;

pub(super) use link::Guard;
pub use watch::guard;

/// The hidden subcommand: `orch __guard` calls [`guard`] with its standard input, before it does anything else.
pub const GUARD_COMMAND: &str = "__guard";

/// The program to run as a guard: this one, also after its file was replaced.
///
/// # Errors
/// The system does not say which program this is.
pub fn guard_program() -> std::io::Result<PathBuf> {
  let link = PathBuf::from("/proc/self/exe");
  if link.exists() {
    Ok(link)
  } else {
    std::env::current_exe()
  }
}

// What the guard is told, each ended by a zero byte, which no path holds:
//   `+PATH`       a scratch directory; a process is about to be started for it
//   `=GROUP PATH` the process group that runs there
//   `-PATH`       nothing of it is left
