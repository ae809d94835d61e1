//! Workers with some of their arguments filled in: `draft(_, tone: "dry")` has one parameter per `_`.

use super::{
  super::names::Body,
  Fill, WorkerValue,
  passed::{Input, Passed, counted},
};
use crate::{
  diagnostics::{Diagnostic, codes, nearest},
  source::Span,
  syntax::ast::{self, Argument},
};

impl Body<'_, '_> {
  /// A worker with arguments: those that are written, and `_` for those that stay open.
  pub fn with_holes(&mut self, base: Passed, span: Span, arguments: &[Argument]) -> Option<Passed> {
    let placed = self.place_holes(&base, arguments)?;
    let mut fills: Vec<Fill> = base.inputs.iter().map(|_| Fill::Default).collect();
    let mut inputs: Vec<Input> = Vec::new();
    for (argument, at) in arguments.iter().zip(&placed) {
      let input = &base.inputs[*at];
      if is_hole(&argument.value) {
        fills[*at] = Fill::Hole(inputs.len());
        inputs.push(Input {
          needed: true,
          ..input.clone()
        });
      } else {
        let what = format!("the argument `{}` of `{}`", input.name, base.shown);
        let value = self.check(&argument.value, &input.ty, &what);
        fills[*at] = Fill::Captured(Box::new(value), input.ty.clone());
      }
    }
    let without = base.inputs.iter().enumerate();
    let missing = without.filter(|(at, input)| input.needed && !placed.contains(at));
    let missing: Vec<String> = missing
      .map(|(_, input)| format!("`{}: {}`", input.name, input.ty))
      .collect();
    if !missing.is_empty() {
      let message = format!("`{}` is passed on without {}", base.shown, missing.join(", "));
      let finding = Diagnostic::new(&codes::BAD_ARGUMENTS, message)
        .label(span, "here")
        .help("give it a value, or leave it open with `_`");
      self.say(finding);
      return None;
    }
    let value = base.value.as_ref().map(|value| value.filled(&fills, span));
    Some(Passed {
      span,
      inputs,
      value,
      ..base
    })
  }

  /// For each argument the number of its parameter.
  fn place_holes(&mut self, base: &Passed, arguments: &[Argument]) -> Option<Vec<usize>> {
    let mut placed: Vec<usize> = Vec::new();
    for (at, argument) in arguments.iter().enumerate() {
      let behind = arguments[..at].iter().any(|before| before.label.is_some());
      let (found, span) = match &argument.label {
        None => (Some(at).filter(|at| *at < base.inputs.len()), argument.value.span),
        Some(label) => {
          let found = base.inputs.iter().position(|input| input.name == label.value);
          (found, label.span)
        }
      };
      match found {
        Some(found) if !(placed.contains(&found) || behind && argument.label.is_none()) => placed.push(found),
        _ => {
          self.stray_hole(base, argument, behind, span);
          self.holes_apart(&arguments[at..]);
          return None;
        }
      }
    }
    Some(placed)
  }

  fn stray_hole(&mut self, base: &Passed, argument: &Argument, behind: bool, span: Span) {
    let shown = &base.shown;
    let takes: Vec<&str> = base.inputs.iter().map(|input| input.name.as_str()).collect();
    let message = match &argument.label {
      Some(label) if takes.contains(&label.value.as_str()) => format!("`{}` is given twice", label.value),
      None if behind => "a positional argument stands after a named one".to_owned(),
      Some(label) => format!("`{shown}` has no parameter `{}`", label.value),
      None => format!("`{shown}` takes {} at most", counted(base.inputs.len(), "argument")),
    };
    let finding = Diagnostic::new(&codes::BAD_ARGUMENTS, message).label(span, "this argument");
    let label = argument.label.as_ref();
    self.say(
      match label.and_then(|label| nearest(&label.value, takes.iter().copied())) {
        Some(near) => finding.help(format!("there is `{near}`")),
        None => finding,
      },
    );
  }

  /// Looks at the arguments of a call whose worker is not known.
  pub fn holes_apart(&mut self, arguments: &[Argument]) {
    for argument in arguments.iter().filter(|argument| !is_hole(&argument.value)) {
      self.infer(&argument.value);
    }
  }
}

fn is_hole(expr: &ast::Expr) -> bool {
  matches!(&expr.kind, ast::ExprKind::Name(name) if name == "_")
}

impl WorkerValue {
  /// With more of its holes filled: `fills` has one entry per hole that is left.
  fn filled(&self, fills: &[Fill], span: Span) -> Self {
    let through = |fill: &Fill| match fill {
      Fill::Hole(at) => fills.get(*at).cloned().unwrap_or(Fill::Default),
      other => other.clone(),
    };
    Self {
      works: self.works,
      fills: self.fills.iter().map(through).collect(),
      span,
    }
  }

  /// As called with so many arguments: the others take their defaults.
  pub fn taking(mut self, count: usize) -> Self {
    for fill in &mut self.fills {
      if matches!(fill, Fill::Hole(at) if *at >= count) {
        *fill = Fill::Default;
      }
    }
    self
  }
}
