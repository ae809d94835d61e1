//! The two questions to a partial order: how long its longest path is, and how heavy its heaviest antichain. Knows
//! nothing of what is ordered.

use petgraph::{
  algo::maximum_flow::dinics,
  graph::{DiGraph, NodeIndex},
};

use super::bound::Bound;

/// What waits for what: of each element those before it.
pub type Before = Vec<Vec<usize>>;

/// The elements, each after those before it. The order is acyclic.
pub fn sorted(before: &Before) -> Vec<usize> {
  let mut left: Vec<usize> = before.iter().map(Vec::len).collect();
  let mut after: Before = vec![Vec::new(); before.len()];
  for (element, earlier) in before.iter().enumerate() {
    earlier.iter().for_each(|earlier| after[*earlier].push(element));
  }
  let mut ready: Vec<usize> = (0..before.len()).rev().filter(|element| left[*element] == 0).collect();
  let mut order = Vec::with_capacity(before.len());
  while let Some(element) = ready.pop() {
    order.push(element);
    for later in after[element].iter().rev() {
      left[*later] -= 1;
      if left[*later] == 0 {
        ready.push(*later);
      }
    }
  }
  debug_assert_eq!(order.len(), before.len(), "a circle");
  order
}

/// The longest of all paths, by what each element takes.
pub fn longest_path(before: &Before, times: &[Bound]) -> Bound {
  let mut ends = vec![Bound::zero(); times.len()];
  for element in sorted(before) {
    let earlier = before[element].iter().map(|earlier| &ends[*earlier]);
    let start = earlier.fold(Bound::zero(), |latest, end| latest.larger(end));
    ends[element] = start.plus(&times[element]);
  }
  ends.iter().fold(Bound::zero(), |latest, end| latest.larger(end))
}

/// The greatest weight of elements of which none is before another.
///
/// By Dilworth's theorem with weights: all weight, less the greatest flow of weight from elements to later ones. Such
/// a flow passes through elements between them, so the edges given are enough.
pub fn heaviest_antichain(before: &Before, weights: &[u128]) -> u128 {
  let weights: Vec<u128> = weights.iter().map(|weight| (*weight).min(HEAVIEST)).collect();
  let sum = weights.iter().fold(0, |sum: u128, weight| sum.saturating_add(*weight));
  if before.iter().all(Vec::is_empty) {
    return sum;
  }
  let mut graph: DiGraph<(), u128> = DiGraph::new();
  let (source, sink) = (graph.add_node(()), graph.add_node(()));
  let nodes: Vec<(NodeIndex, NodeIndex)> = weights
    .iter()
    .map(|_| (graph.add_node(()), graph.add_node(())))
    .collect();
  for ((from, to), weight) in nodes.iter().zip(&weights) {
    graph.add_edge(source, *from, *weight);
    graph.add_edge(*to, sink, *weight);
    graph.add_edge(*to, *from, sum);
  }
  for (element, earlier) in before.iter().enumerate() {
    for earlier in earlier {
      graph.add_edge(nodes[*earlier].0, nodes[element].1, sum);
    }
  }
  sum - dinics(&graph, source, sink).0
}

/// Weights above count as this: sums of them stay within numbers.
const HEAVIEST: u128 = 1 << 64;

/// Of each element and each other whether one is before the other.
fn related(before: &Before) -> Vec<Vec<bool>> {
  let mut related = vec![vec![false; before.len()]; before.len()];
  for element in sorted(before) {
    for earlier in &before[element] {
      related[element][*earlier] = true;
      let passed = related[*earlier].clone();
      let own = related[element].iter_mut().zip(passed);
      own.for_each(|(own, passed)| *own |= passed);
    }
  }
  #[expect(clippy::needless_range_loop, reason = "both ways of a pair are written")]
  for element in 0..before.len() {
    for other in 0..element {
      let either = related[element][other] || related[other][element];
      (related[element][other], related[other][element]) = (either, either);
    }
  }
  related
}

/// All antichains among the elements that no other holds; `None` if finding them takes more than so many steps.
pub fn largest_antichains(before: &Before, among: Vec<usize>, steps: usize) -> Option<Vec<Vec<usize>>> {
  let mut search = Search {
    related: related(before),
    found: Vec::new(),
    steps,
  };
  search.extend(&mut Vec::new(), among, Vec::new())?;
  Some(search.found)
}

/// Bron and Kerbosch's search for maximal cliques, of elements that are not related.
struct Search {
  related: Vec<Vec<bool>>,
  found: Vec<Vec<usize>>,
  /// That are left.
  steps: usize,
}

impl Search {
  fn extend(&mut self, chosen: &mut Vec<usize>, mut open: Vec<usize>, mut closed: Vec<usize>) -> Option<()> {
    self.steps = self.steps.checked_sub(1)?;
    let beside = |all: &[usize], element: usize, related: &[Vec<bool>]| -> Vec<usize> {
      let beside = all.iter().copied();
      beside
        .filter(|other| *other != element && !related[element][*other])
        .collect()
    };
    let Some(pivot) = open
      .iter()
      .chain(&closed)
      .copied()
      .max_by_key(|pivot| beside(&open, *pivot, &self.related).len())
    else {
      self.found.push(chosen.clone());
      return Some(());
    };
    for element in open.clone() {
      if element != pivot && !self.related[pivot][element] {
        continue;
      }
      chosen.push(element);
      let (inner, outer) = (
        beside(&open, element, &self.related),
        beside(&closed, element, &self.related),
      );
      self.extend(chosen, inner, outer)?;
      chosen.pop();
      open.retain(|other| *other != element);
      closed.push(element);
    }
    Some(())
  }
}

#[cfg(test)]
mod tests {
  use proptest::prelude::*;

  use super::*;

  fn orders() -> impl Strategy<Value = (Before, Vec<u128>)> {
    let weights = prop::collection::vec(0..6u128, 0..9);
    weights.prop_flat_map(|weights| {
      let edges = prop::collection::vec(any::<bool>(), weights.len() * weights.len());
      (Just(weights), edges).prop_map(|(weights, edges)| {
        let earlier = |element: usize| {
          (0..element)
            .filter(|earlier| edges[earlier * weights.len() + element])
            .collect()
        };
        ((0..weights.len()).map(earlier).collect(), weights)
      })
    })
  }

  /// Whether each is before each.
  fn closure(before: &Before) -> Vec<Vec<bool>> {
    let mut closed = vec![vec![false; before.len()]; before.len()];
    for element in 0..before.len() {
      for earlier in &before[element] {
        closed[element][*earlier] = true;
        let passed = closed[*earlier].clone();
        let own = closed[element].iter_mut().zip(passed);
        own.for_each(|(own, passed)| *own |= passed);
      }
    }
    closed
  }

  proptest! {
    #[test]
    fn the_heaviest_antichain_is_that_of_all_sets((before, weights) in orders()) {
      let closed = closure(&before);
      let mut heaviest = 0;
      for set in 0..1usize << weights.len() {
        let inside: Vec<usize> = (0..weights.len()).filter(|element| set >> element & 1 == 1).collect();
        if inside.iter().all(|a| inside.iter().all(|b| !closed[*a][*b])) {
          heaviest = heaviest.max(inside.iter().map(|element| weights[*element]).sum());
        }
      }
      prop_assert_eq!(heaviest_antichain(&before, &weights), heaviest);
    }

    #[test]
    fn the_largest_antichains_are_those_of_all_sets((before, _) in orders()) {
      let closed = closure(&before);
      let apart = |inside: &[usize]| inside.iter().all(|a| inside.iter().all(|b| !closed[*a][*b]));
      let sets = (0..1usize << before.len()).map(|set| (0..before.len()).filter(|at| set >> at & 1 == 1).collect());
      let apart: Vec<Vec<usize>> = sets.filter(|set: &Vec<usize>| apart(set)).collect();
      let larger = |a: &[usize], b: &[usize]| a.len() < b.len() && a.iter().all(|element| b.contains(element));
      let mut largest: Vec<_> = apart.iter().filter(|set| !apart.iter().any(|other| larger(set, other))).cloned().collect();
      let mut found = largest_antichains(&before, (0..before.len()).collect(), 1_000_000).expect("few steps");
      found.iter_mut().for_each(|set| set.sort_unstable());
      found.sort();
      largest.sort();
      prop_assert_eq!(found, largest);
    }

    #[test]
    fn the_longest_path_is_that_of_all_paths((before, weights) in orders()) {
      let times: Vec<Bound> = weights.iter().map(|weight| Bound::number(*weight)).collect();
      let mut ends = vec![0; weights.len()];
      for element in 0..weights.len() {
        ends[element] = weights[element] + before[element].iter().map(|earlier| ends[*earlier]).max().unwrap_or(0);
      }
      let longest = ends.iter().max().copied().unwrap_or(0);
      prop_assert_eq!(longest_path(&before, &times).most(), Some(longest));
    }
  }
}
