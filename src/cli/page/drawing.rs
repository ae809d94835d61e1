//! Where each node of a graph stands: waves below each other, clusters as boxes around what is inside. Knows nothing of
//! runs and of HTML.

use std::collections::HashMap;

use petgraph::{
  algo::toposort,
  graph::{DiGraph, NodeIndex},
  visit::EdgeRef,
};

use crate::graph::Graph;

const GAP: f64 = 18.0;
const PADDING: f64 = 12.0;
const TITLE: f64 = 18.0;
const LEAF: f64 = 28.0;
/// Of one letter.
const LETTER: f64 = 6.8;
/// Letters of a label.
const LABEL: usize = 30;

/// A node's place, from the left upper corner.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
  pub x: f64,
  pub y: f64,
  pub width: f64,
  pub height: f64,
}

/// The places of all nodes, and the size of the whole.
pub fn places(graph: &Graph) -> (HashMap<NodeIndex, Place>, Place) {
  let mut places = HashMap::new();
  let size = rows(graph, &graph.roots, &mut places);
  (places, size)
}

/// The first line, not too long.
pub fn label(text: &str) -> String {
  let line = text.lines().next().unwrap_or_default();
  match line.char_indices().nth(LABEL) {
    Some((at, _)) => format!("{}…", &line[..at]),
    None => line.to_owned(),
  }
}

/// Siblings in their waves, from 0; what is inside has places within. Nesting is bounded, and so is this.
fn rows(graph: &Graph, siblings: &[NodeIndex], places: &mut HashMap<NodeIndex, Place>) -> Place {
  let mut waves = waves(graph, siblings);
  waves.push(
    siblings
      .iter()
      .copied()
      .filter(|node| graph.nodes[*node].aside)
      .collect(),
  );
  let mut whole = Place::default();
  for wave in waves.iter().filter(|wave| !wave.is_empty()) {
    let (mut x, mut tallest) = (0.0, 0.0_f64);
    for node in wave {
      let size = node_size(graph, *node, places);
      shift(graph, *node, x, whole.height, places);
      x += size.width + GAP;
      tallest = tallest.max(size.height);
    }
    whole.width = whole.width.max(x - GAP);
    whole.height += tallest + GAP;
  }
  whole.height = (whole.height - GAP).max(0.0);
  whole
}

/// Siblings below whatever they need, also where they need only something inside it.
fn waves(graph: &Graph, siblings: &[NodeIndex]) -> Vec<Vec<NodeIndex>> {
  let mut order: DiGraph<NodeIndex, ()> = DiGraph::new();
  let places: HashMap<NodeIndex, NodeIndex> = siblings.iter().map(|node| (*node, order.add_node(*node))).collect();
  let sibling = |node: NodeIndex| {
    let mut around = std::iter::successors(Some(node), |node| graph.nodes[*node].parent);
    around.find_map(|node| places.get(&node).copied())
  };
  for edge in graph.nodes.edge_references() {
    if let (Some(from), Some(to)) = (sibling(edge.source()), sibling(edge.target()))
      && from != to
    {
      order.update_edge(from, to, ());
    }
  }
  // what can't be put in an order stands side by side
  let Ok(sorted) = toposort(&order, None) else {
    return graph.waves(siblings);
  };
  let mut levels = vec![0; siblings.len()];
  for node in sorted {
    for next in order.neighbors(node) {
      levels[next.index()] = levels[next.index()].max(levels[node.index()] + 1);
    }
  }
  let mut waves = vec![Vec::new(); siblings.len()];
  for (node, level) in siblings
    .iter()
    .zip(levels)
    .filter(|(node, _)| !graph.nodes[**node].aside)
  {
    waves[level].push(*node);
  }
  waves
}

fn node_size(graph: &Graph, node: NodeIndex, places: &mut HashMap<NodeIndex, Place>) -> Place {
  let drawn = &graph.nodes[node];
  let words = label(&drawn.label).chars().count() as f64 * LETTER + 2.0 * PADDING;
  let mut size = Place {
    width: words,
    height: LEAF,
    ..Place::default()
  };
  if !drawn.children.is_empty() {
    let inner = rows(graph, &drawn.children, places);
    drawn
      .children
      .iter()
      .for_each(|child| shift(graph, *child, PADDING, PADDING + TITLE, places));
    size.width = words.max(inner.width + 2.0 * PADDING);
    size.height = inner.height + 2.0 * PADDING + TITLE;
  }
  places.insert(node, size);
  size
}

/// Moves a node with all that is inside.
fn shift(graph: &Graph, node: NodeIndex, x: f64, y: f64, places: &mut HashMap<NodeIndex, Place>) {
  if let Some(place) = places.get_mut(&node) {
    (place.x, place.y) = (place.x + x, place.y + y);
  }
  let children = &graph.nodes[node].children;
  children.iter().for_each(|child| shift(graph, *child, x, y, places));
}
