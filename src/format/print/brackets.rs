//! Things in brackets: on one line, or open, with the lines that the author gave them.

use super::{
  Printer,
  columns::{Entry, aligned},
  spacing::Space,
};
use crate::{
  format::{
    gaps::Gap,
    layout::{Part, STEP, WIDTH},
  },
  syntax::concrete::{Kind, Piece},
};

/// How things in a pair of brackets are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Commas {
  /// A line break does as well: none at the end of a line.
  Optional,
  /// Between all, and none at the end.
  Between,
  /// Between all, and behind the last if the bracket is open.
  Trailing,
  /// There are none, and each thing has a line of its own.
  Never,
}

/// What a pair of brackets is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
  commas: Commas,
  /// A space inside of them on one line.
  padded: bool,
  /// Whether what follows the first word or stands around `=` and `=>` is set in columns.
  columns: bool,
  /// Never two on one line once it is open.
  apart: bool,
}

impl Form {
  /// `None`: what opens here is no bracket, or one that never breaks by itself.
  pub(super) fn of(piece: &Piece, opening: Kind) -> Option<Self> {
    let form = |commas, padded, columns| {
      let apart = piece.kind == Kind::params;
      Some(Form {
        commas,
        padded,
        columns,
        apart,
      })
    };
    match (piece.kind, opening) {
      (Kind::block | Kind::test, Kind::brace_open) => form(Commas::Never, true, true),
      (Kind::import, Kind::brace_open) => form(Commas::Trailing, true, false),
      (
        Kind::worker
        | Kind::contract
        | Kind::defaults
        | Kind::limit
        | Kind::match_node
        | Kind::match_expression
        | Kind::mock_script
        | Kind::permit
        | Kind::budget
        | Kind::breaker_policy,
        Kind::brace_open,
      ) => form(Commas::Optional, true, true),
      (_, Kind::brace_open) => form(Commas::Optional, true, false),
      (Kind::group | Kind::type_arguments, Kind::paren_open | Kind::angle_open) => form(Commas::Between, false, false),
      (Kind::params | Kind::arguments | Kind::type_worker, Kind::paren_open) => form(Commas::Trailing, false, false),
      (Kind::type_params, Kind::angle_open) => form(Commas::Trailing, false, false),
      (Kind::list | Kind::mock_order | Kind::retry_on | Kind::retry_unless, Kind::bracket_open) => {
        form(Commas::Trailing, false, false)
      }
      _ => None,
    }
  }

  /// What stands behind a thing if `next` follows on the next line.
  fn mark<'a>(self, this: &Piece, next: Option<&Piece>) -> &'a str {
    match (self.commas, next) {
      (Commas::Trailing, _) | (Commas::Between, Some(_)) => ",",
      (Commas::Optional, Some(next)) if needs_comma(this, next) => ",",
      _ => "",
    }
  }
}

/// Whether two things would be read as one without a comma, though a line break stands between them.
fn needs_comma(this: &Piece, next: &Piece) -> bool {
  let mut first = next;
  while let Some(inner) = first.parts.first() {
    first = inner;
  }
  // `{ a` and `...b` look like a step that begins with `a.`.
  let name = this.kind == Kind::record_field && this.parts.len() == 1;
  first.kind == Kind::minus || name && first.kind == Kind::ellipsis
}

/// Where the bracket closes that opens at `at`.
pub(super) fn closing(parts: &[&Piece], at: usize) -> usize {
  let close = match parts[at].kind {
    Kind::brace_open => Kind::brace_close,
    Kind::paren_open => Kind::paren_close,
    Kind::bracket_open => Kind::bracket_close,
    _ => Kind::angle_close,
  };
  let found = parts[at..].iter().position(|part| part.kind == close);
  at + found.expect("grammar: a closing mark")
}

/// A line of an open bracket.
type Line<'p, 'a> = Vec<Entry<'p, 'a>>;

impl<'a> Printer<'a> {
  /// From the opening to the closing mark.
  pub(super) fn bracket(&mut self, form: Form, parts: &[&Piece]) -> Part<'a> {
    let whole = std::mem::take(&mut self.whole);
    let open = self.word(parts[0]);
    let items: Vec<&Piece> = parts[1..parts.len() - 1]
      .iter()
      .copied()
      .filter(|part| part.kind != Kind::comma)
      .collect();
    let close = parts[parts.len() - 1];
    self.depth += STEP;
    let entries: Vec<Entry> = items.iter().map(|item| self.entry(form.columns, item)).collect();
    self.depth -= STEP;
    let last = self.gap(close.start);
    let close = self.word(close);
    if entries.is_empty() {
      return self.empty(open, &last, close);
    }
    let commented = !last.is_bare() || entries.iter().any(|entry| !entry.gap.is_bare());
    let opened = entries[0].gap.breaks || commented || form.commas == Commas::Never && entries.len() > 1;
    let flat = entries.iter().all(Entry::is_flat);
    match (opened, flat) {
      (false, true) => {
        let closed = self.closed(form, open, &entries, close);
        if whole { closed } else { self.paper.group(closed) }
      }
      (false, false) if !form.padded => self.hugged(open, &entries, close),
      _ => self.open(form, [open, close], entries, &last, opened),
    }
  }

  fn empty(&self, open: Part<'a>, gap: &Gap<'a>, close: Part<'a>) -> Part<'a> {
    let paper = self.paper;
    if gap.is_bare() {
      return paper.all([open, close]);
    }
    let comments = paper.nest(self.between_lines(&without_blank(gap), false));
    paper.all([open, comments, paper.hard(), close])
  }

  /// On one line if the group is, else open: with all on one line between the brackets, else with a line for each thing.
  fn closed(&self, form: Form, open: Part<'a>, entries: &[Entry<'_, 'a>], close: Part<'a>) -> Part<'a> {
    let paper = self.paper;
    let edge = || if form.padded { paper.line() } else { paper.soft() };
    let mut inner = Vec::new();
    let mut end = paper.nothing();
    for (index, entry) in entries.iter().enumerate() {
      inner.push(entry.whole(paper, 0));
      let next = entries.get(index + 1);
      let mark = paper.text(form.mark(entry.piece, next.map(|next| next.piece)));
      match next {
        Some(_) => inner.push(paper.either(paper.all([mark, paper.hard()]), paper.text(", "))),
        None => end = paper.either(mark, paper.nothing()),
      }
    }
    let inner = match form.apart {
      true => paper.all(inner),
      false => paper.group(paper.all(inner)),
    };
    let inner = paper.nest(paper.all([edge(), inner, end]));
    paper.all([open, inner, edge(), close])
  }

  /// What is open over several lines by itself, with its brackets close around it.
  fn hugged(&self, open: Part<'a>, entries: &[Entry<'_, 'a>], close: Part<'a>) -> Part<'a> {
    let paper = self.paper;
    let mut parts = vec![open];
    for (index, entry) in entries.iter().enumerate() {
      parts.extend((index > 0).then(|| paper.text(", ")));
      parts.push(entry.whole(paper, 0));
    }
    parts.push(close);
    paper.all(parts)
  }

  /// Open: `kept`, with the lines of the author as far as they fit; else with a line for each thing.
  fn open(
    &self,
    form: Form,
    [open, close]: [Part<'a>; 2],
    entries: Vec<Entry<'_, 'a>>,
    last: &Gap<'a>,
    kept: bool,
  ) -> Part<'a> {
    let paper = self.paper;
    let own = !kept || form.commas == Commas::Never;
    let lines = self.lines(entries, own);
    let pads = if form.columns {
      aligned(&lines, self.depth + STEP)
    } else {
      vec![0; lines.len()]
    };
    let mut inner = Vec::new();
    for (index, line) in lines.iter().enumerate() {
      inner.push(self.between_lines(&line[0].gap, index > 0));
      inner.push(paper.hard());
      for (at, entry) in line.iter().enumerate() {
        inner.push(entry.whole(paper, pads[index]));
        let mark = match line.get(at + 1) {
          Some(_) => ", ",
          None => form.mark(
            entry.piece,
            lines
              .get(index + 1)
              .and_then(|line| line.first())
              .map(|next| next.piece),
          ),
        };
        inner.push(paper.text(mark));
      }
    }
    inner.push(self.between_lines(&without_blank(last), true));
    paper.all([open, paper.nest(paper.all(inner)), paper.hard(), close])
  }

  /// What stands on which line. `own`: each on its own.
  fn lines<'p>(&self, entries: Vec<Entry<'p, 'a>>, own: bool) -> Vec<Line<'p, 'a>> {
    let mut lines: Vec<Line> = Vec::new();
    for entry in entries {
      match lines.last_mut() {
        Some(line) if !own && !entry.gap.breaks => line.push(entry),
        _ => lines.push(vec![entry]),
      }
    }
    let depth = self.depth + STEP;
    lines
      .into_iter()
      .flat_map(|line| match is_wide(&line, depth) {
        true => line.into_iter().map(|entry| vec![entry]).collect(),
        false => vec![line],
      })
      .collect()
  }

  /// `[e for x in xs if c]`
  pub(super) fn comprehension(&mut self, list: &Piece) -> Part<'a> {
    let paper = self.paper;
    let [open, body, comprehension, close] = &list.parts[..] else {
      return self.sequence(list, 0);
    };
    let open = self.word(open);
    self.depth += STEP;
    let first = self.gap(body.start);
    let body = self.piece(body);
    let begins = |kind| matches!(kind, Kind::kw_for | Kind::kw_if);
    let (_, clauses) = self.clauses(comprehension.kind, &comprehension.parts, begins);
    self.depth -= STEP;
    let last = self.gap(close.start);
    let close = self.word(close);
    let breaks = clauses.first().is_some_and(|(gap, _)| gap.breaks);
    let opened = first.breaks || !first.is_bare() || !last.is_bare() || clauses.iter().any(|(gap, _)| gap.breaks);
    let flat = body.is_flat() && clauses.iter().all(|(_, clause)| clause.is_flat());
    let space = |breaks: bool, flat: bool| match (breaks, flat) {
      (true, _) => Space::Hard,
      (false, true) => Space::Line,
      (false, false) => Space::One,
    };
    let outer = clauses.first().map(|(gap, _)| self.before(gap, space(breaks, flat)));
    let tail = clauses.iter().skip(1).flat_map(|(gap, clause)| {
      let space = space(gap.breaks, clause.is_flat());
      [self.before(gap, space), *clause]
    });
    let tail: Vec<Part> = clauses
      .first()
      .map(|(_, clause)| *clause)
      .into_iter()
      .chain(tail)
      .collect();
    let tail = paper.group(paper.all(tail));
    let inner = paper.group(paper.all([body, outer.unwrap_or(tail), tail]));
    match (opened, flat) {
      (true, _) => {
        let start = paper.all([self.between_lines(&first, false), paper.hard(), inner]);
        let end = self.between_lines(&without_blank(&last), true);
        paper.all([open, paper.nest(paper.all([start, end])), paper.hard(), close])
      }
      (false, true) => {
        let inner = paper.nest(paper.all([paper.soft(), inner]));
        paper.group(paper.all([open, inner, paper.soft(), close]))
      }
      (false, false) => paper.all([open, inner, close]),
    }
  }
}

/// Whether several things on one line do not fit there.
fn is_wide(line: &[Entry], depth: usize) -> bool {
  let width = |entry: &Entry| entry.width().map_or(0, |width| width + 2);
  line.len() > 1 && depth + line.iter().map(width).sum::<usize>() > WIDTH + 1
}

/// No empty line stands before a closing mark.
fn without_blank<'a>(gap: &Gap<'a>) -> Gap<'a> {
  Gap {
    comments: gap.comments.clone(),
    breaks: gap.breaks,
    blank: false,
  }
}
