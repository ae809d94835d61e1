//! The signature of a pattern: what its parameters and its result are once its type parameters stand for something.

use std::sync::Arc;

use super::{
  super::{
    checker::Checker,
    names::{Body, shadowed},
    symbols::{Space, duplicate},
    type_exprs::BUILTIN,
  },
  Scope, WorkerType,
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::Expr,
  syntax::ast::{self, Name, PatternTemplate, TypeExpr, TypeExprKind},
  types::{IntRange, ListType, Type},
};

/// What a parameter takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Takes {
  Value(Type),
  Worker(WorkerType),
  /// A list whose length is known at check time.
  Workers(WorkerType),
  /// The name of one: only types and `describe` speak of it.
  Pool,
}

impl std::fmt::Display for Takes {
  fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    match self {
      Takes::Value(ty) => write!(f, "{ty}"),
      Takes::Worker(ty) => write!(f, "{ty}"),
      Takes::Workers(ty) => write!(f, "[{ty}]"),
      Takes::Pool => f.write_str("pool"),
    }
  }
}

impl Takes {
  pub fn is_unknown(&self) -> bool {
    match self {
      Takes::Value(ty) => ty.is_unknown(),
      Takes::Worker(ty) | Takes::Workers(ty) => ty.output.is_unknown() || ty.inputs.iter().any(Type::is_unknown),
      Takes::Pool => false,
    }
  }

  /// Names the type parameters in it.
  pub fn variables(&self, name: &mut dyn FnMut(&Arc<str>)) {
    match self {
      Takes::Value(ty) => ty.variables(name),
      Takes::Worker(ty) | Takes::Workers(ty) => {
        ty.inputs.iter().for_each(|input| input.variables(name));
        ty.output.variables(name);
      }
      Takes::Pool => {}
    }
  }
}

/// A pattern's parameters, in order, and its result.
#[derive(Clone, Debug)]
pub struct Signed {
  pub takes: Vec<Takes>,
  pub output: Type,
}

impl Checker<'_> {
  /// Runs `inside` where the names of a pattern stand for what `scope` says.
  pub fn within<T>(&mut self, scope: Scope, inside: impl FnOnce(&mut Self) -> T) -> T {
    let outer = std::mem::replace(&mut self.scope, scope);
    let result = inside(self);
    self.scope = outer;
    result
  }

  /// The signature of a pattern in a scope; what is wrong with it as it is written is said each time.
  pub fn pattern_signature(&mut self, at: usize, scope: &Scope) -> Signed {
    let declared = self.symbols.patterns[at];
    self.within(scope.clone(), |checker| {
      let takes = declared.it.params.iter();
      let takes = takes.map(|param| checker.takes(declared.module, &param.ty)).collect();
      let output = declared.it.output.as_ref();
      let output = output.map_or(Type::Null, |ty| checker.type_of(declared.module, ty));
      Signed { takes, output }
    })
  }

  /// As `signature`, for one call: what is wrong only there is said with the place of the call.
  pub fn signature_for(&mut self, at: usize, scope: &Scope, call: &Name) -> Signed {
    let mark = self.findings.0.len();
    let signed = self.pattern_signature(at, scope);
    let found = self.findings.0.split_off(mark.min(self.findings.0.len()));
    for finding in found {
      if !self.templates[at].said.contains(&(finding.code.name, finding.span())) {
        self.say(finding.label(call.span, format!("in this call of `{}`", call.value)));
      }
    }
    signed
  }

  /// As `signature`, without a word.
  pub fn signature_again(&mut self, at: usize, scope: &Scope) -> Signed {
    let mark = self.findings.0.len();
    let signed = self.pattern_signature(at, scope);
    self.findings.0.truncate(mark);
    signed
  }

  fn takes(&mut self, module: usize, ty: &TypeExpr) -> Takes {
    match &ty.kind {
      _ if self.symbols.takes_pool(module, ty) => Takes::Pool,
      TypeExprKind::Worker { inputs, output } => Takes::Worker(self.worker_type(module, inputs, output.as_deref())),
      TypeExprKind::List { item, refine } => match &item.kind {
        TypeExprKind::Worker { inputs, output } => {
          if let Some(refine) = refine {
            let finding = Diagnostic::new(&codes::BAD_REFINEMENT, "a list of workers takes no refinement")
              .label(refine.span, "refines nothing")
              .help("its length is known where the pattern is called: `len(workers)`");
            self.say(finding);
          }
          Takes::Workers(self.worker_type(module, inputs, output.as_deref()))
        }
        _ => Takes::Value(self.type_of(module, ty)),
      },
      _ => Takes::Value(self.type_of(module, ty)),
    }
  }

  fn worker_type(&mut self, module: usize, inputs: &[TypeExpr], output: Option<&TypeExpr>) -> WorkerType {
    let inputs = inputs.iter().map(|input| self.type_of(module, input)).collect();
    let output = output.map_or(Type::Null, |output| self.type_of(module, output));
    WorkerType { inputs, output }
  }

  /// Says type parameters that can't be, and parameters of one name.
  pub fn check_pattern_names(&mut self, at: usize) {
    let declared = self.symbols.patterns[at];
    let PatternTemplate {
      type_params, params, ..
    } = declared.it;
    for (place, name) in type_params.iter().enumerate() {
      if let Some(first) = type_params[..place].iter().find(|first| first.value == name.value) {
        self.say(duplicate(name, first.span));
      }
      let module = self.symbols.find(declared.module, Space::Type, &name.value);
      let taken = module.map(|entry| entry.span);
      if taken.is_some() || BUILTIN.contains(&name.value.as_str()) {
        let mut finding = Diagnostic::new(&codes::SHADOWED, format!("`{}` hides another type", name.value))
          .label(name.span, "this type parameter")
          .help("give it another name");
        if let Some(span) = taken {
          finding = finding.label(span, "the other one");
        }
        self.say(finding);
      }
    }
    for param in params {
      if self.symbols.takes_pool(declared.module, &param.ty)
        && let Some(taken) = self.symbols.find(declared.module, Space::Pool, &param.name.value)
      {
        self.findings.push(shadowed(&param.name, taken.span));
      }
    }
    for (place, param) in params.iter().enumerate() {
      if let Some(first) = params[..place]
        .iter()
        .find(|first| first.name.value == param.name.value)
      {
        self.say(duplicate(&param.name, first.name.span));
      }
    }
  }

  /// `(..most)` of a parameter; `bound` is its upper end as far as it is known.
  pub fn up_to_param(&mut self, name: &Name, bound: Option<i64>) -> Option<u64> {
    self.read_by_types.insert(name.value.clone());
    if bound.is_none() && !self.scope.open {
      let finding = Diagnostic::new(&codes::UNBOUNDED, format!("`{}` has no upper bound", name.value))
        .label(name.span, "an upper end is needed here")
        .help("call the pattern with a constant, or with an int whose type has an upper end (`int(1..100)`)");
      self.say(finding);
    }
    bound.and_then(|bound| u64::try_from(bound).ok())
  }

  /// The default of a value parameter, which reads constants only.
  pub fn pattern_default(&mut self, at: usize, param: &ast::Param, ty: &Type, scope: &Scope) -> Option<Expr> {
    let module = self.symbols.patterns[at].module;
    let default = param.default.as_ref()?;
    let what = format!("the default of `{}`", param.name.value);
    Some(self.within(scope.clone(), |checker| {
      Body::new(checker, module).check(default, ty, &what)
    }))
  }
}

/// The parameter's type for one call: with the upper ends that its argument is known to have.
pub fn narrowed(declared: &Type, found: &Type) -> Type {
  let least = |a: Option<i64>, b: Option<i64>| a.into_iter().chain(b).min();
  match (declared.resolved(), found.resolved()) {
    (Type::Int(own), Type::Int(given)) => Type::Int(IntRange {
      min: own.min,
      max: least(own.max, given.max),
    }),
    (Type::List(own), Type::List(given)) => Type::List(Arc::new(ListType {
      item: own.item.clone(),
      min: own.min,
      max: own.max.into_iter().chain(given.max).min(),
    })),
    _ => declared.clone(),
  }
}
