//! The built-in named types.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Field, RecordType, Type};

/// The words that `Failure.kind` may be.
pub fn failure_kinds() -> [&'static str; 16] {
  [
    "exit",
    "http",
    "timeout",
    "transport",
    "contract",
    "circuit_open",
    "budget",
    "expression",
    "required",
    "failed",
    "exhausted",
    "unmet",
    "rejected",
    "interrupted",
    "skipped",
    "cancelled",
  ]
}

/// `Failure`
pub fn failure() -> Type {
  let kind = Type::union(failure_kinds().map(Type::literal));
  let cause = Type::record([
    ("step", Type::string()),
    ("kind", kind.clone()),
    ("message", Type::string()),
  ]);
  let mut fields: IndexMap<Arc<str>, Field> = IndexMap::new();
  let mut field = |name: &str, optional: bool, ty: Type| {
    fields.insert(name.into(), Field { ty, optional });
  };
  field("kind", false, kind);
  field("message", false, Type::string());
  field("worker", true, Type::string());
  field("step", false, Type::string());
  field("item", true, Type::Json);
  field("attempts", false, Type::int());
  field("code", true, Type::int());
  field("at", true, Type::string());
  field("log", true, Type::string());
  field("causes", false, Type::list(cause));
  field("undo_failed", false, Type::list(Type::string()));
  Type::named("Failure", Type::Record(Arc::new(RecordType { fields, open: false })))
}

/// `Outcome<T>`
pub fn outcome(value: &Type) -> Type {
  let ok = Type::record([("ok", Type::Bool(Some(true))), ("value", value.clone())]);
  let lost = Type::record([("ok", Type::Bool(Some(false))), ("error", failure())]);
  Type::named(&format!("Outcome<{value}>"), Type::union([ok, lost]))
}

/// `WorkerCard`: what a planner is told of a worker; the messages are JSON Schemas.
pub fn worker_card() -> Type {
  let fields = [
    ("name", Type::string()),
    ("doc", Type::string()),
    ("input", Type::Json),
    ("output", Type::Json),
  ];
  Type::named("WorkerCard", Type::record(fields))
}

/// `Result_of<pool>`: what became of one assignment.
pub fn result_of(pool: &str) -> Type {
  let fields = [
    ("id", Type::string()),
    ("worker", Type::string()),
    ("outcome", outcome(&Type::Json)),
  ];
  Type::named(&format!("Result_of<{pool}>"), Type::record(fields))
}

/// Whether a type is that of an outcome, whatever its value.
pub fn is_outcome(ty: &Type) -> bool {
  let has = |member: &Type, field: &str| {
    member
      .as_record()
      .is_some_and(|record| record.fields.contains_key("ok") && record.fields.contains_key(field))
  };
  let members = ty.members();
  members.iter().any(|member| has(member, "error")) && members.iter().any(|member| has(member, "value"))
}

/// The type of `run`. `directory` is the one that orch was started in: what a relative path of the caller is relative to.
pub fn run_record() -> Type {
  let text = Type::string;
  let fields = [
    ("id", text()),
    ("tracker", text()),
    ("started", Type::Time),
    ("url", text().optional()),
    ("directory", text()),
  ];
  Type::named("Run", Type::record(fields))
}

/// What `dispatch` gives: the run that was asked for, and its orchestrator.
pub fn handle() -> Type {
  Type::named(
    "Handle",
    Type::record([("run", Type::string()), ("of", Type::string())]),
  )
}

/// The type of `call` in a worker's settings.
pub fn worker_call() -> Type {
  let text = Type::string;
  Type::named(
    "Call",
    Type::record([
      ("run", text()),
      ("tracker", text()),
      ("step", text()),
      ("attempt", Type::int()),
      ("key", text()),
      ("error", failure().optional()),
    ]),
  )
}
