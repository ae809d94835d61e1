//! Amounts of dollars: whole billionths, so that sums are exact. Knows nothing of who pays.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// At least 0, at most some 9 billion dollars; sums stay there. A number of dollars as JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dollars(u64);

/// Of a dollar.
const BILLION: f64 = 1e9;

/// What can be said exactly enough both ways.
const MOST: u64 = i64::MAX as u64;

impl Dollars {
  /// To the nearest billionth; `None` below 0, for no number, and beyond the largest amount.
  pub fn of(dollars: f64) -> Option<Dollars> {
    let billionths = (dollars * BILLION).round();
    #[expect(clippy::cast_precision_loss, reason = "the end of the range need not be exact")]
    let fits = (0.0..=MOST as f64).contains(&billionths);
    #[expect(
      clippy::cast_possible_truncation,
      clippy::cast_sign_loss,
      reason = "in range, and whole"
    )]
    fits.then(|| Dollars((billionths as u64).min(MOST)))
  }

  /// So many, as far as there are such amounts.
  pub fn of_billionths(billionths: u128) -> Dollars {
    Dollars(u64::try_from(billionths).map_or(MOST, |billionths| billionths.min(MOST)))
  }

  pub fn billionths(self) -> u64 {
    self.0
  }

  #[must_use]
  pub fn plus(self, other: Dollars) -> Dollars {
    Dollars((self.0 + other.0).min(MOST))
  }

  /// At least 0.
  #[must_use]
  pub fn minus(self, other: Dollars) -> Dollars {
    Dollars(self.0.saturating_sub(other.0))
  }

  fn as_float(self) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is meant")]
    let billionths = self.0 as f64;
    billionths / BILLION
  }
}

/// `$0.50`, `$0.000125`: at least cents, no needless zeros behind them.
impl Display for Dollars {
  fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
    let digits = format!("{:09}", self.0 % 1_000_000_000);
    let cents = digits.trim_end_matches('0').len().max(2);
    write!(f, "${}.{}", self.0 / 1_000_000_000, &digits[..cents])
  }
}

impl Serialize for Dollars {
  fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(self.as_float())
  }
}

impl<'de> Deserialize<'de> for Dollars {
  fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
    let dollars = f64::deserialize(deserializer)?;
    Dollars::of(dollars).ok_or_else(|| serde::de::Error::custom("not an amount of dollars"))
  }
}

#[cfg(test)]
mod tests {
  use super::*;

  fn dollars(amount: f64) -> Dollars {
    Dollars::of(amount).expect("an amount")
  }

  #[test]
  fn sums_are_exact() {
    let sum = (0..10).fold(Dollars::default(), |sum, _| sum.plus(dollars(0.1)));
    assert_eq!(sum, dollars(1.0));
    assert_eq!(dollars(0.3).minus(dollars(0.1)), dollars(0.2));
    assert_eq!(dollars(0.1).minus(dollars(0.3)), Dollars::default());
  }

  #[test]
  fn amounts_that_are_none_are_refused() {
    for amount in [-0.1, f64::NAN, f64::INFINITY, 1e11] {
      assert_eq!(Dollars::of(amount), None, "{amount}");
    }
    assert_eq!(dollars(9e9).plus(dollars(9e9)).to_string(), "$9223372036.854775807");
  }

  #[test]
  fn they_are_shown_with_cents_and_what_is_below() {
    for (amount, shown) in [(0.0, "$0.00"), (5.0, "$5.00"), (0.5, "$0.50"), (0.000_125, "$0.000125")] {
      assert_eq!(dollars(amount).to_string(), shown);
    }
  }

  #[test]
  fn they_are_numbers_as_json_and_read_back() {
    for amount in [0.0, 0.12, 1_234.567_891_234] {
      let text = serde_json::to_string(&dollars(amount)).expect("JSON");
      assert_eq!(text.parse::<f64>().expect("a number"), amount);
      assert_eq!(
        serde_json::from_str::<Dollars>(&text).expect("reads back"),
        dollars(amount)
      );
    }
    assert!(serde_json::from_str::<Dollars>("-1").is_err());
  }
}
