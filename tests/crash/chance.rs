//! Chance that comes again: the same seed, the same numbers.

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
  pub fn new(seed: u64) -> Self {
    Self(seed)
  }

  pub fn next(&mut self) -> u64 {
    self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
  }

  /// Below the bound.
  pub fn below(&mut self, bound: u64) -> u64 {
    self.next() % bound
  }

  pub fn one_in(&mut self, times: u64) -> bool {
    self.below(times) == 0
  }
}

/// How often something is done: as this variable says, or as often as there is time for in every build.
pub fn thorough(variable: &str, usual: u64) -> u64 {
  let said = std::env::var(variable).ok();
  said.and_then(|number| number.parse().ok()).unwrap_or(usual)
}
