//! Loading from a disk in memory.

use std::{
  collections::BTreeMap,
  path::{Path, PathBuf},
};

use super::{Files, LARGEST, Loaded, ReadError, load};
use crate::diagnostics::render::human;

#[derive(Default)]
struct Memory(BTreeMap<PathBuf, Result<Vec<u8>, ReadError>>);

impl Memory {
  fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
    let files = files.into_iter();
    Self(files.map(|(path, text)| (path.into(), Ok(text.into()))).collect())
  }

  fn and(mut self, path: &str, content: Result<Vec<u8>, ReadError>) -> Self {
    self.0.insert(path.into(), content);
    self
  }
}

impl Files for Memory {
  fn read(&self, path: &Path, limit: usize) -> Result<Vec<u8>, ReadError> {
    let mut bytes = self.0.get(path).cloned().unwrap_or(Err(ReadError::Missing))?;
    bytes.truncate(limit);
    Ok(bytes)
  }

  fn canonicalize(&self, path: &Path) -> Result<PathBuf, ReadError> {
    let path = PathBuf::from(super::load::shown(Path::new("/home/x"), &path.to_string_lossy()));
    self.0.contains_key(&path).then_some(path).ok_or(ReadError::Missing)
  }

  fn names(&self, directory: &Path) -> Vec<String> {
    let directory = Path::new("/home").join(directory);
    let inside = self.0.keys().filter(|path| path.parent() == Some(&directory));
    inside
      .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
      .collect()
  }
}

fn show(loaded: &Loaded) -> String {
  let found = loaded.diagnostics.clone().sorted();
  let mut text = human::render(&found, &loaded.sources, human::Look::default());
  for module in &loaded.modules {
    let name = &loaded.sources.get(module.source).name;
    text.push_str(&format!(
      "{name} in {}: {:?}\n",
      module.directory.display(),
      module.imports
    ));
  }
  text
}

#[test]
fn each_file_is_read_once_and_relative_to_its_importer() {
  let files = Memory::of([
    (
      "/home/app/main.orch",
      "import { x } from \"./a.orch\"\nimport { x } from \"lib/b.orch\"\n",
    ),
    (
      "/home/app/a.orch",
      "import { x } from \"./lib/../lib/b.orch\"\nlet x = 1\n",
    ),
    ("/home/app/lib/b.orch", "import { x } from \"../c.orch\"\n"),
    ("/home/app/c.orch", "\u{feff}let x = 1\n"),
  ]);
  let loaded = load(&files, Path::new("app/main.orch"));
  insta::assert_snapshot!(show(&loaded));
  assert!(
    loaded
      .sources
      .iter()
      .all(|(_, source)| !source.text.starts_with('\u{feff}'))
  );
}

#[test]
fn every_bad_import_is_said_where_it_stands() {
  let paths = [
    "./halper.orch",
    "./dir",
    "./secret.orch",
    "std/pattern",
    "./binary.orch",
    "./big.orch",
    "./empty.orch",
    "",
  ];
  let main: String = paths
    .iter()
    .map(|path| format!("import {{ x }} from \"{path}\"\n"))
    .collect();
  let files = Memory::of([
    ("/home/main.orch", main.as_str()),
    ("/home/helper.orch", "let x = 1"),
    ("/home/empty.orch", "\n"),
  ])
  .and("/home/dir", Err(ReadError::Directory))
  .and("/home/secret.orch", Err(ReadError::Denied))
  .and("/home/binary.orch", Ok(b"a\nb\xff".to_vec()))
  .and("/home/big.orch", Ok(vec![b'x'; LARGEST + 1]));
  insta::assert_snapshot!(show(&load(&files, Path::new("main.orch"))));
}

#[test]
fn the_largest_file_is_read() {
  let files = Memory::default().and("/home/big.orch", Ok(vec![b' '; LARGEST]));
  let found = load(&files, Path::new("big.orch")).diagnostics;
  assert_eq!(
    found.0.iter().map(|found| found.code.name).collect::<Vec<_>>(),
    ["module/empty"]
  );
}

#[test]
fn a_root_that_is_not_there_has_no_place() {
  let files = Memory::of([("/home/main.orch", "let x = 1")]);
  let loaded = load(&files, Path::new("man.orch"));
  assert!(loaded.modules.is_empty());
  insta::assert_snapshot!(show(&loaded));
}

#[test]
fn a_cycle_is_said_once_with_its_whole_path_and_cut() {
  let files = Memory::of([
    (
      "/home/main.orch",
      "import { x } from \"./a.orch\"\nimport { x } from \"./self.orch\"\n",
    ),
    ("/home/a.orch", "import { x } from \"./b.orch\"\n"),
    (
      "/home/b.orch",
      "let x = 1\nimport { x } from \"./c.orch\"\nimport { x } from \"./a.orch\"\n",
    ),
    ("/home/c.orch", "let x = 1"),
    ("/home/self.orch", "import { x } from \"./self.orch\"\n"),
  ]);
  insta::assert_snapshot!(show(&load(&files, Path::new("main.orch"))));
}

#[test]
fn a_chain_of_modules_may_be_long() {
  let many = 5_000;
  let mut files = Memory::of([("/home/main.orch", "import { x } from \"./m0.orch\"\n")]);
  for index in 0..many {
    let text = format!("import {{ x }} from \"./m{}.orch\"\n", (index + 1) % many);
    files = files.and(&format!("/home/m{index}.orch"), Ok(text.into_bytes()));
  }
  let loaded = load(&files, Path::new("main.orch"));
  assert_eq!(loaded.diagnostics.0.len(), 1);
  assert_eq!(loaded.diagnostics.0[0].labels.len(), many);
}

#[test]
fn included_texts_are_part_of_the_program() {
  let root = "let a = include(\"./t.md\")\nlet b = include(\"./t.md\")\nlet c = include(\"./no.md\")\n";
  let memory = Memory::of([
    ("/home/x/main.orch", root),
    ("/home/x/t.md", "\u{feff}one ${x}\r\ntwo\n"),
  ]);
  let loaded = load(&memory, Path::new("/home/x/main.orch"));
  let texts = &loaded.modules[0].includes;
  assert_eq!(texts["./t.md"].as_deref(), Some("one ${x}\ntwo\n"));
  assert_eq!(texts["./no.md"], None);
  let files: Vec<&str> = loaded.sources.iter().map(|(_, source)| source.name.as_str()).collect();
  assert_eq!(files, ["/home/x/main.orch", "/home/x/t.md"], "each file once");
  let found: Vec<&str> = loaded.diagnostics.0.iter().map(|finding| finding.code.name).collect();
  assert_eq!(found, ["module/unreadable"]);
}
