//! How time grows with size: checking, folding, testing and formatting, ten times as much each, as ratios measured in
//! one run; and what formatting takes in relation to parsing.
//!
//!     cargo bench
//!
//! A ratio near 10 is linear. Absolute times depend on the machine and are printed for orientation only.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::{
  fmt::Write,
  path::{Path, PathBuf},
  sync::Arc,
  time::{Duration, Instant},
};

use orch::{
  engine::{Run, RunStarted, mocked, simulate},
  format::format,
  hir::Program,
  modules::{Files, ReadError},
  session,
  source::{SourceId, Sources},
  syntax, testing,
};

/// Runs of each measurement; the median counts.
const ROUNDS: usize = 5;

struct Text(String);

impl Files for Text {
  fn read(&self, _path: &Path, limit: usize) -> Result<Vec<u8>, ReadError> {
    Ok(self.0.bytes().take(limit).collect())
  }

  fn canonicalize(&self, path: &Path) -> Result<PathBuf, ReadError> {
    Ok(path.to_path_buf())
  }

  fn names(&self, _directory: &Path) -> Vec<String> {
    Vec::new()
  }
}

fn check(text: &str) -> Arc<Program> {
  check_with_sources(text).0
}

fn check_with_sources(text: &str) -> (Arc<Program>, Sources) {
  let checked = session::check(&Text(text.to_owned()), Path::new("/main.orch"));
  let program = checked.program.unwrap_or_else(|| panic!("{:#?}", checked.findings));
  (program, checked.sources)
}

const HEAD: &str = "defaults { timeout 5s }\nworker w(n: int) -> int { mock return 1 }\n";

/// `steps` calls, each reading the one before.
fn chain(steps: usize) -> String {
  let mut text = format!("{HEAD}/// A chain.\norchestrator main() -> int {{\n  s0 = w(0)\n");
  for step in 1..steps {
    let _ = writeln!(text, "  s{step} = w(s{} + 1)", step - 1);
  }
  let _ = writeln!(text, "  return s{}\n}}", steps - 1);
  text
}

/// One `each` over so many items.
fn wide(items: usize) -> String {
  format!(
    "{HEAD}/// Wide.\norchestrator main() -> int {{\n  xs = each n in range({items}) with concurrent 64 => w(n)\n  return len(xs)\n}}\n"
  )
}

/// So many tests, each of a flaky fan-out of ten with retries.
fn tests(count: usize) -> String {
  let mut text = String::from(
    "defaults { timeout 5s, idempotent }\nworker w(n: int) -> int { exec [\"w\"], retry 3 backoff 1s..30s }\n/// \
     Fans out.\norchestrator main(n: int) -> [int] {\n  xs = each i in range(n) with concurrent 4 => w(i)\n  return \
     xs\n}\n",
  );
  for test in 0..count {
    let _ = writeln!(
      text,
      "test \"number {test}\" {{\n  mock w {{\n    first 3 calls => fail exit 75\n    else => delay 2s return n\n  \
       }}\n  xs = main(10)\n  expect len(xs) == 10\n  expect calls(w) == 13 and peak(w) == 4\n}}"
    );
  }
  text
}

/// So many lines of programs as people write them.
fn lines(count: usize) -> String {
  let mut text = String::new();
  for n in 0..count / 20 {
    let _ = write!(
      text,
      "/// Worker {n}.\nworker w{n}(n: int, text: string) -> {{ a: int, b: string }} {{\n  exec [\"w\", n, text], \
       timeout 5s  // fast\n  retry 3 backoff 1s..30s on [timeout,exit 75]\n}}\n\n/// Does {n}.\norchestrator \
       o{n}(items: [int](..50)) -> [int] {{\n  first = w{n}(1, \"x\")\n  parts = each x in items with concurrent 4, \
       collect => w{n}(x + first.a, \"${{first.b}}\") with timeout 3s, retry 2\n\n  // all of them\n  good = [p.a for p in \
       succeeded(parts) if p.a > 3 and p.b != \"no\" or p.a == 0]\n  record = {{\n    first: first.a, good\n    last: \
       last(good)\n  }}\n  return if len(good) > 3 then good else [1, 2, 3]\n}}\n\n"
    );
  }
  text
}

fn parse(text: &str) {
  assert!(syntax::parse(SourceId(0), text).1.is_empty());
}

/// Prints how much longer formatting takes than parsing.
fn format_and_parse(count: usize) {
  let text = lines(count);
  let parsed = median(|| parse(&text));
  let formatted = median(|| drop(format(SourceId(0), &text).expect("it is formatted")));
  let ratio = formatted.as_secs_f64() / parsed.as_secs_f64();
  println!(
    "{:<28} {count:>7} {parsed:>10.1?} {:>8} {formatted:>10.1?}   ratio {ratio:.1}",
    "format and parse lines", ""
  );
}

fn run_tests((program, sources): &(Arc<Program>, Sources)) {
  for test in 0..program.tests.len() {
    let verdict = testing::run(program, sources, test, &testing::Options::default());
    assert!(verdict.passed(), "{:?}", verdict.problems);
  }
}

fn run(program: &Arc<Program>) {
  let started = RunStarted {
    run: "run".into(),
    tracker: "run".into(),
    program: "digest".into(),
    engine: "bench".into(),
    seed: 1,
    orchestrator: "main".into(),
    arguments: serde_json::json!({}),
    started: jiff::Timestamp::UNIX_EPOCH,
    profile: None,
    set: Default::default(),
    parent: None,
    reuses: None,
    last: None,
    directory: "/".into(),
  };
  let (run, first) = Run::start(program.clone(), started).expect("the run starts");
  let (run, _) = simulate(run, first, mocked);
  assert!(run.is_over());
}

fn median(mut measured: impl FnMut()) -> Duration {
  let mut times: Vec<Duration> = (0..ROUNDS)
    .map(|_| {
      let begin = Instant::now();
      measured();
      begin.elapsed()
    })
    .collect();
  times.sort();
  times[ROUNDS / 2]
}

/// Prints what `size` and ten times `size` take.
fn compare<T>(what: &str, size: usize, prepare: impl Fn(usize) -> T, measured: impl Fn(&T)) {
  let [small, large] = [size, size * 10].map(|size| {
    let input = prepare(size);
    median(|| measured(&input))
  });
  let ratio = large.as_secs_f64() / small.as_secs_f64();
  println!(
    "{what:<28} {size:>7} {small:>10.1?} {:>8} {large:>10.1?}   ratio {ratio:.1}",
    size * 10
  );
}

fn main() {
  compare("check a chain of steps", 1_000, chain, |text| drop(check(text)));
  compare("fold a chain of steps", 1_000, |size| check(&chain(size)), run);
  compare("fold an each over items", 10_000, |size| check(&wide(size)), run);
  compare(
    "run tests, one thread",
    100,
    |size| check_with_sources(&tests(size)),
    run_tests,
  );
  compare("format lines", 5_000, lines, |text| {
    drop(format(SourceId(0), text).expect("it is formatted"));
  });
  format_and_parse(2_000);
  format_and_parse(50_000);
}
