//! Nodes: calls, loops, branches and handlers, each with its own edges, policies and type.

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
  hir::{self, Arm, Branch, Call, Each, NodeKind, Otherwise, Policies, Repeat},
  source::Span,
  syntax::ast,
  types::{self, ListType, Type},
};

/// `repeat`s and folds with an untyped seed inside one another: each is typed twice.
const DEEPEST_LOOPS: u32 = 4;

/// A node's kind, type, and the policies collected for it.
type Made = (NodeKind, Type, WorkerPolicies);

impl Body<'_, '_> {
  pub fn node(&mut self, node: &ast::Node) -> hir::Node {
    stacker::maybe_grow(256 * 1024, 4 << 20, || self.node_of(node))
  }

  fn node_of(&mut self, node: &ast::Node) -> hir::Node {
    self.after_names(&node.after);
    let (kind, ty, policies) = match &node.kind {
      ast::NodeKind::Expr(expr) => self.expression_node(node, expr),
      ast::NodeKind::Each(each) => self.each(node, each),
      other => {
        let (kind, ty) = self.compound(node, other);
        let mut policies = WorkerPolicies::default();
        self.apply_policies(written(&node.with), Spot::Node { expression: false }, &mut policies);
        (kind, ty, policies)
      }
    };
    hir::Node {
      kind,
      ty,
      span: node.span,
      deadline: policies.deadline,
      delay: policies.delay,
    }
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
      ast::NodeKind::Block(block) => {
        let (block, ty) = self.block(block, End::Yield { expected: None });
        (NodeKind::Block(block), ty)
      }
      ast::NodeKind::Expr(_) | ast::NodeKind::Each(_) => {
        (NodeKind::Fail(super::expressions::broken(node.span)), Type::Unknown)
      }
    }
  }

  /// `after a, b`: steps of this block or one around it.
  fn after_names(&mut self, names: &[ast::Name]) {
    for name in names {
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
          return self.work(
            node,
            name,
            Call {
              target: id,
              arguments,
              policies: Policies::default(),
            },
          );
        }
        Some(Callee::Orchestrator(id)) => {
          let arguments = self.orchestrator_arguments(name, id, arguments);
          let ty = self.checker.program.orchestrator(id).output.clone();
          let mut policies = WorkerPolicies::default();
          self.apply_policies(written(&node.with), Spot::OrchestratorCall, &mut policies);
          let call = Call {
            target: id,
            arguments,
            policies: Policies::default(),
          };
          return (NodeKind::Orchestrate(call), ty, policies);
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

  /// A worker or orchestrator, without a word where the name is neither.
  fn callee_quietly(&mut self, name: &ast::Name) -> Option<Callee> {
    let entry = self.checker.symbols.find(self.module, Space::Callable, &name.value)?;
    match entry.targets[..] {
      [Target::Worker(_) | Target::Orchestrator(_)] => Some(self.callee(name)),
      _ => None,
    }
  }

  fn work(&mut self, node: &ast::Node, name: &ast::Name, mut call: Call<hir::WorkerId>) -> Made {
    let mut policies = self.checker.worker_policies[call.target.0 as usize].clone();
    policies.retry_at = None;
    self.apply_policies(written(&node.with), Spot::WorkerCall, &mut policies);
    let worker = self.checker.program.worker(call.target);
    let (ty, declared, idempotent) = (worker.output.clone(), worker.span, worker.idempotent);
    if let (Some(retry), false) = (policies.retry_at, idempotent) {
      self.retry_unsafe(&name.value, retry, declared);
    }
    let untimed = policies.timeout.is_none();
    let known = self.checker.untimed.entry(call.target).or_insert(None);
    if untimed && known.is_none() {
      *known = Some(node.span);
    }
    call.policies = Policies {
      timeout: policies.timeout.clone(),
      retry: policies.retry.clone(),
      limits: policies.limits.clone(),
    };
    (NodeKind::Work(call), ty, policies)
  }

  fn each(&mut self, node: &ast::Node, each: &ast::Each) -> Made {
    let items = self.infer(&each.items);
    let item = self.item_type(&items, "`each` goes over");
    let mut policies = WorkerPolicies::default();
    let all: Vec<ast::Policy> = each.with.iter().chain(&node.with).cloned().collect();
    self.apply_policies(written(&all), Spot::Each, &mut policies);
    let index = match items.ty.as_list().and_then(|list| list.max) {
      Some(max) => Type::int_range(0, i64::try_from(max).unwrap_or(i64::MAX)),
      None => Type::Int(types::IntRange {
        min: Some(0),
        max: None,
      }),
    };
    let bind = |body: &mut Self| {
      let item = body.bind(&each.item, item.clone(), false);
      (
        item,
        each.index.as_ref().map(|name| body.bind(name, index.clone(), false)),
      )
    };
    let (fold, body, (item, index)) = match &each.seed {
      None => {
        let (names, body) = self.scoped(|inner| (bind(inner), inner.node(&each.body)));
        (None, body, names)
      }
      Some((seed, ty)) => {
        let looped = Looped {
          seed: Some(seed),
          ty: ty.as_ref(),
          mentions: Reads::of_node(&each.body).mentions("previous"),
          span: seed.span,
        };
        let made = self.looped(&looped, |inner, wanted| {
          let names = bind(inner);
          let body = inner.node(&each.body);
          if let Some((wanted, what)) = wanted {
            inner.checker.mismatch(each.body.span, &body.ty, wanted, what);
          }
          let ty = body.ty.clone();
          ((body, names), ty)
        });
        self.fold_policies(&policies, each);
        let (body, names) = made.inside;
        let seed = made.seed.unwrap_or_else(|| super::expressions::broken(seed.span));
        let kind = Each {
          item: names.0,
          index: names.1,
          items,
          fold: Some((seed, made.previous)),
          concurrent: None,
          collect: false,
          body,
        };
        return (NodeKind::Each(Box::new(kind)), made.ty, policies);
      }
    };
    let value = if policies.collect && !body.ty.is_unknown() {
      types::outcome(&body.ty)
    } else {
      body.ty.clone()
    };
    let (min, max) = items.ty.as_list().map_or((None, None), |list| (list.min, list.max));
    let ty = Type::List(std::sync::Arc::new(ListType { item: value, min, max }));
    let made = Each {
      item,
      index,
      items,
      fold,
      concurrent: policies.concurrent.clone(),
      collect: policies.collect,
      body,
    };
    (NodeKind::Each(Box::new(made)), ty, policies)
  }

  fn fold_policies(&mut self, policies: &WorkerPolicies, each: &ast::Each) {
    for (given, word) in [
      (policies.collect, "collect"),
      (policies.concurrent.is_some(), "concurrent"),
    ] {
      if given {
        let finding = Diagnostic::new(
          &codes::MISPLACED_POLICY,
          format!("`{word}` can't stand on `each ... from`"),
        )
        .label(each.items.span, "one after another: each sees the one before");
        self.say(finding);
      }
    }
  }

  fn repeat(&mut self, repeat: &ast::Repeat) -> (NodeKind, Type) {
    let bound = match &repeat.bound {
      Some(bound) => {
        let bound = self.check(bound, &Type::int(), "`up to`");
        self.bounded(&bound, 1, "`up to`");
        bound
      }
      None => {
        let finding = Diagnostic::new(&codes::UNBOUNDED, "the `repeat` has no bound")
          .label(repeat.keyword, "how often at most?")
          .help("write `repeat up to 3 { ... }`");
        self.say(finding);
        super::expressions::broken(repeat.keyword)
      }
    };
    let mut mentions = Reads::of_block(&repeat.body).mentions("previous");
    mentions |= repeat
      .until
      .as_ref()
      .is_some_and(|until| Reads::of_expr(until).mentions("previous"));
    let (seed, ty) = repeat
      .seed
      .as_ref()
      .map_or((None, None), |(seed, ty)| (Some(seed), ty.as_ref()));
    let looped = Looped {
      seed,
      ty,
      mentions,
      span: repeat.keyword,
    };
    let made = self.looped(&looped, |inner, wanted| {
      let ((body, ty), until) = inner.block_and(&repeat.body, End::Yield { expected: wanted }, |inside, _| {
        repeat
          .until
          .as_ref()
          .map(|until| inside.condition(until, "the condition after `until`").0)
      });
      ((body, until), ty)
    });
    self.constant_until(repeat);
    let (body, until) = made.inside;
    let (otherwise, ty) = match &repeat.otherwise {
      None => (Otherwise::Exhausted, made.ty),
      Some(ast::RepeatElse::Last) => (Otherwise::Last, made.ty),
      Some(ast::RepeatElse::Node(node)) => {
        let arm = self.scoped(|inner| {
          inner.bind_as("previous", made.previous, made.ty.clone(), node.span);
          inner.arm(node, "else", &[])
        });
        let ty = self.joined(&[(made.ty, repeat.body.span), (arm.node.ty.clone(), node.span)], None);
        (Otherwise::Node(Box::new(arm)), ty)
      }
    };
    let made = Repeat {
      bound,
      seed: made.seed,
      previous: made.previous,
      body,
      until,
      otherwise,
    };
    (NodeKind::Repeat(Box::new(made)), ty)
  }

  /// An `until` that reads no step which depends on a call.
  fn constant_until(&mut self, repeat: &ast::Repeat) {
    let Some(until) = &repeat.until else { return };
    let mut open: Vec<&str> = Reads::of_expr(until).names.iter().map(|read| read.name).collect();
    let mut seen = std::collections::HashSet::new();
    while let Some(name) = open.pop() {
      if name == "previous" {
        return;
      }
      let step = repeat.body.steps.iter().find(|step| match &step.kind {
        ast::StepKind::Named { name: own, .. } | ast::StepKind::Broken { name: Some(own) } => own.value == name,
        _ => false,
      });
      let Some(step) = step.filter(|_| seen.insert(name)) else {
        continue;
      };
      let reads = Reads::of_step(step);
      let works = |callee: &&ast::Name| {
        let entry = self.checker.symbols.find(self.module, Space::Callable, &callee.value);
        let builtin = hir::Builtin::find(&callee.value).is_some();
        entry.map_or(!builtin, |entry| !matches!(entry.targets[..], [Target::Let(_)]))
      };
      if matches!(step.kind, ast::StepKind::Broken { .. }) || reads.calls.iter().any(works) {
        return;
      }
      open.extend(reads.names.iter().map(|read| read.name));
    }
    let finding = Diagnostic::new(&codes::CONSTANT_UNTIL, "the body can't change this condition")
      .label(until.span, "reads nothing that a call of the body gives")
      .help("test the result of a step of the body: `until review.score >= 8`");
    self.say(finding);
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
  fn arm(&mut self, node: &ast::Node, segment: &str, facts: &[super::names::Fact]) -> Arm {
    let mut waits = Vec::new();
    for read in Reads::of_node(node).names {
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

/// What `repeat` and `each ... from` have in common.
struct Looped<'s> {
  seed: Option<&'s ast::Expr>,
  ty: Option<&'s ast::TypeExpr>,
  /// Whether the body reads `previous`.
  mentions: bool,
  span: Span,
}

struct LoopMade<T> {
  seed: Option<hir::Expr>,
  previous: hir::LocalId,
  inside: T,
  ty: Type,
}

impl Body<'_, '_> {
  /// Types a body that sees its own last answer as `previous`: with a written type once; else first with the seed's
  /// type (null without one), then with what that gave.
  fn looped<T>(
    &mut self,
    looped: &Looped<'_>,
    mut inside: impl FnMut(&mut Self, Option<(&Type, &str)>) -> (T, Type),
  ) -> LoopMade<T> {
    let written = looped.ty.map(|ty| self.checker.type_of(self.module, ty));
    let seed = looped.seed.map(|seed| match &written {
      Some(ty) => self.check(seed, ty, "the seed"),
      None => self.infer(seed),
    });
    if let Some(ty) = written {
      let (previous, inside) = self.once(ty.clone(), looped.span, |body| {
        inside(body, Some((&ty, "the value of the body"))).0
      });
      return LoopMade {
        seed,
        previous,
        inside,
        ty,
      };
    }
    let first = seed.as_ref().map_or(Type::Null, |seed| types::widen(&seed.ty));
    let answer = if looped.mentions || seed.is_some() {
      self.tried(&first, looped.span, &mut inside)
    } else {
      Type::Unknown
    };
    let second = match &seed {
      None => types::widen(&answer).optional(),
      Some(_) => types::join(&first, &types::widen(&answer)).unwrap_or(first.clone()),
    };
    let (previous, (inside, ty)) = self.once(second.clone(), looped.span, |body| inside(body, None));
    let wide = types::widen(&ty);
    if looped.mentions && !types::fits(&wide, &second) && !ty.is_unknown() && !second.is_unknown() {
      let finding = Diagnostic::new(
        &codes::NO_JOIN,
        format!("the body gives `{wide}`, and its `previous` is `{second}`"),
      )
      .label(looped.span, "each round sees the answer of the one before")
      .help(format!(
        "say the type: `from {}: {wide}`",
        if looped.seed.is_some() { "SEED" } else { "null" }
      ));
      self.say(finding);
    }
    let ty = if seed.is_some() {
      types::join(&second, &ty).unwrap_or(second)
    } else {
      ty
    };
    LoopMade {
      seed,
      previous,
      inside,
      ty,
    }
  }

  /// What the body gives if `previous` is of a type; findings are dropped.
  fn tried<T>(
    &mut self,
    previous: &Type,
    span: Span,
    inside: &mut impl FnMut(&mut Self, Option<(&Type, &str)>) -> (T, Type),
  ) -> Type {
    if self.loops >= DEEPEST_LOOPS {
      let finding = Diagnostic::new(
        &codes::NO_JOIN,
        format!("more than {DEEPEST_LOOPS} loops inside one another read `previous`"),
      )
      .label(span, "its type is not known here")
      .help("say the type of the inner ones: `from SEED: Type`");
      self.say(finding);
      return Type::Unknown;
    }
    let mark = self.checker.findings.0.len();
    let reads = self.reads.clone();
    self.loops += 1;
    let (_, (_, ty)) = self.once(previous.clone(), span, |body| inside(body, None));
    self.loops -= 1;
    self.reads = reads;
    self.checker.findings.0.truncate(mark);
    ty
  }

  fn once<T>(&mut self, previous: Type, span: Span, inside: impl FnOnce(&mut Self) -> T) -> (hir::LocalId, T) {
    self.scoped(|body| {
      let local = body.bind_word("previous", previous, span);
      (local, inside(body))
    })
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
