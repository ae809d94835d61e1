//! Operators, names, branches and casts.

use super::*;
use crate::hir::{Constant, ConstantId, ElementPart, FieldPart, FunctionId, Literal, LogicOperator};

fn on(operator: Operator, a: Value, b: Value) -> Expr {
  binary(operator, lit(a), lit(b))
}

fn time(text: &str) -> Value {
  Value::Time(text.parse().unwrap())
}

#[test]
fn operators_on_what_they_take() {
  use Operator as O;
  use Value::{Bool, Duration, Float, Int};
  let text = Value::string;
  let cases = [
    (O::Add, Int(1), Int(2), Int(3)),
    (O::Add, Float(0.5), Int(2), Float(2.5)),
    (O::Add, text("a"), text("é"), text("aé")),
    (O::Add, v(json!([1])), v(json!(["a"])), v(json!([1, "a"]))),
    (
      O::Add,
      time("2024-01-01T00:00:00Z"),
      Duration(1_000),
      time("2024-01-01T00:00:01Z"),
    ),
    (O::Add, Duration(1), Duration(2), Duration(3)),
    (
      O::Subtract,
      time("2024-01-01T00:00:01Z"),
      time("2024-01-01T00:00:00.5Z"),
      Duration(500),
    ),
    (
      O::Subtract,
      time("2024-01-01T00:00:01Z"),
      Duration(1_000),
      time("2024-01-01T00:00:00Z"),
    ),
    (O::Multiply, Int(3), Duration(10), Duration(30)),
    (O::Divide, Int(1), Int(2), Float(0.5)),
    (O::Divide, Int(4), Int(2), Float(2.0)),
    (O::Divide, Duration(7), Int(2), Duration(3)),
    (O::Divide, Duration(7), Duration(2), Float(3.5)),
    (O::Remainder, Int(-7), Int(2), Int(-1)),
    (O::Remainder, Int(i64::MIN), Int(-1), Int(0)),
    (O::Less, text("a"), text("b"), Bool(true)),
    (O::GreaterOrEqual, Int(i64::MAX), Float(9.3e18), Bool(false)),
    (O::LessOrEqual, Duration(1), Duration(1), Bool(true)),
    (
      O::Greater,
      time("2024-01-01T00:00:01Z"),
      time("2024-01-01T00:00:00Z"),
      Bool(true),
    ),
    (O::Equal, Int(1), Float(1.0), Bool(true)),
    (
      O::Equal,
      v(json!({ "a": [1] })),
      v(json!({ "b": null, "a": [1.0] })),
      Bool(true),
    ),
    (O::NotEqual, v(json!([1, 2])), v(json!([2, 1])), Bool(true)),
    (O::Equal, Value::Null, Int(0), Bool(false)),
  ];
  for (operator, a, b, expected) in cases {
    assert_eq!(
      ok(&on(operator, a.clone(), b.clone())),
      expected,
      "{a:?} {operator:?} {b:?}"
    );
  }
}

#[test]
fn operators_without_a_result_say_why() {
  use Operator as O;
  use Value::{Duration, Float, Int};
  let beyond = |symbol: &str| format!("the result of `{symbol}` does not fit 64 bits");
  let zero = || "division by zero".to_owned();
  let cases = [
    (O::Add, Int(i64::MAX), Int(1), beyond("+")),
    (O::Subtract, Int(i64::MIN), Int(1), beyond("-")),
    (O::Multiply, Int(i64::MAX), Int(2), beyond("*")),
    (O::Multiply, Duration(i64::MAX), Int(2), beyond("*")),
    (O::Divide, Duration(i64::MIN), Int(-1), beyond("/")),
    (O::Divide, Int(1), Int(0), zero()),
    (O::Divide, Float(1.0), Float(-0.0), zero()),
    (O::Divide, Duration(1), Int(0), zero()),
    (O::Divide, Duration(1), Duration(0), zero()),
    (O::Remainder, Int(1), Int(0), zero()),
    (
      O::Multiply,
      Float(1e308),
      Float(10.0),
      "the number is beyond what a float holds".into(),
    ),
    (
      O::Add,
      Value::Time(jiff::Timestamp::MAX),
      Duration(1),
      "the time is outside the years -9999 to 9999".into(),
    ),
    (O::Add, Value::Null, Int(1), "`+` does not take null and an int".into()),
    (O::Less, Value::Null, Int(1), "`<` does not take null and an int".into()),
    (
      O::Less,
      Int(1),
      Value::string("a"),
      "`<` does not take an int and a string".into(),
    ),
  ];
  for (operator, a, b, reason) in cases {
    assert_eq!(
      fails(&on(operator, a.clone(), b.clone())),
      reason,
      "{a:?} {operator:?} {b:?}"
    );
  }
  let negate = |value| expr(ExprKind::Negate(lit(value).into()));
  assert_eq!(fails(&negate(Int(i64::MIN))), beyond("-"));
  assert_eq!(ok(&negate(Duration(5))), Duration(-5));
}

#[test]
fn fields_and_indexes() {
  let index = |base: serde_json::Value, at: serde_json::Value| {
    expr(ExprKind::Index {
      base: js(base).into(),
      index: js(at).into(),
    })
  };
  assert_eq!(ok(&index(json!([1, 2]), json!(1))), Value::Int(2));
  assert_eq!(
    fails(&index(json!([1]), json!(1))),
    "the index 1 is out of range: the list has 1 item"
  );
  assert_eq!(
    fails(&index(json!([]), json!(-1))),
    "the index -1 is out of range: the list has 0 items"
  );
  assert_eq!(ok(&index(json!({ "a": 1 }), json!("b"))), Value::Null);
  assert_eq!(ok(&field(js(json!({})), "b")), Value::Null);
  assert_eq!(fails(&field(js(json!(null)), "b")), "there is no field `b` in null");
  let optional = expr(ExprKind::Field {
    base: js(json!(null)).into(),
    name: "b".into(),
    optional: true,
  });
  assert_eq!(ok(&optional), Value::Null);
}

#[test]
fn logic_evaluates_its_right_side_only_if_needed() {
  let broken = || on(Operator::Divide, Value::Int(1), Value::Int(0));
  let logic = |operator, left: Value, right: Expr| {
    expr(ExprKind::Logic {
      operator,
      left: lit(left).into(),
      right: right.into(),
    })
  };
  let (yes, no) = (Value::Bool(true), Value::Bool(false));
  assert_eq!(ok(&logic(LogicOperator::And, no.clone(), broken())), no);
  assert_eq!(ok(&logic(LogicOperator::Or, yes.clone(), broken())), yes);
  assert_eq!(ok(&logic(LogicOperator::Coalesce, no.clone(), broken())), no);
  assert_eq!(ok(&logic(LogicOperator::Coalesce, Value::Null, lit(yes.clone()))), yes);
  assert_eq!(
    fails(&logic(LogicOperator::And, yes.clone(), broken())),
    "division by zero"
  );
  assert_eq!(ok(&logic(LogicOperator::And, yes, lit(no.clone()))), no);
}

#[test]
fn records_and_lists_with_spreads() {
  let parts = vec![
    FieldPart::Field("a".into(), js(json!(1))),
    FieldPart::Spread(js(json!({ "b": 2, "a": 3 }))),
    FieldPart::Field("b".into(), js(json!(4))),
  ];
  let record = ok(&expr(ExprKind::Record(parts.clone())));
  assert_eq!(crate::value::json_text(&record), r#"{"a":3,"b":4}"#);
  let reversed = vec![parts[2].clone(), parts[0].clone()];
  let map = typed(ExprKind::Record(reversed), Type::map(Type::int()));
  assert_eq!(crate::value::json_text(&ok(&map)), r#"{"a":1,"b":4}"#);
  let list = vec![ElementPart::Spread(js(json!([1, 2]))), ElementPart::Item(js(json!(3)))];
  assert_eq!(ok(&expr(ExprKind::List(list))), v(json!([1, 2, 3])));
  let wrong = vec![ElementPart::Spread(js(json!(1)))];
  assert_eq!(fails(&expr(ExprKind::List(wrong))), "expected a list, found an int");
}

#[test]
fn texts_take_scalars() {
  let parts = vec![js(json!("n=")), js(json!(1.5)), lit(Value::Duration(90_000))];
  assert_eq!(ok(&expr(ExprKind::Text(parts))), Value::string("n=1.51m30s"));
  assert_eq!(
    fails(&expr(ExprKind::Text(vec![js(json!([]))]))),
    "a text takes scalars, found a list"
  );
}

#[test]
fn branches_and_matches() {
  let branch = |condition: bool| {
    expr(ExprKind::If {
      condition: lit(Value::Bool(condition)).into(),
      then: js(json!(1)).into(),
      otherwise: None,
    })
  };
  assert_eq!((ok(&branch(true)), ok(&branch(false))), (Value::Int(1), Value::Null));
  let choose = |subject: serde_json::Value, otherwise: Option<Expr>| {
    let arms = vec![
      (vec![Literal::String("a".into()), Literal::Null], js(json!(1))),
      (vec![Literal::Int(2), Literal::Bool(true)], js(json!(2))),
    ];
    expr(ExprKind::Match {
      subject: js(subject).into(),
      arms,
      otherwise: otherwise.map(Box::new),
    })
  };
  assert_eq!(ok(&choose(json!(null), None)), Value::Int(1));
  assert_eq!(ok(&choose(json!(true), None)), Value::Int(2));
  assert_eq!(ok(&choose(json!("z"), Some(js(json!(3))))), Value::Int(3));
  assert_eq!(fails(&choose(json!("z"), None)), "no arm takes `\"z\"`");
}

#[test]
fn comprehensions_filter_and_see_what_is_around() {
  let sum = binary(Operator::Add, local(X), local(IT));
  let mut list = comprehension(sum, js(json!([1, 2, 3])));
  if let ExprKind::Comprehension { condition, .. } = &mut list.kind {
    *condition = Some(binary(Operator::NotEqual, local(X), lit(Value::Int(2))).into());
  }
  let scope = HashMap::from([(IT, Value::Int(10))]);
  let found = evaluator(Program::default()).eval(&list, &scope).unwrap();
  assert_eq!(found, v(json!([11, 13])));
  assert_eq!(fails(&local(LocalId(99))), "the name has no value here");
}

#[test]
fn a_cast_is_checked_and_names_the_place() {
  let cast = |value: serde_json::Value| {
    let ty = Type::list(Type::record([("n", Type::int_range(0, 5))]));
    typed(ExprKind::Cast(js(value).into()), ty)
  };
  assert_eq!(ok(&cast(json!([{ "n": 1.0 }]))), v(json!([{ "n": 1 }])));
  let error = eval(&cast(json!([{ "n": 1 }, { "n": 9 }]))).unwrap_err();
  assert_eq!(error.kind, FailureKind::Contract);
  assert_eq!(error.at.as_deref(), Some("$[1].n"));
  assert_eq!(
    error.message,
    "in this program, `as` at `$[1].n`: expected `int(0..5)`, found `9`"
  );
}

#[test]
fn constants_and_functions() {
  let constant = |value| Constant {
    name: "c".into(),
    ty: Type::Unknown,
    value,
  };
  let call = |id, arguments| {
    expr(ExprKind::Function {
      function: FunctionId(id),
      arguments,
    })
  };
  let second = binary(
    Operator::Add,
    expr(ExprKind::Constant(ConstantId(0))),
    lit(Value::Int(1)),
  );
  // Functions see their parameters and nothing of their caller's.
  let double = function("double", 1, binary(Operator::Add, local(LocalId(0)), local(LocalId(0))));
  let leaky = function("leaky", 1, local(X));
  let program = Program {
    constants: vec![constant(lit(Value::Int(41))), constant(second)],
    functions: vec![double, leaky],
    ..Program::default()
  };
  let evaluator = evaluator(program);
  let scope = HashMap::from([(X, Value::Int(5))]);
  let both = binary(
    Operator::Add,
    expr(ExprKind::Constant(ConstantId(1))),
    call(0, vec![local(X)]),
  );
  assert_eq!(evaluator.eval(&both, &scope), Ok(Value::Int(52)));
  let error = evaluator.eval(&call(1, vec![local(X)]), &scope).unwrap_err();
  assert_eq!(error.message, "the name has no value here");
  assert_eq!(evaluator.constant(ConstantId(1)), Some(&Value::Int(42)));
  assert_eq!(
    evaluator.eval(&field(expr(ExprKind::Run), "id"), &NoLocals),
    Ok(Value::string("r1"))
  );
}

#[test]
fn a_constant_without_a_value_is_named() {
  let broken = Constant {
    name: "c".into(),
    ty: Type::Unknown,
    value: on(Operator::Divide, Value::Int(1), Value::Int(0)),
  };
  let fine = Constant {
    name: "d".into(),
    ty: Type::Unknown,
    value: js(json!(1)),
  };
  let program = Program {
    constants: vec![fine, broken],
    ..Program::default()
  };
  let (id, error) = Evaluator::new(Arc::new(program), Value::Null).unwrap_err();
  assert_eq!((id, error.message.as_str()), (ConstantId(1), "division by zero"));
}
