//! `orch explain`: what a finding's code means, with a program that breaks it and one that mends it.

use clap::Args;

use super::{exit::Exit, pages, terminal};
use crate::diagnostics::{Code, codes, nearest};

/// Explains a finding's code, or lists all codes
#[derive(Args)]
pub struct Options {
  /// As findings show it: `type/mismatch`
  code: Option<String>,
}

pub fn main(options: &Options) -> Exit {
  let Some(name) = &options.code else {
    return terminal::print(&listing());
  };
  match codes::find(name) {
    Some(code) => terminal::print(&explanation(code)),
    None => {
      terminal::say(&unknown(name));
      Exit::Usage
    }
  }
}

fn explanation(code: &Code) -> String {
  let page = pages::find(code.name).map(str::to_owned);
  page.unwrap_or_else(|| format!("# {}\n\n{} ({})\n", code.name, code.title, code.level.name()))
}

/// A code without its stage is enough to be understood.
fn unknown(name: &str) -> String {
  let names = || codes::ALL.iter().map(|code| code.name);
  let slug = |full: &&str| full.split('/').next_back() == Some(name);
  let near = nearest(name, names()).or_else(|| names().find(slug));
  let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
  format!("there is no code `{name}`{near}\n`orch explain` lists all codes\n")
}

fn listing() -> String {
  let width = codes::ALL.iter().map(|code| code.name.len()).max().unwrap_or(0);
  let line = |code: &&Code| format!("{:width$}  {:8}  {}\n", code.name, code.level.name(), code.title);
  codes::ALL.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
  use super::unknown;

  #[test]
  fn the_nearest_code_is_named() {
    assert!(unknown("type/mismach").contains("did you mean `type/mismatch`?"));
    assert!(unknown("mismatch").contains("did you mean `type/mismatch`?"));
    assert!(!unknown("xyzzy").contains("did you mean"));
  }
}
