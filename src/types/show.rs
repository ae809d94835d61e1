//! Types as people write them.

use std::fmt::{self, Display, Formatter, Write};

use super::{FloatRange, IntRange, ListType, RecordType, StringRules, Type};

/// Members of a union shown before the rest becomes a count.
const SHOWN: usize = 8;

impl Display for Type {
  fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
    match self {
      Type::Never => f.write_str("never"),
      Type::Unknown => f.write_str("_"),
      Type::Null => f.write_str("null"),
      Type::Bool(None) => f.write_str("bool"),
      Type::Bool(Some(value)) => write!(f, "{value}"),
      Type::Int(range) => show_int(*range, f),
      Type::Float(range) => show_float(*range, f),
      Type::String(rules) => show_string(rules, f),
      Type::Literal(text) => write!(f, "{text:?}"),
      Type::Time => f.write_str("time"),
      Type::Duration => f.write_str("duration"),
      Type::File => f.write_str("file"),
      Type::Dir => f.write_str("dir"),
      Type::Json => f.write_str("json"),
      Type::Secret => f.write_str("secret"),
      Type::List(list) => show_list(list, f),
      Type::Map(value) => write!(f, "map<{value}>"),
      Type::Record(record) => show_record(record, f),
      Type::Union(members) => show_union(members, f),
      Type::Plan(plan) => f.write_str(&plan.shown()),
      Type::Named(named) => f.write_str(&named.name),
      Type::Variable(name) => f.write_str(name),
    }
  }
}

fn show_int(range: IntRange, f: &mut Formatter<'_>) -> fmt::Result {
  match (range.min, range.max) {
    (None, None) => f.write_str("int"),
    (Some(min), Some(max)) if min == max => write!(f, "{min}"),
    (min, max) => write!(f, "int({}..{})", end(min), end(max)),
  }
}

fn show_float(range: FloatRange, f: &mut Formatter<'_>) -> fmt::Result {
  match (range.min, range.max) {
    (None, None) => f.write_str("float"),
    (Some(min), Some(max)) if min.total_cmp(&max).is_eq() => write!(f, "{min:?}"),
    (min, max) => write!(f, "float({}..{})", end(min), end(max)),
  }
}

fn end<T: Display>(value: Option<T>) -> String {
  value.map(|value| value.to_string()).unwrap_or_default()
}

fn show_string(rules: &StringRules, f: &mut Formatter<'_>) -> fmt::Result {
  f.write_str("string")?;
  if rules.min.is_some() || rules.max.is_some() {
    write!(f, "({}..{})", end(rules.min), end(rules.max))?;
  }
  match &rules.regex {
    Some(regex) => write!(f, "(/{}/)", regex.as_str().replace('/', "\\/")),
    None => Ok(()),
  }
}

fn show_list(list: &ListType, f: &mut Formatter<'_>) -> fmt::Result {
  write!(f, "[{}]", list.item)?;
  if list.min.is_some() || list.max.is_some() {
    write!(f, "({}..{})", end(list.min), end(list.max))?;
  }
  Ok(())
}

fn show_record(record: &RecordType, f: &mut Formatter<'_>) -> fmt::Result {
  let mut parts: Vec<String> = Vec::new();
  for (name, field) in &record.fields {
    let mut part = String::new();
    let mark = if field.optional { "?" } else { "" };
    write!(part, "{}{mark}: {}", field_name(name), field.ty)?;
    parts.push(part);
  }
  if record.open {
    parts.push("...".into());
  }
  if parts.is_empty() {
    f.write_str("{}")
  } else {
    write!(f, "{{ {} }}", parts.join(", "))
  }
}

/// The name as it stands in a record: quoted where it is no word.
fn field_name(name: &str) -> String {
  let word = name
    .chars()
    .enumerate()
    .all(|(at, c)| c == '_' || c.is_ascii_alphabetic() || at > 0 && c.is_ascii_digit());
  if word && !name.is_empty() {
    name.to_owned()
  } else {
    format!("{name:?}")
  }
}

fn show_union(members: &[Type], f: &mut Formatter<'_>) -> fmt::Result {
  if let [one, Type::Null] | [Type::Null, one] = members {
    return write!(f, "{one}?");
  }
  let shown: Vec<String> = members.iter().take(SHOWN).map(ToString::to_string).collect();
  f.write_str(&shown.join(" | "))?;
  if members.len() > SHOWN {
    write!(f, " | {} more", members.len() - SHOWN)
  } else {
    Ok(())
  }
}
