//! Upper bounds as sums of products of sizes with whole coefficients, and beside them the number where one is known.
//! Everything saturates. Knows nothing of what is counted.

use std::collections::BTreeMap;

use super::symbols::{Symbol, Symbols};

/// Sizes that are multiplied, ascending; one that stands twice is squared.
pub type Product = Vec<Symbol>;

/// At most the sum of its terms, and at most `most` where that is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bound {
  /// No coefficient is 0.
  terms: BTreeMap<Product, u128>,
  most: Option<u128>,
}

impl Default for Bound {
  fn default() -> Self {
    Bound::zero()
  }
}

impl Bound {
  pub fn zero() -> Bound {
    Bound::of(BTreeMap::new(), Some(0))
  }

  pub fn number(number: u128) -> Bound {
    Bound::of(BTreeMap::from([(Product::new(), number)]), Some(number))
  }

  pub fn symbol(symbol: Symbol, most: Option<u128>) -> Bound {
    Bound::of(BTreeMap::from([(vec![symbol], 1)]), most)
  }

  /// A sum without sizes is its own number.
  fn of(mut terms: BTreeMap<Product, u128>, most: Option<u128>) -> Bound {
    terms.retain(|_, coefficient| *coefficient > 0);
    let mut bound = Bound { terms, most };
    if let Some(number) = bound.constant() {
      bound.most = Some(most.map_or(number, |most| most.min(number)));
    }
    bound
  }

  /// The sum, where it holds no size.
  fn constant(&self) -> Option<u128> {
    match self.terms.iter().next() {
      None => Some(0),
      Some((product, number)) if self.terms.len() == 1 && product.is_empty() => Some(*number),
      Some(_) => None,
    }
  }

  /// The terms, those with a size that was met first before others, the number last.
  pub fn terms(&self) -> impl Iterator<Item = (&[Symbol], u128)> {
    let sized = self.terms.iter().filter(|(product, _)| !product.is_empty());
    let number = self.terms.get_key_value(&Product::new());
    sized
      .chain(number)
      .map(|(product, coefficient)| (product.as_slice(), *coefficient))
  }

  /// The number that it never exceeds, where one is known.
  pub fn most(&self) -> Option<u128> {
    self.most
  }

  pub fn is_zero(&self) -> bool {
    self.most == Some(0)
  }

  /// Whether a number says all.
  pub fn is_number(&self) -> bool {
    self.constant().is_some()
  }

  #[must_use]
  pub fn plus(&self, other: &Bound) -> Bound {
    let mut terms = self.terms.clone();
    for (product, coefficient) in &other.terms {
      let sum = terms.entry(product.clone()).or_default();
      *sum = sum.saturating_add(*coefficient);
    }
    Bound::of(terms, both(self.most, other.most, u128::saturating_add))
  }

  #[must_use]
  pub fn times(&self, other: &Bound) -> Bound {
    let mut terms: BTreeMap<Product, u128> = BTreeMap::new();
    for (a, first) in &self.terms {
      for (b, second) in &other.terms {
        let mut product = [a.as_slice(), b].concat();
        product.sort_unstable();
        let sum = terms.entry(product).or_default();
        *sum = sum.saturating_add(first.saturating_mul(*second));
      }
    }
    let none = self.is_zero() || other.is_zero();
    let most = both(self.most, other.most, u128::saturating_mul);
    Bound::of(terms, if none { Some(0) } else { most })
  }

  #[must_use]
  pub fn scaled(&self, factor: u128) -> Bound {
    self.times(&Bound::number(factor))
  }

  /// At least both: the larger coefficient of each product.
  #[must_use]
  pub fn larger(&self, other: &Bound) -> Bound {
    let mut terms = self.terms.clone();
    for (product, coefficient) in &other.terms {
      let largest = terms.entry(product.clone()).or_default();
      *largest = (*largest).max(*coefficient);
    }
    Bound::of(terms, both(self.most, other.most, u128::max))
  }

  /// One of the two, each of which bounds what is meant: the one that is never above the other, else a number, else
  /// one that has a known number, else the first.
  #[must_use]
  pub fn smaller(&self, other: &Bound) -> Bound {
    let chosen = if self.within(other) {
      self
    } else if other.within(self) || (other.is_number(), other.most.is_some()) > (self.is_number(), self.most.is_some())
    {
      other
    } else {
      self
    };
    let most = match (self.most, other.most) {
      (Some(a), Some(b)) => Some(a.min(b)),
      (a, b) => a.or(b),
    };
    Bound::of(chosen.terms.clone(), most)
  }

  /// Whether no coefficient is above the other's.
  fn within(&self, other: &Bound) -> bool {
    let coefficient = |product| other.terms.get(product).copied().unwrap_or(0);
    self.terms.iter().all(|(product, own)| *own <= coefficient(product))
  }

  /// The same, known to be at most a number.
  #[must_use]
  pub fn capped(&self, most: u128) -> Bound {
    match self.constant() {
      Some(number) => Bound::number(number.min(most)),
      None => Bound::of(self.terms.clone(), Some(self.most.map_or(most, |own| own.min(most)))),
    }
  }

  /// A `divisor`th, each term rounded up; at least 1 is taken for 0.
  #[must_use]
  pub fn divided(&self, divisor: u128) -> Bound {
    let divisor = divisor.max(1);
    let terms = self.terms.iter();
    let terms = terms.map(|(product, coefficient)| (product.clone(), coefficient.div_ceil(divisor)));
    Bound::of(terms.collect(), self.most.map(|most| most.div_ceil(divisor)))
  }

  /// How many parts of a size make it up: exact, where need be by a size of its own.
  #[must_use]
  pub fn parts(&self, size: u128, symbols: &mut Symbols) -> Bound {
    let size = size.max(1);
    let whole = self.terms.values().all(|coefficient| coefficient % size == 0);
    if whole || self.is_number() {
      return self.divided(size);
    }
    let most = self.most.map(|most| most.div_ceil(size));
    symbols.parts(self.clone(), size, most)
  }

  /// Each size replaced by what bounds it; `None` leaves it.
  #[must_use]
  pub fn replaced(&self, by: &mut dyn FnMut(Symbol) -> Option<Bound>) -> Bound {
    let mut sum = Bound::zero();
    let mut changed = false;
    for (product, coefficient) in &self.terms {
      let mut term = Bound::number(*coefficient);
      for symbol in product {
        let factor = by(*symbol);
        changed |= factor.is_some();
        term = term.times(&factor.unwrap_or_else(|| Bound::symbol(*symbol, None)));
      }
      sum = sum.plus(&term);
    }
    if !changed {
      return self.clone();
    }
    match self.most {
      Some(most) => sum.capped(most),
      None => sum,
    }
  }

  /// Without one size, where it stands alone and once: `x + c` gives `c`.
  pub fn without(&self, symbol: Symbol) -> Option<Bound> {
    let alone = self.terms.get(&vec![symbol]) == Some(&1);
    let mut terms = self.terms.clone();
    terms.remove(&vec![symbol]);
    alone.then(|| Bound::of(terms, None))
  }

  /// Whether a size for which `is` holds stands in it.
  pub fn mentions(&self, is: &mut dyn FnMut(Symbol) -> bool) -> bool {
    self.terms.keys().flatten().any(|symbol| is(*symbol))
  }

  /// The sum for given sizes.
  pub fn at(&self, size: &dyn Fn(Symbol) -> u128) -> u128 {
    let term = |(product, coefficient): (&Product, &u128)| {
      let sizes = product.iter().map(|symbol| size(*symbol));
      sizes.fold(*coefficient, u128::saturating_mul)
    };
    self.terms.iter().map(term).fold(0, u128::saturating_add)
  }
}

fn both(a: Option<u128>, b: Option<u128>, join: impl FnOnce(u128, u128) -> u128) -> Option<u128> {
  a.zip(b).map(|(a, b)| join(a, b))
}

#[cfg(test)]
mod tests {
  use proptest::prelude::*;

  use super::*;

  fn size(id: u32) -> Bound {
    Bound::symbol(Symbol(id), None)
  }

  fn bounds() -> impl Strategy<Value = Bound> {
    let leaf = prop_oneof![(0..50u128).prop_map(Bound::number), (0..3u32).prop_map(size)];
    leaf.prop_recursive(3, 12, 2, |inner| {
      (any::<bool>(), inner.clone(), inner).prop_map(|(sum, a, b)| if sum { a.plus(&b) } else { a.times(&b) })
    })
  }

  proptest! {
    #[test]
    fn every_operation_bounds_the_same_on_numbers(
      a in bounds(), b in bounds(), width in 1..9u128, x in 0..20u128, y in 0..20u128, z in 0..20u128,
    ) {
      let sizes = [x, y, z];
      let at = |bound: &Bound| bound.at(&|symbol| sizes[symbol.0 as usize]);
      let (p, q) = (at(&a), at(&b));
      prop_assert_eq!(at(&a.plus(&b)), p + q);
      prop_assert_eq!(at(&a.times(&b)), p * q);
      prop_assert!(at(&a.larger(&b)) >= p.max(q));
      prop_assert!(at(&a.smaller(&b)) >= p.min(q));
      prop_assert!(at(&a.divided(width)) >= p.div_ceil(width));
      let named = a.replaced(&mut |symbol| Some(Bound::number(sizes[symbol.0 as usize])));
      prop_assert_eq!(named.most(), Some(p));
    }
  }

  #[test]
  fn a_known_number_is_kept_exact_beside_the_sum() {
    let found = Bound::symbol(Symbol(0), Some(500));
    assert_eq!(found.parts(7, &mut Symbols::default()).most(), Some(72));
    assert_eq!(found.times(&Bound::zero()), Bound::zero());
    assert_eq!(size(0).capped(7).plus(&Bound::number(1)).most(), Some(8));
  }

  #[test]
  fn the_smaller_of_two_is_the_one_that_is_never_above() {
    let (x, y) = (size(0), size(1));
    assert_eq!(x.smaller(&x.plus(&y)), x);
    assert_eq!(x.smaller(&Bound::number(3)), Bound::number(3));
    assert_eq!(Bound::number(3).smaller(&x), Bound::number(3));
    assert_eq!(x.smaller(&y), x);
  }

  #[test]
  fn what_is_too_large_stays_at_the_end_of_numbers() {
    let large = Bound::number(u128::MAX);
    assert_eq!(large.plus(&large), large);
    assert_eq!(large.times(&size(0)).at(&|_| 2), u128::MAX);
  }
}
