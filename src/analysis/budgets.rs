//! Budgets: what an orchestrator may spend, and what one execution of a worker spends at most.

use super::names::Body;
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{Budget, Ceiling, Expr, ExprKind},
  source::Span,
  syntax::ast::{self, BudgetEntry, Declaration, StepKind},
  types::Type,
  value::Value,
};

/// What a budget bounds, in the order of the reference.
const ENTRIES: [&str; 4] = ["calls", "cost", "tokens", "time"];

impl Body<'_, '_> {
  /// The one `budget` among the lines of an orchestrator; only its parameters are in scope yet.
  pub(super) fn budget_of(&mut self, body: &ast::Block) -> Option<Budget> {
    let mut found: Option<Budget> = None;
    for step in &body.steps {
      let StepKind::Declaration(Declaration::Budget(entries)) = &step.kind else {
        continue;
      };
      match &found {
        Some(first) => {
          let finding = Diagnostic::new(&codes::DUPLICATE, "`budget` is given twice")
            .label(step.span, "again here")
            .label(first.span, "first here");
          self.say(finding);
        }
        None => found = Some(self.budget(entries, step.span)),
      }
    }
    found
  }

  fn budget(&mut self, entries: &[BudgetEntry], span: Span) -> Budget {
    let mut budget = Budget {
      calls: None,
      cost: None,
      tokens: None,
      time: None,
      span,
    };
    for BudgetEntry { what, value } in self.once_each(entries) {
      match what.value.as_str() {
        "calls" => budget.calls = Some(self.spent(value, &Type::int(), "`calls`")),
        "cost" => budget.cost = Some(self.spent(value, &Type::float(), "`cost`")),
        "tokens" => budget.tokens = Some(self.spent(value, &Type::int(), "`tokens`")),
        "time" => budget.time = Some(self.spent(value, &Type::Duration, "`time`")),
        _ => self.unknown_entry(what, "a budget", &ENTRIES),
      }
    }
    if entries.is_empty() {
      let finding = Diagnostic::new(&codes::UNBOUNDED, "the budget bounds nothing").label(span, "no bound");
      self.say(finding.help("give it `calls 500`, `cost $5`, `tokens 1M` or `time 30m`"));
    }
    budget
  }

  /// `budget { cost $0.50 }` of a worker.
  pub(super) fn ceiling(&mut self, entries: &[BudgetEntry]) -> Ceiling {
    let mut ceiling = Ceiling::default();
    for BudgetEntry { what, value } in self.once_each(entries) {
      match what.value.as_str() {
        "cost" => ceiling.cost = Some(self.shared(value, &Type::float(), "`cost`")),
        "tokens" => ceiling.tokens = Some(self.shared(value, &Type::int(), "`tokens`")),
        "calls" => self.not_of_one(what, "one execution is one call"),
        "time" => self.not_of_one(what, "the time of one execution is bounded by `timeout`"),
        _ => self.unknown_entry(what, "the budget of a worker", &ENTRIES[1..3]),
      }
    }
    ceiling
  }

  fn shared(&mut self, value: &ast::Expr, ty: &Type, what: &str) -> Expr {
    self.same_for_all(value, what);
    self.spent(value, ty, what)
  }

  fn not_of_one(&mut self, what: &ast::Name, why: &str) {
    let finding = Diagnostic::new(
      &codes::MISPLACED_POLICY,
      format!("the budget of a worker has no `{}`", what.value),
    )
    .label(what.span, "bounds nothing here")
    .help(format!(
      "{why}; for all calls together it stands in the `budget` of an orchestrator"
    ));
    self.say(finding);
  }

  fn once_each<'e>(&mut self, entries: &'e [BudgetEntry]) -> Vec<&'e BudgetEntry> {
    let mut kept: Vec<&BudgetEntry> = Vec::new();
    for entry in entries {
      if kept.iter().any(|other| other.what.value == entry.what.value) {
        let finding = Diagnostic::new(&codes::DUPLICATE, format!("`{}` is given twice", entry.what.value));
        self.say(finding.label(entry.what.span, "again here"));
      } else {
        kept.push(entry);
      }
    }
    kept
  }

  /// An amount, at least of something.
  fn spent(&mut self, value: &ast::Expr, ty: &Type, what: &str) -> Expr {
    let value = self.check(value, ty, what);
    let nothing = match value.kind {
      ExprKind::Literal(Value::Int(amount) | Value::Duration(amount)) => amount <= 0,
      ExprKind::Literal(Value::Float(amount)) => amount <= 0.0,
      _ => false,
    };
    if nothing {
      let finding = Diagnostic::new(&codes::BAD_BOUND, format!("{what} of a budget must be above 0"));
      self.say(finding.label(value.span, "allows nothing"));
    }
    value
  }
}
