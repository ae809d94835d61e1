//! Orders things that need each other, and finds the cycles that make it impossible.

use std::{
  cmp::Reverse,
  collections::{BinaryHeap, HashMap, HashSet, VecDeque, hash_map::Entry},
};

use petgraph::{
  graph::{DiGraph, NodeIndex},
  visit::EdgeRef,
};

use crate::{
  diagnostics::{Code, Diagnostic},
  source::Span,
};

/// `from` needs `to`, as is written at `span`.
#[derive(Clone, Debug)]
pub struct Need {
  pub from: usize,
  pub to: usize,
  pub span: Span,
  /// How: `reads`, `stands after`, `calls`.
  pub how: &'static str,
}

/// An order in which everything comes after what it needs, by number where there is a choice; and the cycles, each as
/// the needs along one shortest way round. Members of cycles, and what needs them, are in the order nonetheless.
pub fn order(count: usize, needs: &[Need]) -> (Vec<usize>, Vec<Vec<Need>>) {
  let cycles = find_cycles(count, needs);
  let broken: HashSet<(usize, usize)> = cycles.iter().flatten().map(|need| (need.from, need.to)).collect();
  let kept = needs.iter().filter(|need| !broken.contains(&(need.from, need.to)));
  let kept: Vec<&Need> = kept.collect();
  (sorted(count, &kept), cycles)
}

/// Kahn's algorithm, least number first; what is still in a cycle after one edge was taken out comes last.
fn sorted(count: usize, needs: &[&Need]) -> Vec<usize> {
  let mut waiting = vec![0usize; count];
  let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); count];
  for need in needs {
    waiting[need.from] += 1;
    needed_by[need.to].push(need.from);
  }
  let mut ready: BinaryHeap<Reverse<usize>> = (0..count).filter(|at| waiting[*at] == 0).map(Reverse).collect();
  let mut order = Vec::with_capacity(count);
  while let Some(Reverse(at)) = ready.pop() {
    order.push(at);
    for &next in &needed_by[at] {
      waiting[next] -= 1;
      if waiting[next] == 0 {
        ready.push(Reverse(next));
      }
    }
  }
  if order.len() < count {
    let placed: HashSet<usize> = order.iter().copied().collect();
    order.extend((0..count).filter(|at| !placed.contains(at)));
  }
  order
}

fn find_cycles(count: usize, needs: &[Need]) -> Vec<Vec<Need>> {
  let mut graph: DiGraph<(), &Need> = DiGraph::with_capacity(count, needs.len());
  let nodes: Vec<NodeIndex> = (0..count).map(|_| graph.add_node(())).collect();
  for need in needs {
    graph.add_edge(nodes[need.from], nodes[need.to], need);
  }
  let mut cycles = Vec::new();
  for component in petgraph::algo::tarjan_scc(&graph) {
    let own_loop = component.len() == 1 && graph.contains_edge(component[0], component[0]);
    if component.len() > 1 || own_loop {
      cycles.push(shortest_round(&graph, &component));
    }
  }
  cycles.sort_by_key(|cycle| cycle.first().map(|need| need.span));
  cycles
}

/// Breadth first from the member that stands first, back to itself.
fn shortest_round(graph: &DiGraph<(), &Need>, component: &[NodeIndex]) -> Vec<Need> {
  let inside: HashSet<NodeIndex> = component.iter().copied().collect();
  let Some(&start) = component.iter().min() else {
    return Vec::new();
  };
  let mut came: HashMap<NodeIndex, &Need> = HashMap::new();
  let mut queue = VecDeque::from([start]);
  while let Some(at) = queue.pop_front() {
    let mut edges: Vec<_> = graph.edges(at).filter(|edge| inside.contains(&edge.target())).collect();
    edges.sort_by_key(|edge| (edge.weight().to, edge.weight().span));
    for edge in edges {
      if edge.target() == start {
        return way_back(start, at, edge.weight(), &came);
      }
      if let Entry::Vacant(new) = came.entry(edge.target()) {
        new.insert(edge.weight());
        queue.push_back(edge.target());
      }
    }
  }
  Vec::new()
}

fn way_back(start: NodeIndex, mut at: NodeIndex, last: &Need, came: &HashMap<NodeIndex, &Need>) -> Vec<Need> {
  let mut path = vec![last.clone()];
  while at != start {
    let need = came[&at];
    path.push(need.clone());
    at = NodeIndex::new(need.from);
  }
  path.reverse();
  path
}

/// The finding for a cycle: the whole path in the message, a label per edge.
pub fn cycle(code: &'static Code, what: &str, path: &[Need], name: impl Fn(usize) -> String) -> Diagnostic {
  let mut words: Vec<String> = path.iter().map(|need| format!("`{}`", name(need.from))).collect();
  words.extend(path.first().map(|need| format!("`{}`", name(need.from))));
  let mut finding = Diagnostic::new(code, format!("{what}: {}", words.join(" -> ")));
  for need in path {
    finding = finding.label(
      need.span,
      format!("`{}` {} `{}`", name(need.from), need.how, name(need.to)),
    );
  }
  finding
}
