//! `orch runs clean`: takes old runs out of a journal. Knows nothing of how they are kept.
#![expect(clippy::disallowed_methods, reason = "how old a run is is what the clock says")]

use std::path::Path;

use clap::Args;

use super::{Line, State, age, for_people, lines};
use crate::{
  cli::{exit::Exit, journal::Place, terminal},
  files::Pruned,
  session::{self, Cleaned, RunError},
};

/// Takes runs out of the journal that have ended long ago, with their records and logs
///
/// Runs that have not ended stay, and so do those whose program a dispatched run still needs. Files that no run needs any
/// longer go too, unless some run goes on.
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
  /// Also what `cache` has kept, so long ago at least
  #[arg(long, value_name = "AGE", value_parser = age)]
  outcomes: Option<i64>,
  /// Only say which runs these are
  #[arg(long)]
  dry_run: bool,
}

pub fn main(options: &Options) -> Exit {
  let store = match options.place.directory() {
    Ok(store) => store,
    Err(exit) => return exit,
  };
  let lines = lines(&store).map_err(|error| RunError::Broken(error.to_string()));
  match lines.and_then(|lines| clean(options, &store, lines)) {
    Ok(said) => terminal::print(&said),
    Err(error) => {
      terminal::say(&format!("{error}\n"));
      Exit::Failed
    }
  }
}

fn clean(options: &Options, store: &Path, lines: Vec<Line>) -> Result<String, RunError> {
  let now = jiff::Timestamp::now().as_millisecond();
  let old = old(options, lines, now);
  if options.dry_run {
    return Ok(for_people(&old));
  }
  let ids: Vec<String> = old.into_iter().map(|line| line.run).collect();
  let outcomes = options.outcomes.map(|age| now.saturating_sub(age).saturating_add(1));
  session::clean(store, &ids, outcomes).map(|cleaned| said(&cleaned))
}

fn said(cleaned: &Cleaned) -> String {
  let mut said = match cleaned.runs {
    1 => "1 run was removed\n".to_owned(),
    count => format!("{count} runs were removed\n"),
  };
  match cleaned.outcomes {
    0 => {}
    1 => said += "1 kept outcome was removed\n",
    count => said += &format!("{count} kept outcomes were removed\n"),
  }
  match cleaned.files {
    None => said += "files stay, for some run goes on\n",
    Some(Pruned { files: 0, .. }) => {}
    Some(Pruned { files: 1, bytes }) => said += &format!("1 file that no run needs was removed ({bytes} bytes)\n"),
    Some(Pruned { files, bytes }) => {
      said += &format!("{files} files that no run needs were removed ({bytes} bytes)\n");
    }
  }
  said
}

/// Runs that have ended and may go.
fn old(options: &Options, mut lines: Vec<Line>, now: i64) -> Vec<Line> {
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
