//! Expressions.

use super::{
  Builder, MAX_NESTING, Pair, children,
  operators::{Yard, operator},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  source::{Span, Spanned},
  syntax::{
    ast::{Argument, Expr, ExprArm, ExprKind, ListPart, Pattern, PatternKind, RecordPart, UnaryOperator},
    parser::Rule,
  },
};

impl Builder<'_> {
  /// From `expression` or `record`.
  pub(super) fn expression(&mut self, pair: Pair) -> Expr {
    let span = self.span(&pair);
    if self.is_damaged(span) {
      return broken(span);
    }
    if pair.as_rule() == Rule::record {
      return self.primary(pair);
    }
    let (links, prefixes) = shape(&pair);
    if self.depth + prefixes > MAX_NESTING {
      self.say_too_deep(span);
      return broken(span);
    }
    if !self.fits_chain(links, span) {
      return broken(span);
    }
    self.chain += links;
    let built = self.operators(pair);
    self.chain -= links;
    built
  }

  fn operators(&mut self, pair: Pair) -> Expr {
    let mut yard = Yard::default();
    let mut wants_operand = true;
    let mut parts = pair.into_inner().peekable();
    while let Some(part) = parts.next() {
      let span = self.span(&part);
      match (wants_operand, part.as_rule()) {
        (true, Rule::kw_not) => yard.prefix(UnaryOperator::Not, span),
        (true, Rule::minus) => match parts.next_if(|next| next.as_rule() == Rule::number) {
          Some(number) => {
            let whole = span.to(self.span(&number));
            self.negative_number(&mut yard, &number, whole, parts.peek());
            wants_operand = false;
          }
          None => yard.prefix(UnaryOperator::Negate, span),
        },
        (true, _) => {
          let primary = self.primary(part);
          yard.operand(primary);
          wants_operand = false;
        }
        (false, rule) => match operator(rule) {
          Some(operator) => {
            self.infix(&mut yard, operator, span);
            wants_operand = true;
          }
          None => {
            let base = yard.last();
            let extended = self.postfix(base, part);
            yard.operand(extended);
          }
        },
      }
    }
    self.finish(yard)
  }

  /// `-9223372036854775808` is a number although its digits alone are not; before a postfix or `as` the sign is an
  /// operator like any other.
  fn negative_number(&mut self, yard: &mut Yard, number: &Pair, span: Span, next: Option<&Pair>) {
    let followed = next.is_some_and(|next| operator(next.as_rule()).is_none());
    if followed {
      let minus = Span::new(self.source, span.range().start, span.range().start + 1);
      yard.prefix(UnaryOperator::Negate, minus);
      let kind = self.number(number, false);
      let span = self.span(number);
      return yard.operand(Expr { kind, span });
    }
    let kind = self.number(number, true);
    yard.operand(Expr { kind, span });
  }

  fn postfix(&mut self, base: Expr, pair: Pair) -> Expr {
    let span = base.span.to(self.span(&pair));
    let rule = pair.as_rule();
    let inner = children(pair).next().expect("grammar: a postfix");
    let base = Box::new(base);
    let kind = match rule {
      Rule::index => ExprKind::Index {
        base,
        index: Box::new(self.inner(inner)),
      },
      Rule::cast => ExprKind::Cast {
        value: base,
        ty: self.type_expr(inner),
      },
      _ => ExprKind::Field {
        base,
        name: self.name(&inner),
        optional: rule == Rule::optional_access,
      },
    };
    Expr { kind, span }
  }

  /// An expression one level further in.
  fn inner(&mut self, pair: Pair) -> Expr {
    let span = self.span(&pair);
    self
      .nested(span, |builder| builder.expression(pair))
      .unwrap_or(broken(span))
  }

  fn primary(&mut self, pair: Pair) -> Expr {
    let span = self.span(&pair);
    let kind = match pair.as_rule() {
      Rule::string => ExprKind::String(self.string(&pair)),
      Rule::number => self.number(&pair, false),
      Rule::kw_true => ExprKind::Bool(true),
      Rule::kw_false => ExprKind::Bool(false),
      Rule::kw_null => ExprKind::Null,
      Rule::reference => self.reference(pair),
      _ => self
        .nested(span, |builder| builder.compound(pair))
        .unwrap_or(ExprKind::Broken),
    };
    Expr { kind, span }
  }

  pub(super) fn string_expression(&mut self, pair: &Pair) -> Expr {
    let kind = ExprKind::String(self.string(pair));
    let span = self.span(pair);
    Expr { kind, span }
  }

  fn compound(&mut self, pair: Pair) -> ExprKind {
    match pair.as_rule() {
      Rule::group => {
        self
          .expression(children(pair).next().expect("grammar: an expression"))
          .kind
      }
      Rule::record => ExprKind::Record(self.record_parts(pair)),
      Rule::list => self.list(pair),
      Rule::if_expression => self.if_expression(pair),
      Rule::match_expression => self.match_expression(pair),
      rule => unreachable!("grammar: {rule:?} is no expression"),
    }
  }

  fn reference(&mut self, pair: Pair) -> ExprKind {
    let mut parts = children(pair);
    let name = self.name(&parts.next().expect("grammar: a name"));
    match parts.next() {
      Some(arguments) => {
        let arguments: Vec<Argument> = children(arguments).map(|argument| self.argument(argument)).collect();
        if name.value == "include" {
          self.includes.extend(included(&arguments));
        }
        ExprKind::Call {
          callee: name,
          arguments,
        }
      }
      None => ExprKind::Name(name.value),
    }
  }

  fn argument(&mut self, pair: Pair) -> Argument {
    let mut parts = children(pair).peekable();
    let label = parts.next_if(|part| part.as_rule() == Rule::label);
    let label = label.map(|label| self.label(&label));
    let value = self.inner(parts.next().expect("grammar: a value"));
    Argument { label, value }
  }

  pub(super) fn record_parts(&mut self, pair: Pair) -> Vec<RecordPart> {
    let mut parts = Vec::new();
    let mut previous = None;
    for part in children(pair) {
      let span = self.span(&part);
      self.separated(previous.replace(span), span);
      match part.as_rule() {
        Rule::spread => parts.push(RecordPart::Spread(self.spread(part))),
        Rule::record_field => parts.push(self.record_field(part)),
        _ => parts.push(self.bad_entry(&part)),
      }
    }
    parts
  }

  fn bad_entry(&mut self, pair: &Pair) -> RecordPart {
    self.explain(pair, Rule::entry_only);
    let value = broken(self.span(pair));
    match self.first_word(pair) {
      Some(name) => RecordPart::Field { name, value },
      None => RecordPart::Spread(value),
    }
  }

  fn spread(&mut self, pair: Pair) -> Expr {
    self.expression(children(pair).next().expect("grammar: an expression"))
  }

  fn record_field(&mut self, pair: Pair) -> RecordPart {
    let mut parts = children(pair);
    let label = parts.next().expect("grammar: a key");
    let name = self.label(&label);
    let value = match parts.next() {
      Some(value) => self.expression(value),
      None => self.shorthand(&label, &name),
    };
    RecordPart::Field { name, value }
  }

  /// `name` alone stands for `name: name`; a quoted or reserved word can't.
  fn shorthand(&mut self, label: &Pair, name: &Spanned<String>) -> Expr {
    let span = name.span;
    if self.is_damaged(span) {
      return broken(span);
    }
    let quoted = label.as_str().starts_with('"');
    if quoted || super::super::words::is_reserved_value(&name.value) {
      let said = Diagnostic::new(&codes::SYNTAX, format!("expected `:` after the field `{}`", name.value));
      self.report(said.label(span, "this field has no value"));
      return broken(span);
    }
    let kind = ExprKind::Name(name.value.clone());
    Expr { kind, span }
  }

  fn list(&mut self, pair: Pair) -> ExprKind {
    let mut parts = Vec::new();
    for part in children(pair) {
      match part.as_rule() {
        Rule::spread => parts.push(ListPart::Spread(self.spread(part))),
        Rule::comprehension => return self.comprehension(parts, part),
        _ => parts.push(ListPart::Item(self.expression(part))),
      }
    }
    ExprKind::List(parts)
  }

  fn comprehension(&mut self, mut before: Vec<ListPart>, pair: Pair) -> ExprKind {
    let body = match before.pop() {
      Some(ListPart::Item(body)) => body,
      Some(ListPart::Spread(spread)) => {
        let said = Diagnostic::new(&codes::SYNTAX, "`...` can't be the body of a comprehension");
        self.report(said.label(spread.span, "").help("use `flatten([... for ...])`"));
        broken(spread.span)
      }
      None => broken(self.span(&pair)),
    };
    let mut parts = children(pair);
    let item = self.name(&parts.next().expect("grammar: a name"));
    let items = Box::new(self.expression(parts.next().expect("grammar: a list")));
    let condition = parts.next().map(|condition| Box::new(self.expression(condition)));
    ExprKind::Comprehension {
      body: Box::new(body),
      item,
      items,
      condition,
    }
  }

  fn if_expression(&mut self, pair: Pair) -> ExprKind {
    let mut parts = children(pair);
    let mut next = || parts.next().map(Box::new);
    let (condition, then, otherwise) = (next(), next(), next());
    ExprKind::If {
      condition: Box::new(self.expression(*condition.expect("grammar: a condition"))),
      then: Box::new(self.expression(*then.expect("grammar: a branch"))),
      otherwise: otherwise.map(|otherwise| Box::new(self.expression(*otherwise))),
    }
  }

  fn match_expression(&mut self, pair: Pair) -> ExprKind {
    let mut parts = children(pair);
    let subject = Box::new(self.expression(parts.next().expect("grammar: a subject")));
    let mut arms = Vec::new();
    let mut otherwise = None;
    let mut bad = None;
    let mut previous = None;
    for part in parts {
      let span = self.span(&part);
      self.separated(previous.replace(span), span);
      match part.as_rule() {
        Rule::expression_arm => arms.push(self.expression_arm(part)),
        Rule::expression_else => {
          let keyword = self.keyword(&part);
          let value = self.spread(part);
          self.take_else(&mut otherwise, keyword, value);
        }
        _ => {
          self.explain(&part, Rule::value_arm_only);
          bad = Some((span, broken(span)));
        }
      }
    }
    // A broken arm may be any: what it would have taken is not missing.
    let otherwise = otherwise.or(bad);
    ExprKind::Match {
      subject,
      arms,
      otherwise: otherwise.map(|(span, value)| (span, Box::new(value))),
    }
  }

  /// Keeps the first `else`; a second one is said.
  pub(super) fn take_else<T>(&mut self, slot: &mut Option<(Span, T)>, keyword: Span, value: T) {
    match slot {
      None => *slot = Some((keyword, value)),
      Some((first, _)) => {
        let said = Diagnostic::new(&codes::SYNTAX, "a `match` has one `else`");
        let said = said.label(keyword, "a second one").label(*first, "the first");
        self.report(said);
      }
    }
  }

  fn expression_arm(&mut self, pair: Pair) -> ExprArm {
    let mut parts = children(pair);
    let patterns = self.patterns(parts.next().expect("grammar: patterns"));
    let value = self.expression(parts.next().expect("grammar: a value"));
    ExprArm { patterns, value }
  }

  pub(super) fn patterns(&mut self, pair: Pair) -> Vec<Pattern> {
    children(pair).filter_map(|pattern| self.pattern(pattern)).collect()
  }

  fn pattern(&mut self, pair: Pair) -> Option<Pattern> {
    let span = self.span(&pair);
    let first = pair.clone().into_inner().next().expect("grammar: a literal");
    let kind = match first.as_rule() {
      Rule::string => PatternKind::String(self.plain_string(&first).value),
      Rule::kw_true => PatternKind::Bool(true),
      Rule::kw_false => PatternKind::Bool(false),
      Rule::kw_null => PatternKind::Null,
      _ => PatternKind::Int(self.signed_integer(pair)?),
    };
    Some(Pattern { kind, span })
  }
}

pub(super) fn broken(span: Span) -> Expr {
  let kind = ExprKind::Broken;
  Expr { kind, span }
}

/// How many levels a flat run adds to the tree, and how many prefix operators stand in a row: those are levels like
/// brackets.
fn shape(pair: &Pair) -> (usize, usize) {
  let (mut links, mut run, mut longest) = (0, 0, 0);
  for part in pair.clone().into_inner() {
    let rule = part.as_rule();
    let is_prefix = matches!(rule, Rule::kw_not | Rule::minus);
    run = if is_prefix { run + 1 } else { 0 };
    longest = longest.max(run);
    links += usize::from(is_link(rule));
  }
  (links, longest)
}

/// What adds a level to the tree of a flat run.
fn is_link(rule: Rule) -> bool {
  operator(rule).is_some()
    || matches!(
      rule,
      Rule::kw_not | Rule::field_access | Rule::optional_access | Rule::index | Rule::cast
    )
}

/// The path in `include("./prompt.md")`.
fn included(arguments: &[Argument]) -> Option<Spanned<String>> {
  let [Argument { label: None, value }] = arguments else {
    return None;
  };
  Some(Spanned::new(value.plain_text()?.to_owned(), value.span))
}
