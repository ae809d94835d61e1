//! `each`: one instance per item, as many at once as its window; those outside exist only as a number. A fold goes one
//! by one and gives its last value; without a fold the value is the list, in input order. Knows nothing of what the
//! instances do.

use super::{
  event::{Digest, Event},
  failing::{Fallible, count, too_large},
  instance::{End, InstanceId, Locals, Slot, State},
  layout::{Body, Each},
  run::Run,
};
use crate::{hir, value::Value};

#[derive(Debug)]
pub(super) struct EachState {
  pub items: Value,
  window: u64,
  /// The first item without an instance.
  next: usize,
  /// How many have not ended.
  left: usize,
  /// Of a fold: the value so far; else unused.
  previous: Value,
  results: Vec<Value>,
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
    let seed = each.fold.as_ref().map(|(seed, _)| self.eval(id, seed)).transpose()?;
    let digest = Digest::of(&items);
    let state = EachState {
      items,
      window,
      next: 0,
      left: length,
      previous: seed.unwrap_or(Value::Null),
      results: vec![Value::Null; if each.fold.is_some() { 0 } else { length }],
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
      let path = format!("{}[{item}]", self.path(id)).into();
      self.spawn(id, Slot::Item(item), path, each.body, locals);
    }
    let Some(State::Each(state)) = self.instances.get_mut(id).map(|instance| &mut instance.state) else {
      return Ok(());
    };
    if state.left > 0 {
      return Ok(());
    }
    let value = match each.fold {
      Some(_) => state.previous.clone(),
      None => Value::list(std::mem::take(&mut state.results)).map_err(too_large)?,
    };
    self.succeed(id, value);
    Ok(())
  }

  fn next_item(&mut self, id: InstanceId, each: &Each) -> Option<(usize, Locals)> {
    let instance = self.instances.get_mut(id)?;
    let State::Each(state) = &mut instance.state else {
      return None;
    };
    if instance.children.len() as u64 >= state.window {
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
    let (Body::Each(each), State::Each(state)) = (&layout.node(instance.node).body, &mut instance.state) else {
      return Ok(());
    };
    let result = match end {
      End::Succeeded(value) if each.collects() => Value::outcome_ok(value).map_err(too_large)?,
      End::Failed(failure) if each.collects() => Value::outcome_lost(&failure),
      End::Succeeded(value) => value,
      other => {
        self.pass_on(id, other);
        return Ok(());
      }
    };
    state.left -= 1;
    match each.fold {
      Some(_) => state.previous = result,
      None => state.results[at] = result,
    }
    self.go_on(id, each)
  }
}
