//! Each request and its answer. Turns positions into places, asks `ide`, and turns the answer back.

use std::path::PathBuf;
use std::sync::Arc;

use lsp_server::ErrorCode;
use serde_json::{Value, json};

use super::{
  place,
  state::{State, canonical},
  text::Lines,
  wire,
};
use crate::{
  diagnostics::{Fix, apart},
  format,
  ide::{self, Command, Outline, Snapshot},
  modules::relative,
  source::{SourceId, Span},
};

/// Why there is no answer.
pub struct Failure {
  pub code: ErrorCode,
  pub message: String,
}

type Answer = Result<Value, Failure>;

fn failed(code: ErrorCode, message: impl Into<String>) -> Failure {
  Failure {
    code,
    message: message.into(),
  }
}

/// The file that a request is about, in its own program.
struct Asked {
  path: PathBuf,
  snapshot: Arc<Snapshot>,
  source: SourceId,
}

impl Asked {
  fn read(state: &mut State, params: &Value) -> Result<Self, Failure> {
    let uri = params.pointer("/textDocument/uri").and_then(Value::as_str);
    let uri = uri.ok_or_else(|| failed(ErrorCode::InvalidParams, "there is no `textDocument.uri`"))?;
    let path = canonical(&place::path(uri));
    let snapshot = state.snapshot(&path);
    match snapshot.source_at(&path) {
      Some(source) => Ok(Self { path, snapshot, source }),
      None => Err(failed(ErrorCode::RequestFailed, format!("can't read `{uri}`"))),
    }
  }

  fn lines(&self, state: &State) -> Lines<'_> {
    Lines::new(&self.snapshot.source(self.source).text, state.encoding)
  }

  fn at(&self, state: &State, position: Option<&Value>) -> Result<Span, Failure> {
    let at = position.and_then(|position| self.lines(state).read(position));
    let at = at.ok_or_else(|| failed(ErrorCode::InvalidParams, "there is no `position`"))?;
    Ok(ide::place(self.source, at))
  }

  fn within(&self, state: &State, range: Option<&Value>) -> Result<Span, Failure> {
    let range = range.and_then(|range| self.lines(state).read_range(range));
    let range = range.ok_or_else(|| failed(ErrorCode::InvalidParams, "there is no `range`"))?;
    Ok(Span::new(self.source, range.start, range.end))
  }
}

/// Answers one request.
pub fn answer(state: &mut State, method: &str, params: &Value) -> Answer {
  if method == "workspace/symbol" {
    return Ok(workspace_symbols(state, params["query"].as_str().unwrap_or_default()));
  }
  if !KNOWN.contains(&method) {
    return Err(failed(ErrorCode::MethodNotFound, format!("there is no `{method}`")));
  }
  let asked = Asked::read(state, params)?;
  match method {
    "textDocument/documentSymbol" => Ok(document_symbols(state, &asked)),
    "textDocument/foldingRange" => Ok(folds(state, &asked)),
    "textDocument/selectionRange" => selections(state, &asked, params),
    "textDocument/documentLink" => Ok(links(state, &asked)),
    "textDocument/inlayHint" => hints(state, &asked, params),
    "textDocument/formatting" => formatted(state, &asked),
    "textDocument/codeAction" => actions(state, &asked, params),
    "textDocument/codeLens" => Ok(lenses(state, &asked)),
    "orch/graph" => {
      let drawn = asked.snapshot.drawn(params["orchestrator"].as_str());
      let drawn = drawn.map_err(|said| failed(ErrorCode::RequestFailed, said))?;
      Ok(json!({ "title": drawn.title, "mermaid": drawn.mermaid, "dot": drawn.dot }))
    }
    _ => at_position(state, &asked, method, params),
  }
}

const KNOWN: [&str; 17] = [
  "textDocument/documentSymbol",
  "textDocument/foldingRange",
  "textDocument/selectionRange",
  "textDocument/documentLink",
  "textDocument/inlayHint",
  "textDocument/formatting",
  "textDocument/codeAction",
  "textDocument/codeLens",
  "orch/graph",
  "textDocument/hover",
  "textDocument/definition",
  "textDocument/references",
  "textDocument/documentHighlight",
  "textDocument/prepareRename",
  "textDocument/rename",
  "textDocument/completion",
  "textDocument/signatureHelp",
];

fn at_position(state: &mut State, asked: &Asked, method: &str, params: &Value) -> Answer {
  let at = asked.at(state, params.get("position"))?;
  let snapshot = &asked.snapshot;
  let encoding = state.encoding;
  Ok(match method {
    "textDocument/hover" => match snapshot.hover(at) {
      Some(hover) => json!({
        "contents": { "kind": "markdown", "value": hover.text },
        "range": wire::range(snapshot, hover.span, encoding),
      }),
      None => Value::Null,
    },
    "textDocument/definition" => {
      let all = snapshot.definitions(at).into_iter();
      all.filter_map(|span| wire::location(state, snapshot, span)).collect()
    }
    "textDocument/documentHighlight" => {
      let given = snapshot.marks.at(at).into_iter().map(|(_, symbol)| symbol.given);
      let all = given
        .flat_map(|given| snapshot.occurrences(given))
        .filter(|span| span.source == at.source);
      all
        .map(|span| json!({ "range": wire::range(snapshot, span, encoding), "kind": 1 }))
        .collect()
    }
    "textDocument/references" => {
      let declaration = params.pointer("/context/includeDeclaration") != Some(&Value::Bool(false));
      references(state, asked, at, declaration)
    }
    "textDocument/prepareRename" => {
      let (span, symbol) = snapshot
        .renamed(at)
        .map_err(|why| failed(ErrorCode::RequestFailed, why.0))?;
      json!({ "range": wire::range(snapshot, span, encoding), "placeholder": symbol.name })
    }
    "textDocument/rename" => return rename(state, asked, at, params["newName"].as_str().unwrap_or_default()),
    "textDocument/completion" => {
      let paths = importable(state, asked);
      let all = snapshot.completions(at, &paths).into_iter();
      let items =
        all.map(|one| json!({ "label": one.label, "kind": wire::completion_kind(one.kind), "detail": one.detail }));
      json!({ "isIncomplete": false, "items": items.collect::<Vec<_>>() })
    }
    _ => match ide::signature_at(snapshot, at) {
      Some(call) => json!({
        "signatures": [{
          "label": call.label,
          "documentation": call.doc,
          "parameters": call.parameters.iter().map(|label| json!({ "label": label })).collect::<Vec<_>>(),
        }],
        "activeSignature": 0,
        "activeParameter": call.active,
      }),
      None => Value::Null,
    },
  })
}

/// The paths that an import in the file could name.
fn importable(state: &mut State, asked: &Asked) -> Vec<String> {
  let directory = asked.path.parent().map(PathBuf::from).unwrap_or_default();
  let others = state
    .roots()
    .into_iter()
    .filter(|path| *path != asked.path && path.is_absolute());
  let mut paths: Vec<String> = others.filter_map(|path| relative(&directory, &path)).collect();
  paths.sort();
  paths
}

/// All places of what is named at a place, in all programs: with the program that each is in.
fn everywhere(state: &mut State, asked: &Asked, at: Span) -> Vec<(Arc<Snapshot>, Span, Span)> {
  let given = asked.snapshot.marks.at(at).into_iter().map(|(_, symbol)| symbol.given);
  let given = given.map(|span| (asked.snapshot.source(span.source).path.clone(), span.range()));
  let given: Vec<(PathBuf, std::ops::Range<usize>)> = given.collect();
  let mut roots = state.roots();
  if !roots.contains(&asked.path) {
    roots.push(asked.path.clone());
  }
  let mut all = Vec::new();
  for root in roots {
    let snapshot = state.snapshot(&root);
    for (path, range) in &given {
      let Some(source) = snapshot.source_at(path) else {
        continue;
      };
      let given = Span::new(source, range.start, range.end);
      let places = snapshot.occurrences(given).into_iter();
      all.extend(places.map(|span| (snapshot.clone(), given, span)));
    }
  }
  all
}

fn references(state: &mut State, asked: &Asked, at: Span, declaration: bool) -> Value {
  let mut all: Vec<Value> = Vec::new();
  for (snapshot, given, span) in everywhere(state, asked, at) {
    if let Some(location) = wire::location(state, &snapshot, span)
      && (declaration || span != given)
      && !all.contains(&location)
    {
      all.push(location);
    }
  }
  all.into()
}

fn rename(state: &mut State, asked: &Asked, at: Span, new: &str) -> Answer {
  let refuse = |why: String| failed(ErrorCode::RequestFailed, why);
  let (_, symbol) = asked.snapshot.renamed(at).map_err(|why| refuse(why.0))?;
  if !ide::valid_name(new) {
    return Err(refuse(format!("`{new}` can't be a name")));
  }
  if new == symbol.name {
    return Ok(Value::Null);
  }
  let mut changes: Vec<(PathBuf, Value)> = Vec::new();
  let mut texts: std::collections::BTreeMap<PathBuf, (String, Vec<crate::diagnostics::Edit>)> = Default::default();
  let mut programs: Vec<Arc<Snapshot>> = Vec::new();
  for (snapshot, given, _) in everywhere(state, asked, at) {
    if programs.iter().any(|known| Arc::ptr_eq(known, &snapshot)) {
      continue;
    }
    let edits = snapshot.rename_edits(given, new);
    let made = wire::edits(&snapshot, &edits, state.encoding);
    changes.extend(made.ok_or_else(|| refuse("it is used in a file that can't be written".to_owned()))?);
    for edit in edits {
      let source = snapshot.source(edit.span.source);
      let (_, all) = texts
        .entry(source.path.clone())
        .or_insert_with(|| (source.text.to_string(), Vec::new()));
      let same = |other: &crate::diagnostics::Edit| other.span.range() == edit.span.range();
      if !all.iter().any(same) {
        all.push(edit);
      }
    }
    programs.push(snapshot);
  }
  let texts = texts.into_iter().map(|(path, (text, mut edits))| {
    edits.iter_mut().for_each(|edit| edit.span.source = SourceId(0));
    (path, crate::diagnostics::apply(&text, &edits))
  });
  let after = state.with_texts(texts.collect());
  for before in &programs {
    let Some((_, root)) = before.loaded.sources.iter().next() else {
      continue;
    };
    let now = Snapshot::read(&after, &root.path);
    if let Some(new_finding) = worse(before, &now) {
      return Err(refuse(format!("the program would change: {new_finding}")));
    }
  }
  Ok(wire::edit(state, &changes))
}

/// A finding of the second program that the first does not have.
fn worse(before: &Snapshot, now: &Snapshot) -> Option<String> {
  let count = |snapshot: &Snapshot, code: &str| snapshot.findings.0.iter().filter(|one| one.code.name == code).count();
  let mut all = now.findings.0.iter();
  let new = all.find(|finding| count(now, finding.code.name) > count(before, finding.code.name))?;
  Some(new.message.clone())
}

fn document_symbols(state: &State, asked: &Asked) -> Value {
  let lines = asked.lines(state);
  asked
    .snapshot
    .outline(asked.source)
    .iter()
    .map(|one| outlined(&lines, one))
    .collect()
}

fn outlined(lines: &Lines<'_>, one: &Outline) -> Value {
  json!({
    "name": one.name,
    "kind": wire::symbol_kind(one.kind),
    "range": lines.range(one.span.range()),
    "selectionRange": lines.range(one.at.range()),
    "children": one.inside.iter().map(|inside| outlined(lines, inside)).collect::<Vec<_>>(),
  })
}

fn workspace_symbols(state: &mut State, query: &str) -> Value {
  let query = query.to_lowercase();
  let mut all = Vec::new();
  for root in state.roots() {
    let snapshot = state.snapshot(&root);
    let Some(source) = snapshot.source_at(&root) else {
      continue;
    };
    let own = snapshot
      .marks
      .symbols()
      .filter(|symbol| symbol.given.source == source && symbol.kind.is_declared());
    for symbol in own.filter(|symbol| symbol.name.to_lowercase().contains(&query)) {
      if let Some(location) = wire::location(state, &snapshot, symbol.given) {
        all.push(json!({ "name": symbol.name, "kind": wire::symbol_kind(symbol.kind), "location": location }));
      }
    }
  }
  all.into()
}

fn folds(state: &State, asked: &Asked) -> Value {
  let lines = asked.lines(state);
  let places = asked.snapshot.folds(asked.source).into_iter().map(|span| {
    let (start, end) = (lines.position(span.range().start).0, lines.position(span.range().end).0);
    (start, end)
  });
  let folds = places.filter(|(start, end)| start < end);
  folds
    .map(|(start, end)| json!({ "startLine": start, "endLine": end }))
    .collect()
}

fn selections(state: &State, asked: &Asked, params: &Value) -> Answer {
  let lines = asked.lines(state);
  let mut all = Vec::new();
  for position in params["positions"].as_array().into_iter().flatten() {
    let at = asked.at(state, Some(position))?;
    let nested = asked.snapshot.around(at).into_iter().rev();
    let chain = nested.fold(Value::Null, |parent, span| {
      let mut one = json!({ "range": lines.range(span.range()) });
      if !parent.is_null() {
        one["parent"] = parent;
      }
      one
    });
    all.push(chain);
  }
  Ok(all.into())
}

fn links(state: &State, asked: &Asked) -> Value {
  let lines = asked.lines(state);
  let links = asked.snapshot.links(asked.source).into_iter().filter_map(|link| {
    let target = wire::file(&asked.snapshot, ide::place(link.to, 0))?;
    Some(json!({ "range": lines.range(link.span.range()), "target": state.uri(target) }))
  });
  links.collect()
}

fn hints(state: &State, asked: &Asked, params: &Value) -> Answer {
  let lines = asked.lines(state);
  let within = asked.within(state, params.get("range"))?;
  let hints = asked.snapshot.hints(within).into_iter().map(|hint| {
    let (line, character) = lines.position(hint.at.range().start);
    json!({ "position": { "line": line, "character": character }, "label": hint.text, "kind": 1 })
  });
  Ok(hints.collect())
}

fn formatted(state: &State, asked: &Asked) -> Answer {
  let text = &asked.snapshot.source(asked.source).text;
  match format::edits(asked.source, text) {
    Ok(edits) => {
      let edits = wire::edits(&asked.snapshot, &edits, state.encoding).unwrap_or_default();
      Ok(edits.into_iter().map(|(_, edit)| edit).collect())
    }
    // it does not parse, which was said
    Err(format::Refusal::Syntax(_)) => Ok(Value::Null),
    Err(format::Refusal::Unfaithful(flaw)) => Err(failed(ErrorCode::RequestFailed, format!("left as it is: {flaw}"))),
  }
}

fn actions(state: &State, asked: &Asked, params: &Value) -> Answer {
  let within = asked.within(state, params.get("range"))?;
  let only = params.pointer("/context/only").and_then(Value::as_array);
  let wanted = |kind: &str| {
    only.is_none_or(|only| {
      let mut all = only.iter().filter_map(Value::as_str);
      all.any(|one| kind == one || kind.starts_with(&format!("{one}.")))
    })
  };
  let snapshot = &asked.snapshot;
  let found = snapshot.findings.0.iter().filter(|finding| wire::shows(finding, true));
  let fixes = found.filter_map(|finding| Some((finding, finding.fix.as_deref()?)));
  let fixes: Vec<_> = fixes
    .filter(|(finding, _)| finding.span().is_some_and(|span| span.source == asked.source))
    .collect();
  let mut all = Vec::new();
  if wanted("quickfix") {
    let meets = |span: Span| span.start <= within.end && within.start <= span.end;
    for (finding, fix) in fixes.iter().filter(|(finding, _)| finding.span().is_some_and(meets)) {
      if let Some(edits) = wire::edits(snapshot, &fix.edits, state.encoding) {
        all.push(json!({
          "title": fix.title,
          "kind": "quickfix",
          "isPreferred": true,
          "diagnostics": [wire::diagnostic(state, snapshot, finding)],
          "edit": wire::edit(state, &edits),
        }));
      }
    }
  }
  let chosen: Vec<&Fix> = apart(fixes.iter().map(|(_, fix)| *fix));
  if wanted("source.fixAll.orch") && !chosen.is_empty() {
    let made = chosen
      .iter()
      .filter_map(|fix| wire::edits(snapshot, &fix.edits, state.encoding));
    let edits: Vec<_> = made.flatten().collect();
    all.push(json!({
      "title": "mend all that a machine can mend",
      "kind": "source.fixAll.orch",
      "edit": wire::edit(state, &edits),
    }));
  }
  Ok(all.into())
}

fn lenses(state: &State, asked: &Asked) -> Value {
  let lines = asked.lines(state);
  let lens = asked.snapshot.lenses(asked.source).into_iter().map(|lens| {
    let (title, command) = match lens.command {
      Command::Run => ("Run", "orch.run"),
      Command::Test => ("Test", "orch.test"),
      Command::Graph => ("Graph", "orch.graph"),
    };
    json!({
      "range": lines.range(lens.span.range()),
      "command": { "title": title, "command": command, "arguments": [state.uri(&asked.path), lens.name] },
    })
  });
  lens.collect()
}
