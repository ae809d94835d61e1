//! The journal's door: both kinds alike, then what only a disk can do. Knows nothing of runs beyond their names.

use std::{
  collections::BTreeSet,
  fs,
  io::{BufRead, BufReader},
  os::unix::fs::{FileExt, PermissionsExt},
  path::{Path, PathBuf},
  process::{Command, Stdio},
};

use orch::journal::{Entry, Journal, JournalError, Memory, Outcome, RunHeader, Snapshot, Store};
use tempfile::TempDir;

fn header(id: &str) -> RunHeader {
  RunHeader {
    id: id.into(),
    program: "triage.orch".into(),
    orchestrator: "daily".into(),
    digest: "d1".into(),
    started: "2026-01-02T03:04:05Z".into(),
    tracker: "t1".into(),
    parent: None,
    key: None,
  }
}

fn modules() -> Vec<(String, String)> {
  vec![
    ("a.orch".into(), "let ü = \"1\"\n".into()),
    ("b.orch".into(), String::new()),
  ]
}

fn entry(seq: u64, body: &str) -> Entry {
  Entry {
    seq,
    at: seq as i64 * 10 - 5,
    body: body.into(),
  }
}

/// Records 0 to 4, of which 3 is a blob.
fn records() -> Vec<Entry> {
  let bodies = [
    "{}".to_owned(),
    r#"{"a":"ü\u0000☂"}"#.into(),
    "[1]".into(),
    big('x'),
    "\"end\"".into(),
  ];
  (0..).zip(bodies).map(|(seq, body)| entry(seq, &body)).collect()
}

/// A body over 64 KiB.
fn big(letter: char) -> String {
  format!("\"{}\"", letter.to_string().repeat(70_000))
}

fn store_in(root: &TempDir) -> Store {
  Store::open(&root.path().join("store")).expect("a store")
}

/// A store that was closed, with one run `r` of [`records`].
fn written() -> (TempDir, PathBuf) {
  let root = tempfile::tempdir().expect("a directory");
  let mut store = store_in(&root);
  store.begin(&header("r"), &modules(), &[]).expect("a run");
  store.append("r", &records()).expect("records");
  let path = root.path().join("store");
  (root, path)
}

fn both() -> (TempDir, [Box<dyn Journal>; 2]) {
  let root = tempfile::tempdir().expect("a directory");
  let store = store_in(&root);
  (root, [Box::new(store), Box::new(Memory::default())])
}

#[test]
fn what_was_appended_is_read_back() {
  let (_root, journals) = both();
  for mut journal in journals {
    journal.begin(&header("b"), &modules(), &[]).expect("a run");
    journal.begin(&header("a"), &modules(), &[]).expect("a run");
    assert_eq!(journal.read("b"), Ok(vec![]));
    let all = records();
    journal.append("b", &all[..2]).expect("records");
    journal.append("a", &[entry(7, "1"), entry(8, "2")]).expect("records");
    journal.append("b", &all[2..]).expect("records");
    journal.append("b", &[]).expect("nothing");
    assert_eq!(journal.read("b"), Ok(all));
    assert_eq!(journal.read("a"), Ok(vec![entry(7, "1"), entry(8, "2")]));
    assert_eq!(journal.runs(), Ok(vec![header("b"), header("a")]));
    assert_eq!(journal.bundle("a"), Ok(modules()));
  }
}

fn snapshot(next: u64) -> Snapshot {
  Snapshot {
    next,
    made_by: "this orch".into(),
    bytes: vec![0, 255, 7],
  }
}

#[test]
fn a_run_goes_on_from_its_latest_snapshot() {
  let (_root, journals) = both();
  for mut journal in journals {
    let all = records();
    journal.begin(&header("a"), &modules(), &[]).expect("a run");
    assert_eq!(journal.read_on("a"), Ok((None, vec![])));
    assert_eq!(journal.first_record("a"), Ok(None));
    let refused = Err(JournalError::OutOfOrder {
      run: "a".into(),
      seq: 3,
    });
    assert_eq!(journal.keep_snapshot("a", Some(&snapshot(3))), refused);
    for (from, to) in [(0, 2), (2, 4)] {
      journal.append("a", &all[from..to]).expect("records");
      journal.keep_snapshot("a", Some(&snapshot(to as u64))).expect("kept");
      assert_eq!(journal.read_on("a"), Ok((Some(snapshot(to as u64)), vec![])));
    }
    assert_eq!(
      journal.keep_snapshot("a", Some(&snapshot(3))),
      refused,
      "of an earlier time"
    );
    journal.append("a", &all[4..]).expect("records");
    assert_eq!(journal.read_on("a"), Ok((Some(snapshot(4)), all[4..].to_vec())));
    assert_eq!(journal.first_record("a"), Ok(Some(all[0].clone())));
    assert_eq!(journal.read("a"), Ok(all.clone()));
    journal.keep_snapshot("a", None).expect("forgotten");
    assert_eq!(journal.read_on("a"), Ok((None, all)));
    let unknown = Err(JournalError::NoRun { run: "b".into() });
    assert_eq!(journal.keep_snapshot("b", None), unknown);
  }
}

#[test]
fn a_snapshot_that_is_not_what_was_kept_is_none() {
  for damage in [
    "UPDATE snapshots SET bytes = x'00'",
    "UPDATE snapshots SET made_by = 'that orch'",
    "UPDATE snapshots SET next = 1",
    "UPDATE snapshots SET link = hash",
    "UPDATE snapshots SET hash = x'00'",
  ] {
    let (_root, path) = written();
    let mut store = Store::open(&path).expect("a store");
    store.keep_snapshot("r", Some(&snapshot(5))).expect("kept");
    let database = rusqlite::Connection::open(path.join("journal.db")).expect("a database");
    assert_eq!(database.execute(damage, []), Ok(1), "{damage}");
    assert_eq!(store.read_on("r"), Ok((None, records())), "{damage}");
  }
}

#[test]
fn what_does_not_belong_is_refused_and_nothing_of_it_written() {
  let (_root, journals) = both();
  for mut journal in journals {
    let no_run = Err(JournalError::NoRun { run: "r".into() });
    assert_eq!(journal.append("r", &[entry(0, "1")]), no_run);
    assert_eq!(journal.read("r").map(drop), no_run);
    assert_eq!(journal.bundle("r").map(drop), no_run);
    journal.begin(&header("r"), &modules(), &[]).expect("a run");
    assert_eq!(
      journal.begin(&header("r"), &modules(), &[]),
      Err(JournalError::SameRun { run: "r".into() })
    );
    journal.append("r", &[entry(1, "1")]).expect("a record");
    for (wrong, seq) in [
      (vec![entry(1, "2")], 1),
      (vec![entry(3, "2")], 3),
      (vec![entry(2, "2"), entry(2, "3")], 2),
    ] {
      assert_eq!(
        journal.append("r", &wrong),
        Err(JournalError::OutOfOrder { run: "r".into(), seq })
      );
    }
    assert_eq!(journal.read("r"), Ok(vec![entry(1, "1")]));
    assert_eq!(journal.runs().map(|runs| runs.len()), Ok(1));
  }
}

#[test]
fn a_store_that_was_closed_is_the_same_when_opened_again() {
  let (root, path) = written();
  let mut store = store_in(&root);
  assert_eq!(store.read("r"), Ok(records()));
  store.append("r", &[entry(5, "6")]).expect("a record");
  drop(store);
  assert_eq!(store_in(&root).read("r").expect("records").len(), 6);
  assert_eq!(fs::read_to_string(path.join(".gitignore")).expect("a file"), "*\n");
}

#[test]
fn only_the_user_can_read_a_store() {
  let (root, path) = written();
  let _open = store_in(&root);
  let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
  assert_eq!((mode(&path), mode(&path.join("blobs"))), (0o700, 0o700));
  let files = [&path, &path.join("blobs")].map(|directory| fs::read_dir(directory).expect("a directory"));
  let files: Vec<PathBuf> = files
    .into_iter()
    .flatten()
    .map(|file| file.expect("a file").path())
    .collect();
  assert!(files.len() > 3, "{files:?}");
  for file in files.iter().filter(|file| file.is_file()) {
    assert_eq!(mode(file), 0o600, "{}", file.display());
  }
}

#[test]
fn a_large_body_is_one_blob_however_often_it_comes() {
  let (root, path) = written();
  let mut store = store_in(&root);
  store
    .append("r", &[entry(5, &big('x')), entry(6, &big('y'))])
    .expect("records");
  let names = fs::read_dir(path.join("blobs"))
    .expect("a directory")
    .map(|file| file.expect("a file").file_name());
  let names: BTreeSet<String> = names.map(|name| name.into_string().expect("text")).collect();
  let expected = ['x', 'y'].map(|letter| blake3::hash(big(letter).as_bytes()).to_hex().to_string());
  assert_eq!(names, BTreeSet::from(expected));
  let bodies: Vec<String> = store
    .read("r")
    .expect("records")
    .into_iter()
    .skip(5)
    .map(|entry| entry.body)
    .collect();
  assert_eq!(bodies, [big('x'), big('y')]);
}

// Damage

#[test]
fn a_changed_record_is_named() {
  for (change, expected) in [
    (
      "UPDATE records SET body = '[2]' WHERE seq = 2",
      "record 2 of run `r` is damaged: it is not what was written",
    ),
    (
      "UPDATE records SET body = CAST(x'FF' AS TEXT) WHERE seq = 1",
      "record 1 of run `r` is damaged: it is no text",
    ),
    (
      "UPDATE records SET at = at + 1 WHERE seq = 4",
      "record 4 of run `r` is damaged: it is not what was written",
    ),
    (
      "UPDATE records SET chain = zeroblob(32) WHERE seq = 0",
      "record 0 of run `r` is damaged: it is not what was written",
    ),
    (
      "UPDATE records SET seq = 9 WHERE seq = 4",
      "record 4 of run `r` is damaged: it is missing",
    ),
    (
      "DELETE FROM records WHERE seq = 2",
      "record 2 of run `r` is damaged: it is missing",
    ),
    (
      "DELETE FROM records WHERE seq = 4",
      "record 4 of run `r` is damaged: it is missing",
    ),
    (
      "DELETE FROM records WHERE seq = 0",
      "record 1 of run `r` is damaged: it is not what was written",
    ),
    ("DELETE FROM records", "record 0 of run `r` is damaged: it is missing"),
    (
      "UPDATE runs SET tracker = 't2'",
      "record 0 of run `r` is damaged: it is not what was written",
    ),
  ] {
    let (root, path) = written();
    let database = rusqlite::Connection::open(path.join("journal.db")).expect("a database");
    assert_ne!(database.execute(change, []).expect("a change"), 0);
    let error = store_in(&root).read("r").expect_err(change);
    assert_eq!(error.to_string(), expected, "{change}");
  }
}

#[test]
fn a_changed_program_is_found() {
  let (root, path) = written();
  let database = rusqlite::Connection::open(path.join("journal.db")).expect("a database");
  database
    .execute("UPDATE bundles SET modules = replace(modules, '1', '2')", [])
    .expect("a change");
  let error = store_in(&root).bundle("r").expect_err("it is damaged");
  assert_eq!(
    error.to_string(),
    "the stored program of run `r` is damaged: it is not what was written"
  );
}

#[test]
fn a_blob_that_is_changed_or_gone_is_named() {
  let (root, path) = written();
  let blob = path
    .join("blobs")
    .join(blake3::hash(big('x').as_bytes()).to_hex().as_str());
  let shown = blob.display();
  fs::OpenOptions::new()
    .write(true)
    .open(&blob)
    .expect("a blob")
    .write_all_at(b"y", 100)
    .expect("a flipped bit");
  let error = store_in(&root).read("r").expect_err("it is damaged");
  assert_eq!(
    error.to_string(),
    format!("record 3 of run `r` is damaged: its blob `{shown}` was changed")
  );
  fs::remove_file(&blob).expect("it is gone");
  let error = store_in(&root).read("r").expect_err("it is damaged");
  assert_eq!(
    error.to_string(),
    format!("record 3 of run `r` is damaged: its blob `{shown}` can't be read")
  );
}

/// Whatever byte of the file is flipped: a run is read as it was written, or an error says that it is not.
#[test]
fn no_flipped_byte_makes_another_run() {
  let (root, path) = written();
  let file = path.join("journal.db");
  let sound = fs::read(&file).expect("a database");
  let mut found = 0;
  for at in (0..sound.len()).step_by(61).chain(places(&sound)) {
    let mut damaged = sound.clone();
    damaged[at] ^= 1 << (at % 8);
    fs::write(&file, damaged).expect("a database");
    let read = Store::open(&path).and_then(|mut store| store.read("r"));
    match read {
      Ok(read) => assert_eq!(read, records(), "byte {at}"),
      Err(_) => found += 1,
    }
    for rest in ["journal.db-wal", "journal.db-shm"] {
      let _ = fs::remove_file(path.join(rest));
    }
  }
  assert!(found > 20, "{found}");
  drop(root);
}

/// Where the bodies of the records are.
fn places(file: &[u8]) -> Vec<usize> {
  let is_place = |at: &usize| {
    [&b"{\"a\":"[..], b"[1]", b"\"end\""]
      .iter()
      .any(|body| file[*at..].starts_with(body))
  };
  (0..file.len()).filter(is_place).collect()
}

#[test]
fn a_file_that_was_cut_or_is_no_database_is_an_error_that_names_the_store() {
  let (_root, path) = written();
  let file = path.join("journal.db");
  let sound = fs::read(&file).expect("a database");
  for damaged in [
    &sound[..sound.len() / 2],
    &sound[..4096],
    &b"not a database at all, but long enough for one".repeat(20),
  ] {
    fs::write(&file, damaged).expect("a file");
    let error = Store::open(&path)
      .and_then(|mut store| store.read("r"))
      .expect_err("it is damaged");
    let expected = format!("the store `{}` is damaged: ", path.display());
    assert!(error.to_string().starts_with(&expected), "{error}");
  }
}

#[test]
fn a_store_of_a_later_orch_is_left_alone() {
  let (root, path) = written();
  let database = rusqlite::Connection::open(path.join("journal.db")).expect("a database");
  database.pragma_update(None, "user_version", 99).expect("a version");
  let error = Store::open(&path).map(drop).expect_err("it is too new");
  let shown = path.display();
  let expected = format!("the store `{shown}` was written by a later orch (format 99; this one knows ");
  assert!(error.to_string().starts_with(&expected), "{error}");
  drop(root);
}

#[test]
fn a_store_of_an_earlier_orch_becomes_one_of_today() {
  let (_root, path) = written();
  let database = rusqlite::Connection::open(path.join("journal.db")).expect("a database");
  let first = "DROP TABLE sums; DROP TABLE outcomes; DROP TABLE breakers; DROP TABLE waiting; DROP INDEX runs_by_key;
    ALTER TABLE runs DROP COLUMN parent; ALTER TABLE runs DROP COLUMN key; DROP TABLE snapshots;
    ALTER TABLE records RENAME TO later;
    CREATE TABLE records (run INTEGER NOT NULL REFERENCES runs (id), seq INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT,
      blob BLOB, chain BLOB NOT NULL, PRIMARY KEY (run, seq), CHECK ((body IS NULL) <> (blob IS NULL))) STRICT;
    INSERT INTO records SELECT * FROM later; DROP TABLE later; PRAGMA user_version = 1";
  database.execute_batch(first).expect("the first format");
  drop(database);
  let mut store = Store::open(&path).expect("a store");
  assert_eq!(store.read("r"), Ok(records()));
  assert_eq!(store.breakers(), Ok(vec![]));
}

#[test]
fn a_store_that_cannot_be_made_or_written_says_where_and_what_to_do() {
  let root = tempfile::tempdir().expect("a directory");
  fs::write(root.path().join("file"), "").expect("a file");
  let mut paths = vec![root.path().join("file/store"), root.path().join("file")];
  let closed = root.path().join("closed");
  fs::create_dir(&closed).expect("a directory");
  fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).expect("a mode");
  // Nothing is closed to root.
  if fs::write(closed.join("probe"), "").is_err() {
    paths.push(closed);
  }
  for path in paths {
    let error = Store::open(&path).map(drop).expect_err("it can't be made").to_string();
    let expected = format!("the store `{}` can't be written (", path.display());
    assert!(
      error.starts_with(&expected) && error.ends_with("); choose another with `--store DIR`"),
      "{error}"
    );
  }
}

// Others, and crashes

#[test]
fn several_writers_may_use_a_new_store_at_once() {
  let root = tempfile::tempdir().expect("a directory");
  std::thread::scope(|scope| {
    for id in ["a", "b", "c", "d"] {
      let path = root.path().join("store");
      scope.spawn(move || {
        let mut store = Store::open(&path).expect("a store");
        store.begin(&header(id), &modules(), &[]).expect("a run");
        for seq in 0..20 {
          store.append(id, &[entry(seq, &big('z'))]).expect("a record");
        }
      });
    }
  });
  let mut store = store_in(&root);
  for id in ["a", "b", "c", "d"] {
    assert_eq!(store.read(id).expect("records").len(), 20);
  }
  assert_eq!(
    fs::read_dir(root.path().join("store/blobs"))
      .expect("a directory")
      .count(),
    1
  );
}

/// The end of a run and its last record are two rows.
#[test]
fn who_looks_at_the_end_of_a_run_while_it_grows_sees_one_end() {
  let root = TempDir::new().expect("a directory");
  let mut writer = store_in(&root);
  writer.begin(&header("r1"), &modules(), &[]).expect("a run");
  let mut reader = store_in(&root);
  let writing = std::thread::spawn(move || {
    for seq in 0..400 {
      writer.append("r1", &[entry(seq, "1")]).expect("it is written");
    }
  });
  let mut seen = 0;
  while !writing.is_finished() {
    let last = reader.last_record("r1").expect("it can be read");
    let last = last.map_or(0, |last| last.seq);
    assert!(last >= seen, "{last} after {seen}");
    seen = last;
  }
  writing.join().expect("all is written");
}

#[test]
fn a_second_writer_of_one_run_is_told() {
  let (root, _) = written();
  let (mut one, mut other) = (store_in(&root), store_in(&root));
  one.append("r", &[entry(5, "1")]).expect("a record");
  let error = other.append("r", &[entry(5, "2")]).expect_err("it was written");
  assert_eq!(
    error.to_string(),
    "record 5 does not follow the last one of run `r`: another orch has written to it"
  );
}

#[test]
fn a_killed_writer_leaves_all_that_it_was_promised() {
  let root = tempfile::tempdir().expect("a directory");
  let mut writer = Command::new(std::env::current_exe().expect("this program"))
    .args(["--exact", "alone_writer", "--ignored", "--nocapture"])
    .env("ORCH_TEST_ROOT", root.path())
    .stdout(Stdio::piped())
    .spawn()
    .expect("this program");
  let lines = BufReader::new(writer.stdout.take().expect("a pipe")).lines();
  let promised = lines
    .map_while(Result::ok)
    .filter_map(|line| line.strip_prefix("wrote ")?.parse::<usize>().ok());
  let promised = promised.take(30).last().expect("promises");
  writer.kill().expect("kill -9");
  writer.wait().expect("an end");
  let mut store = store_in(&root);
  let read = store.read("r").expect("records");
  assert!(
    read.len() >= promised && promised >= 30,
    "{promised} promised, {} read",
    read.len()
  );
  assert!(read.iter().all(|entry| entry.body == body_of(entry.seq)));
  store.append("r", &[entry(read.len() as u64, "1")]).expect("a record");
}

fn body_of(seq: u64) -> String {
  if seq.is_multiple_of(3) {
    format!("\"{seq}{}\"", "x".repeat(70_000))
  } else {
    seq.to_string()
  }
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn alone_writer() {
  let Some(root) = std::env::var_os("ORCH_TEST_ROOT") else {
    return;
  };
  let mut store = Store::open(&Path::new(&root).join("store")).expect("a store");
  store.begin(&header("r"), &modules(), &[]).expect("a run");
  for seq in (0..).step_by(2) {
    let two = [seq, seq + 1].map(|seq| entry(seq, &body_of(seq)));
    store.append("r", &two).expect("records");
    println!("\nwrote {}", seq + 2);
  }
}

fn outcome(at: i64, value: &str) -> Outcome {
  Outcome {
    at,
    run: "r".into(),
    step: "a[0]".into(),
    value: value.into(),
  }
}

#[test]
fn outcomes_are_kept_by_key_and_age() {
  let root = tempfile::tempdir().expect("a directory");
  let mut store = store_in(&root);
  let (one, other) = ([1; 32], [2; 32]);
  store
    .keep_outcome(&one, &outcome(100, "{\"a\":1}"))
    .expect("it is kept");
  store
    .keep_outcome(&other, &outcome(100, &big('x')))
    .expect("it is kept");
  drop(store);
  let mut store = store_in(&root);
  assert_eq!(store.outcome(&one, 100), Ok(Some(outcome(100, "{\"a\":1}"))));
  assert_eq!(store.outcome(&other, 0), Ok(Some(outcome(100, &big('x')))), "as a blob");
  assert_eq!(store.outcome(&one, 101), Ok(None), "too old");
  assert_eq!(store.outcome(&[3; 32], 0), Ok(None));
  store.keep_outcome(&one, &outcome(200, "2")).expect("it is kept");
  assert_eq!(
    store.outcome(&one, 101),
    Ok(Some(outcome(200, "2"))),
    "the newer one counts"
  );
}

#[test]
fn an_outcome_that_was_changed_is_none() {
  let root = tempfile::tempdir().expect("a directory");
  let mut store = store_in(&root);
  store.keep_outcome(&[1; 32], &outcome(0, "1")).expect("it is kept");
  store
    .keep_outcome(&[2; 32], &outcome(0, &big('x')))
    .expect("it is kept");
  drop(store);
  let path = root.path().join("store");
  let database = rusqlite::Connection::open(path.join("journal.db")).expect("a database");
  database
    .execute("UPDATE outcomes SET value = '2' WHERE value = '1'", [])
    .expect("a change");
  fs::remove_dir_all(path.join("blobs")).expect("the blobs");
  drop(database);
  let mut store = store_in(&root);
  assert_eq!(store.outcome(&[1; 32], 0), Ok(None));
  assert_eq!(store.outcome(&[2; 32], 0), Ok(None));
}

#[test]
fn breakers_are_kept_where_they_are() {
  let root = tempfile::tempdir().expect("a directory");
  let mut store = store_in(&root);
  assert_eq!(store.breakers(), Ok(vec![]));
  let state = |key: &str, state: &str| (key.to_owned(), state.to_owned());
  store
    .keep_breakers(&[state("b", "1"), state("a", "2")])
    .expect("they are kept");
  store.keep_breakers(&[state("b", "3")]).expect("it is kept");
  drop(store);
  assert_eq!(store_in(&root).breakers(), Ok(vec![state("a", "2"), state("b", "3")]));
}

// Removal

#[test]
fn a_run_that_is_over_is_removed_with_what_nothing_else_refers_to() {
  let (root, path) = written();
  let mut store = store_in(&root);
  let other = RunHeader {
    digest: "d2".into(),
    ..header("other")
  };
  store.begin(&other, &[], &[]).expect("a run");
  store
    .append("other", &[entry(0, &big('y')), entry(1, "\"end\"")])
    .expect("records");
  store.begin(&header("open"), &modules(), &[]).expect("a run");
  store.append("open", &[entry(0, &big('x'))]).expect("a record");
  store
    .keep_outcome(&[1; 32], &outcome(0, &big('z')))
    .expect("it is kept");
  let ids = ["r", "other", "open", "none"].map(String::from);
  let removed = store
    .remove(&ids, |last| last.body == "\"end\"")
    .expect("it is removed");
  let runs = vec!["r".to_owned(), "other".to_owned()];
  assert_eq!((removed.runs, removed.blobs), (runs, 1), "only `y` was theirs alone");
  assert_eq!(store.runs(), Ok(vec![header("open")]));
  assert_eq!(store.read("open"), Ok(vec![entry(0, &big('x'))]));
  assert_eq!(store.bundle("open"), Ok(modules()));
  assert_eq!(store.outcome(&[1; 32], 0), Ok(Some(outcome(0, &big('z')))));
  assert_eq!(fs::read_dir(path.join("blobs")).expect("a directory").count(), 2);
}

#[test]
fn a_run_whose_modules_a_waiting_one_needs_stays() {
  let (root, _) = written();
  let mut store = store_in(&root);
  let waiting = orch::journal::Waiting {
    id: "w".into(),
    parent: "r".into(),
    orchestrator: "o".into(),
    asked: "2026-01-02T03:04:05Z".into(),
    order: "{}".into(),
  };
  store.ask(&waiting).expect("it waits");
  let removed = store.remove(&["r".into()], |_| true).expect("nothing is wrong");
  assert_eq!(removed, Default::default());
  assert_eq!(store.read("r"), Ok(records()));
}

#[test]
fn removal_gives_space_back_while_another_writes() {
  let (root, path) = written();
  let mut store = store_in(&root);
  let long = "x".repeat(60_000);
  let many: Vec<Entry> = (5..105).map(|seq| entry(seq, &long)).collect();
  store.append("r", &many).expect("records");
  let mut other = store_in(&root);
  other.begin(&header("other"), &modules(), &[]).expect("a run");
  let writing = std::thread::spawn(move || {
    for seq in 0..50 {
      other.append("other", &[entry(seq, &big('x'))]).expect("a record");
    }
    other
  });
  let removed = store.remove(&["r".into()], |_| true);
  assert_eq!(removed.map(|removed| removed.runs), Ok(vec!["r".to_owned()]));
  let mut other = writing.join().expect("all is written");
  assert_eq!(other.read("other").map(|records| records.len()), Ok(50));
  drop((store, other));
  assert!(fs::metadata(path.join("journal.db")).expect("a file").len() < 1_000_000);
}
