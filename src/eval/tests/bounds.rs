//! Whatever is written, evaluation ends, and no value larger than allowed is built.

use proptest::prelude::*;

use super::*;
use crate::{
  hir::{FieldPart, FunctionId, LogicOperator},
  value::LARGEST,
};

const LARGE: &str = "the value would take more than 16 MiB as JSON";

fn int(value: i64) -> Expr {
  lit(Value::Int(value))
}

fn range(end: i64) -> Expr {
  builtin(Builtin::Range, vec![int(end)], None)
}

/// Functions that double what they are given, each through the one before: `2^count` of it.
fn doubling(count: u32, double: impl Fn(Expr) -> Expr) -> (Evaluator, Expr) {
  let call = |id: u32, argument: Expr| {
    expr(ExprKind::Function {
      function: FunctionId(id),
      arguments: vec![argument],
    })
  };
  let mut functions = vec![function("f0", 1, double(local(LocalId(0))))];
  for id in 1..count {
    functions.push(function("f", 1, double(call(id - 1, local(LocalId(0))))));
  }
  let program = Program {
    functions,
    ..Program::default()
  };
  (evaluator(program), call(count - 1, local(X)))
}

fn fails_in(evaluator: &Evaluator, expr: &Expr, x: Value) -> String {
  evaluator.eval(expr, &HashMap::from([(X, x)])).unwrap_err().message
}

#[test]
fn doubling_strings_lists_and_records_ends_before_they_are_large() {
  let add = |x: Expr| binary(Operator::Add, x.clone(), x);
  let (adds, call) = doubling(14, |x| {
    let list = comprehension(x, range(2));
    builtin(Builtin::Join, vec![list, lit(Value::string(""))], None)
  });
  assert_eq!(fails_in(&adds, &call, Value::string("x".repeat(4 << 10))), LARGE);
  let mut text = local(X);
  for _ in 0..8 {
    text = add(text);
  }
  let (plain, _) = doubling(1, |x| x);
  assert_eq!(fails_in(&plain, &text, Value::string("x".repeat(1 << 20))), LARGE);
  let list = Value::list(vec![Value::Bool(true); 1 << 13]).unwrap();
  assert!(fails_in(&plain, &text, list).starts_with("the value would "));
  let (records, call) = doubling(60, |x| expr(ExprKind::Record(vec![FieldPart::Field("a".into(), x)])));
  assert!(records.eval(&call, &HashMap::from([(X, Value::Null)])).is_ok());
  let nested = fails_in(&records, &call, v(json!([[[[[]]]]])));
  assert_eq!(nested, "the value would be nested deeper than 64");
}

#[test]
fn functions_that_multiply_sizes_are_refused_first() {
  use Builtin as B;
  let big = || lit(Value::string("x".repeat(1 << 20)));
  let copies = || comprehension(local(IT), range(100));
  let scope = HashMap::from([(IT, Value::string("x".repeat(1 << 20))), (X, Value::Null)]);
  let cases = [
    builtin(B::Replace, vec![big(), lit(Value::string("x")), big()], None),
    builtin(B::Join, vec![range(1_000), big()], None),
    copies(),
    expr(ExprKind::Text((0..40).map(|_| big()).collect())),
    builtin(B::Json, vec![lit(Value::string("\0".repeat(5 << 20)))], None),
    builtin(B::UrlEncode, vec![lit(Value::string("é".repeat(4 << 20)))], None),
    builtin(B::SortBy, vec![range(1_000), local(X)], Some(LocalId(9))),
  ];
  let evaluator = evaluator(Program::default());
  let large = HashMap::from([
    (IT, Value::string("x".repeat(1 << 20))),
    (X, Value::string("x".repeat(1 << 20))),
  ]);
  for expr in &cases[..6] {
    assert_eq!(evaluator.eval(expr, &scope).unwrap_err().message, LARGE);
  }
  assert_eq!(evaluator.eval(&cases[6], &large).unwrap_err().message, LARGE);
  for count in [1_000_000, i64::MAX] {
    assert_eq!(
      fails(&range(count)),
      "the value would hold more than 1,000,000 elements"
    );
  }
  let span = builtin(B::Range, vec![int(i64::MIN), int(i64::MAX)], None);
  assert_eq!(fails(&span), "the value would hold more than 1,000,000 elements");
  assert_eq!(ok(&builtin(B::Len, vec![range(999_999)], None)), Value::Int(999_999));
}

#[test]
fn steps_are_bounded() {
  let inner = builtin(Builtin::Count, vec![range(100_000), lit(Value::Bool(true))], Some(IT));
  let slow = comprehension(inner, range(100_000));
  assert_eq!(fails(&slow), "the expression takes more than 50,000,000 steps");
  let big = Value::string("x".repeat(8 << 20));
  let search = builtin(Builtin::Contains, vec![lit(big), lit(Value::string("y"))], None);
  assert_eq!(
    fails(&comprehension(search, range(900_000))),
    "the expression takes more than 50,000,000 steps"
  );
  let pattern = builtin(Builtin::String, vec![local(X)], None);
  let patterns = builtin(Builtin::Matches, vec![lit(Value::string("")), pattern], None);
  assert_eq!(
    fails(&comprehension(patterns, range(5_000))),
    "the expression takes more than 50,000,000 steps"
  );
}

#[test]
fn depth_is_bounded() {
  let mut deep = lit(Value::Bool(true));
  for _ in 0..200 {
    deep = expr(ExprKind::Not(deep.into()));
  }
  assert_eq!(ok(&deep), Value::Bool(true));
  let (chain, call) = doubling(1_001, |x| expr(ExprKind::Negate(x.into())));
  assert_eq!(
    fails_in(&chain, &call, Value::Int(1)),
    "functions call each other deeper than 1,000"
  );
  let (chain, call) = doubling(900, |x| {
    let wrap = |x: Expr| expr(ExprKind::Negate(x.into()));
    (0..20).fold(x, |x, _| wrap(x))
  });
  assert_eq!(
    fails_in(&chain, &call, Value::Int(1)),
    "the expression is nested deeper than 10,000"
  );
}

fn any_literal() -> impl Strategy<Value = Expr> {
  prop_oneof![
    Just(Value::Null),
    any::<bool>().prop_map(Value::Bool),
    prop_oneof![any::<i64>(), -3..9_i64].prop_map(Value::Int),
    any::<f64>()
      .prop_filter("finite", |float| float.is_finite())
      .prop_map(Value::Float),
    "[a-zé0-9.\\[(]{0,4}".prop_map(Value::string),
    any::<i64>().prop_map(Value::Duration),
    Just(v(json!([3, 1, 2]))),
    Just(v(json!([["a"], ["b", "a"]]))),
    Just(v(json!([{ "ok": true, "value": 1 }, { "ok": false, "error": {} }]))),
    Just(v(json!({ "b": 1, "a": [2] }))),
    Just(Value::Time(jiff::Timestamp::UNIX_EPOCH)),
  ]
  .prop_map(lit)
}

fn any_operator() -> impl Strategy<Value = Operator> {
  use Operator as O;
  prop::sample::select(vec![
    O::Equal,
    O::NotEqual,
    O::Less,
    O::GreaterOrEqual,
    O::Add,
    O::Subtract,
    O::Multiply,
    O::Divide,
    O::Remainder,
  ])
}

fn any_expr() -> impl Strategy<Value = Expr> {
  let leaf = prop_oneof![4 => any_literal(), 1 => Just(local(X)), 1 => Just(local(IT))];
  leaf.prop_recursive(5, 40, 3, |inner| {
    let boxed = || inner.clone().prop_map(Box::new);
    prop_oneof![
      (any_operator(), inner.clone(), inner.clone()).prop_map(|(operator, a, b)| binary(operator, a, b)),
      (
        prop::sample::select(Builtin::ALL),
        prop::collection::vec(inner.clone(), 0..4),
        prop::option::of(Just(IT))
      )
        .prop_map(|(function, arguments, it)| builtin(function, arguments, it)),
      (boxed(), boxed()).prop_map(|(base, index)| expr(ExprKind::Index { base, index })),
      (inner.clone(), inner.clone()).prop_map(|(body, items)| comprehension(body, items)),
      (boxed(), boxed()).prop_map(|(left, right)| expr(ExprKind::Logic {
        operator: LogicOperator::Coalesce,
        left,
        right
      })),
      prop::collection::vec(inner.clone(), 0..3).prop_map(|parts| expr(ExprKind::Text(parts))),
      boxed().prop_map(|inner| expr(ExprKind::Negate(inner))),
      boxed().prop_map(|inner| typed(ExprKind::Cast(inner), Type::list(Type::int().optional()))),
    ]
  })
}

proptest! {
  #[test]
  fn random_expressions_have_a_bounded_value_or_a_reason(expr in any_expr()) {
    let first = eval(&expr);
    match &first {
      Ok(value) => {
        prop_assert!(value.weight().check().is_ok());
        prop_assert!(value.weight().depth <= LARGEST.depth);
        let written = crate::value::json_text(value);
        prop_assert!(crate::value::parse_json_text(written.as_bytes()).is_ok());
      }
      Err(error) => prop_assert!(!error.message.is_empty() && !error.message.contains('\n')),
    }
    prop_assert_eq!(format!("{:?}", eval(&expr)), format!("{first:?}"));
  }
}
