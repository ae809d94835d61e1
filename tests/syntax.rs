//! Reading `.orch`: the tree, the findings, and what must never happen.

use std::fmt::Write;

use orch::{
  source::{SourceId, Sources},
  syntax::{parse, parse_expression},
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
fn look() {
  for s in [
    "x = foo(a b)",
    "x = foo(a,, b)",
    "x = if c { a(x) }",
    "x = each a b => f(a)",
    "x = each a in b with concurrent => f(a)",
    "x = foo(a",
    "x = foo(a\ny = bar(b)\nreturn y",
    "x = foo(a))",
    "x = [1, 2\ny = 3",
    "x = \"abc",
    "x = f([\"abc])\ny = 2",
    "x = f('abc')",
    "x = 1; y = 2;",
    "# hi\nx = 1",
    "x = a && b",
    "x = a || b",
    "x = !a",
    "x := foo(1)",
    "x = a = b",
    "if x = 3 then f()",
    "require a = b",
    "fail = 3",
    "x = return",
    "x == 3",
    "let y = 3",
    "x = match k { \"a\" -> f(x) }",
    "x = match k {\n \"a\" => f(x)\n b => 3\n else => 3 }",
    "x = \"a ${b c} d ${} e\"",
    "x = \"a ${b d\"",
    "x = \"\\q \\u{zz}\"",
    "x = 12ab + 99999999999999999999",
    "x = a < b < c",
    "x = f(x) with timout 3s, retry 2",
    "x = f(x) with timeout",
    "x = f(x) garbage",
    "x = f(x) after",
    "x = { a: 1 b: 2 }",
    "x = { a: 1 + , b: * }",
    "x = repeat up 3 { yield 1 }",
    "x = 1 +",
    "stage { x = 1 }",
    "return",
    "yield 1 2",
    "x = a.",
    "x = y is z",
    "x = for a in b",
    "x = f(a: , b)",
    "x = while true",
    "x = a ? b : c",
    "x = @",
    "x = é",
    "x = f(\n  a,\n  b\ny = 3",
    "x = \"\"\"\n abc",
    "x = each a in b {\n y = f(a)\n yield y\n",
    "x = not",
    "x = (a + b",
    "x = else",
    "return x if y",
    "x = -> y",
    "x = [1 for]",
    "x = match k {\n \"a\" => 1\n -1 => 2\n}",
    "x = f(x) catch",
    "x = attempt",
  ] {
    println!("--- {}\n{}", s, in_steps(s));
  }
  for s in [
    "worker w() -> T { timout 3s }",
    "worker w() { exec [\"a\"] timeout 3s }",
    "worker w(a int) { exec [] }\nworker v() { timeout }\n",
    "worker w(a: int -> string {\n exec []\n}\nlet x = \n",
    "def foo() { }",
    "function foo() {\n x = 1\n}\nlet a = 1",
    "task x",
    "let fail = 3",
    "type A = {\n a int\n b: string\n c = 3\n}",
    "type A = int(1...3)",
    "type A = [int",
    "contract C { input { a: int } }",
    "contract C { input { a: int }\n outpt string }",
    "orchestrator a() {\n  x = each y in ys {\n    z = f(y)\n    yield z\n  return x\n}\n\norchestrator b() { return 1 }",
    "pool x = [a]",
    "orchestrator o() -> { return 1 }",
    "orchestrator o { return 1 }",
    "import a from \"x\"",
    "import { a } \"x\"",
    "let x = 1\n}\n",
    "foo bar",
    "worker w() {\n  exec []\n  timeout: 3s\n  expect a\n  mock {\n first calls => 3\n x\n }\n  retry backoff\n  llm \"x\"\n}",
    "worker w() -> { exec [] }",
    "let x: int",
    "orchestrator o() {\n  x = 1\n",
    "type T = string(/[a/)",
    "limit x { rate 60 }",
    "let f(x) = 3",
    "worker w() { shell \"\"\"\n ${x \n }}\n\"\"\"\n timeout 1s }",
    "\u{feff}let x = 1\r\nlet y = \"\"\"\r\n  a\r\n  \"\"\"\r\n",
    "let",
  ] {
    println!("--- {}\n{}", s, findings(s));
  }
}
