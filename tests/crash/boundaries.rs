//! A power cut at every point: between any two operations on the disk, with several fates for what was not synced. Each
//! time the run is taken up again and must come to the same end, without losing or repeating what was promised.

use std::{
  collections::HashSet,
  hash::{DefaultHasher, Hash, Hasher},
  sync::Arc,
};

use orch::{hir::Program, journal::Durability};
use serde_json::Value;

use crate::{
  chance::{Chance, thorough},
  disk::SimulatedDisk,
  image::{Image, Outcome, Platter},
  play::{Played, ended, play, program},
  programs,
};

/// What is the same whatever happens.
struct Reference {
  name: &'static str,
  durability: Durability,
  program: Arc<Program>,
  result: Result<Value, String>,
  asked: usize,
}

#[derive(Debug, Default)]
struct Count {
  points: usize,
  /// Different disks that were left.
  disks: usize,
  /// Of them those on which less was than had been promised.
  forgetful: usize,
}

/// Of what was not synced at a point: nothing is left, all of it, and `ORCH_CRASH_FATES` times what chance leaves of it.
fn fates(point: usize) -> Vec<Outcome> {
  let mut chance = Chance::new(point as u64);
  let mut fates = vec![Outcome::Nothing, Outcome::All];
  for time in 0..thorough("ORCH_CRASH_FATES", 1) {
    fates.push(match (point as u64 + time).is_multiple_of(2) {
      true => Outcome::Some(chance.next()),
      false => Outcome::Torn(chance.next()),
    });
  }
  fates
}

/// Cuts the power at every point of what was done to a disk that had been `before`. `depth` is how often it may go off again.
fn cut_everywhere(reference: &Reference, before: &Image, done: &SimulatedDisk, played: &Played, depth: usize) -> Count {
  let mut platter = Platter::new(before);
  let mut seen = HashSet::new();
  let mut count = Count::default();
  let log = done.log();
  for point in 0..=log.len() {
    count.points += 1;
    let promised = played.promised(point).max(played.found);
    for fate in fates(point) {
      let left = platter.cut(fate);
      if seen.insert((hash(&left), promised)) {
        count.disks += 1;
        let told = format!("{}, point {point} of {}, {fate:?}", reference.name, log.len());
        take_up(reference, &left, played, promised, &told, depth, &mut count);
      }
    }
    if let Some(op) = log.get(point) {
      platter.follow(op);
    }
  }
  count
}

fn hash(image: &Image) -> u64 {
  let mut hasher = DefaultHasher::new();
  image.hash(&mut hasher);
  hasher.finish()
}

/// Goes on with what was left, and compares.
fn take_up(
  reference: &Reference,
  left: &Image,
  before: &Played,
  promised: usize,
  told: &str,
  depth: usize,
  count: &mut Count,
) {
  let disk = SimulatedDisk::new(left);
  let (after, end) = play(&disk, &reference.program, reference.durability);
  assert_eq!(end, Ok(()), "{told}");
  count.forgetful += usize::from(after.found < promised);
  let found = &after.records[..after.found];
  assert_eq!(found, &before.records[..after.found], "{told}: other records");
  assert_eq!(after.result().as_ref(), Some(&reference.result), "{told}");
  assert_eq!(after.asked.len(), reference.asked, "{told}: dispatched runs");
  let finished = ended(found);
  let again: Vec<_> = after.starts.iter().filter(|start| finished.contains(start)).collect();
  assert!(again.is_empty(), "{told}: {again:?} ran again");
  if depth > 0 && Chance::new(hash(left)).one_in(150) {
    let inner = cut_everywhere(reference, left, &disk, &after, depth - 1);
    count.points += inner.points;
    count.disks += inner.disks;
    count.forgetful += inner.forgetful;
  }
}

fn count(name: &'static str, durability: Durability) -> Count {
  let program = program(&programs::text(name));
  let disk = SimulatedDisk::new(&Image::default());
  let (played, end) = play(&disk, &program, durability);
  assert_eq!(end, Ok(()));
  let reference = Reference {
    name,
    durability,
    program,
    result: played.result().expect("an end"),
    asked: played.asked.len(),
  };
  let count = cut_everywhere(&reference, &Image::default(), &disk, &played, 1);
  println!("{name}: {count:?}, {} records", played.records.len());
  assert!(count.disks > 100, "{count:?}");
  count
}

fn check(name: &'static str) {
  assert_eq!(count(name, Durability::Full).forgetful, 0);
}

#[test]
fn a_sequence_survives_a_power_cut_at_any_point() {
  check("sequence");
}

#[test]
fn an_each_survives_a_power_cut_at_any_point() {
  check("each");
}

#[test]
fn retries_survive_a_power_cut_at_any_point() {
  check("retry");
}

#[test]
fn undo_survives_a_power_cut_at_any_point() {
  check("undo");
}

#[test]
fn dispatched_runs_survive_a_power_cut_at_any_point() {
  check("dispatch");
}

#[test]
fn large_answers_survive_a_power_cut_at_any_point() {
  check("blobs");
}

/// The faster durability may lose what was promised, and nothing else: what is left is sound.
#[test]
fn without_syncs_a_power_cut_takes_the_latest_records_only() {
  assert_ne!(count("sequence", Durability::Process).forgetful, 0);
}
