//! What is called once a block is over: `undo`, `finally` and `on failure`, and whether that can be of any use.

use std::collections::{HashMap, HashSet};

use super::{
  blocks::End,
  checker::Checker,
  names::{Body, ReadCount},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{self, Ending, LocalId, NodeKind, OnFailure, OrchestratorId, Visit, WorkerId},
  source::Span,
  syntax::ast,
  types,
};

impl Body<'_, '_> {
  /// Lowers the node's `undo` and `finally`, in whose calls the name of the step is the node's value.
  pub fn endings(&mut self, written: &ast::Node, node: &mut hir::Node) {
    for (word, call) in [("undo", &written.undo), ("finally", &written.finally)] {
      let Some(call) = call else { continue };
      self.no_effect(word, call, (written, node));
      let ending = Some(Box::new(self.ending(word, call, node)));
      match word {
        "undo" => node.undo = ending,
        _ => node.finally = ending,
      }
    }
  }

  fn ending(&mut self, word: &str, call: &ast::Node, node: &hir::Node) -> Ending {
    let outside = std::mem::take(&mut self.reads);
    let own = self.own.take();
    let (value, lowered) = self.scoped(|body| {
      let value = own.as_ref().map(|own| body.bind_word(own, node.ty.clone(), node.span));
      (value, body.node(call))
    });
    self.own = own;
    let inside = std::mem::replace(&mut self.reads, outside);
    let called = matches!(lowered.kind, NodeKind::Work(_) | NodeKind::Orchestrate(_));
    if !called && !lowered.ty.is_unknown() {
      let finding = Diagnostic::new(&codes::ENDING_CALL, format!("`{word}` takes one call"))
        .label(call.span, "not a call of a worker or orchestrator")
        .help("give what is to be done there a name: an orchestrator may have as many steps as it takes");
      self.say(finding);
    }
    Ending {
      value,
      reads: self.take_over(inside, value),
      call: lowered,
    }
  }

  /// Counts the reads of a part for the whole; gives the names, but the one that is left out.
  fn take_over(&mut self, inside: HashMap<LocalId, ReadCount>, without: Option<LocalId>) -> Vec<LocalId> {
    let mut names = Vec::new();
    for (local, count) in inside {
      let whole = self.reads.entry(local).or_default();
      whole.all += count.all;
      whole.succeeded += count.succeeded;
      names.extend(Some(local).filter(|local| Some(*local) != without));
    }
    names.sort_unstable();
    names
  }

  fn no_effect(&mut self, word: &str, call: &ast::Node, (written, node): (&ast::Node, &hir::Node)) {
    let mut calls = false;
    node.visit_nodes(&mut |inner| {
      calls |= called(inner).is_some() || matches!(inner.kind, NodeKind::Dispatch(_) | NodeKind::RunPlan(_));
    });
    if calls || node.ty.is_unknown() {
      return;
    }
    let head = match &written.kind {
      ast::NodeKind::Expr(value) => value.span,
      _ => written.span,
    };
    let (undoes, help) = match word {
      "undo" => (
        "undo",
        "it stands behind a call: `copy = deploy(x) undo rollback(copy)`",
      ),
      _ => ("close", "it stands behind a call: `file = open(x) finally close(file)`"),
    };
    let finding = Diagnostic::new(&codes::NO_EFFECT, format!("there is nothing to {undoes}"))
      .label(head, "calls no worker")
      .label(call.span, format!("what should this {undoes}?"))
      .help(help);
    self.say(finding);
  }

  /// The body of `on failure`; `steps` are the names that it can't read.
  pub fn on_failure(&mut self, block: &ast::Block, steps: HashSet<String>) -> OnFailure {
    self.beyond = steps;
    let made = self.scoped(|body| {
      let error = body.bind_word("error", types::failure(), block.span);
      let block = body.aside(block, End::Handler);
      OnFailure { error, block }
    });
    self.beyond.clear();
    made
  }
}

/// The block of the first `on failure`; others are said elsewhere.
pub fn failure_block(body: &ast::Block) -> Option<&ast::Block> {
  body.steps.iter().find_map(|step| match &step.kind {
    ast::StepKind::Declaration(ast::Declaration::OnFailure(block)) => Some(block),
    _ => None,
  })
}

/// Whether a place lies in a fallback of the node.
pub fn in_fallback(node: &ast::Node, place: Span) -> bool {
  match &node.kind {
    ast::NodeKind::Catch { inner, handler } => {
      let inside = handler.span.start <= place.start && place.end <= handler.span.end;
      inside || in_fallback(inner, place)
    }
    _ => false,
  }
}

/// Who is called.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Called {
  Worker(WorkerId),
  Orchestrator(OrchestratorId),
}

fn called(node: &hir::Node) -> Option<Called> {
  match &node.kind {
    NodeKind::Work(call) => Some(Called::Worker(call.target)),
    NodeKind::Orchestrate(call) => Some(Called::Orchestrator(call.target)),
    _ => None,
  }
}

impl Checker<'_> {
  /// Says fallbacks that undo the very call that failed: what undoes it is known from an `undo`.
  pub fn undone_failures(&mut self) {
    let mut undoes: HashMap<(Called, Called), Span> = HashMap::new();
    for orchestrator in &self.program.orchestrators {
      orchestrator.visit_all(&mut |node| {
        let undo = node.undo.as_ref().map(|undo| &undo.call);
        if let (Some(done), Some((undo, span))) = (called(node), undo.and_then(|undo| Some((called(undo)?, undo.span))))
        {
          undoes.entry((done, undo)).or_insert(span);
        }
      });
    }
    let mut findings = Vec::new();
    for orchestrator in self.program.orchestrators.iter().filter(|_| !undoes.is_empty()) {
      orchestrator.visit_all(&mut |node| findings.extend(self.undone_failure(node, &undoes)));
    }
    findings.into_iter().for_each(|finding| self.say(finding));
  }

  fn undone_failure(&self, node: &hir::Node, undoes: &HashMap<(Called, Called), Span>) -> Option<Diagnostic> {
    let NodeKind::Catch { inner, handler, .. } = &node.kind else {
      return None;
    };
    let done = called(inner)?;
    let mut found = None;
    handler.node.visit_nodes(&mut |step| {
      if let (None, Some(undo)) = (&found, called(step)) {
        found = undoes.get(&(done, undo)).map(|written| (undo, step.span, *written));
      }
    });
    let (undo, span, written) = found?;
    let (done, undo) = (self.called_name(done), self.called_name(undo));
    let message = format!("`{undo}` would undo a call of `{done}` that has failed");
    let finding = Diagnostic::new(&codes::UNDO_OF_FAILED, message)
      .label(
        span,
        format!("runs when `{done}` has failed: there is nothing of it to undo"),
      )
      .label(written, format!("`{undo}` undoes `{done}`, as is said here"));
    Some(finding.help(format!(
      "`{done}(...) undo {undo}(...)` undoes it if something fails later; behind `catch` stands what is done instead"
    )))
  }

  fn called_name(&self, called: Called) -> &str {
    match called {
      Called::Worker(id) => &self.program.worker(id).name,
      Called::Orchestrator(id) => &self.program.orchestrator(id).name,
    }
  }
}
