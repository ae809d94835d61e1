//! A look back: what a replay of the journal waits for is what the run waits for.

use std::collections::{BTreeMap, BTreeSet};

use orch::engine::{Command, Decision, ExecutionId, Needs, Resumption, Step};

use super::{life::Life, replay};

impl Life<'_> {
  /// At a quiet moment a replay of the journal waits for what the run waits for, each time.
  pub(super) fn look_back(&mut self) {
    let journal = self.disk.0.lock().expect("no panic").journal.clone();
    let again = || {
      let resumption = Resumption {
        engine: "0".into(),
        unfinished: Some(Decision::Rerun),
        ..Resumption::default()
      };
      replay(self.program, &journal).map(|replayed| replayed.resume(resumption).1)
    };
    self.strange = match (again(), again()) {
      (Ok(one), Ok(other)) if format!("{one:?}") != format!("{other:?}") => Some("two replays differ".into()),
      (Ok(step), _) => self.compare(&step),
      (Err(why), _) => Some(why),
    };
  }

  fn compare(&self, step: &Step) -> Option<String> {
    let mut asked: BTreeMap<ExecutionId, Option<&Needs>> = BTreeMap::new();
    let mut told = BTreeSet::new();
    for command in &step.commands {
      match command {
        Command::Ask { execution, needs } => _ = asked.insert(*execution, Some(needs)),
        Command::CancelAttempt(execution) => _ = told.insert(*execution),
        Command::SetTimer { timer, due } => {
          let own = self.timers.get(timer).map(|key| key.0);
          if own != Some(due.0.max(self.now)) && own != Some(due.0) {
            return Some(format!(
              "a replay waits for {timer:?} until {due:?}, the run until {own:?}"
            ));
          }
        }
        _ => {}
      }
    }
    let waiting = self.asking.values().map(|(execution, needs)| (*execution, Some(needs)));
    let (ending, running): (Vec<_>, Vec<_>) = self.alive.iter().partition(|(_, process)| process.cancelled);
    let own: BTreeMap<ExecutionId, Option<&Needs>> = waiting.collect();
    let same = own.iter().all(|(execution, needs)| asked.get(execution) == Some(needs));
    let others: BTreeSet<ExecutionId> = asked
      .into_keys()
      .filter(|execution| !own.contains_key(execution))
      .collect();
    // what is in doubt runs no longer
    let running: BTreeSet<ExecutionId> = running.into_iter().map(|(execution, _)| *execution).collect();
    let doubtful = self.run.doubtful().len();
    let ending: BTreeSet<ExecutionId> = ending.into_iter().map(|(execution, _)| *execution).collect();
    let fits = same && told == ending && running.is_subset(&others) && others.len() <= running.len() + doubtful;
    (!fits).then(|| format!("a replay asks for {others:?} and ends {told:?}, the run has {running:?} and {ending:?}"))
  }
}
