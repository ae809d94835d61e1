//! Scopes close: once nothing of a scope runs any longer, the calls of its `undo`, `finally` and `on failure` are made,
//! one at a time, and only then it ends. Knows nothing of why it is over.
//!
//! A node that succeeds leaves its calls to the innermost scope, with the names that they read as they were. A scope
//! that succeeds hands its `undo` on to the next scope around it; one that is lost makes them, last completed first.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
  event::Event,
  instance::{End, Instance, InstanceId, Locals, Slot, State},
  layout::{self, Node, NodeId},
  run::{Run, Work},
};
use crate::value::Value;

/// What an instance leaves, and as a scope has to do.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Ends {
  /// What the calls of its own node read, until it has succeeded.
  own: Option<Own>,
  undo: Vec<Ending>,
  finally: Vec<Ending>,
  closing: Option<Closing>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Own {
  undo: Locals,
  finally: Locals,
}

/// A call that waits for the end of its scope.
#[derive(Debug, Serialize, Deserialize)]
struct Ending {
  /// When its step succeeded, as a number of records.
  after: u64,
  path: Arc<str>,
  node: NodeId,
  locals: Locals,
}

/// Nothing of the scope runs but the calls that close it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Closing {
  /// What it succeeds with, unless it is lost meanwhile.
  value: Option<Value>,
  /// That it is lost was recorded.
  lost: bool,
  /// `on failure` has run or runs.
  told: bool,
  /// The path of the call that runs.
  running: Arc<str>,
  /// The paths of those that failed.
  failed: Vec<Arc<str>>,
}

impl Run {
  /// Keeps what the node's `undo` and `finally` read: its own names may be others once it runs.
  pub(super) fn capture(&mut self, id: InstanceId) {
    let layout = self.layout.clone();
    let Some(instance) = self.instances.get(id) else { return };
    let node = layout.node(instance.node);
    if node.undo.is_none() && node.finally.is_none() {
      return;
    }
    let own = Own {
      undo: self.captured(id, node.undo.as_ref()),
      finally: self.captured(id, node.finally.as_ref()),
    };
    self.with(id, |instance| instance.ends.get_or_insert_default().own = Some(own));
  }

  fn captured(&self, id: InstanceId, ending: Option<&layout::Ending>) -> Locals {
    use crate::eval::Scope;
    let names = self.instances.names(id);
    let reads = ending.map_or(&[][..], |ending| &ending.reads);
    let values = reads.iter().filter_map(|local| Some((*local, names.local(*local)?)));
    values.collect()
  }

  /// The instance has its value: what was opened in it is closed first.
  pub(super) fn succeed(&mut self, id: InstanceId, value: Value) {
    let opened = self.with(id, |instance| {
      let finally = instance.ends.as_mut().map_or(0, |ends| ends.finally.len());
      (finally > 0).then(|| instance.deadline.take())
    });
    match opened.flatten() {
      Some(deadline) => {
        deadline.into_iter().for_each(|timer| self.clear_timer(timer));
        self.stop_budget_clock(id);
        self.with_ends(id, |ends| ends.closing.get_or_insert_default().value = Some(value));
        self.record_closing(id, false);
        self.close(id);
      }
      None => self.closed(id, value),
    }
  }

  /// An instance of an `each` is the scope of its own node.
  fn closed(&mut self, id: InstanceId, value: Value) {
    let own = self.with(id, |instance| match (instance.slot, &mut instance.ends) {
      (Slot::Item(_), Some(ends)) => ends.own.take(),
      _ => None,
    });
    match own.flatten() {
      Some(own) => {
        self.leave(id, own, &value, Some(id));
        self.succeed(id, value);
      }
      None => self.finish(id, End::Succeeded(value), "".into()),
    }
  }

  /// A node has succeeded: its calls go to a scope.
  fn leave(&mut self, id: InstanceId, own: Own, value: &Value, scope: Option<InstanceId>) {
    let layout = self.layout.clone();
    let Some((instance, scope)) = self.instances.get(id).zip(scope) else {
      return;
    };
    let Node { undo, finally, .. } = layout.node(instance.node);
    let (path, after) = (instance.path.clone(), self.recorded());
    let ending = |ending: &layout::Ending, word: &str, mut locals: Locals| {
      locals.extend(ending.value.map(|local| (local, value.clone())));
      Ending {
        after,
        path: format!("{path}!{word}").into(),
        node: ending.node,
        locals,
      }
    };
    let undo = undo.as_ref().map(|undo| ending(undo, "undo", own.undo));
    let finally = finally.as_ref().map(|finally| ending(finally, "finally", own.finally));
    self.with_ends(scope, |ends| {
      ends.undo.extend(undo);
      ends.finally.extend(finally);
    });
  }

  /// The instance is about to end as a success: what is to be undone later goes to the scope around it.
  pub(super) fn hand_on(&mut self, id: InstanceId, value: &Value) {
    let Some(instance) = self.instances.get_mut(id) else {
      return;
    };
    let (parent, slot) = (instance.parent, instance.slot);
    let Some(mut ends) = instance.ends.take().filter(|_| slot.ending().is_none()) else {
      return;
    };
    let scope = parent.and_then(|parent| self.scope_around(parent));
    if let Some(scope) = scope.filter(|_| !ends.undo.is_empty()) {
      self.with_ends(scope, |outer| outer.undo.append(&mut ends.undo));
    }
    if let Some(own) = ends.own {
      self.leave(id, own, value, scope);
    }
  }

  /// A call with `undo` that ran to its end, maybe although all around it was lost.
  pub(super) fn succeed_late(&mut self, id: InstanceId, value: Value) {
    if self.instances.get(id).is_none_or(|instance| instance.loss.is_none()) {
      return self.succeed(id, value);
    }
    let item = self.with(id, |instance| match (instance.slot, &mut instance.ends) {
      (Slot::Item(_), Some(ends)) => ends.own.take(),
      _ => None,
    });
    match item.flatten() {
      Some(own) => {
        self.leave(id, own, &value, Some(id));
        self.settle(id);
      }
      None => {
        self.with(id, |instance| instance.loss = None);
        self.succeed(id, value);
      }
    }
  }

  fn scope_around(&self, id: InstanceId) -> Option<InstanceId> {
    let mut around = self.instances.around(id);
    around.find(|(_, instance)| instance.is_scope()).map(|(id, _)| id)
  }

  /// Makes the next call of a scope of which nothing else runs, or ends it.
  pub(super) fn close(&mut self, id: InstanceId) {
    let Some(instance) = self.instances.get(id) else { return };
    if instance.loss.is_none() {
      return match self.with_ends(id, |ends| ends.finally.pop()).flatten() {
        Some(finally) => self.call_ending(id, Slot::Finally, finally),
        None => self.end_closed(id),
      };
    }
    self.begin_lost(id);
    let next = self.with(id, |instance| instance.ends.as_mut()?.next()).flatten();
    match next {
      Some((slot, ending)) => self.call_ending(id, slot, ending),
      None if self.tell_failure(id) => {}
      None => self.finish_lost(id),
    }
  }

  fn end_closed(&mut self, id: InstanceId) {
    let value = self.with_ends(id, |ends| ends.closing.take()?.value).flatten();
    if let Some(value) = value {
      self.closed(id, value);
    }
  }

  /// The scope was lost: from now on its `undo` calls come first.
  fn begin_lost(&mut self, id: InstanceId) {
    let begun = self.with(id, |instance| {
      let ends = instance.ends.as_mut()?;
      let closing = ends.closing.get_or_insert_default();
      let begun = !std::mem::replace(&mut closing.lost, true);
      ends.undo.sort_by_key(|undo| undo.after);
      Some(begun)
    });
    if begun.flatten() == Some(true) {
      self.record_closing(id, true);
    }
  }

  fn record_closing(&mut self, id: InstanceId, lost: bool) {
    let Some(instance) = self.instances.get(id) else { return };
    let Some(ends) = &instance.ends else { return };
    let undo = if lost { ends.undo.len() as u64 } else { 0 };
    let finally = ends.finally.len() as u64;
    if undo + finally > 0 {
      let path = instance.path.clone();
      self.record(Event::ScopeClosing {
        path,
        lost,
        undo,
        finally,
      });
    }
  }

  fn call_ending(&mut self, id: InstanceId, slot: Slot, ending: Ending) {
    let Ending { path, node, locals, .. } = ending;
    self.with_ends(id, |ends| ends.closing.get_or_insert_default().running = path.clone());
    let child = self.adopt(id, slot, path, node, locals);
    self.with(child, |child| child.sealed = true);
    self.work.push(Work::Begin(child));
  }

  /// The call that closes a scope has ended; whatever became of it, the rest goes on.
  pub(super) fn ending_ended(&mut self, id: InstanceId, end: End) {
    if !matches!(end, End::Succeeded(_)) {
      self.with_ends(id, |ends| {
        let told = ends.closing.get_or_insert_default();
        told.failed.extend((!told.told).then(|| told.running.clone()));
      });
    }
    self.close(id);
  }

  /// Runs `on failure`, once, if the scope is an orchestrator that has it; not where it is just not needed any longer.
  fn tell_failure(&mut self, id: InstanceId) -> bool {
    let layout = self.layout.clone();
    let Some(instance) = self.instances.get(id) else {
      return false;
    };
    let (State::Block(block), Some(loss)) = (&instance.state, &instance.loss) else {
      return false;
    };
    let told = instance.closing().is_some_and(|closing| closing.told);
    let Some(orchestrator) = block.orchestrator().filter(|_| !told && !loss.superfluous) else {
      return false;
    };
    let Some(handler) = layout.on_failure(orchestrator) else {
      return false;
    };
    let failed = instance.closing().map_or(&[][..], |closing| &closing.failed);
    let error = loss.error(&instance.path, failed).to_value();
    let declared = self.program.orchestrator(orchestrator);
    let params = declared.params.iter().map(|param| param.local);
    let names = params.chain(declared.overlap.as_ref().map(|overlap| overlap.last));
    let given = names.filter_map(|name| Some((name, instance.locals.get(&name)?.clone())));
    let ending = Ending {
      after: 0,
      path: format!("{}!on_failure", instance.path).into(),
      node: handler.node,
      locals: given.chain([(handler.error, error)]).collect(),
    };
    self.with_ends(id, |ends| ends.closing.get_or_insert_default().told = true);
    self.call_ending(id, Slot::OnFailure, ending);
    true
  }

  fn finish_lost(&mut self, id: InstanceId) {
    let Some(instance) = self.instances.get_mut(id) else {
      return;
    };
    let started = instance.started();
    let failed = instance.ends.take().and_then(|ends| ends.closing);
    if let Some(mut loss) = instance.loss.take() {
      let cause = loss.cause.clone();
      loss
        .late
        .undo_failed
        .extend(failed.into_iter().flat_map(|closing| closing.failed));
      self.finish(id, loss.end(started), cause);
    }
  }

  fn with_ends<T>(&mut self, id: InstanceId, change: impl FnOnce(&mut Ends) -> T) -> Option<T> {
    self.with(id, |instance| change(instance.ends.get_or_insert_default()))
  }
}

impl Ends {
  /// The next call of a lost scope.
  fn next(&mut self) -> Option<(Slot, Ending)> {
    let undo = self.undo.pop().map(|undo| (Slot::Undo, undo));
    undo.or_else(|| Some((Slot::Finally, self.finally.pop()?)))
  }
}

impl Instance {
  fn closing(&self) -> Option<&Closing> {
    self.ends.as_ref()?.closing.as_ref()
  }

  /// Whether only the calls that close it still run.
  pub fn is_closing(&self) -> bool {
    self.closing().is_some()
  }
}
