//! The same programs without processes and without a disk: cut at random records, taken up again, held to the same model.

use std::{collections::BTreeSet, sync::Arc};

use orch::{
  engine::{AttemptOutcome, Event, ExecutionId, Record, Run, RunStarted, Scripted, Simulation, Start},
  hir,
  value::Value,
};

use crate::{
  common::{draw::Draw, memory::check_text, shown},
  program::{Program, answer, program},
};

/// Cuts of one run at most.
const CUTS: u64 = 4;

pub fn tried(seed: u64) {
  let Program { text, result, endings } = program(seed, "log");
  let checked = check_text(&text);
  let Some(compiled) = checked.program.clone() else {
    panic!("program {seed} is refused:\n{text}\n{}", shown(&checked));
  };
  let mut draw = Draw::new(seed ^ 0xc0_7ed);
  let mut journal: Vec<Record> = Vec::new();
  for _ in 0..draw.below(CUTS + 1) {
    let rest = carry_on(&compiled, &journal, &mut draw, seed);
    let keep = draw.below(rest.len() as u64 + 1) as usize;
    journal.extend(rest.into_iter().take(keep));
    if journal.last().is_some_and(|record| record.event.is_final()) {
      break;
    }
  }
  if !journal.last().is_some_and(|record| record.event.is_final()) {
    let rest = carry_on(&compiled, &journal, &mut draw, seed);
    journal.extend(rest);
  }
  let last = journal.last().map(|record| record.event.clone());
  let expected = serde_json::json!(result);
  assert!(
    matches!(&last, Some(Event::RunSucceeded { result }) if *result == expected),
    "seed {seed}: {last:?}, not {expected}\n{text}"
  );
  check(seed, &text, &journal, endings);
}

/// What a run does behind what is in its journal.
fn carry_on(program: &Arc<hir::Program>, journal: &[Record], draw: &mut Draw, seed: u64) -> Vec<Record> {
  let ended: BTreeSet<ExecutionId> = journal.iter().filter_map(ended).collect();
  let answers = |start: &Start| {
    assert!(
      !ended.contains(&start.execution),
      "seed {seed}: {:?} runs again",
      start.execution
    );
    let identity = &start.invocation.identity;
    let x = match start.attempt.input.parameters.first() {
      Some(Value::Int(x)) => *x,
      other => panic!("{other:?} is no input"),
    };
    Scripted::Answer(x % 10, answer(&identity.worker, x, identity.attempt))
  };
  let mut ranks = Draw::new(draw.next());
  let simulation = match journal {
    [] => {
      let (run, first) = Run::start(program.clone(), started(seed)).expect("it starts");
      Simulation::new(run, first, answers)
    }
    journal => {
      let replayed =
        Run::replay(program.clone(), journal.to_vec()).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
      Simulation::resume(replayed, answers)
    }
  };
  let mut simulation = simulation.ranked(move || ranks.below(4));
  std::iter::from_fn(|| simulation.advance()).flatten().collect()
}

fn ended(record: &Record) -> Option<ExecutionId> {
  match &record.event {
    Event::AttemptEnded {
      execution,
      outcome: AttemptOutcome::Ok(_),
    } => Some(*execution),
    _ => None,
  }
}

/// Nothing ends twice, and each call that ends something has been made once.
fn check(seed: u64, text: &str, journal: &[Record], endings: usize) {
  let mut done = BTreeSet::new();
  let (mut paths, mut made) = (std::collections::HashMap::new(), BTreeSet::new());
  for record in journal {
    match &record.event {
      Event::AttemptRequested { execution, path, .. } if path.contains('!') => {
        _ = paths.insert(*execution, path.clone())
      }
      Event::Admitted { execution } => assert!(!done.contains(execution), "seed {seed}: {execution:?} again\n{text}"),
      _ => {}
    }
    if let Some(execution) = ended(record) {
      assert!(done.insert(execution), "seed {seed}: {execution:?} ends twice\n{text}");
      if let Some(path) = paths.get(&execution) {
        assert!(made.insert(path.clone()), "seed {seed}: {path} is called twice\n{text}");
      }
    }
  }
  assert_eq!(made.len(), endings, "seed {seed}: {made:?}\n{text}");
}

fn started(seed: u64) -> RunStarted {
  RunStarted {
    run: "r".into(),
    tracker: "t".into(),
    program: "digest".into(),
    engine: "0".into(),
    seed,
    orchestrator: "main".into(),
    arguments: serde_json::json!({}),
    started: jiff::Timestamp::UNIX_EPOCH,
    profile: None,
    set: Default::default(),
    parent: None,
    reuses: None,
    last: None,
    directory: "/here".into(),
  }
}
