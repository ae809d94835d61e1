//! Whether budgets can be kept: every worker below one says what it spends at most, and the cheapest success fits.

use std::collections::{BTreeSet, HashMap};

use super::checker::Checker;
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{
    Block, Budget, Expr, ExprKind, Node, NodeKind, OrchestratorId, Program, Step, StepKind, Take, Visit, WorkerId,
  },
  types::Type,
  value::{Dollars, Value},
};

impl Checker<'_> {
  /// Calls form no cycle.
  pub(super) fn check_spending(&mut self) {
    let mut findings = Vec::new();
    let mut cheapest = Cheapest::new(&self.program);
    let mut told: BTreeSet<(WorkerId, &str)> = BTreeSet::new();
    for (id, orchestrator) in self.program.orchestrator_ids() {
      let Some(budget) = &orchestrator.budget else { continue };
      let reached = reached(&self.program, id);
      for (what, bound) in [("cost", &budget.cost), ("tokens", &budget.tokens)] {
        let Some(bound) = bound else { continue };
        let free = reached
          .iter()
          .filter(|worker| !has_ceiling(&self.program, **worker, what));
        let free = free.filter(|worker| told.insert((**worker, what)));
        findings.extend(free.map(|worker| no_ceiling(&self.program, *worker, what, bound)));
      }
      let least = cheapest.block(&orchestrator.body);
      findings.extend(too_small(&orchestrator.name, budget, &least));
    }
    findings.into_iter().for_each(|finding| self.say(finding));
  }
}

/// The workers that a call of the orchestrator may call.
fn reached(program: &Program, id: OrchestratorId) -> BTreeSet<WorkerId> {
  let (mut workers, mut seen, mut left) = (BTreeSet::new(), BTreeSet::from([id]), vec![id]);
  while let Some(id) = left.pop() {
    program.orchestrator(id).body.visit_nodes(&mut |node| match &node.kind {
      NodeKind::Work(call) => _ = workers.insert(call.target),
      NodeKind::Orchestrate(call) if seen.insert(call.target) => left.push(call.target),
      _ => {}
    });
  }
  workers
}

fn has_ceiling(program: &Program, worker: WorkerId, what: &str) -> bool {
  let ceiling = &program.worker(worker).ceiling;
  match what {
    "cost" => ceiling.cost.is_some(),
    _ => ceiling.tokens.is_some(),
  }
}

fn no_ceiling(program: &Program, worker: WorkerId, what: &str, bound: &Expr) -> Diagnostic {
  let worker = program.worker(worker);
  let example = match what {
    "cost" => "cost $0.50",
    _ => "tokens 10k",
  };
  Diagnostic::new(
    &codes::NO_CEILING,
    format!(
      "`{}` does not say what `{what}` one execution needs at most",
      worker.name
    ),
  )
  .label(worker.span, "could spend anything")
  .label(bound.span, "is under this budget")
  .help(format!("give the worker a ceiling: `budget {{ {example} }}`"))
}

/// What every success needs at least; ceilings count once, since a report may give all of them back.
#[derive(Clone, Copy, Default)]
struct Least {
  calls: u64,
  cost: Option<Dollars>,
  tokens: Option<i64>,
}

fn too_small(name: &str, budget: &Budget, least: &Least) -> Option<Diagnostic> {
  let short = |bound: &Expr, needs: String| {
    Diagnostic::new(&codes::BUDGET_TOO_SMALL, format!("the budget of `{name}` is too small"))
      .label(bound.span, needs)
      .help("nothing that needs more is ever started: raise the budget, or let the run do with less")
  };
  if let Some(bound) = &budget.calls
    && most(bound).is_some_and(|most| u64::try_from(most).unwrap_or(0) < least.calls)
  {
    return Some(short(
      bound,
      format!("the cheapest success needs {} calls", least.calls),
    ));
  }
  if let (Some(bound), Some(cost)) = (&budget.cost, least.cost)
    && dollars(bound).is_some_and(|most| most < cost)
  {
    return Some(short(bound, format!("one execution that is needed may cost {cost}")));
  }
  if let (Some(bound), Some(tokens)) = (&budget.tokens, least.tokens)
    && most(bound).is_some_and(|most| most < tokens)
  {
    return Some(short(
      bound,
      format!("one execution that is needed may use {tokens} tokens"),
    ));
  }
  None
}

/// The largest that an int can be, where that is known.
fn most(bound: &Expr) -> Option<i64> {
  match bound.ty.resolved() {
    Type::Int(range) => range.max,
    _ => None,
  }
}

fn dollars(bound: &Expr) -> Option<Dollars> {
  match &bound.kind {
    ExprKind::Literal(Value::Float(dollars)) => Dollars::of(*dollars),
    _ => None,
  }
}

impl Least {
  fn and(self, other: Least) -> Least {
    Least {
      calls: self.calls.saturating_add(other.calls),
      cost: self.cost.max(other.cost),
      tokens: self.tokens.max(other.tokens),
    }
  }

  fn or(self, other: Least) -> Least {
    Least {
      calls: self.calls.min(other.calls),
      cost: self.cost.min(other.cost),
      tokens: self.tokens.min(other.tokens),
    }
  }

  fn times(self, count: u64) -> Least {
    match count {
      0 => Least::default(),
      _ => Least {
        calls: self.calls.saturating_mul(count),
        ..self
      },
    }
  }
}

/// The way of each node that costs least and still succeeds; what takes failures may do without anything.
struct Cheapest<'p> {
  program: &'p Program,
  known: HashMap<OrchestratorId, Least>,
}

impl<'p> Cheapest<'p> {
  fn new(program: &'p Program) -> Self {
    let known = HashMap::new();
    Self { program, known }
  }

  /// Below a `return ... when` nothing is sure.
  fn block(&mut self, block: &Block) -> Least {
    let sure = block
      .steps
      .iter()
      .take_while(|step| !matches!(step.kind, StepKind::ReturnWhen { .. }));
    let mut least = Least::default();
    for step in sure {
      least = least.and(self.step(step));
    }
    least
  }

  fn step(&mut self, step: &Step) -> Least {
    match &step.kind {
      StepKind::Node(node) => self.node(node),
      StepKind::Stage(block) => self.block(block),
      StepKind::Require { .. } | StepKind::ReturnWhen { .. } => Least::default(),
    }
  }

  fn node(&mut self, node: &Node) -> Least {
    match &node.kind {
      NodeKind::Value(_) | NodeKind::Fail(_) | NodeKind::Attempt(_) => Least::default(),
      // a run of its own has a budget of its own; a plan may be empty
      NodeKind::Dispatch(_) | NodeKind::RunPlan(_) => Least::default(),
      NodeKind::Work(call) if call.policies.cache.is_some() => Least::default(),
      NodeKind::Work(call) => self.call(call.target),
      NodeKind::Orchestrate(call) => self.orchestrator(call.target),
      NodeKind::Each(each) if each.stop.is_none() && matches!(each.take, Take::Nothing) => {
        self.node(&each.body).times(shortest(&each.items))
      }
      NodeKind::Each(_) => Least::default(),
      NodeKind::Repeat(repeat) => self.block(&repeat.body),
      NodeKind::If { then, otherwise, .. } => {
        let other = otherwise
          .as_ref()
          .map_or_else(Least::default, |arm| self.node(&arm.node));
        self.node(&then.node).or(other)
      }
      NodeKind::Match { arms, otherwise, .. } => {
        let arms = arms.iter().map(|branch| &branch.arm).chain(otherwise.as_deref());
        let least: Vec<Least> = arms.map(|arm| self.node(&arm.node)).collect();
        least.into_iter().reduce(Least::or).unwrap_or_default()
      }
      NodeKind::Catch { inner, handler, .. } => self.node(inner).or(self.node(&handler.node)),
      NodeKind::Block(block) => self.block(block),
    }
  }

  fn call(&self, id: WorkerId) -> Least {
    let ceiling = &self.program.worker(id).ceiling;
    Least {
      calls: 1,
      cost: ceiling.cost.as_ref().and_then(dollars),
      tokens: ceiling.tokens.as_ref().and_then(|tokens| match tokens.kind {
        ExprKind::Literal(Value::Int(tokens)) => Some(tokens),
        _ => None,
      }),
    }
  }

  fn orchestrator(&mut self, id: OrchestratorId) -> Least {
    if let Some(known) = self.known.get(&id) {
      return *known;
    }
    let program = self.program;
    let least = self.block(&program.orchestrator(id).body);
    self.known.insert(id, least);
    least
  }
}

/// The fewest items that a list can have.
fn shortest(items: &Expr) -> u64 {
  match items.ty.resolved() {
    Type::List(list) => list.min.unwrap_or(0),
    _ => 0,
  }
}
