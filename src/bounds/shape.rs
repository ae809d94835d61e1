//! What is known of a value before it is there: how long its lists are, how large its numbers. A value may be one of
//! several; a shape holds for all of them. Knows nothing of expressions.

use std::{collections::BTreeMap, sync::Arc};

use super::{
  bound::Bound,
  symbols::{Place, Size, Symbols},
};
use crate::{types::Type, value::Value};

/// The parts are alternatives: a value that came from outside, a list, a record, a number. None: nothing to count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
  entered: Vec<Entered>,
  list: Option<Arc<ListShape>>,
  fields: Option<Arc<Fields>>,
  number: Number,
}

/// A value that came in at a place and is of a type.
#[derive(Clone, Debug, PartialEq)]
pub struct Entered {
  pub place: Place,
  pub ty: Type,
}

#[derive(Debug, PartialEq)]
struct ListShape {
  length: Bound,
  /// Any of its items.
  item: Shape,
}

pub type Fields = BTreeMap<Arc<str>, Shape>;

/// An int, or a duration in milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
enum Number {
  #[default]
  None,
  AtMost(Bound),
  Unbounded,
}

impl Shape {
  pub fn entered(place: Place, ty: Type) -> Shape {
    let entered = vec![Entered { place, ty }];
    Shape {
      entered,
      ..Shape::default()
    }
  }

  pub fn list(length: Bound, item: Shape) -> Shape {
    let list = Some(Arc::new(ListShape { length, item }));
    Shape {
      list,
      ..Shape::default()
    }
  }

  pub fn record(fields: Fields) -> Shape {
    let fields = Some(Arc::new(fields));
    Shape {
      fields,
      ..Shape::default()
    }
  }

  /// `None`: nobody knows how large.
  pub fn number(most: Option<Bound>) -> Shape {
    let number = most.map_or(Number::Unbounded, Number::AtMost);
    Shape {
      number,
      ..Shape::default()
    }
  }

  /// Of a value that is there.
  pub fn of(value: &Value) -> Shape {
    match value {
      Value::Int(number) | Value::Duration(number) => {
        let number = u128::try_from(*number).unwrap_or(0);
        Shape::number(Some(Bound::number(number)))
      }
      Value::List(_) => {
        let items = value.as_list().unwrap_or_default();
        Shape::list(
          Bound::number(items.len() as u128),
          Shape::any(items.iter().map(Shape::of)),
        )
      }
      Value::Record(_) => {
        let fields = value.as_record().into_iter().flatten();
        Shape::record(fields.map(|(name, value)| (name.clone(), Shape::of(value))).collect())
      }
      _ => Shape::default(),
    }
  }

  /// One of several.
  pub fn any(shapes: impl IntoIterator<Item = Shape>) -> Shape {
    shapes.into_iter().reduce(|a, b| a.or(&b)).unwrap_or_default()
  }

  /// This or the other.
  #[must_use]
  pub fn or(mut self, other: &Shape) -> Shape {
    for entered in &other.entered {
      if !self.entered.contains(entered) {
        self.entered.push(entered.clone());
      }
    }
    self.list = either(self.list, other.list.clone(), |a, b| ListShape {
      length: a.length.larger(&b.length),
      item: a.item.clone().or(&b.item),
    });
    self.fields = either(self.fields, other.fields.clone(), or_fields);
    self.number = match (self.number, &other.number) {
      (Number::None, number) => number.clone(),
      (number, Number::None) => number,
      (Number::AtMost(a), Number::AtMost(b)) => Number::AtMost(a.larger(b)),
      _ => Number::Unbounded,
    };
    self
  }

  /// Only what came in from outside.
  #[must_use]
  pub fn entered_part(&self) -> Shape {
    Shape {
      entered: self.entered.clone(),
      ..Shape::default()
    }
  }

  /// Whether it may be a list that was made inside.
  pub fn is_list(&self) -> bool {
    self.list.is_some()
  }

  /// Whether it may be a number that was made inside.
  pub fn is_number(&self) -> bool {
    self.number != Number::None
  }

  /// The fields of a record that was made inside.
  pub fn as_record(&self) -> Option<&Fields> {
    self.fields.as_deref()
  }

  /// Without what came in at these places.
  #[must_use]
  pub fn except(mut self, inside: impl Fn(&Place) -> bool) -> Shape {
    self.entered.retain(|entered| !inside(&entered.place));
    self
  }

  /// How many items a list or map has.
  pub fn length(&self, symbols: &mut Symbols) -> Bound {
    let list = self.list.iter().map(|list| list.length.clone());
    let fields = self.fields.iter().map(|fields| Bound::number(fields.len() as u128));
    let mut longest = list.chain(fields).reduce(|a, b| a.larger(&b));
    for Entered { place, ty } in &self.entered {
      for length in lengths(ty) {
        let length = match length {
          Length::Exactly(length) => Bound::number(length),
          Length::UpTo(most) => symbols.bound(Size::Length(place.clone()), most),
        };
        longest = Some(longest.map_or(length.clone(), |longest| longest.larger(&length)));
      }
    }
    longest.unwrap_or_else(Bound::zero)
  }

  /// Any item of a list, or any value of a map.
  #[must_use]
  pub fn item(&self) -> Shape {
    let list = self.list.iter().map(|list| list.item.clone());
    let fields = self.fields.iter().flat_map(|fields| fields.values().cloned());
    let entered = self.entered.iter().flat_map(|Entered { place, ty }| {
      let items = items(ty).into_iter();
      items.map(|item| Shape::entered(place.item(), item))
    });
    Shape::any(list.chain(fields).chain(entered))
  }

  #[must_use]
  pub fn field(&self, name: &str) -> Shape {
    let own = self.fields.iter().filter_map(|fields| fields.get(name).cloned());
    let entered = self.entered.iter().flat_map(|Entered { place, ty }| {
      let types = fields(ty, name).into_iter();
      types.map(|ty| Shape::entered(place.field(name), ty))
    });
    Shape::any(own.chain(entered))
  }

  /// All fields that it may have.
  pub fn fields(&self) -> Fields {
    let mut all = self.fields.as_deref().cloned().unwrap_or_default();
    for Entered { place, ty } in &self.entered {
      for (name, ty) in named_fields(ty) {
        let shape = Shape::entered(place.field(&name), ty);
        let joined = all.remove(&name).unwrap_or_default().or(&shape);
        all.insert(name, joined);
      }
    }
    all
  }

  /// The most that a number is; `None` where nobody knows, or where it is none.
  pub fn most(&self, symbols: &mut Symbols) -> Option<Bound> {
    let mut most = match &self.number {
      Number::None => None,
      Number::AtMost(most) => Some(most.clone()),
      Number::Unbounded => return None,
    };
    for Entered { place, ty } in &self.entered {
      for size in numbers(ty) {
        let bound = match size {
          Kind::Int(most) => symbols.bound(Size::Number(place.clone()), most),
          Kind::Duration => symbols.bound(Size::Time(place.clone()), None),
        };
        most = Some(most.map_or(bound.clone(), |most| most.larger(&bound)));
      }
    }
    most
  }

  /// The same value under a type that was checked: what came in is of that type.
  #[must_use]
  pub fn cast(mut self, ty: &Type) -> Shape {
    self.entered.iter_mut().for_each(|entered| entered.ty = ty.clone());
    self.refined(ty)
  }

  /// No longer, no larger than its type allows.
  #[must_use]
  pub fn refined(mut self, ty: &Type) -> Shape {
    if let (Some(list), Some(most)) = (&self.list, ty.as_list().and_then(|list| list.max)) {
      self.list = Some(Arc::new(ListShape {
        length: list.length.capped(u128::from(most)),
        item: list.item.clone(),
      }));
    }
    if let Type::Int(range) = ty.resolved() {
      self.number = match (self.number, end(range.max)) {
        (Number::AtMost(number), Some(most)) => Number::AtMost(number.capped(most)),
        (Number::Unbounded, Some(most)) => Number::AtMost(Bound::number(most)),
        (number, _) => number,
      };
    }
    self
  }

  /// The same with other bounds.
  #[must_use]
  pub fn map(&self, change: &mut dyn FnMut(&Bound) -> Bound) -> Shape {
    let list = self.list.as_ref().map(|list| ListShape {
      length: change(&list.length),
      item: list.item.map(change),
    });
    let fields = self.fields.as_ref().map(|fields| {
      let fields = fields.iter();
      fields.map(|(name, shape)| (name.clone(), shape.map(change))).collect()
    });
    Shape {
      entered: self.entered.clone(),
      list: list.map(Arc::new),
      fields: fields.map(Arc::new),
      number: match &self.number {
        Number::AtMost(most) => Number::AtMost(change(most)),
        other => other.clone(),
      },
    }
  }
}

fn either<T>(a: Option<Arc<T>>, b: Option<Arc<T>>, join: impl FnOnce(&T, &T) -> T) -> Option<Arc<T>>
where
  T: PartialEq,
{
  match (a, b) {
    (Some(a), Some(b)) if Arc::ptr_eq(&a, &b) => Some(a),
    (Some(a), Some(b)) => Some(Arc::new(join(&a, &b))),
    (a, b) => a.or(b),
  }
}

fn or_fields(a: &Fields, b: &Fields) -> Fields {
  let mut joined = a.clone();
  for (name, shape) in b {
    let other = joined.remove(name).unwrap_or_default();
    joined.insert(name.clone(), other.or(shape));
  }
  joined
}

fn end(max: Option<i64>) -> Option<u128> {
  max.map(|max| u128::try_from(max).unwrap_or(0))
}

enum Length {
  Exactly(u128),
  UpTo(Option<u128>),
}

/// Of each member that is a list or a map, or a record that is read as one.
fn lengths(ty: &Type) -> Vec<Length> {
  let length = |member: &Type| match member.resolved() {
    Type::List(list) => Some(Length::UpTo(list.max.map(u128::from))),
    Type::Record(record) if !record.open => Some(Length::Exactly(record.fields.len() as u128)),
    Type::Map(_) | Type::Record(_) => Some(Length::UpTo(None)),
    _ => None,
  };
  ty.members().iter().filter_map(length).collect()
}

fn items(ty: &Type) -> Vec<Type> {
  let item = |member: &Type| match member.resolved() {
    Type::List(list) => vec![list.item.clone()],
    Type::Map(value) => vec![(**value).clone()],
    Type::Record(record) => record.fields.values().map(|field| field.ty.clone()).collect(),
    _ => Vec::new(),
  };
  ty.members().iter().flat_map(item).collect()
}

fn fields(ty: &Type, name: &str) -> Vec<Type> {
  let field = |member: &Type| Some(member.as_record()?.fields.get(name)?.ty.clone());
  ty.members().iter().filter_map(field).collect()
}

fn named_fields(ty: &Type) -> Vec<(Arc<str>, Type)> {
  let members = ty.members();
  let records = members.iter().filter_map(Type::as_record);
  records
    .flat_map(|record| {
      record
        .fields
        .iter()
        .map(|(name, field)| (name.clone(), field.ty.clone()))
    })
    .collect()
}

enum Kind {
  Int(Option<u128>),
  Duration,
}

fn numbers(ty: &Type) -> Vec<Kind> {
  let number = |member: &Type| match member.resolved() {
    Type::Int(range) => Some(Kind::Int(end(range.max))),
    Type::Duration => Some(Kind::Duration),
    _ => None,
  };
  ty.members().iter().filter_map(number).collect()
}
