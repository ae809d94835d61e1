//! Is this a program? Names, types, edges and bounds of all modules; what passes becomes HIR. Knows nothing of running.

mod accumulates;
mod agreement;
mod allows;
mod blocks;
mod breakers;
mod budgets;
mod builtin_types;
mod builtins;
mod call_graph;
mod calls;
mod checker;
mod conditions;
mod contracts;
mod cycles;
mod durations;
mod edges;
mod endings;
mod expressions;
mod fields;
mod floats;
mod groups;
mod habits;
mod hygiene;
mod lets;
mod lints;
mod lists;
mod literals;
mod loops;
mod marks;
mod members;
mod mends;
mod mock_patterns;
mod mocks;
mod names;
mod nodes;
mod observations;
mod operators;
mod orchestrators;
mod origins;
mod overlaps;
mod patterns;
mod permits;
mod plans;
mod policies;
mod pools;
mod processes;
mod profiles;
mod reads;
mod records;
mod secrets;
mod sequence;
mod signatures;
mod spending;
mod stops;
mod symbols;
mod test_items;
mod triggers;
mod type_exprs;
mod unread;
mod until;
mod uses;
mod workers;

pub use marks::{Kind, Marks, Symbol};
pub use profiles::{Variant, VariantError};
pub use type_exprs::BUILTIN as TYPE_NAMES;
pub use workers::SETTINGS;

use self::{checker::Checker, profiles::Replacements};
use crate::{
  diagnostics::{Code, Diagnostics, codes},
  hir::Program,
  modules::Loaded,
  source::Span,
};

/// Said of programs that could run only: in others, what uses a name may be what is broken.
const INCIDENTAL: [&Code; 4] = [
  &codes::UNUSED,
  &codes::UNUSED_STEP,
  &codes::IGNORED_FAILURES,
  &codes::UNUSED_ALLOW,
];

/// Checks a whole program, as it is written and under each of its profiles. The program is there only if nothing was
/// found that refuses it, in the modules' own findings neither; all findings of this stage are returned, sorted by
/// place.
pub fn check(loaded: &Loaded) -> (Option<Program>, Diagnostics) {
  finish(loaded, as_written(loaded))
}

/// The same, for another form of the program; as it is written if that is refused already.
///
/// # Errors
/// The program has no such form.
pub fn check_variant(loaded: &Loaded, variant: &Variant) -> Result<(Option<Program>, Diagnostics), VariantError> {
  let base = as_written(loaded);
  if variant.is_as_written() || base.findings.refuses() || loaded.diagnostics.refuses() {
    return Ok(finish(loaded, base));
  }
  let (program, mut findings) = checked(loaded, &profiles::replacements(&base, variant)?);
  // what only another variant uses is used
  findings.0.retain(|finding| !INCIDENTAL.contains(&finding.code));
  Ok((program, findings))
}

/// The same as `check`, and what it learned of the places of the texts on the way: for those who ask about places.
pub fn survey(loaded: &Loaded) -> (Option<Program>, Diagnostics, Marks) {
  let mut checker = as_written_with(loaded, Some(Marks::default()));
  let mut marks = checker.marks.take().unwrap_or_default();
  marks.declare(&checker.symbols, loaded);
  let (program, findings) = finish(loaded, checker);
  (program, findings, marks)
}

fn as_written(loaded: &Loaded) -> Checker<'_> {
  as_written_with(loaded, None)
}

fn as_written_with(loaded: &Loaded, marks: Option<Marks>) -> Checker<'_> {
  let mut checker = base_with(loaded, &Replacements::default(), marks);
  checker.check_profiles();
  checker.check_lints();
  checker.check_hygiene();
  if !checker.findings.refuses() && !loaded.diagnostics.refuses() {
    checker.check_under_profiles(loaded);
    checker.check_under_tests(loaded);
    checker.unused_allows();
  }
  checker
}

/// The program with these replacements, nothing else looked at.
fn checked<'a>(loaded: &'a Loaded, replacements: &Replacements<'a>) -> (Option<Program>, Diagnostics) {
  let mut checker = base(loaded, replacements);
  checker.check_hygiene();
  finish(loaded, checker)
}

fn base<'a>(loaded: &'a Loaded, replacements: &Replacements<'a>) -> Checker<'a> {
  base_with(loaded, replacements, None)
}

fn base_with<'a>(loaded: &'a Loaded, replacements: &Replacements<'a>, marks: Option<Marks>) -> Checker<'a> {
  let mut checker = Checker::new(loaded, replacements);
  checker.marks = marks;
  checker.check_types();
  checker.check_limits();
  checker.check_lets();
  checker.check_groups();
  checker.check_workers();
  checker.check_orchestrators();
  checker.check_tests();
  checker.check_triggers();
  checker.check_permits();
  checker
}

fn finish(loaded: &Loaded, checker: Checker<'_>) -> (Option<Program>, Diagnostics) {
  let (program, findings) = checker.finish();
  let mut findings = findings.sorted();
  let refused = findings.refuses() || loaded.diagnostics.refuses();
  if refused {
    findings.0.retain(|finding| !INCIDENTAL.contains(&finding.code));
  }
  spare_library(loaded, &mut findings);
  ((!refused).then_some(program), findings)
}

/// Modules that come with `orch` are nobody's to mend: what only warns of them is left out, and so are edits of them.
fn spare_library(loaded: &Loaded, findings: &mut Diagnostics) {
  let library = |span: Span| {
    let mut modules = loaded.modules.iter();
    modules.any(|module| module.standard && module.source == span.source)
  };
  findings
    .0
    .retain(|finding| finding.code.level.refuses() || !finding.span().is_some_and(library));
  for finding in &mut findings.0 {
    finding
      .fix
      .take_if(|fix| fix.edits.iter().any(|edit| library(edit.span)));
  }
}
