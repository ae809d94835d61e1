//! The schema of a type and orch's own validation accept the same values.

use std::sync::Arc;

use indexmap::IndexMap;
use orch::{
  types::{
    self, Field, FloatRange, IntRange, ListType, PlanMember, PlanType, RecordType, StringRules, Type, schema::Schemas,
  },
  value::{conform, from_json},
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// Each with a text that it finds.
const PATTERNS: &[(&str, &str)] = &[
  ("^[a-z-]+$", "abc-d"),
  (r"^v\d+\.\d{1,2}$", "v1.20"),
  ("a.b", "xacbx"),
  (r"^\w+ \w+$", "ab cd"),
  (r"^\S*[^\s\d]\S*$", "é"),
  (r"^(?P<lead>\p{Lu}|😀?x)$|^$", "A"),
];

/// Texts near the edges of what types accept.
const TEXTS: &[&str] = &[
  "",
  "a",
  "abc-d",
  "v1.20",
  "v١.٢",
  "a\nb",
  "a\rb",
  "ab cd",
  "ab\u{a0}cd",
  "é",
  "😀",
  "😀😀",
  "A",
  "1h30m",
  "30m1h",
  "-2d",
  "5",
  "5x",
  "1m1m",
  "1s5ms",
  "-",
  "5ms ",
  "5ms\n",
  "2026-01-31T12:00:00Z",
  "2026-01-31T12:00:00.123456789+05:30",
  "2026-01-31T12:00:00.1234567890Z",
  "2026-01-31T12:00:00.Z",
  "2026-01-31T12:00:00",
  "2026-01-31 12:00:00Z",
  "2026-01-31t12:00:00z",
  "2026-01-31T12:00Z",
  "2026-01-31T23:59:60Z",
  "2026-01-31T24:00:00Z",
  "2026-01-31T12:00:00+24:00",
  "2026-01-31T12:00:00-23:60",
  "2026-01-31T12:00:00-23:59",
  "2026-01-31T12:00:00+0530",
  "2026-01-31T12:00:00Z[UTC]",
  "2026-01-31T12:00:00Zé",
  "2024-02-29T00:00:00Z",
  "2023-02-29T00:00:00Z",
  "2000-02-29T00:00:00Z",
  "1900-02-29T00:00:00Z",
  "2026-04-31T00:00:00Z",
  "2026-13-01T00:00:00Z",
  "-000044-03-15T12:00:00Z",
  "20260131T120000Z",
];

fn leaf() -> impl Strategy<Value = Type> {
  prop_oneof![
    Just(Type::Null),
    Just(Type::bool()),
    any::<bool>().prop_map(|value| Type::Bool(Some(value))),
    Just(Type::int()),
    (proptest::option::of(-3_i64..3), proptest::option::of(3_i64..6))
      .prop_map(|(min, max)| Type::Int(IntRange { min, max })),
    (-2_i64..3).prop_map(|value| Type::int_range(value, value)),
    Just(Type::float()),
    (proptest::option::of(-2.5..0.5), proptest::option::of(0.5..3.0))
      .prop_map(|(min, max)| Type::Float(FloatRange { min, max })),
    Just(Type::string()),
    (0_u64..3, proptest::option::of(3_u64..5)).prop_map(|(min, max)| {
      let min = Some(min);
      Type::String(Arc::new(StringRules { min, max, regex: None }))
    }),
    (0..PATTERNS.len() - 1).prop_map(|at| pattern(PATTERNS[at].0)),
    prop::sample::select(vec!["a", "A", "é", "abc-d"]).prop_map(Type::literal),
    Just(Type::Time),
    Just(Type::Duration),
    Just(Type::File),
    Just(Type::Dir),
    Just(Type::Json),
    Just(types::failure()),
  ]
}

fn pattern(regex: &str) -> Type {
  Type::String(Arc::new(StringRules {
    regex: Some(regex::Regex::new(regex).expect("a pattern")),
    ..StringRules::default()
  }))
}

fn record(fields: Vec<(&'static str, Type, bool)>, open: bool) -> Type {
  let fields = fields.into_iter();
  let fields: IndexMap<Arc<str>, Field> = fields
    .map(|(name, ty, optional)| (name.into(), Field { ty, optional }))
    .collect();
  Type::Record(Arc::new(RecordType { fields, open }))
}

fn any_type() -> impl Strategy<Value = Type> {
  leaf().prop_recursive(4, 24, 4, |inner| {
    let name = prop::sample::select(vec!["a", "b", "c", "kind", "a b"]);
    let fields = prop::collection::vec((name, inner.clone(), any::<bool>()), 0..4);
    prop_oneof![
      (inner.clone(), 0_u64..2, proptest::option::of(2_u64..4)).prop_map(|(item, min, max)| {
        let min = Some(min).filter(|min| *min > 0);
        Type::List(Arc::new(ListType { item, min, max }))
      }),
      inner.clone().prop_map(Type::map),
      (fields.clone(), any::<bool>()).prop_map(|(fields, open)| record(fields, open)),
      inner.clone().prop_map(Type::optional),
      inner.clone().prop_map(|ty| Type::named("Name", ty)),
      inner.clone().prop_map(|ty| types::outcome(&ty)),
      prop::collection::vec(inner, 2..4).prop_map(told_apart),
      prop::collection::vec(fields, 2..4).prop_map(tagged),
    ]
  })
}

/// The union of the members, without those that a value would not tell from an earlier one.
fn told_apart(members: Vec<Type>) -> Type {
  members.into_iter().fold(Type::Never, |union, member| {
    let wider = Type::union([union.clone(), member]);
    match types::distinguishable(&wider.members()) {
      Ok(()) => wider,
      Err(_) => union,
    }
  })
}

/// Records with a discriminator.
fn tagged(records: Vec<Vec<(&'static str, Type, bool)>>) -> Type {
  let tags = ["a", "b", "c", "d"];
  let records = records.into_iter().zip(tags).map(|(mut fields, tag)| {
    fields.retain(|(name, ..)| *name != "kind");
    fields.push(("kind", Type::literal(tag), false));
    record(fields, tag == "b")
  });
  told_apart(records.collect())
}

/// Draws numbers from a seed.
struct Draw(u64);

impl Draw {
  fn below(&mut self, end: usize) -> usize {
    self.0 = self
      .0
      .wrapping_mul(6_364_136_223_846_793_005)
      .wrapping_add(1_442_695_040_888_963_407);
    usize::try_from((self.0 >> 33) % end as u64).expect("below the end")
  }

  fn one<T: Clone>(&mut self, of: &[T]) -> T {
    of[self.below(of.len())].clone()
  }
}

/// A value of the type.
fn value_of(ty: &Type, draw: &mut Draw) -> Json {
  match ty {
    Type::Never | Type::Unknown | Type::Null | Type::Variable(_) => Json::Null,
    Type::Bool(value) => value.unwrap_or(draw.below(2) == 0).into(),
    Type::Int(range) => draw
      .one(&[
        range.min.or(range.max).unwrap_or(i64::MIN),
        range.max.or(range.min).unwrap_or(i64::MAX),
      ])
      .into(),
    Type::Float(range) => range.min.or(range.max).unwrap_or(0.1).into(),
    Type::String(rules) => match &rules.regex {
      Some(regex) => PATTERNS
        .iter()
        .find(|(pattern, _)| *pattern == regex.as_str())
        .expect("one of ours")
        .1
        .into(),
      None => "😀"
        .repeat(usize::try_from(rules.max.or(rules.min).unwrap_or(1)).expect("short"))
        .into(),
    },
    Type::Literal(text) => (&**text).into(),
    Type::Time => "2024-02-29T12:00:00.5+01:00".into(),
    Type::Secret => "env:TOKEN".into(),
    Type::Duration => draw.one(&["1h30m", "-5ms", "0s", "2d1ms"]).into(),
    Type::File | Type::Dir => "./a b.csv".into(),
    Type::Json => any_json(draw),
    Type::List(list) => {
      let count = list.min.unwrap_or(0) + draw.below(2) as u64;
      let count = count.min(list.max.unwrap_or(count));
      (0..count).map(|_| value_of(&list.item, draw)).collect()
    }
    Type::Map(value) => ["x", "y"]
      .iter()
      .map(|key| ((*key).to_owned(), value_of(value, draw)))
      .collect(),
    Type::Record(record) => {
      let mut fields = serde_json::Map::new();
      for (name, field) in &record.fields {
        if (field.optional || field.ty.accepts_null()) && draw.below(3) == 0 {
          continue;
        }
        let null = field.optional && draw.below(4) == 0;
        fields.insert(
          name.to_string(),
          if null { Json::Null } else { value_of(&field.ty, draw) },
        );
      }
      if record.open && draw.below(2) == 0 {
        fields.insert("more".into(), any_json(draw));
      }
      fields.into()
    }
    Type::Union(members) => {
      let member = draw.one(members);
      value_of(&member, draw)
    }
    Type::Named(named) => value_of(&named.ty, draw),
    Type::Plan(_) => json!({ "assignments": [] }),
  }
}

fn any_json(draw: &mut Draw) -> Json {
  match draw.below(3) {
    0 => draw.one(TEXTS).into(),
    1 => draw.one(&[
      json!(0),
      json!(3),
      json!(-3),
      json!(2.0),
      json!(2.5),
      json!(9.3e18),
      json!(-9.223_372_036_854_776e18),
      json!(i64::MAX),
    ]),
    _ => draw.one(&[
      json!(null),
      json!(true),
      json!(false),
      json!([]),
      json!({}),
      json!({ "kind": "a" }),
      json!(["a", 1]),
    ]),
  }
}

/// The value with one place changed.
fn mutate(value: &mut Json, draw: &mut Draw) {
  if draw.below(3) == 0 {
    *value = any_json(draw);
    return;
  }
  match value {
    Json::Array(items) if items.is_empty() || draw.below(4) == 0 => items.push(any_json(draw)),
    Json::Array(items) => {
      let at = draw.below(items.len());
      if draw.below(4) == 0 {
        items.remove(at);
      } else {
        mutate(&mut items[at], draw);
      }
    }
    Json::Object(fields) if fields.is_empty() || draw.below(4) == 0 => {
      let name = draw.one(&["a", "kind", "z"]);
      fields.insert(name.into(), any_json(draw));
    }
    Json::Object(fields) => {
      let at = draw.below(fields.len());
      let (name, mut field) = fields.take_at(at);
      if draw.below(4) != 0 {
        mutate(&mut field, draw);
        fields.insert(name, field);
      }
    }
    other => *other = any_json(draw),
  }
}

trait TakeAt {
  fn take_at(&mut self, at: usize) -> (String, Json);
}

impl TakeAt for serde_json::Map<String, Json> {
  fn take_at(&mut self, at: usize) -> (String, Json) {
    let name = self.keys().nth(at).expect("a field").clone();
    let field = self.shift_remove(&name).expect("a field");
    (name, field)
  }
}

fn validator(ty: &Type) -> (Json, jsonschema::Validator) {
  let mut schemas = Schemas::default();
  let schema = schemas.of(ty);
  let document = schemas.document(schema);
  let validator = jsonschema::draft202012::new(&document);
  let validator = validator.unwrap_or_else(|error| panic!("{error}\n{document:#}"));
  (document, validator)
}

/// A message from outside has paths where files are.
fn accepts(ty: &Type, json: &Json) -> bool {
  from_json(json).is_ok_and(|value| conform(&value, &ty.with_paths()).is_ok())
}

proptest! {
  #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

  #[test]
  fn schema_and_conform_agree(ty in any_type(), seed in any::<u64>()) {
    let (document, validator) = validator(&ty);
    let mut draw = Draw(seed);
    for _ in 0..6 {
      let valid = value_of(&ty, &mut draw);
      if ty != Type::Never {
        prop_assert!(accepts(&ty, &valid) , "orch refuses {} as {}", valid, ty);
      }
      let mut value = valid;
      for _ in 0..4 {
        let (own, theirs) = (accepts(&ty, &value), validator.is_valid(&value));
        prop_assert_eq!(own, theirs, "{} as {}\n{:#}", value, ty, document);
        mutate(&mut value, &mut draw);
      }
    }
  }
}

/// Plans over one who gives `x` and one who takes several things, some of them of the type of `x`.
fn plan_of(given: &Type, other: &Type) -> Type {
  let fields = vec![
    ("a", given.clone(), false),
    ("b", other.clone(), false),
    ("c", other.clone(), true),
    ("kind", Type::list(Type::map(given.clone())), false),
  ];
  let member = |name: &str, input: Type, output: Type| PlanMember {
    name: name.into(),
    input,
    output,
  };
  let members = [
    member("giver", Type::record([]), Type::record([("x", given.clone())])),
    member("taker", record(fields, false), Type::Json),
  ];
  Type::Plan(Arc::new(PlanType::new("crew".into(), 0, members.into(), Some(2))))
}

fn taker(given: &Type, other: &Type, draw: &mut Draw) -> Json {
  let deep = json!([{ "k": value_of(given, draw) }]);
  json!({ "a": value_of(given, draw), "b": value_of(other, draw), "kind": deep })
}

proptest! {
  #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

  /// What lies between assignments no schema can say: the rest of a plan it can.
  #[test]
  fn schema_and_conform_agree_on_plans_of_one_assignment(given in any_type(), other in any_type(), seed in any::<u64>()) {
    let ty = plan_of(&given, &other);
    let (document, validator) = validator(&ty);
    let mut draw = Draw(seed);
    for _ in 0..6 {
      let input = taker(&given, &other, &mut draw);
      let mut value = json!({ "assignments": [{ "id": "t-1", "worker": "taker", "input": input }] });
      prop_assert!(accepts(&ty, &value), "orch refuses {} as {}", value, ty);
      for _ in 0..6 {
        let (own, theirs) = (accepts(&ty, &value), validator.is_valid(&value));
        prop_assert_eq!(own, theirs, "{}\n{:#}", value, document);
        mutate(&mut value, &mut draw);
      }
    }
  }

  #[test]
  fn the_schema_accepts_every_plan_that_conforms(given in any_type(), other in any_type(), seed in any::<u64>()) {
    let ty = plan_of(&given, &other);
    let (document, validator) = validator(&ty);
    let mut draw = Draw(seed);
    let reference = json!({ "$ref": "g.x" });
    for place in ["/a", "/kind/0/k"] {
      let mut input = taker(&given, &other, &mut draw);
      *input.pointer_mut(place).expect("a place") = reference.clone();
      let mut value = json!({ "assignments": [
        { "id": "t", "worker": "taker", "input": input, "after": ["g"] },
        { "id": "g", "worker": "giver", "input": {} },
      ] });
      prop_assert!(accepts(&ty, &value), "orch refuses {} as {}", value, ty);
      for _ in 0..8 {
        prop_assert!(!accepts(&ty, &value) || validator.is_valid(&value), "{}\n{:#}", value, document);
        mutate(&mut value, &mut draw);
      }
    }
  }
}

/// Types whose edges random values would seldom meet.
#[test]
fn schema_and_conform_agree_on_every_edge() {
  let texts = [Type::Time, Type::Duration, Type::string()].into_iter();
  let texts = texts.chain(
    PATTERNS
      .iter()
      .take(PATTERNS.len() - 1)
      .map(|(regex, _)| pattern(regex)),
  );
  for ty in texts {
    let (document, validator) = validator(&ty);
    for text in TEXTS {
      let json = json!(text);
      assert_eq!(
        accepts(&ty, &json),
        validator.is_valid(&json),
        "{text:?} as {ty}\n{document:#}"
      );
    }
  }
  for ty in [Type::int(), Type::int_range(-1, 1), Type::float()] {
    let (document, validator) = validator(&ty);
    for number in [
      "1.0",
      "1.5",
      "-0.0",
      "1e0",
      "9223372036854775807",
      "-9223372036854775808",
      "9.223372036854775807e18",
      "-9.3e18",
    ] {
      let json: Json = serde_json::from_str(number).expect("a number");
      assert_eq!(
        accepts(&ty, &json),
        validator.is_valid(&json),
        "{number} as {ty}\n{document:#}"
      );
    }
  }
}

#[test]
fn a_pattern_of_one_dialect_only_is_said_to_be_left_out() {
  let (document, _) = validator(&pattern(PATTERNS[PATTERNS.len() - 1].0));
  assert_eq!(document.get("pattern"), None);
  assert!(
    document["$comment"]
      .as_str()
      .expect("a comment")
      .contains("/^(?P<lead>"),
    "{document:#}"
  );
}

#[test]
fn two_types_of_one_name_are_two_definitions() {
  let both = Type::record([
    ("one", Type::named("Name", Type::int())),
    ("two", Type::named("Name", Type::bool())),
    ("three", Type::named("Name", Type::int())),
  ]);
  let (document, validator) = validator(&both);
  assert_eq!(document["$defs"].as_object().expect("definitions").len(), 2);
  assert!(validator.is_valid(&json!({ "one": 1, "two": true, "three": 2 })));
  assert!(!validator.is_valid(&json!({ "one": true, "two": true, "three": 2 })));
}
