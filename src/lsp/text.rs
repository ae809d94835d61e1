//! Positions as the protocol counts them, and edits of texts by them. Knows nothing of what texts mean.

use serde_json::{Value, json};

/// What a `character` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
  Utf8,
  /// What everybody has to know.
  #[default]
  Utf16,
}

impl Encoding {
  pub fn name(self) -> &'static str {
    match self {
      Encoding::Utf8 => "utf-8",
      Encoding::Utf16 => "utf-16",
    }
  }

  fn width(self, c: char) -> usize {
    match self {
      Encoding::Utf8 => c.len_utf8(),
      Encoding::Utf16 => c.len_utf16(),
    }
  }
}

/// A text, and where its lines begin: after `\n`, `\r\n` and `\r`.
pub struct Lines<'t> {
  text: &'t str,
  starts: Vec<usize>,
  encoding: Encoding,
}

impl<'t> Lines<'t> {
  pub fn new(text: &'t str, encoding: Encoding) -> Self {
    let bytes = text.as_bytes();
    let ends = |at: &usize| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    let starts = (0..bytes.len()).filter(ends).map(|at| at + 1);
    Self {
      text,
      starts: std::iter::once(0).chain(starts).collect(),
      encoding,
    }
  }

  /// The byte offset of a position. One beyond its line is the line's end, one beyond the text the text's end.
  pub fn offset(&self, line: usize, character: usize) -> usize {
    let Some(start) = self.starts.get(line).copied() else {
      return self.text.len();
    };
    let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
    let content = self.text[start..end].trim_end_matches(['\r', '\n']);
    let mut counted = 0;
    for (at, c) in content.char_indices() {
      counted += self.encoding.width(c);
      if counted > character {
        return start + at;
      }
    }
    start + content.len()
  }

  /// The line and character of a byte offset, both from 0.
  pub fn position(&self, at: usize) -> (usize, usize) {
    let at = self.text.floor_char_boundary(at.min(self.text.len()));
    let line = self.starts.partition_point(|start| *start <= at) - 1;
    let before = &self.text[self.starts[line]..at];
    (line, before.chars().map(|c| self.encoding.width(c)).sum())
  }

  pub fn range(&self, range: std::ops::Range<usize>) -> Value {
    let place = |at: usize| {
      let (line, character) = self.position(at);
      json!({ "line": line, "character": character })
    };
    json!({ "start": place(range.start), "end": place(range.end) })
  }

  /// The byte offset of a `Position`.
  pub fn read(&self, position: &Value) -> Option<usize> {
    let number = |name: &str| usize::try_from(position.get(name)?.as_u64()?).ok();
    Some(self.offset(number("line")?, number("character")?))
  }

  /// The bytes of a `Range`.
  pub fn read_range(&self, range: &Value) -> Option<std::ops::Range<usize>> {
    let (start, end) = (self.read(range.get("start")?)?, self.read(range.get("end")?)?);
    Some(start.min(end)..end.max(start))
  }
}

/// Makes one change of `textDocument/didChange`: of a range, or of the whole.
pub fn change(text: &mut String, change: &Value, encoding: Encoding) -> Option<()> {
  let new = change.get("text")?.as_str()?;
  match change.get("range") {
    None | Some(Value::Null) => new.clone_into(text),
    Some(range) => {
      let range = Lines::new(text, encoding).read_range(range)?;
      text.replace_range(range, new);
    }
  }
  Some(())
}

#[cfg(test)]
mod tests {
  use proptest::prelude::*;

  use super::*;

  #[test]
  fn characters_are_counted_as_agreed() {
    let text = "a😀é\r\nb\rc\n";
    let (utf8, utf16) = (Lines::new(text, Encoding::Utf8), Lines::new(text, Encoding::Utf16));
    assert_eq!((utf16.position(5), utf8.position(5)), ((0, 3), (0, 5)));
    assert_eq!((utf16.offset(0, 3), utf8.offset(0, 5)), (5, 5));
    assert_eq!(
      (utf16.offset(0, 2), utf8.offset(0, 3)),
      (1, 1),
      "inside of a character: before it"
    );
    assert_eq!(
      (utf16.offset(0, 99), utf16.offset(1, 1), utf16.offset(2, 1)),
      (7, 10, 12)
    );
    assert_eq!((utf16.position(12), utf16.offset(9, 0)), ((2, 1), 13));
  }

  fn texts() -> impl Strategy<Value = String> {
    proptest::collection::vec(
      prop_oneof![
        "[a-c \n]{0,6}",
        Just("😀".into()),
        Just("\r\n".into()),
        Just("é\r".into())
      ],
      0..12,
    )
    .prop_map(|parts: Vec<String>| parts.concat())
  }

  proptest! {
    #[test]
    fn positions_lead_back(text in texts(), utf8: bool) {
      let encoding = if utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
      let lines = Lines::new(&text, encoding);
      for (at, _) in text.char_indices() {
        let (line, character) = lines.position(at);
        // between `\r` and `\n` there is no place: it is the end of the line
        let inside = text[..at].ends_with('\r') && text[at..].starts_with('\n');
        prop_assert_eq!(lines.offset(line, character), if inside { at - 1 } else { at });
      }
    }

    #[test]
    fn edits_give_what_replacing_the_whole_gives(
      text in texts(),
      edits in proptest::collection::vec((0_usize..80, 0_usize..80, texts()), 1..8),
      utf8: bool,
    ) {
      let encoding = if utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
      let (mut changed, mut expected) = (text.clone(), text);
      for (a, b, new) in edits {
        let snap = |at: usize| {
          let at = expected.floor_char_boundary(at.min(expected.len()));
          let inside = expected[..at].ends_with('\r') && expected[at..].starts_with('\n');
          if inside { at - 1 } else { at }
        };
        let (start, end) = (snap(a.min(b)), snap(a.max(b)));
        let range = Lines::new(&expected, encoding).range(start..end);
        change(&mut changed, &json!({ "range": range, "text": new }), encoding).expect("a change");
        expected.replace_range(start..end, &new);
        prop_assert_eq!(&changed, &expected);
      }
    }
  }
}
