//! What commands need of a program before they do their own work: it checked, its findings shown if they refuse it,
//! an orchestrator chosen.

use std::path::Path;

use clap::Args;

use super::{
  exit::Exit,
  terminal::{self, Color},
};
use crate::{
  diagnostics::{Diagnostics, codes, nearest, render::human},
  hir::{NodeKind, Orchestrator, OrchestratorId, Program, Visit},
  session::{self, Checked, Disk, Variant},
};

/// Which form of a program is meant.
#[derive(Args, Clone, Debug, Default)]
pub struct Form {
  /// A profile of the program: what it puts in the place of workers, orchestrators and constants
  #[arg(long, value_name = "NAME")]
  profile: Option<String>,
  /// Another value for a constant of the root file
  #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
  set: Vec<(String, String)>,
}

impl Form {
  pub fn variant(&self) -> Variant {
    Variant {
      profile: self.profile.clone(),
      set: self.set.clone(),
      ..Variant::default()
    }
  }
}

/// `NAME=VALUE`
pub fn assignment(text: &str) -> Result<(String, String), String> {
  let (name, value) = text.split_once('=').ok_or("it is not of the form NAME=VALUE")?;
  Ok((name.to_owned(), value.to_owned()))
}

/// Checks a program in one of its forms; that it has no such form is said on standard error.
fn check_variant(path: &Path, variant: &Variant) -> Result<Checked, Exit> {
  session::check_variant(&Disk, path, variant).map_err(|error| {
    terminal::say(&format!("{error}\n"));
    Exit::Usage
  })
}

/// Checks the program at `path`; what refuses it is shown on standard error.
pub fn load(path: &Path, form: &Form, color: Color) -> Result<(Checked, std::sync::Arc<Program>), Exit> {
  load_variant(path, &form.variant(), color)
}

/// As `load`.
pub fn load_variant(path: &Path, variant: &Variant, color: Color) -> Result<(Checked, std::sync::Arc<Program>), Exit> {
  let mut checked = check_variant(path, variant)?;
  if let Some(program) = checked.program.take() {
    return Ok((checked, program));
  }
  let look = terminal::look(color, &std::io::stderr());
  let mut findings = checked.findings.clone();
  findings.0.retain(|finding| finding.refuses());
  terminal::say(&human::render(&findings, &checked.sources, look));
  Err(refusal(&checked.findings))
}

/// How a program with these findings ends a command: a root that can't be read is a mistake in the command line.
pub fn refusal(findings: &Diagnostics) -> Exit {
  let no_root = |found: &crate::diagnostics::Diagnostic| found.code == &codes::UNREADABLE && found.labels.is_empty();
  if findings.0.iter().any(no_root) {
    Exit::Usage
  } else if findings.refuses() {
    Exit::Refused
  } else {
    Exit::Success
  }
}

/// The orchestrator with this name; without a name the only one of the root module, or the only one that no other
/// calls.
///
/// # Errors
/// A text that says what there is to choose from.
pub fn pick(program: &Program, name: Option<&str>) -> Result<OrchestratorId, String> {
  let all: Vec<(OrchestratorId, &Orchestrator)> = program.orchestrator_ids().collect();
  if let Some(name) = name {
    let found = all.iter().find(|(_, orchestrator)| &*orchestrator.name == name);
    return found.map(|(id, _)| *id).ok_or_else(|| unknown(name, &all));
  }
  let own: Vec<_> = all
    .iter()
    .filter(|(_, orchestrator)| orchestrator.module.0 == 0)
    .collect();
  let called = called(program);
  let free: Vec<_> = own.iter().filter(|(id, _)| !called.contains(id)).collect();
  match (own.as_slice(), free.as_slice()) {
    ([], _) => Err("the program declares no orchestrator\n".to_owned()),
    ([(id, _)], _) | (_, [(id, _)]) => Ok(*id),
    _ => Err(format!(
      "the program has more than one orchestrator; name one of:\n{}",
      listing(&all)
    )),
  }
}

fn unknown(name: &str, all: &[(OrchestratorId, &Orchestrator)]) -> String {
  let names = all.iter().map(|(_, orchestrator)| &*orchestrator.name);
  let near = nearest(name, names)
    .map(|near| format!("; did you mean `{near}`?"))
    .unwrap_or_default();
  format!("there is no orchestrator `{name}`{near}\n{}", listing(all))
}

/// One line per orchestrator: its name and the first line of its doc comment.
pub fn listing(all: &[(OrchestratorId, &Orchestrator)]) -> String {
  let width = all
    .iter()
    .map(|(_, orchestrator)| orchestrator.name.len())
    .max()
    .unwrap_or(0);
  let line = |orchestrator: &Orchestrator| {
    let doc = orchestrator
      .doc
      .as_deref()
      .and_then(|doc| doc.lines().next())
      .unwrap_or_default();
    let line = format!("  {:width$}  {doc}", orchestrator.name);
    format!("{}\n", line.trim_end())
  };
  all.iter().map(|(_, orchestrator)| line(orchestrator)).collect()
}

fn called(program: &Program) -> Vec<OrchestratorId> {
  let mut called = Vec::new();
  for orchestrator in &program.orchestrators {
    orchestrator.visit_all(&mut |node| {
      if let NodeKind::Orchestrate(call) = &node.kind {
        called.push(call.target);
      }
    });
  }
  called
}
