//! From a journal back to the run that wrote it. Knows nothing of where the journal is kept.
//!
//! The facts are folded in again; every derived record must come out as it was written. What the journal lacks at its
//! end is handed over; `resume` then says what the run waits for, so that a driver can go on.

use std::{collections::VecDeque, fmt, sync::Arc};

use super::{
  event::{Event, Record},
  exchange::{Input, StartError},
  past::Done,
  run::Run,
};
use crate::hir::Program;

/// A run as it was.
#[derive(Debug)]
pub struct Replayed {
  pub run: Run,
  /// Derived records that did not reach the journal: to be written first.
  pub records: Vec<Record>,
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
    let (run, step) = Run::start(program, (**started).clone()).map_err(ReplayError::Start)?;
    run.fold(step.records, std::iter::once(first).chain(records))
  }

  /// What has succeeded in the run that wrote the journal, and its name.
  ///
  /// # Errors
  /// The journal is not one of this program.
  pub(super) fn collect(
    program: Arc<Program>,
    records: impl IntoIterator<Item = Record>,
  ) -> Result<(Arc<str>, Vec<Done>), ReplayError> {
    let mut records = records.into_iter();
    let first = records.next().ok_or(ReplayError::NoStart)?;
    let Event::RunStarted(started) = &first.event else {
      return Err(ReplayError::NoStart);
    };
    let (run, step) = Run::start_collecting(program, (**started).clone()).map_err(ReplayError::Start)?;
    let name = started.run.clone();
    let mut replayed = run.fold(step.records, std::iter::once(first).chain(records))?;
    Ok((name, replayed.run.collected.take().unwrap_or_default()))
  }

  /// The rest of a journal, of which the run has computed the first records by itself.
  pub(super) fn fold(
    mut self,
    computed: Vec<Record>,
    records: impl IntoIterator<Item = Record>,
  ) -> Result<Replayed, ReplayError> {
    let mut expected = VecDeque::from(computed);
    for written in records {
      if expected.is_empty()
        && let Some(input) = Input::of(&written.event)
      {
        expected = self.step(written.at, input).records.into();
      }
      compare(&written, expected.pop_front())?;
    }
    Ok(Replayed {
      run: self,
      records: expected.into(),
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
