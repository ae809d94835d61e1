//! What goes wrong in a seed: how workers behave, when orch dies and is asked to stop, in which order things happen at once.

use orch::{
  engine::{Decision, Start},
  protocol::{RawAnswer, Report, WorkerError},
  value::{Dollars, FailureKind},
};

use crate::{
  common::draw::Draw,
  declared::{COST, TOKENS},
};

/// The temper of one seed.
pub struct Chaos {
  seed: u64,
  /// Draws that depend on how the run goes.
  pub draw: Draw,
  /// Of 100 executions so many fail.
  failing: u64,
  /// Of 100 so many take longer than they may, where that is allowed.
  slow: u64,
  /// How long a worker that is told to end still runs, at most.
  grace: i64,
  /// One of so many points is the last of its process; 0: none.
  deadly: u64,
  /// Processes that may still die.
  deaths: u64,
  /// Facts of one moment come one by one, or many at once.
  crowded: bool,
  pub timed: bool,
  /// Run time of requests.
  pub cancel: Option<i64>,
  pub stops: Vec<i64>,
  /// What becomes of calls that were cut short, unless everything is to be repeated.
  pub decides: bool,
}

/// What a worker will do.
pub struct Act {
  /// Milliseconds from its start; `None`: until it is told to end.
  pub takes: Option<i64>,
  pub answer: Result<RawAnswer, WorkerError>,
  /// What it says of itself, and when.
  pub says: Option<(i64, Report)>,
  /// It could not even be started.
  pub unborn: bool,
}

impl Chaos {
  pub fn new(seed: u64, timed: bool) -> Chaos {
    let mut draw = Draw::new(seed ^ 0x000c_4a05);
    let deadly = *draw.pick(&[0, 0, 300, 100, 40, 15, 6]);
    Chaos {
      seed,
      failing: *draw.pick(&[0, 5, 20, 20, 50, 90]),
      slow: if timed { *draw.pick(&[0, 5, 30]) } else { 0 },
      grace: *draw.pick(&[0, 0, 40, 5_000]),
      deadly,
      deaths: 14,
      crowded: draw.percent(50),
      timed,
      cancel: (timed && draw.percent(15)).then(|| draw.below(600) as i64),
      stops: (0..draw.below(3)).filter(|_| deadly > 0).map(|_| 0).collect(),
      decides: timed,
      draw,
    }
    .with_stops()
  }

  fn with_stops(mut self) -> Chaos {
    let draw = &mut self.draw;
    self.stops.iter_mut().for_each(|stop| *stop = draw.below(500) as i64);
    self
  }

  /// The same without any death, stop or request.
  pub fn calm(seed: u64, timed: bool) -> Chaos {
    Chaos {
      deadly: 0,
      cancel: None,
      stops: Vec::new(),
      ..Chaos::new(seed, timed)
    }
  }

  pub fn is_calm(&self) -> bool {
    self.deadly == 0 && self.stops.is_empty()
  }

  /// Whether the process dies at this point.
  pub fn dies(&mut self) -> bool {
    let dies = self.deadly > 0 && self.deaths > 0 && self.draw.below(self.deadly) == 0;
    self.deaths -= u64::from(dies);
    dies
  }

  /// Facts of the same moment come in the order of these numbers.
  pub fn rank(&mut self) -> u64 {
    self.draw.below(8)
  }

  /// How many facts of one moment are taken in one turn.
  pub fn together(&mut self) -> u64 {
    if self.crowded { self.draw.within(1, 6) } else { 1 }
  }

  /// Whether a replay is compared with the run at this moment.
  pub fn looks(&mut self) -> bool {
    self.draw.below(40) == 0
  }

  pub fn grace(&mut self) -> i64 {
    self.draw.within(0, self.grace as u64) as i64
  }

  /// What becomes of a call that was cut short.
  pub fn decision(&mut self) -> Option<Decision> {
    match self.draw.below(3) {
      _ if !self.decides || self.deaths == 0 => Some(Decision::Rerun),
      0 => None,
      1 => Some(Decision::Fail),
      _ => Some(Decision::Rerun),
    }
  }

  /// What an execution comes to depends on its step and attempt alone; how long it takes also on how often it was begun.
  pub fn act(&self, start: &Start, times: u32, longest: i64) -> Act {
    let identity = &start.invocation.identity;
    let copy = u64::from(identity.copy && self.timed);
    let mut outcome = Draw::new(hash(self.seed, &identity.step, identity.attempt) ^ copy);
    let mut timing = Draw::new(outcome.next() ^ u64::from(times) << 8 ^ u64::from(identity.copy));
    let fails = outcome.below(100) < self.failing;
    let answer = match fails {
      true => Err(error(&mut outcome)),
      false => Ok(answer(&mut outcome, start)),
    };
    let answer = match answer {
      Err(error) if error.kind == FailureKind::Contract => Ok(printed("not JSON")),
      other => other,
    };
    let takes = match timing.below(100) < self.slow {
      true if timing.percent(30) => None,
      true => Some(timing.within(0, 2 * longest as u64) as i64),
      false => Some(timing.below(longest as u64) as i64),
    };
    let says = timing.percent(40).then(|| {
      let report = Report {
        cost: outcome
          .percent(70)
          .then(|| Dollars::of(outcome.below(11) as f64 * COST / 10.0).expect("dollars")),
        tokens: outcome.percent(70).then(|| outcome.below(TOKENS + 1)),
        ..Report::default()
      };
      (timing.below(longest as u64) as i64, report)
    });
    let unborn = fails && outcome.percent(10);
    Act {
      takes: if unborn { Some(0) } else { takes },
      answer,
      says: says.filter(|_| !unborn),
      unborn,
    }
  }
}

fn answer(draw: &mut Draw, start: &Start) -> RawAnswer {
  match &*start.invocation.identity.worker {
    "u0" | "u1" | "told" => printed(""),
    "some" => {
      let list: Vec<u64> = (0..draw.below(5)).collect();
      printed(&format!("{list:?}"))
    }
    "planner" => printed(&plan(draw)),
    _ => printed(&draw.below(100).to_string()),
  }
}

fn plan(draw: &mut Draw) -> String {
  let count = draw.below(5);
  let lines = (0..count).map(|at| {
    let worker = draw.pick(&["w0", "w1", "solo"]);
    let input = match at {
      0 => "4".to_owned(),
      _ if draw.percent(50) => "5".to_owned(),
      _ => format!("{{\"$ref\":\"p{}\"}}", draw.below(at)),
    };
    let after = match at {
      0 => String::new(),
      _ if draw.percent(60) => String::new(),
      _ => format!(",\"after\":[\"p{}\"]", draw.below(at)),
    };
    format!("{{\"id\":\"p{at}\",\"worker\":\"{worker}\",\"input\":{{\"x\":{input}}}{after}}}")
  });
  let lines: Vec<String> = lines.collect();
  format!("{{\"assignments\":[{}]}}", lines.join(","))
}

fn printed(text: &str) -> RawAnswer {
  RawAnswer::Process {
    stdout: text.as_bytes().to_vec(),
    stderr_tail: String::new(),
    exit: 0,
  }
}

fn error(draw: &mut Draw) -> WorkerError {
  let (kind, code) = *draw.pick(&[
    (FailureKind::Exit, Some(75)),
    (FailureKind::Exit, Some(75)),
    (FailureKind::Exit, Some(2)),
    (FailureKind::Exit, Some(1)),
    (FailureKind::Transport, None),
    (FailureKind::Contract, None),
    (FailureKind::Timeout, None),
  ]);
  WorkerError {
    kind,
    message: "lost".into(),
    code,
    log: None,
  }
}

/// FNV-1a, good enough to tell steps apart; what is drawn from it is mixed once more.
fn hash(seed: u64, step: &str, attempt: u32) -> u64 {
  let bytes = step.bytes().chain(attempt.to_le_bytes());
  bytes.fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
  })
}
