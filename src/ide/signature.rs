//! What the call around a place takes, and which of its parameters is written there.

use super::Snapshot;
use crate::{
  analysis::Kind,
  source::Span,
  syntax::ast::{ItemKind, Signature},
};

/// What is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
  /// The whole head: `analyze(issue: Issue) -> Verdict`.
  pub label: String,
  pub doc: Option<String>,
  /// Each as it stands in the label.
  pub parameters: Vec<String>,
  pub active: usize,
}

/// The call that is open at the end of a text: where its name ends, how many commas follow, and the last label.
fn open_call(before: &str) -> Option<(usize, usize, Option<String>)> {
  let mut depth = 0_u32;
  let mut commas = 0;
  let mut label = None;
  for (at, c) in before.char_indices().rev().take(2_000) {
    match c {
      ')' | ']' | '}' => depth += 1,
      '(' if depth == 0 => {
        let name = before[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        return name.then_some((at, commas, label));
      }
      '[' | '{' if depth == 0 => return None,
      '(' | '[' | '{' => depth -= 1,
      ',' if depth == 0 => commas += 1,
      ':' if depth == 0 && commas == 0 => {
        let word = before[..at].rsplit(|c: char| !c.is_alphanumeric() && c != '_').next();
        label = word.map(str::to_owned);
      }
      _ => {}
    }
  }
  None
}

/// The head of what is called around a place.
pub fn signature_at(snapshot: &Snapshot, at: Span) -> Option<Parameters> {
  let (end, commas, label) = open_call(snapshot.before(at))?;
  let name = Span::new(at.source, end.saturating_sub(1), end.saturating_sub(1));
  let (_, word) = snapshot.word_at(name)?;
  let symbol = snapshot.marks.at(name).first().map(|(_, symbol)| *symbol).or_else(|| {
    let mut all = snapshot.marks.symbols();
    all.find(|symbol| symbol.name == word && symbol.kind.is_called())
  })?;
  let given = snapshot.marks.through_alias(symbol.given);
  let symbol = snapshot.marks.symbol(given).unwrap_or(symbol);
  let params = snapshot.parameters(symbol.given)?;
  let active = match label {
    Some(label) => params
      .iter()
      .position(|param| param.split(|c: char| !c.is_alphanumeric() && c != '_').next() == Some(label.as_str())),
    None => None,
  };
  Some(Parameters {
    label: format!("{}({})", symbol.name, params.join(", ")),
    doc: snapshot.doc(symbol).map(str::to_owned),
    active: active.unwrap_or(commas).min(params.len().saturating_sub(1)),
    parameters: params,
  })
}

impl Snapshot {
  /// The parameters of a declaration, as they are written.
  fn parameters(&self, given: Span) -> Option<Vec<String>> {
    let symbol = self.marks.symbol(given)?;
    let item = self.item(symbol)?;
    let contract = match &item.kind {
      ItemKind::Worker(it) => Some(&it.signature),
      ItemKind::Orchestrator(it) => Some(&it.signature),
      _ => None,
    };
    let contract = match contract {
      Some(Signature::Contract(contract)) => self.marks.at(contract.name.span).first().map(|(_, symbol)| symbol.item),
      _ => None,
    };
    let within = contract.unwrap_or(symbol.item);
    let params = self.marks.symbols().filter(|symbol| symbol.item == within);
    let params = params.filter(|symbol| matches!(symbol.kind, Kind::Parameter | Kind::Field));
    Some(params.map(|symbol| self.shown(symbol)).collect())
  }
}
