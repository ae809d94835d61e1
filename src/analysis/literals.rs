//! `if` and `match`, as expressions and as what steps share with them: patterns, exhaustiveness, joins.

use super::{
  expressions::broken,
  floats, mends,
  names::{Body, Fact},
};
use crate::{
  diagnostics::{Diagnostic, Fix, codes, near},
  hir::{Expr, ExprKind, Literal},
  source::Span,
  syntax::ast::{self, Pattern, PatternKind},
  types::{self, Type},
};

/// The `else` of a match; a broken one stands for arms that did not parse.
#[derive(Clone, Copy)]
pub struct Else {
  pub span: Span,
  /// The arm, from its `else`.
  pub arm: Span,
  pub is_broken: bool,
}

impl Else {
  pub fn of_expr(span: Span, value: &ast::Expr) -> Self {
    let is_broken = matches!(value.kind, ast::ExprKind::Broken);
    let arm = span.to(value.span);
    Self { span, arm, is_broken }
  }

  pub fn of_node(span: Span, node: &ast::Node) -> Self {
    match &node.kind {
      ast::NodeKind::Expr(value) => Self::of_expr(span, value),
      _ => Self {
        span,
        arm: span.to(node.span),
        is_broken: false,
      },
    }
  }
}

/// The type wanted of each alternative, and the words for the place.
pub type Wanted<'w> = Option<(&'w Type, &'w str)>;

impl Body<'_, '_> {
  fn wanted(&mut self, expr: &ast::Expr, wanted: Wanted<'_>) -> Expr {
    match wanted {
      Some((ty, what)) => self.check(expr, ty, what),
      None => self.infer(expr),
    }
  }

  pub fn if_expression(
    &mut self,
    condition: &ast::Expr,
    then: &ast::Expr,
    otherwise: Option<&ast::Expr>,
    span: Span,
    wanted: Wanted<'_>,
  ) -> Expr {
    let (condition, facts) = self.condition(condition, "the condition of `if`");
    let mut then = self.given(&facts.holds, |body| body.wanted(then, wanted));
    let mut otherwise = otherwise.map(|otherwise| self.given(&facts.fails, |body| body.wanted(otherwise, wanted)));
    if let (None, Some(otherwise)) = (wanted, &mut otherwise) {
      floats::agree(&mut [&mut then, otherwise]);
    }
    let other = otherwise.as_ref().map_or(Type::Null, |value| value.ty.clone());
    let ty = self.joined(
      &[
        (then.ty.clone(), then.span),
        (other, otherwise.as_ref().map_or(span, |value| value.span)),
      ],
      wanted,
    );
    let otherwise = otherwise.map(Box::new);
    Expr {
      kind: ExprKind::If {
        condition: Box::new(condition),
        then: Box::new(then),
        otherwise,
      },
      ty,
      span,
    }
  }

  /// The common type of alternatives; what was checked against a wanted type has no need of one.
  pub fn joined(&mut self, alternatives: &[(Type, Span)], wanted: Wanted<'_>) -> Type {
    let mut all = Type::Never;
    let mut last: Option<Span> = None;
    for (ty, span) in alternatives {
      match types::join(&all, ty) {
        _ if all == Type::Unknown => {}
        Some(joined) => all = joined,
        None => match wanted {
          Some((wanted, _)) => return wanted.clone(),
          None => {
            self.no_join((&all, last), (ty, *span), "the alternatives");
            all = Type::Unknown;
          }
        },
      }
      last = Some(*span);
    }
    all
  }

  pub fn match_expression(
    &mut self,
    subject: &ast::Expr,
    arms: &[ast::ExprArm],
    otherwise: Option<&(Span, Box<ast::Expr>)>,
    span: Span,
    wanted: Wanted<'_>,
  ) -> Expr {
    let place = subject;
    let subject = self.infer(place);
    let patterns: Vec<&[Pattern]> = arms.iter().map(|arm| &arm.patterns[..]).collect();
    let written = otherwise.map(|(span, value)| Else::of_expr(*span, value));
    self.check_arms(&subject, &patterns, written);
    let mut lowered: Vec<(Vec<Literal>, Expr)> = Vec::new();
    for arm in arms {
      let facts = self.arm_facts(place, &arm.patterns);
      let value = self.given(&facts, |body| body.wanted(&arm.value, wanted));
      lowered.push((arm.patterns.iter().map(literal_of).collect(), value));
    }
    let mut otherwise = otherwise.map(|(_, value)| {
      let facts = self.else_facts(place, &patterns);
      self.given(&facts, |body| body.wanted(value, wanted))
    });
    let mut values: Vec<&mut Expr> = lowered.iter_mut().map(|(_, value)| value).collect();
    values.extend(otherwise.as_mut());
    if wanted.is_none() {
      floats::agree(&mut values);
    }
    let alternatives: Vec<(Type, Span)> = values.iter().map(|value| (value.ty.clone(), value.span)).collect();
    if subject.ty.is_unknown() && alternatives.is_empty() {
      return broken(span);
    }
    let ty = self.joined(&alternatives, wanted);
    let kind = ExprKind::Match {
      subject: Box::new(subject),
      arms: lowered,
      otherwise: otherwise.map(Box::new),
    };
    Expr { kind, ty, span }
  }

  /// What is known in an arm.
  pub fn arm_facts(&mut self, place: &ast::Expr, patterns: &[Pattern]) -> Vec<Fact> {
    let facts = patterns.iter().map(|pattern| self.narrowed(place, &pattern.kind, true));
    let either = |a: Vec<Fact>, b: Vec<Fact>| a.into_iter().zip(b).map(|(a, b)| a.or(&b)).collect();
    facts.reduce(either).unwrap_or_default()
  }

  /// What is known in `else`: none of the arms' patterns.
  pub fn else_facts(&mut self, place: &ast::Expr, arms: &[&[Pattern]]) -> Vec<Fact> {
    let mut facts = Vec::new();
    for pattern in arms.iter().flat_map(|patterns| patterns.iter()) {
      let more = self.given(&facts, |body| body.narrowed(place, &pattern.kind, false));
      facts.extend(more);
    }
    facts
  }

  /// Says arms that can't be taken, and cases that are missed.
  pub fn check_arms(&mut self, subject: &Expr, arms: &[&[Pattern]], otherwise: Option<Else>) {
    let ty = &subject.ty;
    if ty.is_unknown() {
      return;
    }
    let mut seen: Vec<(&PatternKind, Span)> = Vec::new();
    let mut misspelt = false;
    for pattern in arms.iter().flat_map(|patterns| patterns.iter()) {
      if let Some((_, first)) = seen.iter().find(|(kind, _)| **kind == pattern.kind) {
        let finding = Diagnostic::new(
          &codes::UNREACHABLE,
          format!("this arm can never be taken: {} was matched above", shown(pattern)),
        )
        .label(pattern.span, "never taken")
        .label(*first, "taken here");
        self.say(finding);
      } else if !possible(ty, &pattern.kind) {
        misspelt = true;
        self.impossible(ty, pattern);
      }
      seen.push((&pattern.kind, pattern.span));
    }
    let missing = missing(ty, &seen);
    match (missing, otherwise) {
      (Missing::Nothing, Some(otherwise)) if !otherwise.is_broken => {
        let finding = Diagnostic::new(&codes::UNREACHABLE, "`else` can never be taken: every case has an arm")
          .label(otherwise.span, "never taken")
          .help("leave it out: then a new case is found by `orch check`")
          .fix(self.no_else(arms, otherwise.arm));
        self.say(finding);
      }
      (Missing::Cases(cases), None) if !misspelt => {
        let listed: Vec<String> = cases.iter().map(|case| format!("`{case}`")).collect();
        let finding = Diagnostic::new(&codes::INEXHAUSTIVE, format!("the match misses {}", listed.join(", ")))
          .label(subject.span, format!("this is `{ty}`"))
          .help("add an arm for each, or `else`");
        self.say(finding);
      }
      (Missing::Endless, None) => {
        let finding = Diagnostic::new(&codes::INEXHAUSTIVE, format!("the match misses most values of `{ty}`"))
          .label(subject.span, format!("this is `{ty}`"))
          .help("add `else => ...`");
        self.say(finding);
      }
      _ => {}
    }
  }

  /// Takes the `else` arm away, with the comma before it.
  fn no_else(&self, arms: &[&[Pattern]], arm: Span) -> Fix {
    let text = &self.checker.loaded.sources.get(arm.source).text;
    let above = text[..arm.range().start].trim_end();
    let first = arms
      .iter()
      .any(|patterns| patterns.iter().any(|pattern| pattern.span.end > arm.start));
    match above.strip_suffix(',') {
      Some(above) if !first => Fix::delete(Span::new(arm.source, above.len(), arm.range().end)),
      _ => Fix::delete(mends::lines(text, arm)),
    }
  }

  fn impossible(&mut self, ty: &Type, pattern: &Pattern) {
    let finding = Diagnostic::new(
      &codes::UNREACHABLE,
      format!("this arm can never be taken: {} is no `{ty}`", shown(pattern)),
    )
    .label(pattern.span, "never taken");
    let members = ty.members();
    let literals = members.iter().filter_map(|member| match member.resolved() {
      Type::Literal(text) => Some(&**text),
      _ => None,
    });
    let finding = match &pattern.kind {
      PatternKind::String(text) => match near(text, literals) {
        Some(near) => mends::text(finding, pattern.span, near),
        None => finding,
      },
      _ => finding,
    };
    self.say(finding);
  }
}

pub fn literal_of(pattern: &Pattern) -> Literal {
  match &pattern.kind {
    PatternKind::Null => Literal::Null,
    PatternKind::Bool(value) => Literal::Bool(*value),
    PatternKind::Int(value) => Literal::Int(*value),
    PatternKind::String(text) => Literal::String(text.as_str().into()),
  }
}

/// The pattern as it is written, in backticks.
fn shown(pattern: &Pattern) -> String {
  match &pattern.kind {
    PatternKind::Null => "`null`".into(),
    PatternKind::Bool(value) => format!("`{value}`"),
    PatternKind::Int(value) => format!("`{value}`"),
    PatternKind::String(text) => format!("`{text:?}`"),
  }
}

/// Whether a value of the type can be this literal.
fn possible(ty: &Type, pattern: &PatternKind) -> bool {
  ty.members().iter().any(|member| match (member.resolved(), pattern) {
    (Type::Json, _) | (Type::Null, PatternKind::Null) => true,
    (Type::Literal(own), PatternKind::String(text)) => **own == **text,
    (Type::String(rules), PatternKind::String(text)) => rules.check(text).is_ok(),
    (Type::Bool(own), PatternKind::Bool(value)) => own.is_none_or(|own| own == *value),
    (Type::Int(range), PatternKind::Int(value)) => {
      range.min.is_none_or(|min| min <= *value) && range.max.is_none_or(|max| max >= *value)
    }
    _ => false,
  })
}

enum Missing {
  Nothing,
  Cases(Vec<String>),
  /// More values than could be listed.
  Endless,
}

/// Ints that a range may have to be matched one by one.
const COUNTABLE: i64 = 32;

fn missing(ty: &Type, seen: &[(&PatternKind, Span)]) -> Missing {
  let has = |wanted: &PatternKind| seen.iter().any(|(kind, _)| *kind == wanted);
  let mut cases = Vec::new();
  for member in ty.members() {
    match member.resolved() {
      Type::Null if !has(&PatternKind::Null) => cases.push("null".to_owned()),
      Type::Null | Type::Never => {}
      Type::Literal(text) => {
        if !has(&PatternKind::String((**text).to_owned())) {
          cases.push(format!("{text:?}"));
        }
      }
      Type::Bool(only) => {
        let values = only.map_or(vec![true, false], |value| vec![value]);
        cases.extend(
          values
            .into_iter()
            .filter(|value| !has(&PatternKind::Bool(*value)))
            .map(|value| value.to_string()),
        );
      }
      Type::Int(range) => match (range.min, range.max) {
        (Some(min), Some(max)) if max.saturating_sub(min) < COUNTABLE => {
          cases.extend(
            (min..=max)
              .filter(|value| !has(&PatternKind::Int(*value)))
              .map(|value| value.to_string()),
          );
        }
        _ => return Missing::Endless,
      },
      _ => return Missing::Endless,
    }
  }
  if cases.is_empty() {
    Missing::Nothing
  } else {
    Missing::Cases(cases)
  }
}
