//! A run's records as they come, while some orch drives it. Knows nothing of what is shown of them.

use std::{io, os::fd::AsFd, path::PathBuf, thread, time::Duration};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{exit::Exit, past::Past, terminal};
use crate::{
  engine::Record,
  journal::{Journal, Store},
  session,
};

/// Between two looks at a run.
const PAUSE: Duration = Duration::from_millis(100);

/// A run that is looked at again and again.
pub struct Follow {
  at: PathBuf,
  store: Store,
  run: String,
  /// The number of the first record that was not seen.
  next: u64,
}

/// What there is new.
pub struct Look {
  pub records: Vec<Record>,
  /// The run has ended, or nobody drives it any longer: nothing follows.
  pub is_last: bool,
}

impl Follow {
  /// From after what is known of a run.
  ///
  /// # Errors
  /// The journal can't be read: said already.
  pub fn after(past: &Past) -> Result<Follow, Exit> {
    let store = Store::open(&past.store).map_err(|error| failed(&error.to_string()))?;
    Ok(Follow {
      at: past.store.clone(),
      store,
      run: past.run.clone(),
      next: past.records.last().map_or(0, |last| last.seq + 1),
    })
  }

  /// All that there is by now.
  ///
  /// # Errors
  /// The journal can't be read: said already.
  pub fn look(&mut self) -> Result<Look, Exit> {
    // before the records are read: whoever is gone then has written all of them
    let is_driven = session::driver(&self.at, &self.run).ok().flatten().is_some();
    let entries = self.store.read_from(&self.run, self.next);
    let entries = entries.map_err(|error| failed(&error.to_string()))?;
    let mut records = Vec::with_capacity(entries.len());
    for entry in entries {
      let record = serde_json::from_str(&entry.body);
      records.push(record.map_err(|error| failed(&format!("record {} can't be read: {error}", entry.seq)))?);
      self.next = entry.seq + 1;
    }
    Ok(Look {
      is_last: !is_driven,
      records,
    })
  }

  /// Waits a moment; whether anybody still reads what is printed.
  pub fn pause(&self) -> bool {
    thread::sleep(PAUSE);
    has_reader()
  }
}

fn failed(message: &str) -> Exit {
  terminal::say(&format!("{message}\n"));
  Exit::Failed
}

/// A pipe whose other end is closed is in error, whether or not anything is written to it.
fn has_reader() -> bool {
  let stdout = io::stdout();
  let mut watched = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
  let found = poll(&mut watched, PollTimeout::ZERO);
  let gone = |flags: PollFlags| flags.intersects(PollFlags::POLLERR | PollFlags::POLLNVAL);
  !(found.is_ok() && watched[0].revents().is_some_and(gone))
}
