//! Many tests at once, on threads. Knows nothing of what a test is.
#![expect(clippy::disallowed_methods, reason = "how long tests take is part of the report")]

use std::{
  num::NonZeroUsize,
  sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
  },
  thread,
  time::{Duration, Instant},
};

/// What came of a task, and how long it took.
#[derive(Debug)]
pub struct Timed<T> {
  pub result: T,
  pub took: Duration,
}

/// Carries out the tasks, so many at once; the results are in the order of the tasks. Without a number: as many as the
/// machine carries.
pub fn side_by_side<T: Sync, R: Send>(
  tasks: &[T],
  threads: Option<NonZeroUsize>,
  carry_out: impl Fn(&T) -> R + Sync,
) -> Vec<Timed<R>> {
  let threads = threads.or_else(|| thread::available_parallelism().ok());
  let threads = threads.map_or(1, NonZeroUsize::get).min(tasks.len());
  let next = AtomicUsize::new(0);
  let done: Mutex<Vec<(usize, Timed<R>)>> = Mutex::new(Vec::with_capacity(tasks.len()));
  thread::scope(|scope| {
    for _ in 0..threads {
      scope.spawn(|| {
        while let Some((at, task)) = {
          let at = next.fetch_add(1, Ordering::Relaxed);
          tasks.get(at).map(|task| (at, task))
        } {
          let begin = Instant::now();
          let result = carry_out(task);
          let took = begin.elapsed();
          let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
          done.push((at, Timed { result, took }));
        }
      });
    }
  });
  let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
  done.sort_by_key(|(at, _)| *at);
  done.into_iter().map(|(_, timed)| timed).collect()
}
