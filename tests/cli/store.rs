//! Runs whose journal can not begin or go on.

use std::process::Stdio;

use super::room::{Room, Seen};

#[test]
fn a_run_that_cannot_begin_leaves_no_journal() {
  let text = "let most = 9223372036854775807\nlet more = most + 1\norchestrator main() -> int { return more }\n";
  let room = Room::with(&[("main.orch", text)]);
  let seen = room.orch(&["run", "main.orch"]);
  assert_eq!((seen.exit, seen.out.as_str()), (Some(3), ""), "{seen:?}");
  assert!(seen.err.contains("the constant `more` has no value"), "{}", seen.err);
  assert!(!room.path().join(".orch").exists());
}

const TWO: &str = r#"
defaults { timeout 1h }
worker waits() { shell """touch started; while [ ! -e go ]; do sleep 0.01; done""", cwd "." }
worker sleeps() { shell """echo $$ > pid; exec sleep 600""", cwd "." }

/// Waits.
orchestrator main() -> null {
  a = waits()
  b = sleeps()
  return b ?? a
}
"#;

/// Somebody else has written to the run: what follows can't be kept.
#[test]
fn a_run_whose_journal_cannot_be_written_ends_its_workers_and_says_so() {
  use orch::journal::{Entry, Journal, Store};
  let room = Room::with(&[("main.orch", TWO)]);
  let mut command = room.command(&["run", "main.orch"]);
  let child = command
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("orch starts");
  let read = |name: &str| std::fs::read_to_string(room.path().join(name)).unwrap_or_default();
  while !room.path().join("started").exists() || !read("pid").ends_with('\n') {
    std::thread::sleep(std::time::Duration::from_millis(5));
  }
  let mut store = Store::open(&room.path().join(".orch")).expect("its store");
  let run = store.runs().expect("its run").remove(0).id;
  // until both starts are written, it writes itself
  loop {
    let last = store.read(&run).expect("records").pop().expect("a record");
    let entry = Entry {
      seq: last.seq + 1,
      body: "{}".into(),
      ..last
    };
    if store.append(&run, &[entry]).is_ok() {
      break;
    }
  }
  std::fs::write(room.path().join("go"), "").expect("a file");
  let seen: Seen = child.wait_with_output().expect("orch ends").into();
  assert_eq!((seen.exit, seen.out.as_str()), (Some(1), ""), "{seen:?}");
  assert!(seen.err.contains(&run), "{}", seen.err);
  let pid = read("pid").trim().parse().expect("a number");
  let alive = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None);
  assert_eq!(alive, Err(nix::errno::Errno::ESRCH), "the other worker is ended");
}
