//! How a run stands that has not ended, whoever drives it: its state, computed anew from its journal. Nothing goes on by it.

use std::path::Path;

use super::{RunError, resume::read_back};
use crate::{
  engine::{Command, Decision, Due, ExecutionId, Input, Pending, Resumption, Run},
  protocol::Task,
};

/// A run as its records leave it.
pub struct Standing {
  pub pending: Vec<Pending>,
  pub due: Vec<Due>,
  /// The same run, as if it went on: for what is asked of it.
  rehearsed: Run,
}

/// Reads a run back without taking it up.
///
/// # Errors
/// There is no such run, it is damaged, or this orch can't carry out its program.
pub fn standing(store: &Path, run: &str) -> Result<Standing, RunError> {
  let replayed = read_back(store, run)?.replay()?;
  let (pending, due) = (replayed.run.pending(), replayed.run.due());
  let (rehearsed, _) = replayed.resume(Resumption {
    unfinished: Some(Decision::Rerun),
    ..Resumption::default()
  });
  Ok(Standing {
    pending,
    due,
    rehearsed,
  })
}

impl Standing {
  /// The program and the arguments of an execution, where it is a process that is known before it has its files.
  pub fn command(&mut self, execution: ExecutionId) -> Option<Vec<String>> {
    let step = self.rehearsed.step(self.rehearsed.now(), Input::Admitted(execution));
    step.commands.into_iter().find_map(|command| match command {
      Command::Start(start) if start.execution == execution => match start.invocation.task {
        Task::Process(task) => Some(task.argv),
        _ => None,
      },
      _ => None,
    })
  }
}
