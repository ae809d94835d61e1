//! A run as bytes and back, so that one with a long journal goes on without folding all of it again. Knows nothing of where
//! they are kept.
//!
//! A snapshot saves time and proves nothing: the journal stays the truth, and whatever is wrong with a snapshot means no
//! more than that all records are folded. It holds what changes while a run runs; program, layout and constants are made
//! anew. Another version of `orch` may see the same things in another way, so it is for the same version only.

use std::{
  collections::{BTreeMap, BTreeSet, HashMap},
  io::{self, ErrorKind, Write},
  sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
  budgets::{Most, Spending},
  event::{ExecutionId, Record, RunStarted, RunTime, TimerId},
  instance::{InstanceId, Instances},
  mock::{Doubles, MockCounts},
  needs::Starts,
  replay::{ReplayError, Replayed},
  run::{Run, Timer},
  treasury::Treasury,
};
use crate::hir::{Program, WorkerId};

/// How a run stands after its last step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
  /// The number of the first record that is not in it.
  pub next: u64,
  pub bytes: Vec<u8>,
}

/// What a run must have been, and by which `orch`, for its snapshots to mean what they meant.
pub const SNAPSHOTS_OF: &str = concat!("orch ", env!("CARGO_PKG_VERSION"), ", snapshot 1");

/// What is written. The same as `Read`, borrowed.
#[derive(Serialize)]
struct Written<'a> {
  instances: &'a Instances,
  root: InstanceId,
  now: RunTime,
  next_seq: u64,
  timers: &'a BTreeMap<TimerId, Timer>,
  next_timer: u64,
  executions: &'a BTreeMap<ExecutionId, InstanceId>,
  next_execution: u64,
  starts: &'a Starts,
  budgets: &'a HashMap<InstanceId, Spending>,
  treasury: &'a Treasury<InstanceId, ExecutionId>,
  ceilings: &'a HashMap<WorkerId, Most>,
  in_doubt: &'a BTreeSet<ExecutionId>,
  dispatching: &'a BTreeMap<Arc<str>, InstanceId>,
  mocks: &'a MockCounts,
}

#[derive(Deserialize)]
struct Read {
  instances: Instances,
  root: InstanceId,
  now: RunTime,
  next_seq: u64,
  timers: BTreeMap<TimerId, Timer>,
  next_timer: u64,
  executions: BTreeMap<ExecutionId, InstanceId>,
  next_execution: u64,
  starts: Starts,
  budgets: HashMap<InstanceId, Spending>,
  treasury: Treasury<InstanceId, ExecutionId>,
  ceilings: HashMap<WorkerId, Most>,
  in_doubt: BTreeSet<ExecutionId>,
  dispatching: BTreeMap<Arc<str>, InstanceId>,
  mocks: MockCounts,
}

impl Run {
  /// How the run stands between two steps; `None` if that takes more than `most` bytes, or if the run is one of
  /// a test.
  pub fn snapshot(&self, most: usize) -> Option<Snapshot> {
    // all of it is named, so that nothing new is forgotten
    let Run {
      program: _,
      layout: _,
      evaluator: _,
      started: _,
      instances,
      root,
      work,
      now,
      next_seq,
      timers,
      next_timer,
      executions,
      next_execution,
      worker_needs: _,
      starts,
      budgets,
      treasury,
      ceilings,
      collected,
      in_doubt,
      dispatching,
      doubles,
      records,
      commands,
    } = self;
    let between = work.is_empty() && records.is_empty() && commands.is_empty();
    let mocks = doubles.counts().filter(|_| between && collected.is_none())?;
    let written = Written {
      instances,
      root: *root,
      now: *now,
      next_seq: *next_seq,
      timers,
      next_timer: *next_timer,
      executions,
      next_execution: *next_execution,
      starts,
      budgets,
      treasury,
      ceilings,
      in_doubt,
      dispatching,
      mocks,
    };
    let mut bytes = Bounded {
      bytes: Vec::new(),
      most,
    };
    let encoded = written.serialize(&mut rmp_serde::Serializer::new(&mut bytes).with_struct_map());
    encoded.is_ok().then_some(Snapshot {
      next: *next_seq,
      bytes: bytes.bytes,
    })
  }

  /// As `replay`, from a snapshot of this very run on: `records` are those that are not in it.
  ///
  /// # Errors
  /// They are none of this program. `Ok(None)`: the snapshot is of no use.
  pub fn replay_from(
    program: Arc<Program>,
    started: &RunStarted,
    snapshot: &Snapshot,
    records: impl IntoIterator<Item = Record>,
  ) -> Result<Option<Replayed>, ReplayError> {
    let Ok(read) = rmp_serde::from_slice::<Read>(&snapshot.bytes) else {
      return Ok(None);
    };
    if read.next_seq != snapshot.next {
      return Ok(None);
    }
    let mut run = Run::prepared(program, started.clone()).map_err(ReplayError::Start)?;
    run.stand(read);
    run.fold(Vec::new(), records).map(Some)
  }

  fn stand(&mut self, read: Read) {
    self.instances = read.instances;
    self.root = read.root;
    self.now = read.now;
    self.next_seq = read.next_seq;
    self.timers = read.timers;
    self.next_timer = read.next_timer;
    self.executions = read.executions;
    self.next_execution = read.next_execution;
    self.starts = read.starts;
    self.budgets = read.budgets;
    self.treasury = read.treasury;
    self.ceilings = read.ceilings;
    self.in_doubt = read.in_doubt;
    self.dispatching = read.dispatching;
    self.doubles = Doubles::counted(read.mocks);
  }
}

/// Refuses what would be too much.
struct Bounded {
  bytes: Vec<u8>,
  most: usize,
}

impl Write for Bounded {
  fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
    if bytes.len() > self.most.saturating_sub(self.bytes.len()) {
      return Err(ErrorKind::FileTooLarge.into());
    }
    self.bytes.extend_from_slice(bytes);
    Ok(bytes.len())
  }

  fn flush(&mut self) -> io::Result<()> {
    Ok(())
  }
}
