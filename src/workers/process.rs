//! The process worker: one process with its group, pipes and scratch directory, from start to nothing left. Knows
//! nothing of what its output means.

use std::{
  future::Future, io, os::unix::process::ExitStatusExt, pin::Pin, process::ExitStatus, sync::Arc, time::Duration,
};

use nix::sys::signal::Signal;
use tokio::{process::Child, sync::watch, time::timeout};

use crate::protocol::{Identity, ProcessTask, RawAnswer, Report, Signals, WorkerError};
use crate::value::FailureKind;

use super::{
  GRACE, Shared, environment, failure, group::Group, launch, log, reason, scratch::Scratch, streams::Streams,
  voice::Voice,
};

/// How long pipes are read on after the process itself has ended, for what it started may still hold them.
const DRAIN: Duration = Duration::from_secs(1);

/// How often a group is looked at that is to end, once its first process has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Runs the process; answers once nothing of it is left.
pub(super) async fn perform(
  shared: Arc<Shared>,
  identity: Identity,
  task: ProcessTask,
  heartbeat: Option<i64>,
  mut signals: Signals,
) -> Result<RawAnswer, WorkerError> {
  if is_over(&mut signals.cancelled).await {
    return Err(failure(FailureKind::Cancelled, "cancelled"));
  }
  let scratch = scratch(&shared)?;
  let (ears, mut cancelled) = Ears::of(signals, heartbeat);
  let left = run(&shared, &identity, &task, scratch, ears, &mut cancelled).await?;
  left.scratch.remove().await;
  left.answer
}

/// A scratch directory for one execution.
pub(super) fn scratch(shared: &Shared) -> Result<Scratch, WorkerError> {
  let made = Scratch::create(&shared.options.scratch, shared.guard.clone());
  made.map_err(|message| failure(FailureKind::Transport, message))
}

/// Who listens to a process.
pub(super) struct Ears {
  started: Box<dyn FnOnce(Option<u32>) + Send>,
  reported: Box<dyn FnMut(Report) + Send>,
  /// So many milliseconds it may be silent.
  heartbeat: Option<i64>,
}

impl Ears {
  /// Beside what may end it.
  pub(super) fn of(signals: Signals, heartbeat: Option<i64>) -> (Ears, Cancelled) {
    let Signals {
      started,
      reported,
      cancelled,
    } = signals;
    let ears = Ears {
      started,
      reported,
      heartbeat,
    };
    (ears, cancelled)
  }
}

/// What is left of a process: nothing of it runs.
pub(super) struct Left {
  pub answer: Result<RawAnswer, WorkerError>,
  pub scratch: Scratch,
}

/// Runs the process in its scratch directory, and leaves that as it is.
pub(super) async fn run(
  shared: &Shared,
  identity: &Identity,
  task: &ProcessTask,
  scratch: Scratch,
  mut ears: Ears,
  cancelled: &mut Cancelled,
) -> Result<Left, WorkerError> {
  let mut running = Running::start(shared, identity, task, &scratch)?;
  (ears.started)(Some(running.group.id()));
  let voice = running.voice.clone();
  let end = tokio::select! {
    biased;
    end = running.attend(cancelled, ears.heartbeat) => end,
    // it never ends
    () = voice.announce(&mut *ears.reported) => End::Cancelled,
  };
  let (output, tail) = running.leave().await;
  voice.tell_rest(&mut *ears.reported);
  let answer = answer(end, task, shared.redactor.redact(output), tail);
  Ok(Left { answer, scratch })
}

pub(super) type Cancelled = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Whether it is cancelled already.
pub(super) async fn is_over(cancelled: &mut Cancelled) -> bool {
  tokio::select! {
    biased;
    () = cancelled => true,
    () = std::future::ready(()) => false,
  }
}

/// How it ended.
enum End {
  Exited(ExitStatus),
  /// The system lost it.
  Lost(io::Error),
  Cancelled,
  TooLarge,
  /// For so many milliseconds.
  Silent(i64),
  /// It was killed and is there nonetheless.
  Immortal,
}

/// A process that runs. Dropping it leaves nothing of it either, without any grace.
struct Running {
  child: Child,
  group: Group,
  streams: Option<Streams>,
  voice: Arc<Voice>,
  at_once: watch::Receiver<bool>,
  /// Nothing of the group runs; its number may name another one by now, so it must not be signalled any more.
  ended: bool,
}

impl Running {
  fn start(shared: &Shared, identity: &Identity, task: &ProcessTask, scratch: &Scratch) -> Result<Self, WorkerError> {
    let transport = |message: String| failure(FailureKind::Transport, message);
    let variables = environment::variables(&shared.inherited, identity, scratch.path(), task);
    let variables = variables.map_err(transport)?;
    let mut child = launch::start(task, scratch.path(), &variables).map_err(transport)?;
    let group = child
      .id()
      .and_then(Group::new)
      .ok_or_else(|| transport("the process has no number".into()))?;
    scratch.occupy(group);
    let log = log::Log::new(shared.options.logs.as_deref().map(|logs| log::file(logs, identity)));
    let streams = Streams::serve(&mut child, task.stdin.clone(), task.wants_output, log, &shared.redactor);
    Ok(Self {
      child,
      group,
      voice: streams.voice(),
      streams: Some(streams),
      at_once: shared.at_once.subscribe(),
      ended: false,
    })
  }

  /// Waits for its end, or brings it about.
  async fn attend(&mut self, cancelled: &mut Cancelled, heartbeat: Option<i64>) -> End {
    let voice = self.voice.clone();
    let silence = async {
      match heartbeat {
        None => std::future::pending().await,
        Some(most) => {
          voice.silence(Duration::from_millis(most.unsigned_abs())).await;
          most
        }
      }
    };
    let overflow = self.streams.as_ref().map(Streams::overflow);
    let overflow = async {
      if let Some(overflow) = overflow {
        overflow.await
      } else {
        std::future::pending().await
      }
    };
    tokio::select! {
      biased;
      status = self.child.wait() => match status {
        Ok(status) => self.end_rest(status).await,
        Err(error) => End::Lost(error),
      },
      () = overflow => self.end_all(End::TooLarge).await,
      () = cancelled => self.end_all(End::Cancelled).await,
      most = silence => self.end_all(End::Silent(most)).await,
    }
  }

  /// The process has ended by itself: what it left behind in its group may finish writing, and is ended then.
  async fn end_rest(&mut self, status: ExitStatus) -> End {
    self.ended = !self.group.is_alive();
    self.drain().await;
    if !self.ended {
      self.kill().await;
      self.drain().await;
    }
    match &self.streams {
      Some(streams) if streams.is_too_large() => End::TooLarge,
      _ => End::Exited(status),
    }
  }

  /// SIGTERM, grace, SIGKILL, to the whole group.
  async fn end_all(&mut self, why: End) -> End {
    self.group.terminate();
    let mut at_once = self.at_once.clone();
    self.ended = tokio::select! {
      biased;
      _ = at_once.wait_for(|at_once| *at_once) => false,
      gone = timeout(GRACE, self.gone()) => gone.is_ok(),
    };
    if !self.ended {
      self.kill().await;
    }
    self.drain().await;
    match why {
      End::Cancelled if !self.ended => End::Immortal,
      why => why,
    }
  }

  /// Leaves nothing, unless the system does not let it end: a process of another user, one that hangs in a disk.
  async fn kill(&mut self) {
    self.group.kill();
    self.ended = timeout(GRACE, self.gone()).await.is_ok();
  }

  /// Ends when the process was reaped and nothing else of its group runs.
  async fn gone(&mut self) {
    let _ = self.child.wait().await;
    while self.group.is_alive() {
      tokio::time::sleep(LOOK).await;
    }
  }

  async fn drain(&mut self) {
    if let Some(streams) = &mut self.streams {
      streams.drain(DRAIN).await;
    }
  }

  /// Takes the output and the end of the log, and closes the rest.
  async fn leave(mut self) -> (Vec<u8>, String) {
    match self.streams.take() {
      Some(streams) => streams.close().await,
      None => Default::default(),
    }
  }
}

/// Whoever drops an answer that has not come yet wants none; tokio reaps the process.
impl Drop for Running {
  fn drop(&mut self) {
    if !self.ended {
      self.group.kill();
    }
  }
}

fn answer(end: End, task: &ProcessTask, stdout: Vec<u8>, tail: String) -> Result<RawAnswer, WorkerError> {
  let failed = |kind, message: String| WorkerError {
    log: Some(tail.clone()).filter(|tail| !tail.is_empty()),
    ..failure(kind, message)
  };
  let status = match end {
    End::Exited(status) => status,
    End::Cancelled => return Err(failed(FailureKind::Cancelled, "cancelled".into())),
    End::Silent(most) => return Err(failed(FailureKind::Timeout, WorkerError::silent(most).message)),
    End::TooLarge => return Err(failed(FailureKind::Contract, "the output is larger than 16 MiB".into())),
    End::Lost(error) => {
      return Err(failed(
        FailureKind::Transport,
        format!("the process was lost: {}", reason(&error)),
      ));
    }
    End::Immortal => {
      return Err(failed(
        FailureKind::Cancelled,
        "cancelled, but the process could not be ended".into(),
      ));
    }
  };
  match status.code() {
    Some(exit) if task.expect.iter().any(|range| range.contains(&exit)) => Ok(RawAnswer::Process {
      stdout,
      stderr_tail: tail,
      exit,
    }),
    Some(exit) => Err(WorkerError {
      code: Some(exit.into()),
      ..failed(FailureKind::Exit, format!("exited with code {exit}"))
    }),
    None => Err(failed(
      FailureKind::Exit,
      killed_by(status.signal().unwrap_or_default()),
    )),
  }
}

fn killed_by(number: i32) -> String {
  match Signal::try_from(number) {
    Ok(signal) => format!("killed by signal {number} ({signal})"),
    Err(_) => format!("killed by signal {number}"),
  }
}
