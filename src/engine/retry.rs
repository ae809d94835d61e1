//! Whether a failed attempt is repeated, and after how long. Pure; knows nothing of instances and events.

use crate::{
  hir::FailureFilter,
  value::{Failure, FailureKind},
};

/// A `retry` with its expressions evaluated. Durations are in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Retry<'a> {
  /// At most so many more attempts.
  pub times: u64,
  pub backoff: Backoff,
  /// `None`: the default kinds.
  pub on: Option<&'a [FailureFilter]>,
  pub unless: &'a [FailureFilter],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backoff {
  Exponential { from: i64, to: i64 },
  Fixed(i64),
}

impl Backoff {
  /// What holds where none is written: `1s..30s`.
  pub const DEFAULT: Backoff = Backoff::Exponential { from: 1000, to: 30_000 };

  /// The wait before retry `i` (from 1): uniform in `from..min(to, from * 2^i)`, drawn from the run's seed, the path
  /// and `i` alone, so that it is the same in every replay and whatever happens elsewhere.
  pub fn draw(self, seed: u64, path: &str, i: u32) -> i64 {
    match self {
      Backoff::Fixed(delay) => delay,
      Backoff::Exponential { from, to } => {
        let factor = 1i64.checked_shl(i.min(62)).unwrap_or(i64::MAX);
        let high = from.saturating_mul(factor).min(to).max(from);
        from + share(draw(seed, path, i), high.abs_diff(from))
      }
    }
  }
}

fn draw(seed: u64, path: &str, i: u32) -> u64 {
  let mut hasher = blake3::Hasher::new();
  hasher.update(&seed.to_le_bytes());
  hasher.update(path.as_bytes());
  hasher.update(&i.to_le_bytes());
  let mut bytes = [0; 8];
  hasher.finalize_xof().fill(&mut bytes);
  u64::from_le_bytes(bytes)
}

/// `0..=span`, as far along as `drawn` is in all of `u64`.
fn share(drawn: u64, span: u64) -> i64 {
  let scaled = (u128::from(drawn) * (u128::from(span) + 1)) >> 64;
  i64::try_from(scaled).unwrap_or(i64::MAX)
}

impl Retry<'_> {
  /// Whether a step whose attempt number `failure.attempts` failed so may try again.
  pub fn allows(&self, failure: &Failure) -> bool {
    let matches =
      |filter: &FailureFilter| filter.kind == failure.kind && filter.code.is_none_or(|code| failure.code == Some(code));
    let wanted = match self.on {
      Some(filters) => filters.iter().any(matches),
      None => by_default(failure),
    };
    u64::from(failure.attempts) <= self.times && wanted && !self.unless.iter().any(matches) && !never(failure.kind)
  }
}

fn by_default(failure: &Failure) -> bool {
  use FailureKind::*;
  match failure.kind {
    Exit | Timeout | Transport | Contract => true,
    Http => matches!(failure.code, Some(408 | 425 | 429 | 500..=599)),
    _ => false,
  }
}

/// Whatever `on` says.
fn never(kind: FailureKind) -> bool {
  use FailureKind::*;
  matches!(kind, CircuitOpen | Budget | Expression | Rejected | Cancelled | Skipped)
}

#[cfg(test)]
mod tests {
  use super::*;

  fn failed(kind: FailureKind, code: Option<i64>, attempts: u32) -> Failure {
    Failure {
      code,
      attempts,
      ..Failure::new(kind, "step", "lost")
    }
  }

  fn retry<'a>(times: u64, on: Option<&'a [FailureFilter]>, unless: &'a [FailureFilter]) -> Retry<'a> {
    Retry {
      times,
      backoff: Backoff::DEFAULT,
      on,
      unless,
    }
  }

  #[test]
  fn as_many_retries_as_written() {
    let failure = |attempts| failed(FailureKind::Exit, Some(1), attempts);
    assert!(retry(2, None, &[]).allows(&failure(2)));
    assert!(!retry(2, None, &[]).allows(&failure(3)));
    assert!(!retry(0, None, &[]).allows(&failure(1)));
  }

  #[test]
  fn filters_choose_by_kind_and_code() {
    use FailureKind::*;
    let filter = |kind, code| FailureFilter { kind, code };
    let on = [filter(Exit, Some(75)), filter(Timeout, None)];
    assert!(retry(1, Some(&on), &[]).allows(&failed(Exit, Some(75), 1)));
    assert!(!retry(1, Some(&on), &[]).allows(&failed(Exit, Some(1), 1)));
    assert!(retry(1, Some(&on), &[]).allows(&failed(Timeout, None, 1)));
    assert!(!retry(1, Some(&on), &[]).allows(&failed(Contract, None, 1)));
    let unless = [filter(Exit, Some(2))];
    assert!(!retry(1, None, &unless).allows(&failed(Exit, Some(2), 1)));
    assert!(retry(1, None, &unless).allows(&failed(Exit, Some(3), 1)));
  }

  #[test]
  fn only_what_may_pass_is_retried_by_default() {
    use FailureKind::*;
    for kind in [Exit, Timeout, Transport, Contract] {
      assert!(retry(1, None, &[]).allows(&failed(kind, None, 1)), "{kind:?}");
    }
    for kind in [CircuitOpen, Budget, Expression, Rejected, Cancelled, Failed, Required] {
      assert!(!retry(1, None, &[]).allows(&failed(kind, None, 1)), "{kind:?}");
    }
  }

  #[test]
  fn delays_stay_within_their_doubling_bounds() {
    let backoff = Backoff::Exponential { from: 100, to: 1000 };
    for seed in 0..200 {
      for (i, high) in [(1, 200), (2, 400), (3, 800), (4, 1000), (70, 1000)] {
        let delay = backoff.draw(seed, "a.b", i);
        assert!((100..=high).contains(&delay), "{delay} for retry {i}");
      }
    }
    assert_eq!(Backoff::Fixed(5).draw(1, "a", 3), 5);
    assert_eq!(Backoff::Exponential { from: 50, to: 10 }.draw(1, "a", 1), 50);
  }

  #[test]
  fn delays_differ_by_seed_path_and_retry() {
    let backoff = Backoff::Exponential { from: 1000, to: 30_000 };
    let drawn = [
      backoff.draw(1, "a", 3),
      backoff.draw(2, "a", 3),
      backoff.draw(1, "b", 3),
      backoff.draw(1, "a", 4),
    ];
    let distinct: std::collections::HashSet<_> = drawn.iter().collect();
    assert_eq!(distinct.len(), 4, "{drawn:?}");
    assert_eq!(backoff.draw(1, "a", 3), drawn[0]);
  }
}
