//! The names that an import would have brought, read off a text that does not parse. Knows nothing of the grammar.

use std::ops::Range;

/// Words that begin an import, here and in other languages.
const FIRST: [&str; 4] = ["import", "from", "use", "include"];
/// Words of an import that are no names.
const MARKS: [&str; 6] = ["import", "from", "use", "include", "as", "const"];

/// Whether the text was meant as an import.
pub(super) fn is_import(text: &str) -> bool {
  words(text).next().is_some_and(|word| FIRST.contains(&&text[word]))
}

/// Where the names stand that an import would have given here: of `a as b` the second.
pub(super) fn names(text: &str) -> Vec<Range<usize>> {
  let (start, end) = match text.find('{') {
    Some(open) => (open, text[open..].find(['}', '"']).map_or(text.len(), |end| open + end)),
    None => (0, text.find('\n').unwrap_or(text.len())),
  };
  let mut names: Vec<Range<usize>> = Vec::new();
  let mut before = "";
  for word in words(&text[start..end]) {
    let word = start + word.start..start + word.end;
    let name = &text[word.clone()];
    if before == "as" {
      names.pop();
    }
    if before == "from" && text[..start].is_empty() && !names.is_empty() {
      break;
    }
    if !MARKS.contains(&name) {
      names.push(word);
    }
    before = name;
  }
  names
}

/// The words of a text that do not stand in a string or a path.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
  let mut quoted = false;
  let mut at = 0;
  let bytes = text.as_bytes();
  std::iter::from_fn(move || {
    while let Some(byte) = bytes.get(at) {
      match byte {
        b'"' => quoted = !quoted,
        byte if is_word(*byte) && !quoted => {
          let start = at;
          at += bytes[at..].iter().take_while(|byte| is_word(**byte)).count();
          let path = |byte: Option<&u8>| matches!(byte, Some(b'.' | b'/'));
          let before = start.checked_sub(1).and_then(|at| bytes.get(at));
          let is_path = path(before) || path(bytes.get(at));
          if !is_path && !bytes[start].is_ascii_digit() {
            return Some(start..at);
          }
          continue;
        }
        _ => {}
      }
      at += 1;
    }
    None
  })
}

fn is_word(byte: u8) -> bool {
  byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn names_are_found_in_what_was_meant_as_an_import() {
    let read = |text: &str| -> Vec<String> { names(text).into_iter().map(|name| text[name].to_owned()).collect() };
    assert_eq!(read("import { a b, c as d } from \"./x.orch\""), ["a", "b", "d"]);
    assert_eq!(read("import { a,\n  b from \"./x.orch\""), ["a", "b"]);
    assert_eq!(read("import { a } from ./x.orch"), ["a"]);
    assert_eq!(read("import a, b from \"./x.orch\"\nlet c"), ["a", "b"]);
    assert_eq!(read("from \"./x.orch\" import a as b"), ["b"]);
    assert_eq!(read("import \"./x.orch\""), [""; 0]);
    assert_eq!(read("import * from \"./x.orch\""), [""; 0]);
    assert!(is_import("use x") && !is_import("importer x") && !is_import("let import = 1"));
  }
}
