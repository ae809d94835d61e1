//! Policies: where each may stand, what the three places come to, and whether every bound is one.

use std::collections::HashSet;

use super::{
  checker::Checker,
  habits, mends,
  names::Body,
  stops::Stop,
  symbols::{Space, Target, listed},
};
use crate::{
  diagnostics::{Diagnostic, Fix, codes, near},
  hir::{
    self, Backoff, Breaker, Ceiling, ConstantId, Expr, ExprKind, FailureFilter, LimitId, Place, Retry, Setting,
    Tolerance,
  },
  source::Span,
  syntax::{
    POLICIES,
    ast::{self, Policy, PolicyKind},
  },
  types::Type,
  value::{FailureKind, Value},
};

/// Where a policy was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
  Defaults,
  /// A named group: it may stand anywhere, so whatever can stand somewhere can stand in it.
  Group,
  Worker,
  WorkerCall,
  OrchestratorCall,
  Each,
  /// `run plan`
  Run,
  /// Another node; an expression when it is one.
  Node {
    expression: bool,
  },
}

/// Policies collected from far to near.
#[derive(Clone, Debug, Default)]
pub struct WorkerPolicies {
  pub timeout: Option<Setting>,
  pub deadline: Option<Setting>,
  pub delay: Option<Setting>,
  pub retry: Option<Retry>,
  pub limits: Vec<LimitId>,
  pub concurrent: Option<Expr>,
  pub idempotent: bool,
  pub hedge: Option<Setting>,
  pub breaker: Option<Breaker>,
  pub cache: Option<Setting>,
  pub heartbeat: Option<Setting>,
  pub ceiling: Ceiling,
  /// Where it stands.
  pub collect: Option<Span>,
  pub tolerate: Option<(Tolerance, Span)>,
  pub stop: Option<Stop>,
  /// The places of the nearest `retry` and `hedge`, for their findings.
  pub retry_at: Option<Span>,
  pub hedge_at: Option<Span>,
}

impl WorkerPolicies {
  /// What a call of a worker carries.
  pub fn of_call(&self) -> hir::Policies {
    hir::Policies {
      timeout: self.timeout.clone(),
      retry: self.retry.clone(),
      hedge: self.hedge.clone(),
      cache: self.cache.clone(),
      limits: self.limits.clone(),
    }
  }
}

pub(super) fn word(kind: &PolicyKind) -> Option<&'static str> {
  Some(match kind {
    PolicyKind::Timeout(_) => "timeout",
    PolicyKind::Deadline(_) => "deadline",
    PolicyKind::Delay(_) => "delay",
    PolicyKind::Retry(_) => "retry",
    PolicyKind::Concurrent(_) => "concurrent",
    PolicyKind::Limit(_) => "limit",
    PolicyKind::Rate { .. } => "rate",
    PolicyKind::Idempotent => "idempotent",
    PolicyKind::Collect => "collect",
    PolicyKind::Tolerate(_) => "tolerate",
    PolicyKind::StopWhen(_) => "stop when",
    PolicyKind::Hedge(_) => "hedge",
    PolicyKind::Breaker(_) => "breaker",
    PolicyKind::Cache(_) => "cache",
    PolicyKind::Heartbeat(_) => "heartbeat",
    PolicyKind::Budget(_) => "budget",
    PolicyKind::Spread(_) | PolicyKind::Without(_) | PolicyKind::Unknown(_) | PolicyKind::Broken => return None,
  })
}

/// Whether a policy can stand at a spot; if not, where it can.
pub(super) fn misplaced(policy: &str, spot: Spot) -> Option<&'static str> {
  if spot == Spot::Group && policy != "rate" {
    return None;
  }
  let right = match policy {
    "timeout" | "retry" | "hedge" | "cache" => (
      matches!(spot, Spot::Defaults | Spot::Worker | Spot::WorkerCall),
      "workers and their calls",
    ),
    "limit" => (
      matches!(spot, Spot::Defaults | Spot::Worker | Spot::WorkerCall),
      "workers and their calls: a slot is held by a running worker",
    ),
    "idempotent" => (
      matches!(spot, Spot::Defaults | Spot::Worker),
      "workers: it says what the worker is",
    ),
    "breaker" | "heartbeat" => (
      matches!(spot, Spot::Defaults | Spot::Worker),
      "workers: it holds for all their calls",
    ),
    "budget" => (
      matches!(spot, Spot::Defaults | Spot::Worker),
      "workers, and at the top of orchestrators",
    ),
    "concurrent" => (
      matches!(spot, Spot::Defaults | Spot::Worker | Spot::Each | Spot::Run),
      "workers, `each` and `run`",
    ),
    "collect" => (
      matches!(spot, Spot::Each | Spot::Run),
      "`run`, and `each` before its `=>` or `{`; one call is taken by `attempt`",
    ),
    "tolerate" | "stop when" => (matches!(spot, Spot::Each), "`each`, before its `=>` or `{`"),
    "rate" => (false, "the body of a `limit`"),
    _ => (
      !matches!(spot, Spot::Node { expression: true }),
      "calls and blocks: an expression takes no time",
    ),
  };
  (!right.0).then_some(right.1)
}

impl Body<'_, '_> {
  /// Lowers policies onto what farther places gave.
  pub fn apply_policies<'p>(
    &mut self,
    policies: impl Iterator<Item = (&'p PolicyKind, Span)>,
    spot: Spot,
    onto: &mut WorkerPolicies,
  ) {
    let mut seen: HashSet<&'static str> = HashSet::new();
    let policies: Vec<_> = policies.collect();
    self.spread_groups(&policies, spot, onto);
    for (kind, span) in policies {
      if let Some(word) = word(kind) {
        if let Some(right) = misplaced(word, spot) {
          let finding = Diagnostic::new(&codes::MISPLACED_POLICY, format!("`{word}` can't stand here"))
            .label(span, "applies to nothing here")
            .help(format!("it stands on {right}"));
          self.say(finding);
          continue;
        }
        if word != "limit" && !seen.insert(word) {
          self.say(Diagnostic::new(&codes::DUPLICATE, format!("`{word}` is given twice")).label(span, "again here"));
          continue;
        }
      }
      self.apply_policy(kind, span, spot, onto);
    }
  }

  pub(super) fn apply_policy(&mut self, kind: &PolicyKind, span: Span, spot: Spot, onto: &mut WorkerPolicies) {
    let place = if matches!(spot, Spot::Defaults | Spot::Worker) {
      Place::Worker
    } else {
      Place::Site
    };
    match kind {
      PolicyKind::Timeout(value) => onto.timeout = Some(self.duration(value, "timeout", place)),
      PolicyKind::Deadline(value) => onto.deadline = Some(self.duration(value, "deadline", place)),
      PolicyKind::Delay(value) => onto.delay = Some(self.duration(value, "delay", place)),
      PolicyKind::Retry(retry) => {
        onto.retry = Some(self.retry(retry, place));
        onto.retry_at = Some(span);
      }
      PolicyKind::Concurrent(written) => {
        let value = self.check(written, &Type::int(), "`concurrent`");
        self.bounded(&value, 1, "`concurrent`");
        if spot == Spot::Worker {
          self.same_for_all(written, "`concurrent`");
        }
        onto.concurrent = Some(value);
      }
      PolicyKind::Limit(name) => {
        if let [Target::Limit(id)] = self.checker.resolve(self.module, Space::Limit, name, "limit")[..]
          && !onto.limits.contains(&id)
        {
          onto.limits.push(id);
        }
      }
      PolicyKind::Idempotent => onto.idempotent = true,
      PolicyKind::Collect => onto.collect = Some(span),
      PolicyKind::Tolerate(written) => onto.tolerate = Some((self.tolerance(written), span)),
      PolicyKind::StopWhen(condition) => {
        let (condition, group) = (condition.clone(), None);
        let stop = Stop { condition, span, group };
        if spot == Spot::Group {
          self.stop_in_group(&stop);
        }
        onto.stop = Some(stop);
      }
      PolicyKind::Without(name) => self.without(name, spot, onto),
      PolicyKind::Unknown(name) => self.unknown_policy(name),
      PolicyKind::Hedge(value) => {
        onto.hedge = Some(self.duration(value, "hedge", place));
        onto.hedge_at = Some(span);
      }
      PolicyKind::Breaker(entries) => onto.breaker = Some(self.breaker(entries, span)),
      PolicyKind::Cache(value) => onto.cache = Some(self.duration(value, "cache", place)),
      PolicyKind::Heartbeat(value) => onto.heartbeat = Some(self.duration(value, "heartbeat", place)),
      PolicyKind::Budget(entries) => onto.ceiling = self.ceiling(entries),
      // before everything else, see `groups`
      PolicyKind::Spread(_) => {}
      PolicyKind::Rate { .. } | PolicyKind::Broken => {}
    }
  }

  /// What is shared by all calls of a worker can't read what one of them is called with.
  pub(super) fn same_for_all(&mut self, value: &ast::Expr, what: &str) {
    let reads = super::reads::Reads::of_expr(value);
    if let Some(read) = reads.names.iter().find(|read| self.find(read.name).is_some()) {
      let finding = Diagnostic::new(
        &codes::BAD_SETTING,
        format!("{what} of a worker can't read `{}`", read.name),
      )
      .label(read.span, "differs from call to call")
      .help("all calls share it: give a literal or a constant");
      self.say(finding);
    }
  }

  fn without(&mut self, name: &ast::Name, spot: Spot, onto: &mut WorkerPolicies) {
    if let Some(right) = misplaced(&name.value, spot).filter(|_| POLICIES.contains(&name.value.as_str())) {
      let finding = Diagnostic::new(
        &codes::MISPLACED_POLICY,
        format!("`no {}` can't stand here", name.value),
      )
      .label(name.span, "takes nothing away here")
      .help(format!("`{}` stands on {right}", name.value));
      return self.say(finding);
    }
    match name.value.as_str() {
      "timeout" => onto.timeout = None,
      "deadline" => onto.deadline = None,
      "delay" => onto.delay = None,
      "retry" => onto.retry = None,
      "concurrent" => onto.concurrent = None,
      "limit" => onto.limits.clear(),
      "idempotent" => onto.idempotent = false,
      "hedge" => onto.hedge = None,
      "breaker" => onto.breaker = None,
      "cache" => onto.cache = None,
      "heartbeat" => onto.heartbeat = None,
      "budget" => onto.ceiling = Ceiling::default(),
      _ => self.unknown_policy(name),
    }
  }

  fn unknown_policy(&mut self, name: &ast::Name) {
    let finding = Diagnostic::new(&codes::UNKNOWN_SETTING, format!("there is no policy `{}`", name.value))
      .label(name.span, "not a policy");
    self.say(match near(&name.value, POLICIES.iter().copied()) {
      _ if let Some(habit) = habits::setting(&name.value) => habit.told(finding, name.span),
      _ if let Some(apart) = mends::apart(&name.value, POLICIES.iter().copied()) => {
        mends::blank(finding, name.span, &apart)
      }
      Some(near) => finding.meant(name.span, near),
      None => finding.help(format!("there are {}", listed(POLICIES.iter().copied()))),
    });
  }

  fn duration(&mut self, value: &ast::Expr, what: &str, place: Place) -> Setting {
    let value = match what {
      "timeout" => self.some_time(value, what, "lets nothing end"),
      "deadline" => self.some_time(value, what, "lets nothing begin"),
      "heartbeat" => self.some_time(value, what, "lets nothing be silent for a moment"),
      "cache" => self.some_time(value, what, "keeps nothing"),
      _ => self.time(value, &format!("`{what}`")),
    };
    Setting { place, value }
  }

  fn retry(&mut self, retry: &ast::Retry, place: Place) -> Retry {
    let times = self.check(&retry.times, &Type::int(), "`retry`");
    self.bounded(&times, 0, "`retry`");
    let wait = |body: &mut Self, value: &ast::Expr| body.time(value, "a wait between attempts");
    let backoff = match &retry.backoff {
      None => {
        self.default_backoff(retry, &times);
        Backoff::Default
      }
      Some(ast::Backoff::Fixed(value)) => {
        self.fixed_delay(&times, value);
        Backoff::Fixed(wait(self, value))
      }
      Some(ast::Backoff::Exponential { from, to }) => {
        let (from, to) = (wait(self, from), wait(self, to));
        if let (ExprKind::Literal(Value::Duration(lo)), ExprKind::Literal(Value::Duration(hi))) = (&from.kind, &to.kind)
          && lo > hi
        {
          let sources = &self.checker.loaded.sources;
          let fix = Fix::new("swap them").edit(from.span, sources.text(to.span));
          let finding = Diagnostic::new(&codes::BAD_BOUND, "`backoff` goes from the shorter wait to the longer")
            .label(from.span.to(to.span), "the other way round")
            .fix(fix.edit(to.span, sources.text(from.span)));
          self.say(finding);
        }
        Backoff::Exponential { from, to }
      }
    };
    let on = retry.on.as_ref().map(|filters| self.filters(filters));
    let unless = retry
      .unless
      .as_ref()
      .map(|filters| self.filters(filters))
      .unwrap_or_default();
    Retry {
      place,
      times,
      backoff,
      on,
      unless,
    }
  }

  fn filters(&mut self, filters: &[ast::FailureFilter]) -> Vec<FailureFilter> {
    let mut lowered = Vec::new();
    for filter in filters {
      let name = &filter.kind;
      let Some(kind) = self.failure_kind(name) else { continue };
      if let Some(code) = &filter.code
        && !matches!(kind, FailureKind::Exit | FailureKind::Http)
      {
        let finding = Diagnostic::new(
          &codes::BAD_SETTING,
          format!("a failure of kind `{}` has no code", name.value),
        )
        .label(code.span, "only `exit` and `http` have one");
        self.say(finding);
      }
      lowered.push(FailureFilter {
        kind,
        code: filter.code.as_ref().map(|code| code.value),
      });
    }
    lowered
  }

  /// The kind of failure that is written; says it where there is none.
  pub fn failure_kind(&mut self, name: &ast::Name) -> Option<FailureKind> {
    let found = FailureKind::find(&name.value);
    if found.is_none() {
      let kinds = crate::types::failure_kinds();
      let finding = Diagnostic::new(
        &codes::UNKNOWN_NAME,
        format!("there is no kind of failure `{}`", name.value),
      )
      .label(name.span, "not a kind");
      self.say(match near(&name.value, kinds) {
        Some(near) => finding.meant(name.span, near),
        None => finding.help(format!("there are {}", kinds.join(", "))),
      });
    }
    found
  }

  /// Says where an int that must be a bound has no upper end, or one that allows nothing.
  pub fn bounded(&mut self, value: &Expr, least: i64, what: &str) {
    let Type::Int(range) = value.ty.resolved() else { return };
    match range.max {
      // Each call says what it may be.
      None if self.checker.scope.open => {}
      None => {
        let finding = Diagnostic::new(&codes::UNBOUNDED, format!("{what} has no upper bound"))
          .label(value.span, format!("this is `{}`", value.ty))
          .help("give its type an upper end (`int(1..100)`), or write `min(n, 100)`");
        self.say(finding);
      }
      Some(_) => self.at_least(value, least, what),
    }
  }

  /// Says where an int is surely less than what means something.
  pub fn at_least(&mut self, value: &Expr, least: i64, what: &str) {
    let Type::Int(range) = value.ty.resolved() else { return };
    let fixed = matches!(value.kind, ExprKind::Literal(_) | ExprKind::Constant(ConstantId(_)));
    let low = range.max.is_some_and(|max| max < least) || fixed && range.min.is_some_and(|min| min < least);
    if low {
      let message = format!("{what} must be at least {least}");
      self.say(Diagnostic::new(&codes::BAD_BOUND, message).label(value.span, "allows nothing"));
    }
  }
}

/// A policy list as the pairs that `apply_policies` takes.
pub fn written(policies: &[Policy]) -> impl Iterator<Item = (&PolicyKind, Span)> {
  policies.iter().map(|policy| (&policy.kind, policy.span))
}

impl Checker<'_> {
  /// The bodies of `limit` declarations.
  pub fn check_limits(&mut self) {
    for at in 0..self.symbols.limits.len() {
      let declared = self.symbols.limits[at];
      let name = self.symbols.limit_names[at];
      let mut limit = hir::Limit {
        name: name.value.as_str().into(),
        concurrent: None,
        rate: None,
      };
      for policy in declared.it {
        self.limit_policy(declared.module, policy, &mut limit);
      }
      let parsed = !declared
        .it
        .iter()
        .any(|policy| matches!(policy.kind, PolicyKind::Broken | PolicyKind::Unknown(_)));
      if limit.concurrent.is_none() && limit.rate.is_none() && parsed {
        let finding = Diagnostic::new(&codes::UNBOUNDED, format!("the limit `{}` limits nothing", name.value))
          .label(name.span, "no bound")
          .help("give it `concurrent 10`, `rate 60 per 1m`, or both");
        self.say(finding);
      }
      self.program.limits.push(limit);
    }
  }

  fn limit_policy(&mut self, module: usize, policy: &Policy, limit: &mut hir::Limit) {
    let mut body = Body::new(self, module);
    let literal = |body: &mut Body<'_, '_>, value: &ast::Expr, ty: &Type, what: &str| {
      let value = body.check(value, ty, what);
      match value.kind {
        ExprKind::Literal(Value::Int(number)) | ExprKind::Literal(Value::Duration(number)) if number >= 1 => {
          Some(number)
        }
        _ if value.ty.is_unknown() => None,
        _ => {
          let finding = Diagnostic::new(&codes::BAD_BOUND, format!("{what} is a literal of at least 1"))
            .label(value.span, "shared by all runs: no place to compute it");
          body.say(finding);
          None
        }
      }
    };
    match &policy.kind {
      PolicyKind::Concurrent(value) => {
        limit.concurrent = literal(&mut body, value, &Type::int(), "`concurrent`").and_then(|n| u64::try_from(n).ok());
      }
      PolicyKind::Rate { count, per } => {
        let count = literal(&mut body, count, &Type::int(), "`rate`").and_then(|n| u64::try_from(n).ok());
        let per = literal(&mut body, per, &Type::Duration, "the span of a `rate`");
        limit.rate = count.zip(per);
      }
      PolicyKind::Unknown(name) => body.unknown_policy(name),
      PolicyKind::Broken => {}
      _ => {
        let finding = Diagnostic::new(&codes::MISPLACED_POLICY, "a limit holds `concurrent` and `rate`")
          .label(policy.span, "limits nothing");
        body.say(finding);
      }
    }
  }
}
