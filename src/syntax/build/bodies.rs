//! Blocks and their steps.

use super::{Builder, Pair, children};
use crate::{
  diagnostics::{Diagnostic, codes},
  source::Span,
  syntax::{
    ast::{Block, Declaration, Name, Step, StepKind},
    habits, mends,
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
      let rule = part.as_rule();
      let kind = match steps.last_mut() {
        Some(before) if self.runs_on(before, rule, span) => self.run_on(before, span),
        _ => self.step(part),
      };
      steps.push(Step { kind, span });
    }
    steps
  }

  /// Whether a step can't stand on the line of the one before it: a gate begins its own line, and nothing but a
  /// keyword follows one. So a stray word is no gate.
  fn runs_on(&self, before: &Step, rule: Rule, next: Span) -> bool {
    let gate = matches!(before.kind, StepKind::Gate(_) | StepKind::Broken { .. });
    let loose = matches!(rule, Rule::gate | Rule::bad_step) || gate && rule == Rule::named_step;
    loose && !self.text[before.span.range().end..next.range().start].contains('\n')
  }

  /// The next step; the one before it is broken too, unless names or facts of it are needed below.
  fn run_on(&mut self, before: &mut Step, next: Span) -> StepKind {
    let said_already = matches!(before.kind, StepKind::Broken { .. }) || self.is_damaged(before.span.to(next));
    if !said_already {
      let said = self.say_run_on(before.span, next);
      self.report(said);
    }
    match &before.kind {
      StepKind::Named { name, .. } => {
        before.kind = StepKind::Broken {
          names: vec![name.clone()],
        }
      }
      StepKind::Gate(_) | StepKind::Return { .. } | StepKind::Yield(_) => {
        before.kind = StepKind::Broken { names: Vec::new() }
      }
      _ => {}
    }
    StepKind::Broken {
      names: self.names_in(next),
    }
  }

  fn say_run_on(&self, before: Span, next: Span) -> Diagnostic {
    let word = self.text[next.range()].split_whitespace().next().unwrap_or_default();
    let message = format!(
      "expected the end of the step, found `{}`",
      super::literals::shortened(word)
    );
    let said = Diagnostic::new(&codes::SYNTAX, message)
      .label(next, "this does not belong to the step before it")
      .label(before, "this step");
    let help = habits::run_on(&self.text[before.range()], &self.text[next.range()]);
    let said = said.help(help);
    match mends::run_on(self.text, before, next, help) {
      Some(fix) => said.fix(fix),
      None => said,
    }
  }

  fn step(&mut self, pair: Pair) -> StepKind {
    let rule = pair.as_rule();
    if rule == Rule::bad_step {
      self.explain(&pair, Rule::step_only);
      let names = self.names_in(self.span(&pair));
      return StepKind::Broken { names };
    }
    if let Some(declaration) = self.declaration(&pair) {
      return StepKind::Declaration(declaration);
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

  fn declaration(&mut self, pair: &Pair) -> Option<Declaration> {
    let pair = pair.clone();
    Some(match pair.as_rule() {
      Rule::on_failure => Declaration::OnFailure(self.block(children(pair).next().expect("grammar: a body"))),
      Rule::budget => Declaration::Budget(self.budget(pair)),
      Rule::permit => Declaration::Permit(self.permit(pair)),
      Rule::overlap => {
        let mut parts = children(pair);
        let policy = self.name(&parts.next().expect("grammar: a word"));
        let by = parts.next().map(|by| self.expression(by));
        Declaration::Overlap { policy, by }
      }
      _ => return None,
    })
  }

  /// The names that a broken step would have given: the words before `=` or `:=`. Several where people write
  /// `(a, b) = ...`, or a name with marks in it.
  pub(in crate::syntax) fn names_in(&self, step: Span) -> Vec<Name> {
    let line = self.text[step.range()].lines().next().unwrap_or_default();
    let Some(end) = line.find(":=").or_else(|| line.find('=')) else {
      return Vec::new();
    };
    let several = line.starts_with(['(', '[', '{']);
    let marks = |c: char| is_word(c) || "-.,".contains(c) || several && "(){}[]".contains(c);
    let given = line[..end].trim_end();
    let is_spaced = |c: char| marks(c) || c == ' ' && given.contains(',');
    if line[end..].starts_with("==") || !given.chars().all(is_spaced) {
      return Vec::new();
    }
    let mut at = step.range().start;
    let mut names = Vec::new();
    for piece in given.split_inclusive(|c| !is_word(c)) {
      names.extend(self.word_at(at..at + piece.len(), 0));
      at += piece.len();
    }
    names
  }
}

fn is_word(c: char) -> bool {
  c.is_ascii_alphanumeric() || c == '_'
}
