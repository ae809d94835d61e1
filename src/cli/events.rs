//! `orch events`: the records of a run, as they are.

use clap::Args;

use super::{exit::Exit, follow::Follow, past::Which, terminal};
use crate::engine::Record;

/// Shows the records of a run as JSON lines, as `orch run --events` writes them
#[derive(Args)]
pub struct Options {
  #[command(flatten)]
  which: Which,
  /// Only records of this event (`step_failed`), or about this step and what is inside it
  #[arg(long, value_name = "WORD")]
  filter: Vec<String>,
  /// Shows what follows as well, until the run ends or nobody drives it
  #[arg(long, short)]
  follow: bool,
}

pub fn main(options: &Options) -> Exit {
  let past = match options.which.read() {
    Ok(past) => past,
    Err(exit) => return exit,
  };
  let shown = terminal::print(&lines(options, &past.records));
  if !options.follow || past.damage.is_some() {
    return past.end(shown);
  }
  Follow::after(&past)
    .and_then(|follow| go_on(options, follow))
    .unwrap_or_else(|exit| exit)
}

fn go_on(options: &Options, mut follow: Follow) -> Result<Exit, Exit> {
  loop {
    let look = follow.look()?;
    let shown = terminal::print(&lines(options, &look.records));
    if look.is_last || shown != Exit::Success || !follow.pause() {
      return Ok(shown);
    }
  }
}

fn lines(options: &Options, records: &[Record]) -> String {
  let mut text = String::new();
  for record in records {
    let line = serde_json::to_string(record).unwrap_or_default();
    if options.filter.is_empty() || options.filter.iter().any(|word| is_about(record, &line, word)) {
      text.push_str(&line);
      text.push('\n');
    }
  }
  text
}

fn is_about(record: &Record, line: &str, word: &str) -> bool {
  let inside = record.event.path().and_then(|path| path.strip_prefix(word));
  inside.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '!', '#']))
    || line.contains(&format!("\"event\":\"{word}\""))
}
