//! A call of a pattern: its type parameters are settled, its arguments compared, and an instance of it called.

use std::{rc::Rc, sync::Arc};

use super::{
  super::{
    calls::{Callee, null},
    expressions::broken,
    names::{Body, shadowed},
    nodes::Made,
    policies::{Spot, WorkerPolicies, written},
    symbols::Space,
  },
  BoundCallable, Callable, Fill, Scope, Template, WorkerType, WorkerValue,
  fit::Fitted,
  instances::Order,
  passed::{Given, Place, Works, counted},
  signature::{Signed, Takes, narrowed},
  solve::{Solved, Solver, widened},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{self, Call, Expr, NodeKind, Policies},
  source::Span,
  syntax::ast::{self, Argument, Name, PatternTemplate},
  types::Type,
};

/// One call of a pattern while it is looked at.
struct Calling<'s> {
  at: usize,
  name: &'s Name,
  pattern: &'s PatternTemplate,
  template: Rc<Template>,
  /// The argument of each parameter; without: its default.
  given: Vec<Option<&'s ast::Expr>>,
  scope: Scope,
  solved: Vec<Solved>,
}

impl Calling<'_> {
  fn place(&self, param: usize) -> Place {
    let name = &self.pattern.params[param].name;
    Place {
      param: name.value.clone(),
      declared: name.span,
      callee: Some(self.name.value.clone()),
    }
  }

  fn what(&self, param: usize) -> String {
    let name = &self.pattern.params[param].name.value;
    format!("the argument `{name}` of `{}`", self.name.value)
  }
}

impl Body<'_, '_> {
  pub fn pattern_call(&mut self, node: &ast::Node, name: &Name, at: usize, arguments: &[Argument]) -> Made {
    let mut policies = WorkerPolicies::default();
    self.apply_policies(written(&node.with), Spot::OrchestratorCall, &mut policies);
    let (kind, ty) = self.pattern_node(node.span, name, at, arguments);
    (kind, ty, policies)
  }

  fn pattern_node(&mut self, span: Span, name: &Name, at: usize, arguments: &[Argument]) -> (NodeKind, Type) {
    let nothing = NodeKind::Fail(broken(span));
    let pattern = self.checker.symbols.patterns[at].it;
    let template = self.checker.templates[at].clone();
    let Some(given) = self.pattern_arguments(name, pattern, &template, arguments) else {
      return (nothing, Type::Unknown);
    };
    let mut calling = Calling {
      at,
      name,
      pattern,
      template,
      given,
      scope: Scope::default(),
      solved: Vec::new(),
    };
    let mark = self.checker.findings.0.len();
    self.pool_arguments(&mut calling);
    let passed = self.passed_arguments(&calling);
    self.settle(&mut calling, &passed);
    let signed = self.checker.signature_again(at, &calling.scope);
    let values = self.value_arguments(&mut calling, &signed);
    let signed = self.checker.signature_for(at, &calling.scope, name);
    let fitted = self.fitted_arguments(&calling, &signed, passed);
    let ty = signed.output.clone();
    let said = self.checker.findings.0[mark..].iter().any(|finding| finding.refuses());
    let open = ty.is_unknown()
      || signed.takes.iter().any(Takes::is_unknown)
      || calling.scope.pools.iter().any(|(_, pool)| pool.is_none());
    let (Some(fitted), false) = (fitted, said || open || self.is_trial() || calling.template.broken) else {
      return (nothing, ty);
    };
    let order = Order {
      at,
      scope: calling.scope,
      values: values.iter().map(|(_, ty)| ty.clone()).collect(),
      signed,
      fitted,
      call: name.span,
    };
    let Some((target, captured)) = self.checker.instance(order) else {
      return (nothing, ty);
    };
    let arguments = values.into_iter().map(|(value, _)| value).chain(captured).collect();
    let call = Call {
      target,
      arguments,
      policies: Policies::default(),
    };
    (NodeKind::Orchestrate(call), ty)
  }

  /// Whether nothing is to be made: the pattern around is looked at by itself, or a loop's body is tried.
  fn is_trial(&self) -> bool {
    self.loops > 0 || self.checker.scope.open || self.checker.circular
  }

  /// The argument of each parameter; nothing where that was not clear, and is said.
  fn pattern_arguments<'s>(
    &mut self,
    name: &Name,
    pattern: &PatternTemplate,
    template: &Template,
    written: &'s [Argument],
  ) -> Option<Vec<Option<&'s ast::Expr>>> {
    let names: Vec<&str> = pattern.params.iter().map(|param| param.name.value.as_str()).collect();
    let placed = self.placed(name, &names, written);
    let missing = pattern.params.iter().zip(&template.signed.takes).zip(&placed.given);
    let missing: Vec<(String, Span)> = missing
      .filter(|((param, _), given)| given.is_none() && param.default.is_none())
      .map(|((param, takes), _)| (format!("`{}: {takes}`", param.name.value), param.name.span))
      .collect();
    self.missing(name, &missing, placed.misplaced);
    if missing.is_empty() && !placed.misplaced {
      return Some(placed.given);
    }
    placed.given.into_iter().flatten().for_each(|value| self.stray(value));
    None
  }

  /// Notes in the scope what each pool parameter stands for.
  fn pool_arguments(&mut self, calling: &mut Calling<'_>) {
    let takes = calling.template.signed.takes.iter().zip(&calling.pattern.params);
    for ((takes, param), given) in takes.zip(&calling.given) {
      if *takes != Takes::Pool {
        continue;
      }
      let pool = match (given, &param.default) {
        (Some(given), _) => {
          let scope = self.checker.scope.clone();
          self.checker.pool_given(self.module, given, scope)
        }
        (None, Some(default)) => {
          let module = self.checker.symbols.patterns[calling.at].module;
          self.checker.pool_given(module, default, Scope::default())
        }
        (None, None) => None,
      };
      calling.scope.pools.push((param.name.value.as_str().into(), pool));
    }
  }

  /// What stands for workers, of each parameter.
  fn passed_arguments(&mut self, calling: &Calling<'_>) -> Vec<Option<Given>> {
    let module = self.checker.symbols.patterns[calling.at].module;
    let takes = calling.template.signed.takes.iter().enumerate();
    let passed = takes.map(|(param, takes)| {
      if let Takes::Value(_) | Takes::Pool = takes {
        return None;
      }
      let place = calling.place(param);
      match (calling.given[param], &calling.pattern.params[param].default) {
        (Some(given), _) => Some(self.passed(given, takes, &place)),
        (None, Some(default)) => {
          let scope = Scope::default();
          let passed = |checker: &mut _| Body::new(checker, module).passed(default, takes, &place);
          Some(self.checker.within(scope, passed))
        }
        (None, None) => None,
      }
    });
    passed.collect()
  }

  /// Settles the type parameters: by values, by what workers give, by what they take.
  fn settle(&mut self, calling: &mut Calling<'_>, passed: &[Option<Given>]) {
    let mut solver = Solver::new(&calling.pattern.type_params);
    for (param, takes) in calling.template.signed.takes.iter().enumerate() {
      if let (Takes::Value(place), Some(given)) = (takes, calling.given[param])
        && place.has_variables()
      {
        let found = self.quietly(|body| body.infer(given));
        let name = &calling.pattern.params[param].name.value;
        solver.goes_in(place, &widened(&found), given.span, &format!("the argument `{name}`"));
      }
    }
    let workers = || calling.template.signed.takes.iter().zip(passed);
    for (takes, given) in workers() {
      for (ty, worker) in members(takes, given.as_ref()) {
        let what = format!("what `{}` gives", worker.shown);
        solver.goes_in(&ty.output, &worker.output, worker.span, &what);
      }
    }
    for (takes, given) in workers() {
      for (ty, worker) in members(takes, given.as_ref()) {
        for (place, input) in ty.inputs.iter().zip(&worker.inputs) {
          let what = format!("what `{}` takes", worker.shown);
          solver.comes_out(place, &input.ty, worker.span, &what);
        }
      }
    }
    let hidden = passed.iter().any(|given| matches!(given, Some(Given::Broken)));
    let (solved, said) = solver.solve(calling.name);
    // What an argument that was refused would have said is not known.
    said
      .into_iter()
      .filter(|_| !hidden)
      .for_each(|finding| self.say(finding));
    calling.scope.types = solved
      .iter()
      .map(|solved| (solved.name.clone(), solved.ty.clone()))
      .collect();
    calling.solved = solved;
  }

  /// What `inside` would find, without a word and without a trace.
  fn quietly<T>(&mut self, inside: impl FnOnce(&mut Self) -> T) -> T {
    let mark = self.checker.findings.0.len();
    let reads = self.reads.clone();
    let result = inside(self);
    self.reads = reads;
    self.checker.findings.0.truncate(mark);
    result
  }

  /// The values, each with the type that its parameter has in this call; notes upper ends in the scope.
  fn value_arguments(&mut self, calling: &mut Calling<'_>, signed: &Signed) -> Vec<(Expr, Type)> {
    let mut values = Vec::new();
    for (param, takes) in signed.takes.iter().enumerate() {
      let Takes::Value(ty) = takes else { continue };
      let written = &calling.pattern.params[param];
      let value = match calling.given[param] {
        Some(given) => self.check(given, ty, &calling.what(param)),
        None => {
          let default = self.checker.pattern_default(calling.at, written, ty, &calling.scope);
          default.unwrap_or_else(|| broken(calling.name.span))
        }
      };
      let ty = narrowed(ty, &value.ty);
      if let Type::Int(range) = ty.resolved() {
        let name: Arc<str> = written.name.value.as_str().into();
        calling.scope.bounds.push((name, range.max));
      }
      values.push((value, ty));
    }
    values
  }

  /// What each worker parameter stands for; nothing where one does not fit or is not known.
  fn fitted_arguments(
    &mut self,
    calling: &Calling<'_>,
    signed: &Signed,
    passed: Vec<Option<Given>>,
  ) -> Option<Vec<Fitted>> {
    let mut fitted = Some(Vec::new());
    for (param, given) in passed.into_iter().enumerate() {
      let Some(given) = given else { continue };
      let place = calling.place(param);
      let fits = self.fits(given, &signed.takes[param], &place, &calling.solved);
      match (&mut fitted, fits) {
        (Some(all), Some(fits)) => all.push(fits),
        (fitted, None) => *fitted = None,
        (None, _) => {}
      }
    }
    fitted
  }

  /// Binds a parameter that stands for workers.
  pub fn bind_callable(&mut self, name: &Name, callable: Callable) {
    let module = self.checker.symbols.find(self.module, Space::Callable, &name.value);
    let module = module.map(|entry| entry.span);
    let taken = self.callable(&name.value).map(|bound| bound.span).or(module);
    if let Some(taken) = taken {
      self.say(shadowed(name, taken));
    } else if hir::Builtin::find(&name.value).is_some() {
      let message = format!("`{}` is a function of the language", name.value);
      let finding = Diagnostic::new(&codes::SHADOWED, message).label(name.span, "would hide it");
      self.say(finding.help("give it another name"));
    }
    let span = name.span;
    self.put_callable(&name.value, BoundCallable { callable, span });
  }

  /// A call of a worker parameter.
  pub fn callable_call(&mut self, node: &ast::Node, name: &Name, callable: &Callable, arguments: &[Argument]) -> Made {
    let (ty, value) = match callable {
      Callable::One(ty, value) => (ty.clone(), value.clone()),
      Callable::Many(..) => {
        self.list_called(name);
        arguments.iter().for_each(|argument| drop(self.infer(&argument.value)));
        return (
          NodeKind::Fail(broken(node.span)),
          Type::Unknown,
          WorkerPolicies::default(),
        );
      }
    };
    let given = self.callable_arguments(name, &ty, arguments);
    let (Some(value), Some(given)) = (value, given) else {
      let mut policies = WorkerPolicies::default();
      self.apply_policies(written(&node.with), Spot::WorkerCall, &mut policies);
      return (NodeKind::Fail(broken(node.span)), ty.output.clone(), policies);
    };
    self.value_call(node, &value, &given, &ty)
  }

  pub fn list_called(&mut self, name: &Name) {
    let message = format!("`{}` is a list of workers, not one", name.value);
    let finding = Diagnostic::new(&codes::WRONG_KIND, message).label(name.span, "called here");
    self.say(finding.help(format!("take them one by one: `each w in {} => w(...)`", name.value)));
  }

  fn callable_arguments(&mut self, name: &Name, ty: &WorkerType, written: &[Argument]) -> Option<Vec<Expr>> {
    if let Some(label) = written.iter().find_map(|argument| argument.label.as_ref()) {
      let message = format!("the worker parameter `{}` takes its arguments by position", name.value);
      let finding = Diagnostic::new(&codes::BAD_ARGUMENTS, message).label(label.span, "no names here");
      self.say(finding.help("each worker that stands for it has names of its own"));
    } else if written.len() != ty.inputs.len() {
      let takes = counted(ty.inputs.len(), "argument");
      let message = format!("`{}` takes {takes}, and is called with {}", name.value, written.len());
      self.say(Diagnostic::new(&codes::BAD_ARGUMENTS, message).label(name.span, format!("this is `{ty}`")));
    } else {
      let what = |at: usize| match ty.inputs.len() {
        1 => format!("the argument of `{}`", name.value),
        _ => format!("argument {} of `{}`", at + 1, name.value),
      };
      let given = written.iter().zip(&ty.inputs).enumerate();
      return Some(
        given
          .map(|(at, (argument, ty))| self.check(&argument.value, ty, &what(at)))
          .collect(),
      );
    }
    written.iter().for_each(|argument| drop(self.infer(&argument.value)));
    None
  }

  /// The call that a worker value stands for; what it gives is what the pattern says of it.
  fn value_call(&mut self, node: &ast::Node, value: &WorkerValue, given: &[Expr], ty: &WorkerType) -> Made {
    let program = &self.checker.program;
    let (name, params) = match value.works {
      Works::Worker(id) => (&program.worker(id).name, &program.worker(id).params),
      Works::Orchestrator(id) => (&program.orchestrator(id).name, &program.orchestrator(id).params),
    };
    let name = Name::new(name.to_string(), value.span);
    let fills = params.iter().zip(&value.fills);
    let arguments = fills.map(|(param, fill)| match fill {
      Fill::Hole(at) => given.get(*at).cloned(),
      Fill::Captured(value, _) => Some((**value).clone()),
      Fill::Default => param.default.clone(),
    });
    let arguments: Vec<Option<Expr>> = arguments.collect();
    let null = null(node.span);
    let arguments = arguments
      .into_iter()
      .map(|value| value.unwrap_or_else(|| null.clone()))
      .collect();
    let callee = match value.works {
      Works::Worker(id) => Callee::Worker(id),
      Works::Orchestrator(id) => Callee::Orchestrator(id),
    };
    let (kind, _, policies) = self.call_of(node, &name, callee, arguments, value.span);
    (kind, ty.output.clone(), policies)
  }
}

/// The workers of one parameter, each with what the pattern says of it.
fn members<'t>(
  takes: &'t Takes,
  given: Option<&'t Given>,
) -> impl Iterator<Item = (&'t WorkerType, &'t super::passed::Passed)> {
  let ty = match takes {
    Takes::Worker(ty) | Takes::Workers(ty) => Some(ty),
    Takes::Value(_) | Takes::Pool => None,
  };
  let members = given.map_or(&[][..], Given::members);
  ty.into_iter()
    .flat_map(move |ty| members.iter().map(move |member| (ty, member)))
}
