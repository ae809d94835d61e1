//! What an `each` takes: `collect`, `tolerate` and `stop when`, and whether a condition can mean what it says.

use std::sync::Arc;

use super::{
  names::Body,
  policies::WorkerPolicies,
  reads::Reads,
  symbols::{Space, Target},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{Builtin, Expr, StopWhen, Take, Tolerance},
  source::Span,
  syntax::ast::{self, BinaryOperator, ExprKind, UnaryOperator},
  types::{self, ListType, Type},
};

/// `stop when e` as it was written.
#[derive(Clone, Debug)]
pub struct Stop {
  pub condition: ast::Expr,
  pub span: Span,
  /// The module of the group that it comes from.
  pub group: Option<usize>,
}

impl Body<'_, '_> {
  /// `tolerate 3`, `tolerate 1%`
  pub fn tolerance(&mut self, written: &ast::Tolerance) -> Tolerance {
    match written {
      ast::Tolerance::Count(count) => {
        let count = self.check(count, &Type::int(), "`tolerate`");
        self.at_least(&count, 0, "`tolerate`");
        Tolerance::Count(count)
      }
      ast::Tolerance::Percent(percent) => Tolerance::Percent(percent.value),
    }
  }

  /// What the policies of an `each` without a seed take.
  pub fn take(&mut self, policies: &WorkerPolicies) -> Take {
    match (policies.collect, &policies.tolerate) {
      (Some(collect), Some((tolerance, span))) => {
        let finding = Diagnostic::new(&codes::MISPLACED_POLICY, "`tolerate` can't stand beside `collect`")
          .label(*span, "says how many may be lost")
          .label(collect, "keeps each failure, so that none is lost")
          .help("count them below: `require len(failures(outcomes)) <= 3`; or leave `collect` out");
        self.say(finding);
        Take::Tolerate(tolerance.clone())
      }
      (Some(_), None) => Take::Collect,
      (None, Some((tolerance, _))) => Take::Tolerate(tolerance.clone()),
      (None, None) => Take::Nothing,
    }
  }

  /// Types the condition: `it` is a value of the body, `done` those that there are.
  pub fn stop_when(&mut self, stop: &Stop, value: &Type, most: Option<u64>, take: &Take) -> StopWhen {
    let backwards = self.stops_at_failures(stop, value, take);
    let mark = self.checker.findings.0.len();
    let lowered = match stop.group {
      Some(module) => Body::new(self.checker, module).condition_of_stop(stop, value, most),
      None => self.condition_of_stop(stop, value, most),
    };
    if backwards {
      self.checker.findings.0.truncate(mark);
    } else if self.checker.findings.0.len() == mark {
      self.constant_stop(&lowered);
    }
    lowered
  }

  fn condition_of_stop(&mut self, stop: &Stop, value: &Type, most: Option<u64>) -> StopWhen {
    self.scoped(|body| {
      let it = body.bind_word("it", value.clone(), stop.span);
      let list = ListType {
        item: value.clone(),
        min: None,
        max: most,
      };
      let done = body.bind_word("done", Type::List(Arc::new(list)), stop.span);
      let condition = body.condition(&stop.condition, "the condition after `stop when`").0;
      StopWhen {
        it,
        done,
        reads_done: condition.mentions(done),
        condition,
      }
    })
  }

  /// As `stop_when`, where what it stands on is not known: in a group.
  pub fn stop_in_group(&mut self, stop: &Stop) {
    self.condition_of_stop(stop, &Type::Unknown, None);
  }

  fn constant_stop(&mut self, stop: &StopWhen) {
    let reads = |expr: &Expr| expr.mentions(stop.it) || stop.reads_done;
    if reads(&stop.condition) {
      return;
    }
    let finding = Diagnostic::new(&codes::CONSTANT_STOP, "no value can change this condition")
      .label(stop.condition.span, "reads neither `it` nor `done`")
      .help("`it` is the latest value, `done` are the values so far: `stop when len(done) == 2`");
    self.say(finding);
  }

  /// Says a condition that is after failures: a failure is never what a group looks for.
  fn stops_at_failures(&mut self, stop: &Stop, value: &Type, take: &Take) -> bool {
    let outcomes = types::is_outcome(value);
    let own = value.as_record().is_some_and(|record| record.fields.contains_key("ok"));
    let looked_for = self.sign_of(&stop.condition);
    let collects = matches!(take, Take::Collect) && !own && !value.is_unknown();
    let (place, label, help) = match looked_for {
      Some((span, _)) if collects => (span, "looks at outcomes", COLLECTED),
      Some((span, Sign::Failure)) if outcomes => (span, "looks for a failure", OUTCOMES),
      None if outcomes => (stop.condition.span, "takes a failure like a value", OUTCOMES),
      _ => return false,
    };
    let message = "a failure would count as what the group looks for";
    let finding = Diagnostic::new(&codes::FAILURE_AS_SUCCESS, message).label(place, label);
    let finding = finding.help(help);
    self.say(finding);
    true
  }

  /// What a condition looks for in outcomes, and where; a failure before a success.
  fn sign_of(&self, expr: &ast::Expr) -> Option<(Span, Sign)> {
    let mut found = None;
    signs(expr, false, &mut |span, sign, callee: Option<&ast::Name>| {
      let builtin = callee.is_none_or(|name| self.is_builtin(name));
      let more = found.is_none_or(|(_, earlier)| earlier == Sign::Success && sign == Sign::Failure);
      if builtin && more {
        found = Some((span, sign));
      }
    });
    found
  }

  fn is_builtin(&self, name: &ast::Name) -> bool {
    let own = self.checker.symbols.find(self.module, Space::Callable, &name.value);
    let own = own.is_some_and(|entry| !matches!(entry.targets[..], [Target::Broken]));
    !own && Builtin::find(&name.value).is_some()
  }
}

const COLLECTED: &str = "`collect` keeps failures; `it` and `done` are the values of those that succeeded";
const OUTCOMES: &str = "let what fails fail: without `attempt`, `it` and `done` are the values of those that succeeded";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
  Success,
  Failure,
}

/// Finds tests of `ok`, reads of `value` and `error`, calls of `succeeded` and `failures`.
fn signs(expr: &ast::Expr, negated: bool, found: &mut dyn FnMut(Span, Sign, Option<&ast::Name>)) {
  let sign = |failure: bool| if failure { Sign::Failure } else { Sign::Success };
  match &expr.kind {
    ExprKind::Unary {
      operator: UnaryOperator::Not,
      operand,
    } => signs(operand, !negated, found),
    ExprKind::Field { base, name, .. } => {
      match name.value.as_str() {
        "ok" => found(expr.span, sign(negated), None),
        "error" => found(expr.span, Sign::Failure, None),
        "value" => found(expr.span, Sign::Success, None),
        _ => {}
      }
      signs(base, negated, found);
    }
    ExprKind::Call { callee, arguments } => {
      match callee.value.as_str() {
        "failures" => found(expr.span, Sign::Failure, Some(callee)),
        "succeeded" => found(expr.span, Sign::Success, Some(callee)),
        _ => {}
      }
      arguments
        .iter()
        .for_each(|argument| signs(&argument.value, negated, found));
    }
    ExprKind::Binary { operator, left, right } => {
      let flips = match operator.value {
        BinaryOperator::Equal => is_bool(left, false) || is_bool(right, false),
        BinaryOperator::NotEqual => is_bool(left, true) || is_bool(right, true),
        _ => false,
      };
      [left, right]
        .into_iter()
        .for_each(|side| signs(side, negated != flips, found));
    }
    _ => inside(expr, &mut |part| signs(part, negated, found)),
  }
}

fn is_bool(expr: &ast::Expr, value: bool) -> bool {
  matches!(expr.kind, ExprKind::Bool(written) if written == value)
}

/// The expressions directly inside of those that say nothing of outcomes themselves.
fn inside(expr: &ast::Expr, visit: &mut dyn FnMut(&ast::Expr)) {
  match &expr.kind {
    ExprKind::Unary { operand: inner, .. } | ExprKind::Cast { value: inner, .. } => visit(inner),
    ExprKind::Index { base, index } => {
      visit(base);
      visit(index);
    }
    ExprKind::Comprehension {
      body, items, condition, ..
    } => {
      visit(body);
      visit(items);
      condition.iter().for_each(|condition| visit(condition));
    }
    ExprKind::If {
      condition,
      then,
      otherwise,
    } => {
      visit(condition);
      visit(then);
      otherwise.iter().for_each(|value| visit(value));
    }
    _ => {}
  }
}

/// The names that `stop when` reads around it: `it` and `done` are its own.
pub fn outside(condition: &ast::Expr) -> Reads<'_> {
  let mut reads = Reads::of_expr(condition);
  reads.names.retain(|read| !matches!(read.name, "it" | "done"));
  reads
}
