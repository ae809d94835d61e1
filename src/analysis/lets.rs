//! Constants and pure functions, in the order in which they need each other.

use super::{
  checker::{Checker, Replaced, TypedLet},
  cycles::{self, Need},
  names::Body,
  reads::Reads,
  symbols::{Space, Target, number},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{Constant, ConstantId, Expr, ExprKind, Function, FunctionId, Param},
  syntax::ast,
  types::Type,
  value::Value,
};

impl<'a> Checker<'a> {
  pub fn check_lets(&mut self) {
    let count = self.symbols.lets.len();
    let needs = self.let_needs();
    let (order, cycles) = cycles::order(count, &needs);
    for path in &cycles {
      let name = |at: usize| self.symbols.lets[at].it.name.value.clone();
      let finding = cycles::cycle(
        &codes::VALUE_CYCLE,
        "constants and functions may not need themselves",
        path,
        name,
      )
      .help("there is no recursion: `each`, `repeat` and comprehensions go over data");
      self.say(finding);
      path
        .iter()
        .for_each(|need| self.lets[need.from] = Some(TypedLet::Broken));
    }
    for at in order {
      if self.lets[at].is_none() {
        let typed = self.check_let(at);
        self.lets[at] = Some(typed);
      }
    }
  }

  fn let_needs(&self) -> Vec<Need> {
    let mut needs = Vec::new();
    for (from, declared) in self.symbols.lets.iter().enumerate() {
      let (module, value) = self.written(from);
      let mut reads = value.map(Reads::of_expr).unwrap_or_default();
      declared
        .it
        .params
        .iter()
        .flatten()
        .filter_map(|param| param.default.as_ref())
        .for_each(|value| reads.expr(value));
      let names = reads
        .names
        .iter()
        .map(|read| (Space::Value, read.name, read.span, "reads"));
      let calls = reads.calls.iter().map(|call| {
        let name = call.callee;
        (Space::Callable, name.value.as_str(), name.span, "calls")
      });
      let own = |name: &str| {
        declared
          .it
          .params
          .iter()
          .flatten()
          .any(|param| param.name.value == name)
      };
      for (space, name, span, how) in names.chain(calls) {
        if let Some(entry) = self.symbols.find(module, space, name)
          && let [Target::Let(to)] = entry.targets[..]
          && !(space == Space::Value && own(name))
        {
          needs.push(Need { from, to, span, how });
        }
      }
    }
    needs
  }

  /// The expression whose value a constant or function has, with the module whose names it reads; `None` where the
  /// value was given from outside.
  pub(super) fn written(&self, at: usize) -> (usize, Option<&'a ast::Expr>) {
    let declared = self.symbols.lets[at];
    match self.replaced.get(&at) {
      None => (declared.module, Some(&declared.it.value)),
      Some(Replaced::Expr { module, value }) => (*module, Some(value)),
      Some(Replaced::Value(..)) => (declared.module, None),
    }
  }

  /// The value of a constant, where it is not the one written.
  fn replacement(&mut self, at: usize, ty: Option<&Type>) -> Option<Expr> {
    Some(match self.replaced.get(&at)?.clone() {
      Replaced::Expr { module, value } => {
        let mut body = Body::new(self, module);
        match ty {
          Some(ty) => body.check(value, ty, "the replacement"),
          None => body.infer(value),
        }
      }
      Replaced::Value(value, ty) => Expr {
        ty: match &value {
          Value::Int(value) => Type::int_range(*value, *value),
          Value::String(text) => Type::literal(text),
          _ => ty,
        },
        kind: ExprKind::Literal(value),
        span: self.symbols.lets[at].it.value.span,
      },
    })
  }

  fn check_let(&mut self, at: usize) -> TypedLet {
    let declared = self.symbols.lets[at];
    let name = &declared.it.name.value;
    let ty = declared.it.ty.as_ref().map(|ty| self.type_of(declared.module, ty));
    let replacement = self.replacement(at, ty.as_ref());
    let mut body = Body::new(self, declared.module);
    let params = declared.it.params.as_ref().map(|params| body.params(params));
    let what = if params.is_some() {
      format!("the value of `{name}`")
    } else {
      format!("`{name}`")
    };
    let value = match &ty {
      _ if let Some(value) = replacement => value,
      Some(ty) => body.check(&declared.it.value, ty, &what),
      None => body.infer(&declared.it.value),
    };
    let ty = ty.unwrap_or_else(|| value.ty.clone());
    match params {
      None => {
        let id = ConstantId(number(self.program.constants.len()));
        self.program.constants.push(Constant {
          name: name.as_str().into(),
          ty: ty.clone(),
          value,
        });
        TypedLet::Constant { id, ty }
      }
      Some(params) => {
        body.unused_params(declared.it.params.iter().flatten(), &params);
        let id = FunctionId(number(self.program.functions.len()));
        self.program.functions.push(Function {
          name: name.as_str().into(),
          params,
          output: ty,
          body: value,
        });
        TypedLet::Function { id }
      }
    }
  }
}

impl Body<'_, '_> {
  /// Binds parameters; their defaults read constants only.
  pub fn params(&mut self, written: &[ast::Param]) -> Vec<Param> {
    let defaults: Vec<_> = written.iter().map(|param| self.param_default(param)).collect();
    let mut params = Vec::new();
    for (param, (ty, default)) in written.iter().zip(defaults) {
      let local = self.bind(&param.name, ty.clone(), false);
      params.push(Param {
        name: param.name.value.as_str().into(),
        local,
        ty,
        optional: false,
        default,
        span: param.name.span,
      });
    }
    params
  }

  fn param_default(&mut self, param: &ast::Param) -> (Type, Option<crate::hir::Expr>) {
    let ty = self.param_type(&param.ty);
    let what = format!("the default of `{}`", param.name.value);
    let default = param.default.as_ref().map(|default| self.check(default, &ty, &what));
    (ty, default)
  }

  /// Says parameters that nothing reads.
  pub fn unused_params<'p>(&mut self, written: impl Iterator<Item = &'p ast::Param>, params: &[Param]) {
    for (written, param) in written.zip(params) {
      if self.reads.get(&param.local).is_none_or(|count| count.all == 0) && !written.name.value.starts_with('_') {
        let finding = Diagnostic::new(
          &codes::UNUSED,
          format!("nothing reads the parameter `{}`", written.name.value),
        )
        .label(written.name.span, "not used")
        .help("take it away, or begin its name with `_`");
        self.say(finding);
      }
    }
  }
}
