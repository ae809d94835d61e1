//! What functions of the table do to lengths and numbers. Knows nothing of their values.

use super::{
  bound::Bound,
  frame::Frame,
  measure::{least, named, unknown},
  shape::Shape,
};
use crate::{
  hir::{Builtin, Expr, LocalId},
  types::{self, Type},
};

impl Frame<'_, '_> {
  pub fn builtin(&mut self, builtin: Builtin, given: &[Expr], it: Option<LocalId>, ty: &Type) -> Shape {
    use Builtin as B;
    if let Some(it) = it {
      let item = self.shape(&given[0]).item();
      self.locals.insert(it, item);
    }
    match builtin {
      B::Len | B::Count => Shape::number(Some(self.length_of(&given[0]))),
      B::Find | B::First | B::Last => self.shape(&given[0]).item(),
      B::SortBy | B::Unique => self.kept(&given[0], Shape::clone),
      B::Succeeded => self.kept(&given[0], |item| item.field("value")),
      B::Failures => {
        let failure = self.fresh("failures", &types::failure());
        self.kept(&given[0], |_| failure.clone())
      }
      B::GroupBy => self.groups(&given[0], &given[1]),
      B::Flatten => self.flat(&given[0]),
      B::Take => self.taken(&given[0], &given[1]),
      B::Chunk => self.chunks(&given[0], &given[1]),
      B::Range => self.range(given),
      B::Zip => self.zipped(&given[0], &given[1]),
      B::Keys => Shape::list(self.length_of(&given[0]), Shape::default()),
      B::Values => self.kept(&given[0], Shape::clone),
      B::Merge => self.merged(&given[0], &given[1]),
      B::Min | B::Max => self.extreme(builtin, given, it),
      B::Split | B::Lines | B::ParseJson => self.fresh(builtin.name(), ty),
      B::Any | B::All | B::Sum | B::Avg | B::Join | B::Trim | B::Lower | B::Upper | B::Replace => unknown(ty),
      B::Contains | B::StartsWith | B::EndsWith | B::Matches | B::String | B::Int | B::Float => unknown(ty),
      B::Json | B::Format | B::UrlEncode | B::Round | B::Ceil | B::Floor | B::Abs | B::Hash => unknown(ty),
    }
  }

  /// Of a list or map; a text's is not known.
  fn length_of(&mut self, expr: &Expr) -> Bound {
    let counted = |member: &Type| matches!(member.resolved(), Type::List(_) | Type::Map(_) | Type::Record(_));
    if expr.ty.members().iter().any(counted) {
      return self.length(expr);
    }
    let unknown = self.fresh("len", &Type::int());
    unknown.most(&mut self.analysis.symbols).unwrap_or_default()
  }

  /// As many items, each changed.
  fn kept(&mut self, list: &Expr, change: impl FnOnce(&Shape) -> Shape) -> Shape {
    let item = self.shape(list).item();
    Shape::list(self.length(list), change(&item))
  }

  fn groups(&mut self, list: &Expr, key: &Expr) -> Shape {
    let (length, item, key) = (self.length(list), self.shape(list).item(), self.shape(key));
    let items = Shape::list(length.clone(), item);
    Shape::list(length, named([("key", key), ("items", items)]))
  }

  fn flat(&mut self, lists: &Expr) -> Shape {
    let inner = self.shape(lists).item();
    let longest = inner.length(&mut self.analysis.symbols);
    Shape::list(self.length(lists).times(&longest), inner.item())
  }

  fn taken(&mut self, list: &Expr, count: &Expr) -> Shape {
    let (length, item) = (self.length(list), self.shape(list).item());
    let length = match self.most(count) {
      Some(count) => length.smaller(&count),
      None => length,
    };
    Shape::list(length, item)
  }

  fn chunks(&mut self, list: &Expr, size: &Expr) -> Shape {
    let (length, item) = (self.length(list), self.shape(list).item());
    let longest = match self.most(size) {
      Some(size) => length.smaller(&size),
      None => length.clone(),
    };
    // a size below 1 fails
    let count = length.parts(least(size).unwrap_or(1), &mut self.analysis.symbols);
    Shape::list(count, Shape::list(longest, item))
  }

  /// `range(end)`, `range(start, end)`
  fn range(&mut self, given: &[Expr]) -> Shape {
    let (start, end) = match given {
      [start, end] => (least(start), end),
      _ => (Some(0), &given[0]),
    };
    let Some(most) = self.most(end) else {
      return self.fresh("range", &Type::list(Type::int()));
    };
    let Some(start) = start else {
      return self.fresh("range", &Type::list(Type::int()));
    };
    let length = match (most.is_number(), most.most()) {
      (true, Some(end)) => Bound::number(end.saturating_sub(start)),
      (_, Some(end)) => most.capped(end.saturating_sub(start)),
      (_, None) => most.clone(),
    };
    Shape::list(length, Shape::number(Some(most)))
  }

  fn zipped(&mut self, a: &Expr, b: &Expr) -> Shape {
    let (first, second) = (self.shape(a).item(), self.shape(b).item());
    let length = self.length(a).smaller(&self.length(b));
    Shape::list(length, named([("first", first), ("second", second)]))
  }

  /// A map: known as a list of its values, which is all that is asked of one.
  fn merged(&mut self, a: &Expr, b: &Expr) -> Shape {
    let length = self.length(a).plus(&self.length(b));
    Shape::list(length, self.shape(a).item().or(&self.shape(b).item()))
  }

  /// The least or greatest of a list, by an expression or not, or of the arguments.
  fn extreme(&mut self, builtin: Builtin, given: &[Expr], it: Option<LocalId>) -> Shape {
    if it.is_some() {
      return self.shape(&given[1]);
    }
    if let [list] = given {
      return self.shape(list).item();
    }
    let mosts: Vec<Option<Bound>> = given.iter().map(|value| self.most(value)).collect();
    let most = if builtin == Builtin::Min {
      mosts.into_iter().flatten().reduce(|a, b| a.smaller(&b))
    } else {
      let all: Option<Vec<Bound>> = mosts.into_iter().collect();
      all.and_then(|all| all.into_iter().reduce(|a, b| a.larger(&b)))
    };
    match most {
      None => Shape::number(None),
      most => Shape::number(most),
    }
  }
}
