//! What is worth a line while a run goes on: a fold over its records that stays short however many items there are.

use std::{collections::HashSet, fmt::Display};

use super::{
  summary::{Group, Summary, group_of},
  words,
};
use crate::{
  engine::{Charge, Event, Position, Record},
  protocol::Report,
};

/// Lines about single failures; the summary counts them all.
const FAILURES: usize = 50;

/// A line, and whether it tells of trouble.
#[derive(Debug, PartialEq)]
pub struct Line {
  pub text: String,
  pub trouble: bool,
}

/// Knows which lines were given before.
#[derive(Debug, Default)]
pub struct News {
  failures: usize,
  /// Groups with the tenth that was last told.
  tenths: HashSet<(String, u64)>,
}

impl News {
  /// The lines for a record that `summary` has taken already.
  pub fn of(&mut self, record: &Record, summary: &Summary) -> Vec<Line> {
    let mut lines = self.failure(&record.event);
    lines.extend(change(&record.event, summary).map(|text| Line { text, trouble: false }));
    if let Some(path) = record.event.path() {
      lines.extend(self.group(path, summary).map(|text| Line { text, trouble: false }));
    }
    lines
  }

  fn failure(&mut self, event: &Event) -> Vec<Line> {
    let Some(text) = trouble(event) else { return Vec::new() };
    self.failures += 1;
    let text = match self.failures {
      ..=FAILURES => text,
      count if count == FAILURES + 1 => "more failures are not shown here; the summary counts them".to_owned(),
      _ => return Vec::new(),
    };
    vec![Line { text, trouble: true }]
  }

  /// `verdicts: 10 of 100`, at every tenth. Assignments of a plan are few, and have lines of their own.
  fn group(&mut self, path: &str, summary: &Summary) -> Option<String> {
    let name = group_of(path).filter(|_| !path.ends_with("\"]"))?;
    let Group { items, ended } = summary.groups.get(name)?;
    // Inner groups have as many as the outer has items: only the outermost tell.
    let outermost = !name.contains('[');
    let tenth = ended * 10 / items.max(&1);
    let told = *ended > 0 && outermost && self.tenths.insert((name.to_owned(), tenth)) && tenth > 0;
    told.then(|| format!("{name}: {ended} of {items}"))
  }
}

fn trouble(event: &Event) -> Option<String> {
  let text = match event {
    Event::RetryScheduled {
      path,
      attempt,
      delay,
      failure,
    } => {
      let wait = words::time(*delay);
      format!("{path}: {}; attempt {attempt} in {wait}", words::brief(failure))
    }
    Event::FailureTaken { path, by, failure } => {
      format!("{path}: {}; {}", words::brief(failure), words::taker(*by))
    }
    Event::StepFailed { path, failure } if *failure.step == **path => format!("{path}: {}", words::brief(failure)),
    Event::DeadlinePassed { path } => format!("{path}: its deadline has passed"),
    Event::CancelRequested { reason } => format!("cancelled: {reason}"),
    Event::BreakerMoved {
      worker,
      to: Position::Open,
      ..
    } => format!("the breaker of {worker} is open"),
    Event::Charged { path, cost, tokens, .. } => {
      let cost = cost
        .filter(Charge::is_above)
        .map(|cost| excess(&cost.amount, &cost.ceiling));
      let tokens = tokens.filter(Charge::is_above);
      let tokens = tokens.map(|tokens| format!("{} tokens", excess(&tokens.amount, &tokens.ceiling)));
      format!("{path}: reported {}", cost.or(tokens)?)
    }
    _ => return None,
  };
  Some(words::short(&text, 300))
}

fn excess(amount: &impl Display, ceiling: &impl Display) -> String {
  format!("{amount}, above its ceiling of {ceiling}")
}

/// What goes on outside of any `each`, and its beginnings.
fn change(event: &Event, summary: &Summary) -> Option<String> {
  let text = match event {
    Event::RunStarted(started) => format!("run {} of {}", started.run, started.orchestrator),
    Event::Admitted { execution } => {
      let execution = summary.executions.get(execution)?;
      let attempt = if execution.attempt > 1 {
        format!(", attempt {}", execution.attempt)
      } else {
        String::new()
      };
      shown(&execution.path)?;
      let copy = if execution.copy { ", a copy" } else { "" };
      format!("{}: {} started{attempt}{copy}", execution.path, execution.worker)
    }
    Event::CacheHit { from, .. } => {
      let path = shown(&summary.reused.as_ref()?.path)?;
      format!("{path}: reuses the outcome of {} in run {}", from.step, from.run)
    }
    Event::BreakerMoved { worker, to, .. } if *to != Position::Open => {
      format!("the breaker of {worker} is {}", words::position(*to))
    }
    Event::Reported { execution, report } => {
      let path = shown(&summary.executions.get(execution)?.path)?;
      format!("{path}: {}", said(report)?)
    }
    Event::StepSucceeded { path, .. } => format!("{}: done", shown(path)?),
    Event::Expanded { path, items, .. } if !path.contains('[') => format!("{path}: {items} items"),
    Event::Planned { path, assignments, .. } if !path.contains('[') => format!("{path}: {assignments} assignments"),
    Event::ArmTaken { path, arm, .. } => {
      format!("{}: takes {}", shown(path)?, arm.as_deref().unwrap_or("nothing"))
    }
    Event::Iterated { path, index, until } => {
      let goes_on = if *until == Some(true) {
        ", and that is enough"
      } else {
        ""
      };
      format!("{}: iteration {} done{goes_on}", shown(path)?, index + 1)
    }
    Event::StopChecked { path, held: true, .. } => format!("{}: `stop when` holds", shown(path)?),
    Event::ScopeClosing {
      path,
      lost: true,
      undo: undo @ 1..,
      ..
    } => {
      let steps = if *undo == 1 {
        "1 step is"
      } else {
        &format!("{undo} steps are")
      };
      match &**path {
        "" => format!("{steps} undone"),
        path => format!("{}: {steps} undone", shown(path)?),
      }
    }
    Event::Dispatched {
      path,
      run,
      orchestrator,
      ..
    } => format!("{path}: dispatched run {run} of {orchestrator}"),
    Event::CacheMissed { execution, changed } if !changed.is_empty() => {
      let path = summary
        .executions
        .get(execution)
        .map(|execution| execution.path.clone())?;
      let names: Vec<&str> = changed.iter().map(|name| &**name).collect();
      format!("{path}: not reused, for its {} changed", names.join(", "))
    }
    Event::Resumed(_) => "goes on".to_owned(),
    Event::AttemptRepeated { path, .. } => format!("{}: cut short, once more", shown(path)?),
    Event::InDoubt { path, .. } => format!("{path}: cut short, and waits for a decision"),
    Event::Stopped => "stopped; what has ended until now is kept in the journal".to_owned(),
    _ => return None,
  };
  Some(words::short(&text, 300))
}

/// `40%, page 2 of 5`
fn said(report: &Report) -> Option<String> {
  let progress = report.progress.map(|share| format!("{:.0}%", share * 100.0));
  let parts: Vec<String> = progress
    .into_iter()
    .chain(report.note.as_deref().map(str::to_owned))
    .collect();
  (!parts.is_empty()).then(|| parts.join(", "))
}

/// The path, unless it is empty or inside of an instance that has a number.
fn shown(path: &str) -> Option<&str> {
  let numbered = path.replace("[\"", "").contains('[');
  (!path.is_empty() && !numbered).then_some(path)
}
