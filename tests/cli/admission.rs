//! Breakers, hedges, kept outcomes, budgets and silence with real processes, and over runs.

use serde_json::Value;

use super::room::{Room, Seen, json, until};

/// How often a worker ran: it makes a line each time.
fn lines(room: &Room, file: &str) -> usize {
  std::fs::read_to_string(room.path().join(file))
    .unwrap_or_default()
    .lines()
    .count()
}

fn summary(seen: &Seen) -> Value {
  let last = seen.err.lines().last().expect("a summary");
  json(last)["summary"].clone()
}

fn run(room: &Room, words: &[&str]) -> Seen {
  room.orch(&[&["run", "main.orch", "--format", "json"][..], words].concat())
}

const HEDGED: &str = r#"
worker answer() -> string {
  shell """
    if mkdir first 2>/dev/null; then
      trap 'echo ended >> ended; exit 9' TERM
      sleep 1000 & wait $!
    fi
    echo '"second"'
    """
  timeout 2m
  hedge   after 100ms
  idempotent
}

/// Asks twice, takes the answer that comes.
orchestrator main() -> string {
  text = answer()
  return text
}
"#;

#[test]
fn a_hedge_answers_for_a_straggler_and_ends_it() {
  let room = Room::with(&[("main.orch", HEDGED)]);
  let seen = run(&room, &[]);
  assert_eq!((seen.exit, seen.out.as_str()), (Some(0), "\"second\"\n"), "{seen:?}");
  assert_eq!(lines(&room, "ended"), 1, "the loser was told to end, and did");
  let worker = &summary(&seen)["workers"][0];
  assert_eq!(
    (&worker["calls"], &worker["copies"], &worker["failed"]),
    (&1.into(), &1.into(), &0.into())
  );
  room.assert_left_clean();
}

const BUDGET: &str = r#"
worker spend(n: int) -> int {
  shell   """
    echo run >> ran
    echo '::orch cost=0.10 tokens=7' >&2
    echo "$n"
    """
  timeout 1m
  budget  { cost $0.30 }
}

/// Four are asked for.
orchestrator main() -> { done: [int], lost: [string] } {
  budget { calls 3, cost $1 }
  outcomes = each n in [1, 2, 3, 4] with collect => spend(n)
  return { done: succeeded(outcomes), lost: [failure.message for failure in failures(outcomes)] }
}
"#;

#[test]
fn a_budget_of_three_calls_stops_the_fourth() {
  let room = Room::with(&[("main.orch", BUDGET)]);
  let seen = run(&room, &[]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  let result = json(&seen.out);
  assert_eq!(result["done"].as_array().map(Vec::len), Some(3));
  assert_eq!(result["lost"][0], "the budget of `main` is spent: 3 of 3 calls");
  assert_eq!(lines(&room, "ran"), 3);
  let summary = summary(&seen);
  assert_eq!(summary["budget"]["calls"], 3);
  assert_eq!(
    summary["budget"]["cost"], 0.3,
    "what was reported, not what was reserved"
  );
  assert_eq!(
    (&summary["workers"][0]["cost"], &summary["workers"][0]["tokens"]),
    (&0.3.into(), &21.into())
  );
}

#[test]
fn what_costs_nothing_known_is_unknown() {
  let program = BUDGET.replace("echo '::orch cost=0.10 tokens=7' >&2", ":");
  let room = Room::with(&[("main.orch", &program)]);
  let seen = run(&room, &[]);
  assert_eq!(summary(&seen)["workers"][0].get("cost"), None);
  assert_eq!(
    summary(&seen)["budget"]["cost"],
    0.9,
    "a worker that says nothing may have spent it all"
  );
}

const CACHED: &str = r#"
worker solve(n: int) -> int {
  exec    ["sh", "solve.sh", n]
  timeout 1m
  cache   1d
  uses    ["solve.sh"]
}

/// Solves one thing.
orchestrator main(n: int) -> int {
  answer = solve(n)
  return answer
}
"#;

const SOLVE: &str = "echo run >> ran\nexpr \"$1\" \\* 2\n";

#[test]
fn an_outcome_is_reused_by_the_next_run() {
  let room = Room::with(&[("main.orch", CACHED), ("solve.sh", SOLVE)]);
  let answer = |n: &str| {
    let seen = run(&room, &["--n", n]);
    assert_eq!(seen.exit, Some(0), "{seen:?}");
    let reused = summary(&seen)["workers"][0].get("reused").cloned();
    (seen.out.trim().to_owned(), reused.is_some(), lines(&room, "ran"))
  };
  assert_eq!(answer("21"), ("42".into(), false, 1));
  assert_eq!(answer("21"), ("42".into(), true, 1), "nothing runs");
  assert_eq!(answer("22"), ("44".into(), false, 2), "another input");
  std::fs::write(room.path().join("solve.sh"), SOLVE.replace("2", "3")).expect("a file");
  assert_eq!(answer("21"), ("63".into(), false, 3), "another file");
  std::fs::write(room.path().join("main.orch"), CACHED.replace("Solves", "Doubles")).expect("a file");
  assert_eq!(answer("21"), ("63".into(), true, 3), "the same worker in another text");
}

#[test]
fn the_journal_says_whose_outcome_it_was() {
  let room = Room::with(&[("main.orch", CACHED), ("solve.sh", SOLVE)]);
  run(&room, &["--n", "1"]);
  let seen = room.orch(&["run", "main.orch", "--n", "1", "--events", "events.jsonl"]);
  assert!(
    seen.err.contains("answer: reuses the outcome of answer in run "),
    "{}",
    seen.err
  );
  let events = std::fs::read_to_string(room.path().join("events.jsonl")).expect("events");
  let hit = events
    .lines()
    .map(json)
    .find(|event| event["event"] == "cache_hit")
    .expect("a hit");
  assert_eq!((&hit["value"], &hit["from"]["step"]), (&2.into(), &"answer".into()));
}

const SILENT: &str = r#"
worker hang() {
  shell     """echo begun >&2; sleep 1000"""
  timeout   2m
  heartbeat 200ms
}

/// Waits for nothing.
orchestrator main() { hang() }
"#;

#[test]
fn a_worker_that_says_nothing_is_ended() {
  let room = Room::with(&[("main.orch", SILENT)]);
  let seen = room.orch(&["run", "main.orch", "-q"]);
  assert_eq!(seen.exit, Some(1), "{seen:?}");
  assert!(
    seen.err.starts_with("failed: timeout: it said nothing for 200ms\n"),
    "{}",
    seen.err
  );
  assert!(seen.err.contains("| begun"), "{}", seen.err);
  room.assert_left_clean();
}

/// Each call takes the first letter of `script`: `S` or `F`. After some of them, so much time passes.
const GUARDED: &str = r#"
worker probe_me(name: string) -> string {
  shell """
    letter=$(head -c 1 "$name"); tail -c +2 "$name" > "$name.rest"; mv "$name.rest" "$name"
    echo "$letter" >> ran
    if [ "$letter" = F ]; then exit 1; fi
    echo '"done"'
    """
  timeout 1m
  breaker { open after 3, probe after 3s, close after 3 }
}

/// So many calls, one after the other.
orchestrator main(calls: int(0..20)) -> { done: int, lost: int, skipped: int } {
  outcomes = each n in range(calls) with concurrent 1, collect => probe_me("script")
  lost     = failures(outcomes)
  return {
    done:    len(succeeded(outcomes))
    lost:    count(lost, it.kind == "exit")
    skipped: count(lost, it.kind == "circuit_open")
  }
}
"#;

fn calls(room: &Room, calls: &str) -> (Value, Value) {
  let seen = run(room, &["--calls", calls]);
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  let breakers = summary(&seen).get("breakers").cloned().unwrap_or_default();
  (json(&seen.out), breakers[0]["places"].clone())
}

#[test]
fn a_breaker_outlives_its_run_and_its_process() {
  let room = Room::with(&[("main.orch", GUARDED), ("script", "FFFSSSSS")]);
  let outcome =
    |done: i32, lost: i32, skipped: i32| serde_json::json!({ "done": done, "lost": lost, "skipped": skipped });
  assert_eq!(
    calls(&room, "2"),
    (outcome(0, 2, 0), Value::Null),
    "two failures are not three"
  );
  let opened = calls(&room, "3");
  assert_eq!(
    opened,
    (outcome(0, 1, 2), serde_json::json!(["closed", "open"])),
    "one more opens it"
  );
  let program = GUARDED.replace("So many", "As many");
  std::fs::write(room.path().join("main.orch"), program).expect("a file");
  until("a probe may pass", || calls(&room, "1").0["skipped"] == 0);
  assert_eq!(
    calls(&room, "2"),
    (outcome(2, 0, 0), Value::Null),
    "half-open lets all pass"
  );
  let closed = calls(&room, "2");
  assert_eq!(closed, (outcome(2, 0, 0), serde_json::json!(["half_open", "closed"])));
  assert_eq!(lines(&room, "ran"), 8);
}
