//! `overlap`: what a second run with the same key does, and `run.last`, which only makes sense under one.

use super::names::Body;
use crate::{
  diagnostics::{Diagnostic, codes, nearest},
  hir::{Expr, ExprKind, LocalId, Overlap, OverlapPolicy},
  source::Span,
  syntax::ast::{self, Declaration, StepKind},
  types::Type,
};

impl Body<'_, '_> {
  /// The `overlap` of an orchestrator with this body; only its parameters are in scope.
  pub fn overlap(&mut self, body: &ast::Block, output: &Type) -> Option<Overlap> {
    let mut found: Option<(Overlap, Span)> = None;
    for step in &body.steps {
      let StepKind::Declaration(Declaration::Overlap { policy, by }) = &step.kind else {
        continue;
      };
      if let Some((_, first)) = &found {
        let finding = Diagnostic::new(&codes::DUPLICATE, "`overlap` is given twice");
        self.say(finding.label(step.span, "again here").label(*first, "first here"));
        continue;
      }
      let by = by.as_ref().map(|by| self.scalar(by, "the key of `overlap`"));
      if let Some(policy) = self.overlap_policy(policy) {
        let last = self.fresh();
        found = Some((Overlap { policy, by, last }, step.span));
      }
    }
    let (overlap, _) = found?;
    let success = Type::record([("started", Type::Time), ("value", output.clone())]);
    self.last = Some((overlap.last, success.optional()));
    Some(overlap)
  }

  fn overlap_policy(&mut self, name: &ast::Name) -> Option<OverlapPolicy> {
    const POLICIES: [(&str, OverlapPolicy); 3] = [
      ("skip", OverlapPolicy::Skip),
      ("queue", OverlapPolicy::Queue),
      ("cancel", OverlapPolicy::Cancel),
    ];
    let found = POLICIES.iter().find(|(word, _)| *word == name.value);
    if found.is_none() {
      let finding = Diagnostic::new(&codes::UNKNOWN_SETTING, format!("`overlap` knows no `{}`", name.value))
        .label(name.span, "what would a second run do?");
      let near = nearest(&name.value, POLICIES.iter().map(|(word, _)| *word));
      self.say(match near {
        Some(near) => finding.help(format!("there is `{near}`")),
        None => finding.help("a second run with the same key: `skip` it, `queue` it, or `cancel` the first"),
      });
    }
    found.map(|(_, policy)| *policy)
  }

  /// `run.last`: the last success under the same key.
  pub fn last_run(&mut self, span: Span) -> Expr {
    let Some((local, ty)) = self.last.clone() else {
      let finding = Diagnostic::new(&codes::UNKNOWN_FIELD, "there is no `run.last` here")
        .label(span, "the last run of what?")
        .help("it is the last success under a key: write `overlap skip by ...` in the orchestrator that reads it");
      self.say(finding);
      return super::expressions::broken(span);
    };
    self.reads.entry(local).or_default().all += 1;
    Expr {
      kind: ExprKind::Local(local),
      ty,
      span,
    }
  }

  /// Where the value of `run.last` is kept, if that is what is written.
  pub fn last_local(&self, base: &ast::Expr, name: &ast::Name) -> Option<LocalId> {
    self
      .last
      .as_ref()
      .filter(|_| is_last_run(base, name))
      .map(|(local, _)| *local)
  }
}

/// Whether `base.name` is `run.last`.
pub fn is_last_run(base: &ast::Expr, name: &ast::Name) -> bool {
  matches!(&base.kind, ast::ExprKind::Name(run) if run == "run") && name.value == "last"
}
