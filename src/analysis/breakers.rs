//! Breakers and hedges: what their numbers must be, and where a copy or a silence could never count.

use super::{durations::milliseconds, names::Body, policies::WorkerPolicies, symbols::listed};
use crate::{
  diagnostics::{Diagnostic, codes, nearest},
  hir::{Breaker, Expr, ExprKind, Place, Setting},
  source::Span,
  syntax::ast::{self, BreakerEntry},
  types::{IntRange, Type},
  value::{Value, show_duration},
};

/// What a breaker says, in the order of the reference.
const ENTRIES: [&str; 3] = ["open", "probe", "close"];

/// What holds where nothing is written: failures, milliseconds, successes.
const OPEN: i64 = 3;
const PROBE: i64 = 30_000;
const CLOSE: i64 = 3;

impl Body<'_, '_> {
  pub(super) fn breaker(&mut self, entries: &[BreakerEntry], span: Span) -> Breaker {
    let mut breaker = Breaker {
      open: literal(Value::Int(OPEN), span),
      probe: literal(Value::Duration(PROBE), span),
      close: literal(Value::Int(CLOSE), span),
    };
    let mut seen: Vec<&str> = Vec::new();
    for BreakerEntry { what, value } in entries {
      if seen.contains(&what.value.as_str()) {
        let finding = Diagnostic::new(&codes::DUPLICATE, format!("`{}` is given twice", what.value));
        self.say(finding.label(what.span, "again here"));
        continue;
      }
      seen.push(&what.value);
      match what.value.as_str() {
        "open" => breaker.open = self.times(value, "`open after`"),
        "close" => breaker.close = self.times(value, "`close after`"),
        "probe" => breaker.probe = self.probe(value),
        _ => self.unknown_entry(what, "a breaker", &ENTRIES),
      }
    }
    let taken = ["open after 3", "probe after 30s", "close after 3"];
    let taken = taken.into_iter().zip(ENTRIES).filter(|(_, word)| !seen.contains(word));
    let taken: Vec<&str> = taken.map(|(default, _)| default).collect();
    if !taken.is_empty() {
      let finding = Diagnostic::new(
        &codes::DEFAULT_TAKEN,
        format!("the breaker goes by `{}` where nothing is said", taken.join(", ")),
      )
      .label(span, "when does it move?")
      .help("say it: `breaker { open after 3, probe after 30s, close after 3 }`");
      self.say(finding);
    }
    breaker
  }

  fn times(&mut self, value: &ast::Expr, what: &str) -> Expr {
    self.same_for_all(value, what);
    let value = self.check(value, &Type::int(), what);
    self.bounded(&value, 1, what);
    value
  }

  fn probe(&mut self, value: &ast::Expr) -> Expr {
    self.same_for_all(value, "`probe after`");
    self.time(value, "`probe after`")
  }

  /// A word in the braces of a policy that stands for nothing there.
  pub(super) fn unknown_entry(&mut self, word: &ast::Name, whose: &str, known: &[&'static str]) {
    let finding = Diagnostic::new(&codes::UNKNOWN_SETTING, format!("{whose} has no `{}`", word.value))
      .label(word.span, "means nothing here");
    let known = || known.iter().copied();
    self.say(match nearest(&word.value, known()) {
      Some(near) => finding.help(format!("there is `{near}`")),
      None => finding.help(format!("there are {}", listed(known()))),
    });
  }

  pub(super) fn hedge_unsafe(&mut self, worker: &str, hedge: Span, declared: Span) {
    let finding = Diagnostic::new(
      &codes::HEDGE_UNSAFE,
      format!("`{worker}` is hedged and is not `idempotent`"),
    )
    .label(hedge, "would do its work twice at once")
    .label(declared, "declared here")
    .help("if doing it twice is harmless, say `idempotent` in the worker; else leave the hedge out");
    self.say(finding);
  }

  /// Says where an attempt is over before its copy would begin, or before its silence would count. At a call only of
  /// what that call wrote.
  pub(super) fn never_in_time(&mut self, policies: &WorkerPolicies, place: Place) {
    let Some(timeout) = &policies.timeout else { return };
    let here = |setting: &Setting| setting.place == place || timeout.place == place;
    for (word, setting) in [("hedge", &policies.hedge), ("heartbeat", &policies.heartbeat)] {
      let Some(setting) = setting.as_ref().filter(|setting| here(setting)) else {
        continue;
      };
      let (Some(time), Some(most)) = (milliseconds(&setting.value), milliseconds(&timeout.value)) else {
        continue;
      };
      if time >= most {
        let finding = Diagnostic::new(
          &codes::BAD_BOUND,
          format!("`{word}` of {} never comes to anything", show_duration(time)),
        )
        .label(setting.value.span, "too late")
        .label(timeout.value.span, "the attempt is over then")
        .help(format!("a `{word}` is shorter than the `timeout`"));
        self.say(finding);
      }
    }
  }
}

fn literal(value: Value, span: Span) -> Expr {
  let ty = match value {
    Value::Int(int) => Type::Int(IntRange {
      min: Some(int),
      max: Some(int),
    }),
    _ => Type::Duration,
  };
  Expr {
    kind: ExprKind::Literal(value),
    ty,
    span,
  }
}
