//! `each`: one instance per item, as many at once as its window; those outside exist only as a number. A fold goes one
//! by one and gives its last value; without a fold the value is the list, in input order. Knows nothing of what the
//! instances do.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
  event::{Digest, Event, Taker},
  failing::{Fallible, count, failure, too_large},
  instance::{End, InstanceId, Locals, Slot, State, Within},
  layout::{Body, Each, Node},
  loss::{Loss, cause_of, fill},
  run::Run,
};
use crate::{
  hir::{self, StopWhen, Take, Tolerance},
  value::{Cause, Failure, FailureKind, Value, to_json},
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EachState {
  pub items: Value,
  window: u64,
  /// The first item without an instance.
  next: usize,
  /// How many have not ended.
  left: usize,
  /// Of a fold: the value so far; else unused.
  previous: Value,
  /// By item, without a fold. `None`: not ended yet, lost, or cut.
  results: Vec<Option<Ended>>,
  /// So many may fail.
  tolerated: u64,
  /// Failures that were recorded as taken: several may end in one moment.
  announced: u64,
  /// Failures that were taken, and the first of them.
  failed: u64,
  causes: Vec<Cause>,
  /// `stop when` has held: nothing begins any longer.
  stopped: bool,
}

/// How an instance ended, as the value of the `each` says it.
#[derive(Debug, Serialize, Deserialize)]
enum Ended {
  Ok(Value),
  /// An outcome.
  Lost(Value),
}

impl Run {
  pub(super) fn enter_each(&mut self, id: InstanceId, each: &Each) -> Fallible<()> {
    let items = self.eval(id, &each.items)?;
    let length = items.as_list().unwrap_or_default().len();
    let window = match (&each.fold, &each.concurrent) {
      (Some(_), _) => 1,
      (None, None) => hir::DEFAULT_WINDOW,
      (None, Some(concurrent)) => count(&self.eval(id, concurrent)?, 1, "concurrent")?,
    };
    let tolerated = match &each.take {
      Take::Nothing => 0,
      Take::Collect => u64::MAX,
      Take::Tolerate(Tolerance::Count(most)) => count(&self.eval(id, most)?, 0, "tolerate")?,
      Take::Tolerate(Tolerance::Percent(percent)) => share(*percent, length as u64),
    };
    let seed = each.fold.as_ref().map(|(seed, _)| self.eval(id, seed)).transpose()?;
    let digest = Digest::of(&items);
    let mut results = Vec::new();
    results.resize_with(if each.fold.is_some() { 0 } else { length }, || None);
    let state = EachState {
      items,
      window,
      next: 0,
      left: length,
      previous: seed.unwrap_or(Value::Null),
      results,
      tolerated,
      announced: 0,
      failed: 0,
      causes: Vec::new(),
      stopped: false,
    };
    let path = self.path(id);
    self.record(Event::Expanded {
      path,
      items: length as u64,
      window,
      digest,
    });
    self.with(id, |instance| instance.state = State::Each(Box::new(state)));
    self.go_on(id, each)
  }

  /// Fills the window, or ends with the last item.
  fn go_on(&mut self, id: InstanceId, each: &Each) -> Fallible<()> {
    while let Some((item, locals)) = self.next_item(id, each) {
      let path = self.item_path(id, item);
      self.spawn(id, Slot::Item(item), path, each.body, locals);
    }
    let Some(instance) = self.instances.get_mut(id) else {
      return Ok(());
    };
    let State::Each(state) = &mut instance.state else {
      return Ok(());
    };
    let over = state.left == 0 || state.stopped && instance.children.is_empty();
    if !over {
      return Ok(());
    }
    let value = match each.fold {
      Some(_) => state.previous.clone(),
      None => {
        state.must_be_met(each)?;
        state.value(each, &instance.path)?
      }
    };
    self.succeed(id, value);
    Ok(())
  }

  fn item_path(&self, id: InstanceId, item: usize) -> Arc<str> {
    format!("{}[{item}]", self.path(id)).into()
  }

  fn next_item(&mut self, id: InstanceId, each: &Each) -> Option<(usize, Locals)> {
    let instance = self.instances.get_mut(id)?;
    let State::Each(state) = &mut instance.state else {
      return None;
    };
    if state.stopped || instance.children.len() as u64 >= state.window {
      return None;
    }
    let at = state.next;
    let item = state.items.as_list()?.get(at)?.clone();
    state.next += 1;
    let index = each
      .index
      .map(|index| (index, Value::Int(i64::try_from(at).unwrap_or(i64::MAX))));
    let previous = each
      .fold
      .as_ref()
      .map(|(_, previous)| (*previous, state.previous.clone()));
    Some((
      at,
      [(each.item, item)].into_iter().chain(index).chain(previous).collect(),
    ))
  }

  pub(super) fn item_ended(&mut self, id: InstanceId, at: usize, end: End) -> Fallible<()> {
    let layout = self.layout.clone();
    let Some(instance) = self.instances.get_mut(id) else {
      return Ok(());
    };
    let node = layout.node(instance.node);
    let (Body::Each(each), State::Each(state)) = (&node.body, &mut instance.state) else {
      return Ok(());
    };
    match end {
      End::Succeeded(value) => {
        state.left -= 1;
        match each.fold {
          Some(_) => state.previous = value,
          None => state.results[at] = Some(Ended::Ok(value)),
        }
        self.stop_when(id, each, at)?;
      }
      End::Failed(failure) if state.taker(node).is_some() => state.take(at, &failure, each),
      End::Failed(failure) => {
        let failure = state.too_many(failure);
        self.lose(id, Loss::failed(failure));
        return Ok(());
      }
      _ if state.stopped => state.left -= 1,
      other => {
        self.pass_on(id, other);
        return Ok(());
      }
    }
    self.go_on(id, each)
  }

  /// Looks at the condition after the instance `at` has succeeded; where it holds the rest is cut.
  fn stop_when(&mut self, id: InstanceId, each: &Each, at: usize) -> Fallible<()> {
    let Some(stop) = &each.stop else { return Ok(()) };
    let Some(State::Each(state)) = self.instances.get(id).map(|instance| &instance.state) else {
      return Ok(());
    };
    if state.stopped {
      return Ok(());
    }
    let locals = state.latest(stop, at)?;
    let around = self.instances.names(id);
    let names = Within {
      locals: &locals,
      around,
    };
    let held = self.eval_in(&names, &stop.condition)? == Value::Bool(true);
    let (path, index) = (self.path(id), at as u64);
    self.record(Event::StopChecked { path, index, held });
    if held {
      self.with(id, |instance| {
        if let State::Each(state) = &mut instance.state {
          state.stopped = true;
        }
      });
      let cause = self.item_path(id, at);
      self.cancel_children(id, &Loss::superfluous(cause));
    }
    Ok(())
  }
}

impl EachState {
  /// What takes the failure of an instance that ends now, behind those that have ended and were not looked at yet.
  pub fn announces(&self, node: &Node) -> Option<Taker> {
    self.taker_after(node, self.announced)
  }

  /// One more is recorded as tolerated.
  pub fn announce(&mut self) {
    self.announced += 1;
  }

  /// What takes the next failure of an instance.
  fn taker(&self, node: &Node) -> Option<Taker> {
    self.taker_after(node, self.failed)
  }

  fn taker_after(&self, node: &Node, failed: u64) -> Option<Taker> {
    let Body::Each(each) = &node.body else { return None };
    match each.take {
      _ if each.fold.is_some() => None,
      Take::Collect => Some(Taker::Collect),
      Take::Tolerate(_) => (failed < self.tolerated).then_some(Taker::Tolerate),
      Take::Nothing => each.stop.as_ref().map(|_| Taker::StopWhen),
    }
  }

  fn take(&mut self, at: usize, failure: &Failure, each: &Each) {
    self.left -= 1;
    self.failed += 1;
    match each.take {
      Take::Collect => self.results[at] = Some(Ended::Lost(Value::outcome_lost(failure))),
      _ => fill(&mut self.causes, [cause_of(failure)]),
    }
  }

  /// The failure that nothing takes, with those that were taken before it.
  fn too_many(&mut self, mut failure: Arc<Failure>) -> Arc<Failure> {
    if !self.causes.is_empty() {
      fill(&mut Arc::make_mut(&mut failure).causes, self.causes.drain(..));
    }
    failure
  }

  /// What a condition sees: the latest value, and the values so far.
  fn latest(&self, stop: &StopWhen, at: usize) -> Fallible<Locals> {
    let values = || self.results.iter().filter_map(Option::as_ref).filter_map(Ended::value);
    let latest = self.results.get(at).and_then(Option::as_ref).and_then(Ended::value);
    let mut locals = Locals::from([(stop.it, latest.cloned().unwrap_or(Value::Null))]);
    if stop.reads_done {
      let done = Value::list(values().cloned().collect()).map_err(too_large)?;
      locals.insert(stop.done, done);
    }
    Ok(locals)
  }

  /// Fails where `stop when` can no longer hold; with `collect` there is a value nonetheless.
  fn must_be_met(&mut self, each: &Each) -> Fallible<()> {
    let wanted = each.stop.is_some() && !self.stopped && !self.results.is_empty();
    if !wanted || matches!(each.take, Take::Collect) {
      return Ok(());
    }
    let (all, values) = (self.results.len(), self.results.iter().flatten().count());
    let message = format!("`stop when` never held: {values} of {all} gave a value");
    let mut unmet = failure(FailureKind::Unmet, message);
    unmet.causes = std::mem::take(&mut self.causes);
    Err(unmet)
  }

  /// The list, in the order of the items.
  fn value(&mut self, each: &Each, path: &str) -> Fallible<Value> {
    let results = std::mem::take(&mut self.results);
    let collect = matches!(each.take, Take::Collect);
    let mut values = Vec::with_capacity(results.len());
    for (at, ended) in results.into_iter().enumerate() {
      match ended {
        Some(Ended::Ok(value)) if collect => values.push(Value::outcome_ok(value).map_err(too_large)?),
        Some(Ended::Ok(value) | Ended::Lost(value)) => values.push(value),
        None if collect => values.push(Value::outcome_lost(&self.cut(at, path))),
        None => {}
      }
    }
    Value::list(values).map_err(too_large)
  }

  fn cut(&self, at: usize, path: &str) -> Failure {
    let step = format!("{path}[{at}]");
    let mut failure = Failure::new(FailureKind::Cancelled, step, "not needed: `stop when` has held");
    let item = self.items.as_list().and_then(|items| items.get(at));
    failure.item = item.map(to_json).filter(|item| !item.is_null());
    failure
  }
}

impl Ended {
  fn value(&self) -> Option<&Value> {
    match self {
      Ended::Ok(value) => Some(value),
      Ended::Lost(_) => None,
    }
  }
}

/// So many percent of a number, rounded down; the percentage is what its shortest decimal text says.
fn share(percent: f64, of: u64) -> u64 {
  let text = percent.to_string();
  let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
  let digits: u128 = format!("{whole}{fraction}").parse().unwrap_or_default();
  let parts = 10u128.checked_pow(u32::try_from(fraction.len()).unwrap_or(u32::MAX));
  let share = parts.and_then(|parts| Some(digits.checked_mul(of.into())? / parts.checked_mul(100)?));
  share.and_then(|share| u64::try_from(share).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
  use super::share;

  #[test]
  fn a_share_is_rounded_down_and_exact() {
    let cases = [
      (1.0, 300, 3),
      (1.0, 99, 0),
      (0.57, 10_000, 57),
      (2.3, 1000, 23),
      (33.3, 1000, 333),
      (100.0, 7, 7),
      (0.0, 7, 0),
      (50.0, 3, 1),
    ];
    for (percent, of, expected) in cases {
      assert_eq!(share(percent, of), expected, "{percent}% of {of}");
    }
  }
}
