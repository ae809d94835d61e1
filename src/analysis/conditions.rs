//! Conditions, and what they prove: a test against null or a literal narrows the path that it tests.

use super::names::{Body, Fact};
use crate::{
  hir::{self, Expr},
  syntax::ast::{self, BinaryOperator, ExprKind, PatternKind, UnaryOperator},
  types::Type,
};

/// What is known where a condition holds, and where it does not.
#[derive(Clone, Debug, Default)]
pub struct Facts {
  pub holds: Vec<Fact>,
  pub fails: Vec<Fact>,
}

impl Facts {
  fn flipped(self) -> Self {
    Facts {
      holds: self.fails,
      fails: self.holds,
    }
  }
}

impl Body<'_, '_> {
  /// A condition: checked to be a bool, with what it proves.
  pub fn condition(&mut self, expr: &ast::Expr, what: &str) -> (Expr, Facts) {
    match &expr.kind {
      ExprKind::Binary { operator, left, right }
        if matches!(operator.value, BinaryOperator::And | BinaryOperator::Or) =>
      {
        stacker::maybe_grow(256 * 1024, 4 << 20, || {
          self.logic(operator.value, left, right, expr.span)
        })
      }
      ExprKind::Unary {
        operator: UnaryOperator::Not,
        operand,
      } => {
        let (inner, facts) = self.condition(operand, "the operand of `not`");
        let kind = hir::ExprKind::Not(Box::new(inner));
        (
          Expr {
            kind,
            ty: Type::bool(),
            span: expr.span,
          },
          facts.flipped(),
        )
      }
      _ => {
        let condition = self.check(expr, &Type::bool(), what);
        let facts = self.proves(expr);
        (condition, facts)
      }
    }
  }

  /// What a condition without `and`, `or`, `not` proves.
  fn proves(&mut self, expr: &ast::Expr) -> Facts {
    match &expr.kind {
      ExprKind::Binary { operator, left, right } => {
        let equal = match operator.value {
          BinaryOperator::Equal => true,
          BinaryOperator::NotEqual => false,
          _ => return Facts::default(),
        };
        let facts = match (pattern(left), pattern(right)) {
          (_, Some(literal)) => self.equals(left, &literal),
          (Some(literal), None) => self.equals(right, &literal),
          (None, None) => Facts::default(),
        };
        if equal { facts } else { facts.flipped() }
      }
      ExprKind::Name(_) | ExprKind::Field { .. } => self.equals(expr, &PatternKind::Bool(true)),
      _ => Facts::default(),
    }
  }

  /// What `place == literal` proves.
  fn equals(&mut self, place: &ast::Expr, literal: &PatternKind) -> Facts {
    let mut facts = Facts {
      holds: self.narrowed(place, literal, true),
      fails: self.narrowed(place, literal, false),
    };
    let present = *literal != PatternKind::Null;
    self.present_bases(place, if present { &mut facts.holds } else { &mut facts.fails });
    facts
  }

  /// `a?.b` is not null: then neither is `a`.
  fn present_bases(&mut self, place: &ast::Expr, facts: &mut Vec<Fact>) {
    let ExprKind::Field { base, optional, .. } = &place.kind else {
      return;
    };
    if *optional
      && let (Some(path), Some(ty)) = (self.path(base), self.peek(base))
      && ty.accepts_null()
    {
      facts.push(Fact {
        path,
        ty: ty.without_null(),
      });
    }
    self.present_bases(base, facts);
  }

  /// The facts of a path that equals a literal, or does not: about itself, and about the union whose tag it is.
  pub fn narrowed(&mut self, place: &ast::Expr, literal: &PatternKind, equal: bool) -> Vec<Fact> {
    let mut facts = Vec::new();
    let Some(path) = self.path(place) else { return facts };
    if let Some(ty) = self.peek(place)
      && !matches!(ty.resolved(), Type::Json | Type::Unknown)
    {
      facts.push(Fact {
        path,
        ty: filtered(&ty, |member| agrees(member, literal, equal)),
      });
    }
    if let ExprKind::Field { base, name, .. } = &place.kind
      && let (Some(path), Some(ty)) = (self.path(base), self.peek(base))
      && matches!(ty.resolved(), Type::Union(_))
    {
      let tagged = |member: &Type| match member
        .as_record()
        .and_then(|record| record.fields.get(name.value.as_str()))
      {
        Some(field) => field.read().members().iter().any(|tag| agrees(tag, literal, equal)),
        None => agrees(&Type::Null, literal, equal),
      };
      facts.push(Fact {
        path,
        ty: filtered(&ty, tagged),
      });
    }
    facts
  }

  /// The type of a path, without a word about it.
  pub fn peek(&mut self, place: &ast::Expr) -> Option<Type> {
    let path = self.path(place)?;
    if let Some(known) = self.known(&path) {
      return Some(known);
    }
    match &place.kind {
      ExprKind::Name(name) => self.find(name).map(|binding| binding.ty.clone()),
      ExprKind::Field { base, name, .. } if super::overlaps::is_last_run(base, name) => {
        self.last.as_ref().map(|(_, ty)| ty.clone())
      }
      ExprKind::Field { base, name, .. } => {
        let base = self.peek(base)?;
        let null = base.accepts_null();
        let read = |member: &Type| {
          member
            .as_record()
            .and_then(|record| record.fields.get(name.value.as_str()))
            .map(crate::types::Field::read)
        };
        let all: Option<Vec<Type>> = base.without_null().members().iter().map(read).collect();
        let ty = all?
          .into_iter()
          .reduce(|a, b| crate::types::join(&a, &b).unwrap_or(Type::Unknown))?;
        Some(if null { ty.optional() } else { ty })
      }
      _ => None,
    }
  }
}

/// The literal that an expression is.
fn pattern(expr: &ast::Expr) -> Option<PatternKind> {
  match &expr.kind {
    ExprKind::Null => Some(PatternKind::Null),
    ExprKind::Bool(value) => Some(PatternKind::Bool(*value)),
    ExprKind::Int(value) => Some(PatternKind::Int(*value)),
    ExprKind::String(parts) => match &parts[..] {
      [] => Some(PatternKind::String(String::new())),
      [ast::StringPart::Text(text)] => Some(PatternKind::String(text.clone())),
      _ => None,
    },
    _ => None,
  }
}

fn filtered(ty: &Type, keep: impl Fn(&Type) -> bool) -> Type {
  let members: Vec<Type> = match ty.resolved() {
    Type::Bool(None) => vec![Type::Bool(Some(true)), Type::Bool(Some(false))],
    _ => ty.members(),
  };
  let kept: Vec<Type> = members.iter().filter(|member| keep(member)).cloned().collect();
  if kept.len() == members.len() && !matches!(ty.resolved(), Type::Bool(None)) {
    ty.clone()
  } else {
    Type::union(kept)
  }
}

/// Whether a member of a union stays possible where the value equals (or does not equal) the literal.
fn agrees(member: &Type, literal: &PatternKind, equal: bool) -> bool {
  match (member.resolved(), literal) {
    (Type::Null, PatternKind::Null) => equal,
    (Type::Null, _) => !equal,
    (_, PatternKind::Null) => !equal || matches!(member.resolved(), Type::Json | Type::Unknown),
    (Type::Literal(own), PatternKind::String(text)) => (**own == **text) == equal,
    (Type::Bool(Some(own)), PatternKind::Bool(value)) => (own == value) == equal,
    (Type::Int(range), PatternKind::Int(value)) => {
      let inside = range.min.is_none_or(|min| min <= *value) && range.max.is_none_or(|max| max >= *value);
      let only = range.min == Some(*value) && range.max == Some(*value);
      if equal { inside } else { !only }
    }
    (Type::String(rules), PatternKind::String(text)) => !equal || rules.check(text).is_ok(),
    (Type::Json | Type::Unknown, _) | (Type::Bool(None), PatternKind::Bool(_)) => true,
    _ => !equal,
  }
}
