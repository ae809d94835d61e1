//! Operators by strength, without recursion: a flat run of operands and operators becomes a tree.

use super::{Builder, MAX_CHAIN, expressions::broken};
use crate::{
  diagnostics::{Diagnostic, Fix, codes},
  source::{Span, Spanned},
  syntax::{
    ast::{BinaryOperator, Expr, ExprKind, UnaryOperator},
    parser::Rule,
  },
};

/// An operator that still waits for what stands right of it.
#[derive(Clone, Copy)]
enum Waiting {
  Prefix(UnaryOperator, Span),
  Infix(BinaryOperator, Span),
}

/// The two stacks of the shunting yard.
#[derive(Default)]
pub(super) struct Yard {
  operands: Vec<Expr>,
  operators: Vec<Waiting>,
  /// Two comparisons in a row: said already.
  is_chained: bool,
}

impl Yard {
  pub(super) fn operand(&mut self, operand: Expr) {
    self.operands.push(operand);
  }

  pub(super) fn last(&mut self) -> Expr {
    self.operands.pop().expect("grammar: an operand")
  }

  pub(super) fn prefix(&mut self, operator: UnaryOperator, span: Span) {
    self.operators.push(Waiting::Prefix(operator, span));
  }

  fn join(&mut self) {
    let right = self.last();
    let joined = match self.operators.pop().expect("an operator") {
      Waiting::Prefix(operator, span) => Expr {
        span: span.to(right.span),
        kind: ExprKind::Unary {
          operator,
          operand: Box::new(right),
        },
      },
      Waiting::Infix(operator, place) => {
        let left = self.last();
        Expr {
          span: left.span.to(right.span),
          kind: ExprKind::Binary {
            operator: Spanned::new(operator, place),
            left: Box::new(left),
            right: Box::new(right),
          },
        }
      }
    };
    self.operands.push(joined);
  }

  fn binds_first(&self, strength: u8) -> bool {
    self
      .operators
      .last()
      .is_some_and(|waiting| waiting.strength() >= strength)
  }
}

impl Waiting {
  fn strength(self) -> u8 {
    match self {
      Waiting::Prefix(UnaryOperator::Not, _) => 3,
      Waiting::Prefix(UnaryOperator::Negate, _) => 8,
      Waiting::Infix(operator, _) => strength(operator),
    }
  }
}

impl Builder<'_> {
  pub(super) fn infix(&mut self, yard: &mut Yard, operator: BinaryOperator, span: Span) {
    let strength = strength(operator);
    while yard.binds_first(strength) {
      if let Some(Waiting::Infix(before, place)) = yard.operators.last()
        && strength == COMPARISON
        && self::strength(*before) == COMPARISON
      {
        self.say_chained((*before, *place), (operator, span));
        yard.is_chained = true;
      }
      yard.join();
    }
    yard.operators.push(Waiting::Infix(operator, span));
  }

  pub(super) fn finish(&mut self, mut yard: Yard) -> Expr {
    while !yard.operators.is_empty() {
      yard.join();
    }
    let whole = yard.last();
    match yard.is_chained {
      true => broken(whole.span),
      false => whole,
    }
  }

  fn say_chained(&mut self, first: (BinaryOperator, Span), second: (BinaryOperator, Span)) {
    let said = Diagnostic::new(&codes::SYNTAX, "comparisons do not chain")
      .label(second.1, "a second comparison")
      .label(first.1, "after this one")
      .help("write `a < b and b < c`");
    // Of `a == b == c` either half may be what is compared.
    let range = is_order(first.0) && is_order(second.0);
    let between = self.text[first.1.range().end..second.1.range().start].trim();
    self.report(match range && !between.is_empty() {
      true => said.fix(Fix::insert(second.1, second.1.range().start, format!("and {between} "))),
      false => said,
    });
  }

  /// Whether so many more levels fit on this path of the tree; says it if not.
  pub(super) fn fits_chain(&mut self, links: usize, span: Span) -> bool {
    if self.chain + links <= MAX_CHAIN {
      return true;
    }
    let first = !std::mem::replace(&mut self.too_deep, true);
    if first {
      let message = format!("more than {MAX_CHAIN} operators in one expression");
      self.report(
        Diagnostic::new(&codes::NESTING, message)
          .label(span, "")
          .help("name parts of it, or use a list and `join` or `sum`"),
      );
    }
    false
  }
}

const COMPARISON: u8 = 4;

fn strength(operator: BinaryOperator) -> u8 {
  use BinaryOperator::*;
  match operator {
    Or => 1,
    And => 2,
    Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual => COMPARISON,
    Coalesce => 5,
    Add | Subtract => 6,
    Multiply | Divide | Remainder => 7,
  }
}

/// The operator that a rule stands for.
pub(super) fn operator(rule: Rule) -> Option<BinaryOperator> {
  Some(match rule {
    Rule::kw_or => BinaryOperator::Or,
    Rule::kw_and => BinaryOperator::And,
    Rule::equal => BinaryOperator::Equal,
    Rule::not_equal => BinaryOperator::NotEqual,
    Rule::less => BinaryOperator::Less,
    Rule::less_equal => BinaryOperator::LessOrEqual,
    Rule::greater => BinaryOperator::Greater,
    Rule::greater_equal => BinaryOperator::GreaterOrEqual,
    Rule::coalesce => BinaryOperator::Coalesce,
    Rule::plus => BinaryOperator::Add,
    Rule::minus => BinaryOperator::Subtract,
    Rule::star => BinaryOperator::Multiply,
    Rule::slash => BinaryOperator::Divide,
    Rule::percent => BinaryOperator::Remainder,
    _ => return None,
  })
}

fn is_order(operator: BinaryOperator) -> bool {
  matches!(
    operator,
    BinaryOperator::Less | BinaryOperator::LessOrEqual | BinaryOperator::Greater | BinaryOperator::GreaterOrEqual
  )
}
