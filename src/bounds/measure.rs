//! From expressions to what is known of their values. Knows nothing of steps.

use std::sync::Arc;

use super::{
  bound::Bound,
  frame::{Frame, bound_to, entering},
  shape::{Fields, Shape},
  symbols::Owner,
};
use crate::{
  hir::{ConstantId, ElementPart, Expr, ExprKind, FieldPart, FunctionId, LogicOperator, Operator},
  types::Type,
  value::Value,
};

const RED_ZONE: usize = 128 << 10;
const MORE_STACK: usize = 1 << 20;

impl Frame<'_, '_> {
  /// What is known of the value.
  pub fn shape(&mut self, expr: &Expr) -> Shape {
    let shape = stacker::maybe_grow(RED_ZONE, MORE_STACK, || self.shape_of(expr));
    shape.refined(&expr.ty)
  }

  fn shape_of(&mut self, expr: &Expr) -> Shape {
    match &expr.kind {
      ExprKind::Literal(value) => Shape::of(value),
      ExprKind::Local(local) => match self.locals.get(local) {
        Some(shape) => shape.clone(),
        None => self.fresh("value", &expr.ty),
      },
      ExprKind::Constant(id) => self.constant(*id),
      ExprKind::Cards(pool) => {
        let members = self.analysis.program.pool(*pool).members.len();
        let card = self.fresh("describe", &expr.ty).item();
        Shape::list(Bound::number(members as u128), card)
      }
      ExprKind::Run => self.fresh("run", &expr.ty),
      ExprKind::Field { base, name, .. } => self.shape(base).field(name),
      ExprKind::Index { base, .. } => self.shape(base).item(),
      ExprKind::Not(_) | ExprKind::Text(_) => Shape::default(),
      ExprKind::Negate(_) => unknown(&expr.ty),
      ExprKind::Binary { operator, left, right } => self.binary(*operator, left, right, &expr.ty),
      ExprKind::Logic { operator, left, right } => match operator {
        LogicOperator::Coalesce => self.shape(left).or(&self.shape(right)),
        LogicOperator::And | LogicOperator::Or => Shape::default(),
      },
      ExprKind::Record(parts) => self.record(parts),
      ExprKind::List(parts) => self.list(parts),
      ExprKind::Comprehension { body, item, items, .. } => {
        let length = self.length(items);
        let of = self.shape(items).item();
        self.locals.insert(*item, of);
        Shape::list(length, self.shape(body))
      }
      ExprKind::If { then, otherwise, .. } => {
        let other = otherwise.as_ref().map(|other| self.shape(other));
        self.shape(then).or(&other.unwrap_or_default())
      }
      ExprKind::Match { arms, otherwise, .. } => {
        let arms = arms.iter().map(|(_, value)| value).chain(otherwise.as_deref());
        Shape::any(arms.map(|value| self.shape(value)).collect::<Vec<_>>())
      }
      ExprKind::Builtin {
        function,
        arguments,
        it,
      } => self.builtin(*function, arguments, *it, &expr.ty),
      ExprKind::Function { function, arguments } => self.function(*function, arguments),
      ExprKind::Cast(inner) => self.shape(inner).cast(&expr.ty),
    }
  }

  fn constant(&mut self, id: ConstantId) -> Shape {
    if let Some(shape) = self.analysis.constants.get(&id) {
      return shape.clone();
    }
    let constant = &self.analysis.program.constants[id.0 as usize];
    let owner = Owner::Let(constant.name.clone());
    let shape = self.inside(owner, "", [].into()).shape(&constant.value);
    self.analysis.constants.insert(id, shape.clone());
    shape
  }

  fn function(&mut self, id: FunctionId, arguments: &[Expr]) -> Shape {
    let function = self.analysis.program.function(id);
    let owner = Owner::Let(function.name.clone());
    let mut arguments: Vec<Shape> = arguments.iter().map(|argument| self.shape(argument)).collect();
    let known = self.analysis.functions.entry(id).or_default();
    if let Some(shape) = known.find(&arguments) {
      return shape;
    }
    if known.is_full() {
      arguments = entering(&owner, &function.params);
      if let Some(shape) = known.find(&arguments) {
        return shape;
      }
    }
    let locals = bound_to(&function.params, arguments.clone());
    let shape = self.inside(owner, "", locals).shape(&function.body);
    let known = self.analysis.functions.entry(id).or_default();
    known.keep(arguments, shape.clone());
    shape
  }

  fn record(&mut self, parts: &[FieldPart]) -> Shape {
    let mut fields = Fields::new();
    for part in parts {
      match part {
        FieldPart::Field(name, value) => _ = fields.insert(name.clone(), self.shape(value)),
        FieldPart::Spread(record) => fields.extend(self.shape(record).fields()),
      }
    }
    Shape::record(fields)
  }

  fn list(&mut self, parts: &[ElementPart]) -> Shape {
    let (mut length, mut item) = (Bound::zero(), Shape::default());
    for part in parts {
      let (more, of) = match part {
        ElementPart::Item(value) => (Bound::number(1), self.shape(value)),
        ElementPart::Spread(list) => (self.length(list), self.shape(list).item()),
      };
      length = length.plus(&more);
      item = item.or(&of);
    }
    Shape::list(length, item)
  }

  fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr, ty: &Type) -> Shape {
    if ty.as_list().is_some() {
      let length = self.length(left).plus(&self.length(right));
      return Shape::list(length, self.shape(left).item().or(&self.shape(right).item()));
    }
    if !is_number(ty) {
      return Shape::default();
    }
    Shape::number(self.arithmetic(operator, left, right))
  }

  /// At most how much; `None` where that is not known.
  fn arithmetic(&mut self, operator: Operator, left: &Expr, right: &Expr) -> Option<Bound> {
    match operator {
      Operator::Add => Some(self.most(left)?.plus(&self.most(right)?)),
      Operator::Subtract if never_below_zero(right) => self.most(left),
      Operator::Multiply if never_below_zero(left) && never_below_zero(right) => {
        Some(self.most(left)?.times(&self.most(right)?))
      }
      Operator::Divide if never_below_zero(left) => {
        let least = least(right).filter(|least| *least > 0)?;
        Some(self.most(left)?.divided(least))
      }
      Operator::Remainder if never_below_zero(right) => self.most(right),
      _ => None,
    }
  }

  /// The most that an int or duration is.
  pub fn most(&mut self, expr: &Expr) -> Option<Bound> {
    let shape = self.shape(expr);
    shape.most(&mut self.analysis.symbols)
  }
}

fn is_number(ty: &Type) -> bool {
  let number = |member: &Type| matches!(member.resolved(), Type::Int(_) | Type::Duration);
  ty.members().iter().any(number)
}

/// Nothing but its type.
pub fn unknown(ty: &Type) -> Shape {
  if is_number(ty) {
    Shape::number(None)
  } else {
    Shape::default()
  }
}

/// The least that an int is; `None` where that is below zero or not known.
pub fn least(expr: &Expr) -> Option<u128> {
  let written = match expr.ty.resolved() {
    Type::Int(range) => range.min.and_then(|min| u128::try_from(min).ok()),
    _ => None,
  };
  written.or_else(|| never_below_zero(expr).then_some(0))
}

/// Whether a number is surely 0 or more.
pub fn never_below_zero(expr: &Expr) -> bool {
  match (&expr.kind, expr.ty.resolved()) {
    (_, Type::Int(range)) if range.min.is_some_and(|min| min >= 0) => true,
    (ExprKind::Literal(Value::Duration(time)), _) => *time >= 0,
    (ExprKind::Binary { operator, left, right }, _) => {
      matches!(operator, Operator::Add | Operator::Multiply) && never_below_zero(left) && never_below_zero(right)
    }
    _ => false,
  }
}

/// Names of a record as text.
pub fn named<const N: usize>(fields: [(&str, Shape); N]) -> Shape {
  let fields = fields.into_iter().map(|(name, shape)| (Arc::from(name), shape));
  Shape::record(fields.collect())
}
