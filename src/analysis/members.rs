//! Members of pools: how each is called with one message, which are too few or do the same, and that none comes to run
//! itself.

use std::collections::HashMap;

use super::{
  calls::Slot,
  checker::Checker,
  cycles::{self, Need},
  expressions::broken,
  names::Body,
  nodes::merged,
  pools::{Callable, Entry},
  symbols::number,
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{self, Call, Expr, ExprKind, LocalId, ModuleId, NodeKind, OrchestratorId, PoolMember, Program, Visit},
  source::Span,
  syntax::ast::Name,
  types::Type,
};

impl<'a> Checker<'a> {
  /// All pools, once workers and the signatures of orchestrators are there.
  pub fn lower_pools(&mut self) {
    for at in 0..self.symbols.pools.len() {
      let (declared, name) = (self.symbols.pools[at], self.symbol_name(at));
      let seen = self.pools[at].clone();
      let members = seen
        .entries
        .iter()
        .filter_map(|entry| self.lower_member(declared.module, entry));
      let members: Vec<PoolMember> = members.collect();
      if seen.members.is_some() {
        self.too_small(&name, &seen.entries);
        self.identical(&seen.entries);
      }
      self.program.pools.push(hir::Pool {
        name: name.value.as_str().into(),
        module: ModuleId(number(declared.module)),
        doc: declared.item.doc.clone(),
        span: name.span,
        members,
      });
    }
  }

  fn symbol_name(&self, pool: usize) -> Name {
    self.symbols.pool_names[pool].clone()
  }

  fn lower_member(&mut self, module: usize, entry: &Entry<'a>) -> Option<PoolMember> {
    let mut body = Body::new(self, module);
    let message = body.fresh();
    let slots = match entry.target {
      Callable::Worker(id) => body.slots(|program| &program.worker(id).params),
      Callable::Orchestrator(id) => body.slots(|program| &program.orchestrator(id).params),
    };
    if body.checker.input_of(entry.target) == Type::Unknown {
      return None;
    }
    let arguments = match entry.arguments {
      None => slots.iter().map(|slot| slot.read_from(message, entry.span)).collect(),
      Some(written) => {
        body.holes = Some(message);
        body.arguments(&entry.name, &slots, written)
      }
    };
    let open = slots
      .iter()
      .zip(&arguments)
      .filter(|(_, argument)| reads(argument, message));
    let params = open.map(|(slot, _)| slot.param(body.fresh())).collect();
    let (call, output, doc) = self.member_call(entry, arguments);
    Some(PoolMember {
      name: entry.name.value.as_str().into(),
      doc,
      params,
      output,
      message,
      call,
    })
  }

  fn input_of(&self, target: Callable) -> Type {
    match target {
      Callable::Worker(id) => self.program.worker(id).input.clone(),
      Callable::Orchestrator(id) => self.program.orchestrator(id).input.clone(),
    }
  }

  fn member_call(&mut self, entry: &Entry<'a>, arguments: Vec<Expr>) -> (hir::Node, Type, Option<String>) {
    let mut node = hir::Node {
      kind: NodeKind::Fail(broken(entry.span)),
      ty: Type::Unknown,
      span: entry.span,
      deadline: None,
      delay: None,
      undo: None,
      finally: None,
    };
    let doc = match entry.target {
      Callable::Worker(target) => {
        let policies = self.worker_policies[target.0 as usize].clone();
        self.called(target, policies.timeout.is_none(), entry.span);
        let worker = self.program.worker(target);
        let call = Call {
          target,
          arguments,
          policies: merged(&policies),
        };
        (node.kind, node.ty) = (NodeKind::Work(call), worker.output.clone());
        (node.deadline, node.delay) = (policies.deadline, policies.delay);
        worker.doc.clone()
      }
      Callable::Orchestrator(target) => {
        let policies = hir::Policies::default();
        let orchestrator = self.program.orchestrator(target);
        let call = Call {
          target,
          arguments,
          policies,
        };
        (node.kind, node.ty) = (NodeKind::Orchestrate(call), orchestrator.output.clone());
        orchestrator.doc.clone()
      }
    };
    let output = node.ty.clone();
    (node, output, doc)
  }

  fn too_small(&mut self, name: &Name, entries: &[Entry<'_>]) {
    if entries.len() > 1 {
      return;
    }
    let what = if entries.is_empty() { "no member" } else { "one member" };
    let finding = Diagnostic::new(&codes::SMALL_POOL, format!("the pool `{}` has {what}", name.value))
      .label(name.span, "nothing to choose from")
      .help("where it is known who works, no plan is needed: `each item in items => worker(item)`");
    self.say(finding);
  }

  /// Members that are written alike but for their names.
  fn identical(&mut self, entries: &[Entry<'_>]) {
    let mut first: HashMap<(usize, String), &Entry<'_>> = HashMap::new();
    for entry in entries {
      let Some(text) = self.definition(entry) else { continue };
      match first.get(&text) {
        None => _ = first.insert(text, entry),
        Some(other) => {
          let (a, b) = (&other.name.value, &entry.name.value);
          let finding = Diagnostic::new(&codes::IDENTICAL_MEMBERS, format!("`{a}` and `{b}` do the same"))
            .label(entry.name.span, "differs in its name only")
            .label(other.name.span, "the same")
            .help("one is enough: a plan may assign it often, each time with another input");
          self.say(finding);
        }
      }
    }
  }

  /// A worker's module and its text without its name, line breaks aside.
  fn definition(&self, entry: &Entry<'_>) -> Option<(usize, String)> {
    let Callable::Worker(id) = entry.target else {
      return None;
    };
    let declared = self.symbols.workers[id.0 as usize];
    let mut span = declared.item.span;
    span.start = declared.it.name.span.end;
    let given = Span {
      start: entry.name.span.end,
      ..entry.span
    };
    let text = |span: Span| {
      self
        .loaded
        .sources
        .text(span)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
    };
    Some((declared.module, format!("{} {}", text(span), text(given))))
  }

  /// Orchestrators that could come to run themselves by a plan.
  pub fn check_run_cycles(&mut self) {
    let mut needs = Vec::new();
    for (id, orchestrator) in self.program.orchestrator_ids() {
      let from = id.0 as usize;
      orchestrator.visit_all(&mut |node| {
        let how = if matches!(node.kind, NodeKind::RunPlan(_)) {
          "may run"
        } else {
          "calls"
        };
        for to in reached(&self.program, &node.kind) {
          let (to, span) = (to.0 as usize, node.span);
          needs.push(Need { from, to, span, how });
        }
      });
    }
    let (_, cycles) = cycles::order(self.program.orchestrators.len(), &needs);
    for path in cycles
      .iter()
      .filter(|path| path.iter().any(|need| need.how == "may run"))
    {
      let name = |at: usize| self.program.orchestrators[at].name.to_string();
      let what = "orchestrators may not run each other in a circle";
      let finding = cycles::cycle(&codes::CALL_CYCLE, what, path, name);
      self.say(finding.help("a run may call every member of its pool: take the orchestrator out of the pool"));
    }
  }
}

/// The orchestrators that a node itself may enter.
fn reached(program: &Program, kind: &NodeKind) -> Vec<OrchestratorId> {
  let calls = program.calls(kind).into_iter();
  let targets = calls.filter_map(|call| match call {
    NodeKind::Orchestrate(call) => Some(call.target),
    _ => None,
  });
  let dispatched = match kind {
    NodeKind::Dispatch(call) => Some(call.target),
    _ => None,
  };
  targets.chain(dispatched).collect()
}

impl Slot {
  fn param(&self, local: LocalId) -> hir::Param {
    hir::Param {
      name: self.name.clone(),
      local,
      ty: self.ty.clone(),
      optional: self.optional,
      default: self.default.clone(),
      span: self.span,
    }
  }
}

/// Whether an argument is a field of the message.
fn reads(argument: &Expr, message: LocalId) -> bool {
  match &argument.kind {
    ExprKind::Field { base, .. } => matches!(base.kind, ExprKind::Local(local) if local == message),
    ExprKind::Logic { left, .. } => reads(left, message),
    _ => false,
  }
}
