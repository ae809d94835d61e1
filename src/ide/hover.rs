//! What is to be said of a place: what the name there is, its type, its comment, and the worst case of orchestrators.

use super::Snapshot;
use crate::{
  analysis::Kind,
  bounds::{
    bounds,
    text::{Unit, Words, number},
  },
  hir::Builtin,
  source::Span,
};

/// What is said, as Markdown, and of which piece of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
  pub span: Span,
  pub text: String,
}

impl Snapshot {
  /// What is to be said of a place; `None`: nothing.
  pub fn hover(&self, at: Span) -> Option<Hover> {
    let named = self.marks.at(at);
    if let Some((span, _)) = named.first() {
      let parts: Vec<String> = named.iter().map(|(_, symbol)| self.told(symbol)).collect();
      return Some(Hover {
        span: *span,
        text: parts.join("\n\n---\n\n"),
      });
    }
    let (span, word) = self.word_at(at)?;
    if let Some(builtin) = Builtin::find(word)
      && self.source(at.source).text[span.range().end..].starts_with('(')
    {
      return Some(Hover {
        span,
        text: code(&format!("{}(...)", builtin.name())) + "\n\na function of the language",
      });
    }
    let (around, ty) = self.marks.typed_at(at)?;
    let text = self.loaded.sources.text(around);
    (around.range().end == span.range().end || text.len() < 80).then(|| Hover {
      span: around,
      text: code(&ty.to_string()),
    })
  }

  fn told(&self, symbol: &crate::analysis::Symbol) -> String {
    let mut text = code(&self.shown(symbol));
    if let Some(doc) = self.doc(symbol) {
      text.push_str("\n\n");
      text.push_str(doc.trim());
    }
    if symbol.kind == Kind::Orchestrator
      && let Some(worst) = self.worst(symbol.given)
    {
      text.push_str("\n\n");
      text.push_str(&worst);
    }
    text
  }

  /// What an orchestrator comes to at worst, as a list.
  fn worst(&self, given: Span) -> Option<String> {
    let program = self.program.as_deref()?;
    let (id, _) = program
      .orchestrator_ids()
      .find(|(_, declared)| declared.span == given)?;
    let bounds = bounds(program, id);
    let words = Words {
      program,
      bounds: &bounds,
    };
    Some(format!(
      "At worst:\n- calls: {}\n- at once: {}\n- time: {}",
      words.bound(&bounds.all_calls, Unit::One),
      number(bounds.parallel, Unit::One),
      words.bound(&bounds.time, Unit::Milliseconds)
    ))
  }

  /// The word around a place.
  pub(super) fn word_at(&self, at: Span) -> Option<(Span, &str)> {
    let text = &self.source(at.source).text;
    let at_byte = text.floor_char_boundary(at.range().start);
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let start = text[..at_byte].rfind(|c| !part(c));
    let start = start.map_or(0, |found| {
      found + text[found..].chars().next().map_or(1, char::len_utf8)
    });
    let end = text[at_byte..]
      .find(|c| !part(c))
      .map_or(text.len(), |found| at_byte + found);
    (start < end).then(|| (Span::new(at.source, start, end), &text[start..end]))
  }
}

fn code(text: &str) -> String {
  format!("```orch\n{text}\n```")
}
