//! Budgets of calls, cost and tokens are never exceeded, and a run never exceeds the bounds that were computed before it.

use std::collections::{BTreeMap, HashMap, HashSet};

use orch::{
  bounds::Bound,
  engine::{Event, ExecutionId, Record},
};

use super::{Case, closes, is_inside};
use crate::declared::{COST, TOKENS};

/// In billionths of a dollar.
const CEILING: u128 = (COST * 1e9) as u128;

struct Purse<'a> {
  path: &'a str,
  calls: Option<u128>,
  cost: Option<u128>,
  tokens: Option<u128>,
  /// What each execution took, or may take at most while it runs.
  taken: HashMap<ExecutionId, (u128, u128)>,
}

impl Purse<'_> {
  fn covers(&self, path: &str) -> bool {
    let rest = path.strip_prefix(self.path).unwrap_or_default();
    is_inside(self.path, path) && !closes(self.path, path) && !rest.starts_with(".catch")
  }

  fn check(&self, case: &Case) {
    let calls = self.taken.len() as u128;
    let cost = self.taken.values().map(|(cost, _)| cost).sum::<u128>();
    let tokens = self.taken.values().map(|(_, tokens)| tokens).sum::<u128>();
    let within = |bound: Option<u128>, sum: u128| bound.is_none_or(|bound| sum <= bound);
    case.hold(
      within(self.calls, calls) && within(self.cost, cost) && within(self.tokens, tokens),
      || {
        format!(
          "{calls} calls, {cost} of cost, {tokens} tokens: more than the budget of {:?}",
          self.path
        )
      },
    );
  }
}

pub fn check(case: &Case) {
  let mut purses: Vec<Purse> = Vec::new();
  let mut repeated = HashSet::new();
  let mut calls: BTreeMap<&str, HashSet<ExecutionId>> = BTreeMap::new();
  let mut runs = 0u128;
  for Record { event, .. } in case.records() {
    match event {
      Event::BudgetSet { path, bounds } => purses.push(Purse {
        path,
        calls: bounds.calls.map(u128::from),
        cost: bounds.cost.map(billionths),
        tokens: bounds.tokens.map(u128::from),
        taken: HashMap::new(),
      }),
      Event::AttemptRepeated { execution, .. } | Event::InDoubt { execution, .. } => _ = repeated.insert(*execution),
      Event::Admitted { execution } => {
        let asked = &case.asked[execution];
        calls.entry(&asked.worker).or_default().insert(*execution);
        for purse in purses.iter_mut().filter(|purse| purse.covers(&asked.path)) {
          purse.taken.insert(*execution, (CEILING, u128::from(TOKENS)));
          purse.check(case);
        }
      }
      Event::Charged {
        execution,
        cost,
        tokens,
        ..
      } => {
        let spent = (
          cost.map_or(0, |charge| billionths(charge.amount)),
          tokens.map_or(0, |charge| u128::from(charge.amount)),
        );
        let above = spent.0 > CEILING || spent.1 > u128::from(TOKENS);
        // what was said before a crash was spent as well
        case.hold(!above || repeated.contains(execution), || {
          format!("{execution:?} is charged {spent:?}")
        });
        if above {
          return;
        }
        for purse in &mut purses {
          purse.taken.entry(*execution).and_modify(|taken| *taken = spent);
        }
      }
      Event::Dispatched { .. } => runs += 1,
      _ => {}
    }
  }
  bounds(case, &calls, runs);
}

fn billionths(amount: orch::value::Dollars) -> u128 {
  let text = amount.to_string();
  let (whole, part) = text.trim_start_matches('$').split_once('.').expect("cents");
  let digits: String = format!("{part:0<9}");
  whole.parse::<u128>().expect("dollars") * 1_000_000_000 + digits.parse::<u128>().expect("a part")
}

fn bounds(case: &Case, calls: &BTreeMap<&str, HashSet<ExecutionId>>, runs: u128) {
  let bounds = &case.subject.bounds;
  let within = |what: &str, found: u128, bound: &Bound| {
    case.hold(bound.most().is_some_and(|most| found <= most), || {
      format!("{what}: {found}, and {bound:?} was the bound")
    });
  };
  let program = &case.subject.program;
  let mut all = 0;
  for (worker, executions) in calls {
    let count = executions.len() as u128;
    all += count;
    let bound = bounds
      .calls
      .iter()
      .find(|(id, _)| *program.worker(*id).name == **worker);
    case.hold(bound.is_some(), || format!("{worker} is called and has no bound"));
    bound.into_iter().for_each(|(_, bound)| within(worker, count, bound));
  }
  within("all calls", all, &bounds.all_calls);
  let dispatched = bounds.runs.iter().filter_map(|(_, bound)| bound.most()).sum::<u128>();
  case.hold(runs <= dispatched, || {
    format!("{runs} runs are dispatched, of {dispatched}")
  });
  // time that nobody drives it, and repeats, are no part of the bound
  if case.whole {
    let took = case.records().last().map_or(0, |record: &Record| record.at.0);
    within("time", u128::try_from(took).unwrap_or(0), &bounds.time);
  }
}
