//! What is allowed and seldom meant: in declarations, and in what orchestrators do with workers.

use super::{checker::Checker, names::Body};
use crate::{
  diagnostics::{Diagnostic, Fix, Level, codes},
  hir::{Block, DEFAULT_WINDOW, Expr, Inside, Node, NodeKind, StepKind, Visit, WorkerKind},
  source::Span,
  syntax::ast::{self, FieldType, TypeExprKind},
  types::Type,
};

/// So many retries may keep one pace.
const STEADY: i64 = 2;
/// Fields without a doc comment that get a label each.
const LABELLED: usize = 6;

impl Checker<'_> {
  /// Looks at whole programs: what does not parse may hold what is missed. Of programs that can't run anyway, only what
  /// else keeps them from running is said.
  pub fn check_lints(&mut self) {
    if self.loaded.diagnostics.refuses() {
      return;
    }
    self.check_agreement();
    if !self
      .findings
      .0
      .iter()
      .any(|finding| finding.code.level == Level::Critical)
    {
      self.check_accumulation();
    }
    if self.findings.refuses() {
      return;
    }
    self.check_contract_habits();
    self.check_output_habits();
    self.check_call_habits();
  }

  fn check_contract_habits(&mut self) {
    let contracts: Vec<&ast::Contract> = self.symbols.contracts.iter().map(|declared| declared.it).collect();
    for contract in contracts {
      let name = &contract.name;
      if contract.version.is_none() {
        let finding = Diagnostic::new(
          &codes::NO_VERSION,
          format!("the contract `{}` has no version", name.value),
        )
        .label(name.span, "which one?")
        .help(format!(
          "write `{}@1`: `orch diff` then knows a new version from a broken promise",
          name.value
        ))
        .fix(Fix::insert(name.span, name.span.range().end, "@1"));
        self.say(finding);
      }
      self.undocumented_fields(contract);
    }
  }

  fn undocumented_fields(&mut self, contract: &ast::Contract) {
    let sides = [&contract.input, &contract.output].into_iter().flatten();
    let fields = sides.flat_map(|side| match &side.kind {
      TypeExprKind::Record { fields, .. } => fields.as_slice(),
      _ => &[],
    });
    let bare: Vec<&FieldType> = fields.filter(|field| field.doc.is_none()).collect();
    if bare.is_empty() {
      return;
    }
    let message = format!(
      "{} of the contract `{}` {} no doc comment",
      match bare.len() {
        1 => "a field".to_owned(),
        count => format!("{count} fields"),
      },
      contract.name.value,
      if bare.len() == 1 { "has" } else { "have" }
    );
    let finding =
      Diagnostic::new(&codes::BARE_FIELDS, message).help("write a line `/// ...` above it: planners read it too");
    let labels = bare.iter().take(LABELLED);
    self.say(labels.fold(finding, |finding, field| finding.label(field.name.span, "")));
  }

  /// Workers and contracts that answer with any text.
  fn check_output_habits(&mut self) {
    let contracts = self.symbols.contracts.iter().zip(&self.contracts);
    let contracts = contracts.map(|(declared, sides)| ("contract", &declared.it.name, &sides.output));
    let workers = self.symbols.workers.iter().zip(&self.program.workers);
    let own = workers.filter(|(declared, _)| matches!(declared.it.signature, ast::Signature::Own { .. }));
    let workers = own.map(|(declared, worker)| ("worker", &declared.it.name, &worker.output));
    let bare = contracts.chain(workers).filter(|(_, _, output)| is_any_text(output));
    let finding = |(what, name, _): (&str, &ast::Name, &Type)| {
      Diagnostic::new(
        &codes::BARE_OUTPUT,
        format!("the {what} `{}` answers with any text", name.value),
      )
      .label(name.span, "gives `string`")
      .help("say what the answer holds: a record (`{ summary: string }`), or which texts (`string(1..200)`)")
    };
    let found: Vec<Diagnostic> = bare.map(finding).collect();
    found.into_iter().for_each(|finding| self.say(finding));
  }

  fn check_call_habits(&mut self) {
    let mut found = Vec::new();
    for orchestrator in &self.program.orchestrators {
      let alone = only_call(&orchestrator.body).filter(|_| orchestrator.on_failure.is_none());
      found.extend(alone.map(|call| {
        let message = format!("`{}` calls one worker, once", orchestrator.name);
        Diagnostic::new(&codes::ONE_WORKER, message)
          .label(call, "the only call")
          .help("an orchestrator is worth its while with several workers or items; here the worker alone would do")
      }));
      orchestrator.visit_all(&mut |node| match &node.kind {
        NodeKind::Each(each) => self.unprotected(&each.body, &mut found),
        NodeKind::RunPlan(run) if run.concurrent.is_none() && run.most > DEFAULT_WINDOW => {
          let message = format!("`run` runs {DEFAULT_WINDOW} assignments at once where nothing is said");
          let finding = Diagnostic::new(&codes::DEFAULT_TAKEN, message).label(node.span, "how many at once?");
          found.push(finding.help(format!("say it: `with concurrent {DEFAULT_WINDOW}`")));
        }
        _ => {}
      });
    }
    found.into_iter().for_each(|finding| self.say(finding));
  }

  /// Calls in an `each` of workers whose failures nothing softens.
  fn unprotected(&self, body: &Node, found: &mut Vec<Diagnostic>) {
    body.visit_nodes(&mut |node| {
      let NodeKind::Work(call) = &node.kind else { return };
      let worker = self.program.worker(call.target);
      let protected = call.policies.retry.is_some() || worker.breaker.is_some();
      if !protected && !matches!(worker.kind, WorkerKind::Mock(_)) {
        let message = format!("`{}` is called for each item without `retry` or `breaker`", worker.name);
        let finding = Diagnostic::new(&codes::UNPROTECTED, message)
          .label(node.span, "every item meets the same trouble")
          .help(
            "`retry 2` tries again what may pass, in an `idempotent` worker; `breaker {}` stops calling what is down",
          );
        found.push(finding);
      }
    });
  }
}

impl Body<'_, '_> {
  /// Says the waits that a `retry` takes where none are written.
  pub fn default_backoff(&mut self, retry: &ast::Retry, times: &Expr) {
    if times.ty.is_unknown() {
      return;
    }
    let span = retry.times.span;
    let finding = Diagnostic::new(&codes::DEFAULT_TAKEN, "`retry` waits 1s to 30s where nothing is said")
      .label(span, "how long between attempts?")
      .help("say it: `backoff 1s..30s`")
      .fix(Fix::insert(span, span.range().end, " backoff 1s..30s"));
    self.say(finding);
  }

  /// Many retries at one pace. A few are no storm.
  pub fn fixed_delay(&mut self, times: &Expr, wait: &ast::Expr) {
    if let Type::Int(range) = times.ty.resolved()
      && range.max.is_some_and(|max| max <= STEADY)
    {
      return;
    }
    let text = self.checker.loaded.sources.text(wait.span);
    let finding = Diagnostic::new(
      &codes::FIXED_DELAY,
      format!("every retry waits `{text}`, however often it failed"),
    )
    .label(wait.span, "never longer")
    .help(format!("let it grow: `backoff {text}..30s`"));
    self.say(finding);
  }
}

impl Checker<'_> {}

fn is_any_text(ty: &Type) -> bool {
  *ty.resolved() == Type::string()
}

/// The call of a worker that is all that a block does.
fn only_call(block: &Block) -> Option<Span> {
  let mut calls = Vec::new();
  only_calls(block, &mut calls).then_some(())?;
  match calls[..] {
    [only] => Some(only),
    _ => None,
  }
}

/// Whether a block does nothing but compute, choose and call workers once; collects the calls.
fn only_calls(block: &Block, calls: &mut Vec<Span>) -> bool {
  block.steps.iter().all(|step| match &step.kind {
    StepKind::Node(node) => only_calls_of(node, calls),
    StepKind::Stage(block) => only_calls(block, calls),
    StepKind::Require { .. } | StepKind::ReturnWhen { .. } => true,
  })
}

fn only_calls_of(node: &Node, calls: &mut Vec<Span>) -> bool {
  let own = match &node.kind {
    NodeKind::Work(_) => {
      calls.push(node.span);
      true
    }
    NodeKind::Value(_) | NodeKind::Fail(_) | NodeKind::If { .. } | NodeKind::Match { .. } => true,
    NodeKind::Attempt(_) | NodeKind::Catch { .. } | NodeKind::Block(_) => true,
    NodeKind::Each(_) | NodeKind::Repeat(_) | NodeKind::Orchestrate(_) => false,
    NodeKind::Dispatch(_) | NodeKind::RunPlan(_) => false,
  };
  let mut inside_too = own && node.undo.is_none() && node.finally.is_none();
  node.inside(&mut |inside| {
    inside_too &= match inside {
      Inside::Node(node) => only_calls_of(node, calls),
      Inside::Block(block) => only_calls(block, calls),
    };
  });
  inside_too
}
