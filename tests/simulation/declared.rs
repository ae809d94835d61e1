//! What a random program declares, as numbers: the audit holds its runs to these, not to what the engine made of the text.

use std::{
  collections::{HashMap, HashSet},
  fmt::Write,
};

use crate::common::draw::Draw;

/// Times are in milliseconds.
#[derive(Clone, Debug)]
pub struct Policy {
  pub timeout: i64,
  pub retry: Option<Retry>,
  pub hedge: Option<i64>,
  pub cache: Option<i64>,
  pub deadline: Option<i64>,
  pub delay: Option<i64>,
  /// Indices of limits.
  pub limits: Vec<usize>,
}

#[derive(Clone, Debug)]
pub struct Retry {
  pub times: u32,
  pub from: i64,
  pub to: i64,
  pub fixed: bool,
  /// `on [exit 75, timeout]`; else the default.
  pub picky: bool,
  /// `unless [exit 2]`
  pub unless: bool,
}

#[derive(Clone, Debug)]
pub struct Worker {
  pub name: String,
  pub idempotent: bool,
  pub concurrent: Option<usize>,
  /// `open after`, `probe after`, `close after`.
  pub breaker: Option<(u64, i64, u64)>,
  pub heartbeat: Option<i64>,
  pub policy: Policy,
}

#[derive(Clone, Debug)]
pub struct Limit {
  pub concurrent: Option<usize>,
  pub rate: Option<(usize, i64)>,
}

/// All of a program.
#[derive(Clone, Debug, Default)]
pub struct Declared {
  pub workers: Vec<Worker>,
  /// Those that every program has.
  pub common: Vec<Worker>,
  pub limits: Vec<Limit>,
  /// What holds for calls, by the names of their steps.
  pub sites: HashMap<String, Policy>,
  /// Deadlines of steps that are no calls, by name.
  pub deadlines: HashMap<String, i64>,
  /// Steps with an `undo`, and with a `finally`.
  pub undone: HashSet<String>,
  pub closed: HashSet<String>,
  /// Steps that call an orchestrator with an `on failure`; `main` is the empty name.
  pub telling: HashSet<String>,
  /// Windows of `each` and `run`, and how many failures an `each` takes.
  pub windows: HashMap<String, usize>,
  pub tolerates: HashMap<String, usize>,
  /// How often a `repeat` goes round.
  pub rounds: HashMap<String, u64>,
}

/// What one execution may spend: every worker says so.
pub const COST: f64 = 0.1;
pub const TOKENS: u64 = 100;

impl Retry {
  fn draw(draw: &mut Draw) -> Retry {
    let from = draw.within(1, 20) as i64;
    Retry {
      times: draw.within(1, 3) as u32,
      from,
      to: from + draw.within(0, 60) as i64,
      fixed: draw.percent(40),
      picky: draw.percent(25),
      unless: draw.percent(25),
    }
  }

  fn text(&self) -> String {
    let mut text = match self.fixed {
      true => format!("retry {} fixed {}ms", self.times, self.from),
      false => format!("retry {} backoff {}ms..{}ms", self.times, self.from, self.to),
    };
    text.push_str(if self.picky { " on [exit 75, timeout]" } else { "" });
    text.push_str(if self.unless { " unless [exit 2]" } else { "" });
    text
  }

  /// Whether a failure of this kind and code is retried.
  pub fn takes(&self, kind: &str, code: Option<i64>) -> bool {
    let wanted = match self.picky {
      true => kind == "timeout" || kind == "exit" && code == Some(75),
      false => matches!(kind, "exit" | "timeout" | "transport" | "contract"),
    };
    wanted && !(self.unless && kind == "exit" && code == Some(2))
  }

  /// The shortest and longest wait before retry `i`, from 1.
  pub fn wait(&self, i: u32) -> (i64, i64) {
    match self.fixed {
      true => (self.from, self.from),
      false => (self.from, self.to.min(self.from << i).max(self.from)),
    }
  }
}

impl Worker {
  /// `timed`: with all that makes a result depend on the order of events.
  fn draw(name: String, draw: &mut Draw, limits: usize, timed: bool) -> Worker {
    let timeout = draw.within(20, 300) as i64;
    let idempotent = draw.percent(75);
    let policy = Policy {
      timeout,
      retry: (idempotent && draw.percent(60)).then(|| Retry::draw(draw)),
      hedge: (timed && idempotent && draw.percent(25)).then(|| draw.within(1, timeout as u64 - 1) as i64),
      cache: (timed && draw.percent(20)).then(|| draw.within(1, 2_000) as i64),
      deadline: (timed && draw.percent(10)).then(|| draw.within(30, 900) as i64),
      delay: draw.percent(10).then(|| draw.within(0, 60) as i64),
      limits: (draw.percent(35))
        .then(|| draw.below(limits as u64) as usize)
        .into_iter()
        .collect(),
    };
    Worker {
      name,
      idempotent,
      concurrent: draw.percent(40).then(|| draw.within(1, 3) as usize),
      breaker: (timed && draw.percent(25)).then(|| (draw.within(1, 3), draw.within(5, 200) as i64, draw.within(1, 2))),
      heartbeat: (timed && draw.percent(15)).then(|| draw.within(5, timeout as u64 - 1) as i64),
      policy,
    }
  }

  fn text(&self) -> String {
    let mut text = format!(
      "worker {}(x: int) -> int {{\n  exec [\"{}\", x]\n",
      self.name, self.name
    );
    self.settings(&mut text);
    text
  }

  fn settings(&self, text: &mut String) {
    let mut add = |line: String| _ = writeln!(text, "  {line}");
    add(format!("budget {{ cost ${COST:.2}, tokens {TOKENS} }}"));
    self.policy.lines().into_iter().for_each(&mut add);
    self.idempotent.then(|| add("idempotent".into()));
    self
      .concurrent
      .iter()
      .for_each(|slots| add(format!("concurrent {slots}")));
    if let Some((open, probe, close)) = self.breaker {
      add(format!(
        "breaker {{ open after {open}, probe after {probe}ms, close after {close} }}"
      ));
    }
    self
      .heartbeat
      .iter()
      .for_each(|silence| add(format!("heartbeat {silence}ms")));
    text.push_str("}\n");
  }
}

impl Policy {
  pub fn lines(&self) -> Vec<String> {
    let mut lines = vec![format!("timeout {}ms", self.timeout)];
    lines.extend(self.retry.as_ref().map(Retry::text));
    lines.extend(self.hedge.map(|after| format!("hedge after {after}ms")));
    lines.extend(self.cache.map(|age| format!("cache {age}ms")));
    lines.extend(self.deadline.map(|time| format!("deadline {time}ms")));
    lines.extend(self.delay.map(|time| format!("delay {time}ms")));
    lines.extend(self.limits.iter().map(|limit| format!("limit l{limit}")));
    lines
  }
}

impl Declared {
  /// Limits and workers of a program; steps come later.
  pub fn draw(draw: &mut Draw, timed: bool) -> Declared {
    let limit = |draw: &mut Draw| {
      let rate = draw
        .percent(40)
        .then(|| (draw.within(1, 3) as usize, draw.within(5, 150) as i64));
      let concurrent = (rate.is_none() || draw.percent(40)).then(|| draw.within(1, 3) as usize);
      Limit { concurrent, rate }
    };
    let limits: Vec<Limit> = (0..draw.within(1, 3)).map(|_| limit(draw)).collect();
    let worker = |at: u64, draw: &mut Draw| Worker::draw(format!("w{at}"), draw, limits.len(), timed);
    let workers = (0..draw.within(2, 5)).map(|at| worker(at, draw)).collect();
    Declared {
      workers,
      limits,
      common: common(),
      ..Declared::default()
    }
  }

  /// A site of a call of the worker, and what its `with` says.
  pub fn site(&mut self, name: &str, worker: usize, draw: &mut Draw, timed: bool) -> String {
    let declared = &self.workers[worker];
    let mut policy = declared.policy.clone();
    let mut with = Vec::new();
    if draw.percent(15) {
      // a copy or a silence that comes too late is refused
      let least = policy.hedge.max(declared.heartbeat).unwrap_or(0) as u64;
      policy.timeout = draw.within(least + 20, least + 400) as i64;
      with.push(format!("timeout {}ms", policy.timeout));
    }
    if declared.idempotent && draw.percent(20) {
      policy.retry = draw.percent(75).then(|| Retry::draw(draw));
      with.push(policy.retry.as_ref().map_or("no retry".into(), Retry::text));
    }
    if timed && draw.percent(10) {
      policy.deadline = Some(draw.within(5, 600) as i64);
      with.extend(policy.deadline.map(|time| format!("deadline {time}ms")));
    }
    if draw.percent(10) {
      policy.delay = Some(draw.within(0, 80) as i64);
      with.extend(policy.delay.map(|time| format!("delay {time}ms")));
    }
    let limit = draw.below(self.limits.len() as u64) as usize;
    if draw.percent(15) && !policy.limits.contains(&limit) {
      policy.limits.push(limit);
      with.push(format!("limit l{limit}"));
    }
    self.sites.insert(name.into(), policy);
    if with.is_empty() {
      return String::new();
    }
    format!(" with {}", with.join(", "))
  }

  pub fn head(&self) -> String {
    let mut text = String::new();
    for (at, limit) in self.limits.iter().enumerate() {
      let concurrent = limit.concurrent.map(|slots| format!("concurrent {slots}"));
      let rate = limit
        .rate
        .map(|(starts, window)| format!("rate {starts} per {window}ms"));
      let both: Vec<String> = concurrent.into_iter().chain(rate).collect();
      let _ = writeln!(text, "limit l{at} {{ {} }}", both.join(", "));
    }
    self.workers.iter().for_each(|worker| text.push_str(&worker.text()));
    text
  }

  pub fn worker(&self, name: &str) -> Option<&Worker> {
    let mut all = self.workers.iter().chain(&self.common);
    all.find(|worker| worker.name == name)
  }

  /// What holds for a call at this path.
  pub fn policy(&self, path: &str, worker: &str) -> Option<&Policy> {
    let own = self.sites.get(site(path));
    own.or_else(|| self.worker(worker).map(|worker| &worker.policy))
  }
}

/// The name of the step at a path: `a[3].s7` is `s7`, its `undo` is `s7!undo`.
pub fn site(path: &str) -> &str {
  let last = path.rsplit('.').next().unwrap_or(path);
  last.split('[').next().unwrap_or(last)
}

/// The workers of `program::COMMON`.
fn common() -> Vec<Worker> {
  let worker = |name: &str, timeout: i64, wait: Option<i64>, limits: Vec<usize>| Worker {
    name: name.into(),
    idempotent: wait.is_some(),
    concurrent: None,
    breaker: None,
    heartbeat: None,
    policy: Policy {
      timeout,
      retry: wait.map(|wait| Retry {
        times: 1,
        from: wait,
        to: wait,
        fixed: true,
        picky: false,
        unless: false,
      }),
      hedge: None,
      cache: None,
      deadline: None,
      delay: None,
      limits,
    },
  };
  vec![
    worker("some", 200, Some(5), Vec::new()),
    worker("u0", 150, Some(3), Vec::new()),
    worker("u1", 50, None, Vec::new()),
    worker("told", 100, None, vec![0]),
    worker("planner", 100, Some(5), Vec::new()),
  ]
}
