//! Blocks: which step waits for which, in which order they can be typed, and what the block gives.

use super::{
  cycles,
  edges::{behind_gates, edges, is_gate, named_twice, owners, renumbered, segments, shown},
  endings::in_fallback,
  names::{Body, Fact, Mark},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{self, Expr, NodeKind, StepKind, Wait},
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
  /// `on failure`: nothing either.
  Handler,
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
    let mut declared: Option<Span> = None;
    for step in &block.steps {
      match &step.kind {
        ast::StepKind::Return { value, when: None } => {
          self.ends(&mut lines, &mut ended, value, step.span, "return", end)
        }
        ast::StepKind::Yield(value) => self.ends(&mut lines, &mut ended, value, step.span, "yield", end),
        ast::StepKind::Declaration(declaration) => self.declaration(declaration, step.span, &mut declared, end),
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
      End::Nothing | End::Handler => "",
    };
    if word != wanted {
      let help = match end {
        End::Return { .. } => "an orchestrator ends with `return`",
        End::Yield { .. } => "a block gives its value by `yield`; `return` stands at the top of an orchestrator",
        End::Nothing => "a stage gives nothing: its names are visible below it",
        End::Handler => "`on failure` gives nothing: the orchestrator has failed whatever it does",
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
        ast::StepKind::Named { name, .. } => drop(self.bind(name, Type::Unknown, true)),
        ast::StepKind::Broken { names } => names.iter().for_each(|name| {
          if names.len() == 1 || self.find(&name.value).is_none() {
            self.bind(name, Type::Unknown, true);
          }
        }),
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
    let (needs, mut waits) = edges(steps, &owners);
    let (order, cycles) = cycles::order(steps.len(), &needs);
    let named_twice = named_twice(steps);
    for path in cycles
      .iter()
      .filter(|path| !path.iter().any(|need| named_twice.contains(&need.to)))
    {
      let what = if path.len() == 1 {
        "this step waits for itself"
      } else {
        "these steps wait for each other"
      };
      let finding = cycles::cycle(&codes::STEP_CYCLE, what, path, |at| shown(steps[at])).help(match &path[..] {
        [need] if reads_itself_in_fallback(steps[need.from], need.span) => {
          "a step that failed has no value, and there is nothing of it to undo; `undo` stands on a step that succeeds"
        }
        [_] => "a step has no value before it is done; in a loop the value of the round before is `previous`",
        _ => "nothing could start: let one of them read something else, or stand elsewhere",
      });
      self.say(finding);
    }
    if cycles.is_empty() {
      self.needless_afters(steps, &waits, &owners);
    }
    let mut made: Vec<Option<hir::Step>> = steps.iter().map(|_| None).collect();
    let segments = segments(steps);
    let behind = behind_gates(&order, steps, &waits);
    let mut proved: Vec<(usize, Mark)> = Vec::new();
    for at in order {
      let held = proved.partition_point(|(gate, _)| behind[at].is_some_and(|last| *gate <= last));
      let mark = self.mark();
      let known = proved.get(held).map_or(mark, |(_, before)| *before);
      let waits = std::mem::take(&mut waits[at]);
      made[at] = self.as_before(known, |body| body.step(steps[at], &segments[at], waits));
      if is_gate(steps[at]) {
        proved.push((at, mark));
      }
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
      ast::StepKind::Broken { .. } | ast::StepKind::Declaration(_) => return None,
      ast::StepKind::Named { name, node: written } => {
        gate = false;
        local = self.find(&name.value).map(|binding| binding.local);
        self.own = Some(name.value.clone());
        let node = self.node(written);
        self.own = None;
        self.set_type(&name.value, &node.ty);
        if let (ast::NodeKind::Expr(value), NodeKind::Value(_)) = (&written.kind, &node.kind)
          && self.is_constant(value)
        {
          self.constant_steps.extend(local);
        }
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

  /// What stands at the top of an orchestrator and is no step; `handler` is the first `on failure`.
  fn declaration(&mut self, declaration: &ast::Declaration, span: Span, handler: &mut Option<Span>, end: End<'_>) {
    let top = matches!(end, End::Return { .. });
    let (what, help) = match declaration {
      // it bounds the whole orchestrator
      ast::Declaration::Permit(_) | ast::Declaration::Overlap { .. } if top => return,
      ast::Declaration::OnFailure(_) if top => return self.one_handler(span, handler),
      ast::Declaration::Permit(_) => ("a `permit`", "it stands at the top of an orchestrator, or in a worker"),
      ast::Declaration::Overlap { .. } => (
        "an `overlap`",
        "it is about whole runs, and stands at the top of an orchestrator",
      ),
      ast::Declaration::OnFailure(_) => (
        "`on failure`",
        "it stands at the top of an orchestrator; inside, `catch` says what to do about a failure",
      ),
      _ => return self.checker.unbuilt(span, "this declaration"),
    };
    let finding = Diagnostic::new(&codes::MISPLACED_STEP, format!("{what} can't stand here"));
    self.say(finding.label(span, "not here").help(help));
  }

  fn one_handler(&mut self, span: Span, handler: &mut Option<Span>) {
    let Some(first) = *handler else {
      *handler = Some(span);
      return;
    };
    let finding = Diagnostic::new(&codes::DUPLICATE, "the orchestrator has a second `on failure`")
      .label(span, "this one")
      .label(first, "the first one")
      .help("put the steps of both into one");
    self.say(finding);
  }

  /// A block in a scope of its own that gives nothing.
  pub fn aside(&mut self, block: &ast::Block, end: End<'_>) -> hir::Block {
    self.scoped(|inner| {
      let lines = inner.lines(block, end);
      inner.declare(&lines.steps);
      let steps = inner.steps(&lines.steps, false);
      inner.unread_steps(&steps);
      hir::Block {
        steps,
        result: None,
        span: block.span,
      }
    })
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
}

fn reads_itself_in_fallback(step: &ast::Step, place: Span) -> bool {
  matches!(&step.kind, ast::StepKind::Named { node, .. } if in_fallback(node, place))
}
