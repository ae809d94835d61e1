//! `orch doctor`: what is missing is said before a run fails for want of it.

use crate::room::{Room, json};

const NEEDY: &str = r#"
worker there() -> string { exec ["git", "--version"], output stdout, timeout 5s }
worker absent() -> string { exec ["no-such-program-here"], output stdout, timeout 5s }
worker absent_too(n: int) -> string { exec ["no-such-program-here", string(n)], output stdout, timeout 5s }
worker scripted() -> string { shell "echo a", output stdout, timeout 5s }
worker computed(name: string) -> string { exec [name], output stdout, timeout 5s }
worker own_path() -> string { exec ["elsewhere"], env { PATH: "/opt" }, output stdout, timeout 5s }
worker beside() -> string { exec ["./tool"], output stdout, timeout 5s }

/// Everything.
orchestrator everything(name: string) -> [string] {
  a = there()
  b = absent()
  c = absent_too(1)
  d = scripted()
  e = computed(name)
  f = own_path()
  g = beside()
  return [a, b, c, d, e, f, g]
}
"#;

/// `NAME: STATE` of all checks, with what they say.
fn checks(out: &str) -> Vec<(String, String, String)> {
  let document = json(out);
  let checks = document["checks"].as_array().expect("a list");
  let text = |check: &serde_json::Value, name: &str| check[name].as_str().expect("a text").to_owned();
  let read = |check| (text(check, "name"), text(check, "state"), text(check, "says"));
  checks.iter().map(read).collect()
}

#[test]
fn a_system_on_which_runs_work_lacks_nothing() {
  let room = Room::with(&[]);
  let seen = room.orch(&["doctor"]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  for part in ["ok    journal   .orch can be made\n", "\nall is well\n", "ok    sh "] {
    assert!(seen.out.contains(part), "no `{part}` in\n{}", seen.out);
  }
  let left: Vec<_> = room.path().read_dir().expect("the room").collect();
  assert_eq!(left.len(), 1, "only the directory for scratch: {left:?}");
  room.assert_left_clean();
}

#[test]
fn what_the_workers_of_a_program_lack_is_named() {
  let room = Room::with(&[("needy.orch", NEEDY)]);
  let seen = room.orch(&["doctor", "needy.orch", "--format", "json"]);
  assert_eq!(seen.exit, Some(1), "{seen:?}");
  let checks = checks(&seen.out);
  let missing: Vec<_> = checks.iter().filter(|(_, state, _)| state == "bad").collect();
  let names: Vec<&str> = missing.iter().map(|(name, ..)| name.as_str()).collect();
  assert_eq!(names, ["./tool", "no-such-program-here"]);
  assert!(missing[0].2.ends_with(", for beside"), "{missing:?}");
  assert_eq!(
    missing[1].2,
    "`no-such-program-here` was not found in PATH, for absent, absent_too"
  );
  assert_eq!(json(&seen.out)["bad"], 2);
  let scripted = checks.iter().find(|(.., says)| says.ends_with(", for scripted"));
  assert_eq!(scripted.map(|(name, state, _)| (&**name, &**state)), Some(("sh", "ok")));
}

#[test]
fn a_secret_that_is_not_set_is_missing() {
  let program = r#"
secret token = env "DOCTOR_TOKEN"

worker w(key: secret) -> string {
  shell "echo a"
  env { TOKEN: key }
  output stdout
  timeout 5s
}

/// Asks.
orchestrator o() -> string {
  a = w(token)
  return a
}
"#;
  let room = Room::with(&[("p.orch", program)]);
  let seen = room.orch(&["doctor", "p.orch"]);
  assert_eq!(seen.exit, Some(1), "{seen:?}");
  assert!(
    seen
      .out
      .contains("the secret in the environment variable `DOCTOR_TOKEN` is not set\n"),
    "{}",
    seen.out
  );
  let set = room.orch_with(&[("DOCTOR_TOKEN", "long enough")], &["doctor", "p.orch"]);
  assert_eq!(set.exit, Some(0), "{set:?}");
  assert!(!set.out.contains("long enough"), "{}", set.out);
}

#[test]
fn a_program_that_is_refused_is_a_finding_of_its_own() {
  let room = Room::with(&[("bad.orch", "worker w() -> int { exec [\"x\"] }\n")]);
  let seen = room.orch(&["doctor", "bad.orch"]);
  assert_eq!(seen.exit, Some(3), "{seen:?}");
  assert!(
    seen.out.contains("findings refuse it: `orch check bad.orch`"),
    "{}",
    seen.out
  );
  assert_eq!(room.orch(&["doctor", "no.orch"]).exit, Some(2));
}

#[test]
fn a_journal_that_can_not_be_made_is_missing() {
  let room = Room::with(&[(".orch", "a file is in its place\n")]);
  let seen = room.orch(&["doctor"]);
  assert_eq!(seen.exit, Some(1), "{seen:?}");
  assert!(seen.out.contains("bad   journal "), "{}", seen.out);
}
