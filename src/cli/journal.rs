//! Which journal is meant, and which run of it.
#![expect(
  clippy::disallowed_methods,
  reason = "where a journal is depends on where orch is started"
)]

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{exit::Exit, terminal};
use crate::journal::{Durability, Journal, JournalError, Store};

/// The directory of a journal, beside the program that it is of.
const DIRECTORY: &str = ".orch";
/// Runs that are named where more than one can be meant.
const LISTED: usize = 10;

/// What a journal survives.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Survives {
  /// A power cut too
  #[default]
  Full,
  /// That orch is killed
  Process,
}

impl From<Survives> for Durability {
  fn from(survives: Survives) -> Durability {
    match survives {
      Survives::Full => Durability::Full,
      Survives::Process => Durability::Process,
    }
  }
}

/// Where the journal is.
#[derive(Args, Clone, Debug, Default)]
pub struct Place {
  /// The directory of the journal [default: .orch beside FILE, or in this directory or the nearest one above]
  #[arg(long, value_name = "DIR")]
  store: Option<PathBuf>,
  /// The program beside which the journal is
  #[arg(long, value_name = "FILE")]
  file: Option<PathBuf>,
}

impl Place {
  /// The directory of the journal, which is there; beside this file, if nothing else is said.
  ///
  /// # Errors
  /// It is not there: said already.
  pub fn or_beside(&self, file: &Path) -> Result<PathBuf, Exit> {
    let file = self.file.clone().unwrap_or_else(|| file.into());
    let store = self.store.clone();
    Place {
      store,
      file: Some(file),
    }
    .directory()
  }

  /// The directory of the journal, which is there.
  ///
  /// # Errors
  /// It is not there: said already.
  pub fn directory(&self) -> Result<PathBuf, Exit> {
    let found = match (&self.store, &self.file) {
      (Some(store), _) => there(store.clone()),
      (None, Some(file)) => there(beside(file)),
      (None, None) => above(),
    };
    found.map_err(|message| {
      terminal::say(&format!("{message}\n"));
      Exit::Usage
    })
  }
}

/// Where the journal of a program is, unless somebody says otherwise.
pub fn beside(file: &Path) -> PathBuf {
  file.parent().unwrap_or(Path::new("")).join(DIRECTORY)
}

/// Whether a journal is in this directory.
pub fn is_store(directory: &Path) -> bool {
  directory.join("journal.db").exists()
}

fn there(directory: PathBuf) -> Result<PathBuf, String> {
  match is_store(&directory) {
    true => Ok(directory),
    false => Err(format!(
      "there is no journal in `{}`: nothing has run",
      directory.display()
    )),
  }
}

/// The journal here, or in the nearest directory above.
///
/// # Errors
/// A text that says that there is none.
pub fn above() -> Result<PathBuf, String> {
  let here = std::env::current_dir().map_err(|error| format!("can't tell the current directory: {error}"))?;
  let found = here
    .ancestors()
    .map(|above| above.join(DIRECTORY))
    .find(|store| is_store(store));
  found.ok_or_else(|| {
    format!(
      "there is no journal `{DIRECTORY}` in `{}` nor above it: `--file PROGRAM` or `--store DIR` says where it is",
      here.display()
    )
  })
}

/// The id of the run with this name: its id, the beginning or the end of it, or `last`. Those that were asked for and not
/// begun have a name too.
///
/// # Errors
/// There is none, or more than one; or the journal can't be read. Said already.
pub fn run(store: &Path, name: &str) -> Result<String, Exit> {
  let found = ids(store).map_err(|error| (error.to_string(), Exit::Failed));
  let found = found.and_then(|ids| pick(&ids, name).map_err(|message| (message, Exit::Usage)));
  found.map_err(|(message, exit)| {
    terminal::say(&format!("{message}\n"));
    exit
  })
}

/// As `run`, of a journal that may not be there.
///
/// # Errors
/// As for `run`.
pub fn run_of(store: &Path, name: &str) -> Result<String, Exit> {
  match there(store.into()) {
    Ok(store) => run(&store, name),
    Err(message) => {
      terminal::say(&format!("{message}\n"));
      Err(Exit::Usage)
    }
  }
}

fn ids(store: &Path) -> Result<Vec<String>, JournalError> {
  let mut store = Store::open(store)?;
  let mut ids: Vec<String> = store.runs()?.into_iter().map(|run| run.id).collect();
  ids.extend(store.waiting()?.into_iter().map(|waiting| waiting.id));
  Ok(ids)
}

fn pick(ids: &[String], name: &str) -> Result<String, String> {
  if name == "last" {
    return ids.last().cloned().ok_or_else(|| "there are no runs".to_owned());
  }
  if ids.iter().any(|id| id == name) {
    return Ok(name.to_owned());
  }
  let short = name.len() < 4 && !name.is_empty();
  let meant: Vec<&String> = ids
    .iter()
    .filter(|id| id.starts_with(name) || id.ends_with(name))
    .collect();
  match meant[..] {
    [id] if !short => Ok(id.clone()),
    [] => Err(format!("there is no run `{name}`; `orch runs` lists them")),
    [_] => Err(format!(
      "`{name}` is too short for the name of a run: 4 characters at least"
    )),
    _ => Err(format!("`{name}` can be any of these runs:\n{}", listed(&meant))),
  }
}

fn listed(ids: &[&String]) -> String {
  let lines: Vec<String> = ids.iter().rev().take(LISTED).map(|id| format!("  {id}")).collect();
  let more = match ids.len().saturating_sub(LISTED) {
    0 => String::new(),
    more => format!("\n  ... and {more} more"),
  };
  format!("{}{more}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn a_run_is_named_by_either_end_of_its_id() {
    let ids = ["0193aaaa-1111", "0193aaaa-2222", "7777bbbb-2222"].map(String::from);
    let picked = |name: &str| pick(&ids, name);
    assert_eq!(picked("last"), Ok("7777bbbb-2222".into()));
    assert_eq!(picked("0193aaaa-1111"), Ok("0193aaaa-1111".into()));
    assert_eq!(picked("7777"), Ok("7777bbbb-2222".into()));
    assert_eq!(picked("1111"), Ok("0193aaaa-1111".into()));
    assert!(picked("0193").expect_err("two").contains("any of these"));
    assert!(picked("777").expect_err("short").contains("too short"));
    assert!(picked("nine").expect_err("none").contains("no run"));
  }
}
