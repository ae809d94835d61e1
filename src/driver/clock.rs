//! Run time from the process's clock: it goes on from where the journal ends, and stands still while nobody drives.

use std::{
  cmp::Reverse,
  collections::{BinaryHeap, HashSet},
  time::Duration,
};

use tokio::time::Instant;

use crate::engine::{RunTime, TimerId};

pub(super) struct Clock {
  /// Run time at `origin`.
  base: RunTime,
  origin: Instant,
  heap: BinaryHeap<Reverse<(RunTime, TimerId)>>,
  /// Those in the heap that were not cleared.
  live: HashSet<TimerId>,
  admission: Option<RunTime>,
}

impl From<RunTime> for Clock {
  fn from(base: RunTime) -> Self {
    Clock {
      base,
      origin: Instant::now(),
      heap: BinaryHeap::new(),
      live: HashSet::new(),
      admission: None,
    }
  }
}

impl Clock {
  pub fn now(&self) -> RunTime {
    let elapsed = i64::try_from(self.origin.elapsed().as_millis()).unwrap_or(i64::MAX);
    self.base.after(elapsed)
  }

  pub fn set(&mut self, timer: TimerId, due: RunTime) {
    self.live.insert(timer);
    self.heap.push(Reverse((due, timer)));
  }

  pub fn clear(&mut self, timer: TimerId) {
    self.live.remove(&timer);
  }

  /// When the gatekeeper is to be asked again.
  pub fn wake_for_admission(&mut self, at: Option<RunTime>) {
    self.admission = at;
  }

  /// Until the next timer is due; forever if there is none.
  pub async fn sleep(&mut self) {
    while self
      .heap
      .peek()
      .is_some_and(|Reverse((_, timer))| !self.live.contains(timer))
    {
      self.heap.pop();
    }
    let timer = self.heap.peek().map(|Reverse((due, _))| *due);
    match timer.into_iter().chain(self.admission).min() {
      None => std::future::pending().await,
      Some(due) => {
        let wait = due.0.saturating_sub(self.base.0).max(0).unsigned_abs();
        // a wait beyond what the clock can count is as good as a century
        let at = self.origin.checked_add(Duration::from_millis(wait));
        tokio::time::sleep_until(at.unwrap_or_else(|| self.origin + CENTURY)).await;
      }
    }
  }

  /// The timers that are due, earliest first.
  pub fn take_due(&mut self) -> Vec<TimerId> {
    let now = self.now();
    let mut due = Vec::new();
    while let Some(Reverse((_, timer))) = self.heap.peek().filter(|Reverse((at, _))| *at <= now).copied() {
      self.heap.pop();
      if self.live.remove(&timer) {
        due.push(timer);
      }
    }
    due
  }
}

const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
