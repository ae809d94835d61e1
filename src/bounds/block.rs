//! The worst case of a scope: what its steps do together, in the order that their edges make. Knows nothing of nodes.

use std::collections::{BTreeSet, HashMap};

use super::{
  bound::Bound,
  frame::Frame,
  nodes::Found,
  order::{Before, heaviest_antichain, largest_antichains, longest_path, sorted},
  shape::Shape,
  waits::{certain, ending, possible},
  worst::{Counts, Group, Opened, Peaks, Worst, crowd, joined},
};
use crate::hir::{Block, LocalId, Step, StepKind};

/// Steps of a search for all steps that may run together.
const MOST_WAYS: usize = 2_000;

impl Frame<'_, '_> {
  pub fn block(&mut self, block: &Block) -> Found {
    let edges = Edges::of(block);
    let mut steps = vec![Worst::nothing(); block.steps.len()];
    let mut early = Vec::new();
    for at in sorted(&edges.possible) {
      let step = &block.steps[at];
      let (worst, shape) = self.at(|place| place.field(&step.segment), |frame| frame.step(step));
      match (step.local, &step.kind) {
        (Some(local), _) => _ = self.locals.insert(local, shape),
        (None, StepKind::ReturnWhen { .. } | StepKind::Stage(_)) => early.push(shape),
        (None, _) => {}
      }
      steps[at] = worst;
    }
    let result = block.result.as_ref().map(|result| self.shape(result));
    let shape = Shape::any(result.into_iter().chain(early));
    let worst = together(&steps, &edges);
    (self.limited(worst, &steps, &edges).closed(), shape)
  }

  /// No more at once than limits allow of steps that may run together; where there are too many ways to run together,
  /// than they allow of all.
  fn limited(&mut self, worst: Worst, steps: &[Worst], edges: &Edges) -> Worst {
    let slots = self.all_slots(&worst.peaks);
    let running = (0..steps.len()).filter(|at| !steps[*at].peaks.is_empty()).collect();
    if slots.is_empty() {
      return worst;
    }
    let Some(ways) = largest_antichains(&edges.certain, running, MOST_WAYS) else {
      return worst;
    };
    let most = ways
      .iter()
      .map(|way| crowd(way.iter().map(|at| &steps[*at].peaks), |limit| slots[&limit]));
    worst.held_back(most.max().unwrap_or(0))
  }

  /// A stage's value is what it returns early.
  fn step(&mut self, step: &Step) -> Found {
    match &step.kind {
      StepKind::Node(node) => self.node(node),
      StepKind::Require { .. } => (Worst::nothing(), Shape::default()),
      StepKind::ReturnWhen { value, .. } => (Worst::nothing(), self.shape(value)),
      StepKind::Stage(block) => self.block(block),
    }
  }
}

/// What stands before each step of a block.
struct Edges {
  /// In every run.
  certain: Before,
  /// In some run: arms and fallbacks read it too.
  possible: Before,
}

impl Edges {
  fn of(block: &Block) -> Edges {
    let mut binders = HashMap::new();
    for (at, step) in block.steps.iter().enumerate() {
      bind(step, at, &mut binders);
    }
    let before = |reads: &dyn Fn(&StepKind) -> BTreeSet<LocalId>| {
      let steps = block.steps.iter().enumerate();
      let before = steps.map(|(at, step)| {
        let reads = reads(&step.kind).into_iter();
        let read = reads.filter_map(|local| binders.get(&local).copied());
        let waits = step.waits.iter().map(|wait| wait.step);
        let all: BTreeSet<usize> = waits.chain(read).filter(|other| *other != at).collect();
        all.into_iter().collect()
      });
      before.collect()
    };
    Edges {
      certain: behind(&before(&certain), &before(&ending)),
      possible: before(&possible),
    }
  }
}

/// Of each step those that have ended before anything of it runs. `runs`: what its parts wait for; `ends`: what it can't end
/// without.
///
/// Who comes behind a step that may end without having run anything does not come behind all that would have run before.
/// So what is behind another by its runs only counts where all that is behind it stands behind the other as well: only then
/// it is an order.
fn behind(runs: &Before, ends: &Before) -> Before {
  let mut ended: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); ends.len()];
  for at in sorted(ends) {
    ended[at] = with_ended(&ends[at], &ended);
  }
  let mut before: Vec<BTreeSet<usize>> = runs.iter().map(|runs| with_ended(runs, &ended)).collect();
  loop {
    let misses = |earlier: usize, step: usize| {
      before
        .iter()
        .any(|later| later.contains(&step) && !later.contains(&earlier))
    };
    let pairs = before
      .iter()
      .enumerate()
      .flat_map(|(step, all)| all.iter().map(move |earlier| (*earlier, step)));
    let wrong: Vec<(usize, usize)> = pairs.filter(|(earlier, step)| misses(*earlier, *step)).collect();
    if wrong.is_empty() {
      return before.into_iter().map(|all| all.into_iter().collect()).collect();
    }
    wrong
      .into_iter()
      .for_each(|(earlier, step)| _ = before[step].remove(&earlier));
  }
}

fn with_ended(direct: &[usize], ended: &[BTreeSet<usize>]) -> BTreeSet<usize> {
  direct
    .iter()
    .flat_map(|one| ended[*one].iter().copied().chain([*one]))
    .collect()
}

fn bind(step: &Step, at: usize, binders: &mut HashMap<LocalId, usize>) {
  binders.extend(step.local.map(|local| (local, at)));
  if let StepKind::Stage(block) = &step.kind {
    block.steps.iter().for_each(|inner| bind(inner, at, binders));
  }
}

fn together(steps: &[Worst], edges: &Edges) -> Worst {
  let sum = |of: fn(&Worst) -> &Counts| {
    let sum = |sum, step: &Worst| joined(&sum, of(step), Bound::plus);
    steps.iter().fold(Counts::new(), sum)
  };
  let times: Vec<Bound> = steps.iter().map(|step| step.time.clone()).collect();
  let opened = steps.iter().map(|step| &step.opened);
  let most = |of: fn(&Worst) -> &Bound| {
    let most = |most: Bound, step: &Worst| most.larger(of(step));
    steps.iter().fold(Bound::zero(), most)
  };
  Worst {
    counts: sum(|step| &step.counts),
    outside: sum(|step| &step.outside),
    peaks: peaks(steps, &edges.certain),
    time: longest_path(&edges.possible, &times),
    opened: opened.fold(Opened::default(), |all, opened| all.joined(opened, Bound::plus)),
    finishing: most(|step| &step.finishing),
    longest: most(|step| &step.longest),
  }
}

/// A step that may begin before another has ended is not ordered by it.
fn peaks(steps: &[Worst], before: &Before) -> Peaks {
  let groups: BTreeSet<Group> = steps.iter().flat_map(|step| step.peaks.keys().copied()).collect();
  let peak = |group: Group| {
    let weights: Vec<u128> = steps
      .iter()
      .map(|step| step.peaks.get(&group).copied().unwrap_or(0))
      .collect();
    (group, heaviest_antichain(before, &weights))
  };
  groups.into_iter().map(peak).collect()
}
