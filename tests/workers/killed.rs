//! What can be seen only from outside, or alone: one of these tests is run again in a process of its own.

use std::{
  fs,
  path::{Path, PathBuf},
  process::{Child, Command},
  time::Duration,
};

use orch::protocol::ProcessTask;
use orch::value::FailureKind;
use orch::workers::Workers;
use tempfile::TempDir;

use crate::bench::{Bench, Execution, eventually, exec, kill, options, processes, refused, shell};

/// This test program, to run one test in a process of its own, with a directory for it.
fn alone(test: &str, root: &Path) -> Command {
  let mut command = Command::new(std::env::current_exe().expect("this program"));
  command
    .args(["--exact", &format!("killed::{test}"), "--ignored", "--nocapture"])
    .env("ORCH_TEST_ROOT", root);
  command
}

/// `None` if no other test runs this one.
fn given_root() -> Option<PathBuf> {
  std::env::var_os("ORCH_TEST_ROOT").map(PathBuf::from)
}

/// Workers in a given directory; the caller removes it.
fn given_bench(root: &Path) -> (Bench, tokio::runtime::Runtime) {
  let bench = Bench {
    root: tempfile::tempdir_in(root).expect("a directory"),
    workers: Workers::new(options(root)).into(),
  };
  (
    bench,
    tokio::runtime::Builder::new_multi_thread()
      .worker_threads(2)
      .enable_all()
      .build()
      .expect("a runtime"),
  )
}

fn made_root() -> TempDir {
  let root = tempfile::tempdir().expect("a directory");
  fs::create_dir(root.path().join("scratch")).expect("a directory");
  root
}

#[test]
fn many_workers_leave_no_open_file_no_zombie_and_no_memory() {
  let root = made_root();
  assert!(
    alone("alone_many_workers", root.path())
      .status()
      .expect("this program")
      .success()
  );
  assert!(root.path().join("done").exists(), "it did not run");
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn alone_many_workers() {
  let Some(root) = given_root() else { return };
  let (bench, runtime) = given_bench(&root);
  let round = || {
    runtime.block_on(async {
      let scripts = [
        "echo hi",
        "exit 3",
        "sleep 1000 >/dev/null 2>&1 & exit 0",
        "cat >/dev/null",
      ];
      let tasks = scripts.map(|script| ProcessTask {
        stdin: vec![0; 100_000].into(),
        ..shell(script)
      });
      let running: Vec<Execution> = tasks
        .into_iter()
        .chain([exec(&["no-such-program"])])
        .map(|task| bench.start(task))
        .collect();
      for execution in running {
        let _ = execution.end().await;
      }
    })
  };
  round();
  let before = open_files();
  (0..5).for_each(|_| round());
  eventually("files are closed", || open_files() <= before);
  runtime.block_on(async {
    refused(bench.run(exec(&["yes"])).await, FailureKind::Contract);
    let flood = ProcessTask {
      wants_output: false,
      ..shell("head -c 300000000 /dev/zero")
    };
    bench.run(flood).await.expect("an answer");
  });
  let peak = peak_memory();
  assert!(peak < 200 << 10, "{peak} KiB");
  drop(bench);
  let children = fs::read_to_string(format!("/proc/self/task/{}/children", std::process::id()));
  let own = processes().filter(|id| parent(*id) == Some(std::process::id())).count();
  assert_eq!(own, 0, "{children:?}");
  fs::write(root.join("done"), "").expect("a file");
}

fn open_files() -> usize {
  fs::read_dir("/proc/self/fd").expect("/proc").count()
}

/// In KiB.
fn peak_memory() -> u64 {
  let status = fs::read_to_string("/proc/self/status").expect("/proc");
  let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
  line
    .split_whitespace()
    .nth(1)
    .expect("a number")
    .parse()
    .expect("a number")
}

fn parent(process: u32) -> Option<u32> {
  let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
  stat[stat.rfind(')')? + 1..].split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn a_killed_orch_leaves_no_process_and_no_scratch_directory() {
  let root = made_root();
  let mut orch = alone("alone_stubborn_worker", root.path())
    .spawn()
    .expect("this program");
  eventually("it runs", || root.path().join("ready").exists());
  assert_eq!(scratches(root.path()), 1);
  orch.kill().expect("kill -9");
  orch.wait().expect("an end");
  eventually("the worker is gone", || marked(root.path()).is_empty());
  eventually("the directory is gone", || scratches(root.path()) == 0);
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn alone_stubborn_worker() {
  let Some(root) = given_root() else { return };
  let (bench, runtime) = given_bench(&root);
  let script = "trap '' TERM; (while :; do sleep 1000; done) & touch ready; while :; do sleep 1000; done";
  let task = ProcessTask {
    cwd: Some(root),
    ..shell(script)
  };
  let _ = runtime.block_on(async { bench.start(task).end().await });
}

#[test]
fn an_orch_killed_at_any_moment_leaves_nothing() {
  for round in 0..10 {
    let root = made_root();
    let orch = alone("alone_busy_workers", root.path()).spawn().expect("this program");
    eventually("it runs", || root.path().join("ready").exists());
    std::thread::sleep(Duration::from_millis(round * 3));
    dies_and_leaves_nothing(orch, root.path());
  }
}

/// Kills a program that works below `root`.
fn dies_and_leaves_nothing(mut orch: Child, root: &Path) {
  orch.kill().expect("kill -9");
  orch.wait().expect("an end");
  eventually("the workers are gone", || marked(root).is_empty());
  eventually("the directories are gone", || scratches(root) == 0);
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn alone_busy_workers() {
  let Some(root) = given_root() else { return };
  let (bench, runtime) = given_bench(&root);
  let task = ProcessTask {
    cwd: Some(root),
    ..shell("sleep 1000 & touch ready")
  };
  runtime.block_on(async {
    loop {
      let running: Vec<Execution> = (0..4).map(|_| bench.start(task.clone())).collect();
      for execution in running {
        let _ = execution.end().await;
      }
    }
  });
}

#[test]
fn a_guard_that_is_gone_is_replaced_and_told_everything() {
  let root = made_root();
  let orch = alone("alone_without_guard", root.path()).spawn().expect("this program");
  eventually("both run", || root.path().join("second").exists());
  dies_and_leaves_nothing(orch, root.path());
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn alone_without_guard() {
  let Some(root) = given_root() else { return };
  let (bench, runtime) = given_bench(&root);
  let task = |name: &str| ProcessTask {
    cwd: Some(root.clone()),
    ..shell(&format!("touch {name}; exec sleep 1000"))
  };
  runtime.block_on(async {
    let first = bench.start(task("first"));
    eventually("it runs", || root.join("first").exists());
    eventually("a guard", || own_guard().is_some());
    let gone = own_guard().expect("a guard");
    kill(gone);
    // until then it still takes what it is told, and forgets it
    eventually("it is gone", || is_dead(gone));
    let second = bench.start(task("second"));
    let _ = (first.end().await, second.end().await);
  });
}

/// Nothing is started after the guard is gone: orch sees by itself that it is.
#[test]
fn a_guard_that_is_gone_is_replaced_at_once() {
  let root = made_root();
  let orch = alone("alone_with_another_guard", root.path())
    .spawn()
    .expect("this program");
  eventually("there is another guard", || root.path().join("another").exists());
  dies_and_leaves_nothing(orch, root.path());
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn alone_with_another_guard() {
  let Some(root) = given_root() else { return };
  let (bench, runtime) = given_bench(&root);
  let task = ProcessTask {
    cwd: Some(root.clone()),
    ..shell("touch first; exec sleep 1000")
  };
  runtime.block_on(async {
    let first = bench.start(task);
    eventually("it runs", || root.join("first").exists());
    for _ in 0..3 {
      eventually("a guard", || own_guard().is_some());
      let gone = own_guard().expect("a guard");
      kill(gone);
      eventually("another guard", || own_guard().is_some_and(|guard| guard != gone));
    }
    fs::write(root.join("another"), "").expect("a file");
    let _ = first.end().await;
  });
}

/// The guard of this process.
fn own_guard() -> Option<u32> {
  let own = |id: &u32| parent(*id) == Some(std::process::id());
  // a process that was just forked still shows its parent's command line
  let is_guard = |id: &u32| fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|line| line == b"orch\0__guard\0");
  processes().filter(own).find(is_guard)
}

/// Whether nothing is left of a process but, at most, its number, until its parent asks how it ended.
fn is_dead(process: u32) -> bool {
  let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
  let state = stat.rfind(')').and_then(|name| stat[name..].split_whitespace().nth(1));
  matches!(state, None | Some("Z" | "X"))
}

fn scratches(root: &Path) -> usize {
  fs::read_dir(root.join("scratch")).expect("a directory").count()
}

/// Processes whose scratch directory is below `root`.
fn marked(root: &Path) -> Vec<u32> {
  let mark = format!("ORCH_SCRATCH={}/", root.display()).into_bytes();
  let is_marked = |id: &u32| {
    let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
    environment
      .split(|byte| *byte == 0)
      .any(|entry| entry.starts_with(&mark))
  };
  processes().filter(is_marked).collect()
}
