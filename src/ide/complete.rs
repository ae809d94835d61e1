//! What can be written at a place. It reads the text before the place, since what is being written seldom parses, and
//! takes names and types from the check.

use super::Snapshot;
use crate::{
  analysis::{Kind, SETTINGS},
  hir::Builtin,
  modules::standard,
  source::Span,
  syntax::{POLICIES, ast::ItemKind, words::RESERVED},
  types::Type,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
  Keyword,
  Setting,
  Field,
  Value,
  Function,
  File,
  Symbol(Kind),
}

/// Something that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
  pub label: String,
  pub kind: CompletionKind,
  /// Its type, or its head.
  pub detail: Option<String>,
}

/// What declarations begin with.
const DECLARATIONS: [&str; 14] = [
  "import",
  "type",
  "let",
  "contract",
  "worker",
  "pool",
  "limit",
  "secret",
  "defaults",
  "orchestrator",
  "pattern",
  "profile",
  "test",
  "on",
];
/// Types of the language.
const TYPES: [&str; 12] = [
  "string", "int", "float", "bool", "time", "duration", "json", "map", "Outcome", "Failure", "file", "dir",
];
/// What lines of a test begin with.
const TEST_LINES: [&str; 7] = ["mock", "expect", "wait", "at", "seed", "profile", "set"];

/// Where in the grammar a place is, as far as the text before it shows.
enum Spot<'t> {
  Path,
  Comment,
  /// After `a.b.`
  Fields(Vec<&'t str>),
  Declaration,
  /// At the beginning of a line in the body of a declaration.
  Line,
  Type,
  Policy,
  Value,
}

impl Snapshot {
  /// What can stand at a place. `paths` are the files that an import here can name.
  pub fn completions(&self, at: Span, paths: &[String]) -> Vec<Completion> {
    let before = self.before(at);
    let word = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
    let item = self.module(at.source).and_then(|module| {
      let mut items = module.ast.items.iter();
      items.find(|item| item.span.start < at.start && at.end <= item.span.end)
    });
    let mut found = match spot(word) {
      Spot::Comment => Vec::new(),
      Spot::Path => {
        let all = standard::names().map(str::to_owned).chain(paths.iter().cloned());
        all.map(|path| plain(path, CompletionKind::File)).collect()
      }
      Spot::Fields(path) => self.fields(at, &path),
      Spot::Declaration => words(&DECLARATIONS, CompletionKind::Keyword),
      Spot::Type => {
        let mut all = words(&TYPES, CompletionKind::Keyword);
        all.extend(self.visible(at, |kind| {
          matches!(kind, Kind::Type | Kind::Contract | Kind::TypeParameter)
        }));
        all
      }
      Spot::Policy => {
        let mut all = words(POLICIES, CompletionKind::Setting);
        all.extend(self.visible(at, |kind| kind == Kind::Limit));
        all
      }
      Spot::Line => match item.map(|item| &item.kind) {
        Some(ItemKind::Worker(_) | ItemKind::Broken { .. }) | None if in_worker(word) => {
          let mut all = words(SETTINGS, CompletionKind::Setting);
          all.extend(words(POLICIES, CompletionKind::Setting));
          all.retain(|one| one.label != "collect");
          all
        }
        Some(ItemKind::Test(_)) => {
          let mut all = words(&TEST_LINES, CompletionKind::Keyword);
          all.extend(self.values(at));
          all
        }
        Some(ItemKind::Defaults { .. } | ItemKind::Limit { .. }) => words(POLICIES, CompletionKind::Setting),
        _ => self.values(at),
      },
      Spot::Value => {
        let mut all = self.alternatives(at, word);
        all.extend(self.values(at));
        all
      }
    };
    let mut seen = std::collections::HashSet::new();
    found.retain(|one| seen.insert(one.label.clone()));
    found
  }

  /// Words of expressions and steps, functions, and all names that can be read or called.
  fn values(&self, at: Span) -> Vec<Completion> {
    let mut all = self.visible(at, |kind| {
      !matches!(
        kind,
        Kind::Type | Kind::Contract | Kind::TypeParameter | Kind::Limit | Kind::Group | Kind::Profile
      )
    });
    all.extend(words(&RESERVED, CompletionKind::Keyword));
    let functions = Builtin::ALL.iter().map(|builtin| builtin.name().to_owned());
    all.extend(functions.map(|name| plain(name, CompletionKind::Function)));
    all
  }

  /// Names that can be used at a place.
  fn visible(&self, at: Span, wanted: impl Fn(Kind) -> bool) -> Vec<Completion> {
    let mut all = Vec::new();
    let imported: Vec<Span> = self
      .marks
      .names()
      .filter(|(span, given)| span.source == at.source && given.source != at.source)
      .map(|(_, given)| given)
      .collect();
    for symbol in self.marks.symbols() {
      let here = symbol.given.source == at.source;
      let kind = match symbol.kind {
        Kind::Alias => {
          let meant = self.marks.symbol(self.marks.through_alias(symbol.given));
          meant.map_or(Kind::Alias, |meant| meant.kind)
        }
        kind => kind,
      };
      let inside = symbol.item.start <= at.start && at.end <= symbol.item.end;
      let in_scope = match symbol.kind {
        Kind::Parameter | Kind::TypeParameter | Kind::Local => here && inside,
        Kind::Field => here && self.has_contract(at, symbol.item),
        _ => here || imported.contains(&symbol.given),
      };
      if in_scope && (wanted(kind) || kind == Kind::Alias) {
        all.push(Completion {
          label: symbol.name.clone(),
          kind: CompletionKind::Symbol(kind),
          detail: self.shown(symbol).lines().next().map(str::to_owned),
        });
      }
    }
    all
  }

  /// Whether the declaration around a place has the contract at `contract`: its fields are parameters there.
  fn has_contract(&self, at: Span, contract: Span) -> bool {
    let Some(module) = self.module(at.source) else {
      return false;
    };
    let mut items = module.ast.items.iter();
    let item = items.find(|item| item.span.start <= at.start && at.end <= item.span.end);
    let signature = match item.map(|item| &item.kind) {
      Some(ItemKind::Worker(it)) => &it.signature,
      Some(ItemKind::Orchestrator(it)) => &it.signature,
      _ => return false,
    };
    match signature {
      crate::syntax::ast::Signature::Contract(reference) => {
        let named = self.marks.at(reference.name.span);
        named.iter().any(|(_, symbol)| symbol.item == contract)
      }
      crate::syntax::ast::Signature::Own { .. } => false,
    }
  }

  /// The fields of what a path names.
  fn fields(&self, at: Span, path: &[&str]) -> Vec<Completion> {
    let Some((root, rest)) = path.split_first() else {
      return Vec::new();
    };
    let Some(mut ty) = self.type_of(at, root) else {
      return self.sides(at, root);
    };
    for name in rest {
      let Some(field) = ty
        .without_null()
        .as_record()
        .and_then(|record| record.fields.get(*name))
        .cloned()
      else {
        return Vec::new();
      };
      ty = field.ty;
    }
    let ty = ty.without_null();
    let Some(record) = ty.as_record() else {
      return Vec::new();
    };
    let fields = record.fields.iter().map(|(name, field)| Completion {
      label: name.to_string(),
      kind: CompletionKind::Field,
      detail: Some(format!("{}{}", if field.optional { "?: " } else { "" }, field.ty)),
    });
    fields.collect()
  }

  /// `Contract.input` and `.output`
  fn sides(&self, at: Span, root: &str) -> Vec<Completion> {
    let contract = self.visible(at, |kind| kind == Kind::Contract);
    match contract.iter().any(|one| one.label == root) {
      true => words(&["input", "output"], CompletionKind::Field),
      false => Vec::new(),
    }
  }

  /// The type of a name that is read at a place.
  fn type_of(&self, at: Span, name: &str) -> Option<Type> {
    if name == "run" {
      return Some(crate::types::run_record());
    }
    let symbols = self
      .marks
      .symbols()
      .filter(|symbol| symbol.name == name && symbol.given.source == at.source);
    let local = symbols
      .filter(|symbol| symbol.item.start <= at.start && at.end <= symbol.item.end)
      .filter_map(|symbol| self.marks.ty(symbol.given))
      .last();
    let read = || {
      let uses = self
        .marks
        .names()
        .filter(|(span, _)| span.source == at.source && self.source(at.source).text.get(span.range()) == Some(name));
      uses
        .filter_map(|(span, given)| self.marks.ty(given).or_else(|| self.marks.ty(span)))
        .last()
    };
    local.or_else(read).cloned()
  }

  /// The literals of what is compared, or of what a `match` goes over.
  fn alternatives(&self, at: Span, before: &str) -> Vec<Completion> {
    let line = before.trim_end();
    let Some(subject) = line.strip_suffix("==").or_else(|| line.strip_suffix("!=")) else {
      return Vec::new();
    };
    let subject = subject.trim_end();
    let start = subject.rfind(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '?'));
    let path = &subject[start.map_or(0, |found| found + 1)..];
    let path: Vec<&str> = path.split('.').map(|part| part.trim_end_matches('?')).collect();
    let Some((root, rest)) = path.split_first() else {
      return Vec::new();
    };
    let Some(mut ty) = self.type_of(at, root) else {
      return Vec::new();
    };
    for name in rest {
      match ty
        .without_null()
        .as_record()
        .and_then(|record| record.fields.get(*name))
      {
        Some(field) => ty = field.ty.clone(),
        None => return Vec::new(),
      }
    }
    let literals = ty.members().into_iter().map(|member| member.to_string());
    literals
      .filter(|text| text.starts_with('"'))
      .map(|text| plain(text, CompletionKind::Value))
      .collect()
  }
}

fn plain(label: String, kind: CompletionKind) -> Completion {
  Completion {
    label,
    kind,
    detail: None,
  }
}

fn words(all: &[&str], kind: CompletionKind) -> Vec<Completion> {
  all.iter().map(|word| plain((*word).to_owned(), kind)).collect()
}

/// Whether the nearest open declaration of the text is a worker: its last line that begins at the margin says it.
fn in_worker(before: &str) -> bool {
  let head = before
    .lines()
    .rev()
    .find(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
  head.is_some_and(|line| line.starts_with("worker "))
}

/// Where the end of a text is; `before` does not hold the word that is being written.
fn spot(before: &str) -> Spot<'_> {
  let line = before.rsplit('\n').next().unwrap_or_default();
  if line.trim_start().starts_with("//") {
    return Spot::Comment;
  }
  if let Some(quote) = line.find('"')
    && line.matches('"').count() == 1
    && (line[..quote].trim_end().ends_with("from") || line[..quote].ends_with("include("))
  {
    return Spot::Path;
  }
  if let Some(path) = before.strip_suffix('.') {
    let start = path.rfind(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '?'));
    let chain = &path[start.map_or(0, |found| {
      found + path[found..].chars().next().map_or(1, char::len_utf8)
    })..];
    return Spot::Fields(chain.split('.').map(|part| part.trim_end_matches('?')).collect());
  }
  if line.is_empty() {
    return match before.trim_end().ends_with(['{', ',', '(']) {
      true => Spot::Line,
      false => Spot::Declaration,
    };
  }
  if line.trim().is_empty() {
    return Spot::Line;
  }
  let trimmed = line.trim_end();
  if trimmed.ends_with("->") || trimmed.ends_with(" as") || (trimmed.ends_with(':') && !line.contains('=')) {
    return Spot::Type;
  }
  if trimmed.ends_with(" with") || (trimmed.ends_with(',') && line.contains(" with ")) {
    return Spot::Policy;
  }
  Spot::Value
}
