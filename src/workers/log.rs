//! The log of one execution: a capped file, and its last 4 KiB in memory. Knows nothing of who writes it.

use std::{
  fs::{DirBuilder, File, OpenOptions},
  io::{self, Write},
  os::unix::fs::{DirBuilderExt, OpenOptionsExt},
  path::{Path, PathBuf},
};

use crate::protocol::Identity;

use super::{LARGEST_LOG, reason};

/// Kept for a failure, in bytes.
const TAIL: usize = 4 << 10;

/// A log being written. The file is made with its first byte.
pub(super) struct Log {
  path: Option<PathBuf>,
  file: Option<File>,
  written: u64,
  tail: Vec<u8>,
  /// Whether there was more than the tail.
  cut: bool,
}

impl Log {
  /// `None`: only the tail is kept.
  pub(super) fn new(path: Option<PathBuf>) -> Self {
    Self {
      path,
      file: None,
      written: 0,
      tail: Vec::new(),
      cut: false,
    }
  }

  /// Never fails: a log that can't be written says so in its tail, and the worker goes on.
  pub(super) fn write(&mut self, bytes: &[u8]) {
    if bytes.is_empty() {
      return;
    }
    if let Err(error) = self.write_file(bytes) {
      self.path = None;
      self.remember(format!("orch: the log could not be written: {}\n", reason(&error)).as_bytes());
    }
    self.remember(bytes);
  }

  fn write_file(&mut self, bytes: &[u8]) -> io::Result<()> {
    let Some(path) = &self.path else { return Ok(()) };
    let file = match &mut self.file {
      Some(file) => file,
      empty => empty.insert(create(path)?),
    };
    let room = LARGEST_LOG - self.written;
    let fits = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
    file.write_all(&bytes[..fits])?;
    self.written += fits as u64;
    if fits < bytes.len() {
      file.write_all(b"\norch: the log is larger than 8 MiB: the rest is not kept\n")?;
      self.path = None;
    }
    Ok(())
  }

  fn remember(&mut self, bytes: &[u8]) {
    self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL)..]);
    self.cut |= self.tail.len() > TAIL || bytes.len() > TAIL;
    if self.tail.len() > 2 * TAIL {
      self.tail.drain(..self.tail.len() - TAIL);
    }
  }

  /// The last 4 KiB, from a whole character on; what is no UTF-8 is shown as U+FFFD.
  pub(super) fn tail(&self) -> String {
    let kept = &self.tail[self.tail.len().saturating_sub(TAIL)..];
    let halves = kept
      .iter()
      .take(3)
      .take_while(|byte| self.cut && **byte & 0xC0 == 0x80)
      .count();
    let text = String::from_utf8_lossy(&kept[halves..]);
    text[text.ceil_char_boundary(text.len().saturating_sub(TAIL))..].to_owned()
  }
}

fn create(path: &Path) -> io::Result<File> {
  if let Some(directory) = path.parent() {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
  }
  OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

/// The file of an execution's log: `LOGS/RUN/STEP.ATTEMPT.log`, of a copy `STEP.ATTEMPT.copy.log`. Attempts count from 1.
pub fn log_file(logs: &Path, run: &str, step: &str, attempt: u32, copy: bool) -> PathBuf {
  let copy = if copy { ".copy" } else { "" };
  let name = format!("{}.{attempt}{copy}.log", safe(step));
  log_directory(logs, run).join(name)
}

/// The directory of all logs of a run.
pub fn log_directory(logs: &Path, run: &str) -> PathBuf {
  logs.join(safe(run))
}

/// The same, of one that is to be.
pub(super) fn file(logs: &Path, identity: &Identity) -> PathBuf {
  log_file(logs, &identity.run, &identity.step, identity.attempt, identity.copy)
}

/// A file name that tells `text`, and that no other text has: what had to be changed gets a piece of its hash.
fn safe(text: &str) -> String {
  let keep = |letter: char| letter.is_ascii_alphanumeric() || "-_[].".contains(letter);
  let mut name: String = text
    .chars()
    .take(80)
    .map(|letter| if keep(letter) { letter } else { '_' })
    .collect();
  if name.is_empty() || name.starts_with('.') {
    name.insert(0, '_');
  }
  // Where a file system does not tell upper case from lower, `A` and `a` are to be two logs as well.
  if name != text || name.contains(|letter: char| letter.is_ascii_uppercase()) {
    let hash = blake3::hash(text.as_bytes()).to_hex();
    name = format!("{name}-{}", &hash[..8]);
  }
  name
}

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn the_tail_begins_with_a_whole_character() {
    let mut log = Log::new(None);
    for _ in 0..10_000 {
      log.write("é€".as_bytes());
    }
    let tail = log.tail();
    assert!(tail.len() <= TAIL && tail.len() > TAIL - 4, "{}", tail.len());
    assert!(!tail.contains('\u{FFFD}'), "{tail}");
  }

  #[test]
  fn bytes_that_are_no_text_do_not_make_the_tail_longer() {
    let mut log = Log::new(None);
    log.write(&[0xFF; 20_000]);
    let tail = log.tail();
    assert!(tail.len() <= TAIL && !tail.is_empty());
    assert!(tail.chars().all(|letter| letter == '\u{FFFD}'));
  }

  #[test]
  fn names_are_safe_and_never_the_same() {
    let steps = [
      "a.b",
      "a/b",
      "a\\b",
      "../a",
      "A",
      "a",
      "",
      "kind.\"bug\"",
      "kind._bug_",
      "é",
      "x[3].y",
    ];
    let names: Vec<String> = steps.iter().map(|step| safe(step)).collect();
    for name in &names {
      assert!(
        !name.contains(['/', '\\', '"', '\0']) && !name.starts_with('.') && !name.is_empty(),
        "{name}"
      );
      assert_eq!(
        names.iter().filter(|other| other.eq_ignore_ascii_case(name)).count(),
        1,
        "{name}"
      );
    }
    assert!(safe(&"long".repeat(1000)).len() < 100);
    assert_eq!(safe("x[3].y"), "x[3].y");
  }

  #[test]
  fn a_log_that_cannot_be_written_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let mut log = Log::new(Some(file.join("below/x.log")));
    log.write(b"hello\n");
    assert!(
      log.tail().starts_with("orch: the log could not be written: "),
      "{}",
      log.tail()
    );
    assert!(log.tail().ends_with("hello\n"));
  }
}
