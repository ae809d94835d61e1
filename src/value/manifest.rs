//! What is in a directory, as a text whose hash is the directory's digest. Knows no disk.

use std::{collections::BTreeMap, fmt::Write};

use blake3::{Hash, Hasher};

use super::stored::{Stored, StoredKind, is_name};

/// Files, links and directories below one directory, by their path with `/`. A directory is listed only where it is
/// empty: any other is there because of what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest(BTreeMap<String, Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
  File {
    digest: Hash,
    size: u64,
    executable: bool,
  },
  /// Where it points to: see [`stays_inside`].
  Link(String),
  /// Empty.
  Dir,
}

/// The most directories inside one another.
pub const DEEPEST: usize = 64;

impl Manifest {
  /// False, and nothing changed, if the path is none below a directory, or a part of it is there already as something
  /// else than a directory.
  pub fn insert(&mut self, path: &str, entry: Entry) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let taken = (1..parts.len()).any(|length| self.0.contains_key(&parts[..length].join("/")));
    let below = format!("{path}/");
    let covers = self
      .0
      .range(below.clone()..)
      .next()
      .is_some_and(|(next, _)| next.starts_with(&below));
    let fits = match &entry {
      Entry::Link(target) => stays_inside(target, parts.len() - 1),
      _ => true,
    };
    if parts.len() > DEEPEST || !parts.iter().all(|part| is_name(part)) || taken || covers || !fits {
      return false;
    }
    if self.0.contains_key(path) {
      return false;
    }
    self.0.insert(path.to_owned(), entry);
    true
  }

  pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
    self.0.iter().map(|(path, entry)| (path.as_str(), entry))
  }

  pub fn len(&self) -> usize {
    self.0.len()
  }

  pub fn is_empty(&self) -> bool {
    self.0.is_empty()
  }

  /// One entry after another, each ended by a zero byte, which no path holds.
  pub fn to_text(&self) -> String {
    let mut text = String::from("orch dir 1\0");
    for (path, entry) in &self.0 {
      let _ = match entry {
        Entry::File {
          digest,
          size,
          executable,
        } => {
          let mode = if *executable { 'x' } else { 'f' };
          write!(text, "{mode} {} {size} {path}\0", digest.to_hex())
        }
        Entry::Link(target) => write!(text, "l {path}\0{target}\0"),
        Entry::Dir => write!(text, "d {path}\0"),
      };
    }
    text
  }

  /// The inverse of [`Self::to_text`].
  pub fn parse(text: &str) -> Option<Manifest> {
    let mut parts = text.strip_prefix("orch dir 1\0")?.split_terminator('\0');
    let mut manifest = Manifest::default();
    while let Some(part) = parts.next() {
      let (kind, rest) = part.split_once(' ')?;
      let (path, entry) = match kind {
        "d" => (rest, Entry::Dir),
        "l" => (rest, Entry::Link(parts.next()?.to_owned())),
        "f" | "x" => {
          let mut words = rest.splitn(3, ' ');
          let entry = Entry::File {
            digest: Hash::from_hex(words.next()?).ok()?,
            size: words.next()?.parse().ok()?,
            executable: kind == "x",
          };
          (words.next()?, entry)
        }
        _ => return None,
      };
      if !manifest.insert(path, entry) {
        return None;
      }
    }
    Some(manifest)
  }

  /// The directory's value; the text is what its digest is of.
  pub fn stored(&self, name: &str) -> Stored {
    let size = |entry: &Entry| match entry {
      Entry::File { size, .. } => *size,
      Entry::Link(_) | Entry::Dir => 0,
    };
    let size = self.0.values().map(size).fold(0, u64::saturating_add);
    Stored::new(StoredKind::Dir, Self::digest(&self.to_text()), size, name)
  }

  /// Of the text; no file that holds the same text has this digest.
  pub fn digest(text: &str) -> Hash {
    let mut hasher = Hasher::new_derive_key("orch 1, manifest of a directory");
    hasher.update(text.as_bytes());
    hasher.finalize()
  }
}

/// Whether a link that stands so many directories deep points to below the outermost one, whatever other links of its
/// kind are on the way: first up, at most to the top, then down and never up again.
pub fn stays_inside(target: &str, depth: usize) -> bool {
  let parts: Vec<&str> = target.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
  let up = parts.iter().take_while(|part| **part == "..").count();
  !target.starts_with('/')
    && !target.is_empty()
    && !target.contains('\0')
    && up <= depth
    && !parts[up..].contains(&"..")
}

#[cfg(test)]
mod tests {
  use super::*;

  fn file(text: &str) -> Entry {
    Entry::File {
      digest: blake3::hash(text.as_bytes()),
      size: text.len() as u64,
      executable: text.starts_with("#!"),
    }
  }

  #[test]
  fn the_text_reads_back() {
    let mut manifest = Manifest::default();
    for (path, entry) in [
      ("b/run it.sh", file("#!/bin/sh")),
      ("a", file("")),
      ("b/c", Entry::Dir),
      ("l", Entry::Link("b/run it.sh".into())),
    ] {
      assert!(manifest.insert(path, entry), "{path}");
    }
    assert_eq!(Manifest::parse(&manifest.to_text()), Some(manifest.clone()));
    let stored = manifest.stored("x");
    assert_eq!((stored.kind, stored.size), (StoredKind::Dir, 9));
    assert_ne!(stored.digest, blake3::hash(manifest.to_text().as_bytes()));
    assert_eq!(Manifest::parse("orch dir 1\0"), Some(Manifest::default()));
  }

  #[test]
  fn no_path_leads_outside() {
    for path in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a\0b", "a/"] {
      assert!(!Manifest::default().insert(path, file("")), "{path}");
    }
    let deep = vec!["d"; DEEPEST + 1].join("/");
    assert!(!Manifest::default().insert(&deep, file("")));
    let mut manifest = Manifest::default();
    assert!(manifest.insert("a", Entry::Link("b".into())));
    assert!(!manifest.insert("a/x", file("")), "nothing is written through a link");
    assert!(!manifest.insert("a", file("")));
    assert!(manifest.insert("c/d", file("")));
    assert!(!manifest.insert("c", file("")));
    assert!(manifest.insert("c!", file("")));
  }

  #[test]
  fn links_stay_inside() {
    for (target, depth, inside) in [
      ("x", 0, true),
      ("./x/y", 0, true),
      ("../x", 1, true),
      ("../../x", 1, false),
      ("..", 0, false),
      ("..", 1, true),
      ("/etc", 3, false),
      ("x/../y", 3, false),
      ("", 0, false),
    ] {
      assert_eq!(stays_inside(target, depth), inside, "{target} {depth}");
    }
  }

  #[test]
  fn nonsense_is_no_manifest() {
    for text in [
      "",
      "orch dir 2\0",
      "orch dir 1\0f zz 1 a\0",
      "orch dir 1\0d ../a\0",
      "orch dir 1\0l a\0../b\0",
      "orch dir 1\0d a\0d a\0",
    ] {
      assert_eq!(Manifest::parse(text), None, "{text:?}");
    }
  }
}
