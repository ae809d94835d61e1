//! Runs begin: arguments are filled in and fitted, and the run's orchestrator is entered. Knows nothing of what it does.

use std::sync::Arc;

use super::{
  attempt::Message,
  event::{Event, RunStarted},
  exchange::{StartError, Step},
  failing::failure,
  run::Run,
};
use crate::{
  eval::{Evaluator, NoLocals},
  hir::{Param, Program},
  value::{FailureKind, Value, from_json, to_json},
};

impl Run {
  /// A run with its first step.
  ///
  /// # Errors
  /// It can't begin.
  pub fn start(program: Arc<Program>, mut started: RunStarted) -> Result<(Run, Step), StartError> {
    let (orchestrator, declared) = program
      .orchestrator_ids()
      .find(|(_, declared)| declared.name == started.orchestrator)
      .ok_or_else(|| StartError::UnknownOrchestrator(started.orchestrator.clone()))?;
    let evaluator = Evaluator::new(program.clone(), run_value(&started))
      .map_err(|(constant, error)| StartError::Constant(constant, error))?;
    fill_defaults(&mut started, &declared.params, &evaluator)?;
    let arguments =
      from_json(&started.arguments).map_err(|error| bad_arguments(format!("the arguments would {}", error.0)))?;
    let input =
      Message::fitting(&declared.params, &declared.input, &declared.name, &arguments).map_err(StartError::Arguments)?;
    let mut run = Run::new(program, evaluator, started, orchestrator);
    run.record(Event::RunStarted(run.started.clone()));
    run.enter_orchestrator(run.root, orchestrator, input);
    let step = run.carry_on();
    Ok((run, step))
  }
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
