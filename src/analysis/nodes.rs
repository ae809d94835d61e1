//! Nodes: calls, branches and handlers, each with its own edges, policies and type.

use super::{
  blocks::End,
  calls::Callee,
  floats,
  literals::{Else, literal_of},
  names::Body,
  policies::{Spot, WorkerPolicies, written},
  reads::Reads,
  symbols::{Space, Target},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{self, Arm, Branch, Call, Expr, NodeKind, Policies},
  source::Span,
  syntax::ast,
  types::{self, Type},
};

/// A node's kind, type, and the policies collected for it.
pub type Made = (NodeKind, Type, WorkerPolicies);

impl Body<'_, '_> {
  pub fn node(&mut self, node: &ast::Node) -> hir::Node {
    stacker::maybe_grow(256 * 1024, 4 << 20, || self.node_of(node))
  }

  fn node_of(&mut self, node: &ast::Node) -> hir::Node {
    self.after_names(&node.after);
    let own = self.own.clone();
    let becomes = matches!(
      node.kind,
      ast::NodeKind::Attempt(_) | ast::NodeKind::Catch { .. } | ast::NodeKind::If { .. } | ast::NodeKind::Match { .. }
    );
    self.own.take_if(|_| !becomes);
    let (kind, ty, policies) = match &node.kind {
      ast::NodeKind::Expr(expr) => self.expression_node(node, expr),
      ast::NodeKind::Each(each) => self.each(node, each),
      ast::NodeKind::Run(plan) => self.run_plan(node, plan),
      other => {
        let (kind, ty) = self.compound(node, other);
        let mut policies = WorkerPolicies::default();
        self.apply_policies(written(&node.with), Spot::Node { expression: false }, &mut policies);
        (kind, ty, policies)
      }
    };
    let mut made = hir::Node {
      kind,
      ty,
      span: node.span,
      deadline: policies.deadline,
      delay: policies.delay,
      undo: None,
      finally: None,
    };
    self.own = own;
    self.endings(node, &mut made);
    made
  }

  fn compound(&mut self, node: &ast::Node, kind: &ast::NodeKind) -> (NodeKind, Type) {
    match kind {
      ast::NodeKind::Repeat(repeat) => self.repeat(repeat),
      ast::NodeKind::If {
        condition,
        then,
        otherwise,
      } => self.if_node(node, condition, then, otherwise.as_deref()),
      ast::NodeKind::Match {
        subject,
        arms,
        otherwise,
      } => self.match_node(subject, arms, otherwise.as_ref()),
      ast::NodeKind::Attempt(inner) => {
        let inner = self.node(inner);
        let ty = if inner.ty.is_unknown() {
          Type::Unknown
        } else {
          types::outcome(&inner.ty)
        };
        (NodeKind::Attempt(Box::new(inner)), ty)
      }
      ast::NodeKind::Catch { inner, handler } => self.catch(inner, handler),
      ast::NodeKind::Fail(message) => {
        let message = self.check(message, &Type::string(), "the message of `fail`");
        (NodeKind::Fail(message), Type::Never)
      }
      ast::NodeKind::Dispatch(call) => self.dispatch(call),
      ast::NodeKind::Block(block) => {
        let (block, ty) = self.block(block, End::Yield { expected: None });
        (NodeKind::Block(block), ty)
      }
      ast::NodeKind::Expr(_) | ast::NodeKind::Each(_) | ast::NodeKind::Run(_) => {
        (NodeKind::Fail(super::expressions::broken(node.span)), Type::Unknown)
      }
    }
  }

  /// `dispatch name(arguments)`: what starts is a run, so it is one of an orchestrator.
  fn dispatch(&mut self, call: &ast::Expr) -> (NodeKind, Type) {
    let callee = match &call.kind {
      ast::ExprKind::Call { callee, arguments } => self.callee_quietly(callee).map(|found| (found, callee, arguments)),
      _ => None,
    };
    if let Some((Callee::Orchestrator(target), name, arguments)) = callee {
      let arguments = self.orchestrator_arguments(name, target, arguments);
      let call = Call {
        target,
        arguments,
        policies: Policies::default(),
      };
      return (NodeKind::Dispatch(call), types::handle());
    }
    let value = match callee {
      Some(_) => super::expressions::broken(call.span),
      None => self.infer(call),
    };
    if callee.is_some() || !value.ty.is_unknown() {
      let finding = Diagnostic::new(&codes::WRONG_KIND, "`dispatch` starts a run of an orchestrator")
        .label(call.span, "not a call of one")
        .help("write `dispatch name(arguments)`; a worker is dispatched by an orchestrator that calls it");
      self.say(finding);
    }
    (NodeKind::Fail(super::expressions::broken(call.span)), types::handle())
  }

  /// `after a, b`: steps of this block or one around it.
  fn after_names(&mut self, names: &[ast::Name]) {
    for name in names {
      if let Some(given) = self.find(&name.value).map(|binding| binding.span) {
        self.marked(name.span, given);
      }
      match self.find(&name.value).map(|binding| (binding.local, binding.step)) {
        Some((local, true)) => self.reads.entry(local).or_default().all += 1,
        Some((_, false)) => {
          let finding = Diagnostic::new(&codes::WRONG_KIND, format!("`{}` is not a step", name.value))
            .label(name.span, "there from the start: nothing to wait for");
          self.say(finding);
        }
        None => self.unknown_value(&name.value, name.span),
      }
    }
  }

  fn expression_node(&mut self, node: &ast::Node, expr: &ast::Expr) -> Made {
    if let ast::ExprKind::Call {
      callee: name,
      arguments,
    } = &expr.kind
    {
      match self.callee_quietly(name) {
        Some(Callee::Worker(id)) => {
          let arguments = self.worker_arguments(name, id, arguments);
          return self.call_of(node, name, Callee::Worker(id), arguments, node.span);
        }
        Some(Callee::Orchestrator(id)) => {
          let arguments = self.orchestrator_arguments(name, id, arguments);
          return self.call_of(node, name, Callee::Orchestrator(id), arguments, node.span);
        }
        Some(Callee::Pattern(at)) => return self.pattern_call(node, name, at, arguments),
        Some(Callee::Param) => {
          if let Some(bound) = self.callable(&name.value) {
            return self.callable_call(node, name, &bound.callable, arguments);
          }
        }
        _ => {}
      }
    }
    let value = self.infer(expr);
    let mut policies = WorkerPolicies::default();
    self.apply_policies(
      written(&node.with),
      Spot::Node {
        expression: !value.ty.is_unknown(),
      },
      &mut policies,
    );
    let ty = value.ty.clone();
    (NodeKind::Value(value), ty, policies)
  }

  /// What runs, without a word where the name is nothing of the kind.
  fn callee_quietly(&mut self, name: &ast::Name) -> Option<Callee> {
    if self.callable(&name.value).is_some() {
      return Some(Callee::Param);
    }
    let entry = self.checker.symbols.find(self.module, Space::Callable, &name.value)?;
    match entry.targets[..] {
      [Target::Worker(_) | Target::Orchestrator(_) | Target::Pattern(_)] => Some(self.callee(name)),
      _ => None,
    }
  }

  /// The call of a worker or orchestrator with one argument per parameter; `named` is where it is named.
  pub fn call_of(
    &mut self,
    node: &ast::Node,
    name: &ast::Name,
    callee: Callee,
    arguments: Vec<Expr>,
    named: Span,
  ) -> Made {
    match callee {
      Callee::Worker(target) => {
        let call = Call {
          target,
          arguments,
          policies: Policies::default(),
        };
        self.work(node, name, call, named)
      }
      Callee::Orchestrator(target) => {
        let ty = self.checker.program.orchestrator(target).output.clone();
        let mut policies = WorkerPolicies::default();
        self.apply_policies(written(&node.with), Spot::OrchestratorCall, &mut policies);
        let call = Call {
          target,
          arguments,
          policies: Policies::default(),
        };
        (NodeKind::Orchestrate(call), ty, policies)
      }
      _ => {
        let nothing = NodeKind::Fail(super::expressions::broken(node.span));
        (nothing, Type::Unknown, WorkerPolicies::default())
      }
    }
  }

  fn work(&mut self, node: &ast::Node, name: &ast::Name, mut call: Call<hir::WorkerId>, named: Span) -> Made {
    let mut policies = self.checker.worker_policies[call.target.0 as usize].clone();
    (policies.retry_at, policies.hedge_at) = (None, None);
    self.apply_policies(written(&node.with), Spot::WorkerCall, &mut policies);
    let worker = self.checker.program.worker(call.target);
    let (ty, declared, idempotent) = (worker.output.clone(), worker.span, worker.idempotent);
    if let (Some(retry), false) = (policies.retry_at, idempotent) {
      self.retry_unsafe(&name.value, retry, declared);
    }
    if let (Some(hedge), false) = (policies.hedge_at, idempotent) {
      self.hedge_unsafe(&name.value, hedge, declared);
    }
    self.never_in_time(&policies, hir::Place::Site);
    self.checker.called(call.target, policies.timeout.is_none(), named);
    call.policies = policies.of_call();
    (NodeKind::Work(call), ty, policies)
  }

  fn if_node(
    &mut self,
    node: &ast::Node,
    condition: &ast::Expr,
    then: &ast::Node,
    otherwise: Option<&ast::Node>,
  ) -> (NodeKind, Type) {
    let (condition, facts) = self.condition(condition, "the condition of `if`");
    let mut then = self.arm(then, "then", &facts.holds);
    let mut otherwise = otherwise.map(|other| self.arm(other, "else", &facts.fails));
    if let Some(otherwise) = &mut otherwise {
      floats::nodes_agree(&mut [&mut then.node, &mut otherwise.node]);
    }
    let other = otherwise
      .as_ref()
      .map_or((Type::Null, node.span), |arm| (arm.node.ty.clone(), arm.node.span));
    let ty = self.joined(&[(then.node.ty.clone(), then.node.span), other], None);
    (
      NodeKind::If {
        condition,
        then: Box::new(then),
        otherwise: otherwise.map(Box::new),
      },
      ty,
    )
  }

  fn match_node(
    &mut self,
    place: &ast::Expr,
    arms: &[ast::NodeArm],
    otherwise: Option<&(Span, Box<ast::Node>)>,
  ) -> (NodeKind, Type) {
    let subject = self.infer(place);
    let patterns: Vec<&[ast::Pattern]> = arms.iter().map(|arm| &arm.patterns[..]).collect();
    let written = otherwise.map(|(span, node)| Else::of_node(*span, node));
    self.check_arms(&subject, &patterns, written);
    let mut made = Vec::new();
    for arm in arms {
      let facts = self.arm_facts(place, &arm.patterns);
      let literals: Vec<hir::Literal> = arm.patterns.iter().map(literal_of).collect();
      let arm = self.arm(&arm.node, &segment(&literals), &facts);
      made.push(Branch {
        patterns: literals,
        arm,
      });
    }
    let mut otherwise = otherwise.map(|(_, node)| {
      let facts = self.else_facts(place, &patterns);
      Box::new(self.arm(node, "else", &facts))
    });
    let mut nodes: Vec<&mut hir::Node> = made.iter_mut().map(|branch| &mut branch.arm.node).collect();
    nodes.extend(otherwise.as_mut().map(|arm| &mut arm.node));
    floats::nodes_agree(&mut nodes);
    let alternatives: Vec<(Type, Span)> = nodes.iter().map(|node| (node.ty.clone(), node.span)).collect();
    let ty = self.joined(&alternatives, None);
    (
      NodeKind::Match {
        subject,
        arms: made,
        otherwise,
      },
      ty,
    )
  }

  fn catch(&mut self, inner: &ast::Node, handler: &ast::Node) -> (NodeKind, Type) {
    let mut inner = self.node(inner);
    let (error, mut handler) = self.scoped(|body| {
      let error = body.bind_word("error", types::failure(), handler.span);
      (error, body.arm(handler, "catch", &[]))
    });
    floats::nodes_agree(&mut [&mut inner, &mut handler.node]);
    let ty = self.joined(
      &[
        (inner.ty.clone(), inner.span),
        (handler.node.ty.clone(), handler.node.span),
      ],
      None,
    );
    (
      NodeKind::Catch {
        inner: Box::new(inner),
        error,
        handler: Box::new(handler),
      },
      ty,
    )
  }

  /// A node that counts only once it is taken, under what is known there.
  pub fn arm(&mut self, node: &ast::Node, segment: &str, facts: &[super::names::Fact]) -> Arm {
    let mut waits = Vec::new();
    let own = self.own.clone();
    for read in Reads::of_arm(node, own.as_deref(), &self.checker.worker_names).names {
      if let Some(binding) = self.find(read.name).filter(|binding| binding.step && !read.conditional)
        && !waits.contains(&binding.local)
      {
        waits.push(binding.local);
      }
    }
    let node = self.given(facts, |body| body.node(node));
    Arm {
      waits,
      segment: segment.into(),
      node,
    }
  }
}

/// `"bug"`, or the first of several.
fn segment(patterns: &[hir::Literal]) -> String {
  match patterns.first() {
    Some(hir::Literal::String(text)) => format!("{text:?}"),
    Some(hir::Literal::Int(value)) => value.to_string(),
    Some(hir::Literal::Bool(value)) => value.to_string(),
    Some(hir::Literal::Null) | None => "null".into(),
  }
}
