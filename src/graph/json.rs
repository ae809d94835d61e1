//! A graph as JSON, with the waves of every block: what may run at the same time.

use petgraph::{graph::NodeIndex, visit::EdgeRef};
use serde::Serialize;

use super::Graph;

/// The graph as JSON text, ending with a line break.
pub fn render(graph: &Graph) -> String {
  let document = Document {
    orchestrator: &graph.orchestrator,
    doc: graph.doc.as_deref(),
    complete: graph.complete,
    waves: waves(graph, &graph.roots),
    nodes: graph.nodes.node_indices().map(|index| node(graph, index)).collect(),
    edges: edges(graph),
  };
  let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
  text.push('\n');
  text
}

#[derive(Serialize)]
struct Document<'a> {
  orchestrator: &'a str,
  #[serde(skip_serializing_if = "Option::is_none")]
  doc: Option<&'a str>,
  /// False where called orchestrators were left out.
  complete: bool,
  waves: Vec<Vec<&'a str>>,
  nodes: Vec<Node<'a>>,
  edges: Vec<Edge<'a>>,
}

#[derive(Serialize)]
struct Node<'a> {
  id: &'a str,
  kind: &'static str,
  label: &'a str,
  #[serde(skip_serializing_if = "Option::is_none")]
  parent: Option<&'a str>,
  /// Of a cluster.
  #[serde(skip_serializing_if = "Vec::is_empty")]
  waves: Vec<Vec<&'a str>>,
}

#[derive(Serialize)]
struct Edge<'a> {
  from: &'a str,
  to: &'a str,
  kind: &'static str,
  #[serde(skip_serializing_if = "Option::is_none")]
  label: Option<&'a str>,
}

fn id(graph: &Graph, index: NodeIndex) -> &str {
  &graph.nodes[index].id
}

fn waves<'a>(graph: &'a Graph, siblings: &[NodeIndex]) -> Vec<Vec<&'a str>> {
  let ids = |wave: Vec<NodeIndex>| wave.into_iter().map(|index| id(graph, index)).collect();
  graph.waves(siblings).into_iter().map(ids).collect()
}

fn node(graph: &Graph, index: NodeIndex) -> Node<'_> {
  let node = &graph.nodes[index];
  Node {
    id: &node.id,
    kind: node.kind.name(),
    label: &node.label,
    parent: node.parent.map(|parent| id(graph, parent)),
    waves: waves(graph, &node.children),
  }
}

fn edges(graph: &Graph) -> Vec<Edge<'_>> {
  let edges = graph.nodes.edge_references().map(|edge| Edge {
    from: id(graph, edge.source()),
    to: id(graph, edge.target()),
    kind: edge.weight().kind.name(),
    label: edge.weight().label.as_deref(),
  });
  edges.collect()
}
