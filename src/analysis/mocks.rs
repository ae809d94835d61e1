//! Mocks: which rule may stand where, and whether its answer is one of the worker's.

use super::names::Body;
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{Expr, ExprKind, MockAnswer, MockRule},
  source::Span,
  syntax::ast::{self, MockTurns},
  types::{self, Type},
  value::{FailureKind, Value},
};

/// A rule that answers whatever reaches it; `None` as its pattern takes every input.
struct Taker {
  on: Option<Expr>,
  span: Span,
}

impl Taker {
  fn takes_all_of(&self, pattern: Option<&Expr>) -> bool {
    match (&self.on, pattern) {
      (None, _) => true,
      (Some(own), Some(pattern)) => super::mock_patterns::covers(own, pattern),
      (Some(_), None) => false,
    }
  }
}

impl Body<'_, '_> {
  /// The rules of a worker with this input and output.
  pub fn mock(&mut self, rules: &[ast::MockRule], input: &Type, output: &Type) -> Vec<MockRule> {
    let mut lowered = Vec::new();
    let mut takers: Vec<Taker> = Vec::new();
    for rule in rules {
      let on = rule.on.as_ref().map(|pattern| self.mock_pattern(pattern, input));
      if let Some(taker) = takers.iter().find(|taker| taker.takes_all_of(on.as_ref())) {
        let finding = Diagnostic::new(&codes::UNREACHABLE, "this rule can never be taken")
          .label(rule.span, "never taken")
          .label(taker.span, "takes everything that it would");
        self.say(finding);
      }
      if let MockTurns::All(_) = rule.turns {
        takers.push(Taker {
          on: on.clone(),
          span: rule.span,
        });
      }
      lowered.extend(self.mock_turns(rule, on, input, output));
    }
    lowered
  }

  fn mock_turns(&mut self, rule: &ast::MockRule, on: Option<Expr>, input: &Type, output: &Type) -> Vec<MockRule> {
    match &rule.turns {
      MockTurns::All(action) => vec![self.mock_rule(on, None, action, rule.span, (input, output))],
      MockTurns::First(count, action) => {
        let first = self.check(count, &Type::int(), "the count of `first`");
        if matches!(first.kind, ExprKind::Literal(Value::Int(count)) if count < 1) {
          let finding = Diagnostic::new(&codes::UNREACHABLE, "this rule can never be taken");
          self.say(finding.label(first.span, "no call is among the first 0"));
        }
        vec![self.mock_rule(on, Some(first), action, rule.span, (input, output))]
      }
      MockTurns::Order(actions) => {
        let once = super::expressions::literal(Value::Int(1), Type::int(), rule.span);
        let turn = |action| self.mock_rule(on.clone(), Some(once.clone()), action, rule.span, (input, output));
        actions.iter().map(turn).collect()
      }
    }
  }

  fn mock_rule(
    &mut self,
    on: Option<Expr>,
    first: Option<Expr>,
    action: &ast::MockAction,
    span: Span,
    (input, output): (&Type, &Type),
  ) -> MockRule {
    let delay = action.delay.as_ref();
    let delay = delay.map(|delay| self.time(delay, "`delay`"));
    MockRule {
      on,
      first,
      delay,
      answer: self.mock_answer(&action.answer, span, input, output),
    }
  }

  /// A message like any other: what its type can't tell is checked when it is given. What is written out is checked now.
  fn mock_value(&mut self, value: &ast::Expr, output: &Type) -> Expr {
    use ast::ExprKind::{Call, Cast, Field, Index, Name};
    let what = "the answer of the mock";
    match &value.kind {
      Name(_) | Field { .. } | Index { .. } | Call { .. } | Cast { .. } => self.check_boundary(value, output, what),
      _ => self.check(value, output, what),
    }
  }

  fn mock_answer(&mut self, answer: &ast::MockAnswer, span: Span, input: &Type, output: &Type) -> MockAnswer {
    match answer {
      ast::MockAnswer::Echo => {
        if !types::castable(input, output) {
          self.checker.mismatch(span, input, output, "the echo of the input");
        }
        MockAnswer::Echo
      }
      ast::MockAnswer::Return(value) => MockAnswer::Return(self.mock_value(value, &output.with_texts())),
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
