//! Random programs as text, with every policy and node of the language. Each step gives an int, so that any may stand in
//! for any other.

use std::fmt::Write;

use crate::{
  common::draw::Draw,
  declared::{COST, Declared, TOKENS},
};

pub struct Generated {
  pub text: String,
  pub declared: Declared,
  /// Its result depends on the order of events, or on time.
  pub timed: bool,
}

/// What every program has beside its own workers.
const COMMON: &str = "\
worker some(x: int) -> [int](..4) { exec [\"some\", x], timeout 200ms, idempotent, retry 1 fixed 5ms, BUDGET }
worker u0(x: int) { exec [\"u0\", x], timeout 150ms, idempotent, retry 1 fixed 3ms, BUDGET }
worker u1(x: int) { exec [\"u1\", x], timeout 50ms, BUDGET }
worker told(x: int) { exec [\"told\", x], timeout 100ms, limit l0, BUDGET }
worker planner(x: int) -> Plan<team>(..4) { exec [\"planner\", x], timeout 100ms, idempotent, retry 1 fixed 5ms, BUDGET }
pool team = [w0, w1, solo]
/// One member of the team is an orchestrator.
orchestrator solo(x: int) -> int { a = w1(x) b = w0(a) return a + b }
";

/// What is no good style, and allowed nonetheless.
const ALLOWED: &str = "\
allow loop/drops-previous \"it is random\"
allow condition/contradicts \"it is random\"
allow flow/loose-effect \"it is random\"";

struct Writer<'d> {
  draw: &'d mut Draw,
  declared: Declared,
  timed: bool,
  budgets: bool,
  count: usize,
  /// Steps that may still be written.
  room: usize,
  /// Finished orchestrators.
  others: String,
}

/// `budgets`: some orchestrators have one; a program with one that is too small is refused.
pub fn generate(seed: u64, budgets: bool) -> Generated {
  let mut draw = Draw::new(seed);
  let timed = draw.percent(60);
  let declared = Declared::draw(&mut draw, timed);
  let room = draw.within(3, 22) as usize;
  let mut writer = Writer {
    draw: &mut draw,
    declared,
    timed,
    budgets: budgets && timed,
    count: 0,
    room,
    others: String::new(),
  };
  if writer.orchestrator("main", 3) {
    writer.declared.telling.insert(String::new());
  }
  let Writer { declared, others, .. } = writer;
  let common = COMMON.replace("BUDGET", &format!("budget {{ cost ${COST:.2}, tokens {TOKENS} }}"));
  Generated {
    text: format!("{}{common}{others}", declared.head()),
    declared,
    timed,
  }
}

type Names = Vec<String>;

impl Writer<'_> {
  fn name(&mut self, letter: &str) -> String {
    self.count += 1;
    format!("{letter}{}", self.count)
  }

  /// Whether it has an `on failure`.
  fn orchestrator(&mut self, name: &str, depth: usize) -> bool {
    let mut names: Names = vec!["x".into()];
    let steps = self.steps(&mut names, depth, true);
    let result = self.value(&names);
    let budget = self.budget(name);
    let tells = self.draw.percent(30);
    let told = if tells { "on failure { told(x) }\n" } else { "" };
    let _ = writeln!(
      self.others,
      "/// Does something.\n{ALLOWED}\norchestrator {name}(x: int) -> int {{\n{budget}{steps}return {result}\n{told}}}"
    );
    tells
  }

  fn budget(&mut self, name: &str) -> String {
    if !self.budgets || !self.draw.percent(if name == "main" { 25 } else { 45 }) {
      return String::new();
    }
    let calls = self.draw.within(2, 9);
    match self.draw.below(4) {
      0 => format!("budget {{ calls {calls} }}\n"),
      1 => format!("budget {{ cost ${:.2} }}\n", calls as f64 * COST),
      2 => format!("budget {{ tokens {} }}\n", calls * TOKENS),
      _ => format!("budget {{ time {}ms, calls {calls} }}\n", self.draw.within(50, 900)),
    }
  }

  /// An int that reads some of the names.
  fn value(&mut self, names: &Names) -> String {
    let (a, b) = (self.draw.pick(names).clone(), self.draw.pick(names).clone());
    format!("({a} * 3 + {b} + {}) % 1000", self.draw.below(10))
  }

  fn read(&mut self, names: &Names) -> String {
    // mostly the latest, so that there are chains
    let back = self.draw.below(3.min(names.len() as u64)) as usize;
    names[names.len() - 1 - back].clone()
  }

  fn steps(&mut self, names: &mut Names, depth: usize, top: bool) -> String {
    let mut text = String::new();
    for _ in 0..self.draw.within(1, if top { 5 } else { 3 }) {
      if self.room == 0 && !text.is_empty() {
        break;
      }
      self.room = self.room.saturating_sub(1);
      let line = self.line(names, depth, top);
      let _ = writeln!(text, "{line}");
    }
    text
  }

  fn line(&mut self, names: &mut Names, depth: usize, top: bool) -> String {
    match self.draw.below(24) {
      0 => format!("require {} % 7 != 3, \"seven\"", self.read(names)),
      1 if top && self.timed => format!("return {} when {} % 5 == 2", self.value(names), self.read(names)),
      2 if top && depth > 0 => {
        let stage = self.name("g");
        let mut inner = names.clone();
        let steps = self.steps(&mut inner, depth - 1, false);
        *names = inner;
        format!("stage {stage} {{\n{steps}}}")
      }
      3 => {
        // a gate
        let (worker, reads) = (self.draw.below(self.declared.workers.len() as u64), self.read(names));
        format!("w{worker}({reads})")
      }
      4 if depth > 0 => {
        let (child, step, reads) = (self.name("o"), self.name("h"), self.read(names));
        self.orchestrator(&child, 1);
        format!("{step} = dispatch {child}({reads})")
      }
      _ => {
        let step = self.name("s");
        let node = self.node(&step, names, depth);
        let after = match names.iter().skip(1).next_back() {
          Some(other) if self.draw.percent(8) && !node.contains(other) && other.starts_with('s') => {
            format!(" after {other}")
          }
          _ => String::new(),
        };
        names.push(step.clone());
        format!("{step} = {node}{after}")
      }
    }
  }

  fn block(&mut self, names: &Names, depth: usize) -> String {
    let mut names = names.clone();
    let steps = self.steps(&mut names, depth, false);
    let value = self.value(&names);
    format!("{{\n{steps}yield {value}\n}}")
  }

  fn node(&mut self, step: &str, names: &Names, depth: usize) -> String {
    if depth == 0 || self.room == 0 {
      return self.call(step, names);
    }
    let inner = depth - 1;
    match self.draw.below(30) {
      0..=6 => self.call(step, names),
      7..=11 => self.each(names, inner),
      12 => {
        let (item, list, seed) = (self.name("x"), self.list(names), self.read(names));
        let around: Names = names.iter().cloned().chain([item.clone(), "previous".into()]).collect();
        format!("each {item} in {list} from {seed} => {}", self.block(&around, inner))
      }
      13 | 14 => self.repeat(step, names, inner),
      15 | 16 => {
        let reads = self.read(names);
        format!(
          "if {reads} % 2 == 0 then {} else {}",
          self.block(names, inner),
          self.block(names, inner)
        )
      }
      17 => {
        let reads = self.read(names);
        let (a, b) = (self.block(names, inner), self.block(names, inner));
        format!("match {reads} % 3 {{\n0 => {a}\n1 => {b}\nelse => {reads}\n}}")
      }
      18 | 19 => {
        let outcome = self.name("t");
        format!(
          "{{\n{outcome} = attempt {}\nyield if {outcome}.ok then {outcome}.value else 7\n}}",
          self.block(names, inner)
        )
      }
      20 | 21 => format!("{} catch {}", self.block(names, inner), self.block(names, inner)),
      22 => format!("if {} % 3 == 1 then fail \"lost\" else 5", self.read(names)),
      23 | 24 => {
        let (child, reads) = (self.name("o"), self.read(names));
        if self.orchestrator(&child, inner) {
          self.declared.telling.insert(step.into());
        }
        let endings = self.endings(step);
        format!("{child}({reads}){endings}")
      }
      25 => self.plan(names),
      26 if self.timed => {
        let time = self.draw.within(5, 700) as i64;
        self.declared.deadlines.insert(step.into(), time);
        format!("{} with deadline {time}ms", self.block(names, inner))
      }
      27 => format!("{} with delay {}ms", self.block(names, inner), self.draw.below(60)),
      _ => self.block(names, inner),
    }
  }

  fn call(&mut self, step: &str, names: &Names) -> String {
    let worker = self.draw.below(self.declared.workers.len() as u64) as usize;
    let reads = self.value(names);
    let with = self.declared.site(step, worker, self.draw, self.timed);
    let endings = self.endings(step);
    format!("w{worker}({reads}){with}{endings}")
  }

  fn endings(&mut self, step: &str) -> String {
    let mut text = String::new();
    if self.draw.percent(15) {
      self.declared.undone.insert(step.into());
      let _ = write!(text, " undo u{}({step})", self.draw.below(2));
    }
    if self.draw.percent(12) {
      self.declared.closed.insert(step.into());
      let _ = write!(text, " finally u{}({step})", self.draw.below(2));
    }
    text
  }

  fn list(&mut self, names: &Names) -> String {
    match self.draw.below(3) {
      0 => "[4, 1, 7]".into(),
      1 => format!("range({})", self.draw.below(6)),
      _ => format!("take(range(abs({}) % 6), 5)", self.read(names)),
    }
  }

  fn each(&mut self, names: &Names, depth: usize) -> String {
    let (item, all) = (self.name("x"), self.name("a"));
    let asked = self.draw.percent(25).then(|| (self.name("l"), self.read(names)));
    let list = match &asked {
      Some((name, _)) => name.clone(),
      None => self.list(names),
    };
    let asks = asked.map_or(String::new(), |(name, reads)| format!("{name} = some({reads})\n"));
    let around: Names = names.iter().cloned().chain([item.clone()]).collect();
    let window = self.draw.within(1, 4);
    let wanted = self.draw.within(1, 3);
    self.declared.windows.insert(all.clone(), window as usize);
    let (takes, value) = match self.draw.below(if self.timed { 5 } else { 3 }) {
      0 => (String::new(), format!("sum({all}) % 1000")),
      1 => (
        ", collect".into(),
        format!("(sum(succeeded({all})) + len(failures({all}))) % 1000"),
      ),
      2 => {
        let most = self.draw.below(3);
        self.declared.tolerates.insert(all.clone(), most as usize);
        (format!(", tolerate {most}"), format!("sum({all}) % 1000"))
      }
      3 => (
        format!(", stop when len(done) == {wanted}"),
        format!("sum({all}) % 1000"),
      ),
      _ => (
        format!(", collect, stop when len(done) == {wanted}"),
        format!("sum(succeeded({all})) % 1000"),
      ),
    };
    let body = match self.draw.percent(30) {
      true => format!("w{}({item})", self.draw.below(self.declared.workers.len() as u64)),
      false => self.block(&around, depth),
    };
    format!("{{\n{asks}{all} = each {item} in {list} with concurrent {window}{takes} => {body}\nyield {value}\n}}")
  }

  fn repeat(&mut self, step: &str, names: &Names, depth: usize) -> String {
    let (call, worker) = (self.name("s"), self.draw.below(self.declared.workers.len() as u64));
    // a round has a `previous` of its own
    let mut around: Names = names.iter().filter(|name| *name != "previous").cloned().collect();
    let reads = self.read(&around);
    let with = self.declared.site(&call, worker as usize, self.draw, self.timed);
    around.push(call.clone());
    let steps = match self.draw.percent(50) {
      true => self.steps(&mut around, depth, false),
      false => String::new(),
    };
    let value = self.value(&around);
    let rounds = self.draw.within(1, 4);
    self.declared.rounds.insert(step.into(), rounds);
    let until = match self.draw.below(4) {
      0 => String::new(),
      1 => format!(" until {call} % 4 == 1"),
      2 => format!(" until {call} % 3 == 1 else last"),
      _ => format!(" until {call} % 4 == 1 else w0({reads})"),
    };
    format!(
      "repeat up to {rounds} {{\n{call} = w{worker}((previous ?? {reads}) + 1){with}\n{steps}yield {value}\n}}{until}"
    )
  }

  fn plan(&mut self, names: &Names) -> String {
    let (plan, all, reads) = (self.name("p"), self.name("r"), self.read(names));
    let collect = if self.draw.percent(50) { ", collect" } else { "" };
    let window = self.draw.within(1, 3);
    self.declared.windows.insert(all.clone(), window as usize);
    format!("{{\n{plan} = planner({reads})\n{all} = run {plan} with concurrent {window}{collect}\nyield len({all})\n}}")
  }
}
