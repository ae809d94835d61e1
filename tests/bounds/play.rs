//! Runs in virtual time whose workers do their worst, and what such a run came to.

use std::{
  collections::{BTreeMap, HashMap},
  sync::Arc,
};

use orch::{
  bounds::{Bound, Bounds, Owner, Place, Size, Symbol},
  engine::{AttemptOutcome, Event, ExecutionId, LastSuccess, Record, Run, RunStarted, Scripted, Simulation, Start},
  hir::{OrchestratorId, Program},
};
use serde_json::Value;

/// What one run came to.
#[derive(Debug, Default)]
pub struct Played {
  /// Of all orchestrators.
  names: Vec<Arc<str>>,
  /// Executions by worker.
  pub calls: BTreeMap<String, u128>,
  pub all_calls: u128,
  pub peak: u128,
  /// Milliseconds.
  pub time: u128,
  /// The largest list, number and duration at each place where a value came in, by the orchestrator's name.
  pub sizes: HashMap<(Arc<str>, String), u128>,
}

/// One run with its arguments, and what the last one returned: its workers answer what `answers` says, and linger so long when they are told to end.
pub fn play(
  program: &Arc<Program>,
  id: OrchestratorId,
  (arguments, last): (Value, Option<Value>),
  seed: u64,
  grace: i64,
  answers: impl FnMut(&Start) -> Scripted,
) -> Played {
  let started = RunStarted {
    run: "run".into(),
    tracker: "tracker".into(),
    program: "digest".into(),
    engine: "0".into(),
    seed,
    orchestrator: program.orchestrator(id).name.clone(),
    arguments: arguments.clone(),
    started: jiff::Timestamp::UNIX_EPOCH,
    profile: None,
    set: Default::default(),
    reuses: None,
    last: last.as_ref().map(|value| LastSuccess {
      run: "earlier".into(),
      started: jiff::Timestamp::UNIX_EPOCH,
      value: value.clone(),
    }),
    parent: None,
    directory: "/here".into(),
  };
  let (run, first) = Run::start(program.clone(), started).unwrap_or_else(|error| panic!("{error}"));
  let mut simulation = Simulation::new(run, first, answers).lingering(grace);
  let records: Vec<Record> = std::iter::from_fn(|| simulation.advance()).flatten().collect();
  assert!(simulation.run().is_over(), "the run has no end: {records:#?}");
  let mut played = Played {
    names: program.orchestrators.iter().map(|known| known.name.clone()).collect(),
    ..Played::default()
  };
  for (name, value) in arguments.as_object().expect("arguments") {
    let owner = &program.orchestrator(id).name;
    played.measure(owner, name.clone(), value);
  }
  if let Some(value) = &last {
    played.measure(&program.orchestrator(id).name, "run.last.value".into(), value);
  }
  played.count(program, id, &records);
  played
}

impl Played {
  fn count(&mut self, program: &Program, id: OrchestratorId, records: &[Record]) {
    let mut scopes: Vec<(String, Arc<str>)> = vec![(String::new(), program.orchestrator(id).name.clone())];
    let mut paths: HashMap<ExecutionId, (String, String)> = HashMap::new();
    let mut running = 0;
    for Record { at, event, .. } in records {
      self.time = u128::try_from(at.0).expect("time goes on");
      match event {
        Event::ScopeStarted {
          path,
          orchestrator: Some(name),
        } => {
          scopes.push((path.to_string(), name.clone()));
        }
        Event::AttemptRequested {
          execution,
          path,
          worker,
          ..
        } => {
          paths.insert(*execution, (path.to_string(), worker.to_string()));
        }
        Event::Admitted { execution } => {
          *self.calls.entry(paths[execution].1.clone()).or_default() += 1;
          self.all_calls += 1;
          running += 1;
          self.peak = self.peak.max(running);
        }
        Event::AttemptEnded { execution, outcome } => {
          running -= 1;
          if let AttemptOutcome::Ok(value) = outcome {
            let (owner, path) = place_of(&scopes, &paths[execution].0);
            self.measure(&owner, path, value);
          }
        }
        _ => {}
      }
    }
  }

  /// What a value holds at each place inside it.
  fn measure(&mut self, owner: &Arc<str>, path: String, value: &Value) {
    let size = match value {
      Value::Array(items) => Some(items.len() as u128),
      Value::Number(number) => number.as_i64().map(|number| u128::try_from(number).unwrap_or(0)),
      Value::String(text) => {
        let time = orch::value::parse_duration(text);
        time.map(|time| u128::try_from(time).unwrap_or(0))
      }
      _ => None,
    };
    if let Some(size) = size {
      let largest = self.sizes.entry((owner.clone(), path.clone())).or_default();
      *largest = (*largest).max(size);
    }
    match value {
      Value::Array(items) => items
        .iter()
        .for_each(|item| self.measure(owner, format!("{path}[]"), item)),
      Value::Object(fields) => {
        fields
          .iter()
          .for_each(|(name, field)| self.measure(owner, format!("{path}.{name}"), field));
      }
      _ => {}
    }
  }

  /// What a formula comes to with the sizes of this run.
  pub fn at(&self, bounds: &Bounds, bound: &Bound) -> u128 {
    bound.at(&|symbol| self.size(bounds, symbol))
  }

  fn size(&self, bounds: &Bounds, symbol: Symbol) -> u128 {
    match bounds.symbols.get(symbol).0 {
      Size::Length(place) | Size::Number(place) | Size::Time(place) => self.measured(place),
      Size::Parts(of, size) => self.at(bounds, of).div_ceil(*size),
    }
  }

  /// What a round of a loop gave is in no record: then anything holds.
  fn measured(&self, place: &Place) -> u128 {
    let Owner::Orchestrator(id) = place.owner else {
      panic!("{place:?} is nowhere in a run")
    };
    assert!(!place.path.contains("()"), "{place:?} is nowhere in a run");
    if place.path.contains("[].previous.") {
      return u128::MAX;
    }
    let owner = self.names[id.0 as usize].clone();
    self.sizes.get(&(owner, place.path.to_string())).copied().unwrap_or(0)
  }
}

/// The innermost orchestrator around a step of a run, and the step's place in its text.
fn place_of(scopes: &[(String, Arc<str>)], path: &str) -> (Arc<str>, String) {
  let around = |(scope, _): &&(String, Arc<str>)| {
    let rest = path.strip_prefix(scope.as_str());
    scope.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '!']))
  };
  let (scope, owner) = scopes
    .iter()
    .filter(around)
    .max_by_key(|(scope, _)| scope.len())
    .expect("the run's own");
  let rest = path[scope.len()..].trim_start_matches('.');
  (owner.clone(), any_instance(rest))
}

/// `a[3].b` is in the text at `a[].b`.
fn any_instance(path: &str) -> String {
  let mut text = String::new();
  for part in path.split_inclusive(']') {
    match part.split_once('[') {
      Some((before, _)) => text.push_str(&format!("{before}[]")),
      None => text.push_str(part),
    }
  }
  text
}
