//! What functions make of numbers and durations. Knows nothing of expressions.

use std::cmp::Ordering;

use crate::{
  hir::Builtin,
  types::Type,
  value::{Value, whole},
};

use super::{
  builtins::wrong,
  fuel::Reason,
  operators::{self, finite, kind, number},
  order::order,
};

/// Of nothing: 0 of the type that the sum has.
pub(super) fn sum(list: &[Value], ty: &Type) -> Result<Value, Reason> {
  let is_float = matches!(ty.resolved(), Type::Float(_));
  let mut total = match ty.resolved() {
    Type::Duration => Value::Duration(0),
    Type::Float(_) => Value::Float(0.0),
    _ => Value::Int(0),
  };
  for (index, item) in list.iter().enumerate() {
    total = match item {
      Value::Int(_) | Value::Float(_) | Value::Duration(_) if index == 0 && !is_float => item.clone(),
      Value::Int(_) | Value::Float(_) | Value::Duration(_) => operators::sum(&total, item)?,
      _ => return wrong(Builtin::Sum, std::slice::from_ref(item)),
    };
  }
  Ok(total)
}

pub(super) fn avg(list: &[Value]) -> Result<Value, Reason> {
  if list.is_empty() {
    return Ok(Value::Null);
  }
  let durations: Option<i128> = list.iter().try_fold(0_i128, |sum, item| match item {
    Value::Duration(milliseconds) => Some(sum + i128::from(*milliseconds)),
    _ => None,
  });
  if let Some(sum) = durations {
    // The mean of 64-bit numbers is one.
    return Ok(Value::Duration(
      i64::try_from(sum / list.len() as i128).unwrap_or(i64::MAX),
    ));
  }
  let ints: Option<i128> = list.iter().try_fold(0_i128, |sum, item| match item {
    Value::Int(int) => Some(sum + i128::from(*int)),
    _ => None,
  });
  let floats = || -> Result<f64, Reason> {
    list.iter().try_fold(0.0, |sum, item| match number(item) {
      Some(number) => Ok(sum + number),
      None => wrong(Builtin::Avg, std::slice::from_ref(item)),
    })
  };
  #[allow(clippy::cast_precision_loss, reason = "the nearest float is what is meant")]
  let (total, count) = (ints.map_or_else(floats, |sum| Ok(sum as f64))?, list.len() as f64);
  finite(total / count)
}

/// The least or greatest; null of nothing.
pub(super) fn extreme(function: Builtin, list: &[Value]) -> Result<Value, Reason> {
  let wanted = if function == Builtin::Min {
    Ordering::Less
  } else {
    Ordering::Greater
  };
  let mut best: Option<&Value> = None;
  for item in list {
    if matches!(item, Value::Null | Value::Bool(_) | Value::List(_) | Value::Record(_)) {
      return wrong(function, std::slice::from_ref(item));
    }
    best = match best {
      None => Some(item),
      Some(best) => match order(item, best) {
        Some(order) => Some(if order == wanted { item } else { best }),
        None => return wrong(function, &[best.clone(), item.clone()]),
      },
    };
  }
  Ok(best.cloned().unwrap_or(Value::Null))
}

/// The int that a float is, cut towards zero.
fn to_int(float: f64) -> Result<Value, Reason> {
  let int = whole(float.trunc()).map(Value::Int);
  int.ok_or_else(|| Reason(format!("`{float:e}` does not fit a 64-bit int")))
}

/// A float is cut towards zero; a string that is no int gives null.
pub(super) fn int(value: &Value) -> Result<Value, Reason> {
  match value {
    Value::Int(_) => Ok(value.clone()),
    Value::Float(float) => to_int(*float),
    Value::String(text) => Ok(text.parse().map_or(Value::Null, Value::Int)),
    _ => wrong(Builtin::Int, std::slice::from_ref(value)),
  }
}

/// A string that is no finite number gives null.
pub(super) fn float(value: &Value) -> Result<Value, Reason> {
  if let Some(float) = number(value) {
    return Ok(Value::Float(float));
  }
  match value {
    Value::String(text) => {
      let float = text.parse().ok().filter(|float: &f64| float.is_finite());
      Ok(float.map_or(Value::Null, Value::Float))
    }
    _ => wrong(Builtin::Float, std::slice::from_ref(value)),
  }
}

/// `round`, half away from zero, `ceil` and `floor`.
pub(super) fn rounded(function: Builtin, value: &Value) -> Result<Value, Reason> {
  match value {
    Value::Int(_) => Ok(value.clone()),
    Value::Float(float) => to_int(match function {
      Builtin::Ceil => float.ceil(),
      Builtin::Floor => float.floor(),
      _ => float.round(),
    }),
    _ => wrong(function, std::slice::from_ref(value)),
  }
}

fn digits(digits: i64, most: i32) -> Result<i32, Reason> {
  let digits = i32::try_from(digits).ok().filter(|digits| (0..=most).contains(digits));
  digits.ok_or_else(|| Reason(format!("expected a number of decimals from 0 to {most}")))
}

pub(super) fn round_to(value: &Value, decimals: i64) -> Result<Value, Reason> {
  let Some(float) = number(value) else {
    return Err(Reason(format!("`round` does not take ({}, an int)", kind(value))));
  };
  let scale = 10_f64.powi(digits(decimals, 15)?);
  let scaled = float * scale;
  // From here on a float has no decimals left to round.
  if scaled.abs() >= 9_007_199_254_740_992.0 {
    return Ok(Value::Float(float));
  }
  finite(scaled.round() / scale)
}

/// With so many decimals.
pub(super) fn format(value: &Value, decimals: i64) -> Result<Value, Reason> {
  let decimals = usize::try_from(digits(decimals, 20)?).unwrap_or(0);
  let text = match value {
    Value::Int(int) if decimals == 0 => int.to_string(),
    Value::Int(int) => format!("{int}.{}", "0".repeat(decimals)),
    Value::Float(float) => format!("{float:.decimals$}"),
    _ => return wrong(Builtin::Format, &[value.clone(), Value::Int(0)]),
  };
  Ok(Value::string(text))
}

pub(super) fn abs(value: &Value) -> Result<Value, Reason> {
  let beyond = || Reason("the result of `abs` does not fit 64 bits".into());
  match value {
    Value::Int(int) => int.checked_abs().map(Value::Int).ok_or_else(beyond),
    Value::Duration(duration) => duration.checked_abs().map(Value::Duration).ok_or_else(beyond),
    Value::Float(float) => Ok(Value::Float(float.abs())),
    _ => wrong(Builtin::Abs, std::slice::from_ref(value)),
  }
}
