//! Files and directories as values: what they hold is known by its digest. Knows nothing of where they are kept.

use std::{
  fmt::{self, Display, Formatter},
  sync::Arc,
};

use blake3::Hash;
use serde::{Deserialize, Serialize};

/// Which of the two a stored value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StoredKind {
  File,
  Dir,
}

/// A file or a directory with all that is in it. Two are equal if they hold the same, whatever they are called.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stored {
  pub kind: StoredKind,
  /// Of a file's bytes, or of a directory's [`super::Manifest`].
  pub digest: Hash,
  /// Bytes; of a directory those of all its files.
  pub size: u64,
  /// The last part of the path that it came from; never empty, `.` or `..`, and without `/`.
  name: Arc<str>,
}

impl PartialEq for Stored {
  fn eq(&self, other: &Self) -> bool {
    self.kind == other.kind && self.digest == other.digest
  }
}

impl StoredKind {
  /// As the type is written.
  pub fn word(self) -> &'static str {
    match self {
      StoredKind::File => "file",
      StoredKind::Dir => "dir",
    }
  }

  /// As people say it.
  pub fn noun(self) -> &'static str {
    match self {
      StoredKind::File => "file",
      StoredKind::Dir => "directory",
    }
  }
}

impl Stored {
  /// A name that no file can have becomes the kind's word.
  pub fn new(kind: StoredKind, digest: Hash, size: u64, name: &str) -> Stored {
    let name = if is_name(name) { name } else { kind.word() };
    let name = name.into();
    Stored {
      kind,
      digest,
      size,
      name,
    }
  }

  /// The file that holds this text.
  pub fn of_text(text: &str, name: &str) -> Stored {
    Self::new(StoredKind::File, blake3::hash(text.as_bytes()), text.len() as u64, name)
  }

  pub fn name(&self) -> &str {
    &self.name
  }

  /// The inverse of [`Display`]; `None` where the text is not just what that gives.
  pub fn parse(text: &str) -> Option<Stored> {
    let (kind, rest) = text.split_once(':')?;
    let kind = [StoredKind::File, StoredKind::Dir]
      .into_iter()
      .find(|known| known.word() == kind)?;
    let mut parts = rest.strip_prefix("blake3:")?.splitn(3, ':');
    let (digest, size, name) = (parts.next()?, parts.next()?, parts.next()?);
    let digest = Hash::from_hex(digest).ok()?;
    let stored = Stored::new(kind, digest, size.parse().ok()?, name);
    (stored.to_string() == text).then_some(stored)
  }

  /// All that a text may mention, in whatever form of JSON: kinds and digests.
  pub fn mentioned(text: &str) -> impl Iterator<Item = (StoredKind, Hash)> {
    text.match_indices(MARK).filter_map(|(at, _)| {
      let (before, after) = (&text[..at], &text[at + MARK.len()..]);
      let kinds = [StoredKind::File, StoredKind::Dir];
      let kind = kinds.into_iter().find(|kind| before.ends_with(kind.word()))?;
      Some((kind, Hash::from_hex(after.get(..64)?).ok()?))
    })
  }

  /// How long its text is, from above.
  pub(super) fn text_len(&self) -> u64 {
    // `file:blake3:`, 64 digits of digest, 20 of size, two colons
    98 + self.name.len() as u64
  }
}

/// Between kind and digest.
const MARK: &str = ":blake3:";

/// What stands for it in JSON: `file:blake3:DIGEST:SIZE:NAME`.
impl Display for Stored {
  fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
    let Stored {
      kind,
      digest,
      size,
      name,
    } = self;
    write!(f, "{}:blake3:{}:{size}:{name}", kind.word(), digest.to_hex())
  }
}

/// Whether a file may be called so.
pub fn is_name(name: &str) -> bool {
  !matches!(name, "" | "." | "..") && !name.contains(['/', '\0'])
}

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn the_text_reads_back_and_nothing_else_does() {
    let stored = Stored::of_text("a,b\n", "a b:c.csv");
    let text = stored.to_string();
    assert!(
      text.starts_with("file:blake3:") && text.ends_with(":4:a b:c.csv"),
      "{text}"
    );
    let back = Stored::parse(&text).expect("it reads back");
    assert_eq!((&back, back.name(), back.size), (&stored, "a b:c.csv", 4));
    assert!(text.len() as u64 <= stored.text_len());
    for wrong in [
      "./a.csv".to_owned(),
      "file:blake3:00:4:a".to_owned(),
      text.replace("file:", "File:"),
      text.replace(":4:", ":+4:"),
      text.replace(":4:", ":04:"),
      text.replace("a b:c.csv", ""),
      text.replace("a b:c.csv", "../x"),
      text.replace("a b:c.csv", ".."),
      text.to_uppercase(),
      format!(" {text}"),
    ] {
      assert!(Stored::parse(&wrong).is_none(), "{wrong}");
    }
  }

  #[test]
  fn a_text_mentions_them_wherever_they_stand() {
    let file = Stored::of_text("x", "a\"b");
    let dir = Stored::new(StoredKind::Dir, blake3::hash(b"y"), 1, "d");
    let inner = serde_json::json!([file.to_string(), "my file:blake3:0", ":blake3:"]).to_string();
    let text = serde_json::json!({ "a": inner, "b": dir.to_string(), "c": "mile:blake3:é" }).to_string();
    let found: Vec<_> = Stored::mentioned(&text).collect();
    assert_eq!(found, [(StoredKind::File, file.digest), (StoredKind::Dir, dir.digest)]);
  }

  #[test]
  fn what_they_hold_makes_them_equal() {
    let one = Stored::of_text("x", "one");
    assert_eq!(one, Stored::of_text("x", "two"));
    assert_ne!(one, Stored::of_text("y", "one"));
    assert_ne!(one, Stored::new(StoredKind::Dir, one.digest, 1, "one"));
    assert_eq!(Stored::of_text("x", "a/b").name(), "file");
  }
}
