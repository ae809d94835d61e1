//! Who watches a run that is driven: shows how it goes on standard error, writes its records, prints what it returns, and
//! says how the command ends. The same for a run that begins and one that goes on. Knows nothing of how it is driven.
#![expect(
  clippy::disallowed_methods,
  reason = "this is the door through which records are written"
)]

use std::{
  fs::File,
  io::{self, BufWriter, Write},
  path::PathBuf,
  sync::Arc,
  thread::JoinHandle,
};

use clap::{Args, ValueEnum};

use super::{
  report,
  summary::{End, Summary},
  view::View,
};
use crate::{
  cli::{
    exit::Exit,
    terminal::{self, Color},
  },
  driver::RunOutcome,
  engine::Record,
  session::{self, Earlier, Order, Recorded, RunError},
};

/// What a command shows of a run.
#[derive(Args, Debug)]
pub struct Watching {
  /// What goes to standard error: text for people, or JSON lines (the records, then one summary)
  #[arg(long, value_enum, default_value_t)]
  pub format: Format,
  /// Say nothing on standard error but why a run failed
  #[arg(long, short)]
  pub quiet: bool,
  /// Write the run's records to a file as JSON lines, as they happen
  #[arg(long, value_name = "FILE")]
  pub events: Option<PathBuf>,
  /// Exit with 4 if the run succeeded but failures were taken on the way
  #[arg(long)]
  pub strict: bool,
  /// When to use colours
  #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
  pub color: Color,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
  #[default]
  Human,
  Json,
}

/// Drives a run: given who is shown each record, and who is told what is waited for.
type Drive<'a> = dyn FnMut(&mut dyn FnMut(&Record), &mut dyn FnMut(&str)) -> Result<RunOutcome, RunError> + 'a;

/// What earlier records come to, as far as they can be read.
fn fold(earlier: &Earlier) -> (Summary, Result<(), RunError>) {
  let mut summary = Summary::default();
  let read = earlier.read(|record| summary.add(record));
  (summary, read)
}

/// Follows a run by its records.
pub struct Watcher<'a> {
  watching: &'a Watching,
  store: PathBuf,
  summary: Summary,
  /// What was recorded before, as long as it is read: what follows waits for it.
  earlier: Option<JoinHandle<(Summary, Result<(), RunError>)>>,
  since: Vec<Record>,
  view: View,
  events: Option<BufWriter<File>>,
}

impl<'a> Watcher<'a> {
  /// `store` is the directory of the journal.
  ///
  /// # Errors
  /// One line: the file of records can't be written.
  pub fn new(watching: &'a Watching, store: PathBuf) -> Result<Self, String> {
    let events = watching.events.as_deref().map(|path| {
      let file = File::create(path).map_err(|error| format!("can't write to `{}`: {error}", path.display()));
      file.map(BufWriter::new)
    });
    Ok(Self {
      watching,
      store,
      summary: Summary::default(),
      earlier: None,
      since: Vec::new(),
      view: View::new(watching),
      events: events.transpose()?,
    })
  }

  /// Takes what is known of the run from before.
  pub fn recall(&mut self, recorded: Recorded) {
    match recorded {
      Recorded::All(records) => records.iter().for_each(|record| self.summary.add(record)),
      Recorded::Earlier(earlier) => self.earlier = Some(std::thread::spawn(move || fold(&earlier))),
    }
  }

  /// Watches it to its end, and says what came of it.
  pub fn watch(
    mut self,
    order: &Order,
    mut drive: impl FnMut(&mut dyn FnMut(&Record), &mut dyn FnMut(&str)) -> Result<RunOutcome, RunError>,
  ) -> Exit {
    let drive: &mut Drive = &mut drive;
    let ran = drive(&mut |record| self.take(record), &mut |text| {
      terminal::say(&format!("{text}\n"));
    });
    session::end_when_interrupted();
    self.catch_up();
    self.view.end();
    match ran {
      Ok(RunOutcome::Undecided(steps)) => self.summary.end = Some(End::Undecided(steps)),
      Ok(_) => {}
      Err(error) => return refused(&error),
    }
    self.end(order)
  }

  /// Says what came of the run.
  pub fn end(&self, order: &Order) -> Exit {
    self.report();
    self.result(order)
  }

  fn take(&mut self, record: &Record) {
    match &self.earlier {
      Some(earlier) if !earlier.is_finished() => self.since.push(record.clone()),
      _ => {
        self.catch_up();
        self.show(record);
      }
    }
    self.write(record);
  }

  fn show(&mut self, record: &Record) {
    self.summary.add(record);
    self.view.show(record, &self.summary);
  }

  /// Waits for what was recorded before, and shows what has followed since.
  fn catch_up(&mut self) {
    let Some(earlier) = self.earlier.take() else { return };
    let (summary, read) = earlier.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    self.summary = summary;
    if let Err(error) = read {
      terminal::say(&format!("what was recorded before can't be read: {error}\n"));
    }
    for record in std::mem::take(&mut self.since) {
      self.show(&record);
    }
  }

  fn write(&mut self, record: &Record) {
    if let Some(events) = &mut self.events {
      let written = serde_json::to_writer(&mut *events, record).map_err(io::Error::from);
      let written = written
        .and_then(|()| events.write_all(b"\n"))
        .and_then(|()| events.flush());
      if let Err(error) = written {
        self.events = None;
        terminal::say(&format!("can't write events any longer: {error}\n"));
      }
    }
  }

  fn report(&self) {
    let journal = self.store.display().to_string();
    if self.watching.format == Format::Json {
      if self.watching.quiet && !matches!(self.summary.end, Some(End::Failed(_))) {
        return;
      }
      let document = serde_json::to_string(&report::Document::new(&self.summary, &journal));
      terminal::say(&format!("{}\n", document.unwrap_or_default()));
      return;
    }
    if let Some(End::Failed(failure)) = &self.summary.end {
      terminal::say(&report::failure(failure));
    }
    if !self.watching.quiet {
      terminal::say(&report::summary(&self.summary, &journal));
    }
  }

  /// Prints the value returned, pretty wherever it goes.
  fn result(&self, order: &Order) -> Exit {
    match &self.summary.end {
      Some(End::Succeeded(value)) => {
        let value = match session::shown(order, value) {
          Ok(value) => value,
          Err(reason) => {
            terminal::say(&format!("the result can't be shown: {reason}\n"));
            return Exit::Failed;
          }
        };
        let text = serde_json::to_string_pretty(&value).unwrap_or_default();
        let printed = terminal::print(&format!("{text}\n"));
        let tolerated = self.watching.strict && self.summary.taken_count > 0;
        printed.max(if tolerated { Exit::Tolerated } else { Exit::Success })
      }
      Some(End::Failed(_)) => Exit::Failed,
      Some(End::Undecided(steps)) => self.undecided(steps),
      Some(End::Stopped) | None => {
        self.resumable();
        Exit::Interrupted
      }
    }
  }

  /// How the run goes on.
  fn resumable(&self) {
    if !self.watching.quiet && self.watching.format == Format::Human {
      terminal::say(&format!("go on with: {}\n", self.command("")));
    }
  }

  /// What waits for a decision, and how to decide.
  fn undecided(&self, steps: &[Arc<str>]) -> Exit {
    if self.watching.format == Format::Human {
      terminal::say(&undecided(steps));
      terminal::say(&format!(
        "  to make them once more: {}\n",
        self.command(" --rerun-unfinished")
      ));
      terminal::say(&format!(
        "  to count them as failed: {}\n",
        self.command(" --fail-unfinished")
      ));
    }
    Exit::Waiting
  }

  fn command(&self, options: &str) -> String {
    let run = self.summary.started.as_ref().map_or("", |started| &started.run);
    format!("orch resume {run} --store {}{options}", self.store.display())
  }
}

/// `2 calls were cut short, ...`, a line each.
fn undecided(steps: &[Arc<str>]) -> String {
  const LISTED: usize = 10;
  let (calls, wait) = match steps.len() {
    1 => ("1 call was".to_owned(), "it waits"),
    count => (format!("{count} calls were"), "they wait"),
  };
  let mut text = format!("\n{calls} cut short, and doing it twice may be harmful: {wait} for a decision\n");
  steps
    .iter()
    .take(LISTED)
    .for_each(|step| text += &format!("  {step}\n"));
  if steps.len() > LISTED {
    text += &format!("  ... and {} more\n", steps.len() - LISTED);
  }
  text
}

/// Says why there is no run, or none any longer.
pub fn refused(error: &RunError) -> Exit {
  terminal::say(&format!("{error}\n"));
  match error {
    RunError::Refused(_) => Exit::Refused,
    RunError::Broken(_) | RunError::Driven { .. } => Exit::Failed,
    RunError::Skipped(_) => Exit::Success,
  }
}
