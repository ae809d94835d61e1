//! Durations, times and scalars as text, and short excerpts of values for messages. Knows nothing of types.

use std::fmt::Write;

use super::{SecretPart, Value};

/// Milliseconds per unit, from the largest.
const UNITS: [(&str, i64); 5] = [
  ("d", 86_400_000),
  ("h", 3_600_000),
  ("m", 60_000),
  ("s", 1_000),
  ("ms", 1),
];

/// `1h30m`, `250ms`, `2d` as milliseconds: each unit at most once, the larger first. A leading `-` is read, since
/// the difference of two times may be negative and must come back from JSON. `None` where it is no duration, or
/// beyond 64 bits.
pub fn parse_duration(text: &str) -> Option<i64> {
  let (negative, mut rest) = match text.strip_prefix('-') {
    Some(rest) => (true, rest),
    None => (false, text),
  };
  let mut total: i128 = 0;
  let mut units = UNITS.iter();
  if rest.is_empty() {
    return None;
  }
  while !rest.is_empty() {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let count: i64 = rest[..digits].parse().ok()?;
    rest = &rest[digits..];
    let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
    let (_, size) = units.by_ref().find(|(name, _)| *name == &rest[..letters])?;
    total += i128::from(count) * i128::from(*size);
    rest = &rest[letters..];
  }
  i64::try_from(if negative { -total } else { total }).ok()
}

/// RFC 3339, and nothing looser: `2026-01-31T12:00:00Z`, with at most nanoseconds, without leap seconds. A year before
/// 0, which only arithmetic gives, reads back as it is shown: `-000044-03-15T12:00:00Z`.
pub fn parse_time(text: &str) -> Option<jiff::Timestamp> {
  let rest = text.strip_prefix("-00").unwrap_or(text);
  let (date, rest) = rest.split_at_checked(19)?;
  let fraction = rest.strip_prefix('.').map_or(0, |rest| {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=9).contains(&digits) { digits + 1 } else { 0 }
  });
  let offset = &rest[fraction..];
  let hours = |offset: &str| like(offset, "-00:00") && offset[1..3] < *"24" && offset[4..] < *"60";
  let zone = offset == "Z" || offset.starts_with(['+', '-']) && hours(&offset.replacen('+', "-", 1));
  let formed = like(date, "0000-00-00T00:00:00") && &date[17..] < "60";
  (formed && zone).then(|| text.parse().ok()).flatten()
}

/// Whether the text has a digit where the form has one, and else the form's characters.
fn like(text: &str, form: &str) -> bool {
  let agree = |(found, wanted): (u8, u8)| found == wanted || wanted == b'0' && found.is_ascii_digit();
  text.len() == form.len() && text.bytes().zip(form.bytes()).all(agree)
}

/// The text with the largest units that `parse_duration` reads back: `1h30m`, `0s`.
pub fn show_duration(milliseconds: i64) -> String {
  if milliseconds == 0 {
    return "0s".into();
  }
  let mut text = String::new();
  if milliseconds < 0 {
    text.push('-');
  }
  let mut rest = milliseconds.unsigned_abs();
  for (name, size) in UNITS {
    let count = rest / size.unsigned_abs();
    rest %= size.unsigned_abs();
    if count > 0 {
      let _ = write!(text, "{count}{name}");
    }
  }
  text
}

/// A number in the shortest form that reads back: `0.1`, `3`; with an exponent below `1e-7` and from `1e21`.
fn show_float(value: f64) -> String {
  let size = value.abs();
  if size != 0.0 && !(1e-7..1e21).contains(&size) {
    format!("{value:e}")
  } else {
    value.to_string()
  }
}

/// A scalar as it stands in a text: strings as they are, numbers in the shortest form, durations as `1h30m`, times
/// as RFC 3339, files by their digest, null as `null`. A list or record is shown as compact JSON.
pub fn show(value: &Value) -> String {
  match value {
    Value::Null => "null".into(),
    Value::Bool(value) => value.to_string(),
    Value::Int(value) => value.to_string(),
    Value::Float(value) => show_float(*value),
    Value::String(text) => text.to_string(),
    Value::Time(time) => time.to_string(),
    Value::Duration(duration) => show_duration(*duration),
    Value::Stored(stored) => stored.to_string(),
    Value::Secret(parts) => show_secret(parts),
    Value::List(_) | Value::Record(_) => super::json_text(value),
  }
}

/// `env:NAME`, or a text with `***` for each secret in it.
fn show_secret(parts: &[SecretPart]) -> String {
  match parts {
    [SecretPart::Variable(name)] => format!("env:{name}"),
    _ => parts.iter().fold(String::new(), |text, part| match part {
      SecretPart::Text(own) => text + own,
      SecretPart::Variable(_) => text + "***",
    }),
  }
}

/// The beginning of the value as compact JSON on one line, at most `max_chars` characters, with `…` at the end where
/// something is left out. Takes time in proportion to `max_chars`, not to the value.
pub fn excerpt(value: &Value, max_chars: usize) -> String {
  let mut text = String::new();
  let mut clip = Clip {
    text: &mut text,
    left: max_chars,
  };
  let _ = clip.value(value);
  text
}

/// The beginning of a text, at most `max_chars` characters, with `…` at the end where something is left out.
pub fn clip(text: &str, max_chars: usize) -> String {
  match text.char_indices().nth(max_chars) {
    None => text.to_owned(),
    Some(_) => text.chars().take(max_chars.saturating_sub(1)).chain(['…']).collect(),
  }
}

/// The excerpt is full.
struct Full;

/// Takes characters until none is left, then replaces the last one by `…`.
struct Clip<'a> {
  text: &'a mut String,
  left: usize,
}

impl Clip<'_> {
  fn push(&mut self, text: &str) -> Result<(), Full> {
    for c in text.chars() {
      if self.left == 0 {
        self.text.pop();
        self.text.push('…');
        return Err(Full);
      }
      self.text.push(c);
      self.left -= 1;
    }
    Ok(())
  }

  fn value(&mut self, value: &Value) -> Result<(), Full> {
    match value {
      Value::List(list) => self.list(&list.items),
      Value::Record(record) => self.record(record.fields.iter().map(|(name, value)| (&**name, value))),
      Value::String(text) => self.string(text),
      Value::Time(_) | Value::Duration(_) | Value::Stored(_) | Value::Secret(_) => self.string(&show(value)),
      scalar => self.push(&show(scalar)),
    }
  }

  fn string(&mut self, text: &str) -> Result<(), Full> {
    let end = text.char_indices().nth(self.left + 1).map_or(text.len(), |(at, _)| at);
    let quoted = serde_json::Value::from(&text[..end]).to_string();
    self.push(&quoted)
  }

  fn list(&mut self, items: &[Value]) -> Result<(), Full> {
    self.push("[")?;
    for (index, item) in items.iter().enumerate() {
      if index > 0 {
        self.push(",")?;
      }
      self.value(item)?;
    }
    self.push("]")
  }

  fn record<'v>(&mut self, fields: impl Iterator<Item = (&'v str, &'v Value)>) -> Result<(), Full> {
    self.push("{")?;
    for (index, (name, value)) in fields.enumerate() {
      if index > 0 {
        self.push(",")?;
      }
      self.string(name)?;
      self.push(":")?;
      self.value(value)?;
    }
    self.push("}")
  }
}

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn durations_read_back() {
    for (text, milliseconds) in [
      ("1h30m", 5_400_000),
      ("250ms", 250),
      ("2d", 172_800_000),
      ("0s", 0),
      ("1m1ms", 60_001),
      ("-5s", -5_000),
    ] {
      assert_eq!(parse_duration(text), Some(milliseconds), "{text}");
      assert_eq!(show_duration(milliseconds), text);
    }
    assert_eq!(parse_duration("90m"), Some(5_400_000));
    for extreme in [i64::MIN, i64::MIN + 1, i64::MAX] {
      assert_eq!(parse_duration(&show_duration(extreme)), Some(extreme));
    }
  }

  #[test]
  fn what_is_no_duration_is_none() {
    for text in [
      "",
      "-",
      "5",
      "s",
      "1.5h",
      "1x",
      "30m1h",
      "1h1h",
      " 1h",
      "1h ",
      "+1s",
      "1H",
      "1é",
      "9223372036854775807d",
      "99999999999999999999s",
      "9223372036854775808ms",
    ] {
      assert_eq!(parse_duration(text), None, "{text}");
    }
  }

  #[test]
  fn scalars_show_plainly() {
    for (value, text) in [
      (Value::Null, "null"),
      (Value::Float(1.0), "1"),
      (Value::Float(0.1), "0.1"),
      (Value::Float(1e300), "1e300"),
      (Value::Float(5e-324), "5e-324"),
      (Value::string("a \"b\""), "a \"b\""),
      (Value::Duration(90_000), "1m30s"),
      (Value::Time(jiff::Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00Z"),
    ] {
      assert_eq!(show(&value), text);
    }
  }

  #[test]
  fn an_excerpt_is_never_longer_than_asked() {
    let long = Value::list(vec![Value::string("ab\n".repeat(1000)), Value::Int(1)]).unwrap();
    assert_eq!(excerpt(&long, 10), "[\"ab\\nab\\…");
    for max in 0..20 {
      assert!(excerpt(&long, max).chars().count() <= max.max(1));
    }
    let record = Value::fields([("a", Value::Int(1)), ("b", Value::Null)]).unwrap();
    assert_eq!(excerpt(&record, 80), r#"{"a":1,"b":null}"#);
    assert_eq!(clip("abcdef", 3), "ab…");
    assert_eq!(clip("abc", 3), "abc");
  }
}
