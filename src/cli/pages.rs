//! The pages of `docs/codes/`, built in.

macro_rules! pages {
  ($($name:literal,)*) => {
    /// Each code with its page, in the order of the table of codes.
    const PAGES: &[(&str, &str)] = &[
      $(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/codes/", $name, ".md"))),)*
    ];
  };
}

pages! {
  "syntax/unexpected",
  "syntax/unterminated-string",
  "syntax/bad-escape",
  "syntax/bad-interpolation",
  "syntax/bad-number",
  "syntax/nesting",
  "syntax/missing-comma",
  "syntax/reserved-word",
  "module/not-utf8",
  "module/too-large",
  "module/unreadable",
  "module/empty",
  "module/unknown-export",
  "cycle/imports",
  "cycle/types",
  "cycle/constants",
  "cycle/calls",
  "cycle/steps",
  "name/unknown",
  "name/duplicate",
  "name/shadowed",
  "name/wrong-kind",
  "name/unknown-field",
  "name/unknown-setting",
  "type/mismatch",
  "type/no-join",
  "type/bad-operand",
  "type/bad-cast",
  "type/bad-refinement",
  "type/ambiguous-union",
  "type/maybe-null",
  "call/arguments",
  "call/in-expression",
  "worker/kind",
  "worker/no-timeout",
  "worker/bad-setting",
  "permit/exceeds",
  "worker/retry-unsafe",
  "secret/leak",
  "policy/misplaced",
  "bound/unbounded",
  "bound/out-of-range",
  "pool/too-small",
  "pool/identical",
  "match/inexhaustive",
  "match/unreachable",
  "loop/constant-until",
  "loop/constant-stop",
  "loop/drops-previous",
  "condition/contradicts",
  "flow/block-end",
  "flow/misplaced-step",
  "flow/constant-plan",
  "flow/loose-effect",
  "undo/no-effect",
  "undo/not-a-call",
  "undo/of-failed",
  "failure/as-success",
  "allow/unknown-code",
  "allow/critical",
  "allow/no-reason",
  "allow/unused",
  "test/failed",
  "test/run-failed",
  "test/unmocked",
  "test/unused-mock",
  "trigger/bad",
  "trigger/unsigned",
  "unused/name",
  "unused/step",
  "failure/ignored",
  "flow/needless-after",
  "flow/too-deep",
  "retry/fixed-delay",
  "contract/no-version",
  "contract/bare-output",
  "each/unprotected",
  "flow/one-worker",
  "default/taken",
  "doc/fields",
  "doc/missing",
}

/// The page of the code with this name.
pub fn find(name: &str) -> Option<&'static str> {
  PAGES.iter().find(|(code, _)| *code == name).map(|(_, page)| *page)
}

#[cfg(test)]
mod tests {
  use super::PAGES;
  use crate::diagnostics::codes;

  #[test]
  fn pages_begin_with_their_code_and_show_both_examples() {
    for (name, page) in PAGES {
      assert!(codes::find(name).is_some(), "`{name}` is no code");
      assert!(
        page.starts_with(&format!("# {name}\n\n")),
        "{name}: the first line is not `# {name}`"
      );
      assert!(page.contains("\n```orch fails\n"), "{name}: no program that breaks it");
      assert!(page.contains("\n```orch\n"), "{name}: no program that mends it");
    }
  }

  #[test]
  fn every_code_has_its_page() {
    let with_page: Vec<&str> = PAGES.iter().map(|(name, _)| *name).collect();
    let codes: Vec<&str> = codes::ALL.iter().map(|code| code.name).collect();
    assert_eq!(with_page, codes);
  }
}
