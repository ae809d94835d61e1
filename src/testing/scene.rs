//! One test from its first line to its last.

use std::{collections::HashMap, sync::Arc};

use super::{
  Options, Verdict,
  explain::Explainer,
  held::Held,
  live::{self, Room},
  observe::Names,
  problem::Problem,
  run::{self, Ended, Order, Went},
  trace::{PastRun, Trace},
  virtual_time,
};
use crate::{
  engine::{Doubles, LastSuccess, Run, RunStarted, World, hold, run_value},
  eval::{EvalError, Evaluator},
  hir::{Expr, LocalId, OrchestratorId, Param, Program, Test, TestLine, TestRun},
  protocol::FileText,
  source::Sources,
  value::{Failure, Value, conform, from_json, to_json},
};

/// What the wall clock shows where a test does not say it.
const AT: i64 = 1_767_225_600;
/// The seed where nobody says one.
const SEED: u64 = 1;
/// What `run.directory` is in virtual time.
const DIRECTORY: &str = "/test";

/// See the module.
pub(super) struct Scene<'a> {
  program: &'a Arc<Program>,
  sources: &'a Sources,
  test: &'a Test,
  options: &'a Options,
  bound: HashMap<LocalId, Value>,
  trace: Trace,
  world: World,
  doubles: Doubles,
  held: Held,
  /// In real time.
  room: Option<Room>,
  /// By orchestrator and key of `overlap`.
  last: HashMap<(OrchestratorId, String), LastSuccess>,
  problems: Vec<Problem>,
}

/// The rest of the test would say nothing more.
struct Over;

impl<'a> Scene<'a> {
  pub fn new(program: &'a Arc<Program>, sources: &'a Sources, test: usize, options: &'a Options) -> Self {
    Scene {
      program,
      sources,
      test: &program.tests[test],
      options,
      bound: HashMap::new(),
      trace: Trace::default(),
      world: World::default(),
      doubles: Doubles::of_test(test),
      held: Held::default(),
      room: None,
      last: HashMap::new(),
      problems: Vec::new(),
    }
  }

  pub fn play(mut self) -> Verdict {
    let run = run_value(&self.started("".into(), serde_json::Value::Null));
    match Evaluator::new(self.program.clone(), run) {
      Ok(_) if self.options.live && self.furnish().is_err() => {}
      Ok(evaluator) => {
        let mut lines = self.test.lines.iter();
        let _: Option<Over> = lines.find_map(|line| self.line(&evaluator, line).err());
      }
      Err((constant, error)) => {
        let name = &self.program.constants[constant.0 as usize].name;
        let why = format!("the constant `{name}` has no value: {}", error.message);
        self.problems.push(Problem::no_run(self.test.span, &why));
      }
    }
    Verdict {
      name: self.test.name.clone(),
      problems: self.problems,
      runs: self.trace.runs.len(),
      elapsed: self.world.began(),
    }
  }

  fn line(&mut self, evaluator: &Evaluator, line: &TestLine) -> Result<(), Over> {
    match line {
      TestLine::Run(run) => self.run(evaluator, run),
      TestLine::Value { local, value } => {
        let value = self.value(evaluator, value)?;
        self.bound.insert(*local, value);
        Ok(())
      }
      TestLine::Wait(time) => {
        if let Value::Duration(time) = self.value(evaluator, time)? {
          self.world.pass(time);
        }
        Ok(())
      }
      TestLine::Expect { condition, message, .. } => self.expect(evaluator, condition, message.as_ref()),
    }
  }

  fn names(&self) -> Names<'_> {
    Names {
      bound: &self.bound,
      observations: &self.test.observations,
      trace: &self.trace,
      held: &self.held,
    }
  }

  /// Makes what real processes need.
  fn furnish(&mut self) -> Result<(), Over> {
    let room = Room::new(self.program).map_err(|error| {
      let why = format!("can't make a directory: {error}");
      self.problems.push(Problem::no_run(self.test.span, &why));
      Over
    })?;
    self.held = Held::with_depot(room.depot());
    self.room = Some(room);
    Ok(())
  }

  fn value(&mut self, evaluator: &Evaluator, expr: &Expr) -> Result<Value, Over> {
    let value = evaluator.eval(expr, &self.names());
    value.map_err(|error| self.no_value(&error))
  }

  /// Behind an expectation that does not hold, a missing value is no news.
  fn no_value(&mut self, error: &EvalError) -> Over {
    if self.problems.is_empty() {
      self.problems.push(Problem::no_value(error));
    }
    Over
  }

  fn expect(&mut self, evaluator: &Evaluator, condition: &Expr, message: Option<&Expr>) -> Result<(), Over> {
    if self.value(evaluator, condition)? == Value::Bool(true) {
      return Ok(());
    }
    let message = message.and_then(|message| evaluator.eval(message, &self.names()).ok());
    let explainer = Explainer {
      evaluator,
      names: self.names(),
      sources: self.sources,
    };
    let message = message.and_then(|message| message.as_str().map(str::to_owned));
    let mut problem = explainer.problem(condition, message);
    if self.problems.iter().any(|earlier| earlier.trace == problem.trace) {
      problem.trace.clear();
    }
    self.problems.push(problem);
    Ok(())
  }

  fn run(&mut self, evaluator: &Evaluator, wanted: &TestRun) -> Result<(), Over> {
    let (order, key) = self.order(evaluator, wanted)?;
    let world = std::mem::take(&mut self.world);
    let began = world.began();
    let mut texts = Vec::new();
    let went = match &self.room {
      None => Ok(virtual_time::simulate(world, order, &mut self.trace, &mut texts)),
      Some(room) => live::drive(world, order, &mut self.trace, room),
    };
    let went = went.map_err(|error| {
      let why = format!("the system refuses what every run needs: {error}");
      self.no_run(wanted, &why)
    })?;
    self.keep(wanted, texts)?;
    let Went { mut run, world, end } = went;
    self.doubles = run.take_doubles();
    self.world = world;
    let past = PastRun {
      local: wanted.name.as_ref().map(|(_, local)| *local),
      name: self.shown_name(wanted),
      took: self.world.began() - began,
    };
    self.trace.close(past, &mut self.doubles);
    self.remember(wanted.orchestrator, key, &run, &end);
    let value = self.outcome(wanted, end)?;
    if let Some((_, local)) = &wanted.name {
      self.bound.insert(*local, value);
    }
    Ok(())
  }

  fn no_run(&mut self, wanted: &TestRun, why: &str) -> Over {
    self.problems.push(Problem::no_run(wanted.span, why));
    Over
  }

  fn keep(&mut self, wanted: &TestRun, texts: Vec<FileText>) -> Result<(), Over> {
    self.held.keep(texts).map_err(|why| self.no_run(wanted, &why))
  }

  fn shown_name(&self, wanted: &TestRun) -> Arc<str> {
    match &wanted.name {
      Some((name, _)) => name.clone(),
      None => self.program.orchestrator(wanted.orchestrator).name.clone(),
    }
  }

  /// The run with its key of `overlap`.
  fn order(&mut self, evaluator: &Evaluator, wanted: &TestRun) -> Result<(Order, Option<String>), Over> {
    let mut arguments = serde_json::Map::new();
    let program = self.program;
    let orchestrator = program.orchestrator(wanted.orchestrator);
    for (param, argument) in orchestrator.params.iter().zip(&wanted.arguments) {
      let value = self.argument(evaluator, wanted, param, argument)?;
      if !(param.optional && value == Value::Null) {
        arguments.insert(param.name.to_string(), to_json(&value));
      }
    }
    let cancel = match &wanted.cancel {
      None => None,
      Some(after) => match self.value(evaluator, after)? {
        Value::Duration(after) => Some(after),
        _ => None,
      },
    };
    let mut started = self.started(orchestrator.name.clone(), arguments.into());
    let key = run::key(self.program, &mut started).map_err(|why| self.no_run(wanted, &why))?;
    let last = key
      .as_ref()
      .and_then(|key| self.last.get(&(wanted.orchestrator, key.clone())));
    started.last = last.cloned();
    let doubles = std::mem::take(&mut self.doubles);
    let order = run::begin(self.program, started, doubles, cancel).map_err(|why| self.no_run(wanted, &why))?;
    Ok((order, key))
  }

  /// The next run with this key sees it as `run.last`.
  fn remember(&mut self, orchestrator: OrchestratorId, key: Option<String>, run: &Run, end: &Ended) {
    if let (Some(key), Ended::Succeeded(value)) = (key, end) {
      let last = LastSuccess {
        run: run.started().run.clone(),
        started: run.started().started,
        value: value.clone(),
      };
      self.last.insert((orchestrator, key), last);
    }
  }

  /// Texts become files where the parameter takes files.
  fn argument(
    &mut self,
    evaluator: &Evaluator,
    wanted: &TestRun,
    param: &Param,
    argument: &Expr,
  ) -> Result<Value, Over> {
    let value = self.value(evaluator, argument)?;
    if !param.ty.has_files() {
      return Ok(value);
    }
    let mut texts = Vec::new();
    let value =
      hold(&value, &param.ty, &param.name, &mut texts).map_err(|why| self.no_run(wanted, &why.to_string()))?;
    self.keep(wanted, texts)?;
    Ok(value)
  }

  fn started(&self, orchestrator: Arc<str>, arguments: serde_json::Value) -> RunStarted {
    let live = self.options.live;
    let id: Arc<str> = match live {
      true => live::identity().into(),
      false => format!("run-{}", self.trace.runs.len() + 1).into(),
    };
    RunStarted {
      run: id.clone(),
      tracker: id,
      program: "test".into(),
      engine: env!("CARGO_PKG_VERSION").into(),
      seed: self.test.seed.or(self.options.seed).unwrap_or(SEED),
      orchestrator,
      arguments,
      started: self.wall_clock(),
      // nobody resumes it
      profile: None,
      set: Default::default(),
      parent: None,
      reuses: None,
      last: None,
      directory: match live {
        true => live::directory().into(),
        false => DIRECTORY.into(),
      },
    }
  }

  fn wall_clock(&self) -> jiff::Timestamp {
    let start = match self.test.at {
      None if self.options.live => return live::now(),
      None => jiff::Timestamp::from_second(AT).unwrap_or_default(),
      Some(at) => at,
    };
    let passed = jiff::SignedDuration::from_millis(self.world.began());
    start.checked_add(passed).unwrap_or(jiff::Timestamp::MAX)
  }

  /// What the name of a run stands for.
  fn outcome(&mut self, wanted: &TestRun, end: Ended) -> Result<Value, Over> {
    let orchestrator = self.program.orchestrator(wanted.orchestrator);
    let problem = match end {
      Ended::Succeeded(result) => {
        let value = from_json(&result).ok();
        let value = value.and_then(|value| conform(&value, &orchestrator.output).ok());
        let value = value.and_then(|value| self.held.open(&value).ok());
        let value = value.unwrap_or(Value::Null);
        return Ok(match wanted.attempt {
          true => Value::outcome_ok(value).unwrap_or(Value::Null),
          false => value,
        });
      }
      Ended::Failed(failure) if wanted.attempt => return Ok(Value::outcome_lost(&failure)),
      Ended::Failed(failure) => self.failed(wanted, &failure),
      Ended::Unmocked { worker, step } => Problem::unmocked(wanted.span, &self.program.worker(worker).name, &step),
      Ended::Stuck => Problem::stuck(wanted.span, &orchestrator.name, &self.waiting()),
    };
    self.problems.push(problem);
    Err(Over)
  }

  fn failed(&self, wanted: &TestRun, failure: &Failure) -> Problem {
    let name = &self.program.orchestrator(wanted.orchestrator).name;
    let own = self.trace.calls.iter().filter(|call| {
      let last = call.run + 1 == self.trace.runs.len();
      last && (call.step == failure.step || failure.causes.iter().any(|cause| cause.step == call.step))
    });
    Problem {
      trace: self.trace.lines(own, self.program),
      ..Problem::run_failed(wanted.span, name, failure)
    }
  }

  /// The calls that never ended, as part of a sentence.
  fn waiting(&self) -> Vec<String> {
    let open = self.trace.calls.iter().filter(|call| call.ended.is_none());
    let said = open.map(|call| format!("`{}` at `{}`", self.program.worker(call.worker).name, call.step));
    said.take(5).collect()
  }
}
