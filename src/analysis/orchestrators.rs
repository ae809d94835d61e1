//! Orchestrators: all signatures first, since they may call each other; then cycles; then patterns; then bodies.

use super::{blocks::End, checker::Checker, edges, endings::failure_block, names::Body, symbols::number};
use crate::{
  hir::{self, ModuleId},
  syntax::ast::Signature,
  types::Type,
};

impl Checker<'_> {
  pub fn check_orchestrators(&mut self) {
    for at in 0..self.symbols.orchestrators.len() {
      self.sign_orchestrator(at);
    }
    self.lower_pools();
    self.check_patterns();
    for at in 0..self.symbols.orchestrators.len() {
      self.check_orchestrator(at);
    }
    self.undone_failures();
    self.check_run_cycles();
    self.check_sizes();
  }

  fn sign_orchestrator(&mut self, at: usize) {
    let declared = self.symbols.orchestrators[at];
    let mut body = Body::new(self, declared.module);
    let signed = body.sign(&declared.it.signature);
    self.program.orchestrators.push(hir::Orchestrator {
      name: declared.it.name.value.as_str().into(),
      module: ModuleId(number(declared.module)),
      doc: declared.item.doc.clone(),
      span: declared.it.name.span,
      contract: signed.contract,
      params: signed.params,
      input: signed.input,
      output: signed.output,
      overlap: None,
      body: hir::Block {
        steps: Vec::new(),
        result: None,
        span: declared.it.body.span,
      },
      on_failure: None,
      pattern: false,
    });
  }

  fn check_orchestrator(&mut self, at: usize) {
    let declared = self.symbols.orchestrators[at];
    self.enter_orchestrator(at);
    let params = self.program.orchestrators[at].params.clone();
    let output = self.program.orchestrators[at].output.clone();
    let unsigned = self.program.orchestrators[at].input == Type::Unknown;
    let mut body = Body::new(self, declared.module);
    body.resume(&params);
    body.unsigned = unsigned;
    let overlap = body.overlap(&declared.it.body, &output);
    let what = format!("the result of `{}`", declared.it.name.value);
    let (block, _) = body.block(
      &declared.it.body,
      End::Return {
        expected: &output,
        what: &what,
      },
    );
    let handler = failure_block(&declared.it.body).map(|block| {
      let steps = edges::names(&declared.it.body);
      body.on_failure(block, steps)
    });
    if let Signature::Own { params: written, .. } = &declared.it.signature {
      body.unused_params(written.iter(), &params);
    }
    let orchestrator = &mut self.program.orchestrators[at];
    orchestrator.body = block;
    orchestrator.on_failure = handler;
    orchestrator.overlap = overlap;
  }
}
