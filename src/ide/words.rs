//! How declarations are shown: their head, their comment, what kind they are. Knows nothing of places in other files.

use super::Snapshot;
use crate::{
  analysis::{Kind, Symbol},
  source::Span,
  syntax::ast,
};

impl Kind {
  /// As a word of a sentence.
  pub fn word(self) -> &'static str {
    match self {
      Kind::Worker => "worker",
      Kind::Orchestrator => "orchestrator",
      Kind::Pattern => "pattern",
      Kind::Function => "function",
      Kind::Constant => "constant",
      Kind::Type => "type",
      Kind::Contract => "contract",
      Kind::Limit => "limit",
      Kind::Group => "group of settings",
      Kind::Profile => "profile",
      Kind::Pool => "pool",
      Kind::Secret => "secret",
      Kind::Alias => "imported name",
      Kind::Parameter => "parameter",
      Kind::TypeParameter => "type parameter",
      Kind::Field => "field of a contract",
      Kind::Local => "value",
    }
  }

  /// Whether it is a declaration of a module.
  pub fn is_declared(self) -> bool {
    !matches!(
      self,
      Kind::Alias | Kind::Parameter | Kind::TypeParameter | Kind::Field | Kind::Local
    )
  }

  /// Whether it can be called.
  pub fn is_called(self) -> bool {
    matches!(self, Kind::Worker | Kind::Orchestrator | Kind::Pattern | Kind::Function)
  }
}

/// Longer declarations are shown by their head alone, in lines.
const SHOWN: usize = 12;

impl Snapshot {
  /// The declaration that a symbol is.
  pub(super) fn item(&self, symbol: &Symbol) -> Option<&ast::Item> {
    let module = self.module(symbol.given.source)?;
    module.ast.items.iter().find(|item| item.span == symbol.item)
  }

  /// What a symbol is, as one would write it.
  pub(super) fn shown(&self, symbol: &Symbol) -> String {
    let typed = |word: &str| match self.marks.ty(symbol.given) {
      Some(ty) => format!("{word}{}: {ty}", symbol.name),
      None => format!("{word}{}", symbol.name),
    };
    match symbol.kind {
      Kind::Local => typed(""),
      Kind::Parameter | Kind::Field | Kind::TypeParameter => self.written(symbol),
      Kind::Alias => {
        let given = self.marks.through_alias(symbol.given);
        match self.marks.symbol(given) {
          Some(meant) if meant.given != symbol.given => self.shown(meant),
          _ => symbol.name.clone(),
        }
      }
      _ => self.head(symbol),
    }
  }

  /// A parameter as it is written, with its type and default.
  fn written(&self, symbol: &Symbol) -> String {
    let text = &self.source(symbol.given.source).text;
    let rest = &text[symbol.given.range().start..];
    let mut depth = 0_i32;
    let end = rest.char_indices().find(|(_, c)| {
      match c {
        '(' | '[' | '{' | '<' => depth += 1,
        ')' | ']' | '}' | '>' => depth -= 1,
        _ => {}
      }
      depth < 0 || (depth == 0 && matches!(c, ',' | '\n'))
    });
    rest[..end.map_or(rest.len(), |(at, _)| at)].trim().to_owned()
  }

  /// The declaration up to what is in it.
  fn head(&self, symbol: &Symbol) -> String {
    let text = self.loaded.sources.text(symbol.item);
    let start = symbol.given.range().start.saturating_sub(symbol.item.range().start);
    let line = text[..start.min(text.len())].rfind('\n').map_or(0, |at| at + 1);
    let text = &text[line..];
    let whole = matches!(
      symbol.kind,
      Kind::Type | Kind::Contract | Kind::Constant | Kind::Pool | Kind::Limit | Kind::Group | Kind::Secret
    );
    if whole {
      let mut lines: Vec<&str> = text.lines().take(SHOWN + 1).collect();
      if lines.len() > SHOWN {
        lines[SHOWN] = "...";
      }
      return lines.join("\n");
    }
    let body = match symbol.kind {
      Kind::Function => text.find(" = "),
      _ => self
        .body(symbol)
        .map(|body| body.saturating_sub(symbol.item.range().start + line)),
    };
    let head = body.and_then(|at| text.get(..at)).or_else(|| text.lines().next());
    head.unwrap_or_default().trim_end().to_owned()
  }

  /// Where the body of a declaration begins.
  fn body(&self, symbol: &Symbol) -> Option<usize> {
    let item = self.item(symbol)?;
    let (signature, after) = match &item.kind {
      ast::ItemKind::Orchestrator(it) => return Some(it.body.span.range().start),
      ast::ItemKind::PatternTemplate(it) => return Some(it.body.span.range().start),
      ast::ItemKind::Worker(it) => (&it.signature, it.name.span),
      _ => return None,
    };
    let after: Span = match signature {
      ast::Signature::Contract(contract) => contract.span,
      ast::Signature::Own { params, output } => match (output, params.last()) {
        (Some(output), _) => output.span,
        (None, Some(param)) => param.ty.span,
        (None, None) => after,
      },
    };
    let text = &self.source(after.source).text;
    let end = after.range().end;
    text[end..].find('{').map(|at| end + at)
  }

  /// The comment above the declaration.
  pub(super) fn doc(&self, symbol: &Symbol) -> Option<&str> {
    match symbol.kind {
      Kind::Alias => {
        let given = self.marks.through_alias(symbol.given);
        let meant = self.marks.symbol(given).filter(|meant| meant.given != symbol.given)?;
        self.item(meant)?.doc.as_deref()
      }
      kind if kind.is_declared() => self.item(symbol)?.doc.as_deref(),
      _ => None,
    }
  }
}
