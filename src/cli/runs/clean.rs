//! `orch runs clean`: takes old runs out of a journal. Knows nothing of how they are kept.
#![expect(
  clippy::disallowed_methods,
  reason = "how old a run is is what the clock says, and logs are files"
)]

use std::{fs, path::Path};

use clap::Args;

use super::{Line, State, age, for_people, lines};
use crate::{
  cli::{exit::Exit, journal::Place, terminal},
  engine::Record,
  journal::{Entry, JournalError, Store},
  workers::log_directory,
};

/// Takes runs out of the journal that have ended long ago, with their records and logs
///
/// Runs that have not ended stay, and so do those whose program a dispatched run still needs. Outcomes that `cache` has kept
/// and the files of workers stay too.
#[derive(Args)]
pub struct Options {
  #[command(flatten)]
  place: Place,
  /// Only runs that began so long ago at least: `12h`, `30d`
  #[arg(long, value_name = "AGE", value_parser = age, default_value = "30d")]
  older_than: i64,
  /// Keep the latest ones, however old they are
  #[arg(long, value_name = "N", default_value_t = 0)]
  keep: usize,
  /// Only say which runs these are
  #[arg(long)]
  dry_run: bool,
}

pub fn main(options: &Options) -> Exit {
  let store = match options.place.directory() {
    Ok(store) => store,
    Err(exit) => return exit,
  };
  match lines(&store).and_then(|lines| clean(options, &store, lines)) {
    Ok(said) => terminal::print(&said),
    Err(error) => {
      terminal::say(&format!("{error}\n"));
      Exit::Failed
    }
  }
}

fn clean(options: &Options, store: &Path, lines: Vec<Line>) -> Result<String, JournalError> {
  let old = old(options, lines);
  if options.dry_run {
    return Ok(for_people(&old));
  }
  let ids: Vec<String> = old.into_iter().map(|line| line.run).collect();
  let removed = Store::open(store)?.remove(&ids, is_end)?;
  for run in &removed.runs {
    // a run without a log has no directory
    let _ = fs::remove_dir_all(log_directory(&store.join("logs"), run));
  }
  Ok(match removed.runs.len() {
    1 => "1 run was removed\n".to_owned(),
    count => format!("{count} runs were removed\n"),
  })
}

/// Runs that have ended and may go.
fn old(options: &Options, mut lines: Vec<Line>) -> Vec<Line> {
  let now = jiff::Timestamp::now().as_millisecond();
  lines.truncate(lines.len().saturating_sub(options.keep));
  lines.retain(|line| {
    let began = line
      .started
      .parse()
      .map_or(now, |at: jiff::Timestamp| at.as_millisecond());
    let over = matches!(line.state, State::Succeeded | State::Failed);
    over && now.saturating_sub(began) >= options.older_than
  });
  lines
}

fn is_end(entry: &Entry) -> bool {
  let record: Option<Record> = serde_json::from_str(&entry.body).ok();
  record.is_some_and(|record| record.event.is_final())
}
