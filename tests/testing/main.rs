//! Tests of tests: what `orch check` says of them, what they see of their runs, and how they fail.

#[path = "../common/mod.rs"]
mod common;

mod checks;
mod failing;
mod scenes;

use common::memory::check_text;
use orch::testing::{self, Options, Verdict};

/// What the programs here have in common.
const PRELUDE: &str = r#"
defaults { timeout 1m, idempotent }
limit gate { concurrent 2 }
let width = 3
worker fetch(n: int) -> { n: int, text: string } { exec ["fetch", string(n)] }
worker store(text: string, kind: "new" | "old" = "new") { exec ["store", kind], stdin text }
worker slow(n: int) -> int { exec ["slow"], retry 3 fixed 10m, timeout 1h }
worker limited(n: int) -> int { exec ["limited"], limit gate }
worker canned(n: int) -> int { mock delay 5s return n + 1 }
profile offline { slow = canned }

/// Fetches and stores.
orchestrator sync(count: int(0..100)) -> { stored: int, last: string? } {
  pages = each n in range(count) with concurrent width => fetch(n)
  stage storing {
    stored = each page in pages => store(page.text)
  }
  return { stored: len(stored), last: last(pages)?.text }
}
worker render(page: file, tree: dir) -> { html: file, all: dir } { exec ["render"] }
/// Files.
orchestrator publish(page: file, tree: dir) -> { html: file, all: dir } {
  done = render(page, tree)
  return done
}
secret token = env "NO_SUCH_TOKEN"
worker deploy(key: secret, version: string) -> string { exec ["deploy", version], env { KEY: key } }
/// Deploys.
orchestrator release(version: string) -> string { done = deploy(token, version) return done }
/// Slow.
orchestrator crawl(n: int) -> int { result = slow(n) return result }
/// Limited.
orchestrator burst(n: int) -> [int] { all = each i in range(n) with concurrent 10 => limited(i) return all }
/// One inside another.
orchestrator outer(n: int) -> { at: time, id: string, sum: int } {
  a = crawl(n)
  b = canned(a)
  return { at: run.started, id: run.id, sum: a + b }
}
"#;

/// The verdict on one test with these lines.
fn verdict(lines: &str) -> Verdict {
  let text = format!("{PRELUDE}\ntest \"t\" {{\n{lines}\n}}\n");
  let memory = common::memory::Memory::of(&text);
  let checked = check_text(&text);
  assert!(
    checked.findings.0.iter().all(|found| !found.code.level.refuses()),
    "{lines}\n{}",
    common::listed(&checked)
  );
  let mut program = checked.program.expect("it is checked");
  if program.tests[0].other_form {
    let form = orch::session::Variant::of_test(0);
    let checked = orch::session::check_variant(&memory, memory.root(), &form).expect("its form is one");
    program = checked.program.expect("it is checked");
  }
  testing::run(&program, &checked.sources, 0, &Options::default())
}

/// The messages of what failed.
fn said(verdict: &Verdict) -> Vec<String> {
  let problems = verdict.problems.iter();
  problems.map(|problem| problem.finding.message.clone()).collect()
}
