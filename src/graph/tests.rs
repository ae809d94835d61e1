//! The graph of a program made by hand, in each form.

use std::sync::Arc;

use super::{Graph, build, dot, json, mermaid};
use crate::{
  hir::{
    Arm, Block, Branch, Call, Each, Ending, Expr, ExprKind, Literal, LocalId, Module, ModuleId, Node, NodeKind,
    OnFailure, Orchestrator, OrchestratorId, Otherwise, Policies, Program, Repeat, Step, StepKind, Take, Wait,
    WaitKind, Worker, WorkerId, WorkerKind,
  },
  source::{SourceId, Sources, Span},
  types::Type,
  value::Value,
};

/// Where the texts of expressions are found: each test text is one place of it.
const TEXT: &str = "issues kind == \"<bug>\" #1 retry_count >= 3 { a, b } \"a\\b\"\n| c;";

fn span(text: &str) -> Span {
  let start = TEXT.find(text).expect("a text of the test");
  Span::new(SourceId(0), start, start + text.len())
}

fn expr(text: &str) -> Expr {
  Expr {
    kind: ExprKind::Literal(Value::Null),
    ty: Type::Null,
    span: span(text),
  }
}

fn local(id: u32, text: &str) -> Expr {
  Expr {
    kind: ExprKind::Local(LocalId(id)),
    ..expr(text)
  }
}

fn node(kind: NodeKind) -> Node {
  Node {
    kind,
    ty: Type::Null,
    span: span("issues"),
    deadline: None,
    delay: None,
    undo: None,
    finally: None,
  }
}

fn work() -> Node {
  node(NodeKind::Work(Call {
    target: WorkerId(0),
    arguments: Vec::new(),
    policies: Policies::default(),
  }))
}

fn orchestrate(target: u32) -> Node {
  node(NodeKind::Orchestrate(Call {
    target: OrchestratorId(target),
    arguments: Vec::new(),
    policies: Policies::default(),
  }))
}

fn step(name: &str, id: Option<u32>, kind: StepKind, waits: &[(usize, WaitKind)]) -> Step {
  let waits = waits.iter().map(|(step, why)| Wait { step: *step, why: *why });
  Step {
    segment: name.into(),
    local: id.map(LocalId),
    kind,
    waits: waits.collect(),
    gate: id.is_none(),
    span: span("issues"),
  }
}

fn arm(segment: &str, waits: &[u32], node: Node) -> Arm {
  Arm {
    waits: waits.iter().copied().map(LocalId).collect(),
    segment: segment.into(),
    node,
  }
}

fn block(steps: Vec<Step>, result: Option<Expr>) -> Block {
  Block {
    steps,
    result,
    span: span("issues"),
  }
}

fn program(bodies: Vec<(&str, Block)>) -> Program {
  let orchestrators = bodies.into_iter().map(|(name, body)| Orchestrator {
    name: name.into(),
    module: ModuleId(0),
    doc: Some(format!("What {name} does.")),
    span: span("issues"),
    contract: None,
    params: Vec::new(),
    input: Type::record([]),
    output: Type::Null,
    overlap: None,
    body,
    on_failure: None,
  });
  Program {
    modules: vec![Module {
      source: SourceId(0),
      doc: None,
      directory: "/".into(),
    }],
    workers: vec![worker("analyze")],
    orchestrators: orchestrators.collect(),
    ..Program::default()
  }
}

fn worker(name: &str) -> Worker {
  Worker {
    name: name.into(),
    module: ModuleId(0),
    doc: None,
    span: span("issues"),
    contract: None,
    params: Vec::new(),
    input: Type::record([]),
    output: Type::Null,
    kind: WorkerKind::Mock(Vec::new()),
    idempotent: true,
    concurrent: None,
    policies: Policies::default(),
    deadline: None,
    delay: None,
    call: LocalId(99),
  }
}

fn draw(program: &Program) -> Graph {
  let mut sources = Sources::default();
  sources.add("test.orch", "/test.orch", Arc::from(TEXT));
  build(program, &sources, OrchestratorId(0))
}

/// One of everything.
fn triage() -> Program {
  use WaitKind::{After, Data, Gate};
  let each = node(NodeKind::Each(Box::new(Each {
    item: LocalId(10),
    index: None,
    items: expr("issues"),
    fold: None,
    concurrent: Some(expr("3")),
    take: Take::Collect,
    stop: None,
    body: node(NodeKind::Block(block(
      vec![
        step("a", Some(11), StepKind::Node(work()), &[]),
        step("b", Some(12), StepKind::Node(work()), &[(0, Data)]),
      ],
      Some(local(12, "{ a, b }")),
    ))),
  })));
  let choice = node(NodeKind::Match {
    subject: expr("kind"),
    arms: vec![Branch {
      patterns: vec![Literal::String("bug".into())],
      arm: arm("\"bug\"", &[1], node(NodeKind::Fail(expr("\"a\\b\"\n| c;")))),
    }],
    otherwise: Some(Box::new(arm("else", &[], node(NodeKind::Value(expr("issues")))))),
  });
  let repeat = node(NodeKind::Repeat(Box::new(Repeat {
    bound: expr("3"),
    seed: None,
    previous: LocalId(13),
    body: block(
      vec![step("draft", Some(14), StepKind::Node(work()), &[])],
      Some(local(14, "a")),
    ),
    until: Some(expr("retry_count >= 3")),
    otherwise: Otherwise::Node(Box::new(arm("else", &[], work()))),
  })));
  let catch = node(NodeKind::Catch {
    inner: Box::new(work()),
    error: LocalId(15),
    handler: Box::new(arm("catch", &[0], orchestrate(1))),
  });
  let require = StepKind::Require {
    condition: expr("kind == \"<bug>\" #1"),
    message: None,
  };
  let stage = StepKind::Stage(block(vec![step("deploy", Some(4), StepKind::Node(work()), &[])], None));
  let early = StepKind::ReturnWhen {
    value: expr("a"),
    when: expr("retry_count >= 3"),
  };
  let attempt = node(NodeKind::Attempt(Box::new(work())));
  let steps = vec![
    step("issues", Some(0), StepKind::Node(work()), &[]),
    step("verdicts", Some(1), StepKind::Node(each), &[(0, Data)]),
    step("require#1", None, require, &[(0, Data)]),
    step("kind", Some(2), StepKind::Node(choice), &[(0, Data), (2, Gate)]),
    step("polish", Some(3), StepKind::Node(repeat), &[(2, Gate), (1, After)]),
    step("return#1", None, early, &[(2, Gate)]),
    step("rollout", None, stage, &[(2, Gate), (5, Gate)]),
    step(
      "backup",
      Some(5),
      StepKind::Node(catch),
      &[(6, Gate), (5, Gate), (2, Gate)],
    ),
    step(
      "tried",
      Some(6),
      StepKind::Node(attempt),
      &[(7, Data), (6, Gate), (2, Gate)],
    ),
  ];
  let inner = block(
    vec![step("only", Some(0), StepKind::Node(work()), &[])],
    Some(local(0, "a")),
  );
  program(vec![
    ("triage", block(steps, Some(local(1, "{ a, b }")))),
    ("inner", inner),
  ])
}

#[test]
fn as_mermaid() {
  insta::assert_snapshot!(mermaid::render(&draw(&triage())));
}

#[test]
fn as_dot() {
  insta::assert_snapshot!(dot::render(&draw(&triage())));
}

#[test]
fn as_json() {
  insta::assert_snapshot!(json::render(&draw(&triage())));
}

#[test]
fn expansion_stops_and_says_so() {
  let twice = |next: u32| {
    let steps = ["a", "b"].map(|name| step(name, None, StepKind::Node(orchestrate(next)), &[]));
    block(steps.into(), None)
  };
  let mut bodies: Vec<(&str, Block)> = (1..40).map(|next| ("twice", twice(next))).collect();
  bodies.push(("last", block(Vec::new(), None)));
  let graph = draw(&program(bodies));
  assert!(!graph.complete);
  assert!(
    graph.nodes.node_count() < super::LARGEST + 200,
    "{}",
    graph.nodes.node_count()
  );
  assert!(mermaid::render(&graph).contains("expansion stops at 2000 nodes"));
  assert!(dot::render(&graph).contains("expansion stops at 2000 nodes"));
}

#[test]
fn ids_are_unique_in_every_form() {
  let steps = ["a.b", "a_b", "a b", "a.b"].map(|name| step(name, None, StepKind::Node(work()), &[]));
  let graph = draw(&program(vec![("main", block(steps.into(), None))]));
  let text = mermaid::render(&graph);
  let mut names: Vec<&str> = text.lines().filter_map(|line| line.split('[').next()).skip(4).collect();
  names.sort_unstable();
  names.dedup();
  assert_eq!(names.len(), 4, "{text}");
  let mut ids: Vec<&str> = graph.nodes.node_weights().map(|node| node.id.as_str()).collect();
  ids.sort_unstable();
  assert_eq!(ids, ["a b", "a.b", "a.b~2", "a_b"]);
}

#[test]
fn what_closes_a_scope_stands_beside_its_steps() {
  let undone = || Node {
    undo: Some(Box::new(Ending {
      value: None,
      reads: Vec::new(),
      call: work(),
    })),
    ..work()
  };
  let inner = node(NodeKind::Block(block(
    vec![step("b", Some(2), StepKind::Node(undone()), &[])],
    None,
  )));
  let closed = Node {
    finally: undone().undo,
    ..undone()
  };
  let steps = vec![
    step("a", Some(0), StepKind::Node(closed), &[]),
    step("x", Some(1), StepKind::Node(inner), &[(0, WaitKind::After)]),
  ];
  let mut program = program(vec![("main", block(steps, None))]);
  let told = vec![step("told", Some(3), StepKind::Node(work()), &[])];
  program.orchestrators[0].on_failure = Some(OnFailure {
    error: LocalId(9),
    block: block(told, None),
  });
  let graph = draw(&program);
  insta::assert_snapshot!(format!("{}\n{}", mermaid::render(&graph), dot::render(&graph)));
  let waves = graph.waves(&graph.roots);
  let ids: Vec<Vec<&str>> = waves
    .iter()
    .map(|wave| wave.iter().map(|node| &*graph.nodes[*node].id).collect())
    .collect();
  assert_eq!(ids, [["a"], ["x"]]);
}
