//! `orch resume`: goes on with a run that was cut short, and shows it as `orch run` does.

use std::{collections::BTreeMap, sync::Arc};

use clap::Args;

use super::{
  exit::Exit,
  journal::{self, Place},
  run::{Watcher, Watching, refused},
  terminal,
};
use crate::{
  engine::Decision,
  session::{self, Again},
};

/// Goes on with a run that was interrupted or cut short, with the program that it was begun with
///
/// What has finished is not done again. A call that was cut short is made once more, with the same key, if its worker is
/// idempotent; another one waits until somebody says what becomes of it. A run that has finished is shown again.
///
/// Exit codes: those of `orch run`, and 5: the run waits for a decision.
#[derive(Args)]
pub struct Options {
  /// The run: its id, the beginning or the end of it, or `last`
  #[arg(default_value = "last")]
  run: String,
  #[command(flatten)]
  place: Place,
  /// Make all calls once more that were cut short, harmful or not
  #[arg(long, conflicts_with = "fail_unfinished")]
  rerun_unfinished: bool,
  /// Count all calls as failed (`interrupted`) that were cut short and may be harmful to repeat
  #[arg(long)]
  fail_unfinished: bool,
  /// Make this call once more
  #[arg(long, value_name = "STEP")]
  rerun: Vec<String>,
  /// Count this call as failed
  #[arg(long, value_name = "STEP")]
  fail: Vec<String>,
  #[command(flatten)]
  watching: Watching,
}

impl Options {
  fn unfinished(&self) -> Option<Decision> {
    match (self.rerun_unfinished, self.fail_unfinished) {
      (true, _) => Some(Decision::Rerun),
      (_, true) => Some(Decision::Fail),
      _ => None,
    }
  }

  fn steps(&self) -> BTreeMap<Arc<str>, Decision> {
    let rerun = self.rerun.iter().map(|step| (step, Decision::Rerun));
    let fail = self.fail.iter().map(|step| (step, Decision::Fail));
    rerun
      .chain(fail)
      .map(|(step, decision)| (step.as_str().into(), decision))
      .collect()
  }
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
  let again = Again {
    store,
    run,
    unfinished: options.unfinished(),
    steps: options.steps(),
    cancel: None,
  };
  take_up(&again, &options.watching)
}

/// Goes on with the run, or begins it where it was only asked for.
pub fn take_up(again: &Again, watching: &Watching) -> Exit {
  let mut watcher = match Watcher::new(watching, again.store.clone()) {
    Ok(watcher) => watcher,
    Err(message) => {
      terminal::say(&format!("{message}\n"));
      return Exit::Usage;
    }
  };
  match session::waiting(&again.store, &again.run) {
    Ok(Some(order)) => {
      return watcher.watch(&order, |observe, say| match &again.cancel {
        None => session::run(&order, observe, say),
        Some(reason) => session::run_lost(&order, reason.clone(), observe, say),
      });
    }
    Ok(None) => {}
    Err(error) => return refused(&error),
  }
  let reopened = match session::reopen(again) {
    Ok(reopened) => reopened,
    Err(error) => return refused(&error),
  };
  watcher.recall(reopened.read.recorded());
  if reopened.read.is_over() {
    terminal::say("the run has finished: nothing is left to do\n");
    return watcher.end(&reopened.read.order);
  }
  let order = reopened.read.order.clone();
  let mut reopened = Some(reopened);
  watcher.watch(&order, |observe, say| {
    let reopened = reopened.take().expect("it is driven once");
    session::resume(again, reopened, observe, say)
  })
}
