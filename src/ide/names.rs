//! Where names are given and used, and what a new name would take. One program at a time: whoever has several puts
//! their answers together.

use super::Snapshot;
use crate::{
  analysis::{Kind, Symbol},
  diagnostics::Edit,
  source::Span,
  syntax::words::is_reserved,
};

/// Why a name stays as it is, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenameError(pub String);

/// Whether a text can be the name of anything.
pub fn valid_name(name: &str) -> bool {
  let mut letters = name.chars();
  letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
    && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
    && name != "_"
    && !is_reserved(name)
}

impl Snapshot {
  /// Where the name at a place was given.
  pub fn definitions(&self, at: Span) -> Vec<Span> {
    let symbols = self.marks.at(at).into_iter();
    symbols
      .map(|(span, symbol)| match symbol.kind {
        // at the alias itself: what it stands for
        Kind::Alias if span == symbol.given => self.marks.through_alias(symbol.given),
        _ => symbol.given,
      })
      .collect()
  }

  /// All places of a name that was given at `given`, itself included.
  pub fn occurrences(&self, given: Span) -> Vec<Span> {
    let mut all: Vec<Span> = self
      .marks
      .names()
      .filter(|(_, other)| *other == given)
      .map(|(span, _)| span)
      .collect();
    all.dedup();
    all
  }

  /// The one thing at a place that can be given another name, and where its name stands.
  ///
  /// # Errors
  /// Nothing there can be.
  pub fn renamed(&self, at: Span) -> Result<(Span, &Symbol), RenameError> {
    let refuse = |why: &str| Err(RenameError(why.to_owned()));
    let (span, symbol) = match self.marks.at(at)[..] {
      [one] => one,
      [] => return refuse("there is no name here that can be changed"),
      _ => return refuse("the import brings several things of this name: rename each where it is declared"),
    };
    let module = self.module(symbol.given.source);
    if module.is_some_and(|module| module.standard) {
      return refuse("it comes with orch");
    }
    if symbol.kind == Kind::Field {
      return refuse("it is a field of a message: what others send and read would change");
    }
    if self.source(span.source).text.get(span.range()) != Some(symbol.name.as_str()) {
      return refuse("it is not written as a name here");
    }
    if symbol.kind == Kind::Parameter && self.in_script(symbol) {
      return refuse("the shell script of the worker reads it from its environment");
    }
    Ok((span, symbol))
  }

  /// Whether a parameter of a worker is named in its script.
  fn in_script(&self, symbol: &Symbol) -> bool {
    use crate::syntax::ast::{ItemKind, SettingKind};
    let Some(ItemKind::Worker(worker)) = self.item(symbol).map(|item| &item.kind) else {
      return false;
    };
    worker.settings.iter().any(|setting| match &setting.kind {
      SettingKind::Shell(script) => script.value.contains(&symbol.name),
      _ => false,
    })
  }

  /// What to write for a name given at `given` to be `new`, in this program.
  pub fn rename_edits(&self, given: Span, new: &str) -> Vec<Edit> {
    let all = self.occurrences(given).into_iter();
    all
      .map(|span| Edit {
        span,
        text: match self.is_shorthand(span) {
          true => format!("{}: {new}", self.loaded.sources.text(span)),
          false => new.to_owned(),
        },
      })
      .collect()
  }

  /// Whether a name is a field and its value at once: `{ name }`.
  fn is_shorthand(&self, span: Span) -> bool {
    let text = &self.source(span.source).text;
    let before = text[..span.range().start].trim_end();
    let after = text[span.range().end..].trim_start();
    // `{ name }`, `{ a: 1, name }`, each on a line of its own: nothing else has a name alone between these
    self.marks.is_shorthand(span) && !before.ends_with(':') && !after.starts_with(':')
  }
}
