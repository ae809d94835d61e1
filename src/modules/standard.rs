//! The modules that come with `orch`, written in its own language and held in the binary.

use crate::diagnostics::nearest;

/// Imports that begin so are of these modules.
pub const PREFIX: &str = "std/";

const MODULES: [(&str, &str); 1] = [("std/patterns", include_str!("../../stdlib/patterns.orch"))];

/// The text of the module with this name.
pub fn text(name: &str) -> Option<&'static str> {
  MODULES.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
}

/// The names of all.
pub fn names() -> impl Iterator<Item = &'static str> {
  MODULES.iter().map(|(name, _)| *name)
}

/// The module that declares a pattern of this name.
pub fn declaring(pattern: &str) -> Option<&'static str> {
  let declares = |line: &str| {
    let rest = line
      .strip_prefix("pattern ")
      .and_then(|line| line.strip_prefix(pattern));
    rest.is_some_and(|rest| rest.starts_with(['<', '(']))
  };
  let found = MODULES.iter().find(|(_, text)| text.lines().any(declares));
  found.map(|(name, _)| *name)
}

/// What to say where there is no such module.
pub fn instead(name: &str) -> String {
  match nearest(name, names()) {
    Some(near) => format!("there is `{near}`"),
    None => {
      let all: Vec<String> = names().map(|name| format!("`{name}`")).collect();
      format!("orch comes with {}; write `./std/...` for a file", all.join(", "))
    }
  }
}
