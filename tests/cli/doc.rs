//! `orch doc`: a module as a page.

use crate::room::Room;

const PROGRAM: &str = r#"
//! Looks at <pages>.
//!
//!     orch run p.orch --kind "a"

type Kind = "a" | "b"

/// Weighs one page.
contract Weigh@2 {
  input { page: string, kind: Kind }
  output { weight: int }
}

/// Weighs with a program.
worker scale: Weigh {
  exec ["scale", "--kind", kind, page]
  output { weight: int(trim(stdout)) ?? 0 }
  timeout 5s
  idempotent
}

/// Weighs all pages.
orchestrator weigh(pages: [string], kind: Kind = "a", _note: string? = null) -> int {
  weights = each page in pages with concurrent 2 => scale(page, kind)
  return sum(weights, it.weight)
}
"#;

#[test]
fn markdown_says_what_a_module_declares_and_draws_it() {
  let room = Room::with(&[("p.orch", PROGRAM)]);
  let seen = room.orch(&["doc", "p.orch"]);
  assert_eq!((seen.exit, seen.err.as_str()), (Some(0), ""), "{seen:?}");
  insta::assert_snapshot!(seen.out);
  let drawn = room.orch(&["graph", "p.orch"]).out;
  assert!(
    seen.out.contains(&format!("```mermaid\n{drawn}```\n")),
    "as `orch graph` draws it"
  );
}

#[test]
fn html_is_one_file_in_which_nothing_is_markup_but_its_own() {
  let room = Room::with(&[("p.orch", PROGRAM)]);
  let seen = room.orch(&["doc", "p.orch", "--format", "html", "--output", "p.html"]);
  assert_eq!((seen.exit, seen.out.as_str()), (Some(0), ""), "{seen:?}");
  let page = std::fs::read_to_string(room.path().join("p.html")).expect("a page");
  for part in [
    "<p>Looks at &lt;pages&gt;.</p>",
    "<pre>    orch run p.orch --kind &quot;a&quot;</pre>",
    "<h3>weigh</h3>",
    "<pre>type Kind = &quot;a&quot; | &quot;b&quot;</pre>",
    "Keeps the contract Weigh@2. Doing its work twice is harmless.",
    "<text x=\"24\" y=\"48\">scale</text>",
  ] {
    assert!(page.contains(part), "no `{part}` in\n{page}");
  }
  for foreign in ["<script", "src=", "href=", "nothing is known"] {
    assert!(!page.contains(foreign), "`{foreign}` in\n{page}");
  }
}

#[test]
fn a_page_is_not_made_of_what_is_refused_or_can_not_be_written() {
  let room = Room::with(&[("p.orch", PROGRAM), ("bad.orch", "orchestrator (")]);
  assert_eq!(room.orch(&["doc", "bad.orch"]).exit, Some(3));
  assert_eq!(room.orch(&["doc", "none.orch"]).exit, Some(2));
  let seen = room.orch(&["doc", "p.orch", "--output", "no/where.md"]);
  assert_eq!(seen.exit, Some(2), "{seen:?}");
  assert!(seen.err.contains("can't write to `no/where.md`"), "{}", seen.err);
}
