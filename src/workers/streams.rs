//! The three pipes of a process, all served at once in bounded memory. Knows nothing of how it ends.

use std::{
  future::Future,
  sync::{Arc, Mutex, MutexGuard, PoisonError},
  time::Duration,
};

use tokio::{
  io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
  process::{Child, ChildStdin},
  sync::Notify,
  task::JoinSet,
  time::timeout,
};

use super::{
  LARGEST_OUTPUT,
  log::Log,
  redact::{Pieces, Redactor},
  voice::Voice,
};

/// Read at once, in bytes.
const CHUNK: usize = 32 << 10;

/// What serves the pipes of one process; dropping it closes them.
pub(super) struct Streams {
  tasks: JoinSet<()>,
  output: Arc<Output>,
  log: Arc<Mutex<Log>>,
  voice: Arc<Voice>,
}

/// Standard output so far.
#[derive(Default)]
struct Output {
  bytes: Mutex<Vec<u8>>,
  overflow: Notify,
}

impl Streams {
  /// Takes the pipes of the process. Its standard output is kept if it is wanted, else it goes to the log.
  pub(super) fn serve(
    child: &mut Child,
    input: Arc<[u8]>,
    wants_output: bool,
    log: Log,
    redactor: &Arc<Redactor>,
  ) -> Self {
    let output = Arc::new(Output::default());
    let (log, voice) = (Arc::new(Mutex::new(log)), Voice::new());
    let mut tasks = JoinSet::new();
    if let Some(stdin) = child.stdin.take() {
      tasks.spawn(feed(stdin, input));
    }
    if let Some(stdout) = child.stdout.take() {
      if wants_output {
        tasks.spawn(keep(stdout, output.clone(), voice.clone()));
      } else {
        let scribe = Scribe {
          log: log.clone(),
          voice: voice.clone(),
          speaks: false,
        };
        tasks.spawn(scribe.write_down(stdout, redactor.pieces()));
      }
    }
    if let Some(stderr) = child.stderr.take() {
      let scribe = Scribe {
        log: log.clone(),
        voice: voice.clone(),
        speaks: true,
      };
      tasks.spawn(scribe.write_down(stderr, redactor.pieces()));
    }
    Self {
      tasks,
      output,
      log,
      voice,
    }
  }

  /// What the process says of itself.
  pub(super) fn voice(&self) -> Arc<Voice> {
    self.voice.clone()
  }

  /// Ends when standard output has become larger than an answer may be; it is closed then.
  pub(super) fn overflow(&self) -> impl Future<Output = ()> + use<> {
    let output = self.output.clone();
    async move { output.overflow.notified().await }
  }

  pub(super) fn is_too_large(&self) -> bool {
    locked(&self.output.bytes).len() > LARGEST_OUTPUT
  }

  /// Waits until every pipe is closed on the other side, at most `patience`.
  pub(super) async fn drain(&mut self, patience: Duration) {
    let all = async { while self.tasks.join_next().await.is_some() {} };
    let _ = timeout(patience, all).await;
  }

  /// Closes what is still open; the output, and the end of the log.
  pub(super) async fn close(mut self) -> (Vec<u8>, String) {
    self.tasks.shutdown().await;
    let tail = locked(&self.log).tail();
    (std::mem::take(&mut *locked(&self.output.bytes)), tail)
  }
}

/// Writes it all, then closes. A process that wants no more of it, or none, is in its right.
async fn feed(mut stdin: ChildStdin, input: Arc<[u8]>) {
  let _ = stdin.write_all(&input).await;
}

async fn keep(stdout: impl AsyncRead + Unpin, output: Arc<Output>, voice: Arc<Voice>) {
  let fits = |chunk: &[u8]| {
    voice.sign_of_life();
    let mut bytes = locked(&output.bytes);
    bytes.extend_from_slice(chunk);
    bytes.len() <= LARGEST_OUTPUT
  };
  if !read_all(stdout, fits).await {
    output.overflow.notify_one();
  }
}

/// Writes a stream into the log.
struct Scribe {
  log: Arc<Mutex<Log>>,
  voice: Arc<Voice>,
  /// Whether the worker speaks of itself on it.
  speaks: bool,
}

impl Scribe {
  async fn write_down(self, stream: impl AsyncRead + Unpin, mut pieces: Pieces) {
    read_all(stream, |chunk| {
      self.voice.sign_of_life();
      self.write(&pieces.push(chunk));
      true
    })
    .await;
    self.write(&pieces.finish());
    if self.speaks {
      self.note(&self.voice.end());
    }
  }

  fn write(&self, bytes: &[u8]) {
    locked(&self.log).write(bytes);
    if self.speaks {
      self.note(&self.voice.hear(bytes));
    }
  }

  fn note(&self, refused: &[String]) {
    for line in refused {
      locked(&self.log).write(format!("orch: not understood: {line}\n").as_bytes());
    }
  }
}

/// Reads to the end, as long as `take` wants more; then closes. A pipe that can't be read has ended.
async fn read_all(mut stream: impl AsyncRead + Unpin, mut take: impl FnMut(&[u8]) -> bool) -> bool {
  let mut chunk = vec![0; CHUNK];
  while let Ok(length @ 1..) = stream.read(&mut chunk).await {
    if !take(&chunk[..length]) {
      return false;
    }
  }
  true
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
  shared.lock().unwrap_or_else(PoisonError::into_inner)
}
