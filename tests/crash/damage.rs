//! Bits that flip and files that end too early, anywhere in the store. Whatever is read then is what was written, or an
//! error says that it is not.

use std::sync::Arc;

use orch::journal::{Durability, Entry, Journal, JournalError, Outcome, RunHeader, Snapshot, Store, Waiting};

use crate::{
  chance::{Chance, thorough},
  disk::SimulatedDisk,
  image::Image,
  play::{RUN, header, modules},
};

/// All that a store can be asked.
#[derive(Debug, PartialEq)]
struct Content {
  runs: Vec<RunHeader>,
  records: Vec<Entry>,
  last: Option<Entry>,
  bundle: Vec<(String, String)>,
  waiting: Vec<Waiting>,
  outcomes: [Option<Outcome>; 2],
  breakers: Vec<(String, String)>,
}

const SMALL: [u8; 32] = [1; 32];
const LARGE: [u8; 32] = [2; 32];

fn open(disk: &SimulatedDisk) -> Result<Store, JournalError> {
  Store::open_on(Arc::new(disk.clone()), &disk.store(), Durability::Full)
}

/// What a store gives, each part or an error.
fn content(disk: &SimulatedDisk) -> Result<Content, JournalError> {
  let mut store = open(disk)?;
  Ok(Content {
    runs: store.runs()?,
    records: store.read(RUN)?,
    last: store.last_record(RUN)?,
    bundle: store.bundle(RUN)?,
    waiting: store.waiting()?,
    outcomes: [store.outcome(&SMALL, 0)?, store.outcome(&LARGE, 0)?],
    breakers: store.breakers()?,
  })
}

fn entry(seq: u64, body: String) -> Entry {
  Entry { seq, at: 5, body }
}

fn outcome(value: String) -> Outcome {
  Outcome {
    at: 3,
    run: RUN.into(),
    step: "a".into(),
    value,
  }
}

/// After the first two records.
fn snapshot() -> Snapshot {
  Snapshot {
    next: 2,
    made_by: "the test".into(),
    bytes: vec![7; 5_000],
  }
}

/// Whoever goes on from the snapshot has all that was written, too: a snapshot that was changed is none.
fn check_going_on(sound: &Content, disk: &SimulatedDisk, told: &str, has_log: bool) {
  let Ok((snapshot, rest)) = open(disk).and_then(|mut store| store.read_on(RUN)) else {
    return;
  };
  let first = snapshot.as_ref().map_or(0, |snapshot| snapshot.next as usize);
  assert!(snapshot.is_none_or(|found| found == self::snapshot()), "{told}");
  let expected = &sound.records[first..];
  assert!(
    rest == expected || (has_log && expected.starts_with(&rest)),
    "{told}: {rest:#?}"
  );
}

fn write(store: &mut Store) -> Result<(), JournalError> {
  store.begin(&header(), &modules(), &[])?;
  store.append(RUN, &[entry(0, "\"small\"".into()), entry(1, "x".repeat(70_000))])?;
  store.ask(&Waiting {
    id: "w".into(),
    parent: RUN.into(),
    orchestrator: "o".into(),
    asked: "2026-01-02T03:04:05Z".into(),
    order: "{}".into(),
  })?;
  store.keep_outcome(&SMALL, &outcome("\"kept\"".into()))?;
  store.keep_outcome(&LARGE, &outcome("y".repeat(70_000)))?;
  store.keep_snapshot(RUN, Some(&snapshot()))?;
  store.keep_breakers(&[("b".into(), "{\"open\":true}".into())])?;
  store.append(RUN, &[entry(2, "\"end\"".into())])
}

/// With its log, as a crash leaves it, or without one.
fn written(with_log: bool) -> Image {
  let disk = SimulatedDisk::new(&Image::default());
  let mut store = open(&disk).expect("a store");
  write(&mut store).expect("it is written");
  if with_log {
    return disk.image();
  }
  drop(store);
  disk.image()
}

/// A flipped bit, or an early end.
fn damage(image: &Image, chance: &mut Chance) -> (Image, String) {
  let mut damaged = image.clone();
  let files = damaged
    .0
    .iter_mut()
    .filter_map(|(path, content)| Some((path, content.as_mut()?)));
  let mut files: Vec<_> = files.filter(|(_, content)| !content.is_empty()).collect();
  let which = chance.below(files.len() as u64) as usize;
  let (path, content) = &mut files[which];
  // Most of a database is empty: nine of ten are where something is.
  let at = loop {
    let at = chance.below(content.len() as u64) as usize;
    if content[at] != 0 || chance.one_in(100) {
      break at;
    }
  };
  let told = format!("{} at {at} of {}", path.display(), content.len());
  if chance.one_in(10) {
    content.truncate(at);
    return (damaged, format!("{told}, cut"));
  }
  content[at] ^= 1 << chance.below(8);
  (damaged, format!("{told}, flipped"))
}

/// Whether it is what was written; else it is said to be damaged. What may be made again may be gone.
fn check(sound: &Content, image: &Image, told: &str, has_log: bool) -> bool {
  let disk = SimulatedDisk::new(image);
  check_going_on(sound, &SimulatedDisk::new(image), told, has_log);
  match content(&disk) {
    Ok(mut read) => {
      for (read, sound) in read.outcomes.iter_mut().zip(&sound.outcomes) {
        assert!(read.is_none() || read == sound, "{told}: {read:?}");
        read.clone_from(sound);
      }
      // A log with a flipped bit is one that was cut short by a crash: what was there a moment before is read.
      let is_earlier = has_log && sound.records.starts_with(&read.records);
      assert!(is_earlier || read == *sound, "{told}: {read:#?}");
      read == *sound
    }
    Err(error) => {
      let shown = error.to_string();
      let is_named = ["damaged", "there is no run `r`", "was written by a later orch"];
      assert!(is_named.iter().any(|name| shown.contains(name)), "{told}: {shown}");
      false
    }
  }
}

fn check_all(with_log: bool, times: u64) {
  let image = written(with_log);
  let sound = content(&SimulatedDisk::new(&image)).expect("it is sound");
  let mut chance = Chance::new(1);
  let harmless = (0..thorough("ORCH_DAMAGE_TIMES", times)).filter(|_| {
    let (damaged, told) = damage(&image, &mut chance);
    check(&sound, &damaged, &told, with_log)
  });
  let harmless = harmless.count() as u64;
  println!("log: {with_log}, {times} times, {harmless} harmless");
  assert!(harmless < times, "nothing was found");
}

#[test]
fn whatever_bit_flips_in_a_store_is_found_or_harmless() {
  check_all(false, 3_000);
}

#[test]
fn whatever_bit_flips_in_a_log_is_found_or_ends_it() {
  check_all(true, 1_000);
}
