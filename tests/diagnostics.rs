//! One snapshot for each code: its page's first program, and what is said about it to people and to tools.

mod common;

use common::{markdown, memory::check_and_test, shortened, shown};
use orch::diagnostics::{Diagnostic, Level, codes, render::json};

#[test]
fn each_code_says_what_it_always_said() {
  let mut settings = insta::Settings::clone_current();
  settings.set_snapshot_path("snapshots/codes");
  settings.set_prepend_module_to_snapshot(false);
  settings.set_omit_expression(true);
  settings.bind(|| {
    for code in codes::ALL {
      let page = markdown::page(code.name).unwrap_or_else(|missing| panic!("{missing}"));
      let mut checked = check_and_test(&shortened::input(&page.fails.text));
      let heard = |finding: &Diagnostic| finding.code.level < Level::Low || finding.code == *code;
      checked.findings.0.retain(heard);
      let findings: serde_json::Value =
        serde_json::from_str(&json::render(&checked.findings, &checked.sources)).expect("the renderer writes JSON");
      let said = format!(
        "{}\n{}\n{}\n{}\n{:#}",
        page.fails.text,
        "─".repeat(100),
        shown(&checked),
        "─".repeat(100),
        findings
      );
      insta::assert_snapshot!(code.name.replace('/', "-"), said);
    }
  });
}
