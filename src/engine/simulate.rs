//! A run in virtual time: timers and canned answers come due at once, in the order of their times. Golden traces and
//! tests of whole programs are made with it. Knows no tokio; time is a number that jumps.

use std::{
  collections::{BTreeMap, HashMap},
  fmt,
};

use super::{
  event::{AttemptOutcome, Decision, ExecutionId, Record, Resumption, RunTime, TimerId},
  exchange::{Command, Found, Input, Sought, Start, Step},
  gate::Seat,
  replay::Replayed,
  run::Run,
  world::World,
};
use crate::{
  protocol::{MockAnswer, RawAnswer, Task, WorkerError},
  value::{Failure, FailureKind},
};

/// What a worker does in a simulation.
#[derive(Clone, Debug)]
pub enum Scripted {
  /// So many milliseconds after its start.
  Answer(i64, Result<RawAnswer, WorkerError>),
  /// Runs until it is cancelled.
  Hang,
}

/// One run in virtual time.
pub struct Simulation<'a> {
  run: Run,
  world: World,
  seat: Seat,
  answers: Box<dyn FnMut(&Start) -> Scripted + 'a>,
  /// Among facts of the same time the lowest rank comes first.
  rank: Box<dyn FnMut() -> u64 + 'a>,
  /// How long a worker that is told to end still runs, in milliseconds.
  grace: i64,
  next: u64,
  due: BTreeMap<Key, Fact>,
  timers: HashMap<TimerId, Key>,
  admitted: HashMap<ExecutionId, Key>,
  running: HashMap<ExecutionId, Option<Key>>,
  /// Of steps that were carried out and not yet handed over.
  records: Vec<Record>,
}

/// Time, rank, and order of becoming known.
type Key = (RunTime, u64, u64);

enum Fact {
  Admitted(ExecutionId),
  Refused(ExecutionId),
  Timer(TimerId),
  Answer(Box<Start>, Result<RawAnswer, WorkerError>),
  Cancelled(ExecutionId),
  Input(Input),
}

/// What a worker's mock would do; a process is not there. A mock says nothing until it answers.
pub fn mocked(start: &Start) -> Scripted {
  let scripted = canned(start);
  match (start.invocation.heartbeat, &scripted) {
    (Some(silence), Scripted::Hang) => Scripted::Answer(silence, Err(WorkerError::silent(silence))),
    (Some(silence), Scripted::Answer(delay, _)) if silence < *delay => {
      Scripted::Answer(silence, Err(WorkerError::silent(silence)))
    }
    _ => scripted,
  }
}

fn canned(start: &Start) -> Scripted {
  let Task::Mock(task) = &start.invocation.task else {
    return Scripted::Answer(0, Err(error(FailureKind::Transport, "no process runs in virtual time")));
  };
  let answer = match &task.answer {
    MockAnswer::Value(value) => Ok(RawAnswer::Mock(value.clone())),
    MockAnswer::Failure(error) => Err(error.clone()),
    MockAnswer::Malformed => Err(error(FailureKind::Contract, "the answer is not JSON")),
    MockAnswer::Hang => return Scripted::Hang,
  };
  Scripted::Answer(task.delay, answer)
}

/// The run to its end with all its records, `first` being those of its start. A run that waits for nothing that could
/// still come (a worker that hangs, without timeout) stays without an end.
pub fn simulate(run: Run, first: Step, answers: impl FnMut(&Start) -> Scripted) -> (Run, Vec<Record>) {
  let mut simulation = Simulation::new(run, first, answers);
  let mut records = Vec::new();
  while let Some(more) = simulation.advance() {
    records.extend(more);
  }
  (simulation.run, records)
}

impl<'a> Simulation<'a> {
  pub fn new(run: Run, first: Step, answers: impl FnMut(&Start) -> Scripted + 'a) -> Self {
    Self::within(World::default(), run, first, answers)
  }

  /// A run after others, with what they left behind.
  pub fn within(world: World, run: Run, first: Step, answers: impl FnMut(&Start) -> Scripted + 'a) -> Self {
    let mut simulation = Simulation {
      run,
      // nothing happens while nobody looks
      seat: world.gate().sit(|| ()),
      world,
      answers: Box::new(answers),
      rank: Box::new(|| 0),
      grace: 0,
      next: 0,
      due: BTreeMap::new(),
      timers: HashMap::new(),
      admitted: HashMap::new(),
      running: HashMap::new(),
      records: Vec::new(),
    };
    simulation.carry_out(first);
    simulation
  }

  /// Goes on with a run that was replayed; what was cut short runs again.
  pub fn resume(replayed: Replayed, answers: impl FnMut(&Start) -> Scripted + 'a) -> Self {
    Self::resume_within(World::default(), replayed, Some(Decision::Rerun), answers)
  }

  /// As `resume`, with what others left behind, and what becomes of calls that were cut short and are not idempotent.
  pub fn resume_within(
    world: World,
    replayed: Replayed,
    unfinished: Option<Decision>,
    answers: impl FnMut(&Start) -> Scripted + 'a,
  ) -> Self {
    let resumption = Resumption {
      resumed: jiff::Timestamp::UNIX_EPOCH,
      engine: "0".into(),
      unfinished,
      steps: BTreeMap::new(),
    };
    let (run, step) = replayed.resume(resumption);
    Self::within(world, run, step, answers)
  }

  /// Facts of the same time come in the order of these numbers.
  pub fn ranked(mut self, rank: impl FnMut() -> u64 + 'a) -> Self {
    self.rank = Box::new(rank);
    self
  }

  /// Workers that are told to end do so that much later.
  pub fn lingering(mut self, milliseconds: i64) -> Self {
    self.grace = milliseconds;
    self
  }

  /// Adds a fact from outside.
  pub fn expect(&mut self, at: RunTime, input: Input) {
    self.plan(at, Fact::Input(input));
  }

  pub fn run(&self) -> &Run {
    &self.run
  }

  /// The run as it is now, and what it leaves behind for the next one.
  pub fn end(mut self) -> (Run, World) {
    self.world.pass(self.run.now().0);
    (self.run, self.world)
  }

  /// Goes on by one fact: its records, or `None` if nothing is left to happen.
  pub fn advance(&mut self) -> Option<Vec<Record>> {
    if !self.records.is_empty() {
      return Some(std::mem::take(&mut self.records));
    }
    if self.run.is_over() {
      return None;
    }
    let wake = self.admit(self.run.now());
    let next = self.due.first_key_value().map(|((at, ..), _)| *at);
    if let Some(wake) = wake.filter(|wake| next.is_none_or(|next| *wake < next)) {
      self.admit(wake);
    }
    let ((at, ..), fact) = self.due.pop_first()?;
    let input = self.input(fact);
    self.settle(at, &input);
    let step = self.run.step(at, input);
    self.carry_out(step);
    Some(std::mem::take(&mut self.records))
  }

  fn admit(&mut self, at: RunTime) -> Option<RunTime> {
    let decided = self.seat.poll(self.world.clock(at));
    for execution in decided.refused {
      self.decided(at, execution, Fact::Refused(execution));
    }
    for execution in decided.admitted {
      self.decided(at, execution, Fact::Admitted(execution));
    }
    decided.wake.map(|wake| self.world.run_time(wake))
  }

  fn decided(&mut self, at: RunTime, execution: ExecutionId, fact: Fact) {
    let key = self.plan(at, fact);
    self.admitted.insert(execution, key);
  }

  /// What an end says of a worker comes before the end.
  fn settle(&mut self, at: RunTime, input: &Input) {
    let Input::AttemptEnded(execution, outcome) = input else {
      return;
    };
    let health = self.run.health(*execution, outcome);
    let moved = self.seat.settle(*execution, health, self.world.clock(at));
    if let Some(moved) = moved {
      let step = self.run.step(at, Input::BreakerMoved(moved));
      self.carry_out(step);
    }
  }

  fn input(&mut self, fact: Fact) -> Input {
    match fact {
      Fact::Input(input) => input,
      Fact::Admitted(execution) => {
        self.admitted.remove(&execution);
        Input::Admitted(execution)
      }
      Fact::Refused(execution) => {
        self.admitted.remove(&execution);
        Input::Refused(execution, FailureKind::CircuitOpen)
      }
      Fact::Timer(timer) => {
        self.timers.remove(&timer);
        Input::TimerFired(timer)
      }
      Fact::Answer(start, answer) => {
        self.running.remove(&start.execution);
        Input::AttemptEnded(start.execution, self.run.outcome(&start.attempt, answer))
      }
      Fact::Cancelled(execution) => {
        self.running.remove(&execution);
        let failure = Failure::new(FailureKind::Cancelled, "", "ended from outside");
        Input::AttemptEnded(execution, AttemptOutcome::Failed(failure.into()))
      }
    }
  }

  fn plan(&mut self, at: RunTime, fact: Fact) -> Key {
    let rank = (self.rank)().saturating_add(1);
    self.plan_ranked(at, rank, fact)
  }

  fn plan_ranked(&mut self, at: RunTime, rank: u64, fact: Fact) -> Key {
    let key = (at, rank, self.next);
    self.next += 1;
    self.due.insert(key, fact);
    key
  }

  fn carry_out(&mut self, step: Step) {
    self.records.extend(step.records);
    for command in step.commands {
      match command {
        Command::Recall { execution, sought } => self.recall(execution, &sought),
        // a world in memory has no trouble
        Command::Keep { key, kept } => drop(self.world.keep(key, &kept, self.run.now())),
        Command::Ask { execution, needs } => self.seat.ask(execution, needs),
        Command::Started { need, starts } => {
          let starts = starts.iter().map(|start| self.world.clock(*start));
          self.seat.started(&need, starts);
        }
        Command::Withdraw(execution) => self.withdraw(execution),
        Command::Release(execution) => self.seat.give_back(execution),
        Command::Start(start) => self.start(start),
        Command::CancelAttempt(execution) => self.cancel(execution),
        Command::SetTimer { timer, due } => {
          let key = self.plan(due.max(self.run.now()), Fact::Timer(timer));
          self.timers.insert(timer, key);
        }
        Command::ClearTimer(timer) => {
          let key = self.timers.remove(&timer);
          key.and_then(|key| self.due.remove(&key));
        }
        Command::Dispatch(child) => {
          self.plan(self.run.now(), Fact::Input(Input::ChildRecorded(child.run)));
        }
        // the run says so itself
        Command::Finish => {}
      }
    }
  }

  /// It may be admitted already, without the run knowing.
  fn withdraw(&mut self, execution: ExecutionId) {
    self.seat.give_back(execution);
    let key = self.admitted.remove(&execution);
    key.and_then(|key| self.due.remove(&key));
  }

  fn recall(&mut self, execution: ExecutionId, sought: &Sought) {
    let now = self.run.now();
    let nothing = Found::Nothing { changed: Vec::new() };
    let found = self.world.recall(sought, now).unwrap_or(nothing);
    self.plan(now, Fact::Input(Input::Recalled(execution, found)));
  }

  fn start(&mut self, start: Box<Start>) {
    let execution = start.execution;
    let now = self.run.now();
    let key = match (self.answers)(&start) {
      Scripted::Hang => None,
      Scripted::Answer(delay, answer) => Some(self.plan(now.after(delay), Fact::Answer(start, answer))),
    };
    self.running.insert(execution, key);
    self.plan_ranked(now, 0, Fact::Input(Input::AttemptStarted(execution, None)));
  }

  fn cancel(&mut self, execution: ExecutionId) {
    let key = self.running.remove(&execution).flatten();
    key.and_then(|key| self.due.remove(&key));
    self.plan(self.run.now().after(self.grace), Fact::Cancelled(execution));
  }
}

impl fmt::Debug for Simulation<'_> {
  fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.debug_struct("Simulation")
      .field("run", &self.run)
      .finish_non_exhaustive()
  }
}

fn error(kind: FailureKind, message: &str) -> WorkerError {
  WorkerError {
    kind,
    message: message.into(),
    code: None,
    log: None,
  }
}
