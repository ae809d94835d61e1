//! The texts of a program as a run keeps them, with their digest.

use super::Checked;

/// What follows the name of a file of which only the hash is kept, in hexadecimal: workers use it, and it is no text of
/// the program.
pub(super) const HASHED: &str = "#blake3";

/// Names and texts of all modules and of what they include, the root first; then the hashes of the files that they use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle(Vec<(String, String)>);

impl Bundle {
  pub fn of(checked: &Checked) -> Self {
    let module = |source: &crate::source::Source| (source.name.clone(), source.text.to_string());
    let texts = checked.sources.iter().map(|(_, source)| module(source));
    let hash = |hash: &[u8; 32]| blake3::Hash::from(*hash).to_hex().to_string();
    let used = checked.used.iter();
    let used = used.map(|(name, digest)| (format!("{name}{HASHED}"), hash(digest)));
    Self(texts.chain(used).collect())
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
