//! What programs do, from their text to their last event, in virtual time: the rules of the reference, one by one.

mod admission;
mod losses;
mod replays;
mod times;

use std::{path::Path, sync::Arc};

use orch::{
  engine::{Event, Record, Run, RunStarted, mocked, simulate},
  modules::{Files, ReadError},
  session,
  value::Failure,
};
use serde_json::{Value, json};

/// One file in memory.
struct Text(String);

impl Files for Text {
  fn read(&self, path: &Path, limit: usize) -> Result<Vec<u8>, ReadError> {
    match path.to_str() {
      Some("/main.orch") => Ok(self.0.bytes().take(limit).collect()),
      _ => Err(ReadError::Missing),
    }
  }

  fn canonicalize(&self, path: &Path) -> Result<std::path::PathBuf, ReadError> {
    Ok(path.to_path_buf())
  }

  fn names(&self, _directory: &Path) -> Vec<String> {
    Vec::new()
  }
}

/// A run that is over.
struct Ran {
  result: Result<Value, Failure>,
  records: Vec<Record>,
}

/// Workers that most programs here have.
const COMMON: &str = r#"
defaults { timeout 10s }
worker echo(x: int) -> { x: int } { mock echo }
worker slow(x: int) -> { x: int } { mock delay 5s echo }
worker bad(x: int) -> { x: int } { mock fail exit 3 "broken" }
worker hang(x: int) -> { x: int } { mock hang }
worker note(text: string) { mock return null }
"#;

fn run_with(program: &str, arguments: Value) -> Ran {
  let text = format!("{COMMON}{program}");
  let checked = session::check(&Text(text), Path::new("/main.orch"));
  let refused: Vec<_> = checked
    .findings
    .0
    .iter()
    .filter(|finding| finding.code.level.refuses())
    .collect();
  assert!(refused.is_empty(), "{refused:#?}");
  let started = RunStarted {
    run: "run".into(),
    tracker: "tracker".into(),
    program: "digest".into(),
    engine: "0".into(),
    seed: 7,
    orchestrator: "main".into(),
    arguments,
    started: jiff::Timestamp::UNIX_EPOCH,
    profile: None,
    set: Default::default(),
    parent: None,
    reuses: None,
    last: None,
    directory: "/here".into(),
  };
  let program = checked.program.expect("a program");
  let (run, first) = Run::start(Arc::clone(&program), started).expect("it starts");
  let (run, records) = simulate(run, first, mocked);
  assert!(run.is_over(), "the run has no end: {records:#?}");
  let result = match &records.last().expect("records").event {
    Event::RunSucceeded { result } => Ok(result.clone()),
    Event::RunFailed { failure } => Err((**failure).clone()),
    other => panic!("the last event is {other:?}"),
  };
  Ran { result, records }
}

fn run(program: &str) -> Ran {
  run_with(program, json!({}))
}

impl Ran {
  fn value(&self) -> &Value {
    self.result.as_ref().unwrap_or_else(|failure| panic!("{failure:#?}"))
  }

  fn failure(&self) -> &Failure {
    self.result.as_ref().expect_err("a failure")
  }

  /// The virtual milliseconds that it took.
  fn elapsed(&self) -> i64 {
    self.records.last().map_or(0, |record| record.at.0)
  }

  /// The paths of the calls that were asked for, attempt by attempt, in order.
  fn calls(&self) -> Vec<String> {
    let call = |record: &Record| match &record.event {
      Event::AttemptRequested { path, .. } => Some(path.to_string()),
      _ => None,
    };
    self.records.iter().filter_map(call).collect()
  }

  /// The most executions that ran at once.
  fn peak(&self) -> i64 {
    let (mut now, mut peak) = (0, 0);
    for record in &self.records {
      match record.event {
        Event::Admitted { .. } => now += 1,
        Event::AttemptEnded { .. } => now -= 1,
        _ => {}
      }
      peak = peak.max(now);
    }
    peak
  }

  fn has(&self, test: impl Fn(&Event) -> bool) -> bool {
    self.records.iter().any(|record| test(&record.event))
  }
}

fn kind(failure: &Failure) -> String {
  serde_json::to_value(failure.kind)
    .expect("a word")
    .as_str()
    .expect("a word")
    .to_owned()
}

#[test]
fn a_mock_gives_files_by_what_they_hold() {
  let program = r#"
    worker make(text: string) -> file { mock return text }
    worker tree(text: string) -> { all: dir, one: file? } { mock return { all: { "a/b": text, c: "" }, one: null } }
    worker same(f: file) -> { f: file } { mock echo }
    worker lost() -> dir { mock return { "../x": "" } }
    orchestrator main() -> { one: file, again: bool, other: bool, trees: bool, back: bool, text: string, why: string } {
      a = make("x")  b = make("x")  c = make("y")
      s = same(a)
      t = tree("x")  u = tree("x")
      j = { f: a } as json
      w = attempt lost()
      return {
        one: a, again: a == b, other: a == c, trees: t.all == u.all, back: (j as { f: file }).f == s.f
        text: json(a), why: if w.ok then "" else w.error.message
      }
    }"#;
  let ran = run(program);
  let reference = format!("file:blake3:{}:1:make", blake3::hash(b"x").to_hex());
  let expected = json!({
    "one": reference, "again": true, "other": false, "trees": true, "back": true, "text": format!("\"{reference}\""),
    "why": "the output of `lost` does not fit at $: `../x` is no path of a file in a directory",
  });
  assert_eq!(ran.value(), &expected);
}

#[test]
fn what_does_not_depend_on_each_other_runs_at_once() {
  let ran = run("orchestrator main() -> int { a = slow(1) b = slow(2) c = slow(a.x + b.x) return c.x }");
  assert_eq!(ran.value(), 3);
  assert_eq!(ran.elapsed(), 10_000);
  assert_eq!(ran.peak(), 2);
}

#[test]
fn lines_are_equations_in_any_order() {
  let ran = run("orchestrator main() -> int { c = echo(b.x + 1) b = echo(a.x + 1) a = echo(1) return c.x }");
  assert_eq!(ran.value(), 3);
  assert_eq!(ran.calls(), ["a", "b", "c"]);
}

#[test]
fn nothing_below_a_gate_starts_before_it_has_succeeded() {
  let ran = run(
    r#"orchestrator main() -> int {
      a = slow(1)
      note("a is ${a.x}")
      b = slow(2)
      return b.x
    }"#,
  );
  assert_eq!(ran.elapsed(), 10_000);
  assert_eq!(ran.calls(), ["a", "note#1", "b"]);
}

#[test]
fn a_false_require_loses_the_run_and_skips_what_is_below() {
  let ran = run(r#"orchestrator main() -> int { a = echo(1) require a.x > 1, "only ${a.x}" b = echo(2) return b.x }"#);
  assert_eq!(kind(ran.failure()), "required");
  assert_eq!(&*ran.failure().message, "only 1");
  assert_eq!(ran.calls(), ["a"]);
  assert!(ran.has(|event| matches!(event, Event::StepSkipped { path, .. } if &**path == "b")));
}

#[test]
fn an_early_return_takes_nothing_more() {
  let ran = run("orchestrator main() -> int { a = echo(1) return 7 when a.x == 1 b = slow(2) return b.x }");
  assert_eq!(ran.value(), 7);
  assert_eq!(ran.calls(), ["a"]);
  let ran = run("orchestrator main() -> int { a = echo(1) return 7 when a.x == 2 b = slow(2) return b.x }");
  assert_eq!(ran.value(), 2);
}

#[test]
fn an_early_return_ends_what_runs_beside_it() {
  let ran = run("orchestrator main() -> int { h = hang(1) a = echo(1) return 7 when a.x == 1 return h.x }");
  assert_eq!(ran.value(), 7);
  assert_eq!(ran.elapsed(), 0);
}

#[test]
fn names_of_a_stage_are_visible_below_it() {
  let ran = run(
    "orchestrator main() -> int {
      stage first { a = slow(1) b = slow(a.x + 1) }
      stage second { c = slow(a.x + b.x) }
      return a.x + b.x + c.x
    }",
  );
  assert_eq!(ran.value(), 6);
  assert_eq!(ran.calls(), ["first.a", "first.b", "second.c"]);
}

#[test]
fn a_lost_stage_starts_nothing_below_it() {
  let ran = run("orchestrator main() { stage first { a = bad(1) } stage second { b = echo(1) } }");
  assert_eq!(kind(ran.failure()), "exit");
  assert_eq!(&*ran.failure().step, "first.a");
  assert_eq!(ran.calls(), ["first.a"]);
}

#[test]
fn a_failed_step_cancels_what_runs_beside_it() {
  let ran = run("orchestrator main() -> int { h = hang(1) b = bad(2) return h.x + b.x }");
  assert_eq!(ran.failure().code, Some(3));
  assert_eq!(ran.failure().worker.as_deref(), Some("bad"));
  assert_eq!(ran.elapsed(), 0);
  assert!(ran.has(|event| matches!(event, Event::StepCancelled { path, .. } if &**path == "h")));
}

#[test]
fn each_gives_results_in_the_order_of_its_items() {
  let ran = run(
    "worker later(n: int) -> int { mock { on { n: 1 } => delay 9s return 1, on { n: 2 } => delay 2s return 2, else => 0 } }
    orchestrator main() -> [int] { xs = each n in [1, 2, 3] => later(n) return xs }",
  );
  assert_eq!(*ran.value(), json!([1, 2, 0]));
  assert_eq!(ran.elapsed(), 9_000);
}

#[test]
fn each_keeps_its_window() {
  for (window, took) in [(1, 50_000), (3, 20_000), (8, 10_000), (100, 5_000)] {
    let ran = run(&format!(
      "orchestrator main() -> int {{ xs = each n in range(10) with concurrent {window} => slow(n) return len(xs) }}"
    ));
    assert_eq!(
      (ran.value(), ran.peak(), ran.elapsed()),
      (&json!(10), window.min(10), took),
      "window {window}"
    );
  }
}

#[test]
fn each_has_a_window_of_8_of_its_own() {
  let ran = run("orchestrator main() -> int { xs = each n in range(20) => slow(n) return len(xs) }");
  assert_eq!(ran.peak(), 8);
}

#[test]
fn each_over_nothing_is_nothing() {
  let ran = run("orchestrator main(xs: [int] = []) -> [int] { ys = each x in xs { a = slow(x) yield a.x } return ys }");
  assert_eq!(*ran.value(), json!([]));
  assert_eq!(ran.elapsed(), 0);
}

#[test]
fn the_first_failure_of_each_loses_it() {
  let ran = run("orchestrator main() -> int { xs = each n in range(100) with concurrent 2 => bad(n) return len(xs) }");
  assert_eq!(&*ran.failure().step, "xs[0]");
  assert_eq!(ran.failure().item, Some(json!(0)));
  assert!(ran.calls().len() <= 2, "{:?}", ran.calls());
}

#[test]
fn collect_keeps_one_outcome_per_item() {
  let ran = run(
    r#"worker odd(n: int) -> int { mock { on { n: 1 } => fail exit 9 "one", else => 5 } }
    orchestrator main() -> { good: [int], lost: [Failure] } {
      all = each n in range(3) with collect => odd(n)
      return { good: succeeded(all), lost: failures(all) }
    }"#,
  );
  let value = ran.value();
  assert_eq!(value["good"], json!([5, 5]));
  assert_eq!(value["lost"][0]["step"], "all[1]");
  assert_eq!(value["lost"][0]["item"], 1);
  assert_eq!(value["lost"][0]["code"], 9);
}

#[test]
fn a_fold_sees_the_one_before() {
  let ran =
    run("orchestrator main() -> int { t = each n in [1, 2, 3] from 10 { a = slow(n) yield previous + a.x } return t }");
  assert_eq!(ran.value(), 16);
  assert_eq!((ran.peak(), ran.elapsed()), (1, 15_000));
}

#[test]
fn repeat_ends_at_its_condition_and_hands_on() {
  let program = |bound: u32, ending: &str| {
    format!(
      "worker score(n: int) -> int {{ mock {{ on {{ n: 0 }} => 5, on {{ n: 5 }} => 7, else => 9 }} }}
      orchestrator main() -> int {{
        got = repeat up to {bound} {{ s = score(previous ?? 0) yield s }} until s >= 8 {ending}
        return got
      }}"
    )
  };
  let ran = run(&program(3, ""));
  assert_eq!(ran.value(), 9);
  assert_eq!(ran.calls(), ["got[0].s", "got[1].s", "got[2].s"]);
  assert_eq!(kind(run(&program(2, "")).failure()), "exhausted");
  assert_eq!(run(&program(2, "else last")).value(), 7);
  let failed = run(&program(2, "else fail \"never good enough\""));
  assert_eq!(&*failed.failure().message, "never good enough");
  let another = run(&program(2, "else { e = echo(100) yield e.x }"));
  assert_eq!(another.value(), 100);
}

#[test]
fn repeat_may_begin_with_a_seed() {
  let ran = run(
    "type Page = { items: [int], next: int? }
    worker fetch(at: int?) -> Page { mock { on { at: 2 } => { items: [3], next: null }, else => { items: [1, 2], next: 2 } } }
    orchestrator main() -> [int] {
      all = repeat up to 5 from { items: [], next: null }: Page {
        page = fetch(previous.next)
        yield { items: previous.items + page.items, next: page.next }
      } until page.next == null
      return all.items
    }",
  );
  assert_eq!(*ran.value(), json!([1, 2, 3]));
}

#[test]
fn match_runs_only_the_arm_taken() {
  let ran = run_with(
    r#"orchestrator main(kind: "a" | "b") -> int {
      s = slow(1)
      r = match kind { "a" => echo(s.x), "b" => echo(20) }
      return r.x
    }"#,
    json!({ "kind": "b" }),
  );
  assert_eq!(ran.value(), 20);
  assert!(ran.calls().contains(&r#"r."b""#.to_owned()), "{:?}", ran.calls());
  let at = |path: &str| {
    ran
      .records
      .iter()
      .find(|record| matches!(&record.event, Event::AttemptRequested { path: own, .. } if &**own == path))
      .map(|record| record.at.0)
  };
  assert_eq!(
    at(r#"r."b""#),
    Some(0),
    "the arm taken does not wait for what another arm reads"
  );
}

#[test]
fn an_if_without_else_gives_null() {
  let program = "orchestrator main(go: bool) -> int { r = if go then echo(4) return r?.x ?? 0 }";
  assert_eq!(run_with(program, json!({ "go": true })).value(), 4);
  assert_eq!(run_with(program, json!({ "go": false })).value(), 0);
}

#[test]
fn catch_takes_a_failure_and_sees_it() {
  let ran = run(
    "worker explain(why: string) -> string { mock { on { why: \"broken\" } => \"seen\", else => \"no\" } }
    orchestrator main() -> string { s = { b = bad(1) yield \"${b.x}\" } catch explain(error.message) return s }",
  );
  assert_eq!(ran.value(), "seen");
}

#[test]
fn catch_may_be_chained() {
  let ran = run("orchestrator main() -> int { a = bad(1) catch bad(2) catch echo(3) return a.x }");
  assert_eq!(ran.value(), 3);
  assert_eq!(ran.calls().len(), 3);
  assert_eq!(ran.calls(), ["a", "a.catch", "a.catch#2"]);
}

#[test]
fn attempt_gives_an_outcome() {
  let ran = run(
    r#"orchestrator main() -> { ok: bool, why: string } {
      a = attempt bad(1)
      b = attempt echo(2)
      return { ok: b.ok, why: if a.ok then "fine" else a.error.message }
    }"#,
  );
  assert_eq!(*ran.value(), json!({ "ok": true, "why": "broken" }));
}

#[test]
fn a_handler_does_not_take_a_skip() {
  let ran = run("orchestrator main() -> bool { a = bad(1) b = attempt echo(a.x) return b.ok }");
  assert_eq!(&*ran.failure().step, "a");
}

#[test]
fn retries_wait_longer_and_longer_and_then_fail() {
  let ran = run(
    "worker flaky(x: int) -> int { mock { first 2 calls => fail exit 75, else => 1 }, retry 3 backoff 1s..30s }
    orchestrator main() -> int { a = flaky(1) return a }",
  );
  assert_eq!(ran.value(), 1);
  assert_eq!(ran.calls().len(), 3);
  let waits: Vec<i64> = ran
    .records
    .iter()
    .filter_map(|record| match record.event {
      Event::RetryScheduled { delay, .. } => Some(delay),
      _ => None,
    })
    .collect();
  assert!(
    waits.len() == 2 && (1_000..=2_000).contains(&waits[0]) && (1_000..=4_000).contains(&waits[1]),
    "{waits:?}"
  );
  let ran = run(
    "worker never(x: int) -> int { mock fail exit 75, retry 2 fixed 1s }
    orchestrator main() -> int { a = never(1) return a }",
  );
  assert_eq!((ran.failure().attempts, ran.elapsed()), (3, 2_000));
}

#[test]
fn retries_obey_their_filters() {
  let program = |filter: &str| {
    format!(
      "worker w(x: int) -> int {{ mock fail exit 2, retry 3 fixed 1s {filter} }} orchestrator main() -> int {{ a = w(1) return a }}"
    )
  };
  assert_eq!(run(&program("")).calls().len(), 4);
  assert_eq!(run(&program("on [timeout, exit 75]")).calls().len(), 1);
  assert_eq!(run(&program("on [exit 2]")).calls().len(), 4);
  assert_eq!(run(&program("unless [exit 2]")).calls().len(), 1);
}

#[test]
fn a_timeout_bounds_an_attempt_and_a_deadline_the_step() {
  let ran = run("orchestrator main() -> int { a = hang(1) with timeout 3s return a.x }");
  assert_eq!((kind(ran.failure()), ran.elapsed()), ("timeout".into(), 3_000));
  let ran = run(
    "worker h(x: int) -> int { mock hang, retry 5 fixed 1s } orchestrator main() -> int { a = h(1) with timeout 3s, deadline 10s return a }",
  );
  assert_eq!((kind(ran.failure()), ran.elapsed()), ("timeout".into(), 10_000));
  let ran = run("orchestrator main() -> int { a = { b = slow(1) c = slow(b.x) yield c.x } with deadline 7s return a }");
  assert_eq!((kind(ran.failure()), ran.elapsed()), ("timeout".into(), 7_000));
}

#[test]
fn a_delay_starts_later() {
  let ran = run("orchestrator main() -> int { a = echo(1) with delay 1h return a.x }");
  assert_eq!(ran.elapsed(), 3_600_000);
}

#[test]
fn a_worker_and_a_named_limit_bound_all_calls() {
  let ran = run(
    "worker w(x: int) -> int { mock delay 1s return 1, concurrent 3 }
    orchestrator main() -> int { xs = each n in range(9) with concurrent 9 => w(n) return len(xs) }",
  );
  assert_eq!((ran.peak(), ran.elapsed()), (3, 3_000));
  let ran = run(
    "limit two { concurrent 2 }
    worker w(x: int) -> int { mock delay 1s return 1, limit two }
    orchestrator main() -> int { a = w(1) b = w(2) c = w(3) d = w(4) return a + b + c + d }",
  );
  assert_eq!((ran.peak(), ran.elapsed()), (2, 2_000));
  let ran = run(
    "limit slowly { rate 2 per 1m }
    worker w(x: int) -> int { mock return 1, limit slowly }
    orchestrator main() -> int { xs = each n in range(5) => w(n) return len(xs) }",
  );
  assert_eq!(ran.elapsed(), 120_000);
}

#[test]
fn after_orders_without_data() {
  let ran = run("orchestrator main() -> int { b = echo(2) after a a = slow(1) return b.x + a.x }");
  assert_eq!(ran.calls(), ["a", "b"]);
}

#[test]
fn an_orchestrator_is_called_like_a_worker() {
  let ran = run(
    "orchestrator inner(n: int, plus: int = 10) -> int { a = echo(n + plus) return a.x }
    orchestrator main() -> [int] {
      one = inner(1)
      many = each n in [1, 2] => inner(n, plus: 0)
      return [one, ...many]
    }",
  );
  assert_eq!(*ran.value(), json!([11, 1, 2]));
  assert!(ran.calls().contains(&"many[1].a".to_owned()), "{:?}", ran.calls());
}

#[test]
fn messages_are_checked_on_both_sides() {
  let ran = run(
    "worker w(n: int(0..5)) -> int { mock return 1 } orchestrator main(n: json = 9) -> int { a = w(n as int(0..5)) return a }",
  );
  assert_eq!(kind(ran.failure()), "contract");
  let ran = run("worker w(n: int) -> int { mock malformed } orchestrator main() -> int { a = w(1) return a }");
  assert_eq!(kind(ran.failure()), "contract");
}

#[test]
fn expressions_fail_as_values_do() {
  for (expression, word) in [
    ("1 / (len(xs) - 0)", "zero"),
    ("[1, 2][len(xs) + 5]", "index"),
    ("9223372036854775807 + len(xs) + 1", "64 bits"),
  ] {
    let ran = run(&format!(
      "orchestrator main(xs: [int] = []) -> json {{ return {expression} }}"
    ));
    assert_eq!(kind(ran.failure()), "expression", "{expression}");
    assert!(ran.failure().message.contains(word), "{}", ran.failure().message);
  }
}

#[test]
fn run_is_in_scope_everywhere() {
  let ran = run("orchestrator main() -> [string] { return [run.id, run.tracker, run.directory, \"${run.started}\"] }");
  assert_eq!(*ran.value(), json!(["run", "tracker", "/here", "1970-01-01T00:00:00Z"]));
}

#[test]
fn ten_thousand_items_never_run_more_than_8_at_once() {
  let ran =
    run("orchestrator main() -> int { xs = each n in range(10000) with concurrent 8 => slow(n) return len(xs) }");
  assert_eq!((ran.value(), ran.peak()), (&json!(10_000), 8));
}
