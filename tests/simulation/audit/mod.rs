//! What must hold of every run, whatever happened to it. It is held to what the text declares and to what really ran, not
//! to what the engine says of itself.

mod breakers;
mod ends;
mod kept;
mod money;
mod records;
mod retries;
mod slots;
mod times;

use std::{collections::HashMap, sync::Arc};

use orch::engine::{AttemptOutcome, Event, ExecutionId, Record};

use crate::{
  Subject,
  declared::{Declared, Policy, Worker},
  node::{Played, Seen, replay},
};

/// An execution as it was asked for.
#[derive(Clone, Debug)]
pub struct Asked {
  pub path: Arc<str>,
  pub worker: Arc<str>,
  pub attempt: u32,
  pub copy_of: Option<ExecutionId>,
}

/// One run, ready to be looked at.
pub struct Case<'a> {
  pub subject: &'a Subject,
  pub declared: &'a Declared,
  pub played: &'a Played,
  pub asked: HashMap<ExecutionId, Asked>,
  /// No process died, and none was stopped.
  pub whole: bool,
  name: String,
}

impl<'a> Case<'a> {
  fn of(subject: &'a Subject, seed: u64, run: usize, played: &'a Played) -> Case<'a> {
    let mut asked = HashMap::new();
    for Record { event, .. } in records_of(&played.seen) {
      if let Event::AttemptRequested {
        execution,
        path,
        worker,
        attempt,
        copy_of,
        ..
      } = event
      {
        let ask = Asked {
          path: path.clone(),
          worker: worker.clone(),
          attempt: *attempt,
          copy_of: *copy_of,
        };
        asked.insert(*execution, ask);
      }
    }
    Case {
      subject,
      declared: &subject.declared,
      played,
      asked,
      whole: played.lives == 1,
      name: format!("seed {seed}, run {run}"),
    }
  }

  pub fn records(&self) -> impl Iterator<Item = &'a Record> {
    records_of(&self.played.seen)
  }

  pub fn policy(&self, execution: ExecutionId) -> &'a Policy {
    let asked = &self.asked[&execution];
    let declared = self.declared;
    declared
      .policy(&asked.path, &asked.worker)
      .expect("a worker of the program")
  }

  pub fn worker(&self, execution: ExecutionId) -> &'a Worker {
    let declared = self.declared;
    declared
      .worker(&self.asked[&execution].worker)
      .expect("a worker of the program")
  }

  /// Fails with the whole story.
  pub fn hold(&self, holds: bool, why: impl FnOnce() -> String) {
    if !holds {
      let story: String = self.played.seen.iter().map(line).collect();
      panic!("{}: {}\n{story}", self.name, why());
    }
  }
}

fn line(seen: &Seen) -> String {
  match seen {
    Seen::Record(record) => format!("{}\n", serde_json::to_string(record).expect("JSON")),
    Seen::Waits { .. } => String::new(),
    other => format!("  {other:?}\n"),
  }
}

fn records_of(seen: &[Seen]) -> impl Iterator<Item = &Record> {
  seen.iter().filter_map(|seen| match seen {
    Seen::Record(record) => Some(record),
    _ => None,
  })
}

/// Whether `inner` is the path of a step inside the step `outer`, or of what closes it.
pub fn is_inside(outer: &str, inner: &str) -> bool {
  let rest = inner.strip_prefix(outer);
  rest.is_some_and(|rest| outer.is_empty() || rest.starts_with(['.', '[', '!']))
}

/// What closes a scope stands outside of what bounds the scope.
pub fn closes(outer: &str, inner: &str) -> bool {
  inner.strip_prefix(outer).is_some_and(|rest| rest.contains('!'))
}

/// All promises of one run.
pub fn check(subject: &Subject, seed: u64, run: usize, all: &[Played]) {
  let played = &all[run];
  let case = Case::of(subject, seed, run, played);
  case.hold(played.stuck.is_none(), || format!("it is stuck: {:?}", played.stuck));
  records::check(&case);
  ends::check(&case);
  retries::check(&case);
  slots::check(&case);
  times::check(&case);
  money::check(&case);
  breakers::check(&case);
  kept::check(&case, &all[..run]);
  let replayed = replay(&subject.program, &played.journal);
  case.hold(
    replayed
      .as_ref()
      .is_ok_and(|replayed| replayed.run.is_over() && replayed.records.is_empty()),
    || format!("a replay comes to something else: {:?}", replayed.err()),
  );
}

/// Nothing but who is first, or how long something takes, differs between two runs whose results do not depend on that.
pub fn same_end(subject: &Subject, seed: u64, one: &Played, other: &Played) {
  let end = |played: &Played| {
    let record = records_of(&played.seen).last().map(|record| record.event.clone());
    match record {
      Some(Event::RunSucceeded { result }) => Some(result),
      _ => None,
    }
  };
  let case = Case::of(subject, seed, 0, one);
  case.hold(end(one) == end(other), || {
    format!("it comes to {:?} without a death", end(other))
  });
}

/// Whether an attempt came to a value that counts: not one that came after its time.
pub fn succeeded(event: &Event) -> Option<ExecutionId> {
  match event {
    Event::AttemptEnded {
      execution,
      outcome: AttemptOutcome::Ok(_),
    } => Some(*execution),
    _ => None,
  }
}
