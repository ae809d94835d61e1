//! The sizes that bounds speak of: how long a list is at the place where it enters the program, how large a number.
//! Knows nothing of bounds beyond dividing one.

use std::sync::Arc;

use indexmap::IndexMap;

use super::bound::Bound;
use crate::hir::OrchestratorId;

/// Index into [`Symbols`]; outer ones are met before inner ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(pub u32);

/// Where a value enters: a parameter, the answer of a call. Stands for all values that ever do so there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
  /// Whose parameter or step it is; the same for all calls of it.
  pub owner: Owner,
  /// `issues`, `verdicts[].labels`
  pub path: Arc<str>,
}

/// Whose text a place is in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
  Orchestrator(OrchestratorId),
  /// A function or a constant, by its name.
  Let(Arc<str>),
}

impl Place {
  #[must_use]
  pub fn field(&self, name: &str) -> Place {
    let path = match &*self.path {
      "" => name.into(),
      path => format!("{path}.{name}").into(),
    };
    Place { path, ..self.clone() }
  }

  /// A call that belongs to it: `deploy!undo`.
  #[must_use]
  pub fn beside(&self, word: &str) -> Place {
    let path = format!("{}{word}", self.path).into();
    Place { path, ..self.clone() }
  }

  /// Any item of the list.
  #[must_use]
  pub fn item(&self) -> Place {
    let path = format!("{}[]", self.path).into();
    Place { path, ..self.clone() }
  }

  /// Whether it is `outer` or inside it.
  pub fn is_inside(&self, outer: &Place) -> bool {
    let rest = self.path.strip_prefix(&*outer.path);
    self.owner == outer.owner && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '!']))
  }
}

/// What a symbol stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Size {
  /// Of the longest list there, or map.
  Length(Place),
  /// The largest int there; 0 for those below.
  Number(Place),
  /// The longest duration there, in milliseconds; 0 for those below.
  Time(Place),
  /// How many parts of a size another bound makes.
  Parts(Bound, u128),
}

impl Size {
  pub fn place(&self) -> Option<&Place> {
    match self {
      Size::Length(place) | Size::Number(place) | Size::Time(place) => Some(place),
      Size::Parts(..) => None,
    }
  }
}

/// The sizes that were met while one orchestrator was looked at.
#[derive(Clone, Debug, Default)]
pub struct Symbols(IndexMap<Size, Option<u128>>);

impl Symbols {
  /// `most` is what its type says here; of several the largest holds.
  pub fn bound(&mut self, size: Size, most: Option<u128>) -> Bound {
    let entry = self.0.entry(size);
    let symbol = Symbol(u32::try_from(entry.index()).unwrap_or(u32::MAX));
    let known = entry.or_insert(most);
    *known = (*known).zip(most).map(|(a, b)| a.max(b));
    Bound::symbol(symbol, most)
  }

  pub fn parts(&mut self, of: Bound, size: u128, most: Option<u128>) -> Bound {
    self.bound(Size::Parts(of, size), most)
  }

  /// What it stands for, and how large it can be where that is known.
  ///
  /// # Panics
  /// If it is of another table.
  pub fn get(&self, symbol: Symbol) -> (&Size, Option<u128>) {
    let (size, most) = self.0.get_index(symbol.0 as usize).expect("a symbol of this table");
    (size, *most)
  }

  /// The symbol of a size that was met.
  pub fn find(&self, size: &Size) -> Option<Symbol> {
    let index = self.0.get_index_of(size)?;
    Some(Symbol(u32::try_from(index).unwrap_or(u32::MAX)))
  }
}
