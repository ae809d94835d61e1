//! Things in brackets one by one, and their columns: neighbours that have a line each, and nothing between them, have
//! their `=` or `=>` or the second word below each other. A column never makes a line too wide, and ends with what
//! takes several lines.

use super::{Printer, spacing};
use crate::{
  format::{
    gaps::Gap,
    layout::{Paper, Part, WIDTH},
  },
  syntax::concrete::{Kind, Piece},
};

/// What is wider stands in no column: it would push the others far to the right.
const WIDEST: usize = 48;

/// A thing in brackets.
pub(super) struct Entry<'p, 'a> {
  pub(super) piece: &'p Piece,
  /// What stands before it.
  pub(super) gap: Gap<'a>,
  /// What stands left of the column.
  head: Option<Part<'a>>,
  /// Stands in a column only with all of it on one line.
  whole: bool,
  rest: Part<'a>,
}

impl<'a> Entry<'_, 'a> {
  /// What it takes on one line.
  pub(super) fn width(&self) -> Option<usize> {
    let head = self.head.map_or(Some(0), |head| head.width);
    head.zip(self.rest.width).map(|(head, rest)| head + rest)
  }

  pub(super) fn is_flat(&self) -> bool {
    self.width().is_some()
  }

  /// With the head `pad` wide at least.
  pub(super) fn whole(&self, paper: Paper<'a>, pad: usize) -> Part<'a> {
    let Some(head) = self.head else { return self.rest };
    let missing = pad.saturating_sub(head.width.unwrap_or(pad));
    paper.all([head, paper.spaces(missing), self.rest])
  }

  /// How wide its head is, if it can stand in a column where lines stand in by `depth`.
  fn column(&self, depth: usize) -> Option<usize> {
    let head = self.head?.width.filter(|width| *width <= WIDEST)?;
    let fits = self.width().is_some_and(|width| depth + width <= WIDTH);
    (fits || !self.whole).then_some(head)
  }
}

impl<'a> Printer<'a> {
  pub(super) fn entry<'p>(&mut self, columns: bool, piece: &'p Piece) -> Entry<'p, 'a> {
    let gap = self.gap(piece.start);
    let head = if columns { head(piece) } else { None };
    let Some((inner, length)) = head else {
      let rest = self.piece(piece);
      return Entry {
        piece,
        gap,
        head: None,
        whole: false,
        rest,
      };
    };
    let mut parts = Vec::new();
    for (index, part) in inner.parts[..length].iter().enumerate() {
      if index > 0 {
        let space = spacing::between(inner.kind, inner.parts[index - 1].kind, part.kind);
        parts.push(self.before(&self.gap(part.start), space));
      }
      parts.push(self.piece(part));
    }
    let head = Some(self.paper.all(parts));
    let rest = self.sequence(inner, length);
    Entry {
      piece,
      gap,
      head,
      whole: is_setting(inner.kind),
      rest,
    }
  }
}

/// The piece that has a column, and how many of its parts stand left of it.
fn head(piece: &Piece) -> Option<(&Piece, usize)> {
  match piece.kind {
    Kind::policy => head(piece.parts.first()?),
    Kind::named_step | Kind::test_named => Some((piece, 1)),
    Kind::permit_entry | Kind::budget_entry | Kind::breaker_entry | Kind::input_part | Kind::output_part => {
      Some((piece, 1))
    }
    Kind::node_arm | Kind::else_arm | Kind::expression_arm | Kind::expression_else => Some((piece, 1)),
    Kind::mock_rule => {
      let arrow = piece.parts.iter().position(|part| part.kind == Kind::fat_arrow)?;
      Some((piece, arrow))
    }
    Kind::no_policy | Kind::group_spread | Kind::unknown_setting => None,
    _ => {
      let keyword = piece.parts.len() > 1 && piece.parts[0].is_mark();
      (keyword && is_setting(piece.kind)).then_some((piece, 1))
    }
  }
}

fn is_setting(kind: Kind) -> bool {
  matches!(
    kind,
    Kind::exec_setting
      | Kind::shell_setting
      | Kind::mock_setting
      | Kind::stdin_setting
      | Kind::cwd_setting
      | Kind::env_setting
      | Kind::expect_setting
      | Kind::output_setting
      | Kind::permit
      | Kind::uses_setting
      | Kind::timeout_policy
      | Kind::retry_policy
      | Kind::concurrent_policy
      | Kind::deadline_policy
      | Kind::delay_policy
      | Kind::limit_policy
      | Kind::rate_policy
      | Kind::tolerate_policy
      | Kind::stop_policy
      | Kind::hedge_policy
      | Kind::breaker_policy
      | Kind::cache_policy
      | Kind::heartbeat_policy
      | Kind::budget
  )
}

/// How wide the head is on each line; 0 where it is as wide as it is.
pub(super) fn aligned(lines: &[Vec<Entry>], depth: usize) -> Vec<usize> {
  let mut pads = vec![0; lines.len()];
  let mut start = 0;
  while start < lines.len() {
    let (end, pad) = run(&lines[start..], depth);
    pads[start..start + end].fill(pad);
    start += end;
  }
  pads
}

/// How many lines stand in one column, from the first on, and how wide their heads are.
fn run(lines: &[Vec<Entry>], depth: usize) -> (usize, usize) {
  let only = |line: &Vec<Entry>| match &line[..] {
    [entry] => Some((entry.column(depth)?, entry.rest.width)),
    _ => None,
  };
  let Some((mut pad, mut rest)) = only(&lines[0]) else {
    return (1, 0);
  };
  // The widest rest of the lines so far; a line that breaks ends the column.
  let mut widest = 0;
  let mut count = 1;
  while let Some(width) = rest.filter(|width| depth + pad + width <= WIDTH)
    && let Some(next) = lines.get(count)
    && let Some((head, after)) = only(next)
    && !next[0].gap.parts()
  {
    widest = widest.max(width);
    let wider = pad.max(head);
    let fits = |rest: usize| depth + wider + rest <= WIDTH;
    let alone = after.is_some_and(|after| depth + head + after <= WIDTH);
    if !fits(widest) || alone && !after.is_some_and(fits) {
      break;
    }
    (pad, rest) = (wider, after);
    count += 1;
  }
  (count, pad)
}
