//! Random programs that say what they come to. Every worker is a real process that leaves a line in `log`; what it answers
//! is here once more, for runs without processes.

use orch::protocol::{RawAnswer, WorkerError};
use orch::value::FailureKind;

use crate::common::draw::Draw;

/// Workers that may be run again. What each gives is a function of its input alone. Those that end something say so.
const WORKERS: &str = r#"
defaults { timeout 1m }
worker work(x: int) -> int {
  shell """echo "$ORCH_KEY $ORCH_ATTEMPT" >> "$LOG"; sleep 0.00$((x % 10)); echo $(( (x * 3 + 1) % 1000 ))"""
  env { LOG: log }, idempotent
}
worker flaky(x: int) -> int {
  shell """echo "$ORCH_KEY $ORCH_ATTEMPT" >> "$LOG"; [ "$ORCH_ATTEMPT" -gt 1 ] && echo $(( (x + 7) % 1000 ))"""
  env { LOG: log }, idempotent, retry 2 fixed 1ms
}
worker odd(x: int) -> int {
  shell """echo "$ORCH_KEY $ORCH_ATTEMPT" >> "$LOG"; [ $((x % 2)) = 1 ] && echo "$x" """
  env { LOG: log }, idempotent
}
worker revert(x: int) {
  shell """echo "end $ORCH_KEY" >> "$LOG" """
  env { LOG: log }, idempotent
}
pool crew = [work, flaky]
worker planner(x: int) -> Plan<crew>(..4) {
  shell """
    echo "$ORCH_KEY $ORCH_ATTEMPT" >> "$LOG"
    printf '{"assignments":[{"id":"a","worker":"work","input":{"x":%s}},{"id":"b","worker":"flaky","input":{"x":{"$ref":"a"}}}]}' "$x"
    """
  env { LOG: log }, idempotent
}
orchestrator both(x: int) -> int {
  a = work(x)
  b = flaky(a)
  return a + b
}
"#;

/// A program, its result, and how many calls that end something it makes.
pub struct Program {
  pub text: String,
  pub result: Vec<i64>,
  pub endings: usize,
}

fn work(x: i64) -> i64 {
  (x * 3 + 1) % 1000
}

fn flaky(x: i64) -> i64 {
  (x + 7) % 1000
}

/// What a worker answers to `x` in this attempt.
pub fn answer(worker: &str, x: i64, attempt: u32) -> Result<RawAnswer, WorkerError> {
  let lost = || WorkerError {
    kind: FailureKind::Exit,
    message: "lost".into(),
    code: Some(1),
    log: None,
  };
  let text = match worker {
    "work" => work(x).to_string(),
    "flaky" if attempt > 1 => flaky(x).to_string(),
    "odd" if x % 2 == 1 => x.to_string(),
    "revert" => String::new(),
    "planner" => format!(
      r#"{{"assignments":[{{"id":"a","worker":"work","input":{{"x":{x}}}}},{{"id":"b","worker":"flaky","input":{{"x":{{"$ref":"a"}}}}}}]}}"#
    ),
    _ => return Err(lost()),
  };
  Ok(RawAnswer::Process {
    stdout: text.into_bytes(),
    stderr_tail: String::new(),
    exit: 0,
  })
}

/// A program of 2 to 7 steps, each of which may read those before.
pub fn program(seed: u64, log: &str) -> Program {
  let mut draw = Draw::new(seed);
  let mut values = vec![draw.below(50) as i64];
  let mut steps = vec![format!("  s0 = work({})", values[0])];
  let mut endings = 0;
  values[0] = work(values[0]);
  for at in 1..2 + draw.below(6) as usize {
    let (step, value, ends) = step(&mut draw, at, &values);
    steps.push(step);
    values.push(value);
    endings += ends;
  }
  let names: Vec<String> = (0..values.len()).map(|at| format!("s{at}")).collect();
  let text = format!(
    "let log = \"{log}\"\n{WORKERS}\norchestrator main() -> [int] {{\n{}\n  return [{}]\n}}\n",
    steps.join("\n"),
    names.join(", ")
  );
  Program {
    text,
    result: values,
    endings,
  }
}

fn step(draw: &mut Draw, at: usize, values: &[i64]) -> (String, i64, usize) {
  let from = draw.below(values.len() as u64) as usize;
  let (x, v) = (format!("s{from}"), values[from]);
  let odds = |from: i64| (from..from + 4).filter(|x| x % 2 == 1).sum::<i64>();
  let mut endings = 0;
  let (form, value) = match draw.below(16) {
    0 | 1 => (format!("work({x} + {at})"), work(v + at as i64)),
    2 => (format!("flaky({x})"), flaky(v)),
    3 => (
      format!("odd({x}) catch work({x})"),
      if v % 2 == 1 { v } else { work(v) },
    ),
    4 => {
      let all = [v, v + 1, v + 2, v + 3].map(work);
      let body = format!("{{ xs = each x in range({x}, {x} + 4) with concurrent 2 => work(x) yield sum(xs) }}");
      (body, all.iter().sum())
    }
    5 => {
      let body = format!("{{ xs = each x in range({x}, {x} + 4) with collect => odd(x) yield sum(succeeded(xs)) }}");
      (body, odds(v))
    }
    6 => {
      let body = format!("{{ r = repeat up to 3 {{ n = work(previous ?? {x}) yield n }} yield r }}");
      (body, work(work(work(v))))
    }
    7 => {
      let body = format!("{{ xs = each x in range({x}, {x} + 4) with tolerate 2 => odd(x) yield sum(xs) }}");
      (body, odds(v))
    }
    8 => {
      let body = format!("match {x} % 3 {{ 0 => work({x}), 1 => flaky({x}), else => {x} }}");
      let value = match v % 3 {
        0 => work(v),
        1 => flaky(v),
        _ => v,
      };
      (body, value)
    }
    9 => (format!("both({x})"), work(v) + flaky(work(v))),
    10 => {
      let body = format!("{{ o = attempt odd({x}) yield if o.ok then o.value else 9 }}");
      (body, if v % 2 == 1 { v } else { 9 })
    }
    11 => {
      // both are undone, since the last one fails
      endings = 2;
      let body = format!(
        "{{ t = work({x}) undo revert(t) u = flaky(t) undo revert(u) w = odd(u * 2) yield w }} catch work({x} + 1)"
      );
      (body, work(v + 1))
    }
    12 => {
      endings = 1;
      (
        format!("{{ t = work({x}) finally revert(t) u = flaky(t) yield u }}"),
        flaky(work(v)),
      )
    }
    13 => (format!("{{ p = planner({x}) r = run p with collect yield len(r) }}"), 2),
    14 => {
      // nothing is undone, and what was opened is closed
      endings = 1;
      (
        format!("{{ t = both({x}) undo revert(t) finally revert(t) yield t }}"),
        work(v) + flaky(work(v)),
      )
    }
    _ => (
      format!("each x in [1, 2, 3] from {x} => flaky(previous + x)"),
      (1..=3).fold(v, |sum, x| flaky(sum + x)),
    ),
  };
  (format!("  s{at} = {form}"), value, endings)
}
