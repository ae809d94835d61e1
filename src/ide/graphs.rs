//! Pictures of orchestrators, drawn from the program without running it.

use super::Snapshot;
use crate::{
  graph::{build, dot, mermaid},
  hir::{Orchestrator, OrchestratorId, Program},
};

/// A picture of an orchestrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
  /// Its name.
  pub title: String,
  pub mermaid: String,
  pub dot: String,
}

impl Snapshot {
  /// The picture of an orchestrator of the program; without a name, of the first one that the root file declares.
  ///
  /// # Errors
  /// There is none, as a sentence.
  pub fn drawn(&self, name: Option<&str>) -> Result<Drawn, String> {
    let Some(program) = &self.program else {
      return Err("a finding refuses the program: there is nothing to draw".to_owned());
    };
    let (id, orchestrator) = find(program, name)?;
    let graph = build(program, &self.loaded.sources, id);
    Ok(Drawn {
      title: orchestrator.name.to_string(),
      mermaid: mermaid::render(&graph),
      dot: dot::render(&graph),
    })
  }
}

fn find<'p>(program: &'p Program, name: Option<&str>) -> Result<(OrchestratorId, &'p Orchestrator), String> {
  let mut all = program.orchestrator_ids();
  match name {
    Some(name) => all
      .find(|(_, orchestrator)| &*orchestrator.name == name)
      .ok_or_else(|| format!("there is no orchestrator `{name}`")),
    None => all
      .find(|(_, orchestrator)| orchestrator.module.0 == 0)
      .ok_or_else(|| "the file declares no orchestrator".to_owned()),
  }
}
