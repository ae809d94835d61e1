//! What `orch check --bounds` shows: the worst case of each orchestrator of a root file, as tables for people or as
//! JSON.

use std::sync::Arc;

use comfy_table::{Table, presets};
use serde::Serialize;

use super::report::Root;
use crate::{
  bounds::{
    Bound, Bounds, bounds,
    json::Document,
    text::{Unit, Words, number},
  },
  diagnostics::{Diagnostics, render::json},
  hir::Program,
  source::Sources,
};

/// A program whose bounds were asked for, and the file that it was read from.
pub struct Bounded {
  file: String,
  program: Arc<Program>,
  /// Of each orchestrator that the file declares.
  all: Vec<Bounds>,
}

impl Bounded {
  /// `None`: a finding refuses the program.
  pub fn of(root: &Root) -> Option<Self> {
    let program = root.program.clone()?;
    let own = program
      .orchestrator_ids()
      .filter(|(_, declared)| declared.module.0 == 0);
    let all = own.map(|(id, _)| bounds(&program, id)).collect();
    let file = root.name.clone();
    Some(Self { file, program, all })
  }

  fn words(&self) -> impl Iterator<Item = Words<'_>> {
    let program = &self.program;
    self.all.iter().map(move |bounds| Words { program, bounds })
  }

  /// A table for each orchestrator.
  pub fn tables(&self) -> String {
    self.words().map(|words| format!("\n{}\n", table(words))).collect()
  }
}

/// The findings as `orch check --format json` gives them, and beside them the bounds.
pub fn with_findings(findings: &Diagnostics, sources: &Sources, bounded: &[Bounded]) -> String {
  #[derive(Serialize)]
  struct Whole<'a> {
    #[serde(flatten)]
    report: json::Report<'a>,
    bounds: Vec<Document<'a>>,
  }
  let documents = bounded.iter().flat_map(|bounded| {
    let words = bounded.words();
    words.map(|words| Document::new(words, &bounded.file))
  });
  let whole = Whole {
    report: json::report(findings, sources),
    bounds: documents.collect(),
  };
  let mut text = serde_json::to_string(&whole).unwrap_or_default();
  text.push('\n');
  text
}

fn table(words: Words<'_>) -> String {
  let mut table = Table::new();
  table.load_style(presets::NOTHING);
  let name = &words.program.orchestrator(words.bounds.orchestrator).name;
  table.set_header([name, "at most"]);
  table.add_rows(calls(words));
  table.add_rows(whole(words));
  table.add_rows(sizes(words));
  table.trim_fmt()
}

type Row = [String; 2];

fn row(name: impl Into<String>, bound: impl Into<String>) -> Row {
  [name.into(), bound.into()]
}

/// A row for each worker, and one for all.
fn calls(words: Words<'_>) -> Vec<Row> {
  let bounds = words.bounds;
  let calls = |name: &str, bound: &Bound| row(format!("  {name}"), words.bound(bound, Unit::One));
  let mut rows = vec![row("calls", "")];
  let workers = bounds.calls.iter();
  rows.extend(workers.map(|(worker, bound)| calls(&words.worker(*worker), bound)));
  if bounds.calls.len() != 1 {
    rows.push(calls("all workers", &bounds.all_calls));
  }
  for (orchestrator, bound) in &bounds.runs {
    let name = &words.program.orchestrator(*orchestrator).name;
    rows.push(row(format!("runs of {name}"), words.bound(bound, Unit::One)));
  }
  rows
}

/// What one number says of the whole run.
fn whole(words: Words<'_>) -> Vec<Row> {
  let bounds = words.bounds;
  let known = |bound: &Option<Bound>, unit| match bound {
    Some(bound) => words.bound(bound, unit),
    None => "unknown".to_owned(),
  };
  let mut rows = vec![
    row("at once", number(bounds.parallel, Unit::One)),
    row("time", words.bound(&bounds.time, Unit::Milliseconds)),
  ];
  for (name, part) in [("waiting", &bounds.waiting), ("undoing", &bounds.undoing)] {
    if !part.is_zero() {
      rows.push(row(format!("  of it {name}"), words.bound(part, Unit::Milliseconds)));
    }
  }
  rows.push(row("tokens", known(&bounds.tokens, Unit::One)));
  rows.push(row("cost", known(&bounds.cost, Unit::Dollars)));
  rows
}

/// What the formulas speak of.
fn sizes(words: Words<'_>) -> Vec<Row> {
  let sizes = words.sizes();
  let mut rows = Vec::new();
  if !sizes.is_empty() {
    rows.push(row("sizes", ""));
  }
  for (symbol, most) in sizes {
    let most = most.map_or("not bounded".to_owned(), |most| number(most, Unit::One));
    rows.push(row(format!("  {}", words.symbol(symbol)), most));
  }
  rows
}
