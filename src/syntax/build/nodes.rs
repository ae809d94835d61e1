//! Nodes: calls, fan-outs, loops, branches and what hangs on them.

use super::{Builder, Pair, children};
use crate::{
  diagnostics::{Diagnostic, codes},
  source::Span,
  syntax::{
    ast::{Each, Expr, ExprKind, Name, Node, NodeArm, NodeKind, Policy, Repeat, RepeatElse, TypeExpr},
    parser::Rule,
  },
};

impl Builder<'_> {
  pub(super) fn node(&mut self, pair: Pair) -> Node {
    let span = self.span(&pair);
    if self.is_damaged_head(&pair) {
      return broken(span);
    }
    let links = children(pair.clone())
      .filter(|part| part.as_rule() == Rule::catch_clause)
      .count();
    if !self.fits_chain(links, span) {
      return broken(span);
    }
    self.chain += links;
    let built = self.nested(span, |builder| builder.catches(pair));
    self.chain -= links;
    built.unwrap_or(broken(span))
  }

  /// A node that is an expression with a mended place in it.
  fn is_damaged_head(&self, pair: &Pair) -> bool {
    let head = pair.clone().into_inner().next();
    head.is_some_and(|head| head.as_rule() == Rule::expression && self.is_damaged(self.span(&head)))
  }

  fn catches(&mut self, pair: Pair) -> Node {
    let mut parts = children(pair).peekable();
    let mut node = self.single(&mut parts);
    for clause in parts {
      let handler = self.single(&mut children(clause).peekable());
      node = Node {
        span: node.span.to(handler.span),
        with: Vec::new(),
        after: Vec::new(),
        kind: NodeKind::Catch {
          inner: Box::new(node),
          handler: Box::new(handler),
        },
        undo: None,
        finally: None,
      };
    }
    node
  }

  /// A node's head with its own `with` and `after`.
  fn single<'t>(&mut self, parts: &mut std::iter::Peekable<impl Iterator<Item = Pair<'t>>>) -> Node {
    let head = parts.next().expect("grammar: a node");
    let mut span = self.span(&head);
    let kind = self.node_kind(head);
    let (mut with, mut after, mut undo, mut finally) = (None, None, None, None);
    while let Some(suffix) = parts.next_if(|part| part.as_rule() != Rule::catch_clause) {
      let place = self.span(&suffix);
      span = span.to(place);
      match suffix.as_rule() {
        Rule::with_clause => {
          let policies = self.with_clause(suffix);
          self.once(&mut with, policies, place, "with");
        }
        Rule::undo_clause => {
          let call = Box::new(self.single(&mut children(suffix).peekable()));
          self.once(&mut undo, call, place, "undo");
        }
        Rule::finally_clause => {
          let call = Box::new(self.single(&mut children(suffix).peekable()));
          self.once(&mut finally, call, place, "finally");
        }
        _ => {
          let names = children(suffix).map(|name| self.name(&name)).collect();
          self.once::<Vec<Name>>(&mut after, names, place, "after");
        }
      }
    }
    Node {
      kind,
      with: with.unwrap_or_default(),
      after: after.unwrap_or_default(),
      undo,
      finally,
      span,
    }
  }

  pub(super) fn once<T>(&mut self, slot: &mut Option<T>, value: T, place: Span, word: &str) {
    if slot.is_some() {
      let said = Diagnostic::new(&codes::SYNTAX, format!("a node has one `{word}`"));
      let said = said
        .label(place, "a second one")
        .help("separate them by commas after one word");
      return self.report(said);
    }
    *slot = Some(value);
  }

  fn with_clause(&mut self, pair: Pair) -> Vec<Policy> {
    children(pair).map(|policy| self.policy(policy)).collect()
  }

  fn node_kind(&mut self, pair: Pair) -> NodeKind {
    match pair.as_rule() {
      Rule::each => NodeKind::Each(Box::new(self.each(pair))),
      Rule::repeat => NodeKind::Repeat(Box::new(self.repeat(pair))),
      Rule::if_node => self.if_node(pair),
      Rule::match_node => self.match_node(pair),
      Rule::attempt => NodeKind::Attempt(Box::new(self.node(children(pair).next().expect("grammar: a node")))),
      Rule::fail => NodeKind::Fail(self.only_expression(pair)),
      Rule::dispatch => NodeKind::Dispatch(self.only_expression(pair)),
      Rule::run_plan => NodeKind::Run(self.only_expression(pair)),
      Rule::block => NodeKind::Block(self.block(pair)),
      _ => NodeKind::Expr(self.expression(pair)),
    }
  }

  /// The one expression in a pair.
  pub(super) fn only_expression(&mut self, pair: Pair) -> Expr {
    self.expression(children(pair).next().expect("grammar: an expression"))
  }

  fn each(&mut self, pair: Pair) -> Each {
    let mut parts = children(pair).peekable();
    let item = self.name(&parts.next().expect("grammar: a name"));
    let index = parts.next_if(|part| part.as_rule() == Rule::identifier);
    let index = index.map(|index| self.name(&index));
    let items = self.expression(parts.next().expect("grammar: a list"));
    let seed = parts.next_if(|part| part.as_rule() == Rule::seed);
    let seed = seed.map(|seed| self.seed(seed));
    let with = parts.next_if(|part| part.as_rule() == Rule::with_clause);
    let with = with.map(|with| self.with_clause(with)).unwrap_or_default();
    let body = self.each_body(parts.next().expect("grammar: a body"));
    Each {
      item,
      index,
      items,
      seed,
      with,
      body,
    }
  }

  fn each_body(&mut self, pair: Pair) -> Node {
    if pair.as_rule() == Rule::node {
      return self.node(pair);
    }
    Node {
      span: self.span(&pair),
      kind: NodeKind::Block(self.block(pair)),
      with: Vec::new(),
      after: Vec::new(),
      undo: None,
      finally: None,
    }
  }

  fn seed(&mut self, pair: Pair) -> (Expr, Option<TypeExpr>) {
    let mut parts = children(pair);
    let value = self.expression(parts.next().expect("grammar: a seed"));
    (value, parts.next().map(|ty| self.type_expr(ty)))
  }

  fn repeat(&mut self, pair: Pair) -> Repeat {
    let keyword = self.keyword(&pair);
    let mut body = None;
    let (mut bound, mut seed, mut until, mut otherwise) = (None, None, None, None);
    for part in children(pair) {
      match part.as_rule() {
        Rule::repeat_bound => bound = Some(self.only_expression(part)),
        Rule::seed => seed = Some(self.seed(part)),
        Rule::repeat_until => until = Some(self.only_expression(part)),
        Rule::repeat_else => otherwise = Some(self.repeat_else(part)),
        _ => body = Some(self.block(part)),
      }
    }
    Repeat {
      keyword,
      bound,
      seed,
      body: body.expect("grammar: a body"),
      until,
      otherwise,
    }
  }

  fn repeat_else(&mut self, pair: Pair) -> RepeatElse {
    match children(pair).next() {
      Some(node) => RepeatElse::Node(Box::new(self.node(node))),
      None => RepeatElse::Last,
    }
  }

  fn if_node(&mut self, pair: Pair) -> NodeKind {
    let mut parts = children(pair);
    let condition = self.expression(parts.next().expect("grammar: a condition"));
    let then = Box::new(self.node(parts.next().expect("grammar: a branch")));
    let otherwise = parts.next().map(|otherwise| Box::new(self.node(otherwise)));
    NodeKind::If {
      condition,
      then,
      otherwise,
    }
  }

  fn match_node(&mut self, pair: Pair) -> NodeKind {
    let mut parts = children(pair);
    let subject = self.expression(parts.next().expect("grammar: a subject"));
    let mut arms = Vec::new();
    let mut otherwise = None;
    let mut bad = None;
    let mut previous = None;
    for part in parts {
      let span = self.span(&part);
      self.separated(previous.replace(span), span);
      match part.as_rule() {
        Rule::node_arm => arms.push(self.node_arm(part)),
        Rule::else_arm => {
          let keyword = self.keyword(&part);
          let node = self.node(children(part).next().expect("grammar: a node"));
          self.take_else(&mut otherwise, keyword, node);
        }
        _ => {
          self.explain(&part, Rule::arm_only);
          bad = Some((span, broken(span)));
        }
      }
    }
    // A broken arm may be any: what it would have taken is not missing.
    let otherwise = otherwise.or(bad);
    NodeKind::Match {
      subject,
      arms,
      otherwise: otherwise.map(|(span, node)| (span, Box::new(node))),
    }
  }

  fn node_arm(&mut self, pair: Pair) -> NodeArm {
    let mut parts = children(pair);
    let patterns = self.patterns(parts.next().expect("grammar: patterns"));
    let node = self.node(parts.next().expect("grammar: a node"));
    NodeArm { patterns, node }
  }
}

fn broken(span: Span) -> Node {
  let kind = NodeKind::Expr(Expr {
    kind: ExprKind::Broken,
    span,
  });
  Node {
    kind,
    with: Vec::new(),
    after: Vec::new(),
    undo: None,
    finally: None,
    span,
  }
}
