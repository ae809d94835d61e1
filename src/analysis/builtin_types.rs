//! What each function of the table gives, of the types that it is given; where it takes none of them, says so.

use std::sync::Arc;

use super::{
  checker::not_taken,
  names::Body,
  operators::{comparable, is_text, may_be_null},
};
use crate::{
  hir::{Builtin, Expr, LocalId},
  types::{self, IntRange, ListType, Type},
};

impl Body<'_, '_> {
  /// The type of the result; `None` after a finding.
  pub fn builtin_type(&mut self, builtin: Builtin, given: &[Expr], it: Option<LocalId>) -> Option<Type> {
    use Builtin as B;
    match builtin {
      B::Len | B::Count => self.length(builtin, &given[0]),
      B::Any | B::All => Some(Type::bool()),
      B::Sum | B::Avg | B::Min | B::Max => self.aggregate(builtin, given, it),
      B::Find | B::First | B::Last => Some(self.items(builtin, &given[0])?.item.optional()),
      B::SortBy => {
        self.sortable(&given[1])?;
        Some(given[0].ty.clone())
      }
      B::GroupBy => self.groups(&given[0], &given[1]),
      B::Unique | B::Take => self.fewer(builtin, given),
      B::Flatten => self.flat(&given[0]),
      B::Chunk => self.chunks(&given[0], &given[1]),
      B::Range => self.taking(builtin, given, &Type::int(), Type::list(Type::int())),
      B::Zip => self.zipped(&given[0], &given[1]),
      B::Keys | B::Values => self.entries(builtin, &given[0]),
      B::Merge => self.merge(&given[0], &given[1]),
      B::Join => self.joined_text(&given[0], &given[1]),
      B::Split | B::Lines => self.taking(builtin, given, &Type::string(), Type::list(Type::string())),
      B::Trim | B::Lower | B::Upper | B::Replace | B::UrlEncode => {
        self.taking(builtin, given, &Type::string(), Type::string())
      }
      B::StartsWith | B::EndsWith | B::Matches => self.taking(builtin, given, &Type::string(), Type::bool()),
      B::Contains => self.contains(&given[0], &given[1]),
      B::String if given[0].ty.is_scalar() => Some(Type::string()),
      B::String => self.refuse(builtin, &given[0], "a number, string, boolean, time or duration"),
      B::Int | B::Float => self.number_from(builtin, &given[0]),
      B::Json | B::Hash => Some(Type::string()),
      B::ParseJson => self.taking(builtin, given, &Type::string(), Type::Json),
      B::Format => self.format(&given[0], &given[1]),
      B::Succeeded | B::Failures => self.outcomes(builtin, &given[0]),
      B::Round | B::Ceil | B::Floor => self.rounded(builtin, given),
      B::Abs => self.absolute(&given[0]),
    }
  }

  /// What takes arguments of one type, and gives a type that does not depend on them.
  fn taking(&mut self, builtin: Builtin, given: &[Expr], wanted: &Type, gives: Type) -> Option<Type> {
    given.iter().try_for_each(|value| self.wants(builtin, value, wanted))?;
    Some(gives)
  }

  fn refuse<T>(&mut self, builtin: Builtin, found: &Expr, wanted: &str) -> Option<T> {
    let item = found.ty.as_list().map(|list| list.item.clone());
    if item.as_ref().is_some_and(Type::is_unknown) {
      return None;
    }
    let null = may_be_null(&found.ty);
    let name = builtin.name();
    let message = if null {
      format!("an argument of `{name}` may be null")
    } else {
      format!("`{name}` takes {wanted}")
    };
    let finding = not_taken(null, message).label(found.span, format!("this is `{}`", found.ty));
    self.say(if null {
      finding.help("give a default: `x ?? ...`")
    } else if item.is_some_and(|item| types::is_outcome(&item)) {
      finding.help("`succeeded(outcomes)` has the values, `failures(outcomes)` the failures")
    } else {
      finding
    });
    None
  }

  fn wants(&mut self, builtin: Builtin, found: &Expr, wanted: &Type) -> Option<()> {
    if types::fits(&found.ty, wanted) {
      Some(())
    } else {
      self.refuse(builtin, found, &format!("a `{wanted}` here"))
    }
  }

  fn items(&mut self, builtin: Builtin, list: &Expr) -> Option<ListType> {
    match list.ty.resolved() {
      Type::List(items) => Some((**items).clone()),
      _ => self.refuse(builtin, list, "a list"),
    }
  }

  fn length(&mut self, builtin: Builtin, of: &Expr) -> Option<Type> {
    let bound = |value: u64| i64::try_from(value).ok();
    match of.ty.resolved() {
      Type::List(list) if builtin == Builtin::Count => Some(Type::Int(IntRange {
        min: Some(0),
        max: list.max.and_then(bound),
      })),
      Type::List(list) => Some(Type::Int(IntRange {
        min: bound(list.min.unwrap_or(0)),
        max: list.max.and_then(bound),
      })),
      Type::Map(_) => Some(Type::Int(IntRange {
        min: Some(0),
        max: None,
      })),
      _ if is_text(&of.ty) => Some(Type::Int(IntRange {
        min: Some(0),
        max: None,
      })),
      _ => self.refuse(builtin, of, "a string, list or map"),
    }
  }

  /// `sum avg min max` over a list, or `min max` of several numbers.
  fn aggregate(&mut self, builtin: Builtin, given: &[Expr], it: Option<LocalId>) -> Option<Type> {
    let over_list = it.is_some() || given.len() == 1;
    if !over_list {
      return self.extreme(builtin, given);
    }
    let ty = match it {
      Some(_) => given[1].ty.clone(),
      None => self.items(builtin, &given[0])?.item,
    };
    let shown = given.last().unwrap_or(&given[0]);
    let ty = match (builtin, ty.resolved()) {
      (Builtin::Sum, Type::Never) => Type::int(),
      (Builtin::Avg, Type::Int(_) | Type::Float(_) | Type::Never) => Type::float().optional(),
      (Builtin::Sum, Type::Int(_)) => Type::int(),
      (Builtin::Sum, Type::Float(_)) => Type::float(),
      (Builtin::Sum | Builtin::Avg, Type::Duration) => {
        if builtin == Builtin::Sum {
          Type::Duration
        } else {
          Type::Duration.optional()
        }
      }
      (Builtin::Min | Builtin::Max, Type::Int(_) | Type::Float(_) | Type::Time | Type::Duration | Type::Never) => {
        ty.clone().optional()
      }
      (Builtin::Min | Builtin::Max, _) if is_text(&ty) => ty.clone().optional(),
      (Builtin::Sum | Builtin::Avg, _) => return self.refuse(builtin, shown, "a list of numbers or durations"),
      _ => return self.refuse(builtin, shown, "a list of numbers, strings, times or durations"),
    };
    Some(ty)
  }

  /// `min(a, b)`: the least upper end bounds a `min`, which is what makes it a static bound.
  fn extreme(&mut self, builtin: Builtin, given: &[Expr]) -> Option<Type> {
    let ranges: Option<Vec<IntRange>> = given
      .iter()
      .map(|value| match value.ty.resolved() {
        Type::Int(range) => Some(*range),
        _ => None,
      })
      .collect();
    if let Some(ranges) = ranges {
      let known = |end: fn(&IntRange) -> Option<i64>| -> Vec<i64> { ranges.iter().filter_map(end).collect() };
      let (mins, maxes) = (known(|range| range.min), known(|range| range.max));
      let all = |ends: &Vec<i64>| ends.len() == ranges.len();
      let range = if builtin == Builtin::Min {
        IntRange {
          min: mins.iter().min().copied().filter(|_| all(&mins)),
          max: maxes.iter().min().copied(),
        }
      } else {
        IntRange {
          min: mins.iter().max().copied(),
          max: maxes.iter().max().copied().filter(|_| all(&maxes)),
        }
      };
      return Some(Type::Int(range));
    }
    let all = |of: fn(&Type) -> bool| given.iter().all(|value| of(value.ty.resolved()));
    if all(|ty| matches!(ty, Type::Float(_))) {
      return Some(Type::float());
    }
    if all(|ty| *ty == Type::Time) || all(|ty| *ty == Type::Duration) {
      return Some(given[0].ty.clone());
    }
    if all(is_text) {
      return Some(Type::string());
    }
    self.refuse(
      builtin,
      &given[0],
      "a list, or numbers, strings, times or durations of one kind",
    )
  }

  fn groups(&mut self, list: &Expr, key: &Expr) -> Option<Type> {
    let item = self.items(Builtin::GroupBy, list)?.item;
    Some(Type::list(Type::record([
      ("key", key.ty.clone()),
      ("items", Type::list(item)),
    ])))
  }

  /// `unique`, `take`: items of the same list, maybe none.
  fn fewer(&mut self, builtin: Builtin, given: &[Expr]) -> Option<Type> {
    let list = self.items(builtin, &given[0])?;
    if builtin == Builtin::Take {
      self.wants(builtin, &given[1], &Type::int())?;
    }
    Some(Type::List(Arc::new(ListType { min: None, ..list })))
  }

  fn flat(&mut self, lists: &Expr) -> Option<Type> {
    let inner = self.items(Builtin::Flatten, lists)?.item;
    match inner.resolved() {
      Type::List(list) => Some(Type::list(list.item.clone())),
      Type::Never => Some(Type::list(Type::Never)),
      _ => self.refuse(Builtin::Flatten, lists, "a list of lists"),
    }
  }

  fn chunks(&mut self, list: &Expr, size: &Expr) -> Option<Type> {
    let list = self.items(Builtin::Chunk, list)?;
    self.wants(Builtin::Chunk, size, &Type::int())?;
    let chunk = ListType {
      item: list.item,
      min: Some(1),
      max: None,
    };
    Some(Type::List(Arc::new(ListType {
      item: Type::List(Arc::new(chunk)),
      min: None,
      max: list.max,
    })))
  }

  fn zipped(&mut self, a: &Expr, b: &Expr) -> Option<Type> {
    let (a, b) = (self.items(Builtin::Zip, a)?, self.items(Builtin::Zip, b)?);
    let max = [a.max, b.max].into_iter().flatten().min();
    let item = Type::record([("first", a.item), ("second", b.item)]);
    Some(Type::List(Arc::new(ListType { item, min: None, max })))
  }

  fn joined_text(&mut self, list: &Expr, between: &Expr) -> Option<Type> {
    if !self.items(Builtin::Join, list)?.item.is_scalar() {
      return self.refuse(Builtin::Join, list, "a list of strings or numbers");
    }
    self.wants(Builtin::Join, between, &Type::string())?;
    Some(Type::string())
  }

  fn sortable(&mut self, key: &Expr) -> Option<()> {
    let fine = key.ty.members().iter().all(|member| {
      member.is_scalar()
        || matches!(member.resolved(), Type::Null)
        || member.as_list().is_some_and(|list| list.item.is_scalar())
    });
    if fine {
      Some(())
    } else {
      self.refuse(
        Builtin::SortBy,
        key,
        "numbers, strings, times, or lists of those, to sort by",
      )
    }
  }

  fn entries(&mut self, builtin: Builtin, of: &Expr) -> Option<Type> {
    let values = match of.ty.data() {
      Type::Map(value) => (**value).clone(),
      Type::Record(record) => {
        let types = record.fields.values().map(types::Field::read);
        let joined = types
          .reduce(|a, b| types::join(&a, &b).unwrap_or(Type::Json))
          .unwrap_or(Type::Never);
        if record.open { Type::Json } else { joined }
      }
      _ => return self.refuse(builtin, of, "a map or a record"),
    };
    Some(Type::list(if builtin == Builtin::Keys {
      Type::string()
    } else {
      values
    }))
  }

  fn merge(&mut self, a: &Expr, b: &Expr) -> Option<Type> {
    match (a.ty.resolved(), b.ty.resolved()) {
      (Type::Map(x), Type::Map(y)) => match types::join(x, y) {
        Some(value) => Some(Type::map(value)),
        None => self.refuse(Builtin::Merge, b, "two maps of one type"),
      },
      (Type::Record(_), Type::Record(_)) => {
        self.refuse(Builtin::Merge, a, "two maps; records merge by `{ ...a, ...b }`,")
      }
      _ => self.refuse(Builtin::Merge, a, "two maps"),
    }
  }

  fn contains(&mut self, of: &Expr, what: &Expr) -> Option<Type> {
    match of.ty.resolved() {
      Type::List(list) if comparable(&list.item, &what.ty) || matches!(list.item, Type::Never) => {}
      Type::List(list) => {
        let wanted = format!("a `{}` to look for", list.item);
        return self.refuse(Builtin::Contains, what, &wanted);
      }
      _ if is_text(&of.ty) => self.wants(Builtin::Contains, what, &Type::string())?,
      _ => return self.refuse(Builtin::Contains, of, "a string or a list"),
    }
    Some(Type::bool())
  }

  fn number_from(&mut self, builtin: Builtin, of: &Expr) -> Option<Type> {
    let number = if builtin == Builtin::Int {
      Type::int()
    } else {
      Type::float()
    };
    match of.ty.resolved() {
      Type::Int(_) | Type::Float(_) => Some(number),
      _ if is_text(&of.ty) => Some(number.optional()),
      _ => self.refuse(builtin, of, "a number or a string"),
    }
  }

  fn format(&mut self, of: &Expr, pattern: &Expr) -> Option<Type> {
    match of.ty.resolved() {
      Type::Time => self.wants(Builtin::Format, pattern, &Type::string())?,
      Type::Float(_) | Type::Int(_) => self.wants(Builtin::Format, pattern, &Type::int())?,
      _ => {
        return self.refuse(
          Builtin::Format,
          of,
          "a time and a pattern, or a number and its count of decimals",
        );
      }
    }
    Some(Type::string())
  }

  fn outcomes(&mut self, builtin: Builtin, of: &Expr) -> Option<Type> {
    let list = self.items(builtin, of)?;
    let value = list
      .item
      .members()
      .iter()
      .find_map(|member| member.as_record()?.fields.get("value").map(|field| field.ty.clone()));
    let error = list.item.members().iter().any(|member| {
      member
        .as_record()
        .is_some_and(|record| record.fields.contains_key("error"))
    });
    match (value, error, builtin) {
      (_, true, Builtin::Failures) => Some(Type::List(Arc::new(ListType {
        item: types::failure(),
        min: None,
        max: list.max,
      }))),
      (Some(value), true, _) => Some(Type::List(Arc::new(ListType {
        item: value,
        min: None,
        max: list.max,
      }))),
      _ => self.refuse(builtin, of, "a list of outcomes: the result of `each ... with collect`"),
    }
  }

  fn rounded(&mut self, builtin: Builtin, given: &[Expr]) -> Option<Type> {
    if !matches!(given[0].ty.resolved(), Type::Float(_) | Type::Int(_)) {
      return self.refuse(builtin, &given[0], "a number");
    }
    match given.get(1) {
      Some(digits) => {
        self.wants(builtin, digits, &Type::int())?;
        Some(Type::float())
      }
      None => Some(Type::int()),
    }
  }

  fn absolute(&mut self, of: &Expr) -> Option<Type> {
    match of.ty.resolved() {
      Type::Int(_) => Some(Type::Int(IntRange {
        min: Some(0),
        max: None,
      })),
      Type::Float(_) => Some(Type::Float(types::FloatRange {
        min: Some(0.0),
        max: None,
      })),
      Type::Duration => Some(Type::Duration),
      _ => self.refuse(Builtin::Abs, of, "a number or a duration"),
    }
  }
}
