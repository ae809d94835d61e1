//! Completion as a shell asks for it, and the manual.

use crate::room::Room;

const PROGRAM: &str = r#"
worker fetch(url: string) -> int {
  mock return len(url)
  timeout 5s
}

worker other(_url: string) -> int {
  mock return 1
  timeout 5s
}

profile offline { fetch = other }

/// Fetches a page.
orchestrator fetch_one(address: string) -> int {
  length = fetch(address)
  return length
}

/// Fetches nothing.
orchestrator none(amount: int = 1) -> int {
  return amount
}
"#;

/// What a shell is offered for the last of these words.
fn offered(room: &Room, words: &[&str]) -> Vec<String> {
  let line = [&["--", "orch"][..], words].concat();
  let seen = room.orch_with(&[("ORCH_COMPLETE", "fish")], &line);
  assert_eq!((seen.exit, seen.err.as_str()), (Some(0), ""), "{seen:?}");
  let name = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
  seen.out.lines().map(name).collect()
}

#[test]
fn names_of_a_program_are_offered() {
  let room = Room::with(&[("p.orch", PROGRAM), ("broken.orch", "orchestrator (")]);
  assert_eq!(offered(&room, &["comp"]), ["completions"]);
  assert_eq!(offered(&room, &["graph", "p.orch", "f"]), ["fetch_one"]);
  assert_eq!(offered(&room, &["run", "p.orch", "n"]), ["none"]);
  assert_eq!(offered(&room, &["graph", "p.orch", "--profile", ""]), ["offline"]);
  assert_eq!(offered(&room, &["graph", "broken.orch", "f"]), Vec::<String>::new());
}

#[test]
fn parameters_of_the_orchestrator_are_options() {
  let room = Room::with(&[("p.orch", PROGRAM)]);
  assert_eq!(
    offered(&room, &["run", "p.orch", "fetch_one", "--a"]),
    ["--arg", "--address"]
  );
  assert_eq!(offered(&room, &["run", "p.orch", "none", "--a"]), ["--arg", "--amount"]);
}

#[test]
fn names_of_runs_codes_and_patterns_are_offered() {
  let room = Room::with(&[("p.orch", PROGRAM)]);
  assert_eq!(offered(&room, &["show", "l"]), Vec::<String>::new(), "nothing has run");
  assert_eq!(room.orch(&["run", "p.orch", "none", "-q"]).exit, Some(0));
  let runs = offered(&room, &["show", ""]);
  assert_eq!(runs[0], "last");
  assert_eq!(room.orch(&["show", &runs[1]]).exit, Some(0), "{runs:?}");
  assert_eq!(offered(&room, &["explain", "worker/no-t"]), ["worker/no-timeout"]);
  assert_eq!(offered(&room, &["new", "--from", "rac"]), ["race"]);
}

#[test]
fn bash_completes_with_the_script() {
  let room = Room::with(&[("p.orch", PROGRAM)]);
  let script = r#"
    orch() { "$ORCH" "$@"; }
    source <("$ORCH" completions bash)
    complete -p orch >/dev/null || exit 9
    COMP_WORDS=(orch graph p.orch fe) COMP_CWORD=3 COMP_TYPE=9
    _clap_complete_orch orch fe p.orch 2>/dev/null
    echo "${COMPREPLY[@]}"
  "#;
  std::fs::write(room.path().join("ask.bash"), script).expect("a file");
  let seen = room.shell("bash ask.bash");
  assert_eq!((seen.exit, seen.out.as_str()), (Some(0), "fetch_one\n"), "{seen:?}");
  let unknown = room.orch(&["completions", "tcsh"]);
  assert_eq!(unknown.exit, Some(2), "{unknown:?}");
}

#[test]
fn the_manual_has_a_page_for_each_command() {
  let room = Room::with(&[]);
  let one = room.orch(&["man"]);
  assert!(one.out.contains(".TH orch 1"), "{}", one.out);
  let seen = room.orch(&["man", "pages"]);
  assert_eq!((seen.exit, seen.out.as_str()), (Some(0), ""), "{seen:?}");
  let page = |name: &str| std::fs::read_to_string(room.path().join("pages").join(name)).expect("a page");
  let commands = one.out.lines().filter_map(|line| line.strip_suffix("(1)"));
  let commands: Vec<String> = commands.map(|name| name.replace('\\', "")).collect();
  assert!(commands.len() > 15, "{commands:?}");
  for command in commands.iter().filter(|command| *command != "orch-help") {
    assert!(page(&format!("{command}.1")).contains(".SH SYNOPSIS"), "{command}");
  }
  std::fs::write(room.path().join("file"), "").expect("a file");
  let seen = room.orch(&["man", "file"]);
  assert_eq!(seen.exit, Some(2), "{seen:?}");
  assert!(seen.err.contains("can't write the manual to `file`"), "{}", seen.err);
}
