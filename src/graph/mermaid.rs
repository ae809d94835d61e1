//! A graph as Mermaid flowchart text.

use std::{collections::HashMap, fmt::Write};

use petgraph::{graph::NodeIndex, visit::EdgeRef};

use super::{Edge, EdgeKind, Graph, Kind, LARGEST};

/// The flowchart, ending with a line break.
pub fn render(graph: &Graph) -> String {
  let mut chart = Chart {
    graph,
    names: names(graph),
    text: String::new(),
  };
  let _ = writeln!(
    chart.text,
    "---\ntitle: {}\n---\nflowchart TD",
    quoted_title(&graph.orchestrator)
  );
  chart.nodes(&graph.roots, 1);
  if !graph.complete {
    let _ = writeln!(chart.text, "  note_[\"expansion stops at {LARGEST} nodes\"]");
  }
  chart.edges();
  chart.asides();
  chart.text
}

fn quoted_title(name: &str) -> String {
  format!("{name:?}")
}

struct Chart<'a> {
  graph: &'a Graph,
  names: HashMap<NodeIndex, String>,
  text: String,
}

/// Names that Mermaid takes: words after a prefix, so that none is a keyword; told apart by numbers where needed.
fn names(graph: &Graph) -> HashMap<NodeIndex, String> {
  let mut taken: HashMap<String, usize> = HashMap::new();
  let mut names = HashMap::new();
  for index in graph.nodes.node_indices() {
    let word: String = graph.nodes[index]
      .id
      .chars()
      .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
      .collect();
    let count = taken.entry(word.clone()).and_modify(|count| *count += 1).or_insert(1);
    let name = if *count == 1 {
      format!("s_{word}")
    } else {
      format!("s{count}_{word}")
    };
    names.insert(index, name);
  }
  names
}

impl Chart<'_> {
  fn nodes(&mut self, nodes: &[NodeIndex], depth: usize) {
    for node in nodes {
      stacker::maybe_grow(64 << 10, 1 << 20, || self.node(*node, depth));
    }
  }

  fn node(&mut self, index: NodeIndex, depth: usize) {
    let graph = self.graph;
    let node = &graph.nodes[index];
    let (indent, name, label) = ("  ".repeat(depth), &self.names[&index], escaped(&node.label));
    if node.children.is_empty() {
      let (open, close) = shape(node.kind);
      let _ = writeln!(self.text, "{indent}{name}{open}\"{label}\"{close}");
      return;
    }
    let _ = writeln!(self.text, "{indent}subgraph {name}[\"{label}\"]");
    self.nodes(&node.children, depth + 1);
    let _ = writeln!(self.text, "{indent}end");
  }

  fn edges(&mut self) {
    for edge in self.graph.nodes.edge_references() {
      let (from, to) = (&self.names[&edge.source()], &self.names[&edge.target()]);
      let _ = writeln!(self.text, "  {from} {} {to}", arrow(edge.weight()));
    }
  }
}

impl Chart<'_> {
  /// What runs only once something is over has a dashed border.
  fn asides(&mut self) {
    for index in self.graph.nodes.node_indices() {
      if self.graph.nodes[index].aside {
        let _ = writeln!(self.text, "  style {} stroke-dasharray: 5 5", self.names[&index]);
      }
    }
  }
}

fn shape(kind: Kind) -> (&'static str, &'static str) {
  match kind {
    Kind::Worker => ("[", "]"),
    Kind::Orchestrator | Kind::Pattern => ("[[", "]]"),
    Kind::Require => ("{{", "}}"),
    Kind::Result => ("([", "])"),
    Kind::Fail => (">", "]"),
    Kind::Decision => ("{", "}"),
    _ => ("(", ")"),
  }
}

fn arrow(edge: &Edge) -> String {
  let label = edge.label.as_deref().map(escaped);
  match (edge.kind, label) {
    (EdgeKind::Data | EdgeKind::Arm, None) => "-->".to_owned(),
    (EdgeKind::Data | EdgeKind::Arm, Some(label)) => format!("-->|\"{label}\"|"),
    (EdgeKind::After, _) => "-.->|\"after\"|".to_owned(),
    (EdgeKind::Gate, _) => "==>".to_owned(),
    (EdgeKind::Failure, _) => "-.->|\"on failure\"|".to_owned(),
    (EdgeKind::Undo | EdgeKind::Finally, _) => format!("-.->|\"{}\"|", edge.kind.name()),
  }
}

/// Text that may stand between quotes: what Mermaid would read becomes its entity codes.
fn escaped(text: &str) -> String {
  let mut escaped = String::new();
  for c in text.chars() {
    match c {
      '"' => escaped.push_str("#quot;"),
      '\n' => escaped.push_str("<br>"),
      '#' | '&' | '<' | '>' | '`' => {
        let _ = write!(escaped, "#{};", u32::from(c));
      }
      _ if c.is_control() => escaped.push(' '),
      _ => escaped.push(c),
    }
  }
  escaped
}
