//! Workers that misbehave: each is a failure of the right kind that shows its log, and nothing of it is left.

use super::room::{Room, Seen, json};

/// Runs one worker with these settings; `result` is its type.
fn run(settings: &str, result: &str) -> (Room, Seen) {
  let program = format!(
    "worker odd() -> {result} {{\n  {settings}\n  cwd \".\"\n}}\n\n/// Calls it.\norchestrator main() -> {result} {{\n  answer = odd()\n  return answer\n}}\n"
  );
  let program = if program.contains("timeout") {
    program
  } else {
    program.replace("  cwd", "  timeout 2m\n  cwd")
  };
  let room = Room::with(&[("odd.orch", &program), ("plain.txt", "no program")]);
  let seen = room.orch(&["run", "odd.orch", "-q"]);
  (room, seen)
}

fn fails(settings: &str, result: &str, kind: &str, parts: &[&str]) {
  let (room, seen) = run(settings, result);
  assert_eq!((seen.exit, seen.out.as_str()), (Some(1), ""), "{settings}: {seen:?}");
  assert!(
    seen.err.starts_with(&format!("failed: {kind}: ")),
    "{settings}:\n{}",
    seen.err
  );
  for part in parts {
    assert!(seen.err.contains(part), "{settings}: no `{part}` in:\n{}", seen.err);
  }
  assert!(seen.err.len() < 20_000, "{settings}: {} bytes", seen.err.len());
  room.assert_left_clean();
}

const LOG: &str = "  log\n    | a word";

#[test]
fn a_program_that_can_not_be_started() {
  fails(
    "exec [\"no-such-program\"]",
    "int",
    "transport",
    &["`no-such-program` was not found"],
  );
  fails(
    "exec [\"./plain.txt\"]",
    "int",
    "transport",
    &["`./plain.txt` is not executable"],
  );
  fails("exec [\"./tmp\"]", "int", "transport", &["is a directory"]);
}

#[test]
fn a_program_that_ends_badly() {
  fails(
    "shell \"\"\"echo a word >&2; exit 7\"\"\"",
    "int",
    "exit",
    &["exited with code 7", "code 7)", LOG],
  );
  fails(
    "shell \"\"\"echo a word >&2; kill -SEGV $$\"\"\"",
    "int",
    "exit",
    &["killed by signal 11", LOG],
  );
  let closes = "shell \"\"\"echo a word >&2; exec >&-; exit 3\"\"\"";
  fails(closes, "int", "exit", &["exited with code 3", LOG]);
}

#[test]
fn an_answer_that_does_not_fit() {
  fails(
    "shell \"\"\"echo a word >&2; echo hello\"\"\"",
    "int",
    "contract",
    &["not JSON", "`hello`", LOG],
  );
  fails(
    r#"shell """echo a word >&2; printf '"\377"'""""#,
    "string",
    "contract",
    &["not UTF-8 at byte 1", LOG],
  );
  let shape = "shell \"\"\"echo a word >&2; echo '{ \"b\": [1, \"x\"] }'\"\"\"";
  fails(
    shape,
    "{ b: [int] }",
    "contract",
    &["$.b[1]", "expected `int`", "  at       $.b[1]", LOG],
  );
  fails(
    "shell \"\"\"echo a word >&2; exec >&-; exit 0\"\"\"",
    "int",
    "contract",
    &["not JSON", LOG],
  );
}

#[test]
fn an_answer_without_end() {
  for script in ["head -c 100000000 /dev/zero", "exec yes"] {
    let settings = format!("shell \"\"\"echo a word >&2; {script}\"\"\"");
    fails(&settings, "int", "contract", &["larger than 16 MiB", LOG]);
  }
}

#[test]
fn a_log_without_measure_is_shown_by_its_end() {
  fails(
    "shell \"\"\"head -c 20000000 /dev/zero | tr '\\000' x >&2; echo the end >&2; exit 9\"\"\"",
    "int",
    "exit",
    &["the end"],
  );
}

#[test]
fn a_worker_that_never_ends() {
  fails(
    "shell \"\"\"echo a word >&2; sleep 600 & wait\"\"\"\n  timeout 300ms",
    "int",
    "timeout",
    &["timeout of 300ms passed", LOG],
  );
  fails(
    "shell \"\"\"trap '' TERM; echo a word >&2; while :; do sleep 1; done\"\"\"\n  timeout 300ms",
    "int",
    "timeout",
    &["timeout of 300ms passed", LOG],
  );
}

#[test]
fn input_that_is_not_read_does_not_hurt() {
  let long = "stdin join([string(i) for i in range(0, 100000)], \",\")";
  for script in ["echo 3", "exec <&-; sleep 0.1; echo 3"] {
    let (room, seen) = run(&format!("shell \"\"\"{script}\"\"\"\n  {long}"), "int");
    assert_eq!((seen.exit, seen.out.as_str()), (Some(0), "3\n"), "{seen:?}");
    room.assert_left_clean();
  }
}

#[test]
fn what_a_worker_leaves_behind_is_ended() {
  let (room, seen) = run("shell \"\"\"sleep 600 & (sleep 601 &) ; echo 5\"\"\"", "int");
  assert_eq!((seen.exit, seen.out.as_str()), (Some(0), "5\n"), "{seen:?}");
  room.assert_left_clean();
}

const GREEDY: &str = r#"
worker pour() -> int {
  shell   """head -c 100000000 /dev/zero"""
  timeout 1m
}

worker complain() -> int {
  shell   """head -c 100000000 /dev/zero >&2; exit 1"""
  timeout 1m
}

/// The most memory that orch, its parent, ever used.
worker measure() -> int {
  shell   """sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB$/\1/p' "/proc/$PPID/status" """
  timeout 1m
}

/// Kilobytes used after both.
orchestrator used() -> int {
  a = attempt pour()
  b = attempt complain()
  require not a.ok and not b.ok
  kilobytes = measure()
  return kilobytes
}
"#;

#[test]
fn what_workers_pour_out_takes_bounded_memory() {
  let room = Room::with(&[("greedy.orch", GREEDY)]);
  let seen = room.orch(&["run", "greedy.orch", "-q"]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  let kilobytes = json(&seen.out).as_u64().expect("a number");
  assert!((1_000..150_000).contains(&kilobytes), "{kilobytes} kB");
}
