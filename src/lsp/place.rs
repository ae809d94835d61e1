//! Addresses of files: from `file://` to paths and back. Knows no disk.

use std::path::{Path, PathBuf};

/// The path that an address stands for. What is no file gets a path that no file has.
pub fn path(uri: &str) -> PathBuf {
  let Some(rest) = uri.strip_prefix("file://") else {
    return PathBuf::from(uri);
  };
  let rest = &rest[rest.find('/').unwrap_or(0)..];
  let mut bytes = Vec::with_capacity(rest.len());
  let mut all = rest.bytes();
  while let Some(byte) = all.next() {
    let hex = (byte == b'%').then(|| all.as_slice_of_two()).flatten();
    match hex {
      Some(value) => {
        bytes.push(value);
        all.nth(1);
      }
      None => bytes.push(byte),
    }
  }
  PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}

trait Ahead {
  fn as_slice_of_two(&self) -> Option<u8>;
}

impl Ahead for std::str::Bytes<'_> {
  /// The byte that the next two hexadecimal digits are.
  fn as_slice_of_two(&self) -> Option<u8> {
    let mut ahead = self.clone();
    let mut digit = || char::from(ahead.next()?).to_digit(16);
    let (high, low) = (digit()?, digit()?);
    u8::try_from(high * 16 + low).ok()
  }
}

/// The address of a path.
pub fn uri(path: &Path) -> String {
  let text = path.to_string_lossy();
  if !path.is_absolute() {
    return text.into_owned();
  }
  let mut uri = "file://".to_owned();
  for byte in text.bytes() {
    match byte {
      b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
      _ => uri.push_str(&format!("%{byte:02X}")),
    }
  }
  uri
}

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn paths_lead_to_addresses_and_back() {
    for text in ["/a/b.orch", "/a b/ü%20/c#.orch", "/100%.orch"] {
      assert_eq!(path(&uri(Path::new(text))), Path::new(text));
    }
    assert_eq!(uri(Path::new("/a b/é")), "file:///a%20b/%C3%A9");
    assert_eq!(path("file:///a%zz%4"), Path::new("/a%zz%4"));
    assert_eq!(path("untitled:1"), Path::new("untitled:1"));
  }
}
