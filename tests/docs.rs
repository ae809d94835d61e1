//! Every program in the docs: one marked `orch` is without findings, one marked `orch fails` has the finding that its
//! page is about.

use std::{
  fs,
  path::{Path, PathBuf},
};

use orch::{
  diagnostics::render::human,
  session::{Checked, Disk, check},
};

struct Program {
  page: PathBuf,
  line: usize,
  fails: bool,
  text: String,
}

fn root() -> &'static Path {
  Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
  let mut pages = vec![root().join("README.md")];
  let mut directories = vec![root().join("docs")];
  while let Some(directory) = directories.pop() {
    for entry in fs::read_dir(directory).expect("a directory") {
      let path = entry.expect("an entry").path();
      if path.is_dir() {
        directories.push(path);
      } else if path.extension().is_some_and(|extension| extension == "md") {
        pages.push(path);
      }
    }
  }
  pages.sort();
  pages
}

fn programs(page: &Path) -> Vec<Program> {
  let text = fs::read_to_string(page).expect("a page");
  let mut programs = Vec::new();
  let mut open: Option<Program> = None;
  for (index, line) in text.lines().enumerate() {
    match (&mut open, line) {
      (None, "```orch" | "```orch fails") => {
        let (fails, page, text) = (line.ends_with("fails"), page.to_path_buf(), String::new());
        open = Some(Program {
          page,
          line: index + 1,
          fails,
          text,
        });
      }
      (Some(_), "```") => programs.extend(open.take()),
      (Some(program), line) => {
        program.text.push_str(line);
        program.text.push('\n');
      }
      (None, _) => {}
    }
  }
  assert!(open.is_none(), "{}: a block without an end", page.display());
  programs
}

/// The code that a page of `docs/codes` is about.
fn code(page: &Path) -> Option<String> {
  let below = page.strip_prefix(root().join("docs/codes")).ok()?.with_extension("");
  Some(below.to_string_lossy().replace('\\', "/"))
}

fn checked(text: &str) -> Checked {
  let directory = tempfile::tempdir().expect("a directory");
  let file = directory.path().join("main.orch");
  fs::write(&file, text).expect("a file");
  check(&Disk, &file)
}

fn wrong(program: &Program) -> Option<String> {
  let found = checked(&program.text);
  let code = code(&program.page);
  let has_code = found
    .findings
    .0
    .iter()
    .any(|finding| Some(finding.code.name) == code.as_deref());
  let as_meant = if program.fails {
    has_code
  } else {
    found.findings.is_empty()
  };
  let place = format!("{}:{}", program.page.display(), program.line);
  let shown = human::render(&found.findings, &found.sources, human::Look::default());
  (!as_meant).then(|| format!("{place}\n{shown}"))
}

#[test]
fn programs_are_as_their_pages_say() {
  let programs: Vec<Program> = pages().iter().flat_map(|page| programs(page)).collect();
  assert!(programs.len() > 5, "the programs were not found");
  let wrong: Vec<String> = programs.iter().filter_map(wrong).collect();
  assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
