//! What a new project and a new program begin with. Nothing that is there already is ever written over.

pub mod init;
pub mod new;
pub mod patterns;

use std::path::Path;

use super::{exit::Exit, files, terminal};

/// Writes a new file, or says why not.
fn write(path: &Path, text: &str) -> Result<(), Exit> {
  files::create(path, text.as_bytes()).map_err(|error| {
    let why = match error.kind() {
      std::io::ErrorKind::AlreadyExists => "it is there already, and stays as it is".to_owned(),
      std::io::ErrorKind::NotFound => "there is no such directory".to_owned(),
      _ => error.to_string(),
    };
    terminal::say(&format!("can't write `{}`: {why}\n", path.display()));
    Exit::Usage
  })
}

/// A path as a word of a command line.
fn word(path: &Path) -> String {
  let text = path.display().to_string();
  let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./".contains(letter);
  if !text.is_empty() && text.chars().all(plain) {
    return text;
  }
  format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
  use std::path::Path;

  use super::word;

  #[test]
  fn a_path_is_one_word_for_a_shell() {
    assert_eq!(word(Path::new("a/b-1.orch")), "a/b-1.orch");
    assert_eq!(word(Path::new("a b.orch")), "'a b.orch'");
    assert_eq!(word(Path::new("it's")), r"'it'\''s'");
  }
}
