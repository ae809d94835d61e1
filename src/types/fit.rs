//! What fits where: structural assignability, with the place of the first misfit.

use super::{FloatRange, IntRange, ListType, RecordType, StringRules, Type, plan::plan_fits};

/// Why a type does not fit, at `path` below the two types compared (`.items[].name`; empty: the types themselves).
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
  pub path: String,
  pub reason: String,
}

impl Misfit {
  pub(super) fn new(reason: String) -> Self {
    Self {
      path: String::new(),
      reason,
    }
  }

  fn under(mut self, step: &str) -> Self {
    self.path.insert_str(0, step);
    self
  }
}

/// Whether every value of `found` is a value of `expected`.
pub fn fits(found: &Type, expected: &Type) -> bool {
  fits_from(found, expected).is_ok()
}

/// As [`fits`], with the first misfit.
///
/// # Errors
/// The innermost place at which `found` is not within `expected`.
pub fn fits_from(found: &Type, expected: &Type) -> Result<(), Misfit> {
  use Type::{
    Bool, Dir, Duration, File, Float, Int, Json, List, Literal, Map, Named, Never, Null, Record, String, Time, Unknown,
  };
  if let (Named(a), Named(b)) = (found, expected)
    && std::sync::Arc::ptr_eq(a, b)
  {
    return Ok(());
  }
  match (found.resolved(), expected.resolved()) {
    (Never | Unknown, _) | (_, Unknown) | (Type::Secret, Type::Secret) => Ok(()),
    (_, Json) if !found.holds_secret() => Ok(()),
    (Type::Union(members), _) => members.iter().try_for_each(|member| fits_from(member, expected)),
    (_, Type::Union(members)) => fits_member(found, members, expected),
    (Null, Null) | (Time, Time) | (Duration, Duration) | (File, File) | (Dir, Dir) => Ok(()),
    (Bool(a), Bool(b)) if b.is_none() || a == b => Ok(()),
    (Int(a), Int(b)) => within_int(*a, *b).then_some(()).ok_or_else(|| plain(found, expected)),
    (Float(a), Float(b)) => within_float(*a, *b).then_some(()).ok_or_else(|| plain(found, expected)),
    (Literal(a), Literal(b)) if a == b => Ok(()),
    (Type::Variable(a), Type::Variable(b)) if a == b => Ok(()),
    (Literal(text), String(rules)) => literal_fits(text, rules),
    (String(a), String(b)) => string_fits(a, b).then_some(()).ok_or_else(|| plain(found, expected)),
    (List(a), List(b)) => list_fits(a, b, found, expected),
    (Map(a), Map(b)) => fits_from(a, b).map_err(|misfit| misfit.under("[..]")),
    (Type::Plan(a), Type::Plan(b)) => plan_fits(a, b),
    (Type::Plan(plan), Record(_)) => fits_from(plan.shape(), expected),
    (Record(a), Record(b)) => record_fits(a, b),
    _ => Err(plain(found, expected)),
  }
}

fn plain(found: &Type, expected: &Type) -> Misfit {
  Misfit::new(format!("expected `{expected}`, found `{found}`"))
}

fn fits_member(found: &Type, members: &[Type], expected: &Type) -> Result<(), Misfit> {
  if members.iter().any(|member| fits(found, member)) {
    return Ok(());
  }
  if let Type::Bool(None) = found.resolved()
    && [true, false]
      .iter()
      .all(|value| members.iter().any(|member| fits(&Type::Bool(Some(*value)), member)))
  {
    return Ok(());
  }
  let alike: Vec<&Type> = members.iter().filter(|member| same_shape(found, member)).collect();
  match alike.as_slice() {
    [only] => fits_from(found, only),
    _ => Err(plain(found, expected)),
  }
}

/// Whether a misfit of the two is better told from inside.
fn same_shape(found: &Type, member: &Type) -> bool {
  match (found.resolved(), member.resolved()) {
    (Type::List(_), Type::List(_)) | (Type::Map(_), Type::Map(_)) => true,
    (Type::Record(a), Type::Record(b)) => super::join::discriminator(a, b).is_none(),
    (Type::Plan(_), Type::Plan(_)) => true,
    _ => false,
  }
}

fn within_int(found: IntRange, expected: IntRange) -> bool {
  expected
    .min
    .is_none_or(|least| found.min.is_some_and(|min| min >= least))
    && expected.max.is_none_or(|most| found.max.is_some_and(|max| max <= most))
}

fn within_float(found: FloatRange, expected: FloatRange) -> bool {
  expected
    .min
    .is_none_or(|least| found.min.is_some_and(|min| min >= least))
    && expected.max.is_none_or(|most| found.max.is_some_and(|max| max <= most))
}

fn within_length(found: (Option<u64>, Option<u64>), expected: (Option<u64>, Option<u64>)) -> bool {
  let min = found.0.unwrap_or(0) >= expected.0.unwrap_or(0);
  min && expected.1.is_none_or(|most| found.1.is_some_and(|max| max <= most))
}

fn string_fits(found: &StringRules, expected: &StringRules) -> bool {
  let pattern = |rules: &StringRules| rules.regex.as_ref().map(|regex| regex.as_str().to_owned());
  within_length((found.min, found.max), (expected.min, expected.max))
    && (expected.regex.is_none() || pattern(found) == pattern(expected))
}

fn literal_fits(text: &str, rules: &StringRules) -> Result<(), Misfit> {
  rules
    .check(text)
    .map_err(|reason| Misfit::new(format!("{text:?} {reason}")))
}

impl StringRules {
  /// Whether a string obeys the rules.
  ///
  /// # Errors
  /// What is wrong, to stand after the string: `is longer than 200`.
  pub fn check(&self, text: &str) -> Result<(), String> {
    let length = text.chars().count() as u64;
    if self.min.is_some_and(|min| length < min) {
      return Err(format!("is shorter than {} characters", self.min.unwrap_or(0)));
    }
    if self.max.is_some_and(|max| length > max) {
      return Err(format!("is longer than {} characters", self.max.unwrap_or(0)));
    }
    match &self.regex {
      Some(regex) if !regex.is_match(text) => Err(format!("does not match `/{}/`", regex.as_str())),
      _ => Ok(()),
    }
  }
}

fn list_fits(a: &ListType, b: &ListType, found: &Type, expected: &Type) -> Result<(), Misfit> {
  fits_from(&a.item, &b.item).map_err(|misfit| misfit.under("[]"))?;
  let empty = matches!(a.item, Type::Never);
  let length = if empty { (Some(0), Some(0)) } else { (a.min, a.max) };
  within_length(length, (b.min, b.max))
    .then_some(())
    .ok_or_else(|| plain(found, expected))
}

fn record_fits(found: &RecordType, expected: &RecordType) -> Result<(), Misfit> {
  missing_fields(found, expected)?;
  for (name, field) in &expected.fields {
    let step = format!(".{name}");
    match found.fields.get(name) {
      None => {}
      Some(own) if own.optional && !field.optional => {
        fits_from(&own.read(), &field.ty).map_err(|misfit| misfit.under(&step))?;
      }
      Some(own) => {
        let into = if field.optional { field.read() } else { field.ty.clone() };
        fits_from(&own.read(), &into).map_err(|misfit| misfit.under(&step))?;
      }
    }
  }
  if expected.open {
    return Ok(());
  }
  if found.open {
    return Err(Misfit::new(
      "it may have more fields (`...`), and none more are accepted here".into(),
    ));
  }
  match found.fields.keys().find(|name| !expected.fields.contains_key(*name)) {
    Some(extra) => Err(Misfit::new(format!("the field `{extra}` is not accepted here"))),
    None => Ok(()),
  }
}

fn missing_fields(found: &RecordType, expected: &RecordType) -> Result<(), Misfit> {
  let missing = |(name, field): &(&std::sync::Arc<str>, &super::Field)| {
    !found.fields.contains_key(*name) && (!field.optional || found.open)
  };
  let names = expected
    .fields
    .iter()
    .filter(missing)
    .map(|(name, _)| format!("`{name}`"));
  let names: Vec<String> = names.collect();
  match names.as_slice() {
    [] => Ok(()),
    [one] => Err(Misfit::new(format!("the field {one} is missing"))),
    [most @ .., last] => Err(Misfit::new(format!(
      "the fields {} and {last} are missing",
      most.join(", ")
    ))),
  }
}

/// Whether `value as target` stands: from `json`, and from a type to what is within it.
pub fn castable(found: &Type, target: &Type) -> bool {
  if fits(found, target) || holds_json(found) {
    return true;
  }
  match (found.resolved(), target.resolved()) {
    (Type::Union(members), _) => members.iter().any(|member| castable(member, target)),
    (_, Type::Union(members)) => members.iter().any(|member| castable(found, member)),
    (Type::List(a), Type::List(b)) => castable(&a.item, &b.item),
    (Type::Map(a), Type::Map(b)) => castable(a, b),
    (Type::Plan(plan), _) => castable(plan.shape(), target),
    (_, Type::Plan(plan)) => castable(found, plan.shape()),
    (Type::Record(a), Type::Record(b)) => record_castable(a, b),
    _ => fits(target, found),
  }
}

fn holds_json(ty: &Type) -> bool {
  match ty.resolved() {
    Type::Json => true,
    Type::Union(members) => members.iter().any(holds_json),
    _ => false,
  }
}

fn record_castable(found: &RecordType, target: &RecordType) -> bool {
  let known = target.fields.iter().all(|(name, field)| match found.fields.get(name) {
    Some(own) => castable(&own.read(), &field.read()),
    None => found.open || field.optional,
  });
  known
    && (target.open
      || found
        .fields
        .iter()
        .all(|(name, field)| field.optional || target.fields.contains_key(name)))
}
