//! The private scratch directory of one execution. Knows nothing of what is written there.

use std::{
  fs::Permissions,
  io,
  os::unix::fs::PermissionsExt,
  path::{Path, PathBuf},
  sync::Arc,
};

use tempfile::TempDir;

use crate::files;

use super::{group::Group, guard::Guard, reason};

/// A directory that is gone when this is: removed here, or by the guard if orch is killed.
pub(super) struct Scratch {
  path: PathBuf,
  guard: Option<Arc<Guard>>,
  removed: bool,
}

impl Scratch {
  /// Makes a directory for this user alone in `parent`; the guard knows of it before anything runs there.
  ///
  /// # Errors
  /// One sentence: it can't be made, or there is no guard.
  pub(super) fn create(parent: &Path, guard: Option<Arc<Guard>>) -> Result<Self, String> {
    let made = make(parent).map_err(|error| {
      format!(
        "no scratch directory can be made in `{}`: {}",
        parent.display(),
        reason(&error)
      )
    })?;
    if let Some(guard) = &guard {
      let entered = guard.enter(made.path());
      entered.map_err(|error| format!("the guard of processes can't be started: {}", reason(&error)))?;
    }
    Ok(Self {
      path: made.keep(),
      guard,
      removed: false,
    })
  }

  pub(super) fn path(&self) -> &Path {
    &self.path
  }

  /// Tells the guard which group runs here.
  pub(super) fn occupy(&self, group: Group) {
    if let Some(guard) = &self.guard {
      guard.occupy(&self.path, group);
    }
  }

  /// As dropping it, without keeping others waiting.
  pub(super) async fn remove(self) {
    let _ = tokio::task::spawn_blocking(move || drop(self)).await;
  }

  fn remove_now(&mut self) {
    if std::mem::replace(&mut self.removed, true) {
      return;
    }
    files::remove_tree(&self.path);
    if let Some(guard) = &self.guard {
      guard.leave(&self.path);
    }
  }
}

impl Drop for Scratch {
  fn drop(&mut self) {
    self.remove_now();
  }
}

fn make(parent: &Path) -> io::Result<TempDir> {
  let name = format!("{PREFIX}{}-", std::process::id());
  let private = Permissions::from_mode(0o700);
  tempfile::Builder::new()
    .prefix(&name)
    .permissions(private)
    .tempdir_in(std::path::absolute(parent)?)
}

/// What the name of every scratch directory begins with.
const PREFIX: &str = "orch-";

/// Whether this may be a scratch directory: the guard removes nothing else.
pub(super) fn is_scratch(path: &Path) -> bool {
  let name = path.file_name().and_then(|name| name.to_str());
  path.is_absolute() && name.is_some_and(|name| name.starts_with(PREFIX))
}
