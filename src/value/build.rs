//! Lists and records built part by part, refused before a part makes them too large. Knows nothing of types.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{List, Record, TooLarge, Value, Weight};

/// What an empty list or record weighs.
const EMPTY: Weight = Weight {
  bytes: 2,
  elements: 1,
  depth: 1,
};

impl Weight {
  fn plus(mut self, name: u64, part: Weight) -> Weight {
    self.bytes = self.bytes.saturating_add(part.bytes + name + 1);
    self.elements = self.elements.saturating_add(part.elements);
    self.depth = self.depth.max(part.depth + 1);
    self
  }

  fn minus(mut self, name: u64, part: Weight) -> Weight {
    self.bytes -= part.bytes + name + 1;
    self.elements -= part.elements;
    self
  }
}

/// A list in the making.
#[derive(Debug)]
pub struct ListBuilder {
  items: Vec<Value>,
  weight: Weight,
}

impl Default for ListBuilder {
  fn default() -> Self {
    Self {
      items: Vec::new(),
      weight: EMPTY,
    }
  }
}

impl ListBuilder {
  /// # Errors
  /// The list would be larger than a value may be; it stays as it was.
  pub fn push(&mut self, item: Value) -> Result<(), TooLarge> {
    self.weight = self.weight.plus(0, item.weight()).check()?;
    self.items.push(item);
    Ok(())
  }

  pub fn len(&self) -> usize {
    self.items.len()
  }

  pub fn is_empty(&self) -> bool {
    self.items.is_empty()
  }

  pub fn finish(self) -> Value {
    Value::List(Arc::new(List {
      items: self.items,
      weight: self.weight,
    }))
  }
}

/// A record or map in the making.
#[derive(Debug)]
pub struct RecordBuilder {
  fields: IndexMap<Arc<str>, Value>,
  weight: Weight,
}

impl Default for RecordBuilder {
  fn default() -> Self {
    Self {
      fields: IndexMap::new(),
      weight: EMPTY,
    }
  }
}

impl RecordBuilder {
  /// Sets a field; one of that name is replaced in its place.
  ///
  /// # Errors
  /// The record would be larger than a value may be; it stays as it was.
  pub fn insert(&mut self, name: Arc<str>, value: Value) -> Result<(), TooLarge> {
    let own = name.len() as u64 + 4;
    let mut weight = self.weight;
    if let Some(old) = self.fields.get(&name) {
      weight = weight.minus(own, old.weight());
    }
    self.weight = weight.plus(own, value.weight()).check()?;
    self.fields.insert(name, value);
    Ok(())
  }

  /// Fields in the order of their first insertion.
  pub fn finish(self) -> Value {
    Value::Record(Arc::new(Record {
      fields: self.fields,
      weight: self.weight,
    }))
  }

  /// Fields sorted by name, as maps are.
  pub fn finish_sorted(mut self) -> Value {
    self.fields.sort_unstable_keys();
    self.finish()
  }
}

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn built_part_by_part_weighs_the_same() {
    let mut list = ListBuilder::default();
    let mut record = RecordBuilder::default();
    for n in [1, -20, 300] {
      list.push(Value::Int(n)).unwrap();
      record.insert("a".into(), Value::Int(n)).unwrap();
    }
    assert_eq!(list.len(), 3);
    let whole = Value::list([1, -20, 300].map(Value::Int).to_vec()).unwrap();
    assert_eq!(list.finish().weight(), whole.weight());
    let whole = Value::fields([("a", Value::Int(300))]).unwrap();
    let built = record.finish();
    assert_eq!(built.weight().elements, whole.weight().elements);
    assert!(built.weight().bytes.abs_diff(whole.weight().bytes) <= 1);
    assert_eq!(built, whole);
  }

  #[test]
  fn a_part_too_many_is_refused() {
    let big = Value::string("x".repeat(9 << 20));
    let mut list = ListBuilder::default();
    list.push(big.clone()).unwrap();
    assert_eq!(list.push(big.clone()), Err(TooLarge::bytes()));
    assert_eq!(list.len(), 1);
    let mut record = RecordBuilder::default();
    record.insert("a".into(), big.clone()).unwrap();
    record.insert("a".into(), big.clone()).unwrap();
    assert_eq!(record.insert("b".into(), big), Err(TooLarge::bytes()));
  }
}
