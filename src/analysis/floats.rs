//! Int literals that stand among floats: what is written without a point is meant as a float there. Knows nothing of
//! names and findings.

use crate::{
  hir::{Block, Expr, ExprKind, Node, NodeKind},
  types::{self, FloatRange, Type},
  value::Value,
};

/// Whether an int literal can only be meant as a float there.
pub fn wants_float(expected: &Type) -> bool {
  let int = |ty: &Type| matches!(ty.resolved(), Type::Int(_) | Type::Json);
  has_float(expected) && !expected.members().iter().any(int)
}

fn has_float(ty: &Type) -> bool {
  ty.members()
    .iter()
    .any(|member| matches!(member.resolved(), Type::Float(_)))
}

/// The type of one float.
pub fn exactly(value: f64) -> Type {
  Type::Float(FloatRange {
    min: Some(value),
    max: Some(value),
  })
}

/// Alternatives that meet: where one is a float, int literals among the others become floats.
pub fn agree(alternatives: &mut [&mut Expr]) {
  if alternatives.iter().any(|expr| has_float(&expr.ty)) {
    alternatives.iter_mut().for_each(|expr| as_float(expr));
  }
}

/// The same for nodes.
pub fn nodes_agree(alternatives: &mut [&mut Node]) {
  if alternatives.iter().any(|node| has_float(&node.ty)) {
    alternatives.iter_mut().for_each(|node| node_as_float(node));
  }
}

/// An int literal, or a choice among such, becomes a float; anything else stays as it is.
#[expect(clippy::cast_precision_loss, reason = "a literal: what is written is what is meant")]
pub fn as_float(expr: &mut Expr) {
  if is_float(&expr.ty) || !is_meant(expr) {
    return;
  }
  match &mut expr.kind {
    ExprKind::Literal(Value::Int(value)) => {
      let value = *value as f64;
      expr.kind = ExprKind::Literal(Value::Float(value));
      expr.ty = exactly(value);
    }
    ExprKind::If { then, otherwise, .. } => {
      as_float(then);
      otherwise.iter_mut().for_each(|value| as_float(value));
      let other = otherwise.as_ref().map_or(Type::Null, |value| value.ty.clone());
      expr.ty = joined([then.ty.clone(), other]);
    }
    ExprKind::Match { arms, otherwise, .. } => {
      arms.iter_mut().for_each(|(_, value)| as_float(value));
      otherwise.iter_mut().for_each(|value| as_float(value));
      let arms = arms.iter().map(|(_, value)| value.ty.clone());
      expr.ty = joined(arms.chain(otherwise.iter().map(|value| value.ty.clone())));
    }
    _ => {}
  }
}

/// Whether every alternative is an int literal, a float or null.
fn is_meant(expr: &Expr) -> bool {
  match &expr.kind {
    _ if is_float(&expr.ty) => true,
    ExprKind::Literal(Value::Int(_)) => true,
    ExprKind::If { then, otherwise, .. } => is_meant(then) && otherwise.iter().all(|value| is_meant(value)),
    ExprKind::Match { arms, otherwise, .. } => {
      arms.iter().all(|(_, value)| is_meant(value)) && otherwise.iter().all(|value| is_meant(value))
    }
    _ => false,
  }
}

fn is_float(ty: &Type) -> bool {
  let float = |member: &Type| matches!(member.resolved(), Type::Float(_) | Type::Null | Type::Never);
  ty.members().iter().all(float)
}

fn node_as_float(node: &mut Node) {
  if is_float(&node.ty) || !is_node_meant(node) {
    return;
  }
  match &mut node.kind {
    NodeKind::Value(value) => {
      as_float(value);
      node.ty = value.ty.clone();
    }
    NodeKind::Block(Block {
      result: Some(result), ..
    }) => {
      as_float(result);
      node.ty = result.ty.clone();
    }
    NodeKind::If { then, otherwise, .. } => {
      node_as_float(&mut then.node);
      otherwise.iter_mut().for_each(|arm| node_as_float(&mut arm.node));
      let other = otherwise.as_ref().map_or(Type::Null, |arm| arm.node.ty.clone());
      node.ty = joined([then.node.ty.clone(), other]);
    }
    NodeKind::Match { arms, otherwise, .. } => {
      arms.iter_mut().for_each(|branch| node_as_float(&mut branch.arm.node));
      otherwise.iter_mut().for_each(|arm| node_as_float(&mut arm.node));
      let arms = arms.iter().map(|branch| branch.arm.node.ty.clone());
      node.ty = joined(arms.chain(otherwise.iter().map(|arm| arm.node.ty.clone())));
    }
    _ => {}
  }
}

fn is_node_meant(node: &Node) -> bool {
  match &node.kind {
    _ if is_float(&node.ty) => true,
    NodeKind::Value(value) => is_meant(value),
    NodeKind::Block(Block {
      result: Some(result), ..
    }) => is_meant(result),
    NodeKind::If { then, otherwise, .. } => {
      is_node_meant(&then.node) && otherwise.iter().all(|arm| is_node_meant(&arm.node))
    }
    NodeKind::Match { arms, otherwise, .. } => {
      arms.iter().all(|branch| is_node_meant(&branch.arm.node)) && otherwise.iter().all(|arm| is_node_meant(&arm.node))
    }
    _ => false,
  }
}

/// The common type of floats and nulls.
fn joined(alternatives: impl IntoIterator<Item = Type>) -> Type {
  let join = |a: Type, b: Type| types::join(&a, &b).unwrap_or(Type::Unknown);
  alternatives.into_iter().reduce(join).unwrap_or(Type::Never)
}
