//! The texts of a program as a run keeps them, with their digest.

use crate::source::Sources;

/// Names and texts of all modules, the root first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle(Vec<(String, String)>);

impl Bundle {
  pub fn of(sources: &Sources) -> Self {
    let module = |source: &crate::source::Source| (source.name.clone(), source.text.to_string());
    Self(sources.iter().map(|(_, source)| module(source)).collect())
  }

  /// Names and texts as they were stored.
  pub fn new(modules: Vec<(String, String)>) -> Self {
    Self(modules)
  }

  pub fn modules(&self) -> &[(String, String)] {
    &self.0
  }

  /// Of the root module.
  pub fn name(&self) -> &str {
    self.0.first().map_or("", |(name, _)| name)
  }

  /// In hexadecimal: changes with any name or text.
  pub fn digest(&self) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in self.0.iter().flat_map(|(name, text)| [name, text]) {
      hasher.update(&(part.len() as u64).to_le_bytes());
      hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
  }
}
