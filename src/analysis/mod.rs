//! Is this a program? Names, types, edges and bounds of all modules; what passes becomes HIR. Knows nothing of running.

mod blocks;
mod breakers;
mod budgets;
mod builtin_types;
mod builtins;
mod calls;
mod checker;
mod conditions;
mod contracts;
mod cycles;
mod edges;
mod expressions;
mod fields;
mod floats;
mod groups;
mod habits;
mod hygiene;
mod lets;
mod lists;
mod literals;
mod loops;
mod mocks;
mod names;
mod nodes;
mod operators;
mod orchestrators;
mod policies;
mod processes;
mod reads;
mod records;
mod signatures;
mod spending;
mod symbols;
mod type_exprs;
mod unread;
mod uses;
mod workers;

use crate::{
  diagnostics::{Code, Diagnostics, codes},
  hir::Program,
  modules::Loaded,
};

/// Said of programs that could run only: in others, what uses a name may be what is broken.
const INCIDENTAL: [&Code; 3] = [&codes::UNUSED, &codes::UNUSED_STEP, &codes::IGNORED_FAILURES];

/// Checks a whole program. The program is there only if nothing was found that refuses it, in the modules' own
/// findings neither; all findings of this stage are returned, sorted by place.
pub fn check(loaded: &Loaded) -> (Option<Program>, Diagnostics) {
  let mut checker = checker::Checker::new(loaded);
  checker.check_types();
  checker.check_limits();
  checker.check_lets();
  checker.check_groups();
  checker.check_workers();
  checker.check_orchestrators();
  checker.check_hygiene();
  let (program, findings) = checker.finish();
  let mut findings = findings.sorted();
  let refused = findings.refuses() || loaded.diagnostics.refuses();
  if refused {
    findings.0.retain(|finding| !INCIDENTAL.contains(&finding.code));
  }
  ((!refused).then_some(program), findings)
}
