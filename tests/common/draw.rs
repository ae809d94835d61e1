//! Numbers that are the same for the same seed.

pub struct Draw(u64);

impl Draw {
  pub fn new(seed: u64) -> Draw {
    // a seed and the next one have nothing in common: splitmix64, Steele and others 2014
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    Draw((mixed ^ (mixed >> 31)) | 1)
  }

  pub fn next(&mut self) -> u64 {
    // xorshift64*, Vigna 2016
    self.0 ^= self.0 >> 12;
    self.0 ^= self.0 << 25;
    self.0 ^= self.0 >> 27;
    self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
  }

  /// Less than `most`, which is at least 1.
  pub fn below(&mut self, most: u64) -> u64 {
    (self.next() >> 33) % most
  }

  pub fn within(&mut self, least: u64, most: u64) -> u64 {
    least + self.below(most - least + 1)
  }

  /// So often of a hundred times.
  pub fn percent(&mut self, often: u64) -> bool {
    self.below(100) < often
  }

  pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
    let at = self.below(from.len() as u64);
    &from[at as usize]
  }
}
