//! Inputs that no page can print: a page shows them shortened, under a line `// shortened: name`.

use super::memory::Memory;

/// The line that names the input.
const MARK: &str = "// shortened: ";

/// What the failing block of a page stands for.
pub fn input(block: &str) -> Memory {
  let Some(name) = block.lines().find_map(|line| line.strip_prefix(MARK)) else {
    return Memory::of(block);
  };
  match name {
    "not-utf8" => Memory::default().with("main.orch", b"let city = \"K\xf6ln\"\n"),
    "too-large" => Memory::default().with("main.orch", "// a line of a table\n".repeat(250_000)),
    "nesting" => Memory::of(&format!("let deep = {}1{}\n", "[".repeat(201), "]".repeat(201))),
    other => panic!("there is no shortened input `{other}`"),
  }
}
