//! What the engine asks of a worker and what comes back, as plain data. Knows neither side.

mod report;

use std::{fmt, future::Future, ops::RangeInclusive, path::PathBuf, pin::Pin, sync::Arc};

pub use report::Report;

use serde::{Deserialize, Serialize};

use crate::value::{Capture, Failure, FailureKind, SecretPart, Stored, Value, show_duration};

/// One execution of one worker: everything that it needs, already computed.
#[derive(Clone, Debug)]
pub struct Invocation {
  pub identity: Identity,
  pub task: Task,
  /// So many milliseconds it may be silent; then it is ended, and the answer is a `timeout`.
  pub heartbeat: Option<i64>,
}

/// Who a worker is and what it serves; told to it as `ORCH_*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
  pub run: Arc<str>,
  pub tracker: Arc<str>,
  /// The worker's declared name.
  pub worker: Arc<str>,
  /// The path of the step.
  pub step: Arc<str>,
  /// From 1.
  pub attempt: u32,
  /// Whether it is the copy of a `hedge`: two executions of one attempt.
  #[serde(default, skip_serializing_if = "std::ops::Not::not")]
  pub copy: bool,
  /// The idempotency key: the same for every attempt of the step.
  pub key: Arc<str>,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Task {
  Process(ProcessTask),
  /// A process that is given files, or may leave some.
  Errand(Arc<dyn Errand>),
  Mock(MockTask),
}

/// A process to run.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessTask {
  /// At least the program.
  pub argv: Vec<String>,
  /// Beside `PATH HOME LANG ORCH_* TMPDIR`.
  pub env: Vec<(String, EnvText)>,
  /// Written to standard input, which is then closed; empty: nothing.
  pub stdin: Arc<[u8]>,
  /// `None`: the private scratch directory.
  pub cwd: Option<PathBuf>,
  /// Exit codes that count as answers.
  pub expect: Arc<[RangeInclusive<i32>]>,
  /// Whether standard output is the answer; else it goes to the log.
  pub wants_output: bool,
  /// `None`: it may touch what orch may.
  pub permit: Option<Permit>,
}

/// What a process may touch, beside its scratch directory and what every program needs of the system. Nothing of it is
/// started where that can't be enforced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permit {
  /// Absolute; each with all that is below it.
  pub read: Vec<PathBuf>,
  /// Likewise; may be read, too.
  pub write: Vec<PathBuf>,
  /// Whether it may use TCP.
  pub net: bool,
}

/// A process whose task depends on where its files are, which is known only once they are there. Pure; whoever carries
/// it out makes private copies of `files`, runs `task`, and lets `read` see the answer while the files are still there.
pub trait Errand: fmt::Debug + Send + Sync {
  /// What the worker is given, each once.
  fn files(&self) -> &[Arc<Stored>];

  /// What is to be run, with the paths of the copies, in the order of `files`.
  ///
  /// # Errors
  /// A setting has no value.
  fn task(&self, paths: &[Arc<str>]) -> Result<ProcessTask, Box<Failure>>;

  /// The answer as [`RawAnswer::Read`]; `capture` is given every path in it that stands for a file or directory.
  fn read(&self, answer: RawAnswer, paths: &[Arc<str>], capture: &mut Capture) -> RawAnswer;
}

/// What an environment variable is to be; secrets in it are names until the process starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvText(pub Arc<[SecretPart]>);

impl<T: Into<Arc<str>>> From<T> for EnvText {
  fn from(text: T) -> Self {
    EnvText([SecretPart::Text(text.into())].into())
  }
}

/// A canned answer.
#[derive(Clone, Debug, PartialEq)]
pub struct MockTask {
  /// Waited before the answer, in milliseconds.
  pub delay: i64,
  pub answer: MockAnswer,
  /// What the files in the answer hold.
  pub texts: Vec<FileText>,
}

/// A text to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct FileText {
  pub digest: blake3::Hash,
  pub text: Arc<str>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MockAnswer {
  Value(Value),
  Failure(WorkerError),
  Hang,
  Malformed,
}

/// What a worker gave.
#[derive(Clone, Debug, PartialEq)]
pub enum RawAnswer {
  /// A process ended with an expected code.
  Process {
    stdout: Vec<u8>,
    stderr_tail: String,
    exit: i32,
  },
  Mock(Value),
  /// What an errand made of the answer of its process.
  Read(Result<Value, Box<Failure>>),
}

/// Why a worker gave nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerError {
  pub kind: FailureKind,
  pub message: String,
  /// Exit code, where there is one.
  pub code: Option<i64>,
  /// The last 4 KiB of the log.
  pub log: Option<String>,
}

impl WorkerError {
  /// It said nothing for so many milliseconds.
  pub fn silent(milliseconds: i64) -> WorkerError {
    WorkerError {
      kind: FailureKind::Timeout,
      message: format!("it said nothing for {}", show_duration(milliseconds)),
      code: None,
      log: None,
    }
  }
}

/// What a worker gave, or why it gave nothing.
pub type Outcome = Result<RawAnswer, WorkerError>;

/// The answer, known at once or to come.
pub enum Answer {
  Now(Outcome),
  Later(Pin<Box<dyn Future<Output = Outcome> + Send>>),
}

impl Answer {
  pub fn later(answer: impl Future<Output = Outcome> + Send + 'static) -> Answer {
    Answer::Later(Box::pin(answer))
  }

  /// Waits for it.
  pub async fn wait(self) -> Outcome {
    match self {
      Answer::Now(outcome) => outcome,
      Answer::Later(answer) => answer.await,
    }
  }
}

/// How the two sides talk while a worker runs.
pub struct Signals {
  /// Called once the worker runs, with its process group where it has one; never called if it can't be started.
  pub started: Box<dyn FnOnce(Option<u32>) + Send>,
  /// Called when the worker has said something of itself, at most once a second and once more before the answer; each
  /// time with all that it said until then.
  pub reported: Box<dyn FnMut(Report) + Send>,
  /// Ends when the worker is no longer wanted: it is then ended (SIGTERM, 5 s of grace, SIGKILL to the whole group),
  /// and the answer comes nonetheless, once nothing of it is left.
  pub cancelled: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Whoever carries out invocations: real processes, or a test's stand-in.
pub trait Performer: Send + Sync {
  /// Must not take long: what does is part of the answer to come.
  fn perform(&self, invocation: Invocation, signals: Signals) -> Answer;
}
