//! The house rules, read off the source text: who may import whom, and what no file may hold.
#![allow(clippy::disallowed_methods)]

use std::{
  collections::BTreeMap,
  fs,
  path::{Path, PathBuf},
};

/// Each room with its floor, as in `ARCHITECTURE.md`. A room imports rooms of lower floors only.
const FLOORS: &[(&str, u32)] = &[
  ("source", 0),
  ("diagnostics", 1),
  ("types", 1),
  ("syntax", 2),
  ("value", 2),
  ("format", 3),
  ("modules", 3),
  ("protocol", 3),
  ("hir", 4),
  ("analysis", 5),
  ("eval", 6),
  ("bounds", 7),
  ("graph", 7),
  ("interface", 7),
  ("engine", 8),
  ("files", 9),
  ("history", 9),
  ("journal", 9),
  ("driver", 10),
  ("workers", 10),
  ("session", 11),
  ("testing", 12),
  ("cli", 13),
];

/// Files that may be longer, each with its reason.
const LONG: &[(&str, &str)] = &[
  ("syntax/ast.rs", "the whole tree is read in one place, types only"),
  (
    "driver/tests.rs",
    "one scene for each thing that the loop must do in order",
  ),
  ("engine/tests/build.rs", "one small builder for each construct"),
  (
    "engine/tests/random.rs",
    "random programs and the rules that all of them keep",
  ),
  (
    "engine/tests/traces/endings.rs",
    "one golden trace for each way of ending",
  ),
];
const LONGEST: usize = 600;

/// Not in any source file.
const FORBIDDEN: &[&str] = &["todo!(", "unimplemented!(", "dbg!(", "XXX", "FIXME"];
/// Words that say nothing: no identifier has one of them as a part.
const EMPTY_WORDS: &[&str] = &["util", "utils", "helper", "helpers", "misc", "manager"];

struct File {
  /// Below `src`, with `/`.
  path: String,
  text: String,
}

impl File {
  fn room(&self) -> &str {
    self.path.split(['/', '.']).next().unwrap_or_default()
  }

  /// The text without comments and without what stands in strings.
  fn code(&self) -> String {
    let lines = self
      .text
      .lines()
      .map(|line| line.split("//").next().unwrap_or_default());
    let lines: Vec<String> = lines
      .map(|line| line.split('"').step_by(2).collect::<Vec<_>>().join("\"\""))
      .collect();
    lines.join("\n")
  }

  fn is_test(&self) -> bool {
    self.path.ends_with("tests.rs") || self.path.contains("/tests/")
  }
}

fn root() -> &'static Path {
  Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
  fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sources() -> Vec<File> {
  let mut found = Vec::new();
  let mut directories: Vec<PathBuf> = vec![root().join("src")];
  while let Some(directory) = directories.pop() {
    for entry in fs::read_dir(&directory).expect("a directory") {
      let path = entry.expect("an entry").path();
      if path.is_dir() {
        directories.push(path);
      } else if path.extension().is_some_and(|extension| extension == "rs") {
        let below = path.strip_prefix(root().join("src")).expect("below src");
        let (path, text) = (below.to_string_lossy().replace('\\', "/"), read(&path));
        found.push(File { path, text });
      }
    }
  }
  found.sort_by(|a, b| a.path.cmp(&b.path));
  assert!(found.len() > 20, "the sources were not found");
  found
}

/// The files of rooms: all but the two roots.
fn rooms() -> Vec<File> {
  let mut files = sources();
  files.retain(|file| !["lib.rs", "main.rs"].contains(&file.path.as_str()));
  files
}

fn assert_none(wrong: &[String]) {
  assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The first names after each `crate::`, groups opened.
fn imports(code: &str) -> Vec<String> {
  let mut found = Vec::new();
  for (at, _) in code.match_indices("crate::") {
    let rest = &code[at + "crate::".len()..];
    match rest.strip_prefix('{') {
      Some(group) => found.extend(group_names(group)),
      None => found.push(first_name(rest)),
    }
  }
  found
}

fn group_names(group: &str) -> Vec<String> {
  let (mut depth, mut names, mut start) = (0, Vec::new(), 0);
  for (at, c) in group.char_indices() {
    match c {
      '{' => depth += 1,
      '}' if depth == 0 => {
        names.push(first_name(&group[start..at]));
        break;
      }
      '}' => depth -= 1,
      ',' if depth == 0 => {
        names.push(first_name(&group[start..at]));
        start = at + 1;
      }
      _ => {}
    }
  }
  names.retain(|name| !name.is_empty());
  names
}

fn first_name(text: &str) -> String {
  let name = text.trim_start().chars();
  name
    .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '*'))
    .collect()
}

#[test]
fn imports_are_read_from_groups_too() {
  let code = "use crate::{\n  a::{b, c},\n  d,\n};\nuse crate::e::f; crate::g()";
  assert_eq!(imports(code), ["a", "d", "e", "g"]);
}

#[test]
fn rooms_import_lower_floors_only() {
  let floors: BTreeMap<&str, u32> = FLOORS.iter().copied().collect();
  let mut wrong = Vec::new();
  for file in rooms() {
    let room = file.room();
    let Some(floor) = floors.get(room) else {
      wrong.push(format!("{}: the room `{room}` has no floor in the table", file.path));
      continue;
    };
    for import in imports(&file.code()) {
      match floors.get(import.as_str()) {
        _ if import == room => {}
        Some(below) if below < floor => {}
        Some(other) => wrong.push(format!(
          "{}: floor {floor} imports `{import}` of floor {other}",
          file.path
        )),
        None => wrong.push(format!("{}: imports `{import}` through the crate's root", file.path)),
      }
    }
  }
  assert_none(&wrong);
}

#[test]
fn nobody_climbs_out_of_a_room_or_imports_everything() {
  let mut wrong = Vec::new();
  for file in rooms() {
    let code = file.code();
    let inside = file.path.matches('/').count() - usize::from(file.path.ends_with("/mod.rs"));
    // Tests stand one module deeper than their file.
    let deeper = usize::from(code.contains("mod tests {") || file.path.ends_with("_tests.rs"));
    let climb = "super::".repeat(inside + 1 + deeper);
    if code.contains(&climb) {
      wrong.push(format!("{}: `{climb}` leaves the room; write `crate::...`", file.path));
    }
    let tested = code.split("#[cfg(test)]").next().unwrap_or_default();
    if tested.contains("use super::*") && !file.is_test() {
      wrong.push(format!("{}: `use super::*` outside of tests", file.path));
    }
    if code.contains("use orch::") {
      wrong.push(format!("{}: imports through the crate's own name", file.path));
    }
  }
  assert_none(&wrong);
}

#[test]
fn every_file_has_a_door() {
  let has_door =
    |file: &File| file.text.starts_with("//! ") && file.text.lines().next().is_some_and(|door| door.len() > 8);
  let wrong = sources().into_iter().filter(|file| !has_door(file));
  let wrong: Vec<String> = wrong
    .map(|file| format!("{}: no `//!` sentence at its head", file.path))
    .collect();
  assert_none(&wrong);
}

#[test]
fn long_files_have_a_reason() {
  let mut wrong = Vec::new();
  for file in sources() {
    let lines = file.text.lines().count();
    let listed = LONG.iter().any(|(path, _)| *path == file.path);
    if lines > LONGEST && !listed {
      wrong.push(format!(
        "{}: {lines} lines, at most {LONGEST} without a listed reason",
        file.path
      ));
    }
    if lines <= LONGEST && listed {
      wrong.push(format!("{}: {lines} lines need no reason any longer", file.path));
    }
  }
  assert_none(&wrong);
}

#[test]
fn no_file_holds_what_is_forbidden() {
  let mut wrong = Vec::new();
  for file in sources() {
    let code = file.code();
    let held = FORBIDDEN.iter().filter(|word| code.contains(**word));
    wrong.extend(held.map(|word| format!("{}: holds `{word}`", file.path)));
    let identifiers = code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| {
      let mut parts = word.split('_').map(str::to_lowercase);
      parts.any(|part| EMPTY_WORDS.contains(&part.as_str()))
    });
    wrong.extend(identifiers.map(|word| format!("{}: the name `{word}` says nothing", file.path)));
    let verbs = ["fn handle_", "fn do_"].into_iter().filter(|verb| code.contains(verb));
    wrong.extend(verbs.map(|verb| format!("{}: `{verb}...` does not say what it does", file.path)));
  }
  assert_none(&wrong);
}

#[test]
fn the_table_of_floors_is_the_one_in_the_text() {
  let text = read(&root().join("ARCHITECTURE.md"));
  let missing = FLOORS
    .iter()
    .filter(|(room, floor)| !text.contains(&format!("| {floor} | `{room}` |")));
  let missing: Vec<String> = missing
    .map(|(room, floor)| format!("ARCHITECTURE.md: no row `| {floor} | `{room}` |`"))
    .collect();
  assert_none(&missing);
  let rows = text
    .lines()
    .filter(|line| line.starts_with("| ") && line.contains("| `"));
  assert_eq!(
    rows.count(),
    FLOORS.len(),
    "ARCHITECTURE.md: a row for a room that is not there"
  );
}

/// Crates that must not come in: they need a system library or a second TLS.
const BANNED: &[&str] = &["openssl", "openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys"];

#[test]
fn no_banned_crate_is_locked() {
  let lock = read(&root().join("Cargo.lock"));
  let names: Vec<&str> = lock.lines().filter_map(|line| line.strip_prefix("name = ")).collect();
  assert!(names.len() > 50, "the lock file was not read");
  let banned = names
    .iter()
    .map(|name| name.trim_matches('"'))
    .filter(|name| BANNED.contains(name));
  assert_none(&banned.map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn every_dependency_has_its_reason() {
  let manifest = read(&root().join("Cargo.toml"));
  let reasons = read(&root().join("docs/design/001-dependencies.md"));
  let mut section = "";
  let mut names = Vec::new();
  for line in manifest.lines() {
    if line.starts_with('[') {
      section = line;
    } else if section.ends_with("dependencies]")
      && let Some((name, _)) = line.split_once(" =")
    {
      names.push(name);
    }
  }
  let listed: Vec<&str> = reasons
    .lines()
    .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
    .map(|(name, _)| name)
    .collect();
  let missing = names.iter().filter(|name| !listed.contains(name));
  let left = listed.iter().filter(|name| !names.contains(name));
  let wrong = missing
    .map(|name| format!("docs/design/001-dependencies.md: no reason for `{name}`"))
    .chain(left.map(|name| format!("docs/design/001-dependencies.md: `{name}` is no dependency")));
  assert_none(&wrong.collect::<Vec<_>>());
}
