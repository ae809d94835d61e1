//! What tests see of their runs. Each scene expects what it sees itself.

use crate::{said, verdict};

/// Scenes that pass.
fn pass(scenes: &[&str]) {
  for lines in scenes {
    let verdict = verdict(lines);
    assert!(verdict.passed(), "{lines}\n{:#?}", verdict.problems);
  }
}

const FAKES: &str = "mock fetch => delay 2s return { n: n, text: \"page ${n}\" }\nmock store => null\n";

#[test]
fn inputs_times_and_peaks_are_seen() {
  pass(&[
    &format!(
      "{FAKES}
      r = sync(4)
      expect r == {{ stored: 4, last: \"page 3\" }}
      expect calls(fetch) == 4 and calls(store) == 4
      expect [input.n for input in inputs(fetch)] == [0, 1, 2, 3]
      expect inputs(store)[3] == {{ text: \"page 3\", kind: \"new\" }}
      expect peak(fetch) == 3, \"that is the window\"
      expect peak == 4, \"all four are stored at once\"
      expect started(fetch) == [0s, 0s, 0s, 2s]
      expect elapsed == 4s
      expect order(fetch, store) and not order(store, fetch)
      expect order(\"pages\", \"storing\") and not order(\"pages[0]\", \"pages[1]\")
      expect calls(\"pages[2]\") == 1 and calls(\"page\") == 0
      expect calls(\"storing\") == 4 and calls(\"storing.stored[1]\") == 1
      expect calls(slow) == 0 and peak(slow) == 0 and started(slow) == []
      expect not order(fetch, slow), \"what did not run is in no order\""
    ),
    "r = sync(0) expect r.last == null expect calls(fetch) == 0 and elapsed == 0s and peak == 0",
  ]);
}

#[test]
fn hours_of_waiting_take_no_time() {
  pass(&[
    "mock slow in order [fail timeout, fail exit 3, hang, 7]
    x = crawl(1)
    expect x == 7
    expect calls(slow) == 4
    expect elapsed == 1h30m, \"three waits of ten minutes, and an hour that it hung\"
    expect inputs(slow) == [{ n: 1 }, { n: 1 }, { n: 1 }, { n: 1 }]",
    "mock slow => hang
    x = attempt crawl(1)
    expect not x.ok
    expect x.error.kind == \"timeout\" and x.error.attempts == 4
    expect elapsed == 4h30m",
    "mock slow { else => fail contract \"no\" }
    x = attempt crawl(1)
    expect not x.ok
    expect x.error.message == \"no\" and x.error.step == \"result\" and x.error.worker == \"slow\"",
    "mock slow => malformed
    x = attempt crawl(1)
    expect not x.ok
    expect x.error.kind == \"contract\"",
  ]);
}

#[test]
fn scripts_count_over_all_runs() {
  pass(&[
    "mock slow { on { n: 5 } first 1 calls => 50
      on { n: 5 } in order [51, 52]
      in order [1, 2]
      else => call.attempt * 100 }
    a = crawl(1)
    b = crawl(5)
    c = crawl(5)
    d = crawl(5)
    e = crawl(5)
    f = crawl(1)
    expect [a, b, c, d, e, f] == [1, 50, 51, 52, 2, 100]",
    "mock slow in order [1]
    a = crawl(1)
    b = attempt crawl(1)
    expect a == 1 and not b.ok
    expect b.error.message == \"no rule of the mock `slow` holds for this input\"",
  ]);
}

#[test]
fn runs_share_their_clock_and_their_limits() {
  pass(&[
    "mock limited => delay 3s return n
    a = burst(4)
    wait 1m
    b = burst(2)
    expect a == [0, 1, 2, 3] and b == [0, 1]
    expect peak(limited) == 2 and peak(limited, b) == 2
    expect calls(limited, a) == 4 and calls(limited, b) == 2
    expect elapsed == 9s and elapsed(a) == 6s and elapsed(b) == 3s
    expect started(limited, b) == [1m6s, 1m6s]
    expect order(\"all[0]\", \"all[2]\") == false, \"over both runs it is not so\"",
    "at \"2026-11-20T09:00:00Z\"
    mock slow => delay 1h return n
    a = outer(1)
    wait 23h - 5s
    b = outer(2)
    expect format(a.at, \"%Y-%m-%dT%H:%M:%S\") == \"2026-11-20T09:00:00\"
    expect b.at - a.at == 24h
    expect a.id == \"run-1\" and b.id == \"run-2\" and a.sum == 3
    expect calls(canned) == 2 and calls(\"a\") == 2 and calls(\"a.result\") == 2",
  ]);
}

#[test]
fn a_run_can_be_cancelled() {
  pass(&[
    "mock slow => hang
    x = attempt crawl(1) cancel after 5m
    expect not x.ok
    expect x.error.kind == \"cancelled\" and elapsed == 5m",
    "mock slow => delay 1m return n
    x = crawl(1) cancel after 5m
    expect x == 1 and elapsed == 1m, \"it was over before\"",
  ]);
}

#[test]
fn drawn_waits_come_from_the_seed() {
  let lines = |seed: &str| {
    format!(
      "{seed}\nmock fetch in order [fail exit 1, {{ n: 1, text: \"\" }}]\nmock store => null\nr = attempt sync(1)\nexpect not r.ok\n"
    )
  };
  let elapsed = |seed: &str| verdict(&lines(seed)).elapsed;
  assert_eq!(elapsed("seed 7"), elapsed("seed 7"));
  assert_eq!(elapsed(""), 0, "there is no retry to draw a wait for");
}

#[test]
fn a_test_can_want_the_program_in_another_form() {
  pass(&[
    "profile offline
    x = crawl(1)
    expect x == 2 and calls(canned) == 1 and elapsed == 5s",
    &format!("set width = 1\n{FAKES} sync(3)\nexpect peak(fetch) == 1 and elapsed == 6s"),
  ]);
}

#[test]
fn in_a_test_files_are_texts() {
  pass(&[
    "mock render => { html: \"<p>\", all: { \"a/b.txt\": \"b\", \"c.txt\": \"c\" } }
    r = publish(\"# page\", { \"x/y.md\": \"y\" })
    expect r.html == \"<p>\" and r.all == { \"c.txt\": \"c\", \"a/b.txt\": \"b\" }
    expect inputs(render) == [{ page: \"# page\", tree: { \"x/y.md\": \"y\" } }]
    again = publish(r.html, r.all)
    expect inputs(render, again)[0].page == \"<p>\" and again == r",
    "mock render => { html: page, all: tree }
    r = publish(\"# page\", { \"x/y.md\": \"y\" })
    expect r == { html: \"# page\", all: { \"x/y.md\": \"y\" } }",
  ]);
  let refused = verdict("mock render => hang\npublish(\"a\", { \"../up\": \"b\" })");
  assert!(
    said(&refused)[0].contains("`../up` is no path of a file in a directory"),
    "{:?}",
    said(&refused)
  );
}

#[test]
fn in_a_test_secrets_are_names() {
  pass(&["mock deploy => version
    x = release(\"1.0\")
    expect x == \"1.0\"
    expect inputs(deploy) == [{ key: \"env:NO_SUCH_TOKEN\", version: \"1.0\" }]"]);
}

#[test]
fn the_first_thing_that_stops_a_test_is_its_only_one() {
  let unmocked = verdict("mock fetch => { n: 1, text: \"\" }\nsync(1)\nexpect calls(store) == 5");
  assert_eq!(said(&unmocked), ["`store` is called and not mocked"]);
  let failed = verdict("mock fetch => fail exit 3 \"gone\"\nsync(1)\nexpect calls(store) == 5");
  assert_eq!(said(&failed), ["`sync` failed: exit: gone"]);
  let no_value = verdict("x = [1][width]\nexpect x == 1");
  assert_eq!(no_value.problems.len(), 1, "{:?}", said(&no_value));
  assert!(
    said(&no_value)[0].starts_with("this line has no value: "),
    "{:?}",
    said(&no_value)
  );
}

#[test]
fn all_expectations_are_looked_at() {
  let verdict = verdict(&format!(
    "{FAKES} r = attempt sync(1)\nexpect not r.ok\nexpect r.error.kind == \"exit\"\nexpect calls(fetch) == 2"
  ));
  assert_eq!(
    said(&verdict).len(),
    1,
    "what reads the error has no value: {:?}",
    said(&verdict)
  );
  let verdict = crate::verdict(&format!(
    "{FAKES} r = sync(1)\nexpect r.stored == 2\nexpect calls(fetch) == 2"
  ));
  assert_eq!(said(&verdict).len(), 2);
}
