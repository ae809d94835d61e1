//! Every function, with its edges.

use super::*;

/// Without an expression over `it`.
fn call(function: Builtin, arguments: &[Value]) -> Expr {
  builtin(function, arguments.iter().cloned().map(lit).collect(), None)
}

fn args(json: serde_json::Value) -> Vec<Value> {
  v(json).as_list().unwrap().to_vec()
}

#[test]
fn functions_on_json_values() {
  use Builtin as B;
  let cases = [
    (B::Len, json!(["aé😀"]), json!(3)),
    (B::Len, json!([[]]), json!(0)),
    (B::Len, json!([{ "a": 1 }]), json!(1)),
    (B::Sum, json!([[]]), json!(0)),
    (B::Sum, json!([[1, 2, 3]]), json!(6)),
    (B::Sum, json!([[1.5, 2]]), json!(3.5)),
    (B::Min, json!([[]]), json!(null)),
    (B::Min, json!([[3, 1, 2]]), json!(1)),
    (B::Max, json!([["a", "b"]]), json!("b")),
    (B::Min, json!([10, 3]), json!(3)),
    (B::Max, json!([1, 2.5, 2]), json!(2.5)),
    (B::Avg, json!([[]]), json!(null)),
    (B::Avg, json!([[1, 2]]), json!(1.5)),
    (B::Unique, json!([[1, 2, 1, 1.0]]), json!([1, 2])),
    (B::Flatten, json!([[[1], [], [2, [3]]]]), json!([1, 2, [3]])),
    (B::Take, json!([[1, 2, 3], 2]), json!([1, 2])),
    (B::Take, json!([[1], 9]), json!([1])),
    (B::Take, json!([[1], 0]), json!([])),
    (B::Chunk, json!([[1, 2, 3], 2]), json!([[1, 2], [3]])),
    (B::Chunk, json!([[], 2]), json!([])),
    (B::Range, json!([3]), json!([0, 1, 2])),
    (B::Range, json!([2, 4]), json!([2, 3])),
    (B::Range, json!([4, 2]), json!([])),
    (B::Range, json!([-1]), json!([])),
    (B::Zip, json!([[1, 2], ["a"]]), json!([{ "first": 1, "second": "a" }])),
    (B::Keys, json!([{ "b": 1, "a": 2 }]), json!(["a", "b"])),
    (B::Values, json!([{ "b": 1, "a": 2 }]), json!([2, 1])),
    (
      B::Merge,
      json!([{ "a": 1, "b": 2 }, { "b": 3, "c": 4 }]),
      json!({ "a": 1, "b": 3, "c": 4 }),
    ),
    (B::Join, json!([["a", 1, 1.5, true], ", "]), json!("a, 1, 1.5, true")),
    (B::Join, json!([[], ","]), json!("")),
    (B::Split, json!(["a,,b", ","]), json!(["a", "", "b"])),
    (B::Split, json!(["", ","]), json!([""])),
    (B::Split, json!(["aé", ""]), json!(["a", "é"])),
    (B::Lines, json!(["a\r\nb\n\nc\n"]), json!(["a", "b", "", "c"])),
    (B::Lines, json!([""]), json!([])),
    (B::Trim, json!([" \ta b\n"]), json!("a b")),
    (B::Lower, json!(["ÀB"]), json!("àb")),
    (B::Upper, json!(["ß"]), json!("SS")),
    (B::Replace, json!(["aXbX", "X", "--"]), json!("a--b--")),
    (B::Replace, json!(["ab", "c", ""]), json!("ab")),
    (B::Contains, json!(["abc", "bc"]), json!(true)),
    (B::Contains, json!([[1, { "a": 2 }], { "a": 2 }]), json!(true)),
    (B::Contains, json!([[1], 2]), json!(false)),
    (B::StartsWith, json!(["abc", "ab"]), json!(true)),
    (B::EndsWith, json!(["abc", "ab"]), json!(false)),
    (B::Matches, json!(["issue-12", "[0-9]+"]), json!(true)),
    (B::Matches, json!(["issue-12", "^[0-9]+$"]), json!(false)),
    (B::String, json!([1.5]), json!("1.5")),
    (B::String, json!([null]), json!("null")),
    (B::Int, json!(["12"]), json!(12)),
    (B::Int, json!(["x"]), json!(null)),
    (B::Int, json!(["99999999999999999999"]), json!(null)),
    (B::Int, json!([-1.9]), json!(-1)),
    (B::Float, json!(["1.5"]), json!(1.5)),
    (B::Float, json!(["nan"]), json!(null)),
    (B::Float, json!(["1e999"]), json!(null)),
    (B::Json, json!([{ "a": [1, "x\n"] }]), json!("{\"a\":[1,\"x\\n\"]}")),
    (B::ParseJson, json!(["{\"a\": 1}"]), json!({ "a": 1 })),
    (B::ParseJson, json!(["{"]), json!(null)),
    (B::ParseJson, json!(["[".repeat(5_000)]), json!(null)),
    (B::Format, json!([1.005, 1]), json!("1.0")),
    (B::Format, json!([3, 2]), json!("3.00")),
    (B::UrlEncode, json!(["a b/é~"]), json!("a%20b%2F%C3%A9~")),
    (
      B::Succeeded,
      json!([[{ "ok": true, "value": 1 }, { "ok": false, "error": "e" }]]),
      json!([1]),
    ),
    (
      B::Failures,
      json!([[{ "ok": true, "value": 1 }, { "ok": false, "error": "e" }]]),
      json!(["e"]),
    ),
    (B::First, json!([[1, 2]]), json!(1)),
    (B::First, json!([[]]), json!(null)),
    (B::Last, json!([[1, 2]]), json!(2)),
    (B::Round, json!([2.5]), json!(3)),
    (B::Round, json!([-2.5]), json!(-3)),
    (B::Round, json!([1.25, 1]), json!(1.3)),
    (B::Round, json!([1e300, 2]), json!(1e300)),
    (B::Ceil, json!([1.2]), json!(2)),
    (B::Floor, json!([-1.2]), json!(-2)),
    (B::Abs, json!([-3]), json!(3)),
  ];
  for (function, arguments, expected) in cases {
    let found = ok(&call(function, &args(arguments.clone())));
    assert_eq!(found, v(expected), "{}{arguments}", function.name());
  }
}

#[test]
fn functions_that_fail_say_why() {
  use Builtin as B;
  let cases = [
    (B::Take, json!([[1], -1]), "expected a number of at least 0, found -1"),
    (B::Chunk, json!([[1], 0]), "expected a number of at least 1, found 0"),
    (B::Sum, json!([[i64::MAX, 1]]), "the result of `+` does not fit 64 bits"),
    (B::Sum, json!([["a"]]), "`sum` does not take (a string)"),
    (
      B::Sum,
      json!([[1e308, 1e308]]),
      "the number is beyond what a float holds",
    ),
    (B::Avg, json!([[null]]), "`avg` does not take (null)"),
    (B::Min, json!([[1, "a"]]), "`min` does not take (an int, a string)"),
    (B::Max, json!([[null]]), "`max` does not take (null)"),
    (B::Abs, json!([i64::MIN]), "the result of `abs` does not fit 64 bits"),
    (B::Round, json!([1e300]), "`1e300` does not fit a 64-bit int"),
    (B::Int, json!([1e19]), "`1e19` does not fit a 64-bit int"),
    (B::Round, json!([1.5, 16]), "expected a number of decimals from 0 to 15"),
    (
      B::Format,
      json!([1.5, -1]),
      "expected a number of decimals from 0 to 20",
    ),
    (
      B::Matches,
      json!(["a", "("]),
      "`(` is no regular expression: unclosed group",
    ),
    (B::Replace, json!(["a", "", "b"]), "the text to replace is empty"),
    (B::Join, json!([[[1]], ","]), "expected a scalar, found a list"),
    (B::Flatten, json!([[1]]), "expected a list, found an int"),
    (B::Merge, json!([{}, null]), "expected a map or record, found null"),
    (B::Len, json!([]), "`len` does not take ()"),
    (
      B::StartsWith,
      json!(["a", 1]),
      "`starts_with` does not take (a string, an int)",
    ),
    (B::First, json!([null]), "expected a list, found null"),
  ];
  for (function, arguments, reason) in cases {
    assert_eq!(
      fails(&call(function, &args(arguments.clone()))),
      reason,
      "{}{arguments}",
      function.name()
    );
  }
}

#[test]
fn functions_on_times_and_durations() {
  use Builtin as B;
  let time: jiff::Timestamp = "2024-02-29T12:30:00Z".parse().unwrap();
  let durations = Value::list(vec![Value::Duration(1_000), Value::Duration(500)]).unwrap();
  let none = || typed(call(B::Sum, &[v(json!([]))]).kind, Type::Duration);
  let format = |pattern: &str| call(B::Format, &[Value::Time(time), Value::string(pattern)]);
  assert_eq!(ok(&format("%Y-%m-%d %H:%M")), Value::string("2024-02-29 12:30"));
  assert!(fails(&format("%!")).starts_with("`%!` is no format of a time"));
  assert_eq!(fails(&format(&"%c".repeat(101))).chars().last(), Some('s'));
  assert_eq!(
    ok(&call(B::Sum, std::slice::from_ref(&durations))),
    Value::Duration(1_500)
  );
  assert_eq!(ok(&none()), Value::Duration(0));
  assert_eq!(ok(&call(B::Min, &[durations])), Value::Duration(500));
  assert_eq!(ok(&call(B::Abs, &[Value::Duration(-5)])), Value::Duration(5));
  assert_eq!(
    ok(&call(B::String, &[Value::Time(time)])),
    Value::string("2024-02-29T12:30:00Z")
  );
  let floats = typed(call(B::Sum, &[v(json!([1]))]).kind, Type::float());
  assert_eq!(ok(&floats), Value::Float(1.0));
}

#[test]
fn functions_over_it() {
  use Builtin as B;
  let over = |function, list: serde_json::Value, key: Expr| builtin(function, vec![js(list), key], Some(IT));
  let it = || local(IT);
  let above = |least: i64| binary(Operator::Greater, it(), lit(Value::Int(least)));
  let people = json!([{ "n": "b", "a": 3 }, { "n": "a", "a": 3 }, { "n": "c", "a": null }]);
  let age = || field(it(), "a");
  let cases = [
    (over(B::Count, json!([1, 2, 3]), above(1)), json!(2)),
    (over(B::Any, json!([1, 2]), above(1)), json!(true)),
    (over(B::Any, json!([]), above(1)), json!(false)),
    (over(B::All, json!([]), above(1)), json!(true)),
    (over(B::All, json!([1, 2]), above(1)), json!(false)),
    (over(B::Find, json!([1, 2, 3]), above(1)), json!(2)),
    (over(B::Find, json!([1]), above(1)), json!(null)),
    (over(B::Sum, json!([{ "a": 1 }, { "a": 2 }]), age()), json!(3)),
    (over(B::Min, json!([{ "a": 1 }, { "a": 2 }]), age()), json!(1)),
    (over(B::Max, json!([{ "a": 1 }, { "a": 2 }]), age()), json!(2)),
    (over(B::Avg, json!([{ "a": 1 }, { "a": 2 }]), age()), json!(1.5)),
    (
      over(B::SortBy, people.clone(), age()),
      json!([people[2], people[0], people[1]]),
    ),
    (
      over(B::GroupBy, people.clone(), age()),
      json!([{ "key": 3, "items": [people[0], people[1]] }, { "key": null, "items": [people[2]] }]),
    ),
    (over(B::Unique, people.clone(), age()), json!([people[0], people[2]])),
  ];
  for (expr, expected) in cases {
    assert_eq!(ok(&expr), v(expected), "{expr:?}");
  }
  let negated = expr(ExprKind::Negate(it().into()));
  assert_eq!(ok(&over(B::SortBy, json!([1, 3, 2]), negated)), v(json!([3, 2, 1])));
  let mixed = over(B::SortBy, json!([1, "a", [2], {}, [{}], null]), it());
  assert!(fails(&mixed).ends_with("have no order as keys"));
  assert_eq!(
    fails(&over(B::Count, json!([1]), it())),
    "expected a bool, found an int"
  );
  assert_eq!(fails(&over(B::Any, json!({}), it())), "expected a list, found a record");
}

#[test]
fn any_stops_at_the_first_that_decides() {
  let divides = binary(Operator::Divide, lit(Value::Int(1)), local(IT));
  let condition = binary(Operator::Greater, divides, lit(Value::Float(0.5)));
  let list = || js(json!([1, 0]));
  assert_eq!(
    ok(&builtin(Builtin::Any, vec![list(), condition.clone()], Some(IT))),
    Value::Bool(true)
  );
  assert_eq!(
    fails(&builtin(Builtin::All, vec![list(), condition], Some(IT))),
    "division by zero"
  );
}

#[test]
fn sorting_is_stable_and_takes_lists_as_keys() {
  let items = json!([["b", 2], ["a", 2], ["c", 1], ["d", 2]]);
  let second = expr(ExprKind::Index {
    base: local(IT).into(),
    index: lit(Value::Int(1)).into(),
  });
  let sorted = builtin(Builtin::SortBy, vec![js(items.clone()), second], Some(IT));
  assert_eq!(ok(&sorted), v(json!([items[2], items[0], items[1], items[3]])));
  let whole = builtin(Builtin::SortBy, vec![js(items.clone()), local(IT)], Some(IT));
  assert_eq!(ok(&whole), v(json!([items[1], items[0], items[2], items[3]])));
}

#[test]
fn hashes_are_stable() {
  let hash = |value: serde_json::Value| ok(&call(Builtin::Hash, &[v(value)]));
  assert_eq!(
    hash(json!({ "a": 1, "b": [2] })),
    hash(json!({ "b": [2], "a": 1, "c": null }))
  );
  assert_ne!(hash(json!(["ab", "c"])), hash(json!(["a", "bc"])));
  // Pinned: runs of different versions must agree.
  assert_eq!(
    hash(json!({ "a": [1, "x", null, true, 1.5] })),
    Value::string("f8f0bae583d444ac06c3a95381ac9aa40329427ebbc7b186035ceeffa3e56a44")
  );
}

#[test]
fn every_function_fails_rather_than_panics_on_any_arguments() {
  let list = v(json!([[], 1, "a", null, { "ok": true }]));
  let values = [
    Value::Null,
    Value::Bool(true),
    Value::Int(i64::MIN),
    Value::Int(i64::MAX),
    Value::Float(-1e308),
    Value::string("é"),
    Value::Time(jiff::Timestamp::MAX),
    Value::Duration(i64::MIN),
    list,
    v(json!({ "a": 1 })),
  ];
  let evaluator = evaluator(Program::default());
  for function in Builtin::ALL {
    for it in [None, Some(IT)] {
      let _ = evaluator.eval(&builtin(*function, Vec::new(), it), &NoLocals);
      for a in &values {
        let _ = evaluator.eval(&builtin(*function, vec![lit(a.clone())], it), &NoLocals);
        for b in &values {
          let two = vec![lit(a.clone()), lit(b.clone())];
          let _ = evaluator.eval(&builtin(*function, two, it), &NoLocals);
          let three = vec![lit(a.clone()), lit(b.clone()), lit(a.clone())];
          let _ = evaluator.eval(&builtin(*function, three, it), &NoLocals);
        }
      }
    }
  }
}
