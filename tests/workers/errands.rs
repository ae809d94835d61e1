//! Files on their way into a process and out of it.

use std::{fmt, fs, os::unix::fs::symlink, path::Path, sync::Arc};

use orch::files::Depot;
use orch::protocol::{Errand, Permit, ProcessTask, RawAnswer, Task, WorkerError};
use orch::value::{Capture, Failure, FailureKind, Stored, StoredKind, Value};

use crate::bench::{Bench, refused, shell};

/// Runs a script that sees its files as `$F0`, `$F1` ..., and leaves the files that it names, one on each line, `dir:`
/// before directories. The value is their names and sizes.
struct Script {
  text: &'static str,
  files: Vec<Arc<Stored>>,
  task: ProcessTask,
}

impl fmt::Debug for Script {
  fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(self.text)
  }
}

impl Errand for Script {
  fn files(&self) -> &[Arc<Stored>] {
    &self.files
  }

  fn task(&self, paths: &[Arc<str>]) -> Result<ProcessTask, Box<Failure>> {
    let named = paths.iter().enumerate();
    Ok(ProcessTask {
      env: named
        .map(|(at, path)| (format!("F{at}"), path.to_string().into()))
        .collect(),
      ..self.task.clone()
    })
  }

  fn read(&self, answer: RawAnswer, _: &[Arc<str>], capture: &mut Capture) -> RawAnswer {
    let RawAnswer::Process { stdout, .. } = answer else {
      panic!("a process: {answer:?}");
    };
    let text = String::from_utf8(stdout).expect("a text");
    let read = text.lines().map(|line| {
      let (kind, path) = match line.strip_prefix("dir:") {
        Some(path) => (StoredKind::Dir, path),
        None => (StoredKind::File, line),
      };
      let stored = capture(kind, &Value::string(path));
      stored.map(|stored| Value::string(format!("{} {}", stored.name(), stored.size)))
    });
    let read: Result<Vec<Value>, String> = read.collect();
    let failed = |reason: String| Box::new(Failure::new(FailureKind::Contract, "", reason));
    RawAnswer::Read(
      read
        .map_err(failed)
        .map(|items| Value::list(items).expect("a short list")),
    )
  }
}

fn depot(bench: &Bench) -> Depot {
  Depot::new(bench.path("store"))
}

fn kept(bench: &Bench, kind: StoredKind, name: &str) -> Arc<Stored> {
  let path = bench.path(name);
  Arc::new(depot(bench).keep(kind, &path, &path, &[]).expect("it is kept"))
}

/// Runs in the directory `cwd` of the bench.
async fn run(bench: &Bench, text: &'static str, files: &[Arc<Stored>]) -> Result<Vec<String>, WorkerError> {
  run_as(bench, text, files, None).await
}

async fn run_as(
  bench: &Bench,
  text: &'static str,
  files: &[Arc<Stored>],
  permit: Option<Permit>,
) -> Result<Vec<String>, WorkerError> {
  let errand = Script {
    text,
    files: files.to_vec(),
    task: ProcessTask {
      cwd: Some(bench.path("cwd")),
      permit,
      ..shell(text)
    },
  };
  let answer = bench.begin(Task::Errand(Arc::new(errand)), None).end().await;
  bench.assert_clean();
  match answer? {
    RawAnswer::Read(Ok(value)) => {
      let items = value.as_list().expect("a list").iter();
      Ok(items.map(|item| item.as_str().expect("a text").to_owned()).collect())
    }
    RawAnswer::Read(Err(failure)) => Ok(vec![format!("{:?}: {}", failure.kind, failure.message)]),
    other => panic!("{other:?}"),
  }
}

fn bench() -> Bench {
  let bench = Bench::new();
  fs::create_dir_all(bench.path("cwd/below")).expect("directories");
  fs::write(bench.path("a b.csv"), "1,2\n").expect("a file");
  fs::write(bench.path("cwd/below/text"), "text").expect("a file");
  bench
}

#[tokio::test]
async fn a_worker_gets_copies_of_its_own() {
  let bench = bench();
  let (file, dir) = (
    kept(&bench, StoredKind::File, "a b.csv"),
    kept(&bench, StoredKind::Dir, "cwd"),
  );
  let script = r#"
    test "$(cat "$F0")" = 1,2 && test "${F0##*/}" = "a b.csv" && test "${F1##*/}" = cwd
    test "$(stat -c %a "$F0" "$F1" "$F1/below/text")" = "$(printf '444\n555\n444')" || exit 9
    case $F0 in "$ORCH_SCRATCH"/*) ;; *) exit 8;; esac
    chmod -R u+w "$F0" "$F1" && echo changed > "$F0" && rm -r "$F1/below"
    echo "$F0"
  "#;
  let files = [file.clone(), dir.clone()];
  assert_eq!(run(&bench, script, &files).await, Ok(vec!["a b.csv 8".to_owned()]));
  let again = "cat \"$F0\" \"$F1/below/text\" > out; echo out";
  assert_eq!(run(&bench, again, &files).await, Ok(vec!["out 8".to_owned()]));
  assert_eq!(fs::read_to_string(bench.path("cwd/out")).expect("a text"), "1,2\ntext");
}

#[tokio::test]
async fn what_it_leaves_is_captured_before_its_directory_goes() {
  let bench = bench();
  let script = r#"
    mkdir -p "$ORCH_SCRATCH/tree/sub"; echo 1 > "$ORCH_SCRATCH/tree/sub/one"; echo 22 > "$ORCH_SCRATCH/two"
    printf '%s\n' below/text two "$ORCH_SCRATCH/two" dir:tree "dir:$ORCH_SCRATCH" dir:.
  "#;
  let file = kept(&bench, StoredKind::File, "a b.csv");
  let left = run(&bench, script, &[file]).await.expect("an answer");
  let scratch = left[4].split(' ').collect::<Vec<_>>();
  assert!(scratch[0].starts_with("orch-"), "{scratch:?}");
  assert_eq!(scratch[1], "5", "without what it was given");
  assert_eq!(
    [&left[..4], &left[5..]].concat(),
    ["text 4", "two 3", "two 3", "tree 2", "cwd 4"]
  );
  let one = Stored::of_text("22\n", "x");
  assert_eq!(fs::read_to_string(depot(&bench).path(&one)).expect("a text"), "22\n");
}

#[tokio::test]
async fn what_cannot_be_captured_is_the_answers_fault() {
  let bench = bench();
  symlink(bench.path("a b.csv"), bench.path("cwd/link")).expect("a link");
  let neither = "is neither in the directory that the worker ran in nor in its scratch directory";
  for (script, expected) in [
    ("echo gone", "Contract: there is no file `gone`".to_owned()),
    ("echo below", "Contract: `below` is a directory, not a file".into()),
    (
      "echo dir:below/text",
      "Contract: `below/text` is not a directory".into(),
    ),
    ("echo '../a b.csv'", format!("Contract: `../a b.csv` {neither}")),
    ("echo /etc/passwd", format!("Contract: `/etc/passwd` {neither}")),
    ("echo link", format!("Contract: `link` {neither}")),
    (
      "echo dir:.",
      "Contract: `./link` is a link that leads outside, to `LINK`".into(),
    ),
  ] {
    let link = bench.path("a b.csv").display().to_string();
    let left = run(&bench, script, &[]).await.expect("an answer");
    assert_eq!(left, [expected.replace("LINK", &link)], "{script}");
  }
}

#[tokio::test]
async fn no_file_is_read_for_a_worker_that_may_not_read_it_itself() {
  let bench = bench();
  fs::write(bench.path("cwd/secret"), "secret").expect("a file");
  let permit = || Permit {
    read: vec![bench.path("cwd/below")],
    ..Permit::default()
  };
  let may = run_as(
    &bench,
    "echo below/text; echo x > $ORCH_SCRATCH/x; echo x",
    &[],
    Some(permit()),
  )
  .await;
  match may {
    Err(error) if error.message.starts_with("this system can't enforce") => eprintln!("skipped: {}", error.message),
    may => {
      assert_eq!(may, Ok(vec!["text 4".to_owned(), "x 2".to_owned()]));
      let left = run_as(&bench, "echo secret", &[], Some(permit()))
        .await
        .expect("an answer");
      assert!(left[0].starts_with("Contract: `secret` is neither in"), "{left:?}");
    }
  }
}

#[tokio::test]
async fn a_store_that_lost_a_file_starts_nothing() {
  let bench = bench();
  let file = kept(&bench, StoredKind::File, "a b.csv");
  fs::remove_file(depot(&bench).path(&file)).expect("removed");
  let answer = run(&bench, "touch ran", &[file]).await;
  let error = refused(answer.map(|_| RawAnswer::Mock(Value::Null)), FailureKind::Transport);
  assert!(
    error.message.starts_with("`a b.csv` is not in the store `"),
    "{}",
    error.message
  );
  assert!(!bench.path("cwd/ran").exists());
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_not_the_answers_fault() {
  let bench = bench();
  fs::write(bench.path("store"), "no directory").expect("a file");
  let answer = run(&bench, "echo below/text", &[]).await;
  let error = refused(answer.map(|_| RawAnswer::Mock(Value::Null)), FailureKind::Transport);
  assert!(error.message.contains("can't be written"), "{}", error.message);
  assert!(Path::new(&bench.path("cwd/below/text")).exists());
}
