//! What a value may be: types, refinements, what fits where, how alternatives join. Knows nothing of syntax.

mod builtin;
mod files;
mod fit;
mod join;
mod pattern;
mod plan;
pub mod schema;
mod show;
mod variable;

use std::sync::Arc;

use indexmap::IndexMap;

pub use builtin::{
  failure, failure_kinds, handle, is_outcome, outcome, result_of, run_record, worker_call, worker_card,
};
pub use fit::{Misfit, castable, fits, fits_from};
pub use join::{distinguishable, join, widen};
pub use plan::{PlanMember, PlanType, loose_assignment};
pub use variable::match_variables;

/// A type. Cloning is cheap; named types share their definition. There is no recursive type.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
  /// Of no value: the item type of `[]`, the type of `fail`.
  Never,
  /// After an error that was said already; fits everything.
  Unknown,
  Null,
  /// `Some(b)`: only that one.
  Bool(Option<bool>),
  Int(IntRange),
  Float(FloatRange),
  String(Arc<StringRules>),
  /// Exactly this string.
  Literal(Arc<str>),
  Time,
  Duration,
  /// Its content, known by a digest; never a path.
  File,
  /// A directory with all that is in it, likewise.
  Dir,
  /// Any value but a secret.
  Json,
  /// Known by its name only; its text is put in where a worker starts.
  Secret,
  List(Arc<ListType>),
  /// String keys.
  Map(Arc<Type>),
  Record(Arc<RecordType>),
  /// At least two members, none a union or a name for one, told apart by their values.
  Union(Arc<[Type]>),
  /// Checked as the graph that it is; reads as a record.
  Plan(Arc<PlanType>),
  /// A name given by `type`, a contract's side, or a built-in.
  Named(Arc<NamedType>),
  /// The type parameter of a pattern, while the pattern is looked at by itself: could be any type.
  Variable(Arc<str>),
}

/// Both ends included; `None`: without end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct IntRange {
  pub min: Option<i64>,
  pub max: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FloatRange {
  pub min: Option<f64>,
  pub max: Option<f64>,
}

/// Lengths in code points; `regex` searches unless anchored.
#[derive(Clone, Debug, Default)]
pub struct StringRules {
  pub min: Option<u64>,
  pub max: Option<u64>,
  pub regex: Option<regex::Regex>,
}

impl PartialEq for StringRules {
  fn eq(&self, other: &Self) -> bool {
    let pattern = |rules: &Self| rules.regex.as_ref().map(|regex| regex.as_str().to_owned());
    self.min == other.min && self.max == other.max && pattern(self) == pattern(other)
  }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ListType {
  pub item: Type,
  pub min: Option<u64>,
  pub max: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordType {
  /// In the order declared.
  pub fields: IndexMap<Arc<str>, Field>,
  /// `...`: more fields may come, are kept, and can't be read.
  pub open: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Field {
  pub ty: Type,
  /// `b?: T`: may be left out; read as `T?`.
  pub optional: bool,
}

#[derive(Debug)]
pub struct NamedType {
  pub name: Arc<str>,
  pub ty: Type,
}

impl PartialEq for NamedType {
  fn eq(&self, other: &Self) -> bool {
    self.ty == other.ty
  }
}

impl Type {
  pub fn int() -> Type {
    Type::Int(IntRange::default())
  }

  pub fn int_range(min: i64, max: i64) -> Type {
    Type::Int(IntRange {
      min: Some(min),
      max: Some(max),
    })
  }

  pub fn float() -> Type {
    Type::Float(FloatRange::default())
  }

  pub fn bool() -> Type {
    Type::Bool(None)
  }

  pub fn string() -> Type {
    Type::String(Arc::default())
  }

  pub fn literal(text: &str) -> Type {
    Type::Literal(text.into())
  }

  pub fn list(item: Type) -> Type {
    Type::List(Arc::new(ListType {
      item,
      min: None,
      max: None,
    }))
  }

  pub fn map(value: Type) -> Type {
    Type::Map(Arc::new(value))
  }

  pub fn named(name: &str, ty: Type) -> Type {
    Type::Named(Arc::new(NamedType { name: name.into(), ty }))
  }

  /// A record of mandatory fields, without `...`.
  pub fn record<'a>(fields: impl IntoIterator<Item = (&'a str, Type)>) -> Type {
    let fields = fields
      .into_iter()
      .map(|(name, ty)| (name.into(), Field { ty, optional: false }))
      .collect();
    Type::Record(Arc::new(RecordType { fields, open: false }))
  }

  /// The type of which exactly the given members are values: flat, without repetition. The caller has made sure
  /// that values tell the members apart.
  pub fn union(members: impl IntoIterator<Item = Type>) -> Type {
    let mut flat: Vec<Type> = Vec::new();
    for member in members {
      for part in member.members() {
        if !matches!(part, Type::Never) && !flat.contains(&part) {
          flat.push(part);
        }
      }
    }
    match flat.len() {
      0 => Type::Never,
      1 => flat.remove(0),
      _ => Type::Union(flat.into()),
    }
  }

  /// `T?`
  pub fn optional(self) -> Type {
    if self.accepts_null() {
      self
    } else {
      Type::union([self, Type::Null])
    }
  }

  /// Without names on the outside.
  pub fn resolved(&self) -> &Type {
    match self {
      Type::Named(named) => named.ty.resolved(),
      other => other,
    }
  }

  /// Without names on the outside, a plan as the record that it is: what it reads as.
  pub fn data(&self) -> &Type {
    match self.resolved() {
      Type::Plan(plan) => plan.shape(),
      other => other,
    }
  }

  /// The members of a union, or the type itself.
  pub fn members(&self) -> Vec<Type> {
    match self.resolved() {
      Type::Union(members) => members.iter().flat_map(Type::members).collect(),
      _ => vec![self.clone()],
    }
  }

  /// Whether null is one of its values.
  pub fn accepts_null(&self) -> bool {
    match self.resolved() {
      Type::Null | Type::Json | Type::Unknown => true,
      Type::Union(members) => members.iter().any(Type::accepts_null),
      _ => false,
    }
  }

  /// `T` of `T?`. `json` and `Unknown` stay what they are.
  pub fn without_null(&self) -> Type {
    match self.resolved() {
      Type::Null => Type::Never,
      Type::Union(members) => Type::union(members.iter().filter(|member| **member != Type::Null).cloned()),
      _ => self.clone(),
    }
  }

  /// Whether an error that was said already is somewhere in it.
  pub fn is_unknown(&self) -> bool {
    match self.resolved() {
      Type::Unknown => true,
      Type::List(list) => list.item.is_unknown(),
      Type::Map(value) => value.is_unknown(),
      Type::Record(record) => record.fields.values().any(|field| field.ty.is_unknown()),
      Type::Union(members) => members.iter().any(Type::is_unknown),
      Type::Plan(plan) => plan.sides().any(Type::is_unknown),
      _ => false,
    }
  }

  /// Whether a secret is in its values.
  pub fn holds_secret(&self) -> bool {
    match self.resolved() {
      Type::Secret => true,
      Type::List(list) => list.item.holds_secret(),
      Type::Map(value) => value.holds_secret(),
      Type::Record(record) => record.fields.values().any(|field| field.ty.holds_secret()),
      Type::Union(members) => members.iter().any(Type::holds_secret),
      _ => false,
    }
  }

  /// How many types it is made of, names expanded; saturates.
  pub fn size(&self) -> u64 {
    let inner = match self.resolved() {
      Type::List(list) => list.item.size(),
      Type::Map(value) => value.size(),
      Type::Record(record) => record
        .fields
        .values()
        .fold(0, |sum: u64, field| sum.saturating_add(field.ty.size())),
      Type::Union(members) => members
        .iter()
        .fold(0, |sum: u64, member| sum.saturating_add(member.size())),
      Type::Plan(plan) => plan.sides().fold(0, |sum: u64, side| sum.saturating_add(side.size())),
      _ => 0,
    };
    inner.saturating_add(1)
  }

  /// The record's fields, if it is a record or a plan.
  pub fn as_record(&self) -> Option<&RecordType> {
    match self.data() {
      Type::Record(record) => Some(record),
      _ => None,
    }
  }

  /// The plan, if it is one.
  pub fn as_plan(&self) -> Option<&Arc<PlanType>> {
    match self.resolved() {
      Type::Plan(plan) => Some(plan),
      _ => None,
    }
  }

  /// The item type, if it is a list.
  pub fn as_list(&self) -> Option<&ListType> {
    match self.resolved() {
      Type::List(list) => Some(list),
      _ => None,
    }
  }

  /// Whether its values are numbers, strings, booleans, times or durations: what an interpolation and an argument
  /// vector take.
  pub fn is_scalar(&self) -> bool {
    match self.resolved() {
      Type::Bool(_) | Type::Int(_) | Type::Float(_) | Type::String(_) | Type::Literal(_) => true,
      Type::Time | Type::Duration | Type::Never | Type::Unknown => true,
      Type::Union(members) => members.iter().all(Type::is_scalar),
      _ => false,
    }
  }
}

impl Field {
  /// What reading the field gives.
  pub fn read(&self) -> Type {
    if self.optional {
      self.ty.clone().optional()
    } else {
      self.ty.clone()
    }
  }
}
