//! `orch why`: why a run has not finished, or why a step failed or never ran; with something that a person can do.

use clap::Args;

use super::{
  exit::Exit,
  past::{Past, Which},
  run::words,
  terminal,
};
use crate::{
  diagnostics::render::harmless,
  history::{End, History, Kind, State, Step},
};

/// Things that are named at most.
const LISTED: usize = 20;

/// Says why a run has not finished, or why a step failed, waits, or never ran
#[derive(Args)]
pub struct Options {
  #[command(flatten)]
  which: Which,
  /// About this step
  step: Option<String>,
}

pub fn main(options: &Options) -> Exit {
  let past = match options.which.read() {
    Ok(past) => past,
    Err(exit) => return exit,
  };
  let (mut history, now) = past.history();
  history.now = now;
  let lines = match &options.step {
    None => of_run(&past, &history),
    Some(name) => match history.steps.get(name.as_str()) {
      Some(step) => of_step(&past, &history, step),
      None => {
        terminal::say(&format!(
          "the run has no step `{}`, or did not come to it\n",
          harmless(name)
        ));
        return Exit::Usage;
      }
    },
  };
  past.end(terminal::print(
    &lines
      .iter()
      .map(|line| format!("{}\n", harmless(line)))
      .collect::<String>(),
  ))
}

fn of_run(past: &Past, history: &History) -> Vec<String> {
  match &history.end {
    Some(End::Succeeded(_)) => vec!["the run has succeeded: `orch show` says how".to_owned()],
    Some(End::Failed(failure)) => {
      let mut lines = vec![format!("the run has failed: {}", words::brief(failure))];
      if let Some(step) = history.steps.get(&failure.step) {
        lines.extend(of_step(past, history, step));
      }
      lines
    }
    Some(End::Stopped) | None => unfinished(past, history),
  }
}

fn unfinished(past: &Past, history: &History) -> Vec<String> {
  let mut lines = vec![driver(past, history)];
  let open = history.steps.values().filter(|step| !step.state.is_final());
  let leaves: Vec<&Step> = open
    .filter(|step| matches!(step.kind, Kind::Call(_) | Kind::Dispatch(_)) || step.until.is_some())
    .collect();
  for step in leaves.iter().take(LISTED) {
    lines.extend(waits(past, history, step));
  }
  if leaves.len() > LISTED {
    lines.push(format!(
      "... and {} more: `orch show` lists them",
      leaves.len() - LISTED
    ));
  }
  lines
}

/// Whether anybody drives it.
fn driver(past: &Past, history: &History) -> String {
  let resume = format!("orch resume {} --store {}", past.run, past.store.display());
  match past.driver {
    Some(process) => format!(
      "process {process} drives the run: `orch cancel {}` has it lost",
      past.run
    ),
    _ if history.in_doubt().next().is_some() => {
      format!("the run waits for a decision: `{resume}` with --rerun-unfinished or --fail-unfinished")
    }
    _ if matches!(history.end, Some(End::Stopped)) => format!("the run was interrupted: `{resume}` goes on with it"),
    _ => format!("nobody drives the run, its orch was killed: `{resume}` goes on with it"),
  }
}

fn of_step(past: &Past, history: &History, step: &Step) -> Vec<String> {
  let path = &step.path;
  match step.state {
    State::Succeeded => vec![format!("`{path}` has succeeded")],
    State::NotTaken => vec![format!(
      "`{path}` was not needed: another arm was taken, or its block returned early"
    )],
    State::Failed => failed(past, step),
    State::Skipped | State::Cancelled => lost(past, history, step),
    State::Waiting | State::Running | State::InDoubt => {
      let mut lines = vec![driver(past, history)];
      lines.extend(waits(past, history, step));
      lines
    }
  }
}

/// What a step that is not over waits for.
fn waits(past: &Past, history: &History, step: &Step) -> Vec<String> {
  let path = &step.path;
  let since = |at: i64| words::time(history.now.0 - at);
  let last = step.attempts.last();
  let name = step.worker().map_or("", |worker| worker);
  vec![match (step.state, last) {
    (State::InDoubt, _) => {
      format!("`{path}`: {name} was cut short; `--rerun {path}` makes it once more, `--fail {path}` gives it up")
    }
    (State::Waiting, _) if step.until.is_some() => {
      let until = step.until.map_or(0, |until| until.0 - history.now.0);
      let error = step.failure.as_deref().map(words::brief).unwrap_or_default();
      format!(
        "`{path}`: waits {} for its next attempt, after {error}",
        words::time(until)
      )
    }
    (State::Waiting, Some(attempt)) => format!(
      "`{path}`: {name} waits for admission since {}: a limit, a rate or a budget has no room for it",
      since(attempt.requested.0)
    ),
    (State::Running, Some(attempt)) if attempt.runs() => {
      let began = attempt.admitted.map_or(0, |at| at.0);
      let group = attempt
        .group
        .map(|group| format!(", process group {group}"))
        .unwrap_or_default();
      let logs = format!("`orch logs {} {path}` shows what it says", past.run);
      format!(
        "`{path}`: {name} runs for {}{group}, attempt {}; {logs}",
        since(began),
        attempt.number
      )
    }
    _ => match step.until {
      Some(until) => format!(
        "`{path}`: waits out its delay, {} more",
        words::time(until.0 - history.now.0)
      ),
      None => format!("`{path}`: goes on"),
    },
  }]
}

fn failed(past: &Past, step: &Step) -> Vec<String> {
  let Some(failure) = &step.failure else {
    return Vec::new();
  };
  let mut lines = vec![format!("`{}` has failed: {}", step.path, words::brief(failure))];
  let taken = step.taken.map(words::taker);
  lines.extend(taken.map(|taken| format!("its failure went no further: it was {taken}")));
  if failure.step != step.path {
    lines.push(format!(
      "it began in `{}`: `orch why {} '{}'`",
      failure.step, past.run, failure.step
    ));
  }
  for cause in &failure.causes {
    lines.push(format!(
      "also: `{}`: {}: {}",
      cause.step,
      words::kind(cause.kind),
      cause.message
    ));
  }
  if step.worker().is_some() {
    lines.push(format!(
      "`orch logs {} '{}'` shows what its worker said",
      past.run, step.path
    ));
  }
  lines
}

/// Down the chain of causes to the first loss.
fn lost(past: &Past, history: &History, step: &Step) -> Vec<String> {
  let word = if step.state == State::Skipped {
    "never ran"
  } else {
    "was ended"
  };
  let cause = step.cause.as_deref().unwrap_or_default();
  let mut lines = match cause {
    "" => vec![format!(
      "`{}` {word}, for the run was lost or had its result",
      step.path
    )],
    cause => vec![format!("`{}` {word}, because of `{cause}`", step.path)],
  };
  if let Some(root) = history
    .steps
    .get(cause)
    .filter(|root| root.path != step.path && root.state == State::Failed)
  {
    lines.extend(failed(past, root));
  }
  lines
}
