//! `orch logs`: what the workers of a run wrote to standard error.
#![expect(clippy::disallowed_methods, reason = "logs are files")]

use std::{
  collections::BTreeMap,
  fmt::Write,
  fs::File,
  io::{Read, Seek, SeekFrom},
  path::PathBuf,
  sync::Arc,
};

use clap::Args;

use super::{
  exit::Exit,
  follow::Follow,
  past::{Past, Which},
  terminal,
};
use crate::{
  diagnostics::render::harmless,
  engine::{Event, ExecutionId, Record},
  history::{Attempt, History, Step},
  workers::log_file,
};

/// Bytes of a log that are read at once.
const PIECE: u64 = 1 << 20;

/// Shows what the workers of a run wrote to standard error
#[derive(Args)]
pub struct Options {
  #[command(flatten)]
  which: Which,
  /// Only of this step and what is inside it
  step: Option<String>,
  /// Only of this attempt, from 1
  #[arg(long, value_name = "N")]
  attempt: Option<u32>,
  /// Shows what they write from now on as well, until the run ends or nobody drives it
  #[arg(long, short)]
  follow: bool,
}

pub fn main(options: &Options) -> Exit {
  let past = match options.which.read() {
    Ok(past) => past,
    Err(exit) => return exit,
  };
  if options.follow && past.damage.is_none() {
    return follow(options, &past).unwrap_or_else(|exit| exit);
  }
  let history = History::of(&past.records);
  let mut text = String::new();
  for step in history.steps.values().filter(|step| is_about(options, &step.path)) {
    for attempt in step
      .attempts
      .iter()
      .filter(|attempt| is_number(options, attempt.number))
    {
      let mut log = Log::of(&past, step, attempt);
      log.read_all(&mut |piece| text.push_str(piece));
    }
  }
  if text.is_empty() {
    terminal::say("no worker that is meant has written anything to standard error\n");
    return past.end(Exit::Success);
  }
  past.end(terminal::print(&text))
}

/// Logs of calls that have ended are shown whole, in the order of their ends; then those that run are looked at again and
/// again.
fn follow(options: &Options, past: &Past) -> Result<Exit, Exit> {
  let mut follow = Follow::after(past)?;
  let mut open = Open::default();
  let mut shown = open.take(options, past, &past.records);
  loop {
    let look = follow.look()?;
    shown = shown.max(open.take(options, past, &look.records));
    if look.is_last {
      return Ok(shown.max(open.finish()));
    }
    shown = shown.max(open.show());
    if shown != Exit::Success || !follow.pause() {
      return Ok(shown);
    }
  }
}

fn is_about(options: &Options, path: &str) -> bool {
  options.step.as_deref().is_none_or(|name| is_inside(path, name))
}

fn is_number(options: &Options, number: u32) -> bool {
  options.attempt.is_none_or(|wanted| wanted == number)
}

/// Whether the step is this one, or inside it.
pub fn is_meant(step: &Step, name: Option<&str>) -> bool {
  name.is_none_or(|name| is_inside(&step.path, name))
}

fn is_inside(path: &str, name: &str) -> bool {
  let rest = path.strip_prefix(name);
  rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '!']))
}

/// The logs of calls that have not ended.
#[derive(Default)]
struct Open {
  logs: BTreeMap<ExecutionId, Log>,
  /// Whose log was shown last.
  last: Option<ExecutionId>,
}

impl Open {
  /// Takes records; what has ended is shown to its end.
  fn take(&mut self, options: &Options, past: &Past, records: &[Record]) -> Exit {
    let mut text = String::new();
    for record in records {
      match &record.event {
        Event::AttemptRequested {
          execution,
          path,
          attempt,
          copy_of,
          ..
        } if is_about(options, path) && is_number(options, *attempt) => {
          let log = Log::new(past, path.clone(), *attempt, copy_of.is_some());
          self.logs.insert(*execution, log);
        }
        Event::AttemptEnded { execution, .. } => {
          self.show_one(*execution, &mut text, true);
          self.logs.remove(execution);
        }
        _ => {}
      }
    }
    terminal::print(&text)
  }

  fn show(&mut self) -> Exit {
    self.show_all(false)
  }

  fn finish(&mut self) -> Exit {
    self.show_all(true)
  }

  fn show_all(&mut self, to_the_end: bool) -> Exit {
    let mut text = String::new();
    let open: Vec<ExecutionId> = self.logs.keys().copied().collect();
    for execution in open {
      self.show_one(execution, &mut text, to_the_end);
    }
    terminal::print(&text)
  }

  /// What is new of a log; with its head, unless it was shown last.
  fn show_one(&mut self, execution: ExecutionId, text: &mut String, to_the_end: bool) {
    let Some(log) = self.logs.get_mut(&execution) else {
      return;
    };
    log.headed &= self.last == Some(execution);
    let before = text.len();
    match to_the_end {
      true => log.read_all(&mut |piece| text.push_str(piece)),
      false => log.read_lines(&mut |piece| text.push_str(piece)),
    }
    if text.len() > before {
      self.last = Some(execution);
    }
  }
}

/// The log of one execution, and how far it was shown.
struct Log {
  file: PathBuf,
  path: Arc<str>,
  attempt: u32,
  copy: bool,
  /// In bytes.
  shown: u64,
  /// Whose it is was said.
  headed: bool,
}

impl Log {
  fn of(past: &Past, step: &Step, attempt: &Attempt) -> Log {
    Log::new(past, step.path.clone(), attempt.number, attempt.copy)
  }

  fn new(past: &Past, path: Arc<str>, attempt: u32, copy: bool) -> Log {
    Log {
      file: log_file(&past.store.join("logs"), &past.run, &path, attempt, copy),
      path,
      attempt,
      copy,
      shown: 0,
      headed: false,
    }
  }

  /// All that there is.
  fn read_all(&mut self, show: &mut dyn FnMut(&str)) {
    self.read(show, true);
  }

  /// Whole lines only.
  fn read_lines(&mut self, show: &mut dyn FnMut(&str)) {
    self.read(show, false);
  }

  fn read(&mut self, show: &mut dyn FnMut(&str), to_the_end: bool) {
    while let Some(bytes) = self.piece() {
      let lines = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
      let is_full = bytes.len() as u64 == PIECE;
      // a line without end is shown in pieces
      let all = if is_full { lines == 0 } else { to_the_end };
      let taken = if all { bytes.len() } else { lines };
      if taken == 0 {
        return;
      }
      self.shown += taken as u64;
      show(&self.text(&bytes[..taken]));
    }
  }

  /// What follows what was shown, so many bytes at most; `None`: nothing.
  fn piece(&self) -> Option<Vec<u8>> {
    let mut file = File::open(&self.file).ok()?;
    file.seek(SeekFrom::Start(self.shown)).ok()?;
    let mut bytes = Vec::new();
    file.take(PIECE).read_to_end(&mut bytes).ok()?;
    (!bytes.is_empty()).then_some(bytes)
  }

  fn text(&mut self, bytes: &[u8]) -> String {
    let mut text = String::new();
    if !std::mem::replace(&mut self.headed, true) {
      let copy = if self.copy { ", copy" } else { "" };
      let _ = writeln!(text, "== {}, attempt {}{copy}", harmless(&self.path), self.attempt);
    }
    for line in String::from_utf8_lossy(bytes).lines() {
      let _ = writeln!(text, "{}", harmless(line));
    }
    text
  }
}
