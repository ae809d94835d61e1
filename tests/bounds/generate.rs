//! Random programs as text. Every step gives the same type, so that any may stand in for any other; lists come from
//! parameters, from answers, and from what expressions make of both.

use std::fmt::Write;

use proptest::prelude::*;

/// A program's outline. Small numbers pick among what is in scope.
#[derive(Clone, Debug)]
pub enum Shape {
  Value,
  Fail,
  Work {
    worker: u8,
    reads: u8,
    retries: u8,
    backoff: bool,
    limit: u8,
  },
  Each {
    list: List,
    window: u8,
    collect: bool,
    body: Box<Shape>,
  },
  Fold {
    list: List,
    body: Box<Shape>,
  },
  Repeat {
    rounds: u8,
    until: bool,
    grows: bool,
    body: Vec<Shape>,
  },
  If(u8, Box<Shape>, Box<Shape>),
  Match(u8, Box<Shape>, Box<Shape>, Box<Shape>),
  Attempt(Box<Shape>),
  Catch(Box<Shape>, Box<Shape>),
  Delay(u8, Box<Shape>),
  Deadline(u8, Box<Shape>),
  Block(Vec<Shape>),
  Stage(Vec<Shape>),
  Return(u8),
  Require(u8),
  After(u8, u8),
  Nested(List, u8, Vec<Shape>),
  /// A call, a call that undoes it, and one that closes what it opened.
  Ended(u8, u8, u8),
  /// As `Each`, of which some may fail, or not all are wanted.
  Some {
    list: List,
    window: u8,
    failing: u8,
    wanted: u8,
    body: Box<Shape>,
  },
  /// A run of its own.
  Apart(List, Vec<Shape>),
  Plan {
    window: u8,
    collect: bool,
  },
  /// A pattern over workers, beside each other or one after another.
  Team {
    window: u8,
    row: bool,
  },
}

/// A list of ints made of what is in scope.
#[derive(Clone, Debug)]
pub enum List {
  Own(u8),
  Answer(u8),
  Literal(u8),
  Range(u8),
  UpTo(u8, u8),
  Take(Box<List>, u8),
  Join(Box<List>, Box<List>),
  Chunks(Box<List>, u8),
  Flat(u8),
  Some(Box<List>),
  Sorted(Box<List>),
  Zipped(Box<List>, Box<List>),
  Grouped(Box<List>),
  Made(Box<List>),
}

fn lists() -> impl Strategy<Value = List> {
  let leaf = prop_oneof![
    3 => any::<u8>().prop_map(List::Own),
    4 => any::<u8>().prop_map(List::Answer),
    1 => (1..4u8).prop_map(List::Literal),
    1 => (0..4u8).prop_map(List::Range),
    1 => (any::<u8>(), 0..4u8).prop_map(|(of, most)| List::UpTo(of, most)),
    2 => any::<u8>().prop_map(List::Flat),
  ];
  leaf.prop_recursive(2, 4, 2, |inner| {
    let one = || inner.clone().prop_map(Box::new);
    prop_oneof![
      (one(), 0..4u8).prop_map(|(list, most)| List::Take(list, most)),
      (one(), one()).prop_map(|(a, b)| List::Join(a, b)),
      (one(), 1..4u8).prop_map(|(list, size)| List::Chunks(list, size)),
      one().prop_map(List::Some),
      one().prop_map(List::Sorted),
      (one(), one()).prop_map(|(a, b)| List::Zipped(a, b)),
      one().prop_map(List::Grouped),
      one().prop_map(List::Made),
    ]
  })
}

pub fn shapes() -> impl Strategy<Value = Vec<Shape>> {
  let leaf = prop_oneof![
    1 => Just(Shape::Value),
    1 => Just(Shape::Fail),
    14 => (0..4u8, any::<u8>(), 0..4u8, any::<bool>(), 0..6u8).prop_map(|(worker, reads, retries, backoff, limit)| {
      Shape::Work { worker, reads, retries, backoff, limit }
    }),
  ];
  let node = leaf.prop_recursive(4, 20, 4, |inner| {
    let many = || prop::collection::vec(inner.clone(), 1..4);
    let one = || inner.clone().prop_map(Box::new);
    prop_oneof![
      5 => (lists(), 1..8u8, any::<bool>(), one())
        .prop_map(|(list, window, collect, body)| Shape::Each { list, window, collect, body }),
      1 => (lists(), one()).prop_map(|(list, body)| Shape::Fold { list, body }),
      2 => (1..4u8, any::<bool>(), any::<bool>(), many())
        .prop_map(|(rounds, until, grows, body)| Shape::Repeat { rounds, until, grows, body }),
      2 => (any::<u8>(), one(), one()).prop_map(|(of, then, other)| Shape::If(of, then, other)),
      1 => (any::<u8>(), one(), one(), one()).prop_map(|(of, a, b, c)| Shape::Match(of, a, b, c)),
      2 => one().prop_map(Shape::Attempt),
      3 => (one(), one()).prop_map(|(inner, handler)| Shape::Catch(inner, handler)),
      1 => (0..30u8, one()).prop_map(|(time, inner)| Shape::Delay(time, inner)),
      1 => (1..60u8, one()).prop_map(|(time, inner)| Shape::Deadline(time, inner)),
      2 => many().prop_map(Shape::Block),
      1 => many().prop_map(Shape::Stage),
      1 => any::<u8>().prop_map(Shape::Return),
      1 => any::<u8>().prop_map(Shape::Require),
      1 => (0..4u8, any::<u8>()).prop_map(|(worker, after)| Shape::After(worker, after)),
      4 => (0..4u8, 0..3u8, 0..3u8).prop_map(|(worker, undo, finally)| Shape::Ended(worker, undo, finally)),
      2 => (lists(), 1..8u8, 0..4u8, 0..4u8, one())
        .prop_map(|(list, window, failing, wanted, body)| Shape::Some { list, window, failing, wanted, body }),
      1 => (lists(), many()).prop_map(|(list, body)| Shape::Apart(list, body)),
      1 => (1..5u8, any::<bool>()).prop_map(|(window, collect)| Shape::Plan { window, collect }),
      1 => (1..5u8, any::<bool>()).prop_map(|(window, row)| Shape::Team { window, row }),
      2 => (lists(), any::<u8>(), many()).prop_map(|(list, number, body)| Shape::Nested(list, number, body)),
    ]
  });
  prop::collection::vec(node, 1..6)
}

/// Names that limits, workers and types have in every generated program.
const HEAD: &str = "\
type Part = { xs: [int] }
type R = { ok: bool, n: int(0..3), wait: duration, xs: [int], some: [int](..2), parts: [Part] }
let nothing() -> R = { ok: true, n: 0, wait: 1s, xs: [], some: [], parts: [] }
defaults { budget { cost $0.10 } }
limit narrow { concurrent 1 }
limit wide { concurrent 3 }
limit slow { rate 2 per 7s }
worker w0(r: R, n: int) -> R { mock return r, timeout 2s }
worker w1(r: R, n: int) -> R { mock return r, timeout 5s, concurrent 2 }
worker w2(r: R, n: int) -> R { mock return r, timeout 1s * max(1, r.n), limit wide }
worker w3(r: R, n: int) -> R { mock return r, timeout 3s, deadline 20s, delay 500ms }
worker undo0(r: R) -> R { mock return r, timeout 2s, retry 1 fixed 1s }
worker undo1(r: R) -> R { mock return r, timeout 3s, limit wide }
worker p0(n: int) -> int { mock return n, timeout 2s, retry 1 fixed 1s }
worker p1(n: int) -> int { mock return n, timeout 4s, limit wide }
pool team = [p0, p1]
worker planner(r: R) -> Plan<team>(..5) { mock return { assignments: [] }, timeout 2s }
/// All at once.
pattern crew(r: R, works: [worker(R) -> R], width: int = 2) -> [R] {
  done = each who in works with concurrent width => who(r)
  return done
}
/// One after another.
pattern row(r: R, works: [worker(R) -> R]) -> R {
  done = each who in works from r => who(previous)
  return done
}
";

/// What is no good style, and bounded nonetheless.
const ALLOWED: &str = "\
allow loop/drops-previous \"only its bounds count\"
allow condition/contradicts \"only its bounds count\"";

/// A value in scope.
#[derive(Clone, Debug)]
struct Names {
  /// Of the type that steps give.
  steps: Vec<String>,
  /// Lists of ints.
  lists: Vec<String>,
  /// Ints from 0 to 3.
  numbers: Vec<String>,
}

impl Names {
  fn new() -> Names {
    Names {
      steps: vec!["nothing()".into()],
      lists: vec!["xs".into()],
      numbers: vec!["n".into()],
    }
  }

  fn step(&self, pick: u8) -> &str {
    let from_end = usize::from(pick) % self.steps.len();
    &self.steps[self.steps.len() - 1 - from_end]
  }
}

#[derive(Default)]
struct Writer {
  count: usize,
  /// Whether some orchestrators have an `on failure`.
  told: bool,
  /// Whether some have a budget; one that is too small is refused.
  budgets: bool,
  /// Finished orchestrators.
  others: String,
}

/// The text of a program; its orchestrator is `main(xs: [int], n: int(0..3))`.
pub fn text(shapes: &[Shape], budgets: bool) -> String {
  written(shapes, true, budgets)
}

/// The same without what may not happen: conditions, failures, retries, and values of other rounds.
pub fn plain_text(shapes: &[Shape]) -> String {
  written(&plain(shapes), false, false)
}

fn written(shapes: &[Shape], told: bool, budgets: bool) -> String {
  let mut writer = Writer {
    told,
    budgets,
    ..Writer::default()
  };
  writer.orchestrator("main", shapes);
  format!("{HEAD}{}", writer.others)
}

impl Writer {
  fn name(&mut self, letter: &str) -> String {
    self.count += 1;
    format!("{letter}{}", self.count)
  }

  fn orchestrator(&mut self, name: &str, shapes: &[Shape]) {
    let mut names = Names::new();
    let steps = self.steps(shapes, &mut names, true);
    let result = self.result(&names);
    let told = match shapes.len() % 2 == 1 && self.told {
      false => "",
      true => "on failure { undo1(nothing()) }\n",
    };
    let budget = match shapes.len() % 6 {
      1 if self.budgets => "budget { calls 5 }\n",
      2 if self.budgets => "budget { time 9s }\n",
      3 if self.budgets => "budget { cost $0.70 }\n",
      4 if self.budgets => "budget { calls 7, time 20s }\n",
      _ => "",
    };
    let _ = writeln!(
      self.others,
      "/// Does something.\n{ALLOWED}\norchestrator {name}(xs: [int], n: int(0..3)) -> R {{\n{budget}{told}{steps}return {result}\n}}"
    );
  }

  /// A value made of the latest steps.
  fn result(&self, names: &Names) -> String {
    let (a, b) = (names.step(0), names.step(1));
    format!("{{ ok: {a}.ok, n: {b}.n, wait: {a}.wait, xs: {a}.xs + {b}.xs, some: {b}.some, parts: {a}.parts }}")
  }

  fn steps(&mut self, shapes: &[Shape], names: &mut Names, top: bool) -> String {
    let mut text = String::new();
    for shape in shapes {
      match shape {
        Shape::Stage(inner) if top => {
          let name = self.name("g");
          let inner = self.steps(inner, names, false);
          let _ = writeln!(text, "stage {name} {{\n{inner}}}");
        }
        Shape::Return(of) if top => {
          let step = names.step(*of);
          let _ = writeln!(text, "return {step} when not {step}.ok");
        }
        Shape::Require(of) => {
          let _ = writeln!(text, "require {}.n < 3", names.step(*of));
        }
        Shape::After(worker, after) if names.step(*after).starts_with('s') => {
          let name = self.name("s");
          let _ = writeln!(text, "{name} = w{worker}(nothing(), 0) after {}", names.step(*after));
          names.steps.push(name);
        }
        shape => {
          let name = self.name("s");
          let node = self.node(shape, names);
          let _ = writeln!(text, "{name} = {node}");
          names.steps.push(name);
        }
      }
    }
    text
  }

  fn block(&mut self, shapes: &[Shape], names: &Names) -> String {
    let mut names = names.clone();
    let steps = self.steps(shapes, &mut names, false);
    format!("{{\n{steps}yield {}\n}}", self.result(&names))
  }

  /// One node, in a block of its own.
  fn alone(&mut self, shape: &Shape, names: &Names) -> String {
    self.block(std::slice::from_ref(shape), names)
  }

  fn node(&mut self, shape: &Shape, names: &Names) -> String {
    match shape {
      Shape::Value | Shape::Return(_) | Shape::Require(_) | Shape::After(..) => self.result(names),
      Shape::Fail => "if nothing().ok then fail \"lost\" else nothing()".into(),
      Shape::Work {
        worker,
        reads,
        retries,
        backoff,
        limit,
      } => work(names, *worker, *reads, *retries, *backoff, *limit),
      Shape::Each {
        list,
        window,
        collect,
        body,
      } => self.each(list, *window, *collect, body, names),
      Shape::Fold { list, body } => {
        let (item, list) = (self.name("x"), list_text(list, names));
        let body = self.alone(body, &with_previous(with(names, &item)));
        format!("each {item} in {list} from nothing(): R => {body}")
      }
      Shape::Repeat {
        rounds,
        until,
        grows,
        body,
      } => self.repeat(*rounds, *until, *grows, body, names),
      Shape::If(of, then, other) => {
        let (then, other) = (self.alone(then, names), self.alone(other, names));
        format!("if {}.ok then {then} else {other}", names.step(*of))
      }
      Shape::Match(of, a, b, c) => {
        let (a, b, c) = (self.alone(a, names), self.alone(b, names), self.alone(c, names));
        format!("match {}.n {{\n0 => {a}\n1, 2 => {b}\nelse => {c}\n}}", names.step(*of))
      }
      Shape::Attempt(inner) => {
        let (name, inner) = (self.name("o"), self.alone(inner, names));
        format!("{{\n{name} = attempt {inner}\nyield if {name}.ok then {name}.value else nothing()\n}}")
      }
      Shape::Catch(inner, handler) => {
        let (inner, handler) = (self.alone(inner, names), self.alone(handler, names));
        format!("{inner} catch {handler}")
      }
      Shape::Delay(time, inner) => format!("{} with delay {}ms", self.alone(inner, names), u32::from(*time) * 100),
      Shape::Deadline(time, inner) => format!("{} with deadline {time}s", self.alone(inner, names)),
      Shape::Block(inner) | Shape::Stage(inner) => self.block(inner, names),
      Shape::Ended(worker, undo, finally) => {
        let step = names.step(*worker);
        let ending = |word: &str, which: u8| match which {
          0 => String::new(),
          which => format!(" {word} undo{}({step})", which - 1),
        };
        let (undo, finally) = (ending("undo", *undo), ending("finally", *finally));
        format!("w{worker}({step}, 0){undo}{finally}")
      }
      Shape::Some {
        list,
        window,
        failing,
        wanted,
        body,
      } => self.some(list, (*window, *failing, *wanted), body, names),
      Shape::Apart(list, body) => {
        let (child, name) = (self.name("o"), self.name("h"));
        self.orchestrator(&child, body);
        let list = list_text(list, names);
        format!(
          "{{\n{name} = dispatch {child}({list}, 0)\nyield if {name}.run == \"\" then nothing() else {} \n}}",
          names.step(0)
        )
      }
      Shape::Plan { window, collect } => {
        let (plan, all) = (self.name("p"), self.name("r"));
        let collect = if *collect { ", collect" } else { "" };
        format!(
          "{{\n{plan} = planner({})\n{all} = run {plan} with concurrent {window}{collect}\n\
           yield {{ ...nothing(), xs: [len({all}i.id) for {all}i in {all}] }}\n}}",
          names.step(0)
        )
      }
      Shape::Team { window, row: false } => {
        let all = self.name("t");
        format!(
          "{{\n{all} = crew({}, [w0(_, 0), w1(_, 1), w2(_, 2)], {window})\nyield first({all}) ?? nothing()\n}}",
          names.step(0)
        )
      }
      Shape::Team { row: true, .. } => format!("row({}, [w0(_, 0), w1(_, 1), w2(_, 2)])", names.step(0)),
      Shape::Nested(list, number, body) => {
        let name = self.name("o");
        self.orchestrator(&name, body);
        let number = &names.numbers[usize::from(*number) % names.numbers.len()];
        format!("{name}({}, {number})", list_text(list, names))
      }
    }
  }

  fn each(&mut self, list: &List, window: u8, collect: bool, body: &Shape, names: &Names) -> String {
    let (item, all, list) = (self.name("x"), self.name("a"), list_text(list, names));
    let body = self.alone(body, &with(names, &item));
    let (policy, values) = match collect {
      true => (", collect", format!("succeeded({all})")),
      false => ("", all.clone()),
    };
    format!(
      "{{\n{all} = each {item} in {list} with concurrent {window}{policy} => {body}\n\
       yield {{ ...nothing(), xs: flatten([{item}r.xs for {item}r in {values}]), n: max(0, min(3, len({values}) - 1)) }}\n}}"
    )
  }

  fn some(&mut self, list: &List, numbers: (u8, u8, u8), body: &Shape, names: &Names) -> String {
    let (window, failing, wanted) = numbers;
    let (item, all, list) = (self.name("x"), self.name("a"), list_text(list, names));
    let body = self.alone(body, &with(names, &item));
    let mut policies = format!("with concurrent {window}");
    if failing > 0 {
      let _ = write!(policies, ", tolerate {failing}");
    }
    if wanted > 0 || failing == 0 {
      let _ = write!(policies, ", stop when len(done) > {wanted}");
    }
    format!(
      "{{\n{all} = each {item} in {list} {policies} => {body}\n\
       yield {{ ...nothing(), xs: flatten([{item}r.xs for {item}r in {all}]) }}\n}}"
    )
  }

  fn repeat(&mut self, rounds: u8, until: bool, grows: bool, body: &[Shape], names: &Names) -> String {
    let mut inner = with_previous(names.clone());
    let call = self.name("s");
    let mut steps = format!("{call} = w0({}, 0)\n", names.step(0));
    inner.steps.push(call.clone());
    steps.push_str(&self.steps(body, &mut inner, false));
    let given = match grows {
      true => format!(
        "{{ ...{call}, xs: previous.xs + {}.xs, n: max(min(previous.n + 1, 3), 0) }}",
        inner.step(0)
      ),
      false => self.result(&inner),
    };
    let until = if until {
      format!(" until {call}.n > 1 else last")
    } else {
      String::new()
    };
    format!("repeat up to {rounds} from nothing(): R {{\n{steps}yield {given}\n}}{until}")
  }
}

fn with(names: &Names, item: &str) -> Names {
  let mut names = names.clone();
  names.numbers.push(format!("min(max({item}, 0), 3)"));
  names
}

fn with_previous(mut names: Names) -> Names {
  names.steps.push("previous".into());
  names
}

fn work(names: &Names, worker: u8, reads: u8, retries: u8, backoff: bool, limit: u8) -> String {
  let mut policies = Vec::new();
  if retries > 0 {
    let wait = if backoff { "backoff 1s..3s" } else { "fixed 2s" };
    policies.push(format!("retry {retries} {wait}"));
  }
  policies.extend(
    ["limit narrow", "limit wide", "limit slow"]
      .get(usize::from(limit))
      .map(|limit| (*limit).to_owned()),
  );
  if reads % 7 == 1 {
    policies.push("hedge after 500ms".to_owned());
  }
  if reads.is_multiple_of(5) {
    policies.push(format!("timeout min({}.wait, 4s)", names.step(reads)));
  }
  let policies = if policies.is_empty() {
    String::new()
  } else {
    format!(" with {}", policies.join(", "))
  };
  let number = &names.numbers[usize::from(reads) % names.numbers.len()];
  format!("w{worker}({}, {number}){policies}", names.step(reads))
}

fn list_text(list: &List, names: &Names) -> String {
  match list {
    List::Own(pick) => names.lists[usize::from(*pick) % names.lists.len()].clone(),
    List::Answer(pick) if pick % 3 == 0 => format!("{}.some", names.step(*pick)),
    List::Answer(pick) => format!("{}.xs", names.step(*pick)),
    List::Literal(length) => format!("[{}]", vec!["0"; usize::from(*length)].join(", ")),
    List::Range(end) => format!("range({end})"),
    List::UpTo(pick, most) => format!("range(min(len({}.xs), {most}))", names.step(*pick)),
    List::Take(list, most) => format!("take({}, {most})", list_text(list, names)),
    List::Join(a, b) => format!("({} + {})", list_text(a, names), list_text(b, names)),
    List::Chunks(list, size) => format!("[len(c) for c in chunk({}, {size})]", list_text(list, names)),
    List::Flat(pick) => format!("flatten([p.xs for p in {}.parts])", names.step(*pick)),
    List::Some(list) => format!("[y for y in {} if y > 0]", list_text(list, names)),
    List::Sorted(list) => format!("sort_by({}, -it)", list_text(list, names)),
    List::Zipped(a, b) => {
      format!(
        "[z.first for z in zip({}, {})]",
        list_text(a, names),
        list_text(b, names)
      )
    }
    List::Grouped(list) => format!("[len(u.items) for u in group_by({}, it % 2)]", list_text(list, names)),
    List::Made(list) => format!("[...unique({}), 7]", list_text(list, names)),
  }
}

/// Calls that crowd before limits: so many items, so many at once, of which worker, under which limit.
pub type Crowd = (u8, u8, u8, u8);

/// A program in which crowds run beside each other.
pub fn crowded(crowds: &[Crowd]) -> String {
  let step = |(at, (items, window, worker, limit)): (usize, &Crowd)| {
    let limit = ["narrow", "wide", "slow", "narrow, limit slow"][usize::from(*limit)];
    format!(
      "a{at} = each x in range({items}) with concurrent {window}, collect => w{worker}(nothing(), 0) with limit {limit}\n\
       b{at} = succeeded(a{at})\n"
    )
  };
  let steps: String = crowds.iter().enumerate().map(step).collect();
  format!("{HEAD}/// Crowds.\norchestrator main(xs: [int], n: int(0..3)) {{\n{steps}}}\n")
}

fn plain(shapes: &[Shape]) -> Vec<Shape> {
  shapes.iter().map(plain_one).collect()
}

fn plain_one(shape: &Shape) -> Shape {
  let one = |shape: &Shape| Box::new(plain_one(shape));
  match shape {
    Shape::Value | Shape::Fail | Shape::Return(_) | Shape::Require(_) => Shape::Value,
    Shape::Work {
      worker, reads, limit, ..
    } => Shape::Work {
      worker: worker % 3,
      // no copy
      reads: reads / 7 * 7,
      retries: 0,
      backoff: false,
      limit: *limit,
    },
    Shape::Each {
      list,
      window,
      collect,
      body,
    } => Shape::Each {
      list: plain_list(list),
      window: *window,
      collect: *collect,
      body: one(body),
    },
    Shape::Fold { list, body } => Shape::Fold {
      list: plain_list(list),
      body: one(body),
    },
    Shape::Repeat { rounds, body, .. } => Shape::Repeat {
      rounds: *rounds,
      until: false,
      grows: false,
      body: plain(body),
    },
    Shape::If(_, a, b) | Shape::Catch(a, b) | Shape::Match(_, a, b, _) => {
      Shape::Block(vec![plain_one(a), plain_one(b)])
    }
    Shape::Attempt(inner) | Shape::Deadline(_, inner) => Shape::Attempt(one(inner)),
    Shape::Delay(time, inner) => Shape::Delay(*time, one(inner)),
    Shape::Block(inner) => Shape::Block(plain(inner)),
    Shape::Stage(inner) => Shape::Stage(plain(inner)),
    Shape::After(worker, after) => Shape::After(worker % 3, *after),
    Shape::Nested(list, number, body) => Shape::Nested(plain_list(list), *number, plain(body)),
    Shape::Ended(worker, _, finally) => Shape::Ended(worker % 3, 0, if *finally > 0 { 2 } else { 0 }),
    Shape::Some { list, window, body, .. } => Shape::Each {
      list: plain_list(list),
      window: *window,
      collect: false,
      body: one(body),
    },
    Shape::Apart(list, body) => Shape::Apart(plain_list(list), plain(body)),
    Shape::Plan { .. } => Shape::Value,
    team @ Shape::Team { .. } => team.clone(),
  }
}

fn plain_list(list: &List) -> List {
  let one = |list: &List| Box::new(plain_list(list));
  match list {
    List::Own(_) | List::Answer(_) | List::UpTo(..) | List::Grouped(_) | List::Zipped(..) | List::Some(_) => {
      List::Own(0)
    }
    List::Take(list, _) | List::Sorted(list) => List::Sorted(one(list)),
    List::Join(a, b) => List::Join(one(a), one(b)),
    List::Chunks(list, size) => List::Chunks(one(list), *size),
    List::Made(list) => List::Join(one(list), Box::new(List::Literal(1))),
    List::Flat(of) => List::Flat(*of),
    other => other.clone(),
  }
}
