//! `test` declarations and their lines.

use super::{Builder, Pair, children};
use crate::{
  diagnostics::{Diagnostic, codes, nearest},
  source::{Span, Spanned},
  syntax::{
    ast::{ExprKind, Test, TestLine, TestLineKind, TestValue},
    parser::Rule,
  },
};

/// The words that begin a line, but for runs.
const LINES: [&str; 7] = ["mock", "expect", "wait", "at", "seed", "profile", "set"];

impl Builder<'_> {
  pub(super) fn test(&mut self, pair: Pair) -> Test {
    let mut parts = children(pair);
    let name = self.plain_string(&parts.next().expect("grammar: a name"));
    let mut lines: Vec<TestLine> = Vec::new();
    for part in parts {
      let span = self.span(&part);
      let kind = match lines.last() {
        Some(before) if self.test_line_runs_on(before.span, part.as_rule(), span) => self.stray_test_line(before, span),
        _ => self.test_line(part),
      };
      lines.push(TestLine { kind, span });
    }
    Test { name, lines }
  }

  /// A run without a name begins its own line, so that a stray word is none.
  fn test_line_runs_on(&self, before: Span, rule: Rule, next: Span) -> bool {
    let loose = matches!(rule, Rule::test_run | Rule::bad_test_line);
    loose && !self.file()[before.range().end..next.range().start].contains('\n')
  }

  fn stray_test_line(&mut self, before: &TestLine, next: Span) -> TestLineKind {
    let said_already = matches!(before.kind, TestLineKind::Broken { .. }) || self.is_damaged(before.span.to(next));
    if !said_already {
      let said = self.say_stray(before, next);
      self.report(said);
    }
    let names = self.names_in(next);
    TestLineKind::Broken { names }
  }

  fn say_stray(&self, before: &TestLine, next: Span) -> Diagnostic {
    if let TestLineKind::Given { name: None, value } = &before.kind
      && let ExprKind::Name(word) = &value.value.kind
    {
      let said = Diagnostic::new(&codes::SYNTAX, format!("`{word}` does not begin a line of a test"));
      let said = said.label(before.span, "not a line");
      return match nearest(word, LINES) {
        Some(near) => said.help(format!("there is `{near}`")),
        None if ["assert", "require", "check", "verify", "ensure", "that"].contains(&word.as_str()) => {
          said.help("what must hold is written `expect e`")
        }
        None => said.help(format!(
          "a line begins with a name and `=`, a call, or {}",
          LINES.map(|line| format!("`{line}`")).join(", ")
        )),
      };
    }
    Diagnostic::new(&codes::SYNTAX, "this does not belong to the line before it")
      .label(next, "begin a new line here")
      .label(before.span, "this line of the test")
  }

  fn test_line(&mut self, pair: Pair) -> TestLineKind {
    let rule = pair.as_rule();
    if rule == Rule::bad_test_line {
      self.explain(&pair, Rule::test_line_only);
      let names = self.names_in(self.span(&pair));
      return TestLineKind::Broken { names };
    }
    let mut parts = children(pair).peekable();
    let name = parts.next_if(|part| part.as_rule() == Rule::identifier);
    let name = name.map(|name| self.name(&name));
    match (rule, name) {
      (Rule::test_mock, Some(worker)) => TestLineKind::Mock {
        worker,
        rules: self.mock_rules(parts.next().expect("grammar: an answer")),
      },
      (Rule::test_profile, Some(name)) => TestLineKind::Profile(name),
      (Rule::test_set, Some(name)) => TestLineKind::Set {
        name,
        value: self.expression(parts.next().expect("grammar: a value")),
      },
      (Rule::test_named | Rule::test_run, name) => TestLineKind::Given {
        name,
        value: self.test_value(&mut parts),
      },
      _ => self.test_setting(rule, &mut parts),
    }
  }

  fn test_setting<'t>(&mut self, rule: Rule, parts: &mut impl Iterator<Item = Pair<'t>>) -> TestLineKind {
    let value = parts.next().expect("grammar: a value");
    match rule {
      Rule::test_wait => TestLineKind::Wait(self.expression(value)),
      Rule::test_at => TestLineKind::At(self.plain_string(&value)),
      Rule::test_seed => match self.plain_integer(&value) {
        Some(seed) => TestLineKind::Seed(Spanned::new(seed, self.span(&value))),
        None => TestLineKind::Broken { names: Vec::new() },
      },
      _ => TestLineKind::Expect {
        condition: self.expression(value),
        message: parts.next().map(|message| self.expression(message)),
      },
    }
  }

  fn test_value<'t>(&mut self, parts: &mut std::iter::Peekable<impl Iterator<Item = Pair<'t>>>) -> TestValue {
    let attempt = parts.next_if(|part| part.as_rule() == Rule::test_attempt);
    TestValue {
      attempt: attempt.map(|attempt| self.span(&attempt)),
      value: self.expression(parts.next().expect("grammar: a value")),
      cancel: parts.next().map(|cancel| self.only_expression(cancel)),
    }
  }
}
