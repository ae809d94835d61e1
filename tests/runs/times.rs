//! Time in runs: timeouts, deadlines, delays, retries, windows, rates.

use serde_json::json;

use super::*;

#[test]
fn a_timeout_begins_at_admission_and_a_deadline_when_ready() {
  let program = |policies: &str| {
    format!(
      "limit one {{ concurrent 1 }}
      worker w(x: int) -> {{ x: int }} {{ mock delay 5s echo, limit one, timeout 6s }}
      orchestrator main() -> int {{ a = w(1) b = w(2) {policies} return a.x + b.x }}"
    )
  };
  let ran = run(&program(""));
  assert_eq!((ran.value(), ran.elapsed()), (&json!(3), 10_000));
  let ran = run(&program("with deadline 7s"));
  let failure = ran.failure();
  assert_eq!((kind(failure), ran.elapsed()), ("timeout".into(), 7_000));
  assert_eq!(
    (&*failure.step, failure.worker.as_deref(), failure.attempts),
    ("b", Some("w"), 1)
  );
  let ran = run(&program("with deadline 4s"));
  assert_eq!(
    (ran.failure().attempts, ran.elapsed()),
    (0, 4_000),
    "it was never admitted"
  );
}

#[test]
fn a_deadline_holds_for_every_kind_of_node() {
  for node in [
    "each n in range(9) with concurrent 1, deadline 7s => slow(n)",
    "each n in range(9) from 0 with deadline 7s { a = slow(n) yield a.x + previous }",
    "repeat up to 9 { a = slow(1) yield a.x } until a.x == 9 else last with deadline 7s",
    "nested() with deadline 7s",
    "{ a = slow(1) b = slow(a.x) yield b.x } with deadline 7s",
    "hang(1) with timeout 9s, deadline 7s",
    "echo(1) with delay 8s, deadline 7s",
    "never(1) with deadline 7s",
  ] {
    let program = format!(
      "worker never(x: int) -> int {{ mock hang, timeout 6s, retry 3 fixed 900ms }}
      orchestrator nested() -> int {{ a = slow(1) b = slow(a.x) return b.x }}
      orchestrator main() -> json {{ x = {node} return x }}"
    );
    let ran = run(&program);
    assert_eq!(
      (kind(ran.failure()).as_str(), &*ran.failure().step, ran.elapsed()),
      ("timeout", "x", 7_000),
      "{node}"
    );
  }
}

#[test]
fn a_deadline_ends_with_its_node() {
  let ran = run("orchestrator main() -> int { a = echo(1) with deadline 1s b = slow(a.x) return b.x }");
  assert_eq!(ran.elapsed(), 5_000);
  assert!(!ran.has(|event| matches!(event, Event::DeadlinePassed { .. })));
}

#[test]
fn no_retry_is_made_past_the_deadline_of_anything_around() {
  let ran = run(
    "worker w(x: int) -> int { mock fail exit 75, retry 9 fixed 3s }
    orchestrator main() -> int { a = { b = w(1) yield b } with deadline 7s return a }",
  );
  let failure = ran.failure();
  assert_eq!(
    (kind(failure), failure.attempts, ran.elapsed()),
    ("exit".into(), 3, 6_000)
  );
}

#[test]
fn a_lost_delay_has_a_worker_and_no_attempt() {
  let ran = run("orchestrator main() -> int { a = echo(1) with delay 8s, deadline 7s return a.x }");
  assert_eq!(
    (ran.failure().worker.as_deref(), ran.failure().attempts),
    (Some("echo"), 0)
  );
}

#[test]
fn a_delay_holds_no_slot_and_waits_once() {
  let ran = run(
    "limit one { concurrent 1 }
    worker w(x: int) -> { x: int } { mock delay 5s echo, limit one }
    worker flaky(x: int) -> int { mock { first 1 calls => fail exit 75, else => 1 }, retry 1 fixed 1s }
    orchestrator main() -> int {
      a = w(1) with delay 4s
      b = w(2)
      c = flaky(1) with delay 4s
      return a.x + b.x + c
    }",
  );
  assert_eq!(ran.elapsed(), 10_000);
  let ran = run(
    "worker flaky(x: int) -> int { mock { first 1 calls => fail exit 75, else => 1 }, retry 1 fixed 1s }
    orchestrator main() -> int { c = flaky(1) with delay 4s return c }",
  );
  assert_eq!(ran.elapsed(), 5_000, "the delay is the step's, not the attempt's");
}

#[test]
fn every_start_takes_a_token_also_a_retry() {
  let ran = run(
    "limit slowly { rate 2 per 1m }
    worker flaky(x: int) -> int { mock { first 2 calls => fail exit 75, else => 1 }, limit slowly, retry 2 fixed 1s }
    orchestrator main() -> int { a = flaky(1) return a }",
  );
  assert_eq!(ran.elapsed(), 60_000);
}

#[test]
fn the_key_is_the_steps_and_the_attempt_counts() {
  let program = "worker w(x: int) -> { key: string, attempt: int, before: string? } {
      mock { first 2 calls => fail exit 75, else => return { key: call.key, attempt: call.attempt, before: call.error?.kind } }
      retry 2 fixed 1s
    }
    orchestrator main() -> json { a = w(1) b = w(1) after a return [a, b] }";
  let (once, again) = (run(program), run(program));
  let value = once.value();
  assert_eq!(value, again.value());
  assert_eq!((&value[0]["attempt"], &value[0]["before"]), (&json!(3), &json!("exit")));
  assert_eq!((&value[1]["attempt"], &value[1]["before"]), (&json!(1), &json!(null)));
  assert_ne!(value[0]["key"], value[1]["key"]);
  assert_eq!(once.records, again.records, "the same seed gives the same run");
}

#[test]
fn iterations_have_paths_and_see_the_one_before() {
  let ran = run(
    "orchestrator main() -> json {
      x = repeat up to 5 from 10 { a = echo(previous + 1) yield a.x } until a.x >= 12 and previous >= 11 else last
      return x
    }",
  );
  assert_eq!(ran.value(), 12);
  assert_eq!(ran.calls(), ["x[0].a", "x[1].a"]);
  let ran = run(
    "orchestrator main() -> json {
      x = repeat up to 2 { a = echo(previous?? 0) yield a.x + 1 } until a.x > 9 else bad(previous)
      return x
    }",
  );
  assert_eq!(
    (&*ran.failure().step, ran.calls()),
    ("x.else", vec!["x[0].a".into(), "x[1].a".into(), "x.else".into()])
  );
}

#[test]
fn a_window_that_is_filled_again_starts_in_the_order_of_the_items() {
  let ran = run("orchestrator main() -> int { xs = each n in range(50) with concurrent 7 => slow(n) return len(xs) }");
  let expected: Vec<String> = (0..50).map(|n| format!("xs[{n}]")).collect();
  assert_eq!((ran.calls(), ran.peak()), (expected, 7));
}

#[test]
fn scopes_may_stand_deep_in_one_another() {
  // a step and its block are a level each
  let depth = 95;
  let (mut opened, mut closed) = (String::new(), String::new());
  for at in 0..depth {
    opened += &format!("s{at} = {{ ");
    closed = format!("yield s{} }} {closed}", at + 1);
  }
  let ran = run(&format!(
    "orchestrator main() -> int {{ {opened} s{depth} = 1 {closed} return s0 }}"
  ));
  assert_eq!(ran.value(), 1);
}
