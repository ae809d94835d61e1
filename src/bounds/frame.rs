//! What is at hand while one text (an orchestrator, a worker's settings, a function) is looked at: its names and the
//! step at hand; and what all texts share. Knows nothing of nodes.

use std::{collections::HashMap, sync::Arc};

use super::{
  bound::Bound,
  shape::Shape,
  symbols::{Owner, Place, Symbols},
  worst::Worst,
};
use crate::{
  hir::{ConstantId, Expr, FunctionId, LocalId, OrchestratorId, Param, Program, WorkerId},
  types::Type,
};

/// So many different arguments of one text are looked at one by one; for others its parameters are sizes of their own.
const MOST_CALLS: usize = 64;

/// What is shared while one orchestrator is looked at with all that it calls.
#[derive(Debug)]
pub struct Analysis<'p> {
  pub program: &'p Program,
  pub symbols: Symbols,
  pub constants: HashMap<ConstantId, Shape>,
  pub functions: HashMap<FunctionId, Calls<Shape>>,
  pub orchestrators: HashMap<OrchestratorId, Calls<(Worst, Shape)>>,
  /// `concurrent` of workers.
  pub slots: HashMap<WorkerId, u128>,
}

impl<'p> Analysis<'p> {
  pub fn new(program: &'p Program) -> Self {
    Analysis {
      program,
      symbols: Symbols::default(),
      constants: HashMap::new(),
      functions: HashMap::new(),
      orchestrators: HashMap::new(),
      slots: HashMap::new(),
    }
  }
}

/// What calls of one text came to, by the shapes of their arguments.
#[derive(Debug)]
pub struct Calls<T>(Vec<(Vec<Shape>, T)>);

impl<T> Default for Calls<T> {
  fn default() -> Self {
    Calls(Vec::new())
  }
}

impl<T: Clone> Calls<T> {
  pub fn find(&self, arguments: &[Shape]) -> Option<T> {
    let known = self.0.iter().find(|(known, _)| known == arguments);
    known.map(|(_, came_to)| came_to.clone())
  }

  pub fn keep(&mut self, arguments: Vec<Shape>, came_to: T) {
    self.0.push((arguments, came_to));
  }

  pub fn is_full(&self) -> bool {
    self.0.len() >= MOST_CALLS
  }
}

/// See the module.
#[derive(Debug)]
pub struct Frame<'a, 'p> {
  pub analysis: &'a mut Analysis<'p>,
  pub owner: Owner,
  /// The path of the step at hand, as in a run, with `[]` for any instance.
  pub at: Arc<str>,
  pub locals: HashMap<LocalId, Shape>,
}

/// Parameters as sizes of their own.
pub fn entering(owner: &Owner, params: &[Param]) -> Vec<Shape> {
  let place = |path: &Arc<str>| Place {
    owner: owner.clone(),
    path: path.clone(),
  };
  let params = params.iter();
  params
    .map(|param| Shape::entered(place(&param.name), param.ty.clone()))
    .collect()
}

/// Parameters with what is known of their arguments.
pub fn bound_to(params: &[Param], arguments: Vec<Shape>) -> HashMap<LocalId, Shape> {
  let params = params.iter().zip(arguments);
  params
    .map(|(param, argument)| (param.local, argument.refined(&param.ty)))
    .collect()
}

impl<'p> Frame<'_, 'p> {
  /// Another text with names of its own.
  pub fn inside(&mut self, owner: Owner, at: &str, locals: HashMap<LocalId, Shape>) -> Frame<'_, 'p> {
    Frame {
      analysis: self.analysis,
      owner,
      at: at.into(),
      locals,
    }
  }

  /// Where the step at hand stands.
  pub fn place(&self) -> Place {
    Place {
      owner: self.owner.clone(),
      path: self.at.clone(),
    }
  }

  /// Of what nothing is known but its type: `word` says how the step at hand gets it.
  pub fn fresh(&self, word: &str, ty: &Type) -> Shape {
    Shape::entered(self.place().field(&format!("{word}()")), ty.clone())
  }

  pub fn length(&mut self, expr: &Expr) -> Bound {
    let length = self.shape(expr).length(&mut self.analysis.symbols);
    match expr.ty.as_list().and_then(|list| list.max) {
      Some(most) => length.capped(u128::from(most)),
      None => length,
    }
  }

  /// The static bound of an int: the checker has seen to it that there is one.
  pub fn count(&mut self, expr: &Expr) -> u128 {
    let most = self.shape(expr).most(&mut self.analysis.symbols);
    let written = match expr.ty.resolved() {
      Type::Int(range) => range.max.and_then(|max| u128::try_from(max).ok()),
      _ => None,
    };
    let known = most.and_then(|most| most.most());
    let least = [known, written].into_iter().flatten().min();
    least.unwrap_or(u128::from(u64::MAX))
  }

  /// Milliseconds; `word` names what is not known.
  pub fn duration(&mut self, expr: &Expr, word: &str) -> Bound {
    let shape = self.shape(expr);
    if let Some(most) = shape.most(&mut self.analysis.symbols) {
      return most;
    }
    let unknown = self.fresh(word, &Type::Duration);
    unknown.most(&mut self.analysis.symbols).unwrap_or_default()
  }
}
