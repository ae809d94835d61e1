//! A run in real time: workers that are not mocked are real processes. Nothing of it is kept in a journal.
#![expect(
  clippy::disallowed_methods,
  reason = "what is live begins with the clock, the directory and the processes of the machine"
)]

use std::{io, path::Path, sync::Arc, time::Duration};

use tokio::sync::mpsc::unbounded_channel;

use super::{
  run::{Ended, Order, Went},
  trace::Trace,
};
use crate::{
  driver::{self, Beginning, EventLog, Request},
  engine::{Child, Record, World},
  files::Depot,
  hir::Program,
  workers::{self, Workers},
};

/// What tells one live run from all others.
pub(super) fn identity() -> String {
  uuid::Uuid::now_v7().to_string()
}

pub(super) fn now() -> jiff::Timestamp {
  jiff::Timestamp::now()
}

/// Where orch was started.
pub(super) fn directory() -> String {
  let path = std::env::current_dir().unwrap_or_else(|_| Path::new("/").to_owned());
  path.to_string_lossy().into_owned()
}

/// What real processes need beside themselves: it goes away with the test.
pub(super) struct Room {
  store: tempfile::TempDir,
  /// Variables that hold secrets.
  secrets: Vec<Arc<str>>,
}

impl Room {
  /// # Errors
  /// There is no place for temporary files.
  pub fn new(program: &Program) -> io::Result<Room> {
    let secrets = program.secrets.iter().map(|secret| secret.variable.clone());
    Ok(Room {
      store: tempfile::tempdir()?,
      secrets: secrets.collect(),
    })
  }

  pub fn depot(&self) -> Depot {
    Depot::new(self.store.path().to_owned())
  }
}

/// Records of a run that nobody resumes.
struct Nowhere;

impl EventLog for Nowhere {
  fn append(&mut self, _: &[Record]) -> io::Result<()> {
    Ok(())
  }

  /// A test looks at what is asked for; nobody carries it out.
  fn dispatch(&mut self, _: &Child) -> io::Result<()> {
    Ok(())
  }
}

/// Drives a run to its end.
///
/// # Errors
/// The system refuses what every run needs.
pub(super) fn drive(mut world: World, order: Order, trace: &mut Trace, room: &Room) -> io::Result<Went> {
  let runtime = tokio::runtime::Builder::new_multi_thread()
    .worker_threads(1)
    .enable_all()
    .build()?;
  let began = world.began();
  let mut end = None;
  let mut observer = |records: &[Record]| {
    records.iter().for_each(|record| trace.note(began, record));
    end = records.last().and_then(Ended::of);
  };
  let driven = runtime.block_on(async {
    let (requests, received) = unbounded_channel();
    if let Some(after) = order.cancel {
      let requests = requests.clone();
      tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(u64::try_from(after).unwrap_or(0))).await;
        // the run may be over
        let _ = requests.send(Request::Cancel("cancelled by the test".into()));
      });
    }
    let workers = Arc::new(Workers::new(workers::Options {
      logs: None,
      scratch: std::env::temp_dir(),
      guard: workers::guard_program().ok(),
      files: room.depot(),
      secrets: room.secrets.clone(),
    }));
    let beginning = Beginning {
      run: order.run,
      step: order.first,
    };
    driver::drive_within(
      &mut world,
      beginning,
      workers,
      &mut Nowhere,
      &mut [&mut observer],
      received,
    )
    .await
  });
  runtime.shutdown_background();
  Ok(Went {
    run: driven?.run,
    world,
    end: end.unwrap_or(Ended::Stuck),
  })
}
