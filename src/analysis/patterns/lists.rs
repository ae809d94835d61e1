//! Lists of workers: their length is known at check time, so `each w in workers` is one arm per worker.

use std::rc::Rc;

use super::{
  super::{
    expressions::{broken, literal},
    names::Body,
  },
  BoundCallable, Callable, WorkerType, WorkerValue,
  passed::Works,
  sizes::MOST_NODES,
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{self, Arm, Branch, ElementPart, Expr, ExprKind, Literal, LocalId, NodeKind, Visit},
  source::Span,
  syntax::ast,
  types::{IntRange, ListType, Type},
  value::Value,
};

/// The workers that an `each` goes over.
pub struct WorkerList {
  ty: Rc<WorkerType>,
  /// Nothing while the pattern is looked at by itself.
  values: Option<Rc<[WorkerValue]>>,
}

impl Body<'_, '_> {
  /// What a name before `(` or in the place of a worker stands for, if it is a parameter.
  pub fn callable(&mut self, name: &str) -> Option<BoundCallable> {
    let found = self.callables.iter().rev().find_map(|scope| scope.get(name)).cloned()?;
    self.called.insert(found.span);
    Some(found)
  }

  /// As `callable`, for what stands at `span`.
  pub fn callable_at(&mut self, name: &str, span: Span) -> Option<Callable> {
    let bound = self.callable(name)?;
    self.marked(span, bound.span);
    Some(bound.callable)
  }

  pub fn callable_names(&self) -> impl Iterator<Item = &str> {
    self.callables.iter().flat_map(|scope| scope.keys().map(String::as_str))
  }

  pub fn put_callable(&mut self, name: &str, bound: BoundCallable) {
    if let Some(scope) = self.callables.last_mut() {
      scope.insert(name.to_owned(), bound);
    }
  }

  /// Says worker parameters that nothing calls or passes on.
  pub fn unused_callables(&mut self) {
    let unused = self.callables.iter().flatten();
    let unused = unused.filter(|(name, bound)| !self.called.contains(&bound.span) && !name.starts_with('_'));
    let unused: Vec<Diagnostic> = unused
      .map(|(name, bound)| {
        Diagnostic::new(&codes::UNUSED, format!("nothing calls the parameter `{name}`"))
          .label(bound.span, "not used")
          .help("take it away, or begin its name with `_`")
      })
      .collect();
    unused.into_iter().for_each(|finding| self.say(finding));
  }

  /// The workers that a name stands for, unless it is the name of a value.
  pub fn worker_list(&mut self, items: &ast::Expr) -> Option<WorkerList> {
    let ast::ExprKind::Name(name) = &items.kind else {
      return None;
    };
    if self.find(name).is_some() {
      return None;
    }
    match self.callable_at(name, items.span)? {
      Callable::Many(ty, values) => Some(WorkerList { ty, values }),
      Callable::One(..) => None,
    }
  }

  /// `len(workers)`
  pub fn worker_count(&mut self, arguments: &[ast::Argument], span: Span) -> Option<Expr> {
    let [argument] = arguments else { return None };
    let list = self.worker_list(&argument.value)?;
    Some(match list.length() {
      Some(length) => literal(Value::Int(length), Type::int_range(length, length), span),
      None => {
        let ty = Type::Int(IntRange {
          min: Some(0),
          max: None,
        });
        literal(Value::Int(0), ty, span)
      }
    })
  }

  /// The body of an `each` over workers; `item` holds the number of the one whose turn it is.
  pub fn worker_body(&mut self, each: &ast::Each, list: &WorkerList, item: LocalId) -> hir::Node {
    let values = list.values.as_deref().unwrap_or_default();
    if values.is_empty() {
      return self.turn(each, list, None);
    }
    let mut arms = Vec::new();
    let mut nodes = 0;
    for (at, value) in values.iter().enumerate() {
      let node = self.turn(each, list, Some(value));
      node.visit_nodes(&mut |_| nodes += 1);
      arms.push(Branch {
        patterns: vec![Literal::Int(i64::try_from(at).unwrap_or(i64::MAX))],
        arm: Arm {
          waits: Vec::new(),
          segment: self.works_name(value.works),
          node,
        },
      });
      if nodes > MOST_NODES {
        self.checker.too_many_nodes();
        break;
      }
    }
    let alternatives: Vec<(Type, Span)> = arms
      .iter()
      .map(|branch| (branch.arm.node.ty.clone(), branch.arm.node.span))
      .collect();
    let subject = Expr {
      kind: ExprKind::Local(item),
      ty: list.item_type(),
      span: each.item.span,
    };
    hir::Node {
      ty: self.joined(&alternatives, None),
      kind: NodeKind::Match {
        subject,
        arms,
        otherwise: None,
      },
      span: each.body.span,
      deadline: None,
      undo: None,
      finally: None,
      delay: None,
    }
  }

  /// The body for one of the workers.
  fn turn(&mut self, each: &ast::Each, list: &WorkerList, value: Option<&WorkerValue>) -> hir::Node {
    let value = value.map(|value| Rc::new(value.clone()));
    self.scoped(|inner| {
      inner.bind_callable(&each.item, Callable::One(list.ty.clone(), value));
      inner.node(&each.body)
    })
  }

  fn works_name(&self, works: Works) -> std::sync::Arc<str> {
    match works {
      Works::Worker(id) => self.checker.program.worker(id).name.clone(),
      Works::Orchestrator(id) => self.checker.program.orchestrator(id).name.clone(),
    }
  }
}

impl WorkerList {
  fn length(&self) -> Option<i64> {
    let values = self.values.as_ref()?;
    Some(i64::try_from(values.len()).unwrap_or(i64::MAX))
  }

  pub fn item_type(&self) -> Type {
    Type::Int(IntRange {
      min: Some(0),
      max: self.length().map(|length| length.saturating_sub(1).max(0)),
    })
  }

  /// The numbers of the workers, as a list.
  pub fn numbers(&self, span: Span) -> Expr {
    let Some(length) = self.length() else {
      return Expr {
        ty: Type::list(Type::int()),
        ..broken(span)
      };
    };
    let number = |at| ElementPart::Item(literal(Value::Int(at), Type::int_range(at, at), span));
    let count = u64::try_from(length).ok();
    Expr {
      kind: ExprKind::List((0..length).map(number).collect()),
      ty: Type::List(std::sync::Arc::new(ListType {
        item: if length == 0 { Type::Never } else { self.item_type() },
        min: count,
        max: count,
      })),
      span,
    }
  }
}
