//! Types calls of the function table: how many arguments, and which of them is an expression over `it`. Their meaning
//! is in `eval`.

use super::{expressions::broken, floats::as_float, names::Body};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{Builtin, Expr, ExprKind, LocalId},
  source::Span,
  syntax::ast::{self, Argument},
  types::Type,
};

/// How the arguments of a function are read.
enum Shape {
  /// So many to so many plain values.
  Plain(usize, usize),
  /// A list, then an expression over `it`; optional where `false`.
  Over { needed: bool },
  /// A list and an optional expression over `it`, or two and more plain numbers.
  Extreme,
}

fn shape(builtin: Builtin) -> Shape {
  use Builtin as B;
  match builtin {
    B::Count | B::Any | B::All | B::Find | B::SortBy | B::GroupBy => Shape::Over { needed: true },
    B::Sum | B::Avg | B::Unique => Shape::Over { needed: false },
    B::Min | B::Max => Shape::Extreme,
    B::Take | B::Chunk | B::Zip | B::Merge | B::Join | B::Split => Shape::Plain(2, 2),
    B::Contains | B::StartsWith | B::EndsWith | B::Matches | B::Format => Shape::Plain(2, 2),
    B::Range | B::Round => Shape::Plain(1, 2),
    B::Replace => Shape::Plain(3, 3),
    B::First | B::Last | B::Flatten | B::Keys | B::Values | B::Succeeded | B::Failures => Shape::Plain(1, 1),
    B::Len | B::Lines | B::Trim | B::Lower | B::Upper | B::UrlEncode | B::Hash => Shape::Plain(1, 1),
    B::String | B::Int | B::Float | B::Json | B::ParseJson => Shape::Plain(1, 1),
    B::Ceil | B::Floor | B::Abs => Shape::Plain(1, 1),
  }
}

/// Typed arguments; with `it` the last of them is an expression per item.
struct Given {
  arguments: Vec<Expr>,
  it: Option<LocalId>,
}

impl Body<'_, '_> {
  pub fn builtin(&mut self, builtin: Builtin, callee: Span, written: &[Argument], span: Span) -> Expr {
    if let Some(label) = written.iter().find_map(|argument| argument.label.as_ref()) {
      let finding = Diagnostic::new(
        &codes::BAD_ARGUMENTS,
        format!("`{}` takes its arguments by position", builtin.name()),
      )
      .label(label.span, "no names here");
      self.say(finding);
      return broken(span);
    }
    if !self.right_count(builtin, callee, written.len()) {
      return broken(span);
    }
    let Some(mut given) = self.given_arguments(builtin, written) else {
      return broken(span);
    };
    let float = |value: &Expr| matches!(value.ty.resolved(), Type::Float(_));
    if matches!(shape(builtin), Shape::Extreme) && given.arguments.iter().any(float) {
      given.arguments.iter_mut().for_each(as_float);
    }
    if given
      .arguments
      .iter()
      .any(|argument| argument.ty.is_unknown() && argument.ty == Type::Unknown)
    {
      return broken(span);
    }
    if let Some(secret) = given.arguments.iter().find(|argument| argument.ty.holds_secret()) {
      self.leak(secret.span, &format!("what `{}` takes", builtin.name()));
      return broken(span);
    }
    match self.builtin_type(builtin, &given.arguments, given.it) {
      Some(ty) => Expr {
        kind: ExprKind::Builtin {
          function: builtin,
          arguments: given.arguments,
          it: given.it,
        },
        ty,
        span,
      },
      None => broken(span),
    }
  }

  /// Whether a call has so many arguments as its function takes; says it where not.
  fn right_count(&mut self, builtin: Builtin, callee: Span, count: usize) -> bool {
    let (least, most) = match shape(builtin) {
      Shape::Plain(least, most) => (least, most),
      Shape::Over { needed } => (if needed { 2 } else { 1 }, 2),
      Shape::Extreme => (1, usize::MAX),
    };
    if (least..=most).contains(&count) {
      return true;
    }
    let takes = match (least, most) {
      (1, 1) => "1 argument".to_owned(),
      (least, most) if least == most => format!("{least} arguments"),
      (1, usize::MAX) => "at least 1 argument".to_owned(),
      (least, most) => format!("{least} to {most} arguments"),
    };
    let message = format!("`{}` takes {takes}, found {count}", builtin.name());
    self.say(Diagnostic::new(&codes::BAD_ARGUMENTS, message).label(callee, "called here"));
    false
  }

  /// Each argument is typed once: a second time at every level would take for ever where calls are nested.
  fn given_arguments(&mut self, builtin: Builtin, written: &[Argument]) -> Option<Given> {
    if let Shape::Plain(..) = shape(builtin) {
      let typed = written
        .iter()
        .map(|argument| self.infer_argument(builtin, &argument.value));
      return Some(Given {
        arguments: typed.collect(),
        it: None,
      });
    }
    let first = self.infer(&written[0].value);
    match (shape(builtin), written) {
      (Shape::Extreme, [_, _, ..]) if first.ty.as_list().is_none() => {
        let rest: Vec<Expr> = written[1..]
          .iter()
          .map(|argument| self.infer(&argument.value))
          .collect();
        Some(Given {
          arguments: [vec![first], rest].concat(),
          it: None,
        })
      }
      (_, [_, _, third, ..]) => {
        let finding = Diagnostic::new(
          &codes::BAD_ARGUMENTS,
          format!(
            "`{}` over a list takes 1 to 2 arguments, found {}",
            builtin.name(),
            written.len()
          ),
        );
        self.say(finding.label(third.value.span, "this argument"));
        None
      }
      _ => self.over_list(builtin, first, written.get(1)),
    }
  }

  /// A list, and for some functions an expression over `it`.
  fn over_list(&mut self, builtin: Builtin, list: Expr, body: Option<&Argument>) -> Option<Given> {
    let item = self.item_type(&list, &format!("`{}` takes", builtin.name()));
    if item == Type::Unknown && list.ty.as_list().is_none() {
      return None;
    }
    let Some(body) = body else {
      return Some(Given {
        arguments: vec![list],
        it: None,
      });
    };
    let (body, it) = self.scoped(|inner| {
      let it = inner.bind_word("it", item, list.span);
      let body = if matches!(builtin, Builtin::Count | Builtin::Any | Builtin::All | Builtin::Find) {
        let what = format!("the condition of `{}`", builtin.name());
        inner.condition(&body.value, &what).0
      } else {
        inner.infer(&body.value)
      };
      (body, it)
    });
    Some(Given {
      arguments: vec![list, body],
      it: Some(it),
    })
  }

  /// `succeeded(x)` drops failures: counted apart from other reads.
  fn infer_argument(&mut self, builtin: Builtin, argument: &ast::Expr) -> Expr {
    let value = self.infer(argument);
    if let (Builtin::Succeeded, ExprKind::Local(local)) = (builtin, &value.kind) {
      self.reads.entry(*local).or_default().succeeded += 1;
    }
    value
  }
}
