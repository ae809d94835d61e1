//! The settings of a worker.

use super::{Builder, Pair, children};
use crate::{
  source::{Span, Spanned},
  syntax::{
    ast::{ExitCodes, ExprKind, MockAction, MockAnswer, MockRule, MockTurns, Setting, SettingKind},
    parser::Rule,
  },
};

impl Builder<'_> {
  pub(super) fn settings<'t>(&mut self, parts: impl Iterator<Item = Pair<'t>>) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut previous = None;
    for part in parts {
      let span = self.span(&part);
      let separated = self.separated(previous.replace(span), span);
      let keyword = self.keyword(&part);
      let stray = part.as_rule() == Rule::unknown_setting
        && (!separated || self.is_damaged(span) || self.is_argument(settings.last(), span));
      let kind = match stray {
        true => SettingKind::Broken,
        false => self.setting(part),
      };
      settings.push(Setting { keyword, kind, span });
    }
    settings
  }

  /// What stands behind `exec "program",` on its line was meant as an argument: `exec` takes a list, which is said.
  fn is_argument(&self, before: Option<&Setting>, next: Span) -> bool {
    before.is_some_and(|before| {
      let text = matches!(&before.kind, SettingKind::Exec(program) if matches!(program.kind, ExprKind::String(_)));
      let between = before.span.range().end..next.range().start;
      (text || matches!(before.kind, SettingKind::Broken)) && !self.text[between].contains('\n')
    })
  }

  fn setting(&mut self, pair: Pair) -> SettingKind {
    let rule = pair.as_rule();
    match rule {
      Rule::policy => return SettingKind::Policy(self.policy_kind(pair)),
      Rule::mock_setting => {
        let inner = children(pair).next().expect("grammar: a mock");
        return SettingKind::Mock(self.mock_rules(inner));
      }
      Rule::permit => return SettingKind::Permit(self.permit(pair)),
      Rule::bad_setting => {
        self.explain(&pair, Rule::setting_only);
        return SettingKind::Broken;
      }
      Rule::expect_setting => {
        let codes = children(pair).filter_map(|code| self.exit_codes(code));
        return SettingKind::Expect(codes.collect());
      }
      _ => {}
    }
    let value = children(pair).next().expect("grammar: a value");
    match rule {
      Rule::exec_setting => SettingKind::Exec(self.expression(value)),
      Rule::shell_setting => SettingKind::Shell(self.raw_string(&value)),
      Rule::stdin_setting => SettingKind::Stdin(self.expression(value)),
      Rule::cwd_setting => SettingKind::Cwd(self.expression(value)),
      Rule::uses_setting => SettingKind::Uses(self.expression(value)),
      Rule::output_setting => SettingKind::Output(self.expression(value)),
      Rule::env_setting => SettingKind::Env(self.record_parts(value)),
      _ => SettingKind::Unknown(self.name(&value)),
    }
  }

  fn exit_codes(&mut self, pair: Pair) -> Option<Spanned<ExitCodes>> {
    let span = self.span(&pair);
    let mut parts = children(pair);
    let first = self.plain_integer(&parts.next().expect("grammar: a number"))?;
    let last = match parts.next() {
      Some(last) => self.plain_integer(&last)?,
      None => first,
    };
    Some(Spanned::new(ExitCodes { first, last }, span))
  }

  /// From what stands behind `mock`, or behind the name of a test's mock.
  pub(super) fn mock_rules(&mut self, pair: Pair) -> Vec<MockRule> {
    let span = self.span(&pair);
    let turns = match pair.as_rule() {
      Rule::mock_script => return self.mock_script(pair),
      Rule::mock_order => self.mock_order(pair),
      _ => MockTurns::All(self.mock_action(pair)),
    };
    vec![MockRule { on: None, turns, span }]
  }

  fn mock_script(&mut self, pair: Pair) -> Vec<MockRule> {
    let mut rules = Vec::new();
    let mut previous = None;
    for part in children(pair) {
      let span = self.span(&part);
      self.separated(previous.replace(span), span);
      match part.as_rule() {
        Rule::mock_rule => rules.push(self.mock_rule(part)),
        _ => self.explain(&part, Rule::rule_only),
      }
    }
    rules
  }

  fn mock_rule(&mut self, pair: Pair) -> MockRule {
    let span = self.span(&pair);
    let mut parts = children(pair).peekable();
    let on = parts.next_if(|part| part.as_rule() == Rule::mock_on);
    let on = on.map(|on| self.only_expression(on));
    let first = parts.next_if(|part| part.as_rule() == Rule::mock_first);
    let first = first.map(|first| self.only_expression(first));
    let answer = parts.next().expect("grammar: an answer");
    let turns = match (answer.as_rule(), first) {
      (Rule::mock_order, _) => self.mock_order(answer),
      (_, Some(first)) => MockTurns::First(first, self.mock_action(answer)),
      (_, None) => MockTurns::All(self.mock_action(answer)),
    };
    MockRule { on, turns, span }
  }

  fn mock_order(&mut self, pair: Pair) -> MockTurns {
    MockTurns::Order(children(pair).map(|turn| self.mock_action(turn)).collect())
  }

  /// From `mock_action` or `mock_value`.
  fn mock_action(&mut self, pair: Pair) -> MockAction {
    if pair.as_rule() == Rule::mock_value {
      let answer = MockAnswer::Return(self.only_expression(pair));
      return MockAction { delay: None, answer };
    }
    let mut parts = children(pair).peekable();
    let delay = parts.next_if(|part| part.as_rule() == Rule::mock_delay);
    let delay = delay.map(|delay| self.only_expression(delay));
    let answer = parts.next().expect("grammar: an answer");
    let answer = match answer.as_rule() {
      Rule::mock_echo => MockAnswer::Echo,
      Rule::mock_hang => MockAnswer::Hang,
      Rule::mock_malformed => MockAnswer::Malformed,
      Rule::mock_return => MockAnswer::Return(self.only_expression(answer)),
      _ => self.mock_fail(answer),
    };
    MockAction { delay, answer }
  }

  fn mock_fail(&mut self, pair: Pair) -> MockAnswer {
    let mut parts = children(pair).peekable();
    let kind = self.name(&parts.next().expect("grammar: a word"));
    let code = parts.next_if(|part| part.as_rule() == Rule::number).and_then(|code| {
      let span = self.span(&code);
      Some(Spanned::new(self.plain_integer(&code)?, span))
    });
    let message = parts.next().map(|message| self.string_expression(&message));
    MockAnswer::Fail { kind, code, message }
  }
}
