//! A directory to run examples from, and what a run of one leaves.

use std::{
  collections::BTreeSet,
  fs,
  path::{Path, PathBuf},
  process::Command,
};

use orch::engine::{AttemptOutcome, Event, ExecutionId, Record};
use serde_json::Value;

/// Where the examples are.
pub fn examples() -> PathBuf {
  Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// An empty directory, which is also the home of who runs in it.
pub struct Room {
  directory: tempfile::TempDir,
  /// Looked into before `PATH`.
  pub tools: Option<PathBuf>,
}

/// A run that is over.
#[derive(Debug)]
pub struct Ran {
  pub exit: Option<i32>,
  /// What was printed, as JSON; null if nothing was.
  pub out: Value,
  pub err: String,
  pub records: Vec<Record>,
}

impl Room {
  pub fn new() -> Self {
    let directory = tempfile::tempdir().expect("a directory");
    Room { directory, tools: None }
  }

  pub fn path(&self) -> &Path {
    self.directory.path()
  }

  /// Writes a file below the directory.
  pub fn write(&self, name: &str, text: &str) -> PathBuf {
    let path = self.path().join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
    fs::write(&path, text).expect("a file");
    path
  }

  /// Writes a program; gives its directory. Another process does it: while this one has a file open for writing, a child
  /// that another test starts may have it too, and then it can't be run.
  pub fn program(&self, name: &str, text: &str) -> PathBuf {
    let path = self.path().join(name);
    let directory = path.parent().expect("a parent").to_owned();
    fs::create_dir_all(&directory).expect("directories");
    let script = r#"printf '%s' "$2" > "$1" && chmod 755 "$1""#;
    let written = Command::new("sh")
      .args(["-c", script, "sh"])
      .arg(&path)
      .arg(text)
      .status();
    assert!(written.is_ok_and(|status| status.success()));
    directory
  }

  /// A copy of an example of one file, with one text put in another's place.
  pub fn changed(&self, name: &str, text: &str, other: &str) -> PathBuf {
    let whole = fs::read_to_string(examples().join(name)).expect("an example");
    assert!(whole.contains(text), "`{text}` is not in {name}");
    self.write(name, &whole.replace(text, other))
  }

  /// Runs an example, `words` behind it.
  pub fn run(&self, name: &str, words: &[&str]) -> Ran {
    self.run_file(&examples().join(name), words)
  }

  pub fn run_file(&self, file: &Path, words: &[&str]) -> Ran {
    let events = self.path().join("events.jsonl");
    let inherited = std::env::var("PATH").unwrap_or_default();
    let path = match &self.tools {
      Some(tools) => format!("{}:{inherited}", tools.display()),
      None => inherited,
    };
    let output = Command::new(env!("CARGO_BIN_EXE_orch"))
      .arg("run")
      .arg(file)
      .args(words)
      .arg("--events")
      .arg(&events)
      .current_dir(self.path())
      .env("HOME", self.path())
      .env("PATH", path)
      .output()
      .expect("orch runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let out = text(output.stdout);
    let records = fs::read_to_string(&events).unwrap_or_default();
    Ran {
      exit: output.status.code(),
      out: if out.is_empty() {
        Value::Null
      } else {
        serde_json::from_str(&out).expect("JSON on standard output")
      },
      err: text(output.stderr),
      records: records
        .lines()
        .map(|line| serde_json::from_str(line).expect("a record"))
        .collect(),
    }
  }
}

impl Ran {
  /// The value that it printed, after it has succeeded.
  pub fn value(&self) -> &Value {
    assert_eq!(self.exit, Some(0), "{}", self.err);
    &self.out
  }

  /// What each call is of, in the order in which they were asked for: execution, path, worker.
  fn calls(&self) -> impl Iterator<Item = (ExecutionId, &str, &str)> {
    self.records.iter().filter_map(|record| match &record.event {
      Event::AttemptRequested {
        execution,
        path,
        worker,
        ..
      } => Some((*execution, &**path, &**worker)),
      _ => None,
    })
  }

  fn call(&self, execution: ExecutionId) -> (&str, &str) {
    let found = self
      .calls()
      .find(|(id, ..)| *id == execution)
      .expect("a call that was asked for");
    (found.1, found.2)
  }

  /// The workers that ran, each once.
  pub fn workers(&self) -> BTreeSet<&str> {
    let started = self.records.iter().filter_map(|record| match &record.event {
      Event::AttemptStarted { execution, .. } => Some(self.call(*execution).1),
      _ => None,
    });
    started.collect()
  }

  /// `start PATH` and `end PATH` of every call, in order.
  pub fn story(&self) -> Vec<String> {
    let told = self.records.iter().filter_map(|record| match &record.event {
      Event::AttemptStarted { execution, .. } => Some(format!("start {}", self.call(*execution).0)),
      Event::AttemptEnded { execution, .. } => Some(format!("end {}", self.call(*execution).0)),
      _ => None,
    });
    told.collect()
  }

  /// Whether one part of the story came before another; both are in it.
  pub fn is_before(&self, first: &str, second: &str) -> bool {
    let story = self.story();
    let at = |part: &str| {
      story
        .iter()
        .position(|told| told == part)
        .unwrap_or_else(|| panic!("no `{part}` in {story:?}"))
    };
    at(first) < at(second)
  }

  /// How often a worker answered.
  pub fn answers(&self, worker: &str) -> usize {
    let answered = self.records.iter().filter(|record| match &record.event {
      Event::AttemptEnded {
        execution,
        outcome: AttemptOutcome::Ok(_),
      } => self.call(*execution).1 == worker,
      _ => false,
    });
    answered.count()
  }

  /// The most executions of some workers that were admitted at once.
  pub fn peak(&self, of: impl Fn(&str) -> bool) -> usize {
    let (mut now, mut peak) = (0_usize, 0);
    for record in &self.records {
      match &record.event {
        Event::Admitted { execution } if of(self.call(*execution).1) => now += 1,
        Event::AttemptEnded { execution, .. } if of(self.call(*execution).1) => now -= 1,
        _ => {}
      }
      peak = peak.max(now);
    }
    peak
  }
}
