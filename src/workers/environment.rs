//! The clean environment of a process. Knows nothing of how it is started.

use std::{
  ffi::{OsStr, OsString},
  path::Path,
};

use crate::protocol::{Identity, ProcessTask};

/// What a process gets from orch's own environment: where programs are, who the user is, which language they read.
#[derive(Clone, Debug)]
pub(super) struct Inherited(Vec<(&'static str, OsString)>);

impl Inherited {
  pub(super) fn from_orch() -> Self {
    let found = ["PATH", "HOME", "LANG"].into_iter();
    Self(found.filter_map(|name| Some((name, std::env::var_os(name)?))).collect())
  }
}

/// Everything that the process sees; where a name comes twice, the later one counts.
pub(super) fn variables(
  inherited: &Inherited,
  identity: &Identity,
  scratch: &Path,
  task: &ProcessTask,
) -> Vec<(OsString, OsString)> {
  let attempt = identity.attempt.to_string();
  let told: [(&str, &OsStr); 8] = [
    ("ORCH_RUN_ID", identity.run.as_ref().as_ref()),
    ("ORCH_TRACKER_ID", identity.tracker.as_ref().as_ref()),
    ("ORCH_STEP", identity.step.as_ref().as_ref()),
    ("ORCH_WORKER", identity.worker.as_ref().as_ref()),
    ("ORCH_ATTEMPT", attempt.as_ref()),
    ("ORCH_KEY", identity.key.as_ref().as_ref()),
    (SCRATCH, scratch.as_os_str()),
    ("TMPDIR", scratch.as_os_str()),
  ];
  let inherited = inherited.0.iter().map(|(name, value)| (name.into(), value.clone()));
  let told = told.into_iter().map(|(name, value)| (name.into(), value.into()));
  let own = task.env.iter().map(|(name, value)| (name.into(), value.into()));
  inherited.chain(told).chain(own).collect()
}

/// Names the private scratch directory; it also tells whose a process is.
pub(super) const SCRATCH: &str = "ORCH_SCRATCH";

/// The value of `name`, as the process will see it.
pub(super) fn lookup<'a>(variables: &'a [(OsString, OsString)], name: &str) -> Option<&'a OsStr> {
  variables
    .iter()
    .rev()
    .find(|(known, _)| known == name)
    .map(|(_, value)| value.as_os_str())
}
