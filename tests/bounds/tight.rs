//! Where bounds claim to be tight, a run reaches them: all calls of each worker, and all of them at once.

use std::{collections::BTreeSet, sync::Arc};

use orch::{
  bounds::{Bounds, bounds},
  engine::{Scripted, Start},
  hir::{OrchestratorId, Program, WorkerKind},
  protocol::{RawAnswer, WorkerError},
  session,
  types::Type,
  value::{FailureKind, from_json},
};
use proptest::prelude::*;
use serde_json::Value;

use crate::{
  common::{markdown, shown},
  generate::{plain, shapes, text},
  play::{Played, play},
  sound::{hash, program},
};

/// Longer than any window of the examples.
const LONG: u64 = 12;
/// As long as lists in lists may be for a run to be short.
const SHORT: u64 = 3;

/// A run in which lists are long, and calls fail until the last attempt.
#[derive(Clone, Copy, Debug)]
struct Bad {
  seed: u64,
  /// How long lists are that may be so long.
  long: u64,
  /// Attempts of each call that fail.
  failing: u32,
  /// Whether some calls fail for good.
  losing: bool,
}

impl Bad {
  fn answer(self, program: &Program, start: &Start) -> Scripted {
    let identity = &start.invocation.identity;
    let lost = self.losing && hash(self.seed, &format!("lost {}", identity.step)).is_multiple_of(4);
    if lost || identity.attempt <= self.failing {
      let error = WorkerError {
        kind: FailureKind::Exit,
        message: "lost".into(),
        code: Some(1),
        log: None,
      };
      return Scripted::Answer(1_000, Err(error));
    }
    let output = &program.worker(start.attempt.worker).output;
    let value = self.value(output, &format!("{} {}", identity.step, identity.attempt));
    let value = from_json(&value).expect("a small value");
    Scripted::Answer(1_000, Ok(RawAnswer::Mock(value)))
  }

  /// A value of the type with long lists; all else is drawn.
  fn value(self, ty: &Type, place: &str) -> Value {
    let drawn = hash(self.seed, place);
    match ty {
      Type::Never | Type::Unknown | Type::Null | Type::Json => Value::Null,
      Type::Bool(value) => value.unwrap_or(drawn.is_multiple_of(2)).into(),
      Type::Int(range) => {
        let (min, max) = (range.min.unwrap_or(0), range.max.unwrap_or(range.min.unwrap_or(0) + 9));
        (if drawn.is_multiple_of(2) { min } else { max }).into()
      }
      Type::Float(range) => range.min.or(range.max).unwrap_or(0.5).into(),
      Type::String(rules) => text_of(rules, drawn),
      Type::Literal(text) => (&**text).into(),
      Type::Time => "2024-02-29T12:00:00Z".into(),
      Type::Duration => "1s".into(),
      Type::List(list) => {
        let length = list.max.unwrap_or(self.long).min(self.long);
        let items = 0..length.max(list.min.unwrap_or(0));
        items
          .map(|at| self.value(&list.item, &format!("{place} {at}")))
          .collect()
      }
      Type::Map(value) => [("x".to_owned(), self.value(value, place))].into_iter().collect(),
      Type::Record(record) => {
        let fields = record.fields.iter();
        fields
          .map(|(name, field)| (name.to_string(), self.value(&field.ty, &format!("{place}.{name}"))))
          .collect()
      }
      Type::Union(members) => self.value(&members[drawn as usize % members.len()], &format!("{place}|")),
      Type::Named(named) => self.value(&named.ty, place),
      other => panic!("no value of {other}"),
    }
  }
}

fn text_of(rules: &orch::types::StringRules, drawn: u64) -> Value {
  let Some(regex) = &rules.regex else {
    let letter = if drawn.is_multiple_of(2) { "x" } else { "y" };
    return letter.repeat(rules.min.unwrap_or(1).max(1) as usize).into();
  };
  let known = ["1.2.3", "0123456789abcdef0123456789abcdef01234567", "2024-01-31", "x"];
  let found = known.iter().find(|text| regex.is_match(text));
  (*found.unwrap_or_else(|| panic!("no text for {regex}"))).into()
}

/// The program with mocks for all workers.
fn mocked(path: &str) -> Arc<Program> {
  let mut checked = session::check(&session::Disk, &markdown::root().join(path));
  let program = checked.program.take().unwrap_or_else(|| panic!("{}", shown(&checked)));
  let mut program = Arc::into_inner(program).expect("nobody else has it");
  program
    .workers
    .iter_mut()
    .for_each(|worker| worker.kind = WorkerKind::Mock(Vec::new()));
  Arc::new(program)
}

fn played(program: &Arc<Program>, id: OrchestratorId, bad: Bad) -> Played {
  let arguments = bad.value(&program.orchestrator(id).input, "arguments");
  play(program, id, arguments, bad.seed, 0, |start| bad.answer(program, start))
}

/// What a run reached.
fn reached(program: &Program, bounds: &Bounds, played: &Played) -> BTreeSet<String> {
  let mut reached = BTreeSet::new();
  for (worker, bound) in &bounds.calls {
    let name = &*program.worker(*worker).name;
    let calls = played.calls.get(name).copied().unwrap_or(0);
    let most = played.at(bounds, bound);
    assert!(calls <= most, "{name}: {calls} > {most}");
    if calls == most && calls > 0 {
      reached.insert(format!("calls of {name}"));
    }
  }
  if played.all_calls == played.at(bounds, &bounds.all_calls) {
    reached.insert("all calls".into());
  }
  if played.peak == bounds.parallel {
    reached.insert("at once".into());
  }
  reached
}

fn claimed(program: &Program, bounds: &Bounds) -> BTreeSet<String> {
  let workers = bounds
    .calls
    .iter()
    .map(|(worker, _)| format!("calls of {}", program.worker(*worker).name));
  workers.chain(["all calls".into(), "at once".into()]).collect()
}

#[test]
fn runs_of_the_examples_reach_their_bounds() {
  let mut examples = markdown::files("examples", ".orch");
  examples.retain(|path| path.matches('/').count() == 1);
  // what comes from an earlier run, a plan or a file is in no record, and of some policies nothing is claimed
  const BEYOND: [&str; 7] = [
    "run.last",
    "\npool ",
    ": file",
    ": dir",
    "breaker",
    "stop when",
    "cache ",
  ];
  examples.retain(|path| !BEYOND.iter().any(|word| markdown::read(path).contains(word)));
  // how far these go depends on values that no drawn answer has
  const STEERED: [&str; 3] = ["breaking_change", "review_gate", "worker_pool"];
  examples.retain(|path| !STEERED.iter().any(|name| path.contains(name)));
  assert!(!examples.is_empty());
  let mut missed = Vec::new();
  for path in examples {
    let program = mocked(&path);
    for (id, orchestrator) in program
      .orchestrator_ids()
      .filter(|(_, declared)| declared.module.0 == 0)
    {
      let bounds = bounds(&program, id);
      let mut left = claimed(&program, &bounds);
      for seed in 0..200 {
        let (failing, losing) = (seed as u32 % 4, seed % 8 > 4);
        let long = LONG;
        let run = played(
          &program,
          id,
          Bad {
            seed,
            long,
            failing,
            losing,
          },
        );
        reached(&program, &bounds, &run)
          .iter()
          .for_each(|what| _ = left.remove(what));
      }
      missed.extend(left.iter().map(|what| format!("{path}: {}: {what}", orchestrator.name)));
    }
  }
  assert!(missed.is_empty(), "no run reached\n{}", missed.join("\n"));
}

proptest! {
  #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

  /// Without conditions and failures, with all lists alike, every run makes all calls.
  #[test]
  fn runs_without_conditions_make_all_calls(shapes in shapes(), seed in any::<u64>()) {
    let text = text(&plain(&shapes));
    let (program, id) = program(&text);
    let bounds = bounds(&program, id);
    let bad = Bad { seed, long: SHORT, failing: 0, losing: false };
    let played = played(&program, id, bad);
    for (worker, bound) in &bounds.calls {
      let name = &*program.worker(*worker).name;
      let calls = played.calls.get(name).copied().unwrap_or(0);
      let most = played.at(&bounds, bound);
      // what a round of a loop gave is in no record
      prop_assert!(calls == most || most == u128::MAX, "{}: {} of {:?}\n{}", name, calls, bound, text);
    }
    let most = played.at(&bounds, &bounds.all_calls);
    prop_assert!(played.all_calls == most || most == u128::MAX);
  }
}
