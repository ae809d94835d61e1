//! The picture of an orchestrator: its steps as a petgraph graph with nested clusters, and that graph as Mermaid, DOT
//! and JSON. Knows nothing of running.

mod build;
pub mod dot;
pub mod json;
pub mod mermaid;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use build::build;
use petgraph::{
  algo::toposort,
  graph::{DiGraph, NodeIndex},
  visit::EdgeRef,
};

/// Called orchestrators are drawn from the inside until the graph has so many nodes.
pub const LARGEST: usize = 2_000;

/// An orchestrator with what it calls, drawn from the inside.
#[derive(Debug)]
pub struct Graph {
  pub orchestrator: Arc<str>,
  pub doc: Option<String>,
  /// Acyclic; clusters are nodes too, and their edges stand for all that is inside.
  pub nodes: DiGraph<Node, Edge>,
  /// The nodes of the orchestrator's own block, in the order written.
  pub roots: Vec<NodeIndex>,
  /// Whether every called orchestrator was expanded, see [`LARGEST`].
  pub complete: bool,
}

/// A step, a part of one, or a cluster of those.
#[derive(Debug)]
pub struct Node {
  /// Unique and stable: the path of the step, with `[]` for any instance: `verdicts[].a`.
  pub id: String,
  /// May have several lines.
  pub label: String,
  pub kind: Kind,
  pub parent: Option<NodeIndex>,
  /// In the order written; empty: no cluster.
  pub children: Vec<NodeIndex>,
  /// Runs only once what it stands beside is over: `undo`, `finally`, `on failure`. In no wave.
  pub aside: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
  /// A call of a worker.
  Worker,
  /// A call of an orchestrator: a cluster, or a leaf where expansion stopped.
  Orchestrator,
  /// The same of a pattern.
  Pattern,
  Value,
  Require,
  /// `return` and `yield`
  Result,
  Fail,
  /// What an `if` or `match` decides on.
  Decision,
  /// The cluster around a decision and its arms.
  Choice,
  Each,
  Repeat,
  /// The cluster of those whom a plan may assign.
  Run,
  Attempt,
  Catch,
  Stage,
  Block,
  OnFailure,
}

impl Kind {
  pub fn name(self) -> &'static str {
    match self {
      Kind::Worker => "worker",
      Kind::Orchestrator => "orchestrator",
      Kind::Pattern => "pattern",
      Kind::Value => "value",
      Kind::Require => "require",
      Kind::Result => "result",
      Kind::Fail => "fail",
      Kind::Decision => "decision",
      Kind::Choice => "choice",
      Kind::Each => "each",
      Kind::Repeat => "repeat",
      Kind::Run => "run",
      Kind::Attempt => "attempt",
      Kind::Catch => "catch",
      Kind::Stage => "stage",
      Kind::Block => "block",
      Kind::OnFailure => "on_failure",
    }
  }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
  pub kind: EdgeKind,
  /// Which arm.
  pub label: Option<String>,
}

/// Why one stands after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeKind {
  Data,
  After,
  /// Stands below a gate. Only the last gate above has an edge, and only where no other edge implies it.
  Gate,
  /// From a decision to an arm.
  Arm,
  /// From what may fail to what then takes its place.
  Failure,
  /// From a step to what undoes it.
  Undo,
  /// From a step to what closes it.
  Finally,
}

impl EdgeKind {
  pub fn name(self) -> &'static str {
    match self {
      EdgeKind::Data => "data",
      EdgeKind::After => "after",
      EdgeKind::Gate => "gate",
      EdgeKind::Arm => "arm",
      EdgeKind::Failure => "failure",
      EdgeKind::Undo => "undo",
      EdgeKind::Finally => "finally",
    }
  }
}

impl Graph {
  /// What may run at the same time, of the given siblings: each wave needs only earlier ones.
  pub fn waves(&self, siblings: &[NodeIndex]) -> Vec<Vec<NodeIndex>> {
    let mut waves: Vec<Vec<NodeIndex>> = Vec::new();
    let steps = siblings.iter().zip(self.levels(siblings));
    for (node, level) in steps.filter(|(node, _)| !self.nodes[**node].aside) {
      if waves.len() <= level {
        waves.resize(level + 1, Vec::new());
      }
      waves[level].push(*node);
    }
    waves
  }

  fn levels(&self, siblings: &[NodeIndex]) -> Vec<usize> {
    let position: std::collections::HashMap<NodeIndex, usize> =
      siblings.iter().enumerate().map(|(at, node)| (*node, at)).collect();
    let edges = siblings.iter().flat_map(|node| self.nodes.edges(*node));
    let inner = edges.filter_map(|edge| Some((*position.get(&edge.source())?, *position.get(&edge.target())?, ())));
    let mut order: DiGraph<(), (), usize> = DiGraph::default();
    siblings.iter().for_each(|_| {
      order.add_node(());
    });
    order.extend_with_edges(inner);
    let mut levels = vec![0; siblings.len()];
    // A checked program has no cycle; if there were one, its steps would share a wave.
    for node in toposort(&order, None).unwrap_or_default() {
      for next in order.neighbors(node) {
        levels[next.index()] = levels[next.index()].max(levels[node.index()] + 1);
      }
    }
    levels
  }
}
