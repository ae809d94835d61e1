//! `orch init` and `orch new`: what they write is checked, tested, in the one style, and runs without keys.

use crate::{
  common::markdown,
  room::{Room, json},
};

fn written(room: &Room, name: &str) -> String {
  std::fs::read_to_string(room.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn a_new_project_checks_tests_and_runs() {
  let room = Room::with(&[]);
  let seen = room.orch(&["init", "my project"]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  assert!(seen.out.contains("wrote my project/main.orch\n"), "{}", seen.out);
  assert!(seen.out.contains("  orch run 'my project/main.orch'\n"), "{}", seen.out);
  assert_eq!(written(&room, "my project/.gitignore"), ".orch/\n");
  let file = "my project/main.orch";
  let checked = room.orch(&["check", "--deny", "low", file]);
  assert_eq!(checked.out, "my project/main.orch: ok\n", "{checked:?}");
  assert_eq!(room.orch(&["fmt", "--check", file]).exit, Some(0));
  let tested = room.orch(&["test", file]);
  assert!(tested.out.ends_with("2 tests: 2 passed\n"), "{tested:?}");
  let ran = room.orch(&["run", file, "-q"]);
  let result = serde_json::json!({ "words": 9, "longest": "the quick brown fox", "failed": 0 });
  assert_eq!((ran.exit, json(&ran.out)), (Some(0), result));
  let own = room.orch(&["run", file, "-q", "--texts", r#"["to be", "or not"]"#]);
  assert_eq!(json(&own.out)["words"], 4, "as the program's head says");
}

#[test]
fn a_project_is_begun_where_one_stands() {
  let room = Room::with(&[(".gitignore", "/target\n")]);
  let seen = room.orch(&["init"]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  assert!(
    seen.out.contains("`.gitignore` stays as it is: `.orch/`"),
    "{}",
    seen.out
  );
  assert_eq!(written(&room, ".gitignore"), "/target\n");
  assert!(seen.out.contains("  orch run main.orch\n"), "{}", seen.out);
  assert!(room.path().join("main.orch").is_file());
}

#[test]
fn nothing_that_is_there_is_written_over() {
  let room = Room::with(&[("main.orch", "mine\n"), ("file", "")]);
  for words in [&["init"][..], &["new", "main.orch", "--from", "race"]] {
    let seen = room.orch(words);
    assert_eq!((seen.exit, seen.out.as_str()), (Some(2), ""), "{seen:?}");
    assert_eq!(
      seen.err,
      "can't write `main.orch`: it is there already, and stays as it is\n"
    );
  }
  assert_eq!(written(&room, "main.orch"), "mine\n");
  assert!(!room.path().join(".gitignore").exists(), "nothing else was begun");
  assert_eq!(room.orch(&["init", "file"]).exit, Some(2));
}

#[test]
fn every_pattern_makes_a_program_that_runs() {
  let room = Room::with(&[]);
  let listed = room.orch(&["new"]);
  assert_eq!(listed.exit, Some(0), "{listed:?}");
  let names: Vec<&str> = listed.out.lines().take_while(|line| !line.is_empty()).collect();
  let names: Vec<&str> = names.iter().filter_map(|line| line.split(' ').next()).collect();
  let mut pages = markdown::files("docs/patterns", ".md");
  for name in names {
    pages.retain(|page| *page != format!("docs/patterns/{name}.md"));
    let file = format!("{name}.orch");
    let seen = room.orch(&["new", &file, "--from", name]);
    assert_eq!(seen.exit, Some(0), "{seen:?}");
    assert_eq!(room.orch(&["fmt", "--check", &file]).exit, Some(0), "{name}: its style");
    let command = seen.out.lines().last().expect("how it is run").trim();
    assert!(
      written(&room, &file).contains(&format!("//!     {command}\n")),
      "{name}"
    );
    let ran = room.shell(&command.replacen("orch", "$ORCH", 1));
    assert_eq!(ran.exit, Some(0), "{name}: {command}\n{ran:?}");
  }
  assert_eq!(pages, Vec::<String>::new(), "pages that `orch new` does not list");
}

#[test]
fn a_variant_of_a_pattern_is_known_and_goes_to_standard_output() {
  let room = Room::with(&[]);
  let seen = room.orch(&["new", "--from", "fan_out_all"]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  assert!(seen.out.starts_with("//! The pattern `fan_out`.\n"), "{}", seen.out);
}

#[test]
fn what_is_not_there_is_said() {
  let room = Room::with(&[]);
  for (words, said) in [
    (&["new", "a.orch", "--from", "fan-out"][..], "did you mean `fan_out`?"),
    (&["new", "a.orch"], "which pattern? `--from PATTERN` says so"),
    (
      &["new", "a.txt", "--from", "race"],
      "the name of a program ends in `.orch`",
    ),
    (&["new", "no/a.orch", "--from", "race"], "there is no such directory"),
  ] {
    let seen = room.orch(words);
    assert_eq!((seen.exit, seen.out.as_str()), (Some(2), ""), "{seen:?}");
    assert!(seen.err.contains(said), "{}", seen.err);
  }
}
