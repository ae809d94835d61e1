//! What findings look like in each form. Knows nothing of real codes' wording: the findings here are made up.

use super::{Counts, github, harmless, human, human::Look, json, sarif};
use crate::{
  diagnostics::{Diagnostic, Diagnostics, codes},
  source::{Sources, Span},
};

const MAIN: &str = "import { greet } from \"./greet.orch\"\n\nlet who = \"wörld\"\nlet n: int = who\nlet m = n\n";

fn sources() -> Sources {
  let mut sources = Sources::default();
  sources.add("./main.orch", "/main.orch", MAIN);
  sources.add(
    "greet, me.orch",
    "/greet.orch",
    "worker greet(n: int) {\n  mock echo\n}\n",
  );
  sources
}

/// The span of the first `text` in file `file`.
fn at(sources: &Sources, file: u32, text: &str) -> Span {
  let (id, source) = sources.iter().nth(file as usize).expect("a file");
  let start = source.text.find(text).expect("the text");
  Span::new(id, start, start + text.len())
}

fn mixed(sources: &Sources) -> Diagnostics {
  let mismatch = Diagnostic::new(&codes::MISMATCH, "`who` is a string, but `n` is an int")
    .label(at(sources, 0, "who\nlet"), "a string")
    .label(at(sources, 1, "n: int"), "an int: 100%")
    .help("write `n: string`");
  let unused = Diagnostic::new(&codes::UNUSED, "`m` is never used").label(at(sources, 0, "m ="), "");
  let unreadable = Diagnostic::new(&codes::UNREADABLE, "can't read `x.orch`: there is no such file");
  Diagnostics(vec![unused, mismatch, unreadable])
}

#[test]
fn for_people_each_file_has_its_frame() {
  let sources = sources();
  insta::assert_snapshot!(human::render(&mixed(&sources), &sources, Look::default()));
}

#[test]
fn for_people_in_ascii() {
  let sources = sources();
  let look = Look {
    unicode: false,
    ..Look::default()
  };
  let text = human::render(&mixed(&sources), &sources, look);
  assert!(text.is_ascii() || text.replace('ö', "").is_ascii(), "{text}");
}

#[test]
fn colour_only_when_asked() {
  let sources = sources();
  let plain = human::render(&mixed(&sources), &sources, Look::default());
  let look = Look {
    color: true,
    ..Look::default()
  };
  assert!(!plain.contains('\u{1b}'));
  assert!(human::render(&mixed(&sources), &sources, look).contains('\u{1b}'));
}

#[test]
fn a_line_of_a_million_characters_is_cut_around_its_labels() {
  let mut sources = Sources::default();
  let text = format!(
    "let x = \"{}\" + oops + \"{}\"\n",
    "é".repeat(600_000),
    "b".repeat(600_000)
  );
  let id = sources.add("long.orch", "/long.orch", text.clone());
  let start = text.find("oops").expect("the label");
  let finding = Diagnostic::new(&codes::UNKNOWN_NAME, "`oops` is not defined")
    .label(Span::new(id, start, start + 4), "not defined")
    .label(Span::new(id, 4, 5), "for this");
  let shown = human::render(&Diagnostics(vec![finding]), &sources, Look::default());
  assert!(shown.len() < 2_000, "{} bytes", shown.len());
  insta::assert_snapshot!(shown);
}

#[test]
fn a_tall_label_is_cut_to_its_first_line() {
  let mut sources = Sources::default();
  let text = format!("a {{\n{}}}\n", "  b\n".repeat(10_000));
  let id = sources.add("tall.orch", "/tall.orch", text.clone());
  let finding = Diagnostic::new(&codes::SYNTAX, "too tall").label(Span::new(id, 0, text.len() - 1), "all of this");
  let shown = human::render(&Diagnostics(vec![finding]), &sources, Look::default());
  assert!(shown.lines().count() < 12, "{shown}");
}

#[test]
fn any_span_renders() {
  for text in [
    "",
    "\n",
    "a",
    "a\r\nb\r\n",
    "\r\r\n",
    "é\u{1b}[31mé",
    "a\n\n\n\nb",
    "\t\tx\ty",
  ] {
    let mut sources = Sources::default();
    let id = sources.add("any.orch", "/any.orch", text);
    for start in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
      for end in (start..=text.len()).filter(|at| text.is_char_boundary(*at)) {
        let finding = Diagnostic::new(&codes::SYNTAX, "here")
          .label(Span::new(id, start, end), "x")
          .label(Span::new(id, text.len(), text.len()), "the end");
        let shown = human::render(&Diagnostics(vec![finding]), &sources, Look::default());
        assert!(
          shown.contains("the end") && !shown.contains('\u{1b}'),
          "{text:?} {start}..{end}:\n{shown}"
        );
      }
    }
  }
}

#[test]
fn as_json() {
  let sources = sources();
  let value: serde_json::Value = serde_json::from_str(&json::render(&mixed(&sources), &sources)).expect("JSON");
  insta::assert_json_snapshot!(value);
}

#[test]
fn as_sarif() {
  let sources = sources();
  let mut value: serde_json::Value = serde_json::from_str(&sarif::render(&mixed(&sources), &sources)).expect("JSON");
  value["runs"][0]["tool"]["driver"]["version"] = "any".into();
  insta::assert_json_snapshot!(value);
}

#[test]
fn as_github_commands_errors_first() {
  let sources = sources();
  insta::assert_snapshot!(github::render(&mixed(&sources), &sources));
}

#[test]
fn harmless_text_keeps_its_length() {
  let text = "a\u{1b}[31m\u{85}\u{202e}\u{feff}é\tb\r\nc";
  let shown = harmless(text);
  assert_eq!(shown, "a?[31m¿\u{fffd}\u{fffd}é\tb?\nc");
  assert_eq!(shown.len(), text.len());
}

#[test]
fn counts_read_as_words() {
  let counts = Counts::of(&mixed(&sources()));
  assert_eq!(counts.to_string(), "2 errors, 1 warning");
  assert_eq!(Counts::default().to_string(), "nothing found");
}
