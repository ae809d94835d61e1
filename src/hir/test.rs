//! Tests: what runs, what stands in for workers, what is expected.

use std::sync::Arc;

use super::{Expr, LocalId, MockRule, ModuleId, OrchestratorId, WorkerId};
use crate::source::Span;

/// `test "name" { ... }`
#[derive(Debug)]
pub struct Test {
  /// Unique in its module.
  pub name: Arc<str>,
  pub module: ModuleId,
  /// The name's place.
  pub span: Span,
  /// At most one for each worker; they hold for all runs.
  pub mocks: Vec<TestMock>,
  /// Whether it wants the program in another form (`profile`, `set`): that program has the test at the same index.
  pub other_form: bool,
  /// What the wall clock shows at the start.
  pub at: Option<jiff::Timestamp>,
  pub seed: Option<u64>,
  /// In the order written, which is the order in which they happen.
  pub lines: Vec<TestLine>,
  /// What the lines ask of the runs; the name of each stands for its value so far.
  pub observations: Vec<Observation>,
}

/// What answers for a worker. Its expressions read the worker's parameters and `call`.
#[derive(Debug)]
pub struct TestMock {
  pub worker: WorkerId,
  pub rules: Vec<MockRule>,
  pub span: Span,
}

#[derive(Debug)]
pub enum TestLine {
  Run(TestRun),
  /// `name = e`
  Value {
    local: LocalId,
    value: Expr,
  },
  /// `expect e, "message"`
  Expect {
    condition: Expr,
    message: Option<Expr>,
    span: Span,
  },
  /// `wait 30s`: time passes, and nothing runs.
  Wait(Expr),
}

/// `name = attempt f(x) cancel after 5m`
#[derive(Debug)]
pub struct TestRun {
  /// The name, and what it is bound to.
  pub name: Option<(Arc<str>, LocalId)>,
  pub orchestrator: OrchestratorId,
  /// One per parameter.
  pub arguments: Vec<Expr>,
  /// Its failure does not fail the test: the name stands for an `Outcome<T>`.
  pub attempt: bool,
  /// A duration from the run's start.
  pub cancel: Option<Expr>,
  pub span: Span,
}

/// A question about the runs so far, such as `calls(w)`; a line reads its answer by the name `local`.
#[derive(Debug)]
pub struct Observation {
  pub local: LocalId,
  pub what: Observed,
  /// Only of the run that is bound to this name.
  pub run: Option<LocalId>,
  pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Observed {
  /// How many executions were started.
  Calls(Subject),
  /// The message of each, in the order of their starts.
  Inputs(WorkerId),
  /// The most that ran at once; `None`: of all workers together.
  Peak(Option<Subject>),
  /// When each was started, from the test's start.
  Started(Subject),
  /// Whether each ran, and all executions of each were over before the first one of the next was started.
  Order(Vec<Subject>),
  /// How long the runs took.
  Elapsed,
}

/// Whose executions are meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
  Worker(WorkerId),
  /// Those of the step with this path, and of all steps inside it.
  Path(Arc<str>),
}
