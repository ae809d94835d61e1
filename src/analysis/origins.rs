//! Where values come from: which places of an orchestrator hold one and the same value, or the same value of another
//! round of a loop.

use std::{collections::HashMap, sync::Arc};

use crate::hir::{Block, Builtin, Expr, ExprKind, FieldPart, Inside, LocalId, LogicOperator, Node, NodeKind, StepKind};

/// A value: a name, then fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
  pub root: LocalId,
  pub fields: Vec<Arc<str>>,
}

/// More names than this stand for one value in loops that hand their own `previous` on.
const LONGEST: usize = 32;
/// Stands for the length of a list among fields; no field can be called so.
const LENGTH: &str = "len()";

/// Names that stand for what an expression gives.
#[derive(Default)]
pub struct Origins<'p> {
  names: HashMap<LocalId, &'p Expr>,
}

impl<'p> Origins<'p> {
  /// Of all names inside a block.
  pub fn of(block: &'p Block) -> Self {
    let mut origins = Self::default();
    origins.block(block);
    origins
  }

  fn block(&mut self, block: &'p Block) {
    for step in &block.steps {
      match &step.kind {
        StepKind::Node(node) => {
          if let (Some(local), Some(value)) = (step.local, value(node)) {
            self.names.insert(local, value);
          }
          self.node(node);
        }
        StepKind::Stage(block) => self.block(block),
        StepKind::Require { .. } | StepKind::ReturnWhen { .. } => {}
      }
    }
  }

  fn node(&mut self, node: &'p Node) {
    if let (NodeKind::Repeat(repeat), Some(value)) = (&node.kind, value(node)) {
      self.names.insert(repeat.previous, value);
    }
    node.inside(&mut |inside| match inside {
      Inside::Node(node) => self.node(node),
      Inside::Block(block) => self.block(block),
    });
  }

  /// Where the value of an expression comes from, as far as it is handed on unchanged.
  pub fn find(&self, expr: &Expr) -> Option<Origin> {
    self.follow(expr, Vec::new(), LONGEST)
  }

  /// `fields` are read of the expression, the first one last.
  fn follow(&self, mut expr: &Expr, mut fields: Vec<Arc<str>>, most: usize) -> Option<Origin> {
    loop {
      expr = match &expr.kind {
        ExprKind::Field { base, name, .. } => {
          fields.push(name.clone());
          base
        }
        ExprKind::Cast(inner)
        | ExprKind::Logic {
          operator: LogicOperator::Coalesce,
          left: inner,
          ..
        } => inner,
        ExprKind::Builtin {
          function: Builtin::Len,
          arguments,
          ..
        } => {
          fields.push(LENGTH.into());
          arguments.first()?
        }
        ExprKind::Record(parts) => match part(parts, fields.last()?)? {
          FieldPart::Field(_, value) => {
            fields.pop();
            value
          }
          FieldPart::Spread(value) => value,
        },
        ExprKind::Local(local) => return Some(self.name(*local, fields, most)),
        _ => return None,
      };
    }
  }

  fn name(&self, local: LocalId, mut fields: Vec<Arc<str>>, most: usize) -> Origin {
    let value = self.names.get(&local).filter(|_| most > 0);
    let further = value.and_then(|value| self.follow(value, fields.clone(), most - 1));
    further.unwrap_or_else(|| {
      fields.reverse();
      Origin { root: local, fields }
    })
  }
}

/// What a node gives, where it is an expression.
fn value(node: &Node) -> Option<&Expr> {
  match &node.kind {
    NodeKind::Value(value) => Some(value),
    NodeKind::Block(block) => block.result.as_ref(),
    NodeKind::Repeat(repeat) => repeat.body.result.as_ref(),
    _ => None,
  }
}

/// What a record literal has in a field, if it is written there.
pub fn field<'e>(parts: &'e [FieldPart], name: &str) -> Option<&'e Expr> {
  match part(parts, name)? {
    FieldPart::Field(_, value) => Some(value),
    FieldPart::Spread(_) => None,
  }
}

/// The part of a record literal that its field comes from: the last that has one, if that is certain.
fn part<'e>(parts: &'e [FieldPart], name: &str) -> Option<&'e FieldPart> {
  for part in parts.iter().rev() {
    match part {
      FieldPart::Field(own, _) if **own == *name => return Some(part),
      FieldPart::Field(..) => {}
      FieldPart::Spread(value) => {
        let record = value.ty.as_record()?;
        match record.fields.get(name) {
          Some(field) => return (!field.optional).then_some(part),
          None if record.open => return None,
          None => {}
        }
      }
    }
  }
  None
}
