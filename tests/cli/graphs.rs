//! Drawings of the examples and of names that want to break out.

use std::path::PathBuf;

use super::room::{Room, json};

fn examples() -> Vec<PathBuf> {
  let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
  let files = directory
    .read_dir()
    .expect("examples")
    .flatten()
    .map(|entry| entry.path());
  files
    .filter(|path| path.extension().is_some_and(|kind| kind == "orch"))
    .collect()
}

#[test]
fn every_example_can_be_drawn_in_every_form() {
  let room = Room::with(&[]);
  let examples = examples();
  assert!(examples.len() >= 5);
  for file in examples {
    let draw = |format: &str| {
      let seen = room.orch(&["graph", &file.to_string_lossy(), "--format", format]);
      assert_eq!((seen.exit, seen.err.as_str()), (Some(0), ""), "{}", file.display());
      seen.out
    };
    assert!(json(&draw("json")).is_object());
    assert_dot(&draw("dot"));
    assert!(draw("mermaid").lines().any(|line| line.starts_with("flowchart ")));
  }
}

/// Outside of strings brackets match; every string ends on its line.
fn assert_dot(text: &str) {
  assert!(text.starts_with("digraph "), "{text}");
  let mut depth = 0_i32;
  for line in text.lines() {
    let (mut quoted, mut escaped) = (false, false);
    for c in line.chars() {
      match c {
        _ if escaped => escaped = false,
        '\\' if quoted => escaped = true,
        '"' => quoted = !quoted,
        '{' | '[' if !quoted => depth += 1,
        '}' | ']' if !quoted => depth -= 1,
        _ => {}
      }
      assert!(depth >= 0, "{line}");
    }
    assert!(!quoted, "a string goes on: {line}");
  }
  assert_eq!(depth, 0, "{text}");
}

const BREAKING: &str = r#"
worker ask(kind: string) -> int {
  mock    return 1
  timeout 1s
}

/// Routes.
orchestrator route(kind: string) -> int {
  n = match kind {
    "a\"]; x -->|b| <script>"  => ask("1")
    "c\n} #quot; \\" => ask("2")
    "ünï ⛄" => ask("3")
    else => ask("4")
  }
  return n
}
"#;

#[test]
fn names_can_not_break_out() {
  let room = Room::with(&[("odd.orch", BREAKING)]);
  let draw = |format: &str| {
    let seen = room.orch(&["graph", "odd.orch", "--format", format]);
    assert_eq!(seen.exit, Some(0), "{seen:?}");
    seen.out
  };
  assert!(json(&draw("json")).to_string().contains("<script>"));
  assert_dot(&draw("dot"));
  let mermaid = draw("mermaid");
  assert!(!mermaid.contains("<script>"), "{mermaid}");
  assert!(mermaid.contains("ünï ⛄"), "{mermaid}");
}
