//! Old runs are removed, and the power goes off at any point of it, or the disk fails. A run is there whole or not at
//! all, one that stays loses nothing, and what was left is removed the next time.

use std::{collections::HashSet, sync::Arc};

use orch::journal::{Durability, Entry, Journal, JournalError, Outcome as Kept, Removed, RunHeader, Store};

use crate::{
  chance::{Chance, thorough},
  disk::{Act, Fault, SimulatedDisk},
  image::{Image, Outcome, Platter},
  play::{header, modules},
};

/// These go.
const OLD: [&str; 2] = ["old", "older"];
/// It has not ended.
const OPEN: &str = "open";
/// It is younger.
const YOUNG: &str = "young";

const KEY: [u8; 32] = [7; 32];

/// Longer than what stands in a row.
fn large(what: &str) -> String {
  format!("\"{what} {}\"", "x".repeat(300 << 10))
}

fn records(run: &str) -> Vec<Entry> {
  let last = if run == OPEN { "\"goes on\"" } else { "\"end\"" };
  let bodies = [large("of all"), large(run), format!("\"{run}\""), last.to_owned()];
  let entry = |(body, seq)| Entry { seq, at: 0, body };
  bodies.into_iter().zip(0..).map(entry).collect()
}

fn is_end(entry: &Entry) -> bool {
  entry.body == "\"end\""
}

fn outcome() -> Kept {
  Kept {
    at: 1,
    run: OLD[0].into(),
    step: "a".into(),
    value: large("kept"),
  }
}

fn open(disk: &SimulatedDisk) -> Result<Store, JournalError> {
  Store::open_on(Arc::new(disk.clone()), &disk.store(), Durability::Full)
}

/// A disk with all these runs, durably.
fn full() -> Image {
  let disk = SimulatedDisk::new(&Image::default());
  let mut store = open(&disk).expect("a store");
  for run in [OLD[0], OPEN, OLD[1], YOUNG] {
    let header = RunHeader {
      id: run.into(),
      digest: run.into(),
      ..header()
    };
    store.begin(&header, &modules(), &records(run)).expect("a run");
  }
  store.keep_outcome(&KEY, &outcome()).expect("an outcome");
  drop(store);
  cut(&disk, &Image::default(), disk.done(), Outcome::Nothing)
}

fn cut(disk: &SimulatedDisk, before: &Image, point: usize, fate: Outcome) -> Image {
  let mut platter = Platter::new(before);
  disk.log().iter().take(point).for_each(|op| platter.follow(op));
  platter.cut(fate)
}

fn remove(disk: &SimulatedDisk) -> Result<Removed, JournalError> {
  let ids = [OLD[0], OPEN, OLD[1]].map(str::to_owned);
  open(disk)?.remove(&ids, is_end)
}

/// What must hold whatever became of a removal; which of the old runs are still there.
fn check_whole(disk: &SimulatedDisk, told: &str) -> Vec<&'static str> {
  let mut store = open(disk).unwrap_or_else(|error| panic!("{told}: {error}"));
  let listed = store.runs().unwrap_or_else(|error| panic!("{told}: {error}"));
  let listed: HashSet<String> = listed.into_iter().map(|run| run.id).collect();
  for run in [OPEN, YOUNG] {
    assert_eq!(store.read(run), Ok(records(run)), "{told}");
    assert_eq!(store.bundle(run), Ok(modules()), "{told}");
    assert!(listed.contains(run), "{told}");
  }
  assert_eq!(store.outcome(&KEY, 0), Ok(Some(outcome())), "{told}");
  let is_left = |run: &&str| match store.read(run) {
    Err(JournalError::NoRun { .. }) => false,
    read => {
      assert_eq!(read, Ok(records(run)), "{told}: {run} is there in part");
      true
    }
  };
  let left: Vec<_> = OLD.into_iter().filter(is_left).collect();
  assert_eq!(listed.len(), 2 + left.len(), "{told}");
  left
}

/// Removing once more ends what was begun: nothing is left that nobody needs.
fn check_removed(disk: &SimulatedDisk, told: &str) {
  remove(disk).unwrap_or_else(|error| panic!("{told}: {error}"));
  assert!(check_whole(disk, told).is_empty(), "{told}");
  let store = disk.store();
  let root = store.parent().expect("a disk");
  let blobs = store.strip_prefix(root).expect("on the disk").join("blobs");
  let found = disk.image();
  let found = found.0.keys().filter(|path| path.parent() == Some(&blobs));
  // what all have, one of each run that stays, the outcome's
  assert_eq!(found.count(), 4, "{told}");
}

#[test]
fn a_power_cut_at_any_point_of_a_removal_leaves_every_run_whole_or_gone() {
  let before = full();
  let done = SimulatedDisk::new(&before);
  assert_eq!(check_whole(&SimulatedDisk::new(&before), "at first"), OLD);
  let removed = remove(&done).expect("it works");
  assert_eq!((removed.runs, removed.blobs), (OLD.map(str::to_owned).to_vec(), 2));
  check_removed(&done, "without a cut");
  let done = SimulatedDisk::new(&before);
  remove(&done).expect("it works");
  let (mut seen, mut left) = (HashSet::new(), [0; 3]);
  for point in 0..=done.done() {
    let mut chance = Chance::new(point as u64);
    let fates = [
      Outcome::Nothing,
      Outcome::All,
      Outcome::Some(chance.next()),
      Outcome::Torn(chance.next()),
    ];
    for fate in fates {
      let image = cut(&done, &before, point, fate);
      if !seen.insert(image.clone()) {
        continue;
      }
      let told = format!("point {point} of {}, {fate:?}", done.done());
      let disk = SimulatedDisk::new(&image);
      left[check_whole(&disk, &told).len()] += 1;
      check_removed(&disk, &told);
    }
  }
  println!("{} disks; with none, one, both of the runs: {left:?}", seen.len());
  assert!(left.iter().all(|count| *count > 0), "{left:?}");
}

/// Of 100 operations.
const FAULTS: u64 = 2;

#[test]
fn a_removal_on_a_failing_disk_says_so_and_loses_nothing() {
  let before = full();
  let mut failures = 0;
  let seeds = thorough("ORCH_FAULT_SEEDS", 60);
  for seed in 0..seeds {
    let mut chance = Chance::new(seed);
    let disk = SimulatedDisk::new(&before);
    let mut well = chance.below(4) * chance.below(40);
    disk.fail(move |_: Act| {
      well = well.saturating_sub(1);
      let kinds = [Fault::Broken, Fault::Full, Fault::Short, Fault::Late];
      (well == 0 && chance.below(100) < FAULTS).then(|| kinds[chance.below(4) as usize])
    });
    let told = format!("seed {seed}");
    let removed = remove(&disk);
    disk.heal();
    if let Err(error) = removed {
      failures += 1;
      let (shown, store) = (error.to_string(), disk.store());
      assert!(shown.contains(&*store.to_string_lossy()), "{told}: {shown}");
    }
    let image = cut(&disk, &before, disk.done(), Outcome::Torn(seed));
    for disk in [disk, SimulatedDisk::new(&image)] {
      check_whole(&disk, &told);
      check_removed(&disk, &told);
    }
  }
  println!("{failures} of {seeds} failed");
  assert!(failures > seeds / 4 && failures < seeds, "{failures}");
}
