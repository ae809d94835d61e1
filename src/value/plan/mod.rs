//! Whether a value is a plan: names, ids, inputs, references and their order, all mistakes together. Knows nothing of
//! running one.

mod inputs;
mod references;
mod waits;

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
  Value, clip,
  conform::{Fields, Fitted, Mismatch, fit, fit_field, show_type, unknown_field},
};
use crate::{
  diagnostics::nearest,
  types::{PlanMember, PlanType, RecordType, Type, loose_assignment},
};
use references::Reference;

pub use references::fill;

/// Mistakes of one plan that are told.
const TOLD: usize = 10;
/// Members of a pool that a mistake lists.
const LISTED: usize = 30;
/// Characters of a name in a reason.
const NAME: usize = 60;

/// One line of a plan that is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
  pub id: Arc<str>,
  pub worker: Arc<str>,
  /// With its references, see [`fill`].
  pub input: Value,
  /// The assignments that it refers to or stands after: by index, ascending, each once.
  pub waits: Vec<usize>,
}

/// The assignments of a value that conforms to a plan's type.
pub fn assignments(plan: &Value) -> Vec<Assignment> {
  let list = plan.field("assignments");
  let text = |value: Value| match value {
    Value::String(text) => text,
    _ => Arc::from(""),
  };
  let mut assignments: Vec<Assignment> = Vec::new();
  for value in list.as_list().unwrap_or_default() {
    assignments.push(Assignment {
      id: text(value.field("id")),
      worker: text(value.field("worker")),
      input: value.field("input"),
      waits: Vec::new(),
    });
  }
  let indices: HashMap<Arc<str>, usize> = assignments
    .iter()
    .zip(0..)
    .map(|(own, at)| (own.id.clone(), at))
    .collect();
  for (assignment, value) in assignments.iter_mut().zip(list.as_list().unwrap_or_default()) {
    let mut waits: Vec<usize> = after(&value.field("after"))
      .filter_map(|id| indices.get(id).copied())
      .collect();
    references::scan(&assignment.input, &mut |_, found| {
      waits.extend(found.ok().and_then(|reference| indices.get(reference.id).copied()));
    });
    waits.sort_unstable();
    waits.dedup();
    assignment.waits = waits;
  }
  assignments
}

/// # Errors
/// All that is wrong, as one misfit.
pub(super) fn fit_plan(value: &Value, fields: &Fields, plan: &PlanType) -> Fitted {
  let only = fields.len() == 1;
  let Some(list) = fields.get("assignments").and_then(Value::as_list).filter(|_| only) else {
    return fit(value, plan.shape());
  };
  let mut check = Check {
    plan,
    shape: loose_assignment(),
    rows: list.iter().map(|_| Row::default()).collect(),
    indices: HashMap::new(),
    mistakes: Mistakes::default(),
  };
  check.count(list.len());
  for (at, assignment) in list.iter().enumerate() {
    check.row(at, assignment);
  }
  for (at, assignment) in list.iter().enumerate() {
    if check.mistakes.is_full() {
      break;
    }
    check.contents(at, assignment);
  }
  check.order();
  match check.mistakes.told() {
    Some(mismatch) => Err(mismatch.under(".assignments")),
    None => fit(value, plan.shape()),
  }
}

/// The ids of an `after`; what is no id is told elsewhere.
fn after(value: &Value) -> impl Iterator<Item = &str> {
  value.as_list().into_iter().flatten().filter_map(Value::as_str)
}

struct Check<'a> {
  plan: &'a PlanType,
  /// What an assignment looks like, whoever is meant.
  shape: RecordType,
  rows: Vec<Row<'a>>,
  /// Of each id, its first row.
  indices: HashMap<&'a str, usize>,
  mistakes: Mistakes,
}

/// What is known of one assignment.
#[derive(Default)]
struct Row<'a> {
  id: Option<&'a str>,
  member: Option<&'a PlanMember>,
  waits: Vec<usize>,
}

impl<'a> Check<'a> {
  fn count(&mut self, found: usize) {
    if let Some(most) = self.plan.most.filter(|most| found as u64 > *most) {
      let reason = format!("expected at most {most} assignments, found {found}");
      self.mistakes.kept.push((0, Mismatch::new(reason)));
    }
  }

  /// What an assignment says of itself: its fields, its id, its worker.
  fn row(&mut self, at: usize, assignment: &'a Value) {
    let (shape, mistakes) = (&self.shape, &mut self.mistakes);
    let Some(fields) = assignment.as_record() else {
      mistakes.add(at, || Mismatch::plain(assignment, &Type::Record(shape.clone().into())));
      return;
    };
    for name in fields.keys().filter(|name| !shape.fields.contains_key(*name)) {
      mistakes.add(at, || unknown_field(name, shape));
    }
    for (name, field) in &shape.fields {
      if let Err(mismatch) = fit_field(fields.get(name), field) {
        mistakes.add(at, || mismatch.under_field(name));
      }
    }
    if let Some(id) = fields.get("id").and_then(Value::as_str) {
      self.id(at, id);
    }
    if let Some(worker) = fields.get("worker").and_then(Value::as_str) {
      self.worker(at, worker);
    }
  }

  fn id(&mut self, at: usize, id: &'a str) {
    self.rows[at].id = Some(id);
    let first = *self.indices.entry(id).or_insert(at);
    if first != at {
      let reason = || format!("the id `{}` is given twice", clip(id, NAME));
      self.mistakes.add(at, || Mismatch::new(reason()).under_field("id"));
    }
  }

  fn worker(&mut self, at: usize, name: &str) {
    let plan = self.plan;
    self.rows[at].member = plan.member(name);
    if self.rows[at].member.is_none() {
      self
        .mistakes
        .add(at, || unknown_worker(name, plan).under_field("worker"));
    }
  }

  /// What an assignment says of others, and whether its input fits.
  fn contents(&mut self, at: usize, assignment: &Value) {
    let Some(fields) = assignment.as_record() else { return };
    if let Some(list) = fields.get("after") {
      for id in after(list) {
        self.wait(at, id, ".after");
      }
    }
    let Some(input) = fields.get("input") else {
      return self.no_input(at);
    };
    let mut found: Vec<(String, Result<Reference<'_>, String>)> = Vec::new();
    references::scan(input, &mut |path, reference| found.push((path, reference)));
    for (path, reference) in found {
      let place = format!(".input{path}");
      match reference {
        Ok(reference) => self.wait(at, reference.id, &place),
        Err(reason) => self.mistakes.add(at, || Mismatch::new(reason).under(&place)),
      }
    }
    if let Some(member) = self.rows[at].member {
      let misfits = inputs::check(input, &member.input, &|reference| self.result(reference));
      for mismatch in misfits {
        self.mistakes.add(at, || mismatch.under(".input"));
      }
    }
  }

  fn no_input(&mut self, at: usize) {
    if let Some(member) = self.rows[at].member {
      let reason = || format!("expected {}, but the field is missing", show_type(&member.input));
      self.mistakes.add(at, || Mismatch::new(reason()).under_field("input"));
    }
  }

  fn wait(&mut self, at: usize, id: &str, place: &str) {
    match self.indices.get(id) {
      Some(other) => self.rows[at].waits.push(*other),
      None => {
        let ids = self.rows.iter().filter_map(|row| row.id);
        self.mistakes.add(at, || {
          let help = did_you_mean(id, ids);
          Mismatch::new(format!("there is no assignment `{}`{help}", clip(id, NAME))).under(place)
        });
      }
    }
  }

  /// The type of what a reference stands for; `Unknown` where its mistake is another's.
  fn result(&self, reference: &Reference<'_>) -> Result<Type, String> {
    let row = self.indices.get(reference.id).map(|at| &self.rows[*at]);
    match row.and_then(|row| row.member) {
      Some(member) => reference.reach(&member.output),
      None => Ok(Type::Unknown),
    }
  }

  fn order(&mut self) {
    let waits: Vec<&[usize]> = self.rows.iter().map(|row| &row.waits[..]).collect();
    for cycle in waits::cycles(&waits, TOLD + 1) {
      let name = |at: &usize| format!("`{}`", clip(self.rows[*at].id.unwrap_or_default(), NAME));
      let path: Vec<String> = cycle.iter().chain(cycle.first()).map(name).collect();
      let reason = match &cycle[..] {
        [_] => format!("{} waits for itself", path[0]),
        _ => format!("these wait for each other: {}", path.join(" -> ")),
      };
      let first = cycle.first().copied().unwrap_or_default();
      self.mistakes.add(first, || Mismatch::new(reason));
    }
  }
}

fn did_you_mean<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> String {
  // Comparing takes time in the product of the lengths.
  let near = (name.len() <= 100).then(|| nearest(name, names)).flatten();
  near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

fn unknown_worker(name: &str, plan: &PlanType) -> Mismatch {
  let names = || plan.members.iter().map(|member| &*member.name);
  let help = did_you_mean(name, names());
  let mut listed: Vec<String> = names().take(LISTED).map(|name| format!("`{name}`")).collect();
  if plan.members.len() > LISTED {
    listed.push(format!("{} more", plan.members.len() - LISTED));
  }
  Mismatch::new(format!(
    "there is no worker `{}` in `{}`, which has {}{help}",
    clip(name, NAME),
    plan.pool,
    listed.join(", ")
  ))
}

/// In the order of the assignments, whatever the order in which they were found.
#[derive(Default)]
struct Mistakes {
  kept: Vec<(usize, Mismatch)>,
}

impl Mistakes {
  /// Whether more would not be told.
  fn is_full(&self) -> bool {
    self.kept.len() > TOLD
  }

  /// Those over the bound are not even made.
  fn add(&mut self, at: usize, mismatch: impl FnOnce() -> Mismatch) {
    if !self.is_full() {
      self.kept.push((at, mismatch().under(&format!("[{at}]"))));
    }
  }

  fn told(mut self) -> Option<Mismatch> {
    let more = self.is_full();
    self.kept.truncate(TOLD);
    self.kept.sort_by_key(|(at, _)| *at);
    let kept = self.kept.into_iter().map(|(_, mismatch)| mismatch).collect();
    Mismatch::all(kept, more)
  }
}

#[cfg(test)]
mod tests;
