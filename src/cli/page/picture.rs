//! The graph of the run's orchestrator with the states of its steps, as a picture. The program is the one that the run was
//! begun with.

use std::{
  collections::HashMap,
  fmt::Write,
  path::{Component, Path, PathBuf},
};

use petgraph::{graph::NodeIndex, visit::EdgeRef};

use super::{
  Page,
  drawing::{Place, label, places},
  html::{class, safe},
};
use crate::{
  graph::{self, Graph},
  history::State,
  modules::{Files, ReadError},
  session,
};

/// Nodes of a graph that is drawn.
const NODES: usize = 400;

/// Nothing where this orch can't read the program any longer.
pub(super) fn draw(page: &Page) -> String {
  match graph(page) {
    None => "<p class=\"soft\">the program of the run can't be drawn by this orch</p>".to_owned(),
    Some(graph) => draw_graph(&graph, &states(page)),
  }
}

/// A graph, each step in the state that is known of it; without any states, only the graph.
pub fn draw_graph(graph: &Graph, states: &HashMap<String, State>) -> String {
  let nodes = graph.nodes.node_count();
  if nodes > NODES {
    return format!("<p class=\"soft\">{nodes} steps are too many to draw: see <code>orch graph</code></p>");
  }
  svg(graph, states)
}

fn graph(page: &Page) -> Option<Graph> {
  let order = session::once_more(&page.past.store, &page.past.run).ok()?;
  let texts = Texts {
    root: order.root.parent()?.to_path_buf(),
    texts: order.bundle.modules().to_vec(),
  };
  let checked = session::check_variant(&texts, &order.root, &order.variant).ok()?;
  let program = checked.program?;
  let name = page.orchestrator();
  let (id, _) = program
    .orchestrator_ids()
    .find(|(_, declared)| *declared.name == *name)?;
  Some(graph::build(&program, &checked.sources, id))
}

/// The modules of a run, by the ends of their paths.
struct Texts {
  root: PathBuf,
  texts: Vec<(String, String)>,
}

impl Texts {
  fn find(&self, path: &Path) -> Option<&str> {
    let path = plain(path);
    let found = self.texts.iter().find(|(name, _)| {
      let name = Path::new(name);
      plain(name) == path || plain(&self.root.join(name)) == path || path.ends_with(plain(name))
    });
    found.map(|(_, text)| text.as_str())
  }
}

impl Files for Texts {
  fn read(&self, path: &Path, limit: usize) -> Result<Vec<u8>, ReadError> {
    let text = self.find(path).ok_or(ReadError::Missing)?;
    Ok(text.as_bytes()[..text.len().min(limit)].to_vec())
  }

  fn canonicalize(&self, path: &Path) -> Result<PathBuf, ReadError> {
    self.find(path).map(|_| plain(path)).ok_or(ReadError::Missing)
  }

  fn names(&self, _: &Path) -> Vec<String> {
    Vec::new()
  }
}

/// Without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
  path.components().fold(PathBuf::new(), |mut plain, part| {
    match part {
      Component::CurDir => {}
      Component::ParentDir => _ = plain.pop(),
      other => plain.push(other),
    }
    plain
  })
}

/// The state of each step by its path with `[]` for any instance; of several, the one that matters most.
fn states(page: &Page) -> HashMap<String, State> {
  let mut states: HashMap<String, State> = HashMap::new();
  for step in &page.steps {
    let state = states.entry(any_instance(&step.path)).or_insert(step.state);
    if weight(step.state) > weight(*state) {
      *state = step.state;
    }
  }
  states
}

fn weight(state: State) -> u8 {
  match state {
    State::InDoubt => 5,
    State::Failed | State::Cancelled => 4,
    State::Running | State::Waiting => 3,
    State::Succeeded => 2,
    State::Skipped | State::NotTaken => 1,
  }
}

/// `verdicts[3].a` as `verdicts[].a`
fn any_instance(path: &str) -> String {
  let (mut text, mut inside, mut quoted) = (String::new(), false, false);
  for letter in path.chars() {
    match letter {
      '"' if inside => quoted = !quoted,
      '[' if !inside => {
        inside = true;
        text.push('[');
      }
      ']' if inside && !quoted => {
        inside = false;
        text.push(']');
      }
      _ if inside => {}
      other => text.push(other),
    }
  }
  text
}

fn svg(graph: &Graph, states: &HashMap<String, State>) -> String {
  let (places, size) = places(graph);
  let mut text = format!(
    "<div class=\"wide\"><svg width=\"{:.0}\" height=\"{:.0}\" viewBox=\"-2 -2 {:.0} {:.0}\" role=\"img\">\n",
    size.width + 4.0,
    size.height + 4.0,
    size.width + 4.0,
    size.height + 4.0
  );
  graph
    .roots
    .iter()
    .for_each(|root| node(graph, *root, &places, states, &mut text));
  for edge in graph.nodes.edge_references() {
    if let (Some(from), Some(to)) = (places.get(&edge.source()), places.get(&edge.target())) {
      text += &line(*from, *to);
    }
  }
  text + "</svg></div>"
}

/// A node, then what is inside, which stands in front of it.
fn node(
  graph: &Graph,
  index: NodeIndex,
  places: &HashMap<NodeIndex, Place>,
  states: &HashMap<String, State>,
  text: &mut String,
) {
  let drawn = &graph.nodes[index];
  let Some(Place { x, y, width, height }) = places.get(&index).copied() else {
    return;
  };
  let state = states.get(&drawn.id).copied();
  let told = match (state, states.is_empty()) {
    (Some(state), _) => format!(": {}", state.word()),
    (None, false) => ": nothing is known of it".to_owned(),
    (None, true) => String::new(),
  };
  let kind = if drawn.children.is_empty() { "leaf" } else { "box" };
  let _ = writeln!(
    text,
    "<rect class=\"{kind} {}\" x=\"{x:.0}\" y=\"{y:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" rx=\"5\"><title>{}{told}</title></rect>\n\
     <text x=\"{:.0}\" y=\"{:.0}\">{}</text>",
    state.map_or("", class),
    safe(&drawn.id),
    x + 12.0,
    y + 18.0,
    safe(&label(&drawn.label))
  );
  drawn
    .children
    .iter()
    .for_each(|child| node(graph, *child, places, states, text));
}

fn line(from: Place, to: Place) -> String {
  let (x1, y1) = (from.x + from.width / 2.0, from.y + from.height);
  let (x2, y2) = (to.x + to.width / 2.0, to.y);
  let half = (y2 - y1) / 2.0;
  format!(
    "<path d=\"M{x1:.0} {y1:.0} C{x1:.0} {:.0} {x2:.0} {:.0} {x2:.0} {y2:.0}\"/>\n",
    y1 + half,
    y2 - half
  )
}

#[cfg(test)]
mod tests {
  use super::any_instance;

  #[test]
  fn instances_of_a_step_are_one() {
    for (path, any) in [
      ("a.b", "a.b"),
      ("a[3].b", "a[].b"),
      ("a[\"x].y\"].b", "a[].b"),
      ("kind.\"bug\".c", "kind.\"bug\".c"),
    ] {
      assert_eq!(any_instance(path), any);
    }
  }
}
