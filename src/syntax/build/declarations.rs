//! Items that change or add to what workers and orchestrators are: patterns, pools, secrets, profiles, triggers.

use super::{Builder, Pair, children};
use crate::syntax::{
  ast::{Expr, ItemKind, Name, PatternTemplate, Trigger, TriggerSource, TypeExpr},
  parser::Rule,
};

impl Builder<'_> {
  pub(super) fn pattern_template(&mut self, pair: Pair) -> PatternTemplate {
    let mut parts = children(pair).peekable();
    let name = self.name(&parts.next().expect("grammar: a name"));
    let type_params = parts.next_if(|part| part.as_rule() == Rule::type_params);
    let type_params = type_params.map(|names| children(names).map(|name| self.name(&name)).collect());
    let params = self.params(parts.next().expect("grammar: parameters"));
    let output = parts.next_if(|part| part.as_rule() == Rule::type_expr);
    PatternTemplate {
      name,
      type_params: type_params.unwrap_or_default(),
      params,
      output: output.map(|output| self.type_expr(output)),
      body: self.block(parts.next().expect("grammar: a body")),
    }
  }

  pub(super) fn pool(&mut self, pair: Pair) -> ItemKind {
    let mut parts = children(pair);
    let name = self.name(&parts.next().expect("grammar: a name"));
    let members = self.expression(parts.next().expect("grammar: a list"));
    ItemKind::Pool { name, members }
  }

  pub(super) fn secret(&mut self, pair: Pair) -> ItemKind {
    let mut parts = children(pair);
    let name = self.name(&parts.next().expect("grammar: a name"));
    let variable = self.plain_string(&parts.next().expect("grammar: a variable"));
    ItemKind::Secret { name, variable }
  }

  pub(super) fn profile(&mut self, pair: Pair) -> ItemKind {
    let mut parts = children(pair);
    let name = self.name(&parts.next().expect("grammar: a name"));
    let mut replacements = Vec::new();
    let mut previous = None;
    for part in parts {
      let span = self.span(&part);
      self.separated(previous.replace(span), span);
      match part.as_rule() {
        Rule::replacement => replacements.push(self.replacement(part)),
        _ => self.explain(&part, Rule::profile_entry_only),
      }
    }
    ItemKind::Profile { name, replacements }
  }

  fn replacement(&mut self, pair: Pair) -> (Name, Expr) {
    let mut parts = children(pair);
    let name = self.name(&parts.next().expect("grammar: a name"));
    (name, self.expression(parts.next().expect("grammar: a value")))
  }

  pub(super) fn trigger(&mut self, pair: Pair) -> Trigger {
    let mut parts = children(pair).peekable();
    let source = self.trigger_source(parts.next().expect("grammar: a source"));
    let event = parts.next_if(|part| part.as_rule() == Rule::event);
    let event = event.map(|event| self.event(event));
    let condition = parts.next_if(|part| part.as_rule() == Rule::expression);
    Trigger {
      source,
      event,
      condition: condition.map(|condition| self.expression(condition)),
      call: self.only_expression(parts.next().expect("grammar: a call")),
    }
  }

  fn trigger_source(&mut self, pair: Pair) -> TriggerSource {
    let schedule = pair.as_rule() == Rule::schedule;
    let mut parts = children(pair);
    let first = self.plain_string(&parts.next().expect("grammar: a text"));
    if schedule {
      return TriggerSource::Schedule {
        cron: first,
        zone: parts.next().map(|zone| self.plain_string(&zone)),
      };
    }
    TriggerSource::Webhook {
      path: first,
      signed: parts.next().map(|secret| self.name(&secret)),
    }
  }

  fn event(&mut self, pair: Pair) -> (Name, TypeExpr) {
    let mut parts = children(pair);
    let name = self.name(&parts.next().expect("grammar: a name"));
    (name, self.type_expr(parts.next().expect("grammar: a type")))
  }
}
