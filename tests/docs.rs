//! The documentation is held to its word: every program in it is checked, and those with a result are run.

#![expect(
  clippy::disallowed_methods,
  reason = "the documentation's programs are run with the binary"
)]

mod common;

use std::{fs, process::Command, thread};

use common::{
  found, markdown,
  memory::{Memory, check_and_test},
  shortened, shown,
};
use orch::{
  diagnostics::{Level, codes},
  hir::Builtin,
  session,
};
use serde_json::Value;

/// Runs `test` for each name and says all that failed, not the first only.
fn all<'a>(names: impl IntoIterator<Item = &'a str>, test: impl Fn(&str) -> Result<(), String>) {
  let failed: Vec<String> = names.into_iter().filter_map(|name| test(name).err()).collect();
  assert!(failed.is_empty(), "{} failed\n\n{}", failed.len(), failed.join("\n\n"));
}

fn code_names() -> impl Iterator<Item = &'static str> {
  codes::ALL.iter().map(|code| code.name)
}

/// What is found without notes, but for those that a page is about. What an `allow` lifts is not found.
fn weighty<'c>(checked: &'c session::Checked, code: &'c str) -> impl Iterator<Item = &'static str> + 'c {
  let findings = checked.findings.standing();
  let heard = findings.filter(move |finding| finding.code.level < Level::Low || finding.code.name == code);
  heard.map(|finding| finding.code.name)
}

#[test]
fn each_code_has_a_page_whose_first_program_has_that_one_mistake() {
  all(code_names(), |code| {
    let page = markdown::page(code)?;
    let checked = check_and_test(&shortened::input(&page.fails.text));
    let names: Vec<&str> = weighty(&checked, code).collect();
    if names == [code] {
      return Ok(());
    }
    Err(format!("{}: found {names:?}\n{}", page.path, shown(&checked)))
  });
}

#[test]
fn the_other_programs_of_a_page_have_none() {
  all(code_names(), |code| {
    let page = markdown::page(code)?;
    for block in &page.mends {
      let checked = check_and_test(&Memory::of(&block.text));
      if weighty(&checked, code).next().is_some() {
        return Err(format!("{}:{}\n{}", page.path, block.line, shown(&checked)));
      }
    }
    Ok(())
  });
}

#[test]
fn pages_are_of_codes_that_exist_and_have_their_form() {
  let pages = markdown::files("docs/codes", ".md");
  all(pages.iter().map(String::as_str), |path| {
    let code = path.trim_start_matches("docs/codes/").trim_end_matches(".md");
    let text = markdown::read(path);
    let level = codes::find(code).ok_or(format!("{path}: there is no such code"))?.level;
    let why = match level {
      Level::Critical | Level::High => "\norch is strict here",
      Level::Medium => "\norch warns here because",
      Level::Low => "\norch notes this because",
    };
    let form = [
      (text.starts_with(&format!("# {code}\n\n")), "its title is not its code"),
      (text.contains(why), "no paragraph says why"),
      (
        text.ends_with('\n') && !text.ends_with("\n\n"),
        "its last line does not end, or is empty",
      ),
      (
        text.lines().all(|line| line.chars().count() <= 120),
        "a line over 120 characters",
      ),
    ];
    match form.iter().find(|(holds, _)| !holds) {
      Some((_, what)) => Err(format!("{path}: {what}")),
      None => Ok(()),
    }
  });
}

/// All Markdown files that show programs, without the pages of codes.
fn documents() -> Vec<String> {
  let mut documents = markdown::files("docs", ".md");
  documents.retain(|path| !path.starts_with("docs/codes/"));
  documents.extend(["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"].map(str::to_owned));
  documents.extend(markdown::files("examples", ".md"));
  documents.retain(|path| markdown::root().join(path).is_file());
  documents
}

#[test]
fn programs_in_the_documentation_check() {
  all(documents().iter().map(String::as_str), |path| {
    let blocks = markdown::blocks(&markdown::read(path));
    let wrong = blocks.iter().filter(|block| block.is("orch")).filter_map(|block| {
      let checked = check_and_test(&Memory::of(&block.text));
      let expected: Vec<&str> = match &block.info[1..] {
        [] => Vec::new(),
        [word, ..] if COMMANDS.contains(&word.as_str()) => Vec::new(),
        [word, code] if word == "fails" => vec![code],
        _ => {
          return Some(format!(
            "{path}:{}: a block is `orch`, `orch run ...`, `orch schema ...`, `orch diff ...`, `orch test` or `orch fails CODE`",
            block.line
          ));
        }
      };
      let mut found = found(&checked);
      if block.info.get(1).is_some_and(|word| word == "test") {
        found.retain(|code| !code.starts_with("test/"));
      }
      (found != expected).then(|| format!("{path}:{}\n{}", block.line, shown(&checked)))
    });
    let wrong: Vec<String> = wrong.collect();
    if wrong.is_empty() {
      Ok(())
    } else {
      Err(wrong.join("\n"))
    }
  });
}

/// What programs in the documentation are given to; what it prints stands in the block behind.
const COMMANDS: [&str; 5] = ["run", "schema", "diff", "test", "check"];

/// A program that is run, and what it gives.
struct Example {
  place: String,
  command: String,
  /// The first file's name, and all files.
  files: Memory,
  arguments: Vec<String>,
  /// A text as a JSON string.
  result: Value,
}

/// The `orch run` and `orch schema` blocks with the ```json blocks behind them; `orch diff` and `orch test` with ```text.
fn examples() -> Vec<Example> {
  let mut examples = Vec::new();
  for path in documents() {
    let blocks = markdown::blocks(&markdown::read(&path));
    for (at, block) in blocks.iter().enumerate() {
      let Some(command) = block.info.get(1).filter(|word| COMMANDS.contains(&word.as_str())) else {
        continue;
      };
      if !block.is("orch") {
        continue;
      }
      let place = format!("{path}:{}", block.line);
      let language = if TEXT.contains(&command.as_str()) {
        "text"
      } else {
        "json"
      };
      let shown = blocks.get(at + 1).filter(|next| next.is(language));
      let shown = shown.unwrap_or_else(|| panic!("{place}: no ```{language} behind it says what it gives"));
      examples.push(Example {
        files: Memory::of(&block.text),
        arguments: block.info[2..].to_vec(),
        result: given(&shown.text, command).unwrap_or_else(|error| panic!("{path}:{}: {error}", shown.line)),
        command: command.clone(),
        place,
      });
    }
  }
  examples
}

/// Commands that print text, and say by their exit code what it means.
const TEXT: [&str; 3] = ["diff", "test", "check"];

/// What a command prints: JSON, but for some.
fn given(text: &str, command: &str) -> Result<Value, serde_json::Error> {
  match command {
    command if TEXT.contains(&command) => Ok(text.into()),
    _ => serde_json::from_str(text),
  }
}

/// Runs a program in a directory of its own, with the binary that people use.
fn run(example: &Example) -> Result<(), String> {
  let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
  for (name, bytes) in example.files.files() {
    fs::write(directory.path().join(name), bytes).map_err(|error| error.to_string())?;
  }
  let output = Command::new(env!("CARGO_BIN_EXE_orch"))
    .arg(&example.command)
    .arg(example.files.root())
    .args(&example.arguments)
    .current_dir(directory.path())
    .output()
    .map_err(|error| error.to_string())?;
  let stderr = String::from_utf8_lossy(&output.stderr);
  if !output.status.success() && !TEXT.contains(&example.command.as_str()) {
    return Err(format!("{}: {}\n{stderr}", example.place, output.status));
  }
  let stdout = String::from_utf8_lossy(&output.stdout);
  let found = given(&stdout, &example.command).map_err(|error| format!("{}: {error}", example.place))?;
  if found == example.result {
    Ok(())
  } else {
    Err(format!("{}: gives\n{found:#}", example.place))
  }
}

#[test]
fn programs_with_a_result_give_it() {
  let examples = examples();
  let share = examples.len().div_ceil(4).max(1);
  let failed: Vec<String> = thread::scope(|scope| {
    let threads: Vec<_> = examples
      .chunks(share)
      .map(|some| scope.spawn(|| some.iter().filter_map(|example| run(example).err()).collect::<Vec<_>>()))
      .collect();
    threads
      .into_iter()
      .flat_map(|thread| thread.join().expect("no panic"))
      .collect()
  });
  assert!(failed.is_empty(), "{} failed\n\n{}", failed.len(), failed.join("\n\n"));
}

/// A page of a pattern: its picture is what `orch graph` draws of its program.
#[test]
fn pictures_are_of_the_programs_beside_them() {
  let pages = markdown::files("docs/patterns", ".md");
  assert!(!pages.is_empty());
  all(pages.iter().map(String::as_str), |path| {
    let text = markdown::read(path);
    let blocks = markdown::blocks(&text);
    let [picture] = blocks.iter().filter(|block| block.is("mermaid")).collect::<Vec<_>>()[..] else {
      return Err(format!("{path}: not one picture"));
    };
    let program = blocks.iter().find(|block| block.is("orch"));
    let program = program.ok_or_else(|| format!("{path}: no program"))?;
    let drawn = draw(&program.text, program.info.get(2).map_or("", String::as_str))?;
    if drawn == picture.text {
      return Ok(());
    }
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
      let old = format!("```mermaid\n{}```", picture.text);
      let new = text.replacen(&old, &format!("```mermaid\n{drawn}```"), 1);
      return fs::write(markdown::root().join(path), new).map_err(|error| error.to_string());
    }
    Err(format!("{path}: `orch graph` draws\n{drawn}"))
  });
}

fn draw(text: &str, orchestrator: &str) -> Result<String, String> {
  let checked = check_and_test(&Memory::of(text));
  let program = checked.program.as_ref().ok_or_else(|| shown(&checked))?;
  let mut all = program.orchestrator_ids();
  let (id, _) = all
    .find(|(_, declared)| &*declared.name == orchestrator)
    .ok_or_else(|| format!("there is no `{orchestrator}`"))?;
  let graph = orch::graph::build(program, &checked.sources, id);
  Ok(orch::graph::mermaid::render(&graph))
}

#[test]
fn the_library_checks() {
  all(markdown::files("stdlib", ".orch").iter().map(String::as_str), |path| {
    let checked = session::check(&session::Disk, &markdown::root().join(path));
    if checked.findings.is_empty() {
      return Ok(());
    }
    Err(format!("{path}\n{}", shown(&checked)))
  });
}

/// Each pattern is explained where it is declared, and has a page with a program that calls it or one like it.
#[test]
fn every_pattern_of_the_library_is_documented() {
  let pages = markdown::files("docs/patterns", ".md");
  let pages: Vec<String> = pages.iter().map(|path| markdown::read(path)).collect();
  let (patterns, _) = orch::syntax::parse(orch::source::SourceId(0), &markdown::read("stdlib/patterns.orch"));
  let mut names = Vec::new();
  for item in &patterns.items {
    if let orch::syntax::ast::ItemKind::PatternTemplate(pattern) = &item.kind {
      assert!(item.doc.is_some(), "{}: no doc comment", pattern.name.value);
      names.push(pattern.name.value.as_str());
    }
  }
  assert!(names.len() > 10);
  let reference = markdown::read("docs/reference/patterns.md");
  all(names, |name| {
    let quoted = format!("`{name}`");
    let title = format!("# {name}\n");
    let told = pages
      .iter()
      .any(|page| page.starts_with(&title) || page.contains(&quoted));
    (told && reference.contains(&quoted))
      .then_some(())
      .ok_or_else(|| format!("no page tells of `{name}`"))
  });
}

#[test]
fn the_examples_check() {
  let mut examples = markdown::files("examples", ".orch");
  examples.retain(|path| path.matches('/').count() == 1);
  all(examples.iter().map(String::as_str), |path| {
    let checked = session::check(&session::Disk, &markdown::root().join(path));
    if found(&checked).is_empty() {
      return Ok(());
    }
    Err(format!("{path}\n{}", shown(&checked)))
  });
}

#[test]
fn the_reference_names_every_function_and_every_code() {
  let functions = include_str!("../docs/reference/functions.md");
  all(Builtin::ALL.iter().map(|builtin| builtin.name()), |name| {
    let named = functions.contains(&format!("`{name}(")) || functions.contains(&format!("`{name}` alike"));
    named.then_some(()).ok_or_else(|| format!("functions.md: no `{name}`"))
  });
  let checks = include_str!("../docs/reference/checks.md");
  all(code_names(), |name| {
    let named = checks.contains(&format!("[`{name}`]"));
    named.then_some(()).ok_or_else(|| format!("checks.md: no `{name}`"))
  });
}
