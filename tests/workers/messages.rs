//! What goes into a process and what comes out: streams, arguments, environment, directories.

use std::{fs, os::unix::fs::symlink, process::Command, sync::Arc};

use orch::protocol::ProcessTask;
use orch::value::FailureKind;
use orch::workers::{LARGEST_OUTPUT, Options, Workers};

use crate::bench::{Bench, exec, options, refused, shell, stdout, text};

#[tokio::test]
async fn output_that_is_no_text_comes_as_it_is() {
  let bench = Bench::new();
  assert_eq!(stdout(bench.run(shell(r"printf '\377\000\376'")).await), b"\xFF\0\xFE");
}

#[tokio::test]
async fn the_largest_output_is_an_answer_and_one_byte_more_is_not() {
  let bench = Bench::new();
  let zeros = |size: usize| shell(&format!("head -c {size} /dev/zero"));
  assert_eq!(stdout(bench.run(zeros(LARGEST_OUTPUT)).await).len(), LARGEST_OUTPUT);
  for task in [
    zeros(LARGEST_OUTPUT + 1),
    zeros(100 << 20),
    exec(&["yes"]),
    shell("yes & wait"),
  ] {
    let error = refused(bench.run(task).await, FailureKind::Contract);
    assert_eq!(error.message, "the output is larger than 16 MiB");
  }
  bench.assert_clean();
}

#[tokio::test]
async fn a_large_input_comes_back_while_it_is_written() {
  let bench = Bench::new();
  let input: Arc<[u8]> = (0..8 << 20).map(|at| (at % 251) as u8).collect();
  let task = ProcessTask {
    stdin: input.clone(),
    ..exec(&["cat"])
  };
  assert!(stdout(bench.run(task).await) == *input);
}

#[tokio::test]
async fn input_that_is_not_read_is_no_error() {
  let bench = Bench::new();
  for script in ["echo ok", "exec <&-; echo ok", "head -c 3 >/dev/null; echo ok"] {
    let task = ProcessTask {
      stdin: vec![b'x'; 8 << 20].into(),
      ..shell(script)
    };
    assert_eq!(text(bench.run(task).await), "ok\n", "{script}");
  }
}

#[tokio::test]
async fn without_input_standard_input_is_at_its_end() {
  assert_eq!(text(Bench::new().run(shell("cat; echo end")).await), "end\n");
}

#[tokio::test]
async fn output_closed_early_is_not_the_end() {
  let bench = Bench::new();
  let error = refused(
    bench.run(shell("exec >&-; echo still >&2; exit 5")).await,
    FailureKind::Exit,
  );
  assert_eq!((error.code, error.log.as_deref()), (Some(5), Some("still\n")));
}

#[tokio::test]
async fn spaces_and_other_letters_are_only_letters() {
  let bench = Bench::new();
  let odd = bench.path("a  b/ünï \"☂\" $HOME");
  fs::create_dir_all(&odd).expect("a directory");
  symlink("/bin/sh", odd.join("my sh")).expect("a link");
  let workers = Workers::new(Options {
    scratch: odd.clone(),
    logs: Some(odd.clone()),
    ..options(bench.root.path())
  });
  let bench = Bench {
    workers: workers.into(),
    ..bench
  };
  let script = r#"printf '%s|' "$0" "$@" "$PWD" "$A"; case "$TMPDIR" in "$PWD"/*) echo in;; esac"#;
  let task = ProcessTask {
    cwd: Some(odd.clone()),
    env: vec![("A".into(), "new\nline ☂".into())],
    ..exec(&[
      "./my sh",
      "-c",
      script,
      "zero",
      "",
      "two words",
      "`x` $y \\ '\"\n",
      "--",
    ])
  };
  let expected = format!("zero||two words|`x` $y \\ '\"\n|--|{}|new\nline ☂|in\n", odd.display());
  assert_eq!(text(bench.run(task).await), expected);
}

#[tokio::test]
async fn the_environment_is_clean_and_tells_who_the_worker_is() {
  let bench = Bench::new();
  assert!(
    std::env::var_os("CARGO_MANIFEST_DIR").is_some(),
    "something that could leak"
  );
  let env = vec![("OWN".into(), "1".into()), ("OWN".into(), "2".into())];
  let output = text(bench.run(ProcessTask { env, ..exec(&["env"]) }).await);
  let mut seen: Vec<(&str, &str)> = output
    .lines()
    .map(|line| line.split_once('=').expect("a variable"))
    .collect();
  seen.retain(|(name, _)| !["PATH", "HOME", "LANG"].contains(name));
  seen.sort_unstable();
  let scratch = seen.iter().find(|(name, _)| *name == "TMPDIR").expect("TMPDIR").1;
  let parent = bench.path("scratch").display().to_string();
  assert!(
    scratch.starts_with(&format!("{parent}/orch-{}-", std::process::id())),
    "{scratch}"
  );
  let expected = [
    ("ORCH_ATTEMPT", "2"),
    ("ORCH_KEY", "k1"),
    ("ORCH_RUN_ID", "r1"),
    ("ORCH_SCRATCH", scratch),
    ("ORCH_STEP", "a[3].b"),
    ("ORCH_TRACKER_ID", "t1"),
    ("ORCH_WORKER", "w1"),
    ("OWN", "2"),
    ("TMPDIR", scratch),
  ];
  assert_eq!(seen, expected);
}

#[tokio::test]
async fn no_other_file_of_orch_is_open_in_a_worker() {
  let bench = Bench::new();
  let _open = fs::File::open("/dev/null").expect("a file of orch");
  let worker = text(bench.run(shell("ls /proc/$$/fd")).await);
  // Whoever started the tests may have left files open for all their children.
  let plain = Command::new("sh").args(["-c", "ls /proc/$$/fd"]).output().expect("sh");
  assert_eq!(worker, String::from_utf8_lossy(&plain.stdout));
}

#[tokio::test]
async fn the_scratch_directory_is_private_and_gone_afterwards_whatever_was_made_there() {
  let bench = Bench::new();
  let script =
    r#"stat -c %a . && test "$PWD" = "$TMPDIR" && mkdir -p a/b && echo x > a/b/c && chmod 500 a/b a && exit"#;
  for end in ["0", "7"] {
    let task = ProcessTask {
      expect: Arc::from([0..=7]),
      ..shell(&format!("{script} {end}"))
    };
    assert_eq!(text(bench.run(task).await), "700\n");
    bench.assert_clean();
  }
}
