//! What a process may touch, enforced by the kernel: Landlock. A thread of its own gives up all other rights, then
//! starts the process, which inherits what is left. Knows nothing of what the process does with it.

use std::{io, path::Path};

use tokio::process::{Child, Command};

use crate::protocol::Permit;

/// What every process may read: programs, libraries and settings of the system.
#[cfg(target_os = "linux")]
const SYSTEM: &[&str] = &[
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/nix/store",
  "/etc",
  // often a link to elsewhere
  "/etc/resolv.conf",
  "/proc",
  "/dev/random",
  "/dev/urandom",
];

/// What every process may read and write.
#[cfg(target_os = "linux")]
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full"];

/// Why a process with a permit was not started.
#[derive(Debug)]
pub(super) enum Refusal {
  /// One sentence: nothing was tried.
  Unenforceable(String),
  /// The program can't be run.
  Spawn(io::Error),
}

/// What a process is given beside its permit.
#[derive(Debug)]
pub(super) struct Always<'a> {
  pub scratch: &'a Path,
  pub program: &'a Path,
}

/// Starts the process with no other rights than these. Must be called within a tokio runtime.
///
/// # Errors
/// The permit can't be enforced as it stands, or the program does not run.
pub(super) fn spawn(mut command: Command, permit: &Permit, always: &Always) -> Result<Child, Refusal> {
  let runtime = tokio::runtime::Handle::current();
  let restricted = || {
    let _entered = runtime.enter();
    landlock::restrict(permit, always).map_err(Refusal::Unenforceable)?;
    command.spawn().map_err(Refusal::Spawn)
  };
  std::thread::scope(|scope| {
    let ended = scope.spawn(restricted).join();
    ended.unwrap_or_else(|_| {
      Err(Refusal::Unenforceable(
        "the permit of the worker could not be set up".into(),
      ))
    })
  })
}

/// Whether the kernel can enforce permits, with TCP open or not.
///
/// # Errors
/// One sentence that says what it takes.
pub(super) fn enforceable(net: bool) -> Result<(), String> {
  landlock::enforceable(net)
}

/// A path of a permit that is not there.
#[cfg(target_os = "linux")]
fn missing(path: &Path) -> String {
  format!("`permit` names `{}`, which does not exist", path.display())
}

#[cfg(target_os = "linux")]
mod landlock {
  use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, path_beneath_rules,
  };

  use std::path::Path;

  use super::{Always, DEVICES, Permit, SYSTEM, missing};

  /// The first that knows all ways to change a file: Linux 6.2.
  const FILES: ABI = ABI::V3;
  /// The first that knows TCP: Linux 6.7.
  const NET: ABI = ABI::V4;

  /// Takes all other rights from this thread, for good.
  pub fn restrict(permit: &Permit, always: &Always) -> Result<(), String> {
    let all = AccessFs::from_all(FILES);
    let mut rules = ruleset(permit.net)?;
    let system = path_beneath_rules(SYSTEM, AccessFs::from_read(FILES));
    let own = path_beneath_rules([always.program], AccessFs::from_read(FILES));
    let devices = path_beneath_rules(DEVICES, all);
    let scratch = path_beneath_rules([always.scratch], all);
    rules = rules
      .add_rules(system.chain(own).chain(devices).chain(scratch))
      .map_err(broken)?;
    for path in &permit.read {
      rules = allow(rules, path, AccessFs::from_read(FILES))?;
    }
    for path in &permit.write {
      rules = allow(rules, path, all)?;
    }
    let status = rules.restrict_self().map_err(broken)?;
    if status.ruleset == RulesetStatus::FullyEnforced {
      return Ok(());
    }
    Err(lacking("files", "6.2"))
  }

  /// As `restrict` would begin, though nothing is taken from this thread.
  pub fn enforceable(net: bool) -> Result<(), String> {
    ruleset(net).map(drop)
  }

  fn ruleset(net: bool) -> Result<RulesetCreated, String> {
    let rules = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let mut rules = rules
      .handle_access(AccessFs::from_all(FILES))
      .map_err(|_| lacking("files", "6.2"))?;
    if !net {
      rules = rules
        .handle_access(AccessNet::from_all(NET))
        .map_err(|_| lacking("`net none`", "6.7"))?;
    }
    rules.create().map_err(broken)
  }

  fn allow(rules: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> Result<RulesetCreated, String> {
    let opened = PathFd::new(path).map_err(|_| missing(path))?;
    let access = if path.is_dir() {
      access
    } else {
      access & AccessFs::from_file(FILES)
    };
    rules.add_rule(PathBeneath::new(opened, access)).map_err(broken)
  }

  fn broken(error: landlock::RulesetError) -> String {
    format!("the permit of the worker can't be enforced: {error}")
  }

  fn lacking(what: &str, version: &str) -> String {
    format!(
      "this system can't enforce the `permit` of the worker: for {what} it takes Linux {version} with Landlock among its \
       security modules (`/sys/kernel/security/lsm`); without `permit` the worker runs without limits"
    )
  }
}

#[cfg(not(target_os = "linux"))]
mod landlock {
  use super::{Always, Permit};

  const LACKING: &str = "this system can't enforce the `permit` of the worker: it takes Linux 6.2; without `permit` the \
                         worker runs without limits";

  pub fn restrict(_: &Permit, _: &Always) -> Result<(), String> {
    Err(LACKING.into())
  }

  pub fn enforceable(_: bool) -> Result<(), String> {
    Err(LACKING.into())
  }
}
