//! The fenced blocks of Markdown files.
#![expect(
  clippy::disallowed_methods,
  reason = "tests read the documentation that they hold to its word"
)]

use std::{
  fs,
  path::{Path, PathBuf},
};

/// A fenced block: the words behind its fence, and its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
  /// `orch fails`, split at blanks; `'...'` and `"..."` hold blanks together.
  pub info: Vec<String>,
  pub text: String,
  /// The line of its opening fence, from 1.
  pub line: usize,
}

impl Block {
  pub fn is(&self, language: &str) -> bool {
    self.info.first().is_some_and(|word| word == language)
  }
}

/// As a shell would split them, without its other powers.
fn words(line: &str) -> Vec<String> {
  let mut words = Vec::new();
  let mut open: Option<(String, Option<char>)> = None;
  for c in line.chars() {
    open = match (open, c) {
      (Some((word, Some(quote))), c) if c == quote => Some((word, None)),
      (Some((word, quote @ Some(_))), c) => Some((word + &c.to_string(), quote)),
      (word, '\'' | '"') => Some((word.map_or(String::new(), |(word, _)| word), Some(c))),
      (word, c) if c.is_whitespace() => {
        words.extend(word.map(|(word, _)| word));
        None
      }
      (word, c) => Some((word.map_or(String::new(), |(word, _)| word) + &c.to_string(), None)),
    };
  }
  words.extend(open.map(|(word, _)| word));
  words
}

/// The project's root.
pub fn root() -> PathBuf {
  PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The blocks of a text in order.
pub fn blocks(text: &str) -> Vec<Block> {
  let mut blocks = Vec::new();
  let mut open: Option<Block> = None;
  for (at, line) in text.lines().enumerate() {
    match (&mut open, line.strip_prefix("```")) {
      (None, Some(info)) => {
        open = Some(Block {
          info: words(info),
          text: String::new(),
          line: at + 1,
        });
      }
      (Some(_), Some("")) => blocks.extend(open.take()),
      (Some(block), _) => {
        block.text.push_str(line);
        block.text.push('\n');
      }
      (None, None) => {}
    }
  }
  assert!(open.is_none(), "a block without an end: {open:?}");
  blocks
}

/// The file's text, at a path from the project's root.
pub fn read(path: &str) -> String {
  let full = root().join(path);
  fs::read_to_string(&full).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files below a directory with this ending, as paths from the project's root, sorted; none if it is not there.
pub fn files(directory: &str, ending: &str) -> Vec<String> {
  let mut found = Vec::new();
  collect(&root().join(directory), ending, &mut found);
  found.sort();
  found
}

fn collect(directory: &Path, ending: &str, found: &mut Vec<String>) {
  let Ok(entries) = fs::read_dir(directory) else { return };
  for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
    if path.is_dir() {
      collect(&path, ending, found);
    } else if path.to_string_lossy().ends_with(ending) {
      let short = path.strip_prefix(root()).unwrap_or(&path);
      found.push(short.to_string_lossy().into_owned());
    }
  }
}

/// The page of a code.
pub struct Page {
  pub path: String,
  /// The `orch fails` block.
  pub fails: Block,
  /// The `orch` blocks.
  pub mends: Vec<Block>,
}

/// Reads the page of a code.
///
/// # Errors
/// What is missing of it.
pub fn page(code: &str) -> Result<Page, String> {
  let path = format!("docs/codes/{code}.md");
  let text = fs::read_to_string(root().join(&path)).map_err(|error| format!("{path}: {error}"))?;
  let (fails, mends): (Vec<Block>, Vec<Block>) = blocks(&text)
    .into_iter()
    .filter(|block| block.is("orch"))
    .partition(|block| block.info == ["orch", "fails"]);
  match <[Block; 1]>::try_from(fails) {
    Ok([fails]) if !mends.is_empty() => Ok(Page { path, fails, mends }),
    _ => Err(format!("{path}: not one program that fails and one that mends it")),
  }
}
