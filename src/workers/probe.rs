//! What workers would find if they were started now: their programs, their secrets, who watches over them, and whether
//! the kernel can bound them. Starts no worker.

use std::{
  path::{Path, PathBuf},
  process::{Command, Stdio},
};

use super::{environment, guard, launch, permit};

/// Where the program of a worker in this directory is, with the `PATH` of orch.
///
/// # Errors
/// One sentence that names the program and says why it would not run.
pub fn program(name: &str, directory: &Path) -> Result<PathBuf, String> {
  launch::find(name, directory, std::env::var_os("PATH").as_deref())
}

/// Whether the secret in this variable of orch's own environment is there, and can be kept.
///
/// # Errors
/// One sentence that says why not, without the secret.
pub fn secret(variable: &str) -> Result<(), String> {
  environment::secret(variable).map(drop)
}

/// Whether the kernel can enforce a `permit`, with or without TCP.
///
/// # Errors
/// One sentence that says what it takes.
pub fn permits(net: bool) -> Result<(), String> {
  permit::enforceable(net)
}

/// Whether the guard can be started and ends when it is left alone.
///
/// # Errors
/// One sentence that says why not.
pub fn guarded() -> Result<(), String> {
  let program =
    guard::guard_program().map_err(|error| format!("the system does not say which program orch is: {error}"))?;
  let mut command = Command::new(program);
  command.arg(guard::GUARD_COMMAND);
  command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
  match command.status() {
    Ok(status) if status.success() => Ok(()),
    Ok(status) => Err(format!(
      "the guard that ends workers of a killed orch does not run: {status}"
    )),
    Err(error) => Err(format!(
      "the guard that ends workers of a killed orch can't be started: {error}"
    )),
  }
}
