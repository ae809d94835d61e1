//! Conditions that draw the same line twice, and not in the same place: `score >= 8` here, `score > 8` there. At the line
//! itself they contradict each other.

use std::collections::{BTreeMap, HashSet};

use super::{
  checker::Checker,
  origins::{Origin, Origins},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{Block, ConstantId, Expr, ExprKind, Inside, Literal, Node, NodeKind, Operator, Program, StepKind},
  source::{Sources, Span},
  value::Value,
};

/// What a value is held against.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Threshold {
  /// The bits of a float: thresholds are only compared with each other.
  Number(u64),
  Duration(i64),
  Of(Origin),
}

/// A value and what it is held against.
type Line = (Origin, Threshold);

/// `value < threshold` and the like.
struct Test {
  line: Line,
  /// The threshold itself counts as what is below it: `<=`, `>`.
  above: bool,
  span: Span,
  /// The condition that it is part of.
  condition: usize,
  /// Conditions whose branches it stands in: it is meant to differ from them.
  inside: Vec<usize>,
  /// Of a `return ... when`: one after the other, each knows of those above.
  early: bool,
}

/// Looks at one orchestrator.
struct Look<'p> {
  program: &'p Program,
  origins: Origins<'p>,
  tests: Vec<Test>,
  /// Lines whose threshold itself is asked for somewhere: then it was thought of.
  exact: HashSet<Line>,
  conditions: usize,
  inside: Vec<usize>,
}

impl Checker<'_> {
  pub fn check_agreement(&mut self) {
    let mut found = Vec::new();
    for orchestrator in &self.program.orchestrators {
      let mut look = Look {
        program: &self.program,
        origins: Origins::of(&orchestrator.body),
        tests: Vec::new(),
        exact: HashSet::new(),
        conditions: 0,
        inside: Vec::new(),
      };
      look.block(&orchestrator.body);
      found.extend(look.contradictions(&self.loaded.sources));
    }
    found.into_iter().for_each(|finding| self.say(finding));
  }
}

impl<'p> Look<'p> {
  fn block(&mut self, block: &'p Block) {
    for step in &block.steps {
      match &step.kind {
        StepKind::Node(node) => self.node(node),
        StepKind::Require { condition, message } => {
          self.condition(condition, false);
          if let Some(message) = message {
            self.condition(message, false);
          }
        }
        StepKind::ReturnWhen { value, when } => {
          self.condition(when, true);
          self.condition(value, false);
        }
        StepKind::Stage(block) => self.block(block),
      }
    }
    if let Some(result) = &block.result {
      self.condition(result, false);
    }
  }

  fn node(&mut self, node: &'p Node) {
    let mut last = None;
    node.own_expressions(&mut |expr| last = Some(self.condition(expr, false)));
    if let NodeKind::Match { subject, arms, .. } = &node.kind {
      let literals = arms.iter().flat_map(|branch| &branch.patterns);
      self.matched(subject, literals);
    }
    let branches = matches!(node.kind, NodeKind::If { .. } | NodeKind::Match { .. });
    let entered = last.filter(|_| branches);
    self.inside.extend(entered);
    node.inside(&mut |inside| match inside {
      Inside::Node(node) => self.node(node),
      Inside::Block(block) => self.block(block),
    });
    if entered.is_some() {
      self.inside.pop();
    }
  }

  /// Collects the tests of an expression; all of them are one condition. Gives its number.
  fn condition(&mut self, expr: &'p Expr, early: bool) -> usize {
    self.conditions += 1;
    let condition = self.conditions;
    expr.whole(&mut |part| match &part.kind {
      ExprKind::Binary { operator, left, right } => {
        self.comparison(*operator, left, right, (part.span, condition, early))
      }
      ExprKind::Match { subject, arms, .. } => self.matched(subject, arms.iter().flat_map(|(literals, _)| literals)),
      _ => {}
    });
    condition
  }

  fn matched<'l>(&mut self, subject: &Expr, literals: impl Iterator<Item = &'l Literal>) {
    let Some(value) = self.origins.find(subject) else {
      return;
    };
    for literal in literals {
      if let Literal::Int(number) = literal {
        self.exact.insert((value.clone(), in_bits(*number as f64)));
      }
    }
  }

  fn comparison(&mut self, operator: Operator, left: &Expr, right: &Expr, place: (Span, usize, bool)) {
    let (value, threshold, turned) = match (self.threshold(left), self.threshold(right)) {
      (_, Some(threshold @ (Threshold::Number(_) | Threshold::Duration(_)))) => {
        (self.origins.find(left), threshold, false)
      }
      (Some(threshold @ (Threshold::Number(_) | Threshold::Duration(_))), _) => {
        (self.origins.find(right), threshold, true)
      }
      (Some(Threshold::Of(a)), Some(Threshold::Of(b))) if a <= b => (Some(a), Threshold::Of(b), false),
      (Some(Threshold::Of(a)), Some(Threshold::Of(b))) => (Some(b), Threshold::Of(a), true),
      _ => return,
    };
    let Some(value) = value else { return };
    let above = match operator {
      Operator::Equal | Operator::NotEqual => {
        self.exact.insert((value, threshold));
        return;
      }
      Operator::Greater | Operator::LessOrEqual => !turned,
      Operator::Less | Operator::GreaterOrEqual => turned,
      _ => return,
    };
    let (span, condition, early) = place;
    self.tests.push(Test {
      line: (value, threshold),
      above,
      span,
      condition,
      inside: self.inside.clone(),
      early,
    });
  }

  fn threshold(&self, expr: &Expr) -> Option<Threshold> {
    match &expr.kind {
      ExprKind::Literal(Value::Int(number)) => Some(in_bits(*number as f64)),
      ExprKind::Literal(Value::Float(number)) => Some(in_bits(*number)),
      ExprKind::Literal(Value::Duration(length)) => Some(Threshold::Duration(*length)),
      ExprKind::Negate(inner) => match self.threshold(inner)? {
        Threshold::Number(bits) => Some(in_bits(-f64::from_bits(bits))),
        _ => None,
      },
      ExprKind::Constant(ConstantId(at)) => self.threshold(&self.program.constants[*at as usize].value),
      _ => self.origins.find(expr).map(Threshold::Of),
    }
  }

  /// One finding for each line that is drawn in two places.
  fn contradictions(self, sources: &Sources) -> Vec<Diagnostic> {
    let mut lines: BTreeMap<&Line, Vec<&Test>> = BTreeMap::new();
    for test in self.tests.iter().filter(|test| !self.exact.contains(&test.line)) {
      lines.entry(&test.line).or_default().push(test);
    }
    let pairs = lines.into_values().filter_map(|mut tests| {
      tests.sort_by_key(|test| test.span);
      let later = |first: &&Test| {
        tests
          .iter()
          .find(|other| contradict(first, other))
          .map(|other| other.span)
      };
      tests.iter().find_map(|first| Some((first.span, later(first)?)))
    });
    pairs.map(|(first, other)| said(first, other, sources)).collect()
  }
}

/// Zero has one sign here.
fn in_bits(number: f64) -> Threshold {
  Threshold::Number((number + 0.0).to_bits())
}

fn contradict(first: &Test, other: &Test) -> bool {
  let apart = first.condition != other.condition
    && !first.inside.contains(&other.condition)
    && !other.inside.contains(&first.condition);
  first.above != other.above && apart && !(first.early && other.early)
}

fn said(first: Span, other: Span, sources: &Sources) -> Diagnostic {
  let message = format!(
    "`{}` and `{}` contradict each other where both sides are equal",
    sources.text(first),
    sources.text(other)
  );
  Diagnostic::new(&codes::CONTRADICTS, message)
    .label(other, "the same threshold, which stands on the other side here")
    .label(first, "here on this one")
    .help("draw it once: name the result of the first test and use the name, or put the test into a function (`let good(n: int) -> bool = n >= 8`)")
}
