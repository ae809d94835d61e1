//! A machine in virtual time: a disk that keeps what was synced, and processes that drive a run on it, one after another.

mod life;
mod look;

use std::{
  collections::{BTreeMap, BTreeSet, HashMap},
  sync::{Arc, Mutex},
};

use orch::{
  engine::{
    BreakerState, CacheKey, Event, ExecutionId, Gate, Kept, Record, Replayed, Resumption, Run, RunStarted, Shelf,
    Trouble, World,
  },
  hir::Program,
};

use self::life::{End, Life};
use crate::chaos::Chaos;

/// What happened, as seen from outside: what reached the journal, and what really ran.
#[derive(Clone, Debug)]
pub enum Seen {
  /// It is in the journal.
  Record(Record),
  /// A worker was started, at this run time, for the so many-th time.
  Begun {
    execution: ExecutionId,
    step: Arc<str>,
    at: i64,
  },
  /// It was told to end.
  Told { execution: ExecutionId, at: i64 },
  /// Nothing of it is left; `answered`: by itself.
  Gone { execution: ExecutionId, at: i64 },
  /// The process begins, with these breakers, at this time on the wall clock when run time is `now`.
  Up {
    breakers: BTreeMap<Arc<str>, BreakerState>,
    wall: i64,
    now: i64,
  },
  /// It dies, or ends; all that ran is gone.
  Down,
  /// The gatekeeper let it pass, when nobody wanted it any longer.
  Passed { execution: ExecutionId, at: i64 },
  /// Nothing more can be done at this moment; these wait at the gate, in order of asking.
  Waits { at: i64, asking: Vec<ExecutionId> },
}

/// What outlives a process.
#[derive(Clone, Debug, Default)]
pub struct Disk {
  /// Of the present run, as JSON.
  pub journal: Vec<String>,
  pub children: BTreeSet<Arc<str>>,
  kept: HashMap<CacheKey, (i64, Kept)>,
  breakers: BTreeMap<Arc<str>, BreakerState>,
}

#[derive(Clone, Default)]
struct SharedDisk(Arc<Mutex<Disk>>);

impl Shelf for SharedDisk {
  fn recall(&mut self, key: CacheKey, oldest: i64) -> Result<Option<Kept>, Trouble> {
    let disk = self.0.lock().expect("no panic");
    let kept = disk.kept.get(&key).filter(|(at, _)| *at >= oldest);
    Ok(kept.map(|(_, kept)| kept.clone()))
  }

  fn keep(&mut self, key: CacheKey, kept: &Kept, now: i64) -> Result<(), Trouble> {
    self.0.lock().expect("no panic").kept.insert(key, (now, kept.clone()));
    Ok(())
  }

  fn keep_breakers(&mut self, states: &[(Arc<str>, BreakerState)]) -> Result<(), Trouble> {
    let mut disk = self.0.lock().expect("no panic");
    disk.breakers.extend(states.iter().cloned());
    Ok(())
  }
}

/// A machine on which runs are made one after another.
pub struct Machine {
  program: Arc<Program>,
  disk: SharedDisk,
  wall: i64,
}

/// A run that is over, or that did not come to its end.
pub struct Played {
  pub seen: Vec<Seen>,
  pub journal: Vec<String>,
  /// Why it is not over.
  pub stuck: Option<String>,
  pub children: BTreeSet<Arc<str>>,
  /// Processes that it took.
  pub lives: u32,
}

impl Machine {
  pub fn new(program: Arc<Program>) -> Machine {
    Machine {
      program,
      disk: SharedDisk::default(),
      wall: 1_000_000,
    }
  }

  /// Time goes by in which nobody runs anything.
  pub fn pass(&mut self, milliseconds: i64) {
    self.wall += milliseconds;
  }

  /// A run to its end, however many processes that takes.
  pub fn play(&mut self, started: &RunStarted, chaos: &mut Chaos) -> Played {
    let mut disk = self.disk.0.lock().expect("no panic");
    disk.journal.clear();
    disk.children.clear();
    drop(disk);
    let mut seen = Vec::new();
    let mut begun = HashMap::new();
    let mut lives = 0;
    let stuck = loop {
      lives += 1;
      match self.live(started, chaos, &mut seen, &mut begun) {
        End::Over => break None,
        End::Again if lives > 400 => break Some("it is taken up again and again".into()),
        End::Again => self.wall += chaos.draw.below(300) as i64,
        End::Stuck(why) => break Some(why),
      }
    };
    let disk = self.disk.0.lock().expect("no panic").clone();
    Played {
      seen,
      journal: disk.journal,
      stuck,
      children: disk.children,
      lives,
    }
  }

  fn live(
    &mut self,
    started: &RunStarted,
    chaos: &mut Chaos,
    seen: &mut Vec<Seen>,
    begun: &mut HashMap<ExecutionId, u32>,
  ) -> End {
    let journal = self.disk.0.lock().expect("no panic").journal.clone();
    let again = !journal.is_empty();
    let (run, step) = match again {
      false => Run::start(self.program.clone(), started.clone()).expect("the run starts"),
      true => {
        let replayed = match taken_up(&self.program, &journal) {
          Ok(replayed) => replayed,
          Err(why) => return End::Stuck(why),
        };
        if replayed.run.is_over() && replayed.records.is_empty() {
          return End::Over;
        }
        let doubtful = replayed.run.doubtful();
        let steps = doubtful.into_iter().filter_map(|path| Some((path, chaos.decision()?)));
        let resumption = Resumption {
          resumed: jiff::Timestamp::UNIX_EPOCH,
          engine: "0".into(),
          unfinished: None,
          steps: steps.collect(),
        };
        replayed.resume(resumption)
      }
    };
    let gate = Gate::default();
    let breakers = self.disk.0.lock().expect("no panic").breakers.clone();
    gate.restore(breakers.clone());
    seen.push(Seen::Up {
      breakers,
      wall: self.wall,
      now: run.now().0,
    });
    let world = World::new(gate, self.disk.clone(), self.wall, run.now());
    let mut life = Life::new((&self.program, &self.disk), chaos, seen, begun, (world, run));
    life.absorb(step);
    life.set_timers();
    let end = life.turns();
    self.wall = life.clock().max(self.wall);
    end
  }
}

/// The run that wrote a journal, every other time from a snapshot of it in the middle.
fn taken_up(program: &Arc<Program>, journal: &[String]) -> Result<Replayed, String> {
  let from_snapshot = || {
    let middle = replay(program, &journal[..journal.len().div_ceil(2)]).ok()?;
    let first: Record = serde_json::from_str(&journal[0]).expect("a record");
    let Event::RunStarted(started) = &first.event else {
      return None;
    };
    // its derived records are in it, whether or not they are written
    let snapshot = middle.run.snapshot(usize::MAX)?;
    let rest = journal.get(usize::try_from(snapshot.next).ok()?..)?;
    let records = rest.iter().map(|line| serde_json::from_str(line).expect("a record"));
    Some(Run::replay_from(
      program.clone(),
      started,
      &snapshot,
      records.collect::<Vec<Record>>(),
    ))
  };
  match from_snapshot().filter(|_| journal.len() % 2 == 1) {
    None => replay(program, journal),
    Some(Ok(Some(replayed))) => Ok(replayed),
    Some(Ok(None)) => Err("its own snapshot can't be read".into()),
    Some(Err(error)) => Err(format!("from a snapshot: {error}: {error:?}")),
  }
}

/// The run that wrote a journal.
pub fn replay(program: &Arc<Program>, journal: &[String]) -> Result<Replayed, String> {
  let records = journal.iter().map(|line| serde_json::from_str(line).expect("a record"));
  Run::replay(program.clone(), records.collect::<Vec<Record>>()).map_err(|error| format!("{error}: {error:?}"))
}
