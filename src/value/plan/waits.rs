//! Circles among assignments that wait for each other.

use std::collections::VecDeque;

/// Up to `most` circles, each from its first member on; none shares a member with another. `waits[a]` are those that
/// `a` waits for.
pub(super) fn cycles(waits: &[&[usize]], most: usize) -> Vec<Vec<usize>> {
  let mut open: Vec<usize> = waits.iter().map(|waits| waits.len()).collect();
  let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); waits.len()];
  for (at, waits) in waits.iter().enumerate() {
    waits.iter().for_each(|other| needed_by[*other].push(at));
  }
  let mut done = vec![false; waits.len()];
  let mut ready: VecDeque<usize> = (0..waits.len()).filter(|at| open[*at] == 0).collect();
  let mut cycles = Vec::new();
  let mut first = 0;
  loop {
    while let Some(at) = ready.pop_front() {
      done[at] = true;
      for next in &needed_by[at] {
        open[*next] -= 1;
        if open[*next] == 0 && !done[*next] {
          ready.push_back(*next);
        }
      }
    }
    while first < waits.len() && done[first] {
      first += 1;
    }
    if first == waits.len() || cycles.len() == most {
      return cycles;
    }
    let cycle = walk(first, waits, &done);
    // as if they were through: what waits for them is looked at, too
    for at in &cycle {
      done[*at] = true;
      ready.push_back(*at);
    }
    cycles.push(cycle);
  }
}

/// From one that is not done, along the first that it waits for, until one comes again.
fn walk(start: usize, waits: &[&[usize]], done: &[bool]) -> Vec<usize> {
  let mut step = vec![usize::MAX; waits.len()];
  let mut path: Vec<usize> = Vec::new();
  let mut at = start;
  while step[at] == usize::MAX {
    step[at] = path.len();
    path.push(at);
    match waits[at].iter().find(|next| !done[**next]) {
      Some(next) => at = *next,
      None => return path,
    }
  }
  let mut cycle = path.split_off(step[at]);
  let least = (0..cycle.len()).min_by_key(|at| cycle[*at]).unwrap_or(0);
  cycle.rotate_left(least);
  cycle
}
