//! Which end is an answer, and which failure says what.

use std::{fs, os::unix::fs::PermissionsExt, sync::Arc};

use orch::protocol::{ProcessTask, RawAnswer};
use orch::value::FailureKind;
use orch::workers::{Options, Workers};

use crate::bench::{Bench, exec, options, refused, shell};

#[tokio::test]
async fn an_answer_is_the_output_the_end_of_the_log_and_the_exit_code() {
  let bench = Bench::new();
  let task = ProcessTask {
    expect: Arc::from([0..=0, 3..=4]),
    ..shell("echo out; echo err >&2; exit 4")
  };
  let expected = RawAnswer::Process {
    stdout: b"out\n".into(),
    stderr_tail: "err\n".into(),
    exit: 4,
  };
  assert_eq!(bench.run(task).await, Ok(expected));
  bench.assert_clean();
}

#[tokio::test]
async fn an_exit_code_that_is_no_answer_is_a_failure_with_the_log() {
  let bench = Bench::new();
  let error = refused(
    bench.run(shell("echo half; echo why >&2; exit 3")).await,
    FailureKind::Exit,
  );
  let expected = ("exited with code 3", Some(3), Some("why\n"));
  assert_eq!((error.message.as_str(), error.code, error.log.as_deref()), expected);
  bench.assert_clean();
}

#[tokio::test]
async fn a_worker_killed_by_a_signal_says_which() {
  let bench = Bench::new();
  let error = refused(bench.run(shell("kill -9 $$")).await, FailureKind::Exit);
  assert_eq!(
    (error.message.as_str(), error.code),
    ("killed by signal 9 (SIGKILL)", None)
  );
}

#[tokio::test]
async fn what_cannot_be_started_is_named_with_the_reason() {
  let bench = Bench::new();
  fs::create_dir(bench.path("dir")).expect("a directory");
  for (name, content, mode) in [
    ("plain", "", 0o644),
    ("headless", "echo", 0o755),
    ("lost", "#!/no/such\n", 0o755),
  ] {
    fs::write(bench.path(name), content).expect("a file");
    fs::set_permissions(bench.path(name), fs::Permissions::from_mode(mode)).expect("a mode");
  }
  let here = bench.root.path().display().to_string();
  let long = "x".repeat(4 << 20);
  let cases: [(&[&str], String); 12] = [
    (&[], "there is no program to run".into()),
    (&[""], "the name of the program is empty".into()),
    (&["jqq"], "`jqq` was not found in PATH".into()),
    (&["./nope.sh"], format!("`./nope.sh` was not found in `{here}`")),
    (&["./plain"], "`./plain` is not executable".into()),
    (&["./plain/x"], "`./plain/x` can't be run: not a directory".into()),
    (&["./dir"], "`./dir` is a directory, not a program".into()),
    (
      &["./headless"],
      "`./headless` is no program that this system can run; a script needs a first line `#!...`".into(),
    ),
    (
      &["./lost"],
      "`./lost` can't be run: the interpreter that it names does not exist".into(),
    ),
    (&["a\0b"], "`a\\0b` can't be run: its name contains a zero byte".into()),
    (
      &["echo", "ok", "a\0b"],
      "argument 2 of `echo` contains a zero byte".into(),
    ),
    (
      &["echo", &long],
      "the arguments and the environment of `echo` are longer than the system allows".into(),
    ),
  ];
  for (argv, expected) in cases {
    let task = ProcessTask {
      cwd: Some(bench.root.path().into()),
      ..exec(argv)
    };
    let execution = bench.start(task);
    let group = execution.group.clone();
    let error = refused(execution.end().await, FailureKind::Transport);
    assert_eq!((error.message, error.code, error.log), (expected, None, None));
    assert_eq!(*group.lock().expect("no panic"), None, "started is never called");
  }
  bench.assert_clean();
}

#[tokio::test]
async fn a_directory_or_variable_that_cannot_be_used_is_named() {
  let bench = Bench::new();
  fs::write(bench.path("file"), "").expect("a file");
  for (name, expected) in [
    ("gone", "the directory `P` does not exist"),
    ("file", "`P` is not a directory"),
  ] {
    let path = bench.path(name);
    let task = ProcessTask {
      cwd: Some(path.clone()),
      ..exec(&["true"])
    };
    let error = refused(bench.run(task).await, FailureKind::Transport);
    assert_eq!(error.message, expected.replace('P', &path.display().to_string()));
  }
  for (name, value, expected) in [
    ("A=B", "", "`A=B` is no name for an environment variable"),
    ("A", "x\0", "the environment variable `A` contains a zero byte"),
  ] {
    let task = ProcessTask {
      env: vec![(name.into(), value.into())],
      ..exec(&["true"])
    };
    assert_eq!(refused(bench.run(task).await, FailureKind::Transport).message, expected);
  }
  bench.assert_clean();
}

#[tokio::test]
async fn a_scratch_parent_or_guard_that_does_not_work_is_a_failure() {
  let bench = Bench::new();
  let gone = bench.path("gone");
  for (options, expected) in [
    (
      Options {
        scratch: gone.clone(),
        ..options(bench.root.path())
      },
      "no scratch directory can be made in `",
    ),
    (
      Options {
        guard: Some(gone.clone()),
        secrets: Vec::new(),
        ..options(bench.root.path())
      },
      "the guard of processes can't be started: ",
    ),
  ] {
    let broken = Bench {
      root: tempfile::tempdir().expect("a directory"),
      workers: Workers::new(options).into(),
    };
    let error = refused(broken.run(exec(&["true"])).await, FailureKind::Transport);
    assert!(error.message.starts_with(expected), "{}", error.message);
  }
  bench.assert_clean();
}
