//! What is refused or warned of though it has a meaning: where it is said, and where not.

mod common;

use common::{listed, memory::check_text};
use orch::diagnostics::Level;

const PRELUDE: &str = r#"
type Page = { items: [string], next: string? }
defaults { timeout 1s }
worker grade(text: string) -> { score: int(0..10), notes: [string] } { exec ["grade", text], idempotent }
worker fetch(cursor: string?) -> Page { exec ["fetch", cursor ?? ""], idempotent }
worker count_from(n: int) -> { items: [string], more: bool } { exec ["count", n], idempotent }
worker write(notes: [string]) -> { text: string } { exec ["write"], idempotent }
worker act(text: string) { exec ["act", text], idempotent }
let limit_of = 8
let good(n: int) -> bool = n >= 8
"#;

/// Each row: the steps of an orchestrator, and the codes that are found in it, but for `quiet` ones.
fn table(level: Level, rows: &[(&str, &str)]) {
  let mut failed = String::new();
  for (steps, expected) in rows {
    let text = format!(
      "{PRELUDE}/// .\norchestrator o(n: int, m: int, x: float, texts: [string], wait: duration) -> json {{\n{steps}\n}}\n"
    );
    let checked = check_text(&text);
    let mut codes: Vec<&str> = checked
      .findings
      .0
      .iter()
      .filter(|finding| finding.code.level <= level && !finding.code.name.starts_with("unused/"))
      .map(|finding| finding.code.name)
      .collect();
    codes.dedup();
    if codes != expected.split_whitespace().collect::<Vec<_>>() {
      failed += &format!("--- {steps}\nexpected {expected:?}\n{}\n", listed(&checked));
    }
  }
  assert!(failed.is_empty(), "{failed}");
}

const TWICE: &str = "condition/contradicts";

#[test]
fn one_line_is_drawn_once() {
  table(
    Level::Medium,
    &[
      // on both sides of the mark
      ("a = if n >= 8 then 1 else 2 b = if n > 8 then 1 else 2 return a + b", TWICE),
      ("a = if n < 8 then 1 else 2 b = if n <= 8 then 1 else 2 return a + b", TWICE),
      ("a = if n >= 8 then 1 else 2 b = if n <= 8 then 1 else 2 return a + b", TWICE),
      ("a = if n > 8 then 1 else 2 b = if n < 8 then 1 else 2 return a + b", TWICE),
      ("a = if 8 <= n then 1 else 2 b = if n > 8 then 1 else 2 return a + b", TWICE),
      ("a = if n >= limit_of then 1 else 2 b = if n > 8 then 1 else 2 return a + b", TWICE),
      ("a = if n >= m then 1 else 2 b = if m < n then 1 else 2 return a + b", TWICE),
      ("a = if x >= 0.5 then 1 else 2 b = if x > 0.5 then 1 else 2 return a + b", TWICE),
      ("a = if x >= -1.0 then 1 else 2 b = if x > -1.0 then 1 else 2 return a + b", TWICE),
      ("a = if wait >= 5s then 1 else 2 b = if wait > 5s then 1 else 2 return a + b", TWICE),
      ("a = if len(texts) >= 2 then 1 else 2 b = if len(texts) > 2 then 1 else 2 return a + b", TWICE),
      ("require n >= 8\na = if n > 8 then 1 else 2 return a", TWICE),
      ("return 1 when n >= 8\na = if n > 8 then 1 else 2 return a", TWICE),
      // the same value by other names
      ("g = grade(\"x\") s = g.score a = if s >= 8 then 1 else 2 b = if g.score > 8 then 1 else 2 return a + b", TWICE),
      (
        "r = repeat up to 2 { g = grade(\"x\") yield { g } } until g.score >= 8 else last return r.g.score > 8",
        TWICE,
      ),
      (
        "r = repeat up to 2 { g = grade(previous?.t ?? \"x\") yield { s: g.score, t: \"t\" } } until g.score >= 8 else last
         return r.s > 8",
        TWICE,
      ),
      // drawn in the same place
      ("a = if n >= 8 then 1 else 2 b = if n < 8 then 1 else 2 return a + b", ""),
      ("a = if n > 7 then 1 else 2 b = if n >= 8 then 1 else 2 return a + b", ""),
      ("a = if good(n) then 1 else 2 b = if good(n) then 1 else 2 return a + b", ""),
      // other lines, other values
      ("a = if n >= 8 then 1 else 2 b = if n > 5 then 1 else 2 return a + b", ""),
      ("a = if n >= 8 then 1 else 2 b = if m > 8 then 1 else 2 return a + b", ""),
      (
        "g = grade(\"x\") h = grade(\"y\") a = if g.score >= 8 then 1 else 2 b = if h.score > 8 then 1 else 2 return a + b",
        "",
      ),
      // meant: in the branches of one another, in one condition, one after the other, the mark itself
      ("a = if n > 8 then 1 else if n < 8 then 2 else 3 return a", ""),
      ("act(if n > 8 then \"more\" else if n < 8 then \"less\" else \"same\") return null", ""),
      ("a = if n >= 8 then (if n > 8 then 1 else 2) else 3 return a", ""),
      ("return 1 when n > 8\nreturn 2 when n < 8\nreturn 3", ""),
      ("a = if n >= 8 then 1 else 2 b = if n > 8 then 1 else 2 c = if n == 8 then 1 else 2 return a + b + c", ""),
      ("a = match n { 8 => 1, else => 2 } b = if n > 8 then 1 else 2 c = if n < 8 then 1 else 2 return a + b + c", ""),
    ],
  );
}

const DROPS: &str = "loop/drops-previous";

#[test]
fn pages_are_kept() {
  let seeded = |body: &str, until: &str| {
    format!(
      "r = repeat up to 9 from {{ items: [], next: null }}: Page {{ {body} }} until {until} else last return r.items"
    )
  };
  let counted = |body: &str| {
    format!(
      "r = repeat up to 9 from {{ items: [], page: 1 }}: {{ items: [string], page: int }} {{
         p = count_from(previous.page) yield {body} }} until not p.more else last
       return r.items"
    )
  };
  let rows = [
    (seeded("p = fetch(previous.next) yield { items: p.items, next: p.next }", "p.next == null"), DROPS),
    (seeded("p = fetch(previous.next) yield p", "p.next == null"), DROPS),
    (seeded("p = fetch(previous.next) yield { ...p }", "p.next == null"), DROPS),
    (seeded("p = fetch(previous.next) yield { items: previous.items + p.items, next: p.next }", "p.next == null"), ""),
    (
      seeded("p = fetch(previous.next) all = merged(previous, p) yield { items: all, next: p.next }", "p.next == null"),
      "name/unknown",
    ),
    (
      seeded("p = fetch(previous.next) yield { items: [...previous.items, ...p.items], next: p.next }", "p.next == null"),
      "",
    ),
    ("r = repeat up to 9 { p = fetch(previous?.next) yield p } until p.next == null else last return r.items".to_owned(), DROPS),
    (counted("{ items: p.items, page: previous.page + 1 }"), DROPS),
    (counted("{ items: previous.items + p.items, page: previous.page + 1 }"), ""),
    // what is wrong with a draft is replaced from round to round, and is read by the next
    (
      "r = repeat up to 3 { d = write(previous?.notes ?? []) g = grade(d.text) yield { text: d.text, notes: g.notes, score: g.score } }
       until good(g.score) else last return r.notes"
        .to_owned(),
      "",
    ),
    // only a cursor makes pages of rounds
    (
      "r = repeat up to 3 from { text: \"\", notes: [] }: { text: string, notes: [string] } {
         g = grade(previous.text) yield { text: \"t\", notes: g.notes } } until len(g.notes) == 0 else last
       return r.notes"
        .to_owned(),
      "",
    ),
  ];
  let rows: Vec<(&str, &str)> = rows.iter().map(|(steps, codes)| (steps.as_str(), *codes)).collect();
  table(Level::Medium, &rows);
}

#[test]
fn waits_that_never_grow_are_said() {
  table(
    Level::Medium,
    &[
      ("act(\"x\") with retry 2 fixed 1s return null", "retry/fixed-delay"),
      ("act(\"x\") with retry 1 fixed 1s return null", ""),
      ("act(\"x\") with retry 9 backoff 1s..2s return null", ""),
      ("act(\"x\") with retry 9 return null", ""),
    ],
  );
}

#[test]
fn an_exit_that_only_the_past_could_change_is_none() {
  let constant = "loop/constant-until";
  table(
    Level::Critical,
    &[
      (
        "r = repeat up to 3 { g = grade(\"x\") yield g } until n > 3 else last return r.score",
        constant,
      ),
      (
        "r = repeat up to 3 { g = grade(\"x\") k = n + 1 yield g } until k > 3 else last return r.score",
        constant,
      ),
      (
        "r = repeat up to 3 from 0 { k = previous + 1 yield k } until k > 3 else last return r",
        constant,
      ),
      (
        "r = repeat up to 3 { g = grade(\"x\") k = g.score + 1 yield g } until k > 3 else last return r.score",
        "",
      ),
      (
        "r = repeat up to 3 from 0 { g = grade(\"x\") yield g.score } until previous > 3 else last return r",
        "",
      ),
    ],
  );
}

#[test]
fn notes_are_about_what_could_be_better() {
  table(
    Level::Low,
    &[
      (
        "a = each t in texts => act(t) b = grade(\"x\") return [a, b]",
        "default/taken each/unprotected",
      ),
      (
        "a = each t in texts with concurrent 2 => act(t) with retry 1 backoff 1s..2s return a",
        "",
      ),
      (
        "a = each t in [\"a\", \"b\"] => act(t) with retry 1 backoff 1s..2s return a",
        "",
      ),
      (
        "a = grade(\"x\") with retry 1 b = grade(\"y\") return [a, b]",
        "default/taken",
      ),
      ("a = grade(\"x\") return a", "flow/one-worker"),
      (
        "a = attempt grade(\"x\") return if a.ok then 1 else 2",
        "flow/one-worker",
      ),
      ("a = grade(\"x\") b = grade(\"y\") return [a, b]", ""),
      ("a = repeat up to 2 { g = grade(\"x\") yield g } return a", ""),
      ("return n", ""),
    ],
  );
}

#[test]
fn declarations_have_notes_too() {
  let codes = |text: &str| -> Vec<&'static str> {
    let findings = check_text(text).findings.0;
    findings.iter().map(|finding| finding.code.name).collect()
  };
  assert_eq!(
    codes("/// C.\ncontract C { input { a: int }, output string }\n"),
    ["contract/no-version", "contract/bare-output", "doc/fields"]
  );
  assert_eq!(
    codes("/// C.\ncontract C@1 {\n  input {\n    /// A.\n    a: int\n  }\n  output string(1..9)\n}\n"),
    [] as [&str; 0]
  );
  assert_eq!(
    codes("worker w() -> string { exec [\"w\"], timeout 1s }\n"),
    ["contract/bare-output"]
  );
  assert_eq!(
    codes("type Name = string\nworker w() -> Name? { exec [\"w\"], timeout 1s }\n"),
    [] as [&str; 0]
  );
}

#[test]
fn an_allow_lifts_what_it_names_in_its_declaration_only() {
  let retried = |name: &str| {
    format!("worker {name}(a: string) {{\n  exec [\"w\", a]\n  timeout 1s\n  retry 1 backoff 1s..2s\n}}\n")
  };
  let found = |text: &str| -> Vec<(&'static str, bool)> {
    let findings = check_text(text).findings.0;
    findings
      .iter()
      .map(|finding| (finding.code.name, finding.standing.holds()))
      .collect()
  };
  let (a, b) = (retried("a"), retried("b"));
  let allow = "allow worker/retry-unsafe \"harmless\"\n";
  let unsafe_retry = "worker/retry-unsafe";
  assert_eq!(
    found(&format!("{allow}{a}{b}")),
    [(unsafe_retry, false), (unsafe_retry, true)]
  );
  assert_eq!(
    found(&format!("{a}/// B.\n{allow}{b}")),
    [(unsafe_retry, true), (unsafe_retry, false)]
  );
  assert_eq!(
    found(&format!("{allow}{allow}{a}")),
    [("allow/unused", true), (unsafe_retry, false)]
  );
  assert_eq!(
    found("allow doc/missing \"x\"\norchestrator o() -> int { return 1 }\n"),
    [("doc/missing", false)]
  );
  let two = format!("{allow}allow unused/name \"kept for later\"\n{a}/// O.\norchestrator o() -> int {{ return 1 }}\n");
  assert_eq!(found(&two), [("unused/name", false), (unsafe_retry, false)]);
}
