//! What `orch check` accepts in tests and what it refuses.

use crate::{
  PRELUDE,
  common::{listed, memory::check_text},
};

/// Each row: the lines of a test, and the codes of what is found, separated by blanks.
fn table(rows: &[(&str, &str)]) {
  let mut failed = String::new();
  for (lines, expected) in rows {
    let checked = check_text(&format!("{PRELUDE}\ntest \"t\" {{\n{lines}\n}}\n"));
    let expected: Vec<&str> = expected.split_whitespace().collect();
    let found: Vec<&str> = checked.findings.0.iter().map(|found| found.code.name).collect();
    if found != expected {
      failed += &format!(
        "--- {lines}\nexpected {expected:?}, found {found:?}\n{}\n",
        listed(&checked)
      );
    }
  }
  assert!(failed.is_empty(), "{failed}");
}

const RUN: &str = "r = sync(1)\nexpect r.stored == 1\n";

#[test]
fn mocks_are_checked_against_what_they_stand_for() {
  let run = |mock: &str| format!("mock store => null\n{mock}\n{RUN}");
  let rows = [
    ("mock fetch => { n: 1, text: \"a\" }", ""),
    ("mock fetch => { n: n, text: \"page ${n} of ${call.attempt}\" }", ""),
    ("mock fetch => { n: \"1\", text: \"a\" }", "type/mismatch"),
    ("mock fetch => { n: 1 }", "type/mismatch"),
    ("mock fetch => echo", "type/mismatch"),
    ("mock fetch => fail nothing", "name/unknown"),
    ("mock fetch => delay 3 return { n: 1, text: \"\" }", "type/mismatch"),
    (
      "mock fetch in order [fail exit 2, hang, malformed, { n: 1, text: \"\" }]",
      "",
    ),
    ("mock fetch in order [1]", "type/mismatch"),
    ("mock fetch { on { n: 1 } => hang }", ""),
    ("mock fetch { on { m: 1 } => hang }", "match/unreachable"),
    ("mock fetch { on { n: \"a\" } => hang }", "match/unreachable"),
    (
      "mock fetch { else => hang\nfirst 2 calls => hang }",
      "match/unreachable",
    ),
    (
      "mock fetch { on { n: 1 } => hang\non { n: 1 } => malformed }",
      "match/unreachable",
    ),
    (
      "mock fetch { on { n: 1 } first 1 calls => hang\non { n: 1 } => malformed }",
      "",
    ),
    (
      "mock fetch { first 0 calls => hang\nelse => malformed }",
      "match/unreachable",
    ),
    ("mock fetch { on {} => hang\non { n: 2 } => hang }", "match/unreachable"),
    ("mock fetc => hang", "name/unknown"),
    ("mock sync => hang", "name/wrong-kind"),
    ("mock fetch => hang\nmock fetch => hang", "name/duplicate"),
    ("mock fetch => hang\nmock slow => 1", "test/unused-mock"),
  ];
  let rows: Vec<(String, &str)> = rows.iter().map(|(mock, codes)| (run(mock), *codes)).collect();
  let rows: Vec<(&str, &str)> = rows.iter().map(|(lines, codes)| (lines.as_str(), *codes)).collect();
  table(&rows);
  table(&[
    (
      "mock store { on { kind: \"odd\" } => null }\nsync(1)",
      "match/unreachable",
    ),
    ("mock store { on { kind: \"old\" } => null\nelse => null }\nsync(1)", ""),
    ("mock slow => 1\nouter(1)", ""),
  ]);
}

#[test]
fn lines_stand_in_their_order() {
  table(&[
    (RUN, ""),
    ("expect r.stored == 1\nr = sync(1)", "name/unknown"),
    ("r = sync(1)", "unused/step"),
    ("_r = sync(1)", ""),
    ("sync(1)", ""),
    ("r = attempt sync(1)", "failure/ignored"),
    ("attempt sync(1)", "failure/ignored"),
    (
      "r = attempt sync(1)\nexpect not r.ok\nexpect r.error.kind == \"exit\"",
      "",
    ),
    ("r = attempt sync(1)\nexpect r.ok\nexpect r.value.stored == 1", ""),
    ("r = attempt sync(1)\nexpect r.value.stored == 1", "name/unknown-field"),
    ("r = sync(1) cancel after 5m\nexpect r.stored == 1", ""),
    ("r = sync(1) cancel after 5\nexpect r.stored == 1", "type/mismatch"),
    ("r = sync(\"1\")\nexpect r.stored == 1", "type/mismatch"),
    ("r = sync()\nexpect r.stored == 1", "call/arguments"),
    ("r = sync(1)\nr = sync(2)\nexpect r.stored == 1", "name/duplicate"),
    ("width = 3\nexpect width == 3", "name/shadowed"),
    ("x = width + 1\nexpect x == 4", ""),
    ("x = width + 1", "unused/step"),
    ("width + 1", "unused/step"),
    ("x = attempt width\nexpect x == 3", "flow/misplaced-step"),
    ("x = width cancel after 5m\nexpect x == 3", "flow/misplaced-step"),
    ("x = fetch(1)\nexpect x.n == 1", "name/wrong-kind"),
    ("x = sync(sync(1))\nexpect x.stored == 1", "call/in-expression"),
    ("expect 1", "type/mismatch"),
    ("expect width == 3, 4", "type/mismatch"),
    ("expect run.id == \"x\"", "name/unknown"),
    ("wait 3", "type/mismatch"),
    ("wait 3s", ""),
    ("at \"2026-11-20T09:00:00Z\"\nseed 7", ""),
    ("at \"tomorrow\"", "worker/bad-setting"),
    (
      "at \"2026-11-20T09:00:00Z\"\nat \"2026-11-20T09:00:00Z\"",
      "name/duplicate",
    ),
    ("seed 7\nseed 8", "name/duplicate"),
    ("profile offline\nset width = 1", ""),
    ("profile onlin", "name/unknown"),
    ("set width = \"a\"", "type/mismatch"),
    ("set widht = 1", "name/unknown"),
    ("set width = 1\nset width = 2", "name/duplicate"),
    ("set width = 0\nsync(1)", "bound/out-of-range"),
  ]);
}

#[test]
fn what_can_be_asked_has_its_arguments() {
  let run = |expect: &str| format!("r = sync(1)\nexpect r.stored == 1\nx = width\nexpect x == 3\n{expect}");
  let rows = [
    (
      "expect calls(fetch) == 1 and calls(\"storing\") == 1 and calls(store, r) == 1",
      "",
    ),
    ("expect calls() == 1", "call/arguments"),
    ("expect calls(3) == 1", "call/arguments"),
    ("expect calls(\"a${x}\") == 1", "call/arguments"),
    ("expect calls(sync) == 1", "name/wrong-kind"),
    ("expect calls(fetc) == 1", "name/unknown"),
    ("expect calls(fetch, x) == 1", "call/arguments"),
    (
      "expect calls(fetch, later) == 1\nlater = sync(2)\nexpect later.stored == 2",
      "name/unknown",
    ),
    ("expect calls(fetch, r, r) == 1", "call/arguments"),
    ("expect inputs(fetch)[0].n == 0 and inputs(fetch, r) == [{ n: 0 }]", ""),
    ("expect inputs(fetch)[0].m == 0", "name/unknown-field"),
    ("expect inputs(\"storing\") == []", "call/arguments"),
    (
      "expect peak == 1 and peak() == 1 and peak(fetch) == 1 and peak(fetch, r) == 1",
      "",
    ),
    ("expect elapsed < 5m and elapsed(r) < 5m", ""),
    ("expect elapsed < 5", "type/bad-operand"),
    ("expect started(fetch) == [0s]", ""),
    ("expect order(fetch, store) and order(\"pages\", store)", ""),
    ("expect order(fetch)", "call/arguments"),
    ("elapsed = sync(1)\nexpect elapsed.stored == 1", "name/shadowed"),
  ];
  let rows: Vec<(String, &str)> = rows.iter().map(|(expect, codes)| (run(expect), *codes)).collect();
  let rows: Vec<(&str, &str)> = rows.iter().map(|(lines, codes)| (lines.as_str(), *codes)).collect();
  table(&rows);
  let hidden = format!("let calls(n: int) -> int = n\n{PRELUDE}\ntest \"t\" {{ sync(1) expect calls(fetch) == 1 }}\n");
  let codes: Vec<&str> = check_text(&hidden)
    .findings
    .0
    .iter()
    .map(|found| found.code.name)
    .collect();
  assert_eq!(codes, ["name/shadowed"]);
}

#[test]
fn the_name_of_a_test_is_its_own() {
  let twice = format!("{PRELUDE}\ntest \"t\" {{ sync(1) }}\ntest \"t\" {{ sync(1) }}\n");
  let found = check_text(&twice).findings;
  assert_eq!(found.0.len(), 1);
  assert_eq!(found.0[0].code.name, "name/duplicate");
}

#[test]
fn a_worker_is_mocked_by_the_name_that_it_has_here() {
  let text = "// file: main.orch\nimport { plus as total, add } from \"./lib.orch\"\ntest \"t\" {\n  mock add => a + b\n  \
              x = total(1, 2)\n  expect x == 3\n}\n// file: lib.orch\nworker add(a: int, b: int) -> int { exec [\"add\"], \
              timeout 1s }\n/// Adds.\norchestrator plus(a: int, b: int) -> int { c = add(a, b) return c }\n";
  let checked = crate::common::memory::check_and_test(&crate::common::memory::Memory::of(text));
  assert_eq!(listed(&checked), "");
}
