//! What must hold for every program and every order of events.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::{build::*, *};
use crate::{
  hir::*,
  protocol::{RawAnswer, WorkerError},
  value::{FailureKind, Value},
};

/// A program's outline.
#[derive(Clone, Debug)]
enum Shape {
  Value,
  Fail,
  Work {
    worker: u32,
    retries: i64,
    limited: bool,
    /// `hedge after` so many milliseconds.
    hedge: Option<i64>,
    cached: bool,
    ending: Ending,
  },
  Each {
    items: i64,
    window: i64,
    takes: Takes,
    body: Box<Shape>,
  },
  Fold(i64, Box<Shape>),
  /// Of each assignment the worker, and whether it refers to the one before and stands after the one before that.
  Plan {
    assignments: Vec<(u32, bool, bool)>,
    window: i64,
    collect: bool,
  },
  Repeat(i64, bool, Vec<Shape>),
  If(bool, Box<Shape>, Box<Shape>),
  Attempt(Box<Shape>),
  Catch(Box<Shape>, Box<Shape>),
  Delay(i64, Box<Shape>),
  Deadline(i64, Box<Shape>),
  Block(Vec<Shape>),
  Stage(Vec<Shape>),
  /// `return 0 when ...`, which reads what stands above.
  Return(bool),
  /// Under a budget of so many calls, and of so much run time.
  Nested(Option<i64>, Option<i64>, Vec<Shape>, Ending),
}

/// What a call leaves to be called; of a nested orchestrator, whether it has an `on failure`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
  Nothing,
  Undo,
  Finally,
  Both,
}

#[derive(Clone, Copy, Debug)]
enum Takes {
  Nothing,
  Collect,
  Tolerate(i64),
  /// So many values are enough; with `collect`.
  Stop(i64, bool),
}

const WORKERS: u32 = 3;
/// `concurrent` of each worker, where it has one.
const SLOTS: [Option<u64>; 6] = [Some(1), Some(3), None, Some(2), None, Some(1)];
/// Workers whose calls leave something to be called, after those above: `undo`, `finally`, both.
const LEAVING: [(Ending, &str); 3] = [
  (Ending::Undo, "undone"),
  (Ending::Finally, "opened"),
  (Ending::Both, "both"),
];
const LIMIT: u64 = 2;

/// `timed`: also what makes the end depend on the order of events.
fn shapes(timed: bool) -> impl Strategy<Value = Vec<Shape>> {
  let odds = if timed { 30 } else { 0 };
  let rarely = move || (0..100u32).prop_map(move |drawn| drawn < odds);
  let sometimes = move |most: i64| (rarely(), 1..most).prop_map(|(is, number)| is.then_some(number));
  let ending = prop_oneof![
    4 => Just(Ending::Nothing),
    3 => Just(Ending::Undo),
    1 => Just(Ending::Finally),
    1 => Just(Ending::Both),
  ];
  let leaf = prop_oneof![
    1 => Just(Shape::Value),
    1 => Just(Shape::Fail),
    12 => (0..WORKERS, 0..3i64, any::<bool>(), sometimes(20), rarely(), ending.clone())
      .prop_map(|(worker, retries, limited, hedge, cached, ending)| Shape::Work {
        worker,
        retries,
        limited,
        hedge,
        cached,
        ending,
      }),
  ];
  let takes = prop_oneof![
    2 => Just(Takes::Nothing),
    2 => Just(Takes::Collect),
    2 => (0..3i64).prop_map(Takes::Tolerate),
    i64::from(timed) as u32 * 3 => (1..4i64, any::<bool>()).prop_map(|(most, collect)| Takes::Stop(most, collect)),
  ];
  let node = leaf.prop_recursive(4, 24, 4, move |inner| {
    let many = || prop::collection::vec(inner.clone(), 1..4);
    let one = || inner.clone().prop_map(Box::new);
    let plain = prop_oneof![
      4 => (0..6i64, 1..4i64, takes.clone(), one())
        .prop_map(|(items, window, takes, body)| Shape::Each { items, window, takes, body }),
      1 => (0..4i64, one()).prop_map(|(items, body)| Shape::Fold(items, body)),
      2 => (prop::collection::vec((0..WORKERS + 1, any::<bool>(), any::<bool>()), 0..5), 1..4i64, any::<bool>())
        .prop_map(|(assignments, window, collect)| Shape::Plan { assignments, window, collect }),
      1 => (1..4i64, any::<bool>(), many()).prop_map(|(bound, until, body)| Shape::Repeat(bound, until, body)),
      1 => (any::<bool>(), one(), one()).prop_map(|(holds, then, other)| Shape::If(holds, then, other)),
      3 => one().prop_map(Shape::Attempt),
      3 => (one(), one()).prop_map(|(inner, handler)| Shape::Catch(inner, handler)),
      1 => (0..30i64, one()).prop_map(|(time, inner)| Shape::Delay(time, inner)),
      2 => many().prop_map(Shape::Block),
      1 => many().prop_map(Shape::Stage),
      2 => (sometimes(8), sometimes(60), many(), ending.clone())
        .prop_map(|(calls, time, body, ending)| Shape::Nested(calls, time, body, ending)),
    ];
    let deadline = (1..60i64, one()).prop_map(|(time, inner)| Shape::Deadline(time, inner));
    let early = any::<bool>().prop_map(Shape::Return);
    if timed {
      prop_oneof![16 => plain, 2 => deadline, 1 => early].boxed()
    } else {
      plain.boxed()
    }
  });
  prop::collection::vec(node, 1..6)
}

/// Outlines to programs. Each step reads some of those above it; `needs` remembers which.
struct Maker {
  builder: Builder,
  limit: LimitId,
  pool: PoolId,
  names: u32,
  needs: HashMap<String, Vec<String>>,
}

impl Maker {
  /// `guarded`: a worker has a breaker.
  fn program(shapes: &[Shape], guarded: bool) -> (Arc<Program>, HashMap<String, Vec<String>>) {
    let mut builder = Builder::new();
    let plain = (0..WORKERS).map(|worker| format!("w{worker}"));
    let leaving = LEAVING.iter().map(|(_, name)| (*name).to_owned());
    for ((worker, name), slots) in (0..).zip(plain.chain(leaving)).zip(SLOTS) {
      builder.echo(&name, 0);
      builder.program.workers[worker as usize].concurrent = slots.map(|slots| int(slots as i64));
    }
    if guarded {
      builder.program.workers[1].breaker = breaker(2, 20, 2);
    }
    let limit = builder.limit(Some(LIMIT), None);
    let pool = builder.small_pool();
    let (names, needs) = (0, HashMap::new());
    let mut maker = Maker {
      builder,
      limit,
      pool,
      names,
      needs,
    };
    let body = maker.block(shapes);
    maker.builder.orchestrator("main", Vec::new(), body);
    (Arc::new(maker.builder.program), maker.needs)
  }

  fn block(&mut self, shapes: &[Shape]) -> Block {
    let mut steps: Vec<crate::hir::Step> = Vec::new();
    let mut above: Vec<(String, LocalId)> = Vec::new();
    for (at, shape) in shapes.iter().enumerate() {
      self.names += 1;
      let (name, local) = (format!("s{}", self.names), self.builder.local());
      if let Shape::Stage(inner) = shape {
        let inner = self.block(inner);
        steps.push(gate(&name, StepKind::Stage(inner)));
        continue;
      }
      // every second step reads the one two above it
      let reads: Vec<_> = above
        .iter()
        .rev()
        .skip(1)
        .step_by(2)
        .take(1 + at % 2)
        .cloned()
        .collect();
      let locals: Vec<_> = reads.iter().map(|(_, local)| *local).collect();
      if let Shape::Return(holds) = shape {
        let (value, when) = (list(locals.into_iter().map(read)), truth(*holds));
        steps.push(gate(&name, StepKind::ReturnWhen { value, when }));
        continue;
      }
      let node = self.node(shape, &locals);
      steps.push(step(&name, local, node));
      above.push((name, local));
    }
    let block = block(steps, None);
    for step in &block.steps {
      let waits = step.waits.iter().map(|wait| block.steps[wait.step].segment.to_string());
      self.needs.insert(step.segment.to_string(), waits.collect());
    }
    block
  }

  fn planned(&mut self, assignments: &[(u32, bool, bool)]) -> serde_json::Value {
    self.names += 1;
    let (plan, needs) = planned(self.names, assignments);
    self.needs.extend(needs);
    plan
  }

  fn node(&mut self, shape: &Shape, reads: &[LocalId]) -> Node {
    match shape {
      Shape::Value | Shape::Stage(_) | Shape::Return(_) => value(list(reads.iter().map(|local| read(*local)))),
      Shape::Fail => node(NodeKind::Fail(text("lost"))),
      Shape::Work {
        worker,
        retries,
        limited,
        hedge,
        cached,
        ending,
      } => {
        let mut policies = retry(
          *retries,
          Backoff::Exponential {
            from: time(2),
            to: time(20),
          },
        );
        policies.limits.extend(limited.then_some(self.limit));
        policies.hedge = hedge.map(|after| at_site(time(after)));
        policies.cache = cached.then(|| at_site(time(1000)));
        let input = || reads.iter().map(|local| read(*local));
        let leaving = (WORKERS..).zip(LEAVING).find(|(_, (leaves, _))| leaves == ending);
        let called = WorkerId(leaving.map_or(*worker, |(worker, _)| worker));
        let node = with(called, [list(input())], policies.clone());
        let own = self.builder.local();
        let left = || with(WorkerId(*worker), [list(input().chain([read(own)]))], policies.clone());
        let node = match ending {
          Ending::Undo | Ending::Both => undo(node, own, left()),
          _ => node,
        };
        match ending {
          Ending::Finally | Ending::Both => finally(node, own, left()),
          _ => node,
        }
      }
      Shape::Each {
        items,
        window,
        takes,
        body,
      } => {
        let item = self.builder.local();
        let body = self.node(body, reads);
        let collect = matches!(takes, Takes::Collect | Takes::Stop(_, true));
        let node = each(item, numbers(*items), *window, collect, body);
        match takes {
          Takes::Nothing | Takes::Collect => node,
          Takes::Tolerate(most) => tolerating(*most, node),
          Takes::Stop(most, _) => {
            let (it, done) = (self.builder.local(), self.builder.local());
            stopping(it, done, equal(length(read(done)), int(*most)), node)
          }
        }
      }
      Shape::Fold(items, body) => {
        let (item, previous) = (self.builder.local(), self.builder.local());
        let body = self.node(body, reads);
        fold(item, numbers(*items), int(0), previous, body)
      }
      Shape::Plan {
        assignments,
        window,
        collect,
      } => {
        let plan = self.planned(assignments);
        self.builder.run_plan(self.pool, &plan, *window, *collect)
      }
      Shape::Repeat(bound, until, body) => {
        let previous = self.builder.local();
        let body = self.block(body);
        repeat(*bound, previous, body, Some(truth(*until)), Otherwise::Last)
      }
      Shape::If(holds, then, other) => {
        let (then, other) = (self.node(then, reads), self.node(other, reads));
        branch(truth(*holds), then, Some(other))
      }
      Shape::Attempt(inner) => {
        let inner = self.node(inner, reads);
        attempt(inner)
      }
      Shape::Catch(inner, handler) => {
        let error = self.builder.local();
        let (inner, handler) = (self.node(inner, reads), self.node(handler, reads));
        catch(inner, error, handler)
      }
      Shape::Delay(time, inner) => delay(*time, self.node(inner, reads)),
      Shape::Deadline(time, inner) => deadline(*time, self.node(inner, reads)),
      Shape::Block(shapes) => nested(self.block(shapes)),
      Shape::Nested(calls, most, shapes, ending) => {
        let body = self.block(shapes);
        let target = self.builder.orchestrator(&format!("o{}", self.names), Vec::new(), body);
        if calls.is_some() || most.is_some() {
          self.builder.program.orchestrators[target.0 as usize].budget = Some(Budget {
            time: most.map(time),
            ..budget(*calls, None).expect("a budget")
          });
        }
        let node = orchestrate(target);
        let (own, error) = (self.builder.local(), self.builder.local());
        if matches!(ending, Ending::Finally | Ending::Both) {
          let told = step("told", self.builder.local(), call(WorkerId(2), [read(error)]));
          self.builder.on_failure(target, error, block(vec![told], None));
        }
        match ending {
          Ending::Undo | Ending::Both => undo(node, own, call(WorkerId(1), [read(own)])),
          _ => node,
        }
      }
    }
  }
}

impl Builder {
  /// All workers, each with a retry, and one orchestrator that calls two of them.
  fn small_pool(&mut self) -> PoolId {
    let workers: Vec<WorkerId> = (0..WORKERS).map(WorkerId).collect();
    let (param, first, second) = (self.param("x"), self.local(), self.local());
    let body = block(
      vec![
        step("first", first, call(workers[0], [read(param.local)])),
        step("second", second, call(workers[1], [read(first)])),
      ],
      Some(read(second)),
    );
    let team = self.orchestrator("team", vec![param], body);
    let pool = self.pool(&workers, &[team]);
    for worker in 0..WORKERS {
      *self.member_policies(pool, &format!("w{worker}")) = retry(1, Backoff::Fixed(time(3)));
    }
    pool
  }
}

/// The later ones stand first, so that the order of a plan is not the order of its runs. Ids are told apart by `plan`;
/// of each, whom it needs.
fn planned(plan: u32, assignments: &[(u32, bool, bool)]) -> (serde_json::Value, Vec<(String, Vec<String>)>) {
  use serde_json::json;
  let id = |at: usize| format!("p{plan}-{at}");
  let (mut lines, mut needs): (Vec<serde_json::Value>, _) = (Vec::new(), Vec::new());
  for (at, (worker, refers, stands)) in assignments.iter().enumerate() {
    let worker = match *worker {
      WORKERS => "team".to_owned(),
      worker => format!("w{worker}"),
    };
    let refers = at.checked_sub(1).filter(|_| *refers).map(id);
    let after: Vec<String> = at.checked_sub(2).filter(|_| *stands).map(id).into_iter().collect();
    let x = refers.as_ref().map_or(json!(at), |before| json!([{ "$ref": before }]));
    lines.push(json!({ "id": id(at), "worker": worker, "input": { "x": x }, "after": after }));
    needs.push((id(at), refers.into_iter().chain(after).collect()));
  }
  lines.reverse();
  (json!({ "assignments": lines }), needs)
}

fn hash(seed: u64, text: &str) -> u64 {
  let mut hasher = blake3::Hasher::new_keyed(&[7; 32]);
  hasher.update(&seed.to_le_bytes());
  hasher.update(text.as_bytes());
  let mut bytes = [0; 8];
  hasher.finalize_xof().fill(&mut bytes);
  u64::from_le_bytes(bytes)
}

/// What a worker does depends on the step and the attempt alone, never on the order of events.
fn answers(seed: u64) -> impl Fn(&Start) -> Scripted + Clone {
  move |start| {
    let identity = &start.invocation.identity;
    let drawn = hash(
      seed,
      &format!("{}#{}{}", identity.step, identity.attempt, identity.copy),
    );
    let delay = (drawn >> 8) as i64 & 31;
    let failed = WorkerError {
      kind: FailureKind::Exit,
      message: "lost".into(),
      code: Some(1),
      log: None,
    };
    let answer = if drawn.is_multiple_of(4) {
      Err(failed)
    } else {
      Ok(RawAnswer::Mock(Value::Int(1)))
    };
    Scripted::Answer(delay, answer)
  }
}

fn ranks(seed: u64) -> impl FnMut() -> u64 {
  let mut count = 0u64;
  move || {
    count += 1;
    hash(seed, &count.to_string()) % 8
  }
}

fn run_all(program: &Arc<Program>, seed: u64) -> Vec<Record> {
  let (run, first) = start(program, seed);
  let simulation = Simulation::new(run, first, answers(seed)).ranked(ranks(seed));
  finish(simulation.lingering(grace(seed)))
}

/// Half of the programs have workers that end at once when they are told to.
fn grace(seed: u64) -> i64 {
  (hash(seed, "grace") % 30).cast_signed() * i64::from(seed.is_multiple_of(2))
}

fn finish(mut simulation: Simulation) -> Vec<Record> {
  let records: Vec<_> = std::iter::from_fn(|| simulation.advance()).flatten().collect();
  assert!(simulation.run().is_over(), "the run has no end: {:#?}", trace(&records));
  assert!(
    records.last().is_some_and(|record| record.event.is_final()),
    "nothing comes after the end"
  );
  records
}

fn succeeded(records: &[Record]) -> bool {
  matches!(
    records.last().map(|record| &record.event),
    Some(Event::RunSucceeded { .. })
  )
}

/// Whether an event is the end of an instance.
fn ends(event: &Event) -> bool {
  matches!(
    event,
    Event::StepSucceeded { .. }
      | Event::StepFailed { .. }
      | Event::StepSkipped { .. }
      | Event::StepCancelled { .. }
      | Event::NotTaken { .. }
  ) || matches!(event, Event::FailureTaken { by, .. } if !matches!(by, Taker::Catch | Taker::Attempt))
}

/// Whether `inner` is the path of a step inside the step `outer`.
fn is_inside(outer: &str, inner: &str) -> bool {
  let rest = inner.strip_prefix(outer);
  rest.is_some_and(|rest| outer.is_empty() || rest.starts_with(['.', '[', '!']))
}

fn check_ends(records: &[Record]) {
  let mut ended = HashSet::new();
  let mut begun: HashSet<Arc<str>> = HashSet::new();
  for Record { event, .. } in records {
    let Some(path) = event.path().filter(|path| !path.is_empty()) else {
      continue;
    };
    if ends(event) {
      assert!(ended.insert(path.clone()), "{path} ends twice: {:#?}", trace(records));
      let inside = |inner: &&Arc<str>| is_inside(path, inner) && !ended.contains(*inner);
      let open = begun.iter().find(inside);
      assert_eq!(open, None, "{path} ends before what is inside: {:#?}", trace(records));
    } else if !matches!(event, Event::Iterated { .. }) {
      assert!(
        !ended.contains(path),
        "{path} goes on after its end: {:#?}",
        trace(records)
      );
      begun.insert(path.clone());
    }
    if let Event::Iterated { path, index, .. } = event {
      ended.insert(format!("{path}[{index}]").into());
    }
  }
  let open: Vec<_> = begun.difference(&ended).collect();
  assert!(open.is_empty(), "{open:?} have no end: {:#?}", trace(records));
}

fn check_inputs(records: &[Record], needs: &HashMap<String, Vec<String>>) {
  let mut succeeded: HashSet<String> = HashSet::new();
  for Record { event, .. } in records {
    let Some(path) = event.path() else { continue };
    let id = path.strip_suffix("\"]").and_then(|path| path.rsplit_once("[\""));
    let (parent, name) = id.or_else(|| path.rsplit_once('.')).unwrap_or(("", path));
    let skipped = matches!(event, Event::StepSkipped { .. } | Event::NotTaken { .. });
    for need in needs.get(name).into_iter().flatten().filter(|_| !skipped) {
      let need = match id {
        Some(_) => format!("{parent}[\"{need}\"]").into(),
        None => super::super::scope::join(parent, need),
      };
      assert!(
        succeeded.contains(&*need),
        "{path} does not wait for {need}: {:#?}",
        trace(records)
      );
    }
    if let Event::StepSucceeded { path, .. } = event {
      succeeded.insert(path.to_string());
    }
  }
}

/// No budget of calls is exceeded, counting every execution below its path once, also where it was repeated.
fn check_budgets(records: &[Record]) {
  let mut budgets: Vec<(Arc<str>, u64, u64)> = Vec::new();
  let mut paths: HashMap<ExecutionId, Arc<str>> = HashMap::new();
  let mut counted = HashSet::new();
  for Record { event, .. } in records {
    match event {
      Event::BudgetSet { path, bounds } => budgets.extend(bounds.calls.map(|calls| (path.clone(), calls, 0))),
      Event::AttemptRequested { execution, path, .. } => _ = paths.insert(*execution, path.clone()),
      Event::Admitted { execution } if counted.insert(*execution) => {
        for (path, calls, used) in &mut budgets {
          // a fallback of the call itself stands beside it, what closes scopes outside
          let rest = paths[execution].strip_prefix(&**path).unwrap_or_default();
          let outside = rest.starts_with(".catch") || rest.contains('!');
          *used += u64::from(is_inside(path, &paths[execution]) && !outside);
          assert!(
            *used <= *calls,
            "the budget of {path} is exceeded: {:#?}",
            trace(records)
          );
        }
      }
      _ => {}
    }
  }
}

fn check_executions(records: &[Record], program: &Program) {
  let mut requested: HashMap<ExecutionId, &str> = HashMap::new();
  let mut running: HashMap<ExecutionId, &str> = HashMap::new();
  for Record { event, .. } in records {
    match event {
      Event::AttemptRequested { execution, worker, .. } => {
        assert!(requested.insert(*execution, worker).is_none());
      }
      Event::Admitted { execution } => {
        let worker = requested.remove(execution).expect("only who asked is admitted, once");
        running.insert(*execution, worker);
        for (at, slots) in SLOTS.iter().enumerate() {
          let name = &*program.workers[at].name;
          let count = running.values().filter(|worker| **worker == name).count() as u64;
          assert!(
            slots.is_none_or(|slots| count <= slots),
            "too many of {name}: {:#?}",
            trace(records)
          );
        }
      }
      Event::AttemptRepeated { execution, .. } => {
        let worker = running.remove(execution).expect("only what ran is repeated");
        requested.insert(*execution, worker);
      }
      Event::Refused { execution, .. } | Event::CacheHit { execution, .. } => {
        assert!(requested.remove(execution).is_some(), "only who asked is answered");
      }
      Event::AttemptEnded { execution, .. } => {
        assert!(
          running.remove(execution).is_some(),
          "{execution:?} ends once: {:#?}",
          trace(records)
        );
      }
      _ => {}
    }
  }
  assert!(running.is_empty(), "{running:?} never end: {:#?}", trace(records));
}

/// What became of each step, by path, as numbers of records.
#[derive(Default)]
struct Ends<'a> {
  /// Succeeded, as far as records say so: what a handler wraps has no end of its own.
  done: HashMap<&'a str, usize>,
  /// Its first attempt, or its scope.
  begun: HashMap<&'a str, usize>,
  ended: HashSet<&'a str>,
  /// Who is called, where a worker is.
  workers: HashMap<&'a str, &'a str>,
}

impl<'a> Ends<'a> {
  fn of(records: &'a [Record]) -> Ends<'a> {
    let mut all = Ends::default();
    let mut paths: HashMap<ExecutionId, &str> = HashMap::new();
    for (at, Record { event, .. }) in records.iter().enumerate() {
      match event {
        Event::AttemptRequested {
          execution,
          path,
          worker,
          ..
        } => {
          paths.insert(*execution, path);
          all.workers.insert(path, worker);
        }
        Event::AttemptEnded {
          execution,
          outcome: AttemptOutcome::Ok(_),
        }
        | Event::CacheHit { execution, .. } => _ = all.done.insert(paths[execution], at),
        Event::StepCancelled { path, .. } if !leaves(records, path) => _ = all.done.remove(&**path),
        // a hedged call is done once its loser has ended
        Event::AttemptEnded { execution, .. } => {
          if let Some(done) = all.done.get_mut(paths[execution]) {
            *done = at;
          }
        }
        Event::StepSucceeded { path, .. } if !all.workers.contains_key(&**path) => _ = all.done.insert(path, at),
        _ => {}
      }
      if let Some(path) = event.path() {
        all.begun.entry(path).or_insert(at);
        if ends(event) {
          all.ended.insert(path);
        }
      }
    }
    all
  }
}

/// Whether a call was made for what it left.
fn leaves(records: &[Record], path: &str) -> bool {
  let left = format!("{path}!");
  let paths = records.iter().filter_map(|record| record.event.path());
  paths.into_iter().any(|path| path.starts_with(&left))
}

/// What closes scopes: only what succeeded is undone, once, in reverse; what was opened is closed; a run that fails
/// undoes all that it did.
fn check_endings(records: &[Record]) {
  let all = Ends::of(records);
  for (at, Record { event, .. }) in records.iter().enumerate() {
    let Event::ScopeClosing {
      path: scope,
      lost: true,
      undo,
      ..
    } = event
    else {
      continue;
    };
    // a fallback has a path inside of what it took the failure of
    let over = records[at..].iter().position(|record| {
      let taken = matches!(record.event, Event::FailureTaken { .. });
      record.event.path() == Some(scope) && (taken || ends(&record.event))
    });
    let life = at..over.map_or(records.len(), |over| at + over);
    let inside = |path: &&str| is_inside(scope, path) && path.ends_with("!undo") && life.contains(&all.begun[path]);
    let mut undone: Vec<&str> = all.begun.keys().copied().filter(inside).collect();
    undone.sort_by_key(|path| all.begun[path]);
    assert_eq!(undone.len() as u64, *undo, "{scope}: {undone:?}: {:#?}", trace(records));
    let done: Vec<_> = undone
      .iter()
      .filter_map(|path| all.done.get(path.trim_end_matches("!undo")))
      .collect();
    assert!(
      done.is_sorted_by(|a, b| a > b),
      "{scope}: {undone:?}: {:#?}",
      trace(records)
    );
  }
  for path in all.begun.keys() {
    let Some((step, _)) = path
      .split_once('!')
      .filter(|(_, word)| matches!(*word, "undo" | "finally"))
    else {
      continue;
    };
    assert!(all.ended.contains(path), "{path} has no end: {:#?}", trace(records));
    let done = all.done.get(step).is_some_and(|done| *done < all.begun[path]);
    assert!(
      done || !all.workers.contains_key(step),
      "{step} did not succeed: {:#?}",
      trace(records)
    );
  }
  for step in all.done.keys().filter(|step| !step.contains('!')) {
    let leaves = |names: [&str; 2]| all.workers.get(step).is_some_and(|worker| names.contains(worker));
    let finally = format!("{step}!finally");
    if leaves(["opened", "both"]) {
      assert!(
        all.ended.contains(&*finally),
        "{finally} never ran: {:#?}",
        trace(records)
      );
    }
    if leaves(["undone", "both"]) && !succeeded(records) {
      assert!(
        all.ended.contains(&*format!("{step}!undo")),
        "{step} is not undone: {:#?}",
        trace(records)
      );
    }
  }
}

proptest! {
  #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

  #[test]
  fn every_run_ends_and_keeps_the_rules(shapes in shapes(true), seed in any::<u64>()) {
    let (program, needs) = Maker::program(&shapes, true);
    let records = run_all(&program, seed);
    check_ends(&records);
    check_inputs(&records, &needs);
    check_executions(&records, &program);
    check_budgets(&records);
    check_endings(&records);
    prop_assert!(records.iter().zip(0..).all(|(record, seq)| record.seq == seq));
    prop_assert!(records.windows(2).all(|pair| pair[0].at <= pair[1].at));
  }

  #[test]
  fn the_same_facts_give_the_same_records(shapes in shapes(true), seed in any::<u64>()) {
    let (program, _) = Maker::program(&shapes, true);
    let records = run_all(&program, seed);
    prop_assert_eq!(&records, &run_all(&program, seed));
    let journal: Vec<Record> = records
      .iter()
      .map(|record| serde_json::to_string(record).expect("records are JSON"))
      .map(|line| serde_json::from_str(&line).expect("records read back"))
      .collect();
    let replayed = Run::replay(program, journal).expect("the journal is its own");
    prop_assert!(replayed.run.is_over());
    prop_assert!(replayed.records.is_empty());
    let (_, step) = replayed.resume(resumption(None));
    prop_assert!(step.records.is_empty());
    prop_assert!(matches!(step.commands[..], [Command::Finish]));
  }

  #[test]
  fn every_prefix_goes_on_to_the_same_end(
    shapes in shapes(false),
    seed in any::<u64>(),
    cuts in prop::collection::vec(any::<prop::sample::Index>(), 6),
  ) {
    let (program, needs) = Maker::program(&shapes, false);
    let records = run_all(&program, seed);
    for cut in cuts {
      let prefix = &records[..1 + cut.index(records.len())];
      let replayed = Run::replay(program.clone(), prefix.to_vec()).expect("a prefix is a journal");
      let ended: HashSet<_> = prefix.iter().filter_map(|record| match record.event {
        Event::AttemptEnded { execution, .. } => Some(execution),
        _ => None,
      }).collect();
      let respond = answers(seed);
      let simulation = Simulation::resume(replayed, move |start| {
        assert!(!ended.contains(&start.execution), "what ended runs again");
        respond(start)
      });
      let rest = if prefix.last().is_some_and(|record| record.event.is_final()) {
        Vec::new()
      } else {
        finish(simulation.ranked(ranks(seed)).lingering(grace(seed)))
      };
      let whole: Vec<_> = prefix.iter().cloned().chain(rest).collect();
      check_ends(&whole);
      check_inputs(&whole, &needs);
      check_executions(&whole, &program);
      check_endings(&whole);
      prop_assert!(whole.iter().zip(0..).all(|(record, seq)| record.seq == seq));
      prop_assert_eq!(succeeded(&whole), succeeded(&records), "{:#?}\n{:#?}", trace(&records), trace(&whole));
    }
  }

  #[test]
  fn every_prefix_of_any_run_goes_on_and_keeps_the_rules(
    shapes in shapes(true),
    seed in any::<u64>(),
    cuts in prop::collection::vec(any::<prop::sample::Index>(), 4),
  ) {
    let (program, needs) = Maker::program(&shapes, true);
    let records = run_all(&program, seed);
    for cut in cuts {
      let prefix = &records[..1 + cut.index(records.len() - 1)];
      let replayed = Run::replay(program.clone(), prefix.to_vec()).expect("a prefix is a journal");
      let simulation = Simulation::resume(replayed, answers(seed)).ranked(ranks(seed));
      let whole: Vec<_> = prefix.iter().cloned().chain(finish(simulation.lingering(grace(seed)))).collect();
      check_ends(&whole);
      check_inputs(&whole, &needs);
      check_executions(&whole, &program);
      check_budgets(&whole);
      let again = Run::replay(program.clone(), whole).expect("the whole is a journal");
      prop_assert!(again.run.is_over());
    }
  }

  #[test]
  fn a_snapshot_stands_for_the_records_before_it(
    shapes in shapes(true),
    seed in any::<u64>(),
    cuts in prop::collection::vec(any::<prop::sample::Index>(), 8),
  ) {
    let (program, _) = Maker::program(&shapes, true);
    let records = run_all(&program, seed);
    let Event::RunStarted(started) = &records[0].event else { panic!("it begins with its start") };
    for cut in cuts {
      let (before, after) = records.split_at(1 + cut.index(records.len()));
      let replayed = Run::replay(program.clone(), before.to_vec()).expect("a prefix is a journal");
      let (known, after) = after.split_at(replayed.records.len());
      prop_assert_eq!(&replayed.records, known);
      let snapshot = replayed.run.snapshot(usize::MAX).expect("it is between two steps");
      prop_assert_eq!(snapshot.next as usize, before.len() + known.len());
      let restored = |records: &[Record]| {
        let restored = Run::replay_from(program.clone(), started, &snapshot, records.to_vec());
        restored.expect("these are its records").expect("it can be read")
      };
      let whole = restored(after);
      prop_assert!(whole.run.is_over() && whole.records.is_empty());
      let (_, one) = Replayed { records: Vec::new(), ..replayed }.resume(resumption(None));
      let (_, other) = restored(&[]).resume(resumption(None));
      prop_assert_eq!(one.records, other.records);
      prop_assert_eq!(format!("{:?}", one.commands), format!("{:?}", other.commands));
    }
  }

  #[test]
  fn a_cancelled_run_ends_soon(shapes in shapes(true), seed in any::<u64>(), at in 0..80i64) {
    let (program, _) = Maker::program(&shapes, true);
    let (run, first) = start(&program, seed);
    let mut simulation = Simulation::new(run, first, answers(seed)).ranked(ranks(seed));
    simulation.expect(RunTime(at), Input::CancelRequested("enough".into()));
    let records = finish(simulation);
    check_ends(&records);
    check_executions(&records, &program);
    check_endings(&records);
    let closes = records.iter().any(|record| match &record.event {
      Event::AttemptRequested { path, worker, .. } => path.contains('!') || matches!(&**worker, "undone" | "both"),
      _ => false,
    });
    let last = records.last().map(|record| record.at.0);
    prop_assert!(closes || last.is_some_and(|last| last <= at), "other workers end at once here");
  }
}
