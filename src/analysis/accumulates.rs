//! Loops that go from page to page and keep the last one only: what each round gives overwrites what the rounds before
//! gave.

use std::{collections::HashSet, sync::Arc};

use super::{
  checker::Checker,
  origins::{Origins, field},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{Block, Expr, ExprKind, LocalId, Node, NodeKind, Operator, Repeat, Visit},
  types::Type,
  value::Value,
};

impl Checker<'_> {
  pub fn check_accumulation(&mut self) {
    let mut found = Vec::new();
    for orchestrator in &self.program.orchestrators {
      let origins = Origins::of(&orchestrator.body);
      orchestrator.body.visit_nodes(&mut |node| {
        if let NodeKind::Repeat(repeat) = &node.kind {
          found.extend(overwritten(repeat, &origins));
        }
      });
    }
    found.into_iter().for_each(|finding| self.say(finding));
  }
}

/// What a loop reads of the round before.
#[derive(Default)]
struct Before {
  fields: HashSet<Arc<str>>,
  /// All of it, in one piece.
  whole: bool,
}

impl Before {
  fn of(block: &Block, previous: LocalId) -> Self {
    let mut before = Self::default();
    let mut mentions = 0;
    block.expressions(&mut |expr| match &expr.kind {
      ExprKind::Local(local) if *local == previous => mentions += 1,
      ExprKind::Field { base, name, .. } if is(base, previous) => {
        before.fields.insert(name.clone());
        mentions -= 1;
      }
      _ => {}
    });
    before.whole = mentions > 0;
    before
  }
}

fn is(expr: &Expr, local: LocalId) -> bool {
  matches!(expr.kind, ExprKind::Local(own) if own == local)
}

/// The finding for a loop that follows a cursor and drops the lists that came with it.
fn overwritten(repeat: &Repeat, origins: &Origins<'_>) -> Option<Diagnostic> {
  let result = repeat.body.result.as_ref()?;
  let record = result.ty.as_record()?;
  let before = Before::of(&repeat.body, repeat.previous);
  if before.whole {
    return None;
  }
  let cursor = before
    .fields
    .iter()
    .find(|name| is_cursor(repeat, result, name, origins))?;
  let dropped = record.fields.iter().find(|(name, field)| {
    matches!(field.ty.without_null().resolved(), Type::List(_)) && !before.fields.contains(*name)
  });
  let (name, _) = dropped?;
  let place = match &result.kind {
    ExprKind::Record(parts) => field(parts, name).unwrap_or(result),
    _ => result,
  };
  let message = format!("each round overwrites the `{name}` of the one before");
  let finding = Diagnostic::new(&codes::DROPS_PREVIOUS, message)
    .label(place.span, format!("nothing reads `previous.{name}`"))
    .help(format!(
      "keep what there is: `{name}: previous.{name} + ...`, with a seed `from {{ {name}: [], ... }}`"
    ));
  Some(match read_of(&repeat.body, repeat.previous, cursor) {
    Some(span) => finding.label(span, "goes on where the round before ended"),
    None => finding,
  })
}

fn read_of(block: &Block, previous: LocalId, wanted: &str) -> Option<crate::source::Span> {
  let mut found = None;
  block.expressions(&mut |expr| {
    if let ExprKind::Field { base, name, .. } = &expr.kind
      && is(base, previous)
      && **name == *wanted
    {
      found = found.or(Some(expr.span));
    }
  });
  found
}

/// Whether a field of `previous` says where to go on: the loop ends when it is null, or it counts and a call is given it.
fn is_cursor(repeat: &Repeat, result: &Expr, name: &Arc<str>, origins: &Origins<'_>) -> bool {
  let handed_on = Expr {
    kind: ExprKind::Field {
      base: Box::new(result.clone()),
      name: name.clone(),
      optional: false,
    },
    ty: Type::Unknown,
    span: result.span,
  };
  let origin = origins.find(&handed_on);
  let mut ends = false;
  repeat.until.iter().for_each(|until| {
    until.whole(&mut |part| {
      if let ExprKind::Binary {
        operator: Operator::Equal,
        left,
        right,
      } = &part.kind
      {
        let tested = [(left, right), (right, left)]
          .into_iter()
          .find(|(_, null)| is_null(null));
        ends |= tested.is_some_and(|(value, _)| origin.is_some() && origins.find(value) == origin);
      }
    });
  });
  ends || counts(result, repeat.previous, name) && given_to_a_call(&repeat.body, repeat.previous, name)
}

fn is_null(expr: &Expr) -> bool {
  matches!(expr.kind, ExprKind::Literal(Value::Null))
}

/// `page: previous.page + 1`
fn counts(result: &Expr, previous: LocalId, name: &str) -> bool {
  let ExprKind::Record(parts) = &result.kind else {
    return false;
  };
  let Some(value) = field(parts, name) else { return false };
  match &value.kind {
    ExprKind::Binary {
      operator: Operator::Add,
      left,
      right,
    } => [left, right].into_iter().any(|side| reads(side, previous, name)),
    _ => false,
  }
}

fn reads(expr: &Expr, previous: LocalId, name: &str) -> bool {
  let mut found = false;
  expr.whole(&mut |part| {
    found |= matches!(&part.kind, ExprKind::Field { base, name: own, .. } if is(base, previous) && **own == *name);
  });
  found
}

fn given_to_a_call(block: &Block, previous: LocalId, name: &str) -> bool {
  let mut given = false;
  block.visit_nodes(&mut |node: &Node| {
    if matches!(node.kind, NodeKind::Work(_) | NodeKind::Orchestrate(_)) {
      node.own_expressions(&mut |argument| given |= reads(argument, previous, name));
    }
  });
  given
}
