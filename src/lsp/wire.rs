//! Answers in the words of the protocol: what the server can do, findings, places, edits. Works nothing out itself.

use std::{
  collections::BTreeMap,
  path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use super::{
  state::State,
  text::{Encoding, Lines},
};
use crate::{
  analysis::Kind,
  diagnostics::{Diagnostic, Edit, Level},
  ide::Snapshot,
  source::Span,
};

/// What the server can do.
pub fn capabilities(encoding: Encoding) -> Value {
  json!({
    "positionEncoding": encoding.name(),
    "textDocumentSync": { "openClose": true, "change": 2, "save": {} },
    "hoverProvider": true,
    "definitionProvider": true,
    "referencesProvider": true,
    "documentHighlightProvider": true,
    "renameProvider": { "prepareProvider": true },
    "documentSymbolProvider": true,
    "workspaceSymbolProvider": true,
    "completionProvider": { "triggerCharacters": [".", "\"", "/", "{"] },
    "signatureHelpProvider": { "triggerCharacters": ["(", ","] },
    "foldingRangeProvider": true,
    "selectionRangeProvider": true,
    "documentLinkProvider": {},
    "inlayHintProvider": true,
    "documentFormattingProvider": true,
    "codeActionProvider": { "codeActionKinds": ["quickfix", "source.fixAll", "source.fixAll.orch"] },
    "codeLensProvider": {},
    "workspace": { "workspaceFolders": { "supported": true, "changeNotifications": true } },
  })
}

/// A span as a range of its file.
pub fn range(snapshot: &Snapshot, span: Span, encoding: Encoding) -> Value {
  Lines::new(&snapshot.source(span.source).text, encoding).range(span.range())
}

/// The file of a span, if it is one that an editor can open.
pub fn file(snapshot: &Snapshot, span: Span) -> Option<&Path> {
  let own = snapshot.module(span.source).is_none_or(|module| !module.standard);
  let path = snapshot.source(span.source).path.as_path();
  own.then_some(path)
}

/// A `Location`; nothing for what comes with orch.
pub fn location(state: &State, snapshot: &Snapshot, span: Span) -> Option<Value> {
  let uri = state.uri(file(snapshot, span)?);
  Some(json!({ "uri": uri, "range": range(snapshot, span, state.encoding) }))
}

/// A `WorkspaceEdit`. Edits of one place are made once.
pub fn edit(state: &State, edits: &[(PathBuf, Value)]) -> Value {
  let mut changes: Map<String, Value> = Map::new();
  for (path, edit) in edits {
    let all = changes.entry(state.uri(path)).or_insert_with(|| json!([]));
    if let Some(all) = all.as_array_mut()
      && !all.contains(edit)
    {
      all.push(edit.clone());
    }
  }
  json!({ "changes": changes })
}

/// Edits with their files; `None` where one is of a file that nobody can write.
pub fn edits(snapshot: &Snapshot, edits: &[Edit], encoding: Encoding) -> Option<Vec<(PathBuf, Value)>> {
  let one = |edit: &Edit| {
    let path = file(snapshot, edit.span)?.to_path_buf();
    let crlf = snapshot.source(edit.span.source).text.contains("\r\n");
    let text = if crlf {
      edit.text.replace('\n', "\r\n")
    } else {
      edit.text.clone()
    };
    Some((
      path,
      json!({ "range": range(snapshot, edit.span, encoding), "newText": text }),
    ))
  };
  edits.iter().map(one).collect()
}

fn severity(level: Level) -> u8 {
  match level {
    Level::Critical | Level::High => 1,
    Level::Medium => 2,
    Level::Low => 4,
  }
}

/// A finding as a `Diagnostic`.
pub fn diagnostic(state: &State, snapshot: &Snapshot, finding: &Diagnostic) -> Value {
  let mut message = finding.message.clone();
  if let Some(label) = finding.labels.first().filter(|label| !label.text.is_empty()) {
    message.push_str(&format!(" ({})", label.text));
  }
  if let Some(help) = &finding.help {
    message.push_str(&format!("\nhelp: {help}"));
  }
  let zero = json!({ "line": 0, "character": 0 });
  let place = match finding.span() {
    Some(span) if file(snapshot, span).is_some() => range(snapshot, span, state.encoding),
    _ => json!({ "start": zero, "end": zero }),
  };
  let related = finding.labels.iter().skip(1).filter_map(|label| {
    let location = location(state, snapshot, label.span)?;
    Some(json!({ "location": location, "message": label.text }))
  });
  let related: Vec<Value> = related.collect();
  let mut value = json!({
    "range": place,
    "severity": severity(finding.code.level),
    "code": finding.code.name,
    "source": "orch",
    "message": message,
  });
  if !related.is_empty() {
    value["relatedInformation"] = related.into();
  }
  if finding.code.name.starts_with("unused/") {
    value["tags"] = json!([1]);
  }
  value
}

/// Whether a finding is shown.
pub fn shows(finding: &Diagnostic, notes: bool) -> bool {
  finding.standing.holds() && (notes || finding.code.level != Level::Low)
}

/// What is found in the programs of all open files, by file. Every open file is there.
pub fn diagnostics(state: &mut State, notes: bool) -> BTreeMap<PathBuf, Vec<Value>> {
  let roots: Vec<PathBuf> = state.documents.keys().cloned().collect();
  let mut found: BTreeMap<PathBuf, Vec<Value>> = roots.iter().map(|root| (root.clone(), Vec::new())).collect();
  for root in roots {
    let snapshot = state.snapshot(&root);
    for finding in snapshot.findings.0.iter().filter(|finding| shows(finding, notes)) {
      let path = finding.span().and_then(|span| file(&snapshot, span)).unwrap_or(&root);
      let value = diagnostic(state, &snapshot, finding);
      let all = found.entry(path.to_path_buf()).or_default();
      if !all.contains(&value) {
        all.push(value);
      }
    }
  }
  found
}

/// The number of a `SymbolKind`.
pub fn symbol_kind(kind: Kind) -> u8 {
  match kind {
    Kind::Worker => 6,
    Kind::Orchestrator | Kind::Pattern | Kind::Function => 12,
    Kind::Constant | Kind::Secret => 14,
    Kind::Type | Kind::TypeParameter => 23,
    Kind::Contract => 11,
    Kind::Pool => 18,
    Kind::Limit | Kind::Group | Kind::Profile => 19,
    Kind::Field => 8,
    Kind::Alias | Kind::Parameter | Kind::Local => 13,
  }
}

/// The number of a `CompletionItemKind`.
pub fn completion_kind(kind: crate::ide::CompletionKind) -> u8 {
  use crate::ide::CompletionKind;
  match kind {
    CompletionKind::Keyword => 14,
    CompletionKind::Setting => 10,
    CompletionKind::Field => 5,
    CompletionKind::Value => 20,
    CompletionKind::Function => 3,
    CompletionKind::File => 17,
    CompletionKind::Symbol(kind) => match kind {
      Kind::Worker | Kind::Orchestrator | Kind::Pattern | Kind::Function => 3,
      Kind::Type | Kind::TypeParameter => 22,
      Kind::Contract => 8,
      Kind::Constant | Kind::Secret => 21,
      Kind::Field => 5,
      _ => 6,
    },
  }
}
