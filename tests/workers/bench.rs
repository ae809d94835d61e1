//! A bench to run workers on, and what can be seen of processes.

use std::{
  fs,
  future::Future,
  path::{Path, PathBuf},
  process::Command,
  sync::{Arc, Mutex},
  time::{Duration, Instant},
};

use orch::protocol::{Identity, Invocation, Performer, ProcessTask, RawAnswer, Report, Signals, Task, WorkerError};
use orch::value::FailureKind;
use orch::workers::{Options, Workers};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// Far beyond anything: what takes longer hangs.
pub const HANGS: Duration = Duration::from_secs(120);

/// Workers with directories of their own.
pub struct Bench {
  pub root: TempDir,
  pub workers: Arc<Workers>,
}

impl Bench {
  pub fn new() -> Self {
    let root = tempfile::tempdir().expect("a directory");
    fs::create_dir(root.path().join("scratch")).expect("a directory");
    let workers = Arc::new(Workers::new(options(root.path())));
    Self { root, workers }
  }

  pub fn path(&self, name: &str) -> PathBuf {
    self.root.path().join(name)
  }

  pub async fn run(&self, task: ProcessTask) -> Result<RawAnswer, WorkerError> {
    self.start(task).end().await
  }

  /// Runs it in the background.
  pub fn start(&self, task: ProcessTask) -> Execution {
    self.begin(Task::Process(task), None)
  }

  /// It may be silent for so many milliseconds.
  pub fn begin(&self, task: Task, heartbeat: Option<i64>) -> Execution {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let heard = reports.clone();
    let group = Arc::new(Mutex::new(None));
    let told = group.clone();
    let (cancel, cancelled) = oneshot::channel::<()>();
    let signals = Signals {
      started: Box::new(move |id| *told.lock().expect("no panic") = id),
      reported: Box::new(move |report| heard.lock().expect("no panic").push(report)),
      cancelled: Box::pin(async {
        if cancelled.await.is_err() {
          std::future::pending().await
        }
      }),
    };
    let invocation = Invocation {
      identity: identity(),
      task,
      heartbeat,
    };
    let answer = tokio::spawn(self.workers.perform(invocation, signals).wait());
    Execution {
      reports,
      group,
      cancel: Some(cancel),
      answer,
    }
  }

  /// Waits until a worker has made this file.
  pub async fn wait_for(&self, name: &str) {
    let path = self.path(name);
    within(async {
      while !path.exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
      }
    })
    .await
  }

  pub fn assert_clean(&self) {
    let left: Vec<_> = fs::read_dir(self.path("scratch")).expect("a directory").collect();
    assert!(left.is_empty(), "{left:?}");
  }
}

pub struct Execution {
  /// In the order told.
  pub reports: Arc<Mutex<Vec<Report>>>,
  pub group: Arc<Mutex<Option<u32>>>,
  pub cancel: Option<oneshot::Sender<()>>,
  pub answer: tokio::task::JoinHandle<Result<RawAnswer, WorkerError>>,
}

impl Execution {
  pub fn cancel(&mut self) {
    self.cancel.take().expect("cancelled once").send(()).expect("it runs");
  }

  /// Its answer; nothing of its group runs any more then.
  pub async fn end(self) -> Result<RawAnswer, WorkerError> {
    let answer = within(self.answer).await.expect("no panic");
    if let Some(group) = *self.group.lock().expect("no panic") {
      assert_eq!(members(group), Vec::<u32>::new(), "processes are left");
      assert!(!Path::new(&format!("/proc/{group}")).exists(), "a zombie is left");
    }
    answer
  }
}

pub fn options(root: &Path) -> Options {
  Options {
    logs: Some(root.join("logs")),
    scratch: root.join("scratch"),
    files: orch::files::Depot::new(root.join("store")),
    guard: Some(env!("CARGO_BIN_EXE_orch").into()),
    secrets: Vec::new(),
  }
}

pub fn identity() -> Identity {
  Identity {
    run: "r1".into(),
    tracker: "t1".into(),
    worker: "w1".into(),
    step: "a[3].b".into(),
    attempt: 2,
    copy: false,
    key: "k1".into(),
  }
}

pub fn exec(argv: &[&str]) -> ProcessTask {
  ProcessTask {
    argv: argv.iter().map(|word| (*word).to_owned()).collect(),
    env: Vec::new(),
    stdin: Arc::from([]),
    cwd: None,
    expect: Arc::from([0..=0]),
    wants_output: true,
    permit: None,
  }
}

pub fn shell(script: &str) -> ProcessTask {
  exec(&["sh", "-c", script])
}

/// A shell in the bench's own directory, where it can leave files to be seen.
pub fn shell_in(bench: &Bench, script: &str) -> ProcessTask {
  ProcessTask {
    cwd: Some(bench.root.path().into()),
    ..shell(script)
  }
}

pub async fn within<T>(future: impl Future<Output = T>) -> T {
  tokio::time::timeout(HANGS, future).await.expect("it hangs")
}

pub fn stdout(answer: Result<RawAnswer, WorkerError>) -> Vec<u8> {
  match answer {
    Ok(RawAnswer::Process { stdout, .. }) => stdout,
    other => panic!("{other:?}"),
  }
}

pub fn text(answer: Result<RawAnswer, WorkerError>) -> String {
  String::from_utf8(stdout(answer)).expect("text")
}

pub fn refused(answer: Result<RawAnswer, WorkerError>, kind: FailureKind) -> WorkerError {
  let error = answer.expect_err("a failure");
  assert_eq!(error.kind, kind, "{error:?}");
  error
}

/// The processes of a group that run; zombies do not.
pub fn members(group: u32) -> Vec<u32> {
  let group = group.to_string();
  let of_group = |stat: &str| {
    let words: Vec<&str> = stat[stat.rfind(')').map_or(0, |at| at + 1)..]
      .split_whitespace()
      .collect();
    words.first() != Some(&"Z") && words.get(2) == Some(&group.as_str())
  };
  processes()
    .filter(|id| fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| of_group(&stat)))
    .collect()
}

pub fn processes() -> impl Iterator<Item = u32> {
  let entries = fs::read_dir("/proc").expect("/proc");
  entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

pub fn kill(process: u32) {
  let killed = Command::new("kill")
    .args(["-9", &process.to_string()])
    .status()
    .expect("kill");
  assert!(killed.success());
}

/// Waits for what another process brings about.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
  let begun = Instant::now();
  while !holds() {
    assert!(begun.elapsed() < HANGS, "it never comes: {what}");
    std::thread::sleep(Duration::from_millis(5));
  }
}
