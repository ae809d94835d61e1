//! How tests fail: values, first difference, calls.

use std::fmt::Write;

use crate::verdict;

fn shown(lines: &str) -> String {
  let mut text = String::new();
  for problem in verdict(lines).problems {
    let _ = writeln!(text, "{}: {}", problem.finding.code.name, problem.finding.message);
    for label in &problem.finding.labels {
      let _ = writeln!(text, "  label: {}", label.text);
    }
    if let Some(help) = &problem.finding.help {
      let _ = writeln!(text, "  help: {help}");
    }
    for (name, value) in &problem.values {
      let _ = writeln!(text, "  {name}: {value}");
    }
    for line in &problem.trace {
      let _ = writeln!(text, "  | {line}");
    }
  }
  text
}

const RUN: &str = "mock fetch { on { n: 1 } => fail exit 75 \"busy\"
  else => delay 2s return { n: n, text: \"page ${n}\" } }
  mock store => null\n";

#[test]
fn an_expectation_shows_what_decides() {
  let lines = "mock slow in order [fail timeout \"late\", 7]
    mock fetch => delay 2s return { n: n, text: \"page ${n}\" }
    mock store => null
    x = crawl(1)
    r = sync(2)
    expect x == 7 and r.stored > 2 + x
    expect x < 3 or r == { stored: 2, last: \"page 9\" }
    expect not order(fetch, store), \"${x} is too early\"
    expect all(inputs(fetch), it.n > 0)
    expect calls(slow) < 2
    expect elapsed(r) < 1s
    expect (r.last ?? \"none\") == \"page\" + string(x)
    expect inputs(fetch)[5].n == 1";
  insta::assert_snapshot!(shown(lines));
}

#[test]
fn a_failed_run_shows_what_failed() {
  insta::assert_snapshot!(shown(&format!("{RUN} sync(2)")));
}

#[test]
fn a_long_trace_is_shortened() {
  let text = shown("mock limited => n\nall = burst(100)\nexpect len(all) == calls(limited) + 1");
  assert_eq!(text.matches("\n  | ").count(), 19, "{text}");
  assert!(text.contains("| ... 82 more ..."), "{text}");
}
