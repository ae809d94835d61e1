//! Tests: runs with mocks in virtual time, what is asked of them, and why an expectation does not hold. Knows no terminal.
//!
//! A test is a scene: its lines happen from the top down, runs one after another in one world (the gatekeeper and its
//! clock). What workers were asked is kept as a trace; a line that asks something of the runs is answered from it.

mod alone;
mod explain;
mod held;
mod live;
mod observe;
mod parallel;
mod problem;
mod run;
mod scene;
mod trace;
mod virtual_time;

use std::sync::Arc;

pub use alone::alone;
pub use parallel::{Timed, side_by_side};
pub use problem::Problem;

use crate::{hir::Program, source::Sources};

/// How tests are carried out.
#[derive(Clone, Debug, Default)]
pub struct Options {
  /// Of the tests that say none.
  pub seed: Option<u64>,
  /// In real time, with real processes for workers that are not mocked.
  pub live: bool,
}

/// What became of a test.
#[derive(Debug)]
pub struct Verdict {
  pub name: Arc<str>,
  /// None: it passed.
  pub problems: Vec<Problem>,
  /// How many runs there were.
  pub runs: usize,
  /// What the clock of the test showed at the end, in milliseconds.
  pub elapsed: i64,
}

impl Verdict {
  pub fn passed(&self) -> bool {
    self.problems.is_empty()
  }
}

/// Carries out a test, by its index in [`Program::tests`]. Always ends, but for real processes without an end.
pub fn run(program: &Arc<Program>, sources: &Sources, test: usize, options: &Options) -> Verdict {
  scene::Scene::new(program, sources, test, options).play()
}
