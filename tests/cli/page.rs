//! `orch report`: a run as one page.

use crate::room::{Room, json};

const PROGRAM: &str = r#"
defaults { timeout 60s }
worker say(name: string) -> string { shell "printf %s $name", output stdout }
worker breaks(name: string) -> string { shell "echo '</pre><script>a()</script>' >&2; exit 3", output stdout }
worker m(n: int) -> int { mock return n, timeout 1m }

/// Fails, with a log that would like to be markup.
orchestrator bad(name: string = "<img src=x>") -> string {
  first  = say(name)
  lost   = breaks(first)
  behind = say(lost)
  return behind
}

/// Has many steps.
orchestrator many(n: int = 2500) -> int {
  all = each i in range(0, n) with concurrent 8 => m(i)
  return len(all)
}
"#;

fn room(name: &str) -> Room {
  let room = Room::with(&[("p.orch", PROGRAM)]);
  let seen = room.orch(&["run", "p.orch", name, "-q"]);
  assert!(matches!(seen.exit, Some(0 | 1)), "{seen:?}");
  room
}

#[test]
fn a_page_loads_nothing_and_holds_no_markup_of_the_run() {
  let room = room("bad");
  let seen = room.orch(&["report", "last", "--output", "run.html"]);
  assert_eq!((seen.exit, seen.out.as_str(), seen.err.as_str()), (Some(0), "", ""));
  let page = std::fs::read_to_string(room.path().join("run.html")).expect("a page");
  for said in [
    "&lt;script&gt;a()&lt;/script&gt;",
    "&lt;img src=x&gt;",
    "exited with code 3",
    "since lost was lost",
    "<svg",
    "prefers-color-scheme: dark",
    "default-src 'none'",
  ] {
    assert!(page.contains(said), "no `{said}` in:\n{page}");
  }
  for never in [
    "<script", "<img", "src=\"", "href=", "url(", "@import", "http:", "https:",
  ] {
    assert!(!page.contains(never), "`{never}` in:\n{page}");
  }
}

#[test]
fn the_graph_has_the_states_of_steps_though_the_program_is_gone() {
  let room = room("bad");
  std::fs::remove_file(room.path().join("p.orch")).expect("the program");
  let page = room.orch(&["report"]).out;
  for said in ["<title>lost: failed</title>", "<title>behind: skipped</title>"] {
    assert!(page.contains(said), "no `{said}` in:\n{page}");
  }
}

#[test]
fn a_page_of_many_steps_stays_short_and_says_so() {
  let room = room("many");
  let page = room.orch(&["report"]).out;
  assert!(page.contains("more steps") && page.contains("more calls"));
  assert!(page.len() < 1_000_000, "{}", page.len());
}

#[test]
fn a_page_is_markdown_or_json_too() {
  let room = room("bad");
  let page = room.orch(&["report", "--format", "md"]).out;
  for said in [
    "# bad failed\n",
    "| lost | failed |",
    "    failed: exit: exited with code 3",
  ] {
    assert!(page.contains(said), "no `{said}` in:\n{page}");
  }
  let page = json(&room.orch(&["report", "--format", "json"]).out);
  assert_eq!(page, json(&room.orch(&["show", "--format", "json"]).out));
  let seen = room.orch(&["report", "--output", "nowhere/page.html"]);
  assert_eq!(seen.exit, Some(2), "{seen:?}");
  assert!(seen.err.contains("can't write to `nowhere/page.html`"), "{}", seen.err);
}
