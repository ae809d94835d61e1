//! From a journal back to the run that wrote it. Knows nothing of where the journal is kept.
//!
//! The facts are folded in again; every derived record must come out as it was written. What the journal lacks at its
//! end, and what the run still waits for, is handed over, so that a driver can go on as if nothing had happened.

use std::{collections::VecDeque, fmt, sync::Arc};

use super::{
  cache::Cached,
  event::{Event, ExecutionId, Record},
  exchange::{Command, Input, StartError},
  instance::State,
  layout::Body,
  run::Run,
  tries::Outstanding,
};
use crate::hir::Program;

/// A run as it was.
#[derive(Debug)]
pub struct Replayed {
  pub run: Run,
  /// Derived records that did not reach the journal: to be written first.
  pub records: Vec<Record>,
  /// What is outstanding.
  pub commands: Vec<Command>,
}

/// Why a journal can't be replayed.
#[derive(Debug)]
pub enum ReplayError {
  /// It does not begin with `run_started`.
  NoStart,
  Start(StartError),
  /// The program, or `orch`, does not do what it did.
  Differs {
    /// Of the first difference.
    seq: u64,
    /// The step, where it names one.
    path: Option<Arc<str>>,
    /// As JSON: what was written, and what came out; `None` where nothing did.
    written: String,
    recomputed: Option<String>,
  },
}

impl fmt::Display for ReplayError {
  fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match self {
      ReplayError::NoStart => f.write_str("the journal does not begin with the start of a run"),
      ReplayError::Start(error) => error.fmt(f),
      ReplayError::Differs { seq, path, .. } => {
        f.write_str("the run does not do again what it did: first ")?;
        match path {
          Some(path) => write!(f, "`{path}` differs (record {seq})"),
          None => write!(f, "record {seq} differs"),
        }
      }
    }
  }
}

impl std::error::Error for ReplayError {}

impl Run {
  /// # Errors
  /// The journal is not one of this program.
  pub fn replay(program: Arc<Program>, records: impl IntoIterator<Item = Record>) -> Result<Replayed, ReplayError> {
    let mut records = records.into_iter();
    let first = records.next().ok_or(ReplayError::NoStart)?;
    let Event::RunStarted(started) = &first.event else {
      return Err(ReplayError::NoStart);
    };
    let (mut run, step) = Run::start(program, (**started).clone()).map_err(ReplayError::Start)?;
    let mut expected = VecDeque::from(step.records);
    compare(&first, expected.pop_front())?;
    for written in records {
      if expected.is_empty()
        && let Some(input) = Input::of(&written.event)
      {
        expected = run.step(written.at, input).records.into();
      }
      compare(&written, expected.pop_front())?;
    }
    let commands = run.outstanding();
    Ok(Replayed {
      run,
      records: expected.into(),
      commands,
    })
  }

  /// The commands whose answers it waits for. Of attempts, the one that was started is started again, with the same
  /// number and key; one that was being ended is to be reported as ended.
  fn outstanding(&mut self) -> Vec<Command> {
    if self.is_over() {
      return vec![Command::Finish];
    }
    let timers = self.timers.iter().map(|(timer, state)| Command::SetTimer {
      timer: *timer,
      due: state.due,
    });
    let mut commands: Vec<_> = timers.collect();
    commands.extend(self.started_before());
    let asked = self
      .dispatching
      .values()
      .filter_map(|id| match &self.instances.get(*id)?.state {
        State::Dispatching(child) => Some(Command::Dispatch(child.clone())),
        _ => None,
      });
    commands.extend(asked);
    let executions: Vec<ExecutionId> = self.executions.keys().copied().collect();
    for execution in executions {
      commands.extend(self.outstanding_of(execution).into_iter().flatten());
    }
    commands
  }

  fn outstanding_of(&mut self, execution: ExecutionId) -> Option<Vec<Command>> {
    let layout = self.layout.clone();
    let instance = self.instances.get(*self.executions.get(&execution)?)?;
    let (State::Leaf(leaf), Body::Work(call)) = (&instance.state, &layout.node(instance.node).body) else {
      return None;
    };
    let command = match leaf.outstanding(execution)? {
      Outstanding::Recall(Cached { key, age }) => {
        let (key, age) = (*key, *age);
        return Some(vec![Command::Recall { execution, key, age }]);
      }
      Outstanding::Admission => None,
      Outstanding::Answer(start) => Some(Command::Start(Box::new(start.clone()))),
      Outstanding::Cancelled => Some(Command::CancelAttempt(execution)),
    };
    let needs = self.needs(call).unwrap_or_default();
    Some(match command {
      None => vec![Command::Ask { execution, needs }],
      Some(command) => vec![Command::Hold { execution, needs }, command],
    })
  }
}

fn compare(written: &Record, recomputed: Option<Record>) -> Result<(), ReplayError> {
  if recomputed.as_ref() == Some(written) {
    return Ok(());
  }
  let json = |record: &Record| serde_json::to_string(record).unwrap_or_default();
  Err(ReplayError::Differs {
    seq: written.seq,
    path: written.event.path().cloned(),
    written: json(written),
    recomputed: recomputed.as_ref().map(json),
  })
}
