//! Random programs that say what they come to. Every worker is a real process that leaves a line in `log`.

/// Workers that may be run again. What each gives is a function of its input alone.
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
"#;

/// A program and its result.
pub struct Program {
  pub text: String,
  pub result: Vec<i64>,
}

/// Numbers that are the same for the same seed.
pub struct Draw(u64);

impl Draw {
  pub fn new(seed: u64) -> Draw {
    Draw(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
  }

  /// Less than `most`.
  pub fn below(&mut self, most: u64) -> u64 {
    // xorshift64*, Vigna 2016
    self.0 ^= self.0 >> 12;
    self.0 ^= self.0 << 25;
    self.0 ^= self.0 >> 27;
    (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % most
  }
}

fn work(x: i64) -> i64 {
  (x * 3 + 1) % 1000
}

fn flaky(x: i64) -> i64 {
  (x + 7) % 1000
}

/// A program of 2 to 7 steps, each of which may read those before.
pub fn program(seed: u64, log: &str) -> Program {
  let mut draw = Draw::new(seed);
  let mut values = vec![draw.below(50) as i64];
  let mut steps = vec![format!("  s0 = work({})", values[0])];
  values[0] = work(values[0]);
  for at in 1..2 + draw.below(6) as usize {
    let (step, value) = step(&mut draw, at, &values);
    steps.push(step);
    values.push(value);
  }
  let names: Vec<String> = (0..values.len()).map(|at| format!("s{at}")).collect();
  let text = format!(
    "let log = \"{log}\"\n{WORKERS}\norchestrator main() -> [int] {{\n{}\n  return [{}]\n}}\n",
    steps.join("\n"),
    names.join(", ")
  );
  Program { text, result: values }
}

fn step(draw: &mut Draw, at: usize, values: &[i64]) -> (String, i64) {
  let from = draw.below(values.len() as u64) as usize;
  let (x, v) = (format!("s{from}"), values[from]);
  let (form, value) = match draw.below(8) {
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
      (body, (v..v + 4).filter(|x| x % 2 == 1).sum())
    }
    6 => {
      let body = format!("{{ r = repeat up to 3 {{ n = work(previous ?? {x}) yield n }} yield r }}");
      (body, work(work(work(v))))
    }
    _ => (
      format!("each x in [1, 2, 3] from {x} => flaky(previous + x)"),
      (1..=3).fold(v, |sum, x| flaky(sum + x)),
    ),
  };
  (format!("  s{at} = {form}"), value)
}
