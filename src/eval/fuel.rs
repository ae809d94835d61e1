//! How many steps an evaluation has left, and why one stops. Knows nothing of expressions.

use crate::value::{TooLarge, Value};

/// Why there is no value, said by operators and functions, which know no place.
#[derive(Debug, PartialEq)]
pub(super) struct Reason(pub String);

impl From<TooLarge> for Reason {
  fn from(error: TooLarge) -> Self {
    Self(error.to_string())
  }
}

impl From<String> for Reason {
  fn from(message: String) -> Self {
    Self(message)
  }
}

impl From<&str> for Reason {
  fn from(message: &str) -> Self {
    Self(message.to_owned())
  }
}

/// What is left of the steps.
#[derive(Debug)]
pub(super) struct Fuel(u64);

impl Fuel {
  pub fn new(steps: u64) -> Self {
    Self(steps)
  }

  /// Takes so many steps.
  pub fn burn(&mut self, steps: u64) -> Result<(), Reason> {
    match self.0.checked_sub(steps) {
      Some(left) => {
        self.0 = left;
        Ok(())
      }
      None => Err(Reason("the expression takes more than 50,000,000 steps".into())),
    }
  }

  /// Takes the steps of going through a whole value.
  pub fn burn_walk(&mut self, value: &Value) -> Result<(), Reason> {
    let weight = value.weight();
    self.burn(weight.elements + weight.bytes / 64)
  }

  /// Takes the steps of going through a text.
  pub fn burn_text(&mut self, text: &str) -> Result<(), Reason> {
    self.burn(text.len() as u64 / 64)
  }
}
