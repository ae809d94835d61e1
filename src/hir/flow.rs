//! Blocks, steps and nodes: what an orchestrator does, with its edges explicit.

use std::sync::Arc;

use super::{Expr, Literal, LocalId, OrchestratorId, Policies, PoolId, WorkerId};
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

/// `each x, i in items from seed with concurrent n, collect => body`
#[derive(Debug, Clone)]
pub struct Each {
  pub item: LocalId,
  pub index: Option<LocalId>,
  pub items: Expr,
  /// With a fold: the seed, and where `previous` is bound. One instance after another.
  pub fold: Option<(Expr, LocalId)>,
  /// An int; `None`: [`DEFAULT_WINDOW`].
  pub concurrent: Option<Expr>,
  /// Gives `[Outcome<T>]`.
  pub collect: bool,
  /// A scope of its own per item.
  pub body: Node,
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

/// Calls `visit` on every node below a block, outermost first; members of pools stand elsewhere.
pub trait Visit {
  fn visit_nodes<'a>(&'a self, visit: &mut dyn FnMut(&'a Node));
}

impl Visit for Block {
  fn visit_nodes<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
    for step in &self.steps {
      match &step.kind {
        StepKind::Node(node) => node.visit_nodes(visit),
        StepKind::Stage(block) => block.visit_nodes(visit),
        StepKind::Require { .. } | StepKind::ReturnWhen { .. } => {}
      }
    }
  }
}

impl Visit for Node {
  fn visit_nodes<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
    visit(self);
    match &self.kind {
      NodeKind::Value(_) | NodeKind::Work(_) | NodeKind::Orchestrate(_) | NodeKind::Fail(_) => {}
      NodeKind::Dispatch(_) | NodeKind::RunPlan(_) => {}
      NodeKind::Each(each) => each.body.visit_nodes(visit),
      NodeKind::Repeat(repeat) => {
        repeat.body.visit_nodes(visit);
        if let Otherwise::Node(arm) = &repeat.otherwise {
          arm.node.visit_nodes(visit);
        }
      }
      NodeKind::If { then, otherwise, .. } => {
        then.node.visit_nodes(visit);
        otherwise.iter().for_each(|arm| arm.node.visit_nodes(visit));
      }
      NodeKind::Match { arms, otherwise, .. } => {
        arms.iter().for_each(|branch| branch.arm.node.visit_nodes(visit));
        otherwise.iter().for_each(|arm| arm.node.visit_nodes(visit));
      }
      NodeKind::Attempt(inner) => inner.visit_nodes(visit),
      NodeKind::Catch { inner, handler, .. } => {
        inner.visit_nodes(visit);
        handler.node.visit_nodes(visit);
      }
      NodeKind::Block(block) => block.visit_nodes(visit),
    }
  }
}
