//! What stands between two words: comments, line breaks, empty lines. Commas are passed over, since the printer sets
//! them itself. Knows nothing of the grammar.

/// A comment, from its `//` to the end of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Comment<'t> {
  pub(super) text: &'t str,
  /// Nothing stands before it on its line.
  pub(super) alone: bool,
  /// An empty line stands above it.
  pub(super) blank: bool,
}

impl Comment<'_> {
  fn is_doc(&self) -> bool {
    self.alone && self.text.starts_with("///")
  }
}

/// What stands between two words.
#[derive(Debug, Default)]
pub(super) struct Gap<'t> {
  pub(super) comments: Vec<Comment<'t>>,
  /// There is a line break.
  pub(super) breaks: bool,
  /// An empty line stands above the second word.
  pub(super) blank: bool,
}

impl<'t> Gap<'t> {
  /// Reads `text`, the whole of what stands between; `first`: nothing stands before it in the file.
  pub(super) fn read(text: &'t str, first: bool) -> Self {
    let mut gap = Gap::default();
    let mut rest = text;
    let mut breaks = 0;
    // A doc comment before a comma documents nothing, and shall not come to stand right above what follows.
    let mut cut = false;
    while let Some(next) = rest.chars().next() {
      match next {
        '\n' => {
          breaks += 1;
          gap.breaks = true;
          rest = &rest[1..];
        }
        '/' => {
          let (comment, after) = rest.split_at(rest.find('\n').unwrap_or(rest.len()));
          gap.comments.push(Comment {
            text: comment.trim_end(),
            alone: gap.breaks || first,
            blank: breaks > 1,
          });
          breaks = 0;
          rest = after;
        }
        _ => {
          cut |= next == ',' && gap.comments.last().is_some_and(Comment::is_doc);
          rest = &rest[next.len_utf8()..];
        }
      }
    }
    gap.blank = breaks > 1 || cut;
    gap
  }

  pub(super) fn is_bare(&self) -> bool {
    self.comments.is_empty()
  }

  /// Something stands on a line of its own in it.
  pub(super) fn parts(&self) -> bool {
    self.blank || self.comments.iter().any(|comment| comment.alone)
  }
}
