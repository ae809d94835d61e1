//! The program laid out flat: every node and block has a number, and every block knows which steps wait for which.
//! Instances refer to it by number. Knows nothing of running.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::hir::{
  self, Call, Expr, Literal, LocalId, OrchestratorId, PoolId, RunPlan, Setting, StopWhen, Take, WorkerId,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NodeId(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BlockId(u32);

#[derive(Debug, Default)]
pub(super) struct Layout {
  nodes: Vec<Node>,
  blocks: Vec<Block>,
  /// The body of each orchestrator, by its id.
  orchestrators: Vec<NodeId>,
  /// Of each orchestrator likewise.
  handlers: Vec<Option<OnFailure>>,
  /// The members of each pool, by its id.
  pools: Vec<Vec<Member>>,
}

/// Who may be assigned something by a plan.
#[derive(Debug)]
pub(super) struct Member {
  pub name: Arc<str>,
  /// Holds the message in `call`.
  pub message: LocalId,
  pub call: NodeId,
}

#[derive(Debug)]
pub(super) struct Node {
  pub body: Body,
  pub deadline: Option<Setting>,
  pub delay: Option<Setting>,
  pub undo: Option<Ending>,
  pub finally: Option<Ending>,
}

/// What a node that has succeeded leaves to be called.
#[derive(Debug)]
pub(super) struct Ending {
  /// Bound to the node's value.
  pub value: Option<LocalId>,
  pub reads: Vec<LocalId>,
  /// A call.
  pub node: NodeId,
}

/// `on failure`
#[derive(Clone, Copy, Debug)]
pub(super) struct OnFailure {
  pub error: LocalId,
  /// A block.
  pub node: NodeId,
}

#[derive(Debug)]
pub(super) enum Body {
  Value(Expr),
  Fail(Expr),
  Work(Call<WorkerId>),
  Orchestrate(Call<OrchestratorId>),
  Dispatch(Call<OrchestratorId>),
  Each(Each),
  Repeat(Repeat),
  Run(RunPlan),
  Choice(Choice),
  Attempt(NodeId),
  Catch {
    inner: NodeId,
    error: LocalId,
    handler: Arm,
  },
  Block(BlockId),
}

#[derive(Debug)]
pub(super) struct Each {
  pub item: LocalId,
  pub index: Option<LocalId>,
  pub items: Expr,
  pub fold: Option<(Expr, LocalId)>,
  pub concurrent: Option<Expr>,
  pub take: Take,
  pub stop: Option<StopWhen>,
  pub body: NodeId,
}

#[derive(Debug)]
pub(super) struct Repeat {
  pub bound: Expr,
  pub seed: Option<Expr>,
  pub previous: LocalId,
  /// A block.
  pub body: NodeId,
  pub until: Option<Expr>,
  pub otherwise: Otherwise,
}

#[derive(Debug)]
pub(super) enum Otherwise {
  Exhausted,
  Last,
  Arm(Arm),
}

/// `if` and `match`: the first arm whose test holds is taken, else the last one.
#[derive(Debug)]
pub(super) struct Choice {
  pub subject: Expr,
  pub tests: Vec<(Vec<Literal>, Arm)>,
  pub otherwise: Option<Arm>,
  /// An `if`: gives null where nothing is taken.
  pub may_skip: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Arm {
  pub waits: Arc<[LocalId]>,
  pub segment: Arc<str>,
  pub node: NodeId,
}

#[derive(Debug)]
pub(super) struct Block {
  pub steps: Vec<Step>,
  pub result: Option<Expr>,
  /// The step that binds a name; a stage binds the names of its steps.
  pub binders: HashMap<LocalId, usize>,
}

#[derive(Debug)]
pub(super) struct Step {
  pub segment: Arc<str>,
  pub local: Option<LocalId>,
  pub action: Action,
  /// How many steps it waits for.
  pub waits: u32,
  /// The steps that wait for it, ascending.
  pub dependents: Vec<usize>,
}

#[derive(Debug)]
pub(super) enum Action {
  Node(NodeId),
  /// A block whose names become the enclosing scope's.
  Stage(NodeId),
  Require {
    condition: Expr,
    message: Option<Expr>,
  },
  ReturnWhen {
    value: Expr,
    when: Expr,
  },
}

impl Layout {
  pub fn of(program: &hir::Program) -> Layout {
    let mut layout = Layout::default();
    for orchestrator in &program.orchestrators {
      let body = layout.add_block_node(&orchestrator.body);
      layout.orchestrators.push(body);
      let handler = orchestrator.on_failure.as_ref().map(|handler| OnFailure {
        error: handler.error,
        node: layout.add_block_node(&handler.block),
      });
      layout.handlers.push(handler);
    }
    for pool in &program.pools {
      let members = pool.members.iter().map(|member| Member {
        name: member.name.clone(),
        message: member.message,
        call: layout.add_node(&member.call),
      });
      let members = members.collect();
      layout.pools.push(members);
    }
    layout
  }

  pub fn node(&self, id: NodeId) -> &Node {
    &self.nodes[id.0 as usize]
  }

  pub fn block(&self, id: BlockId) -> &Block {
    &self.blocks[id.0 as usize]
  }

  /// A node whose body is a block.
  pub fn orchestrator(&self, id: OrchestratorId) -> NodeId {
    self.orchestrators[id.0 as usize]
  }

  pub fn on_failure(&self, id: OrchestratorId) -> Option<OnFailure> {
    self.handlers[id.0 as usize]
  }

  pub fn pool(&self, id: PoolId) -> &[Member] {
    &self.pools[id.0 as usize]
  }

  fn add(&mut self, node: Node) -> NodeId {
    let id = NodeId(index(self.nodes.len()));
    self.nodes.push(node);
    id
  }

  fn add_node(&mut self, node: &hir::Node) -> NodeId {
    let body = self.body(&node.kind);
    let (undo, finally) = (self.ending(node.undo.as_deref()), self.ending(node.finally.as_deref()));
    self.add(Node {
      body,
      deadline: node.deadline.clone(),
      delay: node.delay.clone(),
      undo,
      finally,
    })
  }

  fn ending(&mut self, ending: Option<&hir::Ending>) -> Option<Ending> {
    ending.map(|ending| Ending {
      value: ending.value,
      reads: ending.reads.clone(),
      node: self.add_node(&ending.call),
    })
  }

  fn add_block_node(&mut self, block: &hir::Block) -> NodeId {
    let body = Body::Block(self.add_block(block));
    self.add(Node {
      body,
      deadline: None,
      delay: None,
      undo: None,
      finally: None,
    })
  }

  fn body(&mut self, kind: &hir::NodeKind) -> Body {
    match kind {
      hir::NodeKind::Value(expr) => Body::Value(expr.clone()),
      hir::NodeKind::Fail(expr) => Body::Fail(expr.clone()),
      hir::NodeKind::Work(call) => Body::Work(call.clone()),
      hir::NodeKind::Orchestrate(call) => Body::Orchestrate(call.clone()),
      hir::NodeKind::Dispatch(call) => Body::Dispatch(call.clone()),
      hir::NodeKind::Each(each) => Body::Each(self.each(each)),
      hir::NodeKind::Repeat(repeat) => Body::Repeat(self.repeat(repeat)),
      hir::NodeKind::RunPlan(run) => Body::Run((**run).clone()),
      hir::NodeKind::If {
        condition,
        then,
        otherwise,
      } => Body::Choice(Choice {
        subject: condition.clone(),
        tests: vec![(vec![Literal::Bool(true)], self.arm(then))],
        otherwise: otherwise.as_deref().map(|arm| self.arm(arm)),
        may_skip: true,
      }),
      hir::NodeKind::Match {
        subject,
        arms,
        otherwise,
      } => Body::Choice(Choice {
        subject: subject.clone(),
        tests: arms
          .iter()
          .map(|branch| (branch.patterns.clone(), self.arm(&branch.arm)))
          .collect(),
        otherwise: otherwise.as_deref().map(|arm| self.arm(arm)),
        may_skip: false,
      }),
      hir::NodeKind::Attempt(inner) => Body::Attempt(self.add_node(inner)),
      hir::NodeKind::Catch { inner, error, handler } => {
        let earlier = fallbacks(inner);
        let mut handler = self.arm(handler);
        if earlier > 0 {
          handler.segment = format!("{}#{}", handler.segment, earlier + 1).into();
        }
        Body::Catch {
          inner: self.add_node(inner),
          error: *error,
          handler,
        }
      }
      hir::NodeKind::Block(block) => Body::Block(self.add_block(block)),
    }
  }

  fn each(&mut self, each: &hir::Each) -> Each {
    Each {
      item: each.item,
      index: each.index,
      items: each.items.clone(),
      fold: each.fold.clone(),
      concurrent: each.concurrent.clone(),
      take: each.take.clone(),
      stop: each.stop.clone(),
      body: self.add_node(&each.body),
    }
  }

  fn repeat(&mut self, repeat: &hir::Repeat) -> Repeat {
    Repeat {
      bound: repeat.bound.clone(),
      seed: repeat.seed.clone(),
      previous: repeat.previous,
      body: self.add_block_node(&repeat.body),
      until: repeat.until.clone(),
      otherwise: match &repeat.otherwise {
        hir::Otherwise::Exhausted => Otherwise::Exhausted,
        hir::Otherwise::Last => Otherwise::Last,
        hir::Otherwise::Node(arm) => Otherwise::Arm(self.arm(arm)),
      },
    }
  }

  fn arm(&mut self, arm: &hir::Arm) -> Arm {
    Arm {
      waits: arm.waits.as_slice().into(),
      segment: arm.segment.clone(),
      node: self.add_node(&arm.node),
    }
  }

  fn add_block(&mut self, block: &hir::Block) -> BlockId {
    let mut steps: Vec<Step> = block.steps.iter().map(|step| self.step(step)).collect();
    let mut binders = HashMap::new();
    for (at, step) in block.steps.iter().enumerate() {
      for wait in &step.waits {
        steps[wait.step].dependents.push(at);
      }
      bind(step, at, &mut binders);
    }
    let id = BlockId(index(self.blocks.len()));
    self.blocks.push(Block {
      steps,
      result: block.result.clone(),
      binders,
    });
    id
  }

  fn step(&mut self, step: &hir::Step) -> Step {
    Step {
      segment: step.segment.clone(),
      local: step.local,
      action: match &step.kind {
        hir::StepKind::Node(node) => Action::Node(self.add_node(node)),
        hir::StepKind::Stage(block) => Action::Stage(self.add_block_node(block)),
        hir::StepKind::Require { condition, message } => Action::Require {
          condition: condition.clone(),
          message: message.clone(),
        },
        hir::StepKind::ReturnWhen { value, when } => Action::ReturnWhen {
          value: value.clone(),
          when: when.clone(),
        },
      },
      waits: index(step.waits.len()),
      dependents: Vec::new(),
    }
  }
}

fn bind(step: &hir::Step, at: usize, binders: &mut HashMap<LocalId, usize>) {
  binders.extend(step.local.map(|local| (local, at)));
  if let hir::StepKind::Stage(block) = &step.kind {
    block.steps.iter().for_each(|inner| bind(inner, at, binders));
  }
}

/// How many fallbacks a chain of `catch` has so far: each needs a path of its own.
fn fallbacks(node: &hir::Node) -> usize {
  std::iter::successors(Some(node), |node| match &node.kind {
    hir::NodeKind::Catch { inner, .. } | hir::NodeKind::Attempt(inner) => Some(inner),
    _ => None,
  })
  .filter(|node| matches!(node.kind, hir::NodeKind::Catch { .. }))
  .count()
}

/// Programs are bounded far below 2^32 nodes by their text.
fn index(length: usize) -> u32 {
  u32::try_from(length).unwrap_or(u32::MAX)
}
