//! The documentation is held to its word: every program in it is checked, and those with a result are run.

mod common;

use common::{check, check_text, found, markdown, shortened, shown};
use orch::diagnostics::{Level, codes};

/// Runs `test` for each name and says all that failed, not the first only.
fn all<'a>(names: impl IntoIterator<Item = &'a str>, test: impl Fn(&str) -> Result<(), String>) {
  let failed: Vec<String> = names.into_iter().filter_map(|name| test(name).err()).collect();
  assert!(failed.is_empty(), "{} failed\n\n{}", failed.len(), failed.join("\n\n"));
}

fn code_names() -> impl Iterator<Item = &'static str> {
  codes::ALL.iter().map(|code| code.name)
}

#[test]
fn each_code_has_a_page_whose_first_program_has_that_one_mistake() {
  all(code_names(), |code| {
    let page = markdown::page(code)?;
    let checked = check(&shortened::input(&page.fails.text));
    let mut names = found(&checked);
    if codes::find(code).is_some_and(|code| code.level == Level::Low) {
      names = checked.findings.0.iter().map(|finding| finding.code.name).collect();
    }
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
      let checked = check_text(&block.text);
      if !checked.findings.is_empty() {
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
