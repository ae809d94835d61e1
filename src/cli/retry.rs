//! `orch retry`: a new run of the program that another one was begun with, which reuses what that one has done.

use clap::Args;

use super::{
  exit::Exit,
  journal::{self, Place},
  run::{Watcher, Watching, refused},
  terminal,
};
use crate::session::{self, Reuses};

/// Runs the program of an earlier run once more, and reuses what that one has done
///
/// It is a new run, with the same program, arguments and seed. What has failed runs again; what was undone does too.
#[derive(Args)]
pub struct Options {
  /// The run: its id, the beginning or the end of it, or `last`
  run: String,
  #[command(flatten)]
  place: Place,
  /// Do this step once more, and all that was begun after it had ended
  #[arg(long, value_name = "STEP")]
  from: Option<String>,
  #[command(flatten)]
  watching: Watching,
}

pub fn main(options: &Options) -> Exit {
  let found = options.place.directory().and_then(|store| {
    let run = journal::run(&store, &options.run)?;
    Ok((store, run))
  });
  let (store, run) = match found {
    Ok(found) => found,
    Err(exit) => return exit,
  };
  let watcher = match Watcher::new(&options.watching, store.clone()) {
    Ok(watcher) => watcher,
    Err(message) => {
      terminal::say(&format!("{message}\n"));
      return Exit::Usage;
    }
  };
  let mut order = match session::once_more(&store, &run) {
    Ok(order) => order,
    Err(error) => return refused(&error),
  };
  order.reuses = Some(Reuses {
    run: run.into(),
    before: options.from.clone(),
  });
  watcher.watch(&order, |observe, say| session::run(&order, observe, say))
}
