//! What one step that is not over waits for: in parts, and as lines for people. Knows nothing of how steps end.
#![expect(clippy::disallowed_methods, reason = "the end of a log is read from its file")]

use std::{
  fs::File,
  io::{Read, Seek, SeekFrom},
  path::Path,
  sync::Arc,
};

use serde::Serialize;

use crate::{
  cli::{past::Past, run::words},
  engine::{Budgeted, DueKind, ExecutionId, RunTime, Share, ShareKind, Stage},
  history::{History, State, Step},
  session::{self, Standing},
  workers::log_file,
};

/// Bytes at the end of a log in which its last line is looked for.
const TAIL: u64 = 4 << 10;

/// Holders of a limit that are named at most.
const NAMED: usize = 3;

/// A step that is not over.
#[derive(Serialize)]
pub struct Wait {
  step: Arc<str>,
  state: State,
  /// Whether some orch drives the run: else time stands still, and nothing of it runs.
  driven: bool,
  worker: Option<Arc<str>>,
  /// Of a call, from 1.
  attempt: Option<u32>,
  /// For so many milliseconds it has been like this.
  since: i64,
  process_group: Option<u32>,
  /// What it is to get a slot or a token of.
  shares: Vec<Held>,
  /// The budgets that have no room for it.
  budgets: Vec<Spent>,
  /// Whether the breaker of its worker has a say.
  breaker: bool,
  due: Vec<Moment>,
  /// Why it waits for another attempt.
  error: Option<String>,
  /// What runs, or is about to, as a shell takes it.
  command: Option<String>,
  /// The last line that its worker wrote to standard error.
  log: Option<String>,
  /// What a person can type.
  advice: Option<String>,
}

#[derive(Serialize)]
struct Held {
  kind: &'static str,
  name: Arc<str>,
  concurrent: Option<u64>,
  /// Starts, and milliseconds.
  rate: Option<(u64, i64)>,
  /// Steps of this run.
  holders: Vec<Arc<str>>,
}

#[derive(Serialize)]
struct Spent {
  /// The step whose budget it is; empty: the run's.
  of: Arc<str>,
  says: String,
}

#[derive(Serialize)]
struct Moment {
  what: &'static str,
  /// From now, in milliseconds.
  left: i64,
}

/// How the run stands, where that can be computed anew.
pub struct Looks(Option<Standing>);

impl Looks {
  /// Without it less is said.
  pub fn of(past: &Past) -> Looks {
    let standing = past
      .damage
      .is_none()
      .then(|| session::standing(&past.store, &past.run).ok());
    Looks(standing.flatten())
  }

  pub fn wait(&mut self, past: &Past, history: &History, step: &Step) -> Wait {
    let last = step.attempts.last();
    let running = last.filter(|attempt| attempt.runs());
    let began = last.map_or(step.began, |attempt| attempt.admitted.unwrap_or(attempt.requested));
    let mut wait = Wait {
      step: step.path.clone(),
      state: step.state,
      driven: past.driver.is_some(),
      worker: step.worker().cloned(),
      attempt: last.map(|attempt| attempt.number),
      since: (history.now.0 - began.0).max(0),
      process_group: running.and_then(|attempt| attempt.group),
      shares: Vec::new(),
      budgets: Vec::new(),
      breaker: false,
      due: self.due(step, history.now),
      error: step
        .failure
        .as_deref()
        .filter(|_| step.until.is_some())
        .map(words::brief),
      command: None,
      log: running.and_then(|attempt| {
        let logs = past.store.join("logs");
        last_line(&log_file(&logs, &past.run, &step.path, attempt.number, attempt.copy))
      }),
      advice: advice(past, step),
    };
    for execution in self.stages(step, &mut wait) {
      wait.command = wait.command.or_else(|| self.command(execution));
    }
    wait
  }

  /// Takes from the stages of its executions; which they are.
  fn stages(&self, step: &Step, wait: &mut Wait) -> Vec<ExecutionId> {
    let pending = self.0.iter().flat_map(|standing| &standing.pending);
    let mut executions = Vec::new();
    for one in pending.filter(|one| one.path == step.path) {
      executions.push(one.execution);
      match &one.stage {
        Stage::Budget(budgets) => wait.budgets = budgets.iter().map(spent).collect(),
        Stage::Admission { shares, breaker } => {
          wait.shares = shares.iter().map(held).collect();
          wait.breaker = *breaker;
        }
        Stage::Recalling | Stage::Running | Stage::InDoubt => {}
      }
    }
    executions
  }

  fn due(&self, step: &Step, now: RunTime) -> Vec<Moment> {
    let due = self.0.iter().flat_map(|standing| &standing.due);
    let own = due.filter(|due| due.path == step.path);
    let moment = own.map(|due| Moment {
      what: what(due.what),
      left: (due.at.0 - now.0).max(0),
    });
    moment.collect()
  }

  fn command(&mut self, execution: ExecutionId) -> Option<String> {
    let argv = self.0.as_mut()?.command(execution)?;
    shlex::try_join(argv.iter().map(String::as_str)).ok()
  }
}

impl Wait {
  /// One line that says what it waits for, and what is known beside that.
  pub fn lines(&self) -> Vec<String> {
    let mut lines = vec![format!("`{}`: {}", self.step, self.says())];
    let mut add = |line: String| lines.push(format!("  {line}"));
    for held in &self.shares {
      add(held.says());
    }
    for spent in &self.budgets {
      add(spent.says.clone());
    }
    if self.breaker {
      add("the breaker of its worker may keep it back until a probe has passed".to_owned());
    }
    let driven = if self.driven { "" } else { ", once the run goes on" };
    for Moment { what, left } in &self.due {
      add(format!("{what} in {}{driven}", words::time(*left)));
    }
    if let Some(command) = &self.command {
      add(format!("command: {}", words::short(command, 400)));
    }
    if let Some(log) = &self.log {
      add(format!("its log ends: {}", words::short(log, 200)));
    }
    if let Some(advice) = &self.advice {
      add(advice.clone());
    }
    lines
  }

  fn says(&self) -> String {
    let name = self.worker.as_deref().unwrap_or("it");
    let since = words::time(self.since);
    match (self.state, self.attempt, &self.error) {
      (State::InDoubt, ..) => format!("{name} was cut short, and may have done its work"),
      (State::Waiting, _, Some(error)) => format!("waits for its next attempt, after {error}"),
      (State::Waiting, Some(_), _) if !self.budgets.is_empty() => format!("{name} waits for a budget since {since}"),
      (State::Waiting, Some(_), _) => format!("{name} waits for admission since {since}"),
      (State::Running, Some(attempt), _) if !self.driven => {
        format!("{name} ran when its orch was gone, attempt {attempt}")
      }
      (State::Running, Some(attempt), _) => {
        let group = self.process_group.map(|group| format!(", process group {group}"));
        format!(
          "{name} runs for {since}{}, attempt {attempt}",
          group.unwrap_or_default()
        )
      }
      _ if self.due.iter().any(|moment| moment.what == BEGINS) => "waits out its delay".to_owned(),
      _ => "goes on".to_owned(),
    }
  }
}

impl Held {
  fn says(&self) -> String {
    let mut text = format!("{} `{}`", self.kind, self.name);
    if let Some(concurrent) = self.concurrent {
      text += &format!(": {concurrent} at once");
    }
    if let Some((starts, milliseconds)) = self.rate {
      text += &format!(": {starts} starts in {}", words::time(milliseconds));
    }
    match &self.holders[..] {
      [] if self.concurrent.is_some() => text += "; no step of this run holds it",
      [] => {}
      holders => {
        let named: Vec<String> = holders.iter().take(NAMED).map(|path| format!("`{path}`")).collect();
        let more = match holders.len().saturating_sub(NAMED) {
          0 => String::new(),
          more => format!(" and {more} more"),
        };
        text += &format!("; held by {}{more}", named.join(", "));
      }
    }
    text
  }
}

fn held(share: &Share) -> Held {
  Held {
    kind: match share.kind {
      ShareKind::Limit => "limit",
      ShareKind::Worker => "worker",
    },
    name: share.name.clone(),
    concurrent: share.concurrent,
    rate: share.rate,
    holders: share.holders.clone(),
  }
}

fn spent(budget: &Budgeted) -> Spent {
  let Budgeted { path, bounds, spent } = budget;
  let calls = bounds.calls.map(|calls| format!("{} of {calls} calls", spent.calls));
  let cost = bounds.cost.map(|cost| format!("{} of {cost}", spent.cost));
  let tokens = bounds
    .tokens
    .map(|tokens| format!("{} of {tokens} tokens", spent.tokens));
  let parts: Vec<String> = [calls, cost, tokens].into_iter().flatten().collect();
  let whose = match &**path {
    "" => "the run".to_owned(),
    path => format!("`{path}`"),
  };
  Spent {
    of: path.clone(),
    says: format!(
      "budget of {whose}: {} spent; what runs may give some back",
      parts.join(", ")
    ),
  }
}

/// What a delay is for.
const BEGINS: &str = "it begins";

fn what(due: DueKind) -> &'static str {
  match due {
    DueKind::Timeout => "its timeout ends it",
    DueKind::Deadline => "its deadline comes",
    DueKind::Delay => BEGINS,
    DueKind::Retry => "its next attempt comes",
    DueKind::Hedge => "it gets a copy",
    DueKind::Budget => "the time of its budget is over",
  }
}

/// What a person can do about it.
fn advice(past: &Past, step: &Step) -> Option<String> {
  let quoted = |text: &str| shlex::try_quote(text).map(|text| text.into_owned()).ok();
  let (run, path) = (&past.run, quoted(&step.path)?);
  let store = quoted(&past.store.display().to_string())?;
  match step.state {
    State::InDoubt => Some(format!(
      "`orch resume {run} --store {store} --rerun {path}` makes it once more, `--fail {path}` gives it up"
    )),
    State::Running if step.attempts.last().is_some_and(|attempt| attempt.runs()) => Some(format!(
      "`orch logs {run} {path} --store {store} --follow` shows what it says"
    )),
    _ => None,
  }
}

/// The last line of a log that is not empty.
fn last_line(path: &Path) -> Option<String> {
  let mut file = File::open(path).ok()?;
  let size = file.metadata().ok()?.len();
  file.seek(SeekFrom::Start(size.saturating_sub(TAIL))).ok()?;
  let mut bytes = Vec::new();
  file.take(TAIL).read_to_end(&mut bytes).ok()?;
  let text = String::from_utf8_lossy(&bytes);
  let mut lines = text.lines().rev().map(str::trim);
  lines.find(|line| !line.is_empty()).map(str::to_owned)
}
