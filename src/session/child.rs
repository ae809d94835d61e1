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

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Bundle, Order, RunError, Variant, check_variant, run, run::Given, stored::StoredFiles};
use crate::{
  engine::{Child, RunStarted},
  journal::{Journal, JournalError, Store, Waiting},
  value::{conform, from_json},
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
  let broken = |error: JournalError| RunError::Broken(error.to_string());
  let mut journal = Store::open(store).map_err(broken)?;
  let waiting = journal.waiting().map_err(broken)?;
  let Some(waiting) = waiting.into_iter().find(|waiting| waiting.id == id) else {
    return Ok(());
  };
  let modules = journal.bundle(&waiting.parent).map_err(broken)?;
  let asked: Asked = serde_json::from_str(&waiting.order).map_err(|error| RunError::Broken(error.to_string()))?;
  run(&order(store, modules, asked)?, &mut |_| {}, &mut |_| {})
}

fn order(store: &Path, modules: Vec<(String, String)>, asked: Asked) -> Result<Order, RunError> {
  let refused = |reason: String| RunError::Refused(reason);
  let bundle = Bundle::new(modules.clone());
  let files = StoredFiles::new(modules, Path::new(&*asked.directory));
  let variant = Variant {
    profile: asked.profile,
    set: asked.set,
    test: None,
  };
  let checked = check_variant(&files, files.root(), &variant).map_err(|error| refused(error.to_string()))?;
  let program = checked
    .program
    .ok_or_else(|| refused("the stored program is refused".into()))?;
  let name = &asked.child.orchestrator;
  let found = program.orchestrator_ids().find(|(_, declared)| declared.name == *name);
  let (orchestrator, declared) = found.ok_or_else(|| refused(format!("there is no orchestrator `{name}`")))?;
  let input = from_json(&asked.child.arguments).map_err(|error| refused(error.to_string()))?;
  let input = conform(&input, &declared.input).map_err(|mismatch| refused(mismatch.to_string()))?;
  let arguments: IndexMap<_, _> = input.as_record().cloned().unwrap_or_default();
  Ok(Order {
    root: files.root().to_path_buf(),
    bundle,
    variant,
    orchestrator,
    arguments,
    seed: Some(asked.child.seed),
    store: store.to_path_buf(),
    forget: false,
    given: Some(Given {
      run: asked.child.run,
      tracker: asked.child.tracker,
      parent: asked.parent,
      directory: asked.directory,
    }),
    program,
  })
}
