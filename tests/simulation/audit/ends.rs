//! Every step ends once, after all inside it; windows, rounds and tolerated failures are kept; what was done is undone, what
//! was opened is closed, who is to be told is told.

use std::collections::{BTreeSet, HashMap, HashSet};

use orch::engine::{Event, Record, Taker};

use super::{Case, is_inside, succeeded};
use crate::declared::site;

pub fn check(case: &Case) {
  steps(case);
  groups(case);
  endings(case);
}

/// Whether an event is the end of an instance.
fn is_end(event: &Event) -> bool {
  use Event::*;
  matches!(
    event,
    StepSucceeded { .. } | StepFailed { .. } | StepSkipped { .. } | StepCancelled { .. } | NotTaken { .. }
  ) || matches!(event, FailureTaken { by, .. } if !matches!(by, Taker::Catch | Taker::Attempt))
}

fn steps(case: &Case) {
  let mut ended: HashSet<String> = HashSet::new();
  let mut open: BTreeSet<&str> = BTreeSet::new();
  for Record { event, .. } in case.records() {
    let Some(path) = event.path().filter(|path| !path.is_empty()) else {
      continue;
    };
    if is_end(event) {
      case.hold(ended.insert(path.to_string()), || format!("{path} ends twice"));
      open.remove(&**path);
      let inner = open.range(&**path..).take_while(|inner| inner.starts_with(&**path));
      let inner = inner.into_iter().find(|inner| is_inside(path, inner));
      case.hold(inner.is_none(), || format!("{path} ends before {inner:?}"));
    } else if let Event::Iterated { index, .. } = event {
      let round = format!("{path}[{index}]");
      open.remove(round.as_str());
      ended.insert(round);
    } else {
      case.hold(!ended.contains(&**path), || format!("{path} goes on after its end"));
      open.insert(path);
    }
  }
  case.hold(open.is_empty(), || format!("{open:?} have no end"));
}

/// `a[3]`: the group and whether it is directly this instance.
fn instance(path: &str) -> Option<&str> {
  let group = path.strip_suffix(']')?.rsplit_once('[')?.0;
  (!group.contains('!')).then_some(group)
}

fn groups(case: &Case) {
  let mut open: HashMap<&str, BTreeSet<&str>> = HashMap::new();
  let mut taken: HashMap<&str, usize> = HashMap::new();
  for Record { event, .. } in case.records() {
    let Some(path) = event.path() else { continue };
    if let Event::Iterated { path, index, .. } = event {
      let rounds = case.declared.rounds.get(site(path));
      case.hold(rounds.is_none_or(|rounds| index < rounds), || {
        format!("{path} goes round {} times", index + 1)
      });
    }
    if let Event::ScopeStarted { path, .. } = event
      && let Some(rounds) = instance(path).and_then(|group| case.declared.rounds.get(site(group)))
    {
      let index = path
        .rsplit_once('[')
        .and_then(|(_, index)| index.strip_suffix(']')?.parse().ok());
      case.hold(index.is_some_and(|index: u64| index < *rounds), || {
        format!("{path} is one round too many")
      });
    }
    let Some(group) = instance(path) else { continue };
    let Some(window) = case.declared.windows.get(site(group)) else {
      continue;
    };
    let items = open.entry(group).or_default();
    if is_end(event) {
      items.remove(&**path);
    } else {
      items.insert(path);
      case.hold(items.len() <= *window, || format!("{items:?} at once, of {window}"));
    }
    if let Event::FailureTaken {
      by: Taker::Tolerate, ..
    } = event
    {
      let taken = taken.entry(group).or_default();
      *taken += 1;
      let most = case.declared.tolerates.get(site(group)).copied().unwrap_or(0);
      case.hold(*taken <= most, || format!("{group} takes {taken} failures, of {most}"));
    }
  }
}

fn endings(case: &Case) {
  // as numbers of records
  let (mut values, mut done, mut began, mut over) = (HashMap::new(), HashMap::new(), HashMap::new(), HashSet::new());
  let mut scopes: HashSet<&str> = HashSet::new();
  let mut failed = false;
  for (at, Record { event, .. }) in case.records().enumerate() {
    if let Some(execution) = succeeded(event) {
      values.insert(&*case.asked[&execution].path, at);
    }
    match event {
      Event::CacheHit { execution, .. } => _ = values.insert(&*case.asked[execution].path, at),
      Event::ScopeStarted {
        path,
        orchestrator: Some(_),
      } => _ = scopes.insert(path),
      Event::StepSucceeded { path, .. } => _ = done.insert(&**path, at),
      Event::RunFailed { .. } => failed = true,
      _ => {}
    }
    let Some(path) = event.path() else { continue };
    began.entry(&**path).or_insert(at);
    if is_end(event) {
      over.insert(&**path);
    }
  }
  for (path, at) in &began {
    let Some((step, word)) = path
      .rsplit_once('!')
      .filter(|(_, word)| matches!(*word, "undo" | "finally"))
    else {
      continue;
    };
    case.hold(over.contains(path), || format!("{path} has no end"));
    let before = done.get(step).or(values.get(step)).is_some_and(|done| done < at);
    // what a handler or an `each` wraps has no end of its own
    case.hold(before || !began.contains_key(step) || scopes.contains(step), || {
      format!("{word} of {step}, which was not done")
    });
  }
  for (step, at) in &done {
    let (undo, finally) = (format!("{step}!undo"), format!("{step}!finally"));
    if case.declared.closed.contains(site(step)) {
      case.hold(began.get(&*finally).is_some_and(|closed| closed > at), || {
        format!("{step} is not closed")
      });
    }
    if failed && case.declared.undone.contains(site(step)) {
      case.hold(began.get(&*undo).is_some_and(|undone| undone > at), || {
        format!("{step} is not undone")
      });
    }
  }
  in_reverse(case, &done, &values, &began);
  told(case, &scopes, &began, failed);
}

/// The calls that undo what one scope did come one by one, the last completed first.
fn in_reverse(case: &Case, done: &HashMap<&str, usize>, values: &HashMap<&str, usize>, began: &HashMap<&str, usize>) {
  for (at, Record { event, .. }) in case.records().enumerate() {
    let Event::ScopeClosing {
      path: scope,
      lost: true,
      undo,
      ..
    } = event
    else {
      continue;
    };
    // a fallback has a path inside of what it took the failure of
    let end = case.records().skip(at).position(|Record { event, .. }| {
      event.path() == Some(scope) && (matches!(event, Event::FailureTaken { .. }) || is_end(event))
    });
    let life = at..end.map_or(usize::MAX, |end| at + end);
    let own = |path: &&&str| is_inside(scope, path) && path.ends_with("!undo") && life.contains(&began[**path]);
    let mut undone: Vec<&str> = began.keys().filter(own).copied().collect();
    undone.sort_by_key(|path| began[path]);
    case.hold(undone.len() as u64 == *undo, || {
      format!("{scope} undoes {undone:?}, and {undo} were to be undone")
    });
    let when = |path: &&&str| {
      let step = path.trim_end_matches("!undo");
      done.get(step).or(values.get(step)).copied()
    };
    let order: Vec<usize> = undone.iter().filter_map(|path| when(&path)).collect();
    case.hold(order.is_sorted_by(|one, other| one > other), || {
      format!("{scope} undoes {undone:?} in this order")
    });
  }
}

fn told(case: &Case, scopes: &HashSet<&str>, began: &HashMap<&str, usize>, failed: bool) {
  let tells = |path: &str| {
    began
      .keys()
      .any(|began| is_inside(&format!("{path}!on_failure"), began) || *began == format!("{path}!on_failure"))
  };
  if failed && case.declared.telling.contains("") {
    case.hold(tells(""), || "nobody is told that the run failed".into());
  }
  for Record { event, .. } in case.records() {
    if let Event::StepFailed { path, .. } = event
      && scopes.contains(&**path)
      && case.declared.telling.contains(site(path))
    {
      case.hold(tells(path), || format!("nobody is told that {path} failed"));
    }
  }
}
