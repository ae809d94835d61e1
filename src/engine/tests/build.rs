//! Programs built by hand, small, for tests of the engine: every message is `json`, every worker is a mock.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use crate::{
  hir::*,
  source::{SourceId, Span},
  types::Type,
  value::{FailureKind, Value},
};

pub const NOWHERE: Span = Span {
  source: SourceId(0),
  start: 0,
  end: 0,
};

pub fn expr(kind: ExprKind) -> Expr {
  Expr {
    kind,
    ty: Type::Json,
    span: NOWHERE,
  }
}

pub fn lit(value: Value) -> Expr {
  expr(ExprKind::Literal(value))
}

pub fn int(value: i64) -> Expr {
  lit(Value::Int(value))
}

pub fn text(value: &str) -> Expr {
  lit(Value::string(value))
}

pub fn truth(value: bool) -> Expr {
  lit(Value::Bool(value))
}

pub fn time(milliseconds: i64) -> Expr {
  lit(Value::Duration(milliseconds))
}

pub fn list(items: impl IntoIterator<Item = Expr>) -> Expr {
  expr(ExprKind::List(items.into_iter().map(ElementPart::Item).collect()))
}

/// `[0, 1, ... count - 1]`
pub fn numbers(count: i64) -> Expr {
  lit(Value::list((0..count).map(Value::Int).collect()).expect("a small list"))
}

pub fn read(local: LocalId) -> Expr {
  expr(ExprKind::Local(local))
}

pub fn field(base: Expr, name: &str) -> Expr {
  expr(ExprKind::Field {
    base: Box::new(base),
    name: name.into(),
    optional: false,
  })
}

pub fn node(kind: NodeKind) -> Node {
  Node {
    kind,
    ty: Type::Json,
    span: NOWHERE,
    deadline: None,
    delay: None,
    undo: None,
    finally: None,
  }
}

pub fn value(value: Expr) -> Node {
  node(NodeKind::Value(value))
}

pub fn at_site(value: Expr) -> Setting {
  Setting {
    place: Place::Site,
    value,
  }
}

pub fn deadline(milliseconds: i64, node: Node) -> Node {
  Node {
    deadline: Some(at_site(time(milliseconds))),
    ..node
  }
}

pub fn delay(milliseconds: i64, node: Node) -> Node {
  Node {
    delay: Some(at_site(time(milliseconds))),
    ..node
  }
}

pub fn call(target: WorkerId, arguments: impl IntoIterator<Item = Expr>) -> Node {
  with(target, arguments, Policies::default())
}

pub fn with(target: WorkerId, arguments: impl IntoIterator<Item = Expr>, policies: Policies) -> Node {
  node(NodeKind::Work(Call {
    target,
    arguments: arguments.into_iter().collect(),
    policies,
  }))
}

pub fn timeout(milliseconds: i64) -> Policies {
  Policies {
    timeout: Some(at_site(time(milliseconds))),
    ..Policies::default()
  }
}

pub fn retry(times: i64, backoff: Backoff) -> Policies {
  Policies {
    retry: Some(Retry {
      place: Place::Site,
      times: int(times),
      backoff,
      on: None,
      unless: Vec::new(),
    }),
    ..Policies::default()
  }
}

pub fn attempt(inner: Node) -> Node {
  node(NodeKind::Attempt(Box::new(inner)))
}

pub fn catch(inner: Node, error: LocalId, handler: Node) -> Node {
  node(NodeKind::Catch {
    inner: Box::new(inner),
    error,
    handler: Box::new(arm("catch", handler)),
  })
}

/// An arm that waits for all that it reads; names that no block binds do no harm.
pub fn arm(segment: &str, node: Node) -> Arm {
  let mut waits = BTreeSet::new();
  reads_of(&node, &mut waits);
  Arm {
    waits: waits.into_iter().collect(),
    segment: segment.into(),
    node,
  }
}

pub fn branch(condition: Expr, then: Node, otherwise: Option<Node>) -> Node {
  node(NodeKind::If {
    condition,
    then: Box::new(arm("then", then)),
    otherwise: otherwise.map(|node| Box::new(arm("else", node))),
  })
}

pub fn each(item: LocalId, items: Expr, concurrent: i64, collect: bool, body: Node) -> Node {
  node(NodeKind::Each(Box::new(Each {
    item,
    index: None,
    items,
    fold: None,
    concurrent: Some(int(concurrent)),
    take: if collect { Take::Collect } else { Take::Nothing },
    stop: None,
    body,
  })))
}

/// The `each` with something else to take.
pub fn taking(take: Take, each: Node) -> Node {
  changed(each, |each| each.take = take)
}

pub fn tolerating(count: i64, each: Node) -> Node {
  taking(Take::Tolerate(Tolerance::Count(int(count))), each)
}

/// The `each` with a `stop when`.
pub fn stopping(it: LocalId, done: LocalId, condition: Expr, each: Node) -> Node {
  let reads_done = condition.mentions(done);
  changed(each, |each| {
    each.stop = Some(StopWhen {
      it,
      done,
      reads_done,
      condition,
    });
  })
}

fn changed(mut node: Node, change: impl FnOnce(&mut Each)) -> Node {
  if let NodeKind::Each(each) = &mut node.kind {
    change(each);
  }
  node
}

/// `node undo call`, in which `value` is what the node gave.
pub fn undo(node: Node, value: LocalId, call: Node) -> Node {
  Node {
    undo: ending(value, call),
    ..node
  }
}

pub fn finally(node: Node, value: LocalId, call: Node) -> Node {
  Node {
    finally: ending(value, call),
    ..node
  }
}

fn ending(value: LocalId, call: Node) -> Option<Box<Ending>> {
  let mut reads = BTreeSet::new();
  reads_of(&call, &mut reads);
  reads.remove(&value);
  Some(Box::new(Ending {
    value: Some(value),
    reads: reads.into_iter().collect(),
    call,
  }))
}

pub fn equal(left: Expr, right: Expr) -> Expr {
  expr(ExprKind::Binary {
    operator: Operator::Equal,
    left: Box::new(left),
    right: Box::new(right),
  })
}

/// `len(x)`
pub fn length(list: Expr) -> Expr {
  expr(ExprKind::Builtin {
    function: Builtin::Len,
    arguments: vec![list],
    it: None,
  })
}

pub fn fold(item: LocalId, items: Expr, seed: Expr, previous: LocalId, body: Node) -> Node {
  node(NodeKind::Each(Box::new(Each {
    item,
    index: None,
    items,
    fold: Some((seed, previous)),
    concurrent: None,
    take: Take::Nothing,
    stop: None,
    body,
  })))
}

pub fn repeat(bound: i64, previous: LocalId, body: Block, until: Option<Expr>, otherwise: Otherwise) -> Node {
  node(NodeKind::Repeat(Box::new(Repeat {
    bound: int(bound),
    seed: None,
    previous,
    body,
    until,
    otherwise,
  })))
}

pub fn nested(block: Block) -> Node {
  node(NodeKind::Block(block))
}

/// A step without its edges: `block` finds them.
pub fn step(name: &str, local: LocalId, node: Node) -> Step {
  line(name, Some(local), false, StepKind::Node(node))
}

pub fn gate(segment: &str, kind: StepKind) -> Step {
  line(segment, None, true, kind)
}

fn line(segment: &str, local: Option<LocalId>, gate: bool, kind: StepKind) -> Step {
  Step {
    segment: segment.into(),
    local,
    kind,
    waits: Vec::new(),
    gate,
    span: NOWHERE,
  }
}

/// A block with the edges that its names and gates make.
pub fn block(mut steps: Vec<Step>, result: Option<Expr>) -> Block {
  let bound: Vec<Vec<LocalId>> = steps.iter().map(binds).collect();
  for at in 0..steps.len() {
    let mut reads = BTreeSet::new();
    reads_of_step(&steps[at].kind, &mut reads);
    let data = (0..bound.len()).filter(|other| bound[*other].iter().any(|local| reads.contains(local)));
    let mut waits: Vec<Wait> = data
      .filter(|other| *other != at)
      .map(|step| edge(step, WaitKind::Data))
      .collect();
    for gate in (0..at).filter(|above| steps[*above].gate) {
      if !waits.iter().any(|wait| wait.step == gate) {
        waits.push(edge(gate, WaitKind::Gate));
      }
    }
    waits.sort_by_key(|wait| wait.step);
    steps[at].waits = waits;
  }
  Block {
    steps,
    result,
    span: NOWHERE,
  }
}

fn edge(step: usize, why: WaitKind) -> Wait {
  Wait { step, why }
}

fn binds(step: &Step) -> Vec<LocalId> {
  match &step.kind {
    StepKind::Stage(block) => block.steps.iter().flat_map(binds).collect(),
    _ => step.local.into_iter().collect(),
  }
}

fn reads_of_step(kind: &StepKind, reads: &mut BTreeSet<LocalId>) {
  match kind {
    StepKind::Node(node) => reads_of(node, reads),
    StepKind::Stage(block) => reads_of_block(block, reads),
    StepKind::Require { condition, message } => {
      reads_of_expr(condition, reads);
      message.iter().for_each(|message| reads_of_expr(message, reads));
    }
    StepKind::ReturnWhen { value, when } => {
      reads_of_expr(value, reads);
      reads_of_expr(when, reads);
    }
  }
}

fn reads_of_block(block: &Block, reads: &mut BTreeSet<LocalId>) {
  block.steps.iter().for_each(|step| reads_of_step(&step.kind, reads));
  block.result.iter().for_each(|result| reads_of_expr(result, reads));
}

/// All but what is read in arms and fallbacks.
fn reads_of(node: &Node, reads: &mut BTreeSet<LocalId>) {
  let endings = [&node.undo, &node.finally].into_iter().flatten();
  endings.for_each(|ending| reads.extend(&ending.reads));
  match &node.kind {
    NodeKind::Value(value) | NodeKind::Fail(value) => reads_of_expr(value, reads),
    NodeKind::Work(call) => call
      .arguments
      .iter()
      .for_each(|argument| reads_of_expr(argument, reads)),
    NodeKind::Orchestrate(call) | NodeKind::Dispatch(call) => call
      .arguments
      .iter()
      .for_each(|argument| reads_of_expr(argument, reads)),
    NodeKind::Each(each) => {
      reads_of_expr(&each.items, reads);
      each.fold.iter().for_each(|(seed, _)| reads_of_expr(seed, reads));
      reads_of(&each.body, reads);
    }
    NodeKind::Repeat(repeat) => {
      reads_of_block(&repeat.body, reads);
      repeat.until.iter().for_each(|until| reads_of_expr(until, reads));
    }
    NodeKind::RunPlan(run) => reads_of_expr(&run.plan, reads),
    NodeKind::If { condition, .. } => reads_of_expr(condition, reads),
    NodeKind::Match { subject, .. } => reads_of_expr(subject, reads),
    NodeKind::Attempt(inner) | NodeKind::Catch { inner, .. } => reads_of(inner, reads),
    NodeKind::Block(block) => reads_of_block(block, reads),
  }
}

fn reads_of_expr(expr: &Expr, reads: &mut BTreeSet<LocalId>) {
  match &expr.kind {
    ExprKind::Local(local) => _ = reads.insert(*local),
    ExprKind::Field { base, .. } => reads_of_expr(base, reads),
    ExprKind::List(parts) => parts.iter().for_each(|part| match part {
      ElementPart::Item(item) | ElementPart::Spread(item) => reads_of_expr(item, reads),
    }),
    _ => {}
  }
}

/// When a rule holds.
pub enum MockWhen {
  On(Expr),
  First(Expr),
  Else,
}

pub fn rule(when: MockWhen, delay: i64, answer: MockAnswer) -> MockRule {
  let (on, first) = match when {
    MockWhen::On(pattern) => (Some(pattern), None),
    MockWhen::First(calls) => (None, Some(calls)),
    MockWhen::Else => (None, None),
  };
  MockRule {
    on,
    first,
    delay: Some(time(delay)),
    answer,
  }
}

pub fn fails(kind: FailureKind) -> MockAnswer {
  MockAnswer::Fail {
    kind,
    code: None,
    message: Some(text("lost")),
  }
}

/// A program in the making.
#[derive(Default)]
pub struct Builder {
  pub program: Program,
  locals: u32,
}

impl Builder {
  pub fn new() -> Builder {
    let mut builder = Builder::default();
    builder.program.modules.push(Module {
      source: SourceId(0),
      doc: None,
      directory: PathBuf::from("/module"),
    });
    builder
  }

  pub fn local(&mut self) -> LocalId {
    self.locals += 1;
    LocalId(self.locals)
  }

  pub fn param(&mut self, name: &str) -> Param {
    Param {
      name: name.into(),
      local: self.local(),
      ty: Type::Json,
      optional: false,
      default: None,
      span: NOWHERE,
    }
  }

  /// A mock with one parameter, `x`.
  pub fn mock(&mut self, name: &str, rules: Vec<MockRule>) -> WorkerId {
    self.worker(name, WorkerKind::Mock(rules))
  }

  /// A mock that gives its input's `x` after so many milliseconds.
  pub fn echo(&mut self, name: &str, delay: i64) -> WorkerId {
    let id = self.mock(name, Vec::new());
    let x = self.program.workers[id.0 as usize].params[0].local;
    self.program.workers[id.0 as usize].kind =
      WorkerKind::Mock(vec![rule(MockWhen::Else, delay, MockAnswer::Return(read(x)))]);
    id
  }

  pub fn worker(&mut self, name: &str, kind: WorkerKind) -> WorkerId {
    let call = self.local();
    let params = vec![self.param("x")];
    self.program.workers.push(Worker {
      name: name.into(),
      module: ModuleId(0),
      doc: None,
      span: NOWHERE,
      contract: None,
      input: Type::record([("x", Type::Json)]),
      params,
      output: Type::Json,
      kind,
      idempotent: true,
      concurrent: None,
      policies: Policies::default(),
      deadline: None,
      delay: None,
      call,
    });
    WorkerId(self.program.workers.len() as u32 - 1)
  }

  pub fn limit(&mut self, concurrent: Option<u64>, rate: Option<(u64, i64)>) -> LimitId {
    let name = format!("limit{}", self.program.limits.len()).into();
    self.program.limits.push(Limit { name, concurrent, rate });
    LimitId(self.program.limits.len() as u32 - 1)
  }

  pub fn orchestrator(&mut self, name: &str, params: Vec<Param>, body: Block) -> OrchestratorId {
    let input = Type::record(params.iter().map(|param| (&*param.name, param.ty.clone())));
    self.program.orchestrators.push(Orchestrator {
      name: name.into(),
      module: ModuleId(0),
      doc: None,
      span: NOWHERE,
      contract: None,
      params,
      input,
      output: Type::Json,
      overlap: None,
      body,
      on_failure: None,
    });
    OrchestratorId(self.program.orchestrators.len() as u32 - 1)
  }

  /// `on failure` of an orchestrator.
  pub fn on_failure(&mut self, id: OrchestratorId, error: LocalId, block: Block) {
    self.program.orchestrators[id.0 as usize].on_failure = Some(OnFailure { error, block });
  }

  /// The program, with `main` made of these steps.
  pub fn main(mut self, steps: Vec<Step>, result: Option<Expr>) -> Arc<Program> {
    self.orchestrator("main", Vec::new(), block(steps, result));
    Arc::new(self.program)
  }
}
