//! What a worker says of itself on its log: lines that begin with `::orch`, and whether it says anything at all. Knows
//! nothing of pipes and processes.

use std::{
  sync::{Arc, Mutex, MutexGuard, PoisonError},
  time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::{
  protocol::Report,
  value::{Dollars, clip},
};

/// What a line begins with that is meant for orch.
const MARK: &str = "::orch";

/// A longer line is not read, in bytes.
const LONGEST: usize = 4 << 10;

/// Reports come no faster.
const PAUSE: Duration = Duration::from_secs(1);

/// Metrics that are kept, by name.
const MOST_METRICS: usize = 64;

/// A note is cut there, in characters.
const LONGEST_NOTE: usize = 200;

/// Heard by those who read the pipes, listened to by who attends the worker.
pub(super) struct Voice {
  heard: Mutex<Heard>,
  news: Notify,
}

struct Heard {
  /// The line so far; `None`: it is too long to be read.
  line: Option<Vec<u8>>,
  report: Report,
  /// Not told yet.
  is_new: bool,
  at: Instant,
}

impl Voice {
  pub(super) fn new() -> Arc<Voice> {
    Arc::new(Voice {
      heard: Mutex::new(Heard {
        line: Some(Vec::new()),
        report: Report::default(),
        is_new: false,
        at: Instant::now(),
      }),
      news: Notify::new(),
    })
  }

  /// Something was said, whatever it is.
  pub(super) fn sign_of_life(&self) {
    self.locked().at = Instant::now();
  }

  /// A piece of the log; the lines for orch in it that can't be understood.
  pub(super) fn hear(&self, bytes: &[u8]) -> Vec<String> {
    let mut heard = self.locked();
    let mut refused = Vec::new();
    let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
    while let Some(piece) = lines.next() {
      heard.append(piece);
      if lines.peek().is_some() {
        refused.extend(heard.end_line());
      }
    }
    if heard.is_new {
      self.news.notify_one();
    }
    refused
  }

  /// The log has ended, maybe within a line.
  pub(super) fn end(&self) -> Vec<String> {
    self.hear(b"\n")
  }

  /// Tells what is new, at most once in each pause; never ends.
  pub(super) async fn announce(&self, tell: &mut (dyn FnMut(Report) + Send)) {
    loop {
      self.news.notified().await;
      self.tell_rest(tell);
      tokio::time::sleep(PAUSE).await;
    }
  }

  /// Tells what was not told yet.
  pub(super) fn tell_rest(&self, tell: &mut (dyn FnMut(Report) + Send)) {
    let report = {
      let mut heard = self.locked();
      std::mem::take(&mut heard.is_new).then(|| heard.report.clone())
    };
    report.into_iter().for_each(tell);
  }

  /// Ends when nothing was said for so long.
  pub(super) async fn silence(&self, most: Duration) {
    loop {
      let at = self.locked().at;
      // a wait beyond what the clock can count is as good as a century
      let due = at.checked_add(most).unwrap_or(at + CENTURY);
      tokio::time::sleep_until(due).await;
      if self.locked().at == at {
        return;
      }
    }
  }

  fn locked(&self) -> MutexGuard<'_, Heard> {
    self.heard.lock().unwrap_or_else(PoisonError::into_inner)
  }
}

const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

impl Heard {
  fn append(&mut self, piece: &[u8]) {
    self.line = self.line.take().filter(|line| line.len() + piece.len() <= LONGEST);
    self.line.iter_mut().for_each(|line| line.extend_from_slice(piece));
  }

  /// The line, if it is for orch and can't be understood.
  fn end_line(&mut self) -> Option<String> {
    let line = self.line.replace(Vec::new())?;
    let line = String::from_utf8_lossy(&line);
    let said = line.trim().strip_prefix(MARK)?;
    if !said.starts_with(char::is_whitespace) {
      return None;
    }
    let Some(report) = add(&self.report, said) else {
      return Some(clip(line.trim(), LONGEST_NOTE).to_string());
    };
    self.report = report;
    self.is_new = true;
    None
  }
}

/// What was said until now, with a line more; `None` where any of it means nothing.
fn add(report: &Report, said: &str) -> Option<Report> {
  let mut report = report.clone();
  let mut rest = said.trim_start();
  while !rest.is_empty() {
    let (name, value) = rest.split_once('=')?;
    let (value, after) = match value.strip_prefix('"') {
      Some(quoted) => quoted.split_once('"')?,
      None => value.split_once(char::is_whitespace).unwrap_or((value, "")),
    };
    add_one(&mut report, name, value)?;
    rest = after.trim_start();
  }
  Some(report)
}

fn add_one(report: &mut Report, name: &str, value: &str) -> Option<()> {
  match name {
    "cost" => {
      let cost = Dollars::of(value.strip_prefix('$').unwrap_or(value).parse().ok()?)?;
      report.cost = Some(report.cost.unwrap_or_default().plus(cost));
    }
    "tokens" => {
      let tokens: u64 = value.parse().ok()?;
      report.tokens = Some(report.tokens.unwrap_or_default().saturating_add(tokens));
    }
    "progress" => report.progress = Some(share(value)?),
    "note" => report.note = Some(clip(value, LONGEST_NOTE).into()),
    name if is_name(name) => {
      let number: f64 = value.parse().ok().filter(|number: &f64| number.is_finite())?;
      if report.metrics.len() < MOST_METRICS || report.metrics.contains_key(name) {
        report.metrics.insert(name.into(), number);
      }
    }
    _ => return None,
  }
  Some(())
}

/// `0.4`, `40%` or `4/10`.
fn share(text: &str) -> Option<f64> {
  let share = match (text.strip_suffix('%'), text.split_once('/')) {
    (Some(percent), _) => percent.parse::<f64>().ok()? / 100.0,
    (None, Some((done, all))) => done.parse::<f64>().ok()? / all.parse::<f64>().ok()?,
    (None, None) => text.parse().ok()?,
  };
  (0.0..=1.0).contains(&share).then_some(share)
}

fn is_name(name: &str) -> bool {
  let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
  letters && name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.len() <= 64
}

#[cfg(test)]
mod tests {
  use super::*;

  fn said(text: &str) -> (Report, Vec<String>) {
    let voice = Voice::new();
    let mut refused = voice.hear(text.as_bytes());
    refused.extend(voice.end());
    let report = voice.locked().report.clone();
    (report, refused)
  }

  #[test]
  fn costs_and_tokens_add_up_and_the_rest_is_replaced() {
    let text = "hello\n::orch cost=0.1 tokens=300 progress=1/4 note=\"page 1\"\nother\r\n  ::orch cost=$0.20 rows=7\n\
                ::orch tokens=45 progress=50% rows=8\n";
    let (report, refused) = said(text);
    assert_eq!(refused, Vec::<String>::new());
    assert_eq!(report.cost, Dollars::of(0.3));
    assert_eq!((report.tokens, report.progress), (Some(345), Some(0.5)));
    assert_eq!(report.note.as_deref(), Some("page 1"));
    assert_eq!(report.metrics, [("rows".into(), 8.0)].into());
  }

  #[test]
  fn lines_are_read_however_they_are_cut() {
    let text = b"a\n::orch cost=0.5 note=\"x y\"\n::orch cost=0.25";
    for size in 1..text.len() {
      let voice = Voice::new();
      text.chunks(size).for_each(|piece| drop(voice.hear(piece)));
      voice.end();
      assert_eq!(voice.locked().report.cost, Dollars::of(0.75), "in pieces of {size}");
    }
  }

  #[test]
  fn a_line_that_means_nothing_says_nothing_at_all() {
    for line in [
      "::orch cost=-1",
      "::orch cost=0.1 tokens=1.5",
      "::orch progress=2",
      "::orch progress=1/0",
      "::orch cost",
      "::orch 9x=1",
      "::orch rows=many",
      "::orch note=\"open",
      "::orch rows=NaN",
    ] {
      assert_eq!(said(line), (Report::default(), vec![line.to_owned()]), "{line}");
    }
    for line in ["::orchestra cost=1", "say ::orch cost=1", "::error x", "::orch", ""] {
      assert_eq!(said(line), (Report::default(), Vec::new()), "{line}");
    }
  }

  #[test]
  fn a_line_that_never_ends_is_let_go() {
    let long = "x".repeat(3 * LONGEST);
    let (report, _) = said(&format!("::orch note={long}\n::orch tokens=1\n"));
    assert_eq!((report.note, report.tokens), (None, Some(1)));
  }

  #[tokio::test(start_paused = true)]
  async fn silence_counts_from_the_last_word() {
    let voice = Voice::new();
    let began = Instant::now();
    let talker = voice.clone();
    let talking = async move {
      for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(4)).await;
        talker.sign_of_life();
      }
    };
    tokio::join!(talking, voice.silence(Duration::from_secs(5)));
    assert_eq!(began.elapsed(), Duration::from_secs(17));
  }

  #[tokio::test(start_paused = true)]
  async fn news_are_told_once_a_second() {
    let voice = Voice::new();
    let mut told = Vec::new();
    let mut tell = |report: Report| told.push(report.tokens.unwrap_or_default());
    let talker = voice.clone();
    let talking = async move {
      for _ in 0..30 {
        talker.hear(b"::orch tokens=1\n");
        tokio::time::sleep(Duration::from_millis(100)).await;
      }
    };
    tokio::select! {
      () = talking => {}
      () = voice.announce(&mut tell) => {}
    }
    voice.tell_rest(&mut tell);
    voice.tell_rest(&mut tell);
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(told.last(), Some(&30));
  }
}
