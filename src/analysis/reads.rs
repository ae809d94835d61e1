//! Which names a piece of syntax reads and what it calls: what makes an edge, before anything is typed.

use std::{collections::HashSet, rc::Rc};

use crate::{source::Span, syntax::ast::*};

/// The names that stand for workers although they stand where a value could: arguments of patterns.
pub type WorkerNames = Rc<HashSet<Span>>;

/// A name that is read.
#[derive(Clone, Copy, Debug)]
pub struct Read<'a> {
  pub name: &'a str,
  pub span: Span,
  /// Inside an arm, a branch or a fallback: counts only once that is taken.
  pub conditional: bool,
  /// In an `after`.
  pub after: bool,
}

/// A call of something that has a name.
#[derive(Clone, Copy, Debug)]
pub struct CallRead<'a> {
  pub callee: &'a Name,
  pub arguments: &'a [Argument],
  /// As a word of a sentence: `calls`, `dispatches`, `undoes with`.
  pub how: &'static str,
}

/// Collects reads and calls.
pub struct Reads<'a> {
  pub names: Vec<Read<'a>>,
  /// In the order written.
  pub calls: Vec<CallRead<'a>>,
  /// Whether a plan is run: calls that no name shows.
  pub runs: bool,
  conditional: bool,
  /// The step whose value the node at hand becomes: its `undo` and `finally` may read it.
  own: Option<&'a str>,
  how: &'static str,
  workers: WorkerNames,
}

impl Default for Reads<'_> {
  fn default() -> Self {
    Self::beside(&WorkerNames::default())
  }
}

impl<'a> Reads<'a> {
  /// Reads nothing yet, and will not read the names of workers.
  pub fn beside(workers: &WorkerNames) -> Self {
    Self {
      names: Vec::new(),
      calls: Vec::new(),
      runs: false,
      conditional: false,
      own: None,
      how: "calls",
      workers: workers.clone(),
    }
  }

  pub fn of_step(step: &'a Step, workers: &WorkerNames) -> Self {
    let mut reads = Self::beside(workers);
    reads.step(step);
    reads
  }

  pub fn of_node(node: &'a Node, workers: &WorkerNames) -> Self {
    let mut reads = Self::beside(workers);
    reads.node(node);
    reads
  }

  /// Of an arm of the step `own`.
  pub fn of_arm(node: &'a Node, own: Option<&'a str>, workers: &WorkerNames) -> Self {
    let mut reads = Self::beside(workers);
    reads.own = own;
    reads.node(node);
    reads
  }

  pub fn of_expr(expr: &'a Expr) -> Self {
    let mut reads = Self::default();
    reads.expr(expr);
    reads
  }

  pub fn of_block(block: &'a Block) -> Self {
    let mut reads = Self::default();
    reads.block(block);
    reads
  }

  pub fn mentions(&self, name: &str) -> bool {
    self.names.iter().any(|read| read.name == name)
  }

  pub fn block(&mut self, block: &'a Block) {
    block.steps.iter().for_each(|step| self.step(step));
  }

  fn step(&mut self, step: &'a Step) {
    match &step.kind {
      StepKind::Named { name, node } => {
        let outer = self.own.replace(&name.value);
        self.node(node);
        self.own = outer;
      }
      StepKind::Gate(node) => self.node(node),
      StepKind::Require { condition, message } => {
        self.expr(condition);
        message.iter().for_each(|message| self.expr(message));
      }
      StepKind::Return { value, when } => {
        self.expr(value);
        when.iter().for_each(|when| self.expr(when));
      }
      StepKind::Yield(value) => self.expr(value),
      StepKind::Stage { body, .. } => self.block(body),
      StepKind::Declaration(declaration) => self.declaration(declaration),
      StepKind::Broken { .. } => {}
    }
  }

  /// It reads parameters only, so no names that make edges; what it calls is called.
  fn declaration(&mut self, declaration: &'a Declaration) {
    if let Declaration::OnFailure(block) = declaration {
      let names = self.names.len();
      self.by("calls on failure", |reads| reads.block(block));
      self.names.truncate(names);
    }
  }

  fn by(&mut self, how: &'static str, read: impl FnOnce(&mut Self)) {
    let before = std::mem::replace(&mut self.how, how);
    read(self);
    self.how = before;
  }

  fn conditionally(&mut self, read: impl FnOnce(&mut Self)) {
    let before = std::mem::replace(&mut self.conditional, true);
    read(self);
    self.conditional = before;
  }

  fn node(&mut self, node: &'a Node) {
    for name in &node.after {
      self.names.push(Read {
        name: &name.value,
        span: name.span,
        conditional: self.conditional,
        after: true,
      });
    }
    self.policies(&node.with);
    self.ends(node);
    let becomes = matches!(
      node.kind,
      NodeKind::Attempt(_) | NodeKind::Catch { .. } | NodeKind::If { .. } | NodeKind::Match { .. }
    );
    let own = self.own;
    self.own = own.filter(|_| becomes);
    self.node_kind(node);
    self.own = own;
  }

  fn node_kind(&mut self, node: &'a Node) {
    match &node.kind {
      NodeKind::Expr(expr) | NodeKind::Fail(expr) => self.expr(expr),
      NodeKind::Run(plan) => {
        self.runs = true;
        self.expr(plan);
      }
      NodeKind::Dispatch(expr) => self.by("dispatches", |reads| reads.expr(expr)),
      NodeKind::Each(each) => self.each(each),
      NodeKind::Repeat(repeat) => self.repeat(repeat),
      NodeKind::If {
        condition,
        then,
        otherwise,
      } => {
        self.expr(condition);
        self.conditionally(|reads| {
          reads.node(then);
          otherwise.iter().for_each(|node| reads.node(node));
        });
      }
      NodeKind::Match {
        subject,
        arms,
        otherwise,
      } => {
        self.expr(subject);
        self.conditionally(|reads| {
          arms.iter().for_each(|arm| reads.node(&arm.node));
          otherwise.iter().for_each(|(_, node)| reads.node(node));
        });
      }
      NodeKind::Attempt(inner) => self.node(inner),
      NodeKind::Catch { inner, handler } => {
        self.node(inner);
        self.conditionally(|reads| reads.by("falls back on", |reads| reads.node(handler)));
      }
      NodeKind::Block(block) => self.block(block),
    }
  }

  /// `undo` and `finally` run once the node is over, so the block's names that they read must be there by then.
  fn ends(&mut self, node: &'a Node) {
    let before = self.names.len();
    let own = self.own.take();
    self.by("undoes with", |reads| {
      node.undo.iter().for_each(|call| reads.node(call))
    });
    self.by("ends with", |reads| {
      node.finally.iter().for_each(|call| reads.node(call))
    });
    self.own = own;
    let read = self.names.split_off(before);
    self
      .names
      .extend(read.into_iter().filter(|read| Some(read.name) != own));
  }

  fn each(&mut self, each: &'a Each) {
    self.expr(&each.items);
    each.seed.iter().for_each(|(seed, _)| self.expr(seed));
    self.policies(&each.with);
    self.node(&each.body);
  }

  fn repeat(&mut self, repeat: &'a Repeat) {
    repeat.bound.iter().for_each(|bound| self.expr(bound));
    repeat.seed.iter().for_each(|(seed, _)| self.expr(seed));
    self.block(&repeat.body);
    repeat.until.iter().for_each(|until| self.expr(until));
    if let Some(RepeatElse::Node(node)) = &repeat.otherwise {
      self.conditionally(|reads| reads.node(node));
    }
  }

  fn policies(&mut self, policies: &'a [Policy]) {
    policies.iter().for_each(|policy| self.policy(&policy.kind));
  }

  fn policy(&mut self, policy: &'a PolicyKind) {
    match policy {
      PolicyKind::Timeout(e) | PolicyKind::Deadline(e) | PolicyKind::Delay(e) | PolicyKind::Concurrent(e) => {
        self.expr(e)
      }
      PolicyKind::Retry(retry) => {
        self.expr(&retry.times);
        match &retry.backoff {
          Some(Backoff::Exponential { from, to }) => {
            self.expr(from);
            self.expr(to);
          }
          Some(Backoff::Fixed(wait)) => self.expr(wait),
          None => {}
        }
      }
      PolicyKind::Tolerate(Tolerance::Count(count)) => self.expr(count),
      PolicyKind::StopWhen(condition) => {
        let reads = super::stops::outside(condition);
        let conditional = self.conditional;
        self
          .names
          .extend(reads.names.into_iter().map(|read| Read { conditional, ..read }));
        self.calls.extend(reads.calls);
      }
      PolicyKind::Rate { count, per } => {
        self.expr(count);
        self.expr(per);
      }
      _ => {}
    }
  }

  pub fn expr(&mut self, expr: &'a Expr) {
    match &expr.kind {
      ExprKind::Name(name) if name == "_" || self.workers.contains(&expr.span) => {}
      ExprKind::Name(name) => self.names.push(Read {
        name,
        span: expr.span,
        conditional: self.conditional,
        after: false,
      }),
      ExprKind::Call { callee, arguments } => {
        let how = self.how;
        self.calls.push(CallRead { callee, arguments, how });
        arguments.iter().for_each(|argument| self.expr(&argument.value));
      }
      ExprKind::String(parts) => parts.iter().for_each(|part| {
        if let StringPart::Value(value) = part {
          self.expr(value);
        }
      }),
      ExprKind::Record(parts) => self.record(parts),
      ExprKind::List(parts) => parts.iter().for_each(|part| match part {
        ListPart::Item(value) | ListPart::Spread(value) => self.expr(value),
      }),
      ExprKind::Field { base: inner, .. }
      | ExprKind::Unary { operand: inner, .. }
      | ExprKind::Cast { value: inner, .. } => self.expr(inner),
      ExprKind::Index { base: a, index: b } | ExprKind::Binary { left: a, right: b, .. } => {
        self.expr(a);
        self.expr(b);
      }
      ExprKind::Comprehension { .. } | ExprKind::If { .. } | ExprKind::Match { .. } => self.parts(expr),
      ExprKind::Null | ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Float(_) => {}
      ExprKind::Duration(_) | ExprKind::Broken => {}
    }
  }

  /// Of expressions with parts that are not always computed: an expression waits for all that it may read.
  fn parts(&mut self, expr: &'a Expr) {
    match &expr.kind {
      ExprKind::Comprehension {
        body, items, condition, ..
      } => {
        self.expr(items);
        self.expr(body);
        condition.iter().for_each(|condition| self.expr(condition));
      }
      ExprKind::If {
        condition,
        then,
        otherwise,
      } => {
        self.expr(condition);
        self.expr(then);
        otherwise.iter().for_each(|value| self.expr(value));
      }
      ExprKind::Match {
        subject,
        arms,
        otherwise,
      } => {
        self.expr(subject);
        arms.iter().for_each(|arm| self.expr(&arm.value));
        otherwise.iter().for_each(|(_, value)| self.expr(value));
      }
      _ => {}
    }
  }

  fn record(&mut self, parts: &'a [RecordPart]) {
    for part in parts {
      match part {
        RecordPart::Field { value, .. } | RecordPart::Spread(value) => self.expr(value),
      }
    }
  }
}
