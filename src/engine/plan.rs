//! `run plan`: an instance for each assignment, begun once those that it waits for have succeeded, in the order of the
//! plan, as many at once as its window. Knows nothing of what the instances do, nor of how a plan came about.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
  event::{Digest, Event},
  failing::{Fallible, conform, count, failure, too_large},
  instance::{End, InstanceId, Locals, Slot, State},
  layout::Body,
  run::Run,
};
use crate::{
  hir::{DEFAULT_WINDOW, RunPlan},
  types::Type,
  value::{
    Cause, Failure, FailureKind, Value, conform as fit,
    plan::{self, Assignment},
  },
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PlanState {
  rows: Vec<Row>,
  window: u64,
  /// Those that wait for nothing more and have not begun.
  ready: BTreeSet<usize>,
  /// How many have not ended.
  left: usize,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
  assignment: Assignment,
  /// Those that wait for it, ascending.
  dependents: Vec<usize>,
  progress: Progress,
}

#[derive(Debug, Serialize, Deserialize)]
enum Progress {
  /// For so many others.
  Waits(usize),
  Begun,
  Succeeded(Value),
  /// Failed or skipped: the failure that it is in the results.
  Lost(Arc<Failure>),
}

/// An assignment that begins: where, which member of the pool, with what.
struct Begins {
  at: usize,
  path: Arc<str>,
  member: usize,
  input: Value,
}

impl Run {
  pub(super) fn enter_run(&mut self, id: InstanceId, run: &RunPlan) -> Fallible<()> {
    let plan = self.eval(id, &run.plan)?;
    let plan = conform(&plan, &run.plan.ty, "the plan")?;
    let window = match &run.concurrent {
      None => DEFAULT_WINDOW,
      Some(concurrent) => count(&self.eval(id, concurrent)?, 1, "concurrent")?,
    };
    let state = PlanState::of(plan::assignments(&plan), window);
    let program = self.program.clone();
    let pool = program.pool(run.pool);
    let used = |name: &str| state.rows.iter().any(|row| *row.assignment.worker == *name);
    let unused = pool.members.iter().map(|member| member.name.clone());
    self.record(Event::Planned {
      path: self.path(id),
      pool: pool.name.clone(),
      assignments: state.rows.len() as u64,
      window,
      digest: Digest::of(&plan),
      unused: unused.filter(|name| !used(name)).collect(),
    });
    self.with(id, |instance| instance.state = State::Run(Box::new(state)));
    self.go_on_with_plan(id, run)
  }

  /// Fills the window, or ends with the last assignment.
  fn go_on_with_plan(&mut self, id: InstanceId, run: &RunPlan) -> Fallible<()> {
    while let Some(begins) = self.next_assignment(id, run)? {
      let layout = self.layout.clone();
      let member = &layout.pool(run.pool)[begins.member];
      let locals = Locals::from([(member.message, begins.input)]);
      self.spawn(id, Slot::Assignment(begins.at), begins.path, member.call, locals);
      let child = self
        .instances
        .get(id)
        .and_then(|instance| instance.children.get(&Slot::Assignment(begins.at)));
      // the names around are those of another declaration
      child
        .copied()
        .and_then(|child| self.with(child, |instance| instance.sealed = true));
    }
    let Some(state) = self.plan_state(id).filter(|state| state.left == 0) else {
      return Ok(());
    };
    let results: Fallible<Vec<Value>> = state.rows.iter().map(Row::result).collect();
    let value = Value::list(results?).map_err(too_large)?;
    self.succeed(id, value);
    Ok(())
  }

  fn next_assignment(&mut self, id: InstanceId, run: &RunPlan) -> Fallible<Option<Begins>> {
    let layout = self.layout.clone();
    let Some(instance) = self.instances.get_mut(id) else {
      return Ok(None);
    };
    let State::Run(state) = &mut instance.state else {
      return Ok(None);
    };
    if instance.children.len() as u64 >= state.window {
      return Ok(None);
    }
    let Some(at) = state.ready.pop_first() else {
      return Ok(None);
    };
    state.rows[at].progress = Progress::Begun;
    let assignment = &state.rows[at].assignment;
    let members = layout.pool(run.pool);
    let Some(member) = members.iter().position(|member| member.name == assignment.worker) else {
      let message = format!("there is no worker `{}` in the pool", assignment.worker);
      return Err(failure(FailureKind::Contract, message));
    };
    let input = plan::fill(&assignment.input, &|id| state.value_of(at, id)).map_err(too_large)?;
    let path = path(&instance.path, &assignment.id);
    Ok(Some(Begins {
      at,
      path,
      member,
      input,
    }))
  }

  pub(super) fn assignment_ended(&mut self, id: InstanceId, at: usize, end: End) -> Fallible<()> {
    let layout = self.layout.clone();
    let Some(instance) = self.instances.get_mut(id) else {
      return Ok(());
    };
    let (Body::Run(run), State::Run(state)) = (&layout.node(instance.node).body, &mut instance.state) else {
      return Ok(());
    };
    match end {
      End::Succeeded(value) => state.succeeded(at, value),
      End::Failed(failure) if run.collect => self.assignment_lost(id, at, failure),
      other => {
        self.pass_on(id, other);
        return Ok(());
      }
    }
    self.go_on_with_plan(id, run)
  }

  /// What waits for it, directly or through others, is skipped; the rest goes on.
  fn assignment_lost(&mut self, id: InstanceId, at: usize, failure: Arc<Failure>) {
    let (whole, cause) = (self.path(id), failure.step.clone());
    let skipped = self.plan_state(id).map(|state| state.lost(at, &failure, &whole));
    for path in skipped.unwrap_or_default() {
      let cause = cause.clone();
      self.record(Event::StepSkipped { path, cause });
    }
  }

  /// The run is lost: what has not begun never will.
  pub(super) fn skip_assignments(&mut self, id: InstanceId, cause: &Arc<str>) {
    let whole = self.path(id);
    let Some(state) = self.plan_state(id) else { return };
    let waits = state.rows.iter().zip(0..).filter(|(row, at)| match row.progress {
      Progress::Waits(_) => true,
      _ => state.ready.contains(at),
    });
    let paths: Vec<Arc<str>> = waits.map(|(row, _)| path(&whole, &row.assignment.id)).collect();
    for path in paths {
      let cause = cause.clone();
      self.record(Event::StepSkipped { path, cause });
    }
  }

  fn plan_state(&mut self, id: InstanceId) -> Option<&mut PlanState> {
    match &mut self.instances.get_mut(id)?.state {
      State::Run(state) => Some(state),
      _ => None,
    }
  }
}

impl PlanState {
  fn of(assignments: Vec<Assignment>, window: u64) -> PlanState {
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); assignments.len()];
    for (at, assignment) in assignments.iter().enumerate() {
      assignment.waits.iter().for_each(|other| dependents[*other].push(at));
    }
    let rows: Vec<Row> = assignments
      .into_iter()
      .zip(dependents)
      .map(|(assignment, dependents)| Row {
        progress: Progress::Waits(assignment.waits.len()),
        assignment,
        dependents,
      })
      .collect();
    let free = |at: &usize| matches!(rows[*at].progress, Progress::Waits(0));
    PlanState {
      ready: (0..rows.len()).filter(free).collect(),
      left: rows.len(),
      rows,
      window,
    }
  }

  fn succeeded(&mut self, at: usize, value: Value) {
    self.left -= 1;
    self.rows[at].progress = Progress::Succeeded(value);
    for next in self.rows[at].dependents.clone() {
      if let Progress::Waits(open) = &mut self.rows[next].progress {
        *open -= 1;
        if *open == 0 {
          self.ready.insert(next);
        }
      }
    }
  }

  /// Gives the paths of those that are skipped for it, in the order of the plan.
  fn lost(&mut self, at: usize, failure: &Arc<Failure>, whole: &str) -> Vec<Arc<str>> {
    self.left -= 1;
    self.rows[at].progress = Progress::Lost(failure.clone());
    let mut open = BTreeSet::from_iter(self.rows[at].dependents.iter().copied());
    let mut skipped = BTreeSet::new();
    while let Some(next) = open.pop_first() {
      if matches!(self.rows[next].progress, Progress::Waits(_)) && skipped.insert(next) {
        open.extend(self.rows[next].dependents.iter().copied());
      }
    }
    let id = &self.rows[at].assignment.id.clone();
    let skip = |at: &usize| {
      self.left -= 1;
      let row = &mut self.rows[*at];
      let path = path(whole, &row.assignment.id);
      row.progress = Progress::Lost(skipped_for(id, failure, path.clone()).into());
      path
    };
    skipped.iter().map(skip).collect()
  }

  /// What an assignment gave that another waits for.
  fn value_of(&self, at: usize, id: &str) -> Option<Value> {
    let waits = self.rows[at].assignment.waits.iter();
    let row = waits
      .map(|other| &self.rows[*other])
      .find(|row| *row.assignment.id == *id)?;
    match &row.progress {
      Progress::Succeeded(value) => Some(value.clone()),
      _ => None,
    }
  }
}

impl Row {
  /// `{ id, worker, outcome }`
  fn result(&self) -> Fallible<Value> {
    let outcome = match &self.progress {
      Progress::Succeeded(value) => {
        let json = fit(value, &Type::Json).unwrap_or_else(|_| value.clone());
        Value::outcome_ok(json).map_err(too_large)?
      }
      Progress::Lost(failure) => Value::outcome_lost(failure),
      Progress::Waits(_) | Progress::Begun => Value::Null,
    };
    let text = |text: &Arc<str>| Value::String(text.clone());
    let fields = [
      ("id", text(&self.assignment.id)),
      ("worker", text(&self.assignment.worker)),
      ("outcome", outcome),
    ];
    Value::fields(fields).map_err(too_large)
  }
}

/// `results["code"]`: ids have letters, digits, `_` and `-` only.
fn path(whole: &str, id: &str) -> Arc<str> {
  format!("{whole}[\"{id}\"]").into()
}

fn skipped_for(id: &str, failure: &Arc<Failure>, step: Arc<str>) -> Failure {
  let mut skipped = Failure::new(FailureKind::Skipped, step, format!("`{id}` did not succeed"));
  skipped.causes.push(Cause {
    step: failure.step.clone(),
    kind: failure.kind,
    message: failure.message.clone(),
  });
  skipped
}
