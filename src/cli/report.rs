//! What several programs are found to be, with each file and each finding once.

use std::path::Path;

use super::{exit::Exit, program};
use crate::{
  diagnostics::{Code, Diagnostic, Diagnostics, Level, Standing, codes},
  session::Checked,
  source::{Source, SourceId, Sources},
};

/// One root file's part.
pub struct Root {
  /// The path that was given.
  pub name: String,
  /// What was not found through a root before it.
  pub findings: Diagnostics,
  /// How many were found through a root before it.
  pub again: usize,
  unreadable: bool,
}

/// All roots, in the order given.
#[derive(Default)]
pub struct Report {
  pub sources: Sources,
  pub roots: Vec<Root>,
}

impl Report {
  pub fn add(&mut self, root: &Path, checked: Checked) {
    let unreadable = program::refusal(&checked.findings) == Exit::Usage;
    let numbers: Vec<SourceId> = checked.sources.iter().map(|(_, source)| self.number(source)).collect();
    let mut findings = checked.findings;
    findings
      .0
      .iter_mut()
      .for_each(|finding| finding.relocate(|source| numbers[source.0 as usize]));
    let all = findings.0.len();
    findings
      .0
      .retain(|finding| finding.span().is_none() || !self.findings().any(|known| known == finding));
    self.roots.push(Root {
      name: root.to_string_lossy().into_owned(),
      again: all - findings.0.len(),
      findings,
      unreadable,
    });
  }

  fn number(&mut self, source: &Source) -> SourceId {
    let known = self
      .sources
      .iter()
      .find(|(_, known)| known.path == source.path)
      .map(|(id, _)| id);
    known.unwrap_or_else(|| self.sources.add(source.name.clone(), &source.path, source.text.clone()))
  }

  pub fn findings(&self) -> impl Iterator<Item = &Diagnostic> {
    self.roots.iter().flat_map(|root| &root.findings.0)
  }

  pub fn findings_mut(&mut self) -> impl Iterator<Item = (&Sources, &mut Diagnostic)> {
    let sources = &self.sources;
    let findings = self.roots.iter_mut().flat_map(|root| &mut root.findings.0);
    findings.map(move |finding| (sources, finding))
  }

  /// All findings as one list, by file and place.
  pub fn merged(&self) -> Diagnostics {
    Diagnostics(self.findings().cloned().collect()).sorted()
  }

  /// Leaves out notes that nobody asked for.
  pub fn without_notes(&mut self) {
    let asked = |finding: &Diagnostic| finding.standing != Standing::Open || finding.code.level < Level::Low;
    self.roots.iter_mut().for_each(|root| root.findings.0.retain(asked));
  }

  /// How a check of these roots ends.
  pub fn exit(&self) -> Exit {
    let exits = self.roots.iter().map(|root| match root.unreadable {
      true => Exit::Usage,
      false if root.findings.refuses() => Exit::Refused,
      false => Exit::Success,
    });
    exits.max().unwrap_or(Exit::Success)
  }
}

/// What is asked to refuse a program though its level does not.
#[derive(Clone, Copy, Debug)]
pub enum Denied {
  /// Of this level and worse.
  Level(Level),
  Code(&'static Code),
}

impl Denied {
  /// # Errors
  /// What there is instead.
  pub fn parse(word: &str) -> Result<Self, String> {
    let levels = [Level::Critical, Level::High, Level::Medium, Level::Low];
    if let Some(level) = levels.into_iter().find(|level| level.name() == word) {
      return Ok(Denied::Level(level));
    }
    codes::find(word).map(Denied::Code).ok_or_else(|| {
      let names = codes::ALL.iter().map(|code| code.name);
      match crate::diagnostics::nearest(word, names) {
        Some(near) => format!("there is no level or code `{word}`; did you mean `{near}`?"),
        None => format!("there is no level or code `{word}`: write `medium`, `low`, or a code of `orch explain`"),
      }
    })
  }

  pub fn denies(self, finding: &Diagnostic) -> bool {
    finding.standing == Standing::Open
      && match self {
        Denied::Level(level) => finding.code.level <= level && !finding.code.level.refuses(),
        Denied::Code(code) => finding.code == code,
      }
  }
}
