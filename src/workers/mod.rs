//! Carries out invocations, one file per kind of worker. Knows nothing of the language, nor of what an answer means.

mod environment;
mod errand;
mod group;
mod guard;
mod launch;
mod left;
mod log;
mod mock;
mod permit;
pub mod probe;
mod process;
mod redact;
mod scratch;
mod streams;
mod voice;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::files::Depot;
use crate::protocol::{Answer, Identity, Invocation, Performer, Signals, Task, WorkerError};
use crate::value::FailureKind;

use environment::Inherited;
use guard::Guard;
use redact::Redactor;

pub use guard::{GUARD_COMMAND, guard, guard_program};
pub use left::end_left_behind;
pub use log::{log_directory, log_file};

/// What a worker that is no longer wanted gets between SIGTERM and SIGKILL.
pub const GRACE: Duration = Duration::from_secs(5);

/// The largest standard output that is an answer, in bytes.
pub const LARGEST_OUTPUT: usize = 16 << 20;

/// The largest log file of one execution, in bytes; the rest is not kept.
pub const LARGEST_LOG: u64 = 8 << 20;

/// Where workers leave what they write, and who watches over them.
#[derive(Clone, Debug)]
pub struct Options {
  /// Logs go to `LOGS/RUN/STEP.ATTEMPT.log`; `None`: only their last 4 KiB are kept, with a failure.
  pub logs: Option<PathBuf>,
  /// Private scratch directories are made in here; the system's directory for temporary files is a good one.
  pub scratch: PathBuf,
  /// The program to run as `PROGRAM __guard`, see [`guard_program`]; `None`: what runs is orphaned by a `kill -9`.
  pub guard: Option<PathBuf>,
  /// Where files are kept that workers are given and leave.
  pub files: Depot,
  /// Variables of orch's own environment that hold secrets: their texts are taken out of all that workers say.
  pub secrets: Vec<Arc<str>>,
}

/// Real workers. Must be used within a tokio runtime.
pub struct Workers {
  shared: Arc<Shared>,
}

/// What all executions share.
struct Shared {
  options: Options,
  inherited: Inherited,
  guard: Option<Arc<Guard>>,
  redactor: Arc<Redactor>,
  at_once: watch::Sender<bool>,
}

impl Workers {
  pub fn new(options: Options) -> Self {
    let guard = options.guard.clone().map(|program| Arc::new(Guard::new(program)));
    let redactor = Arc::new(Redactor::of(&options.secrets));
    let shared = Shared {
      options,
      redactor,
      inherited: Inherited::from_orch(),
      guard,
      at_once: watch::Sender::new(false),
    };
    Self {
      shared: Arc::new(shared),
    }
  }

  /// From now on nothing gets a grace time: what is being ended, and what will be, is killed. For an orch that was
  /// told to stop twice.
  pub fn end_at_once(&self) {
    self.shared.at_once.send_replace(true);
  }

  /// The file that the log of this execution is in, if it writes one.
  pub fn log_file(&self, identity: &Identity) -> Option<PathBuf> {
    self
      .shared
      .options
      .logs
      .as_deref()
      .map(|logs| log::file(logs, identity))
  }
}

impl Performer for Workers {
  fn perform(&self, invocation: Invocation, signals: Signals) -> Answer {
    let Invocation {
      identity,
      task,
      heartbeat,
    } = invocation;
    let shared = self.shared.clone();
    match task {
      Task::Process(task) => Answer::later(process::perform(shared, identity, task, heartbeat, signals)),
      Task::Errand(errand) => Answer::later(errand::perform(shared, identity, errand, heartbeat, signals)),
      Task::Mock(task) => mock::perform(shared, task, heartbeat, signals),
    }
  }
}

fn failure(kind: FailureKind, message: impl Into<String>) -> WorkerError {
  WorkerError {
    kind,
    message: message.into(),
    code: None,
    log: None,
  }
}

/// What the system says of an error, as part of a sentence: `permission denied`.
fn reason(error: &std::io::Error) -> String {
  let text = error.to_string();
  let text = text.split(" (os error").next().unwrap_or_default();
  let mut letters = text.chars();
  letters
    .next()
    .map(|first| first.to_lowercase().chain(letters).collect())
    .unwrap_or_default()
}
