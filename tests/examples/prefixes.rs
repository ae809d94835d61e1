//! The journal of every example, cut at every record: what is left goes on to the same result, and nothing that has ended
//! runs again.

use std::{
  collections::{BTreeMap, HashMap},
  sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
  },
};

use orch::{
  engine::{AttemptOutcome, Event, ExecutionId, Record, Run, Scripted, Simulation, Start},
  hir::Program,
  protocol::RawAnswer,
  session::{Disk, check},
  value::{FailureKind, from_json},
};

use crate::room::{Room, examples};

/// What the examples are given that do not run without.
const WORDS: &[(&str, &[&str])] = &[
  ("deployment_pipeline.orch", &["--version", "1.2.3"]),
  ("doc_reflection.orch", &["--topic", "rivers"]),
  ("issue_router.orch", &["--title", "It crashes"]),
  ("nightly_index.orch", &["--pages", "3"]),
  ("quorum.orch", &["--key", "a"]),
  ("release_pipeline.orch", &["--version", "1.2.3"]),
];

#[test]
fn every_prefix_of_every_example_comes_to_the_same() {
  let names = std::fs::read_dir(examples())
    .expect("examples")
    .map(|entry| entry.expect("an entry").file_name());
  let mut names: Vec<String> = names.map(|name| name.into_string().expect("a name")).collect();
  names.retain(|name| name.ends_with(".orch") && !name.starts_with('.'));
  let (next, prefixes) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
  std::thread::scope(|scope| {
    for _ in 0..3 {
      scope.spawn(|| {
        while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
          let count = Journal::of(name).check();
          prefixes.lock().expect("no panic").insert(name.clone(), count);
        }
      });
    }
  });
  let prefixes = prefixes.into_inner().expect("no panic");
  println!(
    "{} prefixes of {} examples: {prefixes:?}",
    prefixes.values().sum::<usize>(),
    prefixes.len()
  );
  assert_eq!(prefixes.len(), names.len());
}

/// A run of an example.
struct Journal {
  name: String,
  program: Arc<Program>,
  records: Vec<Record>,
  answers: HashMap<(String, u32, bool), Answered>,
}

/// What an execution came to, and after how long.
#[derive(Clone)]
struct Answered {
  took: i64,
  outcome: AttemptOutcome,
}

impl Journal {
  fn of(name: &str) -> Journal {
    let words = WORDS
      .iter()
      .find(|(known, _)| *known == name)
      .map_or(&[][..], |(_, words)| words);
    let ran = Room::new().run(name, words);
    let program = check(&Disk, &examples().join(name)).program.expect("a program");
    assert!(
      ran.records.last().is_some_and(|record| record.event.is_final()),
      "{name}: {}",
      ran.err
    );
    Journal {
      name: name.into(),
      program,
      answers: answers(&ran.records),
      records: ran.records,
    }
  }

  /// How many prefixes there are.
  fn check(&self) -> usize {
    let end = &self.records.last().expect("records").event;
    // where a breaker is stands in the store, and who of two copies is first depends on their times
    let copied = |record: &Record| matches!(record.event, Event::AttemptRequested { copy_of: Some(_), .. });
    let guarded = self.program.workers.iter().any(|worker| worker.breaker.is_some());
    let exact = !guarded && !self.records.iter().any(copied);
    for length in 1..self.records.len() {
      let last = self.goes_on(length);
      let is_end = last.as_ref().is_some_and(Event::is_final);
      assert!(
        is_end && (!exact || last.as_ref() == Some(end)),
        "{} after {length}: {last:?}",
        self.name
      );
    }
    self.records.len() - 1
  }

  /// The last event of the run that goes on behind a prefix.
  fn goes_on(&self, length: usize) -> Option<Event> {
    let before = &self.records[..length];
    let ended: Vec<ExecutionId> = before
      .iter()
      .filter_map(|record| match record.event {
        Event::AttemptEnded { execution, .. } => Some(execution),
        _ => None,
      })
      .collect();
    let replayed = Run::replay(self.program.clone(), before.to_vec());
    let replayed = replayed.unwrap_or_else(|error| panic!("{} after {length}: {error}", self.name));
    let mut simulation = Simulation::resume(replayed, |start| {
      assert!(
        !ended.contains(&start.execution),
        "{} after {length}: {:?} runs again",
        self.name,
        start.execution
      );
      self.answer(start)
    });
    let rest: Vec<Record> = std::iter::from_fn(|| simulation.advance()).flatten().collect();
    rest.last().map(|record| record.event.clone())
  }

  fn answer(&self, start: &Start) -> Scripted {
    let identity = &start.invocation.identity;
    let known = self
      .answers
      .get(&(identity.step.to_string(), identity.attempt, identity.copy));
    let Some(Answered { took, outcome }) = known.cloned() else {
      return Scripted::Hang;
    };
    let value = match outcome {
      AttemptOutcome::Ok(value) => Ok(from_json(&value).expect("a value of the journal")),
      AttemptOutcome::Failed(failure) if failure.kind == FailureKind::Cancelled => return Scripted::Hang,
      AttemptOutcome::Failed(failure) => Err(Box::new(Arc::unwrap_or_clone(failure))),
    };
    Scripted::Answer(took, Ok(RawAnswer::Read(value)))
  }
}

fn answers(records: &[Record]) -> HashMap<(String, u32, bool), Answered> {
  let mut asked = HashMap::new();
  let mut began = HashMap::new();
  let mut answers = HashMap::new();
  for Record { at, event, .. } in records {
    match event {
      Event::AttemptRequested {
        execution,
        path,
        attempt,
        copy_of,
        ..
      } => {
        asked.insert(*execution, (path.to_string(), *attempt, copy_of.is_some()));
      }
      Event::Admitted { execution } => _ = began.insert(*execution, at.0),
      Event::AttemptEnded { execution, outcome } => {
        let took = at.0 - began.get(execution).copied().unwrap_or(at.0);
        answers.insert(
          asked[execution].clone(),
          Answered {
            took,
            outcome: outcome.clone(),
          },
        );
      }
      Event::CacheHit { execution, value, .. } => {
        let outcome = AttemptOutcome::Ok(value.clone());
        answers.insert(asked[execution].clone(), Answered { took: 0, outcome });
      }
      _ => {}
    }
  }
  answers
}
