//! What the commands have in common that read a run back.
#![expect(
  clippy::disallowed_methods,
  reason = "how long something runs by now is what the clock says"
)]

use std::path::PathBuf;

use clap::Args;

use super::{
  exit::Exit,
  journal::{self, Place},
  terminal,
};
use crate::{
  engine::{Record, RunTime},
  history::History,
  journal::{Journal, JournalError, Store},
  session,
};

/// A run of a journal.
#[derive(Args)]
pub struct Which {
  /// The run: its id, the beginning or the end of it, or `last`
  #[arg(default_value = "last")]
  run: String,
  #[command(flatten)]
  place: Place,
}

/// A run that was read back.
pub struct Past {
  pub store: PathBuf,
  pub run: String,
  pub records: Vec<Record>,
  /// Why there may have been more: the first record that is not what was written.
  pub damage: Option<String>,
  /// The process that drives it now.
  pub driver: Option<i32>,
}

impl Past {
  /// How a command ends that has shown this.
  pub fn end(&self, shown: Exit) -> Exit {
    match &self.damage {
      None => shown,
      Some(damage) => {
        terminal::say(&format!("{damage}\nwhat is shown was recorded before that\n"));
        shown.max(Exit::Failed)
      }
    }
  }

  /// What became of it, and the run time now, which stands still while nobody drives it.
  pub fn history(&self) -> (History, RunTime) {
    let history = History::of(&self.records);
    let now = match self.driver {
      Some(_) => history.at(jiff::Timestamp::now()),
      None => history.now,
    };
    (history, now)
  }
}

impl Which {
  /// # Errors
  /// There is no such run, or it can't be read: said already.
  pub fn read(&self) -> Result<Past, Exit> {
    let store = self.place.directory()?;
    let run = journal::run(&store, &self.run)?;
    let read = |error: String| {
      terminal::say(&format!("{error}\n"));
      Exit::Failed
    };
    let mut journal = Store::open(&store).map_err(|error| read(error.to_string()))?;
    let mut records = Vec::new();
    let mut unreadable = None;
    let each = journal.each(&run, &mut |entry| match serde_json::from_str(&entry.body) {
      Ok(record) if unreadable.is_none() => records.push(record),
      Ok(_) => {}
      Err(error) => _ = unreadable.get_or_insert(format!("record {} can't be read: {error}", entry.seq)),
    });
    let damage = match each {
      Ok(()) => unreadable,
      Err(JournalError::NoRun { .. }) => {
        terminal::say("the run was asked for and has not begun; `orch resume` begins it\n");
        return Err(Exit::Usage);
      }
      Err(error @ JournalError::DamagedRecord { .. }) => Some(unreadable.unwrap_or(error.to_string())),
      Err(error) => return Err(read(error.to_string())),
    };
    if let (true, Some(damage)) = (records.is_empty(), &damage) {
      return Err(read(damage.clone()));
    }
    // a run is shown as nobody's where that can't be told
    let driver = session::driver(&store, &run).ok().flatten();
    Ok(Past {
      store,
      run,
      records,
      damage,
      driver,
    })
  }
}
