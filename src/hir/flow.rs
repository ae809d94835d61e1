//! Blocks, steps and nodes: what an orchestrator does, with its edges explicit.

use std::sync::Arc;

use super::{Expr, Literal, LocalId, OrchestratorId, Policies, PoolId, WorkerId, walk::Inside};
use crate::{source::Span, types::Type};

/// The body of a scope.
#[derive(Debug, Clone)]
pub struct Block {
  /// In the order written.
  pub steps: Vec<Step>,
  /// `return e` or `yield e`; without: null.
  pub result: Option<Expr>,
  pub span: Span,
}

/// One line of a block.
#[derive(Debug, Clone)]
pub struct Step {
  /// Its segment of the path: the name written, or of a gate `notify#1`, `require#1`, `return#1`; a stage's name.
  pub segment: Arc<str>,
  /// The name that it binds for the rest of its block.
  pub local: Option<LocalId>,
  pub kind: StepKind,
  /// Steps of the same block that must have succeeded before this one is ready: what it reads (arms, branches and
  /// fallbacks have edges of their own), its `after`, the gates above. Sorted by index, each index once.
  pub waits: Vec<Wait>,
  /// Whether what stands below waits for it.
  pub gate: bool,
  pub span: Span,
}

/// An edge between two steps of one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
  /// Index into [`Block::steps`].
  pub step: usize,
  pub why: WaitKind,
}

/// What an edge between steps comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitKind {
  Data,
  After,
  Gate,
}

#[expect(clippy::large_enum_variant, reason = "most steps are nodes, and a program has few")]
#[derive(Debug, Clone)]
pub enum StepKind {
  Node(Node),
  Require {
    condition: Expr,
    message: Option<Expr>,
  },
  /// `return e when c`
  ReturnWhen {
    value: Expr,
    when: Expr,
  },
  /// Its steps' names are visible below it: when it succeeds they become the enclosing scope's.
  Stage(Block),
}

/// What runs.
#[derive(Debug, Clone)]
pub struct Node {
  pub kind: NodeKind,
  /// Of the value that it succeeds with.
  pub ty: Type,
  pub span: Span,
  /// A duration: from ready to the end, whatever happens in between.
  pub deadline: Option<super::Setting>,
  /// A duration: starts that long after it is ready.
  pub delay: Option<super::Setting>,
  /// Called if what is around is lost after this has succeeded.
  pub undo: Option<Box<Ending>>,
  /// Called when the block is over, if this has succeeded.
  pub finally: Option<Box<Ending>>,
}

/// `undo rollback(x)`, `finally close(x)`: a call that is made once the node has succeeded and its scope is over.
#[derive(Debug, Clone)]
pub struct Ending {
  /// The name of the step: bound to the value of the node.
  pub value: Option<LocalId>,
  /// All other names that it reads: what they are when the node starts counts.
  pub reads: Vec<LocalId>,
  /// A call of a worker or orchestrator.
  pub call: Node,
}

/// `on failure { ... }`: what an orchestrator does when it is lost.
#[derive(Debug, Clone)]
pub struct OnFailure {
  /// `error`; beside it the block reads parameters only.
  pub error: LocalId,
  pub block: Block,
}

#[derive(Debug, Clone)]
pub enum NodeKind {
  Value(Expr),
  Work(Call<WorkerId>),
  /// A nested run: the orchestrator's block as a scope, in this run's journal.
  Orchestrate(Call<OrchestratorId>),
  /// A run of its own.
  Dispatch(Call<OrchestratorId>),
  Each(Box<Each>),
  Repeat(Box<Repeat>),
  RunPlan(Box<RunPlan>),
  If {
    condition: Expr,
    then: Box<Arm>,
    otherwise: Option<Box<Arm>>,
  },
  Match {
    subject: Expr,
    arms: Vec<Branch>,
    otherwise: Option<Box<Arm>>,
  },
  /// Succeeds with an `Outcome<T>`.
  Attempt(Box<Node>),
  /// `inner catch handler`; `error` is bound in the handler.
  Catch {
    inner: Box<Node>,
    error: LocalId,
    handler: Box<Arm>,
  },
  /// `fail "..."`
  Fail(Expr),
  Block(Block),
}

/// A call with one argument per parameter, in the callee's order (defaults filled in).
#[derive(Debug, Clone)]
pub struct Call<Id> {
  pub target: Id,
  pub arguments: Vec<Expr>,
  /// Empty on calls of orchestrators.
  pub policies: Policies,
}

/// A node that counts only once it is taken: it has edges of its own.
#[derive(Debug, Clone)]
pub struct Arm {
  /// The names of steps of enclosing blocks that it reads or stands after: they must have succeeded before it is ready.
  pub waits: Vec<LocalId>,
  /// `then`, `else`, `"bug"`, `catch`: its segment of the path.
  pub segment: Arc<str>,
  pub node: Node,
}

/// `"bug", "crash" => arm`
#[derive(Debug, Clone)]
pub struct Branch {
  pub patterns: Vec<Literal>,
  pub arm: Arm,
}

/// How many instances of an `each` run at once where none is said.
pub const DEFAULT_WINDOW: u64 = 8;

/// `each x, i in items from seed with concurrent n, collect, stop when c => body`
#[derive(Debug, Clone)]
pub struct Each {
  pub item: LocalId,
  pub index: Option<LocalId>,
  pub items: Expr,
  /// With a fold: the seed, and where `previous` is bound. One instance after another.
  pub fold: Option<(Expr, LocalId)>,
  /// An int; `None`: [`DEFAULT_WINDOW`].
  pub concurrent: Option<Expr>,
  pub take: Take,
  pub stop: Option<StopWhen>,
  /// The items are numbers of workers, and the body is a `match` on them with an arm per worker.
  pub workers: bool,
  /// A scope of its own per item.
  pub body: Node,
}

/// What becomes of instances that fail. A fold takes none.
#[derive(Debug, Clone)]
pub enum Take {
  /// All must succeed; with `stop when` as many as it wants.
  Nothing,
  /// `collect`: gives `[Outcome<T>]`.
  Collect,
  /// `tolerate`: so many may fail; gives the `[T]` of the others.
  Tolerate(Tolerance),
}

#[derive(Debug, Clone)]
pub enum Tolerance {
  /// An int, at least 0.
  Count(Expr),
  /// Of the items, rounded down; from 0 to 100.
  Percent(f64),
}

/// `stop when e`: looked at after each instance that succeeds.
#[derive(Debug, Clone)]
pub struct StopWhen {
  /// Bound to the value that is the latest.
  pub it: LocalId,
  /// Bound to the values so far, in the order of the items.
  pub done: LocalId,
  /// Whether the condition reads `done`.
  pub reads_done: bool,
  pub condition: Expr,
}

/// `repeat up to n from seed { body } until c else ...`
#[derive(Debug, Clone)]
pub struct Repeat {
  /// An int, at least 1.
  pub bound: Expr,
  pub seed: Option<Expr>,
  /// Bound in the body and in `until`.
  pub previous: LocalId,
  pub body: Block,
  /// Reads the names of the body; the value of the latest iteration is the body's result. `None`: runs to its bound
  /// and gives the last value.
  pub until: Option<Expr>,
  pub otherwise: Otherwise,
}

/// `run plan with concurrent n, collect`: each assignment calls a member of the pool.
#[derive(Debug, Clone)]
pub struct RunPlan {
  /// Of a plan's type.
  pub plan: Expr,
  pub pool: PoolId,
  /// Assignments at most: the bound of the plan's type.
  pub most: u64,
  /// An int; `None`: 8.
  pub concurrent: Option<Expr>,
  /// A lost assignment loses only those that wait for it.
  pub collect: bool,
}

/// What a `repeat` at its bound gives.
#[derive(Debug, Clone)]
pub enum Otherwise {
  /// A failure of kind `exhausted`.
  Exhausted,
  /// The last value.
  Last,
  Node(Box<Arm>),
}

/// Walks over what runs, outermost first; members of pools stand elsewhere.
pub trait Visit {
  /// Calls `visit` on every node below; on those that `undo` and `finally` call too where `endings` is set.
  fn walk<'a>(&'a self, endings: bool, visit: &mut dyn FnMut(&'a Node));

  /// Every node below that runs while its block does.
  fn visit_nodes<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
    self.walk(false, visit);
  }

  /// Every node below, what `undo` and `finally` call included.
  fn visit_all<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
    self.walk(true, visit);
  }
}

impl Each {
  /// Of an `each` over workers, what each of them does in its turn.
  pub fn turns(&self) -> Option<&[Branch]> {
    match &self.body.kind {
      NodeKind::Match { arms, .. } if self.workers => Some(arms),
      _ => None,
    }
  }
}

impl Visit for Block {
  fn walk<'a>(&'a self, endings: bool, visit: &mut dyn FnMut(&'a Node)) {
    for step in &self.steps {
      match &step.kind {
        StepKind::Node(node) => node.walk(endings, visit),
        StepKind::Stage(block) => block.walk(endings, visit),
        StepKind::Require { .. } | StepKind::ReturnWhen { .. } => {}
      }
    }
  }
}

impl Visit for super::Orchestrator {
  fn walk<'a>(&'a self, endings: bool, visit: &mut dyn FnMut(&'a Node)) {
    self.body.walk(endings, visit);
    if let (true, Some(handler)) = (endings, &self.on_failure) {
      handler.block.walk(endings, visit);
    }
  }
}

impl Visit for Node {
  fn walk<'a>(&'a self, endings: bool, visit: &mut dyn FnMut(&'a Node)) {
    visit(self);
    self.inside(&mut |inside| match inside {
      Inside::Node(node) => node.walk(endings, visit),
      Inside::Block(block) => block.walk(endings, visit),
    });
    if endings {
      let calls = [&self.undo, &self.finally].into_iter().flatten();
      calls.for_each(|ending| ending.call.walk(endings, visit));
    }
  }
}
