//! What `conform` accepts, what it makes of it, and what it says of the rest.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::value::{from_json, parse_json_text, to_json};

fn value(json: serde_json::Value) -> Value {
  from_json(&json).unwrap()
}

fn with_bounds(item: Type, min: Option<u64>, max: Option<u64>) -> Type {
  Type::List(Arc::new(ListType { item, min, max }))
}

fn record(fields: &[(&str, Type, bool)], open: bool) -> Type {
  let fields = fields.iter().map(|(name, ty, optional)| {
    let field = Field {
      ty: ty.clone(),
      optional: *optional,
    };
    (Arc::from(*name), field)
  });
  Type::Record(Arc::new(RecordType {
    fields: fields.collect(),
    open,
  }))
}

fn status() -> Type {
  Type::union(["clear", "unclear", "duplicate"].map(Type::literal))
}

fn shape() -> Type {
  Type::union([
    Type::record([("kind", Type::literal("circle")), ("radius", Type::float())]),
    Type::record([("kind", Type::literal("square")), ("side", Type::int())]),
  ])
}

fn rules(min: Option<u64>, max: Option<u64>, regex: Option<&str>) -> Type {
  let regex = regex.map(|regex| regex::Regex::new(regex).unwrap());
  Type::String(Arc::new(StringRules { min, max, regex }))
}

fn says(found: serde_json::Value, ty: &Type) -> String {
  conform(&value(found), ty).unwrap_err().to_string()
}

#[test]
fn the_first_misfit_is_named_with_its_place() {
  let report = Type::record([("analyses", Type::list(Type::record([("status", status())])))]);
  let found = json!({ "analyses": [{ "status": "clear" }, { "status": "claer" }] });
  assert_eq!(
    says(found, &report),
    "`$.analyses[1].status`: expected `\"clear\" | \"unclear\" | \"duplicate\"`, found `\"claer\"`; did you mean `\"clear\"`?"
  );
  assert_eq!(
    says(json!({}), &report),
    "`$.analyses`: expected `[{ status: \"clear\" | \"unclear\" | \"duplicate\" }]`, but the field is missing"
  );
  assert_eq!(
    says(json!({ "analysis": [] }), &report),
    "`$.analysis`: the field `analysis` is not accepted here; did you mean `analyses`?"
  );
  assert_eq!(
    says(json!({ "a b": 1 }), &report),
    "`$[\"a b\"]`: the field `a b` is not accepted here"
  );
}

#[test]
fn scalars_say_what_was_expected_and_what_came() {
  let short = rules(Some(1), Some(3), None);
  let slug = rules(None, None, Some("^[a-z]+$"));
  let cases = [
    (json!("abc"), Type::int(), "`$`: expected `int`, found `\"abc\"`"),
    (
      json!(11),
      Type::int_range(0, 10),
      "`$`: expected `int(0..10)`, found `11`",
    ),
    (json!(1.5), Type::int(), "`$`: expected `int`, found `1.5`"),
    (
      json!(1e30),
      Type::int(),
      "`$`: expected `int`, found `1e30`, which is beyond 64 bits",
    ),
    (json!(null), Type::int(), "`$`: expected `int`, found `null`"),
    (json!("x"), Type::int().optional(), "`$`: expected `int`, found `\"x\"`"),
    (
      json!(true),
      Type::Bool(Some(false)),
      "`$`: expected `false`, found `true`",
    ),
    (
      json!("long"),
      short,
      "`$`: expected `string(1..3)`, found `\"long\"`, which is longer than 3 characters",
    ),
    (
      json!("A"),
      slug,
      "`$`: expected `string(/^[a-z]+$/)`, found `\"A\"`, which does not match `/^[a-z]+$/`",
    ),
    (json!("soon"), Type::Time, "`$`: expected `time`, found `\"soon\"`"),
    (json!(5), Type::Duration, "`$`: expected `duration`, found `5`"),
    (
      json!([1, 2]),
      with_bounds(Type::int(), None, Some(1)),
      "`$`: expected `[int](..1)`, found 2 items",
    ),
    (
      json!({ "a": "x" }),
      Type::map(Type::int()),
      "`$.a`: expected `int`, found `\"x\"`",
    ),
  ];
  for (found, ty, text) in cases {
    assert_eq!(says(found, &ty), text);
  }
  let long = says(json!("x".repeat(1_000_000)), &Type::int());
  assert!(long.chars().count() < 120 && long.ends_with("…`"), "{long}");
}

#[test]
fn a_record_among_records_is_told_by_its_tag() {
  assert_eq!(
    says(json!({ "kind": "square", "side": "x" }), &shape()),
    "`$.side`: expected `int`, found `\"x\"`"
  );
  assert_eq!(
    says(json!({ "kind": "squere" }), &shape()),
    "`$.kind`: expected `\"circle\" | \"square\"`, found `\"squere\"`; did you mean `\"square\"`?"
  );
  assert_eq!(
    says(json!({ "side": 1 }), &shape()),
    "`$.kind`: expected `\"circle\" | \"square\"`, but the field is missing"
  );
  let outcome = crate::types::outcome(&Type::int());
  assert_eq!(
    says(json!({ "ok": true, "value": "x" }), &outcome),
    "`$.value`: expected `int`, found `\"x\"`"
  );
  assert!(says(json!({ "ok": 1 }), &outcome).starts_with("`$.ok`: expected `true | false`"));
  let circle = conform(&value(json!({ "kind": "circle", "radius": 2 })), &shape()).unwrap();
  assert_eq!(circle.field("radius"), Value::Float(2.0));
}

#[test]
fn two_tags_narrow_one_after_the_other() {
  let member = |a: &str, b: &str, name: &str| {
    Type::record([("a", Type::literal(a)), ("b", Type::literal(b)), (name, Type::int())])
  };
  let ty = Type::union([
    member("x", "x", "part_p"),
    member("x", "y", "part_q"),
    member("y", "x", "part_r"),
  ]);
  assert!(conform(&value(json!({ "a": "x", "b": "y", "part_q": 1 })), &ty).is_ok());
  assert_eq!(
    says(json!({ "a": "x", "b": "y", "part_p": 1 }), &ty),
    "`$.part_p`: the field `part_p` is not accepted here; did you mean `part_q`?"
  );
  assert!(says(json!({ "a": "y", "b": "z", "part_r": 1 }), &ty).starts_with("`$.b`: expected `\"x\"`"));
}

#[test]
fn what_fits_becomes_of_the_type() {
  let fields = [
    ("a", Type::float(), false),
    ("b", Type::Duration, true),
    ("c", Type::Time, true),
  ];
  let found = value(json!({ "b": "1h30m", "a": 1, "c": null }));
  let fitted = conform(&found, &record(&fields, false)).unwrap();
  let names: Vec<&str> = fitted.as_record().unwrap().keys().map(|name| &**name).collect();
  assert_eq!(names, ["a", "b"]);
  assert_eq!(fitted.field("a"), Value::Float(1.0));
  assert_eq!(fitted.field("b"), Value::Duration(5_400_000));
  let open = conform(&value(json!({ "z": 1.0, "b": "1s", "a": 1 })), &record(&fields, true)).unwrap();
  let names: Vec<&str> = open.as_record().unwrap().keys().map(|name| &**name).collect();
  assert_eq!(names, ["a", "b", "z"]);
  let map = conform(&value(json!({ "b": 1, "a": 2 })), &Type::map(Type::int())).unwrap();
  assert_eq!(super::super::json_text(&map), r#"{"a":2,"b":1}"#);
  let filled = conform(&value(json!({})), &Type::record([("n", Type::int().optional())])).unwrap();
  assert_eq!(super::super::json_text(&filled), r#"{"n":null}"#);
  let json = conform(&Value::Duration(1_000), &Type::Json).unwrap();
  assert_eq!(json, Value::string("1s"));
}

#[test]
fn what_is_so_already_is_shared() {
  let list = value(json!([{ "a": "x", "m": { "k": [1] } }]));
  let ty = Type::list(Type::record([
    ("a", Type::string()),
    ("m", Type::map(Type::list(Type::int()))),
  ]));
  let Value::List(fitted) = conform(&list, &ty).unwrap() else {
    panic!("a list");
  };
  assert!(matches!(&list, Value::List(own) if Arc::ptr_eq(own, &fitted)));
}

#[test]
fn a_hundred_thousand_items_of_a_wide_union_are_quick() {
  let members = (0..60).map(|n| Type::record([("kind", Type::literal(&format!("k{n}"))), ("n", Type::float())]));
  let ty = Type::list(Type::union(members));
  let item = |n: i64| Value::fields([("kind", Value::string(format!("k{}", n % 60))), ("n", Value::Int(n))]).unwrap();
  let list = Value::list((0..100_000).map(item).collect()).unwrap();
  let fitted = conform(&list, &ty).unwrap();
  assert_eq!(fitted.as_list().unwrap()[99_999].field("n"), Value::Float(99_999.0));
}

#[test]
fn text_that_is_no_json_is_told_in_one_line() {
  let deep = "[".repeat(100_000);
  let cases: [(&[u8], &str); 9] = [
    (b"", "not JSON: there is no text"),
    (b"ab\xff", "not UTF-8 at byte 2"),
    (
      b"{\"a\": nope}",
      "not JSON: expected ident at line 1 column 8, near `{\"a\": nope}`",
    ),
    (
      b"[1,\n2",
      "not JSON: EOF while parsing a list at line 2 column 1, near `2`",
    ),
    (b"1 2", "not JSON: trailing characters at line 1 column 3, near `1 2`"),
    (
      b"[1e400]",
      "not JSON: number out of range at line 1 column 6, near `[1e400]`",
    ),
    (
      b"[9223372036854775808]",
      "the value would hold the number `9223372036854775808`, which is beyond 64 bits",
    ),
    (
      b"[\"\\\"1\", -123456789012345678901234567890]",
      "the value would hold the number `-123456789012345678901234567890`, which is beyond 64 bits",
    ),
    (deep.as_bytes(), "the value would be nested deeper than 64"),
  ];
  for (text, said) in cases {
    let error = parse_json_text(text).unwrap_err();
    assert!(!error.contains('\n'));
    assert_eq!(error, said);
  }
  let many = format!("[{}1]", "[],".repeat(1_000_001));
  assert!(
    parse_json_text(many.as_bytes())
      .unwrap_err()
      .contains("1,000,000 elements")
  );
  assert_eq!(
    parse_json_text(b"\xef\xbb\xbf {\"a\": 1.0, \"a\": \"12345678901234567890\"}").map(|v| v.field("a")),
    Ok(Value::string("12345678901234567890"))
  );
  assert_eq!(parse_json_text(b"1e300"), Ok(Value::Float(1e300)));
  assert_eq!(parse_json_text(b"-9223372036854775808"), Ok(Value::Int(i64::MIN)));
  assert_eq!(parse_json_text(b"1e3"), Ok(Value::Int(1_000)));
}

fn any_value() -> impl Strategy<Value = Value> {
  let scalar = prop_oneof![
    Just(Value::Null),
    any::<bool>().prop_map(Value::Bool),
    any::<i64>().prop_map(Value::Int),
    any::<f64>()
      .prop_filter("finite", |float| float.is_finite())
      .prop_map(Value::Float),
    ".{0,6}".prop_map(Value::string),
    prop_oneof![Just("clear"), Just("circle"), Just("1h"), Just("2020-01-01T00:00:00Z")].prop_map(Value::string),
    any::<i64>().prop_map(Value::Duration),
    (0..4_000_000_000_i64).prop_map(|s| Value::Time(jiff::Timestamp::from_second(s).unwrap())),
  ];
  let name = prop_oneof![Just("kind"), Just("radius"), Just("side"), Just("a"), Just("b")];
  scalar.prop_recursive(4, 32, 5, move |inner| {
    prop_oneof![
      prop::collection::vec(inner.clone(), 0..5).prop_map(|items| Value::list(items).unwrap()),
      prop::collection::vec((name.clone(), inner), 0..5).prop_map(|fields| Value::fields(fields).unwrap()),
    ]
  })
}

fn any_type() -> impl Strategy<Value = Type> {
  let leaf = prop_oneof![
    Just(Type::Null),
    Just(Type::bool()),
    Just(Type::int()),
    Just(Type::int_range(-5, 5)),
    Just(Type::float()),
    Just(Type::string()),
    Just(rules(Some(1), Some(3), Some("[a-z]"))),
    Just(Type::Time),
    Just(Type::Duration),
    Just(Type::Json),
    Just(Type::Never),
    Just(status()),
    Just(shape()),
    Just(crate::types::failure()),
  ];
  leaf.prop_recursive(3, 16, 4, |inner| {
    prop_oneof![
      (inner.clone(), prop::option::of(0..4_u64)).prop_map(|(item, max)| with_bounds(item, None, max)),
      inner.clone().prop_map(Type::map),
      inner.clone().prop_map(Type::optional),
      prop::collection::vec(inner.clone(), 1..4).prop_map(Type::union),
      (prop::collection::vec((inner, any::<bool>()), 0..3), any::<bool>()).prop_map(|(types, open)| {
        let names = ["a", "b", "kind"];
        let fields: Vec<_> = types
          .into_iter()
          .zip(names)
          .map(|((ty, optional), name)| (name, ty, optional))
          .collect();
        record(&fields, open)
      }),
    ]
  })
}

proptest! {
  #[test]
  fn json_form_is_what_comes_back_from_json(value in any_value()) {
    let json = conform(&value, &Type::Json).unwrap();
    prop_assert_eq!(&from_json(&to_json(&value)).unwrap(), &json);
    prop_assert_eq!(&parse_json_text(super::super::json_text(&value).as_bytes()).unwrap(), &json);
    prop_assert_eq!(from_json(&to_json(&json)).unwrap(), json);
  }

  #[test]
  fn conform_ends_in_a_fixed_point_or_one_line(value in any_value(), ty in any_type()) {
    match conform(&value, &ty) {
      Ok(fitted) => {
        let again = conform(&fitted, &ty);
        prop_assert_eq!(again.as_ref(), Ok(&fitted));
        // What was of the type comes back through JSON as the same.
        prop_assert_eq!(conform(&from_json(&to_json(&fitted)).unwrap(), &ty).map(|v| super::super::json_text(&v)), Ok(super::super::json_text(&fitted)));
      }
      Err(mismatch) => {
        prop_assert!(mismatch.at.starts_with('$'));
        prop_assert!(!mismatch.to_string().contains('\n'));
      }
    }
  }

  #[test]
  fn no_text_makes_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), text in "[\\[\\]{}\",:0-9.e\\-\\\\ a-zé\n]{0,64}") {
    let _ = parse_json_text(&bytes);
    let _ = parse_json_text(text.as_bytes());
  }
}
