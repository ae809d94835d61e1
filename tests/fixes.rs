//! What a machine mends: each program with its mistake, and the same one after its fixes.

mod common;

use common::{found, listed, memory::check_text};
use orch::{
  diagnostics::{Fix, apart, apply},
  session::Checked,
};

/// More rounds than any program here needs.
const ROUNDS: usize = 8;

/// The root's text after all of its fixes, and what is found then.
fn mended(text: &str) -> (String, Checked) {
  let mut text = text.to_owned();
  let mut checked = check_text(&text);
  for _ in 0..ROUNDS {
    let fixes = checked.findings.standing().filter_map(|finding| finding.fix.as_deref());
    let fixes: Vec<&Fix> = apart(fixes);
    if fixes.is_empty() {
      break;
    }
    text = apply(&text, fixes.iter().flat_map(|fix| &fix.edits));
    checked = check_text(&text);
  }
  (text, checked)
}

const PRELUDE: &str = "\
type Issue = { title: string, status: \"open\" | \"closed\", wait: duration, urgent: bool, count: int }
worker say(text: string) -> string { mock return text, timeout 1s }
worker get(number: int) -> Issue { mock malformed, timeout 1s }
";

fn in_steps(steps: &str) -> String {
  format!(
    "{PRELUDE}/// O.\norchestrator o(flag: bool, issue: Issue, xs: [string]) -> json {{\n  {}\n}}\n",
    steps.replace('\n', "\n  ")
  )
}

/// Each row: what is written, and what it becomes; nothing is left but notes, and names that these few lines do not use.
fn table(rows: &[(&str, &str)], whole: impl Fn(&str) -> String) {
  let mut failed = String::new();
  for (written, meant) in rows {
    let (text, checked) = mended(&whole(written));
    let left = found(&checked).into_iter().any(|code| !code.starts_with("unused/"));
    if text != whole(meant) || left {
      failed += &format!("--- {written}\nbecame\n{text}{}\n", listed(&checked));
    }
  }
  assert!(failed.is_empty(), "{failed}");
}

#[test]
fn names_that_are_misspelt() {
  table(
    &[
      ("a = sya(\"x\") return a", "a = say(\"x\") return a"),
      ("a = say(issue.titel) return a", "a = say(issue.title) return a"),
      ("a = say(isue.title) return a", "a = say(issue.title) return a"),
      ("a = say(texd: \"x\") return a", "a = say(text: \"x\") return a"),
      (
        "a = say(\"${issue.titel}\") return a",
        "a = say(\"${issue.title}\") return a",
      ),
      (
        "a = say(\"x\") with timeot 2s return a",
        "a = say(\"x\") with timeout 2s return a",
      ),
      (
        "a = say(\"x\") wiht timeout 2s return a",
        "a = say(\"x\") with timeout 2s return a",
      ),
      (
        "a = each x in xs wtih concurrent 2 => say(x) return a",
        "a = each x in xs with concurrent 2 => say(x) return a",
      ),
      (
        "a = say(\"x\") with retry 1 fixed 1s on [timout] return a",
        "a = say(\"x\") with retry 1 fixed 1s on [timeout] return a",
      ),
      (
        "return match issue.status { \"open\" => 1, \"closd\" => 2 }",
        "return match issue.status { \"open\" => 1, \"closed\" => 2 }",
      ),
      ("return issue.status == \"opne\"", "return issue.status == \"open\""),
    ],
    in_steps,
  );
}

#[test]
fn short_fields_keep_what_they_read() {
  table(
    &[
      (
        "let make(titel: string) -> { title: string } = { titel }\n",
        "let make(titel: string) -> { title: string } = { title: titel }\n",
      ),
      (
        "let make(title: string) -> { titel: string } = { titel }\n",
        "let make(title: string) -> { titel: string } = { titel: title }\n",
      ),
    ],
    str::to_owned,
  );
}

#[test]
fn words_of_other_languages() {
  table(
    &[
      ("return flag && true || false", "return flag and true or false"),
      (
        "return if flag&&true then 1 else 2",
        "return if flag and true then 1 else 2",
      ),
      ("return if !flag then 1 else 2", "return if not flag then 1 else 2"),
      ("return flag === true", "return flag == true"),
      ("return flag !== true", "return flag != true"),
      (
        "return if flag = true then 1 else 2",
        "return if flag == true then 1 else 2",
      ),
      ("a := say(\"x\") return a", "a = say(\"x\") return a"),
      ("let a = say(\"x\")\nreturn a", "a = say(\"x\")\nreturn a"),
      ("a = await say(\"x\")\nreturn a", "a = say(\"x\")\nreturn a"),
      (
        "a = say(\"x\") timeout 2s return a",
        "a = say(\"x\") with timeout 2s return a",
      ),
      ("a = say('x')\nreturn a", "a = say(\"x\")\nreturn a"),
      ("a = say(\"it\\'s \\d\")\nreturn a", "a = say(\"it's \\\\d\")\nreturn a"),
      ("a = say(\"x\"); return a", "a = say(\"x\") return a"),
      ("return { a = 1 }", "return { a: 1 }"),
      ("return length(xs)", "return len(xs)"),
      ("return toString(1)", "return string(1)"),
      ("return [True, None == null]", "return [true, null == null]"),
      (
        "return match issue.status { case \"open\" => 1, default => 2 }",
        "return match issue.status { \"open\" => 1, else => 2 }",
      ),
      (
        "return match issue.status { \"open\": 1, \"closed\" -> 2 }",
        "return match issue.status { \"open\" => 1, \"closed\" => 2 }",
      ),
      (
        "return match issue.status { \"open\" | \"closed\" => 1 }",
        "return match issue.status { \"open\", \"closed\" => 1 }",
      ),
      ("return 1 if flag\nreturn 2", "return 1 when flag\nreturn 2"),
      (
        "a = if flag then say(\"x\") elif true then say(\"y\") else say(\"z\") return a",
        "a = if flag then say(\"x\") else if true then say(\"y\") else say(\"z\") return a",
      ),
    ],
    in_steps,
  );
  table(
    &[
      ("# a\ntype A = str\n", "// a\ntype A = string\n"),
      (
        "type A = { b: integer, c: boolean, d: string[] }\n",
        "type A = { b: int, c: bool, d: [string] }\n",
      ),
      ("const a = 1\n", "let a = 1\n"),
      (
        "worker w(a: string): int { shell \"ls\" timeout: 3s }\n",
        "worker w(a: string) -> int { shell \"ls\", timeout 3s }\n",
      ),
      (
        "worker w() { exec [\"ls\"]\n  workdir \"/\"\n  expect [0, 1]\n  timeout = 3s }\n",
        "worker w() { exec [\"ls\"]\n  cwd \"/\"\n  expect 0, 1\n  timeout 3s }\n",
      ),
    ],
    str::to_owned,
  );
}

#[test]
fn marks_that_are_missing() {
  table(
    &[
      ("return { a: 1 b: 2 }", "return { a: 1, b: 2 }"),
      ("return [\n1\n2\n]", "return [\n1,\n2\n]"),
    ],
    in_steps,
  );
  table(
    &[
      (
        "type A = clear | unclear | \"other\"\n",
        "type A = \"clear\" | \"unclear\" | \"other\"\n",
      ),
      ("type A = { b: string c: int }\n", "type A = { b: string, c: int }\n"),
    ],
    str::to_owned,
  );
}

#[test]
fn literals_of_the_wrong_type() {
  let issue = |fields: &str| in_steps(&format!("return {{ title: \"t\", {fields} }} as Issue"));
  let as_issue = |fields: &str| issue(fields).replace("as Issue", "").replace("-> json", "-> Issue");
  table(
    &[(
      "status: \"opne\", wait: \"30s\", urgent: \"true\", count: \"5\"",
      "status: \"open\", wait: 30s, urgent: true, count: 5",
    )],
    as_issue,
  );
}

#[test]
fn what_is_needless() {
  table(
    &[
      (
        "a = say(\"x\") b = say(a) after a return b",
        "a = say(\"x\") b = say(a) return b",
      ),
      (
        "a = say(\"x\") c = say(\"y\") b = say(a) after a, c return b",
        "a = say(\"x\") c = say(\"y\") b = say(a) after c return b",
      ),
      (
        "a = say(\"x\") b = say(a) c = say(b) after a return c",
        "a = say(\"x\") b = say(a) c = say(b) return c",
      ),
      (
        "a = say(\"x\")\nrequire a != \"y\"\nb = say(\"x\") after a\nreturn b",
        "a = say(\"x\")\nrequire a != \"y\"\nb = say(\"x\")\nreturn b",
      ),
      (
        "stage s { a = say(\"x\") }\nb = say(\"x\") after a\nreturn b",
        "stage s { a = say(\"x\") }\nb = say(\"x\")\nreturn b",
      ),
      (
        "return match issue.status { \"open\" => 1, \"closed\" => 2, else => 3 }",
        "return match issue.status { \"open\" => 1, \"closed\" => 2 }",
      ),
    ],
    in_steps,
  );
  let import = |names: &str| {
    format!(
      "// file: main.orch\n{names}/// O.\norchestrator o() -> int {{\n  return aa\n}}\n\
       // file: lib.orch\nlet aa = 1\nlet bb = 2\nlet cc = 3\n"
    )
  };
  for (written, meant) in [
    (
      "import { aa, bb } from \"./lib.orch\"\n",
      "import { aa } from \"./lib.orch\"\n",
    ),
    (
      "import { bb as b, aa } from \"./lib.orch\"\n",
      "import { aa } from \"./lib.orch\"\n",
    ),
    (
      "import { aa } from \"./lib.orch\"\nimport { bb, cc } from \"./lib.orch\"\n",
      "import { aa } from \"./lib.orch\"\n",
    ),
  ] {
    let mut text = written.to_owned();
    for _ in 0..ROUNDS {
      let checked = check_text(&import(&text));
      let fixes = apart(checked.findings.standing().filter_map(|finding| finding.fix.as_deref()));
      text = apply(&text, fixes.iter().flat_map(|fix| &fix.edits));
    }
    assert_eq!(text, meant);
  }
}

#[test]
fn what_is_only_better_is_mended_too() {
  table(
    &[(
      "a = each x in xs => say(x) with retry 2 return a",
      "a = each x in xs with concurrent 8 => say(x) with retry 2 backoff 1s..30s return a",
    )],
    in_steps,
  );
  table(
    &[
      (
        "/// C.\ncontract C { input { a: int }, output int }\n",
        "/// C.\ncontract C@1 { input { a: int }, output int }\n",
      ),
      (
        "worker w() { exec [\"w\"], timeout 1s, retry 2 backoff 9s..1s, idempotent }\n",
        "worker w() { exec [\"w\"], timeout 1s, retry 2 backoff 1s..9s, idempotent }\n",
      ),
      (
        "allow worker/retry-unsave \"r\"\nworker w() { exec [\"w\"], timeout 1s, retry 1 backoff 1s..2s }\n",
        "allow worker/retry-unsafe \"r\"\nworker w() { exec [\"w\"], timeout 1s, retry 1 backoff 1s..2s }\n",
      ),
      (
        "/// D.\nallow worker/retry-unsafe \"r\"\nworker w() { exec [\"w\"], timeout 1s }\n",
        "/// D.\nworker w() { exec [\"w\"], timeout 1s }\n",
      ),
    ],
    str::to_owned,
  );
}

/// What was meant is not certain: nothing is offered.
#[test]
fn guesses_are_left_to_people() {
  let steps = [
    // two names are near
    "ab1 = say(\"x\") ab2 = say(\"y\") return \"${ab1}${ab2}${ab3}\"",
    // one text, or a type that is missing
    "a = say(\"x\" as missing) return a",
    "a = say(issue.wait) return a",
    "a = say('${x}') return a",
    "return 1 == !flag",
    "each = say(\"x\") return each",
    "a = say(issue) return a",
  ];
  for steps in steps {
    let checked = check_text(&in_steps(steps));
    assert!(checked.findings.refuses(), "{steps}");
    let offered = checked.findings.0.iter().find(|finding| finding.fix.is_some());
    assert_eq!(offered, None, "{steps}");
  }
}

/// Every edit of every finding lies in a file of its program, on character boundaries, and parts of one fix do not meet.
#[test]
fn fixes_of_all_pages_can_be_made() {
  for code in orch::diagnostics::codes::ALL {
    let page = common::markdown::page(code.name).unwrap_or_else(|missing| panic!("{missing}"));
    let checked = common::memory::check(&common::shortened::input(&page.fails.text));
    for fix in checked.findings.0.iter().filter_map(|finding| finding.fix.as_deref()) {
      let mut edits = fix.edits.clone();
      edits.sort_by_key(|edit| edit.span);
      assert!(!fix.title.is_empty() && !edits.is_empty(), "{}", code.name);
      for edit in &edits {
        let text = &checked.sources.get(edit.span.source).text;
        assert!(text.get(edit.span.range()).is_some(), "{}: {edit:?}", code.name);
      }
      assert!(
        edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start),
        "{}: {edits:?}",
        code.name
      );
    }
  }
}
