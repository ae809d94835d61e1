//! Runs begin: arguments are filled in and fitted, and the run's orchestrator is entered. Knows nothing of what it does.

use std::sync::Arc;

use super::{
  attempt::Message,
  event::{Event, RunStarted},
  exchange::{StartError, Step},
  failing::failure,
  instance::Locals,
  mock::Doubles,
  run::Run,
  scope::bound,
};
use crate::{
  eval::{Evaluator, NoLocals},
  hir::{Orchestrator, OrchestratorId, Param, Program},
  value::{FailureKind, Value, conform, from_json, misfit, to_json},
};

impl Run {
  /// A run with its first step.
  ///
  /// # Errors
  /// It can't begin.
  pub fn start(program: Arc<Program>, started: RunStarted) -> Result<(Run, Step), StartError> {
    Self::start_with(program, started, Doubles::default())
  }

  /// As `start`, of a run that collects what succeeds in it.
  pub(super) fn start_collecting(program: Arc<Program>, started: RunStarted) -> Result<(Run, Step), StartError> {
    Self::first_step(program, started, |run| run.collected = Some(Vec::new()))
  }

  /// As `start`, with what stands in for its workers.
  ///
  /// # Errors
  /// It can't begin.
  pub fn start_with(program: Arc<Program>, started: RunStarted, doubles: Doubles) -> Result<(Run, Step), StartError> {
    Self::first_step(program, started, |run| run.doubles = doubles)
  }

  /// A run that has not begun.
  ///
  /// # Errors
  /// It can't begin.
  pub(super) fn prepared(program: Arc<Program>, mut started: RunStarted) -> Result<Run, StartError> {
    let (orchestrator, evaluator, _) = prepare(&program, &mut started)?;
    Ok(Run::new(program, evaluator, started, orchestrator))
  }

  fn first_step(
    program: Arc<Program>,
    mut started: RunStarted,
    prepared: impl FnOnce(&mut Run),
  ) -> Result<(Run, Step), StartError> {
    let (orchestrator, evaluator, input) = prepare(&program, &mut started)?;
    let last = last_value(program.orchestrator(orchestrator), &started)?;
    let mut run = Run::new(program, evaluator, started, orchestrator);
    prepared(&mut run);
    run.record(Event::RunStarted(run.started.clone()));
    run.enter_orchestrator(run.root, orchestrator, input, last);
    let step = run.carry_on();
    Ok((run, step))
  }
}

/// The key of `overlap` for a run that is to be started: null where all runs have the same. `None`: the orchestrator
/// does not say `overlap`. Arguments that were left out are filled in.
///
/// # Errors
/// The run can't begin.
pub fn overlap_key(program: &Arc<Program>, started: &mut RunStarted) -> Result<Option<serde_json::Value>, StartError> {
  let (orchestrator, evaluator, input) = prepare(program, started)?;
  let orchestrator = program.orchestrator(orchestrator);
  let Some(overlap) = &orchestrator.overlap else {
    return Ok(None);
  };
  let locals: Locals = bound(&orchestrator.params, input);
  let key = overlap.by.as_ref().map(|by| evaluator.eval(by, &locals)).transpose();
  let key = key.map_err(|error| bad_arguments(format!("the key of `overlap` has no value: {}", error.message)))?;
  Ok(Some(to_json(&key.unwrap_or(Value::Null))))
}

/// The orchestrator with what it is given.
fn prepare(
  program: &Arc<Program>,
  started: &mut RunStarted,
) -> Result<(OrchestratorId, Evaluator, Message), StartError> {
  let (id, declared) = program
    .orchestrator_ids()
    .find(|(_, declared)| declared.name == started.orchestrator)
    .ok_or_else(|| StartError::UnknownOrchestrator(started.orchestrator.clone()))?;
  let evaluator = Evaluator::new(program.clone(), run_value(started))
    .map_err(|(constant, error)| StartError::Constant(constant, error))?;
  fill_defaults(started, &declared.params, &evaluator)?;
  let arguments =
    from_json(&started.arguments).map_err(|error| bad_arguments(format!("the arguments would {}", error.0)))?;
  let input =
    Message::fitting(&declared.params, &declared.input, &declared.name, &arguments).map_err(StartError::Arguments)?;
  Ok((id, evaluator, input))
}

/// What `run.last` is: null where there is none.
fn last_value(orchestrator: &Orchestrator, started: &RunStarted) -> Result<Value, StartError> {
  let Some(last) = started.last.as_ref().filter(|_| orchestrator.overlap.is_some()) else {
    return Ok(Value::Null);
  };
  let no_use = |reason: String| StartError::Last {
    run: last.run.clone(),
    reason,
  };
  let value = from_json(&last.value).map_err(|error| no_use(format!("it would {}", error.0)))?;
  let value = conform(&value, &orchestrator.output).map_err(|mismatch| no_use(misfit(&mismatch)))?;
  let fields = [("started", Value::Time(last.started)), ("value", value)];
  Value::fields(fields).map_err(|error| no_use(format!("it would {}", error.0)))
}

/// Arguments that were left out get their defaults: the journal has them all.
fn fill_defaults(started: &mut RunStarted, params: &[Param], evaluator: &Evaluator) -> Result<(), StartError> {
  let serde_json::Value::Object(given) = &mut started.arguments else {
    return Ok(());
  };
  for param in params {
    if let (false, Some(default)) = (given.contains_key(&*param.name), &param.default) {
      let value = evaluator
        .eval(default, &NoLocals)
        .map_err(|error| bad_arguments(error.message))?;
      given.insert(param.name.to_string(), to_json(&value));
    }
  }
  Ok(())
}

fn bad_arguments(message: String) -> StartError {
  StartError::Arguments(failure(FailureKind::Contract, message))
}

/// What the name `run` stands for.
pub fn run_value(started: &RunStarted) -> Value {
  let fields = [
    ("id", Value::String(started.run.clone())),
    ("tracker", Value::String(started.tracker.clone())),
    ("started", Value::Time(started.started)),
    ("url", Value::Null),
    ("directory", Value::String(started.directory.clone())),
  ];
  Value::fields(fields).unwrap_or(Value::Null)
}
