//! `orch cancel`: has a run lost, whoever drives it, or nobody.

use clap::Args;

use super::{
  exit::Exit,
  journal::{self, Place},
  resume,
  run::Watching,
  terminal,
};
use crate::session::{self, Again};

/// Cancels a run: what runs is ended, what was done is undone, `on failure` is told
///
/// A run that another orch drives is asked to; one that nobody drives is taken up again for it, and shown as `orch run`
/// does.
#[derive(Args)]
pub struct Options {
  /// The run: its id, the beginning or the end of it, or `last`
  run: String,
  #[command(flatten)]
  place: Place,
  /// Why, for those who read of it
  #[arg(long, value_name = "TEXT", default_value = "cancelled by `orch cancel`")]
  reason: String,
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
  match session::ask_to_cancel(&store, &run, &options.reason) {
    Ok(true) => {
      terminal::say(&format!("asked the orch that drives run {run} to cancel it\n"));
      return Exit::Success;
    }
    Ok(false) => {}
    Err(error) => {
      terminal::say(&format!("can't ask the orch that drives run {run}: {error}\n"));
      return Exit::Failed;
    }
  }
  let again = Again {
    store,
    run,
    // a call with `undo` that was cut short still waits for a word: nobody knows whether there is anything to undo
    unfinished: None,
    steps: Default::default(),
    cancel: Some(options.reason.as_str().into()),
  };
  resume::take_up(&again, &options.watching)
}
