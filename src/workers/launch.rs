//! Starts a process, or says in one sentence why it can't be. Knows nothing of what becomes of it.

use std::{
  ffi::{OsStr, OsString},
  fs, io,
  path::{Path, PathBuf},
  process::Stdio,
};

use nix::{
  errno::Errno,
  unistd::{AccessFlags, access},
};
use tokio::process::{Child, Command};

use crate::protocol::ProcessTask;

use super::{
  environment::lookup,
  permit::{self, Always, Refusal},
  reason,
};

/// Starts the task in a process group of its own, in a clean environment, with pipes for all that is wanted.
///
/// # Errors
/// One sentence that names the program as it was written and what is wrong with it.
pub(super) fn start(task: &ProcessTask, scratch: &Path, variables: &[(OsString, OsString)]) -> Result<Child, String> {
  let [name, arguments @ ..] = task.argv.as_slice() else {
    return Err("there is no program to run".into());
  };
  check_text(name, arguments, variables)?;
  let directory = directory(task.cwd.as_deref().unwrap_or(scratch))?;
  let program = find(name, &directory, lookup(variables, "PATH"))?;
  let stdin = if task.stdin.is_empty() {
    Stdio::null()
  } else {
    Stdio::piped()
  };
  let mut command = Command::new(&program);
  command
    .arg0(name)
    .args(arguments)
    .current_dir(directory)
    .process_group(0);
  command
    .env_clear()
    .envs(variables.iter().map(|(name, value)| (name, value)));
  command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
  let Some(permit) = &task.permit else {
    return command.spawn().map_err(|error| refusal(name, &error));
  };
  let always = Always {
    scratch,
    program: &program,
  };
  permit::spawn(command, permit, &always).map_err(|refused| match refused {
    Refusal::Unenforceable(reason) => reason,
    Refusal::Spawn(error) if error.kind() == io::ErrorKind::PermissionDenied => {
      format!("`{name}` can't be run: its `permit` does not cover what starts it")
    }
    Refusal::Spawn(error) => refusal(name, &error),
  })
}

/// What no process can be given.
fn check_text(name: &str, arguments: &[String], variables: &[(OsString, OsString)]) -> Result<(), String> {
  if name.is_empty() {
    return Err("the name of the program is empty".into());
  }
  if name.contains('\0') {
    return Err(format!(
      "`{}` can't be run: its name contains a zero byte",
      name.replace('\0', "\\0")
    ));
  }
  if let Some(at) = arguments.iter().position(|argument| argument.contains('\0')) {
    return Err(format!("argument {} of `{name}` contains a zero byte", at + 1));
  }
  for (variable, value) in variables {
    let shown = variable.to_string_lossy();
    if shown.is_empty() || shown.contains(['=', '\0']) {
      return Err(format!(
        "`{}` is no name for an environment variable",
        shown.replace('\0', "\\0")
      ));
    }
    if value.as_encoded_bytes().contains(&0) {
      return Err(format!("the environment variable `{shown}` contains a zero byte"));
    }
  }
  Ok(())
}

fn directory(wanted: &Path) -> Result<PathBuf, String> {
  let shown = wanted.display();
  match fs::metadata(wanted) {
    Ok(found) if found.is_dir() => {}
    Ok(_) => return Err(format!("`{shown}` is not a directory")),
    Err(error) if error.kind() == io::ErrorKind::NotFound => {
      return Err(format!("the directory `{shown}` does not exist"));
    }
    Err(error) => return Err(format!("the directory `{shown}` can't be used: {}", reason(&error))),
  }
  std::path::absolute(wanted).map_err(|error| format!("the directory `{shown}` can't be used: {}", reason(&error)))
}

/// Where the program is: a name with a slash is a path from the working directory, any other stands in `PATH`.
pub(super) fn find(name: &str, directory: &Path, path: Option<&OsStr>) -> Result<PathBuf, String> {
  if name.contains('/') {
    let program = directory.join(name);
    return match fs::metadata(&program) {
      Err(error) if error.kind() == io::ErrorKind::NotFound => {
        Err(format!("`{name}` was not found in `{}`", directory.display()))
      }
      Err(error) => Err(format!("`{name}` can't be run: {}", reason(&error))),
      Ok(found) if found.is_dir() => Err(format!("`{name}` is a directory, not a program")),
      Ok(_) if !is_executable(&program) => Err(format!("`{name}` is not executable")),
      Ok(_) => Ok(program),
    };
  }
  let path = path.unwrap_or(OsStr::new("/usr/bin:/bin"));
  let places = std::env::split_paths(path).map(|place| directory.join(place).join(name));
  let files: Vec<PathBuf> = places.filter(|file| file.is_file()).collect();
  match files.iter().find(|file| is_executable(file)) {
    Some(program) => Ok(program.clone()),
    None if files.is_empty() => Err(format!("`{name}` was not found in PATH")),
    None => Err(format!("`{name}` is not executable")),
  }
}

fn is_executable(file: &Path) -> bool {
  access(file, AccessFlags::X_OK).is_ok()
}

/// Why a program that is there and executable does not run nonetheless.
fn refusal(name: &str, error: &io::Error) -> String {
  match Errno::from_raw(error.raw_os_error().unwrap_or_default()) {
    Errno::E2BIG => format!("the arguments and the environment of `{name}` are longer than the system allows"),
    Errno::ENOEXEC => format!("`{name}` is no program that this system can run; a script needs a first line `#!...`"),
    Errno::ENOENT => format!("`{name}` can't be run: the interpreter that it names does not exist"),
    Errno::ETXTBSY => format!("`{name}` can't be run: it is being written"),
    Errno::EMFILE | Errno::ENFILE => format!("`{name}` can't be run: too many files are open"),
    Errno::EAGAIN | Errno::ENOMEM => format!("`{name}` can't be run: the system has no room for another process"),
    _ => format!("`{name}` can't be run: {}", reason(error)),
  }
}
