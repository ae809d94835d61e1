//! `--profile` and `--set`: other forms of a program, each checked like the one that is written.

use crate::room::Room;

const PROGRAM: &str = r#"
let width = 3
let model: string(1..10) = "big"
defaults { timeout 5s }
worker fetch(url: string, n: int = 1) -> int { exec ["no-such-program", url, string(n)] }
worker fake_fetch(url: string, _n: int = 1) -> int { mock return len(url) }
profile offline { fetch = fake_fetch, width = 5, model = "tiny" }

/// Fetches.
orchestrator o() -> { pages: [int], model: string } {
  pages = each _x in range(width) with concurrent width => fetch("abc")
  return { pages: pages, model: model }
}
"#;

fn run(words: &[&str]) -> (Option<i32>, String) {
  let room = Room::with(&[("p.orch", PROGRAM)]);
  let seen = room.orch(&[&["run", "p.orch", "-q"], words].concat());
  let out: String = seen.out.split_whitespace().collect();
  (seen.exit, if out.is_empty() { seen.err } else { out })
}

#[test]
fn a_profile_puts_workers_and_constants_in_the_place_of_others() {
  let tiny = r#"{"pages":[3,3,3,3,3],"model":"tiny"}"#.to_owned();
  assert_eq!(run(&["--profile", "offline"]), (Some(0), tiny));
  let set = r#"{"pages":[3,3],"model":"huge"}"#.to_owned();
  assert_eq!(
    run(&["--profile=offline", "--set", "width=2", "--set=model=huge"]),
    (Some(0), set),
    "what is set wins"
  );
  assert_eq!(run(&[]).0, Some(1), "as it is written the program is not there");
}

#[test]
fn a_form_that_is_not_there_is_a_mistake_in_the_command_line() {
  for (words, hint) in [
    (["--profile", "offlin"], "did you mean `offline`?"),
    (["--set", "widt=1"], "did you mean `width`?"),
    (["--set", "width=a"], "`width` takes int: `a` is no whole number"),
    (["--set", "model=muchtoolong"], "longer than 10 characters"),
    (["--set", "width"], "not of the form NAME=VALUE"),
  ] {
    let (exit, said) = run(&words);
    assert_eq!(exit, Some(2), "{words:?}: {said}");
    assert!(said.contains(hint), "{words:?}: {said}");
  }
}

#[test]
fn a_form_is_checked_like_the_program_that_is_written() {
  let (exit, said) = run(&["--set", "width=0"]);
  assert_eq!(exit, Some(3));
  assert!(said.contains("`concurrent` must be at least 1"), "{said}");
}

#[test]
fn what_is_wrong_under_a_profile_refuses_the_program() {
  for (replacement, hint) in [
    (
      "fetch = wrong",
      "does not fit what it replaces: `url` takes `int`, not `string`",
    ),
    ("fetch = 3", "is replaced by the name of a worker or orchestrator"),
    ("fetch = width", "is replaced by the name of a worker or orchestrator"),
    ("fetch = wrongg", "there is no worker or orchestrator `wrongg`"),
    (
      "fetchh = wrong",
      "there is no worker, orchestrator or constant `fetchh`",
    ),
    ("width = \"a\"", "what replaces `width`"),
    ("width = 0", "`concurrent` must be at least 1"),
    ("width = 1, width = 2", "`width` is replaced twice"),
    ("fetch = around", "orchestrators may not call each other in a circle"),
  ] {
    let more = format!(
      "worker wrong(url: int) -> int {{ mock return url }}\nprofile bad {{ {replacement} }}\n\
       /// .\norchestrator around(url: string, n: int = 1) -> int {{ a = fetch(url, n)\n  return a }}\n"
    );
    let room = Room::with(&[("p.orch", &format!("{PROGRAM}{more}"))]);
    let seen = room.orch(&["check", "p.orch"]);
    assert_eq!(seen.exit, Some(3), "{replacement}: {seen:?}");
    assert!(seen.out.contains(hint), "{replacement}: {}", seen.out);
  }
}

#[test]
fn what_a_program_offers_is_listed() {
  let more = "secret hook = env \"HOOK\"\non schedule \"0 9 * * 1\" => o()\n\
    on webhook \"/go\" signed hook as n: int if n > 1 => o()\n";
  let room = Room::with(&[("p.orch", &format!("{PROGRAM}{more}"))]);
  let seen = room.orch(&["list", "p.orch"]);
  let wanted = "orchestrators\n  o() -> { pages: [int], model: string }\n    Fetches.\ntriggers\n  \
    on schedule \"0 9 * * 1\" tz \"UTC\" => o\n  on webhook \"/go\" signed by the secret in HOOK if n > 1 => o\n\
    profiles\n  offline\n";
  assert_eq!((seen.exit, seen.out.as_str()), (Some(0), wanted), "{}", seen.err);
  let json = room.orch(&["list", "p.orch", "--format", "json"]);
  let json: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
  assert_eq!(json["triggers"][1]["on"]["signed_by"], "HOOK");
  assert_eq!(json["profiles"][0], "offline");
}
