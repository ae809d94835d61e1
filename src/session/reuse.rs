//! What an earlier run of the same store has done, read back for a run that reuses it.

use std::path::Path;

use super::{
  Order, RunError,
  resume::{records, started},
  run::Reuses,
  stored::StoredRun,
};
use crate::{
  engine::{Event, Past, Record},
  journal::{Journal, Store},
};

/// What the run has done, with the program that it was begun with.
///
/// # Errors
/// There is no such run or step, or the run can't be read back.
pub(super) fn past(store: &mut Store, order: &Order, reuses: &Reuses) -> Result<Past, RunError> {
  let refused = |reason: String| RunError::Refused(format!("run {} can't be reused: {reason}", reuses.run));
  let records = records(store, &reuses.run)?;
  let order = stored(store, &order.store, &reuses.run, &records)?;
  let past = Past::of(order.program, &records, reuses.before.as_deref());
  let past = past.map_err(|error| refused(error.to_string()))?;
  past.ok_or_else(|| {
    let step = reuses.before.as_deref().unwrap_or_default();
    refused(format!("it has no step `{step}`, or did not come to it"))
  })
}

/// The run with this name as an order for another one: the same program, arguments and seed.
///
/// # Errors
/// There is no such run, or this orch can't carry out its program.
pub fn once_more(store: &Path, run: &str) -> Result<Order, RunError> {
  let mut journal = Store::open(store).map_err(|error| RunError::Broken(error.to_string()))?;
  let records = records(&mut journal, run)?;
  stored(&mut journal, store, run, &records)
}

/// The run as an order, of the program that it was begun with.
///
/// # Errors
/// It has not begun, or this orch can't carry out its program.
pub(super) fn stored(store: &mut Store, at: &Path, run: &str, records: &[Record]) -> Result<Order, RunError> {
  let modules = store.bundle(run).map_err(|error| RunError::Broken(error.to_string()))?;
  StoredRun::of(at, modules, &*started(run, records)?).order()
}

/// Takes off what a run has reused already.
pub(super) fn take_used(past: &mut Past, run: &str, records: &[Record]) {
  for record in records {
    if let Event::CacheHit { from, .. } = &record.event
      && *from.run == *run
    {
      past.used(&from.step);
    }
  }
}
