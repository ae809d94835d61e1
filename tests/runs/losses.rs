//! How runs are lost: order, kinds and causes, who takes a failure, and what it says.

use serde_json::json;

use super::*;

/// What became of steps, `ok path` and the like, in order.
fn ends(ran: &Ran) -> Vec<String> {
  let end = |record: &Record| match &record.event {
    Event::StepSucceeded { path, .. } => Some(format!("ok {path}")),
    Event::StepFailed { path, .. } => Some(format!("failed {path}")),
    Event::StepSkipped { path, cause } => Some(format!("skipped {path} for {cause}")),
    Event::StepCancelled { path, cause } => Some(format!("cancelled {path} for {cause}")),
    Event::NotTaken { path } => Some(format!("not taken {path}")),
    Event::FailureTaken { path, .. } => Some(format!("taken {path}")),
    _ => None,
  };
  ran.records.iter().filter_map(end).collect()
}

#[test]
fn inner_scopes_are_lost_before_outer_ones() {
  let ran = run(
    "orchestrator inner() -> int { h = hang(1) after0 = echo(h.x) return after0.x }
    orchestrator main() -> int {
      a = { b = { h = hang(1) c = echo(h.x) yield c.x } d = inner() yield b + d }
      s = slow(1)
      f = bad(s.x)
      z = echo(f.x)
      return a + z.x
    }",
  );
  assert_eq!(
    ends(&ran),
    [
      "ok s",
      "failed f",
      "skipped z for f",
      "skipped a.b.c for f",
      "skipped a.d.after0 for f",
      "cancelled a.b.h for f",
      "cancelled a.b for f",
      "cancelled a.d.h for f",
      "cancelled a.d for f",
      "cancelled a for f",
    ]
  );
  assert_eq!(&*ran.failure().step, "f");
}

#[test]
fn what_was_ready_and_never_started_is_skipped() {
  let ran = run(
    "limit one { concurrent 1 }
    worker w(x: int) -> { x: int } { mock delay 2s echo, limit one }
    orchestrator main() -> int {
      a = w(1)
      b = w(2)
      c = echo(3) with delay 1h
      d = slow(4)
      f = bad(1) with delay 1s
      return a.x + b.x + c.x + d.x + f.x
    }",
  );
  let mut ends = ends(&ran);
  ends.sort();
  assert_eq!(
    ends,
    [
      "cancelled a for f",
      "cancelled d for f",
      "failed f",
      "skipped b for f",
      "skipped c for f"
    ]
  );
  assert_eq!(ran.elapsed(), 1_000);
}

#[test]
fn a_call_between_two_attempts_was_running() {
  let ran = run(
    "worker w(x: int) -> int { mock fail exit 75, retry 3 fixed 10s }
    orchestrator main() -> int { a = w(1) s = slow(1) f = bad(s.x) return a + f.x }",
  );
  assert_eq!(ends(&ran), ["ok s", "failed f", "cancelled a for f"]);
}

#[test]
fn an_arm_whose_need_is_lost_is_skipped_and_no_handler_takes_that() {
  let ran = run(
    "orchestrator main(yes: bool = true) -> json {
      need = slow(1)
      bad_one = bad(need.x)
      a = attempt if yes then echo(bad_one.x) else echo(1)
      b = bad(1) catch echo(bad_one.x) catch echo(2)
      return [a, b.x]
    }",
  );
  assert_eq!(&*ran.failure().step, "bad_one");
  assert!(ran.failure().causes.is_empty());
  let lost = ends(&ran);
  for line in [
    "skipped a.then for bad_one",
    "cancelled a for bad_one",
    "skipped b.catch for bad_one",
    "cancelled b for bad_one",
  ] {
    assert!(lost.contains(&line.to_owned()), "{line}: {lost:#?}");
  }
  assert!(!ran.calls().contains(&"b.catch#2".to_owned()), "{:?}", ran.calls());
}

#[test]
fn an_arm_waits_for_what_it_reads_only_once_it_is_taken() {
  for (yes, took) in [(true, 10_000), (false, 5_000)] {
    let ran = run_with(
      "orchestrator main(yes: bool) -> int {
        late = slow(1)
        a = if yes then slow(late.x) else echo(2)
        return a.x
      }",
      json!({ "yes": yes }),
    );
    assert_eq!(ran.elapsed(), took);
  }
}

#[test]
fn handlers_do_not_take_what_is_ended_from_outside() {
  let ran = run(
    "orchestrator main() -> json {
      a = hang(1) catch echo(1)
      b = attempt hang(2)
      c = each n in [1, 2] with collect => hang(n)
      s = slow(1)
      f = bad(s.x)
      return { a, b, c, f }
    }",
  );
  assert_eq!(&*ran.failure().step, "f");
  assert_eq!(ran.calls(), ["a", "b", "c[0]", "c[1]", "s", "f"]);
  assert!(
    !ran.has(|event| matches!(event, Event::FailureTaken { .. })),
    "{:#?}",
    ends(&ran)
  );
}

#[test]
fn a_handler_around_a_block_sees_what_failed_inside() {
  let ran = run(
    "orchestrator main() -> json {
      a = attempt each n in [4, 5] { b = bad(n) c = hang(n) yield b.x + c.x }
      d = { e = bad(9) yield e.x } catch error.step
      return [a.ok, if a.ok then null else [a.error.step, a.error.item, a.error.attempts, a.error.code], d]
    }",
  );
  assert_eq!(*ran.value(), json!([false, ["a[0].b", 4, 1, 3], "d.e"]));
}

#[test]
fn an_early_return_takes_nothing_and_cancels_what_runs_also_inside() {
  let ran = run(
    "orchestrator inner() -> string {
      a = slow(1)
      h = { w = hang(1) z = echo(w.x) yield z.x }
      d = echo(2) with delay 1h
      return \"early\" when a.x == 1
      never = echo(h + d.x)
      return \"late ${never.x}\"
    }
    orchestrator main() -> string { x = inner() return x }",
  );
  assert_eq!(ran.value(), "early");
  assert_eq!(
    ends(&ran),
    [
      "ok x.a",
      "ok x.return#1",
      "not taken x.never",
      "skipped x.h.z for x.return#1",
      "not taken x.d",
      "cancelled x.h.w for x.return#1",
      "cancelled x.h for x.return#1",
      "ok x",
    ]
  );
}

#[test]
fn gates_in_a_block_hold_back_that_block_alone() {
  let ran = run(
    r#"orchestrator main() -> [int] {
      xs = each n in [1, 2] {
        require n < 9, "no"
        a = slow(n)
        note("a ${a.x}")
        b = slow(n) after a
        yield b.x
      }
      c = slow(3)
      return [...xs, c.x]
    }"#,
  );
  assert_eq!(ran.elapsed(), 10_000);
  assert_eq!(
    ran.calls(),
    [
      "xs[0].a",
      "xs[1].a",
      "c",
      "xs[0].note#1",
      "xs[1].note#1",
      "xs[0].b",
      "xs[1].b"
    ]
  );
}

#[test]
fn a_false_require_inside_is_a_failure_of_its_scope() {
  let ran = run(
    r#"orchestrator main() -> json {
      xs = each n in [1, 2] with collect { require n > 1, "too small: ${n}" a = echo(n) yield a.x }
      return [failures(xs), succeeded(xs)]
    }"#,
  );
  let [failures, succeeded] = ["/0/0", "/1"].map(|at| ran.value().pointer(at).expect("it is there"));
  assert_eq!(*succeeded, json!([2]));
  assert_eq!(
    [
      &failures["kind"],
      &failures["message"],
      &failures["step"],
      &failures["item"]
    ],
    [
      &json!("required"),
      &json!("too small: 1"),
      &json!("xs[0].require#1"),
      &json!(1)
    ]
  );
}

#[test]
fn a_failure_of_a_call_says_all_that_is_known() {
  let ran = run(
    "worker w(x: int) -> int { mock fail exit 75 \"broken\", retry 2 fixed 1s }
    orchestrator main() -> [int] { xs = each n in [{ id: 7 }] => w(n.id) return xs }",
  );
  let failure = serde_json::to_value(ran.failure()).expect("JSON");
  assert_eq!(
    failure,
    json!({ "kind": "exit", "message": "broken", "worker": "w", "step": "xs[0]", "item": { "id": 7 },
      "attempts": 3, "code": 75 })
  );
}

#[test]
fn contract_failures_name_the_side_and_the_place() {
  let whole = |ran: &Ran| {
    let failure = ran.failure();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    assert_eq!(kind(failure), "contract");
    (failure.message.to_string(), text(&failure.at), failure.attempts)
  };
  let ran = run(
    "worker w(in_: { a: [int(0..5)] }) -> int { mock return 1, retry 3 fixed 1s }
    orchestrator main(n: json = [1, 9]) -> int { a = w({ a: n as [int(0..5)] }) return a }",
  );
  let (message, at, attempts) = whole(&ran);
  assert!(message.starts_with("in this program"), "{message}");
  assert_eq!((at.as_str(), attempts), ("$[1]", 0), "{message}");
  assert_eq!(
    ran.calls(),
    Vec::<String>::new(),
    "an input that does not fit is not tried"
  );

  let ran = run(
    "worker w(a: [int]) -> { a: [int(0..5)] } { mock echo, retry 2 fixed 1s }
    orchestrator main() -> json { a = w([1, 9]) return a }",
  );
  let (message, at, attempts) = whole(&ran);
  assert!(
    message.starts_with("the output of `w` does not fit at $.a[1]"),
    "{message}"
  );
  assert_eq!((at.as_str(), attempts, ran.calls().len()), ("$.a[1]", 3, 3));
  assert_eq!(ran.failure().worker.as_deref(), Some("w"));
}

#[test]
fn a_failed_fallback_is_the_failure() {
  let ran = run("orchestrator main() -> int { a = hang(1) with deadline 1s catch bad(2) return a.x }");
  assert_eq!(
    (&*ran.failure().step, kind(ran.failure()).as_str()),
    ("a.catch", "exit")
  );
}

#[test]
fn a_scope_fails_once_nothing_in_it_runs_and_its_failure_is_a_cause_then() {
  let ran = run(
    "worker w(x: int) -> { x: int } { mock delay 1s fail exit 4 }
    orchestrator main() -> int {
      a = { x = w(1) y = hang(1) yield x.x + y.x }
      b = w(2)
      return a + b.x
    }",
  );
  let failure = ran.failure();
  let causes: Vec<_> = failure.causes.iter().map(|cause| &*cause.step).collect();
  assert_eq!((&*failure.step, causes, ran.elapsed()), ("b", vec!["a.x"], 1_000));
}
