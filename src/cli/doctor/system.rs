//! What any run needs of the system, whatever its program.

use std::path::{Path, PathBuf};

use super::Check;
use crate::{
  cli::{files, journal},
  journal::{Journal, Store},
  workers::probe,
};

pub fn checks(file: Option<&Path>) -> Vec<Check> {
  let store = journal::beside(file.unwrap_or(Path::new("")));
  vec![
    Check::needed("orch", Ok(version())),
    Check::needed("journal", journal(&store)),
    Check::needed("scratch", scratch()),
    Check::needed(
      "guard",
      probe::guarded().map(|()| "ends the workers of an orch that is killed".to_owned()),
    ),
    Check::wanted("sh", program("sh")),
    Check::wanted("git", program("git")),
    Check::wanted(
      "permit",
      probe::permits(true).map(|()| "the kernel bounds files".to_owned()),
    ),
    Check::wanted(
      "net none",
      probe::permits(false).map(|()| "the kernel bounds files and TCP".to_owned()),
    ),
  ]
}

fn version() -> String {
  let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
  format!("{} on {system}, {machine}", env!("CARGO_PKG_VERSION"))
}

fn program(name: &str) -> Result<String, String> {
  probe::program(name, Path::new(".")).map(|path| path.display().to_string())
}

/// Opens the journal, or one beside the place where it will be, which goes away at once.
fn journal(store: &Path) -> Result<String, String> {
  if files::exists(store) {
    let runs = Store::open(store).and_then(|mut store| store.runs());
    let runs = runs.map_err(|error| error.to_string())?.len();
    let plural = if runs == 1 { "" } else { "s" };
    return Ok(format!("{}, with {runs} run{plural}", store.display()));
  }
  let directory = store.parent().filter(|parent| !parent.as_os_str().is_empty());
  let directory = directory.unwrap_or(Path::new("."));
  let wrong = |why: String| format!("`{}` can't be made: {why}", store.display());
  let trial = tempfile::Builder::new().prefix(".orch-doctor").tempdir_in(directory);
  let trial = trial.map_err(|error| wrong(error.to_string()))?;
  Store::open(trial.path()).map_err(|error| wrong(error.to_string()))?;
  Ok(format!("{} can be made", store.display()))
}

/// Where workers have their private directories.
fn scratch() -> Result<String, String> {
  let trial = tempfile::tempdir().map_err(|error| format!("no directory for temporary files: {error}"))?;
  let place: Option<PathBuf> = trial.path().parent().map(Path::to_path_buf);
  Ok(place.unwrap_or_default().display().to_string())
}
