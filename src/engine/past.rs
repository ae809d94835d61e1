//! What an earlier run has done, and what of it a new one may reuse. Pure; knows nothing of journals.
//!
//! An outcome is as good as a new one if its call was the same: the same path, or another instance of the same `each`, with
//! the same worker and input. Each is used once. What was taken back is not there: not the calls that `undo` was called for,
//! nor what closes scopes.

use std::{
  collections::{BTreeSet, HashMap},
  sync::Arc,
};

use super::{
  event::{Event, Record},
  exchange::{CacheKey, Found, Kept, Signature, Sought},
  replay::ReplayError,
  run::Run,
  spent::Origin,
};
use crate::hir::Program;

/// A call that has succeeded.
#[derive(Clone, Debug)]
pub struct Done {
  pub path: Arc<str>,
  pub signature: Signature,
  pub value: serde_json::Value,
  /// The number of the record that was next when it was asked for.
  pub asked: u64,
}

/// The outcomes of a run.
#[derive(Debug, Default)]
pub struct Past {
  run: Arc<str>,
  done: HashMap<Arc<str>, Done>,
  /// Paths of those that are not used, by path without indices and by signature.
  alike: HashMap<(String, CacheKey), BTreeSet<Arc<str>>>,
}

impl Past {
  /// What this run has done, with the program that it was begun with. With a step: only what does not belong to it and
  /// was not asked for after it had ended.
  ///
  /// # Errors
  /// The journal is not one of this program; or the run has no such step: `None`.
  pub fn of(program: Arc<Program>, records: &[Record], before: Option<&str>) -> Result<Option<Past>, ReplayError> {
    let (run, done) = Run::collect(program, records.iter().cloned())?;
    let end = match before {
      None => u64::MAX,
      Some(step) => match records.iter().rev().find(|record| is_of(record, step)) {
        Some(last) => last.seq,
        None => return Ok(None),
      },
    };
    let taken_back: BTreeSet<&str> = records.iter().filter_map(taken_back).collect();
    let stays = |done: &Done| {
      let own = before.is_some_and(|step| is_inside(step, &done.path));
      let back = taken_back.iter().any(|step| is_inside(step, &done.path));
      !own && !back && done.asked <= end && !done.path.contains('!')
    };
    let mut past = Past { run, ..Past::default() };
    done.into_iter().filter(stays).for_each(|done| past.add(done));
    Ok(Some(past))
  }

  fn add(&mut self, done: Done) {
    let key = (shape(&done.path), done.signature.key);
    self.alike.entry(key).or_default().insert(done.path.clone());
    self.done.insert(done.path.clone(), done);
  }

  /// An outcome of this run was used already, by the step that has this path now.
  pub fn used(&mut self, path: &str) {
    if let Some(done) = self.done.get(path) {
      let key = (shape(path), done.signature.key);
      self.alike.get_mut(&key).map(|paths| paths.remove(path));
    }
  }

  /// The outcome that is as good as a new one, which is used then.
  pub fn find(&mut self, sought: &Sought) -> Found {
    let key = (shape(&sought.path), sought.signature.key);
    let unused = self.alike.get(&key);
    let own = unused.and_then(|paths| paths.get(&sought.path).or_else(|| paths.first()).cloned());
    let Some(path) = own else {
      let before = self.done.get(&sought.path);
      let changed = before.map(|done| sought.signature.changed(&done.signature));
      return Found::Nothing {
        changed: changed.unwrap_or_default(),
      };
    };
    self.used(&path);
    let value = self.done.get(&path).map(|done| done.value.clone());
    Found::Kept(Kept {
      value: value.unwrap_or_default(),
      from: Origin {
        run: self.run.clone(),
        step: path,
      },
    })
  }
}

/// The path without indices: `xs[].a`.
fn shape(path: &str) -> String {
  let mut shape = String::new();
  let mut inside = false;
  for letter in path.chars() {
    if !(inside && letter.is_ascii_digit()) {
      shape.push(letter);
    }
    inside = match letter {
      '[' => true,
      _ => inside && letter.is_ascii_digit(),
    };
  }
  shape
}

fn is_inside(step: &str, path: &str) -> bool {
  let rest = path.strip_prefix(step);
  rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '!', '#']))
}

fn is_of(record: &Record, step: &str) -> bool {
  record.event.path().is_some_and(|path| is_inside(step, path))
}

/// The step whose `undo` or `finally` is called.
fn taken_back(record: &Record) -> Option<&str> {
  match &record.event {
    Event::AttemptRequested { path, .. } | Event::ScopeStarted { path, .. } => path
      .split_once('!')
      .map(|(step, _)| step)
      .filter(|step| !step.is_empty()),
    _ => None,
  }
}

#[cfg(test)]
mod tests {
  use super::*;

  fn signature(input: u8, command: u8) -> Signature {
    Signature {
      key: CacheKey([input.wrapping_mul(16) + command; 32]),
      parts: vec![("input".into(), [input; 32]), ("command".into(), [command; 32])],
    }
  }

  fn past(done: &[(&str, Signature)]) -> Past {
    let mut past = Past {
      run: "old".into(),
      ..Past::default()
    };
    for (path, signature) in done {
      past.add(Done {
        path: (*path).into(),
        signature: signature.clone(),
        value: (*path).into(),
        asked: 0,
      });
    }
    past
  }

  /// The step whose outcome is reused, or what has changed.
  fn found(past: &mut Past, path: &str, signature: Signature) -> Result<String, Vec<String>> {
    let sought = Sought {
      path: path.into(),
      signature,
      age: None,
    };
    match past.find(&sought) {
      Found::Kept(kept) => Ok(kept.from.step.to_string()),
      Found::Nothing { changed } => Err(changed.iter().map(|name| name.to_string()).collect()),
    }
  }

  #[test]
  fn each_outcome_is_used_once_by_its_own_step_first() {
    let mut old = past(&[
      ("xs[0]", signature(1, 1)),
      ("xs[1]", signature(1, 1)),
      ("y", signature(1, 1)),
    ]);
    assert_eq!(found(&mut old, "xs[1]", signature(1, 1)), Ok("xs[1]".into()));
    assert_eq!(
      found(&mut old, "xs[5]", signature(1, 1)),
      Ok("xs[0]".into()),
      "another item of the same each"
    );
    assert_eq!(found(&mut old, "xs[0]", signature(1, 1)), Err(vec![]));
    assert_eq!(
      found(&mut old, "z", signature(1, 1)),
      Err(vec![]),
      "another step is another step"
    );
    old.used("y");
    assert_eq!(found(&mut old, "y", signature(1, 1)), Err(vec![]));
  }

  #[test]
  fn what_changed_is_named_and_not_what_follows_from_the_input() {
    let mut old = past(&[("a", signature(1, 1))]);
    assert_eq!(found(&mut old, "a", signature(1, 2)), Err(vec!["command".into()]));
    assert_eq!(found(&mut old, "a", signature(2, 2)), Err(vec!["input".into()]));
    assert_eq!(found(&mut old, "b", signature(1, 1)), Err(vec![]));
  }

  #[test]
  fn a_shape_has_no_indices() {
    assert_eq!(shape("xs[12].a[0].b"), "xs[].a[].b");
    assert_eq!(shape("r[\"7\"].a7"), "r[\"7\"].a7");
  }
}
