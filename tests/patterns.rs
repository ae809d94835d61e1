//! Patterns: what is checked of them by themselves and in each call, and what runs. Wordings are held by
//! `diagnostics.rs`.

#![expect(clippy::disallowed_methods, reason = "what patterns become is run with the binary")]

mod common;

use std::{fmt::Write, fs, process::Command};

use common::{
  listed,
  memory::{Memory, check, check_text},
};
use orch::session::Checked;
use serde_json::{Value, json};

/// What the tables below may use.
const PRELUDE: &str = r#"
defaults { timeout 1s }
type Draft = { text: string, score: int(0..10) }
worker say(text: string) -> string { mock return upper(text) }
worker say_to(text: string, whom: string) -> string { mock return "${text}, ${whom}" }
worker maybe_to(text: string, whom: string = "you") -> string { mock return "${text}, ${whom}" }
worker number(n: int) -> int { mock return n + 1 }
worker small(n: int(0..10)) -> int(0..10) { mock return n }
worker anything(x: json) -> string { mock return json(x) }
worker length(text: string) -> int { mock return len(text) }
worker total(ns: [int]) -> int { mock return sum(ns) }
worker write(topic: string, before: Draft?) -> Draft { mock return { text: topic, score: 10 } }
worker now() -> int { mock return 7 }
worker act(text: string) -> string { exec ["true", text] }
let twice(n: int) -> int = 2 * n
/// .
orchestrator inner(text: string) -> int { n = length(text) return n }

pattern map<Item, Part>(items: [Item], mapper: worker(Item) -> Part, width: int = 8) -> [Part] {
  parts = each item in items with concurrent width => mapper(item)
  return parts
}
pattern chain<T>(start: T, stages: [worker(T) -> T]) -> T {
  end = each step in stages from start => step(previous)
  return end
}
pattern both<T>(a: T, b: T, ask: worker(T) -> json) -> [json] { x = ask(a) y = ask(b) return [x, y] }
pattern ask_all<In, Out>(question: In, voters: [worker(In) -> Out]) -> [Out] {
  answers = each voter in voters => voter(question)
  return answers
}
pattern do_it<Out>(work: worker() -> Out) -> Out { x = work() return x }
pattern firm(text: string, work: worker(string) -> string) -> string { x = work(text) with retry 2 return x }
pattern through(text: string, work: worker(string) -> string) -> string { x = firm(text, work) return x }
"#;

fn in_steps(steps: &str) -> Checked {
  check_text(&format!(
    "{PRELUDE}\n/// .\norchestrator o(n: int, s: string, xs: [string], ns: [int], maybe: string?, k: int(1..5)) -> json \
     {{\n{steps}\n}}\n"
  ))
}

fn in_patterns(patterns: &str) -> Checked {
  check_text(&format!("{PRELUDE}\n{patterns}\n"))
}

/// Each row: a text, and the codes that refuse the program with it, separated by blanks.
fn table(rows: &[(&str, &str)], checked: impl Fn(&str) -> Checked) {
  let mut failed = String::new();
  for (text, expected) in rows {
    let checked = checked(text);
    let found: Vec<&str> = checked
      .findings
      .0
      .iter()
      .filter(|finding| finding.refuses())
      .map(|finding| finding.code.name)
      .collect();
    let expected: Vec<&str> = expected.split_whitespace().collect();
    if found != expected {
      let _ = writeln!(
        failed,
        "--- {text}\nexpected {expected:?}, found {found:?}\n{}",
        listed(&checked)
      );
    }
  }
  assert!(failed.is_empty(), "{failed}");
}

#[test]
fn what_may_stand_for_a_worker() {
  table(
    &[
      ("a = map(xs, say) return a", ""),
      ("a = map(items: xs, mapper: say, width: 2) return a", ""),
      ("a = map(xs, inner) return a", ""),
      ("a = map(xs, maybe_to) return a", ""),
      ("a = map(xs, say_to(_, s)) return a", ""),
      ("a = map(xs, say_to(whom: _, text: s)) return a", ""),
      ("a = map(xs, anything) return a", ""),
      ("a = map([1, 2], small) return a", "type/mismatch"),
      ("a = map(range(k), number, width: k) return a", ""),
      ("a = do_it(now) b = do_it(say(s)) return [a, len(b)]", ""),
      ("a = ask_all(s, [say, say_to(_, \"x\"), maybe_to]) return a", ""),
      ("a = ask_all(s, []) return a", "type/unsettled"),
      ("a = chain(s, []) return a", ""),
      ("a = map(xs, say_to) return a", "type/mismatch"),
      ("a = map(xs, number) return a", "type/mismatch"),
      ("a = map(xs, now) return a", "type/mismatch"),
      ("a = map(xs, twice) return a", "name/wrong-kind"),
      ("a = map(xs, map) return a", "name/wrong-kind"),
      ("a = map(xs, s) return a", "name/wrong-kind"),
      ("a = map(xs, _) return a", "name/wrong-kind"),
      ("a = map(xs, \"x\") return a", "name/wrong-kind"),
      ("a = map(xs, len) return a", "name/unknown"),
      ("a = map(xs, sya) return a", "name/unknown"),
      ("a = map(xs, [say]) return a", "name/wrong-kind"),
      ("a = ask_all(s, say) return a", "name/wrong-kind"),
      ("a = ask_all(s, xs) return a", "name/wrong-kind"),
      ("a = map(xs, say_to(_, n)) return a", "type/mismatch"),
      ("a = map(xs, say_to(_, to: s)) return a", "call/arguments"),
      ("a = map(xs, say_to(_, s, s)) return a", "call/arguments"),
      ("a = map(xs, say_to(_)) return a", "call/arguments"),
      ("a = map(xs, say_to(text: _, text: s)) return a", "call/arguments"),
      ("a = map(xs, say_to(whom: s, _)) return a", "call/arguments"),
      ("a = map(xs, say(len(_))) return a", "type/mismatch name/wrong-kind"),
    ],
    in_steps,
  );
}

#[test]
fn calls_are_settled_or_said() {
  table(
    &[
      ("a = both(1, 2, anything) return a", ""),
      ("a = both(s, maybe, anything) return a", ""),
      ("a = both(null, s, anything) return a", ""),
      ("a = both([], ns, anything) return a", ""),
      ("a = both([], [], anything) return a", ""),
      ("a = both({ x: 1 }, { x: n }, anything) return a", ""),
      ("a = both(1, s, anything) return a", "type/unsettled"),
      ("a = both({ x: 1 }, { x: s }, anything) return a", "type/unsettled"),
      ("a = both(nn, 1, anything) return a", "name/unknown"),
      ("a = both(1) return a", "call/arguments"),
      ("a = both(1, 2, anything, 3) return a", "call/arguments"),
      ("a = both(1, c: 2, ask: anything) return a", "call/arguments"),
      ("a = map(s, say) return a", "type/mismatch"),
      ("a = map(xs, say, width: 0) return a", "bound/out-of-range"),
      ("a = map(xs, say, width: n) return a", "bound/unbounded"),
      ("a = map(xs, say, width: min(n, 9)) return a", ""),
      ("a = map(xs, say) with limit x return a", "policy/misplaced"),
      ("a = map(xs, say) with deadline 5s return a", ""),
      ("return map(xs, say)", "call/in-expression"),
      ("a = map return a", "name/wrong-kind"),
      ("a = say(_) return a", "name/wrong-kind"),
      ("a = { w: say } return a", "name/wrong-kind"),
      ("a = say == say return a", "name/wrong-kind name/wrong-kind"),
      ("say = say(s) a = map([say], say) return a", ""),
    ],
    in_steps,
  );
}

/// The worker `say` is passed on beside a step of that name: no edge, no circle.
#[test]
fn the_name_of_a_worker_is_no_read_of_a_step() {
  let checked = in_steps("say = ask_all(s, [say, say_to(_, s)])\nother = map(xs, mapper: say)\nreturn { say, other }");
  let program = checked
    .program
    .as_ref()
    .unwrap_or_else(|| panic!("{}", listed(&checked)));
  let o = program.orchestrator_ids().find(|(_, o)| &*o.name == "o").expect("o").1;
  assert_eq!(o.body.steps[1].waits, []);
}

#[test]
fn what_no_call_could_mend_is_said_of_the_pattern_alone() {
  table(
    &[
      ("pattern p<T>(x: T, w: worker(T) -> T) -> T { y = w(x) return y }", ""),
      ("pattern p<T>(x: T) -> string { return \"${x}\" }", "type/bad-operand"),
      ("pattern p<T>(x: T) -> string { return json(x) }", ""),
      (
        "pattern p<T>(x: T) -> T? { return if json(x) == \"1\" then x else null }",
        "",
      ),
      ("pattern p<T>(x: T) -> int { return x + 1 }", "type/bad-operand"),
      ("pattern p<T>(x: T) -> string { return x.name }", "type/bad-operand"),
      (
        "pattern p<T, U>(x: T, w: worker(U) -> int) -> int { y = w(x) return y }",
        "type/mismatch",
      ),
      (
        "pattern p<T>(x: T) -> int { y = say(x) return len(y) }",
        "type/mismatch",
      ),
      ("pattern p<T>(x: T) -> T { return s }", "name/unknown"),
      ("pattern p<T>(n: int) -> int { return n }", "type/unsettled"),
      ("pattern p<T, T>(x: T) -> T { return x }", "name/duplicate"),
      ("pattern p<Draft>(x: Draft) -> Draft { return x }", "name/shadowed"),
      ("pattern p<string>(x: string) -> string { return x }", "name/shadowed"),
      ("pattern p(x: int, x: int) -> int { return x }", "name/duplicate"),
      (
        "pattern p(x: int, x: worker()) -> int { x() return x }",
        "name/duplicate",
      ),
      (
        "pattern p(say: worker() -> int) -> int { x = say() return x }",
        "name/shadowed",
      ),
      (
        "pattern p(len: worker() -> int) -> int { x = len() return x }",
        "name/shadowed",
      ),
      (
        "pattern p(w: worker(int) -> int) -> int { x = w() return x }",
        "call/arguments",
      ),
      (
        "pattern p(w: worker(int) -> int) -> int { x = w(n: 1) return x }",
        "call/arguments",
      ),
      (
        "pattern p(w: worker(int) -> int) -> int { x = w(\"1\") return x }",
        "type/mismatch",
      ),
      (
        "pattern p(w: worker(int) -> int) -> int { return w }",
        "name/wrong-kind",
      ),
      (
        "pattern p(w: worker(int) -> int) -> int { return w(1) }",
        "call/in-expression",
      ),
      ("pattern p(ws: [worker()]) -> int { ws() return 1 }", "name/wrong-kind"),
      ("pattern p(ws: [worker()]) -> json { return ws }", "name/wrong-kind"),
      ("pattern p(ws: [worker()]) -> int { return len(ws) }", ""),
      (
        "pattern p(ws: [worker()](..3)) -> int { return len(ws) }",
        "type/bad-refinement",
      ),
      (
        "pattern p(w: worker() -> int) -> int { x = each y in w => y() return 1 }",
        "name/wrong-kind name/wrong-kind",
      ),
      (
        "pattern p(width: int, xs: [int]) -> [int] { ys = each x in xs with concurrent width => number(x) return ys }",
        "",
      ),
      ("pattern p(n: int = \"1\") -> int { return n }", "type/mismatch"),
      ("pattern p<T>(x: T = 1) -> T { return x }", "type/mismatch"),
      ("pattern p<T>(x: [T] = []) -> int { return len(x) }", ""),
      (
        "pattern p(w: worker(string) -> string = say) -> string { x = w(\"\") return x }",
        "",
      ),
      (
        "pattern p(w: worker(string) -> string = number) -> string { x = w(\"\") return x }",
        "type/mismatch",
      ),
      (
        "pattern p(w: worker(string) -> string = say_to(_, \"x\")) -> string { x = w(\"\") return x }",
        "",
      ),
      ("pattern p(most: int) -> [int](..most) { return [] }", ""),
      ("pattern p() -> [int](..least) { return [] }", "name/unknown"),
      (
        "pattern p() -> int { permit { net none } return 1 }",
        "flow/misplaced-step",
      ),
      ("pattern p(x: int) -> int { y = p(x) return y }", "cycle/calls"),
      (
        "pattern p() -> string { x = map([\"\"], p) return \"\" }",
        "cycle/calls name/wrong-kind",
      ),
      (
        "pattern p(ws: [worker(int) -> int]) -> json { x = ask_all(\"\", ws) return x }",
        "type/mismatch",
      ),
      (
        "pattern p(ws: [worker(int) -> int]) -> json { x = ask_all(1, [...ws, number]) return x }",
        "",
      ),
      ("type W = worker(int) -> int", "name/wrong-kind"),
      (
        "/// .\norchestrator q(w: worker(int) -> int) -> int { x = w(1) return x }",
        "name/wrong-kind name/wrong-kind",
      ),
      (
        "worker q(w: worker(int) -> int) -> int { mock return 1 }",
        "name/wrong-kind",
      ),
      ("let f(w: worker(int) -> int) -> int = 1", "name/wrong-kind"),
    ],
    in_patterns,
  );
}

#[test]
fn what_nothing_uses_is_said() {
  let warned = |text: &str| {
    let checked = in_patterns(&format!(
      "{text}\n/// .\norchestrator q(s: string) -> int {{ a = p(s, number) return a }}"
    ));
    let all = checked
      .findings
      .0
      .iter()
      .filter(|finding| finding.message.contains("parameter"));
    all.map(|finding| finding.message.clone()).collect::<Vec<_>>()
  };
  assert_eq!(
    warned("pattern p(s: string, w: worker(int) -> int) -> int { return 1 }"),
    ["nothing reads the parameter `s`", "nothing calls the parameter `w`"]
  );
  let none: [&str; 0] = [];
  assert_eq!(
    warned("pattern p(_s: string, w: worker(int) -> int) -> int { x = w(1) return x }"),
    none
  );
}

/// A pattern without a mistake, and a call that has one: both places are shown, through as many patterns as there are.
#[test]
fn what_is_wrong_in_one_call_only_shows_the_call_too() {
  let text = |finding: &orch::diagnostics::Diagnostic| {
    let labels = finding.labels.iter().map(|label| label.text.clone());
    labels.collect::<Vec<_>>()
  };
  let checked = in_steps("a = through(s, say)\nb = through(s, act)\nc = firm(s, act)\nreturn [a, b, c]");
  let found: Vec<Vec<String>> = checked
    .findings
    .0
    .iter()
    .filter(|finding| finding.refuses())
    .map(text)
    .collect();
  assert_eq!(
    found,
    [[
      "could do its work twice",
      "declared here",
      "in this call of `firm`",
      "in this call of `through`",
      "in this call of `firm`",
    ]]
  );
}

#[test]
fn an_allow_where_the_pattern_is_called_lifts_what_is_wrong_there() {
  let program = |allow: &str| {
    let text = format!(
      "{PRELUDE}\n/// .\norchestrator a(s: string) -> string {{ x = firm(s, act) return x }}\n\n/// .\n{allow}orchestrator \
       b(s: string) -> string {{ x = firm(s, act) return x }}\n"
    );
    let checked = check_text(&text);
    checked.findings.0.iter().filter(|finding| finding.refuses()).count()
  };
  assert_eq!(program(""), 1);
  assert_eq!(program("allow worker/retry-unsafe \"harmless\"\n"), 1);
  let one = in_steps("a = firm(s, act) return a");
  assert_eq!(one.findings.0.iter().filter(|finding| finding.refuses()).count(), 1);
  let text = format!(
    "{PRELUDE}\n/// .\nallow worker/retry-unsafe \"harmless\"\norchestrator a(s: string) -> string {{ x = firm(s, act) return x }}\n"
  );
  assert!(check_text(&text).program.is_some());
}

/// By way of an argument, and through another module.
#[test]
fn a_circle_is_shown_with_a_label_per_edge() {
  let checked = check(&Memory::of(
    r#"// file: main.orch
import { twice } from "./lib.orch"
defaults { timeout 1s }
/// .
orchestrator top(n: int) -> int { x = middle(n) return x }
/// .
orchestrator middle(n: int) -> int { x = twice(n, top) return x }
// file: lib.orch
pattern twice(n: int, w: worker(int) -> int) -> int { x = once(n, w) y = w(x) return y }
pattern once(n: int, w: worker(int) -> int) -> int { x = w(n) return x }
"#,
  ));
  let refused: Vec<_> = checked.findings.0.iter().filter(|finding| finding.refuses()).collect();
  let [finding] = refused[..] else {
    panic!("{}", listed(&checked))
  };
  assert_eq!(
    (finding.code.name, finding.message.as_str()),
    (
      "cycle/calls",
      "orchestrators may not call each other in a circle: `top` -> `middle` -> `top`"
    )
  );
  let labels: Vec<&str> = finding.labels.iter().map(|label| label.text.as_str()).collect();
  assert_eq!(labels, ["`top` calls `middle`", "`middle` passes on `top`"]);
}

#[test]
fn a_circle_of_patterns_is_shown() {
  let checked = check_text(
    r#"
defaults { timeout 1s }
pattern ping(n: int) -> int { x = pong(n) return x }
pattern pong(n: int) -> int { x = attempt ping(n) return 1 }
/// .
orchestrator top(n: int) -> int { x = ping(n) return x }
"#,
  );
  let finding = checked
    .findings
    .0
    .iter()
    .find(|finding| finding.refuses())
    .expect("refused");
  assert_eq!(
    finding.message,
    "patterns and orchestrators may not call each other in a circle: `ping` -> `pong` -> `ping`"
  );
}

/// Levels that double: by shared instances, by instances that all differ, by lists inside lists.
#[test]
fn expansion_stops() {
  let mut shared = format!("{PRELUDE}\npattern p0(n: int, w: worker(int) -> int) -> int {{ x = w(n) return x }}\n");
  let mut apart =
    format!("{PRELUDE}\npattern p0<T>(x: T, w: worker(json) -> string) -> string {{ y = w(x) return y }}\n");
  // fewer of them are needed to come to too much
  let many: String = (0..60).map(|at| format!("s{at} = w(x) ")).collect();
  for level in 1..30 {
    let below = level - 1;
    let _ = writeln!(
      shared,
      "pattern p{level}(n: int, w: worker(int) -> int) -> int {{ x = p{below}(n, w) y = p{below}(x, w) return y }}"
    );
    let _ = writeln!(
      apart,
      "pattern p{level}<T>(x: T, w: worker(json) -> string) -> string {{ {many} y = p{below}({{ a: x }}, w) z = p{below}({{ b: \
       x }}, w) return y + z }}"
    );
  }
  shared += "/// .\norchestrator o(n: int) -> int { x = p29(n, number) return x }\n";
  apart += "/// .\norchestrator o(n: int) -> string { x = p29(n, anything) return x }\n";
  let mut lists = format!("{PRELUDE}\npattern p(ws: [worker() -> int]) -> json {{ r = ");
  for level in 0..8 {
    let _ = write!(lists, "each w{level} in ws {{ x{level} = w{level}() y{level} = ");
  }
  lists += "1 ";
  for level in (0..8).rev() {
    let _ = write!(lists, "yield {{ x: x{level}, y: y{level} }} }} ");
  }
  lists += "return r }\n/// .\norchestrator o() -> json { x = p([now, now, now, now, now, now, now, now]) return x }\n";
  table(
    &[
      (&shared, "bound/too-wide"),
      (&apart, "bound/too-wide"),
      (&lists, "bound/too-wide"),
    ],
    check_text,
  );
}

#[test]
fn equal_calls_share_what_they_become() {
  let checked = in_steps(
    "a = map(xs, say) b = map(xs, say_to(_, s)) c = map(xs, say_to(_, \"x\")) d = map(xs, say, width: 8)\ne = map(xs, say, \
     width: 2) f = map(ns, number) return { a, b, c, d, e, f }",
  );
  let program = checked
    .program
    .as_ref()
    .unwrap_or_else(|| panic!("{}", listed(&checked)));
  let instances = program.orchestrators.iter().filter(|o| o.pattern).count();
  // a and d, b and c, e, f
  assert_eq!(instances, 4);
  assert!(program.orchestrator_ids().all(|(_, o)| !o.pattern));
}

/// Who stands in a list of workers has one turn each, not as many as there are members.
#[test]
fn bounds_count_each_worker_of_a_list_once() {
  let checked = in_steps(
    "a = ask_all(s, [say, say, say_to(_, s)])\nb = chain(s, [say, say_to(_, s), say])\nc = map([1, 2, 3], number, width: 2)\n\
     return { a, b, c }",
  );
  let program = checked
    .program
    .as_ref()
    .unwrap_or_else(|| panic!("{}", listed(&checked)));
  let (id, _) = program.orchestrator_ids().find(|(_, o)| &*o.name == "o").expect("o");
  let bounds = orch::bounds::bounds(program, id);
  let calls = bounds.calls.iter();
  let calls: Vec<(&str, Option<u128>)> = calls
    .map(|(worker, bound)| (&*program.worker(*worker).name, bound.most()))
    .collect();
  assert_eq!(calls, [("say", Some(4)), ("say_to", Some(2)), ("number", Some(3))]);
  // three voters, one of a chain, two of three numbers
  assert_eq!(bounds.parallel, 6);
}

/// Runs the orchestrator `main_one` of a program that has the prelude.
fn run(patterns: &str, steps: &str) -> Value {
  let directory = tempfile::tempdir().expect("a directory");
  let text =
    format!("{PRELUDE}\n{patterns}\n/// .\norchestrator main_one(s: string = \"s\") -> json {{\n{steps}\n}}\n");
  fs::write(directory.path().join("main.orch"), text).expect("written");
  let output = Command::new(env!("CARGO_BIN_EXE_orch"))
    .args(["run", "main.orch", "main_one"])
    .current_dir(directory.path())
    .output()
    .expect("orch runs");
  let stderr = String::from_utf8_lossy(&output.stderr);
  assert!(output.status.success(), "{stderr}");
  serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn workers_are_called_with_what_was_filled_in() {
  let patterns = r#"
pattern outer(text: string, w: worker(string, string) -> string, tail: string = "?") -> [string] {
  a = inner_one(text, w(_, "one"))
  b = inner_one(text, w("two", _))
  c = inner_one(tail, maybe_to)
  return [a, b, c]
}
pattern inner_one(text: string, w: worker(string) -> string, more: [worker(string) -> string] = [say, maybe_to(_, whom: "me")]) -> string {
  first_one = w(text)
  all       = each m, i in [1, 2] { x = w("${m}${i}") yield x }
  others    = each m, i in more with concurrent 2 { x = m(text) yield "${i}${x}" }
  return join([first_one, ...all, ...others], ";")
}
"#;
  let found = run(
    patterns,
    "a = outer(s, say_to) b = outer(text: s, w: say_to(whom: _, text: _), tail: \"!\") return [a, b]",
  );
  let a = json!([
    "s, one;10, one;21, one;0S;1s, me",
    "two, s;two, 10;two, 21;0S;1s, me",
    "?, you;10, you;21, you;0?;1?, me"
  ]);
  let b = json!([
    "one, s;one, 10;one, 21;0S;1s, me",
    "s, two;10, two;21, two;0S;1s, me",
    "!, you;10, you;21, you;0!;1!, me"
  ]);
  assert_eq!(found, json!([a, b]));
}

#[test]
fn lists_of_workers_keep_their_order_and_may_be_empty() {
  let patterns = r#"
pattern around<T>(x: T, ws: [worker(T) -> T], more: [worker(T) -> T]) -> { all: [T], end: T, none: [T], count: int } {
  all  = ask_all(x, [...ws, ...more])
  end  = chain(x, [...more, ...ws])
  none = ask_all(x, more)
  return { all, end, none, count: len(ws) + len(more) }
}
"#;
  let found = run(
    patterns,
    "a = around(s, [say, say_to(_, s)], []) b = ask_all(s, [inner, length]) return { a, b }",
  );
  let a = json!({ "all": ["S", "s, s"], "end": "S, s", "none": [], "count": 2 });
  assert_eq!(found, json!({ "a": a, "b": [1, 1] }));
}

#[test]
fn what_fails_in_a_pattern_is_taken_where_it_is_called() {
  let patterns =
    "pattern careful(s: string, w: worker(string) -> string) -> string { x = w(s) catch say(error.kind) return x }
worker broken(text: string) -> string { mock fail exit 3 \"no\" }";
  let found = run(
    patterns,
    "a = attempt firm(s, broken)\nb = careful(s, broken)\nc = firm(s, broken) catch say(error.step)\nreturn { a: a.ok, b, c }",
  );
  assert_eq!(found, json!({ "a": false, "b": "EXIT", "c": "C.X" }));
}
