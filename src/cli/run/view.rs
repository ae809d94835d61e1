//! Progress on standard error while a run goes on: a live picture on a terminal, lines elsewhere, JSON lines for
//! tools, or nothing.

use std::{collections::HashMap, io::IsTerminal, time::Duration};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{
  news::{Line, News},
  summary::{Group, Summary},
  watch::{Format, Watching},
  words,
};
use crate::{
  cli::terminal,
  engine::{Event, Record},
};

/// Bars of `each` steps on the screen at once.
const BARS: usize = 6;
/// Running workers named at once.
const NAMED: usize = 3;

pub enum View {
  Quiet,
  Json,
  Lines(News),
  Live(Live),
}

impl View {
  pub fn new(watching: &Watching) -> View {
    match watching.format {
      _ if watching.quiet => View::Quiet,
      Format::Json => View::Json,
      Format::Human if std::io::stderr().is_terminal() => View::Live(Live::new()),
      Format::Human => View::Lines(News::default()),
    }
  }

  /// Shows a record that `summary` has taken already.
  pub fn show(&mut self, record: &Record, summary: &Summary) {
    match self {
      View::Quiet => {}
      View::Json => {
        if let Ok(line) = serde_json::to_string(record) {
          terminal::say(&format!("{line}\n"));
        }
      }
      View::Lines(news) => {
        for line in news.of(record, summary) {
          terminal::say(&format!("{:>7}  {}\n", words::time(record.at.0), line.text));
        }
      }
      View::Live(live) => live.show(record, summary),
    }
  }

  /// Takes the live picture away.
  pub fn end(&mut self) {
    if let View::Live(live) = self {
      live.end();
    }
  }
}

/// Lines of trouble, and below them what runs and how far each `each` is.
pub struct Live {
  screen: MultiProgress,
  now: ProgressBar,
  bars: HashMap<String, ProgressBar>,
  news: News,
}

impl Live {
  fn new() -> Self {
    let screen = MultiProgress::new();
    let now = screen.add(ProgressBar::new_spinner());
    now.set_style(style("{spinner} {elapsed:>4}  {wide_msg}"));
    now.enable_steady_tick(Duration::from_millis(120));
    Self {
      screen,
      now,
      bars: HashMap::new(),
      news: News::default(),
    }
  }

  fn show(&mut self, record: &Record, summary: &Summary) {
    for Line { text, trouble } in self.news.of(record, summary) {
      if trouble {
        let _ = self.screen.println(text);
      }
    }
    if let Some(group) = record.event.path().and_then(|path| super::summary::group_of(path)) {
      self.bar(group, summary);
    }
    // what `stop when` cut never ends by itself
    let ended = matches!(
      record.event,
      Event::StepSucceeded { .. } | Event::StepFailed { .. } | Event::StepCancelled { .. }
    );
    let over = record.event.path().filter(|_| ended);
    let bar = over.and_then(|path| self.bars.remove(&**path));
    bar.iter().for_each(ProgressBar::finish_and_clear);
    self.now.set_message(running(summary));
  }

  fn bar(&mut self, name: &str, summary: &Summary) {
    let Some(Group { items, ended }) = summary.groups.get(name) else {
      return;
    };
    if !self.bars.contains_key(name) && self.bars.len() >= BARS {
      return;
    }
    let screen = &self.screen;
    let bar = self.bars.entry(name.to_owned()).or_insert_with(|| {
      let bar = screen.add(ProgressBar::new(*items));
      bar.set_style(style("        {bar:30} {pos} of {len}  {wide_msg}"));
      bar.set_message(words::short(name, 40));
      bar
    });
    bar.set_position(*ended);
    if ended == items {
      bar.finish_and_clear();
      self.bars.remove(name);
    }
  }

  fn end(&mut self) {
    self.bars.values().for_each(ProgressBar::finish_and_clear);
    self.now.finish_and_clear();
    let _ = self.screen.clear();
  }
}

fn style(template: &str) -> ProgressStyle {
  ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// `3 running, 12 done: analyzer verdicts[3], ...`
fn running(summary: &Summary) -> String {
  let mut text = format!("{} running, {} done", summary.running, summary.succeeded);
  if summary.taken_count > 0 {
    let plural = if summary.taken_count == 1 { "" } else { "s" };
    text.push_str(&format!(", {} failure{plural} taken", summary.taken_count));
  }
  let running = summary
    .executions
    .values()
    .filter(|execution| execution.admitted.is_some());
  let names: Vec<String> = running
    .take(NAMED)
    .map(|execution| words::short(&format!("{} {}", execution.worker, execution.path), 40))
    .collect();
  if !names.is_empty() {
    text.push_str(&format!(": {}", names.join(", ")));
  }
  text
}
