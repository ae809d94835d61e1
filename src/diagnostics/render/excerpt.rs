//! The few lines around the labels of one finding, with very long lines cut. Knows nothing of how they are drawn.

use std::{collections::BTreeMap, ops::Range};

use super::harmless;
use crate::{
  diagnostics::Label,
  source::{Position, Source, SourceId, Sources},
};

/// Lines shown above and below a label.
const AROUND: usize = 1;
/// Labels that cover more lines are shown on their first line only.
const TALLEST: usize = 8;
/// Lines with more bytes are cut.
const LONGEST: usize = 200;
/// Bytes kept before and after a label in a line that is cut.
const MARGIN: usize = 60;
/// Stands for what was cut.
const CUT: char = '…';

/// Lines in sequence of one file, as they will be shown.
#[derive(Debug)]
pub(super) struct Excerpt {
  pub name: String,
  /// The number of the first line, from 1.
  pub first_line: usize,
  /// Each line ends with a line break.
  pub text: String,
  /// Where this text begins in the text of all excerpts of the finding.
  pub offset: usize,
}

/// A label's place in the text of all excerpts.
#[derive(Debug, PartialEq)]
pub(super) struct Mark {
  pub range: Range<usize>,
  pub text: String,
  /// Where it stands in its file.
  pub position: Position,
}

/// Everything that one finding shows.
#[derive(Debug, Default)]
pub(super) struct Excerpts {
  pub parts: Vec<Excerpt>,
  /// In the order of the finding's labels.
  pub marks: Vec<Mark>,
}

/// A label as lines and bytes of its file, after what is too tall was cut.
struct Place {
  label: usize,
  range: Range<usize>,
  lines: Range<usize>,
}

/// A stretch of the file's text that is kept, and where it stands in the excerpts.
struct Piece {
  source: Range<usize>,
  shown: usize,
}

impl Excerpts {
  /// The excerpts for the labels: the main one's file first, then the others in the order of their files.
  pub(super) fn around(labels: &[Label], sources: &Sources) -> Excerpts {
    let mut excerpts = Excerpts::default();
    let mut marks: BTreeMap<usize, Mark> = BTreeMap::new();
    for file in files(labels) {
      let source = sources.get(file);
      let places = places(labels, file, source);
      for group in groups(&places) {
        excerpts.add(source, &group, &places, labels, &mut marks);
      }
    }
    excerpts.marks = marks.into_values().collect();
    excerpts
  }

  fn add(
    &mut self,
    source: &Source,
    lines: &Range<usize>,
    places: &[Place],
    labels: &[Label],
    marks: &mut BTreeMap<usize, Mark>,
  ) {
    let offset = self.parts.last().map_or(0, |last| last.offset + last.text.len());
    let (text, pieces) = cut_lines(source, lines, places, offset);
    for place in places.iter().filter(|place| lines.contains(&place.lines.start)) {
      let start = shown(&pieces, place.range.start);
      let mark = Mark {
        range: start..shown(&pieces, place.range.end).max(start),
        text: harmless(&labels[place.label].text),
        position: source.position(place.range.start),
      };
      marks.insert(place.label, mark);
    }
    self.parts.push(Excerpt {
      name: harmless(&source.name),
      first_line: lines.start,
      text,
      offset,
    });
  }
}

fn files(labels: &[Label]) -> Vec<SourceId> {
  let mut files: Vec<SourceId> = labels.iter().map(|label| label.span.source).collect();
  if let Some((_, rest)) = files.split_first_mut() {
    rest.sort_unstable();
  }
  let mut seen = Vec::new();
  files.retain(|file| !seen.contains(file) && (seen.push(*file), true).1);
  files
}

fn places(labels: &[Label], file: SourceId, source: &Source) -> Vec<Place> {
  let mut places = Vec::new();
  for (label, Label { span, .. }) in labels.iter().enumerate() {
    if span.source != file {
      continue;
    }
    let start = span.range().start.min(source.text.len());
    let mut end = span.range().end.clamp(start, source.text.len());
    let first = source.line_number(start);
    let mut last = source.line_number(end);
    if last - first >= TALLEST {
      end = source.line_range(first).end.max(start);
      last = first;
    }
    places.push(Place {
      label,
      range: start..end,
      lines: first..last + 1,
    });
  }
  places
}

/// The lines to show, as ranges that neither meet nor overlap.
fn groups(places: &[Place]) -> Vec<Range<usize>> {
  let mut wanted: Vec<Range<usize>> = places
    .iter()
    .map(|place| place.lines.start.saturating_sub(AROUND).max(1)..place.lines.end + AROUND)
    .collect();
  wanted.sort_by_key(|lines| lines.start);
  let mut groups: Vec<Range<usize>> = Vec::new();
  for lines in wanted {
    match groups.last_mut() {
      Some(last) if lines.start <= last.end => last.end = last.end.max(lines.end),
      _ => groups.push(lines),
    }
  }
  groups
}

fn cut_lines(source: &Source, lines: &Range<usize>, places: &[Place], offset: usize) -> (String, Vec<Piece>) {
  let mut text = String::new();
  let mut pieces = Vec::new();
  for line in lines.start..lines.end.min(source.line_count() + 1) {
    let range = source.line_range(line);
    if range.start == source.text.len() && places.iter().all(|place| place.lines.end <= line) {
      continue;
    }
    let kept = kept(&source.text, &range, places);
    for (at, piece) in kept.iter().enumerate() {
      if piece.start > range.start {
        text.push(CUT);
      }
      pieces.push(Piece {
        source: piece.clone(),
        shown: offset + text.len(),
      });
      text.push_str(&harmless(&source.text[piece.clone()]));
      if at + 1 == kept.len() && piece.end < range.end {
        text.push(CUT);
      }
    }
    text.push('\n');
  }
  (text, pieces)
}

/// What is shown of a line: all of it, or what stands near the ends of the labels.
fn kept(text: &str, line: &Range<usize>, places: &[Place]) -> Vec<Range<usize>> {
  let end = line.end - usize::from(text[line.clone()].ends_with('\r'));
  if end - line.start <= LONGEST {
    return std::iter::once(line.start..end).collect();
  }
  let mut points: Vec<usize> = places
    .iter()
    .flat_map(|place| [place.range.start, place.range.end])
    .filter(|point| (line.start..=end).contains(point))
    .collect();
  if points.is_empty() {
    points.push(line.start);
  }
  points.sort_unstable();
  let mut kept: Vec<Range<usize>> = Vec::new();
  for point in points {
    let from = text.floor_char_boundary(point.saturating_sub(MARGIN).max(line.start));
    let to = text.ceil_char_boundary((point + MARGIN).min(end));
    match kept.last_mut() {
      Some(last) if from <= last.end => last.end = last.end.max(to),
      _ => kept.push(from..to),
    }
  }
  kept
}

/// Where an offset of the file stands in the excerpts; what was cut away stands at the cut.
fn shown(pieces: &[Piece], at: usize) -> usize {
  let before = pieces.iter().rev().find(|piece| piece.source.start <= at);
  match before {
    Some(piece) => piece.shown + at.min(piece.source.end) - piece.source.start,
    None => pieces.first().map_or(0, |piece| piece.shown),
  }
}
