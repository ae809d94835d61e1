//! The thin loop around a run: journal first, then commands, then observers; answers and timers go back in. Knows no
//! worker kind, and nothing of how the journal is kept.
//!
//! One turn: wait until something has happened, take all that has, fold it fact by fact, append all records in one
//! call, carry out what the run wants done, tell the observers. Admission is pure, so it is decided within the turn.

mod clock;
#[cfg(test)]
mod tests;
mod workers;

use std::{
  collections::{BTreeSet, VecDeque},
  fmt, io,
  sync::Arc,
};

use tokio::sync::{Notify, mpsc::UnboundedReceiver};

use self::{
  clock::Clock,
  workers::{Arrival, Workers},
};
use crate::{
  engine::{AttemptOutcome, Child, Command, Event, ExecutionId, Input, Record, Run, RunTime, Seat, Step, World},
  protocol::Performer,
  value::{Failure, FailureKind},
};

/// Where records are kept.
pub trait EventLog {
  /// Once it returns, the records outlive this process.
  ///
  /// # Errors
  /// They may not be kept; the run does not go on.
  fn append(&mut self, records: &[Record]) -> io::Result<()>;

  /// All records of the run are in the log, and this is how it stands: may be kept, so that it need not be computed again.
  ///
  /// # Errors
  /// It can't be kept; the run does not go on.
  fn stand(&mut self, run: &Run) -> io::Result<()> {
    let _ = run;
    Ok(())
  }

  /// Once it returns, the run is asked for, and outlives this process. Asked for again, nothing happens.
  ///
  /// # Errors
  /// It may not be; the run that asks does not go on.
  fn dispatch(&mut self, child: &Child) -> io::Result<()>;
}

/// Who looks on: sees every record once, in order, after it is in the log.
pub trait Observer {
  fn observe(&mut self, records: &[Record]);
}

impl<F: FnMut(&[Record])> Observer for F {
  fn observe(&mut self, records: &[Record]) {
    self(records);
  }
}

/// What somebody asks of a run that is driven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
  /// End the workers and leave the run as it is. Asked again: do not wait for them.
  Stop,
  /// The run is to be lost, for this reason.
  Cancel(Arc<str>),
}

/// How driving ended.
#[derive(Clone, Debug, PartialEq)]
pub enum RunOutcome {
  Succeeded(serde_json::Value),
  Failed(Arc<Failure>),
  /// It could be driven on.
  Interrupted,
  /// These calls were cut short, and nothing goes on until somebody says what becomes of them.
  Undecided(Vec<Arc<str>>),
}

/// A run and what it wants done first.
#[derive(Debug)]
pub struct Beginning {
  pub run: Run,
  pub step: Step,
}

impl From<(Run, Step)> for Beginning {
  fn from((run, step): (Run, Step)) -> Self {
    Self { run, step }
  }
}

/// A run that nobody drives any longer.
#[derive(Debug)]
pub struct Driven {
  pub outcome: RunOutcome,
  pub run: Run,
}

/// Drives a run until it ends, or until it is asked to stop. Needs a tokio runtime with time. When the future is
/// dropped, so are the answers that it waits for.
///
/// # Errors
/// The log can't be written; the workers are ended then.
pub async fn drive(
  beginning: Beginning,
  performer: Arc<dyn Performer>,
  log: &mut dyn EventLog,
  observers: &mut [&mut dyn Observer],
  requests: UnboundedReceiver<Request>,
) -> io::Result<RunOutcome> {
  let driven = drive_within(&mut World::default(), beginning, performer, log, observers, requests).await?;
  Ok(driven.outcome)
}

/// As `drive`, with what other runs share or left behind.
///
/// # Errors
/// The log can't be written, or what is kept can't be read or written; the workers are ended then.
pub async fn drive_within(
  world: &mut World,
  beginning: Beginning,
  performer: Arc<dyn Performer>,
  log: &mut dyn EventLog,
  observers: &mut [&mut dyn Observer],
  requests: UnboundedReceiver<Request>,
) -> io::Result<Driven> {
  let Beginning { run, step } = beginning;
  let woken = Arc::new(Notify::new());
  let wake = woken.clone();
  let mut driver = Driver {
    clock: Clock::from(run.now()),
    run,
    seat: world.gate().sit(move || wake.notify_one()),
    woken,
    world,
    workers: Workers::new(performer),
    log,
    observers,
    requests,
    records: Vec::new(),
    commands: Vec::new(),
    facts: VecDeque::new(),
    unwanted: BTreeSet::new(),
    outcome: None,
    undecided: Vec::new(),
  };
  driver.absorb(step);
  driver.set_timers();
  let driven = driver.turns().await;
  if driver.outcome.is_none() {
    driver.end_workers(driven.is_ok()).await?;
  }
  driver.world.pass(driver.clock.now().0);
  let unfinished = match driver.undecided.is_empty() {
    true => RunOutcome::Interrupted,
    false => RunOutcome::Undecided(driver.undecided),
  };
  driven.map(|()| Driven {
    outcome: driver.outcome.unwrap_or(unfinished),
    run: driver.run,
  })
}

struct Driver<'a, 'b> {
  run: Run,
  world: &'a mut World,
  seat: Seat,
  /// By the gate.
  woken: Arc<Notify>,
  clock: Clock,
  workers: Workers,
  log: &'a mut dyn EventLog,
  observers: &'a mut [&'b mut dyn Observer],
  requests: UnboundedReceiver<Request>,
  /// Of this turn.
  records: Vec<Record>,
  commands: Vec<Command>,
  /// To be folded in the next turn.
  facts: VecDeque<Input>,
  /// Need not be admitted any longer, since the gatekeeper was asked last.
  unwanted: BTreeSet<ExecutionId>,
  /// There once the run is over.
  outcome: Option<RunOutcome>,
  /// Calls that wait for a decision, once nothing else goes on.
  undecided: Vec<Arc<str>>,
}

impl Driver<'_, '_> {
  /// Until the run is over or is to be stopped.
  async fn turns(&mut self) -> io::Result<()> {
    loop {
      let stop = self.fold();
      self.commit()?;
      // what is outstanding then is found again by a resume
      if stop || self.outcome.is_some() {
        return Ok(());
      }
      self.carry_out()?;
      if self.facts.is_empty() && !self.leave_undecided() {
        self.wait().await;
      }
    }
  }

  /// What was over before the run was taken up again comes before anything starts.
  fn set_timers(&mut self) {
    let set = |command: &mut Command| matches!(command, Command::SetTimer { .. });
    for command in self.commands.extract_if(.., set) {
      if let Command::SetTimer { timer, due } = command {
        self.clock.set(timer, due);
      }
    }
    self
      .facts
      .extend(self.clock.take_due().into_iter().map(Input::TimerFired));
  }

  /// Nobody drives a run in which nothing goes on until somebody decides.
  fn leave_undecided(&mut self) -> bool {
    let undecided = self.run.awaits_decision();
    if undecided.is_empty() {
      return false;
    }
    self.undecided = undecided;
    self.facts.push_back(Input::Stopped);
    true
  }

  /// Folds all facts that are there; whether one of them was that nobody drives the run any longer.
  fn fold(&mut self) -> bool {
    let mut stop = false;
    while let Some(fact) = self.facts.pop_front().filter(|_| !self.run.is_over()) {
      stop |= fact == Input::Stopped;
      self.step(fact);
    }
    while !stop && !self.run.is_over() {
      let decided = self.seat.poll(self.world.clock(self.clock.now()));
      self
        .clock
        .wake_for_admission(decided.wake.map(|wake| self.world.run_time(wake)));
      let refused = decided.refused.into_iter();
      let refused = refused.map(|execution| Input::Refused(execution, FailureKind::CircuitOpen));
      let facts: Vec<Input> = refused
        .chain(decided.admitted.into_iter().map(Input::Admitted))
        .collect();
      if facts.is_empty() {
        break;
      }
      self.unwanted.clear();
      for fact in facts {
        // what comes first may make what comes later superfluous
        if !decided_on(&fact).is_some_and(|execution| self.unwanted.contains(&execution)) {
          self.step(fact);
        }
      }
    }
    stop
  }

  fn step(&mut self, fact: Input) {
    let now = self.clock.now();
    if let Input::AttemptEnded(execution, outcome) = &fact {
      let health = self.run.health(*execution, outcome);
      let moved = self.seat.settle(*execution, health, self.world.clock(now));
      moved
        .into_iter()
        .for_each(|moved| self.take(now, Input::BreakerMoved(moved)));
    }
    self.take(now, fact);
  }

  fn take(&mut self, now: RunTime, fact: Input) {
    if let Input::AttemptEnded(execution, _) = &fact {
      // what has ended need not be told to
      let told = |command: &mut Command| matches!(command, Command::CancelAttempt(one) if one == execution);
      self.commands.extract_if(.., told).for_each(drop);
    }
    let step = self.run.step(now, fact);
    self.absorb(step);
  }

  /// Admission touches nothing outside, so it need not wait for the log.
  fn absorb(&mut self, step: Step) {
    self.records.extend(step.records);
    for command in step.commands {
      match command {
        Command::Ask { execution, needs } => self.seat.ask(execution, needs),
        Command::Started { need, starts } => {
          let starts = starts.iter().map(|start| self.world.clock(*start));
          self.seat.started(&need, starts);
        }
        Command::Withdraw(execution) | Command::Release(execution) => {
          self.unwanted.insert(execution);
          self.seat.give_back(execution);
        }
        other => self.commands.push(other),
      }
    }
  }

  /// The records are in the log before anything that follows from them happens.
  fn commit(&mut self) -> io::Result<()> {
    let records = std::mem::take(&mut self.records);
    if records.is_empty() {
      return Ok(());
    }
    self.log.append(&records)?;
    self.log.stand(&self.run)?;
    self.keep()?;
    self.outcome = records.last().and_then(|record| match &record.event {
      Event::RunSucceeded { result } => Some(RunOutcome::Succeeded(result.clone())),
      Event::RunFailed { failure } => Some(RunOutcome::Failed(failure.clone())),
      _ => None,
    });
    self
      .observers
      .iter_mut()
      .for_each(|observer| observer.observe(&records));
    Ok(())
  }

  /// What outlives the run, also of its last step.
  fn keep(&mut self) -> io::Result<()> {
    let now = self.clock.now();
    for command in self
      .commands
      .extract_if(.., |command| matches!(command, Command::Keep { .. }))
    {
      if let Command::Keep { key, kept } = command {
        self.world.keep(key, &kept, now).map_err(io::Error::other)?;
      }
    }
    self.world.keep_breakers().map_err(io::Error::other)
  }

  fn carry_out(&mut self) -> io::Result<()> {
    for command in std::mem::take(&mut self.commands) {
      match command {
        Command::Recall { execution, sought } => {
          let found = self.world.recall(&sought, self.clock.now());
          let found = found.map_err(io::Error::other)?;
          self.facts.push_back(Input::Recalled(execution, found));
        }
        Command::Start(start) => self.workers.start(*start),
        Command::CancelAttempt(execution) => self.facts.extend(self.workers.cancel(execution)),
        Command::SetTimer { timer, due } => self.clock.set(timer, due),
        Command::ClearTimer(timer) => self.clock.clear(timer),
        Command::Dispatch(child) => {
          self.log.dispatch(&child)?;
          self.facts.push_back(Input::ChildRecorded(child.run));
        }
        // the last record says so too
        Command::Finish => {}
        // done already
        Command::Ask { .. } | Command::Started { .. } => {}
        Command::Withdraw(_) | Command::Release(_) | Command::Keep { .. } => {}
      }
    }
    Ok(())
  }

  /// Until there is at least one fact; takes all that are there.
  async fn wait(&mut self) {
    let first = tokio::select! {
      arrival = self.workers.next() => Some(arrival),
      Some(request) = self.requests.recv() => {
        self.facts.push_back(fact_of(request));
        None
      }
      () = self.clock.sleep() => None,
      // by what another run gave back
      () = self.woken.notified() => None,
    };
    let mut arrivals = Vec::from_iter(first);
    self.workers.take_all(&mut arrivals);
    let facts = arrivals.into_iter().map(|arrival| fact(&self.run, arrival));
    self.facts.extend(facts);
    self
      .facts
      .extend(self.clock.take_due().into_iter().map(Input::TimerFired));
  }

  /// Ends all workers and waits for them, unless asked once more to stop. What they still answered is kept, if
  /// `keep`: it need not be done again. What ended because it was told to counts as if it were still running.
  async fn end_workers(&mut self, keep: bool) -> io::Result<()> {
    self.workers.cancel_all();
    while !self.workers.is_idle() {
      let arrival = tokio::select! {
        arrival = self.workers.next() => arrival,
        Some(request) = self.requests.recv() => match request {
          Request::Stop => return Ok(()),
          Request::Cancel(_) => continue,
        },
      };
      match fact(&self.run, arrival) {
        fact @ (Input::AttemptEnded(_, AttemptOutcome::Ok(_)) | Input::Reported(..)) if keep => {
          self.step(fact);
          self.commit()?;
        }
        _ => {}
      }
    }
    Ok(())
  }
}

/// Whom the gatekeeper has decided on.
fn decided_on(fact: &Input) -> Option<ExecutionId> {
  match fact {
    Input::Admitted(execution) | Input::Refused(execution, _) => Some(*execution),
    _ => None,
  }
}

fn fact_of(request: Request) -> Input {
  match request {
    Request::Stop => Input::Stopped,
    Request::Cancel(reason) => Input::CancelRequested(reason),
  }
}

fn fact(run: &Run, arrival: Arrival) -> Input {
  match arrival {
    Arrival::Started(execution, process_group) => Input::AttemptStarted(execution, process_group),
    Arrival::Reported(execution, report) => Input::Reported(execution, report),
    Arrival::Ended {
      execution,
      attempt,
      answer,
      cancelled,
    } => {
      let outcome = match run.outcome(&attempt, answer) {
        AttemptOutcome::Failed(failure) if cancelled => AttemptOutcome::Failed(workers::as_cancelled(&failure)),
        outcome => outcome,
      };
      Input::AttemptEnded(execution, outcome)
    }
  }
}

impl fmt::Debug for Driver<'_, '_> {
  fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.debug_struct("Driver").field("run", &self.run).finish_non_exhaustive()
  }
}
