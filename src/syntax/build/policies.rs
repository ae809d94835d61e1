//! Policies, wherever they stand.

use super::{Builder, Pair, children};
use crate::{
  source::Spanned,
  syntax::{
    ast::{Backoff, FailureFilter, Policy, PolicyKind, Retry},
    parser::Rule,
  },
};

impl Builder<'_> {
  /// The inside of `defaults` and `limit`.
  pub(super) fn policy_entries<'t>(&mut self, parts: impl Iterator<Item = Pair<'t>>) -> Vec<Policy> {
    let mut policies = Vec::new();
    let mut previous = None;
    for part in parts {
      let span = self.span(&part);
      self.separated(previous.replace(span), span);
      policies.push(self.policy(part));
    }
    policies
  }

  /// From `policy`, an unknown one or a bad piece.
  pub(super) fn policy(&mut self, pair: Pair) -> Policy {
    let span = self.span(&pair);
    let keyword = self.keyword(&pair);
    let kind = match pair.as_rule() {
      Rule::policy => self.policy_kind(pair),
      Rule::unknown_policy | Rule::unknown_setting => {
        PolicyKind::Unknown(self.name(&children(pair).next().expect("grammar: a word")))
      }
      _ => {
        self.explain(&pair, Rule::policy_entry_only);
        PolicyKind::Broken
      }
    };
    Policy { keyword, kind, span }
  }

  /// From `policy`.
  pub(super) fn policy_kind(&mut self, pair: Pair) -> PolicyKind {
    let pair = children(pair).next().expect("grammar: a policy");
    match pair.as_rule() {
      Rule::timeout_policy => PolicyKind::Timeout(self.only_expression(pair)),
      Rule::deadline_policy => PolicyKind::Deadline(self.only_expression(pair)),
      Rule::delay_policy => PolicyKind::Delay(self.only_expression(pair)),
      Rule::concurrent_policy => PolicyKind::Concurrent(self.only_expression(pair)),
      Rule::limit_policy => PolicyKind::Limit(self.only_name(pair)),
      Rule::no_policy => PolicyKind::Without(self.only_name(pair)),
      Rule::idempotent_policy => PolicyKind::Idempotent,
      Rule::collect_policy => PolicyKind::Collect,
      Rule::rate_policy => self.rate(pair),
      _ => PolicyKind::Retry(Box::new(self.retry(pair))),
    }
  }

  fn only_name(&mut self, pair: Pair) -> Spanned<String> {
    self.name(&children(pair).next().expect("grammar: a name"))
  }

  fn rate(&mut self, pair: Pair) -> PolicyKind {
    let mut parts = children(pair);
    let count = self.expression(parts.next().expect("grammar: a count"));
    let per = self.expression(parts.next().expect("grammar: a time"));
    PolicyKind::Rate { count, per }
  }

  fn retry(&mut self, pair: Pair) -> Retry {
    let mut parts = children(pair);
    let mut retry = Retry {
      times: self.expression(parts.next().expect("grammar: a count")),
      backoff: None,
      on: None,
      unless: None,
    };
    for part in parts {
      let place = self.span(&part);
      match part.as_rule() {
        Rule::backoff | Rule::fixed => {
          let backoff = self.backoff(part);
          self.once(&mut retry.backoff, backoff, place, "backoff");
        }
        Rule::retry_on => {
          let filters = self.filters(part);
          self.once(&mut retry.on, filters, place, "on");
        }
        _ => {
          let filters = self.filters(part);
          self.once(&mut retry.unless, filters, place, "unless");
        }
      }
    }
    retry
  }

  fn backoff(&mut self, pair: Pair) -> Backoff {
    if pair.as_rule() == Rule::fixed {
      return Backoff::Fixed(self.only_expression(pair));
    }
    let mut parts = children(pair);
    let from = self.expression(parts.next().expect("grammar: a time"));
    let to = self.expression(parts.next().expect("grammar: a time"));
    Backoff::Exponential { from, to }
  }

  fn filters(&mut self, pair: Pair) -> Vec<FailureFilter> {
    children(pair).map(|filter| self.filter(filter)).collect()
  }

  fn filter(&mut self, pair: Pair) -> FailureFilter {
    let mut parts = children(pair);
    let kind = self.name(&parts.next().expect("grammar: a word"));
    let code = parts.next().and_then(|code| {
      let span = self.span(&code);
      Some(Spanned::new(self.plain_integer(&code)?, span))
    });
    FailureFilter { kind, code }
  }
}
