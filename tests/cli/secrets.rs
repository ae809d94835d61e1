//! Secrets in real runs: workers get them, nothing that `orch` keeps or shows has them.

use std::fs;

use crate::room::Room;

const PROGRAM: &str = r#"
secret token = env "ORCH_TEST_TOKEN"

worker greedy(key: secret) -> string {
  shell   """
    echo "log: $AUTH and $key" >&2
    printf '"%s"' "${key}"
    """
  env     { AUTH: "Bearer ${key}" }
  timeout 10s
}

worker failing(key: secret) {
  exec    ["sh", "-c", "echo \"dying with $KEY\" >&2; exit 7"]
  env     { KEY: key }
  timeout 10s
}

worker tells(key: secret) -> int {
  exec    ["sh", "-c", "cat >&2; printf '%s' \"$KEY\" | wc -c"]
  env     { KEY: key }
  timeout 10s
}

/// Hands a secret on.
orchestrator o(key: secret = token) -> { said: string, lost: string, length: int } {
  said   = greedy(key)
  lost   = attempt failing(token)
  length = tells("<${key}>")
  return { said: said, lost: if lost.ok then "" else lost.error.log ?? "", length: length }
}
"#;

const SECRET: &str = "hunter2-\"quoted\"";

/// All bytes of all files below a directory.
fn everything(directory: &std::path::Path) -> Vec<u8> {
  let mut bytes = Vec::new();
  for entry in fs::read_dir(directory).expect("a directory") {
    let path = entry.expect("an entry").path();
    match path.is_dir() {
      true => bytes.extend(everything(&path)),
      false => bytes.extend(fs::read(&path).expect("a file")),
    }
  }
  bytes
}

#[test]
fn a_secret_is_nowhere_but_in_the_worker() {
  let room = Room::with(&[("p.orch", PROGRAM)]);
  let seen = room.orch_with(
    &[("ORCH_TEST_TOKEN", SECRET)],
    &["run", "p.orch", "--events", "events.jsonl"],
  );
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  let result: serde_json::Value = serde_json::from_str(&seen.out).expect("JSON");
  assert_eq!(result["said"], "***");
  assert_eq!(result["lost"], "dying with ***\n");
  assert_eq!(result["length"], SECRET.len() + 2, "the worker has it as it is");
  let kept = everything(room.path());
  let kept = String::from_utf8_lossy(&kept);
  for text in ["hunter2", "quoted"] {
    assert!(!seen.err.contains(text) && !kept.contains(text), "{text}");
  }
  assert!(kept.contains("log: Bearer *** and ***"), "the log is there");
}

#[test]
fn a_secret_is_given_by_its_variable() {
  let room = Room::with(&[("p.orch", PROGRAM)]);
  let given = room.orch_with(
    &[("A", SECRET), ("ORCH_TEST_TOKEN", SECRET)],
    &["run", "p.orch", "--key", "env:A", "-q"],
  );
  assert_eq!(given.exit, Some(0), "{given:?}");
  let plain = room.orch(&["run", "p.orch", "--key", "hunter2"]);
  assert_eq!(plain.exit, Some(3), "{plain:?}");
  assert!(
    plain
      .err
      .contains("a secret is given by its environment variable: `env:NAME`"),
    "{}",
    plain.err
  );
}

#[test]
fn a_secret_that_is_not_there_is_said_by_name() {
  let room = Room::with(&[("p.orch", PROGRAM)]);
  for (variables, said) in [
    (
      &[][..],
      "the secret in the environment variable `ORCH_TEST_TOKEN` is not set",
    ),
    (&[("ORCH_TEST_TOKEN", "abc")], "is shorter than 4 characters"),
  ] {
    let seen = room.orch_with(variables, &["run", "p.orch"]);
    assert_eq!(seen.exit, Some(1), "{seen:?}");
    assert!(seen.err.contains(said), "{}", seen.err);
  }
}
