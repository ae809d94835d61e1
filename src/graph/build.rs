//! From a checked orchestrator to its graph.

use std::collections::{HashMap, HashSet};

use petgraph::graph::{DiGraph, NodeIndex};

use super::{Edge, EdgeKind, Graph, Kind, LARGEST, Node};
use crate::{
  hir::{
    Arm, Block, Branch, Call, Each, Expr, LocalId, Node as Work, NodeKind, Orchestrator, OrchestratorId, Otherwise,
    Program, Repeat, RunPlan, Step, StepKind, Take, Tolerance, Wait, WaitKind,
  },
  source::Sources,
};

/// Calls of orchestrators inside one another that are drawn from the inside.
const DEEPEST: usize = 64;
/// Characters of an expression that a label shows.
const SHOWN: usize = 48;

/// Draws an orchestrator; `sources` are the program's texts, for the labels.
pub fn build(program: &Program, sources: &Sources, id: OrchestratorId) -> Graph {
  let orchestrator = program.orchestrator(id);
  let mut builder = Builder {
    program,
    sources,
    nodes: DiGraph::new(),
    ids: HashSet::new(),
    locals: HashMap::new(),
    depth: 0,
    complete: true,
    aside: Vec::new(),
  };
  let mut roots = builder.block(&orchestrator.body, &Place::default(), "return");
  roots.append(&mut builder.aside);
  roots.extend(builder.on_failure(orchestrator, &Place::default()));
  roots.sort_unstable();
  Graph {
    orchestrator: orchestrator.name.clone(),
    doc: orchestrator.doc.clone(),
    nodes: builder.nodes,
    roots,
    complete: builder.complete,
  }
}

struct Builder<'a> {
  program: &'a Program,
  sources: &'a Sources,
  nodes: DiGraph<Node, Edge>,
  ids: HashSet<String>,
  /// The nodes that bind the names of the orchestrator at hand.
  locals: HashMap<LocalId, NodeIndex>,
  depth: usize,
  complete: bool,
  /// What stands beside steps of the orchestrator that is drawn.
  aside: Vec<NodeIndex>,
}

/// Where something is drawn: in which cluster, and what its path begins with.
#[derive(Clone, Default)]
struct Place {
  parent: Option<NodeIndex>,
  path: String,
}

impl Place {
  fn path_to(&self, segment: &str) -> String {
    if self.path.is_empty() || segment.starts_with('[') {
      format!("{}{segment}", self.path)
    } else {
      format!("{}.{segment}", self.path)
    }
  }
}

impl Builder<'_> {
  /// Draws the steps and the result of a block; gives the nodes, in the order written.
  fn block(&mut self, block: &Block, place: &Place, result: &str) -> Vec<NodeIndex> {
    let mut drawn: Vec<NodeIndex> = Vec::new();
    for step in &block.steps {
      let node = self.step(step, place);
      if let Some(local) = step.local {
        self.locals.insert(local, node);
      }
      drawn.push(node);
    }
    for (step, node) in block.steps.iter().zip(&drawn) {
      for wait in drawn_waits(&step.waits) {
        let kind = match wait.why {
          WaitKind::Data => EdgeKind::Data,
          WaitKind::After => EdgeKind::After,
          WaitKind::Gate => EdgeKind::Gate,
        };
        if let Some(from) = drawn.get(wait.step) {
          self.edge(*from, *node, kind, None);
        }
      }
    }
    if let Some(value) = &block.result {
      let node = self.leaf(place, result, Kind::Result, format!("{result} {}", self.text(value)));
      self.reads(value, node);
      drawn.push(node);
    }
    drawn
  }

  fn step(&mut self, step: &Step, place: &Place) -> NodeIndex {
    let named = step.local.is_some();
    match &step.kind {
      StepKind::Node(node) => self.node(node, place, &step.segment, if named { &step.segment } else { "" }),
      StepKind::Require { condition, .. } => {
        let label = format!("require {}", self.text(condition));
        self.leaf(place, &step.segment, Kind::Require, label)
      }
      StepKind::ReturnWhen { when, .. } => {
        let label = format!("return when {}", self.text(when));
        self.leaf(place, &step.segment, Kind::Result, label)
      }
      StepKind::Stage(block) => {
        let (cluster, inner) = self.cluster(place, &step.segment, Kind::Stage, format!("stage {}", step.segment));
        self.fill(cluster, block, &inner, "yield");
        cluster
      }
    }
  }

  /// Draws what runs. `name` is what it is called, empty where it has no name.
  fn node(&mut self, node: &Work, place: &Place, segment: &str, name: &str) -> NodeIndex {
    let drawn = stacker::maybe_grow(64 << 10, 1 << 20, || self.node_inside(node, place, segment, name));
    for (ending, word, kind) in [
      (&node.undo, "undo", EdgeKind::Undo),
      (&node.finally, "finally", EdgeKind::Finally),
    ] {
      if let Some(ending) = ending {
        self.ending(drawn, &ending.call, place, (word, kind));
      }
    }
    drawn
  }

  /// What is called once the step is over, beside it.
  fn ending(&mut self, step: NodeIndex, call: &Work, place: &Place, (word, kind): (&str, EdgeKind)) {
    let own = Place {
      parent: place.parent,
      path: String::new(),
    };
    let id = format!("{}!{word}", self.nodes[step].id.trim_end_matches('.'));
    let node = self.node(call, &own, &id, "");
    let drawn = &mut self.nodes[node];
    drawn.aside = true;
    drawn.label = format!("{word} {}", drawn.label);
    self.edge(step, node, kind, None);
    match place.parent {
      None => self.aside.push(node),
      Some(parent) => self.nodes[parent].children.push(node),
    }
  }

  fn on_failure(&mut self, orchestrator: &Orchestrator, place: &Place) -> Option<NodeIndex> {
    let handler = orchestrator.on_failure.as_ref()?;
    let own = Place {
      parent: place.parent,
      path: String::new(),
    };
    let id = format!("{}!on_failure", place.path);
    let (cluster, inner) = self.cluster(&own, &id, Kind::OnFailure, "on failure".to_owned());
    self.nodes[cluster].aside = true;
    self.fill(cluster, &handler.block, &inner, "yield");
    Some(cluster)
  }

  fn node_inside(&mut self, node: &Work, place: &Place, segment: &str, name: &str) -> NodeIndex {
    match &node.kind {
      NodeKind::Value(value) => self.leaf(place, segment, Kind::Value, equation(name, &self.text(value))),
      NodeKind::Work(call) => {
        let label = equation(name, &self.program.worker(call.target).name);
        self.leaf(place, segment, Kind::Worker, label)
      }
      NodeKind::Fail(message) => {
        let label = equation(name, &format!("fail {}", self.text(message)));
        self.leaf(place, segment, Kind::Fail, label)
      }
      NodeKind::Dispatch(call) => {
        let callee = &self.program.orchestrator(call.target).name;
        let label = equation(name, &format!("dispatch {callee}"));
        self.leaf(place, segment, Kind::Orchestrator, label)
      }
      NodeKind::Orchestrate(call) => self.call(call, place, segment, name),
      NodeKind::Each(each) => self.each(each, place, segment, name),
      NodeKind::Repeat(repeat) => self.repeat(repeat, place, segment, name),
      NodeKind::RunPlan(run) => self.run_plan(run, place, segment, name),
      NodeKind::If {
        condition,
        then,
        otherwise,
      } => {
        let arms = [Some(then), otherwise.as_ref()].into_iter().flatten().map(|arm| &**arm);
        self.choice(&format!("if {}", self.text(condition)), arms, place, segment, name)
      }
      NodeKind::Match {
        subject,
        arms,
        otherwise,
      } => {
        let arms = arms
          .iter()
          .map(|Branch { arm, .. }| arm)
          .chain(otherwise.iter().map(|arm| &**arm));
        self.choice(&format!("match {}", self.text(subject)), arms, place, segment, name)
      }
      NodeKind::Attempt(inner) => self.attempt(inner, place, segment, name),
      NodeKind::Catch { inner, handler, .. } => self.catch(inner, handler, place, segment, name),
      NodeKind::Block(block) => {
        let (cluster, inner) = self.cluster(place, segment, Kind::Block, equation(name, "block"));
        self.fill(cluster, block, &inner, "yield");
        cluster
      }
    }
  }

  fn call(&mut self, call: &Call<OrchestratorId>, place: &Place, segment: &str, name: &str) -> NodeIndex {
    let callee = self.program.orchestrator(call.target);
    let kind = if callee.pattern {
      Kind::Pattern
    } else {
      Kind::Orchestrator
    };
    if self.nodes.node_count() >= LARGEST || self.depth >= DEEPEST {
      self.complete = false;
      let label = equation(name, &format!("{} (not expanded)", callee.name));
      return self.leaf(place, segment, kind, label);
    }
    let (cluster, inner) = self.cluster(place, segment, kind, equation(name, &callee.name));
    let outer = std::mem::take(&mut self.locals);
    self.depth += 1;
    self.fill(cluster, &callee.body, &inner, "return");
    let handler = self.on_failure(callee, &inner);
    self.nodes[cluster].children.extend(handler);
    self.depth -= 1;
    self.locals = outer;
    cluster
  }

  fn each(&mut self, each: &Each, place: &Place, segment: &str, name: &str) -> NodeIndex {
    let mut label = equation(name, &format!("each in {}", self.text(&each.items)));
    match (&each.fold, &each.concurrent) {
      (Some(_), _) => label.push_str("\none after another"),
      (None, Some(width)) => label.push_str(&format!("\nconcurrent {}", self.text(width))),
      (None, None) => {}
    }
    match &each.take {
      Take::Nothing => {}
      Take::Collect => label.push_str("\ncollect"),
      Take::Tolerate(Tolerance::Count(count)) => label.push_str(&format!("\ntolerate {}", self.text(count))),
      Take::Tolerate(Tolerance::Percent(percent)) => label.push_str(&format!("\ntolerate {percent}%")),
    }
    if let Some(stop) = &each.stop {
      label.push_str(&format!("\nstop when {}", self.text(&stop.condition)));
    }
    let (cluster, inner) = self.cluster(place, segment, Kind::Each, label);
    match &each.body.kind {
      NodeKind::Match { arms, .. } if each.workers => self.turns(cluster, arms, &inner, each.fold.is_some()),
      _ => self.body(cluster, &each.body, &inner),
    }
    cluster
  }

  /// An `each` over workers: one node per worker, in a row where each sees the one before.
  fn turns(&mut self, cluster: NodeIndex, arms: &[Branch], place: &Place, in_order: bool) {
    let place = Place {
      path: place.path_to("[]"),
      ..place.clone()
    };
    let mut before: Option<NodeIndex> = None;
    for Branch { arm, .. } in arms {
      // A call says who works by itself.
      let call = matches!(arm.node.kind, NodeKind::Work(_) | NodeKind::Orchestrate(_));
      let name: &str = if call { "" } else { &arm.segment };
      let node = self.arm(cluster, arm, &place, name);
      if let Some(before) = before.replace(node).filter(|_| in_order) {
        self.edge(before, node, EdgeKind::Data, None);
      }
    }
  }

  /// The body of an `each` or a branch: a block's steps stand in the cluster themselves.
  fn body(&mut self, cluster: NodeIndex, body: &Work, place: &Place) {
    let place = Place {
      path: place.path_to("[]"),
      ..place.clone()
    };
    match &body.kind {
      NodeKind::Block(block) => self.fill(cluster, block, &place, "yield"),
      _ => {
        let node = self.node(body, &place, "", "");
        self.nodes[cluster].children.push(node);
      }
    }
  }

  fn repeat(&mut self, repeat: &Repeat, place: &Place, segment: &str, name: &str) -> NodeIndex {
    let mut label = equation(name, &format!("repeat up to {}", self.text(&repeat.bound)));
    if let Some(until) = &repeat.until {
      label.push_str(&format!("\nuntil {}", self.text(until)));
    }
    if matches!(repeat.otherwise, Otherwise::Last) {
      label.push_str("\nelse last");
    }
    let (cluster, inner) = self.cluster(place, segment, Kind::Repeat, label);
    let body = Place {
      path: inner.path_to("[]"),
      ..inner.clone()
    };
    self.fill(cluster, &repeat.body, &body, "yield");
    if let Otherwise::Node(arm) = &repeat.otherwise {
      self.arm(cluster, arm, &inner, "else");
    }
    cluster
  }

  /// What it will do is not known yet: a cluster of those who may do it, and how much at most.
  fn run_plan(&mut self, run: &RunPlan, place: &Place, segment: &str, name: &str) -> NodeIndex {
    let pool = self.program.pool(run.pool);
    let mut label = equation(name, &format!("run {}", self.text(&run.plan)));
    label.push_str(&format!("\nat most {} of {}", run.most, pool.name));
    if let Some(width) = &run.concurrent {
      label.push_str(&format!("\nconcurrent {}", self.text(width)));
    }
    if run.collect {
      label.push_str("\ncollect");
    }
    let (cluster, inner) = self.cluster(place, segment, Kind::Run, label);
    let inner = Place {
      path: inner.path_to("[]"),
      ..inner
    };
    for member in &pool.members {
      let kind = match member.call.kind {
        NodeKind::Orchestrate(_) => Kind::Orchestrator,
        _ => Kind::Worker,
      };
      let node = self.leaf(&inner, &member.name, kind, member.name.to_string());
      self.nodes[cluster].children.push(node);
    }
    cluster
  }

  fn choice<'a>(
    &mut self,
    subject: &str,
    arms: impl Iterator<Item = &'a Arm>,
    place: &Place,
    segment: &str,
    name: &str,
  ) -> NodeIndex {
    let label = if name.is_empty() { subject } else { name };
    let (cluster, inner) = self.cluster(place, segment, Kind::Choice, label.to_owned());
    let decision = self.leaf(&inner, "?", Kind::Decision, subject.to_owned());
    self.nodes[cluster].children.push(decision);
    for arm in arms {
      let node = self.arm(cluster, arm, &inner, "");
      self.edge(decision, node, EdgeKind::Arm, Some(arm.segment.to_string()));
    }
    cluster
  }

  fn attempt(&mut self, inner: &Work, place: &Place, segment: &str, name: &str) -> NodeIndex {
    if let NodeKind::Work(call) = &inner.kind {
      let label = equation(name, &format!("attempt {}", self.program.worker(call.target).name));
      return self.leaf(place, segment, Kind::Worker, label);
    }
    let (cluster, at) = self.cluster(place, segment, Kind::Attempt, equation(name, "attempt"));
    let node = self.node(inner, &at, "attempt", "");
    self.nodes[cluster].children.push(node);
    cluster
  }

  fn catch(&mut self, inner: &Work, handler: &Arm, place: &Place, segment: &str, name: &str) -> NodeIndex {
    let (cluster, at) = self.cluster(place, segment, Kind::Catch, equation(name, "catch"));
    let tried = self.node(inner, &at, "try", "");
    self.nodes[cluster].children.push(tried);
    let instead = self.arm(cluster, handler, &at, "");
    self.edge(tried, instead, EdgeKind::Failure, None);
    cluster
  }

  /// Draws an arm into its cluster, with its own edges from what it reads outside.
  fn arm(&mut self, cluster: NodeIndex, arm: &Arm, place: &Place, name: &str) -> NodeIndex {
    let node = self.node(&arm.node, place, &arm.segment, name);
    self.nodes[cluster].children.push(node);
    for local in &arm.waits {
      if let Some(from) = self.locals.get(local).copied() {
        self.edge(from, node, EdgeKind::Data, None);
      }
    }
    node
  }

  fn fill(&mut self, cluster: NodeIndex, block: &Block, place: &Place, result: &str) {
    let drawn = self.block(block, place, result);
    let children = &mut self.nodes[cluster].children;
    children.extend(drawn);
    // what stands beside a step was drawn with it
    children.sort_unstable();
  }

  /// Edges to `node` from the steps that the expression reads.
  fn reads(&mut self, value: &Expr, node: NodeIndex) {
    let mut from: Vec<NodeIndex> = Vec::new();
    value.locals(&mut |local| from.extend(self.locals.get(&local)));
    from.sort_unstable();
    from.dedup();
    for step in from {
      self.edge(step, node, EdgeKind::Data, None);
    }
  }

  /// An edge, unless it comes from a cluster around its own end.
  fn edge(&mut self, from: NodeIndex, to: NodeIndex, kind: EdgeKind, label: Option<String>) {
    let mut around = Some(to);
    while let Some(node) = around {
      if node == from {
        return;
      }
      around = self.nodes[node].parent;
    }
    self.nodes.add_edge(from, to, Edge { kind, label });
  }

  fn leaf(&mut self, place: &Place, segment: &str, kind: Kind, label: String) -> NodeIndex {
    let id = self.unique(place.path_to(segment));
    self.nodes.add_node(Node {
      id,
      label,
      kind,
      parent: place.parent,
      children: Vec::new(),
      aside: false,
    })
  }

  fn cluster(&mut self, place: &Place, segment: &str, kind: Kind, label: String) -> (NodeIndex, Place) {
    let node = self.leaf(place, segment, kind, label);
    let inner = Place {
      parent: Some(node),
      path: place.path_to(segment),
    };
    (node, inner)
  }

  fn unique(&mut self, path: String) -> String {
    let mut id = path.clone();
    let mut number = 2;
    while !self.ids.insert(id.clone()) {
      id = format!("{path}~{number}");
      number += 1;
    }
    id
  }

  /// The expression as it was written, on one line, shortened.
  fn text(&self, expr: &Expr) -> String {
    let written = self.sources.text(expr.span);
    let line = written.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
      Some((at, _)) => format!("{}…", &line[..at]),
      None => line,
    }
  }
}

fn equation(name: &str, what: &str) -> String {
  if name.is_empty() {
    what.to_owned()
  } else {
    format!("{name} = {what}")
  }
}

/// The waits that are drawn: of the gates only the last, and only if it is not implied by a wait for something below
/// it.
fn drawn_waits(waits: &[Wait]) -> impl Iterator<Item = &Wait> {
  let last = waits.iter().map(|wait| wait.step).max();
  waits
    .iter()
    .filter(move |wait| wait.why != WaitKind::Gate || Some(wait.step) == last)
}
