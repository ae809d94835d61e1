//! Operations on the disk that fail: 5 of 100, each in one of several ways. A run comes to its end, or stops with an error
//! that names the store and goes on once the disk is well.

use std::sync::Arc;

use orch::{
  hir::Program,
  journal::{Durability, Entry, Journal, JournalError, Store},
};
use serde_json::Value;

use crate::{
  chance::{Chance, thorough},
  disk::{Act, Fault, SimulatedDisk},
  image::{Image, Outcome, Platter},
  play::{Played, RUN, ended, header, modules, play, program},
  programs,
};

/// Of 100 operations.
const FAULTS: u64 = 5;

fn faults(seed: u64) -> impl FnMut(Act) -> Option<Fault> + Send + 'static {
  let mut chance = Chance::new(seed);
  // Some begin later, or few would get beyond the start.
  let mut well = chance.below(4) * chance.below(60);
  move |_| {
    well = well.saturating_sub(1);
    if well > 0 {
      return None;
    }
    let kinds = [Fault::Broken, Fault::Full, Fault::Short, Fault::Late];
    (chance.below(100) < FAULTS).then(|| kinds[chance.below(4) as usize])
  }
}

struct Reference {
  program: Arc<Program>,
  result: Result<Value, String>,
}

fn reference(name: &str) -> Reference {
  let program = program(&programs::text(name));
  let (played, end) = play(&SimulatedDisk::new(&Image::default()), &program, Durability::Full);
  assert_eq!(end, Ok(()));
  let result = played.result().expect("an end");
  Reference { program, result }
}

/// The disk after it was well again, as it was or after a power cut.
fn restarted(disk: SimulatedDisk, before: &Image, chance: &mut Chance) -> (SimulatedDisk, Image) {
  if chance.one_in(2) {
    return (disk, before.clone());
  }
  let left = cut(&disk, before, Outcome::Torn(chance.next()));
  (SimulatedDisk::new(&left), left)
}

fn cut(disk: &SimulatedDisk, before: &Image, fate: Outcome) -> Image {
  let mut platter = Platter::new(before);
  disk.log().iter().for_each(|op| platter.follow(op));
  platter.cut(fate)
}

/// What was there has to be what was written, up to what was promised at least.
fn compare(before: &Played, after: &Played, told: &str) {
  let promised = before.promises.last().map_or(before.found, |(_, promised)| *promised);
  assert!(after.found >= promised, "{told}: {} of {promised} records", after.found);
  assert!(
    before.records.starts_with(&after.records[..after.found]),
    "{told}: other records"
  );
  let finished = ended(&after.records[..after.found]);
  assert!(
    !after.starts.iter().any(|start| finished.contains(start)),
    "{told}: something ran again"
  );
}

/// How often it stopped.
fn check(seed: u64, reference: &Reference) -> usize {
  let mut chance = Chance::new(seed);
  let mut before = Image::default();
  let mut disk = SimulatedDisk::new(&before);
  let mut stops = 0;
  let mut last = Played::default();
  loop {
    let told = format!("seed {seed} after {stops} stops");
    if stops < 4 {
      disk.fail(faults(chance.next()));
    }
    let (played, end) = play(&disk, &reference.program, Durability::Full);
    disk.heal();
    if played.opened {
      compare(&last, &played, &told);
      last = played;
    }
    match end {
      Ok(()) => break,
      Err(error) => {
        let shown = error.to_string();
        let store = disk.store();
        assert!(shown.contains(&*store.to_string_lossy()), "{told}: {shown}");
        assert!(stops < 4, "{told}: {shown} on a disk that is well");
      }
    }
    stops += 1;
    (disk, before) = restarted(disk, &before, &mut chance);
  }
  assert_eq!(last.result().as_ref(), Some(&reference.result), "seed {seed}");
  let left = SimulatedDisk::new(&cut(&disk, &before, Outcome::Nothing));
  let (after, end) = play(&left, &reference.program, Durability::Full);
  assert_eq!(
    (end, after.found),
    (Ok(()), last.records.len()),
    "seed {seed}: after a last power cut"
  );
  assert!(after.starts.is_empty(), "seed {seed}");
  stops
}

#[test]
fn a_run_on_a_failing_disk_ends_well_or_stops_and_goes_on() {
  let references: Vec<Reference> = programs::ALL.iter().map(|(name, _)| reference(name)).collect();
  let seeds = thorough("ORCH_FAULT_SEEDS", 300);
  let first = thorough("ORCH_FAULT_FIRST", 0);
  let stops: usize = (first..first + seeds)
    .map(|seed| check(seed, &references[seed as usize % references.len()]))
    .sum();
  println!("{seeds} seeds, {stops} stops");
  assert!(stops as u64 > seeds / 2, "{stops}");
}

fn entry(seq: u64) -> Entry {
  Entry {
    seq,
    at: 0,
    body: "1".into(),
  }
}

/// A store with a record, on a disk that fails at this from now on.
fn failing(act: Act, fault: Fault) -> (SimulatedDisk, Store) {
  let disk = SimulatedDisk::new(&Image::default());
  let mut store = Store::open_on(Arc::new(disk.clone()), &disk.store(), Durability::Full).expect("a store");
  store.begin(&header(), &modules(), &[]).expect("a run");
  store.append(RUN, &[entry(0)]).expect("a record");
  disk.fail(move |asked| (asked == act).then_some(fault));
  (disk, store)
}

#[test]
fn after_a_failed_write_or_sync_a_store_is_used_no_longer() {
  for (act, fault, reason) in [
    (Act::Sync, Fault::Broken, "does not work: disk I/O error"),
    (Act::Sync, Fault::Late, "does not work: disk I/O error"),
    (Act::Write, Fault::Full, "is full"),
    (Act::Write, Fault::Short, "does not work: disk I/O error"),
  ] {
    let (disk, mut store) = failing(act, fault);
    let error = store.append(RUN, &[entry(1)]).expect_err("it fails").to_string();
    assert!(error.ends_with(reason), "{error}");
    assert_ne!(disk.heal(), 0);
    let expected = JournalError::GivenUp {
      store: disk.store(),
      reason: error.clone(),
    };
    assert_eq!(store.append(RUN, &[entry(1)]), Err(expected.clone()));
    assert_eq!(store.read(RUN), Err(expected.clone()));
    assert_eq!(store.breakers(), Err(expected));
    drop(store);
    let mut store = Store::open_on(Arc::new(disk.clone()), &disk.store(), Durability::Full).expect("a store");
    let found = store.read(RUN).expect("records").len();
    assert!((1..=2).contains(&found), "{found}");
  }
}

#[test]
fn what_is_wrong_with_what_was_asked_leaves_a_store_usable() {
  let disk = SimulatedDisk::new(&Image::default());
  let mut store = Store::open_on(Arc::new(disk.clone()), &disk.store(), Durability::Full).expect("a store");
  store.begin(&header(), &modules(), &[]).expect("a run");
  store.begin(&header(), &modules(), &[]).expect_err("there is one");
  store.append(RUN, &[entry(0), entry(2)]).expect_err("out of order");
  store.append(RUN, &[entry(0)]).expect("a record");
}
