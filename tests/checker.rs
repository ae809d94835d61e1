//! What the checker accepts and refuses, by behaviour. Wordings are held by `diagnostics.rs`.

mod common;

use std::fmt::Write;

use common::{found, listed, memory::check_text};
use orch::{
  diagnostics::{Code, codes},
  session::Checked,
};

/// What the tables below may use.
const PRELUDE: &str = r#"
type Issue = { number: int, title: string, owner: string?, note?: string }
type Shape = { kind: "circle", radius: float } | { kind: "square", side: float } | { kind: "dot" }
type Level = "low" | "mid" | "high"
type Open = { id: int, ... }
contract Rate@1 { input { text: string, depth?: int }, output { score: int(0..10) } }

defaults { timeout 1s }
limit api { concurrent 2 }
defaults careful { timeout 2s, retry 1, limit api }
defaults wide { concurrent 4 }
defaults brief { timeout 3s }

worker say(text: string) -> string { mock echo_of }
worker number(n: int) -> int { mock return 1 }
worker small(n: int(0..10)) -> int(0..10) { mock return 1 }
worker real(x: float) -> float { mock return 1.5 }
worker read(issue: Issue) -> Issue { mock return { number: 1, title: "t", owner: null } }
worker open(o: Open) -> Open { mock return { id: 1 } }
worker draw(shape: Shape) -> Shape { mock return { kind: "dot" } }
worker level(x: Level) -> Level { mock return "low" }
worker rate: Rate { mock return { score: 1 } }
secret token = env "API_TOKEN"
worker guarded(key: secret, text: string) { exec ["true", text], env { KEY: key, AUTH: "Bearer ${key}" } }
/// .
orchestrator handed(key: secret) -> int { guarded(key, "x") return 1 }
worker act(text: string) { exec ["true", text] }
worker look(n: int) -> Issue? { mock return null }
worker three(a: int, b: string = "b", c: bool = true) -> int { mock return 1 }
worker anything(x: json) -> json { mock return null }
worker make(text: string) -> file { mock return text }
worker sort(data: file) -> file { exec ["sort", data, "-o", "${data}.out"], output data }
worker tree(all: [file]) -> dir { exec ["ls", ...all], env { FIRST: all[0] }, stdin all[0], output { yes: true, path: stdout }.path }
let limit_of = 3
let double(n: int) -> int = n * 2
/// .
orchestrator inner(text: string) -> string { out = say(text) return out }
"#;

fn in_steps(steps: &str) -> Checked {
  let prelude = PRELUDE.replace("mock echo_of", "mock return \"said\"");
  check_text(&format!(
    "{prelude}\n/// .\norchestrator o(n: int, s: string, maybe: string?, found: Issue?, issue: Issue, shape: Shape, \
     result: Outcome<string>, names: [string?], shapes: [Shape], flag: bool, x: json, small_n: int(1..5), \
     level_of: Level, opened: Open, results: [Outcome<int>]) -> json {{\n{steps}\n}}\n"
  ))
}

/// The codes that refuse, in order.
fn refused(checked: &Checked) -> Vec<&'static str> {
  let findings = checked.findings.0.iter();
  findings
    .filter(|finding| finding.code.level.refuses())
    .map(|finding| finding.code.name)
    .collect()
}

/// Each row: steps, and the codes that refuse them, separated by blanks.
fn steps_table(rows: &[(&str, &str)]) {
  let mut failed = String::new();
  for (steps, expected) in rows {
    let checked = in_steps(steps);
    let expected: Vec<&str> = expected.split_whitespace().collect();
    let found = refused(&checked);
    if found != expected {
      failed += &format!(
        "--- {steps}\nexpected {expected:?}, found {found:?}\n{}\n",
        listed(&checked)
      );
    }
  }
  assert!(failed.is_empty(), "{failed}");
}

/// Each row: one worker, and the codes that refuse it.
fn workers_table(rows: &[(&str, &str)]) {
  for (worker, expected) in rows {
    let checked = check_text(&format!("defaults {{ timeout 1s }}\n{worker}\n"));
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(refused(&checked), expected, "{worker}\n{}", listed(&checked));
  }
}

#[test]
fn tests_narrow_what_they_guard() {
  steps_table(&[
    // null
    ("r = say(maybe)", "type/maybe-null"),
    ("r = if maybe != null then say(maybe) else say(s)", ""),
    ("r = if maybe == null then say(s) else say(maybe)", ""),
    ("r = if maybe == null then say(maybe) else say(s)", "type/maybe-null"),
    ("r = if null != maybe then say(maybe)", ""),
    ("r = if not (maybe == null) then say(maybe)", ""),
    ("r = match maybe { null => say(s), else => say(maybe) }", ""),
    ("r = say(maybe ?? s)", ""),
    // gates
    ("require maybe != null\nr = say(maybe)", ""),
    ("r = say(maybe)\nrequire maybe != null", "type/maybe-null"),
    (
      "r = if flag then say(later) else say(maybe)\nrequire maybe != null\nlater = say(s)",
      "type/maybe-null",
    ),
    (
      "r = say(\"${later} ${maybe}\")\nrequire maybe != null\nlater = say(s)",
      "",
    ),
    // paths
    ("r = if issue.owner != null then say(issue.owner)", ""),
    ("r = if issue.note != null then say(issue.note)", ""),
    ("r = if found.owner != null then say(s)", "type/maybe-null"),
    ("r = if found?.owner != null then say(found.owner)", ""),
    ("r = if found != null then say(found.title)", ""),
    ("r = say(found?.title ?? \"none\")", ""),
    // and, or
    ("r = if maybe != null and len(maybe) > 3 then say(maybe)", ""),
    ("r = if maybe == null or len(maybe) > 3 then say(s) else say(maybe)", ""),
    ("r = if maybe != null or flag then say(maybe)", "type/maybe-null"),
    (
      "r = if len(maybe) > 3 and maybe != null then say(maybe)",
      "type/maybe-null",
    ),
    // expressions
    ("r = say(if maybe != null then maybe else s)", ""),
    ("r = say(match maybe { null => s, else => maybe })", ""),
    // comprehension
    ("r = [len(name) for name in names if name != null]", ""),
    ("r = [len(name) for name in names]", "type/maybe-null"),
    ("r = [side.side for side in shapes if side.kind == \"square\"]", ""),
    // ok
    (
      "r = if result.ok then say(result.value) else say(result.error.message)",
      "",
    ),
    ("r = say(result.value)", "name/unknown-field"),
    ("r = if not result.ok then say(result.value)", "name/unknown-field"),
    ("r = [each_of.value for each_of in results if each_of.ok]", ""),
    (
      "r = match result.ok { true => say(result.value), false => say(result.error.message) }",
      "",
    ),
    // discriminators
    (
      "r = match shape.kind { \"circle\" => real(shape.radius), \"square\" => real(shape.side), \"dot\" => real(0.0) }",
      "",
    ),
    (
      "r = match shape.kind { \"circle\" => real(shape.side), else => real(0.0) }",
      "name/unknown-field",
    ),
    (
      "r = match shape.kind { \"dot\" => real(0.0), \"circle\" => real(shape.radius), else => real(shape.side) }",
      "",
    ),
    (
      "r = if shape.kind == \"circle\" then real(shape.radius) else real(1.0)",
      "",
    ),
    (
      "r = if shape.kind != \"circle\" then real(1.0) else real(shape.radius)",
      "",
    ),
    (
      "r = match level_of { \"low\", \"mid\" => level(level_of), \"high\" => level(\"low\") }",
      "",
    ),
    (
      "r = match shape.kind { \"circle\", \"square\" => draw(shape), \"dot\" => draw(shape) }",
      "",
    ),
    (
      "r = match shape.kind { \"circle\", \"square\" => if shape.kind == \"circle\" then real(shape.radius) else real(shape.side), \"dot\" => real(0.0) }",
      "",
    ),
    // below gates
    ("require maybe != null\nr = say(maybe)", ""),
    ("r = say(maybe)\nrequire maybe != null", "type/maybe-null"),
    ("require result.ok, result.error.message\nr = say(result.value)", ""),
    (
      "require maybe != null, \"no ${maybe}\"\nr = say(maybe)",
      "type/maybe-null",
    ),
    ("f = look(n)\nrequire f != null\nr = say(f.title)", ""),
    ("return null when maybe == null\nr = say(maybe)", ""),
    ("return len(maybe) when maybe != null\nr = say(s)", ""),
    ("stage look { f = look(n)\nrequire f != null }\nr = say(f.title)", ""),
    (
      "r = each name in names { require name != null\nt = say(name)\nyield t }",
      "",
    ),
    (
      "r = each i in names { require maybe != null\nt = say(maybe)\nyield t }\nq = say(maybe)",
      "type/maybe-null",
    ),
    (
      "r = repeat up to 3 { t = say(previous ?? s)\nyield t } until t == \"done\" else last",
      "",
    ),
    (
      "r = repeat up to 3 { t = say(previous)\nyield t } until t == \"done\" else last",
      "type/maybe-null",
    ),
  ]);
}

#[test]
fn alternatives_join_or_are_said() {
  steps_table(&[
    ("a = if flag then 1 else 2.5\nr = real(a)", ""),
    ("a = match n { 1 => 1, 2 => -2, else => 2.5 }\nr = real(a)", ""),
    ("a = if flag then 2.5 else if n > 1 then 1 else 3\nr = real(a)", ""),
    ("r = real(first([1, 2.5, 3]) ?? 0)", ""),
    ("a = if flag then real(2) else 0\nr = real(a)", ""),
    (
      "a = real(2) catch match n { 1 => 1, else => { yield 2 } }\nr = real(a)",
      "",
    ),
    ("a = if flag then n else 2.5\nr = anything(a)", "type/no-join"),
    ("a = if flag then 1 else 2\nr = real(a)", "type/mismatch"),
    ("a = if flag then number(n) else 2.5\nr = anything(a)", "type/no-join"),
    ("r = real(10s / 4s)", ""),
    ("r = real(10s / 4)", "type/mismatch"),
    ("r = number(4 / 10s)", "type/bad-operand"),
    ("a = if flag then number(n)\nr = number(a)", "type/maybe-null"),
    ("a = if flag then \"low\" else \"high\"\nr = level(a)", ""),
    ("a = if flag then \"low\" else \"none\"\nr = level(a)", "type/mismatch"),
    ("a = if flag then number(n) else say(s)\nr = anything(a)", ""),
    ("a = if flag then number(n) else say(s)\nr = number(a)", "type/mismatch"),
    ("a = number(n) catch 0\nr = number(a)", ""),
    ("a = number(n) catch fail \"no\"\nr = number(a)", ""),
    ("a = say(s) catch say(error.message)\nr = say(a)", ""),
    ("a = [1, \"x\"]\nr = anything(a)", ""),
    ("a = [{ p: 1 }, { q: 1 }]\nr = anything(a)", "type/no-join"),
    ("a = []\nr = number(len(a))", ""),
    ("a = [...[], 1]\nr = number(sum(a))", ""),
    (
      "a = match n { 1 => number(n), else => say(s) }\nr = say(a)",
      "type/mismatch",
    ),
    ("a = if flag then { yield 1 } else { yield 2 }\nr = number(a)", ""),
    (
      "a = attempt number(n)\nr = if a.ok then number(a.value) else number(0)",
      "",
    ),
    (
      "a = repeat up to 3 from [] { t = say(s)\nyield previous + [t] } until len(previous) > 2 else last\nr = say(a[0])",
      "",
    ),
    (
      "a = repeat up to 3 from []: [string] { t = say(s)\nyield previous + [t] } until len(previous) > 2 else last\nr = say(a[0])",
      "",
    ),
    ("a = each i in [1, 2] from 0 => number(previous + i)\nr = number(a)", ""),
  ]);
}

#[test]
fn a_match_takes_every_case_once() {
  steps_table(&[
    (
      "r = match level_of { \"low\" => 1, \"mid\" => 2 }",
      "match/inexhaustive",
    ),
    ("r = match level_of { \"low\" => 1, \"mid\" => 2, \"high\" => 3 }", ""),
    (
      "r = match level_of { \"low\" => 1, \"mid\" => 2, \"high\" => 3, else => 4 }",
      "match/unreachable",
    ),
    (
      "r = match level_of { \"low\" => 1, \"low\" => 2, else => 4 }",
      "match/unreachable",
    ),
    (
      "r = match level_of { \"hihg\" => 1, \"low\" => 2, \"mid\" => 2 }",
      "match/unreachable",
    ),
    ("r = match flag { true => 1 }", "match/inexhaustive"),
    ("r = match flag { true => 1, false => 2 }", ""),
    ("r = match small_n { 1, 2, 3 => 1, 4, 5 => 2 }", ""),
    (
      "r = match small_n { 1, 2, 3 => 1, 6 => 2, else => 3 }",
      "match/unreachable",
    ),
    ("r = match n { 1 => 1 }", "match/inexhaustive"),
    ("r = match n { -1 => 1, else => 2 }", ""),
    ("r = match s { \"a\" => 1 }", "match/inexhaustive"),
    ("r = match maybe { null => 1 }", "match/inexhaustive"),
    (
      "r = match shape.kind { \"circle\" => 1, \"square\" => 2 }",
      "match/inexhaustive",
    ),
    (
      "r = if level_of == \"low\" then 1 else match level_of { \"mid\" => 2, \"high\" => 3 }",
      "",
    ),
    ("r = match issue { 1 => 1, else => 2 }", "match/unreachable"),
  ]);
}

#[test]
fn values_fit_by_structure() {
  steps_table(&[
    ("r = read({ number: 1, title: \"t\", owner: null })", ""),
    ("r = read({ number: 1, title: \"t\", owner: null, note: \"n\" })", ""),
    ("r = read({ number: 1, title: \"t\" })", "type/mismatch"),
    (
      "r = read({ number: 1, title: \"t\", owner: null, extra: 1 })",
      "name/unknown-field",
    ),
    (
      "r = read({ number: \"1\", title: \"t\", owner: null })",
      "type/mismatch",
    ),
    (
      "r = read({ number: \"1\", title: 2, owner: null })",
      "type/mismatch type/mismatch",
    ),
    (
      "r = read({ number: \"1\", titel: \"t\" })",
      "type/mismatch name/unknown-field",
    ),
    (
      "r = read({ number: \"1\", title: \"t\" })",
      "type/mismatch type/mismatch",
    ),
    (
      "r = read({ number: 1, number: 2, title: \"t\", owner: null })",
      "name/duplicate",
    ),
    ("r = anything([small(k) for k in [1]])", "call/in-expression"),
    ("r = anything(min([1], it, 2))", "call/arguments"),
    ("r = anything(min())", "call/arguments"),
    ("r = anything(min(1, 2, 3))", ""),
    ("r = read({ ...issue, title: \"new\" })", ""),
    ("r = open({ id: 1, more: 2 })", ""),
    ("r = open(opened)", ""),
    ("r = open({ more: 2 })", "type/mismatch"),
    (
      "o2 = open({ id: 1, more: 2 })\nr = anything(o2.more)",
      "name/unknown-field",
    ),
    ("r = small(3)", ""),
    ("r = small(11)", "type/mismatch"),
    ("r = small(n)", "type/mismatch"),
    ("r = small(small_n)", ""),
    ("r = small(n as int(0..10))", ""),
    ("r = number(small_n)", ""),
    ("r = real(1)", ""),
    ("r = real(n)", "type/mismatch"),
    ("r = real(float(n))", ""),
    ("r = level(s)", "type/mismatch"),
    ("r = level(s as Level)", ""),
    ("r = say(level_of)", ""),
    ("r = say(x)", "type/mismatch"),
    ("r = say(x as string)", ""),
    ("r = number(s as int)", "type/bad-cast"),
    ("r = draw({ kind: \"circle\", radius: 1.0 })", ""),
    ("r = draw({ kind: \"circle\", side: 1.0 })", "name/unknown-field"),
    ("r = draw({ kind: \"cirle\", radius: 1.0 })", "type/mismatch"),
    ("r = anything(issue)", ""),
    ("r = anything(x.field)", "type/bad-operand"),
    ("r = say(\"${issue}\")", "type/bad-operand"),
    ("r = say(\"${json(issue)}\")", ""),
    ("r = say(s + n)", "type/bad-operand"),
    ("r = number(1 + 2.0)", "type/mismatch"),
    ("r = if n == s then 1 else 2", "type/bad-operand"),
    ("r = number(issue.number[0])", "type/bad-operand"),
  ]);
}

#[test]
fn arguments_match_parameters() {
  steps_table(&[
    ("r = three(1)", ""),
    ("r = three(1, \"x\", false)", ""),
    ("r = three(1, c: false)", ""),
    ("r = three(c: false, a: 1)", ""),
    ("r = three()", "call/arguments"),
    ("r = three(b: \"x\")", "call/arguments"),
    ("r = three(1, \"x\", false, 4)", "call/arguments"),
    ("r = three(1, a: 2)", "call/arguments"),
    ("r = three(1, d: 2)", "call/arguments"),
    ("r = three(aa: 2)", "call/arguments"),
    ("r = three(a: 1, \"x\")", "call/arguments"),
    ("r = rate(\"t\")", ""),
    ("r = rate(text: \"t\", depth: 2)", ""),
    ("r = rate(\"t\", depth: null)", ""),
    ("r = rate(depth: 2)", "call/arguments"),
    ("r = number(double(2))", ""),
    ("r = number(double())", "call/arguments"),
    ("r = number(len())", "call/arguments"),
    ("r = number(len(s, s))", "call/arguments"),
    ("r = inner(text: s)", ""),
    ("r = inner(txt: s)", "call/arguments"),
  ]);
}

#[test]
fn calls_stand_on_lines_of_their_own() {
  steps_table(&[
    ("r = say(say(s))", "call/in-expression"),
    ("r = [say(s)]", "call/in-expression"),
    ("require say(s) == s", "call/in-expression"),
    ("return say(s)", "call/in-expression"),
    ("r = if say(s) == s then 1 else 2", "call/in-expression"),
    (
      "r = each i in [1] with concurrent number(1) => number(i)",
      "call/in-expression",
    ),
    ("r = inner(inner(s))", "call/in-expression"),
    ("r = s(1)", "name/wrong-kind"),
    ("r = say", "name/wrong-kind"),
    ("r = anything(say)", "name/wrong-kind"),
    ("n", "flow/misplaced-step"),
    ("double(3)", "flow/misplaced-step"),
    ("yield 1", "flow/misplaced-step"),
    ("r = each i in [1] { return i }", "flow/misplaced-step"),
    ("r = each i in [1] { t = number(i) }", "flow/block-end"),
    ("return 1\nr = say(s)", "flow/misplaced-step"),
    ("return 1\nreturn 2", "flow/block-end"),
    ("stage a { stage b { r = say(s) } }", "flow/misplaced-step"),
    (
      "r = each i in [1] { stage b { r2 = say(s) } yield i }",
      "flow/misplaced-step",
    ),
    ("stage a { r = say(s)\nyield r }", "flow/misplaced-step"),
    ("r = { on failure { act(s) }\nyield 1 }", "flow/misplaced-step"),
    ("r = { budget { calls 1 }\nyield 1 }", "flow/misplaced-step"),
    ("r = { permit { net none }\nyield 1 }", "flow/misplaced-step"),
    ("budget = 1\nr = { budget, permit: 2, on: 3 }", ""),
    ("act(s)\nr = say(s)", ""),
  ]);
}

#[test]
fn policies_stand_where_they_apply() {
  steps_table(&[
    (
      "r = say(s) with timeout 1s, deadline 1m, delay 1s, retry 2, limit api",
      "",
    ),
    ("r = say(s) with collect", "policy/misplaced"),
    ("r = say(s) with concurrent 2", "policy/misplaced"),
    ("r = say(s) with idempotent", "policy/misplaced"),
    ("r = say(s) with rate 1 per 1s", "policy/misplaced"),
    ("r = inner(s) with deadline 1m, delay 1s", ""),
    ("r = inner(s) with timeout 1s", "policy/misplaced"),
    ("r = inner(s) with retry 2", "policy/misplaced"),
    ("r = inner(s) with limit api", "policy/misplaced"),
    (
      "r = each i in [1] with concurrent 2, collect, deadline 1m => number(i)",
      "",
    ),
    ("r = each i in [1] with timeout 1s => number(i)", "policy/misplaced"),
    ("r = each i in [1] from 0 with collect => number(i)", "policy/misplaced"),
    (
      "r = each i in [1] from 0 with concurrent 2 => number(i)",
      "policy/misplaced",
    ),
    ("r = n + 1 with deadline 1s", "policy/misplaced"),
    ("r = { yield 1 } with deadline 1s", ""),
    ("r = { yield 1 } with timeout 1s", "policy/misplaced"),
    (
      "r = repeat up to 2 { t = number(1)\nyield t } until t > 1 with timeout 1s",
      "policy/misplaced",
    ),
    ("r = attempt say(s) with collect", "policy/misplaced"),
    ("r = say(s) with ...careful", ""),
    ("r = say(s) with ...careful, retry 2, timeout 1s", ""),
    ("r = each i in [1] with ...wide => number(i)", ""),
    ("r = say(s) with ...wide", "policy/misplaced"),
    ("r = each i in [1] with ...brief => number(i)", "policy/misplaced"),
    ("r = say(s) with ...careful, ...brief", "name/duplicate"),
    ("r = say(s) with ...carefull", "name/unknown"),
    ("r = act(s) with ...careful", "worker/retry-unsafe"),
    ("r = say(s) with timout 1s", "name/unknown-setting"),
    ("r = say(s) with no timout", "name/unknown-setting"),
    ("r = say(s) with timeout 1s, timeout 2s", "name/duplicate"),
    ("r = say(s) with limit apis", "name/unknown"),
    ("r = say(s) with timeout 1", "type/mismatch"),
    ("r = say(s) with timeout 0s", "bound/out-of-range"),
    ("r = say(s) with timeout -1s", "bound/out-of-range"),
    ("r = say(s) with deadline -1s", "bound/out-of-range"),
    ("r = say(s) with deadline 0s", "bound/out-of-range"),
    ("r = say(s) with delay -1s", "bound/out-of-range"),
    ("r = say(s) with delay 0s", ""),
    ("r = say(s) with retry 2 fixed -1s", "bound/out-of-range"),
    ("r = say(s) with retry 2 backoff -2s..1s", "bound/out-of-range"),
    ("r = say(s) with no timeout", "worker/no-timeout"),
    ("r = say(s) with retry n", "bound/unbounded"),
    ("r = say(s) with retry small_n", ""),
    ("r = say(s) with retry min(n, 3)", ""),
    ("r = say(s) with retry limit_of", ""),
    ("r = say(s) with retry -1", "bound/out-of-range"),
    ("r = say(s) with retry 2 backoff 5s..1s", "bound/out-of-range"),
    ("r = say(s) with retry 2 on [timout]", "name/unknown"),
    ("r = act(s) with retry 2", "worker/retry-unsafe"),
    (
      "r = repeat up to n { t = number(1)\nyield t } until t > 1",
      "bound/unbounded",
    ),
    (
      "r = repeat up to 0 { t = number(1)\nyield t } until t > 1",
      "bound/out-of-range",
    ),
    (
      "r = repeat up to 2 { t = number(1)\nyield t } until flag",
      "loop/constant-until",
    ),
    (
      "r = repeat up to 2 { t = number(1)\nu = t + 1\nyield u } until u > 1",
      "",
    ),
    ("r = each i in [1] with concurrent n => number(i)", "bound/unbounded"),
  ]);
}

#[test]
fn files_are_values_and_in_settings_paths() {
  steps_table(&[
    ("f = make(s)\ng = sort(f)\nh = tree([f, g])\nr = anything(h)", ""),
    ("r = sort(s)", "type/mismatch"),
    ("r = sort(\"./x\")", "type/mismatch"),
    ("r = sort(x)", "type/mismatch"),
    ("r = sort(x as file)", ""),
    ("r = sort(s as file)", "type/bad-cast"),
    ("f = make(s)\nr = say(f)", "type/mismatch"),
    ("f = make(s)\nr = say(\"${f}\")", "type/bad-operand"),
    ("f = make(s)\nr = say(json(f))", ""),
    ("f = make(s)\nr = say(f.name)", "type/bad-operand"),
    ("f = make(s)\nr = f == make2\nmake2 = sort(f)", ""),
    ("f = make(s)\nr = f < f", "type/bad-operand"),
    ("f = make(s)\nr = if flag then f else null", ""),
    ("f = make(s)\nr = if flag then f else s", "type/no-join"),
    ("f = make(s)\nr = sort(tree([f]))", "call/in-expression"),
    ("f = make(s)\nt = tree([f])\nr = sort(t)", "type/mismatch"),
  ]);
  workers_table(&[
    (
      "worker w(f: file) -> string { mock return \"${f}\" }",
      "type/bad-operand",
    ),
    (
      "worker w(f: file) -> { a: file, b: dir? } { mock return { a: f, b: { \"x/y\": \"text\" } } }",
      "",
    ),
    ("worker w(f: file) -> dir { mock return { x: 1 } }", "type/mismatch"),
    ("worker w(f: file) -> file { mock echo }", "type/mismatch"),
    ("worker w(f: file) -> { f: file } { mock echo }", ""),
    ("worker w(f: file) -> { f: file } { exec [\"x\"] }", ""),
    (
      "worker w(f: file?) -> file? { exec [\"x\", f], output f }",
      "type/maybe-null",
    ),
    ("worker w(f: file) -> file { exec [\"x\"], output 3 }", "type/mismatch"),
    ("worker w(f: file | string) { exec [\"x\"] }", "type/ambiguous-union"),
    ("worker w(f: file | dir) { exec [\"x\"] }", "type/ambiguous-union"),
    (
      "worker w(f: file | int | null | [file] | { f: file }) { exec [\"x\"] }",
      "",
    ),
    ("worker w(f: file(1..2)) { exec [\"x\"] }", "type/bad-refinement"),
    ("worker w(f: file = \"./x\") { exec [\"x\"] }", "type/mismatch"),
  ]);
}

#[test]
fn permits_say_paths_and_net() {
  workers_table(&[
    (
      "worker w(p: string, ps: [string], f: file) { exec [\"x\"], permit { read [p, \"./a\", ...ps], write f, net none } }",
      "",
    ),
    ("worker w(p: string) { exec [\"x\"], permit { read p, net any } }", ""),
    ("worker w() { exec [\"x\"], permit { } }", ""),
    ("worker w() { exec [\"x\"], permit { read 3 } }", "type/bad-operand"),
    (
      "worker w() { exec [\"x\"], permit { reed \"./a\" } }",
      "name/unknown-setting",
    ),
    (
      "worker w() { exec [\"x\"], permit { net \"example.org\" } }",
      "worker/bad-setting",
    ),
    ("worker w() { exec [\"x\"], permit { net some } }", "worker/bad-setting"),
    (
      "worker w() { exec [\"x\"], permit { read \"./a\", read \"./b\" } }",
      "name/duplicate",
    ),
    (
      "worker w() { exec [\"x\"], permit { net none }, permit { net none } }",
      "name/duplicate",
    ),
    (
      "worker w() { mock return null, permit { net none } }",
      "worker/bad-setting",
    ),
  ]);
}

#[test]
fn no_worker_asks_for_more_than_is_permitted() {
  let program = |permit: &str, step: &str| {
    check_text(&format!(
      r#"
defaults {{ timeout 1s }}
let shared = "./data/../data/shared"
worker none(n: int) {{ exec ["x"] }}
worker mocked(n: int) {{ mock return null }}
worker reads(n: int) {{ exec ["x"], permit {{ read ["./data/a", shared], net none }} }}
worker writes(n: int) {{ exec ["x"], permit {{ write "./data/a", net none }} }}
worker nets(n: int) {{ exec ["x"], permit {{ read "./data" }} }}
worker given(n: int) {{ exec ["x"], permit {{ read "./data/${{n}}", net none }} }}
/// .
orchestrator inner(n: int) {{ {step} }}
/// .
orchestrator o(n: int, p: string) {{ permit {{ {permit} }} {step} i = inner(n) }}
"#
    ))
  };
  for (permit, step, expected) in [
    ("read \"./data\"", "x = reads(n)", ""),
    ("read \"data/\"", "x = reads(n)", ""),
    ("read [\"./data/a\", shared]", "x = reads(n)", ""),
    ("write \"./data\"", "x = reads(n)", ""),
    ("read \"./data/a\"", "x = reads(n)", "permit/exceeds"),
    ("read \"./dat\"", "x = reads(n)", "permit/exceeds permit/exceeds"),
    ("net none", "x = reads(n)", "permit/exceeds permit/exceeds"),
    ("read \"./data\"", "x = writes(n)", "permit/exceeds"),
    ("write \"./data\"", "x = writes(n)", ""),
    ("read \"./data\"", "x = nets(n)", ""),
    ("read \"./data\", net none", "x = nets(n)", "permit/exceeds"),
    ("read \"./data\"", "x = given(n)", "permit/exceeds"),
    ("read \"/\", write \"/\"", "x = none(n)", "permit/exceeds"),
    ("net none", "x = mocked(n)", ""),
    ("net none", "x = attempt mocked(n) catch none(n)", "permit/exceeds"),
    (
      "net none",
      "x = each k in [n] { y = if k > 1 then none(k) yield 1 }",
      "permit/exceeds",
    ),
    ("read p", "x = mocked(n)", "worker/bad-setting"),
    ("read \"./data\"", "permit { net none } x = mocked(n)", "name/duplicate"),
    (
      "read \"./data\"",
      "x = each k in [n] { permit { net none } y = mocked(k) yield k }",
      "flow/misplaced-step flow/misplaced-step",
    ),
  ] {
    let checked = program(permit, step);
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(refused(&checked), expected, "{permit} {step}\n{}", listed(&checked));
  }
}

#[test]
fn names_are_found_whatever_their_order() {
  steps_table(&[
    ("r = number(b)\nb = double(a)\na = number(n)", ""),
    ("r = each i in [1] { u = number(t)\nt = number(i)\nyield u }", ""),
    ("r = number(b)", "name/unknown"),
    ("r = number(n) after b\nb = say(s)", ""),
    ("r = number(n) after s", "name/wrong-kind"),
    ("r = each i in [1] => number(i)\nq = number(i)", "name/unknown"),
    (
      "r = each i in [1] { t = number(i)\nyield t }\nq = number(t)",
      "name/unknown",
    ),
    ("n = number(1)", "name/shadowed"),
    ("r = each n in [1] => number(n)", "name/shadowed"),
    ("limit_of = number(1)", "name/shadowed"),
    ("say = say(s)", ""),
    ("r = number(1)\nr = number(2)", "name/duplicate"),
    ("r = error.message", "name/unknown"),
    ("r = number(previous)", "name/unknown"),
    ("r = say(run.id)", ""),
  ]);
  let below = "/// .\norchestrator a(x: T) -> int {\n  y = w(f(x) + c)\n  return y\n}\nlet f(x: T) -> int = x\nlet c = d\n\
               let d = 1\ntype T = U\ntype U = int\nworker w(n: T) -> T {\n  mock return 1\n}\ndefaults {\n  timeout 1s\n}\n";
  assert_eq!(common::found(&check_text(below)), [""; 0]);
}

/// The first finding's message and its labels.
fn cycle(text: &str, code: &Code) -> (String, Vec<String>) {
  let checked = check_text(text);
  assert_eq!(refused(&checked), [code.name], "{}", listed(&checked));
  let finding = checked
    .findings
    .0
    .iter()
    .find(|finding| *finding.code == *code)
    .expect("counted above");
  let labels = finding.labels.iter().map(|label| label.text.clone());
  (finding.message.clone(), labels.collect())
}

#[test]
fn a_cycle_shows_its_whole_path() {
  let worker = "worker w(n: int) -> int {\n  mock return 1\n  timeout 1s\n}\n";
  let (message, labels) = cycle(
    &format!("{worker}/// .\norchestrator o() -> int {{\n  a = w(b)\n  b = w(c)\n  c = w(1) after a\n  return a\n}}\n"),
    &codes::STEP_CYCLE,
  );
  assert!(message.ends_with("`a` -> `b` -> `c` -> `a`"), "{message}");
  assert_eq!(labels, ["`a` reads `b`", "`b` reads `c`", "`c` stands after `a`"]);

  let (message, labels) = cycle(
    &format!("{worker}/// .\norchestrator o() -> int {{\n  require a > 1\n  a = w(1)\n  return a\n}}\n"),
    &codes::STEP_CYCLE,
  );
  assert!(message.ends_with("`require` -> `a` -> `require`"), "{message}");
  assert_eq!(labels, ["`require` reads `a`", "`a` stands below `require`"]);

  let body = |callee: &str| format!("{{\n  x = {callee}(n)\n  return x\n}}\n");
  let (message, labels) = cycle(
    &format!(
      "/// .\norchestrator a(n: int) -> int {}/// .\norchestrator b(n: int) -> int {}/// .\norchestrator c(n: int) -> int {}",
      body("b"),
      body("c"),
      body("a")
    ),
    &codes::CALL_CYCLE,
  );
  assert!(message.ends_with("`a` -> `b` -> `c` -> `a`"), "{message}");
  assert_eq!(labels.len(), 3);

  let (message, labels) = cycle(
    "type A = [B]\ntype B = { c: C? }\ntype C = map<A>\n",
    &codes::TYPE_CYCLE,
  );
  assert!(message.ends_with("`A` -> `B` -> `C` -> `A`"), "{message}");
  assert_eq!(labels, ["`A` contains `B`", "`B` contains `C`", "`C` contains `A`"]);

  let (message, labels) = cycle(
    "let a = f(1)\nlet f(n: int) -> int = n + b\nlet b: int = a\n",
    &codes::VALUE_CYCLE,
  );
  assert!(message.ends_with("`a` -> `f` -> `b` -> `a`"), "{message}");
  assert_eq!(labels.len(), 3);

  let (message, labels) = cycle(
    "// file: a.orch\nimport { x } from \"./b.orch\"\nlet y = x\n// file: b.orch\nimport { z } from \"./c.orch\"\nlet x = z\n\
     // file: c.orch\nimport { y } from \"./a.orch\"\nlet z = y\n",
    &codes::IMPORT_CYCLE,
  );
  for file in ["a.orch", "b.orch", "c.orch"] {
    assert!(message.contains(file), "{message}");
  }
  assert_eq!(labels.len(), 3);
}

#[test]
fn sides_of_contracts_are_types() {
  let contracts = "/// .\ncontract Rate@1 {\n  input { text: string }\n  output { score: int, of: Rate@1.input }\n}\n\
                   /// .\ncontract Rate@2 {\n  input { past: Rate@1.output }\n  output Score\n}\n\
                   type Score = Rate@1.output\n";
  let score = |value: &str, want: &str| {
    let text = format!("{contracts}let s: {want} = {value}\n");
    refused(&check_text(&text))
  };
  let good = "{ score: 1, of: { text: \"t\" } }";
  assert_eq!(score(good, "Score"), [""; 0]);
  assert_eq!(score(good, "Rate@2.output"), [""; 0]);
  assert_eq!(
    score("{ score: \"x\", of: { text: \"t\" } }", "Score"),
    ["type/mismatch"]
  );
  assert_eq!(score("{ past: 1 }", "Rate@2.input"), ["type/mismatch"]);
  assert_eq!(score(good, "Rate.output"), ["name/unknown"]);
  assert_eq!(score(good, "Rate@3.output"), ["name/unknown"]);
  assert_eq!(score(good, "Rate@1.outputs"), ["name/unknown-field"]);
}

#[test]
fn a_worker_without_its_contract_is_one_mistake() {
  let text = "worker w: Rat {\n  exec    [\"./rate\", text]\n  timeout 1s\n}\n\
              /// .\norchestrator o: Rat {\n  rated = w(text, depth: 1)\n  other = o2(text: rated)\n  return rated.score\n}\n\
              /// .\norchestrator o2(text: string) -> string {\n  return text\n}\n";
  assert_eq!(refused(&check_text(text)), ["name/unknown", "name/unknown"]);
}

#[test]
fn a_contract_may_not_contain_itself() {
  let (message, _) = cycle(
    "/// .\ncontract A {\n  input { x: T }\n  output int\n}\ntype T = { y: A.input? }\n",
    &codes::TYPE_CYCLE,
  );
  assert!(message.ends_with("`T` -> `A.input` -> `T`"), "{message}");
}

#[test]
fn independent_mistakes_are_found_in_one_go() {
  let text = r#"type Issue = { number: int, title: strng }
worker fetch(n: int) -> string {
  exec ["./fetch", n]
}
worker send(text: string) {
  exec    ["./send", text]
  timeout 10s
  retry   3
}
worker both() -> int {
  exec    ["./both"]
  shell   "./both"
  timeout 1s
}
worker rate(text: string) -> int(9..1) {
  mock    return 3
  timeout 1s
}
worker pick(text: string) -> "a" | "b" {
  mock    return "a"
  timeout 1s
}
/// .
orchestrator o(n: int, s: string) -> int {
  got   = fetch(s)
  kind  = pick(s)
  arm   = match kind { "a" => 1 }
  loop  = repeat { p = pick(s) yield p } until p == "a"
  twice = fetch(n) with timout 3s
  deep  = send(pick(s))
  x     = missing
  y     = x = 3
  return n
}
"#;
  let checked = check_text(text);
  let expected = [
    "name/unknown",
    "worker/no-timeout",
    "worker/retry-unsafe",
    "worker/kind",
    "type/bad-refinement",
    "type/mismatch",
    "match/inexhaustive",
    "bound/unbounded",
    "name/unknown-setting",
    "call/in-expression",
    "name/unknown",
    "syntax/unexpected",
  ];
  assert_eq!(refused(&checked), expected, "{}", listed(&checked));
}

#[test]
fn a_mistake_of_syntax_is_said_once() {
  let import = |import: &str| {
    format!("{import}\n/// .\norchestrator o(x: int) -> int {{\n  q = a(x)\n  r = b(q)\n  return r\n}}\n")
  };
  let imports = [
    "import { a b } from \"./lib.orch\"",
    "import { a, b from \"./lib.orch\"",
    "import { a, b } from ./lib.orch",
    "import { one as a, two as b } \"./lib.orch\"",
    "import a, b from \"./lib.orch\"",
    "import * from \"./lib.orch\"",
    "import \"./lib.orch\"",
    "from \"./lib.orch\" import a, b",
  ];
  let steps = |steps: &str| {
    format!(
      "worker w(a: int, b: int = 1) -> int {{ mock return a + b, timeout 1s }}\n/// .\norchestrator o(x: int, maybe: int?) \
       -> int {{\n{steps}\n}}\n"
    )
  };
  let bodies = [
    "  let a = w(x)\n  b = w(a)\n  return b",
    "  const a = w(x)\n  return a",
    "  one = w(x)\n  a = await w(one)\n  return a",
    "  a = try w(x) catch 1\n  return a",
    "  a = switch x {\n    1 => w(1)\n  }\n  return a",
    "  a = if x > 1 then w(1) elif x > 0 then w(2) else w(3)\n  return a",
    "  a = w(x) with timeout 5 s\n  return a",
    "  a = w(x) with retry 3 and timeout 5s\n  return a",
    "  a = w(x) with\n  b = w(a)\n  return b",
    "  a = w(x) with timeout\n  b = w(a)\n  return b",
    "  a = each n inn [x] {\n    b = w(n)\n    yield b\n  }\n  c = w(a)\n  return c",
    "  a = each n in [x] with concurrent => w(n)\n  b = sum(a)\n  return b",
    "  a = w(b: 1, x)\n  return a",
    "  a = w(x) catch { 1 }\n  return a",
    "  a = match x {\n    1 => w(1)\n    else => w(sum([1 2]))\n  }\n  return a",
    "  a = match x > 1 {\n    true => w(1)\n    false => w(2)\n    _ => w(3)\n  }\n  return a",
    "  a = match x { 1 => 1, _ => 2 }\n  b = w(a)\n  return b",
    "  return 1 if x > 2\n  return 2",
    "  return coutn([1, 2], it > 1)",
    "  worker v(a: int) -> int {\n    mock return a\n    timeout 1s\n  }\n  a = v(x)\n  return a",
    "  my-step = w(x)\n  return my-step",
    "  (a, b) = w(x)\n  return a + b",
    "  { a, b } = w(x)\n  c = w(a)\n  return c + b",
    "  return if 1 < x < 5 then 1 else 2",
    "  return if x or 5 then 1 else 2",
    "  a = repeat up to 3 {\n    b = w(x)\n    yield b\n  } until a > 3\n  return a",
    "  a = each n in [x] {\n    b = w(n)\n  }\n  return sum(a)",
    "  require maybe != null \"no\"\n  a = w(maybe)\n  return a",
    "  a = w(x)\n  a = w(a)\n  return a",
  ];
  let mut failed = String::new();
  let texts = imports.iter().map(|text| import(text));
  for text in texts.chain(bodies.iter().map(|text| steps(text))) {
    let checked = check_text(&text);
    if found(&checked).len() != 1 {
      let _ = writeln!(failed, "--- {text}{}", listed(&checked));
    }
  }
  assert!(failed.is_empty(), "{failed}");
}

#[test]
fn habits_of_other_languages_are_answered() {
  let rows = [
    ("r = say(hello)", "a text stands in quotes: `\"hello\"`"),
    ("r = if maybe == None then 1 else 2", "write `null`"),
    ("r = say(undefined)", "write `null`"),
    ("r = number(length(names))", "write `len(xs)`"),
    ("r = say(map(names, it))", "write `[f(x) for x in xs if c]`"),
    ("r = say(now())", "`run.started` is when the run began"),
    ("r = say(env.HOME)", "take a parameter"),
    ("r = number(names.length)", "write `len(x)`"),
    ("r = number(n / 2)", "make an int of a float"),
    ("r = number(s)", "`int(x)` reads a number"),
    ("r = say(n)", "`\"${x}\"` makes a text of it"),
    ("r = say(names)", "`json(x)` makes a text of it"),
    ("r = say(s) with timeout 5", "a duration has a unit"),
    ("r = say(s) with timeout \"5s\"", "without quotes"),
    ("r = say(s) with retries 3", "write `retry 3`"),
    ("r = each i in n => number(i)", "`range(n)`"),
    ("r = say(join(results, \",\"))", "`succeeded(outcomes)`"),
    ("r = say(result.value)", "`if x.ok then x.value else ...`"),
    ("r = x as list<string>", "a list is written `[string]`"),
    ("r = x as boolean", "write `bool`"),
    ("r = number(q: 1)", "it takes `n`"),
  ];
  let mut failed = String::new();
  for (steps, help) in rows {
    let checked = in_steps(steps);
    let helped = |finding: &orch::diagnostics::Diagnostic| finding.help.as_ref().is_some_and(|own| own.contains(help));
    if refused(&checked).len() != 1 || !checked.findings.0.iter().any(helped) {
      let helps: Vec<_> = checked.findings.0.iter().map(|finding| &finding.help).collect();
      let _ = write!(
        failed,
        "--- {steps}\nexpected {help:?}\n{}{helps:?}\n",
        listed(&checked)
      );
    }
  }
  assert!(failed.is_empty(), "{failed}");
}

#[test]
fn ten_thousand_steps_check() {
  let mut text =
    "worker w(n: int) -> int {\n  mock return 1\n  timeout 1s\n}\n/// .\norchestrator o() -> int {\n  s0 = w(0)\n"
      .to_owned();
  for at in 1..10_000 {
    let _ = writeln!(text, "  s{at} = w(s{})", at - 1);
  }
  text += "  return s9999\n}\n";
  let checked = check_text(&text);
  assert_eq!(listed(&checked), "");
  assert!(checked.program.is_some());
}

/// Every construct that holds another: what stands before and behind the inner one.
const NESTED: &[(&str, &str)] = &[
  ("(", ")"),
  ("[", "]"),
  ("{ a: ", " }"),
  ("-", ""),
  ("1 + ", ""),
  ("max(", ", 1)"),
  ("max(1, ", ")"),
  ("json(", ")"),
  ("double(", ")"),
  ("if flag then 1 else ", ""),
  ("if flag then ", " else 1"),
  ("match n { 1 => 1, else => ", " }"),
  ("[1, ", "][0]"),
  ("\"${", "}\""),
  ("maybe ?? ", ""),
  ("[x1 for x1 in [", "]][0]"),
];

const NESTED_NODES: &[(&str, &str)] = &[
  ("if flag then ", " else 1"),
  ("match n { 1 => 1, else => ", " }"),
  ("attempt ", ""),
  ("{ yield 1 } catch ", ""),
  ("repeat up to 2 { t@ = ", "\nyield t@ }"),
  ("each i@ in [1] => ", ""),
  ("each i@ in [1] {\nt@ = ", "\nyield t@ }"),
  ("{ t@ = ", "\nyield t@ }"),
  ("each i@ in [1] from 0: int => ", ""),
];

#[test]
fn sixty_levels_of_every_construct_check() {
  for (open, close) in NESTED.iter().chain(NESTED_NODES) {
    let level = |text: &str| (0..60).map(|at| text.replace('@', &at.to_string())).collect::<String>();
    let ends = (0..60).rev().map(|at| close.replace('@', &at.to_string()));
    let checked = in_steps(&format!(
      "r = {}1{}\nq = anything(r)",
      level(open),
      ends.collect::<String>()
    ));
    let mut codes = refused(&checked);
    codes.retain(|code| !code.starts_with("type/"));
    assert_eq!(codes, [""; 0], "{open}: {}", listed(&checked));
  }
}

#[test]
fn secrets_go_to_the_environment_of_workers_only() {
  steps_table(&[
    ("guarded(token, s)", ""),
    ("guarded(\"Basic ${token}\", s)", ""),
    ("r = handed(token)", ""),
    ("t = token\nguarded(t, s)", ""),
    ("guarded(token, token)", "secret/leak"),
    ("guarded(s, s)", "type/mismatch"),
    ("r = say(\"${token}\")", "secret/leak"),
    ("r = anything(token)", "secret/leak"),
    ("r = anything({ a: [token] })", "secret/leak"),
    ("require token == \"x\"", "secret/leak"),
    ("require len(token) > 3", "secret/leak"),
    ("r = hash(token)", "secret/leak"),
    ("require flag, \"no ${token}\"", "secret/leak"),
    ("return token when flag", "secret/leak"),
    ("r = fail \"no ${token}\"", "secret/leak"),
  ]);
  for (declaration, code) in [
    ("worker w(key: secret) { exec [\"a\", key], timeout 1s }", "secret/leak"),
    (
      "worker w(key: secret) { exec [\"a\"], stdin key, timeout 1s }",
      "secret/leak",
    ),
    (
      "worker w(key: secret) { exec [\"a\"], cwd key, timeout 1s }",
      "secret/leak",
    ),
    (
      "worker w(key: secret) -> string { mock return \"${key}\", timeout 1s }",
      "secret/leak",
    ),
    ("worker w(key: [secret]) { exec [\"a\"], timeout 1s }", "secret/leak"),
    ("worker w() -> secret { mock return \"x\", timeout 1s }", "secret/leak"),
    ("type T = { key: secret }", "secret/leak"),
    ("worker w(key: secret) { shell \"echo $key\", timeout 1s }", ""),
  ] {
    let text = format!("{declaration}\n/// .\norchestrator o() -> int {{ return 1 }}\n");
    assert_eq!(refused(&check_text(&text)).join(" "), code, "{declaration}");
  }
}

#[test]
fn triggers_start_orchestrators_on_time() {
  let rest = "secret hook = env \"HOOK\"\nlet plain = \"x\"\ntype Push = { ref: string?, n: int, ... }\n\
    worker w(n: int) -> int { mock return 1, timeout 1s }\n\
    /// .\norchestrator o(text: string) -> string { a = w(1) return \"${text} ${a}\" }\n";
  for (trigger, codes) in [
    ("on schedule \"0 9 * * 1-5\" tz \"Europe/Stockholm\" => o(\"a\")", ""),
    ("on schedule \"*/5 0 1 JAN SUN\" => o(plain)", ""),
    ("on schedule \"0 9 * *\" => o(\"a\")", "trigger/bad"),
    ("on schedule \"0 0 9 * * 1\" => o(\"a\")", "trigger/bad"),
    ("on schedule \"61 9 * * 1\" => o(\"a\")", "trigger/bad"),
    ("on schedule \"@daily\" => o(\"a\")", "trigger/bad"),
    ("on schedule \"0 9 30 2 *\" => o(\"a\")", "trigger/bad"),
    ("on schedule \"0 9 31 4,6,9 *\" => o(\"a\")", "trigger/bad"),
    ("on schedule \"0 9 29 2 *\" => o(\"a\")", ""),
    ("on schedule \"0 9 L 2 *\" => o(\"a\")", ""),
    ("on schedule \"0 9 30 2 1\" => o(\"a\")", ""),
    ("on schedule \"0 9 31 4,5 *\" => o(\"a\")", ""),
    (
      "on schedule \"0 9 * * 1\" tz \"Europe/Stockhol\" => o(\"a\")",
      "trigger/bad",
    ),
    ("on schedule \"0 9 * * 1\" as e: Push => o(\"a\")", "trigger/bad"),
    ("on schedule \"0 9 * * 1\" => o(1)", "type/mismatch"),
    ("on schedule \"0 9 * * 1\" => oo(\"a\")", "name/unknown"),
    ("on schedule \"0 9 * * 1\" => w(1)", "trigger/bad"),
    ("on schedule \"0 9 * * 1\" => 1", "trigger/bad"),
    (
      "on webhook \"/a\" signed hook as e: Push if e.ref != null and e.n > 1 => o(e.ref)",
      "",
    ),
    (
      "on webhook \"/a\" signed hook as e: Push => o(e.ref)",
      "type/maybe-null",
    ),
    (
      "on webhook \"/a\" signed hook as e: Push if e.n => o(plain)",
      "type/mismatch",
    ),
    ("on webhook \"a\" signed hook => o(plain)", "trigger/bad"),
    ("on webhook \"/a b\" signed hook => o(plain)", "trigger/bad"),
    ("on webhook \"/a?b=1\" signed hook => o(plain)", "trigger/bad"),
    ("on webhook \"/a#b\" signed hook => o(plain)", "trigger/bad"),
    ("on webhook \"/hooks/a-b_c.d/1\" signed hook => o(plain)", ""),
    ("on webhook \"/a\" => o(plain)", "trigger/unsigned"),
    ("on webhook \"/a\" signed plain => o(plain)", "name/wrong-kind"),
    ("on webhook \"/a\" signed hok => o(plain)", "name/unknown"),
  ] {
    assert_eq!(
      refused(&check_text(&format!("{trigger}\n{rest}"))).join(" "),
      codes,
      "{trigger}"
    );
  }
}

#[test]
fn overlap_and_dispatch_stand_where_they_mean_something() {
  let rest = "worker w(n: int) -> int { mock return 1, timeout 1s }\n/// .\norchestrator other(n: int) -> int { a = w(n) return a }\n";
  for (steps, codes) in [
    ("overlap skip by n\nreturn (run.last?.value ?? 0) + 1", ""),
    ("overlap queue\nrequire run.last != null\nreturn run.last.value", ""),
    ("overlap cancel by \"${n} x\"\nreturn n", ""),
    ("overlap skp by n\nreturn n", "name/unknown-setting"),
    ("overlap skip\noverlap queue\nreturn n", "name/duplicate"),
    ("a = w(1)\noverlap skip by a\nreturn a", "name/unknown"),
    ("overlap skip by [n]\nreturn n", "type/bad-operand"),
    ("overlap skip\nreturn run.last.value", "type/maybe-null"),
    ("return run.last?.value ?? 1", "name/unknown-field"),
    (
      "a = { b = w(1)\noverlap skip\nyield b }\nreturn a",
      "flow/misplaced-step",
    ),
    ("h = dispatch other(n)\nreturn len(h.run)", ""),
    ("h = dispatch other(n) with delay 1s\nreturn len(h.of)", ""),
    ("h = dispatch other(\"x\")\nreturn len(h.run)", "type/mismatch"),
    ("h = dispatch w(n)\nreturn len(h.run)", "name/wrong-kind"),
    ("h = dispatch n\nreturn len(h.run)", "name/wrong-kind"),
    ("h = dispatch othr(n)\nreturn len(h.run)", "name/unknown"),
    ("h = dispatch o(n)\nreturn len(h.run)", "cycle/calls"),
    ("h = dispatch other(n)\nreturn h", "type/mismatch"),
  ] {
    let text = format!("{rest}/// .\norchestrator o(n: int) -> int {{\n{steps}\n}}\n");
    assert_eq!(refused(&check_text(&text)).join(" "), codes, "{steps}");
  }
}

#[test]
fn admission_is_checked() {
  workers_table(&[
    ("worker w() { exec [\"env\"], env { A: 1, A: 2 } }", "name/duplicate"),
    ("worker w() { mock return null\nhedge after 10ms }", ""),
    (
      "worker w() { exec [\"true\"]\nhedge after 10ms }",
      "worker/hedge-unsafe",
    ),
    ("worker w() { exec [\"true\"]\nhedge after 10ms\nidempotent }", ""),
    ("worker w() { mock return null\nhedge after 1s }", "bound/out-of-range"),
    ("worker w() { mock return null\nhedge after 1s\ntimeout 2s }", ""),
    ("worker w() { mock return null\nheartbeat 1s }", "bound/out-of-range"),
    ("worker w() { mock return null\nheartbeat 0s }", "bound/out-of-range"),
    ("worker w() { mock return null\nheartbeat -1s }", "bound/out-of-range"),
    ("worker w() { mock return null\nhedge after -1s }", "bound/out-of-range"),
    ("worker w() { mock return null\ncache -1d }", "bound/out-of-range"),
    ("worker w() { mock delay -1s return null }", "bound/out-of-range"),
    (
      "worker w() { mock return null\nbreaker { probe after -1s } }",
      "bound/out-of-range",
    ),
    ("worker w(t: duration) { mock return null\nheartbeat t }", ""),
    ("worker w() { mock return null\nheartbeat 5 }", "type/mismatch"),
    ("worker w() { mock return null\ncache 1d }", ""),
    ("worker w() { mock return null\ncache 0s }", "bound/out-of-range"),
    ("worker w() { mock return null\ncache 1d\nno cache }", ""),
    ("worker w() { mock return null\nbreaker {} }", ""),
    (
      "worker w() { mock return null\nbreaker { open after 3, probe after 30s, close after 3 } }",
      "",
    ),
    (
      "worker w() { mock return null\nbreaker { open after 0 } }",
      "bound/out-of-range",
    ),
    (
      "worker w() { mock return null\nbreaker { open after 1s } }",
      "type/mismatch",
    ),
    (
      "worker w() { mock return null\nbreaker { probe after 3 } }",
      "type/mismatch",
    ),
    (
      "worker w() { mock return null\nbreaker { opne after 3 } }",
      "name/unknown-setting",
    ),
    (
      "worker w() { mock return null\nbreaker { open after 3, open after 4 } }",
      "name/duplicate",
    ),
    (
      "worker w(n: int(1..3)) { mock return null\nbreaker { open after n } }",
      "worker/bad-setting",
    ),
    (
      "worker w() { mock return null\nbreaker {}\nbreaker {} }",
      "name/duplicate",
    ),
    ("worker w() { mock return null\nbudget { cost $0.50, tokens 10k } }", ""),
    ("worker w() { mock return null\nbudget { cost 1 } }", ""),
    (
      "worker w() { mock return null\nbudget { cost $0 } }",
      "bound/out-of-range",
    ),
    (
      "worker w() { mock return null\nbudget { cost \"much\" } }",
      "type/mismatch",
    ),
    (
      "worker w() { mock return null\nbudget { calls 3 } }",
      "policy/misplaced",
    ),
    (
      "worker w() { mock return null\nbudget { time 3s } }",
      "policy/misplaced",
    ),
    (
      "worker w() { mock return null\nbudget { cots $1 } }",
      "name/unknown-setting",
    ),
    (
      "worker w(x: float) { mock return null\nbudget { cost x } }",
      "worker/bad-setting",
    ),
    ("worker w() { exec [\"true\"]\nuses [] }", ""),
    (
      "worker w() { exec [\"true\"]\nuses [\"no.such\"] }",
      "module/unreadable",
    ),
    ("worker w() { exec [\"true\"]\nuses \"a\" }", "worker/bad-setting"),
    (
      "worker w(x: string) { exec [\"true\"]\nuses [x] }",
      "worker/bad-setting",
    ),
    ("worker w() { mock return null\nuses [] }", "worker/bad-setting"),
  ]);
  steps_table(&[
    ("r = number(1) with hedge after 10ms, cache 1h", ""),
    ("r = number(1) with no hedge, no cache", ""),
    ("r = number(1) with breaker {}", "policy/misplaced"),
    ("r = number(1) with no breaker", "policy/misplaced"),
    ("r = number(1) with heartbeat 10ms", "policy/misplaced"),
    ("r = number(1) with budget { cost $1 }", "policy/misplaced"),
    ("r = number(1) with hedge after 2s", "bound/out-of-range"),
    ("r = number(1) with hedge after 2s, timeout 3s", ""),
    ("act(s) with hedge after 10ms", "worker/hedge-unsafe"),
    ("r = each i in [1] with cache 1h => number(i)", "policy/misplaced"),
    ("r = inner(s) with hedge after 10ms", "policy/misplaced"),
    ("r = n + 1 with cache 1h", "policy/misplaced"),
    ("a = number(1) with cache n", "type/mismatch"),
  ]);
}

#[test]
fn budgets_can_be_kept() {
  steps_table(&[
    ("budget { calls 500, time 30m }\nr = number(1)", ""),
    ("budget { calls n }\nr = number(1)", ""),
    ("budget {}\nr = number(1)", "bound/unbounded"),
    ("budget { calls 0 }", "bound/out-of-range"),
    ("budget { calls 1 }\nbudget { time 1s }", "name/duplicate"),
    ("budget { calls 1, calls 2 }", "name/duplicate"),
    ("budget { call 1 }", "name/unknown-setting"),
    ("budget { calls later }\nlater = number(1)", "name/unknown"),
    (
      "r = each i in [1] { budget { calls 1 }\na = number(i)\nyield a }",
      "flow/misplaced-step",
    ),
    ("budget { cost $1 }\nr = number(1)", "budget/no-ceiling"),
    ("budget { tokens 10 }\nr = inner(s)", "budget/no-ceiling"),
    (
      "budget { cost $1, tokens 10 }\nr = number(1)\nq = number(2)",
      "budget/no-ceiling budget/no-ceiling",
    ),
    ("budget { cost $1 }\nr = n + 1", ""),
    // the cheapest success
    ("budget { calls 1 }\na = number(1)\nb = number(2)", "budget/too-small"),
    ("budget { calls 2 }\na = number(1)\nb = number(2)", ""),
    ("budget { calls 1 }\na = number(1)\nb = attempt number(2)", ""),
    ("budget { calls 1 }\na = number(1)\nb = number(2) catch 0", ""),
    ("budget { calls 1 }\na = number(1)\nb = if flag then number(2)", ""),
    (
      "budget { calls 1 }\na = number(1)\nb = if flag then number(2) else inner(s)",
      "budget/too-small",
    ),
    (
      "budget { calls 1 }\na = number(1)\nb = each i in [1, 2] => number(i)",
      "budget/too-small",
    ),
    (
      "budget { calls 1 }\na = number(1)\nb = each i in names => number(1)",
      "",
    ),
    (
      "budget { calls 1 }\na = number(1)\nb = each i in [1, 2] with collect => number(i)",
      "",
    ),
    ("budget { calls 1 }\na = number(1)\nb = number(2) with cache 1d", ""),
    (
      "budget { calls 1 }\na = number(1)\nreturn null when flag\nb = number(2)",
      "",
    ),
    (
      "budget { calls 1 }\na = number(1)\nb = repeat up to 3 { c = number(2)\nyield c } until c > 1 else last",
      "budget/too-small",
    ),
    ("budget { calls 1 }\na = inner(s)\nb = number(2)", "budget/too-small"),
  ]);
}
