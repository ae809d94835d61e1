//! Reading `.orch`: the tree, the findings, and what must never happen.

mod common;

use std::fmt::Write;

use common::mistakes::{ITEMS, STEPS};
use orch::{
  source::{SourceId, Sources},
  syntax::{ast, parse, parse_expression},
};

const PROGRAM: &str = include_str!("data/whole.orch");

/// The findings of a text, one a line, with place, code and help.
fn findings(text: &str) -> String {
  let mut sources = Sources::default();
  let id = sources.add("test.orch", "", text);
  let (_, found) = parse(id, text);
  let mut out = String::new();
  for finding in &found.0 {
    let span = finding.span().expect("a place");
    let start = sources.get(id).position(span.start as usize);
    let _ = write!(
      out,
      "{}:{} {}: {}",
      start.line, start.column, finding.code.name, finding.message
    );
    if let Some(help) = &finding.help {
      let _ = write!(out, " ({help})");
    }
    out.push('\n');
  }
  out
}

/// The findings of steps inside an orchestrator; line 1 is the first step.
fn in_steps(steps: &str) -> String {
  findings(&format!("orchestrator o() {{ {steps}\n}}\n"))
}

#[test]
fn the_whole_language_parses() {
  assert_eq!(findings(PROGRAM), "");
}

#[test]
fn mistakes_are_said_in_peoples_words() {
  let mut all = String::new();
  for steps in STEPS {
    let _ = writeln!(all, "--- {steps}\n{}", in_steps(steps));
  }
  for items in ITEMS {
    let _ = writeln!(all, "--- {items}\n{}", findings(items));
  }
  insta::assert_snapshot!("mistakes", all);
}

#[test]
fn three_independent_mistakes_are_found_at_their_places() {
  let text = "type A = {\n  a: int\n  b int\n}\nworker w() {\n  timeout\n}\norchestrator o() {\n  x = f(a\n  y = g(x)\n  return y\n}\n";
  insta::assert_snapshot!(findings(text), @r"
  3:5 syntax/unexpected: expected `:`, found `int` (say its type: `name: string`)
  6:10 syntax/unexpected: expected an expression, found the end of the line
  9:8 syntax/unexpected: `(` is never closed
  ");
}

/// Every construct that holds another, as what stands before and after the inner one.
const NESTED: &[(&str, &str, &str)] = &[
  ("", "(", ")"),
  ("", "[", "]"),
  ("", "{ a: ", " }"),
  ("", "f(", ")"),
  ("", "f(a: ", ")"),
  ("", "a[", "]"),
  ("", "not ", ""),
  ("", "-", ""),
  ("", "if a then 1 else ", ""),
  ("", "if ", " then 1"),
  ("", "[1 for x in ", "]"),
  ("", "match x { 1 => ", "}"),
  ("", "\"${", "}\""),
  ("x = ", "if a then ", ""),
  ("x = ", "{ y = ", " }"),
  ("x = ", "each a in b => ", ""),
  ("x = ", "each a in b { y = ", "\nyield 1 }"),
  ("x = ", "repeat up to 3 { y = ", "\nyield 1 } until a else last"),
  ("x = ", "repeat up to 3 { yield 1 } until a else ", ""),
  ("x = ", "attempt ", ""),
  ("x = ", "match x { 1 => ", "}"),
  ("x = ", "a catch attempt ", ""),
  ("x = a as ", "[", "]"),
  ("x = a as ", "map<", ">"),
  ("x = a as ", "{ a: ", " }"),
  ("x = a as ", "(", ")"),
];

fn nested((start, open, close): (&str, &str, &str), depth: usize, closed: bool) -> String {
  let start = if start.is_empty() { "x = " } else { start };
  let inner = if start.ends_with("as ") { "int" } else { "1" };
  let ends = if closed { close.repeat(depth) } else { String::new() };
  format!("orchestrator o() {{\n{start}{}{inner}{ends}\n}}\n", open.repeat(depth))
}

// Reading a text twice per level would not end here: no clock is asked, since a busy machine is no mistake.
#[test]
fn every_construct_nests_sixty_deep() {
  for construct in NESTED {
    assert_eq!(findings(&nested(*construct, 60, true)), "", "{construct:?}");
    let open = findings(&nested(*construct, 60, false));
    assert_eq!(open.is_empty(), construct.2.is_empty(), "{construct:?}");
  }
}

#[test]
fn too_deep_is_one_finding_whatever_nests() {
  for construct in NESTED {
    for (depth, closed) in [(250, true), (5_000, true), (5_000, false), (100_000, false)] {
      let found = findings(&nested(*construct, depth, closed));
      let lines: Vec<&str> = found.lines().collect();
      assert_eq!(lines.len(), 1, "{construct:?} {depth} {closed}: {found}");
      assert!(
        !closed || lines[0].contains("syntax/nesting"),
        "{construct:?} {depth} {closed}: {found}"
      );
    }
  }
}

#[test]
fn garbage_comes_to_an_end() {
  let size = if cfg!(debug_assertions) { 50_000 } else { 5_000_000 };
  for piece in [
    "x",
    " ",
    "\n",
    "(",
    "}",
    "\"",
    "${",
    "\"${",
    "'",
    "#",
    ";",
    "@",
    "a b ",
    "\"\"\"",
    "if ",
    "/",
    "é",
    "x = \n",
    "type x = \n",
    "a.",
    "a + ",
  ] {
    let text = piece.repeat(size / piece.len());
    let _ = findings(&text);
    let _ = in_steps(&text);
  }
}

#[test]
fn long_chains_are_bounded() {
  let sum = |n: usize| format!("x = {}1", "1 + ".repeat(n));
  assert_eq!(in_steps(&sum(999)), "");
  assert!(in_steps(&sum(100_000)).contains("syntax/nesting"));
  let catches = |n: usize| format!("x = {}f()", "f() catch ".repeat(n));
  assert_eq!(in_steps(&catches(900)), "");
  assert!(in_steps(&catches(100_000)).contains("syntax/nesting"));
}

#[test]
fn ten_thousand_steps_parse() {
  let mut text = String::from("orchestrator o() {\n");
  for step in 0..10_000 {
    let _ = writeln!(
      text,
      "  s{step} = f(s{}, key: [1, 2, \"a ${{s0}}\"]) with timeout 10s, retry 2",
      step / 2
    );
  }
  text.push_str("}\n");
  let (module, found) = parse(SourceId(0), &text);
  assert!(found.is_empty());
  let ast::ItemKind::Orchestrator(orchestrator) = &module.items[0].kind else {
    panic!()
  };
  assert_eq!(orchestrator.body.steps.len(), 10_000);
}

#[test]
fn broken_pieces_keep_their_names() {
  let text = "worker w(a int) {}\ntype T = [int\norchestrator o() {\n  x = f(,)\n  return x\n}\n";
  let (module, _) = parse(SourceId(0), text);
  let names: Vec<_> = module
    .items
    .iter()
    .map(|item| match &item.kind {
      ast::ItemKind::Broken { names, .. } if names.len() == 1 => names[0].value.clone(),
      ast::ItemKind::Orchestrator(orchestrator) => format!("{:?}", orchestrator.body.steps[0].kind),
      other => panic!("{other:?}"),
    })
    .collect();
  assert_eq!(names[..2], ["w", "T"]);
  assert!(
    names[2].starts_with("Broken { names: [Spanned { value: \"x\""),
    "{}",
    names[2]
  );
}

#[test]
fn operators_bind_by_strength() {
  for (text, same) in [
    (
      "a or b and not c == d ?? e + f * -g",
      "(a or (b and (not (c == (d ?? (e + (f * (-g))))))))",
    ),
    ("a - b - c", "((a - b) - c)"),
    ("-a as int + 1", "((-(a as int)) + 1)"),
    ("not a == b", "(not (a == b))"),
    ("-1 + a.b[0]", "(-1) + ((a.b)[0])"),
  ] {
    let strip = |text| {
      let (expression, found) = parse_expression(SourceId(0), text);
      assert!(found.is_empty(), "{text}");
      let shown = format!("{expression:?}");
      let mut plain = String::new();
      let mut rest = shown.as_str();
      while let Some(at) = rest.find("Span {") {
        plain.push_str(&rest[..at]);
        rest = &rest[at..][rest[at..].find('}').unwrap_or(0)..];
      }
      plain + rest
    };
    assert_eq!(strip(text), strip(same), "{text}");
  }
}

fn first_text(text: &str) -> String {
  let (expression, found) = parse_expression(SourceId(0), text);
  assert!(found.is_empty(), "{text} {found:?}");
  let ast::ExprKind::String(parts) = expression.kind else {
    panic!()
  };
  parts
    .iter()
    .map(|part| match part {
      ast::StringPart::Text(text) => text.clone(),
      ast::StringPart::Value(_) => "<>".to_string(),
    })
    .collect()
}

#[test]
fn strings_read_margins_and_escapes() {
  assert_eq!(
    first_text("\"\"\"\n    one\n      two\n\n    three\n    \"\"\""),
    "one\n  two\n\nthree"
  );
  assert_eq!(first_text("\"\"\"\r\n  one\r\n  ${a}\r\n  \"\"\""), "one\n<>");
  assert_eq!(first_text("\"\"\"one\"\"\""), "one");
  assert_eq!(first_text("\"\"\"\"\"\""), "");
  assert_eq!(first_text("\"\"\"\n  ${f(\n  a)}!\n  \"\"\""), "<>!");
  assert_eq!(
    first_text(r#""a\n\t\"\\\${b} \u{1F600} $5 ${"in ${x}"}""#),
    "a\n\t\"\\${b} \u{1F600} $5 <>"
  );
}

#[test]
fn the_reserved_words_are_the_same_everywhere() {
  for word in orch::syntax::words::RESERVED {
    let found = findings(&format!("let {word} = 1"));
    assert!(found.starts_with("1:5 syntax/reserved-word"), "{word}: {found}");
    assert_eq!(findings(&format!("let {word}s = {{ {word}: a.{word} }}")), "", "{word}");
  }
}

#[test]
fn nothing_in_a_body_begins_with_an_operator() {
  for mark in [
    "(1)", "[1]", "+ 1", "* 1", "/ 1", "% 1", "== 1", "?? 1", ".a", "?.a", "as", "< 1",
  ] {
    if mark != "as" {
      let one = in_steps(&format!("x = a\n{mark}\nreturn x"));
      let (module, _) = parse(SourceId(0), &format!("orchestrator o() {{ x = a\n{mark}\nreturn x }}"));
      let ast::ItemKind::Orchestrator(orchestrator) = &module.items[0].kind else {
        panic!()
      };
      assert_eq!(orchestrator.body.steps.len(), 2, "{mark} {one}");
    }
  }
}

proptest::proptest! {
  #![proptest_config(proptest::prelude::ProptestConfig::with_cases(150))]

  #[test]
  fn no_text_makes_the_parser_panic(text in "\\PC{0,200}") {
    let _ = findings(&text);
    let _ = in_steps(&text);
    let _ = parse_expression(SourceId(0), &text);
  }

  #[test]
  fn no_change_of_a_program_makes_the_parser_panic(
    at in 0..PROGRAM.len(), length in 0usize..30, piece in r#"[\[\](){}"'$;#=:,.a1é\r\n/\\-]{0,4}"#
  ) {
    let at = (0..=at).rev().find(|at| PROGRAM.is_char_boundary(*at)).unwrap_or(0);
    let end = (at + length..=PROGRAM.len()).find(|end| PROGRAM.is_char_boundary(*end)).unwrap_or(PROGRAM.len());
    let text = format!("{}{piece}{}", &PROGRAM[..at], &PROGRAM[end..]);
    let mut sources = Sources::default();
    let id = sources.add("test.orch", "", text.as_str());
    let (_, found) = parse(id, &text);
    for label in found.0.iter().flat_map(|finding| &finding.labels) {
      let range = label.span.range();
      assert!(text.get(range.clone()).is_some(), "{range:?}");
    }
  }
}
