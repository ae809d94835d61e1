//! Random programs that know what they come to, under `kill -9`: of orch alone, of its process group, of orch with its
//! guard, and of all at once with the workers, at any moment, also while it recovers. Each comes to what it would have
//! come to, nothing that has finished runs again, and nothing is left behind. Most programs are run without processes,
//! cut at random records.
//!
//! `ORCH_PROGRAMS` says how many programs are tried, `ORCH_SEED` which one is the first, `ORCH_REAL` that one of so many
//! is run by the real binary; a failure names its seed.
#![expect(clippy::disallowed_methods, reason = "the binary is started and killed")]

#[path = "../common/mod.rs"]
mod common;
mod program;
mod within;

use std::{
  collections::{BTreeSet, HashMap},
  os::unix::process::CommandExt,
  path::Path,
  process::{Child, Command, Stdio},
  sync::atomic::{AtomicU64, Ordering},
  time::Duration,
};

use common::draw::Draw;
use nix::{
  sys::signal::{Signal, kill, killpg},
  unistd::Pid,
};
use orch::{
  engine::{AttemptOutcome, Event, ExecutionId, Record},
  journal::{Journal, Store},
};
use program::program;

/// Programs that are tried unless somebody says otherwise.
const PROGRAMS: u64 = 2_000;
/// One of so many is run by the real binary, and killed.
const REAL: u64 = 33;
/// Kills of one program at most.
const KILLS: u64 = 4;
/// Milliseconds that an orch may live before it is killed.
const LIFE: u64 = 90;

fn number(variable: &str, otherwise: u64) -> u64 {
  let text = std::env::var(variable).ok();
  text.map_or(otherwise, |text| text.parse().expect("a number"))
}

#[test]
fn no_kill_loses_or_repeats_what_has_finished() {
  let (first, count) = (number("ORCH_SEED", 0), number("ORCH_PROGRAMS", PROGRAMS));
  let real = number("ORCH_REAL", REAL);
  let (next, killed, kills) = (AtomicU64::new(first), AtomicU64::new(0), AtomicU64::new(0));
  std::thread::scope(|scope| {
    for _ in 0..3 {
      scope.spawn(|| {
        loop {
          let seed = next.fetch_add(1, Ordering::Relaxed);
          if seed >= first + count {
            return;
          }
          if seed % real == 0 {
            killed.fetch_add(1, Ordering::Relaxed);
            kills.fetch_add(tried(seed), Ordering::Relaxed);
          } else {
            within::tried(seed);
          }
        }
      });
    }
  });
  let (killed, kills) = (killed.into_inner(), kills.into_inner());
  println!("{count} programs from seed {first}, {killed} of them by the binary, {kills} kills");
  assert!(kills >= 3 * killed, "too few kills: {kills} of {killed} programs");
}

/// Runs a program to its end, however often it is killed on the way; how often that was.
fn tried(seed: u64) -> u64 {
  let room = tempfile::tempdir().expect("a directory");
  let log = room.path().join("log");
  let program = program(seed, &log.to_string_lossy());
  std::fs::write(room.path().join("p.orch"), &program.text).expect("a file");
  std::fs::create_dir(room.path().join("tmp")).expect("a directory");
  let mut draw = Draw::new(seed ^ 0x5eed);
  let mut kills = 0;
  while kills < KILLS {
    let mut child = start(room.path(), kills > 0);
    std::thread::sleep(Duration::from_millis(draw.below(LIFE)));
    if child.try_wait().expect("a state").is_some() {
      break;
    }
    // of orch alone the guard ends the workers; else nobody is there to do so
    match draw.below(4) {
      0 => guards(child.id()).into_iter().for_each(end),
      1 => guards(child.id()).into_iter().chain(marked(room.path())).for_each(end),
      2 => end_group(child.id()),
      _ => {}
    }
    end(child.id());
    child.wait().expect("it is gone");
    kills += 1;
  }
  let seen = start(room.path(), true).wait_with_output().expect("orch ends");
  let context = format!(
    "seed {seed}, {kills} kills:\n{}\n{}",
    program.text,
    String::from_utf8_lossy(&seen.stderr)
  );
  let result: Option<Vec<i64>> = serde_json::from_slice(&seen.stdout).ok();
  assert_eq!(result.as_ref(), Some(&program.result), "{context}");
  check_records(room.path(), &log, program.endings, &context);
  check_left(room.path(), &context);
  kills
}

/// Begins the run, or goes on with it. One that was killed before it was written down begins anew.
fn start(room: &Path, again: bool) -> Child {
  let begun = again && !runs(room).is_empty();
  let words: &[&str] = if begun {
    &["resume", "last", "-q"]
  } else {
    &["run", "p.orch", "main", "-q"]
  };
  let mut command = Command::new(env!("CARGO_BIN_EXE_orch"));
  command.args(words).current_dir(room).env("TMPDIR", room.join("tmp"));
  command
    .process_group(0)
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("orch starts")
}

/// The runs that have a record: one without has not begun.
fn runs(room: &Path) -> Vec<String> {
  let directory = room.join(".orch");
  if !directory.join("journal.db").exists() {
    return Vec::new();
  }
  let mut store = Store::open(&directory).expect("the store opens after any kill");
  let runs = store.runs().expect("its runs can be read");
  let last = runs.into_iter().map(|run| run.id).next_back();
  let begun = last.filter(|run| store.last_record(run).expect("it can be read").is_some());
  begun.into_iter().collect()
}

fn end(process: u32) {
  let _ = kill(Pid::from_raw(i32::try_from(process).expect("an id")), Signal::SIGKILL);
}

/// All of the process's own group.
fn end_group(process: u32) {
  let _ = killpg(Pid::from_raw(i32::try_from(process).expect("an id")), Signal::SIGKILL);
}

/// The guards that a process has started.
fn guards(parent: u32) -> Vec<u32> {
  let threads = std::fs::read_dir(format!("/proc/{parent}/task"))
    .into_iter()
    .flatten()
    .flatten();
  let lines = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
  let ids: BTreeSet<u32> = lines
    .flat_map(|line| {
      line
        .split_whitespace()
        .filter_map(|id| id.parse().ok())
        .collect::<Vec<_>>()
    })
    .collect();
  let is_guard = |id: &u32| {
    let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains("__guard")
  };
  ids.into_iter().filter(is_guard).collect()
}

/// What has succeeded is never admitted again, and every process that ran was admitted for it.
fn check_records(room: &Path, log: &Path, endings: usize, context: &str) {
  let mut store = Store::open(&room.join(".orch")).expect("the store");
  let run = runs(room).pop().expect("a run");
  let entries = store.read(&run).expect("its records");
  let records = entries
    .iter()
    .map(|entry| serde_json::from_str(&entry.body).expect("a record"));
  let mut done: BTreeSet<ExecutionId> = BTreeSet::new();
  let mut admissions = 0;
  for Record { event, .. } in records.collect::<Vec<Record>>() {
    match event {
      Event::Admitted { execution } => {
        admissions += 1;
        assert!(
          !done.contains(&execution),
          "what has finished runs again: {execution:?}, {context}"
        );
      }
      Event::AttemptEnded {
        execution,
        outcome: AttemptOutcome::Ok(_),
      } => assert!(done.insert(execution), "it ends twice: {execution:?}, {context}"),
      _ => {}
    }
  }
  let text = std::fs::read_to_string(log).expect("the workers' log");
  let ended: BTreeSet<&str> = text.lines().filter(|line| line.starts_with("end ")).collect();
  assert_eq!(ended.len(), endings, "{ended:?}, {context}");
  let mut starts: HashMap<&str, usize> = HashMap::new();
  text.lines().for_each(|line| *starts.entry(line).or_default() += 1);
  let started: usize = starts.values().sum();
  assert!(
    started <= admissions,
    "{started} processes for {admissions} admissions, {context}"
  );
}

/// No worker is alive that was started here, and no scratch directory is left.
fn check_left(room: &Path, context: &str) {
  for _ in 0..1000 {
    if marked(room).is_empty() {
      return;
    }
    std::thread::sleep(Duration::from_millis(10));
  }
  panic!("workers are left behind, {context}");
}

/// The processes that were started here, orch among them.
fn marked(room: &Path) -> Vec<u32> {
  let mark = room.join("tmp").to_string_lossy().into_owned();
  let all = std::fs::read_dir("/proc").expect("/proc").flatten();
  let marked = all.filter(|entry| {
    let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
    String::from_utf8_lossy(&environment).contains(&mark)
  });
  marked
    .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
    .collect()
}
