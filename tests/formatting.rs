//! `orch fmt` as a function: nothing is lost, nothing moves twice, and what this project shows is in the style.

mod common;

use std::{sync::LazyLock, thread};

use common::markdown;
use orch::{
  diagnostics::apply,
  format::{Refusal, edits, format},
  source::SourceId,
  syntax::{
    self,
    concrete::{Kind, Piece, concrete},
  },
};
use proptest::{prelude::*, sample::Index};
use similar::TextDiff;

const ID: SourceId = SourceId(0);

fn formatted(text: &str) -> String {
  format(ID, text).unwrap_or_else(|refusal| panic!("{refusal:?}\n{text}"))
}

fn parses(text: &str) -> bool {
  syntax::parse(ID, text).1.is_empty()
}

/// What is wrong with the layout of a text; nothing if it does not parse.
fn wrong(name: &str, text: &str) -> Option<String> {
  match format(ID, text) {
    Ok(after) if after == text => None,
    Err(Refusal::Syntax(_)) => None,
    Ok(after) => Some(format!(
      "{name} is not formatted\n{}",
      TextDiff::from_lines(text, &after).unified_diff()
    )),
    Err(Refusal::Unfaithful(flaw)) => Some(format!("{name}: {flaw}")),
  }
}

fn none(wrong: impl Iterator<Item = String>) {
  let wrong: Vec<String> = wrong.collect();
  assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whole modules: the examples and the library.
fn modules() -> Vec<(String, String)> {
  let files = ["examples", "stdlib"].map(|directory| markdown::files(directory, ".orch"));
  let files: Vec<_> = files
    .into_iter()
    .flatten()
    .map(|path| (path.clone(), markdown::read(&path)))
    .collect();
  assert!(files.len() > 20, "the examples were not found");
  files
}

#[test]
fn examples_and_library_are_formatted() {
  none(modules().iter().filter_map(|(path, text)| wrong(path, text)));
}

#[test]
fn programs_in_the_documentation_are_formatted() {
  let mut pages = markdown::files("docs", ".md");
  pages.extend(markdown::files("examples", ".md"));
  pages.extend(["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"].map(str::to_owned));
  none(pages.iter().flat_map(|path| {
    let blocks = markdown::blocks(&markdown::read(path)).into_iter();
    let blocks = blocks.filter(|block| block.is("orch"));
    blocks
      .filter_map(|block| wrong(&format!("{path}:{}", block.line), &block.text))
      .collect::<Vec<_>>()
  }));
}

/// Declarations with what stands above them, each a module of its own: those of a text.
fn declarations(text: &str) -> Vec<String> {
  let module = concrete(text).expect("a text that parses");
  let mut start = 0;
  let mut found = Vec::new();
  for item in &module.parts {
    if item.kind != Kind::allow {
      found.push(text[start..item.end].trim_start().to_owned() + "\n");
      start = item.end;
    }
  }
  found
}

/// Where words begin and end.
fn seams(text: &str) -> Vec<usize> {
  fn collect(piece: &Piece, seams: &mut Vec<usize>) {
    if piece.parts.is_empty() {
      seams.extend([piece.start, piece.end]);
    }
    piece.parts.iter().for_each(|part| collect(part, seams));
  }
  let mut seams = vec![0, text.len()];
  collect(&concrete(text).expect("a text that parses"), &mut seams);
  seams.sort_unstable();
  seams.dedup();
  seams
}

/// The text with a comment at each of these places.
fn commented(text: &str, places: &[usize], comment: &str) -> String {
  let mut made = String::new();
  let mut at = 0;
  for (index, place) in places.iter().enumerate() {
    made.push_str(&text[at..*place]);
    made.push_str(&comment.replace('#', &index.to_string()));
    at = *place;
  }
  made + &text[at..]
}

const MARK: &str = "// note ";

/// Behind what stands there, on a line of its own, with empty lines around it, and as a doc comment.
const COMMENTS: [&str; 4] = [
  " // note #\n",
  "\n// note #\n",
  "\n\n// note #\n\n// note #b\n\n",
  "\n/// note #\n",
];

/// Formats a text with comments and looks for them; `false`: it does not parse so.
fn keeps(text: &str) -> bool {
  let after = match format(ID, text) {
    Ok(after) => after,
    Err(Refusal::Syntax(_)) => return false,
    Err(Refusal::Unfaithful(flaw)) => panic!("{flaw}\n{text}"),
  };
  let comments = |text: &str| -> Vec<String> {
    let pieces = text.split(MARK).skip(1);
    let lines = pieces.map(|rest| rest.lines().next().unwrap_or_default().trim_end().to_owned());
    lines.collect()
  };
  assert_eq!(comments(&after), comments(text), "of\n{text}\nbecomes\n{after}");
  true
}

/// Does the work on as many threads as there are cores.
fn shared<T: Sync>(work: &[T], each: impl Fn(&T) -> (usize, usize) + Sync) -> (usize, usize) {
  let threads = thread::available_parallelism().map_or(1, usize::from);
  let part = |from: usize| {
    let sums = work.iter().skip(from).step_by(threads).map(&each);
    sums.fold((0, 0), |(tried, kept), (more, held)| (tried + more, kept + held))
  };
  let part = &part;
  thread::scope(|scope| {
    let parts: Vec<_> = (0..threads).map(|from| scope.spawn(move || part(from))).collect();
    let sums = parts.into_iter().map(|part| part.join().expect("a part"));
    sums.fold((0, 0), |(tried, kept), (more, held)| (tried + more, kept + held))
  })
}

#[test]
fn a_comment_at_any_place_of_any_construct_is_kept() {
  let pieces = declarations(&markdown::read("tests/data/whole.orch"));
  let pieces: Vec<String> = pieces.iter().flat_map(|piece| lines(piece)).collect();
  let (tried, kept) = shared(&pieces, |piece| {
    let seams = seams(piece);
    let texts = seams.iter().enumerate().flat_map(|(index, seam)| {
      let forms = [COMMENTS[0], COMMENTS[1 + index % 3]];
      forms.map(|comment| commented(piece, &[*seam], comment))
    });
    let kept: Vec<bool> = texts.map(|text| keeps(&text)).collect();
    (kept.len(), kept.iter().filter(|kept| **kept).count())
  });
  assert!(tried > 3_000, "{tried} places");
  assert!(kept * 100 > tried * 99, "{kept} of {tried} places can hold a comment");
}

/// A declaration for each line of an orchestrator or test; others as they are.
fn lines(declaration: &str) -> Vec<String> {
  let module = concrete(declaration).expect("a text that parses");
  let item = module.parts.last().expect("a declaration");
  let (lines, head) = match item.kind {
    Kind::orchestrator => (item.parts.last().expect("a body"), "orchestrator o()"),
    Kind::test => (item, "test \"t\""),
    _ => return vec![declaration.to_owned()],
  };
  let lines = lines
    .parts
    .iter()
    .filter(|line| !line.is_mark() && line.kind != Kind::string);
  let alone = |line: &Piece| format!("{head} {{\n  {}\n}}\n", &declaration[line.start..line.end]);
  lines.map(alone).collect()
}

#[test]
fn comments_at_all_places_at_once_are_kept() {
  let mut texts: Vec<String> = modules().into_iter().map(|(_, text)| text).collect();
  texts.push(markdown::read("tests/data/whole.orch"));
  let (tried, kept) = shared(&texts, |text| {
    let seams = seams(text);
    // All at once, and every third, so that each place is tried beside one without a comment.
    let some = |from: usize| seams.iter().copied().skip(from).step_by(3).collect::<Vec<_>>();
    let places = [seams.clone(), some(0), some(1), some(2)];
    let texts = places
      .iter()
      .zip(COMMENTS.iter().cycle())
      .map(|(places, comment)| commented(text, places, comment));
    let kept: Vec<bool> = texts.map(|text| keeps(&text)).collect();
    (kept.len(), kept.iter().filter(|kept| **kept).count())
  });
  assert!(kept * 2 > tried, "{kept} of {tried} texts parse");
}

#[test]
fn edits_make_the_same_text() {
  for (path, text) in modules() {
    let untidy = text.replace("  ", "   ").replace("= [", "=[");
    for text in [untidy.clone(), untidy.replace('\n', "\r\n"), text] {
      let edits = edits(ID, &text).unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
      assert_eq!(apply(&text, &edits), formatted(&text), "{path}");
    }
  }
}

#[test]
fn line_ends_are_those_of_the_first_line_and_marks_go() {
  let (unix, dos) = ("type A = int\ntype B = string\n", "type A = int\r\ntype B = string\r\n");
  assert_eq!(formatted("type A=int\ntype B = string\r\n"), unix);
  assert_eq!(formatted("type A=int\r\ntype B = string\n"), dos);
  assert_eq!(formatted("\u{feff}type A=int\r\ntype B = string"), dos);
  let script = "worker w() {\r\n  shell \"\"\"\r\n    a  \r\n\r\n   b\r\n    \"\"\"\r\n}\r\n";
  assert_eq!(formatted(script), script);
}

#[test]
fn empty_texts_and_comments_alone() {
  for (text, after) in [
    ("", ""),
    ("\n\n", ""),
    ("  // a", "// a\n"),
    ("\n\n// a\n\n\n// b\n\n", "// a\n\n// b\n"),
    ("//! doc\n\n\n\ntype A = int", "//! doc\n\ntype A = int\n"),
  ] {
    assert_eq!(formatted(text), after, "{text:?}");
  }
}

#[test]
fn the_style() {
  insta::assert_snapshot!(formatted(&markdown::read("tests/data/untidy.orch")));
}

#[test]
fn what_does_not_parse_is_refused_with_what_is_found() {
  let Err(Refusal::Syntax(found)) = format(ID, "type A = int\nlet b = [1 2]\nlet c = \"\\d\"\n") else {
    panic!("it was formatted")
  };
  assert_eq!(found.0.len(), 2, "{found:?}");
}

static PROGRAMS: LazyLock<Vec<String>> = LazyLock::new(|| {
  let texts = modules().into_iter().map(|(_, text)| text);
  let mut programs: Vec<String> = texts.flat_map(|text| declarations(&text)).collect();
  programs.extend(declarations(&markdown::read("tests/data/whole.orch")));
  programs
});

/// How a gap may look instead. A line break stays one, since it separates.
fn gap(before: &str, draw: u8) -> &'static str {
  match (before.contains('\n'), draw % 8) {
    (true, 0) => "\n\n\n",
    (true, 1) => " // note\n",
    (true, 2) => "\n\t// note\n",
    (true, _) => "\n",
    (false, 0) if !before.is_empty() => "\n",
    (false, 1) if !before.is_empty() => "   ",
    (false, 2) if !before.is_empty() => " // note\n",
    (false, _) if before.is_empty() => "",
    (false, _) => " ",
  }
}

proptest! {
  #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

  #[test]
  fn any_layout_comes_to_rest(program in any::<Index>(), draws in prop::collection::vec(any::<u8>(), 1..400)) {
    let text = program.get::<String>(&PROGRAMS);
    let seams = seams(text);
    let mut draws = draws.iter().cycle();
    let mut made = String::new();
    for pair in seams.windows(2) {
      let piece = &text[pair[0]..pair[1]];
      let blank = piece.trim().is_empty();
      made.push_str(if blank { gap(piece, *draws.next().expect("draws")) } else { piece });
    }
    if parses(&made) {
      let after = formatted(&made);
      prop_assert_eq!(&formatted(&after), &after, "{}", made);
    }
  }

  #[test]
  fn broken_texts_are_refused_or_formatted(program in any::<Index>(), cut in any::<Index>(), length in 1usize..40) {
    let text = program.get::<String>(&PROGRAMS);
    let chars: Vec<char> = text.chars().collect();
    let cut = cut.index(chars.len());
    let text: String = chars[..cut].iter().chain(chars.iter().skip(cut + length)).collect();
    match format(ID, &text) {
      Ok(after) => prop_assert_eq!(formatted(&after), after),
      Err(Refusal::Syntax(found)) => prop_assert!(!found.is_empty()),
      Err(Refusal::Unfaithful(flaw)) => prop_assert!(false, "{flaw}\n{text}"),
    }
  }
}
