//! Blocks: in which order their steps can be typed, and what the block gives.

use super::{
  cycles::{self, Need},
  edges::{edges, named_twice, owners, segments, shown},
  names::{Body, Fact},
  reads::Reads,
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{self, Expr, NodeKind, StepKind, Visit, Wait},
  source::Span,
  syntax::ast,
  types::Type,
};

/// What ends a block.
#[derive(Clone, Copy)]
pub enum End<'e> {
  /// An orchestrator's `return`.
  Return { expected: &'e Type, what: &'e str },
  /// `yield`, of a wanted type where one is known.
  Yield { expected: Option<(&'e Type, &'e str)> },
  /// A stage: nothing.
  Nothing,
}

/// The steps of a block without its last line.
struct Lines<'a> {
  steps: Vec<&'a ast::Step>,
  /// `return e` or `yield e`.
  result: Option<&'a ast::Expr>,
}

impl Body<'_, '_> {
  /// A block in a scope of its own, with the type of its result.
  pub fn block(&mut self, block: &ast::Block, end: End<'_>) -> (hir::Block, Type) {
    self.block_and(block, end, |_, _| ()).0
  }

  /// As `block`; then `inside` runs where the names of the block are still in scope.
  pub fn block_and<T>(
    &mut self,
    block: &ast::Block,
    end: End<'_>,
    inside: impl FnOnce(&mut Self, &Type) -> T,
  ) -> ((hir::Block, Type), T) {
    let top = matches!(end, End::Return { .. });
    if let End::Return { expected, what } = end {
      self.returns = Some((expected.clone(), what.to_owned()));
    }
    self.scoped(|inner| {
      let lines = inner.lines(block, end);
      inner.declare(&lines.steps);
      let steps = inner.steps(&lines.steps, top);
      let (result, ty) = inner.result(&lines, end, block.span);
      let more = inside(inner, &ty);
      inner.unread_steps(&steps);
      (
        (
          hir::Block {
            steps,
            result,
            span: block.span,
          },
          ty,
        ),
        more,
      )
    })
  }

  /// Takes the last line apart, and says lines that can't stand where they stand.
  fn lines<'b>(&mut self, block: &'b ast::Block, end: End<'_>) -> Lines<'b> {
    let mut lines = Lines {
      steps: Vec::new(),
      result: None,
    };
    let mut ended: Option<Span> = None;
    for step in &block.steps {
      match &step.kind {
        ast::StepKind::Return { value, when: None } => {
          self.ends(&mut lines, &mut ended, value, step.span, "return", end)
        }
        ast::StepKind::Yield(value) => self.ends(&mut lines, &mut ended, value, step.span, "yield", end),
        _ => {
          if let Some(last) = ended {
            let finding = Diagnostic::new(&codes::MISPLACED_STEP, "a step stands below the end of its block")
              .label(step.span, "never reached")
              .label(last, "the block ends here")
              .help("move it up: what ends the block stands last");
            self.say(finding);
            ended = None;
          }
          self.misplaced(step, end);
          lines.steps.push(step);
        }
      }
    }
    lines
  }

  fn ends<'b>(
    &mut self,
    lines: &mut Lines<'b>,
    ended: &mut Option<Span>,
    value: &'b ast::Expr,
    span: Span,
    word: &str,
    end: End<'_>,
  ) {
    let wanted = match end {
      End::Return { .. } => "return",
      End::Yield { .. } => "yield",
      End::Nothing => "",
    };
    if word != wanted {
      let help = match end {
        End::Return { .. } => "an orchestrator ends with `return`",
        End::Yield { .. } => "a block gives its value by `yield`; `return` stands at the top of an orchestrator",
        End::Nothing => "a stage gives nothing: its names are visible below it",
      };
      let finding = Diagnostic::new(&codes::MISPLACED_STEP, format!("`{word}` can't stand here"))
        .label(span, "not here")
        .help(help);
      self.say(finding);
    }
    if lines.result.is_some() {
      let finding =
        Diagnostic::new(&codes::BLOCK_END, format!("the block has a second `{word}`")).label(span, "one is enough");
      self.say(finding);
    }
    lines.result = Some(value);
    *ended = Some(span);
  }

  fn misplaced(&mut self, step: &ast::Step, end: End<'_>) {
    let top = matches!(end, End::Return { .. });
    let (what, help) = match &step.kind {
      ast::StepKind::Stage { .. } if !top => (
        "a `stage`",
        "stages stand at the top of an orchestrator and do not nest",
      ),
      ast::StepKind::Return { .. } if !top => ("`return ... when`", "it ends the orchestrator, and stands at its top"),
      _ => return,
    };
    let finding = Diagnostic::new(&codes::MISPLACED_STEP, format!("{what} can't stand here"))
      .label(step.span, "not here")
      .help(help);
    self.say(finding);
  }

  /// Binds the names of a block's steps, those of its stages too.
  fn declare(&mut self, steps: &[&ast::Step]) {
    for step in steps {
      match &step.kind {
        ast::StepKind::Named { name, .. } | ast::StepKind::Broken { name: Some(name) } => {
          self.bind(name, Type::Unknown, true);
        }
        ast::StepKind::Stage { body, .. } => {
          let inside: Vec<&ast::Step> = body.steps.iter().collect();
          self.declare(&inside);
        }
        _ => {}
      }
    }
  }

  /// The steps of a block whose names are bound: edges, cycles, then each typed after what it reads.
  fn steps(&mut self, steps: &[&ast::Step], top: bool) -> Vec<hir::Step> {
    let owners = owners(steps);
    let (needs, waits) = edges(steps, &owners);
    let (order, cycles) = cycles::order(steps.len(), &needs);
    let named_twice = named_twice(steps);
    for path in cycles
      .iter()
      .filter(|path| !path.iter().any(|need| named_twice.contains(&need.to)))
    {
      let finding = cycles::cycle(&codes::STEP_CYCLE, "these steps wait for each other", path, |at| {
        shown(steps[at])
      })
      .help("nothing could start: let one of them read something else, or stand elsewhere");
      self.say(finding);
    }
    let mut made: Vec<Option<hir::Step>> = steps.iter().map(|_| None).collect();
    let segments = segments(steps);
    for at in order {
      made[at] = self.step(steps[at], &segments[at], waits[at].clone());
    }
    if cycles.is_empty() && top {
      self.loose_effects(&made, &needs);
    }
    renumbered(made)
  }

  fn step(&mut self, step: &ast::Step, segment: &str, waits: Vec<Wait>) -> Option<hir::Step> {
    let mut local = None;
    let mut gate = true;
    let kind = match &step.kind {
      ast::StepKind::Broken { .. } => return None,
      ast::StepKind::Named { name, node: written } => {
        gate = false;
        local = self.find(&name.value).map(|binding| binding.local);
        let node = self.node(written);
        self.set_type(&name.value, &node.ty);
        self.needless_after(written);
        StepKind::Node(node)
      }
      ast::StepKind::Gate(node) => {
        let lowered = self.node(node);
        if let NodeKind::Value(_) = lowered.kind
          && !lowered.ty.is_unknown()
        {
          let finding = Diagnostic::new(&codes::MISPLACED_STEP, "this expression does nothing here")
            .label(node.span, "its value goes nowhere")
            .help("give it a name (`x = ...`), or say what must hold (`require ...`)");
          self.say(finding);
        }
        StepKind::Node(lowered)
      }
      ast::StepKind::Require { condition, message } => self.require(condition, message.as_ref()),
      ast::StepKind::Return {
        value,
        when: Some(when),
      } => self.return_when(value, when),
      ast::StepKind::Stage { body, .. } => StepKind::Stage(self.stage(body)),
      ast::StepKind::Return { when: None, .. } | ast::StepKind::Yield(_) => return None,
    };
    Some(hir::Step {
      segment: segment.into(),
      local,
      kind,
      waits,
      gate,
      span: step.span,
    })
  }

  fn require(&mut self, condition: &ast::Expr, message: Option<&ast::Expr>) -> StepKind {
    let (condition, facts) = self.condition(condition, "what `require` asks");
    let message = self.given(&facts.fails, |body| {
      message.map(|message| body.check(message, &Type::string(), "the message of `require`"))
    });
    self.learn(&facts.holds);
    StepKind::Require { condition, message }
  }

  fn return_when(&mut self, value: &ast::Expr, when: &ast::Expr) -> StepKind {
    let (when, facts) = self.condition(when, "the condition after `when`");
    let expected = self.returns.clone();
    let holds = facts.holds;
    let value = self.given(&holds, |body| match &expected {
      Some((ty, what)) => body.check(value, ty, what),
      None => body.infer(value),
    });
    let fails: Vec<Fact> = facts.fails;
    self.learn(&fails);
    StepKind::ReturnWhen { value, when }
  }

  fn stage(&mut self, body: &ast::Block) -> hir::Block {
    let lines = self.lines(body, End::Nothing);
    let steps = self.steps(&lines.steps, false);
    hir::Block {
      steps,
      result: None,
      span: body.span,
    }
  }

  fn result(&mut self, lines: &Lines<'_>, end: End<'_>, span: Span) -> (Option<Expr>, Type) {
    let result = match (lines.result, end) {
      (
        Some(value),
        End::Return { expected, what }
        | End::Yield {
          expected: Some((expected, what)),
        },
      ) => Some(self.check(value, expected, what)),
      (Some(value), _) => Some(self.infer(value)),
      (None, _) => None,
    };
    let ty = result.as_ref().map_or(Type::Null, |result| result.ty.clone());
    let broken = lines
      .steps
      .iter()
      .any(|step| matches!(step.kind, ast::StepKind::Broken { .. }));
    match (lines.result, end) {
      (None, End::Return { expected, .. }) if !expected.accepts_null() && !broken => {
        let close = Span {
          start: span.end.saturating_sub(1),
          ..span
        };
        let finding = Diagnostic::new(
          &codes::BLOCK_END,
          format!("the orchestrator gives `{expected}` and has no `return`"),
        )
        .label(close, "ends without a value")
        .help("add `return ...` as its last line");
        self.say(finding);
      }
      (None, End::Yield { .. }) if !broken => {
        let close = Span {
          start: span.end.saturating_sub(1),
          ..span
        };
        let finding = Diagnostic::new(&codes::BLOCK_END, "the block has no `yield`")
          .label(close, "ends without a value")
          .help("add `yield ...` as its last line; `yield null` where there is nothing to give");
        self.say(finding);
        return (None, Type::Unknown);
      }
      (None, _) if broken => return (None, Type::Unknown),
      _ => {}
    }
    (result, ty)
  }

  fn needless_after(&mut self, node: &ast::Node) {
    if node.after.is_empty() {
      return;
    }
    let reads = Reads::of_node(node);
    for name in &node.after {
      if reads
        .names
        .iter()
        .any(|read| read.name == name.value && !read.after && !read.conditional)
      {
        let finding = Diagnostic::new(
          &codes::NEEDLESS_AFTER,
          format!("`after {}` says what the data says already", name.value),
        )
        .label(name.span, "this step reads it")
        .help("take it away");
        self.say(finding);
      }
    }
  }
}

impl Body<'_, '_> {
  /// A non-idempotent call that waits for nothing and that no gate waits for, although gates stand below it.
  fn loose_effects(&mut self, steps: &[Option<hir::Step>], needs: &[Need]) {
    let Some(last_gate) = steps
      .iter()
      .rposition(|step| step.as_ref().is_some_and(|step| step.gate))
    else {
      return;
    };
    let held = held_by_gates(steps, needs);
    for (at, step) in steps.iter().enumerate().take(last_gate) {
      let Some(step) = step else { continue };
      let StepKind::Node(node) = &step.kind else { continue };
      if step.gate || !step.waits.is_empty() || held[at] {
        continue;
      }
      let Some((worker, span)) = self.effect_of(node) else {
        continue;
      };
      let gate = steps[at..]
        .iter()
        .flatten()
        .find(|below| below.gate)
        .map_or(span, |gate| gate.span);
      let message = format!("`{worker}` runs at once: no gate holds it back");
      let finding = Diagnostic::new(&codes::LOOSE_EFFECT, message)
        .label(span, "waits for nothing, and what follows does not wait for it")
        .label(gate, "this gate stands below it")
        .help("put it below the gate, or say `idempotent` in the worker if running it for nothing is harmless");
      self.say(finding);
    }
  }

  /// The first call in a node of a worker that is not idempotent.
  fn effect_of(&self, node: &hir::Node) -> Option<(std::sync::Arc<str>, Span)> {
    let mut found = None;
    node.visit_nodes(&mut |inner| {
      if let (NodeKind::Work(call), None) = (&inner.kind, &found) {
        let worker = self.checker.program.worker(call.target);
        found = (!worker.idempotent).then(|| (worker.name.clone(), inner.span));
      }
    });
    found
  }

  /// Says steps whose value nothing reads, and failures that nothing looks at. What does not parse may have done so.
  fn unread_steps(&mut self, steps: &[hir::Step]) {
    if self.checker.loaded.diagnostics.refuses() {
      return;
    }
    for step in steps {
      let (StepKind::Node(node), Some(local)) = (&step.kind, step.local) else {
        continue;
      };
      let reads = self.reads.get(&local).copied().unwrap_or_default();
      let collected =
        matches!(&node.kind, NodeKind::Attempt(_)) || matches!(&node.kind, NodeKind::Each(each) if each.collect);
      if collected && reads.all == reads.succeeded {
        let finding = Diagnostic::new(
          &codes::IGNORED_FAILURES,
          format!("nothing looks at the failures in `{}`", step.segment),
        )
        .label(node.span, "failures are kept here")
        .help(format!(
          "report them (`failures({})`), count them, or let the step fail",
          step.segment
        ));
        self.say(finding);
        continue;
      }
      let silent = match &node.kind {
        NodeKind::Value(_) => true,
        NodeKind::Work(call) => self.checker.program.worker(call.target).idempotent,
        _ => false,
      };
      if reads.all == 0
        && silent
        && !node.ty.is_unknown()
        && *node.ty.resolved() != Type::Null
        && !step.segment.starts_with('_')
      {
        let finding = Diagnostic::new(&codes::UNUSED_STEP, format!("nothing reads `{}`", step.segment))
          .label(step.span, "not used")
          .help("take it away, or begin its name with `_`");
        self.say(finding);
      }
    }
  }
}

/// Leaves out steps that did not parse (a program with one never runs), and renumbers edges.
fn renumbered(made: Vec<Option<hir::Step>>) -> Vec<hir::Step> {
  let mut places = Vec::new();
  let mut next = 0;
  for step in &made {
    places.push(step.is_some().then_some(next));
    next += usize::from(step.is_some());
  }
  let mut steps: Vec<hir::Step> = made.into_iter().flatten().collect();
  for step in &mut steps {
    step.waits.retain_mut(|wait| match places[wait.step] {
      Some(place) => {
        wait.step = place;
        true
      }
      None => false,
    });
  }
  steps
}

/// Which steps some gate waits for, directly or through others.
fn held_by_gates(steps: &[Option<hir::Step>], needs: &[Need]) -> Vec<bool> {
  let mut needed: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
  for need in needs {
    needed[need.from].push(need.to);
  }
  let mut held = vec![false; steps.len()];
  let mut open: Vec<usize> = (0..steps.len())
    .filter(|at| steps[*at].as_ref().is_some_and(|step| step.gate))
    .collect();
  while let Some(at) = open.pop() {
    for &to in &needed[at] {
      if !std::mem::replace(&mut held[to], true) {
        open.push(to);
      }
    }
  }
  held
}
