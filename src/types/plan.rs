//! The type of plans over a pool: which workers may be assigned what, and how a plan reads as data. Knows nothing of
//! values.

use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;
use regex::Regex;

use super::{Field, ListType, Misfit, RecordType, StringRules, Type, fits};

/// `Plan<crew>(..12)`
#[derive(Clone, Debug)]
pub struct PlanType {
  /// The pool's name.
  pub pool: Arc<str>,
  /// The pool's number in its program. No part of equality: two programs may number differently.
  pub number: u32,
  pub members: Arc<[PlanMember]>,
  /// At most so many assignments.
  pub most: Option<u64>,
  shape: Type,
}

/// Who may be assigned something.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanMember {
  pub name: Arc<str>,
  /// A record; what has a default is optional.
  pub input: Type,
  pub output: Type,
}

impl PartialEq for PlanType {
  fn eq(&self, other: &Self) -> bool {
    self.members == other.members && self.most == other.most
  }
}

static ID: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("^[A-Za-z0-9_-]{1,64}$").ok());
static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[A-Za-z0-9_-]{1,64}(?:\.[^.]+)*$").ok());

impl PlanType {
  pub fn new(pool: Arc<str>, number: u32, members: Arc<[PlanMember]>, most: Option<u64>) -> Self {
    let workers = Type::union(members.iter().map(|member| Type::Literal(member.name.clone())));
    let assignment = Type::Record(Arc::new(assignment(Type::string(), workers, Type::Json)));
    let assignments = Type::List(Arc::new(ListType {
      item: Type::named(&format!("Assignment<{pool}>"), assignment),
      min: None,
      max: most,
    }));
    Self {
      shape: Type::record([("assignments", assignments)]),
      pool,
      number,
      members,
      most,
    }
  }

  pub fn member(&self, name: &str) -> Option<&PlanMember> {
    self.members.iter().find(|member| *member.name == *name)
  }

  /// What its members take and give.
  pub fn sides(&self) -> impl Iterator<Item = &Type> {
    self.members.iter().flat_map(|member| [&member.input, &member.output])
  }

  /// A plan as data: `{ assignments: [{ id, worker, input, after? }] }`. Not every value of it is a plan.
  pub fn shape(&self) -> &Type {
    &self.shape
  }

  /// The same plans, however many assignments.
  pub fn unbounded(&self) -> PlanType {
    Self::new(self.pool.clone(), self.number, self.members.clone(), None)
  }

  /// What one assignment of each member may be, references included.
  pub(super) fn choices(&self) -> impl Iterator<Item = RecordType> {
    self.members.iter().map(|member| {
      let worker = Type::Literal(member.name.clone());
      assignment(matching(&ID), worker, or_reference(&member.input))
    })
  }
}

/// What an assignment looks like before it is known who is meant: any worker, any input.
pub fn loose_assignment() -> RecordType {
  assignment(matching(&ID), Type::string(), Type::Json)
}

fn assignment(id: Type, worker: Type, input: Type) -> RecordType {
  let fields = [
    ("id", id, false),
    ("worker", worker, false),
    ("input", input, false),
    ("after", Type::list(Type::string()), true),
  ];
  let fields = fields.map(|(name, ty, optional)| (Arc::from(name), Field { ty, optional }));
  RecordType {
    fields: IndexMap::from(fields),
    open: false,
  }
}

fn matching(pattern: &LazyLock<Option<Regex>>) -> Type {
  Type::String(Arc::new(StringRules {
    regex: (*pattern).clone(),
    ..StringRules::default()
  }))
}

/// `{ "$ref": "id.field" }`
fn reference() -> Type {
  Type::named("Reference", Type::record([("$ref", matching(&REFERENCE))]))
}

/// The type, with a reference allowed in every place of it.
fn or_reference(ty: &Type) -> Type {
  match ty.resolved() {
    Type::Json | Type::Unknown => ty.clone(),
    _ => Type::union([with_references(ty), reference()]),
  }
}

/// The type itself, with references in the places inside. A file has no other way in.
fn with_references(ty: &Type) -> Type {
  match ty {
    Type::File | Type::Dir => Type::Never,
    Type::Named(named) => Type::named(&named.name, with_references(&named.ty)),
    Type::List(list) => Type::List(Arc::new(ListType {
      item: or_reference(&list.item),
      ..(**list).clone()
    })),
    Type::Map(value) => Type::map(or_reference(value)),
    Type::Record(record) => {
      let fields = record.fields.iter().map(|(name, field)| {
        let ty = or_reference(&field.ty);
        (name.clone(), Field { ty, ..field.clone() })
      });
      Type::Record(Arc::new(RecordType {
        fields: fields.collect(),
        open: record.open,
      }))
    }
    Type::Union(members) => Type::union(members.iter().map(with_references)),
    other => other.clone(),
  }
}

/// Whether every plan of the one type is a plan of the other: each of its workers is there, takes what it took and gives
/// no more than it gave.
pub(super) fn plan_fits(found: &PlanType, expected: &PlanType) -> Result<(), Misfit> {
  let fewer = expected
    .most
    .is_none_or(|most| found.most.is_some_and(|max| max <= most));
  if !fewer {
    let (found, expected) = (found.shown(), expected.shown());
    return Err(Misfit::new(format!("expected `{expected}`, found `{found}`")));
  }
  for member in found.members.iter() {
    let Some(own) = expected.member(&member.name) else {
      let reason = format!("`{}` is not in the pool `{}`", member.name, expected.pool);
      return Err(Misfit::new(reason));
    };
    if !fits(&member.input, &own.input) || !fits(&own.output, &member.output) {
      let reason = format!("`{}` is another worker in the pool `{}`", member.name, expected.pool);
      return Err(Misfit::new(reason));
    }
  }
  Ok(())
}

impl PlanType {
  pub(super) fn shown(&self) -> String {
    match self.most {
      None => format!("Plan<{}>", self.pool),
      Some(most) => format!("Plan<{}>(..{most})", self.pool),
    }
  }
}
