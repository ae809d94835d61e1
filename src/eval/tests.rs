//! Expressions built by hand, since there is no syntax here: every function and operator with its edges, and the
//! bounds that hold whatever is written.

mod bounds;
mod functions;
mod language;

use std::{collections::HashMap, sync::Arc};

use serde_json::json;

use super::*;
use crate::{
  hir::{Builtin, ExprKind, Function, Operator, Param},
  source::SourceId,
  types::Type,
  value::from_json,
};

const IT: LocalId = LocalId(0);
const X: LocalId = LocalId(1);

fn span() -> Span {
  Span::new(SourceId(0), 0, 0)
}

fn typed(kind: ExprKind, ty: Type) -> Expr {
  Expr { kind, ty, span: span() }
}

fn expr(kind: ExprKind) -> Expr {
  typed(kind, Type::Unknown)
}

fn v(json: serde_json::Value) -> Value {
  from_json(&json).unwrap()
}

fn lit(value: Value) -> Expr {
  expr(ExprKind::Literal(value))
}

fn js(json: serde_json::Value) -> Expr {
  lit(v(json))
}

fn local(id: LocalId) -> Expr {
  expr(ExprKind::Local(id))
}

fn field(base: Expr, name: &str) -> Expr {
  expr(ExprKind::Field {
    base: base.into(),
    name: name.into(),
    optional: false,
  })
}

fn binary(operator: Operator, left: Expr, right: Expr) -> Expr {
  expr(ExprKind::Binary {
    operator,
    left: left.into(),
    right: right.into(),
  })
}

fn builtin(function: Builtin, arguments: Vec<Expr>, it: Option<LocalId>) -> Expr {
  expr(ExprKind::Builtin {
    function,
    arguments,
    it,
  })
}

fn comprehension(body: Expr, items: Expr) -> Expr {
  expr(ExprKind::Comprehension {
    body: body.into(),
    item: X,
    items: items.into(),
    condition: None,
  })
}

fn function(name: &str, params: u32, body: Expr) -> Function {
  let param = |id| Param {
    name: format!("p{id}").into(),
    local: LocalId(id),
    ty: Type::Unknown,
    optional: false,
    default: None,
    span: span(),
  };
  Function {
    name: name.into(),
    params: (0..params).map(param).collect(),
    output: Type::Unknown,
    body,
  }
}

fn evaluator(program: Program) -> Evaluator {
  let run = v(json!({ "id": "r1", "tracker": "t1" }));
  Evaluator::new(Arc::new(program), run).unwrap()
}

fn eval(expr: &Expr) -> Result<Value, EvalError> {
  evaluator(Program::default()).eval(expr, &HashMap::from([(X, Value::Int(7))]))
}

fn ok(expr: &Expr) -> Value {
  eval(expr).unwrap()
}

/// Why there is no value; always of kind `expression`.
fn fails(expr: &Expr) -> String {
  let error = eval(expr).unwrap_err();
  assert_eq!(error.kind, FailureKind::Expression);
  assert!(!error.message.contains('\n'), "{}", error.message);
  error.message
}
