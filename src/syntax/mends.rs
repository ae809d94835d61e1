//! Edits for texts that do not parse, where what was meant is certain: mostly the help itself says the mark to write.

use super::habits::{self, Stop};
use crate::{
  diagnostics::Fix,
  source::{SourceId, Span},
};

/// Settings and policies whose value follows them: a mark between is a habit of other languages.
const MARKS_BEFORE_VALUES: [&str; 2] = [":", "="];
/// Behind one of these stands a value, where `!x` means `not x` and nothing else.
const BEFORE_CONDITIONS: [&str; 12] = [
  "(", "[", ",", "=", "=>", ":", "and", "or", "if", "require", "when", "until",
];

impl Stop<'_> {
  /// The edits that make sense of the place, if there is one way only. `help` is what people are told.
  pub(super) fn mend(&self, source: SourceId, help: Option<&str>) -> Option<Fix> {
    let at = self.before.len();
    let here = Span::new(source, at, at + self.found.len());
    // The rest of `===` and `!==`.
    if self.found == "=" && (self.before.ends_with("==") || self.before.ends_with("!=")) {
      return Some(Fix::delete(here));
    }
    let help = help?;
    if let Some(mark) = habits::instead(help) {
      return self.instead(here, mark);
    }
    if help == habits::NO_MARK {
      let meant = MARKS_BEFORE_VALUES.contains(&self.found) && habits::SETTINGS.contains(&self.word_before());
      return meant.then(|| Fix::delete(self.close_up(here)));
    }
    match (help, self.found) {
      (habits::COMPARE, _) => self.instead(here, "=="),
      (habits::CONSTANT, _) => Some(replace(here, "let")),
      (habits::FIELD, "=") => Some(replace(self.close_up(here), ":")),
      (habits::RESULT, ":") => Some(replace(self.close_up(here), " ->")),
      (habits::NO_DOLLAR, "$") if !self.rest.starts_with("${") => Some(Fix::delete(here)),
      (habits::NO_COMMAS, ",") => Some(Fix::delete(here)),
      (habits::LITERALS, "|" | "||") => Some(replace(self.close_up(here), ",")),
      (habits::COMMAS, _) => self.comma(source),
      (habits::ELSE, "_" | "default" | "otherwise") => Some(replace(here, "else")),
      (habits::ARM, "case" | "when") => Some(Fix::delete(self.with_blanks(here))),
      (habits::LIST, "[") => {
        let start = at - self.word_before().len();
        let fix = Fix::new(format!("write `[{}]`", self.word_before()));
        let fix = fix.edit(Span::new(source, start, start), "[");
        self
          .before
          .ends_with(self.word_before())
          .then(|| fix.edit(Span::new(source, at, at + 2), "]"))
      }
      (habits::CODES, "[") => {
        let end = self
          .rest
          .find([']', '\n'])
          .filter(|end| self.rest[*end..].starts_with(']'))?;
        let fix = Fix::new("take the brackets away").edit(here, "");
        Some(fix.edit(Span::new(source, at + end, at + end + 1), ""))
      }
      _ => None,
    }
  }

  /// One mark or word in the place of another.
  fn instead(&self, here: Span, mark: &str) -> Option<Fix> {
    let behind = &self.rest[self.found.len()..];
    match (self.found, mark) {
      // Parts of longer marks: what they were meant for is not certain.
      ("=", "==") if self.before.ends_with(['<', '>']) => None,
      ("!", _) => {
        let before = self.before.trim_end();
        let fits = BEFORE_CONDITIONS.iter().any(|word| before.ends_with(word)) && !before.ends_with("==");
        (fits && !behind.starts_with('=')).then(|| replace(self.with_blanks(here), "not "))
      }
      ("?", _) => Some(replace(
        Span::new(here.source, self.before.len(), self.before.len() + 2),
        "??",
      )),
      _ => {
        let left = if self.before.ends_with([' ', '\t', '\n', '(']) {
          ""
        } else {
          " "
        };
        let right = if behind.starts_with([' ', '\t', '\r', '\n']) {
          ""
        } else {
          " "
        };
        Some(Fix::new(format!("write `{mark}`")).edit(here, format!("{left}{mark}{right}")))
      }
    }
  }

  /// A comma behind what stands above, unless a comment stands between.
  fn comma(&self, source: SourceId) -> Option<Fix> {
    let above = self.before.trim_end();
    let line = above.rsplit('\n').next().unwrap_or_default();
    let place = Span::new(source, above.len(), above.len());
    (!line.contains("//")).then(|| Fix::insert(place, above.len(), ","))
  }

  /// The place with the blanks before it.
  fn close_up(&self, here: Span) -> Span {
    Span::new(
      here.source,
      self.before.trim_end_matches([' ', '\t']).len(),
      here.range().end,
    )
  }

  /// The place with the blanks behind it.
  fn with_blanks(&self, here: Span) -> Span {
    let behind = &self.rest[self.found.len()..];
    let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
    Span::new(here.source, here.range().start, here.range().end + blanks)
  }
}

/// The edits for a line that goes on behind its step: `file` holds both; `help` is what people are told.
pub(super) fn run_on(file: &str, before: Span, next: Span, help: &str) -> Option<Fix> {
  let (step, rest) = (&file[before.range()], &file[next.range()]);
  let (last, first) = (habits::last_word(step), habits::first_word(rest));
  let word = |text: &str, start: usize| Span::new(next.source, start, start + text.len());
  let front = word(first, next.range().start);
  if let "let" | "const" | "var" | "val" = step {
    return Some(Fix::delete(Span::new(
      next.source,
      before.range().start,
      next.range().start,
    )));
  }
  if let Some(word) =
    habits::instead(help).filter(|word| habits::is_follower(word) || matches!(*word, "==" | "else if"))
  {
    return Some(replace(front, word));
  }
  match first {
    "if" if step.starts_with("return") => return Some(replace(front, "when")),
    _ if habits::POLICIES.contains(&first) => return Some(Fix::insert(next, next.range().start, "with ")),
    _ => {}
  }
  let back = word(last, before.range().end - last.len());
  match last {
    "await" | "async" => Some(Fix::delete(Span::new(
      next.source,
      back.range().start,
      next.range().start,
    ))),
    "throw" | "raise" if rest.starts_with('"') => Some(replace(back, "fail")),
    _ => None,
  }
}

fn replace(place: Span, text: &str) -> Fix {
  Fix::new(format!("write `{}`", text.trim())).edit(place, text)
}
