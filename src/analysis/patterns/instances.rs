//! Instances of patterns: each distinct way of calling one becomes an orchestrator of its own, made once.

use std::{collections::HashMap, rc::Rc, sync::Arc};

use super::{
  super::{blocks::End, checker::Checker, names::Body, symbols::number},
  Callable, Fill, Scope, WorkerValue,
  fit::Fitted,
  signature::{Signed, Takes},
  sizes::{MOST_NODES, nodes},
};
use crate::{
  diagnostics::{Code, Diagnostic, codes},
  hir::{self, Block, Expr, ExprKind, ModuleId, OrchestratorId, Param, PoolId},
  source::Span,
  types::{Field, RecordType, Type},
};

/// Labels that a finding gathers from several calls.
const MOST_LABELS: usize = 8;

/// Said of a pattern by itself, if at all: in one call an arm may well be dead, and a name unread.
const BY_ITSELF: [&Code; 5] = [
  &codes::UNUSED,
  &codes::UNUSED_STEP,
  &codes::IGNORED_FAILURES,
  &codes::NEEDLESS_AFTER,
  &codes::UNREACHABLE,
];

/// What one call of a pattern asks for.
pub struct Order {
  pub at: usize,
  pub scope: Scope,
  /// The types of its values in this call, in order.
  pub values: Vec<Type>,
  pub signed: Signed,
  /// What its worker parameters stand for, in order.
  pub fitted: Vec<Fitted>,
  pub call: Span,
}

impl Order {
  /// Equal for orders of one instance.
  fn alike(&self) -> (usize, String) {
    let types = self.scope.types.iter().map(|(_, ty)| ty).chain(&self.values);
    let types: Vec<String> = types.map(|ty| ty.resolved().to_string()).collect();
    (self.at, types.join(", "))
  }
}

struct Instance {
  at: usize,
  types: Vec<Type>,
  pools: Vec<(Arc<str>, Option<PoolId>)>,
  values: Vec<Type>,
  fitted: Vec<Fitted>,
  id: OrchestratorId,
  /// What is wrong with it, to be said at each call.
  findings: Vec<Diagnostic>,
}

impl Instance {
  fn is_for(&self, order: &Order) -> bool {
    let types = order.scope.types.iter().map(|(_, ty)| ty);
    self.at == order.at
      && self.pools == order.scope.pools
      && self.values == order.values
      && self.types.iter().eq(types)
      && self
        .fitted
        .iter()
        .zip(&order.fitted)
        .all(|(own, other)| own.same(other))
  }
}

/// All instances so far.
#[derive(Default)]
pub struct Instances {
  made: Vec<Instance>,
  /// Places in `made`, by what is quick to compare.
  alike: HashMap<(usize, String), Vec<usize>>,
  /// The calls that lead from the orchestrator at hand to where instances are made.
  pub path: Vec<(Arc<str>, Span)>,
  /// Nodes of the instances that the orchestrator at hand made.
  nodes: u64,
  /// Nothing more is made: it was said that it is too much.
  pub full: bool,
}

impl Checker<'_> {
  /// The instance for a call, and the values that its workers captured: they come behind the other arguments.
  pub fn instance(&mut self, order: Order) -> Option<(OrchestratorId, Vec<Expr>)> {
    let captured = captured(&order.fitted);
    let call = order.call;
    let name = &self.symbols.patterns[order.at].it.name.value;
    let place = format!("in this call of `{name}`");
    let alike = order.alike();
    let known = self.instances.alike.get(&alike);
    let known = known.and_then(|all| all.iter().copied().find(|at| self.instances.made[*at].is_for(&order)));
    let at = match known {
      Some(at) => at,
      None => {
        let at = self.make_instance(order)?;
        self.instances.alike.entry(alike).or_default().push(at);
        at
      }
    };
    let instance = &self.instances.made[at];
    let id = instance.id;
    for mut finding in instance.findings.clone() {
      // That one has the whole path already.
      if finding.code != &codes::TOO_WIDE {
        finding = finding.label(call, &*place);
      }
      self.allows.lift_at(&mut finding, call);
      self.say(finding);
    }
    Some((id, captured))
  }

  fn make_instance(&mut self, order: Order) -> Option<usize> {
    let declared = self.symbols.patterns[order.at];
    let name: Arc<str> = declared.it.name.value.as_str().into();
    self.instances.path.push((name.clone(), order.call));
    if self.instances.nodes > MOST_NODES {
      self.too_many_nodes();
    }
    if self.instances.full {
      self.instances.path.pop();
      return None;
    }
    let id = OrchestratorId(number(self.program.orchestrators.len()));
    self.program.orchestrators.push(hir::Orchestrator {
      name,
      module: ModuleId(number(declared.module)),
      doc: declared.item.doc.clone(),
      span: declared.it.name.span,
      contract: None,
      params: Vec::new(),
      input: Type::Unknown,
      output: order.signed.output.clone(),
      on_failure: None,
      overlap: None,
      body: Block {
        steps: Vec::new(),
        result: None,
        span: declared.it.body.span,
      },
      pattern: true,
    });
    let mark = self.findings.0.len();
    let (params, body) = self.instance_body(&order);
    self.instances.path.pop();
    let mut findings = self.findings.0.split_off(mark.min(self.findings.0.len()));
    let said = &self.templates[order.at].said;
    findings
      .retain(|finding| !BY_ITSELF.contains(&finding.code) && !said.contains(&(finding.code.name, finding.span())));
    self.instances.nodes += nodes(&body);
    let instance = &mut self.program.orchestrators[id.0 as usize];
    instance.input = message(&params);
    instance.params = params;
    instance.body = body;
    self.instances.made.push(Instance {
      at: order.at,
      types: order.scope.types.into_iter().map(|(_, ty)| ty).collect(),
      pools: order.scope.pools,
      values: order.values,
      fitted: order.fitted,
      id,
      findings,
    });
    Some(self.instances.made.len() - 1)
  }

  fn instance_body(&mut self, order: &Order) -> (Vec<Param>, Block) {
    let declared = self.symbols.patterns[order.at];
    self.within(order.scope.clone(), |checker| {
      let mut body = Body::new(checker, declared.module);
      let params = body.instance_params(order);
      let what = format!("the result of `{}`", declared.it.name.value);
      let end = End::Return {
        expected: &order.signed.output,
        what: &what,
      };
      let (block, _) = body.block(&declared.it.body, end);
      (params, block)
    })
  }

  /// Begins to count anew.
  pub fn enter_orchestrator(&mut self, at: usize) {
    let declared = self.symbols.orchestrators[at].it;
    self.instances.nodes = 0;
    self.instances.path = vec![(declared.name.value.as_str().into(), declared.name.span)];
  }
}

impl Body<'_, '_> {
  /// Binds the parameters of an instance: its values, then what its workers captured.
  fn instance_params(&mut self, order: &Order) -> Vec<Param> {
    let written = &self.checker.symbols.patterns[order.at].it.params;
    let (mut values, mut fitted) = (order.values.iter(), order.fitted.iter());
    let (mut params, mut hidden) = (Vec::new(), Vec::new());
    for (param, takes) in written.iter().zip(&order.signed.takes) {
      match takes {
        Takes::Value(_) => {
          let ty = values.next().cloned().unwrap_or(Type::Unknown);
          params.push(self.value_param(&param.name, ty));
        }
        Takes::Worker(ty) | Takes::Workers(ty) => {
          let ty = Rc::new(ty.clone());
          let callable = match fitted.next() {
            Some(Fitted::One(value)) => {
              Callable::One(ty, Some(Rc::new(self.held(value, &param.name.value, &mut hidden))))
            }
            Some(Fitted::Many(values)) => {
              let held = values
                .iter()
                .map(|value| self.held(value, &param.name.value, &mut hidden));
              Callable::Many(ty, Some(held.collect()))
            }
            None => Callable::One(ty, None),
          };
          self.bind_callable(&param.name, callable);
        }
        Takes::Pool => {}
      }
    }
    params.append(&mut hidden);
    params
  }

  /// The worker value as the instance holds it: what it captured are parameters that have no name to be read by.
  fn held(&mut self, value: &WorkerValue, param: &str, hidden: &mut Vec<Param>) -> WorkerValue {
    let mut held = value.clone();
    for fill in &mut held.fills {
      let Fill::Captured(captured, ty) = fill else { continue };
      let local = self.fresh();
      captured.kind = ExprKind::Local(local);
      captured.ty = ty.clone();
      hidden.push(Param {
        name: format!("{param}.{}", hidden.len() + 1).into(),
        local,
        ty: ty.clone(),
        optional: false,
        default: None,
        span: captured.span,
      });
    }
    held
  }
}

/// What the workers captured, in the order of the hidden parameters.
fn captured(fitted: &[Fitted]) -> Vec<Expr> {
  let fills = fitted.iter().flat_map(Fitted::members).flat_map(|value| &value.fills);
  let captured = fills.filter_map(|fill| match fill {
    Fill::Captured(value, _) => Some((**value).clone()),
    _ => None,
  });
  captured.collect()
}

/// The record of the parameters.
fn message(params: &[Param]) -> Type {
  let field = |param: &Param| {
    let ty = param.ty.clone();
    (param.name.clone(), Field { ty, optional: false })
  };
  let fields = params.iter().map(field).collect();
  Type::Record(Arc::new(RecordType { fields, open: false }))
}

/// One finding for what several instances and calls say alike, with the places of all.
pub fn merged(findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
  let mut places: HashMap<(&'static str, String, Option<Span>), usize> = HashMap::new();
  let mut merged: Vec<Diagnostic> = Vec::new();
  for finding in findings {
    let key = (finding.code.name, finding.message.clone(), finding.span());
    match places.get(&key) {
      None => {
        places.insert(key, merged.len());
        merged.push(finding);
      }
      Some(at) => {
        let labels = &mut merged[*at].labels;
        for label in finding.labels {
          if !labels.contains(&label) && labels.len() < MOST_LABELS {
            labels.push(label);
          }
        }
      }
    }
  }
  merged
}
