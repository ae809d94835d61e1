//! Which values are equal, which comes first, and an encoding in which equal values are the same bytes.

use std::{cmp::Ordering, sync::Arc};

use crate::value::{SecretPart, Value, whole};

/// Whether two values are the same: numbers by what they are worth, records whatever the order of their fields, an
/// absent field as null.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
  match (a, b) {
    (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => int_with_float(*a, *b) == Ordering::Equal,
    (Value::List(_), Value::List(_)) => {
      let (a, b) = (a.as_list().unwrap_or_default(), b.as_list().unwrap_or_default());
      a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
    }
    (Value::Record(_), Value::Record(_)) => fields_within(a, b) && fields_within(b, a),
    _ => a == b,
  }
}

/// Whether each field of `a` is the same in `b`.
fn fields_within(a: &Value, b: &Value) -> bool {
  let mut fields = a.as_record().into_iter().flatten();
  fields.all(|(name, field)| match b.as_record().and_then(|other| other.get(name)) {
    Some(other) => equal(field, other),
    None => *field == Value::Null,
  })
}

/// The order of two numbers, strings, bools, times, durations or lists of those; null comes first. `None`: they have
/// no order. Where there is one it is total, so a sort may rely on it.
pub(super) fn order(a: &Value, b: &Value) -> Option<Ordering> {
  Some(match (a, b) {
    (Value::Null, Value::Null) => Ordering::Equal,
    (Value::Null, _) => Ordering::Less,
    (_, Value::Null) => Ordering::Greater,
    (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
    (Value::Int(a), Value::Int(b)) => a.cmp(b),
    (Value::Float(a), Value::Float(b)) => a.partial_cmp(b)?,
    (Value::Int(a), Value::Float(b)) => int_with_float(*a, *b),
    (Value::Float(a), Value::Int(b)) => int_with_float(*b, *a).reverse(),
    (Value::String(a), Value::String(b)) => a.cmp(b),
    (Value::Time(a), Value::Time(b)) => a.cmp(b),
    (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
    (Value::List(_), Value::List(_)) => order_lists(a.as_list()?, b.as_list()?)?,
    _ => return None,
  })
}

fn order_lists(a: &[Value], b: &[Value]) -> Option<Ordering> {
  for (a, b) in a.iter().zip(b) {
    match order(a, b)? {
      Ordering::Equal => {}
      other => return Some(other),
    }
  }
  Some(a.len().cmp(&b.len()))
}

/// Exact, where a conversion of either would round.
fn int_with_float(int: i64, float: f64) -> Ordering {
  const END: f64 = 9_223_372_036_854_775_808.0;
  if float >= END {
    return Ordering::Less;
  }
  if float < -END {
    return Ordering::Greater;
  }
  #[allow(clippy::cast_possible_truncation, reason = "within the range")]
  let whole = float.trunc() as i64;
  int
    .cmp(&whole)
    .then_with(|| 0.0.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal))
}

/// The same bytes for values that are [`equal`], others for others: a tag, then what it holds, with lengths before
/// texts and parts.
pub(super) fn encode(value: &Value, into: &mut dyn FnMut(&[u8])) {
  match value {
    Value::Null => into(b"n"),
    Value::Bool(value) => into(if *value { b"t" } else { b"f" }),
    Value::Int(int) => tagged(b"i", &int.to_le_bytes(), into),
    Value::Float(float) => match whole(*float) {
      Some(int) => tagged(b"i", &int.to_le_bytes(), into),
      None => tagged(b"d", &float.to_bits().to_le_bytes(), into),
    },
    Value::String(text) => {
      into(b"s");
      encode_text(text, into);
    }
    Value::Time(time) => tagged(b"T", &time.as_nanosecond().to_le_bytes(), into),
    Value::Duration(duration) => tagged(b"D", &duration.to_le_bytes(), into),
    Value::Stored(stored) => {
      into(stored.kind.word().as_bytes());
      into(stored.digest.as_bytes());
    }
    Value::Secret(parts) => {
      tagged(b"S", &(parts.len() as u64).to_le_bytes(), into);
      parts.iter().for_each(|part| match part {
        SecretPart::Text(text) => encode_text(text, into),
        SecretPart::Variable(name) => {
          into(b"v");
          encode_text(name, into);
        }
      });
    }
    Value::List(_) => {
      let items = value.as_list().unwrap_or_default();
      tagged(b"l", &(items.len() as u64).to_le_bytes(), into);
      items.iter().for_each(|item| encode(item, into));
    }
    Value::Record(_) => encode_record(value, into),
  }
}

fn tagged(tag: &[u8], bytes: &[u8], into: &mut dyn FnMut(&[u8])) {
  into(tag);
  into(bytes);
}

fn encode_text(text: &str, into: &mut dyn FnMut(&[u8])) {
  tagged(&(text.len() as u64).to_le_bytes(), text.as_bytes(), into);
}

/// Fields by name; those that are null are absent.
fn encode_record(value: &Value, into: &mut dyn FnMut(&[u8])) {
  let fields = value.as_record().into_iter().flatten();
  let mut fields: Vec<(&Arc<str>, &Value)> = fields.filter(|(_, field)| **field != Value::Null).collect();
  fields.sort_unstable_by_key(|(name, _)| *name);
  tagged(b"r", &(fields.len() as u64).to_le_bytes(), into);
  for (name, field) in fields {
    encode_text(name, into);
    encode(field, into);
  }
}

/// The hash of the encoding.
pub(super) fn digest(value: &Value) -> blake3::Hash {
  let mut hasher = blake3::Hasher::new();
  encode(value, &mut |bytes| {
    hasher.update(bytes);
  });
  hasher.finalize()
}

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn ints_and_floats_compare_exactly() {
    let largest = i64::MAX;
    #[allow(clippy::cast_precision_loss)]
    let rounded = largest as f64;
    assert_eq!(int_with_float(largest, rounded), Ordering::Less);
    assert_eq!(int_with_float(i64::MIN, -9_223_372_036_854_775_808.0), Ordering::Equal);
    assert_eq!(
      int_with_float(9_007_199_254_740_993, 9_007_199_254_740_992.0),
      Ordering::Greater
    );
    for (int, float, expected) in [
      (1, 1.5, Ordering::Less),
      (-1, -1.5, Ordering::Greater),
      (-2, -1.5, Ordering::Less),
      (0, -0.0, Ordering::Equal),
      (0, 1e300, Ordering::Less),
    ] {
      assert_eq!(int_with_float(int, float), expected, "{int} {float}");
    }
  }

  #[test]
  fn equal_values_have_one_digest() {
    let fields = |fields: [(&'static str, Value); 2]| Value::fields(fields).unwrap();
    let a = fields([("a", Value::Int(1)), ("b", Value::Null)]);
    let b = fields([("c", Value::Null), ("a", Value::Float(1.0))]);
    assert!(equal(&a, &b));
    assert_eq!(digest(&a), digest(&b));
    let joined = |a: &str, b: &str| Value::list(vec![Value::string(a), Value::string(b)]).unwrap();
    assert_ne!(digest(&joined("ab", "c")), digest(&joined("a", "bc")));
    assert_ne!(digest(&Value::string("1")), digest(&Value::Int(1)));
    assert_eq!(digest(&Value::Float(-0.0)), digest(&Value::Int(0)));
  }

  #[test]
  fn null_is_first_and_kinds_do_not_mix() {
    let pair = |a: i64, b: &str| Value::list(vec![Value::Int(a), Value::string(b)]).unwrap();
    assert_eq!(order(&Value::Null, &Value::Int(-5)), Some(Ordering::Less));
    assert_eq!(order(&pair(1, "b"), &pair(1, "c")), Some(Ordering::Less));
    assert_eq!(order(&Value::Int(1), &Value::string("1")), None);
  }
}
