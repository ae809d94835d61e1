//! What operators make of values. Knows nothing of expressions.

use std::cmp::Ordering;

use crate::{
  hir::Operator,
  value::{ListBuilder, StoredKind, Value, check_text},
};

use super::{
  fuel::{Fuel, Reason},
  order::{equal, order},
  walk::extend,
};

/// A value's kind with its article, for messages.
pub(super) fn kind(value: &Value) -> &'static str {
  match value {
    Value::Null => "null",
    Value::Bool(_) => "a bool",
    Value::Int(_) => "an int",
    Value::Float(_) => "a float",
    Value::String(_) => "a string",
    Value::Time(_) => "a time",
    Value::Duration(_) => "a duration",
    Value::Stored(stored) => match stored.kind {
      StoredKind::File => "a file",
      StoredKind::Dir => "a directory",
    },
    Value::Secret(_) => "a secret",
    Value::List(_) => "a list",
    Value::Record(_) => "a record",
  }
}

/// The items of a list.
pub(super) fn items(value: &Value) -> Result<&[Value], Reason> {
  value
    .as_list()
    .ok_or_else(|| Reason(format!("expected a list, found {}", kind(value))))
}

/// A float that exists.
pub(super) fn finite(float: f64) -> Result<Value, Reason> {
  if float.is_finite() {
    Ok(Value::Float(float))
  } else {
    Err("the number is beyond what a float holds".into())
  }
}

/// A list at an int from 0, or a map at a string: null where it is absent.
pub(super) fn index(base: &Value, index: &Value) -> Result<Value, Reason> {
  match (base, index) {
    (Value::List(_), Value::Int(at)) => {
      let items = items(base)?;
      let found = usize::try_from(*at).ok().and_then(|at| items.get(at)).cloned();
      found.ok_or_else(|| {
        let length = items.len();
        let word = if length == 1 { "item" } else { "items" };
        Reason(format!("the index {at} is out of range: the list has {length} {word}"))
      })
    }
    (Value::Record(_), Value::String(key)) => Ok(base.field(key)),
    _ => Err(Reason(format!("{} can't be indexed with {}", kind(base), kind(index)))),
  }
}

pub(super) fn negate(value: &Value) -> Result<Value, Reason> {
  match value {
    Value::Int(int) => overflow(int.checked_neg(), "-").map(Value::Int),
    Value::Float(float) => Ok(Value::Float(-float)),
    Value::Duration(duration) => overflow(duration.checked_neg(), "-").map(Value::Duration),
    other => Err(Reason(format!("`-` does not take {}", kind(other)))),
  }
}

pub(super) fn binary(operator: Operator, a: &Value, b: &Value, fuel: &mut Fuel) -> Result<Value, Reason> {
  match operator {
    Operator::Equal | Operator::NotEqual => {
      fuel.burn_walk(a)?;
      Ok(Value::Bool(equal(a, b) == (operator == Operator::Equal)))
    }
    Operator::Less => compare(a, b, "<", fuel, Ordering::is_lt),
    Operator::LessOrEqual => compare(a, b, "<=", fuel, Ordering::is_le),
    Operator::Greater => compare(a, b, ">", fuel, Ordering::is_gt),
    Operator::GreaterOrEqual => compare(a, b, ">=", fuel, Ordering::is_ge),
    Operator::Add => add(a, b, fuel),
    Operator::Subtract => subtract(a, b),
    Operator::Multiply => multiply(a, b),
    Operator::Divide => divide(a, b),
    Operator::Remainder => remainder(a, b),
  }
}

fn no_operands<T>(symbol: &str, a: &Value, b: &Value) -> Result<T, Reason> {
  Err(Reason(format!("`{symbol}` does not take {} and {}", kind(a), kind(b))))
}

fn overflow<T>(result: Option<T>, symbol: &str) -> Result<T, Reason> {
  result.ok_or_else(|| Reason(format!("the result of `{symbol}` does not fit 64 bits")))
}

fn compare(a: &Value, b: &Value, symbol: &str, fuel: &mut Fuel, holds: fn(Ordering) -> bool) -> Result<Value, Reason> {
  let ordered = |value: &Value| !matches!(value, Value::Null | Value::Bool(_) | Value::List(_));
  fuel.burn_walk(a)?;
  match order(a, b) {
    Some(order) if ordered(a) && ordered(b) => Ok(Value::Bool(holds(order))),
    _ => no_operands(symbol, a, b),
  }
}

/// Both as floats, if both are numbers.
fn floats(a: &Value, b: &Value) -> Option<(f64, f64)> {
  Some((number(a)?, number(b)?))
}

/// A number as a float.
#[allow(clippy::cast_precision_loss, reason = "the nearest float is what is meant")]
pub(super) fn number(value: &Value) -> Option<f64> {
  match value {
    Value::Int(int) => Some(*int as f64),
    Value::Float(float) => Some(*float),
    _ => None,
  }
}

fn add(a: &Value, b: &Value, fuel: &mut Fuel) -> Result<Value, Reason> {
  match (a, b) {
    (Value::Time(time), Value::Duration(by)) | (Value::Duration(by), Value::Time(time)) => shift(*time, Some(*by), "+"),
    (Value::String(a), Value::String(b)) => {
      check_text(a.len() + b.len())?;
      fuel.burn_text(a)?;
      fuel.burn_text(b)?;
      Ok(Value::string([&**a, &**b].concat()))
    }
    (Value::List(_), Value::List(_)) => concat(a, b, fuel),
    _ => sum(a, b),
  }
}

/// The sum of two numbers or durations.
pub(super) fn sum(a: &Value, b: &Value) -> Result<Value, Reason> {
  match (a, b) {
    (Value::Int(a), Value::Int(b)) => overflow(a.checked_add(*b), "+").map(Value::Int),
    (Value::Duration(a), Value::Duration(b)) => overflow(a.checked_add(*b), "+").map(Value::Duration),
    _ => match floats(a, b) {
      Some((a, b)) => finite(a + b),
      None => no_operands("+", a, b),
    },
  }
}

fn concat(a: &Value, b: &Value, fuel: &mut Fuel) -> Result<Value, Reason> {
  let (first, second) = (items(a)?, items(b)?);
  fuel.burn(first.len() as u64 + second.len() as u64)?;
  let mut list = ListBuilder::default();
  extend(&mut list, first)?;
  extend(&mut list, second)?;
  Ok(list.finish())
}

fn shift(time: jiff::Timestamp, by: Option<i64>, symbol: &str) -> Result<Value, Reason> {
  let by = overflow(by, symbol)?;
  let moved = time.checked_add(jiff::SignedDuration::from_millis(by));
  moved
    .map(Value::Time)
    .map_err(|_| Reason("the time is outside the years -9999 to 9999".into()))
}

fn subtract(a: &Value, b: &Value) -> Result<Value, Reason> {
  match (a, b) {
    (Value::Int(a), Value::Int(b)) => overflow(a.checked_sub(*b), "-").map(Value::Int),
    (Value::Duration(a), Value::Duration(b)) => overflow(a.checked_sub(*b), "-").map(Value::Duration),
    (Value::Time(time), Value::Duration(by)) => shift(*time, by.checked_neg(), "-"),
    (Value::Time(a), Value::Time(b)) => {
      let apart = (a.as_nanosecond() - b.as_nanosecond()) / 1_000_000;
      overflow(i64::try_from(apart).ok(), "-").map(Value::Duration)
    }
    _ => match floats(a, b) {
      Some((a, b)) => finite(a - b),
      None => no_operands("-", a, b),
    },
  }
}

fn multiply(a: &Value, b: &Value) -> Result<Value, Reason> {
  match (a, b) {
    (Value::Int(a), Value::Int(b)) => overflow(a.checked_mul(*b), "*").map(Value::Int),
    (Value::Duration(a), Value::Int(b)) | (Value::Int(b), Value::Duration(a)) => {
      overflow(a.checked_mul(*b), "*").map(Value::Duration)
    }
    _ => match floats(a, b) {
      Some((a, b)) => finite(a * b),
      None => no_operands("*", a, b),
    },
  }
}

fn divide(a: &Value, b: &Value) -> Result<Value, Reason> {
  const ZERO: &str = "division by zero";
  match (a, b) {
    (Value::Duration(_), Value::Int(0)) => Err(ZERO.into()),
    (Value::Duration(a), Value::Int(b)) => overflow(a.checked_div(*b), "/").map(Value::Duration),
    (Value::Duration(a), Value::Duration(b)) => divide(&Value::Int(*a), &Value::Int(*b)),
    _ => match floats(a, b) {
      Some((_, 0.0)) => Err(ZERO.into()),
      Some((a, b)) => finite(a / b),
      None => no_operands("/", a, b),
    },
  }
}

fn remainder(a: &Value, b: &Value) -> Result<Value, Reason> {
  match (a, b) {
    (Value::Int(_), Value::Int(0)) => Err("division by zero".into()),
    (Value::Int(a), Value::Int(b)) => Ok(Value::Int(a.wrapping_rem(*b))),
    _ => no_operands("%", a, b),
  }
}
