//! From the text of a program to who may start: policies in their three places, budgets, and what follows.

use orch::hir::{Node, NodeKind, StepKind};

use super::*;

fn texts(ran: &Ran, of: impl Fn(&Event) -> Option<String>) -> Vec<String> {
  ran.records.iter().filter_map(|record| of(&record.event)).collect()
}

fn moves(ran: &Ran) -> Vec<String> {
  texts(ran, |event| match event {
    Event::BreakerMoved { worker, from, to } => Some(format!("{worker} {from:?} {to:?}")),
    _ => None,
  })
}

const GUARDED: &str = r#"
worker fetch(n: int) -> int {
  mock {
    first 3 calls => fail exit 1 "down"
    else          => n
  }
  breaker { open after 3, probe after 30s, close after 3 }
}
worker other(n: int) -> int { mock return n, breaker {} }
"#;

#[test]
fn the_script_of_the_circuit_breaker() {
  let ran = run(&format!(
    "{GUARDED}
    orchestrator main() -> json {{
      tasks = [0s, 0s, 0s, 0s, 0s, 30s, 0s, 0s, 0s]
      outcomes = each wait, n in tasks with concurrent 1, collect => fetch(n) with delay wait
      apart = other(1) after outcomes
      return {{ done: succeeded(outcomes), lost: [failure.kind for failure in failures(outcomes)], apart: apart }}
    }}"
  ));
  let expected = json!({
    "done": [5, 6, 7, 8], "lost": ["exit", "exit", "exit", "circuit_open", "circuit_open"], "apart": 1
  });
  assert_eq!(ran.value(), &expected);
  assert_eq!(
    moves(&ran),
    ["fetch Closed Open", "fetch Open HalfOpen", "fetch HalfOpen Closed"]
  );
}

#[test]
fn a_breaker_without_a_word_is_three_thirty_three() {
  let ran = run(
    "worker w(n: int) -> int { mock fail exit 1, breaker {} }
    orchestrator main() -> json {
      outcomes = each wait in [0s, 0s, 0s, 29s, 1s] with concurrent 1, collect => w(1) with delay wait
      return [failure.kind for failure in failures(outcomes)]
    }",
  );
  assert_eq!(ran.value(), &json!(["exit", "exit", "exit", "circuit_open", "exit"]));
}

#[test]
fn policies_of_admission_stand_in_their_places_and_can_be_taken_away() {
  let program = |worker: &str, call: &str| {
    format!(
      "defaults here {{ hedge after 1s, cache 1h, heartbeat 4s }}
      worker w(x: int) -> {{ x: int }} {{ mock delay 5s echo, {worker} }}
      orchestrator main() -> json {{ a = attempt w(1) {call} return a.ok }}"
    )
  };
  let seen = |worker: &str, call: &str| {
    let ran = run(&program(worker, call));
    let copies = ran.has(|event| matches!(event, Event::AttemptRequested { copy_of: Some(_), .. }));
    let asked = ran.has(|event| matches!(event, Event::CacheMissed { .. }));
    (ran.value() == &json!(true), copies, asked)
  };
  assert_eq!(seen("timeout 9s", ""), (true, false, false));
  assert_eq!(seen("...here", ""), (false, true, true), "it says nothing for 4s");
  assert_eq!(seen("...here, no heartbeat", ""), (true, true, true));
  assert_eq!(
    seen("...here, no heartbeat", "with no hedge, no cache"),
    (true, false, false)
  );
  assert_eq!(seen("timeout 9s", "with hedge after 2s, cache 1m"), (true, true, true));
}

#[test]
fn hedges_of_defaults_reach_idempotent_workers_only() {
  let checked = session::check(
    &Text(
      "defaults { timeout 9s, hedge after 1s }
      worker plain() { exec [\"true\"] }
      worker safe() { exec [\"true\"], idempotent }
      /// .
      orchestrator main() {
        plain()
        safe()
      }"
      .into(),
    ),
    Path::new("/main.orch"),
  );
  let program = checked.program.expect("a program");
  let steps = program.orchestrators[0].body.steps.iter();
  let hedged = steps.map(|step| match &step.kind {
    StepKind::Node(Node {
      kind: NodeKind::Work(call),
      ..
    }) => call.policies.hedge.is_some(),
    other => panic!("{other:?}"),
  });
  assert_eq!(hedged.collect::<Vec<_>>(), [false, true]);
}

#[test]
fn an_identical_call_later_in_the_run_is_reused() {
  let ran = run(
    "worker w(x: int) -> { x: int } { mock delay 5s echo, cache 1h }
    orchestrator main() -> json { a = w(1) b = w(1) after a c = w(2) after a return [a.x, b.x, c.x] }",
  );
  assert_eq!((ran.value(), ran.elapsed()), (&json!([1, 1, 2]), 10_000));
  let hits = texts(&ran, |event| match event {
    Event::CacheHit { from, .. } => Some(from.step.to_string()),
    _ => None,
  });
  assert_eq!(hits, ["a"]);
}

#[test]
fn budgets_are_those_of_parameters_and_constants() {
  let program = "let price = 0.5
    worker w(x: int) -> { x: int } { mock echo, budget { cost price } }
    orchestrator spend(calls: int, dollars: float) -> int {
      budget { calls calls, cost dollars }
      xs = each x in range(9) with collect => w(x)
      return len(succeeded(xs))
    }
    orchestrator main() -> json {
      a = spend(3, 100)
      b = spend(100, 2.25)
      c = attempt spend(5, -1)
      return [a, b, if c.ok then 0 else 1]
    }";
  assert_eq!(run(program).value(), &json!([3, 4, 1]));
}

#[test]
fn a_spent_budget_is_taken_like_any_failure() {
  let ran = run(
    "orchestrator main() -> json {
      budget { calls 1 }
      a = echo(1)
      b = { c = echo(a.x) yield c.x } catch 7
      return b
    }",
  );
  assert_eq!(ran.value(), 7);
  assert!(ran.has(
    |event| matches!(event, Event::FailureTaken { failure, .. } if failure.kind == orch::value::FailureKind::Budget)
  ));
}

#[test]
fn the_time_of_a_budget_ends_its_orchestrator() {
  let ran = run(
    "orchestrator inner() -> int { budget { time 7s } a = slow(1) b = slow(a.x) return b.x }
    orchestrator main() -> json { x = attempt inner() return [x.ok] }",
  );
  assert_eq!((ran.value(), ran.elapsed()), (&json!([false]), 7_000));
  let ran = run("orchestrator main() -> int { budget { time 7s } a = slow(1) b = slow(a.x) return b.x }");
  assert_eq!(kind(ran.failure()), "budget");
  assert_eq!(&*ran.failure().message, "the budget of `main` is spent: 7s of run time");
}

#[test]
fn attempts_under_hedges_and_retries_never_pass_their_slots() {
  let ran = run(
    "limit two { concurrent 2 }
    worker w(x: int) -> { x: int } {
      mock {
        first 5 calls => delay 3s fail exit 1
        else          => delay 3s echo
      }
      limit two, hedge after 1s, retry 9 fixed 1s, cache 1h
    }
    orchestrator main() -> json {
      xs = each x in range(6) with concurrent 6 => w(x)
      return len(xs)
    }",
  );
  assert_eq!((ran.value(), ran.peak()), (&json!(6), 2));
}
