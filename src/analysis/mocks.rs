//! Mock workers: which rule may stand where, and whether its answer is one of the worker's.

use super::{names::Body, signatures::Signed};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{MockAnswer, MockRule, MockWhen},
  source::Span,
  syntax::ast,
  types::{self, Type},
  value::FailureKind,
};

impl Body<'_, '_> {
  pub fn mock(&mut self, rules: &[ast::MockRule], signed: &Signed) -> Vec<MockRule> {
    let mut lowered = Vec::new();
    let mut caught: Option<Span> = None;
    for rule in rules {
      if let Some(caught) = caught {
        let finding = Diagnostic::new(
          &codes::UNREACHABLE,
          "this rule can never be taken: `else` stands above it",
        )
        .label(rule.span, "never taken")
        .label(caught, "takes everything");
        self.say(finding);
      }
      let when = match &rule.when {
        ast::MockWhen::On(pattern) => MockWhen::On(self.infer(pattern)),
        ast::MockWhen::First(count) => MockWhen::First(self.check(count, &Type::int(), "the count of `first`")),
        ast::MockWhen::Else => {
          caught = Some(rule.span);
          MockWhen::Else
        }
      };
      let delay = rule
        .action
        .delay
        .as_ref()
        .map(|delay| self.check(delay, &Type::Duration, "`delay`"));
      let answer = self.mock_answer(&rule.action.answer, rule.span, signed);
      lowered.push(MockRule { when, delay, answer });
    }
    lowered
  }

  fn mock_answer(&mut self, answer: &ast::MockAnswer, span: Span, signed: &Signed) -> MockAnswer {
    match answer {
      ast::MockAnswer::Echo => {
        if !types::castable(&signed.input, &signed.output) {
          self
            .checker
            .mismatch(span, &signed.input, &signed.output, "the echo of the input");
        }
        MockAnswer::Echo
      }
      ast::MockAnswer::Return(value) => {
        MockAnswer::Return(self.check(value, &signed.output.with_texts(), "the answer of the mock"))
      }
      ast::MockAnswer::Hang => MockAnswer::Hang,
      ast::MockAnswer::Malformed => MockAnswer::Malformed,
      ast::MockAnswer::Fail { kind, code, message } => {
        let found = self.failure_kind(kind);
        let message = message
          .as_ref()
          .map(|message| self.check(message, &Type::string(), "the message of `fail`"));
        let code = code.as_ref().map(|code| code.value);
        MockAnswer::Fail {
          kind: found.unwrap_or(FailureKind::Failed),
          code,
          message,
        }
      }
    }
  }
}
