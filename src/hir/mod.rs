//! The program resolved and typed: ids instead of names, policies merged, edges explicit. What is here has passed
//! the checks. Knows nothing of the syntax tree.

mod admission;
mod expr;
mod flow;
mod offer;
mod pool;
mod test;
mod walk;

use std::{ops::RangeInclusive, path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};

pub use admission::{Breaker, Budget, Ceiling, UsedFile};
pub use expr::{Builtin, ElementPart, Expr, ExprKind, FieldPart, Literal, LogicOperator, Operator};
pub use flow::{
  Arm, Block, Branch, Call, DEFAULT_WINDOW, Each, Ending, Node, NodeKind, OnFailure, Otherwise, Repeat, RunPlan, Step,
  StepKind, StopWhen, Take, Tolerance, Visit, Wait, WaitKind,
};
pub use offer::{Callable, described};
pub use pool::{Pool, PoolMember};
pub use test::{Observation, Observed, Subject, Test, TestLine, TestMock, TestRun};
pub use walk::Inside;

use crate::{
  source::{SourceId, Span},
  types::Type,
};

macro_rules! ids {
  ($($(#[$doc:meta])* $name:ident;)*) => {
    $($(#[$doc])* #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)] pub struct $name(pub u32);)*
  };
}

ids! {
  /// Index into [`Program::modules`].
  ModuleId;
  /// Index into [`Program::constants`].
  ConstantId;
  /// Index into [`Program::functions`].
  FunctionId;
  /// Index into [`Program::workers`].
  WorkerId;
  /// Index into [`Program::orchestrators`].
  OrchestratorId;
  /// Index into [`Program::limits`].
  LimitId;
  /// Index into [`Program::pools`].
  PoolId;
  /// A name bound inside one function, worker or orchestrator; unique within it (there is no shadowing).
  LocalId;
}

/// A whole program: the root module and everything that it imports.
#[derive(Debug, Default)]
pub struct Program {
  pub modules: Vec<Module>,
  /// Ordered so that each needs only earlier ones.
  pub constants: Vec<Constant>,
  pub functions: Vec<Function>,
  pub workers: Vec<Worker>,
  pub orchestrators: Vec<Orchestrator>,
  pub limits: Vec<Limit>,
  pub pools: Vec<Pool>,
  /// In order of declaration, the root module's first.
  pub tests: Vec<Test>,
  pub secrets: Vec<Secret>,
  /// In order of declaration, the root module's first.
  pub triggers: Vec<Trigger>,
  /// Names of the root module's profiles.
  pub profiles: Vec<Arc<str>>,
  /// What `type` names, in order of declaration, the root module's first.
  pub types: Vec<TypeDeclaration>,
  /// In order of declaration, the root module's first; each version is one.
  pub contracts: Vec<Contract>,
}

/// A type that has a name.
#[derive(Debug)]
pub struct TypeDeclaration {
  pub name: Arc<str>,
  pub module: ModuleId,
  pub doc: Option<String>,
  pub ty: Type,
}

/// One version of a contract.
#[derive(Debug)]
pub struct Contract {
  /// `Name@2`, or `Name` where it has no version.
  pub name: Arc<str>,
  pub module: ModuleId,
  pub doc: Option<String>,
  /// A record.
  pub input: Type,
  pub output: Type,
}

/// One file.
#[derive(Debug)]
pub struct Module {
  pub source: SourceId,
  /// The name of its file, without directories.
  pub file: Arc<str>,
  pub doc: Option<String>,
  /// The directory that its workers run in.
  pub directory: PathBuf,
}

/// A `let` without parameters.
#[derive(Debug)]
pub struct Constant {
  pub name: Arc<str>,
  pub ty: Type,
  pub value: Expr,
}

/// A `let` with parameters.
#[derive(Debug)]
pub struct Function {
  pub name: Arc<str>,
  pub params: Vec<Param>,
  pub output: Type,
  pub body: Expr,
}

/// What a function, worker or orchestrator is called with.
#[derive(Clone, Debug)]
pub struct Param {
  pub name: Arc<str>,
  pub local: LocalId,
  pub ty: Type,
  /// May be left out of a message (`b?: T` in a contract): then null.
  pub optional: bool,
  /// Constant: reads no local.
  pub default: Option<Expr>,
  pub span: Span,
}

/// A shared bound. At least one of the two is there.
#[derive(Debug)]
pub struct Limit {
  pub name: Arc<str>,
  /// Slots; at least 1.
  pub concurrent: Option<u64>,
  /// So many starts per so many milliseconds.
  pub rate: Option<(u64, i64)>,
}

/// What starts runs by itself.
#[derive(Debug)]
pub struct Trigger {
  pub source: TriggerSource,
  /// Where the event is bound, with its type.
  pub event: Option<(LocalId, Type)>,
  /// Must hold for a run to be started.
  pub condition: Option<Expr>,
  pub call: Call<OrchestratorId>,
  /// The whole declaration.
  pub span: Span,
}

#[derive(Debug)]
pub enum TriggerSource {
  Schedule {
    /// Five fields of cron.
    cron: Arc<str>,
    /// A zone of the IANA database.
    zone: Arc<str>,
  },
  Webhook {
    path: Arc<str>,
    /// The variable of the secret that signs deliveries.
    signed: Option<Arc<str>>,
  },
}

/// A value that stays a name until a worker starts.
#[derive(Debug)]
pub struct Secret {
  pub name: Arc<str>,
  pub module: ModuleId,
  /// Of orch's own environment.
  pub variable: Arc<str>,
}

/// What executes.
#[derive(Debug)]
pub struct Worker {
  pub name: Arc<str>,
  pub module: ModuleId,
  pub doc: Option<String>,
  pub span: Span,
  /// `Name@2`
  pub contract: Option<Arc<str>>,
  pub params: Vec<Param>,
  /// The record of the parameters: the type of the message in.
  pub input: Type,
  /// The type of the message out; null where none is declared.
  pub output: Type,
  pub kind: WorkerKind,
  /// Whether doing its work twice is harmless: it said so, or it is a mock.
  pub idempotent: bool,
  /// An int: at most so many executions at once, of all calls together. Policies of single calls: [`Call::policies`].
  pub concurrent: Option<Expr>,
  pub breaker: Option<Breaker>,
  /// A duration, in the worker's settings: so long it may be silent.
  pub heartbeat: Option<Expr>,
  /// `budget { ... }`: what one execution spends at most.
  pub ceiling: Ceiling,
  /// Part of what it is, though not of the program: by content.
  pub uses: Vec<UsedFile>,
  /// What holds for a call that says nothing of it: these, and the deadline and delay.
  pub policies: Policies,
  pub deadline: Option<Setting>,
  pub delay: Option<Setting>,
  /// Holds the `call` record in the settings.
  pub call: LocalId,
}

#[expect(
  clippy::large_enum_variant,
  reason = "most workers are processes, and a program has few"
)]
#[derive(Debug)]
pub enum WorkerKind {
  Process(Process),
  Mock(Vec<MockRule>),
}

/// `exec` and `shell`.
#[derive(Debug)]
pub struct Process {
  pub program: ProcessProgram,
  pub stdin: Stdin,
  pub cwd: Cwd,
  pub env: Vec<FieldPart>,
  pub expect: Arc<[RangeInclusive<i32>]>,
  /// `output e`; the default is `parse_json(stdout)`, or nothing where the worker gives null.
  pub output: Option<Expr>,
  /// `None`: it may touch what orch may.
  pub permit: Option<Permit>,
  /// Bound in `output`.
  pub stdout: LocalId,
  pub stderr: LocalId,
  pub exit: LocalId,
}

/// What a process may touch. Each expression is a path or a list of paths; relative ones are below the module's
/// directory.
#[derive(Debug)]
pub struct Permit {
  pub read: Vec<Expr>,
  /// May be read, too.
  pub write: Vec<Expr>,
  /// Whether it may use TCP.
  pub net: bool,
  pub span: Span,
}

#[derive(Debug)]
pub enum ProcessProgram {
  /// A list of scalars: the argument vector.
  Exec(Expr),
  /// The script for `sh -eu -c`; the parameters are its environment.
  Shell(Arc<str>),
}

#[derive(Debug)]
pub enum Stdin {
  /// The input record as JSON.
  Input,
  /// `stdin null`
  Nothing,
  /// A string as it is, another value as JSON, null as nothing.
  Expr(Expr),
}

#[derive(Debug)]
pub enum Cwd {
  /// The directory of the declaring module.
  Module,
  /// `cwd scratch`
  Scratch,
  /// A path; a relative one is below the module's directory.
  Expr(Expr),
}

/// Tried from the top; the first whose condition holds answers.
#[derive(Debug)]
pub struct MockRule {
  /// The input holds these fields with these values, at any depth. `None`: whatever the input is.
  pub on: Option<Expr>,
  /// An int: of the executions that come so far, it answers the first n only.
  pub first: Option<Expr>,
  /// A duration.
  pub delay: Option<Expr>,
  pub answer: MockAnswer,
}

#[derive(Debug)]
pub enum MockAnswer {
  Echo,
  Return(Expr),
  Fail {
    kind: crate::value::FailureKind,
    code: Option<i64>,
    message: Option<Expr>,
  },
  Hang,
  Malformed,
}

/// What coordinates: a graph of steps. Those that are declared come first, then the instances of patterns.
#[derive(Debug)]
pub struct Orchestrator {
  pub name: Arc<str>,
  pub module: ModuleId,
  pub doc: Option<String>,
  /// The name's place.
  pub span: Span,
  pub contract: Option<Arc<str>>,
  pub params: Vec<Param>,
  /// The record of the parameters.
  pub input: Type,
  pub output: Type,
  /// Of each call of it, and of the run if it is the run's.
  pub budget: Option<Budget>,
  /// Of its runs; where it is called it overlaps freely.
  pub overlap: Option<Overlap>,
  pub body: Block,
  pub on_failure: Option<OnFailure>,
  /// One way of calling a pattern: it can't be run by itself, and nobody knows it by name.
  pub pattern: bool,
}

/// What a second run with the same key does.
#[derive(Debug)]
pub struct Overlap {
  pub policy: OverlapPolicy,
  /// A scalar of the parameters; `None`: all runs have the same key.
  pub by: Option<Expr>,
  /// Where the last success under the key is bound: `run.last`.
  pub last: LocalId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverlapPolicy {
  /// It does not run.
  Skip,
  /// It waits for the first to end.
  Queue,
  /// The first is cancelled, and waited for.
  Cancel,
}

/// Where the expression of a policy is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
  /// In the worker's settings: its parameters and `call` are in scope.
  Worker,
  /// Where the call stands.
  Site,
}

/// A policy's expression.
#[derive(Debug, Clone)]
pub struct Setting {
  pub place: Place,
  pub value: Expr,
}

/// What holds for one call of a worker, all three places merged.
#[derive(Debug, Clone, Default)]
pub struct Policies {
  /// A duration; always there after the checks.
  pub timeout: Option<Setting>,
  pub retry: Option<Retry>,
  /// A duration: so long after its start an attempt gets a copy.
  pub hedge: Option<Setting>,
  /// A duration: so long an outcome is as good as a new one.
  pub cache: Option<Setting>,
  /// All named limits that apply, each once.
  pub limits: Vec<LimitId>,
}

#[derive(Debug, Clone)]
pub struct Retry {
  pub place: Place,
  /// An int: at most so many more attempts.
  pub times: Expr,
  pub backoff: Backoff,
  /// `on [...]`: only these; `None`: the default kinds.
  pub on: Option<Vec<FailureFilter>>,
  pub unless: Vec<FailureFilter>,
}

/// Durations.
#[derive(Debug, Clone)]
pub enum Backoff {
  /// 1s..30s
  Default,
  Exponential {
    from: Expr,
    to: Expr,
  },
  Fixed(Expr),
}

#[derive(Debug, Clone, PartialEq)]
pub struct FailureFilter {
  pub kind: crate::value::FailureKind,
  pub code: Option<i64>,
}

impl Program {
  pub fn module(&self, id: ModuleId) -> &Module {
    &self.modules[id.0 as usize]
  }

  pub fn function(&self, id: FunctionId) -> &Function {
    &self.functions[id.0 as usize]
  }

  pub fn worker(&self, id: WorkerId) -> &Worker {
    &self.workers[id.0 as usize]
  }

  /// Names a worker beyond this program: by the file of its module.
  pub fn worker_key(&self, id: WorkerId) -> String {
    let worker = self.worker(id);
    let module = self.module(worker.module);
    format!("{}#{}", module.directory.join(&*module.file).display(), worker.name)
  }

  pub fn orchestrator(&self, id: OrchestratorId) -> &Orchestrator {
    &self.orchestrators[id.0 as usize]
  }

  pub fn limit(&self, id: LimitId) -> &Limit {
    &self.limits[id.0 as usize]
  }

  pub fn pool(&self, id: PoolId) -> &Pool {
    &self.pools[id.0 as usize]
  }

  /// All pools with their ids, in order of declaration, the root module's first.
  pub fn pool_ids(&self) -> impl Iterator<Item = (PoolId, &Pool)> {
    self.pools.iter().zip(0..).map(|(pool, id)| (PoolId(id), pool))
  }

  /// What is declared as an orchestrator, with its id, in order of declaration, the root module's first.
  pub fn orchestrator_ids(&self) -> impl Iterator<Item = (OrchestratorId, &Orchestrator)> {
    self
      .orchestrators
      .iter()
      .zip(0..)
      .filter(|(orchestrator, _)| !orchestrator.pattern)
      .map(|(orchestrator, id)| (OrchestratorId(id), orchestrator))
  }
}
