//! What a plan's type accepts, and what it says of a plan that is none.

use serde_json::{Value as Json, json};

use super::*;
use crate::{
  types::{Field, RecordType},
  value::{conform, from_json, to_json},
};

fn member(name: &str, input: Type, output: Type) -> PlanMember {
  PlanMember {
    name: name.into(),
    input,
    output,
  }
}

fn with_optional(fields: &[(&str, Type, bool)]) -> Type {
  let fields = fields.iter().map(|(name, ty, optional)| {
    let (ty, optional) = (ty.clone(), *optional);
    (Arc::from(*name), Field { ty, optional })
  });
  Type::Record(Arc::new(RecordType {
    fields: fields.collect(),
    open: false,
  }))
}

fn crew(most: Option<u64>) -> Type {
  let text = Type::string;
  let code = Type::record([("files", Type::list(text())), ("note", text().optional())]);
  let members = [
    member("researcher", Type::record([("topic", text())]), text()),
    member(
      "coder",
      with_optional(&[("task", text(), false), ("style", text(), true)]),
      code,
    ),
    member(
      "tester",
      Type::record([("files", Type::list(text())), ("more", Type::map(Type::Json))]),
      Type::Json,
    ),
  ];
  Type::Plan(Arc::new(PlanType::new("crew".into(), 0, members.into(), most)))
}

fn check(assignments: Json, most: Option<u64>) -> Result<Json, String> {
  let value = from_json(&json!({ "assignments": assignments })).expect("small");
  let conformed = conform(&value, &crew(most));
  conformed
    .map(|value| to_json(&value))
    .map_err(|mismatch| mismatch.to_string())
}

#[track_caller]
fn refuses(assignments: Json, reason: &str) {
  assert_eq!(check(assignments, Some(4)).expect_err("no plan"), reason);
}

fn research() -> Json {
  json!({ "id": "r", "worker": "researcher", "input": { "topic": "x" } })
}

fn code(input: Json) -> Json {
  json!({ "id": "c", "worker": "coder", "input": input })
}

#[test]
fn a_plan_is_accepted_as_it_is() {
  let plan = json!([
    { "id": "t", "worker": "tester", "input": { "files": { "$ref": "c.files" }, "more": { "a": [{ "$ref": "c" }] } } },
    { "id": "c", "worker": "coder", "input": { "task": { "$ref": "r" } }, "after": ["r"] },
    research(),
  ]);
  assert_eq!(check(plan.clone(), Some(3)), Ok(json!({ "assignments": plan })));
  assert_eq!(check(json!([]), Some(0)), Ok(json!({ "assignments": [] })));
}

#[test]
fn assignments_wait_for_what_they_refer_to_and_stand_after() {
  let plan = json!({ "assignments": [
    { "id": "t", "worker": "tester", "input": { "files": { "$ref": "c.files" }, "more": { "a": { "$ref": "c" } } } },
    { "id": "c", "worker": "coder", "input": { "task": "x" }, "after": ["r", "r"] },
    research(),
  ] });
  let read = assignments(&from_json(&plan).expect("small"));
  let waits: Vec<_> = read.iter().map(|assignment| &assignment.waits[..]).collect();
  assert_eq!(waits, [&[1][..], &[2], &[]]);
}

#[test]
fn references_are_filled_with_what_they_stand_for() {
  let input = json!({ "a": { "$ref": "c.files" }, "b": [{ "$ref": "c" }, 1], "d": { "$ref": "c.none" } });
  let result = from_json(&json!({ "files": ["x"] })).expect("small");
  let filled = fill(&from_json(&input).expect("small"), &|id| {
    (id == "c").then(|| result.clone())
  });
  assert_eq!(
    to_json(&filled.expect("small")),
    json!({ "a": ["x"], "b": [{ "files": ["x"] }, 1], "d": null })
  );
}

#[test]
fn workers_are_those_of_the_pool() {
  refuses(
    json!([{ "id": "r", "worker": "reseacher", "input": { "topic": "x" } }]),
    "`$.assignments[0].worker`: there is no worker `reseacher` in `crew`, which has `researcher`, `coder`, `tester`; \
     did you mean `researcher`?",
  );
}

#[test]
fn inputs_fit_the_contract() {
  refuses(
    json!([code(json!({ "tsk": "x", "style": 1 }))]),
    "`$.assignments[0].input.task`: expected `string`, but the field is missing; \
     at `$.assignments[0].input.style`: expected `string`, found `1`; \
     at `$.assignments[0].input.tsk`: the field `tsk` is not accepted here; did you mean `task`?",
  );
}

#[test]
fn references_fit_their_place() {
  refuses(
    json!([research(), code(json!({ "task": "x" })),
      { "id": "d", "worker": "coder", "input": { "task": { "$ref": "c.files" }, "style": { "$ref": "c.note" } } },
      { "id": "e", "worker": "coder", "input": { "task": { "$ref": "c.note" }, "style": { "$ref": "c.nte" } } }]),
    "`$.assignments[2].input.task`: what `c.files` gives does not fit: expected `string`, found `[string]`; \
     at `$.assignments[3].input.task`: what `c.note` gives may be null, where `string` is expected; \
     at `$.assignments[3].input.style`: `c` gives `{ files: [string], note: string? }`, which has no field `nte`; did \
     you mean `note`?",
  );
  refuses(
    json!([research(), { "id": "c", "worker": "coder", "input": { "$ref": "r" } }]),
    "`$.assignments[1].input`: what `r` gives does not fit: expected `{ task: string, style?: string }`, found `string`",
  );
}

#[test]
fn references_are_written_in_one_way() {
  refuses(
    json!([
      code(json!({ "task": { "$ref": "r", "as": "text" } })),
      { "id": "d", "worker": "coder", "input": { "task": { "$ref": 1 } } },
      { "id": "e", "worker": "coder", "input": { "task": { "$ref": "c." } } },
    ]),
    "`$.assignments[0].input.task`: `$ref` stands alone: beside it nothing has a meaning; \
     at `$.assignments[1].input.task`: `$ref` is a string: `\"id\"` or `\"id.field\"`; \
     at `$.assignments[2].input.task`: `c.` is no reference: write `id` or `id.field`",
  );
}

#[test]
fn ids_are_known_and_given_once() {
  refuses(
    json!([
      { "id": "c", "worker": "coder", "input": { "task": { "$ref": "rr" } }, "after": ["x"] },
      research(),
      research(),
      { "id": "a.b", "worker": "researcher", "input": { "topic": "x" } },
    ]),
    "`$.assignments[0].after`: there is no assignment `x`; \
     at `$.assignments[0].input.task`: there is no assignment `rr`; did you mean `r`?; \
     at `$.assignments[2].id`: the id `r` is given twice; \
     at `$.assignments[3].id`: expected `string(/^[A-Za-z0-9_-]{1,64}$/)`, found `\"a.b\"`, which does not match \
     `/^[A-Za-z0-9_-]{1,64}$/`",
  );
}

#[test]
fn circles_are_shown_whole() {
  let step =
    |id: &str, after: &[&str]| json!({ "id": id, "worker": "researcher", "input": { "topic": "x" }, "after": after });
  refuses(
    json!([
      step("a", &["c"]),
      step("b", &["a"]),
      step("c", &["b"]),
      step("d", &["d", "a"])
    ]),
    "`$.assignments[0]`: these wait for each other: `a` -> `c` -> `b` -> `a`; \
     at `$.assignments[3]`: `d` waits for itself",
  );
}

#[test]
fn a_plan_has_no_more_than_so_many() {
  let five: Vec<Json> = (0..5)
    .map(|n| json!({ "id": format!("r{n}"), "worker": "researcher", "input": { "topic": "x" } }))
    .collect();
  refuses(
    five.clone().into(),
    "`$.assignments`: expected at most 4 assignments, found 5",
  );
  assert!(check(five.into(), None).is_ok());
}

#[test]
fn what_is_no_plan_at_all_is_told_as_any_misfit() {
  let conformed =
    |json: Json| conform(&from_json(&json).expect("small"), &crew(None)).map_err(|error| error.to_string());
  assert_eq!(
    conformed(json!({ "assignments": [], "why": "" })).expect_err("no plan"),
    "`$.why`: the field `why` is not accepted here"
  );
  assert_eq!(
    conformed(json!("x")).expect_err("no plan"),
    "`$`: expected `Plan<crew>`, found `\"x\"`"
  );
  refuses(
    json!([1, { "id": "r", "worker": "researcher" }]),
    "`$.assignments[0]`: expected `{ id: string(/^[A-Za-z0-9_-]{1,64}$/), worker: string, input: json, after?: [string] \
     }`, found `1`; at `$.assignments[1].input`: expected `{ topic: string }`, but the field is missing",
  );
}

#[test]
fn mistakes_are_bounded() {
  let many: Vec<Json> = (0..20_000)
    .map(|n| json!({ "id": n.to_string(), "worker": "coder", "input": {}, "after": [n.to_string()] }))
    .collect();
  let text = check(many.into(), None).expect_err("no plan");
  assert!(text.ends_with("; and more"), "{text}");
  assert!(text.len() < 4_000, "{} characters", text.len());
}

#[test]
fn a_plan_inside_a_message_has_its_place() {
  let ty = Type::record([("plan", crew(None))]);
  let value = from_json(&json!({ "plan": { "assignments": [
    { "id": "a", "worker": "x", "input": {} }, { "id": "b", "worker": "y", "input": {} },
  ] } }));
  let text = conform(&value.expect("small"), &ty).expect_err("no plan").to_string();
  assert!(text.starts_with("`$.plan.assignments[0].worker`: "), "{text}");
  assert!(text.contains("; at `$.plan.assignments[1].worker`: "), "{text}");
}

#[test]
fn files_come_by_reference_only() {
  let members = [
    member("maker", Type::record([]), Type::record([("made", Type::File)])),
    member(
      "reader",
      Type::record([("file", Type::File), ("more", Type::list(Type::File).optional())]),
      Type::Null,
    ),
  ];
  let ty = Type::Plan(Arc::new(PlanType::new("crew".into(), 0, members.into(), None)));
  let check = |input: Json| {
    let plan = json!({ "assignments": [
      { "id": "m", "worker": "maker", "input": {} }, { "id": "r", "worker": "reader", "input": input },
    ] });
    conform(&from_json(&plan).expect("small"), &ty).map_err(|mismatch| mismatch.to_string())
  };
  let made = json!({ "$ref": "m.made" });
  assert!(check(json!({ "file": made, "more": [made, made] })).is_ok());
  let stored = Value::Stored(Arc::new(crate::value::Stored::of_text("x", "x.txt")));
  assert_eq!(
    check(json!({ "file": to_json(&stored) })).expect_err("no reference"),
    "`$.assignments[1].input.file`: expected a reference to a result that has a `file`"
  );
  assert!(check(json!({ "file": made, "more": [to_json(&stored)] })).is_err());
}
