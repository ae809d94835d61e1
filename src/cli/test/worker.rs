//! `orch test worker`: runs one worker alone, both sides validated, and prints what it gives.

use std::{
  path::{Path, PathBuf},
  sync::Arc,
};

use clap::Args;

use super::files;
use crate::{
  cli::{
    exit::Exit,
    program,
    run::{self, failure},
    terminal::{self, Color},
  },
  diagnostics::nearest,
  engine::{Event, Record},
  hir::{Program, WorkerId},
  journal::Durability,
  session::{self, Bundle, Order, RunError},
  testing,
  value::Failure,
};

/// Runs one worker alone, for real, and prints what it gives
///
/// What goes in and what comes out is checked against the worker's types. Timeout and retries are those of the worker
/// itself. Nothing is kept.
///
/// Exit codes: 0 the worker succeeded, 1 it failed, 2 the command line is wrong, 3 the program or its input is wrong,
/// 130 it was interrupted.
#[derive(Args)]
pub struct Options {
  /// The worker, as the file knows it
  name: String,
  /// The program's root file [default: the only one in the current directory]
  file: Option<PathBuf>,
  /// The input as a JSON object, from a file or from standard input (`-`)
  #[arg(long, value_name = "FILE")]
  input: Option<PathBuf>,
  #[command(flatten)]
  form: program::Form,
  /// Makes every drawn delay the same again
  #[arg(long, value_name = "N")]
  seed: Option<u64>,
  /// When to use colours
  #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
  color: Color,
}

pub fn main(options: &Options) -> Exit {
  match order(options) {
    Ok((order, _store)) => carry_out(&order),
    Err(exit) => exit,
  }
}

fn say(exit: Exit) -> impl Fn(String) -> Exit {
  move |message| {
    terminal::say(&message);
    exit
  }
}

/// What is to be run, and the directory that holds it as long as it runs.
fn order(options: &Options) -> Result<(Order, tempfile::TempDir), Exit> {
  let file = match &options.file {
    Some(file) => file.clone(),
    None => only_program().map_err(say(Exit::Usage))?,
  };
  let (checked, program) = program::load(&file, &options.form, options.color)?;
  let worker = find(&program, &options.name).map_err(say(Exit::Usage))?;
  let mut program = Arc::into_inner(program).expect("nobody else has the program");
  let orchestrator = testing::alone(&mut program, worker);
  let input = options.input.as_deref().map(run::input).transpose();
  let input = input.map_err(|message| say(Exit::Refused)(format!("{message}\n")))?;
  let store = tempfile::tempdir().map_err(|error| say(Exit::Failed)(format!("can't make a directory: {error}\n")))?;
  let taken = run::arguments(program.orchestrator(orchestrator), &[], input.as_ref(), store.path());
  let (arguments, hold) = taken.map_err(|wrong| say(Exit::Refused)(format!("{}\n", wrong.join("\n"))))?;
  let order = Order {
    program: Arc::new(program),
    bundle: Bundle::of(&checked),
    variant: options.form.variant(),
    orchestrator,
    arguments,
    hold,
    seed: options.seed,
    store: store.path().to_owned(),
    root: file.clone(),
    forget: false,
    given: None,
    durability: Durability::Full,
    reuses: None,
  };
  Ok((order, store))
}

fn only_program() -> Result<PathBuf, String> {
  let mut programs = files::in_directory(Path::new("."))?;
  match programs.len() {
    1 => Ok(programs.remove(0)),
    0 => Err("there is no program in the current directory: name its file\n".to_owned()),
    _ => Err("there is more than one program in the current directory: name its file\n".to_owned()),
  }
}

/// The worker with this name; the root module's own comes first.
fn find(program: &Program, name: &str) -> Result<WorkerId, String> {
  let all = || program.workers.iter().zip(0..);
  let named = all().filter(|(worker, _)| &*worker.name == name);
  if let Some((_, id)) = named.min_by_key(|(worker, _)| worker.module.0) {
    return Ok(WorkerId(id));
  }
  let near = nearest(name, all().map(|(worker, _)| &*worker.name));
  let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
  Err(format!("there is no worker `{name}`{near}\n"))
}

fn carry_out(order: &Order) -> Exit {
  let mut end: Option<Result<serde_json::Value, Arc<Failure>>> = None;
  let mut observe = |record: &Record| match &record.event {
    Event::RunSucceeded { result } => end = Some(Ok(result.clone())),
    Event::RunFailed { failure } => end = Some(Err(failure.clone())),
    _ => {}
  };
  let ran = session::run(order, &mut observe, &mut |_| {});
  session::end_when_interrupted();
  match (ran, end) {
    (Err(error @ RunError::Refused(_)), _) => say(Exit::Refused)(format!("{error}\n")),
    (Err(error), _) => say(Exit::Failed)(format!("{error}\n")),
    (Ok(_), Some(Ok(value))) => {
      let text = serde_json::to_string_pretty(&value).unwrap_or_default();
      terminal::print(&format!("{text}\n"))
    }
    (Ok(_), Some(Err(lost))) => say(Exit::Failed)(failure(&lost)),
    (Ok(_), None) => Exit::Interrupted,
  }
}
