//! Orchestrators: all signatures first, since they may call each other; then cycles; then bodies.

use std::collections::HashMap;

use super::{
  blocks::End,
  checker::Checker,
  cycles::{self, Need},
  edges,
  endings::failure_block,
  names::Body,
  reads::Reads,
  symbols::{Space, Target, number},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{self, ModuleId},
  syntax::ast::Signature,
  types::Type,
};

/// Orchestrators inside one another before it is said to be too deep.
const DEEPEST: usize = 3;

impl Checker<'_> {
  pub fn check_orchestrators(&mut self) {
    for at in 0..self.symbols.orchestrators.len() {
      self.sign_orchestrator(at);
    }
    let calls = self.orchestrator_calls();
    let (order, cycles) = cycles::order(self.symbols.orchestrators.len(), &calls);
    for path in &cycles {
      let name = |at: usize| self.symbols.orchestrators[at].it.name.value.clone();
      let finding = cycles::cycle(
        &codes::CALL_CYCLE,
        "orchestrators may not call each other in a circle",
        path,
        name,
      )
      .help("there is no recursion: a loop over data is `each`, a bounded loop `repeat`");
      self.say(finding);
    }
    if cycles.is_empty() {
      self.too_deep(&order, &calls);
    }
    self.lower_pools();
    for at in 0..self.symbols.orchestrators.len() {
      self.check_orchestrator(at);
    }
    if cycles.is_empty() {
      self.check_spending();
    }
    self.undone_failures();
    self.check_run_cycles();
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
      budget: None,
      overlap: None,
      body: hir::Block {
        steps: Vec::new(),
        result: None,
        span: declared.it.body.span,
      },
      on_failure: None,
    });
  }

  fn orchestrator_calls(&self) -> Vec<Need> {
    let mut calls = Vec::new();
    for (from, declared) in self.symbols.orchestrators.iter().enumerate() {
      for name in Reads::of_block(&declared.it.body).calls {
        if let Some(entry) = self.symbols.find(declared.module, Space::Callable, &name.value)
          && let [Target::Orchestrator(to)] = entry.targets[..]
        {
          calls.push(Need {
            from,
            to: to.0 as usize,
            span: name.span,
            how: "calls",
          });
        }
      }
    }
    calls
  }

  fn too_deep(&mut self, order: &[usize], calls: &[Need]) {
    let mut depth: HashMap<usize, usize> = HashMap::new();
    let mut below: HashMap<usize, Vec<&Need>> = HashMap::new();
    for call in calls {
      below.entry(call.from).or_default().push(call);
    }
    for &at in order {
      let below = below.get(&at).into_iter().flatten();
      let deepest = below
        .filter_map(|call| depth.get(&call.to).map(|depth| (depth + 1, call.span)))
        .max();
      depth.insert(at, deepest.map_or(1, |(depth, _)| depth));
      if let Some((levels, span)) = deepest
        && levels == DEEPEST + 1
      {
        let name = &self.symbols.orchestrators[at].it.name;
        let finding = Diagnostic::new(
          &codes::TOO_DEEP,
          format!("`{}` nests orchestrators {levels} levels deep", name.value),
        )
        .label(span, "the deepest goes through this call")
        .help(format!("{DEEPEST} levels are what people follow: flatten one"));
        self.say(finding);
      }
    }
  }

  fn check_orchestrator(&mut self, at: usize) {
    let declared = self.symbols.orchestrators[at];
    let params = self.program.orchestrators[at].params.clone();
    let output = self.program.orchestrators[at].output.clone();
    let unsigned = self.program.orchestrators[at].input == Type::Unknown;
    let mut body = Body::new(self, declared.module);
    body.resume(&params);
    body.unsigned = unsigned;
    let budget = body.budget_of(&declared.it.body);
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
    orchestrator.budget = budget;
    orchestrator.body = block;
    orchestrator.on_failure = handler;
    orchestrator.overlap = overlap;
  }
}
