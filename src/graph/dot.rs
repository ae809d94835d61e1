//! A graph as Graphviz DOT text.

use std::fmt::Write;

use petgraph::{graph::NodeIndex, visit::EdgeRef};

use super::{EdgeKind, Graph, Kind, LARGEST};

/// The digraph, ending with a line break.
pub fn render(graph: &Graph) -> String {
  let mut text = String::new();
  let _ = writeln!(text, "digraph {} {{", quoted(&graph.orchestrator));
  text.push_str("  compound=true\n  node [shape=box, fontname=\"sans-serif\"]\n  edge [fontname=\"sans-serif\"]\n");
  text.push_str("  fontname=\"sans-serif\"\n");
  nodes(graph, &graph.roots, 1, &mut text);
  if !graph.complete {
    let _ = writeln!(
      text,
      "  \"\" [shape=note, label=\"expansion stops at {LARGEST} nodes\"]"
    );
  }
  edges(graph, &mut text);
  text.push_str("}\n");
  text
}

fn nodes(graph: &Graph, siblings: &[NodeIndex], depth: usize, text: &mut String) {
  for node in siblings {
    stacker::maybe_grow(64 << 10, 1 << 20, || node_text(graph, *node, depth, text));
  }
}

/// A cluster gets an invisible point with its id, which edges to the cluster end at.
fn node_text(graph: &Graph, index: NodeIndex, depth: usize, text: &mut String) {
  let node = &graph.nodes[index];
  let (indent, id, label) = ("  ".repeat(depth), quoted(&node.id), quoted(&node.label));
  if node.children.is_empty() {
    let dashed = if node.aside { ", style=dashed" } else { "" };
    let _ = writeln!(text, "{indent}{id} [shape={}, label={label}{dashed}]", shape(node.kind));
    return;
  }
  let _ = writeln!(text, "{indent}subgraph {} {{", quoted(&cluster(&node.id)));
  let _ = writeln!(text, "{indent}  label={label}");
  if node.aside {
    let _ = writeln!(text, "{indent}  style=dashed");
  }
  let _ = writeln!(text, "{indent}  {id} [shape=point, style=invis]");
  nodes(graph, &node.children, depth + 1, text);
  let _ = writeln!(text, "{indent}}}");
}

fn shape(kind: Kind) -> &'static str {
  match kind {
    Kind::Orchestrator | Kind::Pattern => "box3d",
    Kind::Require => "hexagon",
    Kind::Result => "oval",
    Kind::Fail => "octagon",
    Kind::Decision => "diamond",
    Kind::Value => "note",
    _ => "box",
  }
}

fn edges(graph: &Graph, text: &mut String) {
  for edge in graph.nodes.edge_references() {
    let (from, to) = (&graph.nodes[edge.source()], &graph.nodes[edge.target()]);
    let mut looks: Vec<String> = Vec::new();
    if !from.children.is_empty() {
      looks.push(format!("ltail={}", quoted(&cluster(&from.id))));
    }
    if !to.children.is_empty() {
      looks.push(format!("lhead={}", quoted(&cluster(&to.id))));
    }
    match edge.weight().kind {
      EdgeKind::Data | EdgeKind::Arm => {}
      EdgeKind::After => looks.push("style=dashed, label=\"after\"".to_owned()),
      EdgeKind::Gate => looks.push("style=bold".to_owned()),
      EdgeKind::Failure => looks.push("style=dashed, label=\"on failure\"".to_owned()),
      EdgeKind::Undo | EdgeKind::Finally => {
        looks.push(format!("style=dashed, label={}", quoted(edge.weight().kind.name())));
      }
    }
    looks.extend(
      edge
        .weight()
        .label
        .iter()
        .map(|label| format!("label={}", quoted(label))),
    );
    let looks = if looks.is_empty() {
      String::new()
    } else {
      format!(" [{}]", looks.join(", "))
    };
    let _ = writeln!(text, "  {} -> {}{looks}", quoted(&from.id), quoted(&to.id));
  }
}

fn cluster(id: &str) -> String {
  format!("cluster {id}")
}

fn quoted(text: &str) -> String {
  let mut quoted = String::from("\"");
  for c in text.chars() {
    match c {
      '"' => quoted.push_str("\\\""),
      '\\' => quoted.push_str("\\\\"),
      '\n' => quoted.push_str("\\n"),
      _ if c.is_control() => quoted.push(' '),
      _ => quoted.push(c),
    }
  }
  quoted.push('"');
  quoted
}
