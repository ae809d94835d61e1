//! One worker as a program of its own: an orchestrator that calls it and gives what it gives.

use crate::hir::{
  Block, Call, Expr, ExprKind, LocalId, Node, NodeKind, Orchestrator, OrchestratorId, Program, Step, StepKind, Worker,
  WorkerId,
};

/// Adds an orchestrator with the worker's parameters and result to a program. Both sides of the call are validated, and
/// what the worker says of timeouts and retries holds.
pub fn alone(program: &mut Program, id: WorkerId) -> OrchestratorId {
  let worker = program.worker(id);
  let orchestrator = Orchestrator {
    name: format!("worker {}", worker.name).into(),
    module: worker.module,
    doc: worker.doc.clone(),
    span: worker.span,
    contract: worker.contract.clone(),
    params: worker.params.clone(),
    input: worker.input.clone(),
    output: worker.output.clone(),
    overlap: None,
    body: body(id, worker),
    on_failure: None,
  };
  program.orchestrators.push(orchestrator);
  OrchestratorId(u32::try_from(program.orchestrators.len() - 1).unwrap_or(u32::MAX))
}

fn body(id: WorkerId, worker: &Worker) -> Block {
  let read = |local: LocalId, ty: &crate::types::Type| Expr {
    kind: ExprKind::Local(local),
    ty: ty.clone(),
    span: worker.span,
  };
  let result = LocalId(worker.params.iter().map(|param| param.local.0 + 1).max().unwrap_or(0));
  let arguments = worker.params.iter().map(|param| read(param.local, &param.ty));
  let call = Call {
    target: id,
    arguments: arguments.collect(),
    policies: worker.policies.clone(),
  };
  let step = Step {
    segment: worker.name.clone(),
    local: Some(result),
    kind: StepKind::Node(Node {
      kind: NodeKind::Work(call),
      ty: worker.output.clone(),
      span: worker.span,
      deadline: worker.deadline.clone(),
      delay: worker.delay.clone(),
      undo: None,
      finally: None,
    }),
    waits: Vec::new(),
    gate: false,
    span: worker.span,
  };
  Block {
    steps: vec![step],
    result: Some(read(result, &worker.output)),
    span: worker.span,
  }
}
