//! The worst case of calls of orchestrators, and of what a plan may call. Knows nothing of other nodes.

use super::{
  bound::Bound,
  frame::{Frame, bound_to, entering},
  measure::named,
  nodes::Found,
  shape::Shape,
  symbols::{Owner, Place},
  worst::{Measure, Worst},
};
use crate::{
  hir::{Call, DEFAULT_WINDOW, OnFailure, OrchestratorId, RunPlan},
  types::{self, Type},
};

/// A run of its own: nothing of it is in this one.
pub fn dispatch(call: &Call<OrchestratorId>) -> Worst {
  Worst {
    counts: [(Measure::Runs(call.target), Bound::number(1))].into(),
    ..Worst::nothing()
  }
}

/// `run.last`: what a success of before returned.
fn last_run(owner: &Owner, output: &Type) -> Shape {
  let place = Place {
    owner: owner.clone(),
    path: "run.last".into(),
  };
  Shape::entered(
    place,
    Type::record([("started", Type::Time), ("value", output.clone())]),
  )
}

impl Frame<'_, '_> {
  /// A called orchestrator: looked at once for each shape of its arguments.
  pub fn orchestrate(&mut self, call: &Call<OrchestratorId>) -> Found {
    let arguments = call.arguments.iter().map(|argument| self.shape(argument)).collect();
    self.called(call.target, arguments)
  }

  /// Any member for each assignment of the plan, at worst one after another.
  pub fn run_plan(&mut self, run: &RunPlan) -> Found {
    let program = self.analysis.program;
    let (plan, most) = (self.place().item(), Bound::number(run.most.into()));
    let mut any = Worst::nothing();
    for member in &program.pool(run.pool).members {
      let fields = member.params.iter().map(|param| {
        let place = plan.field(&member.name).field(&param.name);
        (param.name.clone(), Shape::entered(place, param.ty.clone()))
      });
      let locals = [(member.message, Shape::record(fields.collect()))].into();
      let (owner, at) = (self.owner.clone(), plan.field(&member.name).path);
      let (worst, _) = self.inside(owner, &at, locals).node(&member.call);
      any = any.or(&worst);
    }
    let window = run.concurrent.as_ref();
    let window = window.map_or(DEFAULT_WINDOW.into(), |window| self.count(window));
    let result = self.fresh("outcome", &types::outcome(&Type::Json));
    (
      any.chained(&most, window),
      Shape::list(most, named([("outcome", result)])),
    )
  }

  fn on_failure(&mut self, handler: &OnFailure) -> Worst {
    let failure = self.fresh("error", &types::failure());
    self.locals.insert(handler.error, failure);
    let path = |place: &Place| place.beside("!on_failure");
    self.at(path, |frame| frame.block(&handler.block)).0
  }

  pub fn called(&mut self, id: OrchestratorId, mut arguments: Vec<Shape>) -> Found {
    let callee = self.analysis.program.orchestrator(id);
    let owner = Owner::Orchestrator(id);
    let known = self.analysis.orchestrators.entry(id).or_default();
    if known.is_full() && known.find(&arguments).is_none() {
      arguments = entering(&owner, &callee.params);
    }
    if let Some(found) = known.find(&arguments) {
      return found;
    }
    let mut locals = bound_to(&callee.params, arguments.clone());
    let last = callee
      .overlap
      .as_ref()
      .map(|overlap| (overlap.last, last_run(&owner, &callee.output)));
    locals.extend(last);
    let mut inside = self.inside(owner, "", locals);
    let (mut worst, value) = inside.block(&callee.body);
    if let Some(budget) = &callee.budget {
      worst = inside.within(budget, worst);
    }
    let found = match &callee.on_failure {
      Some(handler) => (worst.undone_by(&inside.on_failure(handler)).closed(), value),
      None => (worst, value),
    };
    let known = self.analysis.orchestrators.entry(id).or_default();
    known.keep(arguments, found.clone());
    found
  }
}
