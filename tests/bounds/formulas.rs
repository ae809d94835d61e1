//! What each construct comes to, as it is shown: the table of the reference, line by line.

use orch::{
  bounds::{
    Bound, bounds,
    text::{Unit, Words},
  },
  hir::{OrchestratorId, Program},
};

use crate::sound::program;

/// Workers that take 5 s and their grace of 5 s, and what they are given.
const COMMON: &str = "\
type Item = { xs: [int], ys: [int](..4), wait: duration }
type Page = { items: [int], next: int? }
defaults { timeout 5s }
limit two { concurrent 2 }
limit nine { concurrent 9 }
limit slow { rate 10 per 1m }
worker w(x: json) -> int { mock return 1 }
worker v(x: json) -> int { mock return 1 }
worker one(x: json) -> int { mock return 1, concurrent 1 }
worker list(x: json) -> [int] { mock return [] }
worker few(x: json) -> [int](..500) { mock return [] }
worker items(x: json) -> [Item] { mock return [] }
worker page(x: json) -> Page { mock return { items: [], next: null } }
";

struct Shown {
  program: std::sync::Arc<Program>,
  id: OrchestratorId,
}

/// Parameters and steps of `main`; before them, maybe, other declarations and a line `---`.
fn main_of(text: &str) -> Shown {
  let (others, text) = text.split_once("---").unwrap_or(("", text));
  let (params, steps) = text.split_once('|').expect("parameters | steps");
  let (program, id) = program(&format!(
    "{COMMON}{others}\n/// Main.\norchestrator main({params}) {{\n{steps}\n}}\n"
  ));
  Shown { program, id }
}

impl Shown {
  fn look(&self, shown: impl FnOnce(Words<'_>) -> String) -> String {
    let bounds = bounds(&self.program, self.id);
    shown(Words {
      program: &self.program,
      bounds: &bounds,
    })
  }

  fn calls(&self) -> String {
    self.look(|words| {
      let calls = words.bounds.calls.iter();
      let calls = calls.map(|(worker, bound)| {
        let name = &words.program.worker(*worker).name;
        format!("{name}: {}", words.bound(bound, Unit::One))
      });
      calls.collect::<Vec<_>>().join(", ")
    })
  }

  fn all_calls(&self) -> String {
    self.look(|words| words.bound(&words.bounds.all_calls, Unit::One))
  }

  fn at_once(&self) -> String {
    self.look(|words| words.bounds.parallel.to_string())
  }

  fn time(&self) -> String {
    self.look(|words| words.bound(&words.bounds.time, Unit::Milliseconds))
  }

  fn waiting(&self) -> String {
    self.look(|words| words.bound(&words.bounds.waiting, Unit::Milliseconds))
  }
}

fn calls(text: &str) -> String {
  main_of(text).calls()
}

/// Calls, calls at once, time.
fn all(text: &str) -> [String; 3] {
  let shown = main_of(text);
  [shown.calls(), shown.at_once(), shown.time()]
}

#[test]
fn a_call_counts_every_attempt_with_its_grace_and_its_waits() {
  assert_eq!(all("| a = w(1)"), ["w: 1", "1", "10s"]);
  assert_eq!(all("| a = w(1) with retry 2 fixed 7s"), ["w: 3", "1", "44s"]);
  assert_eq!(
    all("| a = w(1) with retry 3, timeout 1s"),
    ["w: 4", "1", "38s"],
    "2 + 4 + 8 s of waits"
  );
  assert_eq!(all("| a = w(1) with retry 3 backoff 10s..30s"), ["w: 4", "1", "2m"]);
  assert_eq!(all("| a = w(1) with delay 3s"), ["w: 1", "1", "13s"]);
  assert_eq!(
    all("| a = w(1) with retry 3, deadline 20s, delay 3s"),
    ["w: 4", "1", "25s"]
  );
  assert_eq!(all("| a = w(1) with deadline 20s, delay 3s"), ["w: 1", "1", "13s"]);
  assert_eq!(all("t: duration | a = w(1) with timeout t"), ["w: 1", "1", "t + 5s"]);
  assert_eq!(
    all("t: duration | a = w(1) with timeout min(t, 1m), retry 1 fixed t"),
    ["w: 2", "1", "t + 2m10s"]
  );
}

#[test]
fn retries_and_windows_take_their_static_bound() {
  assert_eq!(
    all("n: int(0..3) | a = w(1) with retry n fixed 1s"),
    ["w: 4", "1", "43s"]
  );
  assert_eq!(
    all("n: int, xs: [int] | a = each x in xs with concurrent min(n, 3) => w(x)"),
    ["w: |xs|", "3", "10s·ceil(|xs|/3)"]
  );
  assert_eq!(
    all("n: int(1..4) | a = repeat up to n { b = w(1) yield b }"),
    ["w: 4", "1", "40s"]
  );
}

#[test]
fn expressions_take_nothing() {
  assert_eq!(
    all("xs: [int] | require len(xs) > 1\n a = [x + 1 for x in xs]\nreturn null when len(a) > 3"),
    ["", "0", "0s"]
  );
}

#[test]
fn steps_add_up_and_the_longest_path_counts() {
  assert_eq!(all("| a = w(1)\n b = w(2)\n c = v(a)"), ["w: 2, v: 1", "2", "20s"]);
  assert_eq!(
    all("| a = w(1)\n w(2)\n c = v(3)"),
    ["w: 2, v: 1", "2", "20s"],
    "a gate"
  );
  assert_eq!(
    all("| stage s { a = w(1)\n b = w(2) }\n c = v(3)"),
    ["w: 2, v: 1", "2", "20s"]
  );
  assert_eq!(
    all("| a = w(1)\n b = w(2) after a\n c = v(3) after b"),
    ["w: 2, v: 1", "1", "30s"]
  );
  // b beside c, and a beside both d and e: the widest is a, b, c
  assert_eq!(
    all("| a = w(1)\n b = w(2)\n c = w(3)\n d = v(b + c)\n e = v(d + a)"),
    ["w: 3, v: 2", "3", "30s"]
  );
}

#[test]
fn arms_take_the_larger_and_handlers_the_sum() {
  assert_eq!(
    all("b: bool | a = if b then w(1) else v(2) with retry 1 fixed 1s"),
    ["w: 1, v: 2", "1", "21s"]
  );
  assert_eq!(
    main_of("b: bool | a = if b then w(1) else v(2) with retry 1 fixed 1s").all_calls(),
    "2"
  );
  assert_eq!(all("b: bool | a = if b then w(1)"), ["w: 1", "1", "10s"]);
  assert_eq!(
    all("n: int | a = match n { 1 => w(1)\n 2 => { x = w(1)\n y = w(2)\n yield x + y }\n else => 0 }"),
    ["w: 2", "2", "10s"]
  );
  assert_eq!(all("| a = w(1) catch v(2) catch w(3)"), ["w: 2, v: 1", "1", "30s"]);
  assert_eq!(
    all("| a = attempt w(1)\n b = if a.ok then 1 else 2"),
    ["w: 1", "1", "10s"]
  );
  assert_eq!(all("| a = w(1) catch fail \"lost\""), ["w: 1", "1", "10s"]);
  assert_eq!(
    calls(
      "b: bool, xs: [int], ys: [int] | a = if b then { r = each x in xs => w(x) yield r } else { r = each y in ys => w(y) yield r }"
    ),
    "w: |xs| + |ys|",
    "the larger of two, coefficient by coefficient"
  );
}

#[test]
fn an_arm_waits_for_what_it_reads() {
  assert_eq!(
    all("b: bool | a = w(1)\n c = if b then v(a) else v(a + 1)"),
    ["w: 1, v: 1", "1", "20s"]
  );
  assert_eq!(
    all("b: bool | a = w(1)\n c = if b then v(a) else v(2)"),
    ["w: 1, v: 1", "2", "20s"]
  );
  assert_eq!(all("| a = w(1)\n c = v(1) catch v(a)"), ["w: 1, v: 2", "2", "30s"]);
  assert_eq!(
    all("b: bool | a = w(1)\n c = { d = if b then v(a) else 0 yield d }"),
    ["w: 1, v: 1", "1", "20s"]
  );
}

#[test]
fn who_comes_behind_an_arm_that_runs_nothing_does_not_wait_for_what_another_arm_reads() {
  let at_once = |other: &str| {
    let text = format!("n: int | a = w(n)\n stage g {{ b = if n > 3 then v(a) else {other} }}\n c = one(1)");
    let [_, at_once, _] = all(&text);
    at_once
  };
  // `a` and `c`, where `b` is 5
  assert_eq!(at_once("5"), "2");
  assert_eq!(at_once("a"), "1");
  assert_eq!(at_once("v(a + 1)"), "1");
  // `v` in the first round, before any arm
  let text = "n: int | a = w(n)\n b = { c = v(n) d = if c > 3 then v(a) else v(a + 1) yield d }\n e = one(b)";
  assert_eq!(all(text)[1], "2");
}

#[test]
fn an_each_goes_in_rounds_of_its_window() {
  assert_eq!(
    all("xs: [int] | a = each x in xs with concurrent 5 => w(x)"),
    ["w: |xs|", "5", "10s·ceil(|xs|/5)"]
  );
  assert_eq!(
    all("xs: [int] | a = each x in xs => w(x)"),
    ["w: |xs|", "8", "10s·ceil(|xs|/8)"]
  );
  assert_eq!(
    all("| a = each x in range(12) with concurrent 5, collect => w(x)\n b = failures(a)"),
    ["w: 12", "5", "30s"]
  );
  assert_eq!(
    all("xs: [int](..3) | a = each x in xs => w(x)"),
    ["w: |xs| <= 3", "3", "10s·ceil(|xs|/8) <= 10s"]
  );
  assert_eq!(
    all("xs: [int] | a = each x in xs from 0 => w(previous + x)"),
    ["w: |xs|", "1", "10s·|xs|"]
  );
  assert_eq!(
    all("xs: [int] | a = each x in xs with deadline 1m => w(x)"),
    ["w: |xs|", "8", "1m5s"]
  );
  assert_eq!(
    all("xs: [int] | a = each x in xs with concurrent 5 { b = each y in xs => w(y)\n c = v(x)\n yield c }"),
    [
      "w: |xs|·|xs|, v: |xs|",
      "45",
      "10s·ceil(|xs|/5) + 10s·ceil(|xs|/5)·ceil(|xs|/8)"
    ]
  );
}

#[test]
fn a_repeat_multiplies() {
  assert_eq!(
    all("| a = repeat up to 3 { b = w(1)\n c = v(b)\n yield c } until c > 1"),
    ["w: 3, v: 3", "1", "1m"]
  );
  assert_eq!(
    all("| a = repeat up to 3 { b = w(1) yield b } until b > 1 else v(2)"),
    ["w: 3, v: 1", "1", "40s"]
  );
}

#[test]
fn lists_have_a_size_where_they_enter() {
  assert_eq!(calls("| a = list(1)\n b = each x in a => w(x)"), "w: |a|, list: 1");
  assert_eq!(calls("| a = few(1)\n b = each x in a => w(x)"), "w: |a| <= 500, few: 1");
  assert_eq!(
    calls("| a = items(1)\n b = each x in a { c = each y in x.xs => w(y) yield c }"),
    "w: |a|·|a[].xs|, items: 1"
  );
  assert_eq!(
    calls("zs: [int] | b = each z in zs { a = list(z)\n c = each y in a => w(y) yield c }"),
    "w: |zs|·|b[].a|, list: |zs|"
  );
  assert_eq!(calls("m: map<[int]> | a = each x in keys(m) => w(x)"), "w: |m|");
}

#[test]
fn expressions_keep_add_and_multiply_sizes() {
  let of = |list: &str| {
    calls(&format!(
      "xs: [int], ys: [int], is: [Item], n: int(1..9), b: bool | a = each x in {list} => w(x)"
    ))
  };
  assert_eq!(of("[x + 1 for x in xs if x > 2]"), "w: |xs|");
  assert_eq!(of("sort_by(unique(xs), -it)"), "w: |xs|");
  assert_eq!(of("group_by(xs, it % 2)"), "w: |xs|");
  assert_eq!(of("xs + ys + [1, 2]"), "w: |xs| + |ys| + 2");
  assert_eq!(of("[...xs, 1, ...xs]"), "w: 2·|xs| + 1");
  assert_eq!(of("flatten([i.xs for i in is])"), "w: |is|·|is[].xs|");
  assert_eq!(of("flatten([xs, ys])"), "w: 2·|xs| + 2·|ys|");
  assert_eq!(of("chunk(xs, 10)"), "w: ceil(|xs|/10)");
  assert_eq!(of("chunk(xs + xs, 2)"), "w: |xs|");
  assert_eq!(
    of("flatten(chunk(xs, n))"),
    "w: |xs|·n",
    "at most so many in each of at most |xs|"
  );
  assert_eq!(of("chunk(range(25), 10)"), "w: 3");
  assert_eq!(of("take(xs, 3)"), "w: 3");
  assert_eq!(of("take([1, 2], 3)"), "w: 2");
  assert_eq!(of("take(xs, len(ys))"), "w: |xs|");
  assert_eq!(of("range(n)"), "w: n <= 9");
  assert_eq!(of("range(2, n)"), "w: n <= 7");
  assert_eq!(of("range(len(xs) * 2)"), "w: 2·|xs|");
  assert_eq!(of("range(min(len(xs), 5))"), "w: 5");
  assert_eq!(of("zip(xs, [1, 2, 3])"), "w: 3");
  assert_eq!(of("if b then xs else [1, 2]"), "w: |xs| + 2");
  assert_eq!(of("lines(\"a\")"), "w: |a.lines()|");
  assert_eq!(of("is[0].ys"), "w: |is[].ys| <= 4");
  assert_eq!(of("first(is)?.xs ?? []"), "w: |is[].xs|");
}

#[test]
fn functions_and_constants_are_looked_into() {
  let text = "let names = [\"a\", \"b\"]\nlet twice(xs: [int]) -> [int] = xs + xs\n---\
    ys: [int] | a = each x in names => w(x)\n b = each y in twice(twice(ys)) => v(y)";
  assert_eq!(calls(text), "w: 2, v: 4·|ys|");
}

#[test]
fn a_callee_is_looked_at_with_its_arguments() {
  let callee = "/// All.\norchestrator both(xs: [int], n: int(1..100)) -> [int] {\n a = each x in xs => w(x)\n\
    b = each x in range(n) => v(x)\n return a + b }\n---";
  assert_eq!(calls(&format!("{callee}| a = both([1, 2], 5)")), "w: 2, v: 5");
  assert_eq!(
    calls(&format!("{callee}ys: [int] | a = both(ys, 5)\n b = both(ys + a, 6)")),
    "w: 3·|ys| + 5, v: 11"
  );
  let inner = "/// Inner.\norchestrator inner() -> [int] {\n a = list(1)\n b = each x in a => w(x)\n return b }\n---";
  assert_eq!(
    calls(&format!("{inner}| a = inner()\n b = inner()\n c = each x in b => v(x)")),
    "w: 2·|inner.a|, v: |inner.a|, list: 2"
  );
}

#[test]
fn what_a_loop_carries_on_grows_by_its_rounds() {
  assert_eq!(
    calls(
      "| a = repeat up to 20 from { items: [1], next: 1 }: Page {\n p = page(previous.next)\n\
       yield { items: previous.items + p.items, next: p.next } } until p.next == null else last\n\
       b = each x in a.items => w(x)"
    ),
    "w: 20·|a[].p.items| + 1, page: 20"
  );
  assert_eq!(
    calls("xs: [int] | a = each x in xs from [0] { b = w(x)\n yield previous + [b, x] }\n c = each y in a => v(y)"),
    "w: |xs|, v: 2·|xs| + 1"
  );
  assert_eq!(
    calls("| a = repeat up to 3 {\n b = w(1)\n yield [...(previous ?? []), b] }\n c = each y in a => v(y)"),
    "w: 3, v: 3"
  );
  assert_eq!(
    calls("| a = repeat up to 3 from 2 {\n b = w(1)\n c = each y in range(previous) => v(y)\n yield previous + 1 }"),
    "w: 3, v: 15",
    "from 2 to 5, three times"
  );
}

#[test]
fn limits_hold_back_and_make_wait() {
  let shown = main_of("xs: [int] | a = each x in xs with concurrent 5 => w(x) with limit two");
  assert_eq!([shown.at_once(), shown.waiting()], ["2", "5s·|xs|"]);
  let shown = main_of("xs: [int] | a = each x in xs with concurrent 5 => w(x) with limit nine");
  assert_eq!([shown.at_once(), shown.waiting()], ["5", "0s"]);
  let shown = main_of("| a = one(1)\n b = one(2)\n c = v(3)");
  assert_eq!([shown.at_once(), shown.waiting(), shown.time()], ["2", "20s", "30s"]);
  let shown = main_of("| a = each x in range(25) with concurrent 25 => w(x) with limit slow");
  assert_eq!([shown.at_once(), shown.waiting(), shown.time()], ["25", "2m", "2m10s"]);
  let shown = main_of("xs: [int] | a = each x in xs => w(x) with limit slow");
  assert_eq!(shown.waiting(), "6s·|xs|");
}

#[test]
fn limits_hold_back_only_what_runs_beside() {
  let text = "| a = v(1)\n b = each x in range(8) => w(a + x) with limit two\n c = v(len(b))";
  assert_eq!(main_of(text).at_once(), "2");
  let text = "| a = each x in range(8) => w(x) with limit two\n b = each x in range(8) => v(len(a)) with limit nine";
  assert_eq!(main_of(text).at_once(), "8");
}

#[test]
fn many_terms_are_gathered_by_the_outermost_list() {
  assert_eq!(
    calls(
      "is: [Item], zs: [int] | a = each i in is {\n b = w(1)\n c = each x in i.xs => w(x)\n\
       d = each y in flatten([i.ys, i.xs]) { e = w(y)\n f = each z in zs => w(z)\n yield e }\n\
       g = each z in zs => w(z)\n yield b }\n h = w(2)"
    ),
    "w: |is|·(|is[].xs|·(2·|zs| + 3) + 2·|is[].ys| + 2·|is[].ys|·|zs| + |zs| + 1) + 1",
  );
}

/// As `all`, and the part of the time for what is undone.
fn undone(text: &str) -> [String; 4] {
  let shown = main_of(text);
  let undoing = shown.look(|words| words.bound(&words.bounds.undoing, Unit::Milliseconds));
  [shown.calls(), shown.at_once(), shown.time(), undoing]
}

#[test]
fn what_closes_a_scope_adds_up() {
  assert_eq!(
    undone("| a = w(1) undo v(a)\n b = w(2)"),
    ["w: 2, v: 1", "2", "20s", "10s"]
  );
  assert_eq!(
    undone("| a = w(1) finally v(a)\n b = w(a)"),
    ["w: 2, v: 1", "1", "30s", "0s"]
  );
  assert_eq!(
    undone(
      "xs: [int] | a = each x in xs with concurrent 5, collect { b = w(x) finally v(b)\n yield b }\n c = len(succeeded(a))"
    ),
    ["w: |xs|, v: |xs|", "5", "20s·ceil(|xs|/5)", "0s"]
  );
  assert_eq!(
    undone("xs: [int] | a = each x in xs with concurrent 5 => w(x) undo v(x)"),
    ["w: |xs|, v: |xs|", "5", "10s·|xs| + 10s·ceil(|xs|/5)", "10s·|xs|"]
  );
  let handler = "| a = w(1)\n on failure { v(error.message)\n w(2) }";
  assert_eq!(undone(handler), ["w: 2, v: 1", "1", "30s", "20s"]);
}

#[test]
fn a_deadline_ends_no_call_that_closes() {
  assert_eq!(
    all("| a = { b = w(1) finally v(b)\n c = repeat up to 9 { d = w(b) yield d }\n yield c } with deadline 20s"),
    ["w: 10, v: 1", "1", "35s"]
  );
  assert_eq!(
    all(
      "| a = { b = w(1) with timeout 1m undo v(b)\n c = repeat up to 9 { d = w(b) yield d }\n yield c } with deadline 20s"
    ),
    ["w: 10, v: 1", "1", "1m35s"],
    "what will have to be undone is let run for its 1m5s"
  );
}

#[test]
fn what_saves_calls_does_not_count() {
  assert_eq!(
    all("xs: [int] | a = each x in xs with concurrent 5, tolerate 3 => w(x)\n b = each y in a => v(y)"),
    ["w: |xs|, v: |xs|", "8", "10s·ceil(|xs|/5) + 10s·ceil(|xs|/8)"]
  );
  assert_eq!(
    all("xs: [int] | a = each x in xs with concurrent 5, stop when len(done) == 2 => w(x)"),
    ["w: |xs|", "5", "10s·ceil(|xs|/5)"]
  );
}

#[test]
fn a_run_of_its_own_is_counted_apart() {
  let inner = "/// Inner.\norchestrator inner(x: int) { a = w(x) }\n---";
  let shown = main_of(&format!(
    "{inner}xs: [int] | a = each x in xs {{ b = dispatch inner(x)\n yield b.run }}"
  ));
  let runs = shown.look(|words| words.bound(&words.bounds.runs[0].1, Unit::One));
  assert_eq!(
    [shown.calls(), shown.at_once(), shown.time(), runs],
    ["", "0", "0s", "|xs|"]
  );
}

#[test]
fn a_plan_may_be_a_chain_of_the_longest() {
  let pool = "worker p(x: int) -> int { mock return 1, timeout 1s }\nworker q(x: int) -> int { mock return 1, retry 1 fixed 1s }\n\
    pool team = [p, q]\nworker planner(x: int) -> Plan<team>(..6) { mock return { assignments: [] } }\n---";
  assert_eq!(
    all(&format!(
      "{pool}| plan = planner(1)\n a = run plan with concurrent 4, collect\n b = each r in a {{ c = w(r.id) yield c }}"
    )),
    ["w: 6, p: 6, q: 12, planner: 1", "6", "2m26s"]
  );
}

#[test]
fn workers_of_a_list_have_one_turn_each() {
  let panel = "/// Panel.\npattern panel(question: int, experts: [worker(int) -> int]) -> [int] {\n\
    a = each who in experts with concurrent 2 => who(question)\n return a }\n---";
  assert_eq!(
    all(&format!("{panel}| a = panel(1, [w(_), v(_), v(_)])")),
    ["w: 1, v: 2", "2", "20s"]
  );
  let chain = "/// Chain.\npattern chain(start: int, team: [worker(int) -> int]) -> int {\n\
    a = each who in team from start => who(previous)\n return a }\n---";
  assert_eq!(
    all(&format!("{chain}| a = chain(1, [w(_), v(_), v(_)])")),
    ["w: 1, v: 2", "1", "30s"]
  );
}

#[test]
fn a_hedged_call_may_run_twice() {
  assert_eq!(
    all("| a = w(1) with hedge after 1s, retry 1 fixed 1s"),
    ["w: 4", "2", "21s"]
  );
  assert_eq!(
    all("xs: [int] | a = each x in xs with concurrent 5 => w(x) with hedge after 1s"),
    ["w: 2·|xs|", "10", "10s·ceil(|xs|/5)"]
  );
}

#[test]
fn a_budget_caps_what_it_covers() {
  assert_eq!(
    all("xs: [int] | budget { calls 20 }\n a = each x in xs with concurrent 5 => w(x)"),
    ["w: 20", "5", "10s·ceil(|xs|/5) + 10s"],
    "a call may wait for those that have reserved the last of it"
  );
  assert_eq!(
    all("xs: [int] | budget { calls 3 }\n a = each x in xs with concurrent 5 => w(x)"),
    ["w: 3", "3", "10s·ceil(|xs|/5) + 10s"]
  );
  assert_eq!(
    all("| budget { calls 3 }\n a = w(1)\n b = w(2)"),
    ["w: 2", "2", "10s"],
    "there is enough"
  );
  assert_eq!(
    all("xs: [int] | budget { time 1m }\n a = each x in xs with concurrent 5 => w(x)"),
    ["w: |xs|", "5", "1m5s"]
  );
  assert_eq!(
    all(
      "xs: [int] | budget { calls 9, time 1m }\n on failure { v(error.message) }\n a = each x in xs with concurrent 5 => w(x) undo v(x)"
    ),
    ["w: 9, v: |xs| + 1", "5", "10s·|xs| + 1m20s"],
    "what is undone is not covered"
  );
}

#[test]
fn what_workers_say_that_they_spend_adds_up() {
  let spent = |text: &str| {
    let shown = main_of(text);
    let known = |bound: &Option<Bound>, words: Words<'_>, unit| {
      bound
        .as_ref()
        .map_or("unknown".into(), |bound| words.bound(bound, unit))
    };
    [
      shown.look(|words| known(&words.bounds.cost, words, Unit::Dollars)),
      shown.look(|words| known(&words.bounds.tokens, words, Unit::One)),
    ]
  };
  let dear = "worker dear(x: json) -> int { mock return 1, budget { cost $0.25, tokens 2k } }\n---";
  assert_eq!(spent("| a = w(1)"), ["unknown", "unknown"]);
  assert_eq!(spent("| a = 1 + 1"), ["$0.00", "0"], "nothing is called");
  assert_eq!(spent(&format!("{dear}| a = dear(1) with retry 1")), ["$0.50", "4,000"]);
  assert_eq!(
    spent(&format!("{dear}| a = dear(1)\n b = w(1)")),
    ["unknown", "unknown"]
  );
  assert_eq!(
    spent(&format!(
      "{dear}xs: [int] | a = each x in xs with concurrent 5 => dear(x)"
    )),
    ["$0.25·|xs|", "2,000·|xs|"]
  );
  assert_eq!(
    spent(&format!(
      "{dear}xs: [int](..9) | budget {{ cost $1 }}\n a = each x in xs with concurrent 5 => dear(x)"
    )),
    ["$1.00", "2,000·|xs| <= 18,000"]
  );
}
