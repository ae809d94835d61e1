//! Strings: margins, escapes and `${}`.

use std::ops::Range;

use pest::Parser;

use super::{Builder, Pair, literals::shortened};
use crate::{
  diagnostics::{Diagnostic, Fix, codes},
  source::{Span, Spanned},
  syntax::{
    ast::{Expr, ExprKind, StringPart},
    parser::{OrchParser, Rule},
  },
};

/// What was read of a string so far.
#[derive(Default)]
struct Parts {
  done: Vec<StringPart>,
  text: String,
  /// Where the last interpolation ended: it may reach over a line's end.
  resume: usize,
  /// Where the literal ends.
  end: usize,
}

impl Parts {
  fn push(&mut self, value: Expr) {
    self.flush();
    self.done.push(StringPart::Value(value));
  }

  fn flush(&mut self) {
    if !self.text.is_empty() {
      self.done.push(StringPart::Text(std::mem::take(&mut self.text)));
    }
  }
}

impl Builder<'_> {
  /// Text and values in turn; an empty string has no part.
  pub(super) fn string(&mut self, pair: &Pair) -> Vec<StringPart> {
    let mut parts = Parts {
      end: self.span(pair).range().end,
      ..Parts::default()
    };
    for piece in self.pieces(pair) {
      self.read_piece(piece, &mut parts);
    }
    parts.flush();
    parts.done
  }

  /// A string in which `${` has no meaning and is refused: types, imports, patterns, keys.
  pub(super) fn plain_string(&mut self, pair: &Pair) -> Spanned<String> {
    let span = self.span(pair);
    let mut value = String::new();
    for part in self.string(pair) {
      match part {
        StringPart::Text(text) => value.push_str(&text),
        StringPart::Value(inner) => self.report(
          Diagnostic::new(&codes::BAD_INTERPOLATION, "`${` can't stand in this string")
            .label(inner.span, "this place takes a fixed text")
            .help("write `\\${` for the text"),
        ),
      }
    }
    Spanned::new(value, span)
  }

  /// A script: only the margin rule applies.
  pub(super) fn raw_string(&mut self, pair: &Pair) -> Spanned<String> {
    let mut value = String::new();
    for piece in self.pieces(pair) {
      value.push_str(&self.text[piece]);
    }
    value.retain(|c| c != '\r');
    Spanned::new(value, self.span(pair))
  }

  /// The byte ranges of a literal's content, line by line, without what the margin rule drops.
  fn pieces(&self, pair: &Pair) -> Vec<Range<usize>> {
    let range = self.span(pair).range();
    let literal = &self.text[range.clone()];
    match literal.starts_with("\"\"\"") && literal.len() >= 6 {
      true => self.without_margin(range.start + 3..range.end - 3),
      false => std::iter::once(range.start + 1..range.end - 1).collect(),
    }
  }

  /// The margin rule: a line break after the opening and a blank last line are dropped, the closing mark's
  /// indentation is taken from every line.
  fn without_margin(&self, content: Range<usize>) -> Vec<Range<usize>> {
    let (mut start, mut end) = (content.start, content.end);
    let opening = self.text[start..end].trim_start_matches([' ', '\t', '\r']);
    if opening.starts_with('\n') {
      start = end - opening.len() + 1;
    }
    let last = self.text[start..end].rfind('\n').map_or(start, |at| start + at + 1);
    let tail = &self.text[last..end];
    let margin = if tail.trim().is_empty() { tail.len() } else { 0 };
    if margin == tail.len() {
      end = if last > start { last - 1 } else { start };
    }
    let mut pieces = Vec::new();
    while start < end {
      let next = self.text[start..end].find('\n').map_or(end, |at| start + at + 1);
      let blank = self.text[start..next]
        .bytes()
        .take_while(|byte| matches!(byte, b' ' | b'\t'));
      pieces.push(start + blank.count().min(margin)..next);
      start = next;
    }
    pieces
  }

  fn read_piece(&mut self, piece: Range<usize>, parts: &mut Parts) {
    let mut at = piece.start.max(parts.resume);
    while at < piece.end {
      let rest = &self.text[at..piece.end];
      let plain = rest.find(['\\', '$', '\r']).unwrap_or(rest.len());
      parts.text.push_str(&rest[..plain]);
      at += plain;
      at = match &rest[plain..] {
        "" => at,
        special if special.starts_with('\\') => self.escape(at, special, parts),
        special if special.starts_with("${") => self.interpolation(at, parts),
        special => {
          parts.text.extend(special.starts_with('$').then_some('$'));
          at + 1
        }
      };
    }
  }

  /// Reads the escape at `at`, gives where it ends.
  fn escape(&mut self, at: usize, rest: &str, parts: &mut Parts) -> usize {
    let known = match rest.as_bytes().get(1) {
      Some(b'n') => '\n',
      Some(b't') => '\t',
      Some(b'"') => '"',
      Some(b'\\') => '\\',
      Some(b'$') if rest[2..].starts_with('{') => {
        parts.text.push_str("${");
        return at + 3;
      }
      Some(b'u') if rest[2..].starts_with('{') => return self.unicode_escape(at, rest, parts),
      _ => return self.bad_escape(at, rest),
    };
    parts.text.push(known);
    at + 2
  }

  fn unicode_escape(&mut self, at: usize, rest: &str, parts: &mut Parts) -> usize {
    let digits = rest[3..].bytes().take_while(u8::is_ascii_hexdigit).count();
    let code = u32::from_str_radix(&rest[3..3 + digits], 16)
      .ok()
      .and_then(char::from_u32);
    let closed = rest[3 + digits..].starts_with('}');
    let length = 3 + digits + usize::from(closed);
    match code {
      Some(c) if closed => parts.text.push(c),
      _ => self.say_bad_escape(
        at,
        &rest[..length],
        "a character is `\\u{1F600}`, with its number in base 16",
      ),
    }
    at + length
  }

  fn bad_escape(&mut self, at: usize, rest: &str) -> usize {
    let length = rest.chars().take(2).map(char::len_utf8).sum();
    self.say_bad_escape(
      at,
      &rest[..length],
      "there are `\\n` `\\t` `\\\"` `\\\\` `\\${` and `\\u{...}`; write `\\\\` for a backslash",
    );
    at + length
  }

  fn say_bad_escape(&mut self, at: usize, text: &str, help: &str) {
    let span = Span::new(self.source, at, at + text.len());
    let message = format!("`{}` is no escape", shortened(text.trim_end()));
    let said = Diagnostic::new(&codes::BAD_ESCAPE, message).label(span, "").help(help);
    self.report(match meant_escape(text) {
      Some(meant) => said.fix(Fix::write(span, meant)),
      None => said,
    });
  }

  /// Reads the `${...}` at `at`, gives where it ends.
  fn interpolation(&mut self, at: usize, parts: &mut Parts) -> usize {
    let end = interpolation_end(&self.text[..parts.end], at + 2);
    let inner = at + 2..end;
    let value = self.inner_expression(inner.clone(), Span::new(self.source, at, end + 1));
    parts.push(value);
    parts.resume = end + 1;
    end + 1
  }

  fn inner_expression(&mut self, inner: Range<usize>, whole: Span) -> Expr {
    let text = self.text;
    let parsed = OrchParser::parse(Rule::expression_only, &text[inner.clone()]);
    let broken = Expr {
      kind: ExprKind::Broken,
      span: whole,
    };
    match parsed {
      Ok(mut pairs) => {
        let before = std::mem::replace(&mut self.base, inner.start);
        let expression = pairs.next().and_then(|only| only.into_inner().next());
        let built = self.nested(whole, |builder| {
          expression.map(|expression| builder.expression(expression))
        });
        self.base = before;
        built.flatten().unwrap_or(broken)
      }
      Err(error) => {
        let said = self.unexpected(&error, inner.start, &text[inner]);
        self.report(Diagnostic {
          code: &codes::BAD_INTERPOLATION,
          help: said.help.or(Some("write `\\${` for the text `${`".to_string())),
          ..said
        });
        broken
      }
    }
  }
}

/// Where the `}` of an interpolation lies whose inside begins at `at`. Strings in it are skipped.
fn interpolation_end(text: &str, at: usize) -> usize {
  let plain = text[at..].find(['}', '{', '"']).map(|length| at + length);
  if let Some(end) = plain.filter(|end| text[*end..].starts_with('}')) {
    return end;
  }
  match OrchParser::parse(Rule::interpolation_text, &text[at..]) {
    Ok(pairs) => at + pairs.as_str().len(),
    Err(_) => at,
  }
}

/// What an escape of other languages says here: marks that need none, and the classes and marks of regular expressions.
fn meant_escape(text: &str) -> Option<String> {
  let mark = text.strip_prefix('\\').filter(|mark| mark.len() == 1)?;
  match mark {
    "'" | "/" | "`" => Some(mark.to_owned()),
    _ if "dDsSwW.-+*?^|()[]{}".contains(mark) => Some(format!("\\{text}")),
    _ => None,
  }
}
