//! Types calls of the function table: what each takes and gives. Their meaning is in `eval`.

use std::sync::Arc;

use super::{expressions::broken, floats::as_float, names::Body};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{Builtin, Expr, ExprKind, LocalId},
  source::Span,
  syntax::ast::{self, Argument},
  types::{self, IntRange, ListType, Type},
};

/// How the arguments of a function are read.
enum Shape {
  /// So many to so many plain values.
  Plain(usize, usize),
  /// A list, then an expression over `it`; optional where `false`.
  Over { needed: bool },
  /// A list and an optional expression over `it`, or two and more plain numbers.
  Extreme,
}

fn shape(builtin: Builtin) -> Shape {
  use Builtin as B;
  match builtin {
    B::Count | B::Any | B::All | B::Find | B::SortBy | B::GroupBy => Shape::Over { needed: true },
    B::Sum | B::Avg | B::Unique => Shape::Over { needed: false },
    B::Min | B::Max => Shape::Extreme,
    B::Take | B::Chunk | B::Zip | B::Merge | B::Join | B::Split => Shape::Plain(2, 2),
    B::Contains | B::StartsWith | B::EndsWith | B::Matches | B::Format => Shape::Plain(2, 2),
    B::Range | B::Round => Shape::Plain(1, 2),
    B::Replace => Shape::Plain(3, 3),
    _ => Shape::Plain(1, 1),
  }
}

/// Up to how many arguments of functions over `it` hold an expression per item.
struct Given {
  arguments: Vec<Expr>,
  it: Option<LocalId>,
}

impl Body<'_, '_> {
  pub fn builtin(&mut self, builtin: Builtin, callee: Span, written: &[Argument], span: Span) -> Expr {
    let name = builtin.name();
    if let Some(label) = written.iter().find_map(|argument| argument.label.as_ref()) {
      let finding = Diagnostic::new(
        &codes::BAD_ARGUMENTS,
        format!("`{name}` takes its arguments by position"),
      )
      .label(label.span, "no names here");
      self.say(finding);
      return broken(span);
    }
    let count = written.len();
    let (least, most) = match shape(builtin) {
      Shape::Plain(least, most) => (least, most),
      Shape::Over { needed } => (if needed { 2 } else { 1 }, 2),
      Shape::Extreme => (1, usize::MAX),
    };
    if count < least || count > most {
      let takes = match (least, most) {
        (1, 1) => "1 argument".to_owned(),
        (least, most) if least == most => format!("{least} arguments"),
        (1, usize::MAX) => "at least 1 argument".to_owned(),
        (least, most) => format!("{least} to {most} arguments"),
      };
      let finding = Diagnostic::new(&codes::BAD_ARGUMENTS, format!("`{name}` takes {takes}, found {count}"))
        .label(callee, "called here");
      self.say(finding);
      return broken(span);
    }
    let Some(mut given) = self.given_arguments(builtin, written) else {
      return broken(span);
    };
    let float = |value: &Expr| matches!(value.ty.resolved(), Type::Float(_));
    if matches!(shape(builtin), Shape::Extreme) && given.arguments.iter().any(float) {
      given.arguments.iter_mut().for_each(as_float);
    }
    if given
      .arguments
      .iter()
      .any(|argument| argument.ty.is_unknown() && argument.ty == Type::Unknown)
    {
      return broken(span);
    }
    match self.builtin_type(builtin, &given.arguments, given.it) {
      Some(ty) => Expr {
        kind: ExprKind::Builtin {
          function: builtin,
          arguments: given.arguments,
          it: given.it,
        },
        ty,
        span,
      },
      None => broken(span),
    }
  }

  /// Each argument is typed once: a second time at every level would take for ever where calls are nested.
  fn given_arguments(&mut self, builtin: Builtin, written: &[Argument]) -> Option<Given> {
    if let Shape::Plain(..) = shape(builtin) {
      let typed = written
        .iter()
        .map(|argument| self.infer_argument(builtin, &argument.value));
      return Some(Given {
        arguments: typed.collect(),
        it: None,
      });
    }
    let first = self.infer(&written[0].value);
    match (shape(builtin), written) {
      (Shape::Extreme, [_, _, ..]) if first.ty.as_list().is_none() => {
        let rest: Vec<Expr> = written[1..]
          .iter()
          .map(|argument| self.infer(&argument.value))
          .collect();
        Some(Given {
          arguments: [vec![first], rest].concat(),
          it: None,
        })
      }
      (_, [_, _, third, ..]) => {
        let finding = Diagnostic::new(
          &codes::BAD_ARGUMENTS,
          format!(
            "`{}` over a list takes 1 to 2 arguments, found {}",
            builtin.name(),
            written.len()
          ),
        );
        self.say(finding.label(third.value.span, "this argument"));
        None
      }
      _ => self.over_list(builtin, first, written.get(1)),
    }
  }

  /// A list, and for some functions an expression over `it`.
  fn over_list(&mut self, builtin: Builtin, list: Expr, body: Option<&Argument>) -> Option<Given> {
    let item = self.item_type(&list, &format!("`{}` takes", builtin.name()));
    if item == Type::Unknown && list.ty.as_list().is_none() {
      return None;
    }
    let Some(body) = body else {
      return Some(Given {
        arguments: vec![list],
        it: None,
      });
    };
    let (body, it) = self.scoped(|inner| {
      let it = inner.bind_word("it", item, list.span);
      let body = if matches!(builtin, Builtin::Count | Builtin::Any | Builtin::All | Builtin::Find) {
        let what = format!("the condition of `{}`", builtin.name());
        inner.condition(&body.value, &what).0
      } else {
        inner.infer(&body.value)
      };
      (body, it)
    });
    Some(Given {
      arguments: vec![list, body],
      it: Some(it),
    })
  }

  /// `succeeded(x)` drops failures: counted apart from other reads.
  fn infer_argument(&mut self, builtin: Builtin, argument: &ast::Expr) -> Expr {
    let value = self.infer(argument);
    if let (Builtin::Succeeded, ExprKind::Local(local)) = (builtin, &value.kind) {
      self.reads.entry(*local).or_default().succeeded += 1;
    }
    value
  }

  /// The type of the result; `None` after a finding.
  fn builtin_type(&mut self, builtin: Builtin, given: &[Expr], it: Option<LocalId>) -> Option<Type> {
    use Builtin as B;
    let ty = match builtin {
      B::Len | B::Count => return self.length(builtin, &given[0]),
      B::Any | B::All => Type::bool(),
      B::Find | B::First | B::Last => self.items(builtin, &given[0])?.item.optional(),
      B::Sum | B::Avg | B::Min | B::Max => return self.aggregate(builtin, given, it),
      B::SortBy => {
        self.sortable(&given[1])?;
        given[0].ty.clone()
      }
      B::GroupBy => {
        let item = self.items(builtin, &given[0])?.item;
        Type::list(Type::record([
          ("key", given[1].ty.clone()),
          ("items", Type::list(item)),
        ]))
      }
      B::Unique | B::Take => {
        let list = self.items(builtin, &given[0])?;
        if builtin == B::Take {
          self.wants(builtin, &given[1], &Type::int())?;
        }
        Type::List(Arc::new(ListType { min: None, ..list }))
      }
      B::Flatten => {
        let inner = self.items(builtin, &given[0])?.item;
        match inner.resolved() {
          Type::List(list) => Type::list(list.item.clone()),
          Type::Never => Type::list(Type::Never),
          _ => return self.refuse(builtin, &given[0], "a list of lists"),
        }
      }
      B::Chunk => {
        let list = self.items(builtin, &given[0])?;
        self.wants(builtin, &given[1], &Type::int())?;
        let item = Type::List(Arc::new(ListType {
          item: list.item,
          min: Some(1),
          max: None,
        }));
        Type::List(Arc::new(ListType {
          item,
          min: None,
          max: list.max,
        }))
      }
      B::Range => {
        given
          .iter()
          .try_for_each(|bound| self.wants(builtin, bound, &Type::int()))?;
        Type::list(Type::int())
      }
      B::Zip => {
        let (a, b) = (self.items(builtin, &given[0])?, self.items(builtin, &given[1])?);
        let max = [a.max, b.max].into_iter().flatten().min();
        let item = Type::record([("first", a.item), ("second", b.item)]);
        Type::List(Arc::new(ListType { item, min: None, max }))
      }
      B::Keys | B::Values => return self.entries(builtin, &given[0]),
      B::Merge => return self.merge(&given[0], &given[1]),
      B::Join => {
        let item = self.items(builtin, &given[0])?.item;
        if !item.is_scalar() {
          return self.refuse(builtin, &given[0], "a list of strings or numbers");
        }
        self.wants(builtin, &given[1], &Type::string())?;
        Type::string()
      }
      B::Split => {
        given
          .iter()
          .try_for_each(|text| self.wants(builtin, text, &Type::string()))?;
        Type::list(Type::string())
      }
      B::Lines => {
        self.wants(builtin, &given[0], &Type::string())?;
        Type::list(Type::string())
      }
      B::Trim | B::Lower | B::Upper | B::Replace | B::UrlEncode => {
        given
          .iter()
          .try_for_each(|text| self.wants(builtin, text, &Type::string()))?;
        Type::string()
      }
      B::StartsWith | B::EndsWith | B::Matches => {
        given
          .iter()
          .try_for_each(|text| self.wants(builtin, text, &Type::string()))?;
        Type::bool()
      }
      B::Contains => return self.contains(&given[0], &given[1]),
      B::String => {
        if !given[0].ty.is_scalar() {
          return self.refuse(builtin, &given[0], "a number, string, boolean, time or duration");
        }
        Type::string()
      }
      B::Int | B::Float => return self.number_from(builtin, &given[0]),
      B::Json | B::Hash => Type::string(),
      B::ParseJson => {
        self.wants(builtin, &given[0], &Type::string())?;
        Type::Json
      }
      B::Format => return self.format(&given[0], &given[1]),
      B::Succeeded | B::Failures => return self.outcomes(builtin, &given[0]),
      B::Round | B::Ceil | B::Floor => return self.rounded(builtin, given),
      B::Abs => return self.absolute(&given[0]),
    };
    Some(ty)
  }

  fn refuse<T>(&mut self, builtin: Builtin, found: &Expr, wanted: &str) -> Option<T> {
    let item = found.ty.as_list().map(|list| list.item.clone());
    if item.as_ref().is_some_and(Type::is_unknown) {
      return None;
    }
    let null = found.ty.accepts_null() && !matches!(found.ty.resolved(), Type::Json | Type::Null);
    let code = if null { &codes::MAYBE_NULL } else { &codes::BAD_OPERAND };
    let name = builtin.name();
    let message = if null {
      format!("an argument of `{name}` may be null")
    } else {
      format!("`{name}` takes {wanted}")
    };
    let finding = Diagnostic::new(code, message).label(found.span, format!("this is `{}`", found.ty));
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
      _ if super::operators::is_text(&of.ty) => Some(Type::Int(IntRange {
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
      (Builtin::Min | Builtin::Max, _) if super::operators::is_text(&ty) => ty.clone().optional(),
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
    if all(super::operators::is_text) {
      return Some(Type::string());
    }
    self.refuse(
      builtin,
      &given[0],
      "a list, or numbers, strings, times or durations of one kind",
    )
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
    let values = match of.ty.resolved() {
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
      Type::List(list) if super::operators::comparable(&list.item, &what.ty) || matches!(list.item, Type::Never) => {}
      Type::List(list) => {
        let wanted = format!("a `{}` to look for", list.item);
        return self.refuse(Builtin::Contains, what, &wanted);
      }
      _ if super::operators::is_text(&of.ty) => self.wants(Builtin::Contains, what, &Type::string())?,
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
      _ if super::operators::is_text(&of.ty) => Some(number.optional()),
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
