//! Values: operators, branches, nodes and what hangs on them, unions, comprehensions. These are what may break over
//! lines without a bracket.

use super::{
  Printer,
  spacing::{self, Space},
};
use crate::{
  format::{
    gaps::Gap,
    layout::{Part, STEP, WIDTH},
  },
  syntax::concrete::{Kind, Piece},
};

/// A link of a chain: what stands before it, and itself.
type Link<'a> = (Gap<'a>, Part<'a>);

impl<'a> Printer<'a> {
  /// What stands behind `=`, `:` or `=>`, with the space before it: on the same line, or on one of its own if the author
  /// has put it there. A chain that is too long for the rest of the line has one, too: branches always, others if they
  /// fit there.
  pub(super) fn value(&mut self, piece: &Piece, gap: &Gap<'a>) -> Part<'a> {
    let paper = self.paper;
    let moves = gap.breaks || !gap.is_bare();
    let chain = is_chain(piece) && !self.text[piece.start..piece.end].contains('\n');
    self.fresh = moves || chain;
    let printed = self.piece(piece);
    match moves {
      true => paper.nest(paper.all([self.before(gap, Space::Hard), printed])),
      false if chain && self.has_own_line(piece, printed) => {
        paper.group(paper.nest(paper.all([paper.line(), printed])))
      }
      false => paper.all([paper.spaces(1), printed]),
    }
  }

  fn has_own_line(&self, piece: &Piece, printed: Part<'a>) -> bool {
    let fits = |width| self.depth + STEP + width <= WIDTH;
    let branches = matches!(inmost(piece).kind, Kind::if_expression | Kind::if_node);
    printed.width.is_some_and(|width| branches || fits(width))
  }

  /// Operands and operators: all on one line, or a line for each of the operators that bind least.
  pub(super) fn expression(&mut self, piece: &Piece) -> Part<'a> {
    if piece.parts.len() == 1 {
      return self.piece(&piece.parts[0]);
    }
    let parts: Vec<&Piece> = piece.parts.iter().collect();
    self.operators(&parts)
  }

  fn operators(&mut self, parts: &[&Piece]) -> Part<'a> {
    let Some(least) = weakest(parts) else {
      return self.operand(parts);
    };
    let ends: Vec<usize> = infixes(parts).filter(|at| strength(parts[*at].kind) == least).collect();
    let first = self.operators(&parts[..ends[0]]);
    let mut links: Vec<Link<'a>> = Vec::new();
    for (index, at) in ends.iter().enumerate() {
      let until = ends.get(index + 1).copied().unwrap_or(parts.len());
      let mut gap = self.gap(parts[*at].start);
      let mark = self.word(parts[*at]);
      let behind = self.gap(parts[*at + 1].start);
      gap.breaks |= behind.breaks;
      let space = self.before(&behind, Space::One);
      let operand = self.operators(&parts[*at + 1..until]);
      links.push((gap, self.paper.all([mark, space, operand])));
    }
    self.chain(first, links)
  }

  /// What has no infix operator: prefixes, something, accesses and casts.
  fn operand(&mut self, parts: &[&Piece]) -> Part<'a> {
    let mut printed = Vec::new();
    for (index, part) in parts.iter().enumerate() {
      if index > 0 {
        let gap = self.gap(part.start);
        let close = matches!(part.kind, Kind::field_access | Kind::optional_access | Kind::index);
        let close = close || parts[index - 1].kind == Kind::minus;
        printed.push(self.before(&gap, if close { Space::None } else { Space::One }));
      }
      printed.push(self.piece(part));
    }
    self.paper.all(printed)
  }

  /// `A | B`
  pub(super) fn union(&mut self, piece: &Piece) -> Part<'a> {
    let first = self.piece(&piece.parts[0]);
    let mut links = Vec::new();
    for pair in piece.parts[1..].chunks(2) {
      let gap = self.gap(pair[0].start);
      let mark = self.word(&pair[0]);
      let space = self.before(&self.gap(pair[1].start), Space::One);
      let member = self.piece(&pair[1]);
      links.push((gap, self.paper.all([mark, space, member])));
    }
    self.chain(first, links)
  }

  /// Links on one line, or each on a line of its own: if the author has broken the chain anywhere, or if it is too long.
  /// What is open over several lines by itself is no reason.
  fn chain(&mut self, first: Part<'a>, links: Vec<Link<'a>>) -> Part<'a> {
    self.links(first, links, true)
  }

  /// `if a then b else if c then d else e`, flat or a line for each branch.
  pub(super) fn branches(&mut self, piece: &Piece) -> Part<'a> {
    let fresh = std::mem::take(&mut self.fresh);
    let mut links = Vec::new();
    let first = self.branch(piece, &mut links);
    self.links(first, links, !fresh)
  }

  /// A chain; `nested`: its lines stand in.
  fn links(&mut self, first: Part<'a>, links: Vec<Link<'a>>, nested: bool) -> Part<'a> {
    let paper = self.paper;
    let flat = first.is_flat() && links.iter().all(|(_, link)| link.is_flat());
    let space = match (is_broken(&links), flat) {
      (true, _) => Space::Hard,
      (false, true) => Space::Line,
      (false, false) => Space::One,
    };
    let links = links.into_iter();
    let links = paper.all(links.flat_map(|(gap, link)| [self.before(&gap, space), link]));
    let links = match nested && space != Space::One {
      true => paper.nest(links),
      false => links,
    };
    paper.group(paper.all([first, links]))
  }

  /// `if a then b`; what follows goes to `links`.
  fn branch(&mut self, piece: &Piece, links: &mut Vec<Link<'a>>) -> Part<'a> {
    let parts = &piece.parts;
    let paper = self.paper;
    let word = self.word(&parts[0]);
    let space = self.before(&self.gap(parts[1].start), Space::One);
    let condition = self.piece(&parts[1]);
    let head = paper.all([word, space, condition]);
    let gap = self.gap(parts[2].start);
    let then = self.word(&parts[2]);
    let space = self.before(&self.gap(parts[3].start), Space::One);
    let result = self.piece(&parts[3]);
    let then = paper.all([then, space, result]);
    let first = self.chain(head, vec![(gap, then)]);
    if let [_, _, _, _, word, otherwise] = &parts[..] {
      let gap = self.gap(word.start);
      let word = self.word(word);
      let space = self.before(&self.gap(otherwise.start), Space::One);
      let at = links.len();
      let inner = inmost(otherwise);
      let otherwise = match inner.kind {
        Kind::if_expression | Kind::if_node => self.branch(inner, links),
        _ => self.piece(otherwise),
      };
      links.insert(at, (gap, paper.all([word, space, otherwise])));
    }
    first
  }

  /// A node's head, and what hangs on it.
  pub(super) fn node(&mut self, node: &Piece) -> Part<'a> {
    let head = self.piece(&node.parts[0]);
    let mut links = Vec::new();
    for suffix in &node.parts[1..] {
      let gap = self.gap(suffix.start);
      links.push((gap, self.piece(suffix)));
    }
    self.chain(head, links)
  }

  /// `each x in xs with ... => node`, or with a block: one that stands on one line does so only with all the rest.
  pub(super) fn each(&mut self, each: &Piece) -> Part<'a> {
    let paper = self.paper;
    let clause = |kind| matches!(kind, Kind::seed | Kind::with_clause | Kind::fat_arrow);
    let (parts, body) = match each.parts.split_last() {
      Some((body, parts)) if body.kind == Kind::block => (parts, Some(body)),
      _ => (&each.parts[..], None),
    };
    let (head, links) = self.clauses(each.kind, parts, clause);
    let broken = is_broken(&links);
    let head = self.chain(head, links);
    let Some(body) = body else { return head };
    let space = self.before(&self.gap(body.start), if broken { Space::Hard } else { Space::One });
    self.whole = true;
    let body = self.piece(body);
    paper.group(paper.all([head, space, body]))
  }

  /// `repeat up to 3 { ... } until e`
  pub(super) fn repeat(&mut self, repeat: &Piece) -> Part<'a> {
    let block = |kind| kind == Kind::block;
    let (head, links) = self.clauses(repeat.kind, &repeat.parts, block);
    let paper = self.paper;
    let mut parts = vec![head];
    for (gap, link) in links {
      parts.extend([self.before(&gap, Space::One), link]);
    }
    paper.group(paper.all(parts))
  }

  /// `on schedule "..." if e => call(x)`
  pub(super) fn trigger(&mut self, trigger: &Piece) -> Part<'a> {
    let clause = |kind| matches!(kind, Kind::event | Kind::kw_if | Kind::fat_arrow);
    let (head, links) = self.clauses(trigger.kind, &trigger.parts, clause);
    self.chain(head, links)
  }

  /// What stands before the first clause, and each of them from its first word on.
  pub(super) fn clauses(
    &mut self,
    kind: Kind,
    parts: &[Piece],
    begins: impl Fn(Kind) -> bool,
  ) -> (Part<'a>, Vec<Link<'a>>) {
    let paper = self.paper;
    let mut head = paper.nothing();
    let mut links: Vec<Link<'a>> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
      let gap = self.gap(part.start);
      self.whole = part.kind == Kind::block;
      if begins(part.kind) {
        links.push((gap, self.piece(part)));
        continue;
      }
      let space = match index {
        0 => paper.nothing(),
        _ => self.before(&gap, spacing::between(kind, parts[index - 1].kind, part.kind)),
      };
      let printed = self.piece(part);
      let last = links.last_mut().map_or(&mut head, |(_, link)| link);
      *last = paper.all([*last, space, printed]);
    }
    (head, links)
  }
}

/// Whether the author has broken the chain.
fn is_broken(links: &[Link]) -> bool {
  links.iter().any(|(gap, _)| gap.breaks || !gap.is_bare())
}

/// The piece itself, without those around it that hold nothing else.
fn inmost(piece: &Piece) -> &Piece {
  let mut inner = piece;
  while let [only] = &inner.parts[..] {
    inner = only;
  }
  inner
}

/// Whether it breaks into lines without a bracket.
fn is_chain(piece: &Piece) -> bool {
  let mut inner = piece;
  loop {
    match (inner.kind, &inner.parts[..]) {
      (Kind::if_expression | Kind::if_node, _) => return true,
      (Kind::expression, parts) if parts.len() > 1 => {
        return infixes(&parts.iter().collect::<Vec<_>>()).next().is_some();
      }
      (Kind::type_expr, parts) if parts.len() > 1 => return true,
      (_, [only]) => inner = only,
      _ => return false,
    }
  }
}

/// Where operators stand between two operands.
fn infixes<'p>(parts: &'p [&Piece]) -> impl Iterator<Item = usize> + 'p {
  let mut operand = false;
  (0..parts.len()).filter(move |at| {
    let infix = operand && strength(parts[*at].kind) > 0;
    let prefix = !operand && matches!(parts[*at].kind, Kind::minus | Kind::kw_not);
    operand = !infix && !prefix;
    infix
  })
}

fn weakest(parts: &[&Piece]) -> Option<u8> {
  infixes(parts).map(|at| strength(parts[at].kind)).min()
}

/// How strongly an operator binds; 0: it is none.
fn strength(kind: Kind) -> u8 {
  match kind {
    Kind::kw_or => 1,
    Kind::kw_and => 2,
    Kind::equal | Kind::not_equal | Kind::less | Kind::less_equal | Kind::greater | Kind::greater_equal => 3,
    Kind::coalesce => 4,
    Kind::plus | Kind::minus => 5,
    Kind::star | Kind::slash | Kind::percent => 6,
    _ => 0,
  }
}
