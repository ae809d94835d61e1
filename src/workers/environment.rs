//! The clean environment of a process. Knows nothing of how it is started.

use std::{
  ffi::{OsStr, OsString},
  path::Path,
};

use crate::{
  protocol::{EnvText, Identity, ProcessTask},
  value::SecretPart,
};

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
///
/// # Errors
/// A secret is not there: one sentence that names its variable.
pub(super) fn variables(
  inherited: &Inherited,
  identity: &Identity,
  scratch: &Path,
  task: &ProcessTask,
) -> Result<Vec<(OsString, OsString)>, String> {
  let attempt = identity.attempt.to_string();
  let told: [(&str, &OsStr); 8] = [
    (RUN, identity.run.as_ref().as_ref()),
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
  let own = task.env.iter().map(|(name, value)| Ok((name.into(), text(value)?)));
  inherited.chain(told).map(Ok).chain(own).collect()
}

/// The text with its secrets put in.
fn text(written: &EnvText) -> Result<OsString, String> {
  let mut text = OsString::new();
  for part in written.0.iter() {
    match part {
      SecretPart::Text(own) => text.push(&**own),
      SecretPart::Variable(name) => text.push(secret(name)?),
    }
  }
  Ok(text)
}

/// What orch's own environment holds under the name of a secret.
///
/// # Errors
/// One sentence: it is not there, or too short to be kept secret.
pub(super) fn secret(name: &str) -> Result<OsString, String> {
  match std::env::var_os(name) {
    None => Err(format!("the secret in the environment variable `{name}` is not set")),
    Some(value) if value.len() < SHORTEST => Err(format!(
      "the secret in the environment variable `{name}` is shorter than {SHORTEST} characters: it can't be kept secret"
    )),
    Some(value) => Ok(value),
  }
}

/// A shorter secret would stand in any text by chance.
const SHORTEST: usize = 4;

/// Names the private scratch directory; it also tells whose a process is.
pub(super) const SCRATCH: &str = "ORCH_SCRATCH";
/// The run that it serves.
pub(super) const RUN: &str = "ORCH_RUN_ID";

/// The value of `name`, as the process will see it.
pub(super) fn lookup<'a>(variables: &'a [(OsString, OsString)], name: &str) -> Option<&'a OsStr> {
  variables
    .iter()
    .rev()
    .find(|(known, _)| known == name)
    .map(|(_, value)| value.as_os_str())
}
