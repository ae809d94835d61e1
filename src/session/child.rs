//! Runs that a run has dispatched: remembered in the store first, then carried out by a process of their own, which
//! outlives whoever asked for it.
#![expect(clippy::disallowed_methods, reason = "a child is a process with a log of its own")]

use std::{
  fs::{DirBuilder, OpenOptions},
  io,
  os::unix::fs::{DirBuilderExt, OpenOptionsExt},
  path::Path,
  process::{Command, Stdio},
  sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{Order, RunError, Variant, run, run::Given, stored::StoredRun};
use crate::{
  engine::{Child, RunStarted},
  journal::{Journal, JournalError, Store, Waiting},
  workers,
};

/// The hidden subcommand: `orch __child STORE RUN` carries out a run that was dispatched.
pub const CHILD_COMMAND: &str = "__child";

/// What a dispatched run needs to begin.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
  child: Child,
  parent: Arc<str>,
  profile: Option<String>,
  set: Vec<(String, String)>,
  directory: Arc<str>,
}

/// Remembers the run, then starts a process that carries it out. Asked for again, nothing happens.
///
/// # Errors
/// It can't be remembered.
pub(super) fn dispatch(store: &mut Store, at: &Path, parent: &RunStarted, child: &Child) -> Result<(), JournalError> {
  let asked = Asked {
    child: child.clone(),
    parent: parent.run.clone(),
    profile: parent.profile.as_deref().map(str::to_owned),
    set: parent
      .set
      .iter()
      .map(|(name, text)| (name.to_string(), text.to_string()))
      .collect(),
    directory: parent.directory.clone(),
  };
  store.ask(&Waiting {
    id: child.run.to_string(),
    parent: parent.run.to_string(),
    orchestrator: child.orchestrator.to_string(),
    asked: jiff::Timestamp::now().to_string(),
    order: serde_json::to_string(&asked).unwrap_or_default(),
  })?;
  // One that can't be started now is still remembered, and listed as waiting.
  let _ = start(at, &child.run);
  Ok(())
}

/// A process of its own: it sees no Ctrl-C and no end of this one.
fn start(store: &Path, run: &str) -> io::Result<()> {
  let store = std::path::absolute(store)?;
  let logs = store.join("logs").join(run);
  DirBuilder::new().recursive(true).mode(0o700).create(&logs)?;
  let log = OpenOptions::new()
    .create(true)
    .append(true)
    .mode(0o600)
    .open(logs.join("orch.log"))?;
  let mut command = Command::new(workers::guard_program()?);
  command.arg(CHILD_COMMAND).arg(&store).arg(run);
  command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
  command.spawn().map(drop)
}

/// Carries out a run that is remembered; nothing happens if somebody has begun it.
///
/// # Errors
/// It can't begin, or the journal can't be written.
pub fn run_child(store: &Path, id: &str) -> Result<(), RunError> {
  // Who leads a group already stays in it.
  let _ = nix::unistd::setsid();
  match waiting(store, id)? {
    Some(order) => run(&order, &mut |_| {}, &mut |_| {}).map(drop),
    None => Ok(()),
  }
}

/// A run that was dispatched and that nobody has begun, as an order.
///
/// # Errors
/// The store can't be read, or this orch can't carry out its program.
pub fn waiting(store: &Path, id: &str) -> Result<Option<Order>, RunError> {
  let broken = |error: JournalError| RunError::Broken(error.to_string());
  let mut journal = Store::open(store).map_err(broken)?;
  let waiting = journal.waiting().map_err(broken)?;
  let Some(waiting) = waiting.into_iter().find(|waiting| waiting.id == id) else {
    return Ok(None);
  };
  let modules = journal.bundle(&waiting.parent).map_err(broken)?;
  let asked: Asked = serde_json::from_str(&waiting.order).map_err(|error| RunError::Broken(error.to_string()))?;
  order(store, modules, asked).map(Some)
}

fn order(store: &Path, modules: Vec<(String, String)>, asked: Asked) -> Result<Order, RunError> {
  let stored = StoredRun {
    store,
    modules,
    variant: Variant {
      profile: asked.profile,
      set: asked.set,
      test: None,
    },
    directory: &asked.directory,
    orchestrator: &asked.child.orchestrator,
    arguments: &asked.child.arguments,
    seed: asked.child.seed,
  };
  Ok(Order {
    given: Some(Given {
      run: asked.child.run.clone(),
      tracker: asked.child.tracker.clone(),
      parent: asked.parent.clone(),
      directory: asked.directory.clone(),
    }),
    ..stored.order()?
  })
}
