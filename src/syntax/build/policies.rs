//! Policies, wherever they stand.

use super::{Builder, Pair, children};
use crate::{
  source::Spanned,
  syntax::{
    ast::{
      Backoff, BreakerEntry, BudgetEntry, Expr, ExprKind, FailureFilter, Name, PermitEntry, Policy, PolicyKind, Retry,
      Tolerance,
    },
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
      Rule::tolerate_policy => PolicyKind::Tolerate(self.tolerance(pair)),
      Rule::stop_policy => PolicyKind::StopWhen(self.only_expression(pair)),
      Rule::hedge_policy => PolicyKind::Hedge(self.only_expression(pair)),
      Rule::breaker_policy => PolicyKind::Breaker(self.breaker(pair)),
      Rule::cache_policy => PolicyKind::Cache(self.only_expression(pair)),
      Rule::heartbeat_policy => PolicyKind::Heartbeat(self.only_expression(pair)),
      Rule::budget => PolicyKind::Budget(self.budget(pair)),
      Rule::group_spread => PolicyKind::Spread(self.only_name(pair)),
      _ => PolicyKind::Retry(Box::new(self.retry(pair))),
    }
  }

  fn only_name(&mut self, pair: Pair) -> Spanned<String> {
    self.name(&children(pair).next().expect("grammar: a name"))
  }

  fn tolerance(&mut self, pair: Pair) -> Tolerance {
    let inner = children(pair).next().expect("grammar: a tolerance");
    if inner.as_rule() != Rule::percentage {
      return Tolerance::Count(self.expression(inner));
    }
    let span = self.span(&inner);
    let percent = inner.as_str().trim_end_matches('%').parse().ok();
    let percent = percent.filter(|percent: &f64| (0.0..=100.0).contains(percent));
    if percent.is_none() {
      self.say_bad_number(span, "a percentage goes from 0% to 100%");
    }
    Tolerance::Percent(Spanned::new(percent.unwrap_or(0.0), span))
  }

  fn breaker(&mut self, pair: Pair) -> Vec<BreakerEntry> {
    self.entries(pair, |builder, what, value| BreakerEntry {
      what,
      value: builder.expression(value),
    })
  }

  pub(super) fn budget(&mut self, pair: Pair) -> Vec<BudgetEntry> {
    self.entries(pair, |builder, what, value| BudgetEntry {
      what,
      value: match value.as_rule() {
        Rule::money => builder.money(&value),
        _ => builder.expression(value),
      },
    })
  }

  pub(super) fn permit(&mut self, pair: Pair) -> Vec<PermitEntry> {
    self.entries(pair, |builder, what, value| PermitEntry {
      what,
      value: builder.expression(value),
    })
  }

  /// Pairs of a word and a value, each on a line of its own or behind a comma.
  fn entries<T>(&mut self, pair: Pair, make: impl Fn(&mut Self, Name, Pair) -> T) -> Vec<T> {
    let mut entries = Vec::new();
    let mut previous = None;
    for entry in children(pair) {
      let span = self.span(&entry);
      self.separated(previous.replace(span), span);
      let mut parts = children(entry);
      let what = self.name(&parts.next().expect("grammar: a word"));
      entries.push(make(self, what, parts.next().expect("grammar: a value")));
    }
    entries
  }

  /// `$5` or `$0.50`: dollars.
  fn money(&mut self, pair: &Pair) -> Expr {
    let span = self.span(pair);
    let dollars = pair.as_str()[1..].replace('_', "").parse::<f64>().ok();
    let dollars = dollars.filter(|dollars| dollars.is_finite());
    if dollars.is_none() {
      self.say_bad_number(span, "an amount of dollars is `$5` or `$0.50`");
    }
    Expr {
      kind: dollars.map_or(ExprKind::Broken, ExprKind::Float),
      span,
    }
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
