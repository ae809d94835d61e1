//! No run of any program exceeds its bounds, whatever its workers do.

use std::sync::Arc;

use orch::{
  bounds::{Bounds, bounds},
  engine::{Scripted, Start},
  hir::{OrchestratorId, Program},
  protocol::{RawAnswer, WorkerError},
  value::{FailureKind, from_json},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
  common::{memory::check_text, shown},
  generate::{crowded, shapes, text},
  play::play,
};

pub fn program(text: &str) -> (Arc<Program>, OrchestratorId) {
  let checked = check_text(text);
  let program = checked
    .program
    .clone()
    .unwrap_or_else(|| panic!("{text}\n{}", shown(&checked)));
  let main = program.orchestrator_ids().find(|(_, known)| &*known.name == "main");
  let (id, _) = main.expect("a `main`");
  (program, id)
}

pub fn hash(seed: u64, text: &str) -> u64 {
  let mut hasher = blake3::Hasher::new_keyed(&[7; 32]);
  hasher.update(&seed.to_le_bytes());
  hasher.update(text.as_bytes());
  let mut bytes = [0; 8];
  hasher.finalize_xof().fill(&mut bytes);
  u64::from_le_bytes(bytes)
}

/// How long a run's workers take, how often they fail, and how long their lists are.
#[derive(Clone, Copy, Debug)]
struct Temper {
  seed: u64,
  mood: Mood,
  longest: u64,
}

#[derive(Clone, Copy, Debug)]
enum Mood {
  /// Of 8 attempts, so many answer, each after a time of its own.
  Mixed(u64),
  /// All answer as late as they may.
  Late,
  /// None answers; each is ended at its timeout.
  Hanging,
  /// All but the first attempts hang; those that answer do so late.
  AtLast(u32),
}

const MOODS: [Mood; 9] = [
  Mood::Mixed(8),
  Mood::Mixed(7),
  Mood::Mixed(6),
  Mood::Mixed(5),
  Mood::Mixed(3),
  Mood::Late,
  Mood::Hanging,
  Mood::AtLast(1),
  Mood::AtLast(3),
];

impl Temper {
  fn list(self, place: &str) -> Value {
    let length = hash(self.seed, place) % (self.longest + 1);
    (0..length).map(|at| Value::from(at as i64 - 1)).collect()
  }

  fn value(self, step: &str, attempt: u32) -> Value {
    let place = |what: &str| format!("{step} {attempt} {what}");
    let parts = self.list(&place("parts")).as_array().map_or(0, Vec::len);
    let part = |at: usize| json!({ "xs": self.list(&place(&format!("part {at}"))) });
    let some: Vec<Value> = self
      .list(&place("some"))
      .as_array()
      .into_iter()
      .flatten()
      .take(2)
      .cloned()
      .collect();
    json!({
      "ok": !hash(self.seed, &place("ok")).is_multiple_of(4),
      "n": hash(self.seed, &place("n")) % 4,
      "wait": (["0s", "1s", "3s", "10s"])[(hash(self.seed, &place("wait")) % 4) as usize],
      "xs": self.list(&place("xs")),
      "some": some,
      "parts": (0..parts).map(part).collect::<Vec<_>>(),
    })
  }

  /// Up to five calls, some after others.
  fn plan(self, step: &str) -> Value {
    let drawn = |what: &str, at: u64| hash(self.seed, &format!("{step} {what} {at}"));
    let assignment = |at: u64| {
      let after: Vec<String> = (0..at)
        .filter(|other| drawn("after", at * 8 + other) % 2 == 0)
        .map(|at| format!("t{at}"))
        .collect();
      json!({
        "id": format!("t{at}"),
        "worker": format!("p{}", drawn("worker", at) % 2),
        "input": { "n": at },
        "after": after,
      })
    };
    let assignments: Vec<Value> = (0..drawn("count", 0) % 6).map(assignment).collect();
    json!({ "assignments": assignments })
  }

  /// Most take as long as they may.
  fn answer(self, start: &Start) -> Scripted {
    let identity = &start.invocation.identity;
    let drawn = hash(self.seed, &format!("{}#{}", identity.step, identity.attempt));
    let delay = [0, 999, 1_999, 2_999, 3_999, 4_999][(drawn >> 8) as usize % 6];
    let late = match &*identity.worker {
      "w2" => 999,
      "w3" | "undo1" => 2_999,
      "p1" => 3_999,
      "w1" => 4_999,
      _ => 1_999,
    };
    let (delay, answers, hangs) = match self.mood {
      Mood::Mixed(answering) => (delay, drawn % 8 < answering, drawn.is_multiple_of(3)),
      Mood::Late => (late, true, false),
      Mood::Hanging => (0, false, true),
      Mood::AtLast(attempt) => (late, identity.attempt > attempt, true),
    };
    if answers {
      let value = match &*identity.worker {
        "p0" | "p1" => json!(1),
        "planner" => self.plan(&identity.step),
        _ => self.value(&identity.step, identity.attempt),
      };
      let value = from_json(&value).expect("a small value");
      return Scripted::Answer(delay, Ok(RawAnswer::Mock(value)));
    }
    if hangs {
      return Scripted::Hang;
    }
    let error = WorkerError {
      kind: FailureKind::Exit,
      message: "lost".into(),
      code: Some(1),
      log: None,
    };
    Scripted::Answer(delay, Err(error))
  }
}

/// A program with its bounds.
struct Checked<'t> {
  text: &'t str,
  program: Arc<Program>,
  bounds: Bounds,
}

impl<'t> Checked<'t> {
  fn of(text: &'t str) -> Self {
    let (program, id) = program(text);
    let bounds = bounds(&program, id);
    Checked { text, program, bounds }
  }
}

fn check(Checked { text, program, bounds }: &Checked<'_>, temper: Temper) {
  let id = bounds.orchestrator;
  let n = hash(temper.seed, "n") % 4;
  let arguments = json!({ "xs": temper.list("xs"), "n": n });
  let grace = match temper.mood {
    Mood::Mixed(_) => [0, 1_000, 5_000][(temper.seed % 3) as usize],
    _ => 5_000,
  };
  let played = play(program, id, (arguments, None), temper.seed, grace, |start| {
    temper.answer(start)
  });
  let within = |what: &str, found: u128, bound: &orch::bounds::Bound| {
    let formula = played.at(bounds, bound);
    assert!(
      found <= formula,
      "{text}\n{temper:?}: {what}: {found} > {formula} = {bound:?}"
    );
    assert!(
      bound.most().is_none_or(|most| found <= most),
      "{text}\n{temper:?}: {what}: {found} > {bound:?}"
    );
  };
  for (worker, calls) in &played.calls {
    let bound = bounds
      .calls
      .iter()
      .find(|(id, _)| *program.worker(*id).name == **worker);
    let (_, bound) = bound.unwrap_or_else(|| panic!("{text}\n{worker} is called and has no bound"));
    within(worker, *calls, bound);
  }
  within("all calls", played.all_calls, &bounds.all_calls);
  within("time", played.time, &bounds.time);
  // every execution costs as much
  let cost = bounds.cost.as_ref().expect("all workers say what they cost");
  within("cost", played.all_calls * 100_000_000, cost);
  assert!(
    played.peak <= bounds.parallel,
    "{text}\n{temper:?}: {} > {} at once",
    played.peak,
    bounds.parallel
  );
}

proptest! {
  #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

  #[test]
  fn no_run_exceeds_its_bounds(shapes in shapes(), seed in any::<u64>(), longest in 0..7u64) {
    let budgets = text(&shapes, true);
    let text = match check_text(&budgets).program {
      Some(_) => budgets,
      None => text(&shapes, false),
    };
    let checked = Checked::of(&text);
    for (mood, salt) in MOODS.into_iter().zip(0..) {
      check(&checked, Temper { seed: seed ^ salt, mood, longest });
    }
  }
}

proptest! {
  #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

  #[test]
  fn no_limit_makes_a_run_wait_longer(
    crowds in prop::collection::vec((0..14u8, 1..14u8, 0..4u8, 0..4u8), 1..4), seed in any::<u64>(),
  ) {
    let text = crowded(&crowds);
    let checked = Checked::of(&text);
    for mood in [Mood::Late, Mood::Hanging, Mood::Mixed(8), Mood::Mixed(4)] {
      check(&checked, Temper { seed, mood, longest: 1 });
    }
  }
}
