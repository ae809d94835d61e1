//! The patterns that programs are made of: the pages of `docs/patterns`, whose programs are run by the tests.

/// One pattern.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
  pub name: &'static str,
  /// What follows the file on the command line of `orch run`: the orchestrator and its arguments.
  pub arguments: &'static str,
  pub program: &'static str,
  /// What its page says before the picture, in lines.
  pub about: &'static str,
}

impl Pattern {
  /// The first sentence of its page.
  pub fn says(&self) -> String {
    let about = self.about.replace('\n', " ");
    let end = about.find(". ").map_or(about.len(), |at| at + 1);
    about[..end].to_owned()
  }
}

macro_rules! pages {
  ($($name:literal),* $(,)?) => {
    const PAGES: &[(&str, &str)] = &[
      $(($name, include_str!(concat!("../../../docs/patterns/", $name, ".md")))),*
    ];
  };
}

pages! {
  "fan_out",
  "map_reduce",
  "batch_pool",
  "pipeline",
  "reflect",
  "escalate",
  "router",
  "best_of_n",
  "vote",
  "race",
  "debate",
  "hierarchy",
  "orchestrator_workers",
}

/// All of them, the simple ones first.
pub fn all() -> impl Iterator<Item = Pattern> {
  PAGES.iter().filter_map(|(name, page)| read(name, page))
}

/// The one with this name, or the one whose page tells of a pattern with this name.
pub fn find(name: &str) -> Option<Pattern> {
  let quoted = format!("`{name}`");
  let told = || all().find(|pattern| pattern.about.contains(&quoted));
  all().find(|pattern| pattern.name == name).or_else(told)
}

/// A page begins with `# name`, says what the pattern does, draws it, and has a block ```` ```orch run ... ````.
fn read(name: &'static str, page: &'static str) -> Option<Pattern> {
  let (_, page) = page.split_once("\n\n")?;
  let (about, rest) = page.split_once("\n```mermaid\n")?;
  let (_, rest) = rest.split_once("\n```orch run ")?;
  let (arguments, rest) = rest.split_once('\n')?;
  let (program, _) = rest.split_once("\n```\n")?;
  // with its last line ended
  let program = &rest[..=program.len()];
  Some(Pattern {
    name,
    arguments,
    program,
    about,
  })
}

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn every_page_has_what_a_new_program_needs() {
    assert_eq!(all().count(), PAGES.len());
    for pattern in all() {
      assert!(pattern.program.ends_with("}\n"), "{}", pattern.name);
      assert!(pattern.says().ends_with('.'), "{}: {}", pattern.name, pattern.says());
    }
  }

  #[test]
  fn a_variant_is_found_by_the_page_that_tells_of_it() {
    for (variant, page) in [
      ("fan_out_all", "fan_out"),
      ("map_reduce", "map_reduce"),
      ("divide", "hierarchy"),
    ] {
      assert_eq!(find(variant).map(|pattern| pattern.name), Some(page), "{variant}");
    }
    assert!(find("").is_none());
  }
}
