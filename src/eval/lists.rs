//! What functions make of lists, maps and records. Knows nothing of expressions.

use std::{cmp::Ordering, collections::HashSet, sync::Arc};

use indexmap::IndexMap;

use crate::{
  types::Type,
  value::{LARGEST, ListBuilder, RecordBuilder, TooLarge, Value},
};

use super::{
  fuel::{Fuel, Reason},
  operators::{items, kind},
  order::{digest, equal, order},
  walk::{extend, finish_record, spread_fields},
};

type Fields = IndexMap<Arc<str>, Value>;

fn fields(value: &Value) -> Result<&Fields, Reason> {
  value
    .as_record()
    .ok_or_else(|| Reason(format!("expected a map or record, found {}", kind(value))))
}

fn collect(made: impl IntoIterator<Item = Value>) -> Result<Value, Reason> {
  let mut list = ListBuilder::default();
  made.into_iter().try_for_each(|item| list.push(item))?;
  Ok(list.finish())
}

fn at_least(least: i64, found: i64) -> Result<usize, Reason> {
  if found < least {
    return Err(Reason(format!("expected a number of at least {least}, found {found}")));
  }
  Ok(usize::try_from(found).unwrap_or(usize::MAX))
}

pub(super) fn len(value: &Value, fuel: &mut Fuel) -> Result<Value, Reason> {
  let length = match value {
    Value::String(text) => {
      fuel.burn_text(text)?;
      text.chars().count()
    }
    Value::List(_) => items(value)?.len(),
    _ => fields(value)?.len(),
  };
  Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// Stable. Keys of different kinds have no order: a failure.
pub(super) fn sort_by(own: &[Value], keys: &Value, fuel: &mut Fuel) -> Result<Value, Reason> {
  let weight = keys.weight();
  let keys = items(keys)?;
  let rounds = u64::from(usize::BITS - keys.len().leading_zeros());
  fuel.burn((weight.elements + weight.bytes / 64) * rounds)?;
  let mut unordered = None;
  let mut sorted: Vec<(&Value, &Value)> = keys.iter().zip(own).collect();
  sorted.sort_by(|(a, _), (b, _)| {
    order(a, b).unwrap_or_else(|| {
      unordered = Some((kind(a), kind(b)));
      by_shape(a, b)
    })
  });
  match unordered {
    Some((a, b)) => Err(Reason(format!("{a} and {b} have no order as keys"))),
    None => collect(sorted.into_iter().map(|(_, item)| item.clone())),
  }
}

/// An order for values that have none, so that the sort ends before the failure is told.
fn by_shape(a: &Value, b: &Value) -> Ordering {
  match (a.as_list(), b.as_list()) {
    (Some(a), Some(b)) => {
      let pairs = a.iter().zip(b);
      let mut orders = pairs.map(|(a, b)| order(a, b).unwrap_or_else(|| by_shape(a, b)));
      orders
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.len().cmp(&b.len()))
    }
    _ => rank(a).cmp(&rank(b)),
  }
}

fn rank(value: &Value) -> u8 {
  match value {
    Value::Null => 0,
    Value::Bool(_) => 1,
    Value::Int(_) | Value::Float(_) => 2,
    Value::String(_) => 3,
    Value::Time(_) => 4,
    Value::Duration(_) => 5,
    Value::Stored(_) => 6,
    Value::List(_) => 7,
    Value::Record(_) => 8,
    Value::Secret(_) => 9,
  }
}

pub(super) fn group_by(own: &[Value], keys: &[Value]) -> Result<Value, Reason> {
  let mut groups: IndexMap<blake3::Hash, (&Value, ListBuilder)> = IndexMap::new();
  for (item, key) in own.iter().zip(keys) {
    let group = groups
      .entry(digest(key))
      .or_insert_with(|| (key, ListBuilder::default()));
    group.1.push(item.clone())?;
  }
  let mut list = ListBuilder::default();
  for (key, group) in groups.into_values() {
    list.push(Value::fields([("key", key.clone()), ("items", group.finish())])?)?;
  }
  Ok(list.finish())
}

pub(super) fn unique(own: &[Value], keys: &[Value]) -> Result<Value, Reason> {
  let mut seen = HashSet::new();
  let new = own.iter().zip(keys).filter(|(_, key)| seen.insert(digest(key)));
  collect(new.map(|(item, _)| item.clone()))
}

pub(super) fn flatten(list: &Value, fuel: &mut Fuel) -> Result<Value, Reason> {
  let mut flat = ListBuilder::default();
  for inner in items(list)? {
    let inner = items(inner)?;
    fuel.burn(1 + inner.len() as u64)?;
    extend(&mut flat, inner)?;
  }
  Ok(flat.finish())
}

pub(super) fn take(list: &Value, count: i64, fuel: &mut Fuel) -> Result<Value, Reason> {
  let own = items(list)?;
  let count = at_least(0, count)?;
  if count >= own.len() {
    return Ok(list.clone());
  }
  fuel.burn(count as u64)?;
  collect(own[..count].iter().cloned())
}

pub(super) fn chunk(list: &Value, size: i64, fuel: &mut Fuel) -> Result<Value, Reason> {
  let own = items(list)?;
  let size = at_least(1, size)?;
  fuel.burn(own.len() as u64)?;
  let mut chunks = ListBuilder::default();
  for part in own.chunks(size) {
    chunks.push(collect(part.iter().cloned())?)?;
  }
  Ok(chunks.finish())
}

/// From `start` up to and without `end`.
pub(super) fn range(start: i64, end: i64, fuel: &mut Fuel) -> Result<Value, Reason> {
  let length = u64::try_from(i128::from(end) - i128::from(start)).unwrap_or(0);
  if length >= LARGEST.elements {
    return Err(TooLarge::elements().into());
  }
  fuel.burn(length)?;
  collect((start..end).map(Value::Int))
}

pub(super) fn zip(a: &Value, b: &Value, fuel: &mut Fuel) -> Result<Value, Reason> {
  let (a, b) = (items(a)?, items(b)?);
  let mut pairs = ListBuilder::default();
  for (first, second) in a.iter().zip(b) {
    fuel.burn(1)?;
    pairs.push(Value::fields([("first", first.clone()), ("second", second.clone())])?)?;
  }
  Ok(pairs.finish())
}

fn sorted<'v>(value: &'v Value, fuel: &mut Fuel) -> Result<Vec<(&'v Arc<str>, &'v Value)>, Reason> {
  let fields = fields(value)?;
  fuel.burn(fields.len() as u64)?;
  let mut fields: Vec<_> = fields.iter().collect();
  fields.sort_unstable_by_key(|(name, _)| *name);
  Ok(fields)
}

pub(super) fn keys(value: &Value, fuel: &mut Fuel) -> Result<Value, Reason> {
  collect(
    sorted(value, fuel)?
      .into_iter()
      .map(|(name, _)| Value::String(name.clone())),
  )
}

pub(super) fn values(value: &Value, fuel: &mut Fuel) -> Result<Value, Reason> {
  collect(sorted(value, fuel)?.into_iter().map(|(_, field)| field.clone()))
}

pub(super) fn merge(a: &Value, b: &Value, ty: &Type, fuel: &mut Fuel) -> Result<Value, Reason> {
  let mut record = RecordBuilder::default();
  for part in [a, b] {
    fields(part)?;
    spread_fields(&mut record, part, fuel)?;
  }
  Ok(finish_record(record, ty))
}

/// The values of the outcomes that are ok, or the errors of the others.
pub(super) fn outcomes(list: &Value, ok: bool, fuel: &mut Fuel) -> Result<Value, Reason> {
  let own = items(list)?;
  fuel.burn(own.len() as u64)?;
  let field = if ok { "value" } else { "error" };
  let chosen = own.iter().filter(|outcome| outcome.field("ok") == Value::Bool(ok));
  collect(chosen.map(|outcome| outcome.field(field)))
}

pub(super) fn contains(list: &Value, item: &Value, fuel: &mut Fuel) -> Result<Value, Reason> {
  fuel.burn_walk(list)?;
  Ok(Value::Bool(items(list)?.iter().any(|own| equal(own, item))))
}
