//! One process that drives a run: does what the driver does, in its order, with workers that are processes of their own, and
//! dies between any two things that it does.

use std::{
  collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
  sync::Arc,
};

use orch::{
  engine::{
    Attempt, AttemptOutcome, Command, ExecutionId, Found, Input, Needs, Record, Run, RunTime, Seat, Start, Step,
    TimerId, World,
  },
  hir::Program,
  protocol::{RawAnswer, Report, WorkerError},
  value::{Failure, FailureKind},
};

use super::{Seen, SharedDisk};
use crate::chaos::{Act, Chaos};

/// How a process ended.
pub(super) enum End {
  Over,
  Again,
  Stuck(String),
}

/// Facts that one run may come to; beyond that it will never end.
const MOST: u32 = 200_000;

/// Time, rank, order of becoming known.
pub(super) type Key = (i64, u64, u64);

enum Due {
  Timer(TimerId),
  Started(ExecutionId),
  Reported(ExecutionId, Report),
  Ended(ExecutionId, Result<RawAnswer, WorkerError>),
  Request(Input),
  /// The gatekeeper is to be asked.
  Wake,
}

/// A worker that runs.
pub(super) struct Process {
  attempt: Arc<Attempt>,
  pub(super) cancelled: bool,
  /// What it still has to say.
  keys: Vec<Key>,
  answer: Result<RawAnswer, WorkerError>,
}

pub(super) struct Life<'m> {
  pub(super) program: &'m Arc<Program>,
  pub(super) run: Run,
  world: World,
  seat: Seat,
  pub(super) disk: &'m SharedDisk,
  chaos: &'m mut Chaos,
  seen: &'m mut Vec<Seen>,
  begun: &'m mut HashMap<ExecutionId, u32>,
  pub(super) now: i64,
  next: u64,
  due: BTreeMap<Key, Due>,
  pub(super) timers: HashMap<TimerId, Key>,
  pub(super) alive: BTreeMap<ExecutionId, Process>,
  /// Who waits at the gate, by order of asking.
  pub(super) asking: BTreeMap<u64, (ExecutionId, Needs)>,
  facts: VecDeque<Input>,
  unwanted: BTreeSet<ExecutionId>,
  records: Vec<Record>,
  commands: Vec<Command>,
  steps: u32,
  /// What a replay does otherwise.
  pub(super) strange: Option<String>,
}

impl<'m> Life<'m> {
  /// `times`: how often each execution was begun.
  pub fn new(
    (program, disk): (&'m Arc<Program>, &'m SharedDisk),
    chaos: &'m mut Chaos,
    seen: &'m mut Vec<Seen>,
    times: &'m mut HashMap<ExecutionId, u32>,
    (world, run): (World, Run),
  ) -> Life<'m> {
    Life {
      program,
      now: run.now().0,
      seat: world.gate().sit(|| ()),
      world,
      run,
      disk,
      chaos,
      seen,
      begun: times,
      next: 0,
      due: BTreeMap::new(),
      timers: HashMap::new(),
      alive: BTreeMap::new(),
      asking: BTreeMap::new(),
      facts: VecDeque::new(),
      unwanted: BTreeSet::new(),
      records: Vec::new(),
      commands: Vec::new(),
      steps: 0,
      strange: None,
    }
  }

  /// What the wall clock shows.
  pub fn clock(&self) -> i64 {
    self.world.clock(RunTime(self.now))
  }
}

impl Life<'_> {
  pub fn turns(&mut self) -> End {
    self.expect_requests();
    loop {
      let stop = self.fold();
      match self.commit() {
        None => return self.die(),
        Some(true) => return self.leave(End::Over),
        Some(false) => {}
      }
      if stop {
        return self.stop();
      }
      if !self.carry_out() {
        return self.die();
      }
      if !self.facts.is_empty() {
        continue;
      }
      if !self.run.awaits_decision().is_empty() {
        self.facts.push_back(Input::Stopped);
        continue;
      }
      if self.steps > MOST {
        return End::Stuck("it goes on and on".into());
      }
      if let Some(why) = self.strange.take() {
        return End::Stuck(why);
      }
      if !self.wait() {
        return End::Stuck(format!("nothing is left to happen: {:?}", self.run));
      }
    }
  }

  /// What was over before the run was taken up again comes before anything starts.
  pub fn set_timers(&mut self) {
    let mut due = Vec::new();
    for command in std::mem::take(&mut self.commands) {
      match command {
        Command::SetTimer { timer, due: at } if at.0 <= self.now => due.push((at, timer)),
        Command::SetTimer { timer, due: at } => {
          let key = self.plan(at.0, Due::Timer(timer));
          self.timers.insert(timer, key);
        }
        other => self.commands.push(other),
      }
    }
    due.sort();
    self
      .facts
      .extend(due.into_iter().map(|(_, timer)| Input::TimerFired(timer)));
  }

  fn expect_requests(&mut self) {
    if let Some(at) = self.chaos.cancel.take() {
      self.plan(self.now.max(at), Due::Request(Input::CancelRequested("enough".into())));
    }
    if let Some(at) = self.chaos.stops.pop() {
      self.plan(self.now + at, Due::Request(Input::Stopped));
    }
  }

  fn die(&mut self) -> End {
    self.leave(End::Again)
  }

  fn leave(&mut self, end: End) -> End {
    for execution in std::mem::take(&mut self.alive).into_keys() {
      self.seen.push(Seen::Gone {
        execution,
        at: self.now,
      });
    }
    self.seen.push(Seen::Down);
    end
  }

  /// Workers are told to end; what they still answer is kept.
  fn stop(&mut self) -> End {
    let alive: Vec<ExecutionId> = self.alive.keys().copied().collect();
    alive.into_iter().for_each(|execution| _ = self.cancel(execution));
    while !self.alive.is_empty() {
      let Some(((at, ..), due)) = self.due.pop_first() else {
        break;
      };
      self.now = self.now.max(at);
      let fact = match due {
        Due::Ended(..) | Due::Reported(..) | Due::Started(_) => self.fact(due),
        _ => None,
      };
      if let Some(fact @ (Input::AttemptEnded(_, AttemptOutcome::Ok(_)) | Input::Reported(..))) = fact {
        self.step(fact);
        if self.commit() != Some(false) {
          // it died, or that was the end
          return self.leave(End::Again);
        }
      }
    }
    self.leave(End::Again)
  }

  fn fold(&mut self) -> bool {
    let mut stop = false;
    while let Some(fact) = self.facts.pop_front() {
      if self.run.is_over() {
        break;
      }
      stop |= fact == Input::Stopped;
      self.step(fact);
    }
    while !stop && !self.run.is_over() {
      let decided = self.seat.poll(self.world.clock(RunTime(self.now)));
      if let Some(wake) = decided.wake {
        let wake = self.world.run_time(wake).0;
        self.plan(wake.max(self.now), Due::Wake);
      }
      let refused = decided
        .refused
        .into_iter()
        .map(|one| Input::Refused(one, FailureKind::CircuitOpen));
      let facts: Vec<Input> = refused
        .chain(decided.admitted.into_iter().map(Input::Admitted))
        .collect();
      if facts.is_empty() {
        break;
      }
      self.unwanted.clear();
      for fact in facts {
        let (Input::Refused(execution, _) | Input::Admitted(execution)) = &fact else {
          continue;
        };
        match self.unwanted.contains(execution) {
          // its tokens are spent nonetheless
          true => self.seen.push(Seen::Passed {
            execution: *execution,
            at: self.now,
          }),
          false => {
            self.asks_no_more(*execution);
            self.step(fact);
          }
        }
      }
    }
    stop
  }

  fn step(&mut self, fact: Input) {
    self.steps += 1;
    let now = RunTime(self.now);
    if let Input::AttemptEnded(execution, outcome) = &fact {
      let health = self.run.health(*execution, outcome);
      if let Some(moved) = self.seat.settle(*execution, health, self.world.clock(now)) {
        let step = self.run.step(now, Input::BreakerMoved(moved));
        self.absorb(step);
      }
      // what has ended need not be told to
      self
        .commands
        .retain(|command| !matches!(command, Command::CancelAttempt(one) if one == execution));
    }
    let step = self.run.step(now, fact);
    self.absorb(step);
  }

  pub fn absorb(&mut self, step: Step) {
    self.records.extend(step.records);
    for command in step.commands {
      match command {
        Command::Ask { execution, needs } => {
          self.next += 1;
          self.asking.insert(self.next, (execution, needs.clone()));
          self.seat.ask(execution, needs);
        }
        Command::Started { need, starts } => {
          let starts = starts.iter().map(|start| self.world.clock(*start));
          self.seat.started(&need, starts);
        }
        Command::Withdraw(execution) | Command::Release(execution) => {
          self.asks_no_more(execution);
          self.unwanted.insert(execution);
          self.seat.give_back(execution);
        }
        other => self.commands.push(other),
      }
    }
  }

  fn asks_no_more(&mut self, execution: ExecutionId) {
    self.asking.retain(|_, (asking, _)| *asking != execution);
  }

  /// `None`: the process died; else whether the run is over.
  fn commit(&mut self) -> Option<bool> {
    let mut records = std::mem::take(&mut self.records);
    if records.is_empty() {
      return Some(false);
    }
    let cut = self.chaos.dies();
    if cut {
      // what was not synced is lost: all of it, or its end
      records.truncate(self.chaos.draw.below(records.len() as u64 + 1) as usize);
    }
    let over = records.last().is_some_and(|record| record.event.is_final());
    let lines = records
      .iter()
      .map(|record| serde_json::to_string(record).expect("JSON"));
    self.disk.0.lock().expect("no panic").journal.extend(lines);
    self.seen.extend(records.into_iter().map(Seen::Record));
    if cut || self.chaos.dies() {
      return None;
    }
    for command in self
      .commands
      .extract_if(.., |command| matches!(command, Command::Keep { .. }))
    {
      if let Command::Keep { key, kept } = command {
        self
          .world
          .keep(key, &kept, RunTime(self.now))
          .expect("a disk in memory");
      }
    }
    self.world.keep_breakers().expect("a disk in memory");
    Some(over)
  }

  /// Whether the process lives on.
  fn carry_out(&mut self) -> bool {
    for command in std::mem::take(&mut self.commands) {
      if self.chaos.dies() {
        return false;
      }
      match command {
        Command::Recall { execution, sought } => {
          let found: Found = self.world.recall(&sought, RunTime(self.now)).expect("a disk in memory");
          self.facts.push_back(Input::Recalled(execution, found));
        }
        Command::Start(start) => self.start(*start),
        Command::CancelAttempt(execution) => {
          let gone = self.cancel(execution);
          self.facts.extend(gone);
        }
        Command::SetTimer { timer, due } => {
          let key = self.plan(due.0.max(self.now), Due::Timer(timer));
          self.timers.insert(timer, key);
        }
        Command::ClearTimer(timer) => {
          let key = self.timers.remove(&timer);
          key.and_then(|key| self.due.remove(&key));
        }
        Command::Dispatch(child) => {
          self.disk.0.lock().expect("no panic").children.insert(child.run.clone());
          self.facts.push_back(Input::ChildRecorded(child.run));
        }
        Command::Finish | Command::Ask { .. } | Command::Started { .. } => {}
        Command::Withdraw(_) | Command::Release(_) | Command::Keep { .. } => {}
      }
    }
    !self.chaos.dies()
  }

  fn start(&mut self, start: Start) {
    let execution = start.execution;
    let identity = &start.invocation.identity;
    let step = identity.step.clone();
    self.seen.push(Seen::Begun {
      execution,
      step,
      at: self.now,
    });
    let times = self.begun.entry(execution).or_default();
    *times += 1;
    let longest = 18;
    let Act {
      takes,
      mut answer,
      says,
      unborn,
    } = self.chaos.act(&start, *times, longest);
    let silence = start.invocation.heartbeat;
    let mut keys = Vec::new();
    if !unborn {
      keys.push(self.plan(self.now, Due::Started(execution)));
    }
    let mut takes = takes;
    if let Some((at, report)) = says.filter(|(at, _)| takes.is_none_or(|takes| *at <= takes)) {
      keys.push(self.plan(self.now + at, Due::Reported(execution, report)));
    } else if let Some(silence) = silence
      && takes.is_none_or(|takes| silence < takes)
    {
      takes = Some(silence);
      answer = Err(WorkerError::silent(silence));
    }
    if let Some(takes) = takes {
      keys.push(self.plan(self.now + takes, Due::Ended(execution, answer.clone())));
    }
    self.alive.insert(
      execution,
      Process {
        attempt: start.attempt,
        cancelled: false,
        keys,
        answer,
      },
    );
  }

  /// Tells a worker to end; one that does not run has ended.
  fn cancel(&mut self, execution: ExecutionId) -> Option<Input> {
    let grace = self.chaos.grace();
    let obeys = self.chaos.draw.percent(85);
    let Some(process) = self.alive.get_mut(&execution) else {
      return Some(Input::AttemptEnded(execution, AttemptOutcome::Failed(cancelled(None))));
    };
    if std::mem::replace(&mut process.cancelled, true) {
      return None;
    }
    let ended = process
      .keys
      .iter()
      .any(|key| key.0 <= self.now + grace && matches!(self.due.get(key), Some(Due::Ended(..))));
    if !ended {
      let keys = std::mem::take(&mut process.keys);
      // it may be done before it listens
      let answer = match obeys {
        true => Err(WorkerError {
          kind: FailureKind::Exit,
          message: "killed".into(),
          code: None,
          log: None,
        }),
        false => process.answer.clone(),
      };
      for key in keys {
        if matches!(self.due.get(&key), Some(Due::Ended(..) | Due::Reported(..))) {
          self.due.remove(&key);
        }
      }
      let key = self.plan(self.now + grace, Due::Ended(execution, answer));
      if let Some(process) = self.alive.get_mut(&execution) {
        process.keys.push(key);
      }
    }
    self.seen.push(Seen::Told {
      execution,
      at: self.now,
    });
    None
  }

  fn plan(&mut self, at: i64, due: Due) -> Key {
    let rank = match due {
      // said before anything else that the worker says
      Due::Started(_) => 0,
      _ => 1 + self.chaos.rank(),
    };
    self.next += 1;
    let key = (at, rank, self.next);
    self.due.insert(key, due);
    key
  }

  /// Until something happens; whether there is anything to come.
  fn wait(&mut self) -> bool {
    let Some(at) = self.due.first_key_value().map(|((at, ..), _)| *at) else {
      return false;
    };
    if self.chaos.looks() {
      self.look_back();
    }
    if at > self.now {
      let asking = self.asking.values().map(|(execution, _)| *execution).collect();
      self.seen.push(Seen::Waits { at: self.now, asking });
    }
    self.now = self.now.max(at);
    let mut together = self.chaos.together();
    while let Some(((next, ..), _)) = self.due.first_key_value() {
      if *next > self.now || together == 0 {
        break;
      }
      together -= 1;
      let Some((_, due)) = self.due.pop_first() else { break };
      let fact = self.fact(due);
      self.facts.extend(fact);
    }
    true
  }

  fn fact(&mut self, due: Due) -> Option<Input> {
    match due {
      Due::Wake => None,
      Due::Request(input) => Some(input),
      Due::Timer(timer) => {
        self.timers.remove(&timer);
        Some(Input::TimerFired(timer))
      }
      Due::Started(execution) => Some(Input::AttemptStarted(execution, None)),
      Due::Reported(execution, report) => Some(Input::Reported(execution, report)),
      Due::Ended(execution, answer) => {
        let process = self.alive.remove(&execution)?;
        process.keys.iter().for_each(|key| _ = self.due.remove(key));
        self.seen.push(Seen::Gone {
          execution,
          at: self.now,
        });
        let outcome = match self.run.outcome(&process.attempt, answer) {
          AttemptOutcome::Failed(failure) if process.cancelled => AttemptOutcome::Failed(cancelled(Some(&failure))),
          outcome => outcome,
        };
        Some(Input::AttemptEnded(execution, outcome))
      }
    }
  }
}

fn cancelled(failure: Option<&Failure>) -> Arc<Failure> {
  Arc::new(Failure {
    worker: failure.and_then(|failure| failure.worker.clone()),
    ..Failure::new(FailureKind::Cancelled, "", "ended from outside")
  })
}
