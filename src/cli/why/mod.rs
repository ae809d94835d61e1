//! `orch why`: why a run has not finished, or why a step failed or never ran; with something that a person can do.

mod wait;

use clap::{Args, ValueEnum};
use serde_json::{Value as Json, json};

use self::wait::{Looks, Wait};
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
  /// What to write to standard output
  #[arg(long, value_enum, default_value_t)]
  format: Format,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
  /// For people
  #[default]
  Human,
  /// One JSON object: what is said, and what is waited for in parts
  Json,
}

/// What is said.
#[derive(Default)]
struct Answer {
  lines: Vec<String>,
  waits: Vec<Wait>,
}

pub fn main(options: &Options) -> Exit {
  let past = match options.which.read() {
    Ok(past) => past,
    Err(exit) => return exit,
  };
  let (mut history, now) = past.history();
  history.now = now;
  let answer = match &options.step {
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
  past.end(terminal::print(&match options.format {
    Format::Human => for_people(&answer),
    Format::Json => format!("{:#}\n", document(&past, &answer)),
  }))
}

fn for_people(answer: &Answer) -> String {
  let waits = answer.waits.iter().flat_map(Wait::lines);
  let lines = answer.lines.iter().cloned().chain(waits);
  lines.map(|line| format!("{}\n", harmless(&line))).collect()
}

/// `{ run, driver, says: [text], waits: [...] }`, times in milliseconds.
fn document(past: &Past, answer: &Answer) -> Json {
  json!({
    "run": past.run,
    "driver": past.driver,
    "says": answer.lines,
    "waits": answer.waits,
  })
}

fn of_run(past: &Past, history: &History) -> Answer {
  let said = |lines: Vec<String>| Answer {
    lines,
    ..Answer::default()
  };
  match &history.end {
    Some(End::Succeeded(_)) => said(vec!["the run has succeeded: `orch show` says how".to_owned()]),
    Some(End::Failed(failure)) => {
      let mut answer = said(vec![format!("the run has failed: {}", words::brief(failure))]);
      if let Some(step) = history.steps.get(&failure.step) {
        answer.lines.extend(of_step(past, history, step).lines);
      }
      answer
    }
    Some(End::Stopped) | None => unfinished(past, history),
  }
}

fn unfinished(past: &Past, history: &History) -> Answer {
  let open = history.steps.values().filter(|step| !step.state.is_final());
  let leaves: Vec<&Step> = open
    .filter(|step| matches!(step.kind, Kind::Call(_) | Kind::Dispatch(_)) || step.until.is_some())
    .collect();
  let mut lines = vec![driver(past, history)];
  if leaves.len() > LISTED {
    lines.push(format!(
      "it waits for {} calls, of which these are the first {LISTED}: `orch show` lists all",
      leaves.len()
    ));
  }
  let mut looks = Looks::of(past);
  let waits = leaves.iter().take(LISTED).map(|step| looks.wait(past, history, step));
  Answer {
    waits: waits.collect(),
    lines,
  }
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

fn of_step(past: &Past, history: &History, step: &Step) -> Answer {
  let path = &step.path;
  let lines = match step.state {
    State::Succeeded => vec![format!("`{path}` has succeeded")],
    State::NotTaken => vec![format!(
      "`{path}` was not needed: another arm was taken, or its block returned early"
    )],
    State::Failed => failed(past, step),
    State::Skipped | State::Cancelled => lost(past, history, step),
    State::Waiting | State::Running | State::InDoubt => {
      return Answer {
        lines: vec![driver(past, history)],
        waits: vec![Looks::of(past).wait(past, history, step)],
      };
    }
  };
  Answer {
    lines,
    ..Answer::default()
  }
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
