//! What the checker says of `undo`, `finally`, `on failure`, `tolerate` and `stop when`. Wordings are held by
//! `diagnostics.rs`.

mod common;

use common::{found, listed, memory::check_text};

const PRELUDE: &str = r#"
defaults { timeout 5s }
defaults lenient { tolerate 2 }
defaults first { stop when len(done) == 1 }
worker deploy(env: string) -> { id: int } { exec ["./deploy", env] }
worker rollback(id: int) { exec ["./rollback"] }
worker undoes(id: int) { exec ["./undoes"], idempotent }
worker close(id: int) { exec ["./close"] }
worker tell(text: string) { exec ["./tell", text] }
worker ask(host: string) -> int { exec ["./ask", host] }
worker vote(host: string) -> { ok: bool, error: string } { exec ["./vote", host] }
/// .
orchestrator take_back(id: int) { rollback(id) }
let most = 3
"#;

/// Each row: the body of an orchestrator, and all codes found in it but notes.
fn table(rows: &[(&str, &str)]) {
  let mut failed = String::new();
  for (steps, expected) in rows {
    let checked = check_text(&format!(
      "{PRELUDE}\n/// .\norchestrator o(_n: int, _s: string, _hosts: [string](2..9), _share: int(0..9)) -> json {{\n\
       {steps}\n}}\n"
    ));
    let expected: Vec<&str> = expected.split_whitespace().collect();
    let mut found = found(&checked);
    found.retain(|code| *code != "unused/name");
    if found != expected {
      failed += &format!(
        "--- {steps}\nexpected {expected:?}, found {found:?}\n{}\n",
        listed(&checked)
      );
    }
  }
  assert!(failed.is_empty(), "{failed}");
}

#[test]
fn the_name_of_a_step_is_its_value_in_its_own_endings() {
  table(&[
    ("a = deploy(_s) undo rollback(a.id) finally close(a.id)", ""),
    ("a = deploy(_s) undo rollback(a)", "type/mismatch"),
    ("a = attempt deploy(_s) undo rollback(a.id)\nreturn a.ok", ""),
    ("a = deploy(_s) undo rollback(a.id) catch { id: 3 }\nreturn a.id", ""),
    ("a = if _n > 1 then deploy(_s) undo rollback(a.id)\nreturn a?.id", ""),
    (
      "a = match _n { 1 => deploy(_s) undo rollback(a.id), else => { id: 2 } }\nreturn a.id",
      "",
    ),
    (
      "xs = each h in _hosts { a = deploy(h) undo rollback(a.id)\nyield a.id }",
      "",
    ),
    ("xs = each h in _hosts => deploy(h) undo rollback(len(h))", ""),
    (
      "xs = each h in _hosts => deploy(h) undo rollback(len(xs))",
      "cycle/steps",
    ),
    (
      "xs = each h in _hosts { a = deploy(h)\nyield a.id } undo rollback(len(xs))",
      "",
    ),
    ("deploy(_s) undo rollback(_n)", ""),
    ("deploy(_s) undo rollback(a)", "name/unknown"),
    (
      "a = { b = deploy(_s) undo rollback(b.id)\nyield b.id } undo rollback(a)",
      "",
    ),
    ("a = deploy(_s) undo rollback(a.id) with timeout 1s", ""),
    ("a = deploy(_s) undo rollback(a.id) with retry 2", "worker/retry-unsafe"),
    ("a = deploy(_s) undo undoes(a.id) with retry 2", ""),
    ("a = deploy(_s) undo rollback(a.id) with collect", "policy/misplaced"),
    ("a = deploy(_s) undo take_back(a.id)", ""),
  ]);
}

#[test]
fn other_names_in_endings_are_edges() {
  table(&[
    ("a = deploy(_s) undo rollback(b.id)\nb = deploy(_s)\nreturn b.id", ""),
    (
      "a = deploy(_s) undo rollback(b.id)\nb = deploy(\"${a.id}\")\nreturn b.id",
      "cycle/steps",
    ),
    (
      "a = deploy(_s) finally close(b.id)\nb = deploy(\"${a.id}\")",
      "cycle/steps",
    ),
    ("a = deploy(_s) undo rollback(a.id) after b\nb = deploy(_s)", ""),
  ]);
}

#[test]
fn an_ending_is_a_call_of_what_has_an_effect() {
  table(&[
    ("a = 3 undo rollback(a)\nreturn a", "undo/no-effect"),
    ("a = 3 finally close(a)\nreturn a", "undo/no-effect"),
    (
      "a = { b = _n + 1\nyield b } undo rollback(a)\nreturn a",
      "undo/no-effect",
    ),
    ("fail \"no\" undo rollback(_n)", "undo/no-effect"),
    ("a = deploy(_s) undo a.id", "undo/not-a-call"),
    ("a = deploy(_s) undo len(_s)", "undo/not-a-call"),
    ("a = deploy(_s) undo { rollback(a.id)\nyield null }", "undo/not-a-call"),
    ("a = deploy(_s) undo fail \"no\"", "undo/not-a-call"),
    ("a = deploy(_s) undo attempt rollback(a.id)", "undo/not-a-call"),
    ("a = deploy(_s) undo rolback(a.id)", "name/unknown"),
    ("a = deploi(_s) undo rollback(1)", "name/unknown"),
  ]);
}

#[test]
fn what_failed_is_not_undone() {
  table(&[
    (
      "a = deploy(_s) undo rollback(a.id)\nb = deploy(_s) catch rollback(1)",
      "undo/of-failed",
    ),
    (
      "a = deploy(_s) undo rollback(a.id)\nb = deploy(_s) catch { rollback(1)\nyield null }",
      "undo/of-failed",
    ),
    ("a = deploy(_s) undo rollback(a.id) catch rollback(1)", "undo/of-failed"),
    (
      "a = deploy(_s) undo take_back(a.id)\nb = deploy(_s) catch take_back(1)",
      "undo/of-failed",
    ),
    // another call than the one that it undoes
    (
      "a = deploy(_s) undo rollback(a.id)\nb = ask(_s) catch rollback(a.id)",
      "",
    ),
    // nothing says that it undoes
    ("b = deploy(_s) catch rollback(1)", ""),
    ("b = deploy(_s) catch rollback(b.id)", "cycle/steps"),
  ]);
}

#[test]
fn on_failure_stands_at_the_top_and_reads_parameters_and_the_error() {
  table(&[
    ("on failure { tell(\"${_s}: ${error.message}\") }", ""),
    ("return 1\non failure { tell(error.kind) }", ""),
    ("on failure { a = ask(_s)\ntell(\"${a}\") }\na = deploy(_s)", ""),
    ("on failure { tell(\"${a.id}\") }\na = deploy(_s)", "name/unknown"),
    ("on failure { tell(_s) }\non failure { tell(_s) }", "name/duplicate"),
    (
      "a = { b = ask(_s)\non failure { tell(_s) }\nyield b }\nreturn a",
      "flow/misplaced-step",
    ),
    ("stage x { on failure { tell(_s) } }", "flow/misplaced-step"),
    ("on failure { tell(_s)\nreturn 1 }", "flow/misplaced-step"),
    ("on failure { tell(_s)\nyield 1 }", "flow/misplaced-step"),
    ("on failure { stage a { tell(_s) } }", "flow/misplaced-step"),
    ("on failure { tell(error.massage) }", "name/unknown-field"),
    ("on failure { o(_n, _s, _hosts, _share) }", "cycle/calls"),
    ("a = deploy(_s) undo o(_n, _s, _hosts, _share)", "cycle/calls"),
  ]);
}

#[test]
fn tolerate_is_a_number_that_some_may_be() {
  table(&[
    ("xs = each h in _hosts with tolerate 2 => ask(h)\nreturn sum(xs)", ""),
    ("xs = each h in _hosts with tolerate 0 => ask(h)\nreturn sum(xs)", ""),
    ("xs = each h in _hosts with tolerate 1% => ask(h)", ""),
    ("xs = each h in _hosts with tolerate 12.5% => ask(h)", ""),
    ("xs = each h in _hosts with tolerate _share => ask(h)", ""),
    ("xs = each h in _hosts with tolerate _n => ask(h)", ""),
    ("xs = each h in _hosts with tolerate most => ask(h)", ""),
    ("xs = each h in _hosts with tolerate -1 => ask(h)", "bound/out-of-range"),
    (
      "xs = each h in _hosts with tolerate 101% => ask(h)",
      "syntax/bad-number",
    ),
    ("xs = each h in _hosts with tolerate 1.5 => ask(h)", "type/mismatch"),
    ("xs = each h in _hosts with tolerate \"2\" => ask(h)", "type/mismatch"),
    (
      "xs = each h in _hosts with tolerate 2, collect => ask(h)\nreturn xs",
      "policy/misplaced",
    ),
    (
      "xs = each h in _hosts from 0 with tolerate 2 => ask(h)",
      "policy/misplaced",
    ),
    (
      "xs = each h in _hosts from 0 with stop when it == 1 => ask(h)",
      "policy/misplaced",
    ),
    ("xs = ask(_s) with tolerate 2", "policy/misplaced"),
    ("xs = ask(_s) with stop when it == 2", "policy/misplaced"),
    ("xs = each h in _hosts with ...lenient => ask(h)", ""),
    ("xs = each h in _hosts with ...first => ask(h)", ""),
    (
      "xs = each h in _hosts with tolerate 1, tolerate 2 => ask(h)",
      "name/duplicate",
    ),
    // as many as there are items only where nothing may be lost
    ("xs = each h in _hosts => ask(h)\nys = xs as [int](2..9)\nreturn ys", ""),
    (
      "n = least(xs)\nxs = each h in _hosts with tolerate 1 => ask(h)\nreturn n",
      "name/unknown",
    ),
  ]);
}

#[test]
fn stop_when_looks_at_values() {
  table(&[
    (
      "xs = each h in _hosts with stop when len(done) == 2 => ask(h)\nreturn xs[0]",
      "",
    ),
    ("xs = each h in _hosts with stop when it > 3 => ask(h)", ""),
    ("xs = each h in _hosts with stop when sum(done) > _n => ask(h)", ""),
    (
      "xs = each h in _hosts with collect, stop when it > 3 => ask(h)\nreturn failures(xs)",
      "",
    ),
    ("xs = each h in _hosts with tolerate 1, stop when it > 3 => ask(h)", ""),
    ("xs = each h in _hosts with stop when any(done, it > 3) => ask(h)", ""),
    ("xs = each h in _hosts with stop when it => ask(h)", "type/mismatch"),
    (
      "xs = each h in _hosts with stop when len(don) == 2 => ask(h)",
      "name/unknown",
    ),
    (
      "xs = each h in _hosts with stop when h == \"a\" and it == 1 => ask(h)",
      "name/unknown",
    ),
    (
      "xs = each h in _hosts with stop when _n > 3 => ask(h)",
      "loop/constant-stop",
    ),
    (
      "xs = each h in _hosts with stop when true => ask(h)",
      "loop/constant-stop",
    ),
    (
      "xs = each h in _hosts with stop when any(_hosts, it == \"a\") => ask(h)",
      "loop/constant-stop",
    ),
    // an edge like any other
    ("xs = each h in _hosts with stop when it > y => ask(h)\ny = ask(_s)", ""),
    (
      "xs = each h in _hosts with stop when it > y => ask(h)\ny = ask(\"${xs[0]}\")",
      "cycle/steps",
    ),
    // its own names are no steps
    (
      "xs = each h in _hosts with stop when len(done) == 1 => ask(h)\ndone = ask(\"${xs[0]}\")\nreturn done",
      "",
    ),
  ]);
}

#[test]
fn a_failure_is_no_success() {
  table(&[
    (
      "xs = each h in _hosts with collect, stop when not it.ok => ask(h)\nreturn xs",
      "failure/as-success",
    ),
    (
      "xs = each h in _hosts with collect, stop when it.ok => ask(h)\nreturn xs",
      "failure/as-success",
    ),
    (
      "xs = each h in _hosts with collect, stop when len(failures(done)) == 2 => ask(h)\nreturn xs",
      "failure/as-success",
    ),
    (
      "xs = each h in _hosts with stop when len(done) == 2 => attempt ask(h)\nreturn xs",
      "failure/as-success",
    ),
    (
      "xs = each h in _hosts with stop when it.ok == false => attempt ask(h)\nreturn xs",
      "failure/as-success",
    ),
    (
      "xs = each h in _hosts with stop when count(done, not it.ok) > 1 => attempt ask(h)\nreturn xs",
      "failure/as-success",
    ),
    (
      "xs = each h in _hosts with stop when it.ok => attempt ask(h)\nreturn xs",
      "",
    ),
    (
      "xs = each h in _hosts with stop when it.ok and it.value > 2 => attempt ask(h)\nreturn xs",
      "",
    ),
    (
      "xs = each h in _hosts with stop when it.ok != false => attempt ask(h)\nreturn xs",
      "",
    ),
    (
      "xs = each h in _hosts with stop when len(succeeded(done)) == 2 => attempt ask(h)\nreturn xs",
      "",
    ),
    // what a worker says of its own subject
    ("xs = each h in _hosts with stop when not it.ok => vote(h)", ""),
    (
      "xs = each h in _hosts with collect, stop when not it.ok => vote(h)\nreturn xs",
      "",
    ),
  ]);
}

#[test]
fn what_may_be_lost_is_looked_at() {
  table(&[
    (
      "xs = each h in _hosts with collect, stop when it > 3 => ask(h)\nreturn succeeded(xs)",
      "failure/ignored",
    ),
    ("xs = each h in _hosts with tolerate 1 => ask(h)\nreturn xs", ""),
  ]);
}
