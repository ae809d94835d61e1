//! Ways through a program: to the parts of expressions, and to what stands inside nodes. A new kind of either is added
//! here, and every look at programs sees it.

use super::{
  Block, ElementPart, Expr, ExprKind, FieldPart, LocalId, Node, NodeKind, Otherwise, StepKind, Take, Tolerance,
};

impl Expr {
  /// Calls `visit` with the expressions directly inside of this one.
  pub fn parts<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
    match &self.kind {
      ExprKind::Literal(_) | ExprKind::Local(_) | ExprKind::Constant(_) | ExprKind::Run | ExprKind::Cards(_) => {}
      ExprKind::Field { base, .. } => visit(base),
      ExprKind::Not(inner) | ExprKind::Negate(inner) | ExprKind::Cast(inner) => visit(inner),
      ExprKind::Index {
        base: left,
        index: right,
      }
      | ExprKind::Binary { left, right, .. }
      | ExprKind::Logic { left, right, .. } => [left, right].into_iter().for_each(|part| visit(part)),
      ExprKind::Text(parts) => parts.iter().for_each(visit),
      ExprKind::Record(fields) => fields.iter().for_each(|part| match part {
        FieldPart::Field(_, value) | FieldPart::Spread(value) => visit(value),
      }),
      ExprKind::List(elements) => elements.iter().for_each(|part| match part {
        ElementPart::Item(value) | ElementPart::Spread(value) => visit(value),
      }),
      ExprKind::Comprehension {
        body, items, condition, ..
      } => {
        [Some(body), Some(items), condition.as_ref()]
          .into_iter()
          .flatten()
          .for_each(|part| visit(part));
      }
      ExprKind::If {
        condition,
        then,
        otherwise,
      } => {
        [Some(condition), Some(then), otherwise.as_ref()]
          .into_iter()
          .flatten()
          .for_each(|part| visit(part));
      }
      ExprKind::Match {
        subject,
        arms,
        otherwise,
      } => {
        visit(subject);
        arms.iter().for_each(|(_, value)| visit(value));
        otherwise.iter().for_each(|value| visit(value));
      }
      ExprKind::Builtin { arguments, .. } | ExprKind::Function { arguments, .. } => arguments.iter().for_each(visit),
    }
  }
}

/// What stands directly inside a node.
#[derive(Clone, Copy, Debug)]
pub enum Inside<'a> {
  Node(&'a Node),
  Block(&'a Block),
}

impl Node {
  /// Calls `visit` with the expressions that the node itself computes, without those of nodes inside it and without
  /// its policies.
  pub fn own_expressions<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
    match &self.kind {
      NodeKind::Value(value) | NodeKind::Fail(value) => visit(value),
      NodeKind::Work(call) => call.arguments.iter().for_each(visit),
      NodeKind::Orchestrate(call) | NodeKind::Dispatch(call) => call.arguments.iter().for_each(visit),
      NodeKind::RunPlan(run) => {
        visit(&run.plan);
        run.concurrent.iter().for_each(visit);
      }
      NodeKind::Each(each) => {
        visit(&each.items);
        each.fold.iter().for_each(|(seed, _)| visit(seed));
        each.concurrent.iter().for_each(&mut *visit);
        if let Take::Tolerate(Tolerance::Count(most)) = &each.take {
          visit(most);
        }
        each.stop.iter().for_each(|stop| visit(&stop.condition));
      }
      NodeKind::Repeat(repeat) => {
        visit(&repeat.bound);
        repeat.seed.iter().for_each(&mut *visit);
        repeat.until.iter().for_each(visit);
      }
      NodeKind::If { condition, .. } => visit(condition),
      NodeKind::Match { subject, .. } => visit(subject),
      NodeKind::Attempt(_) | NodeKind::Catch { .. } | NodeKind::Block(_) => {}
    }
  }

  /// Calls `visit` with what stands directly inside the node.
  pub fn inside<'a>(&'a self, visit: &mut dyn FnMut(Inside<'a>)) {
    let endings = self.undo.iter().chain(&self.finally);
    endings.for_each(|ending| visit(Inside::Node(&ending.call)));
    match &self.kind {
      NodeKind::Value(_) | NodeKind::Fail(_) | NodeKind::Work(_) | NodeKind::Orchestrate(_) => {}
      NodeKind::Dispatch(_) | NodeKind::RunPlan(_) => {}
      NodeKind::Each(each) => visit(Inside::Node(&each.body)),
      NodeKind::Repeat(repeat) => {
        visit(Inside::Block(&repeat.body));
        if let Otherwise::Node(arm) = &repeat.otherwise {
          visit(Inside::Node(&arm.node));
        }
      }
      NodeKind::If { then, otherwise, .. } => {
        visit(Inside::Node(&then.node));
        otherwise.iter().for_each(|arm| visit(Inside::Node(&arm.node)));
      }
      NodeKind::Match { arms, otherwise, .. } => {
        arms.iter().for_each(|branch| visit(Inside::Node(&branch.arm.node)));
        otherwise.iter().for_each(|arm| visit(Inside::Node(&arm.node)));
      }
      NodeKind::Attempt(inner) => visit(Inside::Node(inner)),
      NodeKind::Catch { inner, handler, .. } => {
        visit(Inside::Node(inner));
        visit(Inside::Node(&handler.node));
      }
      NodeKind::Block(block) => visit(Inside::Block(block)),
    }
  }
}

impl Block {
  /// Calls `visit` with every expression of the block, those inside its nodes too, each with all of its parts.
  pub fn expressions<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
    for step in &self.steps {
      match &step.kind {
        StepKind::Node(node) => node.expressions(visit),
        StepKind::Require { condition, message } => {
          condition.whole(visit);
          message.iter().for_each(|message| message.whole(visit));
        }
        StepKind::ReturnWhen { value, when } => {
          value.whole(visit);
          when.whole(visit);
        }
        StepKind::Stage(block) => block.expressions(visit),
      }
    }
    self.result.iter().for_each(|result| result.whole(visit));
  }
}

impl Node {
  fn expressions<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
    self.own_expressions(&mut |expr| expr.whole(visit));
    self.inside(&mut |inside| match inside {
      Inside::Node(node) => node.expressions(visit),
      Inside::Block(block) => block.expressions(visit),
    });
    let endings = [&self.undo, &self.finally].into_iter().flatten();
    endings.for_each(|ending| ending.call.expressions(visit));
  }
}

impl Expr {
  /// Calls `visit` with the expression and all of its parts, the outermost first.
  pub fn whole<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
    visit(self);
    stacker::maybe_grow(64 << 10, 1 << 20, || self.parts(&mut |part| part.whole(visit)));
  }

  /// Calls `found` with every local that the expression mentions, its own ones too.
  pub fn locals(&self, found: &mut dyn FnMut(LocalId)) {
    self.whole(&mut |part| {
      if let ExprKind::Local(local) = part.kind {
        found(local);
      }
    });
  }

  pub fn mentions(&self, local: LocalId) -> bool {
    let mut found = false;
    self.locals(&mut |other| found |= other == local);
    found
  }
}
