//! A process with files: private copies before it starts, and what it leaves captured before its scratch directory goes.
//! Knows nothing of what the files are for.

use std::{
  fs::{self, DirBuilder},
  os::unix::fs::DirBuilderExt,
  path::{Path, PathBuf},
  sync::Arc,
};

use crate::files::{Depot, KeepError};
use crate::protocol::{Errand, Identity, ProcessTask, RawAnswer, Signals, WorkerError};
use crate::value::{Failure, FailureKind, Stored, StoredKind};

use super::{
  Shared, failure,
  process::{self, Cancelled, Ears, Left, is_over},
  reason,
  scratch::Scratch,
};

/// Below the scratch directory: copies of what the worker is given, each in a directory of its own, so that it keeps
/// its name.
const GIVEN: &str = ".given";

/// Runs the process between its files; answers once nothing of it is left.
pub(super) async fn perform(
  shared: Arc<Shared>,
  identity: Identity,
  errand: Arc<dyn Errand>,
  heartbeat: Option<i64>,
  mut signals: Signals,
) -> Result<RawAnswer, WorkerError> {
  if is_over(&mut signals.cancelled).await {
    return Err(failure(FailureKind::Cancelled, "cancelled"));
  }
  let (ears, mut cancelled) = Ears::of(signals, heartbeat);
  let scratch = process::scratch(&shared)?;
  let (depot, order) = (shared.options.files.clone(), errand.clone());
  let prepare = move || prepare(&depot, &*order, scratch);
  let Prepared { scratch, paths, task } = unless(&mut cancelled, prepare).await??;
  let task = match task {
    Ok(task) => task,
    Err(failure) => return Ok(RawAnswer::Read(Err(failure))),
  };
  let left = process::run(&shared, &identity, &task, scratch, ears, &mut cancelled).await?;
  let Left { answer, scratch } = left;
  let answer = match answer {
    Ok(answer) => answer,
    Err(error) => {
      scratch.remove().await;
      return Err(error);
    }
  };
  let depot = shared.options.files.clone();
  let read = move || read(&depot, &*errand, answer, &paths, &task, &scratch);
  unless(&mut cancelled, read).await?
}

/// What can block, unless it is cancelled: then it goes on by itself, and what it makes goes with it.
async fn unless<T: Send + 'static>(
  cancelled: &mut Cancelled,
  work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, WorkerError> {
  let work = tokio::task::spawn_blocking(work);
  tokio::select! {
    biased;
    () = cancelled => Err(failure(FailureKind::Cancelled, "cancelled")),
    done = work => done.map_err(|_| failure(FailureKind::Transport, "the files of the worker could not be copied")),
  }
}

/// A scratch directory with all that the worker is given.
struct Prepared {
  scratch: Scratch,
  paths: Vec<Arc<str>>,
  task: Result<ProcessTask, Box<Failure>>,
}

fn prepare(depot: &Depot, errand: &dyn Errand, scratch: Scratch) -> Result<Prepared, WorkerError> {
  let placed = place(depot, errand.files(), scratch.path());
  let paths = placed.map_err(|message| failure(FailureKind::Transport, message))?;
  let task = errand.task(&paths);
  Ok(Prepared { scratch, paths, task })
}

fn place(depot: &Depot, files: &[Arc<Stored>], scratch: &Path) -> Result<Vec<Arc<str>>, String> {
  let mut paths = Vec::with_capacity(files.len());
  for (number, stored) in files.iter().enumerate() {
    let own = scratch.join(GIVEN).join(number.to_string());
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&own);
    made.map_err(|error| format!("the scratch directory can't be written: {}", reason(&error)))?;
    let path = own.join(stored.name());
    depot.place(stored, &path)?;
    let text = path
      .to_str()
      .ok_or_else(|| format!("the path `{}` is not UTF-8", path.display()))?;
    paths.push(text.into());
  }
  Ok(paths)
}

/// The answer with its files captured. That the store can't be written is not the answer's fault.
fn read(
  depot: &Depot,
  errand: &dyn Errand,
  answer: RawAnswer,
  paths: &[Arc<str>],
  task: &ProcessTask,
  scratch: &Scratch,
) -> Result<RawAnswer, WorkerError> {
  let mut broken = None;
  let places = Places::of(task, scratch.path());
  let answer = errand.read(answer, paths, &mut |kind, value| {
    let path = value.as_str().unwrap_or_default();
    places.keep(depot, kind, path).map_err(|error| {
      let message = error.to_string();
      if let KeepError::Broken(reason) = error {
        broken = Some(reason);
      }
      message
    })
  });
  match broken {
    Some(reason) => Err(failure(FailureKind::Transport, reason)),
    None => Ok(answer),
  }
}

/// Where a worker may leave files: in its two directories, and there only where it may read itself.
struct Places {
  cwd: PathBuf,
  permitted: Option<Vec<PathBuf>>,
  scratch: PathBuf,
  given: PathBuf,
}

impl Places {
  fn of(task: &ProcessTask, scratch: &Path) -> Self {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let scratch = real(scratch);
    let permitted = task.permit.as_ref().map(|permit| {
      let paths = permit.read.iter().chain(&permit.write);
      paths.map(|path| real(path)).collect()
    });
    Self {
      permitted,
      cwd: task.cwd.as_deref().map_or_else(|| scratch.clone(), real),
      given: scratch.join(GIVEN),
      scratch,
    }
  }

  /// A relative path is below the working directory, or else below the scratch directory.
  fn keep(&self, depot: &Depot, kind: StoredKind, path: &str) -> Result<Stored, KeepError> {
    let shown = Path::new(path);
    let tried = [self.cwd.join(shown), self.scratch.join(shown)];
    let found = tried.iter().find(|path| path.exists()).unwrap_or(&tried[0]);
    match fs::canonicalize(found) {
      Ok(real) if !self.allow(&real) => Err(KeepError::Refused(format!(
        "`{path}` is neither in the directory that the worker ran in nor in its scratch directory"
      ))),
      // it says what is wrong with the path
      _ => depot.keep(kind, found, shown, std::slice::from_ref(&self.given)),
    }
  }

  fn allow(&self, real: &Path) -> bool {
    let permitted = |paths: &Vec<PathBuf>| paths.iter().any(|path| real.starts_with(path));
    real.starts_with(&self.scratch) || real.starts_with(&self.cwd) && self.permitted.as_ref().is_none_or(permitted)
  }
}
