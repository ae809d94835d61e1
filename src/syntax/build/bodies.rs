//! Blocks and their steps.

use super::{Builder, Pair, children};
use crate::{
  diagnostics::{Diagnostic, codes},
  source::Span,
  syntax::{
    ast::{Block, Step, StepKind},
    parser::Rule,
  },
};

impl Builder<'_> {
  pub(super) fn block(&mut self, pair: Pair) -> Block {
    let span = self.span(&pair);
    let steps = self.nested(span, |builder| builder.steps(pair)).unwrap_or_default();
    Block { steps, span }
  }

  fn steps(&mut self, pair: Pair) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for part in children(pair) {
      let span = self.span(&part);
      let previous = steps.last().map(|step| step.span);
      let alone = part.as_rule() != Rule::gate || self.begins_line(previous, span);
      let kind = match alone {
        true => self.step(part),
        false => StepKind::Broken { name: None },
      };
      steps.push(Step { kind, span });
    }
    steps
  }

  /// A gate stands on a line of its own: so a stray word behind a step is no gate.
  fn begins_line(&mut self, previous: Option<Span>, gate: Span) -> bool {
    let Some(previous) = previous else { return true };
    if self.text[previous.range().end..gate.range().start].contains('\n') {
      return true;
    }
    if !self.is_damaged(previous.to(gate)) {
      let text = self.text[gate.range()].split_whitespace().next().unwrap_or_default();
      let message = format!(
        "expected the end of the step, found `{}`",
        super::literals::shortened(text)
      );
      let said = Diagnostic::new(&codes::SYNTAX, message).label(gate, "this does not belong to the step before it");
      self.report(
        said
          .label(previous, "this step")
          .help("a step without a name begins its own line"),
      );
    }
    false
  }

  fn step(&mut self, pair: Pair) -> StepKind {
    let rule = pair.as_rule();
    if rule == Rule::bad_step {
      self.explain(&pair, Rule::step_only);
      let name = self.named_by(&pair);
      return StepKind::Broken { name };
    }
    let mut parts = children(pair);
    let first = parts.next().expect("grammar: a step");
    match rule {
      Rule::named_step => StepKind::Named {
        name: self.name(&first),
        node: self.node(parts.next().expect("grammar: a node")),
      },
      Rule::gate => StepKind::Gate(self.node(first)),
      Rule::require_step => StepKind::Require {
        condition: self.expression(first),
        message: parts.next().map(|message| self.expression(message)),
      },
      Rule::return_step => StepKind::Return {
        value: self.expression(first),
        when: parts.next().map(|when| self.expression(when)),
      },
      Rule::yield_step => StepKind::Yield(self.expression(first)),
      _ => StepKind::Stage {
        name: self.name(&first),
        body: self.block(parts.next().expect("grammar: a body")),
      },
    }
  }

  /// The name that a broken step would have given: a word before `=` or `:=`.
  fn named_by(&self, pair: &Pair) -> Option<crate::syntax::ast::Name> {
    let name = self.first_word(pair)?;
    let after = self.text[name.span.range().end..].trim_start_matches([' ', '\t']);
    let named = after.starts_with(":=") || after.starts_with('=') && !after.starts_with("==");
    named.then_some(name)
  }
}
