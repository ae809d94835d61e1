//! A directory for one test, `orch` started in it, and what it left behind.

use std::{
  path::Path,
  process::{Child, Command, Output, Stdio},
  time::{Duration, Instant},
};

use nix::{
  sys::signal::{Signal, kill},
  unistd::Pid,
};

/// No test waits longer for anything: whoever reaches it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Room(tempfile::TempDir);

impl Room {
  pub fn with(files: &[(&str, &str)]) -> Room {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
      std::fs::write(directory.path().join(name), text).expect("a file");
    }
    std::fs::create_dir(directory.path().join("tmp")).expect("a directory for scratch");
    Room(directory)
  }

  pub fn path(&self) -> &Path {
    self.0.path()
  }

  pub fn command(&self, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orch"));
    command
      .args(words)
      .current_dir(self.path())
      .env("LC_ALL", "C.UTF-8")
      .env("TMPDIR", self.path().join("tmp"))
      .env_remove("NO_COLOR");
    command
  }

  pub fn orch(&self, words: &[&str]) -> Seen {
    self.command(words).output().expect("orch runs").into()
  }

  /// With more environment variables.
  pub fn orch_with(&self, variables: &[(&str, &str)], words: &[&str]) -> Seen {
    let mut command = self.command(words);
    command
      .envs(variables.iter().copied())
      .output()
      .expect("orch runs")
      .into()
  }

  /// Runs a line of shell in which `$ORCH` is the binary.
  pub fn shell(&self, script: &str) -> Seen {
    let mut command = Command::new("sh");
    let command = command.args(["-c", script]).current_dir(self.path());
    let output = command.env("ORCH", env!("CARGO_BIN_EXE_orch")).output();
    output.expect("sh runs").into()
  }

  /// Starts `orch` and waits until a worker has made this file.
  pub fn start(&self, words: &[&str], mark: &str) -> Child {
    let mut command = self.command(words);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("orch starts");
    until("a worker has started", || self.path().join(mark).exists());
    child
  }

  /// Nothing that was started here is alive, and no scratch directory is left.
  pub fn assert_left_clean(&self) {
    assert_eq!(self.processes(), Vec::<String>::new());
    assert_eq!(self.scratch(), 0);
  }

  /// Waits until that holds, for a guard needs a moment.
  pub fn await_clean(&self) {
    until("nothing is left", || self.processes().is_empty() && self.scratch() == 0);
  }

  fn scratch(&self) -> usize {
    self.path().join("tmp").read_dir().expect("the directory").count()
  }

  /// The workers that are alive: each knows the room's path from its environment. One that has ended has none.
  fn processes(&self) -> Vec<String> {
    let mark = self.path().join("tmp").to_string_lossy().into_owned();
    let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
    let marked = entries.filter(|entry| {
      let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
      String::from_utf8_lossy(&environment).contains(&mark)
    });
    marked
      .map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default())
      .collect()
  }
}

pub fn signal(child: &Child, signal: Signal) {
  let id = Pid::from_raw(i32::try_from(child.id()).expect("an id"));
  kill(id, signal).expect("a signal");
}

pub fn until(what: &str, holds: impl Fn() -> bool) {
  let start = Instant::now();
  while !holds() {
    assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
    std::thread::sleep(Duration::from_millis(5));
  }
}

pub fn json(text: &str) -> serde_json::Value {
  serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[derive(Debug)]
pub struct Seen {
  pub exit: Option<i32>,
  pub out: String,
  pub err: String,
}

impl From<Output> for Seen {
  fn from(output: Output) -> Seen {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Seen {
      exit: output.status.code(),
      out: text(output.stdout),
      err: text(output.stderr),
    }
  }
}
