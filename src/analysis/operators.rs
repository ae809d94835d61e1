//! Types operators.

use super::{checker::not_taken, conditions::Facts, expressions::broken, floats, mends, names::Body};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{Expr, ExprKind, LogicOperator, Operator},
  source::{Span, Spanned},
  syntax::ast::{self, BinaryOperator, UnaryOperator},
  types::{self, IntRange, Type},
  value::Value,
};

impl Body<'_, '_> {
  pub fn unary(&mut self, operator: UnaryOperator, operand: &ast::Expr, span: Span) -> Expr {
    match operator {
      UnaryOperator::Not => {
        let operand = self.check(operand, &Type::bool(), "the operand of `not`");
        Expr {
          kind: ExprKind::Not(Box::new(operand)),
          ty: Type::bool(),
          span,
        }
      }
      UnaryOperator::Negate => self.negate(operand, span),
    }
  }

  fn negate(&mut self, operand: &ast::Expr, span: Span) -> Expr {
    let operand = self.infer(operand);
    let flipped = |range: IntRange| IntRange {
      min: range.max.and_then(i64::checked_neg),
      max: range.min.and_then(i64::checked_neg),
    };
    let ty = match operand.ty.resolved() {
      Type::Int(range) => Type::Int(flipped(*range)),
      Type::Float(range) => Type::Float(types::FloatRange {
        min: range.max.map(|max| -max),
        max: range.min.map(|min| -min),
      }),
      Type::Duration => Type::Duration,
      Type::Unknown => Type::Unknown,
      _ => {
        self.bad_operand("-", &operand, "a number or a duration");
        return broken(span);
      }
    };
    match &operand.kind {
      ExprKind::Literal(Value::Int(value)) if value.checked_neg().is_some() => Expr {
        kind: ExprKind::Literal(Value::Int(-value)),
        ty,
        span,
      },
      _ => Expr {
        kind: ExprKind::Negate(Box::new(operand)),
        ty,
        span,
      },
    }
  }

  fn bad_operand(&mut self, symbol: &str, operand: &Expr, wanted: &str) {
    let null = may_be_null(&operand.ty);
    let message = match null {
      true => format!("an operand of `{symbol}` may be null"),
      false => format!("`{symbol}` takes {wanted}"),
    };
    let finding = not_taken(null, message).label(operand.span, format!("this is `{}`", operand.ty));
    self.say(if null {
      finding.help("give a default (`x ?? ...`), or test it first (`require x != null`)")
    } else {
      finding
    });
  }

  pub fn binary(
    &mut self,
    operator: &Spanned<BinaryOperator>,
    left: &ast::Expr,
    right: &ast::Expr,
    span: Span,
  ) -> Expr {
    use BinaryOperator::{Add, And, Coalesce, Divide, Equal, Multiply, NotEqual, Or, Remainder, Subtract};
    match operator.value {
      And | Or => self.logic(operator.value, left, right, span).0,
      Coalesce => self.coalesce(left, right, span),
      Equal | NotEqual => self.equality(operator.value, left, right, span),
      Add | Subtract | Multiply | Divide | Remainder => self.arithmetic(operator, left, right, span),
      _ => self.comparison(operator.value, left, right, span),
    }
  }

  /// `and`, `or`: the right side is checked under what the left side proves.
  pub fn logic(&mut self, operator: BinaryOperator, left: &ast::Expr, right: &ast::Expr, span: Span) -> (Expr, Facts) {
    let symbol = operator.symbol();
    let (left, from_left) = self.condition(left, &format!("the left side of `{symbol}`"));
    let and = operator == BinaryOperator::And;
    if !matches!(left.ty.resolved(), Type::Bool(_) | Type::Unknown | Type::Never) {
      self.infer(right);
      return (broken(span), Facts::default());
    }
    let known = if and {
      from_left.holds.clone()
    } else {
      from_left.fails.clone()
    };
    let what = format!("the right side of `{symbol}`");
    let (right, from_right) = self.given(&known, |body| body.condition(right, &what));
    let both = |a: &[super::names::Fact], b: &[super::names::Fact]| [a, b].concat();
    let facts = if and {
      Facts {
        holds: both(&from_left.holds, &from_right.holds),
        fails: Vec::new(),
      }
    } else {
      Facts {
        holds: Vec::new(),
        fails: both(&from_left.fails, &from_right.fails),
      }
    };
    let operator = if and { LogicOperator::And } else { LogicOperator::Or };
    let kind = ExprKind::Logic {
      operator,
      left: Box::new(left),
      right: Box::new(right),
    };
    (
      Expr {
        kind,
        ty: Type::bool(),
        span,
      },
      facts,
    )
  }

  fn coalesce(&mut self, left: &ast::Expr, right: &ast::Expr, span: Span) -> Expr {
    let (left, right) = self.pair(left, right);
    let value = left.ty.without_null();
    let ty = match types::join(&value, &right.ty) {
      Some(ty) => ty,
      None => {
        self.no_join(
          (&value, Some(left.span)),
          (&right.ty, right.span),
          "a value and its default",
        );
        Type::Unknown
      }
    };
    let kind = ExprKind::Logic {
      operator: LogicOperator::Coalesce,
      left: Box::new(left),
      right: Box::new(right),
    };
    Expr { kind, ty, span }
  }

  /// Two expressions of which one may be an int literal that is meant as a float.
  fn pair(&mut self, left: &ast::Expr, right: &ast::Expr) -> (Expr, Expr) {
    let (mut a, mut b) = (self.infer(left), self.infer(right));
    floats::agree(&mut [&mut a, &mut b]);
    (a, b)
  }

  fn equality(&mut self, operator: BinaryOperator, left: &ast::Expr, right: &ast::Expr, span: Span) -> Expr {
    let narrowed = self.is_narrowed(left) || self.is_narrowed(right);
    let (left, right) = self.pair(left, right);
    if let Some(secret) = [&left, &right].into_iter().find(|side| side.ty.holds_secret()) {
      self.leak(secret.span, "what is compared");
    } else if !narrowed && !comparable(&left.ty, &right.ty) {
      let message = format!("`{}` and `{}` are never equal", left.ty, right.ty);
      let finding = Diagnostic::new(&codes::BAD_OPERAND, message)
        .label(left.span, format!("this is `{}`", left.ty))
        .label(right.span, format!("this is `{}`", right.ty));
      let written = |side: &Expr| self.checker.loaded.sources.text(side.span);
      let fix = mends::literal(written(&right), right.span, &right.ty, &left.ty)
        .or_else(|| mends::literal(written(&left), left.span, &left.ty, &right.ty));
      self.say(match fix {
        Some(fix) => finding.help(fix.title.clone()).fix(fix),
        None => finding,
      });
    }
    let operator = if operator == BinaryOperator::Equal {
      Operator::Equal
    } else {
      Operator::NotEqual
    };
    binary_of(operator, left, right, Type::bool(), span)
  }

  /// Whether a test above proved something about this place: testing it again is no mistake.
  fn is_narrowed(&self, place: &ast::Expr) -> bool {
    self.path(place).is_some_and(|path| self.known(&path).is_some())
  }

  fn comparison(&mut self, operator: BinaryOperator, left: &ast::Expr, right: &ast::Expr, span: Span) -> Expr {
    let (left, right) = self.pair(left, right);
    let ordered = |a: &Type, b: &Type| match (a.resolved(), b.resolved()) {
      (Type::Unknown | Type::Never, _) | (_, Type::Unknown | Type::Never) => true,
      (Type::Int(_), Type::Int(_)) | (Type::Float(_), Type::Float(_)) => true,
      (Type::Time, Type::Time) | (Type::Duration, Type::Duration) => true,
      _ => is_text(a) && is_text(b),
    };
    if !ordered(&left.ty, &right.ty) {
      self.bad_pair(
        operator.symbol(),
        &left,
        &right,
        "two numbers of one kind, two strings, times or durations",
      );
    }
    let operator = match operator {
      BinaryOperator::Less => Operator::Less,
      BinaryOperator::LessOrEqual => Operator::LessOrEqual,
      BinaryOperator::Greater => Operator::Greater,
      _ => Operator::GreaterOrEqual,
    };
    binary_of(operator, left, right, Type::bool(), span)
  }

  fn bad_pair(&mut self, symbol: &str, left: &Expr, right: &Expr, wanted: &str) {
    if let Some(side) = [left, right].into_iter().find(|side| may_be_null(&side.ty)) {
      return self.bad_operand(symbol, side, wanted);
    }
    let mut finding = Diagnostic::new(&codes::BAD_OPERAND, format!("`{symbol}` takes {wanted}"))
      .label(left.span, format!("this is `{}`", left.ty))
      .label(right.span, format!("this is `{}`", right.ty));
    let number = |expr: &Expr| matches!(expr.ty.resolved(), Type::Int(_) | Type::Float(_));
    if number(left) && number(right) {
      finding = finding.help("`float(x)` makes a float of an int; `round(x)` an int of a float");
    } else if symbol == "+" && (is_text(&left.ty) || is_text(&right.ty)) {
      finding = finding.help("`\"${a}${b}\"` puts values together into a text");
    }
    self.say(finding);
  }

  fn arithmetic(
    &mut self,
    operator: &Spanned<BinaryOperator>,
    left: &ast::Expr,
    right: &ast::Expr,
    span: Span,
  ) -> Expr {
    let (left, right) = self.pair(left, right);
    let (operator, symbol) = (arithmetic_operator(operator.value), operator.value.symbol());
    let Some(ty) = arithmetic_type(operator, &left.ty, &right.ty) else {
      self.bad_pair(symbol, &left, &right, takes(operator));
      return broken(span);
    };
    let Some(ty) = ty else {
      self.no_join((&left.ty, Some(left.span)), (&right.ty, right.span), "the two lists");
      return broken(span);
    };
    Expr {
      kind: ExprKind::Binary {
        operator,
        left: Box::new(left),
        right: Box::new(right),
      },
      ty,
      span,
    }
  }
}

fn binary_of(operator: Operator, left: Expr, right: Expr, ty: Type, span: Span) -> Expr {
  let (left, right) = (Box::new(left), Box::new(right));
  let kind = ExprKind::Binary { operator, left, right };
  Expr { kind, ty, span }
}

fn arithmetic_operator(operator: BinaryOperator) -> Operator {
  match operator {
    BinaryOperator::Add => Operator::Add,
    BinaryOperator::Subtract => Operator::Subtract,
    BinaryOperator::Multiply => Operator::Multiply,
    BinaryOperator::Divide => Operator::Divide,
    _ => Operator::Remainder,
  }
}

fn takes(operator: Operator) -> &'static str {
  match operator {
    Operator::Add => "two numbers of one kind, two strings, two lists, durations, or a time and a duration",
    Operator::Subtract => "two numbers of one kind, durations, two times, or a time and a duration",
    Operator::Multiply => "two numbers of one kind, or a duration and an int",
    Operator::Divide => "two numbers of one kind, two durations, or a duration and an int",
    _ => "two ints",
  }
}

/// `None`: these operands are not taken; `Some(None)`: two lists without a common item type.
fn arithmetic_type(operator: Operator, a: &Type, b: &Type) -> Option<Option<Type>> {
  use Operator::{Add, Divide, Multiply, Remainder, Subtract};
  let ty = match (operator, a.resolved(), b.resolved()) {
    (_, Type::Unknown, _) | (_, _, Type::Unknown) => Type::Unknown,
    (Divide, Type::Int(_), Type::Int(_)) | (Divide, Type::Duration, Type::Duration) => Type::float(),
    (Add | Subtract | Multiply | Remainder, Type::Int(_), Type::Int(_)) => Type::int(),
    (Add | Subtract | Multiply | Divide, Type::Float(_), Type::Float(_)) => Type::float(),
    (Add | Subtract, Type::Duration, Type::Duration) => Type::Duration,
    (Add | Subtract, Type::Time, Type::Duration) | (Add, Type::Duration, Type::Time) => Type::Time,
    (Subtract, Type::Time, Type::Time) => Type::Duration,
    (Multiply | Divide, Type::Duration, Type::Int(_)) | (Multiply, Type::Int(_), Type::Duration) => Type::Duration,
    (Add, Type::List(a), Type::List(b)) => {
      let sum = |a: Option<u64>, b: Option<u64>| a.zip(b).and_then(|(a, b)| a.checked_add(b));
      let (min, max) = (sum(a.min.or(Some(0)), b.min.or(Some(0))), sum(a.max, b.max));
      return Some(
        types::join(&a.item, &b.item).map(|item| Type::List(std::sync::Arc::new(types::ListType { item, min, max }))),
      );
    }
    (Add, _, _) if is_text(a) && is_text(b) => Type::string(),
    _ => return None,
  };
  Some(Some(ty))
}

/// Whether a test against null would tell something: not for null itself, and `json` is read by other means.
pub fn may_be_null(ty: &Type) -> bool {
  ty.accepts_null() && !matches!(ty.resolved(), Type::Json | Type::Null | Type::Unknown)
}

/// Strings and unions of string literals.
pub fn is_text(ty: &Type) -> bool {
  ty.members()
    .iter()
    .all(|member| matches!(member.resolved(), Type::String(_) | Type::Literal(_) | Type::Unknown))
}

/// Whether some value could be of both types.
pub fn comparable(a: &Type, b: &Type) -> bool {
  a.members()
    .iter()
    .any(|a| b.members().iter().any(|b| alike(a.resolved(), b.resolved())))
}

fn alike(a: &Type, b: &Type) -> bool {
  match (a, b) {
    (Type::Literal(a), Type::Literal(b)) => a == b,
    (Type::Int(_), Type::Int(_)) => true,
    _ => types::distinguishable(&[a.clone(), b.clone()]).is_err() || a.is_unknown() || b.is_unknown(),
  }
}
